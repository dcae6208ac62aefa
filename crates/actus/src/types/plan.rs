//! A plan: events by their scheduled time, before anything is computed.

use super::Context;
use crate::event::Kind;
use jiff::civil::DateTime;

/// An event to come. They are evaluated in the order of the fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Planned {
    /// When it happens.
    pub(crate) date: DateTime,
    /// As of when it is calculated.
    calculated: DateTime,
    /// Which of several at one time comes first: as the kinds are ordered, unless said otherwise.
    order: Kind,
    /// When it was scheduled for, before any shift.
    pub(crate) time: DateTime,
    pub(crate) kind: Kind,
}

/// Events to come, in any order.
pub(crate) struct Plan<'a> {
    context: &'a Context<'a>,
    events: Vec<Planned>,
}

impl<'a> Plan<'a> {
    pub(crate) const fn new(context: &'a Context<'a>) -> Self {
        Self { context, events: Vec::new() }
    }

    /// Plans an event that moves when its time falls on a day off.
    pub(crate) fn shifted(&mut self, kind: Kind, time: DateTime) {
        self.push(self.context.terms.conventions.date(time), time, kind, kind);
    }

    /// Plans an event that never moves.
    pub(crate) fn fixed(&mut self, kind: Kind, time: DateTime) {
        self.fixed_as(kind, time, kind);
    }

    /// Plans an event that never moves and comes where `order` would.
    pub(crate) fn fixed_as(&mut self, kind: Kind, time: DateTime, order: Kind) {
        self.push(time, time, kind, order);
    }

    fn push(&mut self, date: DateTime, time: DateTime, kind: Kind, order: Kind) {
        let calculated = self.context.terms.conventions.calculated(time);
        self.events.push(Planned { date, calculated, order, time, kind });
    }

    /// Plans purchase and termination.
    pub(crate) fn trade(&mut self) {
        let trade = self.context.terms.trade;
        if let Some((date, _)) = trade.purchase {
            self.fixed(Kind::Purchase, date);
        }
        if let Some((date, _)) = trade.termination {
            self.fixed(Kind::Termination, date);
        }
    }

    /// The events that are still to come, in order: after the status date, up to `to`, up to a termination.
    pub(crate) fn ordered(mut self, to: DateTime) -> Vec<Planned> {
        let after = self.context.terms.status_date;
        self.events.retain(|event| event.date > after && event.date <= to);
        self.events.sort_unstable();
        if let Some(end) = self.events.iter().position(|event| event.kind == Kind::Termination) {
            self.events.truncate(end + 1);
        }
        self.events
    }
}

/// Where the holder's own events begin: at the purchase, if that is still to come.
pub(crate) fn first_own(events: &[Planned]) -> usize {
    events.iter().position(|event| event.kind == Kind::Purchase).unwrap_or(0)
}
