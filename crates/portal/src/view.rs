//! The data a page shows, as plain values: whoever serves the portal fills these in, and nothing here reads
//! a store or a clock.
//!
//! Texts are kept as the caller gave them and escaped only where they are rendered. Money and tokens stay
//! exact; rounding is a matter of display.

mod access;
mod residency;

pub use access::*;
pub use residency::*;

use units::{Money, RequestId, Timestamp, TokenCounts};

/// Everything on the first page, as of one moment.
#[derive(Debug, Clone)]
pub struct Overview {
    /// The moment the figures are true for.
    pub as_of: Timestamp,
    /// Who is looking.
    pub visitor: Visitor,
    /// What may be called.
    pub models: Vec<ModelCard>,
    /// What was spent.
    pub spend: SpendSummary,
    /// The commitment that spend draws down.
    pub commitment: Option<CommitmentView>,
    /// The deal behind it.
    pub deal: Option<DealView>,
    /// The books.
    pub ledger: LedgerView,
    /// The latest calls, newest first.
    pub recent: Vec<CallRow>,
    /// Commands to try, shown where nothing has been called yet.
    pub starters: Vec<Starter>,
}

/// Who is looking, and what they may do here.
#[derive(Debug, Clone, Default)]
pub struct Visitor {
    /// Who pays for what they call.
    pub organisation: String,
    /// Their name.
    pub principal: String,
    /// What every form that changes something sends along, so that no other site can send it.
    pub csrf: String,
    /// Whether they logged in here, and so can log out.
    pub logs_out: bool,
    /// Whether they see an organisation's spend, commitments, deals and the ledger.
    pub sees_money: bool,
    /// Whether they see who may call what.
    pub sees_access: bool,
    /// Whether they may end a credential.
    pub revokes: bool,
    /// Why the configuration's files, as they are by now, are not used, for those who run the plane.
    pub trouble: Option<String>,
}

/// A command someone can paste into a terminal.
#[derive(Debug, Clone)]
pub struct Starter {
    /// What it shows, in a few words.
    pub label: String,
    /// The command itself.
    pub command: String,
}

/// One model name and where it is served.
#[derive(Debug, Clone)]
pub struct ModelCard {
    /// The name callers use.
    pub name: String,
    /// The backend that serves it first.
    pub backend: String,
    /// The backend's kind: `embedded`, `anthropic`, `openai`, `echo`.
    pub kind: String,
    /// Where inference runs.
    pub region: String,
    /// What it costs; absent when nobody has set a price.
    pub price: Option<ListPrice>,
    /// Whether a call can be made now.
    pub available: bool,
}

/// A list price, per million tokens.
#[derive(Debug, Clone, Copy)]
pub struct ListPrice {
    /// A million tokens of fresh input.
    pub input_per_million: Money,
    /// A million tokens of output.
    pub output_per_million: Money,
}

/// What was spent so far.
#[derive(Debug, Clone)]
pub struct SpendSummary {
    /// The sum of every rated call.
    pub total: Money,
    /// How many calls there were, rated or not.
    pub calls: u64,
    /// What they used.
    pub tokens: TokenCounts,
    /// The same by model name.
    pub by_model: Vec<ModelSpend>,
    /// The same by day, oldest first.
    pub by_day: Vec<DaySpend>,
    /// Calls kept without a price; they are in `calls` and not in `total`.
    pub unrated_calls: u64,
    /// Calls under way.
    pub open_calls: u64,
}

/// What one model name has cost.
#[derive(Debug, Clone)]
pub struct ModelSpend {
    /// The name callers use.
    pub model: String,
    /// How many calls.
    pub calls: u64,
    /// What they used.
    pub tokens: TokenCounts,
    /// What they cost.
    pub charge: Money,
}

/// What one day has cost.
#[derive(Debug, Clone)]
pub struct DaySpend {
    /// The day, UTC, as `2026-11-24`.
    pub date: String,
    /// What its calls cost.
    pub charge: Money,
}

/// A commitment and how far it is drawn down.
#[derive(Debug, Clone)]
pub struct CommitmentView {
    /// Its id in the deal file.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// What was committed.
    pub total: Money,
    /// What has been drawn.
    pub drawn: Money,
    /// What is left.
    pub remaining: Money,
    /// When the term begins.
    pub from: Timestamp,
    /// When the term ends.
    pub to: Timestamp,
    /// Cumulative drawdown after each step, oldest first.
    pub points: Vec<(Timestamp, Money)>,
    /// What would be drawn by now at an even pace over the term.
    pub even_pace: Money,
    /// Where it ends up at the present pace, in words.
    pub projection: Option<String>,
}

/// A public or private deal: its figures and what releases money.
#[derive(Debug, Clone)]
pub struct DealView {
    /// Its name for people.
    pub title: String,
    /// Its headline figures.
    pub figures: Vec<DealFigure>,
    /// Its tranches, in order.
    pub tranches: Vec<TrancheView>,
}

/// One figure of a deal, already in words: `more than $100 bn over ten years`.
#[derive(Debug, Clone)]
pub struct DealFigure {
    /// Its id, as in `offtake deal report --format json`.
    pub id: String,
    /// What it is.
    pub label: String,
    /// The figure.
    pub value: String,
    /// How it is known.
    pub basis: Basis,
}

/// How a figure is known, and the source, formula or reason for it.
#[derive(Debug, Clone)]
pub struct Basis {
    /// Reported, derived or assumed.
    pub kind: BasisKind,
    /// The source of a reported figure, the formula of a derived one, the reason of an assumption.
    pub note: String,
}

/// The three ways a figure can be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BasisKind {
    /// A party or the press has stated it.
    Reported,
    /// Computed from other figures.
    Derived,
    /// Ours, because it is undisclosed.
    Assumed,
}

impl BasisKind {
    /// The word shown and used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Derived => "derived",
            Self::Assumed => "assumed",
        }
    }
}

/// A part of the money and what releases it.
#[derive(Debug, Clone)]
pub struct TrancheView {
    /// Its id in the deal file.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// How much it is.
    pub amount: Money,
    /// `draft`, `open`, `met`, `signed`, `funded`, `lapsed`, `disputed` or `resolved`.
    pub state: String,
    /// What has to be true, in words.
    pub condition: String,
    /// How the condition is known.
    pub basis: Basis,
}

/// The books: every account and whether they balance.
#[derive(Debug, Clone, Default)]
pub struct LedgerView {
    /// Accounts with their balances.
    pub accounts: Vec<AccountLine>,
    /// Whether every currency sums to zero.
    pub sums_to_zero: bool,
    /// Whether accounts of others are left out.
    pub part: bool,
}

/// One account in one currency.
#[derive(Debug, Clone)]
pub struct AccountLine {
    /// The account's name.
    pub account: String,
    /// Its balance: debits less credits.
    pub balance: Money,
}

/// One call, as `usage list` shows it.
#[derive(Debug, Clone)]
pub struct CallRow {
    /// As in the `x-offtake-request-id` header.
    pub request_id: RequestId,
    /// When it began.
    pub at: Timestamp,
    /// Who called.
    pub principal: String,
    /// The model name asked for.
    pub model: String,
    /// Where it went; empty when it went nowhere.
    pub backend: String,
    /// Where inference ran; empty when it went nowhere.
    pub region: String,
    /// What it used.
    pub tokens: TokenCounts,
    /// What it cost; absent while open and where nobody has set a price.
    pub charge: Option<Money>,
    /// The ledger transfer that carries it, once settled.
    pub transfer: Option<String>,
    /// The state's word: `open`, `closed`, `settled`, `unrated`, `interrupted`, `undelivered`, `failed`.
    pub state: String,
}

/// What a page offers beyond its data.
#[derive(Debug, Clone, Copy)]
pub struct PageOptions {
    /// Whether people may ask a model from the page.
    pub playground: bool,
    /// Whether the page keeps itself up to date.
    pub live: bool,
}

impl Default for PageOptions {
    fn default() -> Self {
        Self { playground: true, live: true }
    }
}
