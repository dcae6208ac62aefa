//! The numbers a contract can be computed in, so that its rules exist once: [`Ratio`] for the books, where
//! every amount is exact, and `f64`, or several of them side by side, for the forecast, where there are
//! millions of them. A rule written over [`Number`] decides by [`Number::select`], never by `if`, so that it
//! holds for one number and for many at a time alike.

use crate::ratio::Ratio;
use std::ops::{Add, BitAnd, BitOr, Div, Mul, Not, Sub};

/// A number, or several side by side, that contract rules can be computed in.
pub trait Number:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    /// The answer to a comparison: one truth value for each number.
    type Mask: Copy + BitAnd<Output = Self::Mask> + BitOr<Output = Self::Mask> + Not<Output = Self::Mask>;

    /// An exact number in this kind, or the nearest there is.
    fn of(exact: Ratio) -> Self;

    /// Whether this is at most `other`; untrue when either is no number.
    fn at_most(self, other: Self) -> Self::Mask;

    /// `yes` where the mask holds, `no` elsewhere.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;

    /// Whether a mask holds for every number, so that what only narrows it need not be looked at; `false` where
    /// that is not worth telling.
    fn everywhere(_mask: Self::Mask) -> bool {
        false
    }

    /// The smaller.
    #[must_use]
    fn least(self, other: Self) -> Self {
        Self::select(self.at_most(other), self, other)
    }

    /// The larger.
    #[must_use]
    fn most(self, other: Self) -> Self {
        Self::select(other.at_most(self), self, other)
    }

    /// This, or nothing where it is below nothing.
    #[must_use]
    fn or_zero(self) -> Self {
        self.most(Self::of(Ratio::ZERO))
    }
}

impl Number for Ratio {
    type Mask = bool;

    fn of(exact: Ratio) -> Self {
        exact
    }

    fn at_most(self, other: Self) -> bool {
        self <= other
    }

    fn select(mask: bool, yes: Self, no: Self) -> Self {
        if mask { yes } else { no }
    }

    fn everywhere(mask: bool) -> bool {
        mask
    }

    // A comparison with no number is untrue, so that selecting by it would hide the fault.
    fn least(self, other: Self) -> Self {
        self.min(other)
    }

    fn most(self, other: Self) -> Self {
        self.max(other)
    }
}

impl Number for f64 {
    type Mask = bool;

    fn of(exact: Ratio) -> Self {
        exact.to_f64()
    }

    fn at_most(self, other: Self) -> bool {
        self <= other
    }

    fn select(mask: bool, yes: Self, no: Self) -> Self {
        if mask { yes } else { no }
    }

    fn everywhere(mask: bool) -> bool {
        mask
    }
}
