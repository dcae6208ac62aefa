//! Proofs: that no request of a class, whatever else it says, may leave a geography; or a request that may.
//!
//! Exhaustive over a finite abstraction. Every caller that a configuration tells apart is tried (each organisation it
//! declares, and any other), with every country and every part of one that a rule names, and with none. Everything else
//! that a request can say (further classes, sectors, uses, limits, levels of control, several countries) only takes routes
//! away, which the laws of this room's tests hold, so the request that does not say it is the worst case.

use crate::{Area, Date, Place, Places, Residency, Restrictions};
use std::collections::BTreeSet;
use units::{BackendName, ModelName};

/// A request of the class, and a lawful route by which it may leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterExample {
    /// Who calls; none for an organisation that the configuration does not declare.
    pub organisation: Option<String>,
    /// The data subjects' country, where the request names one.
    pub subject: Option<Place>,
    /// The model asked for.
    pub model: ModelName,
    /// The backend that may lawfully be asked.
    pub backend: BackendName,
    /// Where it may go outside, in words.
    pub outside: String,
    /// Where it may process, store and keep copies.
    pub claim: String,
}

/// What was tried, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// How many requests were tried.
    pub requests: u64,
    /// How many routes were lawful for one of them.
    pub routes: u64,
    /// The first request that may leave, if any.
    pub counter_example: Option<CounterExample>,
}

impl Residency {
    /// Whether every lawful route of every request of `class` stays `within`, on this day.
    pub fn prove(&self, class: &str, within: &Area, on: Date) -> Proof {
        let mut proof = Proof { requests: 0, routes: 0, counter_example: None };
        let mut models: Vec<&ModelName> = self.settings().routes.keys().collect();
        models.sort_unstable();
        let subjects: Vec<Option<Place>> =
            std::iter::once(None).chain(self.countries().into_iter().map(Some)).collect();
        let known = self.settings().organisations.keys().map(|name| Some(name.as_str()));
        for organisation in known.chain([None]) {
            for subject in &subjects {
                let narrowing = Restrictions {
                    data: BTreeSet::from([class.into()]),
                    subjects: subject.iter().copied().collect(),
                    ..Restrictions::default()
                };
                for model in &models {
                    proof.requests += 1;
                    let Some((backend, outside, claim)) =
                        self.leaves(organisation, (model, &narrowing), (within, on), &mut proof.routes)
                    else {
                        continue;
                    };
                    proof.counter_example = Some(CounterExample {
                        organisation: organisation.map(str::to_owned),
                        subject: *subject,
                        model: (*model).clone(),
                        backend,
                        outside,
                        claim,
                    });
                    return proof;
                }
            }
        }
        proof
    }

    /// A lawful route that may leave: its backend, where to, and what is claimed of it.
    fn leaves(
        &self,
        organisation: Option<&str>,
        (model, narrowing): (&ModelName, &Restrictions),
        (within, on): (&Area, Date),
        seen: &mut u64,
    ) -> Option<(BackendName, String, String)> {
        let lawful = self.decide(organisation, model, narrowing, on);
        let routes = self.settings().routes.get(model).map(Vec::as_slice).unwrap_or_default();
        for route in routes.iter().filter(|route| lawful.allows(&route.backend)) {
            *seen += 1;
            let outside = match route.reach() {
                Places::Known(places) => {
                    Places::Known(places.into_iter().filter(|place| !within.contains(*place, on)).collect())
                }
                other => other,
            };
            if outside != Places::Known(BTreeSet::new()) {
                return Some((route.backend.clone(), outside.to_string(), route.claim()));
            }
        }
        None
    }

    /// Every country, and every part of one that a rule names: any other part is decided as its country is.
    fn countries(&self) -> BTreeSet<Place> {
        let clauses = self.settings().catalogue.rule.iter().flat_map(|rule| &rule.clauses);
        let lines = clauses.flat_map(|clause| &clause.when);
        let named = lines.flat_map(|when| when.jurisdiction.written().chain(when.subject.written()));
        Place::countries().chain(named).collect()
    }
}
