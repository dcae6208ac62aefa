//! Shares of ownership as exact fractions: the lines that rules draw are exactly one half, on one side or the other.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A share of the whole, from 0 to 1, in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Share {
    numerator: i128,
    denominator: i128,
}

/// The text is no share.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a share of the whole such as `3/5`, `60%` or `0.6`")]
pub struct ShareError(String);

/// Keeps sums and comparisons of many shares within `i128`.
const DENOMINATOR_MAX: i128 = 1_000_000_000_000;

impl Share {
    /// Nothing.
    pub const ZERO: Self = Self { numerator: 0, denominator: 1 };
    /// The whole.
    pub const WHOLE: Self = Self { numerator: 1, denominator: 1 };

    /// `numerator / denominator`; none outside 0 to 1, or with a denominator that is not positive or over 10¹².
    pub const fn new(numerator: i128, denominator: i128) -> Option<Self> {
        if denominator <= 0 || denominator > DENOMINATOR_MAX || numerator < 0 || numerator > denominator {
            return None;
        }
        let divisor = divisor(numerator, denominator);
        Some(Self { numerator: numerator / divisor, denominator: denominator / divisor })
    }

    /// The sum; none when it is more than the whole, or not exact within bounds.
    pub fn plus(self, other: Self) -> Option<Self> {
        let left = self.numerator.checked_mul(other.denominator)?;
        let numerator = left.checked_add(other.numerator.checked_mul(self.denominator)?)?;
        let denominator = self.denominator.checked_mul(other.denominator)?;
        let divisor = divisor(numerator, denominator);
        Self::new(numerator / divisor, denominator / divisor)
    }

    /// What is left of the whole.
    pub const fn rest(self) -> Self {
        Self { numerator: self.denominator - self.numerator, denominator: self.denominator }
    }
}

const fn divisor(mut left: i128, mut right: i128) -> i128 {
    while right != 0 {
        (left, right) = (right, left % right);
    }
    if left == 0 { 1 } else { left }
}

impl Ord for Share {
    fn cmp(&self, other: &Self) -> Ordering {
        // Denominators are at most 10¹² and numerators no more than them, so neither product overflows.
        (self.numerator * other.denominator).cmp(&(other.numerator * self.denominator))
    }
}

impl PartialOrd for Share {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for Share {
    type Err = ShareError;

    fn from_str(text: &str) -> Result<Self, ShareError> {
        let parsed = match (text.split_once('/'), text.strip_suffix('%')) {
            (Some((above, below)), _) => above.trim().parse().ok().zip(below.trim().parse().ok()),
            (None, Some(percent)) => decimal(percent.trim()).map(|(above, below)| (above, below * 100)),
            (None, None) => decimal(text),
        };
        let share = parsed.and_then(|(above, below)| {
            let divisor = if below > 0 { divisor(above, below) } else { 1 };
            Self::new(above / divisor.abs(), below / divisor.abs())
        });
        share.ok_or_else(|| ShareError(text.to_owned()))
    }
}

/// A decimal without a sign, as numerator and a power of ten.
fn decimal(text: &str) -> Option<(i128, i128)> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{part}");
    if digits.is_empty() || digits.len() > 12 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((digits.parse().ok()?, 10_i128.checked_pow(u32::try_from(part.len()).ok()?)?))
}

impl fmt::Display for Share {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.numerator, self.denominator)
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_exact() {
        let share = |text: &str| text.parse::<Share>().unwrap();
        for same in ["3/5", "60%", "0.6", "60.0%", "6/10"] {
            assert_eq!(share(same), share("0.60"), "{same}");
        }
        let half = share("1/2");
        let third = share("1/3").plus(share("1/6")).unwrap();
        assert!(third == half && share("50.0000001%") > half && share("49.9999999%") < half);
        assert_eq!(share("1/3").rest(), share("2/3"));
        assert_eq!(share("2/3").plus(half), None, "more than the whole");
        for wrong in ["", "1/0", "-1/2", "3/2", "101%", "half", "1/2/3", "0.1234567890123", "%"] {
            assert!(wrong.parse::<Share>().is_err(), "{wrong}");
        }
    }
}
