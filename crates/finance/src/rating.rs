//! What usage comes to under tiers, and what a late event or a backdated price changes afterwards.
//!
//! A closed invoice never changes: what becomes known later is a document of its own, an adjustment when more is
//! due and a credit note when less is.

use crate::sum;
use contract::Ratio;
use units::Timestamp;

/// One step of a price by volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier {
    /// It reaches up to and including this many units; the last has no end.
    pub up_to: Option<Ratio>,
    /// For each unit (or, where usage is money, the share of it).
    pub rate: Ratio,
    /// Once, when the tier is reached.
    pub flat: Ratio,
}

/// What one tier of a graduated price charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TierLine {
    /// Its place, from 0.
    pub tier: usize,
    /// The units that fall in it.
    pub units: Ratio,
    /// What they come to.
    pub amount: Ratio,
    /// What a maximum took off that.
    pub discount: Ratio,
}

/// What an unused price charges: vendors differ, so that a contract has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unused {
    /// Nothing.
    Free,
    /// The flat fee of the first tier.
    FirstFlat,
}

/// Graduated: each unit at its own tier's price, for usage that goes from `from` to `to` within one period, so
/// that an invoice in between is followed by the difference only. A tier's flat fee falls due with its first unit.
pub fn graduated(tiers: &[Tier], from: Ratio, to: Ratio) -> Vec<TierLine> {
    let mut bottom = Ratio::ZERO;
    let mut lines = Vec::new();
    for (place, tier) in tiers.iter().enumerate() {
        let top = tier.up_to.map_or(to, |top| top.min(to));
        let units = top - from.max(bottom);
        if units.is_positive() {
            let flat = if from <= bottom { tier.flat } else { Ratio::ZERO };
            lines.push(TierLine {
                tier: place,
                units,
                amount: units * tier.rate + flat,
                discount: Ratio::ZERO,
            });
        }
        bottom = tier.up_to.unwrap_or(to);
    }
    lines
}

/// What a whole period's usage comes to under a graduated price.
pub fn graduated_total(tiers: &[Tier], units: Ratio, unused: Unused) -> Ratio {
    match tiers.first() {
        Some(first) if !units.is_positive() => match unused {
            Unused::Free => Ratio::ZERO,
            Unused::FirstFlat => first.flat,
        },
        _ => sum(graduated(tiers, Ratio::ZERO, units).iter().map(|line| line.amount)),
    }
}

/// By volume: every unit at the price of the tier that the whole falls in. No number when it falls in none.
pub fn volume(tiers: &[Tier], units: Ratio) -> Ratio {
    let tier = tiers.iter().find(|tier| tier.up_to.is_none_or(|top| units <= top));
    tier.map_or(Ratio::NONE, |tier| units * tier.rate + tier.flat)
}

/// By package: what goes beyond the free units, in whole packages of `size` at `price` each.
pub fn package(units: Ratio, free: Ratio, size: Ratio, price: Ratio) -> Ratio {
    let packages = (units - free).max(Ratio::ZERO) / size;
    ceiling(packages) * price
}

/// The least whole number that is no less.
pub(crate) fn ceiling(number: Ratio) -> Ratio {
    let Some(near) = number.round_half_even().map(Ratio::whole) else { return Ratio::NONE };
    if near < number { near + Ratio::ONE } else { near }
}

/// Takes off `lines` what goes beyond a maximum of the period, of which `billed` is billed already.
pub fn cap(lines: &mut [TierLine], billed: Ratio, maximum: Ratio) {
    let mut room = (maximum - billed).max(Ratio::ZERO);
    for line in lines {
        let kept = line.amount.min(room);
        line.discount = line.amount - kept;
        line.amount = kept;
        room = room - kept;
    }
}

/// Usage, when it happened and when it became known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// When it happened: this decides its price.
    pub at: Timestamp,
    /// Units.
    pub quantity: Ratio,
    /// When it was recorded.
    pub known_at: Timestamp,
}

/// A price from a moment on, and when it became known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatedPrice {
    /// It holds from then on, until a later one.
    pub from: Timestamp,
    /// For each unit.
    pub rate: Ratio,
    /// When it was recorded.
    pub known_at: Timestamp,
}

/// What the events known by `known_at` come to at the prices known by then. No number when one has no price.
pub fn rated(events: &[Event], prices: &[DatedPrice], known_at: Timestamp) -> Ratio {
    let known = events.iter().filter(|event| event.known_at <= known_at);
    sum(known.map(|event| {
        let holding = prices.iter().filter(|price| price.known_at <= known_at && price.from <= event.at);
        // Of two from the same moment the one that became known later is the correction.
        let latest = holding.max_by_key(|price| (price.from, price.known_at));
        latest.map_or(Ratio::NONE, |price| price.rate * event.quantity)
    }))
}

/// A document of a billing period: the first is the invoice, what follows corrects it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// What was due when the period closed.
    Invoice(Ratio),
    /// More is due.
    Adjustment(Ratio),
    /// Less is due; below nothing.
    CreditNote(Ratio),
}

/// The documents of one period, closed at the first of `moments` and looked at again at each later one. Where
/// nothing changed there is none.
pub fn documents(events: &[Event], prices: &[DatedPrice], moments: &[Timestamp]) -> Vec<Document> {
    let mut documents = Vec::new();
    let mut documented = Ratio::ZERO;
    for moment in moments {
        let due = rated(events, prices, *moment);
        let difference = due - documented;
        documented = due;
        if documents.is_empty() {
            documents.push(Document::Invoice(due));
        } else if difference.is_positive() {
            documents.push(Document::Adjustment(difference));
        } else if difference != Ratio::ZERO {
            documents.push(Document::CreditNote(difference));
        }
    }
    documents
}
