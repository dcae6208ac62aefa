//! Which backends to try, in which order.

use config::{Backend, Model};
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

/// The model's backends in order of preference, those that could not be reached lately last. None is left out:
/// a backend that rests may be the only one, and may be back.
pub(crate) fn plan(model: &Model, health: &Health, now: Timestamp) -> Vec<Arc<Backend>> {
    if let [only] = model.backends.as_slice() {
        return vec![Arc::clone(only)];
    }
    let (resting, ready): (Vec<_>, Vec<_>) =
        model.backends.iter().cloned().partition(|backend| health.rests(&backend.name, now));
    ready.into_iter().chain(resting).collect()
}
