//! Several vectors as one, so that their long chains of operations run side by side: a processor that waits
//! for one multiplication then has others to do.

use crate::vector::{Vector, Word};
use std::ops::{Add, AddAssign, BitAnd, BitOr, Div, Mul, Not, Sub};

/// `K` vectors, or their masks or words.
#[derive(Debug, Clone, Copy)]
pub struct Row<T, const K: usize>(pub [T; K]);

/// A row of an expression for each place. A bare loop is inlined for certain, a closure is not always.
macro_rules! row {
    ($at:ident => $value:expr) => {{
        let mut $at = 0;
        let mut row = [$value; K];
        $at += 1;
        while $at < K {
            row[$at] = $value;
            $at += 1;
        }
        Row(row)
    }};
}

macro_rules! operators {
    ($($trait:ident $method:ident),*) => {$(
        impl<T: Copy + $trait<Output = T>, const K: usize> $trait for Row<T, K> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                row!(at => self.0[at].$method(other.0[at]))
            }
        }
    )*};
}

operators!(Add add, Sub sub, Mul mul, Div div, BitAnd bitand, BitOr bitor);

impl<T: Copy + Add<Output = T>, const K: usize> AddAssign for Row<T, K> {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl<T: Copy + Not<Output = T>, const K: usize> Not for Row<T, K> {
    type Output = Self;

    #[inline(always)]
    fn not(self) -> Self {
        row!(at => !self.0[at])
    }
}

impl<V: Vector, const K: usize> Vector for Row<V, K> {
    type Mask = Row<V::Mask, K>;
    type Word = Row<V::Word, K>;
    type Stored = [V::Stored; K];

    #[inline(always)]
    fn splat(x: f64) -> Self {
        Self([V::splat(x); K])
    }

    #[inline(always)]
    fn load(stored: &Self::Stored) -> Self {
        row!(at => V::load(&stored[at]))
    }

    #[inline(always)]
    fn store(self, stored: &mut Self::Stored) {
        let mut at = 0;
        while at < K {
            self.0[at].store(&mut stored[at]);
            at += 1;
        }
    }

    #[inline(always)]
    fn to_bits(self) -> Self::Word {
        row!(at => self.0[at].to_bits())
    }

    #[inline(always)]
    fn from_bits(bits: Self::Word) -> Self {
        row!(at => V::from_bits(bits.0[at]))
    }

    #[inline(always)]
    fn mul_add(self, by: Self, plus: Self) -> Self {
        row!(at => self.0[at].mul_add(by.0[at], plus.0[at]))
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        row!(at => self.0[at].sqrt())
    }

    #[inline(always)]
    fn at_most(self, other: Self) -> Self::Mask {
        row!(at => self.0[at].at_most(other.0[at]))
    }

    #[inline(always)]
    fn below(self, other: Self) -> Self::Mask {
        row!(at => self.0[at].below(other.0[at]))
    }

    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        row!(at => V::select(mask.0[at], yes.0[at], no.0[at]))
    }

    #[inline(always)]
    fn any(mask: Self::Mask) -> bool {
        let (mut any, mut at) = (mask.0[0], 1);
        while at < K {
            any = any | mask.0[at];
            at += 1;
        }
        V::any(any)
    }

    #[inline(always)]
    fn least(self, other: Self) -> Self {
        row!(at => self.0[at].least(other.0[at]))
    }

    #[inline(always)]
    fn most(self, other: Self) -> Self {
        row!(at => self.0[at].most(other.0[at]))
    }

    #[inline(always)]
    fn patch(self, mask: Self::Mask, from: Self, f: fn(f64) -> f64) -> Self {
        row!(at => self.0[at].patch(mask.0[at], from.0[at], f))
    }
}

impl<W: Word, const K: usize> Word for Row<W, K> {
    type Stored = [W::Stored; K];

    #[inline(always)]
    fn splat(word: u64) -> Self {
        Self([W::splat(word); K])
    }

    #[inline(always)]
    fn count(first: u64) -> Self {
        row!(at => W::count(first.wrapping_add((at * crate::LANES) as u64)))
    }

    #[inline(always)]
    fn load(stored: &Self::Stored) -> Self {
        row!(at => W::load(&stored[at]))
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        row!(at => self.0[at].plus(other.0[at]))
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        row!(at => self.0[at].and(other.0[at]))
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        row!(at => self.0[at].or(other.0[at]))
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        row!(at => self.0[at].xor(other.0[at]))
    }

    #[inline(always)]
    fn left(self, bits: u32) -> Self {
        row!(at => self.0[at].left(bits))
    }

    #[inline(always)]
    fn right(self, bits: u32) -> Self {
        row!(at => self.0[at].right(bits))
    }

    #[inline(always)]
    fn product(self, other: Self) -> Self {
        row!(at => self.0[at].product(other.0[at]))
    }
}
