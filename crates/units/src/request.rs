//! The id that follows a request from the client to the ledger entry.

use crate::Timestamp;
use std::fmt;
use std::str::FromStr;

/// 128 bits: 48 of milliseconds, 80 random. Shown as `req_` and 26 characters that sort by time (Crockford
/// base 32, as in the ULID specification).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(u128);

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl RequestId {
    /// The id of a request that began at `now`, with the caller's `random` bits (the low 80 are used).
    pub fn new(now: Timestamp, random: u128) -> Self {
        let millis = u128::try_from(now.micros() / 1_000).unwrap_or(0) & 0xffff_ffff_ffff;
        Self(millis << 80 | random & ((1 << 80) - 1))
    }

    /// The id with these bits.
    pub const fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// All 128 bits.
    pub const fn bits(self) -> u128 {
        self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = *b"req_00000000000000000000000000";
        let mut rest = self.0;
        for place in text[4..].iter_mut().rev() {
            *place = ALPHABET[usize::try_from(rest & 31).unwrap_or(0)];
            rest >>= 5;
        }
        // INVARIANT: the alphabet is ASCII.
        out.write_str(std::str::from_utf8(&text).unwrap_or("req_"))
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// The text is no request id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a request id such as `req_01JD…`")]
pub struct RequestIdError(String);

impl FromStr for RequestId {
    type Err = RequestIdError;

    fn from_str(text: &str) -> Result<Self, RequestIdError> {
        let wrong = || RequestIdError(text.to_owned());
        let digits = text.strip_prefix("req_").filter(|digits| digits.len() == 26).ok_or_else(wrong)?;
        let mut bits: u128 = 0;
        for byte in digits.bytes() {
            let digit = ALPHABET.iter().position(|letter| *letter == byte).ok_or_else(wrong)?;
            bits = bits.checked_mul(32).ok_or_else(wrong)? | u128::try_from(digit).map_err(|_| wrong())?;
        }
        Ok(Self(bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_reads_and_sorts_by_time() {
        let early = RequestId::new(Timestamp::from_micros(1_000_000), u128::MAX);
        let late = RequestId::new(Timestamp::from_micros(2_000_000), 0);
        assert!(early < late && early.to_string() < late.to_string());
        assert_eq!(early.to_string().parse(), Ok(early));
        assert!("req_8ZZZZZZZZZZZZZZZZZZZZZZZZZ".parse::<RequestId>().is_err());
        assert!("req_".parse::<RequestId>().is_err());
    }
}
