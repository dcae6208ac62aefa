//! Exact quantities and the names every room shares.
//!
//! Money is a count of 10⁻¹² of a currency unit, tokens are counts, time is UTC microseconds, and each
//! name is checked once where it enters. There is no floating point here, and no clock but the one at
//! the rim ([`Clock`]), which rooms never hold: they are given a [`Timestamp`].

mod decimal;
mod money;
mod name;
mod request;
mod time;
mod tokens;

pub use decimal::{DecimalError, format_decimal, parse_decimal};
pub use money::{Currency, Money, MoneyError, PICO_PER_UNIT};
pub use name::{BackendName, ModelName, NameError, Organisation, Region, Subject, Team};
pub use request::RequestId;
pub use time::{Clock, SystemClock, Timestamp, TimestampError};
pub use tokens::{PriceId, TokenCounts, TokenRates};
