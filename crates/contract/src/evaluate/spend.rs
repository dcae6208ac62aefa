//! List spend sorted into commitments: which rule admits each line, and what a year comes to.

use super::series::standing;
use crate::advance::{Position, YearPosition};
use crate::day::Day;
use crate::deal::{Commitment, Deal};
use crate::error::Error;
use crate::fact::{Fact, Facts, LIST_SPEND};
use crate::ratio::Ratio;
use crate::settle::YearSettlement;
use crate::terms::CommitmentTerms;
use std::collections::BTreeMap;
use units::{Money, Timestamp};

/// A deal's commitments, with the rule that decides each line of spend.
#[derive(Debug)]
pub(super) struct Spend<'a> {
    facts: &'a Facts,
    /// By commitment in the deal's order.
    pub terms: Vec<CommitmentTerms>,
    /// The lines of spend that stand at the moment of knowledge.
    standing: Vec<(usize, &'a Fact)>,
    /// By commitment, then by line; nothing for lines that are no spend or that no rule admits.
    rules: Vec<Vec<Option<usize>>>,
}

impl<'a> Spend<'a> {
    pub fn new(deal: &Deal, facts: &'a Facts, known: Timestamp) -> Self {
        let rules = deal.commitments.iter().map(|commitment| {
            let lines = facts.lines().iter();
            lines
                .map(|known| known.fact().filter(|fact| fact.metric == LIST_SPEND))
                .map(|fact| rule(commitment, &fact?.attributes))
        });
        Self {
            facts,
            terms: deal.commitment_terms(),
            standing: standing(facts, LIST_SPEND, known),
            rules: rules.map(Iterator::collect).collect(),
        }
    }

    /// By line, how much of it counts towards a commitment, before caps.
    pub fn weights(&self, commitment: usize) -> Vec<Ratio> {
        let (Some(terms), Some(rules)) = (self.terms.get(commitment), self.rules.get(commitment)) else {
            return Vec::new();
        };
        let weight = |rule: &Option<usize>| {
            rule.and_then(|rule| terms.rules.get(rule)).map_or(Ratio::ZERO, |rule| rule.weight.ratio())
        };
        rules.iter().map(weight).collect()
    }

    /// The place of the rule of a commitment that admits a line; past the last when none does.
    pub fn place_of_rule(&self, commitment: usize, place: usize) -> usize {
        let rule = self.rules.get(commitment).and_then(|rules| rules.get(place).copied().flatten());
        rule.unwrap_or_else(|| self.terms.get(commitment).map_or(0, |terms| terms.rules.len()))
    }

    /// What is charged under a commitment by `at`.
    pub fn position(&self, commitment: usize, at: Timestamp) -> Result<Position, Error> {
        let terms = &self.terms[commitment];
        let mut position = Position::opening(terms.currency);
        for (place, fact) in self.standing.iter().copied().filter(|(_, fact)| fact.effective_at <= at) {
            let list = self.facts.lines()[place].value.money(terms.currency);
            let Some(year) = terms.year_of(Day::of(fact.effective_at)) else {
                position.outside = position.outside.checked_add(list)?;
                continue;
            };
            let entry = position.years.entry(year).or_insert_with(|| YearPosition::opening(terms));
            let sum = match self.rules[commitment][place].and_then(|rule| entry.list.get_mut(rule)) {
                Some(sum) => sum,
                None => &mut entry.unmatched,
            };
            *sum = sum.checked_add(list)?;
        }
        Ok(position)
    }

    /// The sum of what counts towards a commitment by `at`, before caps, each line by what `weigh` says of its moment; in whole
    /// units of currency.
    pub fn weighed(&self, commitment: usize, at: Timestamp, weigh: impl Fn(Timestamp) -> Ratio) -> Ratio {
        let terms = &self.terms[commitment];
        let lines = self.standing.iter().filter(|(_, fact)| fact.effective_at <= at);
        let within = lines.filter(|(_, fact)| terms.year_of(Day::of(fact.effective_at)).is_some());
        within.fold(Ratio::ZERO, |sum, (place, fact)| {
            let rule = self.rules[commitment][*place].and_then(|rule| terms.rules.get(rule));
            let Some(rule) = rule else { return sum };
            sum + self.facts.lines()[*place].value.ratio() * rule.weight.ratio() * weigh(fact.effective_at)
        })
    }

    /// By contract year, the lines of spend that count, and those that do not.
    pub fn by_year(&self, commitment: usize, at: Timestamp) -> BTreeMap<u32, [Vec<usize>; 2]> {
        let terms = &self.terms[commitment];
        let mut years: BTreeMap<u32, [Vec<usize>; 2]> = BTreeMap::new();
        for (place, fact) in self.standing.iter().copied().filter(|(_, fact)| fact.effective_at <= at) {
            let Some(year) = terms.year_of(Day::of(fact.effective_at)) else { continue };
            let rule = self.rules[commitment][place].and_then(|rule| terms.rules.get(rule));
            let counts = rule.is_some_and(|rule| rule.weight.ratio().is_positive());
            years.entry(year).or_default()[usize::from(!counts)].push(place);
        }
        years
    }
}

/// The first rule that admits these attributes; the only one when the deal has no rules.
fn rule(commitment: &Commitment, attributes: &BTreeMap<String, String>) -> Option<usize> {
    if commitment.eligible.is_empty() {
        return Some(0);
    }
    commitment
        .eligible
        .iter()
        .position(|rule| rule.selector.as_ref().is_some_and(|selector| selector.admits(attributes).yes))
}

/// What the minimums not over yet still ask for: of each open year what is short, or what the total lacks.
pub(super) fn remaining(
    terms: &CommitmentTerms,
    years: &[YearSettlement],
    position: &Position,
) -> Result<Money, Error> {
    let mut open = Money::zero(terms.currency);
    let mut reached = Money::zero(terms.currency);
    for year in years {
        match year.open {
            true => open = open.checked_add(year.shortfall)?,
            false => reached = reached.checked_add(year.shortfall)?,
        }
        // A year that is met within its grace owes nothing more.
        let need = year.minimum.checked_sub(year.carried_in)?;
        let met = year.shortfall.is_zero() && need.pico() > year.charge.pico();
        reached = reached.checked_add(if met { need } else { year.charge })?;
    }
    // Years without a minimum of their own count towards the total, at the discount up to a minimum.
    for (_, charged) in position.years.iter().filter(|(year, _)| terms.minimum(**year).is_none()) {
        reached = reached.checked_add(discounted(terms, charged.drawn(terms)?)?)?;
    }
    let Some(total) = terms.total else { return Ok(open) };
    let left = total.checked_sub(reached)?;
    Ok(if left.pico() > open.pico() { left } else { open })
}

fn discounted(terms: &CommitmentTerms, list: Money) -> Result<Money, Error> {
    let net = Ratio::whole(list.pico()) * (Ratio::ONE - terms.discount.ratio());
    let pico = net.round_half_even().ok_or(units::MoneyError::TooLarge)?;
    Ok(Money::from_pico(pico, terms.currency))
}
