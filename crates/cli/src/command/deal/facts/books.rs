//! `offtake deal facts books`: what these books say, as facts of a deal.

use super::metered::{Asked, Metered};
use super::store;
use crate::command::{answer, books::Books};
use crate::failure::Failure;
use contract::Decimal;
use contract::fact::{Entry, LIST_SPEND};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use units::{Currency, Organisation};

/// These books: list spend by day and attributes, and what can be counted from it
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    books: Books,
    /// The file of facts to add to; they go to standard output without it
    #[arg(long, alias = "facts")]
    out: Option<PathBuf>,
    /// Only what this organisation pays for
    #[arg(long)]
    organisation: Option<Organisation>,
    /// Only charges in this currency, where the books have several
    #[arg(long)]
    currency: Option<Currency>,
    /// What the deal's rules call a backend's provider; the backend's own name when not said
    #[arg(long, value_name = "BACKEND=NAME", value_parser = pair)]
    provider: Vec<(String, String)>,
    /// The silicon that a backend runs on, for shares by silicon
    #[arg(long, value_name = "BACKEND=NAME", value_parser = pair)]
    silicon: Vec<(String, String)>,
    /// Give revenue too (what calls came to at list price), as this metric
    #[arg(long, value_name = "METRIC")]
    revenue: Option<String>,
    /// Give `active_customers` too: organisations that came to this much within 30 days
    #[arg(long, value_name = "AMOUNT")]
    active_customers: Option<Decimal>,
    /// Give `chip_hours` too: what the calls of a backend took, where a chip of it serves so many tokens an hour
    #[arg(long, value_name = "BACKEND=TOKENS", value_parser = rate)]
    chip_hours: Vec<(String, u64)>,
    /// Report, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Report as JSON
    #[arg(long)]
    json: bool,
}

/// A backend and a name.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((backend, name)) if !backend.is_empty() && !name.is_empty() => {
            Ok((backend.to_owned(), name.to_owned()))
        }
        _ => Err("write it as `BACKEND=NAME`".to_owned()),
    }
}

/// A backend and a number above nothing.
fn rate(text: &str) -> Result<(String, u64), String> {
    let (backend, tokens) = pair(text)?;
    let tokens = tokens.parse().ok().filter(|tokens| *tokens > 0);
    tokens
        .map(|tokens| (backend, tokens))
        .ok_or_else(|| "write it as `BACKEND=TOKENS`, such as `b=2500000`".to_owned())
}

/// Adds what the books say and the file of facts does not yet.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let data = arguments.books.data()?;
    let reader = ::store::Reader::open(&data).map_err(Failure::failed)?;
    let Some(reader) = reader else {
        return Err(Failure::failed(format!("nothing is settled in `{}` yet", data.display())));
    };
    let mut batches = reader.batches(u32::MAX).map_err(Failure::failed)?;
    batches.reverse();
    let before = arguments.out.as_deref().map_or_else(|| Ok(String::new()), store::read)?;
    let path = arguments.out.as_deref().unwrap_or(Path::new(""));
    let known = contract::fact::read(&before).map_err(|faults| store::faults(path, &before, faults))?;
    let metered = facts(arguments, &data, &batches, known)?;
    if let Some(out) = arguments.out.as_deref().filter(|_| !arguments.dry_run && !metered.facts.is_empty()) {
        store::add(out, &before, metered.facts.iter().cloned())?;
    }
    report(arguments, &metered)
}

fn facts<'a>(
    arguments: &Arguments,
    data: &Path,
    batches: &'a [::store::Batch],
    known: Vec<Entry>,
) -> Result<Metered<'a>, Failure> {
    // What the command says outweighs the configuration.
    let configured = arguments.books.configuration()?.map(|file| file.deal_names());
    let [mut provider, mut silicon] = configured.unwrap_or_default();
    provider.extend(arguments.provider.iter().cloned());
    silicon.extend(arguments.silicon.iter().cloned());
    let asked = Asked {
        organisation: arguments.organisation.clone(),
        currency: arguments.currency,
        provider,
        silicon,
    };
    let name = data.file_name().unwrap_or(data.as_os_str()).to_string_lossy().into_owned();
    let mut metered = Metered::new(asked, name, batches, known).map_err(Failure::unusable)?;
    metered.flow(LIST_SPEND, true).map_err(Failure::unusable)?;
    if let Some(metric) = &arguments.revenue {
        metered.flow(metric, false).map_err(Failure::unusable)?;
    }
    if !arguments.chip_hours.is_empty() {
        metered.chip_hours(&arguments.chip_hours.iter().cloned().collect()).map_err(Failure::unusable)?;
    }
    if let Some(least) = arguments.active_customers {
        metered.active_customers(least);
    }
    Ok(metered)
}

fn report(arguments: &Arguments, metered: &Metered<'_>) -> Result<(), Failure> {
    let mut written: BTreeMap<&str, u64> = BTreeMap::new();
    for fact in &metered.facts {
        *written.entry(&fact.metric).or_default() += 1;
    }
    let total = metered.total();
    let text = if arguments.json {
        format!("{}\n", json!({ "batches": metered.batches(), "written": written, "list_cost": total }))
    } else {
        let lines = written.iter().map(|(metric, count)| format!("  {count} of {metric}\n"));
        let verb = if arguments.dry_run { "would be added" } else { "added" };
        let facts = metered.facts.len();
        format!(
            "{} batches in the books, {total} at list price\n{facts} facts {verb}\n{}",
            metered.batches(),
            lines.collect::<String>()
        )
    };
    if arguments.out.is_some() || arguments.dry_run {
        return answer(&text);
    }
    super::complain(&text);
    metered.facts.iter().try_for_each(|fact| answer(&format!("{}\n", fact.to_line())))
}
