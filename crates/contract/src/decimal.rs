//! Numbers of a deal file: decimal text in quotes, exact to twelve places, such as `"13.5e9"` or `"0.10"`.

use crate::ratio::Ratio;
use serde::de::{Deserialize, Deserializer, Error as _, Visitor};
use std::fmt;
use std::str::FromStr;
use units::{Currency, DecimalError, Money, PICO_PER_UNIT, parse_decimal};

/// An exact decimal number of at most twelve places. An amount is one of these in its deal's currency.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Decimal(i128);

impl Decimal {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The whole.
    pub const ONE: Self = Self(PICO_PER_UNIT);

    /// A count of 10⁻¹².
    pub const fn from_pico(count: i128) -> Self {
        Self(count)
    }

    /// How many 10⁻¹² it is.
    pub const fn pico(self) -> i128 {
        self.0
    }

    /// As an amount of `currency`.
    pub const fn money(self, currency: Currency) -> Money {
        Money::from_pico(self.0, currency)
    }

    /// As a fraction.
    pub fn ratio(self) -> Ratio {
        Ratio::new(self.0, PICO_PER_UNIT)
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    /// A decimal number, with an exponent if wanted: `4e9` is four billion.
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
            return parse_decimal(text, 12).map(Self);
        };
        let malformed = || DecimalError::Malformed(text.to_owned());
        let exponent: i32 = exponent.parse().map_err(|_| malformed())?;
        // The exponent moves the unit of the count, so nothing is rounded on the way.
        let places = u32::try_from(exponent.saturating_add(12))
            .map_err(|_| DecimalError::TooFine { text: text.to_owned(), places: 12 })?;
        if places > 38 {
            return Err(DecimalError::TooLarge(text.to_owned()));
        }
        parse_decimal(mantissa, places).map(Self).map_err(|error| match error {
            DecimalError::TooFine { .. } => DecimalError::TooFine { text: text.to_owned(), places: 12 },
            DecimalError::TooLarge(_) => DecimalError::TooLarge(text.to_owned()),
            DecimalError::Malformed(_) => malformed(),
        })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&units::format_decimal(self.0, 12, 0))
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Decimal;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a decimal number in quotes, such as \"4e9\"")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Decimal, E> {
                text.parse().map_err(E::custom)
            }
        }
        from.deserialize_str(Text)
    }
}

/// Reads anything that has a text form.
pub(crate) fn from_text<'de, D: Deserializer<'de>, T: FromStr<Err: fmt::Display>>(
    from: D,
) -> Result<T, D::Error> {
    String::deserialize(from)?.parse().map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_are_exact_or_refused() {
        for (text, plain) in [
            ("13.5e9", "13500000000"),
            ("100000000000.00", "100000000000"),
            ("4E9", "4000000000"),
            ("25e-2", "0.25"),
            ("-1.50", "-1.5"),
            ("1e-12", "0.000000000001"),
        ] {
            assert_eq!(
                text.parse::<Decimal>().map(|number| number.to_string()),
                Ok(plain.to_owned()),
                "{text}"
            );
        }
        for bad in ["", "e9", "1e", "1e-13", "1e39", "1.5e-12", "0x10", "1e9e9", "ten"] {
            assert!(bad.parse::<Decimal>().is_err(), "{bad}");
        }
    }
}
