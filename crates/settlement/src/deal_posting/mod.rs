//! The ledgers of a deal's parties: what an evaluation says moved, in double entry, in the books of each.
//!
//! [`Ledgers::post`] posts the difference between what an evaluation comes to and what was posted before, so the
//! books kept day by day and those made at once hold the same. What stays true: nothing posted is changed; what is
//! set right has its old event time, the new posting time, and names the transfer it corrects; each party's books
//! sum to zero in every currency, and so does the ledger of commitments, which moves no money; an account of one
//! party has its mirror in the other's.
//!
//! No fact says that an invoice was paid, so what is due stays a receivable: only tranches and prepayments, whose
//! payments are facts, move cash.

mod chart;
mod target;

pub use chart::{Chart, Class, Place};

use crate::Error;
use aws_lc_rs::digest::{Context, SHA256};
use contract::fact::Facts;
use contract::{Deal, Evaluation, Versions, evaluate};
use ledger::{Account, Balance, Balances, Transfer, TransferId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use target::{Key, Target, targets};
use units::{Currency, Money, Timestamp};

/// Something posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// As it stands in the ledger; its code is what it books.
    pub transfer: Transfer,
    /// The account that gains.
    pub debit: Place,
    /// The account that gives.
    pub credit: Place,
    /// The clause it comes from.
    pub clause: Arc<str>,
    /// The contract year, counted from 1.
    pub year: Option<u32>,
    /// Whether it books a year that was not over.
    pub open: bool,
}

impl Entry {
    /// Whose books it is in.
    pub fn party(&self) -> &str {
        &self.debit.party
    }

    /// Whether it is in the ledger of commitments, which moves no money.
    pub fn is_memo(&self) -> bool {
        self.debit.chart.class() == Class::Memo
    }
}

/// The books of all parties of one deal.
#[derive(Debug, Clone)]
pub struct Ledgers {
    currency: Currency,
    fair_values: BTreeMap<String, Money>,
    known_at: Option<Timestamp>,
    /// Lines posted so far: how much, when, and the last transfer of each.
    lines: BTreeMap<Key, (Target, TransferId)>,
    balances: Balances,
    places: BTreeSet<Place>,
    entries: Vec<Entry>,
}

impl Ledgers {
    /// Empty books in the deal's currency. `fair_values` says, by tranche, what the equity it brings is worth,
    /// where that is not what is paid.
    pub fn new(currency: Currency, fair_values: BTreeMap<String, Money>) -> Self {
        Self {
            currency,
            fair_values,
            known_at: None,
            lines: BTreeMap::new(),
            balances: Balances::default(),
            places: BTreeSet::new(),
            entries: Vec::new(),
        }
    }

    /// The books as kept by someone who looked at each of the moments in `known`, the last of them at `as_of`.
    ///
    /// # Errors
    /// When an amount does not fit.
    pub fn kept(
        (versions, facts): (&Versions, &Facts),
        as_of: Timestamp,
        known: &BTreeSet<Timestamp>,
        fair_values: BTreeMap<String, Money>,
    ) -> Result<Option<(Self, Evaluation)>, Error> {
        let Some(last) = known.last() else { return Ok(None) };
        let mut ledgers = Self::new(versions.known_at(*last).currency, fair_values);
        for at in known.iter().filter(|at| *at != last) {
            // Who looked then saw no further than that.
            let seen = evaluate(versions, facts, as_of.min(*at), *at)?;
            ledgers.post(versions.known_at(*at), &seen)?;
        }
        let evaluation = evaluate(versions, facts, as_of, *last)?;
        ledgers.post(versions.known_at(*last), &evaluation)?;
        Ok(Some((ledgers, evaluation)))
    }

    /// Posts what `evaluation`, of this version of the deal, adds to what was posted before or takes from it: all
    /// of it in one linked set, or nothing.
    ///
    /// # Errors
    /// When it was known no later than the one before, or an amount does not fit.
    pub fn post(&mut self, deal: &Deal, evaluation: &Evaluation) -> Result<(), Error> {
        let known_at = evaluation.known_at;
        if self.known_at.is_some_and(|before| known_at <= before) {
            return Err(Error::NotLater { known_at });
        }
        let wanted = targets(deal, evaluation, &self.fair_values)?;
        let mut changes = self.changes(&wanted)?;
        changes.sort_by(|one, other| (one.at, &one.key).cmp(&(other.at, &other.key)));
        let entry = |change: &Change| self.entry(deal, change, known_at);
        let entries = changes.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        let set: Vec<Transfer> = entries.iter().map(|entry| entry.transfer.clone()).collect();
        ledger::post(&mut self.balances, &set).map_err(Error::Refused)?;
        self.known_at = Some(known_at);
        for (change, entry) in changes.into_iter().zip(&entries) {
            self.places.extend([entry.debit.clone(), entry.credit.clone()]);
            self.lines.insert(change.key, (change.target, entry.transfer.id));
        }
        self.entries.extend(entries);
        Ok(())
    }

    /// The currency of every amount.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// Everything posted, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Whose books there are, by name.
    pub fn parties(&self) -> BTreeSet<Arc<str>> {
        self.places.iter().map(|place| place.party.clone()).collect()
    }

    /// What each account holds, by party and code; those of commitments too.
    pub fn accounts(&self) -> impl Iterator<Item = (&Place, Balance)> {
        self.places.iter().map(|place| (place, self.balances.of(&account(place), self.currency)))
    }

    /// What the accounts of `party` that `which` picks hold together, debits less credits.
    ///
    /// # Errors
    /// When the sum does not fit.
    pub fn sum(&self, party: &str, which: impl Fn(&Place) -> bool) -> Result<Money, Error> {
        let mut sum = Money::zero(self.currency);
        for (_, balance) in self.accounts().filter(|(place, _)| &*place.party == party && which(place)) {
            sum = sum.checked_add(balance.net()?)?;
        }
        Ok(sum)
    }

    /// What has to be posted so that the lines become `wanted`.
    fn changes(&self, wanted: &BTreeMap<Key, Target>) -> Result<Vec<Change>, Error> {
        let keys: BTreeSet<&Key> = self.lines.keys().chain(wanted.keys()).collect();
        let mut changes = Vec::new();
        let mut latest: BTreeMap<(&str, Option<u32>), Timestamp> = BTreeMap::new();
        for key in keys {
            let (before, after) = (self.lines.get(key), wanted.get(key));
            let held = before.map_or(0, |(target, _)| target.pico);
            let pico = after.map_or(0, |target| target.pico).checked_sub(held);
            let pico = pico.ok_or(units::MoneyError::TooLarge)?;
            if pico == 0 {
                continue;
            }
            if let Some(after) = after {
                let at = latest.entry((&key.clause, key.year)).or_insert(after.at);
                *at = after.at.max(*at);
            }
            changes.push(Change::new(key, pico, before, after));
        }
        for change in &mut changes {
            change.follow(latest.get(&(&*change.key.clause, change.key.year)).copied());
        }
        Ok(changes)
    }

    fn entry(&self, deal: &Deal, change: &Change, posted_at: Timestamp) -> Result<Entry, Error> {
        let Change { key, pico, at, corrects, target } = change;
        let (debit, credit) = if *pico > 0 { (&key.debit, &key.credit) } else { (&key.credit, &key.debit) };
        let pico = pico.checked_abs().ok_or(units::MoneyError::TooLarge)?;
        let transfer = Transfer {
            id: id(deal.id.get_ref(), key, posted_at),
            debit: account(debit),
            credit: account(credit),
            amount: Money::from_pico(pico, self.currency),
            code: key.code.into(),
            event_at: *at,
            posted_at,
            batch: None,
            corrects: *corrects,
        };
        let (debit, credit) = (debit.clone(), credit.clone());
        let clause = key.clause.clone();
        Ok(Entry { transfer, debit, credit, clause, year: key.year, open: target.open })
    }
}

/// What is posted to a line.
struct Change {
    key: Key,
    pico: i128,
    at: Timestamp,
    corrects: Option<TransferId>,
    /// What the line then holds.
    target: Target,
}

impl Change {
    fn new(key: &Key, pico: i128, before: Option<&(Target, TransferId)>, after: Option<&Target>) -> Self {
        let gone = |(target, _): &(Target, TransferId)| Target { pico: 0, ..*target };
        let nothing = Target { pico: 0, at: Timestamp::from_micros(0), open: false };
        let target = after.copied().or(before.map(gone)).unwrap_or(nothing);
        // A year not over moves on; what else is changed for the same moment was wrong before.
        let corrects = before.filter(|(before, _)| before.at == target.at).map(|(_, id)| *id);
        Self { key: key.clone(), pico, at: target.at, corrects, target }
    }

    /// What was open and is gone was followed by something, such as the year's close: that is no correction.
    fn follow(&mut self, latest: Option<Timestamp>) {
        let gone = self.target.pico == 0 && self.target.open;
        if let Some(latest) = latest.filter(|latest| gone && *latest >= self.at) {
            (self.at, self.corrects) = (latest, None);
        }
    }
}

fn account(place: &Place) -> Account {
    Account::new(place.to_string())
}

/// Names a transfer: the line and when it was posted, so that posting it again is noticed.
fn id(deal: &str, key: &Key, posted_at: Timestamp) -> TransferId {
    let Key { clause, year, day, code, debit, credit } = key;
    let year = year.map_or_else(String::new, |year| year.to_string());
    let day = day.map_or_else(String::new, |day| day.to_string());
    // A name has no line break, so the lines cannot be confused.
    let text = format!(
        "offtake deal entry 1\n{deal}\n{clause}\n{year}\n{day}\n{code}\n{debit}\n{credit}\n{posted_at}\n"
    );
    let mut context = Context::new(&SHA256);
    context.update(text.as_bytes());
    TransferId(context.finish().as_ref().first_chunk().copied().unwrap_or_default())
}
