//! `offtake retention`: prompts and answers that are kept: what there is, one call's, and their end.

use super::{answer, books::Books};
use crate::failure::Failure;
use retention::{Head, MasterKey, Report, Shelf, Vault};
use serde_json::json;
use std::fmt::Write as _;
use std::path::PathBuf;
use units::{Clock as _, SystemClock};

/// Prompts and answers that are kept, encrypted
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// What is kept, by organisation and last day; nothing of what it says
    List {
        #[command(flatten)]
        books: Books,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// One call's prompt and answer; that it was read is put on the log
    Show(Show),
    /// Delete for good, before the last day
    Delete(Delete),
    /// Prove that what was deleted is gone, and that the log is whole
    Verify {
        #[command(flatten)]
        books: Books,
        /// Open every record, too: the variable or file of the key, as in the configuration
        #[arg(long, value_name = "env:NAME|file:PATH")]
        key: Option<String>,
        /// That the log goes on from what an earlier answer gave as its head
        #[arg(long, value_name = "LINES:SHA256")]
        since: Option<Head>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

/// Which call, and who asks.
#[derive(Debug, clap::Args)]
pub struct Show {
    #[command(flatten)]
    books: Books,
    /// The call's id (`x-offtake-request-id`)
    request: String,
    /// Where the key is: as in the configuration
    #[arg(long, value_name = "env:NAME|file:PATH")]
    key: String,
    /// Why it is read, for the log
    #[arg(long)]
    reason: String,
}

/// What is deleted.
#[derive(Debug, clap::Args)]
pub struct Delete {
    #[command(flatten)]
    books: Books,
    /// Everything of this organisation
    #[arg(long)]
    organisation: Option<String>,
    /// Everything whose last day is before this date
    #[arg(long, value_name = "DATE")]
    before: Option<String>,
    /// Why, for the log
    #[arg(long)]
    reason: String,
}

/// Does what is asked.
pub fn run(verb: &Verb) -> Result<(), Failure> {
    let now = SystemClock.now().to_string();
    match verb {
        Verb::List { books, json } => {
            let shelves = Vault::open(&books.data()?).shelves().map_err(Failure::failed)?;
            answer(&if *json { format!("{}\n", json!({ "shelves": shelves })) } else { listed(&shelves) })
        }
        Verb::Show(show) => {
            let vault = Vault::open(&show.books.data()?);
            let key = key(&show.key)?;
            let record = vault.read(&key, &show.request, &now, &show.reason).map_err(Failure::failed)?;
            let nothing = || Failure::failed(format!("nothing is kept of `{}`", show.request));
            let record =
                serde_json::to_string_pretty(&record.ok_or_else(nothing)?).map_err(Failure::failed)?;
            answer(&format!("{record}\n"))
        }
        Verb::Delete(delete) => {
            let Delete { books, organisation, before, reason } = delete;
            if organisation.is_none() && before.is_none() {
                return Err(Failure::unusable("say what: `--organisation`, `--before`, or both"));
            }
            let which = |shelf: &Shelf| {
                organisation.as_ref().is_none_or(|one| *one == shelf.organisation)
                    && before.as_ref().is_none_or(|day| shelf.until < *day)
            };
            let deleted = Vault::open(&books.data()?).delete(which, &now, reason).map_err(Failure::failed)?;
            let records: u64 = deleted.iter().map(|shelf| shelf.records).sum();
            answer(&format!(
                "{records} records on {} shelves are deleted; their keys are gone\n",
                deleted.len()
            ))
        }
        Verb::Verify { books, key: given, since, json } => {
            let key = given.as_deref().map(key).transpose()?;
            let report =
                Vault::open(&books.data()?).verify(key.as_ref(), since.as_ref()).map_err(Failure::failed)?;
            answer(&if *json {
                format!("{}\n", json!({ "ok": true, "report": report }))
            } else {
                verified(&report)
            })
        }
    }
}

/// The key, from where the configuration's reference leads.
fn key(reference: &str) -> Result<MasterKey, Failure> {
    let secret = match reference.split_once(':') {
        Some(("env", name)) => std::env::var(name).ok(),
        Some(("file", path)) => std::fs::read_to_string(PathBuf::from(path)).ok(),
        _ => return Err(Failure::unusable("write the key as `env:NAME` or `file:PATH`")),
    };
    let secret = secret.map(|secret| secret.strip_suffix('\n').unwrap_or(&secret).to_owned());
    let secret = secret.filter(|secret| !secret.is_empty());
    secret
        .map(|secret| MasterKey::of(&secret))
        .ok_or_else(|| Failure::unusable(format!("there is no key at `{reference}`")))
}

fn listed(shelves: &[Shelf]) -> String {
    if shelves.is_empty() {
        return "nothing is kept\n".to_owned();
    }
    let mut text = "UNTIL       RECORDS  ORGANISATION\n".to_owned();
    for Shelf { organisation, until, records, .. } in shelves {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{until}  {records:>7}  {organisation}");
    }
    text
}

fn verified(report: &Report) -> String {
    let records: u64 = report.shelves.iter().map(|shelf| shelf.records).sum();
    let count = |what: &str| report.log.iter().filter(|entry| entry.what == what).count();
    let opened = report.opened.map(|opened| format!(", {opened} opened by the key")).unwrap_or_default();
    format!(
        "ok: {records} records kept on {} shelves{opened}\n    {} shelves deleted and gone, {} records read; the log is whole, its head {}\n",
        report.shelves.len(),
        count("deleted"),
        count("read"),
        report.head
    )
}
