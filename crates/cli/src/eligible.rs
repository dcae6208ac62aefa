//! Which charges count towards a commitment, by the attributes that rules of eligibility select on.

use config::Snapshot;
use contract::deal;
use contract::predicate::Attributes;
use settlement::Counts;
use units::Organisation;

/// What is said of a backend and its calls in facts of spend; a caller's team comes to it.
pub fn attributes(
    (backend, region): (&str, &str),
    (provider, silicon): (Option<&str>, Option<&str>),
    (organisation, model): (&str, &str),
) -> Attributes {
    let pairs = [
        ("provider", Some(provider.unwrap_or(backend))),
        ("channel", Some("direct")),
        ("charge", Some("usage")),
        ("sku.family", Some("inference")),
        ("organisation", Some(organisation)),
        ("model", Some(model)),
        ("backend", Some(backend)),
        ("region", Some(region)),
        ("silicon", silicon),
    ];
    pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect()
}

/// What of an organisation's charges counts towards a commitment.
pub enum Eligible {
    /// All of it.
    All,
    /// By backend and model, this share, in 10⁻¹²; of others nothing.
    By(Counts),
    /// A rule asks what a backend and a model do not tell, such as the team.
    Undecided,
}

/// What counts, by the first rule that admits a backend's calls of a model.
pub fn eligible(snapshot: &Snapshot, clause: &deal::Commitment, organisation: &Organisation) -> Eligible {
    if clause.eligible.is_empty() {
        return Eligible::All;
    }
    let mut counts = Counts::new();
    for model in snapshot.models.values() {
        for backend in &model.backends {
            let names = (backend.provider.as_deref(), backend.silicon.as_deref());
            let place = (backend.name.as_str(), backend.region.as_str());
            let of_call = attributes(place, names, (organisation.as_str(), model.name.as_str()));
            let Some(share) = share(clause, &of_call) else { return Eligible::Undecided };
            if share > 0 {
                counts.insert((backend.name.clone(), model.name.clone()), share);
            }
        }
    }
    Eligible::By(counts)
}

/// The weight of the first rule that admits a call, in 10⁻¹²; zero where none does, nothing where one cannot be told.
fn share(clause: &deal::Commitment, call: &Attributes) -> Option<i128> {
    for rule in &clause.eligible {
        if rule.selector.as_ref()?.admits(call).known()? {
            return Some(rule.weight.get_ref().pico());
        }
    }
    Some(0)
}
