//! `offtake evidence verify`: checks a bundle offline. It reads nothing else: no configuration, no books, no network.

use crate::command::answer;
use crate::failure::Failure;
use evidence::{PublicKey, Report};
use serde_json::json;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

/// Check such a file, with nothing but itself and a public key
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The file; `-` for standard input
    file: PathBuf,
    /// Whose seal it has to be: `ed25519:…`, or a file that holds this
    #[arg(long)]
    key: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Says that all is as it was sealed, or what is not and where.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let key = arguments.key.as_deref().map(key).transpose()?;
    let mut file: Box<dyn BufRead> = if arguments.file.as_os_str() == "-" {
        Box::new(std::io::stdin().lock())
    } else {
        let file = std::fs::File::open(&arguments.file).map_err(|error| {
            Failure::unusable(format!("cannot read `{}`: {error}", arguments.file.display()))
        })?;
        Box::new(BufReader::new(file))
    };
    match evidence::verify(&mut *file, key) {
        Ok(report) if arguments.json => answer(&format!("{}\n", machine(&report, key.is_some()))),
        Ok(report) => answer(&person(&report, key.is_some())),
        Err(error) => {
            if arguments.json {
                let line = match &error {
                    evidence::Error::Broken { line, .. } => Some(line),
                    _ => None,
                };
                answer(&format!("{}\n", json!({ "ok": false, "line": line, "what": error.to_string() })))?;
            }
            Err(Failure::failed(format!("`{}` proves nothing: {error}", arguments.file.display())))
        }
    }
}

fn key(text: &str) -> Result<PublicKey, Failure> {
    let held = if text.starts_with("ed25519:") {
        text.to_owned()
    } else {
        std::fs::read_to_string(text)
            .map_err(|error| Failure::unusable(format!("cannot read the key `{text}`: {error}")))?
    };
    held.parse().map_err(Failure::unusable)
}

fn machine(report: &Report, pinned: bool) -> serde_json::Value {
    let header = &report.header;
    json!({
        "ok": true, "from": header.from, "to": header.to, "made_at": header.made_at, "software": header.software,
        "records": report.records, "booked": report.booked, "batches": report.batches,
        "whole_batches": report.whole_batches, "observed": report.observed, "mismatches": report.mismatches,
        "key": report.key.to_string(), "key_pinned": pinned, "root": report.root,
        "books": { "batches": header.books_batches, "root": header.books_root },
        "unknown_configurations": report.unknown_configurations, "unknown_catalogues": report.unknown_catalogues,
    })
}

fn person(report: &Report, pinned: bool) -> String {
    let Report { header, key, records, booked, batches, whole_batches, mismatches, observed, .. } = report;
    let mut text = format!(
        "ok: {records} calls from {} to {}\n    {booked} attempts in the books, in {batches} batches, {whole_batches} of them whole\n",
        header.from, header.to
    );
    let _ = writeln!(text, "    {observed} places told by vendors, {mismatches} other than claimed");
    let _ =
        writeln!(text, "    root of the books {}, over {} batches", header.books_root, header.books_batches);
    let _ = writeln!(text, "    sealed by {key} at {}", header.made_at);
    if !pinned {
        text.push_str(
            "    give --key to hold it to the key you know; anyone can seal with a key of their own\n",
        );
    }
    for version in &report.unknown_configurations {
        let _ = writeln!(text, "    not included: configuration {version}");
    }
    for version in &report.unknown_catalogues {
        let _ = writeln!(text, "    not included: catalogue {version}");
    }
    text
}
