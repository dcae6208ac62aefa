//! The decision: which routes are lawful for a request, which are not, by which rule, and what would make them so.

use crate::catalogue::{Catalogue, Clause, Effect, Rule, hex};
use crate::condition::{Holds, Request};
use crate::need::{About, Case, DECLARE_COUNTRY, Shortfall, Verdict, out_of_control};
use crate::place::listed;
use crate::{Area, Date, Inputs, Place, Places, Register, Route};
use aws_lc_rs::digest::{SHA256, digest};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use units::BackendName;

const UNKNOWN: &str = "route.unknown";
const UNBOUNDED: &str = "route.unbounded";
const RETENTION: &str = "route.retention";

/// All that a decision rests on beside the request and the routes.
#[derive(Debug, Clone, Copy)]
pub struct Law<'a> {
    /// What is known.
    pub catalogue: &'a Catalogue,
    /// What is on file.
    pub register: &'a Register,
    /// The day of the decision.
    pub on: Date,
    /// How old the catalogue may be, in days; any age when none.
    pub catalogue_days_max: Option<i64>,
    /// How old a destination list that was read may be.
    pub destinations_days_max: Option<i64>,
}

/// A route that may be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// The backend.
    pub backend: BackendName,
    /// Where a call may be processed: what is claimed of it, for the record.
    pub processing: Places,
    /// The same in words: `DE,FR`, or `anywhere`.
    pub claimed: Arc<str>,
    /// Processing, storage and copies in words.
    pub claim: Arc<str>,
    /// The ids of what it rests on in the register.
    pub bases: BTreeSet<String>,
}

/// A route that may not, and one reason why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The backend.
    pub backend: BackendName,
    /// The rule's id; `tenant.…` is the organisation's own policy.
    pub rule: String,
    /// Where the rule comes from.
    pub source: String,
    /// Why it refuses.
    pub reason: String,
    /// What would make it lawful.
    pub mend: String,
}

/// A duty that goes with a lawful call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obligation {
    /// The duty: `disclose_ai`, `oversee` …
    pub id: String,
    /// What it asks for.
    pub about: String,
    /// The rule that attaches it.
    pub rule: String,
    /// Where the rule comes from.
    pub source: String,
}

/// What is lawful.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lawful {
    /// The routes that may be taken, in the order given.
    pub lawful: Vec<Admitted>,
    /// The routes that may not: one entry a reason, the first reason of a route first.
    pub refused: Vec<Refused>,
    /// Duties of a call by any lawful route.
    pub obligations: Vec<Obligation>,
    /// Their ids, each once, separated by commas.
    pub duties: Arc<str>,
    /// The ids in the register that lawful routes rest on, each once, separated by commas.
    pub bases: Arc<str>,
    /// Rules that were in play and ask for nothing but a record.
    pub recorded: Vec<String>,
    /// Rules that only advise.
    pub advised: Vec<String>,
    /// The catalogue's version.
    pub catalogue: Arc<str>,
    /// A hash of the catalogue's version and of the lawful routes with their places: 64 hexadecimal digits.
    pub hash: Arc<str>,
    /// The backends of `lawful`.
    names: HashSet<BackendName>,
}

impl Lawful {
    /// Whether this backend may be asked.
    pub fn allows(&self, backend: &BackendName) -> bool {
        self.names.contains(backend)
    }

    /// What is claimed of this backend, where it may be asked.
    pub fn route(&self, backend: &BackendName) -> Option<&Admitted> {
        self.lawful.iter().find(|route| route.backend == *backend)
    }
}

/// Which of `routes` are lawful for a request.
///
/// What is not known is never lawful where a rule asks for it, and whatever a request adds to `inputs.asked` can only
/// take routes away.
pub fn lawful(law: &Law<'_>, inputs: &Inputs, routes: &[Route]) -> Lawful {
    let docket = Docket::new(law, inputs);
    let (mut lawful, mut refused) = (Vec::new(), Vec::new());
    let mut notes = Notes::default();
    for route in routes {
        let mut judged = docket.judge(route);
        if judged.refused.is_empty() {
            docket.note(route, &mut notes);
            lawful.push(Admitted {
                backend: route.backend.clone(),
                processing: route.processing.clone(),
                claimed: route.processing.to_string().into(),
                claim: route.claim().into(),
                bases: judged.bases,
            });
        } else {
            refused.append(&mut judged.refused);
        }
    }
    let catalogue: Arc<str> = law.catalogue.version.as_str().into();
    let hash = hash(&catalogue, &lawful);
    let Notes { obligations, recorded, advised } = notes;
    let duties: BTreeSet<&str> = obligations.iter().map(|duty| duty.id.as_str()).collect();
    let duties = listed(duties, ",").into();
    let bases: BTreeSet<&String> = lawful.iter().flat_map(|route| &route.bases).collect();
    let bases = listed(bases, ",").into();
    let names = lawful.iter().map(|route| route.backend.clone()).collect();
    Lawful { lawful, refused, obligations, duties, bases, recorded, advised, catalogue, hash, names }
}

fn hash(catalogue: &str, lawful: &[Admitted]) -> Arc<str> {
    let mut lines: Vec<String> =
        lawful.iter().map(|one| format!("{}\t{}\n", one.backend, one.claim)).collect();
    lines.sort_unstable();
    hex(digest(&SHA256, format!("{catalogue}\n{}", lines.concat()).as_bytes()).as_ref()).into()
}

/// What goes with a lawful call.
#[derive(Default)]
struct Notes {
    obligations: Vec<Obligation>,
    recorded: Vec<String>,
    advised: Vec<String>,
}

/// What one route comes to.
#[derive(Default)]
struct Judged {
    refused: Vec<Refused>,
    bases: BTreeSet<String>,
}

/// The clauses that are of concern to a request, found once for all routes.
struct Docket<'a> {
    law: &'a Law<'a>,
    inputs: &'a Inputs,
    above_public: bool,
    /// Nobody said whose law is in play.
    lawless: bool,
    clauses: Vec<Called<'a>>,
}

/// A clause, and what its lines come to for the request; those that do not hold are left out.
struct Called<'a> {
    rule: &'a Rule,
    clause: &'a Clause,
    lines: Vec<(Holds, &'a crate::catalogue::When)>,
}

impl<'a> Docket<'a> {
    fn new(law: &'a Law<'a>, inputs: &'a Inputs) -> Self {
        let request = Request { inputs, classes: classes(law.catalogue, inputs), on: law.on };
        let rules = law.catalogue.rule.iter().filter(|rule| rule.is_in_force(law.on));
        let all = rules.flat_map(|rule| rule.clauses.iter().map(move |clause| (rule, clause)));
        let clauses = all.filter_map(|(rule, clause)| {
            let lines = clause.when.iter().map(|when| (when.asked(&request), when));
            let lines: Vec<_> = lines.filter(|(holds, _)| *holds != Holds::No).collect();
            (!lines.is_empty()).then_some(Called { rule, clause, lines })
        });
        let above_public = inputs.above_public();
        let lawless = above_public && inputs.jurisdictions().next().is_none();
        Self { law, inputs, above_public, lawless, clauses: clauses.collect() }
    }

    fn judge(&self, route: &Route) -> Judged {
        let mut judged = Judged::default();
        let mut blame = Blame::default();
        if self.above_public {
            self.facts(route, &mut blame);
        }
        let case = Case {
            catalogue: self.law.catalogue,
            register: self.law.register,
            inputs: self.inputs,
            route,
            on: self.law.on,
        };
        let mut by_rule = Vec::new();
        for called in self.clauses.iter().filter(|called| called.clause.effect == Effect::Deny) {
            if called.applies(route, self.law.on) == Holds::No {
                continue;
            }
            match called.clause.hear(&case) {
                Ok(bases) => judged.bases.extend(bases),
                Err(mut best) => {
                    let told = blame.take(&called.rule.id, &mut best.lacking);
                    if !told && !by_rule.iter().any(|refused: &Refused| refused.rule == called.rule.id) {
                        by_rule.push(called.refused(route, &best));
                    }
                }
            }
        }
        self.tenant(route, &mut blame, &mut by_rule);
        judged.refused = self.blamed(route, &blame);
        judged.refused.append(&mut by_rule);
        judged
    }

    /// What must be known of a route that takes anything but public data.
    fn facts(&self, route: &Route, blame: &mut Blame) {
        if self.lawless {
            let mend = format!("{DECLARE_COUNTRY}, or send `x-offtake-subject-country`");
            blame.unknown(
                "whose law is in play is not known: neither the caller's country nor the data subjects'",
                &mend,
            );
        }
        for gap in &route.gaps {
            blame.unknown(&format!("not known: {}", gap.what), &gap.mend);
        }
        let Law { catalogue, on, .. } = *self.law;
        let too_old = |read: Date, most: Option<i64>| most.filter(|most| on.days_since(read) > *most);
        if let Some(most) = too_old(catalogue.checked, self.law.catalogue_days_max) {
            let what =
                format!("the catalogue was checked on {}, more than {most} days ago", catalogue.checked);
            blame.unknown(&what, "bring the catalogue up to date, or add a file with a newer `checked`");
        }
        if route.listed {
            let stale = match route.destinations_read {
                None => self
                    .law
                    .destinations_days_max
                    .map(|_| "when the destination list was read is not known".to_owned()),
                Some(read) => too_old(read, self.law.destinations_days_max).map(|most| {
                    format!("the destination list was read on {read}, more than {most} days ago")
                }),
            };
            if let Some(what) = stale {
                blame.unknown(&what, "read the list again, and set `destinations` and `destinations_read`");
            }
        }
    }

    /// The organisation's own policy, kept apart from the law.
    fn tenant(&self, route: &Route, blame: &mut Blame, refused: &mut Vec<Refused>) {
        let asked = &self.inputs.asked;
        let on = self.law.on;
        let before = refused.len();
        for area in &asked.processing {
            stay(("tenant.processing", "processing"), &route.processing, (area, on), (blame, refused, route));
        }
        for area in &asked.storage {
            stay(("tenant.storage", "storage"), &route.storage, (area, on), (blame, refused, route));
            // Where the call itself goes astray, its copies do too, and that needs no telling.
            if refused.len() == before {
                stay(("tenant.storage", "copies"), &route.copies, (area, on), (blame, refused, route));
                if let Some(copies) = refused.get(before) {
                    blame.copies("tenant.storage", &copies.reason);
                }
            }
        }
        for area in self.hands() {
            if let Some(short) = out_of_control(route, asked.control, &area, on) {
                refused.push(own_policy(route, "tenant.control", short.what, short.mend));
            }
        }
    }

    /// In whose hands a route must be: of each of these.
    fn hands(&self) -> Vec<Area> {
        let asked = &self.inputs.asked;
        if asked.control == 0 {
            return Vec::new();
        }
        let base = self.inputs.caller.hands.clone().map_or_else(|| self.homes(), |hands| vec![hands]);
        base.into_iter().chain(asked.control_within.iter().cloned()).collect()
    }

    fn homes(&self) -> Vec<Area> {
        let eea = self.law.catalogue.area(["EEA"]).ok();
        let home = |place: Place| match &eea {
            Some(eea) if eea.contains(place, self.law.on) => Some(eea.clone()),
            _ => self.law.catalogue.area([place.country().to_string()]).ok(),
        };
        self.inputs.jurisdictions().filter_map(home).collect()
    }

    /// What the route itself is to blame for, each under its own rule.
    fn blamed(&self, route: &Route, blame: &Blame) -> Vec<Refused> {
        let limiting = blame.limiting.join(", ");
        let unbounded =
            Shortfall::other(format!("it may go anywhere, while rules limit where: {limiting}"), "");
        let unbounded = if limiting.is_empty() { Vec::new() } else { vec![unbounded] };
        let each = [(UNKNOWN, &blame.unknown), (UNBOUNDED, &unbounded), (RETENTION, &blame.copies)];
        let mut refused = Vec::new();
        for (id, faults) in each {
            let Some(first) = faults.first() else { continue };
            let reasons: Vec<&str> = faults.iter().map(|fault| fault.what.as_str()).collect();
            let mends: BTreeSet<&str> =
                faults.iter().map(|fault| fault.mend.as_str()).filter(|mend| !mend.is_empty()).collect();
            let mend = if mends.is_empty() { default_mend(id).to_owned() } else { listed(mends, "; ") };
            let reason = if reasons.len() > 1 { reasons.join("; ") } else { first.what.clone() };
            let source = self.law.catalogue.rule.get(id).map_or_else(String::new, |rule| rule.source.clone());
            refused.push(Refused {
                backend: route.backend.clone(),
                rule: id.to_owned(),
                source,
                reason,
                mend,
            });
        }
        refused
    }

    /// What goes with a call by this route.
    fn note(&self, route: &Route, notes: &mut Notes) {
        for called in self.clauses.iter().filter(|called| called.applies(route, self.law.on) == Holds::Yes) {
            let (rule, once) = (&called.rule.id, |list: &mut Vec<String>| {
                if !list.contains(&called.rule.id) {
                    list.push(called.rule.id.clone());
                }
            });
            match called.clause.effect {
                Effect::Deny => {}
                Effect::Record => once(&mut notes.recorded),
                Effect::Advise => once(&mut notes.advised),
                Effect::Oblige => {
                    for id in &called.clause.oblige {
                        if notes.obligations.iter().any(|duty| duty.id == *id && duty.rule == *rule) {
                            continue;
                        }
                        let about = self
                            .law
                            .catalogue
                            .obligation
                            .get(id)
                            .map_or_else(String::new, |term| term.about.clone());
                        let (id, rule, source) = (id.clone(), rule.clone(), called.rule.source.clone());
                        notes.obligations.push(Obligation { id, about, rule, source });
                    }
                }
            }
        }
    }
}

const fn default_mend(rule: &str) -> &'static str {
    match rule.as_bytes() {
        b"route.unbounded" => {
            "use an endpoint whose destinations are bounded: a region, or a geographic profile"
        }
        b"route.retention" => {
            "verify that no copies are kept and list the regions in `retention_none_in`, or use a route within"
        }
        _ => "declare where the backend processes and stores, and who runs it",
    }
}

/// All classes of the data, with what they imply.
fn classes(catalogue: &Catalogue, inputs: &Inputs) -> BTreeSet<Arc<str>> {
    let mut all = inputs.asked.data.clone();
    let mut rest: Vec<Arc<str>> = all.iter().cloned().collect();
    while let Some(class) = rest.pop() {
        for implied in catalogue.data.get(&class).map(|term| term.implies.as_slice()).unwrap_or_default() {
            let implied: Arc<str> = implied.as_str().into();
            if all.insert(Arc::clone(&implied)) {
                rest.push(implied);
            }
        }
    }
    all
}

fn own_policy(route: &Route, rule: &str, reason: String, mend: String) -> Refused {
    let source = "the organisation's own policy, or the request".to_owned();
    Refused { backend: route.backend.clone(), rule: rule.to_owned(), source, reason, mend }
}

/// Holds places to an area that the organisation or the request asks for.
fn stay(
    (rule, what): (&str, &str),
    places: &Places,
    (area, on): (&Area, Date),
    (blame, refused, route): (&mut Blame, &mut Vec<Refused>, &Route),
) {
    match places {
        Places::Unknown => blame.unknown(&format!("where {what} may be is not known"), ""),
        Places::Everywhere => blame.unbounded(rule),
        Places::Known(places) => {
            let outside = listed(places.iter().filter(|place| !area.contains(**place, on)), ", ");
            if !outside.is_empty() {
                let reason = format!("{what} may be in {outside}, outside {area}");
                refused.push(own_policy(
                    route,
                    rule,
                    reason,
                    format!("use a route whose {what} stays in {area}"),
                ));
            }
        }
    }
}

/// What a route is itself to blame for.
#[derive(Default)]
struct Blame {
    unknown: Vec<Shortfall>,
    /// The rules that limit where, while the route is not limited.
    limiting: Vec<String>,
    copies: Vec<Shortfall>,
}

impl Blame {
    fn put(list: &mut Vec<Shortfall>, what: &str, mend: &str) {
        if !list.iter().any(|known| known.what == what) {
            list.push(Shortfall::other(what, mend));
        }
    }

    fn unknown(&mut self, what: &str, mend: &str) {
        Self::put(&mut self.unknown, what, mend);
    }

    fn unbounded(&mut self, rule: &str) {
        if !self.limiting.iter().any(|known| known == rule) {
            self.limiting.push(rule.to_owned());
        }
    }

    fn copies(&mut self, rule: &str, what: &str) {
        Self::put(&mut self.copies, &format!("{what}, and {rule} limits storage"), "");
    }

    /// Takes what is the route's own fault out of what is lacking; whether that was all.
    fn take(&mut self, rule: &str, lacking: &mut Vec<Shortfall>) -> bool {
        let before = lacking.len();
        lacking.retain(|short| {
            match short.about {
                About::Unknown => self.unknown(&short.what, &short.mend),
                About::Unbounded => self.unbounded(rule),
                About::Copies => self.copies(rule, &short.what),
                About::Other => {}
            }
            !matches!(short.about, About::Unknown | About::Unbounded)
        });
        lacking.is_empty() && before > 0
    }
}

impl Rule {
    /// Whether the rule does anything on this day.
    pub fn is_in_force(&self, on: Date) -> bool {
        let suspended = self.suspended.iter().any(|(from, until)| on.is_within(Some(*from), Some(*until)));
        on.is_within(self.in_force, self.until) && !suspended
    }
}

impl Called<'_> {
    fn applies(&self, route: &Route, on: Date) -> Holds {
        let each = self.lines.iter().map(|(asked, when)| (*asked).min(when.routed(route, on)));
        each.max().unwrap_or(Holds::No)
    }

    fn refused(&self, route: &Route, best: &Lacking) -> Refused {
        let reason = self.clause.reason.clone().unwrap_or_else(|| {
            let lacking: Vec<&str> = best.lacking.iter().map(|short| short.what.as_str()).collect();
            if lacking.is_empty() { self.rule.requires.clone() } else { lacking.join("; ") }
        });
        let mend = self.clause.mend.clone().unwrap_or_else(|| best.mend.clone());
        Refused {
            backend: route.backend.clone(),
            rule: self.rule.id.clone(),
            source: self.rule.source.clone(),
            reason,
            mend,
        }
    }
}

/// What the nearest line lacks, and the mends of all.
struct Lacking {
    lacking: Vec<Shortfall>,
    mend: String,
}

impl Clause {
    /// Whether one line of `lawful` holds. Of those that do not, the one that lacks least is told.
    fn hear(&self, case: &Case<'_>) -> Result<BTreeSet<String>, Lacking> {
        let mut best: Option<Vec<Shortfall>> = None;
        let mut mends: Vec<String> = Vec::new();
        for need in &self.lawful {
            let lacking = match Verdict::from(need.hear(case)) {
                Ok(bases) => return Ok(bases),
                Err(lacking) => lacking,
            };
            let open = case.on.is_within(need.from, need.until);
            let line: Vec<&str> =
                lacking.iter().map(|short| short.mend.as_str()).filter(|mend| !mend.is_empty()).collect();
            if open && !line.is_empty() && !mends.contains(&line.join(" and ")) {
                mends.push(line.join(" and "));
            }
            if open && best.as_ref().is_none_or(|best| lacking.len() < best.len()) {
                best = Some(lacking);
            }
        }
        Err(Lacking { lacking: best.unwrap_or_default(), mend: mends.join("; or ") })
    }
}
