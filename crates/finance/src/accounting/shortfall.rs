//! A year below its minimum: what is invoiced, what of it is revenue, and what stays owed.

use super::citation::{self, Citation};
use crate::{Error, number};
use contract::Ratio;

/// What the customer gets for a paid shortfall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// Nothing: the right lapses, and the shortfall is revenue.
    Forfeit,
    /// Credit for this share of it; the rest is revenue.
    Credit(Ratio),
}

/// A year settled for the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShortfallYear {
    /// What is invoiced beyond usage.
    pub shortfall: Ratio,
    /// Invoiced in all.
    pub cash: Ratio,
    /// Revenue of the year.
    pub revenue: Ratio,
    /// Contract liability at its end.
    pub liability: Ratio,
    /// What this rests on.
    pub citation: Citation,
}

/// Settles a year of `minimum` in which `used` was used, both after discounts.
pub fn shortfall(minimum: Ratio, used: Ratio, treatment: Treatment) -> ShortfallYear {
    let shortfall = (minimum - used).max(Ratio::ZERO);
    let (share, citation) = match treatment {
        Treatment::Forfeit => (Ratio::ZERO, citation::STAND_READY),
        Treatment::Credit(share) => (share, citation::BREAKAGE),
    };
    let (cash, liability) = (used + shortfall, shortfall * share);
    ShortfallYear { shortfall, cash, revenue: cash - liability, liability, citation }
}

/// Breakage that is expected, recognised as rights are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breakage {
    /// The liability it starts from.
    pub liability: Ratio,
    /// What of it will never be used.
    pub expected: Ratio,
    /// What of it will be.
    pub rights: Ratio,
    /// Breakage for each unit of rights used.
    pub for_each: Ratio,
}

/// Expected breakage on `liability`, of which `share` will never be used.
///
/// # Errors
/// When the share is not from nothing up to, but not including, one: with no use expected there is nothing to be
/// in proportion to, and the liability stays until use is remote.
pub fn breakage(liability: Ratio, share: Ratio) -> Result<Breakage, Error> {
    if !(Ratio::ZERO <= share && share < Ratio::ONE) {
        return Err(Error::Parameter {
            what: "the share of breakage",
            must: "must be at least 0 and below 1",
        });
    }
    let expected = liability * share;
    let rights = liability - expected;
    let for_each = number(share / (Ratio::ONE - share), "breakage for each unit used")?;
    Ok(Breakage { liability, expected, rights, for_each })
}

impl Breakage {
    /// Revenue and the liability left when `used` of the rights are used: the use itself, and its part of the
    /// breakage. Use beyond what was expected takes what is left.
    pub fn redeem(&self, used: Ratio) -> (Ratio, Ratio) {
        let revenue = (used * (Ratio::ONE + self.for_each)).min(self.liability);
        (revenue, self.liability - revenue)
    }
}
