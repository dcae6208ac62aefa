//! Which backends to try, in which order.

use crate::residency;
use config::{Backend, Model};
use geography::Lawful;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use units::{BackendName, Timestamp};

/// How long a backend that could not be reached is tried last, in seconds.
const REST_SECONDS: i64 = 5;

/// Which backends could not be reached lately.
#[derive(Debug, Default)]
pub(crate) struct Health(RwLock<HashMap<BackendName, Timestamp>>);

impl Health {
    /// The backend could not be reached.
    pub fn unreachable(&self, backend: &BackendName, now: Timestamp) {
        let mut resting = self.0.write().unwrap_or_else(PoisonError::into_inner);
        resting.insert(backend.clone(), now.plus_seconds(REST_SECONDS));
    }

    fn rests(&self, backend: &BackendName, now: Timestamp) -> bool {
        let resting = self.0.read().unwrap_or_else(PoisonError::into_inner);
        resting.get(backend).is_some_and(|until| *until > now)
    }
}

/// The model's lawful backends in order of preference, those that could not be reached lately last. A backend that
/// rests may be the only one, and may be back; one that is not lawful is never in a plan.
pub(crate) fn plan(
    model: &Model,
    lawful: Option<&Lawful>,
    health: &Health,
    now: Timestamp,
) -> Vec<Arc<Backend>> {
    let lawful = model.backends.iter().filter(|backend| residency::allows(lawful, &backend.name));
    let lawful: Vec<_> = lawful.cloned().collect();
    if lawful.len() < 2 {
        return lawful;
    }
    let (resting, ready): (Vec<_>, Vec<_>) =
        lawful.into_iter().partition(|backend| health.rests(&backend.name, now));
    ready.into_iter().chain(resting).collect()
}
