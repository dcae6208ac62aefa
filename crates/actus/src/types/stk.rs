//! STK, stock: dividends between purchase and termination. It has no notional and no interest.

use super::Context;
use super::plan::{Plan, Planned, first_own};
use crate::error::Error;
use crate::event::{Event, Kind};

pub(super) fn events(context: &Context<'_>) -> Result<Vec<Event>, Error> {
    let terms = context.terms;
    let dividend = &terms.dividend;
    let mut plan = Plan::new(context);
    plan.trade();
    match (dividend.recurrence.anchor, dividend.recurrence.cycle) {
        (Some(anchor), Some(cycle)) => {
            let grid = terms.conventions.grid(anchor, cycle.period);
            grid.take_while(|time| *time <= context.to).for_each(|time| plan.shifted(Kind::Dividend, time));
        }
        (Some(anchor), None) => plan.shifted(Kind::Dividend, anchor),
        (None, Some(_)) => return Err(terms.missing("cycleAnchorDateOfDividendPayment")),
        (None, None) => {}
    }
    let planned = plan.ordered(context.to);
    let own = planned.iter().skip(first_own(&planned));
    own.map(|event| {
        let payoff = context.settle(payoff(context, event)?, event.time)?;
        Ok(Event {
            date: event.date,
            kind: event.kind,
            payoff,
            notional_principal: 0.0,
            nominal_interest_rate: 0.0,
            accrued_interest: 0.0,
            exercise: None,
        })
    })
    .collect()
}

fn payoff(context: &Context<'_>, event: &Planned) -> Result<f64, Error> {
    let terms = context.terms;
    let price = |trade: Option<(_, f64)>| trade.map_or(0.0, |(_, price)| price);
    let amount = match event.kind {
        Kind::Purchase => -price(terms.trade.purchase),
        Kind::Termination => price(terms.trade.termination),
        _ => match terms.dividend.next {
            Some(next) if terms.dividend.recurrence.anchor == Some(event.time) => next,
            _ => {
                let code = terms.dividend.code.as_ref();
                context
                    .observe(code.ok_or_else(|| terms.missing("marketObjectCodeOfDividends"))?, event.time)?
            }
        },
    };
    Ok(terms.role.sign() * amount)
}
