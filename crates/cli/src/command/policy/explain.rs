//! `offtake policy explain`: whether a call may run, where, and by which rules; the same decision that serving makes.

use super::{Source, day};
use crate::command::answer;
use crate::failure::Failure;
use config::Snapshot;
use geography::{Date, Lawful, Restrictions};
use identity::{Method, Owner, Principal};
use policy::{Action, Barred};
use serde_json::json;
use std::fmt::Write as _;
use units::{BackendName, ModelName};

/// Say whether a call may run, where, and by which rules
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    source: Source,
    /// Who calls: `organisation/team/subject`
    #[arg(long)]
    principal: String,
    /// The model, by the name callers use
    #[arg(long)]
    model: String,
    /// Classes of the data, such as `personal` or `health`; separated by commas
    #[arg(long)]
    data_class: Option<String>,
    /// Countries of the people that the data is about, such as `DE` or `CA-QC`
    #[arg(long)]
    subject_country: Option<String>,
    /// Sectors it is for, such as `finance`
    #[arg(long)]
    sector: Option<String>,
    /// Uses it is for, such as `public_service`
    #[arg(long = "use")]
    uses: Option<String>,
    /// Processing stays in these countries or groups
    #[arg(long)]
    processing: Option<String>,
    /// Storage stays in these countries or groups
    #[arg(long)]
    storage: Option<String>,
    /// How much of a route must be in certain hands: 0 to 3
    #[arg(long)]
    control: Option<String>,
    /// In whose hands, beside what is configured
    #[arg(long)]
    control_within: Option<String>,
    /// The day of the decision; today when not given
    #[arg(long)]
    on: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What was decided.
pub(super) struct Decided {
    pub permit: bool,
    /// What was decided of who may, as the record says it.
    authorisation: String,
    /// The policies that permit the call.
    pub policies: Vec<String>,
    reason: Option<String>,
    /// None when residency is not asked.
    pub lawful: Option<Lawful>,
    catalogue: String,
    /// That the catalogue is getting old.
    warning: Option<String>,
    /// The model's backends that no policy forbids.
    backends: Vec<BackendName>,
    /// Those that one does, and what it says.
    forbidden: Barred,
}

impl Decided {
    /// The backends that the call may be sent to, in order of preference.
    pub fn allowed(&self) -> Vec<&str> {
        let lawful = |backend: &&BackendName| {
            let lawful = self.lawful.as_ref();
            lawful.is_none_or(|lawful| lawful.lawful.iter().any(|route| route.backend == **backend))
        };
        self.backends.iter().filter(lawful).map(|backend| backend.as_str()).collect()
    }
}

/// Decides and says.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let snapshot = arguments.source.snapshot()?;
    let decided = decide(arguments, &snapshot)?;
    answer(&if arguments.json { format!("{}\n", machine(&decided)) } else { person(arguments, &decided) })
}

fn decide(arguments: &Arguments, snapshot: &Snapshot) -> Result<Decided, Failure> {
    let principal = principal(&arguments.principal)?;
    let narrowing = narrowing(arguments, &snapshot.residency.settings().catalogue)?;
    let on = day(arguments.on.as_deref())?;
    call(snapshot, (&principal, Action::InvokeModel), &arguments.model, narrowing, on)
}

/// What serving decides of a call with `model`.
pub(super) fn call(
    snapshot: &Snapshot,
    (principal, action): (&Principal, Action),
    model: &str,
    narrowing: Restrictions,
    on: Date,
) -> Result<Decided, Failure> {
    let name: ModelName = model.parse().map_err(Failure::unusable)?;
    let model = snapshot.models.get(&name).ok_or_else(|| {
        let names =
            snapshot.model_order.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        Failure::unusable(format!("there is no model `{name}`; the models are {names}"))
    })?;
    let residency = &snapshot.residency;
    let authorised = snapshot.policy.authorize(principal, action, &name);
    let narrowing = match &authorised {
        Ok(grant) => residency.attached(&grant.policies, narrowing),
        Err(_) => narrowing,
    };
    let asked = residency.settings().always || !narrowing.is_empty();
    let organisation = principal.organisation.as_str();
    let lawful = match asked {
        true => Some(residency.decide(Some(organisation), &name, &narrowing, on)),
        false => None,
    };
    let (authorisation, policies, reason) = match authorised {
        Ok(grant) => {
            (grant.decision.to_string(), grant.policies.iter().map(ToString::to_string).collect(), None)
        }
        Err(denial) => (denial.decision(), denial.policies(), Some(denial.to_string())),
    };
    let names = model.backends.iter().map(|backend| &backend.name);
    let forbidden = snapshot.policy.barred(principal, action, (&name, names.clone()));
    let open = |backend: &&BackendName| !forbidden.iter().any(|(barred, _)| barred == *backend);
    let backends = names.filter(open).cloned().collect();
    let mut decided = Decided {
        permit: false,
        authorisation,
        policies,
        reason,
        lawful,
        warning: residency.warning(on),
        catalogue: residency.settings().catalogue.version.clone(),
        backends,
        forbidden,
    };
    decided.permit = decided.reason.is_none() && !decided.allowed().is_empty();
    Ok(decided)
}

/// The caller as a policy sees it, proved by a key: `organisation`, with team and subject behind slashes.
pub(super) fn principal(text: &str) -> Result<Principal, Failure> {
    let mut parts = text.splitn(3, '/');
    let mut part = || parts.next().filter(|part| !part.is_empty()).unwrap_or("-");
    let owner = Owner {
        organisation: part().parse().map_err(Failure::unusable)?,
        team: part().parse().map_err(Failure::unusable)?,
        subject: part().parse().map_err(Failure::unusable)?,
    };
    Ok(Principal::new(owner, Method::VirtualKey, "explained"))
}

fn narrowing(arguments: &Arguments, catalogue: &geography::Catalogue) -> Result<Restrictions, Failure> {
    let mut narrowing = Restrictions::default();
    for (field, text) in [
        ("data-class", &arguments.data_class),
        ("subject-country", &arguments.subject_country),
        ("sector", &arguments.sector),
        ("use", &arguments.uses),
        ("processing", &arguments.processing),
        ("storage", &arguments.storage),
        ("control", &arguments.control),
        ("control-within", &arguments.control_within),
    ] {
        let Some(text) = text else { continue };
        narrowing
            .add(catalogue, field, text)
            .map_err(|error| Failure::unusable(format!("--{field}: {error}\n  = help: {}", error.mend)))?;
    }
    Ok(narrowing)
}

fn machine(decided: &Decided) -> serde_json::Value {
    let lawful = decided.lawful.as_ref();
    let refused: Vec<_> = lawful.iter().flat_map(|lawful| &lawful.refused).collect();
    let forbidden = decided.forbidden.iter().map(|(backend, denial)| {
        json!({
            "backend": backend.as_str(), "rule": denial.decision(), "source": "policy",
            "reason": denial.to_string(), "mend": "change the policy that forbids it",
        })
    });
    let routes: Vec<_> = lawful.iter().flat_map(|lawful| &lawful.lawful).collect();
    json!({
        "decision": if decided.permit { "permit" } else { "deny" },
        "lawful": decided.allowed(),
        "refused": refused.iter().map(|refused| json!({
            "backend": refused.backend.as_str(), "rule": refused.rule, "source": refused.source,
            "reason": refused.reason, "mend": refused.mend,
        })).chain(forbidden).collect::<Vec<_>>(),
        "obligations": lawful.iter().flat_map(|lawful| &lawful.obligations).map(|duty| json!({
            "id": duty.id, "about": duty.about, "rule": duty.rule, "source": duty.source,
        })).collect::<Vec<_>>(),
        "catalogue": decided.catalogue,
        "policies": decided.policies,
        "authorisation": decided.authorisation,
        "reason": decided.reason,
        "residency": if lawful.is_some() { "evaluated" } else { "not evaluated" },
        "routes": routes.iter().map(|route| json!({
            "backend": route.backend.as_str(), "claim": &*route.claim, "bases": route.bases,
        })).collect::<Vec<_>>(),
        "recorded": lawful.map(|lawful| &lawful.recorded),
        "advised": lawful.map(|lawful| &lawful.advised),
        "warning": decided.warning,
        "hash": lawful.map(|lawful| &*lawful.hash),
    })
}

fn person(arguments: &Arguments, decided: &Decided) -> String {
    let mut text = format!(
        "{}: {} with {}\n",
        if decided.permit { "permit" } else { "deny" },
        arguments.principal,
        arguments.model
    );
    // Writing to a String cannot fail.
    let _ = match &decided.reason {
        Some(reason) => writeln!(text, "policy     {reason}"),
        None => writeln!(text, "policy     {}", decided.authorisation),
    };
    for (backend, denial) in decided.forbidden.iter() {
        let _ = writeln!(text, "refused    {backend}: {denial}");
    }
    let Some(lawful) = &decided.lawful else {
        let _ =
            writeln!(text, "residency  not evaluated: there is no [residency], and the call says nothing");
        return text;
    };
    for route in &lawful.lawful {
        let on_file = route.bases.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let on_file = if on_file.is_empty() { on_file } else { format!("; on file {on_file}") };
        let _ = writeln!(text, "lawful     {}: {}{on_file}", route.backend, route.claim);
    }
    for refused in &lawful.refused {
        let _ = writeln!(
            text,
            "refused    {} by {} ({})\n           {}\n           mend: {}",
            refused.backend, refused.rule, refused.source, refused.reason, refused.mend
        );
    }
    for duty in &lawful.obligations {
        let _ = writeln!(text, "duty       {}: {} ({})", duty.id, duty.about, duty.rule);
    }
    for (what, rules) in [("on record", &lawful.recorded), ("advice", &lawful.advised)] {
        if !rules.is_empty() {
            let _ = writeln!(text, "{what:<10} {}", rules.join(", "));
        }
    }
    let _ = writeln!(text, "catalogue  {}\nset        {}", decided.catalogue, lawful.hash);
    if let Some(warning) = &decided.warning {
        let _ = writeln!(text, "warning    {warning}");
    }
    text.push_str("Engineering, not legal advice.\n");
    text
}
