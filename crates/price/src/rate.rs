//! From counts and rates to money: five products and a sum, each checked.

use crate::{Price, PriceError};
use units::{Money, TokenCounts, TokenRates, parse_decimal};

/// The exact list charge of `tokens` at `price`. Reasoning is part of the output and not charged again.
///
/// # Errors
/// [`PriceError::TooLarge`] when the charge does not fit; nothing wraps or saturates.
pub fn rate(tokens: &TokenCounts, price: &Price) -> Result<Money, PriceError> {
    let TokenCounts { input, cache_read, cache_write_5m, cache_write_1h, output, reasoning: _ } = *tokens;
    let TokenRates {
        input: input_rate,
        cache_read: cache_read_rate,
        cache_write_5m: cache_write_5m_rate,
        cache_write_1h: cache_write_1h_rate,
        output: output_rate,
    } = price.rates;
    let parts = [
        (input, input_rate),
        (cache_read, cache_read_rate),
        (cache_write_5m, cache_write_5m_rate),
        (cache_write_1h, cache_write_1h_rate),
        (output, output_rate),
    ];
    let pico = parts.into_iter().try_fold(0_i128, |sum, (count, rate)| {
        i128::from(count).checked_mul(rate).and_then(|part| sum.checked_add(part))
    });
    pico.map(|pico| Money::from_pico(pico, price.currency)).ok_or(PriceError::TooLarge)
}

/// Reads "3.00 per million tokens" as 10⁻¹² of a currency unit per token: `3000000`.
///
/// # Errors
/// When the text is no decimal number, is below zero, or is finer than 10⁻⁶ per million (which would not be
/// whole per token; nothing is rounded).
pub fn rate_per_million(text: &str) -> Result<i128, PriceError> {
    // 10⁻⁶ per million tokens is 10⁻¹² per token.
    let rate = parse_decimal(text, 6)?;
    if rate < 0 {
        return Err(PriceError::Negative(text.to_owned()));
    }
    Ok(rate)
}
