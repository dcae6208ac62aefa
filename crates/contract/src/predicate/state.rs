//! What a condition may ask about the deal itself, beside its metrics.

use crate::predicate::calendar::Window;
use std::fmt;

/// A question about the deal's own state. A [`World`](crate::predicate::World) answers in numbers: yes is one
/// and no is zero, money in whole units of currency, durations in days, shares between zero and one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Whether a party is in default.
    InDefault(String),
    /// Whether sanctions forbid performing.
    Sanctions,
    /// Whether force majeure is declared.
    ForceMajeure,
    /// Whether export controls keep capacity from being delivered.
    ExportControl,
    /// Whether control over a party has changed.
    ChangeOfControl(String),
    /// Whether a tranche is signed or funded.
    Released(String),
    /// Whether a tranche's condition has been met.
    Met(String),
    /// For how long a payment has been overdue; zero when none is.
    PaymentDefault,
    /// For how long capacity has been late: a grant's, or the latest of all.
    CapacityLate(Option<String>),
    /// For how long a breach of residency has stood.
    ResidencyBreach,
    /// For how long a covenant has been in breach.
    CovenantBreach(String),
    /// What of the minimums is still to be reached, undiscounted.
    Remaining(Stream),
    /// What of discounts given would have to be paid back.
    ClawbackDiscounts,
    /// What of credits given would have to be paid back.
    ClawbackCredits,
    /// What a commitment, or all of them, has drawn down.
    Drawn(Option<String>),
    /// The share of traffic whose route passed a replay on another provider within the window.
    PortabilityTestedShare(Window),
    /// The share of traffic on a silicon within the window.
    SiliconShare(String, Window),
    /// The share of spend with a provider within the window.
    ProviderShare(String, Window),
}

/// Dated amounts still to be paid, which a formula may discount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// The minimums not yet reached, each due at the end of its contract year.
    RemainingMinimums,
}

impl fmt::Display for Stream {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("remaining_minimums")
    }
}
