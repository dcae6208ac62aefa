//! Tranches: what they refer to, their days, what they are of, and that none waits for itself.

use super::{Names, known, positive, rate, share, sum, within};
use crate::deal::{Deal, Tranche, When, Window};
use crate::decimal::Decimal;
use crate::error::{Error, Problem};
use crate::predicate::{Condition, Covenant, State};
use std::collections::BTreeSet;
use toml::Spanned;

pub(super) fn tranches(deal: &Deal, names: &Names<'_>) -> Result<(), Error> {
    for tranche in &deal.tranches {
        refers(tranche, names)?;
        positive("an amount", &tranche.amount)?;
        days(deal, tranche)?;
        instrument(tranche)?;
        vesting(tranche)?;
    }
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

fn refers(tranche: &Tranche, names: &Names<'_>) -> Result<(), Error> {
    known("facility", &names.facilities, tranche.facility.as_ref())?;
    known("party", &names.parties, tranche.from.as_ref())?;
    known("party", &names.parties, tranche.to.as_ref())?;
    known("commitment", &names.commitments, tranche.draws.as_ref())?;
    known("metric", &names.metrics, tranche.vests_on.as_ref().map(|on| &on.metric))?;
    for before in &tranche.after {
        known("tranche", &names.tranches, Some(before))?;
    }
    let needed = tranche.signoff.iter().flat_map(|signoff| &signoff.need);
    for role in needed {
        // A role alone is somebody's whom only the keys know.
        let Some((party, _)) = role.get_ref().split_once(':') else { continue };
        if !names.parties.contains(party) {
            let problem = Problem::Unknown { what: "party", id: party.to_owned() };
            return Err(Error::at(role.span(), problem, "write `party:role`, such as `lab:cfo`"));
        }
    }
    Ok(())
}

fn days(deal: &Deal, tranche: &Tranche) -> Result<(), Error> {
    let period = deal.period();
    if let When::On(day) = tranche.when.get_ref() {
        within(period, tranche.when.span(), *day)?;
    }
    let Some(window) = &tranche.window else { return Ok(()) };
    in_order(window)?;
    let Window { from, to, .. } = *window.get_ref();
    if to < period.from {
        let mend = format!("the deal is in force from {}", period.from);
        return Err(Error::at(window.span(), Problem::order(period.from, to), mend));
    }
    if let Some(end) = period.to.filter(|end| from >= *end) {
        return Err(Error::at(window.span(), Problem::order(from, end), format!("the deal ends on {end}")));
    }
    match tranche.expires.as_ref().filter(|expires| *expires.get_ref() <= from) {
        Some(expires) => {
            let problem = Problem::order(from, *expires.get_ref());
            Err(Error::at(expires.span(), problem, "it would be gone before it could be met"))
        }
        None => Ok(()),
    }
}

pub(super) fn in_order(window: &Spanned<Window>) -> Result<(), Error> {
    let Window { from, to, .. } = *window.get_ref();
    if to >= from {
        return Ok(());
    }
    Err(Error::at(window.span(), Problem::order(from, to), "put the earlier day first"))
}

fn instrument(tranche: &Tranche) -> Result<(), Error> {
    for (what, number) in [("a number of shares", &tranche.shares), ("a strike price", &tranche.strike)] {
        if let Some(number) = number {
            positive(what, number)?;
        }
    }
    let Some(note) = &tranche.convertible else { return Ok(()) };
    if let Some(interest) = &note.rate {
        rate(interest.span(), *interest.get_ref())?;
    }
    note.discount.as_ref().map_or(Ok(()), share)?;
    note.cap.as_ref().map_or(Ok(()), |cap| positive("a valuation", cap))
}

fn vesting(tranche: &Tranche) -> Result<(), Error> {
    let mut sum = Decimal::ZERO.ratio();
    for step in &tranche.vests {
        share(&step.share)?;
        sum = sum + step.share.get_ref().ratio();
        if sum > Decimal::ONE.ratio() {
            let sum = sum.to_decimal(12, 0).unwrap_or_default();
            let problem = Problem::Exceeds { parts: "the parts that vest", sum, whole: "1".to_owned() };
            return Err(Error::at(step.share.span(), problem, "lower a share"));
        }
    }
    let Some(on) = &tranche.vests_on else { return Ok(()) };
    if !tranche.vests.is_empty() {
        let problem = Problem::Clause("a tranche vests in parts or in proportion, not both");
        return Err(Error::at(on.metric.span(), problem, "keep `vests` or `vests_on`"));
    }
    positive("the quantity at which all has vested", &on.full_at)?;
    on.at_once.as_ref().map_or(Ok(()), share)
}

/// A clause that may wait for others: its name, where it stands, and what it waits for.
struct Waiting<'a> {
    name: Name<'a>,
    place: std::ops::Range<usize>,
    waits: Vec<Name<'a>>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Name<'a> {
    Tranche(&'a str),
    Covenant(&'a str),
}

/// No tranche and no covenant waits for itself, by `after` or by its condition: whoever can go, goes, until
/// all have gone.
pub(crate) fn no_circles(deal: &Deal) -> Result<(), Error> {
    let tranches = deal.tranches.iter().map(waiting);
    let covenants = deal.covenants.iter().map(|covenant| {
        let waits = match &covenant.parsed {
            Some(Covenant::Deal(condition)) => asked(condition).collect(),
            _ => Vec::new(),
        };
        Waiting { name: Name::Covenant(covenant.id.get_ref()), place: covenant.rule.span(), waits }
    });
    let mut left: Vec<Waiting<'_>> = tranches.chain(covenants).collect();
    let mut gone = BTreeSet::new();
    loop {
        let before = left.len();
        left.retain(|clause| {
            let free = clause.waits.iter().all(|name| gone.contains(name));
            if free {
                gone.insert(clause.name);
            }
            !free
        });
        let Some(stuck) = left.iter().find(|clause| turns(&left, clause)).or(left.first()) else {
            return Ok(());
        };
        if left.len() == before {
            let what = match stuck.name {
                Name::Tranche(_) => "this tranche waits, by way of `after` or `when`, for itself",
                Name::Covenant(_) => "this covenant waits, by way of its rule, for itself",
            };
            return Err(Error::at(stuck.place.clone(), Problem::Clause(what), "break the circle"));
        }
    }
}

/// Whether the circle goes through this clause, not only to it.
fn turns(left: &[Waiting<'_>], clause: &Waiting<'_>) -> bool {
    let mut seen = BTreeSet::new();
    let mut next: Vec<Name<'_>> = clause.waits.clone();
    while let Some(name) = next.pop() {
        if seen.insert(name) {
            next.extend(left.iter().filter(|other| other.name == name).flat_map(|other| &other.waits));
        }
    }
    seen.contains(&clause.name)
}

fn waiting(tranche: &Tranche) -> Waiting<'_> {
    let mut waits: Vec<Name<'_>> = tranche.after.iter().map(|id| Name::Tranche(id.get_ref())).collect();
    let place = if waits.is_empty() { tranche.when.span() } else { tranche.id.span() };
    let parts = tranche.vests.iter().filter_map(|step| step.condition.as_ref());
    waits.extend(tranche.condition.iter().chain(parts).flat_map(asked));
    Waiting { name: Name::Tranche(tranche.id.get_ref()), place, waits }
}

/// The clauses whose state a condition asks for.
fn asked(condition: &Condition) -> impl Iterator<Item = Name<'_>> {
    condition.states().iter().filter_map(|state| match state {
        State::Released(id) | State::Met(id) => Some(Name::Tranche(id)),
        State::CovenantBreach(id) => Some(Name::Covenant(id)),
        _ => None,
    })
}
