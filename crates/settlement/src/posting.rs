//! The chart of accounts: the one place that knows both charges and accounts.
//!
//! ```text
//! receivable:<organisation>          debit   what it owes for its calls
//! revenue:inference                  credit  what calls came to, at list price
//! commitment:<id>:granted            credit  what was promised, and what went beyond   (memo)
//! commitment:<id>:remaining          debit   what is left of the promise               (memo)
//! commitment:<id>:drawn              debit   what calls have drawn of it               (memo)
//! commitment:<id>:over               debit   what they came to beyond it               (memo)
//! ```
//!
//! When a contract year is over ([`crate::closing`]):
//!
//! ```text
//! revenue:discount                   debit   what discounts took off the list price
//! revenue:overage                    credit  what calls came to above the year's minimum, after discounts
//! revenue:shortfall                  credit  what the year fell short of its minimum
//! credit:<organisation>              credit  what of a shortfall may still be used next year
//! revenue:breakage                   credit  credit that was not used
//! ```
//!
//! The memo accounts of a commitment sum to zero among themselves, so they change no receivable.

use aws_lc_rs::digest::{Context, SHA256};
use ledger::{Account, Transfer, TransferId, merkle};
use std::sync::Arc;
use store::{Batch, BatchKey, Position, Totals};
use units::{Money, MoneyError, Timestamp, TokenCounts};

/// The id of a batch, and of its usage transfer: a hash of its key and its range.
pub fn batch_id(key: &BatchKey, first: u64, last: u64) -> TransferId {
    let BatchKey { day, organisation, team, model, backend, region, currency, price } = key;
    // A name has no line break, so the lines cannot be confused.
    let text = format!(
        "offtake batch 1\n{day}\n{organisation}\n{team}\n{model}\n{backend}\n{region}\n{currency}\n{price}\n\
         {first}\n{last}\n"
    );
    hash(&[text.as_bytes()])
}

/// A batch's leaf in the tree over all batches: everything the books say of it.
pub fn batch_leaf(batch: &Batch) -> merkle::Hash {
    let Batch { id, sealed, totals, root, event_first, event_last, posted_at, .. } = batch;
    let Totals { calls, attempts, tokens, amount } = totals;
    let TokenCounts { input, cache_read, cache_write_5m, cache_write_1h, output, reasoning } = tokens;
    // The id stands for the key and the range.
    let text = format!(
        "offtake batch 1\n{id}\n{sealed}\n{calls} {attempts}\n{input} {cache_read} {cache_write_5m} \
         {cache_write_1h} {output} {reasoning}\n{amount}\n{event_first}\n{event_last}\n{posted_at}\n"
    );
    merkle::leaf(&[text.as_bytes(), root])
}

fn hash(parts: &[&[u8]]) -> TransferId {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    TransferId(context.finish().as_ref().first_chunk().copied().unwrap_or_default())
}

fn memo(commitment: &str, part: &str) -> Account {
    Account::new(format!("commitment:{commitment}:{part}"))
}

/// What a batch's calls cost, or nothing when that is zero.
pub(crate) fn usage(batch: &Batch) -> Option<Transfer> {
    let amount = batch.totals.amount;
    (!amount.is_zero()).then(|| Transfer {
        id: batch.id,
        debit: Account::new(format!("receivable:{}", batch.key.organisation)),
        credit: Account::new("revenue:inference"),
        amount,
        code: "usage".into(),
        event_at: batch.event_first,
        posted_at: batch.posted_at,
        batch: Some(batch.id),
        corrects: None,
    })
}

/// The opening of a commitment.
pub(crate) fn grant(position: &Position, posted_at: Timestamp) -> Transfer {
    let name = &*position.commitment;
    Transfer {
        id: hash(&[b"offtake grant 1\n", name.as_bytes()]),
        debit: memo(name, "remaining"),
        credit: memo(name, "granted"),
        amount: position.total,
        code: "grant".into(),
        event_at: position.from,
        posted_at,
        batch: None,
        corrects: None,
    }
}

/// Why and when a commitment is drawn.
pub(crate) struct Draw<'a> {
    pub commitment: &'a Arc<str>,
    /// The batch whose charges draw it, or none when earlier days are caught up on.
    pub batch: Option<TransferId>,
    pub event_at: Timestamp,
    pub posted_at: Timestamp,
}

impl Draw<'_> {
    /// The transfers for what was drawn `within` the commitment and what went `beyond`; nothing for nothing.
    pub fn transfers(&self, (within, beyond): (Money, Money)) -> impl Iterator<Item = Transfer> {
        let drawdown = self.transfer("drawdown", ("drawn", "remaining"), within);
        let over = self.transfer("over", ("over", "granted"), beyond);
        drawdown.into_iter().chain(over)
    }

    fn transfer(&self, code: &str, (debit, credit): (&str, &str), amount: Money) -> Option<Transfer> {
        let source = self.batch.map_or([0; 16], |batch| batch.0);
        let at = self.event_at.micros().to_be_bytes();
        let id = || {
            let head = format!("offtake {code} 1\n{}\n", self.commitment);
            hash(&[head.as_bytes(), &source, &at])
        };
        (!amount.is_zero()).then(|| Transfer {
            id: id(),
            debit: memo(self.commitment, debit),
            credit: memo(self.commitment, credit),
            amount,
            code: code.into(),
            event_at: self.event_at,
            posted_at: self.posted_at,
            batch: self.batch,
            corrects: None,
        })
    }
}

/// An account that closing a year moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Receivable,
    Usage,
    Discount,
    Overage,
    Shortfall,
    Credit,
    Breakage,
}

impl Side {
    fn account(self, organisation: &units::Organisation) -> Account {
        match self {
            Self::Receivable => Account::new(format!("receivable:{organisation}")),
            Self::Usage => Account::new("revenue:inference"),
            Self::Discount => Account::new("revenue:discount"),
            Self::Overage => Account::new("revenue:overage"),
            Self::Shortfall => Account::new("revenue:shortfall"),
            Self::Credit => Account::new(format!("credit:{organisation}")),
            Self::Breakage => Account::new("revenue:breakage"),
        }
    }
}

/// What a contract year comes to beyond what was posted for it.
pub(crate) struct Adjustment<'a> {
    pub position: &'a Position,
    pub year: u32,
    pub code: &'static str,
    /// Debit and credit; below nothing they change places.
    pub sides: (Side, Side),
    pub amount: Money,
    /// The year's end.
    pub event_at: Timestamp,
    pub posted_at: Timestamp,
    /// The frame that closes the year, or settles it again.
    pub sealed: u64,
    /// What was posted for it before.
    pub corrects: Option<TransferId>,
}

impl Adjustment<'_> {
    /// The transfer, or nothing for nothing.
    pub fn transfer(&self) -> Result<Option<Transfer>, MoneyError> {
        let Self { position, year, code, sides, amount, sealed, .. } = self;
        if amount.is_zero() {
            return Ok(None);
        }
        let (debit, credit) = if amount.pico() > 0 { *sides } else { (sides.1, sides.0) };
        let pico = amount.pico().checked_abs().ok_or(MoneyError::TooLarge)?;
        let text = format!("offtake {code} 1\n{}\n{year}\n{sealed}\n", position.commitment);
        Ok(Some(Transfer {
            id: hash(&[text.as_bytes()]),
            debit: debit.account(&position.organisation),
            credit: credit.account(&position.organisation),
            amount: Money::from_pico(pico, amount.currency()),
            code: (*code).into(),
            event_at: self.event_at,
            posted_at: self.posted_at,
            batch: None,
            corrects: self.corrects,
        }))
    }
}
