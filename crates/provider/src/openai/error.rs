//! OpenAI's errors: their words and shape.

use crate::error::{Error, ErrorKind, VendorError, excerpt, kind_of_status};
use crate::json::{Json, object};
use serde::Deserialize;

/// The type word for a kind of failure.
pub(crate) fn type_word(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidRequest | ErrorKind::NotFound | ErrorKind::TooLarge => "invalid_request_error",
        ErrorKind::Authentication => "authentication_error",
        ErrorKind::Permission => "permission_error",
        ErrorKind::RateLimited => "rate_limit_error",
        ErrorKind::Timeout => "timeout_error",
        ErrorKind::Overloaded
        | ErrorKind::StorageFull
        | ErrorKind::UpstreamUnavailable
        | ErrorKind::UpstreamMalformed
        | ErrorKind::Internal => "server_error",
    }
}

/// The code word, which clients compare with.
fn code_word(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::Authentication => Some("invalid_api_key"),
        ErrorKind::NotFound => Some("model_not_found"),
        ErrorKind::RateLimited => Some("rate_limit_exceeded"),
        ErrorKind::Overloaded => Some("overloaded"),
        ErrorKind::StorageFull => Some("storage_full"),
        _ => None,
    }
}

/// The error as a body, and as the data of a stream's last event.
pub(crate) fn body(error: &Error) -> Json {
    let or_null = |text: Option<&str>| text.map_or(Json::Null, Json::from);
    let inner = object([
        ("message", error.message.as_str().into()),
        ("type", type_word(error.kind).into()),
        ("param", or_null(error.field.as_deref())),
        ("code", or_null(code_word(error.kind))),
    ]);
    object([("error", inner)])
}

#[derive(Deserialize)]
struct Body {
    error: Inner,
}

/// The error itself; some servers send only a text, or a number as the code.
#[derive(Deserialize)]
#[serde(untagged)]
enum Inner {
    Full {
        message: String,
        #[serde(rename = "type", default)]
        word: Option<String>,
        #[serde(default)]
        code: Option<serde_json::Value>,
    },
    Text(String),
}

fn kind_of_words(word: Option<&str>, code: Option<&str>) -> Option<ErrorKind> {
    Some(match (word, code) {
        (_, Some("model_not_found")) => ErrorKind::NotFound,
        (_, Some("invalid_api_key")) | (Some("authentication_error"), _) => ErrorKind::Authentication,
        (_, Some("rate_limit_exceeded" | "insufficient_quota"))
        | (Some("rate_limit_error" | "tokens" | "requests" | "insufficient_quota"), _) => {
            ErrorKind::RateLimited
        }
        (Some("permission_error"), _) => ErrorKind::Permission,
        (Some("invalid_request_error"), _) => ErrorKind::InvalidRequest,
        (Some("server_error"), _) => ErrorKind::UpstreamUnavailable,
        _ => return None,
    })
}

/// What the vendor's body says. The status decides first, since this wire's type words are coarse; a
/// stream's error comes with no status of its own (200).
pub(crate) fn decode(status: u16, body: &[u8]) -> VendorError {
    let (message, kind) = match serde_json::from_slice::<Body>(body) {
        Ok(Body { error: Inner::Text(message) }) => (message, None),
        Ok(Body { error: Inner::Full { message, word, code } }) => {
            let code = code.as_ref().and_then(serde_json::Value::as_str);
            (message, kind_of_words(word.as_deref(), code))
        }
        Err(_) => (excerpt(body), None),
    };
    let kind = match status {
        200..=299 => kind.unwrap_or(ErrorKind::UpstreamUnavailable),
        _ => kind_of_status(status),
    };
    VendorError { kind, message }
}
