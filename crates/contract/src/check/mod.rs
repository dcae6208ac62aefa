//! What a deal file may not contradict itself in: names that lead somewhere, days in order, rates that are
//! shares, parts that do not exceed their whole. The first fault found is returned, with its place.
//!
//! Names inside conditions are looked up where those are read ([`crate::compile`]).

mod commitment;
mod ending;
mod supply;
mod tranche;

pub(crate) use ending::{bytes, key};
pub(crate) use tranche::no_circles;

use crate::day::{Day, Period};
use crate::deal::{Deal, SCHEMA};
use crate::decimal::Decimal;
use crate::error::{Error, Problem, nearest};
use std::collections::BTreeSet;
use toml::Spanned;
use units::{Money, MoneyError};

/// The names of a deal's clauses, for those that refer to them.
struct Names<'a> {
    parties: BTreeSet<&'a str>,
    facilities: BTreeSet<&'a str>,
    tranches: BTreeSet<&'a str>,
    commitments: BTreeSet<&'a str>,
    capacity: BTreeSet<&'a str>,
    metrics: BTreeSet<&'a str>,
}

impl<'a> Names<'a> {
    fn of(deal: &'a Deal) -> Result<Self, Error> {
        unique("investment", deal.investments.iter().map(|investment| &investment.id))?;
        unique("covenant", deal.covenants.iter().map(|covenant| &covenant.id))?;
        unique("revenue_share", deal.revenue_shares.iter().map(|share| &share.id))?;
        unique("watch", deal.watch.iter().map(|watch| &watch.id))?;
        unique("reclaim", deal.reclaims.iter().map(|reclaim| &reclaim.id))?;
        Ok(Self {
            parties: unique("party", deal.parties.get_ref().iter().map(|party| &party.id))?,
            facilities: unique("facility", deal.facilities.iter().map(|facility| &facility.id))?,
            tranches: unique("tranche", deal.tranches.iter().map(|tranche| &tranche.id))?,
            commitments: unique("commitment", deal.commitments.iter().map(|commitment| &commitment.id))?,
            capacity: unique("capacity", deal.capacity.iter().map(|capacity| &capacity.id))?,
            metrics: deal.metrics.keys().map(String::as_str).chain([crate::fact::LIST_SPEND]).collect(),
        })
    }
}

pub(crate) fn check(deal: &Deal) -> Result<(), Error> {
    head(deal)?;
    let names = Names::of(deal)?;
    for related in deal.parties.get_ref().iter().flat_map(|party| &party.related) {
        known("party", &names.parties, Some(&related.party))?;
    }
    for watch in &deal.watch {
        known("metric", &names.metrics, Some(&watch.metric))?;
    }
    for investment in &deal.investments {
        known("party", &names.parties, investment.investor.as_ref())?;
        known("party", &names.parties, investment.issuer.as_ref())?;
        positive("an amount", &investment.amount)?;
    }
    for facility in &deal.facilities {
        known("party", &names.parties, facility.investor.as_ref())?;
        known("party", &names.parties, facility.issuer.as_ref())?;
        positive("a ceiling", &facility.at_most)?;
    }
    tranche::tranches(deal, &names)?;
    commitment::commitments(deal, &names)?;
    commitment::revenue_shares(deal, &names)?;
    supply::capacity(deal, &names)?;
    ending::ending(deal, &names)
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
            let (span, mend) = (deal.effective.span(), "`to` is the first day after the term");
            Err(Error::at(span, Problem::order(period.from, to), mend))
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

fn share(share: &Spanned<Decimal>) -> Result<(), Error> {
    if (Decimal::ZERO..=Decimal::ONE).contains(share.get_ref()) {
        return Ok(());
    }
    let problem = Problem::Range { what: "a share", given: share.get_ref().to_string() };
    Err(Error::at(share.span(), problem, "a share lies between \"0\" and \"1\""))
}

/// A rate a year. What loses more than all of it is none.
fn rate(span: std::ops::Range<usize>, rate: Decimal) -> Result<(), Error> {
    if rate > Decimal::from_pico(-units::PICO_PER_UNIT) {
        return Ok(());
    }
    let problem = Problem::Range { what: "a rate", given: rate.to_string() };
    Err(Error::at(span, problem, "a rate is above \"-1\", which would be −100 %"))
}

/// A day that must not lie before the term, nor after it.
fn within(period: Period, span: std::ops::Range<usize>, day: Day) -> Result<(), Error> {
    if day < period.from {
        let mend = format!("the deal is in force from {}", period.from);
        return Err(Error::at(span, Problem::order(period.from, day), mend));
    }
    match period.to.filter(|to| day > *to) {
        Some(to) => Err(Error::at(span, Problem::order(day, to), format!("the deal ends on {to}"))),
        None => Ok(()),
    }
}

fn sum(deal: &Deal, amounts: impl Iterator<Item = Decimal>) -> Result<Money, MoneyError> {
    let mut sum = Money::zero(deal.currency);
    for amount in amounts {
        sum = sum.checked_add(deal.money(amount))?;
    }
    Ok(sum)
}
