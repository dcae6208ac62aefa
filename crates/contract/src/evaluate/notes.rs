//! What a deal file says and nothing is computed from: a reader must not take it for evaluated.

use crate::deal::{Capacity, Commitment, Deal};

/// A clause that is only kept on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Where it stands: ``commitment `aws`: `credits_order` ``.
    pub clause: String,
    /// What is not done with it, and why.
    pub what: &'static str,
}

pub(super) fn notes(deal: &Deal) -> Vec<Note> {
    let commitments = deal.commitments.iter().flat_map(|commitment| {
        let clauses = of_commitment(commitment);
        clauses.into_iter().map(|(field, what)| note("commitment", commitment.id.get_ref(), field, what))
    });
    let capacity = deal.capacity.iter().flat_map(|grant| {
        let clauses = of_capacity(grant);
        clauses.into_iter().map(|(field, what)| note("capacity", grant.id.get_ref(), field, what))
    });
    commitments.chain(capacity).collect()
}

fn note(kind: &str, id: &str, field: &str, what: &'static str) -> Note {
    Note { clause: format!("{kind} `{id}`: `{field}`"), what }
}

/// Fields, each with what is not done with it.
type Fields = Vec<(&'static str, &'static str)>;

fn of_commitment(commitment: &Commitment) -> Fields {
    let mut found = Fields::new();
    let place = |kind: &str| commitment.credits_order.iter().position(|named| named == kind);
    if place("prepaid").zip(place("make-good")).is_some_and(|(prepaid, good)| prepaid < good) {
        found.push((
            "credits_order",
            "a make-good credit is used before prepayments, whatever the order: it is good for overage alone",
        ));
    }
    if commitment.credits_order.iter().any(|kind| kind != "prepaid" && kind != "make-good") {
        found.push(("credits_order", "no fact tells of credits other than `make-good` and `prepaid`"));
    }
    let Some(protection) = &commitment.price_protection else { return found };
    if protection.mfn.as_ref().is_some_and(|mfn| mfn.metric.is_none()) {
        found.push((
            "price_protection.mfn",
            "recorded, not computed: no `metric` says which discount others have",
        ));
    }
    if protection.list_increase_cap.is_some() && protection.list_metric.is_none() {
        found.push((
            "price_protection.list_increase_cap",
            "recorded, not computed: no `list_metric` says where list prices are",
        ));
    }
    found
}

fn of_capacity(grant: &Capacity) -> Fields {
    let mut found = Fields::new();
    if grant.take_or_pay.is_some() && grant.used.is_none() {
        found.push(("take_or_pay", "recorded, not computed: no `used` says how much is in use"));
    }
    if grant.burst.is_some() && grant.used.is_none() {
        found.push(("burst", "recorded, not computed: no `used` says how much is in use"));
    }
    let mut causes = grant.late.iter().flat_map(|late| &late.excused_by);
    if causes.any(|cause| super::capacity::excuse(cause).is_none()) {
        found.push((
            "late.excused_by",
            "a cause other than `force_majeure`, `export_control` and `sanctions` excuses nothing: no fact \
             tells of it",
        ));
    }
    found
}
