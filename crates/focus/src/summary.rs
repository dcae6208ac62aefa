//! What an import came to: what was read, what is fact now, what is not and why.

use crate::charge::LeftOut;
use crate::check::Breach;
use crate::fault::Fault;
use crate::gather::{BillIs, Import};
use crate::number::Sum;
use crate::reconcile::Plan;
use crate::rules::Counted;
use contract::Deal;
use contract::fact::Fact;
use serde::Serialize;
use std::collections::BTreeMap;

/// An import that is done.
#[derive(Debug)]
pub struct Outcome {
    import: Import,
    plan: Plan,
    /// What it came to.
    pub summary: Summary,
}

impl Outcome {
    /// The facts to add, in the order of their days; each is made when it is asked for.
    pub fn facts(&self) -> impl Iterator<Item = Fact> {
        self.plan.facts.iter().map(|planned| self.import.fact(planned))
    }
}

/// What an import came to. Amounts are decimal text in `currency`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The files that were read.
    pub files: Vec<FileLine>,
    /// How many rows they have.
    pub rows: u64,
    /// The one currency of all of them.
    pub currency: Option<String>,
    /// The first day of a charge.
    pub from: Option<String>,
    /// The last day of a charge.
    pub to: Option<String>,
    /// How many facts.
    pub facts: Facts,
    /// The list cost of all rows that are facts.
    pub list_cost: String,
    /// That by kind of charge.
    pub charges: Vec<ChargeLine>,
    /// Rows that are no facts, by reason.
    pub left_out: Vec<LeftLine>,
    /// What the bill was taken for beside earlier files that cover the same days.
    pub beside: Vec<BesideLine>,
    /// What should hold within a row and does not.
    pub checks: Vec<Breach>,
    /// What the deal's commitments make of it, where a deal was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commitments: Option<Vec<Counted>>,
    /// What else to know.
    pub notes: Vec<String>,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileLine {
    /// Its name.
    pub file: String,
    /// Its SHA-256.
    pub sha256: String,
    /// The FOCUS version that its columns show.
    pub version: &'static str,
    /// How many rows it has.
    pub rows: u64,
}

/// How many facts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// Added.
    pub written: u64,
    /// Of those, how many replace one that differs.
    pub replaced: u64,
    /// Of those, how many only take back one whose rows are gone.
    pub withdrawn: u64,
    /// On record already.
    pub known: u64,
}

/// A kind of charge that is facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChargeLine {
    /// Whose bill.
    pub provider: String,
    /// `direct` or `marketplace`.
    pub channel: String,
    /// Usage, purchase, tax, credit or adjustment.
    pub charge: String,
    /// How many rows.
    pub rows: u64,
    /// At list price.
    pub list_cost: String,
}

/// Rows that are no facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftLine {
    /// Why, in a word.
    pub reason: &'static str,
    /// Why, in a sentence.
    pub why: &'static str,
    /// How many rows.
    pub rows: u64,
    /// What was billed for them.
    pub billed_cost: String,
    /// What they cost after all discounts.
    pub effective_cost: String,
}

/// An earlier file that covers some of the same days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BesideLine {
    /// That file.
    pub file: String,
    /// What this bill is beside it.
    pub this_is: BillIs,
}

impl Import {
    /// Ends the import: what facts it adds to those that stand, and what it came to.
    ///
    /// # Errors
    /// When the bill may be a newer edition or a further part of one on record and neither can be told, or a
    /// correction would be on record before what it corrects.
    pub fn finish(mut self, deal: Option<&Deal>) -> Result<Outcome, Fault> {
        let plan = self.plan()?;
        let commitments = deal.map(|deal| self.counted(deal));
        let (charges, list_cost) = self.charges();
        let days = self.covered.iter().map(|(_, day)| *day);
        let (from, to) = (days.clone().min(), days.max());
        let date = |day: Option<crate::moment::Day>| day.map(|day| day.start().date());
        let summary = Summary {
            files: self.files(),
            rows: self.sources.iter().map(|source| source.rows).sum(),
            currency: self.currency.map(|currency| currency.to_string()),
            from: date(from),
            to: date(to),
            facts: Facts {
                written: u64::try_from(plan.facts.len()).unwrap_or(u64::MAX),
                replaced: plan.replaced,
                withdrawn: plan.withdrawn,
                known: plan.known,
            },
            list_cost,
            charges,
            left_out: self.left_out(),
            beside: beside(&plan),
            checks: self.checks.breaches(),
            commitments,
            notes: self.notes(&plan),
        };
        Ok(Outcome { import: self, plan, summary })
    }

    fn files(&self) -> Vec<FileLine> {
        let line = |source: &crate::gather::Source| FileLine {
            file: source.named.name.clone(),
            sha256: source.named.sha256.clone(),
            version: source.version,
            rows: source.rows,
        };
        self.sources.iter().map(line).collect()
    }

    fn charges(&self) -> (Vec<ChargeLine>, String) {
        let mut sums: BTreeMap<[&str; 3], (u64, i128)> = BTreeMap::new();
        for ((_, kind, _), group) in &self.groups {
            let attributes = self.kinds.get(*kind).map(|kind| &kind.attributes);
            let get = |name| attributes.and_then(|known| known.get(name)).map_or("", String::as_str);
            let sum = sums.entry(["provider", "channel", "charge"].map(get)).or_default();
            sum.0 += group.rows;
            sum.1 = sum.1.saturating_add(group.sum.pico().0);
        }
        let total = sums.values().fold(0_i128, |total, (_, sum)| total.saturating_add(*sum));
        let line = |([provider, channel, charge], (rows, sum)): ([&str; 3], (u64, i128))| ChargeLine {
            provider: provider.to_owned(),
            channel: channel.to_owned(),
            charge: charge.to_owned(),
            rows,
            list_cost: text(sum),
        };
        (sums.into_iter().map(line).collect(), text(total))
    }

    fn left_out(&self) -> Vec<LeftLine> {
        let line = |(reason, left): (&LeftOut, &crate::gather::Left)| LeftLine {
            reason: reason.word(),
            why: reason.why(),
            rows: left.rows,
            billed_cost: money(left.billed),
            effective_cost: money(left.effective),
        };
        self.left.iter().map(line).collect()
    }

    fn notes(&self, plan: &Plan) -> Vec<String> {
        let mut notes = Vec::new();
        for source in &self.sources {
            let name = &source.named.name;
            if !source.wanting.is_empty() {
                let missing = source.wanting.join(", ");
                notes.push(format!("{name} has no {missing}: rules on what they say match nothing"));
            }
            if source.doubles {
                notes.push(format!(
                    "{name} has its costs as doubles: each counts as the shortest decimal that reads back the same"
                ));
            }
        }
        if plan.rounded > 0 {
            notes.push(format!(
                "{} amounts were finer than 12 decimal places: each is rounded there, half to even",
                plan.rounded
            ));
        }
        notes
    }
}

impl LeftOut {
    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::CoversLaterUse => "covers_later_use",
            Self::NoListCost => "no_list_cost",
        }
    }

    /// In a sentence.
    const fn why(self) -> &'static str {
        match self {
            Self::CoversLaterUse => "pays for later use, which counts at list price when it comes",
            Self::NoListCost => {
                "has no list cost, and none is made up; `--fill-list-cost` counts what it cost"
            }
        }
    }
}

fn beside(plan: &Plan) -> Vec<BesideLine> {
    plan.beside.iter().map(|(file, is)| BesideLine { file: file.clone(), this_is: *is }).collect()
}

fn money(sum: Sum) -> String {
    text(sum.pico().0)
}

fn text(pico: i128) -> String {
    units::format_decimal(pico, 12, 2)
}
