//! Capacity: what it refers to, steps in order and under the ceiling, relief that is a share.

use super::{Names, known, positive, share};
use crate::deal::{Burst, Capacity, Deal, Late};
use crate::decimal::Decimal;
use crate::error::{Error, Problem};
use toml::Spanned;

pub(super) fn capacity(deal: &Deal, names: &Names<'_>) -> Result<(), Error> {
    for grant in &deal.capacity {
        known("metric", &names.metrics, grant.metric.as_ref())?;
        known("metric", &names.metrics, grant.used.as_ref())?;
        known("commitment", &names.commitments, grant.commitment.as_ref())?;
        if let Some(taken) = &grant.take_or_pay {
            if !(Decimal::ZERO..=Decimal::ONE).contains(&taken.share) {
                let problem = Problem::Range { what: "a share", given: taken.share.to_string() };
                return Err(Error::at(grant.id.span(), problem, "a share lies between \"0\" and \"1\""));
            }
            taken.price.as_ref().map_or(Ok(()), |price| positive("a price", price))?;
        }
        if let Some(burst) = grant.burst.as_ref().filter(|burst| burst.factor().is_none()) {
            let problem = Problem::Shape(format!("`{}` begins with no number", burst.to));
            return Err(Error::at(grant.id.span(), problem, "write how often the grant, such as `1.5x`"));
        }
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

impl Burst {
    /// The number in `to`, where it is one above one.
    pub(crate) fn factor(&self) -> Option<Decimal> {
        let number: Decimal = self.to.trim_end_matches('x').trim().parse().ok()?;
        (number > Decimal::ONE).then_some(number)
    }
}

impl Late {
    /// The share in `per_week`, without what it is of.
    pub(crate) fn share_per_week(&self) -> Option<Decimal> {
        self.per_week.get_ref().split_whitespace().next()?.parse().ok()
    }
}
