//! Financing instruments as schedules of events, in the ACTUS algebra; pure.
//!
//! A contract is its terms. From them, from what the market shows and from what the parties have done, [`schedule`]
//! derives every event: its date, its payoff and the state after it. Nine types: PAM, LAM, NAM, ANN, CLM, UMP, STK
//! and OPTNS from the ACTUS technical specification 1.1, and Offtake's own OFF for take-or-pay, which ACTUS lacks.
//!
//! What stays true: no clock and no market data but what is passed in; amounts are `f64`, because this is analysis
//! and never the ledger; sums run in the order of the events, so the same input gives the same bits; events are in
//! order of time; signs are those of the party whose contract it is: what it receives is positive.
//!
//! Where the published cases of ACTUS and the text of its specification differ, the cases win; the README lists them.

mod conventions;
mod document;
mod error;
mod event;
mod instrument;
mod market;
mod terms;
mod types;

pub use conventions::{BusinessDay, Calendar, Conventions, Cycle, DayCount, Period};
pub use document::{Fault, parse};
pub use error::Error;
pub use event::{Event, Exercise, Kind, Occurrence};
pub use instrument::Instrument;
pub use market::Market;
pub use terms::{
    Base, ContractType, Dividend, Exercisable, Fee, FeeBasis, Interest, Offtake, OptionType, Penalty,
    Prepayment, Principal, Recurrence, Reset, Role, Scaling, Terms, Trade,
};
pub use types::schedule;

/// Local time, as ACTUS has it.
pub type Time = jiff::civil::DateTime;

/// Reads `2026-04-30` (its beginning) or `2026-04-30T12:00:00`.
#[must_use]
pub fn parse_time(text: &str) -> Option<Time> {
    terms::fields::time(text)
}
