//! Token counts, disjoint by kind, and what each kind costs.

use std::fmt;
use std::str::FromStr;

/// What a call used: five disjoint counts that add up, and the reasoning part of the output.
///
/// Vendors count in two ways (cached input inside or outside the input count); the adapters normalise
/// once, to these, so that the sum is the vendor's own total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TokenCounts {
    /// Fresh input: neither read from nor written to a cache.
    pub input: u64,
    /// Input read from a cache.
    pub cache_read: u64,
    /// Input written to a cache for five minutes (or the vendor's only lifetime).
    pub cache_write_5m: u64,
    /// Input written to a cache for an hour.
    pub cache_write_1h: u64,
    /// Output, reasoning included.
    pub output: u64,
    /// Reasoning: how much of `output` it is, not an addition to it.
    pub reasoning: u64,
}

impl TokenCounts {
    /// All tokens; reasoning is inside the output and is not counted twice.
    pub fn total(&self) -> u64 {
        self.input_total().saturating_add(self.output)
    }

    /// All input, cached or not.
    pub fn input_total(&self) -> u64 {
        self.input
            .saturating_add(self.cache_read)
            .saturating_add(self.cache_write_5m)
            .saturating_add(self.cache_write_1h)
    }

    /// Whether nothing was used.
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    /// The sum by kind, or nothing when a count does not fit.
    pub fn checked_add(&self, other: &Self) -> Option<Self> {
        Some(Self {
            input: self.input.checked_add(other.input)?,
            cache_read: self.cache_read.checked_add(other.cache_read)?,
            cache_write_5m: self.cache_write_5m.checked_add(other.cache_write_5m)?,
            cache_write_1h: self.cache_write_1h.checked_add(other.cache_write_1h)?,
            output: self.output.checked_add(other.output)?,
            reasoning: self.reasoning.checked_add(other.reasoning)?,
        })
    }
}

/// What one token of each kind costs, in 10⁻¹² of a currency unit: "3.00 per million" is 3,000,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TokenRates {
    /// Fresh input.
    pub input: i128,
    /// Cache reads.
    pub cache_read: i128,
    /// Cache writes for five minutes.
    pub cache_write_5m: i128,
    /// Cache writes for an hour.
    pub cache_write_1h: i128,
    /// Output.
    pub output: i128,
}

/// Names one dated entry of the price book by a hash of all it says, so that a call's price can be pinned.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PriceId(pub u64);

impl fmt::Display for PriceId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "price_{:016x}", self.0)
    }
}

impl fmt::Debug for PriceId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for PriceId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text.strip_prefix("price_").unwrap_or(text), 16).map(Self)
    }
}
