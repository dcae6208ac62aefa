//! What a condition may ask about the deal itself, beside its metrics.

use crate::predicate::calendar::Window;
use crate::predicate::syntax::id;
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

impl fmt::Display for State {
    /// As a condition asks for it: `in_default(labco)`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InDefault(party) => write!(out, "in_default({})", id(party)),
            Self::Sanctions => out.write_str("sanctions"),
            Self::ForceMajeure => out.write_str("force_majeure"),
            Self::ExportControl => out.write_str("export_control"),
            Self::ChangeOfControl(party) => write!(out, "change_of_control({})", id(party)),
            Self::Released(tranche) => write!(out, "released({})", id(tranche)),
            Self::Met(tranche) => write!(out, "met({})", id(tranche)),
            Self::PaymentDefault => out.write_str("payment_default"),
            Self::CapacityLate(None) => out.write_str("capacity_late"),
            Self::CapacityLate(Some(grant)) => write!(out, "capacity_late({})", id(grant)),
            Self::ResidencyBreach => out.write_str("residency_breach"),
            Self::CovenantBreach(covenant) => write!(out, "covenant_breach({})", id(covenant)),
            Self::Remaining(stream) => stream.fmt(out),
            Self::ClawbackDiscounts => out.write_str("clawback(discounts)"),
            Self::ClawbackCredits => out.write_str("clawback(credits)"),
            Self::Drawn(None) => out.write_str("drawn"),
            Self::Drawn(Some(commitment)) => write!(out, "drawn({})", id(commitment)),
            Self::PortabilityTestedShare(window) => write!(out, "portability_tested_share({window})"),
            Self::SiliconShare(silicon, window) => write!(out, "silicon_share({}, {window})", id(silicon)),
            Self::ProviderShare(provider, window) => {
                write!(out, "provider_share({}, {window})", id(provider))
            }
        }
    }
}
