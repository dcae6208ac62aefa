//! What an expression is a value of. Kinds keep power from being compared with money.

use std::fmt;

/// What an expression is a value of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An amount in the deal's currency, in whole units.
    Money,
    /// Gigawatts.
    Power,
    /// A number of things.
    Count,
    /// A share, a score, a rate.
    Ratio,
    /// A bare number: it takes the kind of what it is compared with or added to.
    Number,
    /// A calendar day, UTC.
    Date,
    /// A length of time, in days.
    Duration,
    /// Yes or no.
    Bool,
    /// Text.
    Text,
    /// A list of texts or of numbers.
    Set,
}

impl Kind {
    /// Whether a value of this kind is a number that may be added to, or compared with, one of its kind.
    pub const fn is_numeric(self) -> bool {
        matches!(self, Self::Money | Self::Power | Self::Count | Self::Ratio | Self::Number | Self::Duration)
    }

    /// Whether a value of this kind may multiply or divide any number.
    pub(crate) const fn is_scalar(self) -> bool {
        matches!(self, Self::Count | Self::Ratio | Self::Number)
    }

    /// The kind both can be read as; nothing when they do not fit.
    pub(crate) fn joined(self, other: Self) -> Option<Self> {
        match (self, other) {
            (a, b) if a == b => Some(a),
            // A bare number is no length of time: thirty what?
            (Self::Number, kind) | (kind, Self::Number) if kind.is_numeric() && kind != Self::Duration => {
                Some(kind)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Money => "money",
            Self::Power => "power",
            Self::Count => "a count",
            Self::Ratio => "a ratio",
            Self::Number => "a number",
            Self::Date => "a date",
            Self::Duration => "a duration",
            Self::Bool => "yes or no",
            Self::Text => "text",
            Self::Set => "a list",
        })
    }
}
