//! Which backends to try, in which order.

use crate::refusal::Refusal;
use crate::residency;
use config::{Backend, Model};
use geography::Lawful;
use identity::Principal;
use policy::Action;
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

/// The model's backends that a call may be sent to, in order of preference: those that are lawful, and that no policy
/// forbids this caller.
///
/// # Errors
/// What forbids the last of them.
pub(crate) fn allowed(
    policy: &policy::Policy,
    (principal, action): (&Principal, Action),
    model: &Model,
    lawful: Option<&Lawful>,
) -> Result<Vec<Arc<Backend>>, Refusal> {
    let names = model.backends.iter().map(|backend| &backend.name);
    let barred = policy.barred(principal, action, (&model.name, names));
    let why = |backend: &Backend| barred.iter().find(|(name, _)| *name == backend.name);
    let lawful = model.backends.iter().filter(|backend| residency::allows(lawful, &backend.name));
    let (allowed, forbidden): (Vec<_>, Vec<_>) = lawful.partition(|backend| why(backend).is_none());
    match forbidden.last().and_then(|backend| why(backend)) {
        Some((_, denial)) if allowed.is_empty() => Err(denial.clone().into()),
        _ => Ok(allowed.into_iter().cloned().collect()),
    }
}

/// Allowed backends, those that could not be reached lately last. One that rests may be the only one, and may be back.
pub(crate) fn plan(allowed: Vec<Arc<Backend>>, health: &Health, now: Timestamp) -> Vec<Arc<Backend>> {
    if allowed.len() < 2 {
        return allowed;
    }
    let (resting, ready): (Vec<_>, Vec<_>) =
        allowed.into_iter().partition(|backend| health.rests(&backend.name, now));
    ready.into_iter().chain(resting).collect()
}
