//! An AWS access key, and how far the clocks of those who sign may differ.

use crate::principal::Owner;
use units::Timestamp;

/// How far the request's date may be from ours, either way.
pub const SKEW_SECONDS_MAX: i64 = 300;

/// An AWS access key that the directory knows.
#[derive(Clone)]
pub struct AccessKey {
    /// `AKIA…` or `ASIA…`.
    pub id: String,
    /// The secret access key.
    pub secret: String,
    /// The session token that must come with it, for temporary keys.
    pub session_token: Option<String>,
    /// Whom it speaks for.
    pub owner: Owner,
    /// When it ends.
    pub expires: Option<Timestamp>,
}
