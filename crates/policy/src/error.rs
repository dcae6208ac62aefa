//! Why policies cannot be read, and why a caller may not.

use std::fmt;
use std::ops::Range;

/// What is wrong with policy files: every mistake that was found, in the order of files and lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyErrors(pub Vec<PolicyError>);

impl std::error::Error for PolicyErrors {}

impl fmt::Display for PolicyErrors {
    /// One a line.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(nth, error)| {
            let end = if nth > 0 { "\n" } else { "" };
            write!(out, "{end}{error}")
        })
    }
}

/// A policy file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {message}{}", .line.map(|line| format!(":{line}")).unwrap_or_default(),
    .mend.as_ref().map(|mend| format!(" ({mend})")).unwrap_or_default())]
pub struct PolicyError {
    /// Which file, from 0 in the order given; none for what is wrong with the schema.
    pub place: Option<usize>,
    /// The file's name as given.
    pub file: String,
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// Bytes of the file it is about, where they are known.
    pub span: Option<Range<usize>>,
    /// What is wrong.
    pub message: String,
    /// The mend, where it is known.
    pub mend: Option<String>,
}

/// Why a caller may not. The text is fit for the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// Nothing permits it.
    #[error("no policy permits `{principal}` to {verb} `{resource}`")]
    NotPermitted {
        /// `organisation/team/subject`.
        principal: String,
        /// `call`, `count tokens with`, `see the spend of`.
        verb: &'static str,
        /// The model, or whatever it is.
        resource: String,
    },
    /// Something forbids it.
    #[error("policy `{policies}` forbids `{principal}` to {verb} `{resource}`")]
    Forbidden {
        /// The ids of the policies.
        policies: String,
        /// `organisation/team/subject`.
        principal: String,
        /// `call`, `count tokens with`, `see the spend of`.
        verb: &'static str,
        /// The model, or whatever it is.
        resource: String,
    },
    /// A policy could not be evaluated, so nobody knows what it would have forbidden.
    #[error("policy `{0}` could not be evaluated")]
    Broken(String),
}

impl Denial {
    /// The ids of the policies that it rests on.
    pub fn policies(&self) -> Vec<String> {
        match self {
            Self::NotPermitted { .. } => Vec::new(),
            Self::Forbidden { policies, .. } | Self::Broken(policies) => {
                policies.split(',').map(str::to_owned).collect()
            }
        }
    }

    /// `deny:` and the ids of the policies that it rests on, for the record; `deny:default` when none permits.
    pub fn decision(&self) -> String {
        match self {
            Self::NotPermitted { .. } => "deny:default".to_owned(),
            Self::Forbidden { policies, .. } | Self::Broken(policies) => format!("deny:{policies}"),
        }
    }
}
