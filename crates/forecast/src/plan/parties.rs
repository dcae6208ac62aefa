//! Whose money moves which way.

use super::commitments::CommitmentPlan;
use super::shares::SharePlan;
use super::tranches::{Kind, TranchePlan};
use crate::scenario::Scenario;
use crate::timeline::Timeline;
use contract::Deal;

/// A party with money in the deal.
#[derive(Debug, Clone)]
pub(crate) struct PartyPlan {
    pub id: String,
    pub name: String,
    pub roles: Vec<String>,
    /// Its discount rate, a year.
    pub rate: f64,
    /// By step: what one at its end is worth at signing.
    pub factors: Vec<f64>,
    /// By commitment: what it gets of what is paid (−1 for whom it costs).
    pub cash: Vec<f64>,
    /// By commitment: whether it bears the cost of serving.
    pub cost: Vec<f64>,
    /// By tranche: what it gets of what is released.
    pub released: Vec<f64>,
    /// By share of revenue: what it gets of what is paid.
    pub shares: Vec<f64>,
    /// By tranche: whether it holds the equity that it buys (−1 for whom it is given away by).
    pub holds: Vec<f64>,
}

/// By step: what one at its end is worth at signing, at a rate a year.
pub(super) fn factors(rate: f64, time: &Timeline) -> Vec<f64> {
    let log = sampling::ln(1.0 + rate);
    (0..time.steps()).map(|step| sampling::exp(-log * time.years_to(step))).collect()
}

/// The parties of `deal` with money in it.
pub(super) fn parties(
    deal: &Deal,
    scenario: &Scenario,
    time: &Timeline,
    (commitments, tranches, shares): (&[CommitmentPlan], &[TranchePlan], &[SharePlan]),
    notes: &mut Vec<String>,
) -> Vec<PartyPlan> {
    let flag = |yes: bool| f64::from(u8::from(yes));
    let mut plans = Vec::new();
    for party in deal.parties.get_ref() {
        let id = party.id.get_ref();
        let is = |named: &Option<String>| flag(named.as_ref() == Some(id));
        let cash: Vec<f64> = commitments.iter().map(|c| is(&c.payee) - is(&c.payer)).collect();
        let released: Vec<f64> = tranches
            .iter()
            .map(|t| if t.kind == Kind::Given { 0.0 } else { is(&t.issuer) - is(&t.investor) })
            .collect();
        let holds: Vec<f64> = tranches
            .iter()
            .map(|t| match t.kind {
                Kind::Equity | Kind::Convertible(_) => is(&t.investor),
                Kind::Given => is(&t.issuer) - is(&t.investor),
                Kind::Money => 0.0,
            })
            .collect();
        let shares: Vec<f64> = shares.iter().map(|share| is(&share.payee) - is(&share.payer)).collect();
        if cash.iter().chain(&released).chain(&holds).chain(&shares).all(|part| *part == 0.0) {
            continue;
        }
        let pays = cash.iter().any(|part| *part < 0.0) || released.iter().any(|part| *part > 0.0);
        let rate = if pays { "value.rate.customer" } else { "value.rate.vendor" };
        plans.push(PartyPlan {
            id: id.clone(),
            name: party.name().to_owned(),
            roles: party.roles.clone(),
            factors: factors(scenario.number(rate), time),
            rate: scenario.number(rate),
            cost: commitments.iter().map(|c| is(&c.payee)).collect(),
            holds,
            cash,
            released,
            shares,
        });
    }
    if commitments.iter().any(|c| c.payer.is_none() || c.payee.is_none()) {
        notes.push("Who pays or who is paid is not clear from the parties' roles; name `payer` and `payee` in the commitment.".to_owned());
    }
    if !deal.investments.is_empty() {
        notes.push(
            "Money put in before this deal is no part of its value here: it is spent whatever happens."
                .to_owned(),
        );
    }
    plans
}
