//! The one kernel: what a typed expression comes to at a moment, in any kind of number.
//!
//! It decides nothing by `if` on a number, so that one call serves one case or many side by side. What is
//! missing is missing in all cases alike (`None`) or, in one, a number that compares with nothing.

use crate::day::Period;
use crate::number::Number;
use crate::predicate::calendar::{Window, day_of, just_before, midnight};
use crate::predicate::change::Changes;
use crate::predicate::kleene::Kleene;
use crate::predicate::syntax::{Arithmetic, Comparison};
use crate::predicate::tree::{Reading, Reckoning, Sense, Term, Test, Truth};
use crate::predicate::vocabulary::Metric;
use crate::predicate::world::{Observation, World};
use crate::ratio::Ratio;
use units::Timestamp;

/// Before every fact.
pub(crate) const EVER: Timestamp = Timestamp::from_micros(i64::MIN);

/// A world at a moment.
pub(crate) struct Kernel<'a, W> {
    pub world: &'a W,
    pub at: Timestamp,
    /// The deal's term, from which contract years run.
    pub term: Period,
}

impl<W> Kernel<'_, W> {
    pub(crate) const fn moved(&self, at: Timestamp) -> Self {
        Self { world: self.world, at, term: self.term }
    }

    /// Whether a truth holds.
    pub(crate) fn truth<N: Number>(&self, truth: &Truth<Test<N>>) -> Kleene<N::Mask>
    where
        W: World<N>,
    {
        truth.truth(&mut |test| self.test(test))
    }

    pub(crate) fn test<N: Number>(&self, test: &Test<N>) -> Kleene<N::Mask>
    where
        W: World<N>,
    {
        match test {
            Test::Constant(value) => everywhere::<N>(*value),
            Test::Flag(term) => match self.number(term) {
                Some(value) => compare(Comparison::More, value, N::of(Ratio::ZERO)),
                None => unknown::<N>(),
            },
            Test::Compare(how, sides) => match (self.number(&sides[0]), self.number(&sides[1])) {
                (Some(left), Some(right)) => compare(*how, left, right),
                _ => unknown::<N>(),
            },
            Test::Among(term, values, sense) => {
                let Some(found) = self.number(term) else { return unknown::<N>() };
                let each = values.iter().map(|value| compare(Comparison::Equal, found, *value));
                let among = each.reduce(Kleene::or).unwrap_or_else(|| everywhere::<N>(false));
                if *sense == Sense::Plain { among } else { among.negated() }
            }
            Test::Dates(how, left, right) => {
                let (left, right) = (left.day(self.at), right.day(self.at));
                everywhere::<N>(match how {
                    Comparison::Equal => left == right,
                    Comparison::Unequal => left != right,
                    Comparison::Less => left < right,
                    Comparison::AtMost => left <= right,
                    Comparison::More => left > right,
                    Comparison::AtLeast => left >= right,
                })
            }
            Test::For(inner, length) => {
                let mut moment = length.before(self.at);
                let mut held = self.moved(moment).truth(inner);
                let changes = Changes { world: self.world, term: self.term };
                // One moment at which it is false decides.
                while !N::everywhere(held.no)
                    && let Some(next) =
                        changes.of_truth(inner, moment).filter(|next| moment < *next && *next <= self.at)
                {
                    held = held.and(self.moved(next).truth(inner));
                    moment = next;
                }
                held
            }
        }
    }

    /// What a term comes to; nothing when something it needs is not known.
    pub(crate) fn number<N: Number>(&self, term: &Term<N>) -> Option<N>
    where
        W: World<N>,
    {
        match &term.form {
            Reckoning::Constant(value) => Some(*value),
            Reckoning::Length(length) => {
                let passed = || day_of(self.at) - day_of(length.before(self.at));
                let days = length.days().unwrap_or_else(passed);
                Some(N::of(Ratio::whole(days.into())))
            }
            Reckoning::Read(metric, reading) => self.read(metric, reading),
            Reckoning::State(state) => self.world.state(state, self.at),
            Reckoning::Present(stream, rate) => self.world.present_value(*stream, *rate, self.at),
            Reckoning::Minus(inner) => Some(N::of(Ratio::ZERO) - self.number(inner)?),
            Reckoning::Compute(how, sides) => {
                let (left, right) = (self.number(&sides[0])?, self.number(&sides[1])?);
                Some(match how {
                    Arithmetic::Plus => left + right,
                    Arithmetic::Minus => left - right,
                    Arithmetic::Times => left * right,
                    Arithmetic::Over => left / right,
                })
            }
        }
    }

    fn read<N: Number>(&self, metric: &Metric, reading: &Reading) -> Option<N>
    where
        W: World<N>,
    {
        let (after, until) = self.stretch(reading)?;
        match reading {
            Reading::Now | Reading::On(_) | Reading::Last(_) => {
                self.world.latest(metric, after, until).map(|found| found.value)
            }
            Reading::Sum(_) => self.world.sum(metric, after, until),
            Reading::Average(_) => {
                let each = self.observations(metric, after, until);
                let (sum, count) = each.fold((None, 0), |(sum, count): (Option<N>, i128), found| {
                    (Some(sum.map_or(found.value, |sum| sum + found.value)), count + 1)
                });
                sum.map(|sum| sum / N::of(Ratio::whole(count)))
            }
            Reading::Least(_) => {
                self.observations(metric, after, until).map(|found| found.value).reduce(N::least)
            }
            Reading::Most(_) => {
                self.observations(metric, after, until).map(|found| found.value).reduce(N::most)
            }
        }
    }

    /// The time a reading looks at: after the first moment, up to the second. Nothing when there is none yet.
    pub(crate) fn stretch(&self, reading: &Reading) -> Option<(Timestamp, Timestamp)> {
        let window = |window: &Window| window.after(self.at, self.term).map(|after| (after, self.at));
        match reading {
            Reading::Now => Some((EVER, self.at)),
            Reading::On(moment) => {
                let day = moment.day(self.at);
                let (after, end) = (just_before(midnight(day)), just_before(midnight(day + 1)));
                (after < self.at).then_some((after, end.min(self.at)))
            }
            Reading::Sum(over)
            | Reading::Average(over)
            | Reading::Least(over)
            | Reading::Most(over)
            | Reading::Last(over) => window(over),
        }
    }

    /// The observations of a metric in a time, in order.
    pub(crate) fn observations<N: Number>(
        &self,
        metric: &Metric,
        after: Timestamp,
        until: Timestamp,
    ) -> impl Iterator<Item = Observation<N>>
    where
        W: World<N>,
    {
        let mut from = after;
        std::iter::from_fn(move || {
            loop {
                let next = self.world.next(metric, from).filter(|next| from < *next && *next <= until)?;
                let found = self.world.latest(metric, just_before(next), next);
                from = next;
                if found.is_some() {
                    return found;
                }
            }
        })
    }
}

/// Compares; where either is no number, neither way.
fn compare<N: Number>(how: Comparison, left: N, right: N) -> Kleene<N::Mask> {
    match how {
        Comparison::AtMost => at_most(left, right),
        Comparison::More => at_most(left, right).negated(),
        Comparison::AtLeast => at_most(right, left),
        Comparison::Less => at_most(right, left).negated(),
        Comparison::Equal => at_most(left, right).and(at_most(right, left)),
        Comparison::Unequal => at_most(left, right).and(at_most(right, left)).negated(),
    }
}

fn at_most<N: Number>(left: N, right: N) -> Kleene<N::Mask> {
    let yes = left.at_most(right);
    Kleene { yes, no: right.at_most(left) & !yes }
}

fn everywhere<N: Number>(value: bool) -> Kleene<N::Mask> {
    let zero = N::of(Ratio::ZERO);
    let yes = Kleene::certain(zero.at_most(zero));
    if value { yes } else { yes.negated() }
}

fn unknown<N: Number>() -> Kleene<N::Mask> {
    let zero = N::of(Ratio::ZERO);
    let nowhere = !zero.at_most(zero);
    Kleene { yes: nowhere, no: nowhere }
}
