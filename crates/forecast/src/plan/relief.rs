//! What late capacity takes off a year's minimum: by the contract's own rule, the part of what was due that was not there,
//! over the days of the year.

use crate::timeline::Timeline;
use contract::Deal;
use contract::deal::{Capacity, Relief};

/// Grants whose lateness lowers minimums.
#[derive(Debug, Clone)]
pub(crate) struct ReliefPlan {
    /// By step: gigawatts due, and the step's part of its contract year.
    pub due: Vec<f64>,
    pub part: Vec<f64>,
    /// By commitment: whether its minimums are lowered.
    pub lowers: Vec<bool>,
    /// Whether what events take away is excused, so that only lateness counts.
    pub excuses: bool,
}

/// The relief that `deal` gives; none where no grant in gigawatts gives any.
pub(super) fn relief(
    deal: &Deal,
    time: &Timeline,
    commitments: &[String],
    notes: &mut Vec<String>,
) -> Option<ReliefPlan> {
    let gives = |grant: &&Capacity| {
        grant.late.as_ref().is_some_and(|late| late.relief == Some(Relief::ReduceYearMinProRata))
    };
    let all: Vec<&Capacity> = deal.capacity.iter().filter(gives).collect();
    let grants: Vec<&Capacity> = all.iter().copied().filter(|grant| grant.unit == "GW").collect();
    if grants.len() < all.len() {
        notes.push("Late capacity lowers minimums here for grants in gigawatts only.".to_owned());
    }
    if grants.is_empty() {
        return None;
    }
    let mut from = time.period.from;
    let (mut due, mut part) = (Vec::new(), Vec::new());
    for (step, end) in time.ends.iter().enumerate() {
        // What is due on its last day counts for the whole step.
        let at = |grant: &&Capacity| {
            let steps = grant.ramp.iter().map(toml::Spanned::get_ref);
            steps
                .filter(|due| due.by < end.minus_days(1))
                .map(|due| due.at_least.ratio().to_f64())
                .next_back()
        };
        due.push(grants.iter().filter_map(at).sum());
        let year = u32::try_from(time.year[step] + 1).unwrap_or(u32::MAX);
        let days = time.period.year(year).map_or(365, |(from, to)| from.days_until(to));
        part.push(f64::from(from.days_until(*end)) / f64::from(days.max(1)));
        from = *end;
    }
    let lowers = commitments.iter().map(|id| {
        let named = |grant: &&Capacity| grant.commitment.as_ref().is_none_or(|named| named.get_ref() == id);
        grants.iter().any(named)
    });
    let excuses =
        grants.iter().any(|grant| grant.late.as_ref().is_some_and(|late| !late.excused_by.is_empty()));
    Some(ReliefPlan { lowers: lowers.collect(), due, part, excuses })
}
