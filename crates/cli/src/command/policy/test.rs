//! `offtake policy test`: examples of what the policies and the law should decide, held to what serving decides.

use super::{Source, day, explain};
use crate::command::{answer, check};
use crate::failure::Failure;
use config::Snapshot;
use geography::Restrictions;
use identity::{CallerKind, Method, Principal, Role};
use policy::{Action, Denial, Resource};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// Hold the policies to examples of what they should decide
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    source: Source,
    /// Files of examples (TOML), or directories of such files
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Examples {
    #[serde(default, rename = "example")]
    examples: Vec<Spanned<Example>>,
}

/// One example: who does what with what, and what comes of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    name: String,
    /// `organisation/team/subject`.
    principal: String,
    /// `workload`, as when nothing is said, or `user`.
    kind: Option<String>,
    /// How they proved who they are; `virtual-key` when nothing is said.
    method: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
    /// `InvokeModel` when nothing is said.
    action: Option<String>,
    model: Option<String>,
    backend: Option<String>,
    organisation: Option<String>,
    contract: Option<String>,
    /// What the call says of itself: fields as `policy explain` has them.
    #[serde(default, rename = "call")]
    said: std::collections::BTreeMap<String, String>,
    /// The day of the decision.
    on: Option<String>,
    expect: Expected,
    /// The policies that it rests on, exactly.
    policies: Option<Vec<String>>,
    /// The backends that the call may be sent to, in order of preference.
    lawful: Option<Vec<String>>,
    /// A rule of residency that takes a backend away.
    rule: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Expected {
    Allow,
    Deny,
}

impl Expected {
    const fn of(allowed: bool) -> Self {
        if allowed { Self::Allow } else { Self::Deny }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

/// What became of one example.
struct Outcome {
    file: String,
    line: usize,
    name: String,
    /// What differs from what was expected; nothing when it holds.
    differs: Vec<String>,
    policies: Vec<String>,
}

/// Runs every example; fails when one does not hold.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let snapshot = arguments.source.snapshot()?;
    let mut outcomes = Vec::new();
    for path in files(&arguments.files)? {
        outcomes.extend(hold(&snapshot, &path)?);
    }
    if outcomes.is_empty() {
        return Err(Failure::unusable("there is no `[[example]]` in these files"));
    }
    let met: BTreeSet<&String> = outcomes.iter().flat_map(|outcome| &outcome.policies).collect();
    let unmet: Vec<String> = snapshot.policy.ids().into_iter().filter(|id| !met.contains(id)).collect();
    answer(&if arguments.json { machine(&outcomes, &unmet) } else { person(&outcomes, &unmet) })?;
    match outcomes.iter().filter(|outcome| !outcome.differs.is_empty()).count() {
        0 => Ok(()),
        failed => Err(Failure::failed(format!("{failed} of {} examples do not hold", outcomes.len()))),
    }
}

/// The files named, and those in directories named, in order.
fn files(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in named {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let failed = |error| Failure::unusable(format!("cannot read `{}`: {error}", path.display()));
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(path).map_err(failed)? {
            inside.push(entry.map_err(failed)?.path());
        }
        inside.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
        inside.sort_unstable();
        files.extend(inside);
    }
    Ok(files)
}

fn hold(snapshot: &Snapshot, path: &Path) -> Result<Vec<Outcome>, Failure> {
    let text = check::text(path)?;
    let line = |place: usize| text.get(..place).unwrap_or_default().matches('\n').count() + 1;
    let place = |line: usize| format!("{}:{line}", path.display());
    let examples: Examples = toml::from_str(&text).map_err(|error| {
        let line = line(error.span().map_or(0, |span| span.start));
        Failure::unusable(format!("{}: {}", place(line), error.message().trim_end()))
    })?;
    let outcome = |example: &Spanned<Example>| {
        let line = line(example.span().start);
        let example = example.get_ref();
        let (differs, policies) = compare(snapshot, example).map_err(|failure| {
            Failure::unusable(format!("{}: `{}`: {failure}", place(line), example.name))
        })?;
        Ok(Outcome { file: path.display().to_string(), line, name: example.name.clone(), differs, policies })
    };
    examples.examples.iter().map(outcome).collect()
}

/// What differs, and the policies that the decision rests on.
fn compare(snapshot: &Snapshot, example: &Example) -> Result<(Vec<String>, Vec<String>), Failure> {
    let principal = caller(example)?;
    let action = example.action.as_deref().unwrap_or("InvokeModel");
    let action = known(&Action::ALL.map(|action| (action, action.as_str())), "action", action)?;
    let (allowed, mut policies, call) = match resource(example)? {
        Resource::Model(model) => {
            let on = day(example.on.as_deref())?;
            let said = said(snapshot, example)?;
            let call = explain::call(snapshot, (&principal, action), model.as_str(), said, on)?;
            (call.permit, call.policies.clone(), Some(call))
        }
        Resource::Backend(backend) => {
            let denial = snapshot.policy.forbids(&principal, action, &backend);
            (denial.is_none(), denial.iter().flat_map(Denial::policies).collect(), None)
        }
        resource => match snapshot.policy.decide(&principal, action, resource) {
            Ok(grant) => (true, grant.policies.iter().map(ToString::to_string).collect(), None),
            Err(denial) => (false, denial.policies(), None),
        },
    };
    policies.sort_unstable();
    let mut differs = Vec::new();
    let mut differ = |what: &str, expected: String, found: String| {
        if expected != found {
            differs.push(format!("{what}: expected {expected}, found {found}"));
        }
    };
    differ("decision", example.expect.as_str().to_owned(), Expected::of(allowed).as_str().to_owned());
    if let Some(expected) = &example.policies {
        let mut expected = expected.clone();
        expected.sort_unstable();
        differ("policies", format!("{expected:?}"), format!("{policies:?}"));
    }
    if let Some(expected) = &example.lawful {
        let found = call.as_ref().map(explain::Decided::allowed).unwrap_or_default();
        differ("lawful", format!("{expected:?}"), format!("{found:?}"));
    }
    if let Some(rule) = &example.rule {
        let lawful = call.iter().filter_map(|call| call.lawful.as_ref());
        let refused = lawful.flat_map(|lawful| &lawful.refused);
        let found: BTreeSet<&str> = refused.map(|refused| refused.rule.as_str()).collect();
        if !found.contains(rule.as_str()) {
            differs.push(format!("rule: expected `{rule}` to take a backend away, found {found:?}"));
        }
    }
    Ok((differs, policies))
}

fn caller(example: &Example) -> Result<Principal, Failure> {
    let kind = known(&CallerKind::ALL, "kind of caller", example.kind.as_deref().unwrap_or("workload"))?;
    let methods = Method::ALL.map(|method| (method, method.as_str()));
    let method = known(&methods, "method", example.method.as_deref().unwrap_or("virtual-key"))?;
    let role = |text: &String| text.parse::<Role>().map_err(Failure::unusable);
    let roles: BTreeSet<Role> = example.roles.iter().map(role).collect::<Result<_, _>>()?;
    let principal = explain::principal(&example.principal)?.with_method(method);
    Ok(if roles.is_empty() { principal.of_kind(kind) } else { principal.with_roles(&roles) })
}

fn known<T: Copy>(all: &[(T, &'static str)], what: &str, text: &str) -> Result<T, Failure> {
    all.iter().find(|(_, word)| *word == text).map(|(found, _)| *found).ok_or_else(|| {
        let words: Vec<String> = all.iter().map(|(_, word)| format!("`{word}`")).collect();
        Failure::unusable(format!("`{text}` is no {what}; write one of {}", words.join(", ")))
    })
}

fn resource(example: &Example) -> Result<Resource, Failure> {
    let Example { model, backend, organisation, contract, .. } = example;
    Ok(match (model, backend, organisation, contract) {
        (Some(model), None, None, None) => Resource::Model(model.parse().map_err(Failure::unusable)?),
        (None, Some(backend), None, None) => Resource::Backend(backend.parse().map_err(Failure::unusable)?),
        (None, None, Some(name), None) => Resource::Organisation(name.parse().map_err(Failure::unusable)?),
        (None, None, None, Some(contract)) => Resource::Contract(contract.as_str().into()),
        _ => {
            return Err(Failure::unusable("write one of `model`, `backend`, `organisation` and `contract`"));
        }
    })
}

fn said(snapshot: &Snapshot, example: &Example) -> Result<Restrictions, Failure> {
    let mut said = Restrictions::default();
    for (field, text) in &example.said {
        let field = field.replace('_', "-");
        said.add(&snapshot.residency.settings().catalogue, &field, text)
            .map_err(|error| Failure::unusable(format!("{field}: {error}; {}", error.mend)))?;
    }
    Ok(said)
}

fn machine(outcomes: &[Outcome], unmet: &[String]) -> String {
    let examples = outcomes.iter().map(|outcome| {
        let Outcome { file, line, name, differs, policies } = outcome;
        json!({ "file": file, "line": line, "name": name, "ok": differs.is_empty(), "differs": differs, "policies": policies })
    });
    let failed = outcomes.iter().filter(|outcome| !outcome.differs.is_empty()).count();
    let value = json!({
        "ok": failed == 0, "passed": outcomes.len() - failed, "failed": failed,
        "examples": examples.collect::<Vec<_>>(), "policies_without_example": unmet,
    });
    format!("{value}\n")
}

fn person(outcomes: &[Outcome], unmet: &[String]) -> String {
    let mut text = String::new();
    for Outcome { file, line, name, differs, .. } in outcomes {
        // Writing to a String cannot fail.
        let _ =
            writeln!(text, "{} {name} ({file}:{line})", if differs.is_empty() { "ok    " } else { "failed" });
        for differ in differs {
            let _ = writeln!(text, "       {differ}");
        }
    }
    if !unmet.is_empty() {
        let _ = writeln!(text, "no example rests on: {}", unmet.join(", "));
    }
    text
}
