//! How much depends on one provider, and what it would cost to leave.
//!
//! Shares are fractions of one. The index is Σ of squared percentages, so one provider alone is 10,000. Only
//! lock-in needs a root and is `f64`.

use crate::sum;
use contract::{Day, Ratio};

/// The index of one provider alone.
const WHOLE: i128 = 10_000;

/// The Herfindahl–Hirschman index of `shares`: 10,000 × Σ share².
pub fn herfindahl(shares: &[Ratio]) -> Ratio {
    Ratio::whole(WHOLE) * sum(shares.iter().map(|share| *share * *share))
}

/// How many providers of equal size would be as concentrated: 10,000 ÷ index.
pub fn effective_providers(index: Ratio) -> Ratio {
    Ratio::whole(WHOLE) / index
}

/// How concentrated that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Band {
    /// Up to 1,000.
    Low,
    /// Above 1,000, up to 1,800.
    Moderate,
    /// Above 1,800.
    High,
}

/// The band of an index, as in the US Merger Guidelines of 2023.
pub fn band(index: Ratio) -> Band {
    if index <= Ratio::whole(1_000) {
        Band::Low
    } else if index <= Ratio::whole(1_800) {
        Band::Moderate
    } else {
        Band::High
    }
}

/// One provider: its share of traffic, and the part of that traffic that passed a portability test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provider {
    /// Of all traffic.
    pub share: Ratio,
    /// Of its own traffic.
    pub portable: Ratio,
}

/// The share of all traffic that could move: Σ share × portable.
pub fn portable_share(providers: &[Provider]) -> Ratio {
    sum(providers.iter().map(|provider| provider.share * provider.portable))
}

/// Each provider's share of all traffic that could not move.
pub fn stuck_shares(providers: &[Provider]) -> Vec<Ratio> {
    providers.iter().map(|provider| provider.share * (Ratio::ONE - provider.portable)).collect()
}

/// Lock-in: (1 − portable share) × √(index ÷ 10,000), between nothing and one.
pub fn lock_in(providers: &[Provider]) -> f64 {
    let shares: Vec<Ratio> = providers.iter().map(|provider| provider.share).collect();
    let stuck = Ratio::ONE - portable_share(providers);
    stuck.to_f64() * (herfindahl(&shares) / Ratio::whole(WHOLE)).to_f64().sqrt()
}

/// One (model, feature, tenant) and when it last passed a replay on another provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Its traffic, in any one unit.
    pub traffic: Ratio,
    /// The day of its latest replay, if that passed.
    pub passed: Option<Day>,
}

/// The share of traffic whose latest replay passed on `as_of` or up to `days` before; no number without traffic.
pub fn tested_share(routes: &[Route], as_of: Day, days: u32) -> Ratio {
    let recent =
        |route: &&Route| route.passed.is_some_and(|day| day <= as_of && day.plus_days(days) >= as_of);
    sum(routes.iter().filter(recent).map(|route| route.traffic))
        / sum(routes.iter().map(|route| route.traffic))
}

/// What leaving costs apart from the work itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaving {
    /// Traffic that never passed a portability test, in any unit.
    pub untested_traffic: Ratio,
    /// What requalifying one unit of it costs.
    pub requalification: Ratio,
    /// See [`crate::commitment::exit_cost`].
    pub termination_fee: Ratio,
    /// Credits that lapse.
    pub lost_credits: Ratio,
    /// Charges for switching, as they may still be asked: nothing for EU customers from 12 January 2027.
    pub switching_charges: Ratio,
}

/// What it costs to move everything.
pub fn switching_cost(leaving: &Leaving) -> Ratio {
    leaving.untested_traffic * leaving.requalification
        + leaving.termination_fee
        + leaving.lost_credits
        + leaving.switching_charges
}
