//! Numbers of an export, exact: from decimal text with or without an exponent, and from Parquet's decimals and
//! doubles. A double counts as the shortest decimal that reads back as the same double, which is what its writer
//! showed; amounts never pass through floating point.

use std::cmp::Ordering;
use std::fmt;

/// Running sums count 10⁻²⁴: eight places finer than any bill prices, with room for 10¹⁴ of any currency.
const SUM_PLACES: u32 = 24;

/// A decimal number: `digits` × 10^-`places`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    digits: i128,
    places: i32,
}

impl Number {
    /// A count of 10^-`places`.
    pub(crate) const fn new(digits: i128, places: i32) -> Self {
        Self { digits, places }
    }

    /// Reads `-1234.5`, `.5` or `3.2E-7`; nothing when it is no such number or has more than 36 digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
            None => (text, 0),
        };
        let unsigned = mantissa.strip_prefix('-').unwrap_or(mantissa);
        let (mut digits, mut places, mut seen, mut point) = (0_i128, 0_i32, 0_u32, false);
        for byte in unsigned.bytes() {
            match byte {
                b'0'..=b'9' => {
                    digits = digits * 10 + i128::from(byte - b'0');
                    places += i32::from(point);
                    // Leading zeros are no digits; 36 of them leave room to negate and to double.
                    seen += u32::from(digits != 0);
                    if seen > 36 {
                        return None;
                    }
                }
                b'.' if !point => point = true,
                _ => return None,
            }
        }
        if unsigned.is_empty() || unsigned.ends_with('.') {
            return None;
        }
        let digits = if mantissa.len() > unsigned.len() { -digits } else { digits };
        Some(Self { digits, places: places.checked_sub(exponent)? })
    }

    /// The shortest decimal that reads back as `value`; nothing for infinities and what is no number.
    pub(crate) fn from_double(value: f64) -> Option<Self> {
        value.is_finite().then(|| format!("{value:e}")).and_then(|text| Self::parse(&text))
    }

    /// As [`from_double`](Self::from_double), for single precision.
    pub(crate) fn from_single(value: f32) -> Option<Self> {
        value.is_finite().then(|| format!("{value:e}")).and_then(|text| Self::parse(&text))
    }

    /// Whether it is nothing.
    pub(crate) const fn is_zero(self) -> bool {
        self.digits == 0
    }

    /// Whether it is below nothing.
    pub(crate) const fn is_negative(self) -> bool {
        self.digits < 0
    }

    /// The count of 10^-`places` that is nearest, half to even; nothing when it does not fit.
    fn count(self, places: u32) -> Option<i128> {
        let shift = i64::from(places) - i64::from(self.places);
        match u32::try_from(shift) {
            Ok(up) if self.digits != 0 => self.digits.checked_mul(10_i128.checked_pow(up)?),
            Ok(_) => Some(0),
            Err(_) => Some(divide(self.digits, u32::try_from(-shift).ok()?)),
        }
    }

    /// The product, exact; nothing when it does not fit.
    pub(crate) fn times(self, other: Self) -> Option<Self> {
        let places = self.places.checked_add(other.places)?;
        Some(Self { digits: self.digits.checked_mul(other.digits)?, places })
    }

    /// Whether both are the same but for rounding: at most one in this one's last place, between a cent and 10⁻¹⁰.
    /// Nothing when that cannot be told.
    pub(crate) fn agrees(self, other: Self) -> Option<bool> {
        let (one, two) = (self.sum()?, other.sum()?);
        let coarsest = u32::try_from(self.places.clamp(2, 10)).ok()?;
        let tolerance = 10_i128.checked_pow(SUM_PLACES - coarsest)?;
        // Doubles carry sixteen digits; the last of them may differ.
        let relative = one.0.checked_abs()? / 10_i128.pow(15);
        Some(one.0.checked_sub(two.0)?.checked_abs()? <= tolerance.max(relative))
    }

    /// Whether this is less than the other; nothing when that cannot be told.
    pub(crate) fn is_below(self, other: Self) -> Option<bool> {
        Some(self.sum()?.0.cmp(&other.sum()?.0) == Ordering::Less)
    }

    /// As a sum of one.
    pub(crate) fn sum(self) -> Option<Sum> {
        self.count(SUM_PLACES).map(Sum)
    }
}

impl Default for Number {
    fn default() -> Self {
        Self::new(0, 0)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match u32::try_from(self.places) {
            Ok(places) => out.write_str(&units::format_decimal(self.digits, places, 0)),
            Err(_) => write!(out, "{}e{}", self.digits, -i64::from(self.places)),
        }
    }
}

/// A running sum, exact to 10⁻²⁴.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct Sum(i128);

impl Sum {
    /// The sum of both; nothing when it does not fit.
    pub(crate) fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The count of 10⁻¹² that is nearest, half to even, and whether that is all of it.
    pub(crate) fn pico(self) -> (i128, bool) {
        let pico = divide(self.0, SUM_PLACES - 12);
        (pico, pico * 1_000_000_000_000 == self.0)
    }

    /// Whether it is nothing.
    pub(crate) const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The count of 10⁻²⁴.
    pub(crate) const fn raw(self) -> i128 {
        self.0
    }
}

/// `digits` ÷ 10^`places`, half to even.
fn divide(digits: i128, places: u32) -> i128 {
    let Some(unit) = 10_i128.checked_pow(places) else { return 0 };
    let (quotient, rest) = (digits.div_euclid(unit), digits.rem_euclid(unit));
    match (rest * 2).cmp(&unit) {
        Ordering::Greater => quotient + 1,
        Ordering::Equal => quotient + (quotient & 1),
        Ordering::Less => quotient,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    #[test]
    fn reads_what_bills_hold() {
        for (text, pico) in [
            ("12.50", 12_500_000_000_000),
            ("-3", -3_000_000_000_000),
            (".5", 500_000_000_000),
            ("35.2E-7", 3_520_000),
            ("1.5e+3", 1_500_000_000_000_000),
            ("0.00000080000", 800_000),
            ("0E-18", 0),
            ("-0", 0),
        ] {
            assert_eq!(number(text).sum().unwrap().pico(), (pico, true), "{text}");
        }
        for bad in ["", "-", "5.", "1,234.50", "12,50", "$3", "1 000", "0x1", "NaN", "inf", "1e", "--1", "+1"]
        {
            assert_eq!(Number::parse(bad), None, "{bad}");
        }
        assert_eq!(Number::parse(&"9".repeat(37)), None);
        assert_eq!(number("1e30").sum(), None, "more than a sum holds");
    }

    #[test]
    fn what_is_finer_than_money_is_rounded_half_to_even() {
        for (text, pico) in [("0.0000000000005", 0), ("0.0000000000015", 2), ("-0.0000000000025", -2)] {
            assert_eq!(number(text).sum().unwrap().pico(), (pico, false), "{text}");
        }
        assert_eq!(number("1e-40").sum(), Some(Sum(0)));
    }

    #[test]
    fn products_agree_but_for_rounding() {
        let list = number("0.00001605990");
        assert_eq!(list.agrees(number("0.008").times(number("0.00200749")).unwrap()), Some(true));
        assert_eq!(number("37.50").agrees(number("38.50")), Some(false));
        assert_eq!(number("37.50").agrees(number("37.505")), Some(true), "half a cent");
    }

    proptest! {
        #[test]
        fn a_double_is_its_shortest_text(value in -1e9_f64..1e9) {
            let number = Number::from_double(value).unwrap();
            prop_assert_eq!(Some(number.sum()), Number::parse(&value.to_string()).map(Number::sum));
        }

        #[test]
        fn an_exponent_moves_the_point(digits in any::<i64>(), places in 0_i32..12) {
            let text = format!("{digits}e-{places}");
            prop_assert_eq!(Number::parse(&text), Some(Number::new(i128::from(digits), places)));
        }
    }
}
