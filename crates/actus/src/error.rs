//! What can be wrong with an instrument. Every message names the term, so that it can be mended.

use jiff::civil::DateTime;

/// Why no schedule can be derived.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A term this contract type cannot do without.
    #[error("`{term}` is missing; {contract} needs it")]
    Missing {
        /// The term's ACTUS name.
        term: &'static str,
        /// The contract type, such as `PAM`.
        contract: &'static str,
    },
    /// A term whose value cannot be read.
    #[error("`{term}` is `{text}`, and should be {expected}")]
    Unreadable {
        /// The term's ACTUS name.
        term: String,
        /// What stands there.
        text: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// A name that is no term.
    #[error("`{term}` is not a term that is understood")]
    Unknown {
        /// The name as written.
        term: String,
        /// The name it may have been meant to be.
        near: Option<String>,
    },
    /// Terms that can be read and cannot hold.
    #[error("`{term}` {reason}")]
    Refused {
        /// The term's ACTUS name.
        term: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The market was asked for something it does not show.
    #[error("`{code}` is not observed at {time}")]
    NotObserved {
        /// The market object code.
        code: String,
        /// When it is needed.
        time: DateTime,
    },
}

impl Error {
    /// What to do about it, where the message does not say.
    #[must_use]
    pub fn mend(&self) -> Option<String> {
        match self {
            Self::Missing { term: "terms", .. } => Some("put the terms under `[terms]`".to_owned()),
            Self::Missing { term, .. } => Some(format!("add `{term} = …` to the terms")),
            Self::Unknown { near, .. } => near.as_ref().map(|near| format!("did you mean `{near}`?")),
            Self::NotObserved { code, time } => {
                Some(format!("add `{} = …` under `[dataObserved.{code}]`", time.date()))
            }
            Self::Unreadable { .. } | Self::Refused { .. } => None,
        }
    }

    /// A name that is none of the known ones.
    pub(crate) fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Self {
        let allowed = name.chars().count() / 3 + 1;
        let far = |known: &'a str| (distance(name, known), known);
        let near = known.map(far).min().filter(|(far, _)| *far <= allowed);
        Self::Unknown { term: name.to_owned(), near: near.map(|(_, near)| near.to_owned()) }
    }

    pub(crate) fn refused(term: &'static str, reason: impl Into<String>) -> Self {
        Self::Refused { term, reason: reason.into() }
    }
}

/// How many characters must be put in, taken out or changed to make one text the other.
fn distance(a: &str, b: &str) -> usize {
    let mut above: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut row = vec![i + 1];
        for ((right, diagonal), up) in b.chars().zip(&above).zip(above.iter().skip(1)) {
            let before = row.last().copied().unwrap_or(i + 1);
            row.push((diagonal + usize::from(left != right)).min(up + 1).min(before + 1));
        }
        above = row;
    }
    above.last().copied().unwrap_or(0)
}
