//! OFF, offtake: take-or-pay. Usage is paid less a discount; what a year falls short of its minimum is owed at its end.
//!
//! ACTUS has no minimum that depends on usage, so this type is Offtake's own. It gives a commitment the shape of the
//! other instruments, for a sum of cash flows. The rules of a real commitment (weights, caps, credits carried over)
//! are `contract`'s, in exact numbers.

use super::Context;
use crate::conventions::Period;
use crate::error::Error;
use crate::event::{Event, Kind};
use jiff::civil::DateTime;

pub(super) fn events(context: &Context<'_>) -> Result<Vec<Event>, Error> {
    let terms = context.terms;
    let offtake = &terms.offtake;
    let start = terms.exchange()?;
    let period = offtake.period.ok_or_else(|| terms.missing("cycleOfUsage"))?;
    let periods = (1..).map_while(|n| period.after(start, n));
    let mut usage = periods.zip(offtake.usage.iter().map(Some).chain(std::iter::repeat(None))).peekable();
    let mut events = Vec::new();
    let years = (1..).map_while(|n| Period::YEAR.after(start, n));
    'years: for (index, (end, minimum)) in years.zip(&offtake.minimums).enumerate() {
        let discount = offtake.discounts.get(index).or(offtake.discounts.last()).copied().unwrap_or(0.0);
        let mut year = Year { sign: terms.role.sign(), left: *minimum, discount };
        while let Some((time, amount)) = usage.next_if(|(time, _)| *time <= end) {
            // Without the usage of a whole year nobody knows what it fell short.
            let Some(amount) = amount else { break 'years };
            events.push(year.used(time, *amount));
        }
        events.push(year.settled(end));
    }
    events.retain(|event| event.date > terms.status_date && event.date <= context.to);
    for event in &mut events {
        event.payoff = context.settle(event.payoff, event.date)?;
    }
    Ok(events)
}

/// A contract year while it is being used.
struct Year {
    sign: f64,
    /// What is left of the minimum, never negative.
    left: f64,
    discount: f64,
}

impl Year {
    fn used(&mut self, time: DateTime, at_list: f64) -> Event {
        let paid = at_list * (1.0 - self.discount);
        self.left = (self.left - paid).max(0.0);
        self.event(time, Kind::Usage, paid)
    }

    fn settled(&mut self, end: DateTime) -> Event {
        let shortfall = std::mem::take(&mut self.left);
        self.event(end, Kind::TrueUp, shortfall)
    }

    fn event(&self, date: DateTime, kind: Kind, amount: f64) -> Event {
        Event {
            date,
            kind,
            payoff: self.sign * amount,
            notional_principal: self.sign * self.left,
            nominal_interest_rate: self.discount,
            accrued_interest: 0.0,
            exercise: None,
        }
    }
}
