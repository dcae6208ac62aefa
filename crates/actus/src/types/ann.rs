//! ANN, annuity: equal payments of interest and principal that repay the loan by a date.

use super::Context;
use super::amortiser::{finish, first_redemption, loan};
use super::loan::{Loan, State};
use super::nam::{interest_times, repaid_by_payments};
use crate::error::Error;
use crate::event::{Event, Kind};
use jiff::ToSpan as _;
use jiff::civil::DateTime;

pub(super) fn events(context: &Context<'_>) -> Result<Vec<Event>, Error> {
    let principal = &context.terms.principal;
    let end = match principal.maturity.or(principal.amortisation) {
        Some(end) => end,
        None => repaid_by_payments(context)?,
    };
    let (loan, mut plan) = loan(context, end, principal.amortisation.unwrap_or(end))?;
    // A payment not agreed is fixed the day before the first one is due.
    if principal.redemption_amount.is_none()
        && let Ok(fixing) = first_redemption(context)?.checked_sub(1.day())
    {
        plan.shifted(Kind::RedemptionFixing, fixing);
    }
    let times = interest_times(context, end)?;
    finish(loan, plan, times, end)
}

/// The payment that, made at each redemption to come, repays the loan with its interest.
pub(super) fn payment(loan: &Loan<'_>, state: &State, time: DateTime) -> f64 {
    // At the exchange, a redemption at that very time is still to come.
    let to_come = |due: &DateTime| *due > time || (*due == time && time == loan.exchange);
    let times: Vec<DateTime> = loan.redemption_times.iter().copied().filter(to_come).collect();
    let Some(first) = times.first() else { return loan.sign * state.notional };
    let accrued = state.accrued + state.notional * state.rate * loan.fraction(time, *first);
    let owed = loan.sign * (state.notional + accrued);
    let mut growth = 1.0;
    let mut sum = 1.0;
    for (from, to) in times.iter().zip(times.iter().skip(1)).rev() {
        growth *= 1.0 + state.rate * loan.fraction(*from, *to);
        sum += growth;
    }
    owed * growth / sum
}
