//! What a deal comes to: its figures, each reported, derived or assumed, computed from the deal file alone.
//!
//! What stays true: nothing is hard-coded and nothing is guessed. A figure that the file does not yield is
//! left out, and a note says what is missing. Sums and quotients are exact and rounded once, when written.

mod derive;
mod notes;
mod quantity;

pub use quantity::{Bound, Quantity, Unit};

use crate::day::{Day, Period};
use crate::deal::{Binding, Deal, Tranche, When};
use units::{Currency, Timestamp};

/// A deal's figures, tranches and notes, ready to be rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Which deal.
    pub head: Head,
    /// What it comes to.
    pub figures: Vec<Figure>,
    /// What is released when.
    pub tranches: Vec<TrancheLine>,
    /// The minimum of each contract year, where they are known.
    pub minimums: Vec<MinimumLine>,
    /// What a reader must know to read the figures rightly, and what is missing.
    pub notes: Vec<String>,
}

/// Which deal a report is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its id.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// Its version.
    pub version: u32,
    /// The hash of that version's file.
    pub hash: String,
    /// Since when that version is known.
    pub known_from: Timestamp,
    /// When it is in force.
    pub period: Period,
    /// Its currency.
    pub currency: Currency,
    /// Whether anyone is bound.
    pub binding: Binding,
    /// Each party's name and roles.
    pub parties: Vec<(String, String)>,
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// What programs call it.
    pub id: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// How much, exactly, and of what.
    pub quantity: Quantity,
    /// How it is known.
    pub basis: Basis,
}

impl Figure {
    /// The plain number: money in whole units unless it has a fraction, a multiple as `4.0`.
    pub fn value(&self) -> String {
        self.quantity.plain()
    }
}

/// How something is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// Somebody said so.
    Reported {
        /// Who, where.
        source: String,
    },
    /// It follows from other figures.
    Derived {
        /// How.
        formula: String,
    },
    /// It is a guess.
    Assumed {
        /// Why it is made.
        why: String,
    },
}

impl Basis {
    /// `reported`, `derived` or `assumed`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Reported { .. } => "reported",
            Self::Derived { .. } => "derived",
            Self::Assumed { .. } => "assumed",
        }
    }

    /// The source, formula or reason.
    pub fn text(&self) -> &str {
        match self {
            Self::Reported { source: text }
            | Self::Derived { formula: text }
            | Self::Assumed { why: text } => text,
        }
    }

    /// From a clause's own `source` and `assumed`; a clause without either is known from the file it is in.
    fn of(source: Option<&String>, assumed: Option<&String>) -> Self {
        match (source, assumed) {
            (_, Some(why)) => Self::Assumed { why: why.clone() },
            (Some(source), None) => Self::Reported { source: source.clone() },
            (None, None) => Self::Reported { source: "this deal file".to_owned() },
        }
    }
}

/// One tranche.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrancheLine {
    /// Its id.
    pub id: String,
    /// Its name for people; empty when it has none.
    pub title: String,
    /// How much.
    pub quantity: Quantity,
    /// Its state before any fact is known.
    pub state: TrancheState,
    /// What has to be true, as written.
    pub condition: String,
    /// How it is known.
    pub basis: Basis,
}

impl TrancheLine {
    /// `T1` or `T1, at signing`.
    pub fn name(&self) -> String {
        if self.title.is_empty() { self.id.clone() } else { format!("{}, {}", self.id, self.title) }
    }
}

/// A tranche's state as far as the deal file alone decides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrancheState {
    /// The contract is not in force.
    Draft,
    /// Released by the signature, from the first day on.
    Signed,
    /// Its condition is open, and unknown without facts.
    Open,
}

impl TrancheState {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Signed => "signed",
            Self::Open => "open",
        }
    }
}

/// The minimum of one contract year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinimumLine {
    /// Of which commitment.
    pub commitment: String,
    /// Counted from 1.
    pub year: u32,
    /// Its first day, and the first day after it.
    pub days: (Day, Day),
    /// What is due.
    pub quantity: Quantity,
}

/// Computes a deal's report.
pub fn report(deal: &Deal) -> Report {
    let derived = derive::figures(deal);
    let notes = notes::notes(deal, &derived);
    Report {
        head: head(deal),
        figures: derived.figures,
        tranches: deal.tranches.iter().map(|tranche| tranche_line(deal, tranche)).collect(),
        minimums: minimums(deal),
        notes,
    }
}

fn head(deal: &Deal) -> Head {
    let parties = deal.parties.get_ref().iter();
    Head {
        id: deal.id.get_ref().clone(),
        title: deal.name().to_owned(),
        version: deal.version,
        hash: deal.hash.clone(),
        known_from: deal.known_from,
        period: deal.period(),
        currency: deal.currency,
        binding: deal.binding,
        parties: parties.map(|party| (party.name().to_owned(), party.roles.join(", "))).collect(),
    }
}

fn tranche_line(deal: &Deal, tranche: &Tranche) -> TrancheLine {
    let (state, condition) = match tranche.when.get_ref() {
        When::AtSigning => (TrancheState::Signed, "at_signing".to_owned()),
        When::On(day) => (TrancheState::Open, day.to_string()),
        When::Text(condition) => (TrancheState::Open, condition.clone()),
    };
    TrancheLine {
        id: tranche.id.get_ref().clone(),
        title: tranche.title.clone().unwrap_or_default(),
        quantity: Quantity::money(deal.money(*tranche.amount.get_ref()), Bound::Exactly),
        state: if deal.binding == Binding::Loi { TrancheState::Draft } else { state },
        condition,
        basis: Basis::of(tranche.source.as_ref(), tranche.assumed.as_ref()),
    }
}

fn minimums(deal: &Deal) -> Vec<MinimumLine> {
    let mut lines = Vec::new();
    for commitment in &deal.commitments {
        for entry in commitment.schedule.iter().map(|entry| entry.get_ref()) {
            let Some(days) = deal.period().year(entry.y) else { continue };
            let commitment = commitment.id.get_ref().clone();
            let quantity = Quantity::money(deal.money(entry.min), Bound::Exactly);
            lines.push(MinimumLine { commitment, year: entry.y, days, quantity });
        }
    }
    lines
}
