//! What a request shows as proof: found in its headers or its query, exactly one.

use crate::failure::Failure;
use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderName};

/// The longest credential that is looked at, in bytes.
pub const CREDENTIAL_BYTES_MAX: usize = 16 * 1024;

/// A request before its body.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// `GET`, `POST`, …
    pub method: &'a str,
    /// The path as it came on the wire, still percent-encoded, without the query.
    pub path: &'a str,
    /// The query as it came, without the question mark.
    pub query: Option<&'a str>,
    /// All headers. With HTTP/2, whoever builds this adds `host` from `:authority`.
    pub headers: &'a HeaderMap,
}

/// The one credential of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential<'a> {
    /// A virtual key or a token.
    Secret(&'a str),
    /// `Authorization: AWS4-HMAC-SHA256 …`, the rest of it.
    SigV4Header(&'a str),
    /// The query form of the same.
    SigV4Query(&'a str),
}

const KEY_HEADERS: [HeaderName; 3] = [
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("x-goog-api-key"),
    HeaderName::from_static("api-key"),
];

/// The algorithm's name, in both forms of a signature.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Finds the request's one credential.
///
/// # Errors
/// When there is none, when there are several that differ, when a header comes twice, is not text, or is too long.
pub fn find<'a>(head: &Head<'a>) -> Result<Credential<'a>, Failure> {
    let mut found = match value(head.headers, &AUTHORIZATION)? {
        Some(text) => Some(authorization(text)?),
        None => None,
    };
    if let Some(query) = head.query.filter(|query| query.contains("X-Amz-Signature=")) {
        join(&mut found, Credential::SigV4Query(query))?;
    }
    for name in &KEY_HEADERS {
        if let Some(text) = value(head.headers, name)? {
            join(&mut found, Credential::Secret(text))?;
        }
    }
    found.ok_or(Failure::Missing)
}

/// Some clients send the same key in two headers; two different ones are refused, whoever would win.
fn join<'a>(found: &mut Option<Credential<'a>>, next: Credential<'a>) -> Result<(), Failure> {
    match found {
        Some(first) if *first != next => Err(Failure::Conflicting("they differ")),
        _ => {
            *found = Some(next);
            Ok(())
        }
    }
}

/// The header's only value, or nothing when it is absent or empty.
fn value<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Failure> {
    let mut values = headers.get_all(name).iter();
    let Some(first) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Failure::Conflicting("a header comes twice"));
    }
    if first.len() > CREDENTIAL_BYTES_MAX {
        return Err(Failure::Malformed("it is longer than 16 KiB"));
    }
    let text = first.to_str().map_err(|_| Failure::Malformed("it is not ASCII text"))?;
    Ok(Some(text.trim()).filter(|text| !text.is_empty()))
}

fn authorization(text: &str) -> Result<Credential<'_>, Failure> {
    let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
    let rest = rest.trim_start();
    if rest.is_empty() {
        return Err(Failure::Malformed("the authorization header names a scheme and nothing else"));
    }
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(Credential::Secret(rest))
    } else if scheme == ALGORITHM {
        Ok(Credential::SigV4Header(rest))
    } else {
        Err(Failure::Malformed("the authorization scheme is neither `Bearer` nor `AWS4-HMAC-SHA256`"))
    }
}
