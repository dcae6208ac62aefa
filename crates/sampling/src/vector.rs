//! What a number, or several side by side, can do: so that each formula is written once.
//!
//! `f64` is one number, [`Lanes`] eight of them in plain loops; `wide.rs` has eight in the registers of the
//! processor at hand. All give the same bits: every operation is one that IEEE 754 fixes.

use crate::lanes::{Lanes, Mask, Words};
use std::ops::{Add, AddAssign, BitAnd, BitOr, Div, Mul, Not, Sub};

/// 1.5 · 2⁵²: adding it to a small number rounds that to a whole one in its lowest bits.
pub(crate) const ROUND: f64 = 6_755_399_441_055_744.0;
const TWO_TO_52: f64 = 4_503_599_627_370_496.0;
pub(crate) const ONE: u64 = 1.0f64.to_bits();
/// √½, below which a mantissa is taken twice, so that what is left lies about one.
pub(crate) const ROOT: u64 = 0x3fe6_a09e_667f_3bcd;
pub(crate) const MANTISSA: u64 = u64::MAX >> 12;
/// What stands in the exponent of 2⁵², and takes a whole number into its lowest bits.
pub(crate) const WHOLE: u64 = TWO_TO_52.to_bits();
pub(crate) const WHOLE_BIAS: f64 = TWO_TO_52 + 1023.0;
/// What [`Vector::unit`] takes off: one, less half a step.
pub(crate) const UNIT_BIAS: f64 = 1.0 - f64::EPSILON / 2.0;

/// One number or several that are computed with alike. Mark what is generic over it `#[inline(always)]`:
/// what is not inlined into [`crate::Kernel::run`] is not compiled for the wider registers.
pub trait Vector:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + AddAssign
{
    /// The answer to a comparison.
    type Mask: Copy + BitAnd<Output = Self::Mask> + BitOr<Output = Self::Mask> + Not<Output = Self::Mask>;
    /// As many random words, in memory.
    type Bits;
    /// As many numbers, in memory.
    type Stored;

    /// The same number everywhere.
    fn splat(x: f64) -> Self;

    /// From memory.
    fn load(stored: &Self::Stored) -> Self;

    /// Into memory.
    fn store(self, stored: &mut Self::Stored);

    /// `self · by + plus`, rounded once.
    #[must_use]
    fn mul_add(self, by: Self, plus: Self) -> Self;

    /// The square root.
    #[must_use]
    fn sqrt(self) -> Self;

    /// Whether this is at most `other`; untrue where either is no number.
    fn at_most(self, other: Self) -> Self::Mask;

    /// Whether this is below `other`; untrue where either is no number.
    fn below(self, other: Self) -> Self::Mask;

    /// `yes` where the mask holds, `no` elsewhere.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;

    /// Whether the mask holds anywhere.
    fn any(mask: Self::Mask) -> bool;

    /// The smaller; `other` where either is no number.
    #[must_use]
    fn least(self, other: Self) -> Self {
        Self::select(self.below(other), self, other)
    }

    /// The larger; `other` where either is no number.
    #[must_use]
    fn most(self, other: Self) -> Self {
        Self::select(other.below(self), self, other)
    }

    /// Two to the whole number in the lowest bits of a sum with 1.5 · 2⁵².
    #[must_use]
    fn power_of_two(rounded: Self) -> Self;

    /// A normal number above nothing as (1 + first) · 2^second, 1 + first from √½ to √2.
    fn split(self) -> (Self, Self);

    /// The middle of the cell of width 2⁻⁵² that random bits fall in: above nothing and below one.
    fn unit(bits: &Self::Bits, flip: u64) -> Self;

    /// `f` of each number, for what is rare.
    #[must_use]
    fn each(self, f: impl Fn(f64) -> f64) -> Self;
}

impl Vector for f64 {
    type Mask = bool;
    type Bits = u64;
    type Stored = Self;

    #[inline(always)]
    fn splat(x: f64) -> Self {
        x
    }

    #[inline(always)]
    fn load(stored: &Self) -> Self {
        *stored
    }

    #[inline(always)]
    fn store(self, stored: &mut Self) {
        *stored = self;
    }

    #[inline(always)]
    fn mul_add(self, by: Self, plus: Self) -> Self {
        f64::mul_add(self, by, plus)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }

    #[inline(always)]
    fn at_most(self, other: Self) -> bool {
        self <= other
    }

    #[inline(always)]
    fn below(self, other: Self) -> bool {
        self < other
    }

    #[inline(always)]
    fn select(mask: bool, yes: Self, no: Self) -> Self {
        if mask { yes } else { no }
    }

    #[inline(always)]
    fn any(mask: bool) -> bool {
        mask
    }

    #[inline(always)]
    fn power_of_two(rounded: Self) -> Self {
        f64::from_bits((rounded.to_bits() << 52).wrapping_add(ONE))
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        let bits = self.to_bits().wrapping_add(ONE - ROOT);
        let exponent = f64::from_bits(bits >> 52 | WHOLE) - WHOLE_BIAS;
        (f64::from_bits((bits & MANTISSA) + ROOT) - 1.0, exponent)
    }

    #[inline(always)]
    fn unit(bits: &u64, flip: u64) -> Self {
        f64::from_bits((bits ^ flip) >> 12 | ONE) - UNIT_BIAS
    }

    #[inline(always)]
    fn each(self, f: impl Fn(f64) -> f64) -> Self {
        f(self)
    }
}

impl Vector for Lanes {
    type Mask = Mask;
    type Bits = Words;
    type Stored = Self;

    #[inline(always)]
    fn splat(x: f64) -> Self {
        Lanes::splat(x)
    }

    #[inline(always)]
    fn load(stored: &Self) -> Self {
        *stored
    }

    #[inline(always)]
    fn store(self, stored: &mut Self) {
        *stored = self;
    }

    #[inline(always)]
    fn mul_add(self, by: Self, plus: Self) -> Self {
        Lanes::mul_add(self, by, plus)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        self.map(f64::sqrt)
    }

    #[inline(always)]
    fn at_most(self, other: Self) -> Mask {
        Lanes::at_most(self, other)
    }

    #[inline(always)]
    fn below(self, other: Self) -> Mask {
        Lanes::below(self, other)
    }

    #[inline(always)]
    fn select(mask: Mask, yes: Self, no: Self) -> Self {
        Lanes::select(mask, yes, no)
    }

    #[inline(always)]
    fn any(mask: Mask) -> bool {
        mask.any()
    }

    #[inline(always)]
    fn power_of_two(rounded: Self) -> Self {
        rounded.map(f64::power_of_two)
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        (self.map(|x| x.split().0), self.map(|x| x.split().1))
    }

    #[inline(always)]
    fn unit(bits: &Words, flip: u64) -> Self {
        Lanes(bits.0.map(|bits| f64::unit(&bits, flip)))
    }

    #[inline(always)]
    fn each(self, f: impl Fn(f64) -> f64) -> Self {
        self.map(f)
    }
}
