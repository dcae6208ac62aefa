//! Why policies cannot be read, and why a caller may not.

/// A policy file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {message}", .line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct PolicyError {
    /// The file's name as given.
    pub file: String,
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong, and the mend where it is known.
    pub message: String,
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
