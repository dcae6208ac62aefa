//! The register: contracts, certificates and assessments on which a route may rest.

use crate::catalogue::{Catalogue, Party};
use crate::{Date, Place, Route};
use std::collections::BTreeSet;

/// A recorded contract, certificate or assessment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    /// Its number, as on the paper.
    pub id: String,
    /// Its kind: `DPF`, `SCC`, `BAA`, `C5-type2` …
    pub kind: String,
    /// Whose it is: a processor's or operator's id; none where it is the caller's own.
    pub party: Option<String>,
    /// The backend it is for; any of the party's when none.
    pub backend: Option<String>,
    /// The organisation it is for; all when none.
    pub organisation: Option<String>,
    /// The destinations it covers; all that its kind can when empty.
    pub countries: Vec<Place>,
    /// Its first day.
    pub from: Option<Date>,
    /// Its last day.
    pub until: Option<Date>,
}

/// All that is on file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Register {
    /// The papers.
    pub bases: Vec<Basis>,
    /// Kinds that count no longer, for anyone: one switch for a decision that a court has struck down.
    pub withdrawn: BTreeSet<String>,
}

/// For whom and when a basis is wanted.
pub(crate) struct Wanted<'a> {
    pub catalogue: &'a Catalogue,
    pub organisation: Option<&'a str>,
    pub route: &'a Route,
    pub on: Date,
}

impl Register {
    /// A basis of one of these kinds, for a destination where one is given.
    pub(crate) fn find(&self, kinds: &[String], place: Option<Place>, wanted: &Wanted<'_>) -> Option<&Basis> {
        self.bases.iter().find(|basis| {
            kinds.contains(&basis.kind)
                && !self.withdrawn.contains(&basis.kind)
                && wanted.on.is_within(basis.from, basis.until)
                && basis.is_for(wanted)
                && place.is_none_or(|place| basis.covers(place, wanted.catalogue))
        })
    }
}

impl Basis {
    fn is_for(&self, wanted: &Wanted<'_>) -> bool {
        let route = wanted.route;
        let of_kind = wanted.catalogue.basis.get(&self.kind);
        let same = |holder: &Option<String>| holder.is_some() && *holder == self.party;
        let right_party = match of_kind.and_then(|kind| kind.party) {
            Some(Party::Processor) => same(&route.processor),
            Some(Party::Operator) => same(&route.operator),
            Some(Party::Caller) | None => {
                self.party.is_none() || same(&route.processor) || same(&route.operator)
            }
        };
        let right_backend = self.backend.as_deref().is_none_or(|backend| backend == route.backend.as_str());
        let for_caller =
            self.organisation.as_deref().is_none_or(|organisation| Some(organisation) == wanted.organisation);
        right_party && right_backend && for_caller
    }

    fn covers(&self, place: Place, catalogue: &Catalogue) -> bool {
        let among = |places: &[Place]| places.is_empty() || places.iter().any(|own| place.is_in(*own));
        among(&self.countries) && catalogue.basis.get(&self.kind).is_none_or(|kind| among(&kind.places))
    }
}
