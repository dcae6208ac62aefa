//! NAM, negative amortiser: equal payments that cover interest first. What they fall short is added to the notional.

use super::Context;
use super::amortiser::{finish, first_redemption, loan, redemptions, repaid_by};
use crate::error::Error;
use crate::event::Event;
use jiff::civil::DateTime;

pub(super) fn events(context: &Context<'_>) -> Result<Vec<Event>, Error> {
    let end = match context.terms.principal.maturity {
        Some(maturity) => maturity,
        None => repaid_by_payments(context)?,
    };
    let (loan, plan) = loan(context, end, end)?;
    let times = interest_times(context, end)?;
    finish(loan, plan, times, end)
}

/// When the loan is repaid, from what its first payment leaves after interest.
pub(super) fn repaid_by_payments(context: &Context<'_>) -> Result<DateTime, Error> {
    let terms = context.terms;
    let payment = terms.principal.redemption_amount;
    let payment = payment.ok_or_else(|| terms.missing("nextPrincipalRedemptionPayment"))?;
    let mut next = redemptions(context)?;
    let period = match (next.next(), next.next()) {
        (Some(from), Some(to)) => terms.conventions.fraction(from, to),
        _ => 0.0,
    };
    drop(next);
    let interest = terms.notional()? * period * terms.interest.rate.unwrap_or(0.0);
    repaid_by(context, payment - interest)
}

/// Interest is paid on its own cycle until one period before the first redemption, and with each redemption after.
pub(super) fn interest_times(context: &Context<'_>, end: DateTime) -> Result<Vec<DateTime>, Error> {
    let terms = context.terms;
    let first = first_redemption(context)?;
    let begins =
        terms.principal.redemption.cycle.and_then(|cycle| cycle.period.after(first, -1)).unwrap_or(first);
    let payment = &terms.interest.payment;
    let mut times = context.series(payment, begins)?;
    if payment.start(context.terms.exchange()?).is_some_and(|start| start <= begins) {
        times.push(begins);
    }
    times.extend(context.series(&terms.principal.redemption, end)?);
    Ok(times)
}
