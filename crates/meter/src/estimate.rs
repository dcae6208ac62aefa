//! What arrived before the vendor counted it.
//!
//! The estimator: four bytes of text a token, rounded up, over all text, thinking and tool arguments of the
//! answer. Real tokenizers give 3 to 5 bytes a token on English and code; scripts of several bytes a letter
//! come out too high rather than too low. It serves only calls that were cut off, and is marked as an
//! estimate.

/// Bytes of text to a token.
const BYTES_PER_TOKEN: u64 = 4;

/// Tokens in so many bytes of text.
pub(crate) fn tokens(bytes: u64) -> u64 {
    bytes.div_ceil(BYTES_PER_TOKEN)
}
