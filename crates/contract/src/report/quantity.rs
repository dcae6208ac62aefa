//! How much of what: an exact number, its unit, and whether it is a floor or a ceiling.

use crate::decimal::Decimal;
use crate::ratio::Ratio;
use units::{Currency, Money, PICO_PER_UNIT};

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// An amount.
    Money(Currency),
    /// An amount a year.
    MoneyPerYear(Currency),
    /// An amount for one gigawatt during one year.
    MoneyPerGwYear(Currency),
    /// How many times.
    Multiple,
    /// Hundredths.
    Percent,
    /// Years.
    Years,
    /// Gigawatts.
    Gigawatts,
    /// Gigawatts times years.
    GigawattYears,
}

impl Unit {
    /// The unit's name: `USD`, `USD/year`, `x`.
    pub fn name(self) -> String {
        match self {
            Self::Money(currency) => currency.to_string(),
            Self::MoneyPerYear(currency) => format!("{currency}/year"),
            Self::MoneyPerGwYear(currency) => format!("{currency}/GW-year"),
            Self::Multiple => "x".to_owned(),
            Self::Percent => "%".to_owned(),
            Self::Years => "years".to_owned(),
            Self::Gigawatts => "GW".to_owned(),
            Self::GigawattYears => "GW-years".to_owned(),
        }
    }
}

/// Whether a number is the thing itself or a limit to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// This much.
    Exactly,
    /// This much or more.
    AtLeast,
    /// This much or less.
    AtMost,
    /// A floor over a floor and the like: it may be more or less.
    Unbounded,
}

impl Bound {
    /// The bound of a sum or product of two positive numbers.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Exactly, bound) | (bound, Self::Exactly) => bound,
            (one, two) if one == two => one,
            _ => Self::Unbounded,
        }
    }

    /// The bound of one over a positive number.
    #[must_use]
    pub const fn inverse(self) -> Self {
        match self {
            Self::AtLeast => Self::AtMost,
            Self::AtMost => Self::AtLeast,
            other => other,
        }
    }

    /// The name of it: `exactly`, `at_least`, `at_most`, `unbounded`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exactly => "exactly",
            Self::AtLeast => "at_least",
            Self::AtMost => "at_most",
            Self::Unbounded => "unbounded",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Exactly => "",
            Self::AtLeast => "at least ",
            Self::AtMost => "up to ",
            Self::Unbounded => "around ",
        }
    }
}

/// An exact number of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantity {
    /// How many, in whole units (dollars, not cents).
    pub number: Ratio,
    /// Of what.
    pub unit: Unit,
    /// Floor, ceiling or the thing itself.
    pub bound: Bound,
}

impl Quantity {
    /// An amount.
    pub fn money(amount: Money, bound: Bound) -> Self {
        let number = Ratio::new(amount.pico(), PICO_PER_UNIT);
        Self { number, unit: Unit::Money(amount.currency()), bound }
    }

    /// A number of something else.
    pub fn of(number: Decimal, unit: Unit, bound: Bound) -> Self {
        Self { number: number.ratio(), unit, bound }
    }

    /// The sum, of the first one's unit.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { number: self.number + other.number, unit: self.unit, bound: self.bound.and(other.bound) }
    }

    /// The product.
    #[must_use]
    pub fn times(self, other: Self, unit: Unit) -> Self {
        Self { number: self.number * other.number, unit, bound: self.bound.and(other.bound) }
    }

    /// The quotient.
    #[must_use]
    pub fn over(self, other: Self, unit: Unit) -> Self {
        Self { number: self.number / other.number, unit, bound: self.bound.and(other.bound.inverse()) }
    }

    /// A share as a percentage.
    #[must_use]
    pub fn hundredfold(self) -> Self {
        Self { number: self.number * Ratio::whole(100), ..self }
    }

    /// The plain number: exact where twelve places hold it, otherwise rounded half to even to two.
    pub fn plain(&self) -> String {
        let (places, places_min) = match self.unit {
            Unit::Multiple => (2, 1),
            _ if self.is_exact(12) => (12, 0),
            _ => (2, 0),
        };
        self.number.to_decimal(places, places_min).unwrap_or_default()
    }

    /// For people, with its bound: `at least $100 bn`, `up to 5 GW`, `4.0×`; `≈` where it is rounded.
    pub fn shown(&self) -> String {
        format!("{}{}", self.bound.words(), self.bare())
    }

    /// For people, without its bound.
    pub fn bare(&self) -> String {
        match self.unit {
            Unit::Money(currency) => self.large(currency),
            Unit::MoneyPerYear(currency) => format!("{} a year", self.large(currency)),
            Unit::MoneyPerGwYear(currency) => format!("{} per GW-year", self.large(currency)),
            Unit::Multiple => format!("{}{}×", self.near(2), self.plain()),
            Unit::Percent => self.counted("%"),
            Unit::Years if self.number == Ratio::ONE => self.counted("year"),
            Unit::Years => self.counted("years"),
            Unit::Gigawatts => self.counted("GW"),
            Unit::GigawattYears => self.counted("GW-years"),
        }
    }

    fn counted(&self, noun: &str) -> String {
        format!("{}{} {noun}", self.near(2), self.rounded(0))
    }

    /// An amount, in billions or millions where it is that large.
    fn large(&self, currency: Currency) -> String {
        let words = [(9, " bn"), (6, " m")];
        let scale = words.into_iter().find(|(power, _)| self.number >= Ratio::whole(10_i128.pow(*power)));
        let (unit, word, places_min) = match scale {
            Some((power, word)) => (Ratio::whole(10_i128.pow(power)), word, 0),
            None => (Ratio::ONE, "", 2),
        };
        let scaled = Self { number: self.number / unit, ..*self };
        format!("{}{}{}{word}", scaled.near(2), symbol(currency), scaled.rounded(places_min))
    }

    fn rounded(&self, places_min: usize) -> String {
        grouped(&self.number.to_decimal(2, places_min).unwrap_or_default())
    }

    fn near(&self, places: u32) -> &'static str {
        if self.is_exact(places) { "" } else { "≈ " }
    }

    fn is_exact(&self, places: u32) -> bool {
        (self.number * Ratio::whole(10_i128.pow(places))).is_whole()
    }
}

/// A sign where one is unmistakable here, the code otherwise.
fn symbol(currency: Currency) -> String {
    match currency.as_str() {
        "USD" => "$".to_owned(),
        "EUR" => "€".to_owned(),
        "GBP" => "£".to_owned(),
        code => format!("{code} "),
    }
}

/// Puts thousands separators into the whole part of a decimal number.
fn grouped(decimal: &str) -> String {
    let whole = decimal.find('.').unwrap_or(decimal.len());
    let mut out = String::with_capacity(decimal.len() + whole / 3);
    for (place, digit) in decimal.chars().enumerate() {
        let separates = place > 0 && place < whole && (whole - place).is_multiple_of(3);
        if separates && !out.ends_with('-') {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_short_and_say_when_they_round() {
        let usd = |text: &str| Quantity::money(Money::parse(text, Currency::USD).unwrap(), Bound::Exactly);
        for (text, shown) in [
            ("25000000000", "$25 bn"),
            ("13500000000", "$13.5 bn"),
            ("1234567890", "≈ $1.23 bn"),
            ("2500000", "$2.5 m"),
            ("999999.99", "$999,999.99"),
            ("50", "$50.00"),
            ("0.000105", "≈ $0.00"),
        ] {
            assert_eq!(usd(text).shown(), shown);
        }
        assert_eq!(usd("0.000105").plain(), "0.000105", "the plain number is exact");
        let third = usd("100").over(usd("30"), Unit::Multiple);
        assert_eq!((third.shown().as_str(), third.plain().as_str()), ("≈ 3.33×", "3.33"));
    }

    #[test]
    fn bounds_follow_the_arithmetic() {
        use Bound::{AtLeast, AtMost, Exactly, Unbounded};
        assert_eq!(AtLeast.and(AtMost.inverse()), AtLeast, "a floor over a ceiling is a floor");
        assert_eq!(AtLeast.and(AtLeast.inverse()), Unbounded);
        assert_eq!(Exactly.and(AtMost), AtMost);
    }
}
