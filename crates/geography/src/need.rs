//! Whether a route has what a rule needs, and if not, what is missing and what would mend it.

use crate::catalogue::{Catalogue, Need};
use crate::condition::Holds;
use crate::inputs::{Inputs, Ownership};
use crate::place::listed;
use crate::register::{Register, Wanted};
use crate::{Area, Date, Place, Places, Route};
use std::collections::BTreeSet;

/// What a shortfall is about: some are the fault of the route and told once, under a rule of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// A place that cannot be narrowed.
    Unbounded,
    /// A place that nobody knows.
    Unknown,
    /// A copy that lies elsewhere, while processing and storage do not.
    Copies,
    /// Anything else.
    Other,
}

/// What is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shortfall {
    pub about: About,
    pub what: String,
    pub mend: String,
}

impl Shortfall {
    pub(crate) fn other(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { about: About::Other, what: what.into(), mend: mend.into() }
    }
}

/// All that a need is held against.
pub(crate) struct Case<'a> {
    pub catalogue: &'a Catalogue,
    pub register: &'a Register,
    pub inputs: &'a Inputs,
    pub route: &'a Route,
    pub on: Date,
}

/// What a lawful route rests on, or what it lacks.
pub(crate) type Verdict = Result<BTreeSet<String>, Vec<Shortfall>>;

/// One need, held against a case.
struct Hearing<'a> {
    case: &'a Case<'a>,
    need: &'a Need,
    bases: BTreeSet<String>,
    lacking: Vec<Shortfall>,
}

impl Need {
    /// Whether all of it holds.
    pub(crate) fn hear(&self, case: &Case<'_>) -> Verdict {
        let mut hearing = Hearing { case, need: self, bases: BTreeSet::new(), lacking: Vec::new() };
        hearing.day();
        hearing.places();
        hearing.basis();
        hearing.operator();
        hearing.caller();
        if hearing.lacking.is_empty() { Ok(hearing.bases) } else { Err(hearing.lacking) }
    }
}

impl Hearing<'_> {
    fn lack(&mut self, what: impl Into<String>, mend: impl Into<String>) {
        self.lacking.push(Shortfall::other(what, mend));
    }

    fn day(&mut self) {
        if !self.case.on.is_within(self.need.from, self.need.until) {
            self.lack("this way is not open on this day", "");
        }
    }

    // ── places ──────────────────────────────────────────────────────────────────────────────────────────

    fn places(&mut self) {
        let Case { route, on, .. } = *self.case;
        let Need { processing, storage, avoid, none_in, .. } = self.need;
        if !processing.is_empty() && processing == storage {
            let both = route.processing.clone().and(&route.storage);
            self.stay("processing or storage", &both, About::Other, |place| processing.contains(place, on));
        } else {
            if !processing.is_empty() {
                let allowed = |place| processing.contains(place, on);
                self.stay("processing", &route.processing, About::Other, allowed);
            }
            if !storage.is_empty() {
                self.stay("storage", &route.storage, About::Other, |place| storage.contains(place, on));
            }
        }
        if !storage.is_empty() {
            // Where the call itself goes astray, its copies do too, and that needs no telling.
            if self.lacking.is_empty() {
                self.stay("copies", &route.copies, About::Copies, |place| storage.contains(place, on));
            }
        }
        if !avoid.is_empty() {
            self.stay("the call or its data", &route.reach(), About::Other, |place| {
                !avoid.contains(place, on)
            });
        }
        if !none_in.is_empty() {
            self.stay("the call or its data", &route.reach(), About::Other, |place| {
                !none_in.contains(place, on)
            });
            self.nobody_of(none_in);
        }
        if self.need.located {
            self.stay("the call or its data", &route.reach(), About::Other, |_| true);
        }
    }

    /// Each of the places passes the test, or is covered.
    fn stay(&mut self, what: &str, places: &Places, about: About, test: impl Fn(Place) -> bool) {
        match places {
            Places::Unknown => self.lacking.push(Shortfall {
                about: About::Unknown,
                what: format!("where {what} may be is not known"),
                mend: String::new(),
            }),
            Places::Everywhere => self.lacking.push(Shortfall {
                about: About::Unbounded,
                what: format!("{what} may be anywhere"),
                mend: String::new(),
            }),
            Places::Known(places) => {
                let outside: Vec<Place> = places.iter().copied().filter(|place| !test(*place)).collect();
                let open: Vec<Place> = outside.into_iter().filter(|place| !self.is_covered(*place)).collect();
                if !open.is_empty() {
                    let (what, mend) = self.outside(what, &open);
                    self.lacking.push(Shortfall { about, what, mend });
                }
            }
        }
    }

    fn is_covered(&mut self, place: Place) -> bool {
        let Some(basis) = self.find(&self.need.covered, Some(place)) else { return false };
        self.bases.insert(basis);
        true
    }

    fn find(&self, kinds: &[String], place: Option<Place>) -> Option<String> {
        let Case { catalogue, register, inputs, route, on } = *self.case;
        let organisation = inputs.caller.organisation.as_deref();
        let wanted = Wanted { catalogue, organisation, route, on };
        register.find(kinds, place, &wanted).map(|basis| basis.id.clone())
    }

    fn outside(&self, what: &str, open: &[Place]) -> (String, String) {
        let Need { processing, storage, avoid, none_in, covered, .. } = self.need;
        let reached = listed(open, ", ");
        let allowed = if what == "processing" { processing } else { storage };
        let forbidden = if avoid.is_empty() { none_in } else { avoid };
        let (said, elsewhere) = if allowed.is_empty() {
            (format!("{what} may reach {reached}"), format!("use a route that stays out of {forbidden}"))
        } else {
            (
                format!("{what} may be in {reached}, outside {allowed}"),
                format!("use a route with {what} in {allowed} only"),
            )
        };
        let covered = self.able_to_cover(covered, open);
        if covered.is_empty() {
            return (said, elsewhere);
        }
        let kinds = covered.join(", ");
        let with = self.with_whom(&covered);
        (
            format!("{said}, and no {kinds} on file covers it"),
            format!("record one of {kinds}{with} that covers {reached}, or {elsewhere}"),
        )
    }

    /// The kinds that can ever cover these places.
    fn able_to_cover(&self, kinds: &[String], open: &[Place]) -> Vec<String> {
        let able = |kind: &&String| {
            let places =
                self.case.catalogue.basis.get(kind).map(|kind| kind.places.as_slice()).unwrap_or_default();
            places.is_empty() || open.iter().all(|place| places.iter().any(|own| place.is_in(*own)))
        };
        kinds.iter().filter(able).cloned().collect()
    }

    /// Whose paper these kinds are, in words.
    fn with_whom(&self, kinds: &[String]) -> String {
        use crate::catalogue::Party;
        let route = self.case.route;
        let party =
            kinds.first().and_then(|kind| self.case.catalogue.basis.get(kind)).and_then(|kind| kind.party);
        let name = match party {
            Some(Party::Processor) => &route.processor,
            Some(Party::Operator) => &route.operator,
            Some(Party::Caller) | None => &None,
        };
        name.as_ref().map_or_else(String::new, |name| format!(" with `{name}`"))
    }

    // ── papers ──────────────────────────────────────────────────────────────────────────────────────────

    fn basis(&mut self) {
        if !self.need.basis.is_empty() {
            match self.find(&self.need.basis, None) {
                Some(basis) => drop(self.bases.insert(basis)),
                None => {
                    let kinds = self.need.basis.join(" or ");
                    let with = self.with_whom(&self.need.basis);
                    self.lack(
                        format!("no {kinds}{with} is on file"),
                        format!("record the {kinds}{with} in the register"),
                    );
                }
            }
        }
        if self.need.filing && self.case.route.filing.is_none() {
            self.lack(
                "the model has no filing number on record",
                "set `filing` on the model, or use a filed one",
            );
        }
    }

    // ── who runs it ─────────────────────────────────────────────────────────────────────────────────────

    fn operator(&mut self) {
        let Case { route, on, .. } = *self.case;
        let Need { establishment, personnel, control, operator, .. } = self.need;
        let operator_name = route.operator.clone().unwrap_or_else(|| "the operator".to_owned());
        if !establishment.is_empty()
            && !route.establishment.iter().any(|place| establishment.contains(*place, on))
        {
            self.lack(
                format!("`{operator_name}` has no establishment in {establishment} on record"),
                format!("set `establishment` on the backend when it has one in {establishment}"),
            );
        }
        if !personnel.is_empty() && !route.personnel.iter().any(|quality| personnel.contains(quality)) {
            let wanted = personnel.join(" or ");
            self.lack(
                format!("`{operator_name}` is not known to be run by {wanted} only"),
                format!("use a route that is run by {wanted}, or attest it with `personnel` on the backend"),
            );
        }
        if !operator.is_empty() && !route.operator_country.is_some_and(|place| operator.contains(place, on)) {
            self.lack(
                format!("`{operator_name}` is not of {operator}"),
                format!("use an operator of {operator}"),
            );
        }
        if !control.is_empty()
            && let Some(short) = out_of_control(route, 2, control, on)
        {
            self.lacking.push(short);
        }
    }

    fn nobody_of(&mut self, area: &Area) {
        let Case { route, on, .. } = *self.case;
        let who = route
            .operator_country
            .into_iter()
            .chain(route.parent_country)
            .chain(route.control.iter().copied());
        let found: BTreeSet<Place> = who.filter(|place| area.contains(*place, on)).collect();
        if !found.is_empty() {
            self.lack(
                format!("the operator, its owner or their law is of {}", listed(found, ", ")),
                format!("use a route that is in no hand of {area}"),
            );
        } else if route.operator_country.is_none() || route.control.is_empty() {
            self.lack("who runs and controls it is not known", "set `operator` on the backend");
        }
    }

    // ── who calls ───────────────────────────────────────────────────────────────────────────────────────

    fn caller(&mut self) {
        let Case { inputs, on, .. } = *self.case;
        let caller = &inputs.caller;
        if !self.need.caller.is_empty()
            && !caller.country.is_some_and(|place| self.need.caller.contains(place, on))
        {
            let what = match caller.country {
                None => "where the caller is established is not declared".to_owned(),
                Some(place) => format!("the caller is established in {place}, outside {}", self.need.caller),
            };
            let mend =
                if caller.country.is_none() { DECLARE_COUNTRY } else { "use a model of another developer" };
            self.lack(what, mend);
        }
        self.owners();
        if self.need.overseer && caller.overseer.is_none() {
            self.lack(
                "nobody is named who oversees",
                "name one as `overseer` in `[[residency.organisation]]`",
            );
        }
        self.people("", self.need.people_max, caller.people);
        self.people(" sensitive", self.need.sensitive_max, caller.people_sensitive);
    }

    fn owners(&mut self) {
        let Some(owned) = &self.need.not_owned else { return };
        let ownership = &self.case.inputs.caller.ownership;
        let line = owned.over.map(|line| format!("more than {line}"));
        let line = line.or_else(|| owned.at_least.map(|line| format!("{line} or more"))).unwrap_or_default();
        let from = if owned.outside.is_empty() {
            format!("from {}", owned.inside)
        } else {
            format!("from outside {}", owned.outside)
        };
        match (owned.holds(ownership, self.case.on), ownership) {
            (Holds::No, _) => {}
            (Holds::Yes, _) => self.lack(
                format!("owners {from} have {line} of the caller"),
                "use a model of another developer, while they do",
            ),
            (Holds::Unknown, Ownership::Undeclared) => self.lack(
                "who owns the caller is not declared",
                "declare `owners` in `[[residency.organisation]]`, with source and date",
            ),
            (Holds::Unknown, Ownership::Declared { .. }) => self.lack(
                format!("owners {from} may have {line} of the caller: part of it is not declared"),
                "declare the other owners, or set `owners_rest_checked = true` when none of the rest counts",
            ),
        }
    }

    fn people(&mut self, kind: &str, most: Option<u64>, declared: Option<u64>) {
        let Some(most) = most else { return };
        match declared {
            Some(people) if people <= most => {}
            Some(people) => self.lack(
                format!("{kind} data of {people} people leave in a year, more than {most}")
                    .trim_start()
                    .to_owned(),
                "record what the next tier asks for",
            ),
            None => self.lack(
                format!("of how many people{kind} data leave in a year is not declared"),
                "declare `people_exported` and `people_exported_sensitive` in `[[residency.organisation]]`",
            ),
        }
    }
}

pub(crate) const DECLARE_COUNTRY: &str = "declare `country` in `[[residency.organisation]]`";

/// What of the route is in no hand of `area`, at a level of control: 1 operator and staff, 2 also owner and law, 3 also
/// technology. Level 0 asks for nothing here.
pub(crate) fn out_of_control(route: &Route, level: u8, area: &Area, on: Date) -> Option<Shortfall> {
    let mut wrong = Vec::new();
    let mut hold = |from_level: u8, what: &str, place: Option<Place>| {
        if level < from_level {
            return;
        }
        match place {
            None => wrong.push(format!("{what} not known")),
            Some(place) if !area.contains(place, on) => wrong.push(format!("{what} {place}")),
            Some(_) => {}
        }
    };
    hold(1, "operator", route.operator_country);
    hold(2, "owner", route.parent_country);
    for place in &route.control {
        hold(2, "law of", Some(*place));
    }
    if route.control.is_empty() {
        hold(2, "whose law", None);
    }
    hold(3, "technology", route.technology);
    if level >= 1 && !staff_is_within(route, area, on) {
        wrong.push(format!("staff {}", route.staff.as_deref().unwrap_or("not known")));
    }
    (!wrong.is_empty()).then(|| {
        let mend = format!("use a route in hands of {area}, or ask for a lower level of control");
        Shortfall::other(format!("not all in hands of {area}: {}", wrong.join(", ")), mend)
    })
}

fn staff_is_within(route: &Route, area: &Area, on: Date) -> bool {
    // A staff of `EU` is of member states that are not named: within any area that holds them all.
    route
        .staff
        .as_deref()
        .and_then(|staff| staff.parse::<Place>().ok())
        .is_some_and(|place| area.contains(place, on))
}
