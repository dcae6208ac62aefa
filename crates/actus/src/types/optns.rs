//! OPTNS, option or warrant: bought, exercised when that is worth something, settled in cash some time later.

use super::Context;
use super::plan::{Plan, first_own};
use crate::error::Error;
use crate::event::{Event, Exercise, Kind};
use crate::terms::OptionType;
use jiff::civil::DateTime;

pub(super) fn events(context: &Context<'_>) -> Result<Vec<Event>, Error> {
    let terms = context.terms;
    let option = &terms.option;
    let maturity = terms.maturity()?;
    let early = early_exercise(context, maturity)?;
    let exercised = option.exercised.or(early).unwrap_or(maturity);
    let mut plan = Plan::new(context);
    plan.trade();
    if exercised >= maturity {
        plan.shifted(Kind::Maturity, maturity);
    }
    plan.shifted(Kind::Exercise, exercised);
    if let Some(settlement) = option.settlement.after(exercised, 1) {
        plan.shifted(Kind::Settlement, settlement);
    }
    let planned = plan.ordered(context.to);
    let own = first_own(&planned);
    let mut state = Exercise { date: option.exercised.or(early), amount: option.due };
    let mut events = Vec::with_capacity(planned.len());
    for event in &planned {
        let payoff = apply(context, event.kind, event.time, &mut state)?;
        events.push(Event {
            date: event.date,
            kind: event.kind,
            payoff: context.settle(payoff, event.time)?,
            notional_principal: 0.0,
            nominal_interest_rate: 0.0,
            accrued_interest: 0.0,
            exercise: Some(state),
        });
    }
    events.drain(..own);
    Ok(events)
}

fn early_exercise(context: &Context<'_>, maturity: DateTime) -> Result<Option<DateTime>, Error> {
    match context.occurred(Kind::Exercise).into_iter().find(|time| *time < maturity) {
        Some(time) if !context.terms.option.early => {
            let reason = format!("allows exercise at maturity only, and one is observed at {time}");
            Err(Error::refused("optionExerciseType", reason))
        }
        other => Ok(other),
    }
}

fn apply(context: &Context<'_>, kind: Kind, time: DateTime, state: &mut Exercise) -> Result<f64, Error> {
    let terms = context.terms;
    let sign = terms.role.sign();
    let price = |trade: Option<(_, f64)>| trade.map_or(0.0, |(_, price)| price);
    Ok(match kind {
        Kind::Purchase => -sign * price(terms.trade.purchase),
        Kind::Termination => sign * price(terms.trade.termination),
        Kind::Maturity => {
            if state.date.is_none() && worth(context, time)? > 0.0 {
                state.date = Some(time);
            }
            0.0
        }
        Kind::Exercise => {
            state.amount = worth(context, time)?;
            0.0
        }
        _ => sign * std::mem::take(&mut state.amount), // settlement
    })
}

/// What exercising at this time is worth.
fn worth(context: &Context<'_>, time: DateTime) -> Result<f64, Error> {
    let terms = context.terms;
    let option = &terms.option;
    let code = terms.underlying.as_ref().ok_or_else(|| terms.missing("contractStructure"))?;
    let price = context.observe(code, time)?;
    let strike = option.strike.ok_or_else(|| terms.missing("optionStrike1"))?;
    let call = (price - strike).max(0.0);
    Ok(match option.option_type.ok_or_else(|| terms.missing("optionType"))? {
        OptionType::Call => call,
        OptionType::Put => (strike - price).max(0.0),
        OptionType::CallPut => {
            let put = option.put_strike.ok_or_else(|| terms.missing("optionStrike2"))?;
            call + (put - price).max(0.0)
        }
    })
}
