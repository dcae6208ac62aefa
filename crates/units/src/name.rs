//! Names, checked once where they enter: printable, no control characters, at most 256 bytes.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Why a text cannot be a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing there.
    #[error("a {0} cannot be empty")]
    Empty(&'static str),
    /// Over 256 bytes.
    #[error("a {0} has at most 256 bytes")]
    TooLong(&'static str),
    /// A control character or line break.
    #[error("a {0} has no control characters")]
    Control(&'static str),
}

fn check(what: &'static str, text: &str) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty(what));
    }
    if text.len() > 256 {
        return Err(NameError::TooLong(what));
    }
    if text.chars().any(char::is_control) {
        return Err(NameError::Control(what));
    }
    Ok(())
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(Arc<str>);

        impl $type {
            /// The checked name.
            ///
            /// # Errors
            /// When the text is empty, over 256 bytes or holds control characters.
            pub fn new(text: impl AsRef<str>) -> Result<Self, NameError> {
                check($what, text.as_ref())?;
                Ok(Self(Arc::from(text.as_ref())))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl std::borrow::Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }
    };
}

name!(
    /// The name a caller asks a model by.
    ModelName,
    "model name"
);
name!(
    /// The name of a place a call can be sent to.
    BackendName,
    "backend name"
);
name!(
    /// Where inference runs, in the operator's words: `us-east-1`, `local`.
    Region,
    "region"
);
name!(
    /// The organisation that pays.
    Organisation,
    "organisation"
);
name!(
    /// A team within an organisation.
    Team,
    "team"
);
name!(
    /// Who calls: a person or a workload, unique within its organisation.
    Subject,
    "subject"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_once() {
        assert_eq!(ModelName::new("claude-demo").unwrap().as_str(), "claude-demo");
        assert_eq!(ModelName::new(""), Err(NameError::Empty("model name")));
        assert_eq!(Team::new("a\nb"), Err(NameError::Control("team")));
        assert_eq!(Region::new("x".repeat(257)), Err(NameError::TooLong("region")));
    }
}
