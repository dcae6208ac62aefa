//! `offtake key`: virtual keys, for those who have no other proof. A key is 256 random bits, shown once; the
//! configuration holds its SHA-256, and what was ended stays on record in the data directory.

use super::answer;
use crate::failure::Failure;
use crate::people::revoked::{Revocation, Revocations};
use crate::place;
use aws_lc_rs::digest::{SHA256, digest};
use config::{File, VirtualKeys};
use identity::Known;
use serde_json::json;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use units::{Clock as _, SystemClock, Timestamp};

/// Make, list and end virtual keys
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Make a key, print it once, and write what the configuration needs of it
    New(New),
    /// List the keys of the configuration
    List(List),
    /// End a key at once, for good
    Revoke(Revoke),
}

/// A key to be made.
#[derive(Debug, clap::Args)]
pub struct New {
    /// Its name in records and logs
    #[arg(long)]
    name: String,
    /// The organisation that pays for its calls
    #[arg(long)]
    organisation: String,
    /// The team within the organisation
    #[arg(long)]
    team: String,
    /// The person or workload; the key's name when not given
    #[arg(long)]
    subject: Option<String>,
    /// When it ends: a date, a moment, or a time from now such as `90d` or `12h`
    #[arg(long)]
    expires: Option<String>,
    /// What it may be used for at most, such as `InvokeModel model:claude-*`
    #[arg(long)]
    scope: Option<String>,
    /// The configuration file to add it to; the section is printed on standard error when not given
    #[arg(long)]
    config: Option<PathBuf>,
}

/// What to list.
#[derive(Debug, clap::Args)]
pub struct List {
    /// The configuration file
    #[arg(long, default_value = "offtake.toml")]
    config: PathBuf,
    /// Print one JSON object a key
    #[arg(long)]
    json: bool,
}

/// A key to be ended.
#[derive(Debug, clap::Args)]
pub struct Revoke {
    /// Its name
    name: String,
    /// The configuration file
    #[arg(long, default_value = "offtake.toml")]
    config: PathBuf,
    /// Why, for the record
    #[arg(long, default_value = "")]
    reason: String,
}

/// Runs the verb.
pub fn run(verb: &Verb) -> Result<(), Failure> {
    match verb {
        Verb::New(arguments) => new(arguments),
        Verb::List(arguments) => list(arguments),
        Verb::Revoke(arguments) => revoke(arguments),
    }
}

fn new(arguments: &New) -> Result<(), Failure> {
    let key = format!("ofk_{}", place::random_text::<32>()?);
    let section = section(arguments, &key, SystemClock.now())?;
    match &arguments.config {
        Some(path) => append(path, &section)?,
        None => {
            // Read as it would be in a file, so that a mistake shows before anyone has the key.
            File::parse(Path::new("offtake.toml"), section.clone())?.virtual_keys()?;
            say(&format!("add this to the configuration:\n\n{section}\nthe key, which is not shown again:"));
        }
    }
    answer(&format!("{key}\n"))
}

/// The key as the configuration has it.
fn section(arguments: &New, key: &str, now: Timestamp) -> Result<String, Failure> {
    let hash = digest(&SHA256, key.as_bytes());
    let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let expires = match &arguments.expires {
        Some(text) => Some(moment(text, now)?.to_string()),
        None => None,
    };
    let fields = [
        ("name", Some(&arguments.name)),
        ("sha256", Some(&hash)),
        ("organisation", Some(&arguments.organisation)),
        ("team", Some(&arguments.team)),
        ("subject", arguments.subject.as_ref()),
        ("expires", expires.as_ref()),
        ("scope", arguments.scope.as_ref()),
    ];
    let mut section = "[[identity.key]]\n".to_owned();
    for (name, value) in fields {
        if let Some(value) = value {
            // A text in JSON is one in TOML.
            writeln!(section, "{name} = {}", json!(value)).map_err(Failure::failed)?;
        }
    }
    Ok(section)
}

/// A moment as given, or so long from now.
fn moment(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let unit = [("d", 86_400), ("h", 3_600), ("m", 60)].into_iter();
    let mut counted = unit.filter_map(|(unit, seconds)| {
        let count: i64 = text.strip_suffix(unit)?.parse().ok()?;
        Some(now.plus_seconds(count.checked_mul(seconds)?))
    });
    let moment = counted.next().or_else(|| text.parse().ok());
    moment.filter(|at| *at > now).ok_or_else(|| {
        Failure::unusable(format!("`{text}` is no moment to come: write a date, or a time such as `90d`"))
    })
}

/// Adds the section to the file, unless the file would no longer be one.
fn append(path: &Path, section: &str) -> Result<(), Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::unusable(format!("`{}` cannot be read: {error}", path.display())))?;
    let joint = if text.ends_with('\n') || text.is_empty() { "\n" } else { "\n\n" };
    let keys = File::parse(path, format!("{text}{joint}{section}"))?.virtual_keys()?;
    let named: Vec<Known> = keys.directory.known();
    if named.windows(2).any(|two| matches!(two, [one, other] if one.principal.proof == other.principal.proof))
    {
        return Err(Failure::unusable("a key of that name is there already; give this one another"));
    }
    let failed = |error| Failure::failed(format!("`{}` cannot be written: {error}", path.display()));
    let mut file = std::fs::OpenOptions::new().append(true).open(path).map_err(failed)?;
    file.write_all(format!("{joint}{section}").as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}

/// The keys of the configuration, and what is on record of their end.
fn keys(path: &Path) -> Result<(VirtualKeys, Revocations), Failure> {
    let file = File::read(path)?;
    let keys = file.virtual_keys()?;
    let revocations = Revocations::open(&file.data_dir())?;
    revocations.apply(&keys.directory);
    Ok((keys, revocations))
}

fn list(arguments: &List) -> Result<(), Failure> {
    let (keys, _) = keys(&arguments.config)?;
    let now = SystemClock.now();
    for known in keys.directory.known() {
        let state = match known.expires {
            _ if known.revoked => "revoked",
            Some(at) if now >= at => "expired",
            _ => "active",
        };
        let scope: Vec<String> = known.principal.scope.iter().map(ToString::to_string).collect();
        let (name, caller) = (&known.principal.proof, known.principal.to_string());
        let expires = known.expires.map(|at| at.to_string());
        if arguments.json {
            let row = json!({
                "name": name, "caller": caller, "state": state, "expires": expires, "scope": scope.join(" "),
            });
            answer(&format!("{row}\n"))?;
        } else {
            let until = expires.map(|at| format!(" until {at}")).unwrap_or_default();
            let within = if scope.is_empty() { String::new() } else { format!(", for {}", scope.join(" ")) };
            answer(&format!("{name}: {caller}, {state}{until}{within}\n"))?;
        }
    }
    for name in keys.unread {
        say(&format!("the secret of `{name}` is not here, so nothing can be said of it"));
    }
    Ok(())
}

fn revoke(arguments: &Revoke) -> Result<(), Failure> {
    let (keys, revocations) = keys(&arguments.config)?;
    let name = &arguments.name;
    if keys.unread.contains(name) {
        return Err(Failure::unusable(format!(
            "the secret of `{name}` is not here: revoke it where the plane runs, or in the portal"
        )));
    }
    let found: Vec<Known> =
        keys.directory.known().into_iter().filter(|known| known.principal.proof == *name).collect();
    if found.is_empty() {
        return Err(Failure::unusable(format!("there is no key `{name}`; `offtake key list` lists them")));
    }
    for known in found.iter().filter(|known| !known.revoked) {
        let by = std::env::var("USER").unwrap_or_else(|_| "a command".to_owned());
        revocations.add(Revocation::new(known, by, &arguments.reason, SystemClock.now()))?;
    }
    answer(&format!("{name}: revoked\n"))
}

#[expect(clippy::print_stderr, reason = "what is not the answer goes to the terminal")]
fn say(text: &str) {
    eprintln!("{text}");
}
