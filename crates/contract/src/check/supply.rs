//! Capacity: what it refers to, steps in order and under the ceiling, relief that is a share.

use super::{Names, known, positive, share};
use crate::deal::{Capacity, Deal, Late};
use crate::decimal::Decimal;
use crate::error::{Error, Problem};
use toml::Spanned;

pub(super) fn capacity(deal: &Deal, names: &Names<'_>) -> Result<(), Error> {
    for grant in &deal.capacity {
        known("metric", &names.metrics, grant.metric.as_ref())?;
        known("commitment", &names.commitments, grant.commitment.as_ref())?;
        grant.ceiling.as_ref().map_or(Ok(()), |ceiling| positive("a ceiling", ceiling))?;
        ramp(grant)?;
        grant.late.as_ref().map_or(Ok(()), late)?;
    }
    Ok(())
}

fn ramp(grant: &Capacity) -> Result<(), Error> {
    for pair in grant.ramp.windows(2) {
        let [before, after] = pair else { continue };
        let (from, to) = (before.get_ref().by, after.get_ref().by);
        if to <= from {
            return Err(Error::at(after.span(), Problem::order(from, to), "put the earlier day first"));
        }
        if after.get_ref().at_least < before.get_ref().at_least {
            let problem =
                Problem::Range { what: "a later step", given: after.get_ref().at_least.to_string() };
            return Err(Error::at(after.span(), problem, "a ramp does not fall"));
        }
    }
    let Some(ceiling) = &grant.ceiling else { return Ok(()) };
    match grant.ramp.iter().find(|step| step.get_ref().at_least > *ceiling.get_ref()) {
        Some(step) => {
            let problem = Problem::Range { what: "a step", given: step.get_ref().at_least.to_string() };
            Err(Error::at(step.span(), problem, format!("the ceiling is {}", ceiling.get_ref())))
        }
        None => Ok(()),
    }
}

fn late(late: &Late) -> Result<(), Error> {
    share(&late.cap)?;
    match late.share_per_week() {
        Some(weekly) => share(&Spanned::new(late.per_week.span(), weekly)),
        None => {
            let problem = Problem::Shape(format!("`{}` begins with no number", late.per_week.get_ref()));
            Err(Error::at(late.per_week.span(), problem, "write a share, such as `0.005 of monthly fee`"))
        }
    }
}

impl Late {
    /// The share in `per_week`, without what it is of.
    pub(crate) fn share_per_week(&self) -> Option<Decimal> {
        self.per_week.get_ref().split_whitespace().next()?.parse().ok()
    }
}
