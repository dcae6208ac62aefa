//! `offtake policy catalogue`: what is known, with sources, and how it differs from another.

use super::Source;
use crate::command::answer;
use crate::failure::Failure;
use config::File;
use geography::Catalogue;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// What is known of regions, endpoints, operators, countries and rules
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Every entry, with its source and the file it came from
    List(List),
    /// What another catalogue adds, lacks or says differently
    Diff(Diff),
}

#[derive(Debug, clap::Args)]
struct List {
    /// A configuration whose catalogue to show; the built-in one when not given
    #[arg(long)]
    config: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct Diff {
    /// A catalogue file, a configuration, or the JSON of an earlier `list`
    other: PathBuf,
    /// A configuration whose catalogue to start from; the built-in one when not given
    #[arg(long)]
    config: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Lists or compares.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.verb {
        None => list(&arguments.list),
        Some(Verb::List(arguments)) => list(arguments),
        Some(Verb::Diff(arguments)) => diff(arguments),
    }
}

fn catalogue(config: Option<&PathBuf>) -> Result<Catalogue, Failure> {
    match config {
        None => Catalogue::built_in().map_err(Failure::failed),
        Some(config) => {
            Ok(Source { config: config.clone() }.snapshot()?.residency.settings().catalogue.clone())
        }
    }
}

fn as_json(catalogue: &Catalogue) -> Result<Value, Failure> {
    serde_json::to_value(catalogue).map_err(Failure::failed)
}

fn list(arguments: &List) -> Result<(), Failure> {
    let value = as_json(&catalogue(arguments.config.as_ref())?)?;
    if arguments.json {
        return answer(&format!("{value}\n"));
    }
    let mut text = format!("catalogue {}, checked {}\n", plain(&value["version"]), plain(&value["checked"]));
    for ((kind, id), entry) in entries(&value) {
        let place = ["place", "jurisdiction", "country"].iter().find_map(|field| entry.get(*field));
        let status = entry.get("status").map(|status| format!(" {}", plain(status))).unwrap_or_default();
        let _ = writeln!(
            text,
            "{kind:<10} {id:<28} {:<6}{status}  {} [{}] {}",
            place.map(plain).unwrap_or_default(),
            ["name", "city", "about", "note"]
                .iter()
                .find_map(|field| entry.get(*field))
                .map(plain)
                .unwrap_or_default(),
            plain(&entry["origin"]),
            entry.get("source").map(plain).unwrap_or_default(),
        );
    }
    answer(&text)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// All entries by kind and id.
fn entries(catalogue: &Value) -> BTreeMap<(String, String), Value> {
    let kinds = catalogue.as_object().into_iter().flatten();
    let lists = kinds.filter_map(|(kind, list)| list.as_array().map(|list| (kind, list)));
    lists
        .flat_map(|(kind, list)| {
            list.iter().map(move |entry| ((kind.clone(), plain(&entry["id"])), entry.clone()))
        })
        .collect()
}

fn diff(arguments: &Diff) -> Result<(), Failure> {
    let ours = as_json(&catalogue(arguments.config.as_ref())?)?;
    let theirs = other(&arguments.other, arguments.config.as_ref())?;
    let (before, after) = (entries(&ours), entries(&theirs));
    let mut changes = Vec::new();
    for (key, entry) in &after {
        match before.get(key) {
            None => changes.push(("added", key, Vec::new())),
            Some(old) if old != entry => changes.push(("changed", key, fields(old, entry))),
            Some(_) => {}
        }
    }
    changes
        .extend(before.keys().filter(|key| !after.contains_key(key)).map(|key| ("removed", key, Vec::new())));
    let (from, to) = (plain(&ours["version"]), plain(&theirs["version"]));
    if arguments.json {
        let changes: Vec<_> = changes
            .iter()
            .map(|(change, (kind, id), fields)| {
                let fields: serde_json::Map<_, _> = fields
                    .iter()
                    .map(|(field, old, new)| (field.clone(), json!({ "from": old, "to": new })))
                    .collect();
                json!({ "change": change, "kind": kind, "id": id, "fields": fields })
            })
            .collect();
        return answer(&format!("{}\n", json!({ "from": from, "to": to, "changes": changes })));
    }
    let mut text = format!("from {from}\nto   {to}\n");
    for (change, (kind, id), fields) in &changes {
        let _ = writeln!(text, "{change:<8} {kind} {id}");
        for (field, old, new) in fields {
            let _ = writeln!(text, "         {field}: {} -> {}", plain(old), plain(new));
        }
    }
    if changes.is_empty() {
        text.push_str("no difference\n");
    }
    answer(&text)
}

/// The fields that differ, with both values.
fn fields(old: &Value, new: &Value) -> Vec<(String, Value, Value)> {
    let names = old.as_object().into_iter().chain(new.as_object()).flat_map(serde_json::Map::keys);
    let names: std::collections::BTreeSet<&String> = names.collect();
    let both = names.into_iter().map(|name| (name.clone(), old[name].clone(), new[name].clone()));
    both.filter(|(_, old, new)| old != new).collect()
}

/// The other catalogue: an earlier listing, what a configuration uses, or a file laid over the one we start from.
fn other(path: &Path, config: Option<&PathBuf>) -> Result<Value, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::unusable(format!("cannot read `{}`: {error}", path.display())))?;
    if let Ok(value) = serde_json::from_str::<Value>(&text) {
        let listed = value.get("version").is_some() && value.get("rule").is_some();
        return listed.then_some(value).ok_or_else(|| {
            Failure::unusable(format!(
                "`{}` is not what `policy catalogue list --json` prints",
                path.display()
            ))
        });
    }
    if text.lines().any(|line| line.trim_start().starts_with("schema")) {
        let name = path.display().to_string();
        let own = config.map(|config| File::read(config)).transpose()?;
        let own = own.map(|file| file.catalogues()).transpose()?.unwrap_or_default();
        let mut files: Vec<(&str, &str)> =
            own.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        files.push((&name, &text));
        let catalogue = Catalogue::with(&files)
            .map_err(|error| Failure::unusable(format!("{error}\n  = help: {}", error.mend)))?;
        return as_json(&catalogue);
    }
    as_json(&catalogue(Some(&path.to_owned()))?)
}
