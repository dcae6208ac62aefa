//! What the accounts hold, and which transfers made it so.

use crate::{Account, Rejection, Transfer, TransferId};
use std::collections::BTreeMap;
use std::collections::hash_map::{DefaultHasher, HashMap};
use std::hash::{Hash, Hasher};
use units::{Currency, Money, MoneyError};

/// What was posted to one account in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// The sum of all debits; never below zero.
    pub debits: Money,
    /// The sum of all credits; never below zero.
    pub credits: Money,
}

impl Balance {
    /// Nothing posted.
    pub const fn empty(currency: Currency) -> Self {
        Self { debits: Money::zero(currency), credits: Money::zero(currency) }
    }

    /// Debits less credits.
    ///
    /// # Errors
    /// When the difference does not fit.
    pub fn net(self) -> Result<Money, MoneyError> {
        self.debits.checked_sub(self.credits)
    }
}

/// All balances, and a fingerprint of each transfer posted (so memory grows by some 40 bytes a transfer).
#[derive(Debug, Clone, Default)]
pub struct Balances {
    of_account: BTreeMap<(Account, Currency), Balance>,
    posted: HashMap<TransferId, u64>,
}

impl Balances {
    /// What an account holds; nothing when nothing was posted to it.
    pub fn of(&self, account: &Account, currency: Currency) -> Balance {
        let key = (account.clone(), currency);
        self.of_account.get(&key).copied().unwrap_or(Balance::empty(currency))
    }

    /// Every account with a posting, by name and currency.
    pub fn accounts(&self) -> impl Iterator<Item = (&Account, &Balance)> {
        self.of_account.iter().map(|((account, _), balance)| (account, balance))
    }

    /// How many transfers were posted.
    pub fn transfers(&self) -> usize {
        self.posted.len()
    }

    /// Debits less credits over all accounts, per currency: zero each, or the books are wrong.
    ///
    /// # Errors
    /// When a sum does not fit.
    pub fn sums(&self) -> Result<BTreeMap<Currency, Money>, MoneyError> {
        let mut sums = BTreeMap::new();
        for ((_, currency), balance) in &self.of_account {
            let sum = sums.entry(*currency).or_insert(Money::zero(*currency));
            *sum = sum.checked_add(balance.net()?)?;
        }
        Ok(sums)
    }

    pub(crate) fn fingerprint(&self, id: &TransferId) -> Option<u64> {
        self.posted.get(id).copied()
    }

    pub(crate) fn remember(&mut self, transfer: &Transfer) {
        self.posted.insert(transfer.id, fingerprint(transfer));
    }

    /// The two balances after `transfer`.
    pub(crate) fn after(&self, transfer: &Transfer) -> Result<[Balance; 2], Rejection> {
        let currency = transfer.amount.currency();
        let (debit, credit) = (self.of(&transfer.debit, currency), self.of(&transfer.credit, currency));
        let too_large = |_| Rejection::TooLarge { id: transfer.id };
        let debits = debit.debits.checked_add(transfer.amount).map_err(too_large)?;
        let credits = credit.credits.checked_add(transfer.amount).map_err(too_large)?;
        Ok([Balance { debits, ..debit }, Balance { credits, ..credit }])
    }

    pub(crate) fn set(&mut self, account: &Account, balance: Balance) {
        self.of_account.insert((account.clone(), balance.debits.currency()), balance);
    }
}

/// Tells one content from another. The hasher's keys are fixed, so it is the same in every process.
pub(crate) fn fingerprint(transfer: &Transfer) -> u64 {
    let mut hasher = DefaultHasher::new();
    let Transfer { id, debit, credit, amount, code, event_at, posted_at, batch, corrects } = transfer;
    (id, debit, credit, amount, code, event_at, posted_at, batch, corrects).hash(&mut hasher);
    hasher.finish()
}
