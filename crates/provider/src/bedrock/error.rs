//! Bedrock's errors: exception names in a header, a `message` in the body; and exceptions inside streams.

use crate::error::{Error, ErrorKind, VendorError, excerpt, kind_of_status};
use crate::json::{Json, object};
use serde::Deserialize;

/// The exception's name, for the `x-amzn-errortype` header.
pub(crate) fn type_word(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidRequest | ErrorKind::TooLarge => "ValidationException",
        ErrorKind::Authentication | ErrorKind::Permission => "AccessDeniedException",
        ErrorKind::NotFound => "ResourceNotFoundException",
        ErrorKind::RateLimited => "ThrottlingException",
        ErrorKind::Overloaded | ErrorKind::StorageFull | ErrorKind::UpstreamUnavailable => {
            "ServiceUnavailableException"
        }
        ErrorKind::Timeout => "ModelTimeoutException",
        ErrorKind::UpstreamMalformed => "ModelErrorException",
        ErrorKind::Internal => "InternalServerException",
    }
}

/// The exception's name inside a stream, where there are fewer of them.
pub(crate) fn stream_word(kind: ErrorKind, invoke: bool) -> &'static str {
    match kind {
        ErrorKind::InvalidRequest | ErrorKind::TooLarge | ErrorKind::NotFound => "validationException",
        ErrorKind::Authentication | ErrorKind::Permission => "validationException",
        ErrorKind::RateLimited => "throttlingException",
        ErrorKind::Overloaded | ErrorKind::StorageFull | ErrorKind::UpstreamUnavailable => {
            "serviceUnavailableException"
        }
        ErrorKind::Timeout if invoke => "modelTimeoutException",
        ErrorKind::Timeout | ErrorKind::UpstreamMalformed => "modelStreamErrorException",
        ErrorKind::Internal => "internalServerException",
    }
}

/// The kind of an exception by its name; streams write the same names with a small first letter.
pub(crate) fn kind_of_word(word: &str) -> ErrorKind {
    match word.trim_end_matches("Exception").to_ascii_lowercase().as_str() {
        "validation" | "servicequotaexceeded" => ErrorKind::InvalidRequest,
        "accessdenied" => ErrorKind::Permission,
        "unrecognizedclient" | "invalidsignature" | "expiredtoken" => ErrorKind::Authentication,
        "resourcenotfound" => ErrorKind::NotFound,
        "throttling" => ErrorKind::RateLimited,
        "serviceunavailable" | "modelnotready" => ErrorKind::Overloaded,
        "modeltimeout" => ErrorKind::Timeout,
        "modelerror" | "modelstreamerror" => ErrorKind::UpstreamMalformed,
        _ => ErrorKind::UpstreamUnavailable,
    }
}

pub(crate) fn body(error: &Error) -> Json {
    let message = match &error.field {
        Some(field) => format!("{field}: {}", error.message),
        None => error.message.clone(),
    };
    object([("message", message.into())])
}

#[derive(Deserialize)]
struct Body {
    #[serde(alias = "Message")]
    message: String,
}

/// The `message` of a body or of an exception's payload.
pub(crate) fn message(body: &[u8]) -> String {
    serde_json::from_slice::<Body>(body).map_or_else(|_| excerpt(body), |body| body.message)
}

pub(crate) fn decode(status: u16, body: &[u8]) -> VendorError {
    VendorError { kind: kind_of_status(status), message: message(body) }
}
