//! What is wrong with an export, where, and how to mend it.

use std::fmt;
use std::ops::Range;

/// One fault of a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct Fault {
    /// What is wrong.
    pub problem: Problem,
    /// Where.
    pub place: Place,
    /// What to do about it, as a sentence; empty when the problem says it all.
    pub mend: String,
}

/// Where in a file a fault lies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Place {
    /// The whole file.
    #[default]
    Whole,
    /// A line of text.
    Line(Box<Line>),
    /// A row of a Parquet file, counted from 1.
    Row(u64),
}

/// A line of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Counted from 1.
    pub number: u64,
    /// What stands there; fields are quoted as they need to be, which may not be as they were.
    pub text: String,
    /// The bytes of `text` at fault.
    pub span: Range<usize>,
}

/// The kinds of fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Needed columns are not there.
    #[error("{} missing", Names(.0))]
    Missing(String),
    /// A column's name stands twice.
    #[error("the column `{0}` stands twice")]
    TwiceNamed(String),
    /// Known, and not what is read here.
    #[error("this is {0}, not a FOCUS Cost and Usage export")]
    OtherFile(&'static str),
    /// Not known.
    #[error("this is no FOCUS Cost and Usage export: {} missing", Names(.0))]
    NotFocus(String),
    /// A value that its column cannot have.
    #[error("`{column}` is `{value}`, which is no {expected}")]
    Value {
        /// The column.
        column: &'static str,
        /// As it stands there.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A value that is not there.
    #[error("`{0}` is empty")]
    Empty(&'static str),
    /// Another currency than before.
    #[error("this charge is in {found}, and those before it in {before}")]
    Mixed {
        /// The currency of this one.
        found: String,
        /// The currency of the others.
        before: String,
    },
    /// Another currency than the deal's.
    #[error("this bill is in {found}, and the deal in {deal}")]
    NotTheDeals {
        /// The currency of the bill.
        found: String,
        /// The currency of the deal.
        deal: String,
    },
    /// A charge that begins after it would be on record.
    #[error("this charge begins on {begins}, after {recorded}, when it is put on record")]
    Early {
        /// When it begins.
        begins: String,
        /// When it is recorded.
        recorded: String,
    },
    /// A fact that would correct one recorded later.
    #[error("the bill of {recorded} would correct a fact that was put on record at {later}")]
    Backwards {
        /// When this is recorded.
        recorded: String,
        /// When that was.
        later: String,
    },
    /// A file that shares some rows with an earlier one, but neither most nor none.
    #[error(
        "this bill has {seen} of {shared} rows looked for of `{earlier}`: is it a newer edition, or a further part?"
    )]
    Unclear {
        /// How many of that file's rows are here.
        seen: usize,
        /// How many were looked for.
        shared: usize,
        /// What that file says of itself.
        earlier: String,
    },
    /// A sum that does not fit.
    #[error("the sum is too large")]
    TooLarge,
    /// The text of the file is damaged.
    #[error("{0}")]
    Text(String),
    /// Not UTF-8.
    #[error("this text is not UTF-8")]
    Encoding,
}

impl Fault {
    /// A fault of the whole file.
    pub(crate) const fn of(problem: Problem) -> Self {
        Self { problem, place: Place::Whole, mend: String::new() }
    }

    /// With the mend.
    #[must_use]
    pub(crate) fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = mend.into();
        self
    }

    /// At this place.
    #[must_use]
    pub(crate) fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// At these bytes of a line.
    #[must_use]
    pub(crate) fn at_line(self, number: u64, text: String, span: Range<usize>) -> Self {
        self.at(Place::Line(Box::new(Line { number, text, span })))
    }
}

/// Names in a list, with the verb that follows.
struct Names<'a>(&'a str);

impl fmt::Display for Names<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, name) in self.0.split(", ").enumerate() {
            write!(out, "{}`{name}`", if at > 0 { ", " } else { "" })?;
        }
        out.write_str(if self.0.contains(", ") { " are" } else { " is" })
    }
}
