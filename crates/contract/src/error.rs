//! What is wrong with a deal file, where, and how to mend it.

use crate::day::Day;
use std::ops::Range;
use units::MoneyError;

/// One fault in a deal file, or in an amount computed from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct Error {
    /// What is wrong.
    pub problem: Problem,
    /// The bytes of the file it lies in; nothing when it lies in no file.
    pub span: Option<Range<usize>>,
    /// What to do about it, as a sentence; empty when the problem says it all.
    pub mend: String,
}

/// Where in the text a fault begins: for people, so both count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place<'a> {
    /// Line.
    pub line: usize,
    /// Column, in characters.
    pub column: usize,
    /// That line's text.
    pub text: &'a str,
}

/// The kinds of fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Not TOML, or not of a deal file's shape.
    #[error("{0}")]
    Shape(String),
    /// A name given twice where each must be its own.
    #[error("there is a second {what} `{id}`")]
    Duplicate {
        /// What kind of thing.
        what: &'static str,
        /// The name.
        id: String,
    },
    /// A name that leads nowhere.
    #[error("there is no {what} `{id}`")]
    Unknown {
        /// What kind of thing.
        what: &'static str,
        /// The name.
        id: String,
    },
    /// An end that does not come after its beginning.
    #[error("`{to}` does not come after `{from}`")]
    Order {
        /// Beginning.
        from: String,
        /// End.
        to: String,
    },
    /// A number outside what the clause allows.
    #[error("{what} is `{given}`")]
    Range {
        /// Which number.
        what: &'static str,
        /// As given.
        given: String,
    },
    /// Parts that add up to more than the whole.
    #[error("{parts} add up to {sum}, more than {whole}")]
    Exceeds {
        /// What was added.
        parts: &'static str,
        /// Their sum, with its currency.
        sum: String,
        /// What they may reach, with its currency.
        whole: String,
    },
    /// Two clauses that exclude each other, or one that needs another.
    #[error("{0}")]
    Clause(&'static str),
    /// An amount that cannot be read or computed.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Problem {
    pub(crate) fn order(from: Day, to: Day) -> Self {
        Self::Order { from: from.to_string(), to: to.to_string() }
    }
}

impl Error {
    pub(crate) fn at(span: Range<usize>, problem: Problem, mend: impl Into<String>) -> Self {
        Self { problem, span: Some(span), mend: mend.into() }
    }

    pub(crate) const fn clause(what: &'static str) -> Self {
        Self { problem: Problem::Clause(what), span: None, mend: String::new() }
    }

    /// The line and column in `text`, the file this came from.
    pub fn place<'a>(&self, text: &'a str) -> Option<Place<'a>> {
        let before = text.get(..self.span.as_ref()?.start)?;
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        let column = before[start..].chars().count() + 1;
        Some(Place { line, column, text: text[start..].lines().next().unwrap_or("") })
    }
}

impl From<MoneyError> for Error {
    fn from(error: MoneyError) -> Self {
        Self { problem: error.into(), span: None, mend: String::new() }
    }
}

impl From<toml::de::Error> for Error {
    fn from(error: toml::de::Error) -> Self {
        let message = error.message().trim().to_owned();
        Self { mend: mend_shape(&message), problem: Problem::Shape(message), span: error.span() }
    }
}

/// The mend for what the TOML reader says, whose messages quote names in backticks.
fn mend_shape(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let first = quoted.next().unwrap_or("");
    if message.starts_with("unknown field") {
        return match nearest(first, quoted) {
            Some(known) => format!("did you mean `{known}`?"),
            None => "remove it, or keep it as a comment".to_owned(),
        };
    }
    if message.starts_with("missing field") {
        return format!("add `{first}`");
    }
    if message.starts_with("unknown variant") {
        let words: Vec<String> = quoted.map(|word| format!("`{word}`")).collect();
        return format!("write {}", words.join(" or "));
    }
    let known = MENDS.into_iter().find(|(part, _)| message.contains(part));
    known.map_or("`offtake check --deal-schema` says what may stand here", |(_, mend)| mend).to_owned()
}

/// Parts of messages, and the mend for each.
const MENDS: [(&str, &str); 15] = [
    ("expected a decimal number in quotes", "put it in quotes, so that it stays exact"),
    ("is not a decimal number", "write digits, with a point or an exponent if need be"),
    ("decimal places", "round it to twelve places"),
    ("is too large", "write a smaller number: amounts lie below 1e26"),
    ("is not a currency code", "write its three capital letters"),
    ("how far it is from UTC", "end it with `Z`, or with its offset such as `+02:00`"),
    ("is not a date", "write a day of the calendar, such as `2026-04-20`"),
    ("invalid date", "write a day of the calendar, such as `2026-04-20`"),
    ("duplicate key", "keep one of them"),
    ("a condition cannot be empty", "write `at_signing` when there is none"),
    ("or a condition in quotes", "write one of them"),
    ("expected u", "write a whole number, without quotes"),
    ("expected a string", "put it in quotes"),
    ("expected a boolean", "write `true` or `false`"),
    ("expected a sequence", "put it in brackets: `[ … ]`"),
];

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
