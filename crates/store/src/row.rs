//! The rows of the books as values.

use ledger::merkle::Hash;
use ledger::{Account, Balance, Transfer, TransferId};
use std::sync::Arc;
use units::{
    BackendName, Currency, ModelName, Money, Organisation, PriceId, Region, Team, Timestamp, TokenCounts,
};

/// Everything that one sealed stretch of the journal changes in the books. What is stored as it is afterwards
/// (accounts, rollups, positions, points) is listed only where it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// How far the books are with it.
    pub applied: Applied,
    /// New batches.
    pub batches: Vec<Batch>,
    /// New transfers.
    pub transfers: Vec<Transfer>,
    /// Accounts as they are now.
    pub accounts: Vec<AccountRow>,
    /// Rollups as they are now.
    pub rollups: Vec<Rollup>,
    /// Commitments as they are now.
    pub positions: Vec<Position>,
    /// Hours of drawdown as they are now.
    pub points: Vec<DrawnPoint>,
}

/// How far the books are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// The journal's `Sealed` frame.
    pub sealed: u64,
    /// The last frame that it settles.
    pub through: u64,
    /// The posting time.
    pub at: Timestamp,
    /// Batches so far: the size of the tree.
    pub batches: u64,
    /// Transfers so far.
    pub transfers: u64,
    /// The root of the tree over all batches.
    pub root: Hash,
}

/// What the records of a batch have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchKey {
    /// The start of the day, UTC, that the calls were admitted on.
    pub day: Timestamp,
    /// Who pays.
    pub organisation: Organisation,
    /// The team.
    pub team: Team,
    /// The model.
    pub model: ModelName,
    /// Where it ran.
    pub backend: BackendName,
    /// Where that is.
    pub region: Region,
    /// The currency.
    pub currency: Currency,
    /// The price.
    pub price: PriceId,
}

/// Sums over usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Calls answered here.
    pub calls: u64,
    /// Attempts made here; more than the calls where some were tried elsewhere afterwards.
    pub attempts: u64,
    /// Tokens by kind.
    pub tokens: TokenCounts,
    /// The exact list charge.
    pub amount: Money,
}

impl Totals {
    /// Nothing yet.
    pub fn empty(currency: Currency) -> Self {
        Self { calls: 0, attempts: 0, tokens: TokenCounts::default(), amount: Money::zero(currency) }
    }

    /// The sum, or nothing when it does not fit or the currencies differ.
    pub fn checked_add(&self, other: &Self) -> Option<Self> {
        Some(Self {
            calls: self.calls.checked_add(other.calls)?,
            attempts: self.attempts.checked_add(other.attempts)?,
            tokens: self.tokens.checked_add(&other.tokens)?,
            amount: self.amount.checked_add(other.amount).ok()?,
        })
    }
}

/// Records settled together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Names it, and its usage transfer.
    pub id: TransferId,
    /// Its place in the tree over all batches.
    pub leaf: u64,
    /// The `Sealed` frame that made it.
    pub sealed: u64,
    /// What its records have in common.
    pub key: BatchKey,
    /// The first of the `Closed` frames.
    pub first: u64,
    /// The last of them.
    pub last: u64,
    /// The sums over its records.
    pub totals: Totals,
    /// The Merkle root of its records.
    pub root: Hash,
    /// When the earliest call was admitted.
    pub event_first: Timestamp,
    /// When the latest was.
    pub event_last: Timestamp,
    /// When it entered the books.
    pub posted_at: Timestamp,
}

/// An account's balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// The account.
    pub account: Account,
    /// What was posted to it.
    pub balance: Balance,
}

/// What a rollup adds up over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RollupKey {
    /// The start of the day, UTC.
    pub day: Timestamp,
    /// Who pays.
    pub organisation: Organisation,
    /// The team.
    pub team: Team,
    /// The model.
    pub model: ModelName,
    /// Where it ran.
    pub backend: BackendName,
    /// Where that is.
    pub region: Region,
    /// The currency.
    pub currency: Currency,
}

/// A day's usage by who, what and where: the sum of its batches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollup {
    /// Over what.
    pub key: RollupKey,
    /// The sums.
    pub totals: Totals,
}

/// A commitment and how much of it is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Its id in the deal file.
    pub commitment: Arc<str>,
    /// Whose charges draw it.
    pub organisation: Organisation,
    /// What was promised.
    pub total: Money,
    /// From when charges count.
    pub from: Timestamp,
    /// Until when, exclusive.
    pub to: Timestamp,
    /// What charges have drawn; at most the total.
    pub drawn: Money,
    /// What they came to beyond it.
    pub over: Money,
}

/// What an hour's charges (by event time) drew of a commitment, over included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawnPoint {
    /// The commitment.
    pub commitment: Arc<str>,
    /// The start of the hour; what was caught up on for an earlier day stands at that day's start.
    pub hour: Timestamp,
    /// How much.
    pub amount: Money,
}
