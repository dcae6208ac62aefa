//! LAM, linear amortiser: equal redemptions, interest beside them.

use super::Context;
use super::amortiser::{finish, loan, repaid_by};
use crate::error::Error;
use crate::event::Event;

pub(super) fn events(context: &Context<'_>) -> Result<Vec<Event>, Error> {
    let principal = &context.terms.principal;
    let end = match (principal.maturity, principal.redemption_amount) {
        (Some(maturity), _) => maturity,
        (None, Some(amount)) => repaid_by(context, amount)?,
        (None, None) => context.terms.maturity()?,
    };
    let (loan, plan) = loan(context, end, end)?;
    let times = context.series(&context.terms.interest.payment, end)?;
    finish(loan, plan, times, end)
}
