//! Where a figure leads: `/usage` with the filter that selects the records it is made of.

use crate::view::CallRow;
use std::fmt::Write as _;
use units::RequestId;

/// Which usage records are asked for; every condition that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsageFilter {
    /// Records whose transfers touch this ledger account.
    pub account: Option<String>,
    /// Records that draw down this commitment.
    pub commitment: Option<String>,
    /// Records of this model name.
    pub model: Option<String>,
    /// Records inside this transfer.
    pub transfer: Option<String>,
    /// Records of this day, UTC, as `2026-11-24`.
    pub day: Option<String>,
    /// Records in this state.
    pub state: Option<String>,
    /// The one record with this request id.
    pub request: Option<String>,
    /// Records before this one: the next page.
    pub before: Option<String>,
}

const NAMES: [&str; 8] = ["account", "commitment", "model", "transfer", "day", "state", "request", "before"];

impl UsageFilter {
    /// Reads the query part of an address; names it does not know are ignored, and so are empty values.
    pub fn from_query(query: &str) -> Self {
        let mut filter = Self::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            filter = filter.with(name, &decode(value));
        }
        filter
    }

    /// With this condition too; a name it does not know and an empty value change nothing.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        let place = NAMES.iter().position(|known| *known == name);
        if let Some(place) = place.filter(|_| !value.is_empty()) {
            *self.fields_mut()[place] = Some(value.to_owned());
        }
        self
    }

    /// The address of the page that shows these records.
    pub fn href(&self) -> String {
        let mut address = String::from("/usage");
        for (name, value) in self.conditions() {
            let joint = if address.len() == "/usage".len() { '?' } else { '&' };
            // Writing to a String cannot fail.
            let _ = write!(address, "{joint}{name}={}", encode(value));
        }
        address
    }

    /// The conditions that are set, by name.
    pub fn conditions(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let fields = [
            &self.account,
            &self.commitment,
            &self.model,
            &self.transfer,
            &self.day,
            &self.state,
            &self.request,
            &self.before,
        ];
        NAMES.into_iter().zip(fields).filter_map(|(name, field)| Some((name, field.as_deref()?)))
    }

    /// Whether the row meets every condition that a row can answer. Which transfers touch an account or a
    /// commitment is for the books to say, so those two are not looked at here.
    pub fn admits(&self, row: &CallRow) -> bool {
        let equal = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        let earlier = |before: &str| before.parse().is_ok_and(|before: RequestId| row.request_id < before);
        equal(&self.model, Some(&row.model))
            && equal(&self.transfer, row.transfer.as_deref())
            && equal(&self.day, Some(&row.at.date()))
            && equal(&self.state, Some(&row.state))
            && equal(&self.request, Some(&row.request_id.to_string()))
            && self.before.as_deref().is_none_or(earlier)
    }

    fn fields_mut(&mut self) -> [&mut Option<String>; NAMES.len()] {
        [
            &mut self.account,
            &mut self.commitment,
            &mut self.model,
            &mut self.transfer,
            &mut self.day,
            &mut self.state,
            &mut self.request,
            &mut self.before,
        ]
    }
}

/// The address of the records with this one condition.
pub(crate) fn usage(name: &str, value: &str) -> String {
    format!("/usage?{name}={}", encode(value))
}

/// Percent-encodes all but RFC 3986's unreserved characters.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Undoes [`encode`], and `+` as forms write a space; what is not valid is kept as it stands.
fn decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        let escaped = hex.filter(|_| *byte == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(match (escaped, byte) {
            (Some(value), _) => value,
            (None, b'+') => b' ',
            (None, other) => *other,
        });
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_a_link_says_is_read_back(account in "\\PC{1,20}", model in "\\PC{1,20}") {
            let filter = UsageFilter { account: Some(account), model: Some(model), ..UsageFilter::default() };
            let href = filter.href();
            let (_, query) = href.split_once('?').unwrap();
            prop_assert_eq!(UsageFilter::from_query(query), filter);
        }
    }

    #[test]
    fn rubbish_is_kept_or_ignored() {
        let filter = UsageFilter::from_query("model=%zz%4&account=a+b&nonsense=1&day=&state");
        assert_eq!(filter.model.as_deref(), Some("%zz%4"));
        assert_eq!(filter.account.as_deref(), Some("a b"));
        assert_eq!((filter.day, filter.state), (None, None));
    }
}
