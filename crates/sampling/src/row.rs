//! Several vectors as one, so that their long chains of operations run side by side: a processor that waits
//! for one multiplication then has others to do.

use crate::vector::{Vector, Word};
use std::ops::{Add, AddAssign, BitAnd, BitOr, Div, Mul, Not, Sub};

/// `K` vectors, or their masks or words.
#[derive(Debug, Clone, Copy)]
pub struct Row<T, const K: usize>(pub [T; K]);

impl<T: Copy, const K: usize> Row<T, K> {
    /// Made by a loop, which is inlined for certain; `std::array::from_fn` and `map` sometimes are not.
    #[inline(always)]
    pub(crate) fn from_fn(f: impl Fn(usize) -> T) -> Self {
        let mut row = [f(0); K];
        for (at, one) in row.iter_mut().enumerate().skip(1) {
            *one = f(at);
        }
        Self(row)
    }

    #[inline(always)]
    fn one<U: Copy>(self, f: impl Fn(T) -> U) -> Row<U, K> {
        Row::from_fn(|at| f(self.0[at]))
    }

    #[inline(always)]
    fn both<U: Copy>(self, other: Self, f: impl Fn(T, T) -> U) -> Row<U, K> {
        Row::from_fn(|at| f(self.0[at], other.0[at]))
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident),*) => {$(
        impl<T: Copy + $trait<Output = T>, const K: usize> $trait for Row<T, K> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                self.both(other, T::$method)
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
        self.one(T::not)
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
        Self::from_fn(|at| V::load(&stored[at]))
    }

    #[inline(always)]
    fn store(self, stored: &mut Self::Stored) {
        for (vector, stored) in self.0.into_iter().zip(stored) {
            vector.store(stored);
        }
    }

    #[inline(always)]
    fn to_bits(self) -> Self::Word {
        self.one(V::to_bits)
    }

    #[inline(always)]
    fn from_bits(bits: Self::Word) -> Self {
        bits.one(V::from_bits)
    }

    #[inline(always)]
    fn mul_add(self, by: Self, plus: Self) -> Self {
        Self::from_fn(|at| self.0[at].mul_add(by.0[at], plus.0[at]))
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        self.one(V::sqrt)
    }

    #[inline(always)]
    fn at_most(self, other: Self) -> Self::Mask {
        self.both(other, V::at_most)
    }

    #[inline(always)]
    fn below(self, other: Self) -> Self::Mask {
        self.both(other, V::below)
    }

    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        Self::from_fn(|at| V::select(mask.0[at], yes.0[at], no.0[at]))
    }

    #[inline(always)]
    fn any(mask: Self::Mask) -> bool {
        let mut any = mask.0[0];
        for more in &mask.0[1..] {
            any = any | *more;
        }
        V::any(any)
    }

    #[inline(always)]
    fn least(self, other: Self) -> Self {
        self.both(other, V::least)
    }

    #[inline(always)]
    fn most(self, other: Self) -> Self {
        self.both(other, V::most)
    }

    #[inline(always)]
    fn patch(self, mask: Self::Mask, from: Self, f: fn(f64) -> f64) -> Self {
        let mut patched = self;
        for ((patched, mask), from) in patched.0.iter_mut().zip(mask.0).zip(from.0) {
            *patched = patched.patch(mask, from, f);
        }
        patched
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
        Self::from_fn(|at| W::count(first.wrapping_add((at * crate::LANES) as u64)))
    }

    #[inline(always)]
    fn load(stored: &Self::Stored) -> Self {
        Self::from_fn(|at| W::load(&stored[at]))
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.both(other, W::plus)
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        self.both(other, W::and)
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        self.both(other, W::or)
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        self.both(other, W::xor)
    }

    #[inline(always)]
    fn left(self, bits: u32) -> Self {
        self.one(|word| word.left(bits))
    }

    #[inline(always)]
    fn right(self, bits: u32) -> Self {
        self.one(|word| word.right(bits))
    }

    #[inline(always)]
    fn product(self, other: Self) -> Self {
        self.both(other, W::product)
    }
}
