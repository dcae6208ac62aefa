//! Refused tokens in the words of RFC 6749 (5.2), for whoever asks in those of RFC 8693.

use super::Refusal;
use crate::{Body, headers, translate};
use http::header::{CACHE_CONTROL, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use provider::Wire;
use units::RequestId;

/// The refusal under this word.
pub(crate) fn refused(word: &'static str, refusal: &Refusal, request: RequestId) -> Response<Body> {
    let error = serde_json::json!({ "error": word, "error_description": describable(&refusal.to_string()) });
    let mut response = Response::new(Body::full(error.to_string()));
    *response.headers_mut() = translate::json_headers();
    headers::identify(response.headers_mut(), Wire::AnthropicMessages, request);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-offtake-decision", HeaderValue::from_static(refusal.code()));
    let later = word == "temporarily_unavailable";
    if later {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
    }
    *response.status_mut() = match refusal {
        _ if later => StatusCode::SERVICE_UNAVAILABLE,
        Refusal::BodyTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        _ => StatusCode::BAD_REQUEST,
    };
    response
}

/// The letters that a description may have: printable ASCII, without quotes and backslashes.
fn describable(text: &str) -> String {
    let plain = |letter: char| matches!(letter, ' '..='~') && !matches!(letter, '"' | '\\');
    text.chars().map(|letter| if plain(letter) { letter } else { '\'' }).collect()
}
