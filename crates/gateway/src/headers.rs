//! Headers: what goes to a vendor, what comes back, and what we add.

use crate::reach::{Labels, Vendor};
use http::header::{self, Entry, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use provider::Wire;
use units::{Money, RequestId};

/// HTTP/2 names the host beside the headers; what is signed is the `host` header.
pub(crate) fn name_host(parts: &mut Parts) {
    if !parts.headers.contains_key(header::HOST)
        && let Some(host) = parts.uri.authority().and_then(|host| HeaderValue::from_str(host.as_str()).ok())
    {
        parts.headers.insert(header::HOST, host);
    }
}

/// Headers of the connection, or of another hop, or that prove the caller to us: never sent on.
const KEPT_BACK: [HeaderName; 16] = [
    header::HOST,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
    header::EXPECT,
    header::PROXY_AUTHORIZATION,
    header::PROXY_AUTHENTICATE,
    header::AUTHORIZATION,
    header::COOKIE,
    header::SET_COOKIE,
    // The tap reads what passes, so it must pass uncompressed.
    header::ACCEPT_ENCODING,
    header::FORWARDED,
    header::VIA,
];

const KEPT_BACK_PREFIXES: [&str; 5] = ["x-amz-", "x-forwarded-", "x-offtake-", "proxy-", "keep-alive"];
const KEPT_BACK_NAMES: [&str; 7] = [
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "anthropic-workspace-id",
    "openai-organization",
    "openai-project",
    "x-real-ip",
];
const WARNINGS_MAX: usize = 8;
const WARNING_BYTES_MAX: usize = 240;
/// Says how the client authenticated to us; the vendor is given our own key.
const OAUTH_BETA: &str = "oauth-2025-04-20";

fn is_kept_back(name: &HeaderName) -> bool {
    KEPT_BACK.contains(name)
        || KEPT_BACK_NAMES.contains(&name.as_str())
        || KEPT_BACK_PREFIXES.iter().any(|prefix| name.as_str().starts_with(prefix))
}

/// What is left when everything that is kept back is taken out.
fn without_kept_back(mut headers: HeaderMap) -> HeaderMap {
    let kept_back: Vec<HeaderName> = headers.keys().filter(|name| is_kept_back(name)).cloned().collect();
    for name in kept_back {
        headers.remove(name);
    }
    headers
}

/// The client's headers as a vendor gets them, in the same protocol: everything but what is kept back.
pub(crate) fn forwarded(from: HeaderMap) -> HeaderMap {
    let mut headers = without_kept_back(from);
    let Entry::Occupied(betas) = headers.entry("anthropic-beta") else { return headers };
    if betas.iter().any(names_oauth) {
        let kept: Vec<HeaderValue> = betas.iter().filter_map(without_oauth).collect();
        let name = betas.key().clone();
        betas.remove_entry_mult();
        for value in kept {
            headers.append(name.clone(), value);
        }
    }
    headers
}

/// The client's query as a vendor gets it: a signature in it proves the caller to us, and is nobody else's.
pub(crate) fn forwarded_query(query: &str) -> Option<String> {
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.get(..6).is_some_and(|name| name.eq_ignore_ascii_case("x-amz-")))
        .collect();
    (!kept.is_empty()).then(|| kept.join("&"))
}

fn names_oauth(value: &HeaderValue) -> bool {
    value.to_str().is_ok_and(|text| text.contains(OAUTH_BETA))
}

fn without_oauth(value: &HeaderValue) -> Option<HeaderValue> {
    let Some(text) = value.to_str().ok().filter(|_| names_oauth(value)) else { return Some(value.clone()) };
    let kept: Vec<&str> = text.split(',').map(str::trim).filter(|beta| *beta != OAUTH_BETA).collect();
    if kept.is_empty() { None } else { HeaderValue::from_str(&kept.join(",")).ok() }
}

/// Our own proof to the vendor, and the protocol's version where the client named none.
pub(crate) fn authorise(headers: &mut HeaderMap, wire: Wire, vendor: &Vendor) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if wire == Wire::AnthropicMessages {
        headers.entry("anthropic-version").or_insert(HeaderValue::from_static("2023-06-01"));
    }
    if let Some((name, value)) = &vendor.key {
        headers.insert(name.clone(), value.clone());
    }
}

/// The vendor's headers as the client gets them.
pub(crate) fn returned(from: HeaderMap) -> HeaderMap {
    let mut headers = without_kept_back(from);
    headers.reserve(6);
    headers
}

/// Where and how a call was served.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Served<'a> {
    pub wire: Wire,
    pub request: RequestId,
    pub labels: &'a Labels,
    pub decision: &'a str,
    /// Duties that go with the call, separated by commas.
    pub obligations: &'a str,
}

/// Adds what every answer of ours says.
pub(crate) fn mark(headers: &mut HeaderMap, served: Served<'_>, cost: Option<Money>, warnings: &[String]) {
    identify(headers, served.wire, served.request);
    headers.insert("x-offtake-backend", served.labels.backend.clone());
    headers.insert("x-offtake-region", served.labels.region.clone());
    let mut put = |name: &'static str, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.append(name, value);
        }
    };
    put("x-offtake-decision", served.decision);
    if !served.obligations.is_empty() {
        put("x-offtake-obligations", served.obligations);
    }
    if let Some(cost) = cost {
        put("x-offtake-cost", &cost.to_string());
    }
    // A client that leaves out much is told the first of it; a head has its bounds.
    for warning in warnings.iter().take(WARNINGS_MAX) {
        put("x-offtake-warning", warning.get(..WARNING_BYTES_MAX).unwrap_or(warning));
    }
}

/// Adds the request id, by our name and by the protocol's own where no vendor gave one.
pub(crate) fn identify(headers: &mut HeaderMap, wire: Wire, request: RequestId) {
    let Ok(id) = HeaderValue::from_str(&request.to_string()) else { return };
    let own = match wire {
        Wire::AnthropicMessages => "request-id",
        Wire::OpenAiChat => "x-request-id",
        Wire::BedrockConverse | Wire::BedrockInvoke => "x-amzn-requestid",
    };
    headers.entry(own).or_insert_with(|| id.clone());
    headers.insert("x-offtake-request-id", id);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_proves_the_caller_stays_here() {
        let mut from = HeaderMap::new();
        let pairs = [
            ("authorization", "Bearer secret"),
            ("x-api-key", "secret"),
            ("cookie", "secret"),
            ("x-forwarded-for", "secret"),
            ("x-amz-security-token", "secret"),
            ("anthropic-beta", "oauth-2025-04-20,future-2030-01-01"),
            ("anthropic-version", "2023-06-01"),
            ("x-stainless-lang", "python"),
        ];
        for (name, value) in pairs {
            from.insert(name, HeaderValue::from_static(value));
        }
        let sent = forwarded(from);
        assert!(sent.values().all(|value| value != "secret" && value != "Bearer secret"));
        assert_eq!(sent.get("anthropic-beta").unwrap(), "future-2030-01-01");
        assert_eq!(sent.len(), 3);
    }
}
