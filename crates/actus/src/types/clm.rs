//! CLM, call money: interest is added to the notional until the loan matures or, some notice after a call, is settled.

use super::Context;
use super::loan::Loan;
use super::plan::Plan;
use crate::error::Error;
use crate::event::{Event, Kind};
use crate::terms::Recurrence;
use jiff::civil::DateTime;

pub(super) fn events(context: &Context<'_>) -> Result<Vec<Event>, Error> {
    let terms = context.terms;
    let called = call(context);
    let end = called.map(|(call, _)| call).or(terms.principal.maturity);
    let until = end.unwrap_or(context.to);
    let mut loan = Loan::new(context, until, true)?;
    loan.called = called;
    let mut plan = Plan::new(context);
    loan.plan(&mut plan, until)?;
    if terms.interest.rate.is_some() {
        for time in capitalisations(context, until)? {
            plan.shifted(Kind::Capitalisation, time);
        }
    }
    if let Some((call, settlement)) = called {
        plan.fixed_as(Kind::Exercise, call, Kind::Prepayment); // the call comes before the interest it stops
        plan.fixed(Kind::Interest, settlement);
        plan.fixed(Kind::Settlement, settlement);
    } else if let Some(maturity) = end {
        plan.fixed(Kind::Interest, maturity);
        plan.fixed(Kind::Maturity, maturity);
    }
    // What a call sets going is followed to its settlement.
    let to = called.map_or(context.to, |(_, settlement)| settlement.max(context.to));
    loan.run(plan, to)
}

/// The call within the horizon that is settled before the loan matures, and its settlement.
fn call(context: &Context<'_>) -> Option<(DateTime, DateTime)> {
    let terms = context.terms;
    let call = context.occurred(Kind::Exercise).into_iter().find(|call| *call <= context.to)?;
    let settlement = terms.notice.after(call, 1)?;
    let matured = terms.principal.maturity.is_some_and(|maturity| maturity <= settlement);
    (!matured).then_some((call, settlement))
}

/// Unlike elsewhere, a cycle without an anchor starts at the exchange itself.
fn capitalisations(context: &Context<'_>, until: DateTime) -> Result<Vec<DateTime>, Error> {
    let payment = context.terms.interest.payment;
    if payment.cycle.is_none() && payment.anchor.is_none() {
        return Ok(Vec::new());
    }
    let anchor = Some(payment.anchor.unwrap_or(context.terms.exchange()?));
    context.series(&Recurrence { anchor, ..payment }, until)
}
