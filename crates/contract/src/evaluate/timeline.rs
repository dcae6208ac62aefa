//! When a condition was met, as knowledge grew: facts are learned in the order they were put on record, and at
//! each step the condition is asked of all moments that are known by then.
//!
//! What was met once stays met, at the moment it was first true, whatever becomes of the metric later; only
//! that a fact of that moment is corrected below the mark changes it, and then it says so.

use super::Context;
use super::needs::Needs;
use super::series::Stock;
use super::trace::{self, Node};
use super::world::Sight;
use crate::deal::{Deal, Evidence};
use crate::fact::Line;
use crate::predicate::{Condition, Kleene};
use crate::ratio::Ratio;
use std::collections::BTreeSet;
use units::Timestamp;

/// A condition with what goes with it, in one version of the deal.
#[derive(Clone, Copy)]
pub(super) struct Clause<'a> {
    pub condition: &'a Condition,
    /// The moments at which it may be met, both included.
    pub window: (Timestamp, Timestamp),
    pub evidence: Option<&'a Evidence>,
}

/// When and why a condition was met.
#[derive(Debug, Clone)]
pub(super) struct Met {
    /// When that became known.
    pub at: Timestamp,
    /// The first moment it was true at.
    pub first: Timestamp,
    /// Why, as known then.
    pub proof: Node,
}

/// What became of a condition until now.
#[derive(Debug, Clone)]
pub(super) struct Timeline {
    pub met: Option<Met>,
    /// When the evidence it rests on was restated: below the mark (true) or up again.
    pub restated: Vec<(Timestamp, bool)>,
    /// What it is now, or was when its window ended.
    pub now: Kleene<bool>,
    /// Why.
    pub proof: Option<Node>,
    /// Pieces of evidence, and how many there must be.
    pub evidence: (u32, u32),
}

/// Follows the condition that `clause` finds in each version of the deal.
pub(super) fn follow<'a>(context: &Context<'a>, clause: impl Fn(&'a Deal) -> Option<Clause<'a>>) -> Timeline {
    let mut walk = Walk {
        context,
        clause: &clause,
        stock: stock(context, &clause),
        seen: None,
        met: None,
        timeline: Timeline {
            met: None,
            restated: Vec::new(),
            now: Kleene::UNKNOWN,
            proof: None,
            evidence: (0, 0),
        },
    };
    let mut step = context.versions.known_from();
    while step <= context.known_at {
        let changed = walk.stock.learn(step);
        let next = walk.next_step(step);
        let until = next.map_or(context.known_at, trace::just_before);
        walk.step(step, until.min(context.known_at), changed);
        match next {
            Some(next) => step = next,
            None => break,
        }
    }
    walk.finish()
}

/// All that any version's condition reads.
fn stock<'a>(context: &Context<'a>, clause: &impl Fn(&'a Deal) -> Option<Clause<'a>>) -> Stock<'a> {
    let mut needs = Needs::default();
    for deal in context.versions.all() {
        if let Some(clause) = clause(deal) {
            needs.extend(context.needs(deal, clause.condition));
        }
    }
    context.stock(needs)
}

struct Walk<'c, 'a, F> {
    context: &'c Context<'a>,
    clause: &'c F,
    stock: Stock<'a>,
    /// Up to where, and for which version, the condition is known not to have been met.
    seen: Option<(Timestamp, u32)>,
    /// The clause that was met.
    met: Option<(Clause<'a>, &'a Deal)>,
    timeline: Timeline,
}

impl<'a, F: Fn(&'a Deal) -> Option<Clause<'a>>> Walk<'_, 'a, F> {
    /// When something may change next: a fact, a version, or a tranche that the condition asks about.
    fn next_step(&mut self, after: Timestamp) -> Option<Timestamp> {
        let recorded = self.stock.next_record();
        let versions = self.context.versions.all().map(|deal| deal.known_from).find(|from| *from > after);
        let deeds = self.context.deeds.values().flat_map(|deed| [deed.met, deed.released]).flatten();
        let deed = deeds.filter(|at| *at > after).min();
        [recorded, versions, deed].into_iter().flatten().filter(|at| *at > after).min()
    }

    /// What is known from `known` until `until`, nothing else being learned in between.
    fn step(&mut self, known: Timestamp, until: Timestamp, changed: Option<Timestamp>) {
        if let Some((clause, deal)) = self.met {
            return self.restate(clause, deal, known, changed);
        }
        let deal = self.context.versions.known_at(known);
        let Some(clause) = (self.clause)(deal) else { return };
        let to = until.min(self.context.as_of).min(clause.window.1);
        // Nothing that is asked at a moment depends on facts of a later one.
        let from = match self.seen {
            Some((seen, version)) if version == deal.version => changed.map_or(seen, |at| at.min(seen)),
            _ => clause.window.0,
        };
        let from = from.max(clause.window.0);
        if from > to {
            return;
        }
        let sight = Sight { context: self.context, stock: &self.stock, deal };
        // Questions are asked at moments that facts do not choose, so on from the next of those.
        let resumes = from > clause.window.0 && !clause.condition.states().is_empty();
        let from = match resumes {
            true => clause.condition.next_change(&sight, trace::just_before(from)),
            false => Some(from),
        };
        let first = from.and_then(|from| clause.condition.held(&sight, from, to).first);
        let Some(first) = first else {
            self.seen = Some((to, deal.version));
            return;
        };
        self.seen = None;
        self.timeline.evidence = evidence(&sight, &clause, to);
        if self.timeline.evidence.0 < self.timeline.evidence.1 {
            return;
        }
        let proof = trace::node(&clause.condition.prove(&sight, first), &self.stock);
        self.timeline.met = Some(Met { at: known.max(first), first, proof });
        self.met = Some((clause, deal));
    }

    /// Whether what was met still rests on facts above the mark.
    fn restate(&mut self, clause: Clause<'a>, deal: &'a Deal, known: Timestamp, changed: Option<Timestamp>) {
        let Some(met) = &self.timeline.met else { return };
        if changed.is_none_or(|at| at > met.first) && clause.evidence.is_none() {
            return;
        }
        let sight = Sight { context: self.context, stock: &self.stock, deal };
        let (pieces, least) = evidence(&sight, &clause, self.context.as_of);
        let below = !clause.condition.truth(&sight, met.first).yes || pieces < least;
        let before = self.timeline.restated.last().is_some_and(|(_, below)| *below);
        if below != before {
            self.timeline.restated.push((known, below));
        }
    }

    /// What it is now, with all that is known.
    fn finish(mut self) -> Timeline {
        let (context, known) = (self.context, self.context.known_at);
        let deal = context.versions.known_at(known);
        let Some((clause, deal)) = self.met.or((self.clause)(deal).map(|clause| (clause, deal))) else {
            return self.timeline;
        };
        // Before the deal is known nothing has been learned.
        self.stock.learn(known);
        let sight = Sight { context, stock: &self.stock, deal };
        let at = match &self.timeline.met {
            Some(met) => met.first,
            None => context.now().min(clause.window.1),
        };
        self.timeline.now = clause.condition.truth(&sight, at);
        self.timeline.proof = Some(trace::node(&clause.condition.prove(&sight, at), &self.stock));
        self.timeline.evidence = evidence(&sight, &clause, context.as_of);
        self.timeline
    }
}

/// How many pieces of evidence there are by `at`, and how many there must be. A fact that was superseded by another
/// value is none.
fn evidence(sight: &Sight<'_, '_>, clause: &Clause<'_>, at: Timestamp) -> (u32, u32) {
    let Some(wanted) = clause.evidence else { return (0, 0) };
    let mut pieces: BTreeSet<String> = BTreeSet::new();
    for metric in clause.condition.metrics() {
        let Some(series) = sight.stock.series(&metric.name) else { continue };
        for (when, seen) in series.backwards(at) {
            let Line::Fact(fact) = &sight.facts().lines()[seen.place].entry.line else { continue };
            let kind = fact.evidence_kind.as_ref();
            let fits = kind.is_some_and(|kind| wanted.kinds.is_empty() || wanted.kinds.contains(kind));
            let stands = metric.flow
                || series.latest(trace::just_before(when), when).map(|(_, value)| value)
                    == Some(Ratio::new(seen.value, units::PICO_PER_UNIT));
            if fits && stands {
                let document = fact.document_sha256.clone().or_else(|| fact.id.clone());
                pieces.insert(document.unwrap_or_else(|| seen.place.to_string()));
            }
        }
    }
    (u32::try_from(pieces.len()).unwrap_or(u32::MAX), wanted.min)
}
