//! What a plane writes to the journal when it starts: prices and commitments that are new, and an ending for
//! each call that the last process left open.

use crate::commitment::Counts;
use crate::{Books, Error, Terms};
use journal::{
    Attempt, Closed, CommitmentAdded, EligibleAdded, Frame, Journal, Outcome, PriceAdded, Unfinished,
    UsageSource,
};
use price::{Added, Price, PriceBook};
use std::collections::BTreeMap;
use std::sync::Arc;
use units::{Money, Organisation, Timestamp};

/// An organisation's promise to spend: its charges in the term draw it down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commitment {
    /// Its id in the deal file.
    pub id: Arc<str>,
    /// Whose charges count.
    pub organisation: Organisation,
    /// What was promised; above zero.
    pub total: Money,
    /// From when charges count.
    pub from: Timestamp,
    /// Until when, exclusive.
    pub to: Timestamp,
    /// What it says about its years, and the hash of the deal that says so; nothing where its years are not closed.
    pub terms: Option<(Terms, Arc<str>)>,
    /// By backend and model, the share of a charge that counts, in 10⁻¹²; nothing where all charges count.
    pub counts: Option<Counts>,
}

impl Commitment {
    /// Whether these are the same promise, whatever is said of its years.
    fn same(&self, other: &Self) -> bool {
        let promise = |one: &Self| (one.organisation.clone(), one.total, one.from, one.to);
        promise(self) == promise(other)
    }
}

/// The prices and commitments that the journal holds.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The price book, which serving reads too.
    pub prices: PriceBook,
    commitments: BTreeMap<Arc<str>, Commitment>,
}

impl Books {
    /// The prices and commitments that the journal holds.
    pub fn known(&self) -> Known {
        let terms = |one: &crate::commitment::Commitment| {
            let store::Position { commitment, organisation, total, from, to, .. } = one.position.clone();
            let terms = one.closing.as_ref().map(|closing| (closing.terms.clone(), "".into()));
            let counts = one.counts.clone();
            (commitment.clone(), Commitment { id: commitment, organisation, total, from, to, terms, counts })
        };
        Known { prices: self.prices.clone(), commitments: self.commitments.iter().map(terms).collect() }
    }
}

/// Writes the prices and commitments that `known` lacks to the journal, and adds them to `known`: all, or,
/// when one of them is wrong, none. Call it before a call is admitted by them.
///
/// # Errors
/// When a price or a commitment was edited, or a commitment cannot be; when the journal refuses.
pub fn announce(
    journal: &Journal,
    known: &mut Known,
    prices: &[Price],
    commitments: &[Commitment],
    now: Timestamp,
) -> Result<(), Error> {
    let mut next = known.clone();
    let mut frames = Vec::new();
    for price in prices {
        if next.prices.add(price.clone())? == Added::Added {
            let Price { id, model, currency, from, rates } = price.clone();
            frames.push(Frame::PriceAdded(PriceAdded { at: now, price: id, model, currency, from, rates }));
        }
    }
    for commitment in commitments {
        let known = next.commitments.get(&commitment.id);
        match (known.and_then(|known| known.counts.as_ref()), &commitment.counts) {
            (said, Some(counts)) if said != Some(counts) => {
                let counts =
                    counts.iter().map(|((backend, model), share)| (backend.clone(), model.clone(), *share));
                let added =
                    EligibleAdded { at: now, commitment: commitment.id.clone(), counts: counts.collect() };
                frames.push(Frame::EligibleAdded(added));
            }
            (Some(_), None) => return Err(Error::Edited(commitment.id.clone())),
            _ => {}
        }
        match known {
            Some(known) if known.same(commitment) => {}
            Some(_) => return Err(Error::Edited(commitment.id.clone())),
            None => {
                check(commitment, now)?;
                let Commitment { id, organisation, total, from, to, .. } = commitment.clone();
                let added = CommitmentAdded { at: now, commitment: id, organisation, total, from, to };
                frames.push(Frame::CommitmentAdded(added));
            }
        }
        match (known.and_then(|known| known.terms.as_ref()), &commitment.terms) {
            (Some((said, _)), Some((terms, _))) if said == terms => {}
            (Some(_), _) => return Err(Error::Edited(commitment.id.clone())),
            (None, Some((terms, contract))) => {
                let added = terms.frame(commitment.id.clone(), contract.clone(), now);
                frames.push(Frame::TermsAdded(added));
            }
            (None, None) => {}
        }
        next.commitments.insert(commitment.id.clone(), commitment.clone());
    }
    for frame in &frames {
        journal.append(frame)?;
    }
    *known = next;
    Ok(())
}

fn check(commitment: &Commitment, now: Timestamp) -> Result<(), Error> {
    let Commitment { id, total, from, to, .. } = commitment;
    let wrong = |what| Err(Error::Commitment { id: id.clone(), what });
    if total.pico() <= 0 {
        return wrong("promises nothing: its total is above zero");
    }
    if to <= from {
        return wrong("ends before it begins");
    }
    // What was used before is added up by days, so a term that has begun can only be told by days.
    let mid_day = |at: &&Timestamp| **at < now && crate::line::day_of(**at) != **at;
    if [from, to].iter().any(mid_day) {
        return wrong("has a term in the past that does not begin and end at midnight UTC");
    }
    Ok(())
}

/// Ends the calls that the last process left open: interrupted, charged for what had arrived by then.
///
/// # Errors
/// When the journal refuses.
pub fn close_unfinished(journal: &Journal, unfinished: Vec<Unfinished>, now: Timestamp) -> Result<(), Error> {
    for Unfinished { seq, opened, used } in unfinished {
        let attempt = Attempt {
            backend: opened.backend,
            region: opened.region,
            upstream_model: opened.upstream_model,
            tokens: used,
            source: UsageSource::Estimated,
            vendor_request: "".into(),
            claimed: "".into(),
            observed: "".into(),
        };
        let attempts = if used.is_zero() { Vec::new() } else { vec![attempt] };
        journal.append(&Frame::Closed(Closed {
            opened: seq,
            at: now,
            outcome: Outcome::Interrupted,
            cause: "the plane was stopped".into(),
            attempts,
            first_byte_micros: 0,
        }))?;
    }
    Ok(())
}
