//! The walk that makes a [`Proof`]: the same tree the kernel evaluates, each part by the kernel itself.

use crate::predicate::calendar::{Length, midnight};
use crate::predicate::change::Changes;
use crate::predicate::kernel::{EVER, Kernel};
use crate::predicate::kleene::Kleene;
use crate::predicate::proof::{Missing, Proof, Read, Value};
use crate::predicate::state::State;
use crate::predicate::syntax::Joint;
use crate::predicate::tree::{Logic, Reading, Reckoning, Term, Test, Truth};
use crate::predicate::vocabulary::Metric;
use crate::predicate::world::World;
use crate::ratio::Ratio;
use std::ops::Range;
use units::Timestamp;

pub(crate) struct Prover<'a, W> {
    pub text: &'a str,
    pub kernel: Kernel<'a, W>,
}

impl<W: World<Ratio>> Prover<'_, W> {
    pub(crate) fn truth(&self, truth: &Truth<Test<Ratio>>) -> Proof {
        let mut proof = self.part(&truth.range, Value::Truth(self.kernel.truth(truth)));
        match &truth.form {
            Logic::Leaf(test) => self.test(test, &mut proof),
            Logic::Not(inner) => proof.parts.push(self.truth(inner)),
            Logic::Join(joint, sides) => {
                sides.iter().for_each(|side| self.joined(*joint, side, &mut proof.parts));
            }
        }
        proof
    }

    /// `a and b and c` has three parts, not two of which one has two.
    fn joined(&self, joint: Joint, side: &Truth<Test<Ratio>>, parts: &mut Vec<Proof>) {
        match &side.form {
            Logic::Join(inner, sides) if *inner == joint && joint != Joint::Implies => {
                sides.iter().for_each(|side| self.joined(joint, side, parts));
            }
            _ => parts.push(self.truth(side)),
        }
    }

    fn test(&self, test: &Test<Ratio>, proof: &mut Proof) {
        match test {
            Test::Constant(_) | Test::Dates(..) => {}
            Test::Flag(term) => self.sources(term, proof),
            Test::Among(term, ..) => proof.parts.extend(self.unless_constant(term)),
            Test::Compare(_, sides) => {
                proof.parts.extend(sides.iter().filter_map(|side| self.unless_constant(side)));
            }
            Test::For(inner, length) => proof.parts.push(self.lasting(inner, *length, proof.value)),
        }
    }

    fn unless_constant(&self, term: &Term<Ratio>) -> Option<Proof> {
        match &term.form {
            Reckoning::Constant(_) | Reckoning::Length(_) => None,
            Reckoning::Minus(inner) if matches!(inner.form, Reckoning::Constant(_)) => None,
            _ => Some(self.number(term)),
        }
    }

    pub(crate) fn number(&self, term: &Term<Ratio>) -> Proof {
        let amount = self.kernel.number(term).filter(|amount| amount.is_some());
        let mut proof = self.part(&term.range, Value::Amount(amount, term.kind));
        self.sources(term, &mut proof);
        proof
    }

    /// What a number was made from: facts, states, or other numbers.
    fn sources(&self, term: &Term<Ratio>, proof: &mut Proof) {
        match &term.form {
            Reckoning::Constant(_) | Reckoning::Length(_) => {}
            Reckoning::Read(metric, reading) => self.read(metric, reading, proof),
            Reckoning::State(state) => self.state(state, self.kernel.number(term), proof),
            Reckoning::Present(stream, _) => {
                self.state(&State::Remaining(*stream), self.kernel.number(term), proof);
            }
            Reckoning::Minus(inner) => proof.parts.extend(self.unless_constant(inner)),
            Reckoning::Compute(_, sides) => {
                proof.parts.extend(sides.iter().filter_map(|side| self.unless_constant(side)));
            }
        }
    }

    fn state(&self, state: &State, answer: Option<Ratio>, proof: &mut Proof) {
        if answer.is_none() {
            proof.missing.push(Missing { what: state.to_string(), from: None, to: self.kernel.at });
        }
        proof.reads.extend(self.kernel.world.state_reads(state, self.kernel.at));
    }

    fn read(&self, metric: &Metric, reading: &Reading, proof: &mut Proof) {
        let name = metric.name.to_string();
        let missing = |from, to| Missing { what: metric.name.to_string(), from, to };
        let Some((after, until)) = self.kernel.stretch(reading) else {
            // A day that has not come yet, or a contract year outside the term.
            let day = match reading {
                Reading::On(moment) => midnight(moment.day(self.kernel.at)),
                _ => self.kernel.at,
            };
            proof.missing.push(missing(Some(day), day));
            return;
        };
        let first = Timestamp::from_micros(after.micros().saturating_add(1));
        let single = |at: Timestamp| Read { metric: name.clone(), from: at, to: at };
        let reads: Vec<Read> = match reading {
            Reading::Now | Reading::On(_) | Reading::Last(_) => {
                let found = self.kernel.world.latest(metric, after, until);
                found.map(|found| single(found.effective_at)).into_iter().collect()
            }
            Reading::Sum(_) => {
                let known = self.kernel.world.sum(metric, after, until);
                known.map(|_| Read { metric: name.clone(), from: first, to: until }).into_iter().collect()
            }
            Reading::Average(_) | Reading::Least(_) | Reading::Most(_) => {
                let each = self.kernel.observations(metric, after, until);
                each.map(|found| single(found.effective_at)).collect()
            }
        };
        if reads.is_empty() {
            let from = (after > EVER).then_some(first);
            proof.missing.push(missing(from, until));
        }
        proof.reads.extend(reads);
    }

    /// The moment that decides a `for`: the first at which its condition is false, else the first at which it
    /// is unknown, else the first of all; with what was read at every one.
    fn lasting(&self, inner: &Truth<Test<Ratio>>, length: Length, value: Value) -> Proof {
        let start = length.before(self.kernel.at);
        let changes = Changes { world: self.kernel.world, term: self.kernel.term };
        let mut moments = vec![start];
        let mut last = start;
        while let Some(next) =
            changes.of_truth(inner, last).filter(|next| last < *next && *next <= self.kernel.at)
        {
            moments.push(next);
            last = next;
        }
        let decides = |at: &&Timestamp| Value::Truth(self.kernel.moved(**at).truth(inner)) == value;
        let decisive = moments.iter().find(decides).copied().unwrap_or(start);
        let at = |at| Prover { text: self.text, kernel: self.kernel.moved(at) };
        let mut proof = at(decisive).truth(inner);
        if value == Value::Truth(Kleene::YES) {
            let reads = moments.iter().flat_map(|moment| at(*moment).truth(inner).all_reads());
            let own = proof.all_reads();
            let mut others: Vec<Read> = reads.filter(|read| !own.contains(read)).collect();
            others.sort();
            others.dedup();
            proof.reads.extend(others);
        }
        proof
    }

    fn part(&self, range: &Range<usize>, value: Value) -> Proof {
        let text = self.text.get(range.clone()).unwrap_or_default();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        Proof { text, at: self.kernel.at, value, reads: Vec::new(), missing: Vec::new(), parts: Vec::new() }
    }
}
