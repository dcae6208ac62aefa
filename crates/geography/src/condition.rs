//! Whether a rule applies. Three-valued: what is not known makes a rule that refuses apply, and no other.

use crate::catalogue::{Owned, Undeclared, When};
use crate::inputs::{Inputs, Ownership};
use crate::{Area, Date, Place, Places, Route, Share};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Yes, no, or nobody knows; together they are as sure as the least of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Holds {
    No,
    Unknown,
    Yes,
}

impl From<bool> for Holds {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

/// A request, with the classes of its data and all that these imply.
pub(crate) struct Request<'a> {
    pub inputs: &'a Inputs,
    pub classes: BTreeSet<Arc<str>>,
    pub on: Date,
}

impl When {
    /// What can be told without a route: most rules are of no concern to a request, and end here.
    pub(crate) fn asked(&self, request: &Request<'_>) -> Holds {
        let Request { inputs, classes, on } = request;
        let any = |words: &[String], of: &BTreeSet<Arc<str>>| {
            words.is_empty() || words.iter().any(|word| of.contains(word.as_str()))
        };
        let asked = on.is_within(self.from, self.until)
            && any(&self.data, classes)
            && any(&self.sector, &inputs.asked.sectors)
            && any(&self.uses, &inputs.asked.uses)
            && (!self.above_public || inputs.above_public())
            && is_any_in(inputs.jurisdictions(), &self.jurisdiction, *on)
            && is_any_in(inputs.asked.subjects.iter().copied(), &self.subject, *on)
            && is_any_in(inputs.caller.country.into_iter(), &self.caller, *on)
            && (!self.blocked || inputs.caller.blocked);
        if !asked {
            return Holds::No;
        }
        self.owned.as_ref().map_or(Holds::Yes, |owned| owned.holds(&inputs.caller.ownership, *on))
    }

    /// What depends on the route.
    pub(crate) fn routed(&self, route: &Route, on: Date) -> Holds {
        let developer = match &route.developer {
            _ if self.developer.is_empty() => Holds::Yes,
            Some(developer) => self.developer.contains(developer).into(),
            // A model that the organisation runs itself is none that only its developer serves.
            None if route.own => Holds::No,
            None => Holds::Unknown,
        };
        let chips = match &route.chips {
            _ if self.chips.is_empty() => Holds::Yes,
            Some(chips) => self.chips.contains(chips).into(),
            None => Holds::Unknown,
        };
        let own = self.own.is_none_or(|own| own == route.own);
        let hardware = self.hardware.is_empty() || self.hardware.contains(&route.hardware);
        [
            developer,
            chips,
            own.into(),
            hardware.into(),
            self.control_holds(route, on),
            reaches(&self.reaches, route, |area, place| area.contains(place, on)),
            reaches(&self.reaches_outside, route, |area, place| !area.contains(place, on)),
        ]
        .into_iter()
        .min()
        .unwrap_or(Holds::Yes)
    }

    fn control_holds(&self, route: &Route, on: Date) -> Holds {
        if self.control.is_empty() && self.control_outside.is_empty() {
            return Holds::Yes;
        }
        if route.control.is_empty() {
            return Holds::Unknown;
        }
        let any = |test: &dyn Fn(Place) -> bool| route.control.iter().any(|place| test(*place));
        let inside = self.control.is_empty() || any(&|place| self.control.contains(place, on));
        let outside =
            self.control_outside.is_empty() || any(&|place| !self.control_outside.contains(place, on));
        (inside && outside).into()
    }
}

/// Whether one of the places is in the area; an empty area asks for nothing.
fn is_any_in(mut places: impl Iterator<Item = Place>, area: &Area, on: Date) -> bool {
    area.is_empty() || places.any(|place| area.contains(place, on))
}

/// Whether some place that the call or its data may reach passes the test.
fn reaches(area: &Area, route: &Route, test: impl Fn(&Area, Place) -> bool) -> Holds {
    if area.is_empty() {
        return Holds::Yes;
    }
    match route.reach() {
        Places::Unknown => Holds::Unknown,
        // Everywhere is also there.
        Places::Everywhere => Holds::Yes,
        Places::Known(places) => places.into_iter().any(|place| test(area, place)).into(),
    }
}

impl Owned {
    /// Whether such owners have so much of the caller.
    pub(crate) fn holds(&self, ownership: &Ownership, on: Date) -> Holds {
        let Ownership::Declared { owners, rest_checked, .. } = ownership else {
            return match self.undeclared {
                Undeclared::Applies => Holds::Unknown,
                Undeclared::Passes => Holds::No,
            };
        };
        let counts = |owner: &&crate::inputs::Owner| {
            (self.inside.is_empty() || self.inside.contains(owner.country, on))
                && (self.outside.is_empty() || !self.outside.contains(owner.country, on))
                && (!self.listed || owner.listed)
                && (!self.blocked || owner.blocked)
        };
        let all = owners.iter().map(|owner| owner.share).try_fold(Share::ZERO, Share::plus);
        let theirs = owners.iter().filter(counts).map(|owner| owner.share).try_fold(Share::ZERO, Share::plus);
        // Shares that do not add up to at most the whole say nothing.
        let (Some(all), Some(theirs)) = (all, theirs) else { return Holds::Unknown };
        if self.is_passed(theirs) {
            return Holds::Yes;
        }
        let most = if *rest_checked { Some(theirs) } else { theirs.plus(all.rest()) };
        match most {
            Some(most) if !self.is_passed(most) || self.undeclared == Undeclared::Passes => Holds::No,
            _ => Holds::Unknown,
        }
    }

    fn is_passed(&self, share: Share) -> bool {
        self.over.is_some_and(|line| share > line) || self.at_least.is_some_and(|line| share >= line)
    }
}
