//! The residency page's figures, and the answer to "may this run?": the decisions that serving makes, asked beside it.

use crate::overview::{Error, visitor};
use crate::pages::{Sources, now};
use crate::people::{Looker, form};
use crate::seen::{Ran, Use};
use crate::sight::Sight;
use config::Snapshot;
use gateway::{TurnedAway, Why};
use geography::{Date, Lawful, Refused, Residency, Restrictions, Route};
use identity::{Method, Owner, Principal};
use policy::Action;
use portal::{
    Choices, PlaceMark, QUESTION_FIELDS, Question, RanRow, Reason, RefusalRow, ResidencyView, RouteRow,
    Ruling, Visitor,
};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use units::{ModelName, Organisation};

/// So many refusals are shown.
const REFUSALS_SHOWN: usize = 50;

/// Where inference ran and may run, as of now, and the answer to what `query` asks.
pub fn residency(sources: &Sources, looker: &Looker, query: &str) -> Result<ResidencyView, Error> {
    let live = sources.live().ok_or("the plane is stopping")?;
    let (snapshot, as_of) = (&live.snapshot, now(sources));
    let (visitor, sight) = (visitor(sources, looker), Sight::new(sources, looker));
    let seen = |organisation: &Organisation| sight.may(Action::ViewAudit, organisation);
    let shown = sources.seen.shown()?;
    let ran_here: Vec<(&Ran, &Use)> = shown.ran.iter().filter(|(ran, _)| seen(&ran.organisation)).collect();
    let residency = &snapshot.residency;
    let organisation = organisation(&visitor, residency);
    let on = Date::of(as_of);
    let decided = decided(snapshot, &organisation, on);
    let question = question(query, &visitor, snapshot);
    let (answer, trouble) = match query.is_empty() {
        true => (None, None),
        false => match rule(snapshot, (&question, &sight), on) {
            Ok(ruling) => (Some(ruling), None),
            Err(trouble) => (None, Some(trouble)),
        },
    };
    let settings = residency.settings();
    Ok(ResidencyView {
        as_of,
        organisation,
        asked: settings.always,
        catalogue: settings.catalogue.version.clone(),
        checked: settings.catalogue.checked.to_string(),
        warning: residency.warning(on),
        places: places(&ran_here, &decided, settings.always),
        ran: ran(&ran_here),
        routes: decided.iter().map(|way| route(way, settings.always)).collect(),
        refusals: sources
            .turned_away()
            .iter()
            .filter(|call| {
                let who = &call.principal;
                sight.sees(&who.organisation, &who.team, &who.subject)
            })
            .take(REFUSALS_SHOWN)
            .map(refusal)
            .collect(),
        audited: sight.may_anywhere(Action::ViewAudit),
        question,
        answer,
        trouble,
        choices: choices(snapshot),
        visitor,
    })
}

/// For whose calls it is decided where they may run: the visitor's own organisation, where there is one.
fn organisation(visitor: &Visitor, residency: &Residency) -> String {
    let own = Organisation::new(&visitor.organisation).is_ok() && visitor.principal.contains('/');
    let declared = residency.settings().organisations.keys().next();
    if own { visitor.organisation.clone() } else { declared.cloned().unwrap_or_else(|| "anyone".to_owned()) }
}

/// A way that a call could take, and what is said of it.
struct Way<'a> {
    model: &'a ModelName,
    route: &'a Route,
    refused: Vec<Refused>,
}

fn decided<'a>(snapshot: &'a Snapshot, organisation: &str, on: Date) -> Vec<Way<'a>> {
    let residency = &snapshot.residency;
    let mut ways = Vec::new();
    for model in &snapshot.model_order {
        let lawful = residency.decide(Some(organisation), model, &Restrictions::default(), on);
        for route in residency.settings().routes.get(model).into_iter().flatten() {
            let refused = lawful.refused.iter().filter(|refused| refused.backend == route.backend);
            ways.push(Way { model, route, refused: refused.cloned().collect() });
        }
    }
    ways
}

fn route(way: &Way<'_>, asked: bool) -> RouteRow {
    RouteRow {
        model: way.model.to_string(),
        backend: way.route.backend.to_string(),
        claim: claim(&way.route.claim()),
        operator: way.route.operator.clone().unwrap_or_default(),
        // Where residency is not asked of a call that says nothing, nothing is refused for it.
        reasons: if asked { way.refused.iter().map(reason).collect() } else { Vec::new() },
    }
}

/// A claim in which no copies are told as such.
fn claim(claim: &str) -> String {
    claim.strip_suffix("copies ").map_or_else(|| claim.to_owned(), |rest| format!("{rest}no copies"))
}

fn reason(refused: &Refused) -> Reason {
    Reason {
        backend: refused.backend.to_string(),
        rule: refused.rule.clone(),
        source: refused.source.clone(),
        reason: refused.reason.clone(),
        mend: refused.mend.clone(),
    }
}

// ── what happened ───────────────────────────────────────────────────────────────────────────────────────────

fn ran(seen: &[(&Ran, &Use)]) -> Vec<RanRow> {
    let row = |(ran, used): &(&Ran, &Use)| RanRow {
        organisation: ran.organisation.to_string(),
        backend: ran.backend.clone(),
        region: ran.region.clone(),
        claimed: ran.claimed.clone(),
        observed: ran.observed.clone(),
        answered: ran.answered,
        calls: used.calls,
        last: used.last,
    };
    let mut rows: Vec<RanRow> = seen.iter().map(row).collect();
    rows.sort_by_key(|row| Reverse(row.calls));
    rows
}

/// Countries where calls ran, may have run, or may run: by the vendor's word, else by what was claimed. What was claimed of
/// several countries, or was not answered, may have been in each of them.
fn places(seen: &[(&Ran, &Use)], decided: &[Way<'_>], asked: bool) -> Vec<PlaceMark> {
    let mut marks: BTreeMap<String, PlaceMark> = BTreeMap::new();
    for (ran, used) in seen {
        // A vendor's `eu` is no country: what was claimed says more.
        let told = ran.observed.to_ascii_uppercase();
        let told = Some(told.as_str()).filter(|told| is_place(told) && *told != "EU");
        let claimed = || ran.claimed.split(',').filter(|code| is_place(code)).collect();
        let codes: Vec<&str> = told.map_or_else(claimed, |told| vec![told]);
        for code in &codes {
            let mark = marked(&mut marks, code);
            let count = if codes.len() == 1 && ran.answered { &mut mark.ran } else { &mut mark.perhaps };
            *count += used.calls;
        }
    }
    for way in decided.iter().filter(|way| way.refused.is_empty() || !asked) {
        for place in way.route.processing.known() {
            let mark = marked(&mut marks, &place.to_string());
            if !mark.backends.iter().any(|known| known == way.route.backend.as_str()) {
                mark.backends.push(way.route.backend.to_string());
            }
        }
    }
    let mut places: Vec<PlaceMark> = marks.into_values().collect();
    places.sort_by_key(|place| (Reverse(place.ran), Reverse(place.perhaps)));
    places
}

fn marked<'a>(marks: &'a mut BTreeMap<String, PlaceMark>, code: &str) -> &'a mut PlaceMark {
    let mark = || PlaceMark { code: code.to_owned(), ran: 0, perhaps: 0, backends: Vec::new() };
    marks.entry(code.to_owned()).or_insert_with(mark)
}

/// `anywhere` and `unknown` are no place.
fn is_place(code: &str) -> bool {
    code.parse::<geography::Place>().is_ok()
}

fn refusal(turned_away: &TurnedAway) -> RefusalRow {
    let (rules, reason) = match &turned_away.why {
        Why::Policy(reason) => (vec!["policy".to_owned()], reason.clone()),
        Why::Residency(lawful) => {
            let mut rules: Vec<String> = lawful.refused.iter().map(|refused| refused.rule.clone()).collect();
            rules.dedup();
            let told = lawful.refused.first();
            let told = told.map(|refused| format!("{}: {}", refused.backend, refused.reason));
            (rules, told.unwrap_or_default())
        }
    };
    RefusalRow {
        at: turned_away.at,
        request: turned_away.request.to_string(),
        caller: turned_away.principal.to_string(),
        model: turned_away.model.to_string(),
        rules,
        reason,
    }
}

// ── may this run? ───────────────────────────────────────────────────────────────────────────────────────────

/// What the form holds: as sent, or a beginning.
fn question(query: &str, visitor: &Visitor, snapshot: &Snapshot) -> Question {
    let sent = form::decode(query).unwrap_or_default();
    let own = if visitor.principal.contains('/') { visitor.principal.as_str() } else { "" };
    let pick = |name: &str, default: &str| {
        let sent = form::field(&sent, name);
        if sent.is_empty() { default.to_owned() } else { sent.to_owned() }
    };
    let fields = QUESTION_FIELDS.iter().map(|(name, _, _)| ((*name).to_owned(), pick(name, "")));
    Question {
        principal: pick("principal", own),
        model: pick("model", snapshot.model_order.first().map_or("", ModelName::as_str)),
        fields: fields.collect(),
    }
}

/// The decision that serving would make, or what cannot be understood and its mend.
fn rule(
    snapshot: &Snapshot,
    (question, sight): (&Question, &Sight<'_>),
    on: Date,
) -> Result<Ruling, (String, String)> {
    let principal = principal(&question.principal)
        .ok_or(("who calls is not clear".to_owned(), "write `organisation/team/name`".to_owned()))?;
    if !sight.is_of(&principal.organisation) && !sight.may(Action::ViewAudit, &principal.organisation) {
        let mend =
            "ask for your own organisation, or have a policy let you see that one's audit (`ViewAudit`)";
        return Err((
            format!("what `{}` may do is not yours to see", principal.organisation),
            mend.to_owned(),
        ));
    }
    let name = question.model.parse::<ModelName>().ok();
    let model = name.as_ref().and_then(|name| snapshot.models.get(name));
    let model = model.ok_or(("there is no such model".to_owned(), "choose one of the list".to_owned()))?;
    let residency = &snapshot.residency;
    let mut narrowing = Restrictions::default();
    for (field, text) in question.fields.iter().filter(|(_, text)| !text.trim().is_empty()) {
        let added = narrowing.add(&residency.settings().catalogue, field, text);
        added.map_err(|error| (format!("{field}: {error}"), error.mend))?;
    }
    let authorised = snapshot.policy.authorize(&principal, Action::InvokeModel, &model.name);
    let narrowing = match &authorised {
        Ok(grant) => residency.attached(&grant.policies, narrowing),
        Err(_) => narrowing,
    };
    let asked = residency.settings().always || !narrowing.is_empty();
    let organisation = Some(principal.organisation.as_str());
    let lawful = asked.then(|| residency.decide(organisation, &model.name, &narrowing, on));
    let permitted = authorised.is_ok();
    let authorisation = match authorised {
        Ok(grant) => grant.decision.to_string(),
        Err(denial) => denial.to_string(),
    };
    Ok(ruling(permitted, authorisation, lawful.as_ref()))
}

fn ruling(permitted: bool, authorisation: String, lawful: Option<&Lawful>) -> Ruling {
    let somewhere = lawful.is_none_or(|lawful| !lawful.lawful.is_empty());
    let admitted = lawful.into_iter().flat_map(|lawful| &lawful.lawful).map(|route| {
        let papers = route.bases.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        (route.backend.to_string(), claim(&route.claim), papers)
    });
    Ruling {
        permit: permitted && somewhere,
        authorisation,
        decided: lawful.is_some(),
        lawful: admitted.collect(),
        refused: lawful.into_iter().flat_map(|lawful| &lawful.refused).map(reason).collect(),
        duties: lawful
            .into_iter()
            .flat_map(|lawful| &lawful.obligations)
            .map(|duty| (duty.about.clone(), duty.rule.clone()))
            .collect(),
        hash: lawful.map(|lawful| lawful.hash.to_string()).unwrap_or_default(),
    }
}

/// The caller as a policy sees it: organisation, and perhaps team and name; what is left out is `-`.
fn principal(text: &str) -> Option<Principal> {
    let text = Some(text.trim()).filter(|text| !text.is_empty() && !text.starts_with('/'))?;
    let mut parts = text.splitn(3, '/');
    let mut part = || parts.next().filter(|part| !part.is_empty()).unwrap_or("-");
    let owner = Owner {
        organisation: part().parse().ok()?,
        team: part().parse().ok()?,
        subject: part().parse().ok()?,
    };
    Some(Principal::new(owner, Method::VirtualKey, "asked"))
}

/// The words that the catalogue knows.
fn choices(snapshot: &Snapshot) -> Choices {
    let catalogue = &snapshot.residency.settings().catalogue;
    let terms = [("data-class", &catalogue.data), ("sector", &catalogue.sector), ("use", &catalogue.uses)];
    let words = terms.map(|(field, terms)| {
        (field.to_owned(), terms.iter().map(|term| (term.id.clone(), term.about.clone())).collect())
    });
    Choices { models: snapshot.model_order.iter().map(ToString::to_string).collect(), words: words.to_vec() }
}
