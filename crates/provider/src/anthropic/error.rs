//! Anthropic's errors: their words and shape.

use crate::error::{Error, ErrorKind, VendorError, excerpt, kind_of_status};
use crate::json::{Json, object};
use serde::Deserialize;

/// The type word for a kind of failure.
pub(crate) fn type_word(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidRequest => "invalid_request_error",
        ErrorKind::Authentication => "authentication_error",
        ErrorKind::Permission => "permission_error",
        ErrorKind::NotFound => "not_found_error",
        ErrorKind::TooLarge => "request_too_large",
        ErrorKind::RateLimited => "rate_limit_error",
        ErrorKind::Overloaded | ErrorKind::StorageFull => "overloaded_error",
        ErrorKind::Timeout => "timeout_error",
        ErrorKind::UpstreamUnavailable | ErrorKind::UpstreamMalformed | ErrorKind::Internal => "api_error",
    }
}

fn kind_of_word(word: &str) -> Option<ErrorKind> {
    Some(match word {
        "invalid_request_error" => ErrorKind::InvalidRequest,
        "authentication_error" => ErrorKind::Authentication,
        "permission_error" | "billing_error" => ErrorKind::Permission,
        "not_found_error" => ErrorKind::NotFound,
        "request_too_large" => ErrorKind::TooLarge,
        "rate_limit_error" => ErrorKind::RateLimited,
        "overloaded_error" => ErrorKind::Overloaded,
        "timeout_error" => ErrorKind::Timeout,
        "api_error" => ErrorKind::UpstreamUnavailable,
        _ => return None,
    })
}

/// The error as a body, and as the data of a stream's `error` event.
pub(crate) fn body(error: &Error) -> Json {
    let message = match &error.field {
        Some(field) => format!("{field}: {}", error.message),
        None => error.message.clone(),
    };
    let inner = object([("type", type_word(error.kind).into()), ("message", message.into())]);
    object([("type", "error".into()), ("error", inner), ("request_id", error.request_id.as_str().into())])
}

#[derive(Deserialize)]
struct Body {
    error: Inner,
}

#[derive(Deserialize)]
struct Inner {
    #[serde(rename = "type", default)]
    word: String,
    #[serde(default)]
    message: String,
}

/// What the vendor's body says; without a known word the status decides.
pub(crate) fn decode(status: u16, body: &[u8]) -> VendorError {
    match serde_json::from_slice::<Body>(body) {
        Ok(Body { error }) => VendorError {
            kind: kind_of_word(&error.word).unwrap_or_else(|| kind_of_status(status)),
            message: if error.message.is_empty() { excerpt(body) } else { error.message },
        },
        Err(_) => VendorError { kind: kind_of_status(status), message: excerpt(body) },
    }
}
