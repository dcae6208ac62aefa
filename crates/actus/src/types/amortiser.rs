//! What the amortising types share: redemptions, and a maturity that follows from them when none is agreed.

use super::Context;
use super::loan::Loan;
use super::plan::Plan;
use crate::error::Error;
use crate::event::{Event, Kind};
use crate::terms::Base;
use jiff::civil::DateTime;

/// No loan is repaid in more parts than this.
const MOST_REDEMPTIONS: f64 = 100_000.0;

/// A loan repaid by `end`; its redemptions are computed as if it ran to `computed_end`.
pub(super) fn loan<'a>(
    context: &'a Context<'a>,
    end: DateTime,
    computed_end: DateTime,
) -> Result<(Loan<'a>, Plan<'a>), Error> {
    let terms = context.terms;
    let mut loan = Loan::new(context, end, false)?;
    loan.redemption_times = context.series(&terms.principal.redemption, computed_end)?;
    loan.redemption_times.push(computed_end);
    let mut plan = Plan::new(context);
    loan.plan(&mut plan, end)?;
    for time in context.series(&terms.principal.redemption, end)? {
        plan.shifted(Kind::Redemption, time);
    }
    if terms.interest.base == Base::Lagged {
        for time in context.series(&terms.interest.base_fixing, end)? {
            plan.shifted(Kind::BaseFixing, time);
        }
    }
    plan.shifted(Kind::Maturity, end);
    Ok((loan, plan))
}

/// Adds interest at `times` and evaluates.
pub(super) fn finish<'a>(
    mut loan: Loan<'a>,
    mut plan: Plan<'a>,
    times: Vec<DateTime>,
    end: DateTime,
) -> Result<Vec<Event>, Error> {
    loan.plan_interest(&mut plan, times, end);
    loan.run(plan, loan.context.to)
}

/// The first redemption.
pub(super) fn first_redemption(context: &Context<'_>) -> Result<DateTime, Error> {
    let missing = || context.terms.missing("cycleOfPrincipalRedemption");
    context.terms.principal.redemption.start(context.terms.exchange()?).ok_or_else(missing)
}

/// The redemptions after the status date, without end.
pub(super) fn redemptions<'a>(
    context: &'a Context<'_>,
) -> Result<impl Iterator<Item = DateTime> + 'a, Error> {
    let terms = context.terms;
    let cycle =
        terms.principal.redemption.cycle.ok_or_else(|| terms.missing("cycleOfPrincipalRedemption"))?;
    let grid = terms.conventions.grid(first_redemption(context)?, cycle.period);
    Ok(grid.filter(|time| *time > terms.status_date))
}

/// When a loan is repaid of which each redemption repays `part`.
pub(super) fn repaid_by(context: &Context<'_>, part: f64) -> Result<DateTime, Error> {
    const TERM: &str = "nextPrincipalRedemptionPayment";
    // A hair less, so that a quotient a rounding above a whole number asks for no further redemption.
    let count = (context.terms.notional()? / part - 1e-9).ceil();
    if part <= 0.0 || count > MOST_REDEMPTIONS {
        return Err(Error::refused(
            TERM,
            "repays nothing beyond the interest, and no `maturityDate` is agreed",
        ));
    }
    let mut counted = 0.0;
    let last = redemptions(context)?.find(|_| {
        counted += 1.0;
        counted >= count
    });
    last.ok_or_else(|| Error::refused(TERM, "would take longer to repay the loan than the calendar lasts"))
}
