//! Money: an exact count of 10⁻¹² of a currency unit. 99.6 % of listed per-token prices are whole here.

use crate::decimal::{DecimalError, format_decimal, parse_decimal};
use std::fmt;
use std::str::FromStr;

/// How many counts make one currency unit (one dollar, one euro).
pub const PICO_PER_UNIT: i128 = 1_000_000_000_000;
const PLACES: u32 = 12;

/// An ISO 4217 alphabetic code, such as `USD`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The United States dollar.
    pub const USD: Self = Self(*b"USD");

    /// The three letters.
    pub fn as_str(&self) -> &str {
        // INVARIANT: the constructor admits ASCII capitals only.
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_uppercase) => Ok(Self(code)),
            _ => Err(MoneyError::Currency(text.to_owned())),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// Why an amount could not be read or computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not three capital letters.
    #[error("`{0}` is not a currency code such as `USD`")]
    Currency(String),
    /// Two currencies in one sum.
    #[error("{0} and {1} cannot be added")]
    Mixed(Currency, Currency),
    /// Does not fit 128 bits.
    #[error("the amount is too large")]
    TooLarge,
    /// Not a decimal number of at most twelve places.
    #[error(transparent)]
    Decimal(#[from] DecimalError),
}

/// An exact amount in one currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    pico: i128,
    currency: Currency,
}

impl Money {
    /// An amount of `pico` × 10⁻¹² units.
    pub const fn from_pico(pico: i128, currency: Currency) -> Self {
        Self { pico, currency }
    }

    /// Nothing, in this currency.
    pub const fn zero(currency: Currency) -> Self {
        Self::from_pico(0, currency)
    }

    /// Reads `text`, a decimal number of at most twelve places.
    ///
    /// # Errors
    /// When the text is no such number.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        Ok(Self::from_pico(parse_decimal(text, PLACES)?, currency))
    }

    /// The count of 10⁻¹² units.
    pub const fn pico(self) -> i128 {
        self.pico
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether this is nothing.
    pub const fn is_zero(self) -> bool {
        self.pico == 0
    }

    /// The sum.
    ///
    /// # Errors
    /// When the currencies differ or the sum does not fit.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Mixed(self.currency, other.currency));
        }
        let pico = self.pico.checked_add(other.pico).ok_or(MoneyError::TooLarge)?;
        Ok(Self::from_pico(pico, self.currency))
    }

    /// The difference.
    ///
    /// # Errors
    /// When the currencies differ or the difference does not fit.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        let pico = other.pico.checked_neg().ok_or(MoneyError::TooLarge)?;
        self.checked_add(Self::from_pico(pico, other.currency))
    }

    /// The number alone, exact, with at least two decimal places: `0.000105`, `12.50`.
    pub fn to_decimal(self) -> String {
        format_decimal(self.pico, PLACES, 2)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.to_decimal(), self.currency)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_and_reads_exactly() {
        let price = Money::parse("0.000003", Currency::USD).unwrap();
        assert_eq!(price.pico(), 3_000_000);
        assert_eq!(price.to_string(), "0.000003 USD");
        assert_eq!(Money::parse("12.5", Currency::USD).unwrap().to_decimal(), "12.50");
        assert_eq!(Money::from_pico(-1, Currency::USD).to_decimal(), "-0.000000000001");
    }

    #[test]
    fn refuses_to_mix_or_overflow() {
        let euro: Currency = "EUR".parse().unwrap();
        let mixed = Money::zero(euro).checked_add(Money::zero(Currency::USD));
        assert_eq!(mixed, Err(MoneyError::Mixed(euro, Currency::USD)));
        let most = Money::from_pico(i128::MAX, euro);
        assert_eq!(most.checked_add(Money::from_pico(1, euro)), Err(MoneyError::TooLarge));
        assert!("usd".parse::<Currency>().is_err());
    }
}
