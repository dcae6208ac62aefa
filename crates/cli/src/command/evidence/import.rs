//! `offtake evidence import`: where calls ran, from AWS's audit trail, for the records that await it.

use crate::command::answer;
use crate::command::books::Books;
use crate::failure::Failure;
use crate::observed::{self, Observed};
use evidence::trail;
use flate2::read::MultiGzDecoder;
use geography::{Catalogue, is_elsewhere};
use serde_json::{Value, json};
use settlement::{Filter, usage};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// Take the places of calls from AWS's audit trail (CloudTrail)
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    books: Books,
    /// Files of the trail (`.json`, `.json.gz`), or directories of them
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What came of it.
#[derive(Debug, Default)]
struct Summary {
    files: u64,
    /// Events that told of calls on record.
    matched: u64,
    /// Of those, told before.
    known: u64,
    /// Events of calls that are not on record here.
    unmatched: u64,
    /// Events of Bedrock that tell no region.
    silent: u64,
    /// Events of other services.
    others: u64,
    /// Calls that ran elsewhere than was claimed.
    mismatches: Vec<Value>,
}

/// Reads all files, then keeps what they say of calls on record: all of it, or nothing.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let data = arguments.books.data()?;
    let catalogue = Catalogue::built_in().map_err(Failure::failed)?;
    let country = |region: &str| catalogue.region.get(region).map(|region| region.place.to_string());
    let mut observed = observed::load(&data)?;
    let (mut summary, mut told) = (Summary::default(), Observed::new());
    for path in files(&arguments.files)? {
        let unreadable =
            |error: &dyn std::fmt::Display| Failure::unusable(format!("{}: {error}", path.display()));
        let file = BufReader::new(File::open(&path).map_err(|error| unreadable(&error))?);
        let zipped = path.extension().is_some_and(|extension| extension == "gz");
        let file: Box<dyn Read> = if zipped { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        let read = trail(BufReader::new(file), &country).map_err(|error| unreadable(&error))?;
        summary.files += 1;
        summary.silent += read.silent;
        summary.others += read.others;
        told.extend(read.observations.into_iter().map(|one| (one.vendor_request.clone(), one)));
    }
    for call in usage(&data, Filter::default()) {
        let call = call.map_err(Failure::failed)?;
        for attempt in &call.attempts {
            let Some(one) = told.remove(&*attempt.vendor_request) else { continue };
            summary.matched += 1;
            if is_elsewhere(&attempt.claimed, &one.place) {
                summary.mismatches.push(json!({
                    "request_id": call.request_id().to_string(), "backend": attempt.backend.as_str(),
                    "claimed": &*attempt.claimed, "observed": one.place, "region": one.region, "event": one.event,
                }));
            }
            if observed.insert(one.vendor_request.clone(), one.clone()).as_ref() == Some(&one) {
                summary.known += 1;
            }
        }
    }
    summary.unmatched = u64::try_from(told.len()).unwrap_or(u64::MAX);
    observed::keep(&data, &observed)?;
    answer(&if arguments.json { machine(&summary) } else { person(&summary) })?;
    match summary.mismatches.len() {
        0 => Ok(()),
        count => Err(Failure::failed(format!("{count} calls ran elsewhere than was claimed"))),
    }
}

/// The files named, and those below directories named, as the trail lays them out by day.
fn files(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let (mut files, mut left) = (Vec::new(), named.to_vec());
    while let Some(path) = left.pop() {
        if !path.is_dir() {
            files.push(path);
            continue;
        }
        let failed = |error| Failure::unusable(format!("cannot read `{}`: {error}", path.display()));
        for entry in std::fs::read_dir(&path).map_err(failed)? {
            let entry = entry.map_err(failed)?.path();
            if entry.is_dir() || is_of_a_trail(&entry) {
                left.push(entry);
            }
        }
    }
    files.sort_unstable();
    Ok(files)
}

fn is_of_a_trail(path: &Path) -> bool {
    let name = path.to_string_lossy();
    name.ends_with(".json") || name.ends_with(".json.gz")
}

fn machine(summary: &Summary) -> String {
    let Summary { files, matched, known, unmatched, silent, others, mismatches } = summary;
    let value = json!({
        "files": files, "matched": matched, "known": known, "unmatched": unmatched, "without_region": silent,
        "other_services": others, "mismatches": mismatches,
    });
    format!("{value}\n")
}

fn person(summary: &Summary) -> String {
    let Summary { files, matched, known, unmatched, silent, others, mismatches } = summary;
    let mut text = format!(
        "{files} files: the places of {matched} exchanges, {known} of them known before\n\
         not used: {unmatched} of calls that are not on record here, {silent} without a region, {others} of other services\n"
    );
    for one in mismatches {
        let word = |field: &str| one[field].as_str().unwrap_or_default().to_owned();
        text += &format!(
            "elsewhere: {} at {} ran in {} ({}), claimed {}\n",
            word("request_id"),
            word("backend"),
            word("observed"),
            word("region"),
            word("claimed")
        );
    }
    text
}
