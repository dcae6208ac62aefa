//! `offtake identity`: how it stands with the issuers whose tokens are believed.

use super::answer;
use crate::failure::Failure;
use crate::issuers::{Kept, Standing};
use config::File;
use identity::{Issuer, Keys, Source};
use serde_json::{Value, json};
use std::path::PathBuf;
use units::{Clock as _, SystemClock, Timestamp};

/// Look after the identities that are believed
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Say how old each issuer's keys are, and what went wrong; 1 when some cannot be believed
    Status(Arguments),
}

/// What to look at.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The configuration file
    #[arg(long, default_value = "offtake.toml")]
    config: PathBuf,
    /// Print one JSON object a rule
    #[arg(long)]
    json: bool,
}

/// How it stands with one rule.
struct Row<'a> {
    rule: &'a Issuer,
    from: String,
    state: &'static str,
    standing: Option<Standing>,
    until: Option<Timestamp>,
}

/// Runs the verb.
pub fn run(verb: &Verb) -> Result<(), Failure> {
    let Verb::Status(arguments) = verb;
    let file = File::read(&arguments.config)?;
    let snapshot = file.compile_without_secrets()?;
    let kept = Kept::read(&file.data_dir()).map_err(Failure::failed)?;
    let now = SystemClock.now();
    let rows: Vec<Row<'_>> = snapshot.directory.issuers().map(|rule| row(rule, &kept, now)).collect();
    for row in &rows {
        let text = if arguments.json { row.json().to_string() } else { row.text() };
        answer(&format!("{text}\n"))?;
    }
    let lost = rows.iter().filter(|row| matches!(row.state, "stale" | "never fetched")).count();
    if lost > 0 {
        return Err(Failure::failed(format!(
            "the tokens of {lost} of {} rules cannot be believed now",
            rows.len()
        )));
    }
    Ok(())
}

fn row<'a>(rule: &'a Issuer, kept: &Kept, now: Timestamp) -> Row<'a> {
    let (source, seconds_max) = match &rule.keys {
        Keys::Here(_) => {
            return Row { rule, from: "a file".to_owned(), state: "here", standing: None, until: None };
        }
        Keys::Fetched { source, seconds_max } => (source, *seconds_max),
    };
    let standing = kept.standing(source);
    let until =
        standing.as_ref().and_then(|standing| standing.fetched).map(|at| at.plus_seconds(seconds_max));
    let state = match until {
        None => "never fetched",
        Some(until) if now >= until => "stale",
        Some(_) => "believed",
    };
    let from = match source {
        Source::Issuer(_) => "discovery".to_owned(),
        Source::Address(address) => address.clone(),
    };
    Row { rule, from, state, standing, until }
}

impl Row<'_> {
    fn text(&self) -> String {
        let Issuer { name, url, .. } = self.rule;
        let mut text = format!("{name}: {url}, keys from {}: {}", self.from, self.state);
        if let Some(until) = self.until {
            text += &format!(" until {until}");
        }
        if let Some(standing) = &self.standing {
            if let Some(fetched) = standing.fetched {
                text += &format!("\n    fetched {fetched}: {}", standing.keys.join(", "));
            }
            if let Some(trouble) = &standing.trouble {
                let times = standing.failures;
                let tried = standing.tried.map(|at| at.to_string()).unwrap_or_default();
                text += &format!("\n    tried {tried}, in vain {times} times: {trouble}");
            }
        }
        text
    }

    fn json(&self) -> Value {
        let Issuer { name, url, audience, .. } = self.rule;
        let moment = |at: Option<Timestamp>| at.map(|at| at.to_string());
        let standing = self.standing.as_ref();
        json!({
            "rule": name, "issuer": url, "audience": audience, "keys_from": self.from, "state": self.state,
            "fetched": moment(standing.and_then(|standing| standing.fetched)),
            "believed_until": moment(self.until),
            "keys": standing.map(|standing| standing.keys.clone()).unwrap_or_default(),
            "tried": moment(standing.and_then(|standing| standing.tried)),
            "failures": standing.map_or(0, |standing| standing.failures),
            "trouble": standing.and_then(|standing| standing.trouble.clone()),
        })
    }
}
