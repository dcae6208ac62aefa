//! What a deal's commitments make of a bill: the first rule of eligibility that matches decides.

use crate::gather::Import;
use crate::moment::Day as At;
use contract::deal::Commitment;
use contract::predicate::Kleene;
use contract::{Day, Deal, Decimal};
use serde::Serialize;
use std::collections::HashMap;

/// What one commitment makes of a bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// Its id in the deal.
    pub commitment: String,
    /// Its rules, in their order.
    pub rules: Vec<RuleLine>,
    /// List spend that no rule matches: it counts nothing.
    pub no_rule: String,
    /// List spend before the deal's first day or after its last.
    pub outside_term: String,
}

/// What one rule matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleLine {
    /// The condition, as written.
    pub rule: String,
    /// The share of it that counts.
    pub weight: String,
    /// The share of the year's minimum that it may reach, where there is a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cap_of_year_min: Option<String>,
    /// List spend that it matched.
    pub list_cost: String,
    /// Of that what counts, before the cap, which is the year's.
    pub counted: String,
}

/// Sums in 10⁻¹².
#[derive(Default)]
struct Sums {
    rules: Vec<i128>,
    no_rule: i128,
    outside_term: i128,
}

impl Import {
    /// What the commitments of `deal` make of the bill.
    pub(crate) fn counted(&self, deal: &Deal) -> Vec<Counted> {
        deal.commitments.iter().map(|commitment| self.counted_by(deal, commitment)).collect()
    }

    fn counted_by(&self, deal: &Deal, commitment: &Commitment) -> Counted {
        let rules: Vec<Option<usize>> =
            self.kinds.iter().map(|kind| first(commitment, &kind.attributes)).collect();
        let mut sums = Sums { rules: vec![0; commitment.eligible.len().max(1)], ..Sums::default() };
        let mut within: HashMap<At, bool> = HashMap::new();
        for ((_, kind, day), group) in &self.groups {
            let in_term = *within.entry(*day).or_insert_with(|| {
                deal.period().year_of(Day::of(day.start())).is_some() || before_end(deal, *day)
            });
            let sum = match rules.get(*kind).copied().flatten().and_then(|rule| sums.rules.get_mut(rule)) {
                _ if !in_term => &mut sums.outside_term,
                Some(sum) => sum,
                None => &mut sums.no_rule,
            };
            *sum = sum.saturating_add(group.sum.pico().0);
        }
        Counted {
            commitment: commitment.id.get_ref().clone(),
            rules: lines(commitment, &sums.rules),
            no_rule: text(sums.no_rule),
            outside_term: text(sums.outside_term),
        }
    }
}

/// Whether a deal without an end has begun.
fn before_end(deal: &Deal, day: At) -> bool {
    let period = deal.period();
    period.to.is_none() && period.from <= Day::of(day.start())
}

/// The rule that decides on these attributes; the only one there is when the deal has none.
fn first(commitment: &Commitment, attributes: &std::collections::BTreeMap<String, String>) -> Option<usize> {
    if commitment.eligible.is_empty() {
        return Some(0);
    }
    commitment.eligible.iter().position(|rule| {
        rule.selector.as_ref().is_some_and(|selector| selector.admits(attributes) == Kleene::YES)
    })
}

fn lines(commitment: &Commitment, sums: &[i128]) -> Vec<RuleLine> {
    let all = (String::from("all of it"), Decimal::ONE, None);
    let rules = commitment.eligible.iter().map(|rule| {
        let cap = rule.cap_of_year_min.as_ref().map(|cap| cap.get_ref().to_string());
        (rule.condition.get_ref().clone(), *rule.weight.get_ref(), cap)
    });
    let rules = rules.chain(commitment.eligible.is_empty().then_some(all));
    let line = |((rule, weight, cap_of_year_min), sum): ((String, Decimal, _), &i128)| {
        let counted = contract::Ratio::whole(*sum) * weight.ratio();
        let counted = counted.round_half_even().map_or_else(|| "too large".to_owned(), text);
        RuleLine { rule, weight: weight.to_string(), cap_of_year_min, list_cost: text(*sum), counted }
    };
    rules.zip(sums).map(line).collect()
}

fn text(pico: i128) -> String {
    units::format_decimal(pico, 12, 2)
}
