//! Commitments: how much, which years, and rates that are shares; and shares of revenue.

use super::tranche::in_order;
use super::{Names, known, positive, rate, share, sum};
use crate::deal::{Commitment, Deal, Total};
use crate::decimal::Decimal;
use crate::error::{Error, Problem};

pub(super) fn commitments(deal: &Deal, names: &Names<'_>) -> Result<(), Error> {
    for commitment in &deal.commitments {
        known("party", &names.parties, commitment.payer.as_ref())?;
        known("party", &names.parties, commitment.payee.as_ref())?;
        size(deal, commitment)?;
        schedule(deal, commitment)?;
        if let Some(protection) = &commitment.price_protection {
            known("metric", &names.metrics, protection.list_metric.as_ref())?;
            known("metric", &names.metrics, protection.mfn.as_ref().and_then(|mfn| mfn.metric.as_ref()))?;
        }
        rates(commitment)?;
    }
    Ok(())
}

pub(super) fn revenue_shares(deal: &Deal, names: &Names<'_>) -> Result<(), Error> {
    for clause in &deal.revenue_shares {
        known("party", &names.parties, clause.payer.as_ref())?;
        known("party", &names.parties, clause.payee.as_ref())?;
        known("metric", &names.metrics, Some(&clause.of))?;
        share(&clause.share)?;
        clause.cap.as_ref().map_or(Ok(()), |cap| positive("a cap", cap))?;
        clause.window.as_ref().map_or(Ok(()), in_order)?;
    }
    Ok(())
}

fn size(deal: &Deal, commitment: &Commitment) -> Result<(), Error> {
    let minimums = sum(deal, commitment.schedule.iter().map(|year| year.get_ref().min))?;
    let Some(total) = &commitment.total else {
        if commitment.schedule.is_empty() {
            let problem = Problem::Clause("a commitment says how much: `total`, `schedule` or both");
            let mend = "add `total = \"…\"`, or `total = { at_least = \"…\" }` where only a floor is known";
            return Err(Error::at(commitment.id.span(), problem, mend));
        }
        return Ok(());
    };
    let whole = deal.money(total.get_ref().amount());
    if whole.pico() <= 0 {
        let problem = Problem::Range { what: "a total", given: whole.to_decimal() };
        return Err(Error::at(total.span(), problem, "leave the clause out when there is nothing"));
    }
    match total.get_ref() {
        Total::Exactly(_) if minimums.pico() > whole.pico() => {
            let problem = Problem::Exceeds {
                parts: "the minimums",
                sum: minimums.to_string(),
                whole: whole.to_string(),
            };
            Err(Error::at(total.span(), problem, "lower a minimum or raise the total"))
        }
        _ => Ok(()),
    }
}

fn schedule(deal: &Deal, commitment: &Commitment) -> Result<(), Error> {
    let years = deal.period().years();
    for (expected, entry) in (1..).zip(&commitment.schedule) {
        let year = entry.get_ref();
        if year.y != expected {
            let problem = Problem::Range { what: "the next contract year", given: year.y.to_string() };
            return Err(Error::at(
                entry.span(),
                problem,
                format!("years count up from 1; write `y = {expected}`"),
            ));
        }
        if year.min < Decimal::ZERO {
            let problem = Problem::Range { what: "a minimum", given: year.min.to_string() };
            return Err(Error::at(entry.span(), problem, "a minimum is zero or more"));
        }
        if let Some(last) = years.filter(|last| expected > *last) {
            let problem = Problem::Clause("this contract year begins after the term's end");
            return Err(Error::at(entry.span(), problem, format!("the term has {last} contract years")));
        }
    }
    Ok(())
}

fn rates(commitment: &Commitment) -> Result<(), Error> {
    let excess = commitment.excess.iter();
    let shortfall = commitment.shortfall.iter();
    let shares = excess
        .clone()
        .flat_map(|excess| [Some(&excess.carry), excess.cap_of_next_min.as_ref()])
        .chain(shortfall.clone().map(|shortfall| shortfall.share.as_ref()))
        .chain([commitment.grace.as_ref()])
        .chain(
            commitment.eligible.iter().flat_map(|rule| [Some(&rule.weight), rule.cap_of_year_min.as_ref()]),
        )
        .chain(commitment.discounts.iter().map(|discount| Some(&discount.rate)));
    for given in shares.flatten() {
        share(given)?;
    }
    let mut lives = excess
        .map(|excess| &excess.expires_after_years)
        .chain(shortfall.map(|shortfall| &shortfall.expires_after_years))
        .flatten();
    if let Some(life) = lives.find(|life| *life.get_ref() != 1) {
        let problem = Problem::Range { what: "`expires_after_years`", given: life.get_ref().to_string() };
        return Err(Error::at(
            life.span(),
            problem,
            "what is carried counts in the next year only; write `1`",
        ));
    }
    list_increase(commitment)?;
    discounts(commitment)
}

/// How fast list prices may rise: a rate, and `/yr`.
fn list_increase(commitment: &Commitment) -> Result<(), Error> {
    let cap = commitment.price_protection.as_ref().and_then(|clause| clause.list_increase_cap.as_ref());
    let Some(cap) = cap else { return Ok(()) };
    let number = cap.get_ref().split('/').next().unwrap_or_default().trim();
    match number.parse::<Decimal>() {
        Ok(number) => rate(cap.span(), number),
        Err(error) => {
            let problem = Problem::Money(error.into());
            Err(Error::at(cap.span(), problem, "write a rate a year, such as `0.03/yr`"))
        }
    }
}

/// One discount up to the minimum and one above it, at most; below the minimum never the whole price.
fn discounts(commitment: &Commitment) -> Result<(), Error> {
    let mut seen = [false; 2];
    for discount in &commitment.discounts {
        let span = discount.rate.span();
        if discount.upto_year_min == discount.above {
            let problem = Problem::Clause("a discount holds up to the year's minimum or above it");
            return Err(Error::at(span, problem, "write either `upto_year_min = true` or `above = true`"));
        }
        if std::mem::replace(&mut seen[usize::from(discount.above)], true) {
            let problem = Problem::Clause("there is a second discount for the same spend");
            return Err(Error::at(span, problem, "keep one for each side of the minimum"));
        }
        if discount.upto_year_min && *discount.rate.get_ref() == Decimal::ONE {
            let problem = Problem::Range { what: "a discount up to the minimum", given: "1".to_owned() };
            return Err(Error::at(span, problem, "no spend could ever reach the minimum"));
        }
    }
    Ok(())
}
