//! What the market shows: for each code, values from a time on.

use jiff::civil::DateTime;
use std::collections::BTreeMap;

/// Observed values by market object code. A value holds from its time until the next.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Market(BTreeMap<String, BTreeMap<DateTime, f64>>);

impl Market {
    /// Notes that `code` shows `value` from `time` on.
    pub fn show(&mut self, code: &str, time: DateTime, value: f64) {
        self.0.entry(code.to_owned()).or_default().insert(time, value);
    }

    /// What `code` shows at `time`; nothing before its first value.
    #[must_use]
    pub fn at(&self, code: &str, time: DateTime) -> Option<f64> {
        self.0.get(code)?.range(..=time).next_back().map(|(_, value)| *value)
    }
}
