//! Three-valued truth, for one case or for many side by side.

use std::ops::{BitAnd, BitOr, Not};

/// Where something is true and where it is false; where it is neither, it is unknown. It is never both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Kleene<M> {
    /// Where it is true.
    pub yes: M,
    /// Where it is false.
    pub no: M,
}

impl<M: Copy + BitAnd<Output = M> + BitOr<Output = M> + Not<Output = M>> Kleene<M> {
    /// Certain: true where the mask holds, false elsewhere.
    pub fn certain(mask: M) -> Self {
        Self { yes: mask, no: !mask }
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { yes: self.yes & other.yes, no: self.no | other.no }
    }

    /// Either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self { yes: self.yes | other.yes, no: self.no & other.no }
    }

    /// If this, then `other`.
    #[must_use]
    pub fn implies(self, other: Self) -> Self {
        self.negated().or(other)
    }

    /// The opposite.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self { yes: self.no, no: self.yes }
    }

    /// Where it is neither true nor false.
    pub fn unknown(self) -> M {
        !(self.yes | self.no)
    }
}

impl Kleene<bool> {
    /// True.
    pub const YES: Self = Self { yes: true, no: false };
    /// False.
    pub const NO: Self = Self { yes: false, no: true };
    /// Not known.
    pub const UNKNOWN: Self = Self { yes: false, no: false };

    /// The answer, when there is one.
    pub const fn known(self) -> Option<bool> {
        match (self.yes, self.no) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            _ => None,
        }
    }
}

impl From<Option<bool>> for Kleene<bool> {
    fn from(known: Option<bool>) -> Self {
        known.map_or(Self::UNKNOWN, Self::certain)
    }
}
