//! What parties did about a tranche: sign-offs, disputes, silence, payments, told in the order they came on record.

use crate::deal::{Restatement, Silence, Tranche, When};
use crate::fact::{Decision, Facts, Line};
use crate::ratio::Ratio;
use std::collections::{BTreeMap, BTreeSet};
use units::Timestamp;

/// Why a tranche is disputed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cause {
    /// A party says so.
    Party(String),
    /// A fact it rests on was restated below the mark.
    Restated,
    /// Those who had to agree said nothing in time.
    Silence,
}

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event<'a> {
    /// The condition was met, and all it waits for released.
    Met,
    Restated {
        below: bool,
    },
    Accept(&'a str),
    Dispute(&'a str),
    Deadline,
    Paid(usize),
}

/// What became of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Acts<'a> {
    pub met: Option<Timestamp>,
    pub signed: Option<Timestamp>,
    pub disputed: Option<(Timestamp, Cause)>,
    pub resolved: Option<Timestamp>,
    pub paid_at: Option<Timestamp>,
    pub paid: Option<Ratio>,
    /// The lines of sign-offs that count.
    pub signoffs: Vec<usize>,
    /// The lines of payments.
    pub payments: Vec<usize>,
    /// The lines of sign-offs that do not count, and why.
    pub ignored: Vec<(usize, &'static str)>,
    accepted: BTreeMap<&'a str, Timestamp>,
    disputing: BTreeSet<&'a str>,
}

impl<'a> Acts<'a> {
    /// Tells what happened to `tranche` by `known`, given when its condition was met and what became of that.
    pub fn tell(
        tranche: &'a Tranche,
        facts: &'a Facts,
        known: Timestamp,
        met: Option<Timestamp>,
        restated: &[(Timestamp, bool)],
    ) -> Self {
        let mut acts = Self::default();
        let mut events = acts.lines(tranche, facts, known);
        events.extend(met.map(|at| (at, Event::Met)));
        if tranche.restatement == Restatement::Dispute {
            events.extend(restated.iter().map(|(at, below)| (*at, Event::Restated { below: *below })));
        }
        let days = tranche.signoff.as_ref().and_then(|signoff| signoff.within_days);
        let deadline = met.zip(days).map(|(met, days)| met.plus_seconds(i64::from(days) * 86_400));
        events.extend(deadline.filter(|at| *at <= known).map(|at| (at, Event::Deadline)));
        events.sort_unstable();
        for (at, event) in events {
            acts.happen(tranche, facts, at, event);
        }
        acts
    }

    /// The parties' lines about it.
    fn lines(
        &mut self,
        tranche: &Tranche,
        facts: &'a Facts,
        known: Timestamp,
    ) -> Vec<(Timestamp, Event<'a>)> {
        let mut events = Vec::new();
        for (place, line) in facts.lines().iter().enumerate() {
            let at = line.entry.line.recorded_at();
            if at > known {
                break;
            }
            match &line.entry.line {
                Line::Signoff(signoff) if signoff.tranche == *tranche.id.get_ref() => match line.ignored {
                    Some(why) => self.ignored.push((place, why)),
                    None => {
                        self.signoffs.push(place);
                        events.push((
                            at,
                            match signoff.decision {
                                Decision::Accept => Event::Accept(&signoff.by),
                                Decision::Dispute => Event::Dispute(&signoff.by),
                            },
                        ));
                    }
                },
                Line::Funded(funded) if funded.tranche == *tranche.id.get_ref() => {
                    self.payments.push(place);
                    events.push((at, Event::Paid(place)));
                }
                _ => {}
            }
        }
        events
    }

    fn happen(&mut self, tranche: &Tranche, facts: &Facts, at: Timestamp, event: Event<'a>) {
        match event {
            Event::Met => self.met = Some(at),
            Event::Restated { below: true } => self.dispute(at, Cause::Restated),
            Event::Restated { below: false } => {
                self.disputed.take_if(|(_, cause)| *cause == Cause::Restated);
            }
            Event::Accept(by) => {
                self.disputing.remove(by);
                self.accepted.insert(by, at);
            }
            Event::Dispute(by) => {
                self.accepted.remove(by);
                self.disputing.insert(by);
            }
            Event::Deadline if self.signed.is_none() && self.disputed.is_none() => {
                match tranche.signoff.as_ref().and_then(|signoff| signoff.silence) {
                    Some(Silence::Dispute) => self.dispute(at, Cause::Silence),
                    Some(Silence::Accept) => self.signed = Some(at),
                    None => {}
                }
            }
            Event::Deadline => {}
            Event::Paid(place) => {
                let Line::Funded(funded) = &facts.lines()[place].entry.line else { return };
                self.paid = Some(self.paid.unwrap_or(Ratio::ZERO) + funded.amount.ratio());
                self.paid_at = Some(at);
            }
        }
        self.follow(tranche, at);
    }

    fn dispute(&mut self, at: Timestamp, cause: Cause) {
        if self.disputed.is_none() {
            self.disputed = Some((at, cause));
            self.resolved = None;
        }
    }

    /// What follows from all that happened by `at`.
    fn follow(&mut self, tranche: &Tranche, at: Timestamp) {
        if self.met.is_none() && self.paid.is_none() {
            return;
        }
        if let Some(by) = self.disputing.first().map(|by| (*by).to_owned()) {
            return self.dispute(at, Cause::Party(by));
        }
        let since = match &self.disputed {
            Some((since, Cause::Restated)) => Some(*since),
            _ => None,
        };
        let agreed = self.agreed(tranche, since);
        match self.disputed {
            Some(_) if agreed => {
                self.disputed = None;
                self.resolved = Some(at);
                self.signed = self.signed.or(Some(at));
            }
            None if agreed && self.met.is_some() => self.signed = self.signed.or(Some(at)),
            _ => {}
        }
    }

    /// Whether all who must agree do; after `since`, where that is said. Of nobody in particular, where nobody
    /// must, somebody has to settle a dispute.
    fn agreed(&self, tranche: &Tranche, since: Option<Timestamp>) -> bool {
        let fresh = |at: &Timestamp| since.is_none_or(|since| *at > since);
        let mut needed = needed(tranche).peekable();
        if needed.peek().is_none() && self.disputed.is_some() {
            return self.accepted.values().any(fresh);
        }
        needed.all(|role| self.accepted.get(role).is_some_and(fresh))
    }

    /// Roles whose agreement is missing.
    pub fn missing<'t>(&self, tranche: &'t Tranche) -> Vec<&'t str> {
        needed(tranche).filter(|role| !self.accepted.contains_key(role)).collect()
    }

    /// Since when it has been released to be paid, or paid.
    pub fn released(&self) -> Option<Timestamp> {
        [self.signed, self.paid_at].into_iter().flatten().min()
    }
}

/// Roles that must agree. What is released by the signature needs no other.
fn needed(tranche: &Tranche) -> impl Iterator<Item = &str> {
    let signs = *tranche.when.get_ref() == When::AtSigning;
    let clause = tranche.signoff.iter().filter(move |_| !signs);
    clause.flat_map(|signoff| &signoff.need).map(|role| role.get_ref().as_str())
}
