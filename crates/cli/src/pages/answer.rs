//! Answers of the portal: bodies with their headers, and what every one of them tells the browser.

use bytes::Bytes;
use gateway::Body;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION, SET_COOKIE,
    STRICT_TRANSPORT_SECURITY,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

pub const HTML: &str = "text/html; charset=utf-8";
pub const JSON: &str = "application/json";

/// One of a page's own files.
pub fn file(headers: &HeaderMap, asset: &portal::Asset) -> Response<Body> {
    let known = headers.get(IF_NONE_MATCH).is_some_and(|tag| tag.as_bytes() == asset.etag.as_bytes());
    let mut response = if known {
        status(StatusCode::NOT_MODIFIED, Response::new(Body::full(Bytes::new())))
    } else {
        body(asset.content_type, Bytes::from_static(asset.bytes))
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&asset.etag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// Bytes of this kind, to be kept by nobody.
pub fn body(kind: &'static str, bytes: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Body::full(bytes));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The answer with another status.
pub fn status(status: StatusCode, mut response: Response<Body>) -> Response<Body> {
    *response.status_mut() = status;
    response
}

/// A line of text.
pub fn plain(code: StatusCode, text: impl Into<Bytes>) -> Response<Body> {
    status(code, body("text/plain; charset=utf-8", text))
}

/// A page that says one thing.
pub fn message(code: StatusCode, title: &str, text: &str, link: Option<(&str, &str)>) -> Response<Body> {
    status(code, body(HTML, portal::message_page(title, text, link)))
}

/// An error for a program.
pub fn error(code: StatusCode, text: &str) -> Response<Body> {
    status(code, body(JSON, serde_json::json!({ "error": text }).to_string()))
}

/// Sends the browser elsewhere, with cookies.
pub fn redirect(to: &str, cookies: &[String]) -> Response<Body> {
    let Ok(to) = HeaderValue::from_str(to) else {
        return plain(StatusCode::INTERNAL_SERVER_ERROR, "there is no such address\n");
    };
    let mut response = status(StatusCode::SEE_OTHER, body("text/plain; charset=utf-8", Bytes::new()));
    response.headers_mut().insert(LOCATION, to);
    for cookie in cookies {
        if let Ok(cookie) = HeaderValue::from_str(cookie) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
    response
}

/// Every answer of the portal says what a browser may do with it.
pub fn secured(mut response: Response<Body>, over_tls: bool) -> Response<Body> {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(portal::content_security_policy()));
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if over_tls {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}
