//! Exact fractions of 128-bit integers: what every figure and every settled year is computed in.
//!
//! Rounding happens once, at the end, half to even. A result that does not fit 128 bits, or a division by
//! zero, becomes [`Ratio::NONE`], which every later operation passes on, so that a formula reads like the
//! contract's and is asked once, at its end, whether it holds. No floating point
//! enters here; [`Ratio::to_f64`] is the one way out, for forecasts.

use crate::decimal::Decimal;
use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Sub};

/// A fraction in lowest terms, or [`Ratio::NONE`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ratio {
    num: i128,
    /// Positive; zero marks [`Ratio::NONE`].
    den: i128,
}

impl Ratio {
    /// No number: too large for 128 bits, or divided by zero.
    pub const NONE: Self = Self { num: 0, den: 0 };
    /// Nothing.
    pub const ZERO: Self = Self { num: 0, den: 1 };
    /// The whole.
    pub const ONE: Self = Self { num: 1, den: 1 };

    /// `num` ÷ `den`, in lowest terms.
    pub fn new(num: i128, den: i128) -> Self {
        let divisor = gcd(num.unsigned_abs(), den.unsigned_abs());
        let (Ok(divisor), true) = (i128::try_from(divisor), den != 0) else { return Self::NONE };
        let (num, den) = (num / divisor, den / divisor);
        if den > 0 {
            return Self { num, den };
        }
        match (num.checked_neg(), den.checked_neg()) {
            (Some(num), Some(den)) => Self { num, den },
            _ => Self::NONE,
        }
    }

    /// A whole number.
    pub const fn whole(num: i128) -> Self {
        Self { num, den: 1 }
    }

    /// Whether this is a number at all.
    pub const fn is_some(self) -> bool {
        self.den != 0
    }

    /// Whether this is a number above zero.
    pub const fn is_positive(self) -> bool {
        self.num > 0
    }

    /// Whether this is a whole number.
    pub const fn is_whole(self) -> bool {
        self.den == 1
    }

    /// The smaller; [`Ratio::NONE`] when either is.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        match self.partial_cmp(&other) {
            None => Self::NONE,
            Some(Ordering::Greater) => other,
            Some(_) => self,
        }
    }

    /// The larger; [`Ratio::NONE`] when either is.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        match self.partial_cmp(&other) {
            None => Self::NONE,
            Some(Ordering::Less) => other,
            Some(_) => self,
        }
    }

    /// The nearest whole number, a half going to the even one; nothing for [`Ratio::NONE`].
    pub fn round_half_even(self) -> Option<i128> {
        let floor = self.num.checked_div_euclid(self.den)?;
        let twice = Self::new(self.num.rem_euclid(self.den), self.den) * Self::whole(2);
        // A remainder over 2^126 cannot be doubled in 128 bits; no figure of ours comes near.
        match twice.partial_cmp(&Self::ONE)? {
            Ordering::Less => Some(floor),
            Ordering::Greater => floor.checked_add(1),
            Ordering::Equal => floor.checked_add(floor.rem_euclid(2)),
        }
    }

    /// As a decimal, when it is one of at most twelve places.
    pub fn exact(self) -> Option<Decimal> {
        let count = self * Self::whole(units::PICO_PER_UNIT);
        if count.is_whole() { Some(Decimal::from_pico(count.num)) } else { None }
    }

    /// The nearest floating-point number, for forecasts; not a number for [`Ratio::NONE`].
    #[expect(clippy::cast_precision_loss, reason = "a forecast's numbers have 53 bits")]
    pub fn to_f64(self) -> f64 {
        self.num as f64 / self.den as f64
    }

    /// As decimal text rounded half to even to at most `places`, with at least `places_min`.
    pub fn to_decimal(self, places: u32, places_min: usize) -> Option<String> {
        let count = (self * Self::whole(10_i128.checked_pow(places)?)).round_half_even()?;
        Some(units::format_decimal(count, places, places_min))
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl PartialOrd for Ratio {
    /// By continued fractions, so that no product can overflow; [`Ratio::NONE`] compares with nothing.
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        let (mut a, mut b) = (*self, *other);
        if !a.is_some() || !b.is_some() {
            return None;
        }
        loop {
            let order = a.num.div_euclid(a.den).cmp(&b.num.div_euclid(b.den));
            if order != Ordering::Equal {
                return Some(order);
            }
            let (rest_a, rest_b) = (a.num.rem_euclid(a.den), b.num.rem_euclid(b.den));
            if rest_a == 0 || rest_b == 0 {
                return Some(rest_a.cmp(&rest_b));
            }
            // Both parts lie in (0, 1): comparing their inverses the other way round is the same question.
            (a, b) = (Self { num: b.den, den: rest_b }, Self { num: a.den, den: rest_a });
        }
    }
}

impl Add for Ratio {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        if !self.is_some() || !other.is_some() {
            return Self::NONE;
        }
        let Ok(shared) = i128::try_from(gcd(self.den.unsigned_abs(), other.den.unsigned_abs())) else {
            return Self::NONE;
        };
        let sum = || {
            let left = self.num.checked_mul(other.den / shared)?;
            let right = other.num.checked_mul(self.den / shared)?;
            Some((left.checked_add(right)?, self.den.checked_mul(other.den / shared)?))
        };
        sum().map_or(Self::NONE, |(num, den)| Self::new(num, den))
    }
}

impl Sub for Ratio {
    type Output = Self;

    #[expect(clippy::suspicious_arithmetic_impl, reason = "subtracting is adding the negative")]
    fn sub(self, other: Self) -> Self {
        match other.num.checked_neg() {
            Some(num) => self + Self { num, den: other.den },
            None => Self::NONE,
        }
    }
}

impl Mul for Ratio {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        // Cancelling across first keeps the products as small as they can be.
        let (left, right) = (Self::new(self.num, other.den), Self::new(other.num, self.den));
        match (left.num.checked_mul(right.num), left.den.checked_mul(right.den)) {
            (Some(num), Some(den)) if den > 0 => Self { num, den },
            _ => Self::NONE,
        }
    }
}

impl Div for Ratio {
    type Output = Self;

    #[expect(clippy::suspicious_arithmetic_impl, reason = "dividing is multiplying by the inverse")]
    fn div(self, other: Self) -> Self {
        self * Self::new(other.den, other.num)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rounds_once_half_to_even() {
        for (num, den, whole) in
            [(5, 2, 2), (7, 2, 4), (-5, 2, -2), (-7, 2, -4), (8, 3, 3), (-8, 3, -3), (0, 9, 0)]
        {
            assert_eq!(Ratio::new(num, den).round_half_even(), Some(whole), "{num}/{den}");
        }
        assert_eq!(Ratio::new(100, 33).to_decimal(2, 1).as_deref(), Some("3.03"));
        assert_eq!(Ratio::whole(4).to_decimal(2, 1).as_deref(), Some("4.0"));
    }

    #[test]
    fn what_does_not_fit_is_no_number_and_stays_so() {
        let most = Ratio::whole(i128::MAX);
        assert_eq!(most + Ratio::ONE - Ratio::ONE, Ratio::NONE);
        assert_eq!(Ratio::ONE / Ratio::ZERO, Ratio::NONE);
        assert_eq!((Ratio::NONE * Ratio::ZERO).round_half_even(), None);
        assert_eq!(Ratio::NONE.min(Ratio::ONE), Ratio::NONE);
        assert_eq!(Ratio::new(i128::MIN, -1), Ratio::NONE);
    }

    proptest! {
        #[test]
        fn arithmetic_is_exact(a in -1_000_000_i128..1_000_000, b in 1_i128..1_000_000, c in -1_000_000_i128..1_000_000, d in 1_i128..1_000_000) {
            let (x, y) = (Ratio::new(a, b), Ratio::new(c, d));
            prop_assert_eq!(x + y - y, x);
            prop_assert_eq!(x * y, Ratio::new(a * c, b * d));
            prop_assert_eq!(x.partial_cmp(&y), Some((a * d).cmp(&(c * b))));
            if c != 0 {
                prop_assert_eq!(x / y * y, x);
            }
        }
    }
}
