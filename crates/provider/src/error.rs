//! What can be wrong: with a request, with an answer, or at a vendor; and the words each wire has for it.
//!
//! Status codes are deliberately absent: the gateway's `refusal.rs` owns them. The one exception reads a
//! *vendor's* status in [`crate::decode_error`], where a body alone does not say what happened.

/// The request is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}`: {message}")]
pub struct Invalid {
    /// The path of the offending field, such as `messages[0].role`; `body` when there is no JSON at all.
    pub field: String,
    /// What is wrong with it and how to mend it.
    pub message: String,
}

impl Invalid {
    /// A wrong `field`.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// The conversation holds something the other wire cannot say, and leaving it out would change the meaning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` cannot be carried to this model: {why}")]
pub struct Unsupported {
    /// The path of the field.
    pub field: String,
    /// Why it cannot be carried.
    pub why: String,
}

impl Unsupported {
    pub(crate) fn new(field: impl Into<String>, why: impl Into<String>) -> Self {
        Self { field: field.into(), why: why.into() }
    }
}

/// The vendor's bytes are not what its protocol says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// A field is missing, of another type, or absurd.
    #[error("the answer is not as its protocol says: {0}")]
    Shape(String),
    /// A frame or an event is broken.
    #[error("the stream is broken: {0}")]
    Frame(String),
    /// One event is larger than any real one.
    #[error("one event of the stream is larger than {limit} bytes")]
    TooLarge {
        /// The bound, in bytes.
        limit: usize,
    },
    /// The stream ended before its terminal event (pitfall 3).
    #[error("the stream ended before its last event")]
    Truncated,
}

impl From<Invalid> for Malformed {
    fn from(invalid: Invalid) -> Self {
        Self::Shape(invalid.to_string())
    }
}

/// What kind of failure it is; each wire has its own words for these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request is wrong.
    InvalidRequest,
    /// Nobody knows who is asking.
    Authentication,
    /// The caller is known and may not.
    Permission,
    /// There is no such model or path.
    NotFound,
    /// The body is larger than allowed.
    TooLarge,
    /// Too many calls or tokens; try later.
    RateLimited,
    /// The vendor or the plane has no room right now.
    Overloaded,
    /// It took too long.
    Timeout,
    /// The vendor could not be reached or broke off.
    UpstreamUnavailable,
    /// The vendor answered with something that is not its protocol.
    UpstreamMalformed,
    /// A fault of our own.
    Internal,
    /// Our own disk is full: nothing new can be recorded, so nothing new is served.
    StorageFull,
}

/// An error to tell a client, in whatever wire it speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Its kind, which gives the wire's type word.
    pub kind: ErrorKind,
    /// What happened, for a person.
    pub message: String,
    /// The offending field, where one is known.
    pub field: Option<String>,
    /// Our request id.
    pub request_id: String,
}

/// A vendor's error, as read from its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorError {
    /// Its kind.
    pub kind: ErrorKind,
    /// The vendor's message, or the beginning of its body when there is none.
    pub message: String,
}

/// How much of a body that is no JSON is shown in a message, in characters.
const EXCERPT: usize = 200;

/// The beginning of a body that says nothing in its own protocol: an HTML page, a proxy's word.
pub(crate) fn excerpt(body: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(body).trim().chars().take(EXCERPT).collect();
    if text.is_empty() { "no message".to_owned() } else { text }
}

/// What a vendor's status says when its body does not.
pub(crate) fn kind_of_status(status: u16) -> ErrorKind {
    match status {
        401 => ErrorKind::Authentication,
        402 | 403 => ErrorKind::Permission,
        404 => ErrorKind::NotFound,
        413 => ErrorKind::TooLarge,
        408 | 504 => ErrorKind::Timeout,
        429 => ErrorKind::RateLimited,
        503 | 529 => ErrorKind::Overloaded,
        500..=599 => ErrorKind::UpstreamUnavailable,
        400..=499 => ErrorKind::InvalidRequest,
        _ => ErrorKind::UpstreamMalformed,
    }
}
