//! The canonical request: what signer and verifier both write down before they hash it.

use super::Rules;
use super::encode::{decode, encode_into};
use crate::credential::Head;
use crate::failure::{Failure, clean};
use http::HeaderMap;

/// The headers a signature covers, as it lists them: `host;x-amz-date`.
pub struct Signed<'a> {
    list: &'a str,
}

impl<'a> Signed<'a> {
    /// Checks the list against the request: in order, each there, and none left out that must be covered.
    ///
    /// # Errors
    /// When the list is out of order, names an absent header, or leaves out one that matters.
    pub fn check(list: &'a str, headers: &HeaderMap, rules: &Rules) -> Result<Self, Failure> {
        let mut before = "";
        for name in list.split(';') {
            // Strictly ascending also means that none comes twice; HTTP names in a HeaderMap are lower-case.
            if name <= before || name.bytes().any(|byte| byte.is_ascii_uppercase()) {
                return Err(Failure::Malformed("the signed headers are not lower-case names in order"));
            }
            if !headers.contains_key(name) {
                return Err(Failure::Malformed("a signed header is not in the request"));
            }
            before = name;
        }
        let signed = Self { list };
        if !signed.covers("host") {
            return Err(Failure::Unsigned("host".into()));
        }
        let loose = headers.keys().map(http::HeaderName::as_str).find(|name| {
            let token_apart = !rules.token_signed && *name == "x-amz-security-token";
            must_be_signed(name) && !token_apart && !signed.covers(name)
        });
        match loose {
            Some(name) => Err(Failure::Unsigned(clean(name))),
            None => Ok(signed),
        }
    }

    fn covers(&self, name: &str) -> bool {
        self.list.split(';').any(|signed| signed == name)
    }
}

/// Headers that change what a call means; `x-amzn-trace-id`, which load balancers add, does not.
fn must_be_signed(name: &str) -> bool {
    name.starts_with("x-amz-") || name.starts_with("x-amzn-bedrock-") || name == "anthropic-workspace-id"
}

/// The canonical request up to the line of the body's hash; `query` is canonical already.
pub fn request(head: &Head<'_>, query: &[u8], signed: &Signed<'_>, normalise: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    out.extend_from_slice(head.method.as_bytes());
    out.push(b'\n');
    path(&mut out, head.path, normalise);
    out.push(b'\n');
    out.extend_from_slice(query);
    out.push(b'\n');
    for name in signed.list.split(';') {
        out.extend_from_slice(name.as_bytes());
        for (place, value) in head.headers.get_all(name).iter().enumerate() {
            out.push(if place == 0 { b':' } else { b',' });
            header_value(&mut out, value.as_bytes());
        }
        out.push(b'\n');
    }
    out.push(b'\n');
    out.extend_from_slice(signed.list.as_bytes());
    out.push(b'\n');
    out
}

/// The path as on the wire, encoded once more.
fn path(out: &mut Vec<u8>, path: &str, normalise: bool) {
    if !normalise {
        let path = if path.is_empty() { "/" } else { path };
        return encode_into(out, path.as_bytes(), true);
    }
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            _ => kept.push(segment),
        }
    }
    for segment in &kept {
        out.push(b'/');
        encode_into(out, segment.as_bytes(), false);
    }
    if kept.is_empty() || path.ends_with('/') {
        out.push(b'/');
    }
}

/// Trimmed, with each run of white space as one space.
fn header_value(out: &mut Vec<u8>, value: &[u8]) {
    let words = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    for (place, word) in words.enumerate() {
        if place > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
}

/// The query's pairs but for those in `left_out`, encoded anew and sorted.
pub fn query(query: &str, left_out: &[&str]) -> Vec<u8> {
    let encoded = |part: &str| {
        let mut out = Vec::with_capacity(part.len());
        encode_into(&mut out, &decode(part), false);
        out
    };
    let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .filter(|(name, _)| !left_out.contains(name))
        .map(|(name, value)| (encoded(name), encoded(value)))
        .collect();
    pairs.sort_unstable();
    let mut out = Vec::with_capacity(query.len());
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push(b'&');
        }
        out.extend_from_slice(&name);
        out.push(b'=');
        out.extend_from_slice(&value);
    }
    out
}
