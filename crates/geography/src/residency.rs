//! One configuration's residency: who calls, what is asked of each, what is on file, and which routes each model has.
//!
//! A lawful set is worked out once for each organisation, model, day and narrowing, and looked up after that. The
//! configuration is immutable and replaced whole, its catalogue with it, so a set never outlives what it was made of.

use crate::inputs::PUBLIC;
use crate::{Area, Caller, Catalogue, Date, Inputs, Law, Lawful, Register, Restrictions, Route, lawful};
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, PoisonError, RwLock};
use units::{ModelName, Organisation, Timestamp};

/// What a configuration says of one organisation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declaration {
    /// What is known of it.
    pub caller: Caller,
    /// What is asked of every call it makes.
    pub asked: Restrictions,
}

/// What a configuration says.
#[derive(Debug)]
pub struct Settings {
    /// Whether residency is asked of every call, or only of one that says something itself.
    pub always: bool,
    /// What is known.
    pub catalogue: Catalogue,
    /// What is on file.
    pub register: Register,
    /// What is asked of every call; its classes of data hold where an organisation names none of its own.
    pub asked: Restrictions,
    /// In whose hands a route must be where control is asked for and an organisation says nothing.
    pub hands: Option<Area>,
    /// What each organisation declared.
    pub organisations: BTreeMap<String, Declaration>,
    /// What a policy that permits a call asks of it, by the policy's id.
    pub policies: BTreeMap<String, Restrictions>,
    /// Each model's routes, in order of preference.
    pub routes: HashMap<ModelName, Vec<Route>>,
    /// Older than so many days, the catalogue is warned of.
    pub catalogue_days_warn: Option<i64>,
    /// Older than so many days, it is used for public data only.
    pub catalogue_days_max: Option<i64>,
    /// As old as this a destination list may be.
    pub destinations_days_max: Option<i64>,
}

/// The residency of one configuration. Immutable; replaced whole.
#[derive(Debug)]
pub struct Residency {
    settings: Settings,
    sets: Sets,
}

impl Residency {
    /// As configured.
    pub fn new(settings: Settings) -> Self {
        Self { settings, sets: Sets::default() }
    }

    /// As configured.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What the policies that permit a call ask of it, beside what it says itself.
    pub fn attached(&self, policies: &[Arc<str>], narrowing: Restrictions) -> Restrictions {
        let attached = policies.iter().filter_map(|id| self.settings.policies.get(&**id));
        attached.fold(narrowing, Restrictions::and)
    }

    /// What is lawful for a call of `model` by `organisation` that adds `narrowing`. None when residency is not asked:
    /// not of every call, and not by this one.
    pub fn lawful(
        &self,
        organisation: &Organisation,
        model: &ModelName,
        narrowing: &Restrictions,
        now: Timestamp,
    ) -> Option<Arc<Lawful>> {
        if !self.settings.always && narrowing.is_empty() {
            return None;
        }
        let day = Date::of(now);
        let key = Key {
            organisation: organisation.clone(),
            model: model.clone(),
            day,
            narrowing: narrowing.clone(),
        };
        Some(self.sets.get_or_make(key, || self.decide(Some(organisation.as_str()), model, narrowing, day)))
    }

    /// As [`Residency::lawful`], worked out anew.
    pub fn decide(
        &self,
        organisation: Option<&str>,
        model: &ModelName,
        narrowing: &Restrictions,
        on: Date,
    ) -> Lawful {
        let routes = self.settings.routes.get(model).map(Vec::as_slice).unwrap_or_default();
        lawful(&self.law(on), &self.inputs(organisation, narrowing), routes)
    }

    /// Whether the content of a call may be kept by `place`, a route of one's own. None when residency is not asked.
    pub fn may_keep(
        &self,
        organisation: &Organisation,
        narrowing: &Restrictions,
        on: Date,
        place: &Route,
    ) -> Option<Lawful> {
        if !self.settings.always && narrowing.is_empty() {
            return None;
        }
        let inputs = self.inputs(Some(organisation.as_str()), narrowing);
        Some(lawful(&self.law(on), &inputs, std::slice::from_ref(place)))
    }

    pub(crate) fn law(&self, on: Date) -> Law<'_> {
        Law {
            catalogue: &self.settings.catalogue,
            register: &self.settings.register,
            on,
            catalogue_days_max: self.settings.catalogue_days_max,
            destinations_days_max: self.settings.destinations_days_max,
        }
    }

    /// All that a decision for `organisation` is about.
    pub fn inputs(&self, organisation: Option<&str>, narrowing: &Restrictions) -> Inputs {
        let settings = &self.settings;
        let declared =
            organisation.and_then(|name| settings.organisations.get(name)).cloned().unwrap_or_default();
        let Declaration { mut caller, mut asked } = declared;
        caller.organisation = organisation.map(str::to_owned);
        caller.hands = caller.hands.or_else(|| settings.hands.clone());
        let own_classes = !asked.data.is_empty();
        let classes = std::mem::take(&mut asked.data);
        let mut asked = settings.asked.clone().and(&asked);
        if own_classes {
            asked.data = classes;
        }
        let mut asked = asked.and(narrowing);
        if asked.data.is_empty() && !settings.always {
            // A call that asks for a place and says nothing of its data is held to that place.
            asked.data.insert(PUBLIC.into());
        }
        Inputs { caller, asked }
    }

    /// What to say of a catalogue that is getting old, where residency is asked of every call.
    pub fn warning(&self, on: Date) -> Option<String> {
        if !self.settings.always {
            return None;
        }
        let checked = self.settings.catalogue.checked;
        let age = on.days_since(checked);
        let most = self.settings.catalogue_days_warn.filter(|most| age > *most)?;
        Some(format!("the catalogue was checked on {checked}, {age} days ago; more than {most} is too old"))
    }
}

/// What a lawful set depends on, within one configuration.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Every caller of an organisation is held to the same.
    pub organisation: Organisation,
    /// The model asked for.
    pub model: ModelName,
    /// Rules begin and end by the day.
    pub day: Date,
    /// What the call adds.
    pub narrowing: Restrictions,
}

const SHARDS: u64 = 16;
const SETS_PER_SHARD_MAX: usize = 1024;

/// Lawful sets by key. Bounded; a full shard is emptied, which costs working out again.
#[derive(Debug, Default)]
struct Sets {
    shards: [RwLock<HashMap<Key, Arc<Lawful>>>; 16],
    hasher: RandomState,
}

impl Sets {
    fn get_or_make(&self, key: Key, make: impl FnOnce() -> Lawful) -> Arc<Lawful> {
        // INVARIANT: the remainder is below 16.
        let shard = &self.shards[usize::try_from(self.hasher.hash_one(&key) % SHARDS).unwrap_or(0)];
        if let Some(made) = shard.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Arc::clone(made);
        }
        let made = Arc::new(make());
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        if shard.len() >= SETS_PER_SHARD_MAX {
            shard.clear();
        }
        shard.insert(key, Arc::clone(&made));
        made
    }
}
