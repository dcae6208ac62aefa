//! An expression typed: every name looked up, every kind fitting, every constant in the numbers it will be
//! computed in.

use crate::number::Number;
use crate::predicate::calendar::{DayNumber, Length, Window, day_of, period_end};
use crate::predicate::kleene::Kleene;
use crate::predicate::state::{State, Stream};
use crate::predicate::syntax::{Arithmetic, Comparison, Joint};
use crate::predicate::vocabulary::Metric;
use crate::ratio::Ratio;
use std::ops::{BitAnd, BitOr, Not, Range};
use units::Timestamp;

/// A truth over leaves of one kind: tests of facts, or of attributes.
#[derive(Debug, Clone)]
pub(crate) struct Truth<L> {
    pub range: Range<usize>,
    pub form: Logic<L>,
}

#[derive(Debug, Clone)]
pub(crate) enum Logic<L> {
    Leaf(L),
    Not(Box<Truth<L>>),
    Join(Joint, Box<[Truth<L>; 2]>),
}

/// A test of facts.
#[derive(Debug, Clone)]
pub(crate) enum Test<N> {
    Constant(bool),
    /// Whether a number is above zero.
    Flag(Term<N>),
    Compare(Comparison, Box<[Term<N>; 2]>),
    Among(Box<Term<N>>, Vec<N>, Sense),
    Dates(Comparison, Moment, Moment),
    For(Box<Truth<Test<N>>>, Length),
}

/// Whether a test is meant as it stands or the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sense {
    Plain,
    Negated,
}

/// A number of one kind.
#[derive(Debug, Clone)]
pub(crate) struct Term<N> {
    pub range: Range<usize>,
    pub kind: crate::predicate::Kind,
    pub form: Reckoning<N>,
}

#[derive(Debug, Clone)]
pub(crate) enum Reckoning<N> {
    Constant(N),
    /// In days, as many as it has up to the moment of evaluation.
    Length(Length),
    Read(Metric, Reading),
    State(State),
    Present(Stream, Ratio),
    Minus(Box<Term<N>>),
    Compute(Arithmetic, Box<[Term<N>; 2]>),
}

/// How a metric is read.
#[derive(Debug, Clone)]
pub(crate) enum Reading {
    /// As last observed.
    Now,
    /// As observed for a day.
    On(Moment),
    Sum(Window),
    Average(Window),
    Least(Window),
    Most(Window),
    Last(Window),
}

/// A calendar day, perhaps one that moves with the moment of evaluation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Moment {
    Day(DayNumber),
    AsOf,
    Shift(Box<Moment>, Length, Direction),
    /// The last day of its month, quarter or year, by how many months those have.
    PeriodEnd(Box<Moment>, i64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Back,
    On,
}

impl Moment {
    pub(crate) fn day(&self, at: Timestamp) -> DayNumber {
        match self {
            Self::Day(day) => *day,
            Self::AsOf => day_of(at),
            Self::Shift(from, length, direction) => length.shift(from.day(at), *direction == Direction::Back),
            Self::PeriodEnd(inside, months) => period_end(inside.day(at), *months),
        }
    }

    /// Whether it is another day when the moment of evaluation is.
    pub(crate) fn moves(&self) -> bool {
        match self {
            Self::Day(_) => false,
            Self::AsOf => true,
            Self::Shift(inner, ..) | Self::PeriodEnd(inner, _) => inner.moves(),
        }
    }
}

impl<L> Truth<L> {
    /// Its truth, given that of its leaves.
    pub(crate) fn truth<M>(&self, leaf: &mut impl FnMut(&L) -> Kleene<M>) -> Kleene<M>
    where
        M: Copy + BitAnd<Output = M> + BitOr<Output = M> + Not<Output = M>,
    {
        match &self.form {
            Logic::Leaf(found) => leaf(found),
            Logic::Not(inner) => inner.truth(leaf).negated(),
            Logic::Join(joint, sides) => {
                let (left, right) = (sides[0].truth(leaf), sides[1].truth(leaf));
                match joint {
                    Joint::And => left.and(right),
                    Joint::Or => left.or(right),
                    Joint::Implies => left.implies(right),
                }
            }
        }
    }

    /// The same with other leaves.
    fn map<K>(&self, leaf: &impl Fn(&L) -> K) -> Truth<K> {
        let form = match &self.form {
            Logic::Leaf(found) => Logic::Leaf(leaf(found)),
            Logic::Not(inner) => Logic::Not(Box::new(inner.map(leaf))),
            Logic::Join(joint, sides) => {
                Logic::Join(*joint, Box::new([sides[0].map(leaf), sides[1].map(leaf)]))
            }
        };
        Truth { range: self.range.clone(), form }
    }

    /// Calls `visit` with every leaf, in the order written.
    pub(crate) fn leaves<'a>(&'a self, visit: &mut impl FnMut(&'a L)) {
        match &self.form {
            Logic::Leaf(found) => visit(found),
            Logic::Not(inner) => inner.leaves(visit),
            Logic::Join(_, sides) => sides.iter().for_each(|side| side.leaves(visit)),
        }
    }
}

impl Truth<Test<Ratio>> {
    /// The same, with its constants in another kind of number.
    pub(crate) fn in_numbers<M: Number>(&self) -> Truth<Test<M>> {
        self.map(&Test::in_numbers)
    }
}

impl Test<Ratio> {
    fn in_numbers<M: Number>(&self) -> Test<M> {
        match self {
            Self::Constant(value) => Test::Constant(*value),
            Self::Flag(term) => Test::Flag(term.in_numbers()),
            Self::Compare(how, sides) => {
                Test::Compare(*how, Box::new([sides[0].in_numbers(), sides[1].in_numbers()]))
            }
            Self::Among(term, values, sense) => Test::Among(
                Box::new(term.in_numbers()),
                values.iter().map(|value| M::of(*value)).collect(),
                *sense,
            ),
            Self::Dates(how, left, right) => Test::Dates(*how, left.clone(), right.clone()),
            Self::For(inner, length) => Test::For(Box::new(inner.in_numbers()), *length),
        }
    }
}

impl Term<Ratio> {
    pub(crate) fn in_numbers<M: Number>(&self) -> Term<M> {
        let form = match &self.form {
            Reckoning::Constant(value) => Reckoning::Constant(M::of(*value)),
            Reckoning::Length(length) => Reckoning::Length(*length),
            Reckoning::Read(metric, reading) => Reckoning::Read(metric.clone(), reading.clone()),
            Reckoning::State(state) => Reckoning::State(state.clone()),
            Reckoning::Present(stream, rate) => Reckoning::Present(*stream, *rate),
            Reckoning::Minus(inner) => Reckoning::Minus(Box::new(inner.in_numbers())),
            Reckoning::Compute(how, sides) => {
                Reckoning::Compute(*how, Box::new([sides[0].in_numbers(), sides[1].in_numbers()]))
            }
        };
        Term { range: self.range.clone(), kind: self.kind, form }
    }
}
