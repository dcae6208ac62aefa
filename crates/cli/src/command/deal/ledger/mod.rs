//! `offtake deal ledger`: the books of each party, in double entry, and the circle of money between them.

mod document;
mod json;
mod plain;

use super::evaluate::{facts, versions};
use crate::command::answer;
use crate::failure::Failure;
use contract::flow::{Circle, circle, flows};
use contract::{Decimal, Evaluation, Versions};
use settlement::deal_posting::{Entry, Ledgers, Place};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use units::{Clock as _, Money, SystemClock, Timestamp};

/// The books of each party: what was paid, charged, short and credited, and the circle of money between them
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The deal file, and the files of its amendments
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Facts, one JSON object a line; may be given several times
    #[arg(long, value_name = "FACTS")]
    facts: Vec<PathBuf>,
    /// The moment asked about, a date or a time; now when not said
    #[arg(long, value_name = "DATE")]
    as_of: Option<Timestamp>,
    /// What was put on record later is not known; now when not said. Given several times: the books of someone who
    /// looked at each of these moments, with what became known in between as corrections
    #[arg(long, value_name = "TIME")]
    known_at: Vec<Timestamp>,
    /// The books of this party only
    #[arg(long, value_name = "PARTY")]
    party: Option<String>,
    /// The fair value of what a tranche brings its payer, where that is not what is paid: TRANCHE=AMOUNT; may be
    /// given several times
    #[arg(long, value_name = "VALUE", value_parser = fair_value)]
    fair_value: Vec<(String, Decimal)>,
    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// For programs; the same as `--format json`
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// Markdown
    Md,
    /// For programs
    Json,
    /// A journal for hledger
    Hledger,
    /// A file for beancount
    Beancount,
}

fn fair_value(text: &str) -> Result<(String, Decimal), String> {
    let (tranche, amount) = text.rsplit_once('=').ok_or("write it as `TRANCHE=AMOUNT`")?;
    let amount = amount.parse().map_err(|error| format!("{error}"))?;
    Ok((tranche.to_owned(), amount))
}

/// The books, and whose of them are shown.
struct Books {
    ledgers: Ledgers,
    evaluation: Evaluation,
    /// The moments that were looked at.
    known: BTreeSet<Timestamp>,
    circle: Circle,
    party: Option<String>,
}

impl Books {
    fn shows(&self, party: &str) -> bool {
        self.party.as_deref().is_none_or(|shown| shown == party)
    }

    /// What was posted, of the parties shown.
    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.ledgers.entries().iter().filter(|entry| self.shows(entry.party()))
    }

    /// Every account of the parties shown, with its debits and credits.
    fn accounts(&self) -> impl Iterator<Item = (&Place, ledger::Balance)> {
        self.ledgers.accounts().filter(|(place, _)| self.shows(&place.party))
    }
}

/// Writes the books of the deal in the files.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let books = books(arguments)?;
    let format = if arguments.json { Format::Json } else { arguments.format };
    answer(&match format {
        Format::Text => analysis::render::terminal(&document::document(&books)?),
        Format::Md => analysis::render::markdown(&document::document(&books)?),
        Format::Json => json::write(&books)?,
        Format::Hledger => plain::hledger(&books)?,
        Format::Beancount => plain::beancount(&books)?,
    })
}

fn books(arguments: &Arguments) -> Result<Books, Failure> {
    let deal = versions(&arguments.files)?;
    let facts = facts(&deal, &arguments.facts)?;
    let now = SystemClock.now();
    let as_of = arguments.as_of.unwrap_or(now);
    let mut known: BTreeSet<Timestamp> = arguments.known_at.iter().copied().collect();
    if known.is_empty() {
        known.insert(now);
    }
    let last = known.last().copied().unwrap_or(now);
    let fair_values = fair_values(&deal, last, &arguments.fair_value)?;
    let kept = Ledgers::kept((&deal, &facts), as_of, &known, fair_values).map_err(Failure::failed)?;
    let (ledgers, evaluation) = kept.ok_or_else(|| Failure::failed("there is no moment to look at"))?;
    let moved = flows(deal.known_at(last), &evaluation);
    let circle = circle(&moved, ledgers.currency()).map_err(Failure::failed)?;
    if let Some(party) = &arguments.party {
        let parties = ledgers.parties();
        if !parties.contains(party.as_str()) {
            let names: Vec<String> = parties.iter().map(|party| format!("`{party}`")).collect();
            let known = if names.is_empty() { "nobody's yet".to_owned() } else { names.join(", ") };
            return Err(Failure::unusable(format!(
                "`--party {party}`: there are no such books; there are {known}"
            )));
        }
    }
    Ok(Books { ledgers, evaluation, known, circle, party: arguments.party.clone() })
}

/// A moment as people write it: a date where it is the start of one.
fn moment(at: Timestamp) -> String {
    let date = at.date();
    if date.parse() == Ok(at) { date } else { at.to_string() }
}

/// What tranches are worth, by name, each of them one of the deal's.
fn fair_values(
    deal: &Versions,
    known_at: Timestamp,
    given: &[(String, Decimal)],
) -> Result<BTreeMap<String, Money>, Failure> {
    let deal = deal.known_at(known_at);
    let mut values = BTreeMap::new();
    for (tranche, amount) in given {
        let wrong = |what: &str| Failure::unusable(format!("`--fair-value {tranche}={amount}`: {what}"));
        let of = deal.tranches.iter().find(|one| one.id.get_ref() == tranche);
        if of.is_none() {
            return Err(wrong("the deal has no such tranche"));
        }
        let value = amount.money(deal.currency);
        if value.pico() < 0 {
            return Err(wrong("a fair value is not below nothing"));
        }
        if values.insert(tranche.clone(), value).is_some() {
            return Err(wrong("it is given twice"));
        }
    }
    Ok(values)
}
