//! PAM, principal at maturity: interest on the way, the whole notional at the end.

use super::Context;
use super::loan::Loan;
use super::plan::Plan;
use crate::error::Error;
use crate::event::{Event, Kind};

pub(super) fn events(context: &Context<'_>) -> Result<Vec<Event>, Error> {
    let maturity = context.terms.maturity()?;
    let mut loan = Loan::new(context, maturity, false)?;
    let mut plan = Plan::new(context);
    loan.plan(&mut plan, maturity)?;
    let times = context.series(&context.terms.interest.payment, maturity)?;
    loan.plan_interest(&mut plan, times, maturity);
    plan.shifted(Kind::Maturity, maturity);
    loan.run(plan, context.to)
}
