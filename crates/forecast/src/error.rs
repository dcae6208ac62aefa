//! What can be wrong with a scenario, or with what a forecast is asked of a deal.

use std::ops::Range;

/// One fault in a scenario file, or in what it is asked to forecast.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{problem}")]
pub struct Error {
    /// What is wrong.
    pub problem: Problem,
    /// The bytes of the scenario file it lies in; nothing when it lies in no file.
    pub span: Option<Range<usize>>,
    /// What to do about it; empty when the problem says it all.
    pub mend: String,
}

/// The kinds of fault.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Problem {
    /// Not TOML, or not of a scenario's shape.
    #[error("{0}")]
    Shape(String),
    /// A name that leads nowhere.
    #[error("there is no {what} `{name}`")]
    Unknown {
        /// What kind of thing.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A number outside what a parameter allows.
    #[error("`{path}` is `{given}`; it lies between {min} and {max}")]
    Range {
        /// The parameter.
        path: String,
        /// As given.
        given: f64,
        /// The least it may be.
        min: f64,
        /// The most.
        max: f64,
    },
    /// A value of another kind than the parameter's.
    #[error("`{path}` is {wanted}")]
    Kind {
        /// The parameter.
        path: String,
        /// What it is.
        wanted: String,
    },
    /// Parameters that contradict each other.
    #[error("{0}")]
    Clause(String),
    /// The deal itself cannot be computed with.
    #[error(transparent)]
    Deal(#[from] contract::Error),
}

impl Error {
    pub(crate) fn at(span: Range<usize>, problem: Problem, mend: impl Into<String>) -> Self {
        Self { problem, span: Some(span), mend: mend.into() }
    }

    pub(crate) fn clause(what: impl Into<String>) -> Self {
        Self { problem: Problem::Clause(what.into()), span: None, mend: String::new() }
    }
}

impl From<contract::Error> for Error {
    fn from(error: contract::Error) -> Self {
        Self { mend: error.mend.clone(), span: None, problem: error.into() }
    }
}

/// The known name that differs least from `given`, when it differs little.
pub(crate) fn nearest<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = given.chars().count() / 3 + 1;
    known
        .map(|name| (distance(given, name), name))
        .filter(|(far, _)| *far <= allowed)
        .min()
        .map(|(_, name)| name)
}

/// How many characters must be put in, taken out or changed.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.chars().enumerate() {
            let changed = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.chars().count()]
}
