//! When a truth may change: the moments of its facts, and those at which windows and durations end. Between two
//! of them it stays as it is; at one of them it may.

use crate::day::Period;
use crate::number::Number;
use crate::predicate::calendar::{DayNumber, Length, Window, just_before, midnight, next_midnight};
use crate::predicate::tree::{Reading, Reckoning, Term, Test, Truth};
use crate::predicate::vocabulary::Metric;
use crate::predicate::world::World;
use units::Timestamp;

/// A world through time.
pub(crate) struct Changes<'a, W> {
    pub world: &'a W,
    pub term: Period,
}

impl<W> Changes<'_, W> {
    /// The first moment after `after` at which a truth may change.
    pub(crate) fn of_truth<N: Number>(&self, truth: &Truth<Test<N>>, after: Timestamp) -> Option<Timestamp>
    where
        W: World<N>,
    {
        let mut first = None;
        truth.leaves(&mut |test| first = earlier(first, self.of_test(test, after)));
        first
    }

    fn of_test<N: Number>(&self, test: &Test<N>, after: Timestamp) -> Option<Timestamp>
    where
        W: World<N>,
    {
        match test {
            Test::Constant(_) => None,
            Test::Flag(term) => self.of_term(term, after),
            Test::Among(term, ..) => self.of_term(term, after),
            Test::Compare(_, sides) => {
                earlier(self.of_term(&sides[0], after), self.of_term(&sides[1], after))
            }
            Test::Dates(_, left, right) => {
                if left.moves() || right.moves() {
                    next_midnight(after)
                } else {
                    None
                }
            }
            Test::For(inner, length) => self.sliding(*length, after, |from| self.of_truth(inner, from)),
        }
    }

    /// The same of a number.
    pub(crate) fn of_term<N: Number>(&self, term: &Term<N>, after: Timestamp) -> Option<Timestamp>
    where
        W: World<N>,
    {
        match &term.form {
            Reckoning::Constant(_) => None,
            // A calendar length has another number of days on another day.
            Reckoning::Length(length) => match length.days() {
                Some(_) => None,
                None => next_midnight(after),
            },
            Reckoning::Read(metric, reading) => self.of_reading(metric, reading, after),
            Reckoning::State(state) => self.world.next_state(state, after),
            Reckoning::Present(..) => next_midnight(after),
            Reckoning::Minus(inner) => self.of_term(inner, after),
            Reckoning::Compute(_, sides) => {
                earlier(self.of_term(&sides[0], after), self.of_term(&sides[1], after))
            }
        }
    }

    fn of_reading<N: Number>(&self, metric: &Metric, reading: &Reading, after: Timestamp) -> Option<Timestamp>
    where
        W: World<N>,
    {
        let next = |from| self.world.next(metric, from);
        match reading {
            Reading::Now => next(after),
            Reading::On(moment) if moment.moves() => earlier(next(after), next_midnight(after)),
            Reading::On(moment) => within(moment.day(after), after, next),
            Reading::Sum(window)
            | Reading::Average(window)
            | Reading::Least(window)
            | Reading::Most(window)
            | Reading::Last(window) => match window {
                Window::Last(length) => self.sliding(*length, after, next),
                _ => earlier(next(after), window.begins_anew(after, self.term)),
            },
        }
    }

    /// A time that slides along changes when something enters at its end and when something leaves at its
    /// beginning.
    fn sliding(
        &self,
        length: Length,
        after: Timestamp,
        next: impl Fn(Timestamp) -> Option<Timestamp>,
    ) -> Option<Timestamp> {
        let leaves = next(length.before(after)).map(|found| length.passed(found));
        earlier(next(after), leaves)
    }
}

/// What comes next within one day.
fn within(
    day: DayNumber,
    after: Timestamp,
    next: impl Fn(Timestamp) -> Option<Timestamp>,
) -> Option<Timestamp> {
    next(after.max(just_before(midnight(day)))).filter(|found| *found < midnight(day + 1))
}

fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
