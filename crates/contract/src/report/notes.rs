//! What a reader must know to read the figures rightly: what is not bound, not disclosed, assumed, missing.

use super::derive::Derived;
use super::quantity::Bound;
use crate::deal::{Binding, Deal, Tranche};
use crate::ratio::Ratio;

pub(super) fn notes(deal: &Deal, derived: &Derived) -> Vec<String> {
    let mut notes = Vec::new();
    if deal.binding == Binding::Loi {
        notes.push("This is a letter of intent: nobody is bound, and no figure here is owed.".to_owned());
    }
    notes.extend(deal.note.clone());
    notes.extend(multiple(derived));
    notes.extend(floor_and_ceiling(derived));
    notes.extend(derived.parts.iter().cloned());
    notes.extend(assumptions(deal));
    notes.extend(unallotted(deal));
    notes.extend(clause_notes(deal));
    notes.extend(derived.missing.iter().cloned());
    notes
}

fn multiple(derived: &Derived) -> Option<String> {
    derived.get("multiple_of_new_money")?;
    Some(
        "A multiple sets spend, which is the vendor's revenue and not its profit, against money put in. It says \
         how large the flow back is, not what the money earns."
            .to_owned(),
    )
}

/// Why a floor on spend and a ceiling on capacity are two clauses, and what their quotient assumes.
fn floor_and_ceiling(derived: &Derived) -> Option<String> {
    let (spend, power) = (derived.get("spend_commitment")?, derived.get("capacity_ceiling_gw")?);
    let price = derived.get("spend_per_gw_year")?;
    if (spend.bound, power.bound) != (Bound::AtLeast, Bound::AtMost) {
        return None;
    }
    Some(format!(
        "“{}” is a floor on what is spent, “{}” a ceiling on what is supplied. They are different clauses: \
         neither limits the other, and nothing in this file ties one to the other. {} is their quotient if all {} \
         ran from day one and spend stopped at the floor; later or less capacity, or more spend, makes it dearer.",
        spend.shown(),
        power.shown(),
        capitalised(&price.bare()),
        power.bare(),
    ))
}

fn capitalised(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

fn assumptions(deal: &Deal) -> Option<String> {
    let assumed: Vec<&str> = deal
        .tranches
        .iter()
        .filter(|tranche| tranche.assumed.is_some())
        .map(|tranche| tranche.id.get_ref().as_str())
        .collect();
    (!assumed.is_empty())
        .then(|| format!("Assumed, not reported: the amount and condition of {}.", assumed.join(", ")))
}

fn unallotted(deal: &Deal) -> Vec<String> {
    let mut notes = Vec::new();
    for facility in &deal.facilities {
        let inside = |tranche: &&Tranche| tranche.facility.as_ref() == Some(&facility.id);
        let parts = deal.tranches.iter().filter(inside);
        let sum = parts.fold(Ratio::ZERO, |sum, tranche| sum + tranche.amount.get_ref().ratio());
        let left = facility.at_most.get_ref().ratio() - sum;
        if sum.is_positive() && left.is_positive() {
            let (id, left) = (facility.id.get_ref(), left.to_decimal(12, 0).unwrap_or_default());
            notes.push(format!("{left} {} of `{id}` belongs to no tranche.", deal.currency));
        }
    }
    notes
}

/// What clauses say about themselves, each after its name.
fn clause_notes(deal: &Deal) -> Vec<String> {
    let investments = deal.investments.iter().map(|clause| (&clause.id, &clause.note));
    let facilities = deal.facilities.iter().map(|clause| (&clause.id, &clause.note));
    let tranches = deal.tranches.iter().map(|clause| (&clause.id, &clause.note));
    let commitments = deal.commitments.iter().map(|clause| (&clause.id, &clause.note));
    let capacity = deal.capacity.iter().map(|clause| (&clause.id, &clause.note));
    let covenants = deal.covenants.iter().map(|clause| (&clause.id, &clause.note));
    let all =
        investments.chain(facilities).chain(tranches).chain(commitments).chain(capacity).chain(covenants);
    all.filter_map(|(id, note)| Some(format!("`{}`: {}", id.get_ref(), note.as_ref()?))).collect()
}
