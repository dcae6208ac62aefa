//! UMP, undefined maturity profile: an account that is drawn on and repaid as it comes, interest added to it.

use super::Context;
use super::loan::Loan;
use super::plan::Plan;
use crate::error::Error;
use crate::event::{Event, Kind};

pub(super) fn events(context: &Context<'_>) -> Result<Vec<Event>, Error> {
    let terms = context.terms;
    let loan = Loan::new(context, context.to, true)?;
    let mut plan = Plan::new(context);
    loan.plan(&mut plan, context.to)?;
    for kind in [Kind::Redemption, Kind::Drawing] {
        for time in context.occurred(kind) {
            plan.fixed(kind, time);
        }
    }
    if terms.interest.rate.is_some() {
        for time in context.series(&terms.interest.payment, context.to)? {
            plan.shifted(Kind::Capitalisation, time);
        }
    }
    loan.run(plan, context.to)
}
