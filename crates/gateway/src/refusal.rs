//! Every way a request can fail, as the client is told: status, type, message and retry advice, in the client's
//! own protocol. The only file that knows HTTP status codes.

pub(crate) mod oauth;
pub(crate) mod sts;

use crate::Body;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use provider::{ErrorKind, Wire};
use units::RequestId;

/// Why a request is not served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("{}", .0.public())]
    Identity(#[from] identity::Failure),
    #[error("{0}")]
    Policy(#[from] policy::Denial),
    #[error("{}", crate::residency::nowhere(.model, .lawful))]
    Residency { model: String, lawful: std::sync::Arc<geography::Lawful> },
    #[error("{why}; nothing was sent to a model")]
    Retention { why: String, kind: ErrorKind },
    #[error("there is no model `{0}` here; `GET /v1/models` lists those you can use")]
    UnknownModel(String),
    #[error("nothing here answers `{0}` at this path")]
    NoSuchPath(http::Method),
    #[error("send the body as `content-type: application/json`, not `{0}`")]
    ContentType(String),
    #[error("the body is larger than the {0} bytes that are accepted")]
    BodyTooLarge(usize),
    #[error("the request's head is larger than the {0} bytes that are accepted")]
    HeadTooLarge(usize),
    #[error("the body broke off: {0}")]
    BodyBroken(String),
    #[error("{0}")]
    Invalid(#[from] provider::Invalid),
    #[error("{0}")]
    Unsupported(#[from] provider::Unsupported),
    #[error("this plane cannot record another call ({0}); nothing was sent to a model")]
    Journal(#[from] journal::Error),
    #[error("{0}")]
    Upstream(#[from] upstream::Failure),
    #[error("the backend did not accept this plane's own credential; its operator has to mend that")]
    BackendKey,
    #[error("{message}")]
    Vendor { kind: ErrorKind, message: String, retry_after: Option<HeaderValue> },
    #[error("{0}")]
    Malformed(#[from] provider::Malformed),
    #[error("the model cannot take another request now")]
    Busy,
    #[error("the model failed: {0}")]
    Generation(String),
    #[error("model `{0}` cannot count tokens before a call")]
    NoCounting(String),
}

impl Refusal {
    /// A short word for metrics and the decision header: ours, so it can be told from a vendor's (pitfall 42).
    pub fn code(&self) -> &'static str {
        match self {
            Self::Identity(_) => "identity",
            Self::Policy(_) => "policy",
            Self::Residency { .. } => "residency",
            Self::Retention { .. } => "retention",
            Self::UnknownModel(_) => "unknown_model",
            Self::NoSuchPath(_) => "no_such_path",
            Self::ContentType(_) => "content_type",
            Self::BodyTooLarge(_) => "body_too_large",
            Self::HeadTooLarge(_) => "head_too_large",
            Self::BodyBroken(_) => "body_broken",
            Self::Invalid(_) => "invalid_request",
            Self::Unsupported(_) => "unsupported",
            Self::Journal(_) => "journal",
            Self::Upstream(_) => "upstream",
            Self::BackendKey => "backend_key",
            Self::Vendor { .. } => "vendor",
            Self::Malformed(_) => "upstream_malformed",
            Self::Busy => "busy",
            Self::Generation(_) => "generation",
            Self::NoCounting(_) => "no_counting",
        }
    }

    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Identity(failure) => match failure.kind() {
                identity::Kind::Forbidden => ErrorKind::Permission,
                identity::Kind::Request => ErrorKind::InvalidRequest,
                identity::Kind::Later => ErrorKind::UpstreamUnavailable,
                identity::Kind::Missing
                | identity::Kind::Malformed
                | identity::Kind::Invalid
                | identity::Kind::Expired
                | identity::Kind::Skew => ErrorKind::Authentication,
                identity::Kind::Unavailable => ErrorKind::NotFound,
            },
            Self::Policy(_) | Self::Residency { .. } => ErrorKind::Permission,
            Self::UnknownModel(_) | Self::NoSuchPath(_) => ErrorKind::NotFound,
            Self::ContentType(_) | Self::BodyBroken(_) | Self::Invalid(_) | Self::Unsupported(_) => {
                ErrorKind::InvalidRequest
            }
            Self::NoCounting(_) => ErrorKind::InvalidRequest,
            Self::BodyTooLarge(_) | Self::HeadTooLarge(_) => ErrorKind::TooLarge,
            Self::Retention { kind, .. } => *kind,
            Self::Journal(journal::Error::Full(_) | journal::Error::NotDurable(_)) => ErrorKind::StorageFull,
            Self::Journal(_) | Self::Generation(_) => ErrorKind::Internal,
            Self::Upstream(upstream::Failure::Silent(_)) => ErrorKind::Timeout,
            Self::Upstream(_) | Self::BackendKey => ErrorKind::UpstreamUnavailable,
            Self::Vendor { kind, .. } => *kind,
            Self::Malformed(_) => ErrorKind::UpstreamMalformed,
            Self::Busy => ErrorKind::Overloaded,
        }
    }

    /// The field that is wrong, for the protocol that has a place for it; every message names it anyway.
    /// What the log says: the true reason, and nothing that a caller or a vendor wrote.
    pub fn for_log(&self) -> String {
        match self {
            Self::Identity(failure) => failure.to_string(),
            Self::Invalid(provider::Invalid { field, .. })
            | Self::Unsupported(provider::Unsupported { field, .. }) => {
                let field: String =
                    field.chars().filter(|letter| letter.is_ascii_graphic()).take(60).collect();
                format!("field `{field}`")
            }
            Self::Vendor { kind, .. } => format!("the backend refused: {kind:?}"),
            Self::Residency { lawful, .. } => {
                format!("no lawful backend: {}", crate::residency::rules(lawful))
            }
            Self::UnknownModel(_) | Self::ContentType(_) | Self::BodyBroken(_) | Self::Malformed(_) => {
                self.code().to_owned()
            }
            _ => self.to_string(),
        }
    }

    fn field(&self, wire: Wire) -> Option<String> {
        match self {
            _ if wire != Wire::OpenAiChat => None,
            Self::Invalid(invalid) => Some(invalid.field.clone()),
            Self::Unsupported(unsupported) => Some(unsupported.field.clone()),
            Self::UnknownModel(_) => Some("model".to_owned()),
            _ => None,
        }
    }

    /// The answer in the client's own protocol.
    pub fn response(&self, wire: Wire, request: RequestId) -> Response<Body> {
        let kind = self.kind();
        let error = provider::Error {
            kind,
            message: self.to_string(),
            field: self.field(wire),
            request_id: request.to_string(),
        };
        let mut response = Response::new(Body::full(provider::encode_error(wire, &error)));
        *response.status_mut() = status(kind, wire);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert("x-offtake-decision", HeaderValue::from_static(self.code()));
        if let Some(word) = provider::error_type_header(wire, kind) {
            headers.insert("x-amzn-errortype", HeaderValue::from_static(word));
        }
        if is_final(kind) {
            // The SDKs' own word for it; without it some agents repeat even a 401.
            headers.insert("x-should-retry", HeaderValue::from_static("false"));
        }
        if let Self::Vendor { retry_after: Some(after), .. } = self {
            headers.insert(RETRY_AFTER, after.clone());
        }
        if matches!(self, Self::Identity(failure) if failure.kind() == identity::Kind::Later) {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
        }
        if matches!(kind, ErrorKind::StorageFull) {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("30"));
        }
        response
    }
}

/// Whether the same request would be refused again.
const fn is_final(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::InvalidRequest
            | ErrorKind::Authentication
            | ErrorKind::Permission
            | ErrorKind::NotFound
            | ErrorKind::TooLarge
    )
}

/// The status each protocol uses for a kind of failure (reference: the vendors' own tables).
pub(crate) fn status(kind: ErrorKind, wire: Wire) -> StatusCode {
    let bedrock = matches!(wire, Wire::BedrockConverse | Wire::BedrockInvoke);
    match kind {
        ErrorKind::InvalidRequest => StatusCode::BAD_REQUEST,
        ErrorKind::Authentication if bedrock => StatusCode::FORBIDDEN,
        ErrorKind::Authentication => StatusCode::UNAUTHORIZED,
        ErrorKind::Permission => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::TooLarge if bedrock => StatusCode::BAD_REQUEST,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Overloaded if wire == Wire::AnthropicMessages => {
            StatusCode::from_u16(529).unwrap_or(StatusCode::SERVICE_UNAVAILABLE)
        }
        ErrorKind::Overloaded | ErrorKind::StorageFull => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Timeout if bedrock => StatusCode::REQUEST_TIMEOUT,
        ErrorKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        ErrorKind::UpstreamUnavailable if bedrock => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::UpstreamMalformed if bedrock => StatusCode::FAILED_DEPENDENCY,
        ErrorKind::UpstreamUnavailable | ErrorKind::UpstreamMalformed => StatusCode::BAD_GATEWAY,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A plain word for a machine that only looks at the status.
pub(crate) fn plain(available: bool, text: impl Into<bytes::Bytes>) -> Response<Body> {
    let mut response = Response::new(Body::full(text));
    if !available {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
