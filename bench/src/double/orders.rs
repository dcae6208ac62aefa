//! What the double is told to do: `tokens=200;slow=20;cut=5`.
//!
//! One grammar wherever orders come from. Later orders are laid over earlier ones, key by key, so a request
//! can add a fault to what the command line set. A key nobody knows is an error, never ignored: a test whose
//! fault is misspelt must not pass.

use http::StatusCode;
use std::str::FromStr;

/// What to do with one call. Counts of events are counts of server-sent events as the client sees them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Orders {
    /// `status=529`: answer with this error, in the vendor's shape.
    pub status: Option<StatusCode>,
    /// `retry-after=7`: the header of that name, in seconds, on an error.
    pub retry_after: Option<u32>,
    /// `tokens=200`: visible output tokens, one event each when streaming.
    pub tokens: Option<u32>,
    /// `input=9`: fresh input tokens, instead of the number derived from the prompt.
    pub input: Option<u32>,
    /// `cache_read=100`: input tokens read from the cache, on top of the fresh ones.
    pub cache_read: u32,
    /// `cache_write=100`: input tokens written to the cache for five minutes, likewise.
    pub cache_write_5m: u32,
    /// `cache_write_1h=100`: input tokens written to the cache for an hour, likewise.
    pub cache_write_1h: u32,
    /// `thinking` or `thinking=8`: output tokens of reasoning before the visible ones.
    pub thinking: u32,
    /// `tool`: end with a call of the request's first tool.
    pub tool: bool,
    /// `echo_field=foo`: the answer's text is this field of the request's body, as JSON.
    pub echo_field: Option<String>,
    /// `first_byte=500`: milliseconds before the answer begins.
    pub first_byte_ms: u64,
    /// `slow=20`: milliseconds between events.
    pub slow_ms: u64,
    /// `stall=5:2000`: after event 5, a pause of 2000 ms.
    pub stall: Option<(usize, u64)>,
    /// `chunk=1`: write the body in pieces of so many bytes, wherever they fall.
    pub chunk: Option<usize>,
    /// `cut=5`: close the connection after 5 events (in the middle of an answer that is not streamed).
    pub cut: Option<usize>,
    /// `cut_bytes=100`: close the connection after 100 bytes of body.
    pub cut_bytes: Option<usize>,
    /// `error_event=3`: after 3 events, the vendor's error event, and the end.
    pub error_event: Option<usize>,
    /// `rubbish`: a 200 whose body is no JSON and no event stream, though it says so.
    pub rubbish: bool,
}

/// Orders that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// No such key.
    #[error("the double knows no order `{0}`")]
    Unknown(String),
    /// A value that is no number, or not one that fits.
    #[error("`{value}` is no value for the order `{key}`")]
    Value {
        /// The order's key.
        key: String,
        /// What stood behind the equals sign.
        value: String,
    },
}

impl Orders {
    /// Lays the orders in `text` over these.
    ///
    /// # Errors
    /// An unknown key, or a value that does not fit it; these orders are then half changed.
    pub fn apply(&mut self, text: &str) -> Result<(), OrderError> {
        for order in text.split(';').map(str::trim).filter(|order| !order.is_empty()) {
            let (key, value) = order.split_once('=').unwrap_or((order, ""));
            self.set(key.trim(), value.trim())?;
        }
        Ok(())
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), OrderError> {
        match key {
            "status" => self.status = Some(number(key, value)?),
            "retry-after" => self.retry_after = Some(number(key, value)?),
            "tokens" => self.tokens = Some(number(key, value)?),
            "input" => self.input = Some(number(key, value)?),
            "cache_read" => self.cache_read = number(key, value)?,
            "cache_write" => self.cache_write_5m = number(key, value)?,
            "cache_write_1h" => self.cache_write_1h = number(key, value)?,
            "thinking" => self.thinking = if value.is_empty() { 8 } else { number(key, value)? },
            "tool" => self.tool = true,
            "echo_field" => self.echo_field = Some(value.to_owned()),
            "first_byte" => self.first_byte_ms = number(key, value)?,
            "slow" => self.slow_ms = number(key, value)?,
            "stall" => {
                let (event, millis) = value.split_once(':').unwrap_or((value, ""));
                self.stall = Some((number(key, event)?, number(key, millis)?));
            }
            "chunk" => self.chunk = Some(number::<usize>(key, value)?.max(1)),
            "cut" => self.cut = Some(number(key, value)?),
            "cut_bytes" => self.cut_bytes = Some(number(key, value)?),
            "error_event" => self.error_event = Some(number(key, value)?),
            "rubbish" => self.rubbish = true,
            _ => return Err(OrderError::Unknown(key.to_owned())),
        }
        Ok(())
    }
}

/// Whether `text` (a caller's user id) begins like orders: with a key that is known.
pub fn are_orders(text: &str) -> bool {
    let first = text.split(';').next().unwrap_or_default();
    !matches!(Orders::default().apply(first), Err(OrderError::Unknown(_))) && !first.trim().is_empty()
}

fn number<T: FromStr>(key: &str, value: &str) -> Result<T, OrderError> {
    value.parse().map_err(|_| OrderError::Value { key: key.to_owned(), value: value.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_orders_lie_over_earlier_ones() {
        let mut orders = Orders::default();
        orders.apply("tokens=200; slow=20;").unwrap();
        orders.apply("slow=5;stall=5:2000;thinking").unwrap();
        let expected = Orders {
            tokens: Some(200),
            slow_ms: 5,
            stall: Some((5, 2000)),
            thinking: 8,
            ..Orders::default()
        };
        assert_eq!(orders, expected);
    }

    #[test]
    fn what_cannot_be_followed_is_said() {
        for (text, message) in [
            ("statsu=529", "the double knows no order `statsu`"),
            ("status=much", "`much` is no value for the order `status`"),
            ("stall=5", "`` is no value for the order `stall`"),
        ] {
            assert_eq!(Orders::default().apply(text).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn a_user_id_is_no_order() {
        for (text, orders) in [("alice", false), ("user_1=2", false), ("", false), ("tokens=2", true)] {
            assert_eq!(are_orders(text), orders, "{text}");
        }
        assert!(are_orders("status=oops"), "so that its mistake is reported");
    }
}
