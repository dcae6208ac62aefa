//! The data of the residency page.

use super::Visitor;
use units::Timestamp;

/// Where inference ran and may run, for one organisation.
#[derive(Debug, Clone)]
pub struct ResidencyView {
    /// The moment it is true for.
    pub as_of: Timestamp,
    /// Who is looking.
    pub visitor: Visitor,
    /// For whose calls it is decided where they may run.
    pub organisation: String,
    /// Whether residency is asked of every call; otherwise only of one that says something itself.
    pub asked: bool,
    /// The catalogue's version.
    pub catalogue: String,
    /// The day on which it was checked.
    pub checked: String,
    /// That it is getting old.
    pub warning: Option<String>,
    /// Countries where calls ran, may have run, or may run.
    pub places: Vec<PlaceMark>,
    /// The ways that calls took, the busiest first.
    pub ran: Vec<RanRow>,
    /// Whether whoever looks sees where calls of an organisation ran, and refusals that are not their own.
    pub audited: bool,
    /// Every way that a call could take, and whether it lawfully may.
    pub routes: Vec<RouteRow>,
    /// Calls that were refused lately, the latest first.
    pub refusals: Vec<RefusalRow>,
    /// What the form holds.
    pub question: Question,
    /// What it was answered; none while nothing was asked.
    pub answer: Option<Ruling>,
    /// Why it cannot be answered, and what to write instead.
    pub trouble: Option<(String, String)>,
    /// What can be written in the form.
    pub choices: Choices,
}

/// A country on the map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceMark {
    /// Its ISO 3166 code, also of a part of it.
    pub code: String,
    /// How many calls ran here.
    pub ran: u64,
    /// How many more may have: what was claimed names other places too, or nothing was answered.
    pub perhaps: u64,
    /// The backends that may run calls here now.
    pub backends: Vec<String>,
}

/// A way that calls took.
#[derive(Debug, Clone)]
pub struct RanRow {
    /// Whose calls.
    pub organisation: String,
    /// The backend.
    pub backend: String,
    /// Where it runs, in the operator's words.
    pub region: String,
    /// Where calls may have been processed, as claimed; empty where nothing was decided.
    pub claimed: String,
    /// Where the vendor says they ran; empty where it says nothing.
    pub observed: String,
    /// Whether they were answered; otherwise nobody knows whether they got there.
    pub answered: bool,
    /// How many.
    pub calls: u64,
    /// When the last one ended.
    pub last: Option<Timestamp>,
}

/// A way that a call could take.
#[derive(Debug, Clone)]
pub struct RouteRow {
    /// The model.
    pub model: String,
    /// The backend.
    pub backend: String,
    /// Where it processes, stores and keeps copies, in words.
    pub claim: String,
    /// Who runs it.
    pub operator: String,
    /// Why it may not be taken: rule, reason and mend of each; none when it may.
    pub reasons: Vec<Reason>,
}

/// Why a way may not be taken.
#[derive(Debug, Clone)]
pub struct Reason {
    /// The backend.
    pub backend: String,
    /// The rule.
    pub rule: String,
    /// Where the rule comes from.
    pub source: String,
    /// Why it refuses.
    pub reason: String,
    /// What would make it lawful.
    pub mend: String,
}

/// A call that was refused.
#[derive(Debug, Clone)]
pub struct RefusalRow {
    /// When.
    pub at: Timestamp,
    /// The request's id.
    pub request: String,
    /// Who called.
    pub caller: String,
    /// The model asked for.
    pub model: String,
    /// The rules, or the policy, that refused it.
    pub rules: Vec<String>,
    /// In words.
    pub reason: String,
}

/// What the form "May this run?" holds, as it was sent.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// Who calls: organisation, team and name.
    pub principal: String,
    /// The model.
    pub model: String,
    /// Field by field, by the names of [`QUESTION_FIELDS`].
    pub fields: Vec<(String, String)>,
}

/// The fields of the form beside caller and model: name, label, example.
pub const QUESTION_FIELDS: [(&str, &str, &str); 6] = [
    ("data-class", "Classes of data", "personal, health"),
    ("subject-country", "Whose data: countries", "DE, FR"),
    ("sector", "Sector", "finance"),
    ("use", "Use", "public_service"),
    ("processing", "Processed only in", "EEA"),
    ("storage", "Stored only in", "EEA"),
];

/// What the form was answered.
#[derive(Debug, Clone)]
pub struct Ruling {
    /// Whether the call may run.
    pub permit: bool,
    /// What permits it, or why nothing does.
    pub authorisation: String,
    /// Whether the places were decided on; otherwise every backend of the model may be asked.
    pub decided: bool,
    /// The backends that may be asked, with their claim and what they rest on.
    pub lawful: Vec<(String, String, String)>,
    /// Those that may not, one entry a reason.
    pub refused: Vec<Reason>,
    /// Duties that go along: what, and by which rule.
    pub duties: Vec<(String, String)>,
    /// The lawful set's hash; empty where nothing was decided.
    pub hash: String,
}

/// What can be written in the form.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    /// Models.
    pub models: Vec<String>,
    /// Words by field: each with what it means.
    pub words: Vec<(String, Vec<(String, String)>)>,
}
