//! Several numbers side by side, one a path, computed with as if they were one.
//!
//! Every operation is a plain loop over the lanes, so it means the same on every processor; in a task run by
//! [`crate::widest`] the compiler turns the loops into the widest instructions there are.

use crate::elementary;
use std::ops::{Add, AddAssign, BitAnd, BitOr, Div, Mul, Neg, Not, Sub, SubAssign};

/// How many numbers stand side by side.
pub const LANES: usize = 8;

/// An array of an expression for each lane, written out: so it is inlined for certain.
macro_rules! each {
    ($lane:ident => $value:expr) => {
        each!($lane => $value; 0, 1, 2, 3, 4, 5, 6, 7)
    };
    ($lane:ident => $value:expr; $($at:literal),*) => {
        [$({ let $lane = $at; $value }),*]
    };
}
pub(crate) use each;

/// Eight numbers, one a path.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[repr(C, align(64))]
pub struct Lanes(pub [f64; LANES]);

/// Eight words of bits, one a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(C, align(64))]
pub struct Words(pub [u64; LANES]);

/// One truth value for each lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mask([bool; LANES]);

impl Lanes {
    /// Nothing in every lane.
    pub const ZERO: Self = Self::splat(0.0);

    /// The same number in every lane.
    #[inline(always)]
    #[must_use]
    pub const fn splat(x: f64) -> Self {
        Self([x; LANES])
    }

    /// `f` of each lane.
    #[inline(always)]
    #[must_use]
    pub fn map(self, f: impl Fn(f64) -> f64) -> Self {
        Self(each!(lane => f(self.0[lane])))
    }

    /// `self · by + plus`, rounded once.
    #[inline(always)]
    #[must_use]
    pub fn mul_add(self, by: Self, plus: Self) -> Self {
        Self(each!(lane => self.0[lane].mul_add(by.0[lane], plus.0[lane])))
    }

    /// Whether each lane is at most `other`'s; untrue where either is no number.
    #[inline(always)]
    #[must_use]
    pub fn at_most(self, other: Self) -> Mask {
        Mask(each!(lane => self.0[lane] <= other.0[lane]))
    }

    /// Whether each lane is below `other`'s; untrue where either is no number.
    #[inline(always)]
    #[must_use]
    pub fn below(self, other: Self) -> Mask {
        Mask(each!(lane => self.0[lane] < other.0[lane]))
    }

    /// `yes` where the mask holds, `no` elsewhere.
    #[inline(always)]
    #[must_use]
    pub fn select(mask: Mask, yes: Self, no: Self) -> Self {
        Self(each!(lane => if mask.0[lane] { yes.0[lane] } else { no.0[lane] }))
    }

    /// The smaller of each two; `other` where either is no number.
    #[inline(always)]
    #[must_use]
    pub fn least(self, other: Self) -> Self {
        Self(each!(lane => if self.0[lane] < other.0[lane] { self.0[lane] } else { other.0[lane] }))
    }

    /// The larger of each two; `other` where either is no number.
    #[inline(always)]
    #[must_use]
    pub fn most(self, other: Self) -> Self {
        Self(each!(lane => if self.0[lane] > other.0[lane] { self.0[lane] } else { other.0[lane] }))
    }

    /// e to the power of each lane: see [`crate::exp`].
    #[inline(always)]
    #[must_use]
    pub fn exp(self) -> Self {
        elementary::exp(self)
    }

    /// The natural logarithm of each lane: see [`crate::ln`].
    #[inline(always)]
    #[must_use]
    pub fn ln(self) -> Self {
        elementary::ln(self)
    }

    /// The square root of each lane.
    #[inline(always)]
    #[must_use]
    pub fn sqrt(self) -> Self {
        self.map(f64::sqrt)
    }

    /// The standard normal quantile of each lane: see [`crate::inverse_normal`].
    #[inline(always)]
    #[must_use]
    pub fn inverse_normal(self) -> Self {
        elementary::inverse_normal(self)
    }

    /// All lanes together, added in one order.
    #[inline(always)]
    #[must_use]
    pub fn sum(self) -> f64 {
        let [a, b, c, d, e, f, g, h] = self.0;
        ((a + e) + (c + g)) + ((b + f) + (d + h))
    }
}

impl Mask {
    /// The same answer in every lane.
    #[inline(always)]
    #[must_use]
    pub fn splat(holds: bool) -> Self {
        Self([holds; LANES])
    }

    /// Whether it holds in some lane.
    #[inline(always)]
    #[must_use]
    pub fn any(self) -> bool {
        self.0.contains(&true)
    }

    /// Whether it holds in every lane.
    #[inline(always)]
    #[must_use]
    pub fn all(self) -> bool {
        !self.0.contains(&false)
    }

    /// Lane by lane.
    #[inline(always)]
    #[must_use]
    pub fn lanes(self) -> [bool; LANES] {
        self.0
    }
}

impl From<[bool; LANES]> for Mask {
    #[inline(always)]
    fn from(lanes: [bool; LANES]) -> Self {
        Self(lanes)
    }
}

macro_rules! operator {
    ($($trait:ident $method:ident $op:tt),*) => {$(
        impl $trait for Lanes {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(each!(lane => self.0[lane] $op other.0[lane]))
            }
        }

        impl $trait<f64> for Lanes {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: f64) -> Self {
                self $op Self::splat(other)
            }
        }
    )*};
}

operator!(Add add +, Sub sub -, Mul mul *, Div div /);

impl AddAssign for Lanes {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Lanes {
    #[inline(always)]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Neg for Lanes {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        self.map(|x| -x)
    }
}

impl BitAnd for Mask {
    type Output = Self;

    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        Self(each!(lane => self.0[lane] & other.0[lane]))
    }
}

impl BitOr for Mask {
    type Output = Self;

    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        Self(each!(lane => self.0[lane] | other.0[lane]))
    }
}

impl Not for Mask {
    type Output = Self;

    #[inline(always)]
    fn not(self) -> Self {
        Self(each!(lane => !self.0[lane]))
    }
}
