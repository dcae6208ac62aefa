//! What people do in the portal.

use std::fmt;
use std::str::FromStr;

/// What somebody does in the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Sees models, usage and spend.
    Viewer,
    /// Also commitments, deals and the ledger.
    FinOps,
    /// Also who may call what, and where.
    Compliance,
    /// Everything, and may revoke.
    Admin,
}

impl Role {
    /// Every role, with the word for it.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Viewer, "viewer"),
        (Self::FinOps, "finops"),
        (Self::Compliance, "compliance"),
        (Self::Admin, "admin"),
    ];
}

impl fmt::Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Self::ALL.iter().find(|(role, _)| role == self).map_or("", |(_, word)| *word);
        out.write_str(word)
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(_, word)| *word == text).map(|(role, _)| *role);
        found.ok_or_else(|| format!("`{text}` is no role"))
    }
}
