//! `offtake usage list`: every call on record, read from the journal, beside a running plane or without one.

use super::{answer, books::Books};
use crate::failure::Failure;
use crate::observed::{self, Observed};
use serde_json::json;
use settlement::{CallView, Filter, usage};

/// What was used, call by call
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Every call, oldest first, also those not settled yet
    List {
        #[command(flatten)]
        books: Books,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
        /// Only the call with this id (`x-offtake-request-id`)
        #[arg(long)]
        request: Option<String>,
        /// Only the calls in this batch, as `transfer` names it
        #[arg(long)]
        transfer: Option<String>,
        /// Only calls of this model
        #[arg(long)]
        model: Option<String>,
    },
}

/// Lists the calls.
pub fn run(verb: &Verb) -> Result<(), Failure> {
    let Verb::List { books, json, request, transfer, model } = verb;
    let data = books.data()?;
    let filter = Filter {
        request: request.as_deref().map(str::parse).transpose().map_err(Failure::unusable)?,
        batch: transfer.as_deref().map(str::parse).transpose().map_err(Failure::unusable)?,
        model: model.as_deref().map(str::parse).transpose().map_err(Failure::unusable)?,
        ..Filter::default()
    };
    let observed = observed::load(&data)?;
    let mut any = false;
    for call in usage(&data, filter) {
        let call = call.map_err(Failure::failed)?;
        if !json && !any {
            answer(HEADING)?;
        }
        any = true;
        answer(&if *json { line(&call, &observed) } else { row(&call) })?;
    }
    if !any && !json {
        answer("no calls on record\n")?;
    }
    Ok(())
}

const HEADING: &str =
    "AT                   STATE        MODEL                INPUT  OUTPUT  CHARGE              PRINCIPAL\n";

fn row(call: &CallView) -> String {
    let tokens = call.tokens();
    let charge = call.charge.map_or_else(|| "-".to_owned(), |charge| charge.to_string());
    let at = call.at().to_string();
    format!(
        "{}Z {:<12} {:<18} {:>7} {:>7}  {charge:<19} {}/{}/{}\n",
        at.get(..19).unwrap_or(&at),
        call.state().as_str(),
        call.model().as_str(),
        tokens.input_total(),
        tokens.output,
        call.organisation(),
        call.team(),
        call.subject()
    )
}

fn line(call: &CallView, observed: &Observed) -> String {
    let tokens = call.tokens();
    let attempts: Vec<_> = call.attempts.iter().map(|one| attempt(one, observed)).collect();
    let value = json!({
        "request_id": call.request_id().to_string(),
        "at": call.at().to_string(),
        "principal": format!("{}/{}/{}", call.organisation(), call.team(), call.subject()),
        "organisation": call.organisation().as_str(),
        "team": call.team().as_str(),
        "subject": call.subject().as_str(),
        "method": &*call.opened.method,
        "model": call.model().as_str(),
        "backend": call.backend().as_str(),
        "region": call.region().as_str(),
        "wire": &*call.opened.wire,
        "stream": call.opened.stream,
        "tokens": {
            "input": tokens.input,
            "cache_read": tokens.cache_read,
            "cache_write_5m": tokens.cache_write_5m,
            "cache_write_1h": tokens.cache_write_1h,
            "output": tokens.output,
        },
        "reasoning": tokens.reasoning,
        "usage_source": call.source().map(journal::UsageSource::as_str),
        "charge": call.charge.map(units::Money::to_decimal),
        "currency": call.charge.map(|charge| charge.currency().to_string()),
        "price": call.price.map(|price| price.to_string()),
        "transfer": call.transfer().map(|id| id.to_string()),
        "batch": call.batch().map(|id| id.to_string()),
        "state": call.state().as_str(),
        "outcome": call.outcome.map(journal::Outcome::as_str),
        "cause": &*call.cause,
        "policy": &*call.opened.policy,
        "residency": &*call.opened.residency,
        "snapshot": format!("{:016x}", call.opened.snapshot),
        "catalogue": evidence(&call.opened.catalogue),
        "lawful_set": evidence(&call.opened.lawful_set),
        "first_byte_micros": call.first_byte_micros,
        "attempts": attempts,
    });
    format!("{value}\n")
}

/// Nothing where residency was not decided.
fn evidence(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn attempt(attempt: &settlement::AttemptView, told: &Observed) -> serde_json::Value {
    let told = told.get(&*attempt.vendor_request).map(|one| one.place.as_str());
    let observed = if attempt.observed.is_empty() { told.unwrap_or_default() } else { &attempt.observed };
    json!({
        "backend": attempt.backend.as_str(),
        "region": attempt.region.as_str(),
        "upstream_model": &*attempt.upstream_model,
        "tokens": attempt.tokens.total(),
        "vendor_request": &*attempt.vendor_request,
        "claimed": evidence(&attempt.claimed),
        "observed": if observed.is_empty() { "unavailable" } else { observed },
        "ran_elsewhere": geography::is_elsewhere(&attempt.claimed, observed),
    })
}
