//! Decimal text to and from scaled integers, exactly or not at all.

use std::fmt::Write as _;

/// Why a text is not the decimal number that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Not an optional sign, digits, and an optional fraction.
    #[error("`{0}` is not a decimal number such as `3.00`")]
    Malformed(String),
    /// More fraction digits than the unit can hold; nothing is rounded silently.
    #[error("`{text}` has more than {places} decimal places")]
    TooFine {
        /// The text as given.
        text: String,
        /// How many places fit.
        places: u32,
    },
    /// Does not fit the integer.
    #[error("`{0}` is too large")]
    TooLarge(String),
}

/// Reads `text` as a count of 10^-`places`; `parse_decimal("3.25", 2)` is 325.
///
/// # Errors
/// When the text is no decimal number, is finer than `places`, or does not fit.
pub fn parse_decimal(text: &str, places: u32) -> Result<i128, DecimalError> {
    let malformed = || DecimalError::Malformed(text.to_owned());
    let too_large = || DecimalError::TooLarge(text.to_owned());
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || digits.ends_with('.') {
        return Err(malformed());
    }
    let significant = fraction.trim_end_matches('0');
    if significant.len() > usize::try_from(places).unwrap_or(usize::MAX) {
        return Err(DecimalError::TooFine { text: text.to_owned(), places });
    }
    let mut count: i128 = 0;
    let padding = usize::try_from(places).unwrap_or(0) - significant.len();
    for byte in whole.bytes().chain(significant.bytes()).chain(std::iter::repeat_n(b'0', padding)) {
        let digit = i128::from(byte - b'0');
        count = count.checked_mul(10).and_then(|shifted| shifted.checked_add(digit)).ok_or_else(too_large)?;
    }
    Ok(if negative { -count } else { count })
}

/// Writes a count of 10^-`places` as decimal text with at least `places_min` places and no more than needed.
pub fn format_decimal(count: i128, places: u32, places_min: usize) -> String {
    let digits = count.unsigned_abs().to_string();
    let places = usize::try_from(places).unwrap_or(0);
    let padded = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = padded.split_at(padded.len() - places);
    let kept = fraction.trim_end_matches('0').len().max(places_min.min(places));
    let mut text = String::with_capacity(padded.len() + 2);
    let sign = if count < 0 { "-" } else { "" };
    let dot = if kept > 0 { "." } else { "" };
    // Writing to a String cannot fail.
    let _ = write!(text, "{sign}{whole}{dot}{}", &fraction[..kept]);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_and_refuses() {
        assert_eq!(parse_decimal("3.00", 12), Ok(3_000_000_000_000));
        assert_eq!(parse_decimal("-0.5", 1), Ok(-5));
        assert_eq!(parse_decimal("7", 0), Ok(7));
        for bad in ["", "-", ".5", "5.", "1e3", "+1", "1,0", "١", "--1"] {
            assert!(matches!(parse_decimal(bad, 6), Err(DecimalError::Malformed(_))), "{bad}");
        }
        assert!(matches!(parse_decimal("0.001", 2), Err(DecimalError::TooFine { .. })));
        assert!(matches!(parse_decimal(&"9".repeat(40), 0), Err(DecimalError::TooLarge(_))));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(count in any::<i64>(), places in 0_u32..18, least in 0_usize..6) {
            let text = format_decimal(i128::from(count), places, least);
            prop_assert_eq!(parse_decimal(&text, places), Ok(i128::from(count)));
        }
    }
}
