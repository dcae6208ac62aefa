//! Deals as data: terms, commitments, tranches; what a charge draws down.

mod advance;
mod burn;
mod canonical;
mod check;
mod compile;
mod day;
pub mod deal;
mod decimal;
mod error;
mod evaluate;
pub mod fact;
pub mod flow;
mod number;
pub mod predicate;
mod promise;
mod ratio;
pub mod render;
mod report;
mod settle;
mod template;
mod terms;
mod versions;

pub use advance::{Charge, Outcome, Position, YearPosition, advance};
pub use burn::{BurnDown, BurnPoint, Projection, burn_down};
pub use canonical::{canonical, hash};
pub use day::{Day, Period};
pub use deal::Deal;
pub use decimal::Decimal;
pub use error::{Error, Place, Problem};
pub use evaluate::{
    BurstStatus, CapacityState, CapacityStatus, CommitmentStatus, Contract, CovenantState, CovenantStatus,
    Evaluation, Exit, ExitItem, Node, Note, PriceState, PriceStatus, Reference, RevenueShareStatus, Right,
    Side, State, Step, TakeOrPayStatus, TrancheStatus, WatchStatus, evaluate,
};
pub use number::Number;
pub use promise::{Promise, PromiseKind, promises};
pub use ratio::Ratio;
pub use report::{
    Basis, Bound, Figure, Head, MinimumLine, Quantity, Report, TrancheLine, TrancheState, Unit, report,
};
pub use settle::{Carried, YearRules, YearSettlement, YearSums, settle, settle_year};
pub use template::starting;
pub use terms::{CommitmentTerms, Rule};
pub use versions::Versions;

/// The JSON Schema of deal files.
pub const DEAL_SCHEMA: &str = include_str!("../deal.schema.json");
