//! One file a contract type. Each says what is planned when; [`loan`] says what a planned event does to a loan.

mod amortiser;
mod ann;
mod clm;
mod lam;
mod loan;
mod nam;
mod off;
mod optns;
mod pam;
mod plan;
mod stk;
mod ump;

use crate::error::Error;
use crate::event::{Event, Kind, Occurrence};
use crate::terms::{ContractType, Recurrence, Terms};
use jiff::civil::DateTime;

/// Derives the events of a contract up to `to` (included), in order.
///
/// `occurrences` is what the parties did that the terms don't tell. `observed` shows the market: the value of a
/// code at a time. It is asked for the time an event was scheduled for, before any shift to a business day.
///
/// # Errors
/// A term is missing for this schedule, terms contradict each other, or the market does not show what is needed.
pub fn schedule(
    terms: &Terms,
    occurrences: &[Occurrence],
    observed: &impl Fn(&str, DateTime) -> Option<f64>,
    to: DateTime,
) -> Result<Vec<Event>, Error> {
    let context = Context { terms, occurrences, observed, to };
    match terms.contract_type {
        ContractType::Pam => pam::events(&context),
        ContractType::Lam => lam::events(&context),
        ContractType::Nam => nam::events(&context),
        ContractType::Ann => ann::events(&context),
        ContractType::Clm => clm::events(&context),
        ContractType::Ump => ump::events(&context),
        ContractType::Stk => stk::events(&context),
        ContractType::Optns => optns::events(&context),
        ContractType::Off => off::events(&context),
    }
}

/// What a schedule is derived from.
pub(crate) struct Context<'a> {
    pub(crate) terms: &'a Terms,
    pub(crate) occurrences: &'a [Occurrence],
    observed: &'a dyn Fn(&str, DateTime) -> Option<f64>,
    pub(crate) to: DateTime,
}

impl Context<'_> {
    pub(crate) fn observe(&self, code: &str, time: DateTime) -> Result<f64, Error> {
        (self.observed)(code, time).ok_or_else(|| Error::NotObserved { code: code.to_owned(), time })
    }

    /// A payoff in the currency it is paid in.
    pub(crate) fn settle(&self, payoff: f64, time: DateTime) -> Result<f64, Error> {
        match (&self.terms.currency, &self.terms.settlement_currency) {
            (Some(from), Some(to)) if from != to && payoff != 0.0 => {
                Ok(payoff * self.observe(&format!("{from}/{to}"), time)?)
            }
            _ => Ok(payoff),
        }
    }

    /// When something of this kind occurred after the status date, in order; each time once.
    pub(crate) fn occurred(&self, kind: Kind) -> Vec<DateTime> {
        let ours = |one: &&Occurrence| one.kind == kind && one.time > self.terms.status_date;
        let mut times: Vec<DateTime> = self.occurrences.iter().filter(ours).map(|one| one.time).collect();
        times.sort_unstable();
        times.dedup();
        times
    }

    /// The scheduled times of a recurring event before `end`.
    pub(crate) fn series(&self, recurrence: &Recurrence, end: DateTime) -> Result<Vec<DateTime>, Error> {
        let start = match (recurrence.anchor, recurrence.cycle) {
            (None, Some(_)) => recurrence.start(self.terms.exchange()?),
            (anchor, _) => anchor,
        };
        let conventions = &self.terms.conventions;
        Ok(start.map(|start| conventions.series(start, recurrence.cycle, end)).unwrap_or_default())
    }
}
