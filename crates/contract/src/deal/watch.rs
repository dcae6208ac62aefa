//! What to keep an eye on: signals that tell early where a deal goes. No clause, so nobody is bound by one.

use crate::predicate::Condition;
use serde::Deserialize;
use toml::Spanned;

/// A signal.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// Its name.
    pub id: Spanned<String>,
    /// What people call it.
    pub title: Option<String>,
    /// The metric that is read.
    pub metric: Spanned<String>,
    /// The condition under which the deal is on track.
    pub on_track: Spanned<String>,
    /// More about it.
    pub note: Option<String>,
    /// Where this is known from.
    pub source: Option<String>,
    /// Why this is assumed.
    pub assumed: Option<String>,
    /// The condition, read.
    #[serde(skip)]
    pub condition: Option<Condition>,
}
