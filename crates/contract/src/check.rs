//! What a deal file may not contradict itself in: names that lead somewhere, days in order, rates that are
//! shares, parts that do not exceed their whole. The first fault found is returned, with its place.

use crate::deal::{Commitment, Deal, SCHEMA, Total, Tranche};
use crate::decimal::Decimal;
use crate::error::{Error, Problem, nearest};
use std::collections::BTreeSet;
use toml::Spanned;
use units::{Money, MoneyError};

pub(crate) fn check(deal: &Deal) -> Result<(), Error> {
    head(deal)?;
    let parties = unique("party", deal.parties.get_ref().iter().map(|party| &party.id))?;
    for related in deal.parties.get_ref().iter().flat_map(|party| &party.related) {
        known("party", &parties, Some(&related.party))?;
    }
    unique("investment", deal.investments.iter().map(|investment| &investment.id))?;
    for investment in &deal.investments {
        known("party", &parties, investment.investor.as_ref())?;
        known("party", &parties, investment.issuer.as_ref())?;
        positive("an amount", &investment.amount)?;
    }
    let facilities = unique("facility", deal.facilities.iter().map(|facility| &facility.id))?;
    for facility in &deal.facilities {
        known("party", &parties, facility.investor.as_ref())?;
        known("party", &parties, facility.issuer.as_ref())?;
        positive("a ceiling", &facility.at_most)?;
    }
    tranches(deal, &facilities)?;
    unique("commitment", deal.commitments.iter().map(|commitment| &commitment.id))?;
    for commitment in &deal.commitments {
        known("party", &parties, commitment.payer.as_ref())?;
        known("party", &parties, commitment.payee.as_ref())?;
        size(deal, commitment)?;
        schedule(deal, commitment)?;
        rates(commitment)?;
    }
    unique("capacity", deal.capacity.iter().map(|capacity| &capacity.id))?;
    for ceiling in deal.capacity.iter().filter_map(|capacity| capacity.ceiling.as_ref()) {
        positive("a ceiling", ceiling)?;
    }
    unique("covenant", deal.covenants.iter().map(|covenant| &covenant.id))?;
    Ok(())
}

fn head(deal: &Deal) -> Result<(), Error> {
    if deal.schema.get_ref() != SCHEMA {
        let problem = Problem::Unknown { what: "schema", id: deal.schema.get_ref().clone() };
        return Err(Error::at(deal.schema.span(), problem, format!("write `{SCHEMA}`")));
    }
    if deal.parties.get_ref().is_empty() {
        let problem = Problem::Clause("a deal has at least one party");
        return Err(Error::at(deal.parties.span(), problem, "add a `[[party]]`"));
    }
    let period = deal.period();
    match period.to {
        Some(to) if to <= period.from => {
            let problem = Problem::Order { from: period.from.to_string(), to: to.to_string() };
            Err(Error::at(deal.effective.span(), problem, "`to` is the first day after the term"))
        }
        _ => Ok(()),
    }
}

/// The names, each given once.
fn unique<'a>(
    what: &'static str,
    names: impl Iterator<Item = &'a Spanned<String>>,
) -> Result<BTreeSet<&'a str>, Error> {
    let mut seen = BTreeSet::new();
    for name in names {
        if name.get_ref().trim().is_empty() {
            return Err(Error::at(name.span(), Problem::Clause("an `id` cannot be empty"), "name it"));
        }
        if !seen.insert(name.get_ref().as_str()) {
            let problem = Problem::Duplicate { what, id: name.get_ref().clone() };
            return Err(Error::at(name.span(), problem, "give it an `id` of its own"));
        }
    }
    Ok(seen)
}

fn known(what: &'static str, names: &BTreeSet<&str>, name: Option<&Spanned<String>>) -> Result<(), Error> {
    let Some(name) = name.filter(|name| !names.contains(name.get_ref().as_str())) else { return Ok(()) };
    let mend = match nearest(name.get_ref(), names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => format!("add a `[[{what}]]` of that `id`"),
        None => format!("there is {}", list(names)),
    };
    Err(Error::at(name.span(), Problem::Unknown { what, id: name.get_ref().clone() }, mend))
}

fn list(names: &BTreeSet<&str>) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn positive(what: &'static str, number: &Spanned<Decimal>) -> Result<(), Error> {
    if *number.get_ref() > Decimal::ZERO {
        return Ok(());
    }
    let problem = Problem::Range { what, given: number.get_ref().to_string() };
    Err(Error::at(number.span(), problem, "leave the clause out when there is nothing"))
}

fn tranches(deal: &Deal, facilities: &BTreeSet<&str>) -> Result<(), Error> {
    let names = unique("tranche", deal.tranches.iter().map(|tranche| &tranche.id))?;
    for tranche in &deal.tranches {
        positive("an amount", &tranche.amount)?;
        known("facility", facilities, tranche.facility.as_ref())?;
        for before in &tranche.after {
            known("tranche", &names, Some(before))?;
        }
        if let Some(window) =
            tranche.window.as_ref().filter(|window| window.get_ref().to < window.get_ref().from)
        {
            let (from, to) = (window.get_ref().from.to_string(), window.get_ref().to.to_string());
            return Err(Error::at(window.span(), Problem::Order { from, to }, "put the earlier day first"));
        }
    }
    order(deal)?;
    for facility in &deal.facilities {
        let released = |tranche: &&Tranche| tranche.facility.as_ref() == Some(&facility.id);
        let amounts = deal.tranches.iter().filter(released).map(|tranche| *tranche.amount.get_ref());
        let (sum, whole) = (sum(deal, amounts)?, deal.money(*facility.at_most.get_ref()));
        if sum.pico() > whole.pico() {
            let problem =
                Problem::Exceeds { parts: "its tranches", sum: sum.to_string(), whole: whole.to_string() };
            return Err(Error::at(facility.at_most.span(), problem, "lower a tranche or raise the ceiling"));
        }
    }
    Ok(())
}

/// No tranche waits for itself: whoever can go, goes, until all have gone.
fn order(deal: &Deal) -> Result<(), Error> {
    let mut gone = BTreeSet::new();
    let mut waiting: Vec<&Tranche> = deal.tranches.iter().collect();
    loop {
        let before = waiting.len();
        waiting.retain(|tranche| {
            let free = tranche.after.iter().all(|name| gone.contains(name.get_ref()));
            if free {
                gone.insert(tranche.id.get_ref());
            }
            !free
        });
        let Some(stuck) = waiting.first() else { return Ok(()) };
        if waiting.len() == before {
            let problem = Problem::Clause("this tranche waits, by way of `after`, for itself");
            return Err(Error::at(stuck.id.span(), problem, "break the circle"));
        }
    }
}

fn sum(deal: &Deal, amounts: impl Iterator<Item = Decimal>) -> Result<Money, MoneyError> {
    let mut sum = Money::zero(deal.currency);
    for amount in amounts {
        sum = sum.checked_add(deal.money(amount))?;
    }
    Ok(sum)
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
        .chain(
            commitment.eligible.iter().flat_map(|rule| [Some(&rule.weight), rule.cap_of_year_min.as_ref()]),
        )
        .chain(commitment.discounts.iter().map(|discount| Some(&discount.rate)));
    for share in shares.flatten() {
        if !(Decimal::ZERO..=Decimal::ONE).contains(share.get_ref()) {
            let problem = Problem::Range { what: "a share", given: share.get_ref().to_string() };
            return Err(Error::at(share.span(), problem, "a share lies between \"0\" and \"1\""));
        }
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
    discounts(commitment)
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
