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
    if !commitment.credits_order.is_empty() {
        found.push((
            "credits_order",
            "recorded, not computed: a make-good credit is used on overage alone, prepayments in the order of \
             their tranches",
        ));
    }
    let Some(protection) = &commitment.price_protection else { return found };
    if protection.mfn.is_some() {
        found.push(("price_protection.mfn", "recorded, not computed: no fact tells what others pay"));
    }
    if protection.list_increase_cap.is_some() {
        found.push((
            "price_protection.list_increase_cap",
            "recorded, not computed: facts of spend do not tell the list prices",
        ));
    }
    found
}

fn of_capacity(grant: &Capacity) -> Fields {
    let mut found = Fields::new();
    if grant.take_or_pay.is_some() {
        found.push(("take_or_pay", "recorded, not computed: no fact tells the price of what was not used"));
    }
    if grant.burst.is_some() {
        found.push(("burst", "recorded, not computed: use above a grant is spend like any other"));
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
