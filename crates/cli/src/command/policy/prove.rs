//! `offtake policy prove`: that no request of a class may leave a geography, or one that may.

use super::{Source, day};
use crate::command::answer;
use crate::failure::Failure;
use serde_json::json;

/// Show that no request of a class may leave a geography, or one that may
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    source: Source,
    /// The class of data, such as `personal`
    #[arg(long)]
    class: String,
    /// Countries or groups that no call and no copy of it may leave, such as `EEA` or `DE,FR`
    #[arg(long)]
    within: String,
    /// The day it is proved for; today when not given
    #[arg(long)]
    on: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Why trying so many requests is enough. See the decision record.
const WHY: &str = "a request that says more is never allowed more (what makes a rule apply can only gain from it, and what \
    makes a route lawful cannot look at it), so that those that say least are the worst: every caller that the configuration \
    tells apart, with every country, each part of one that a rule names, and none, are tried";

/// Proves it, or prints the counter-example and fails.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let snapshot = arguments.source.snapshot()?;
    let residency = &snapshot.residency;
    let catalogue = &residency.settings().catalogue;
    let words = arguments.within.split(',').map(str::trim).filter(|word| !word.is_empty());
    let within = catalogue
        .area(words)
        .map_err(|error| Failure::unusable(format!("--within: {error}\n  = help: {}", error.mend)))?;
    if within.is_empty() {
        return Err(Failure::unusable("--within: name a country or a group, such as `EEA`"));
    }
    if catalogue.data.get(&arguments.class).is_none() {
        let mend = catalogue.data.ids();
        let message = format!(
            "--class: there is no class of data `{}`\n  = help: write one of {mend}",
            arguments.class
        );
        return Err(Failure::unusable(message));
    }
    let on = day(arguments.on.as_deref())?;
    let proof = residency.prove(&arguments.class, &within, on);
    let found = proof.counter_example.as_ref();
    if arguments.json {
        let value = json!({
            "proven": found.is_none(),
            "class": arguments.class,
            "within": arguments.within,
            "on": on.to_string(),
            "method": "exhaustive",
            "why_sound": WHY,
            "requests": proof.requests,
            "routes": proof.routes,
            "catalogue": catalogue.version,
            "counter_example": found.map(|found| json!({
                "organisation": found.organisation,
                "subject_country": found.subject.map(|place| place.to_string()),
                "data_class": arguments.class,
                "model": found.model.as_str(),
                "backend": found.backend.as_str(),
                "outside": found.outside,
                "claim": found.claim,
            })),
        });
        answer(&format!("{value}\n"))?;
    } else if found.is_none() {
        answer(&format!(
            "proven: no request of class `{}` leaves {}, whatever else it says\n    {} requests and {} lawful routes tried, on {on}\n    catalogue {}\n    exhaustive: {WHY}\n",
            arguments.class, arguments.within, proof.requests, proof.routes, catalogue.version
        ))?;
    }
    match found {
        None => Ok(()),
        Some(found) => {
            let who = found.organisation.as_deref().unwrap_or("an organisation that is not declared");
            let whose = found.subject.map(|place| format!(", data of people in {place}")).unwrap_or_default();
            Err(Failure::failed(format!(
                "not proven: a call of `{}` by {who}{whose} may lawfully go to `{}`, and so to {}\n    {}",
                found.model, found.backend, found.outside, found.claim
            )))
        }
    }
}
