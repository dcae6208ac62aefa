//! Calls that a policy or a rule of residency did not let run: the latest, in memory, for those who look after that. A refusal
//! is no call, so the journal has none of them; the log has them all.

use crate::refusal::Refusal;
use config::Model;
use identity::Principal;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use units::{ModelName, RequestId, Timestamp};

/// So many are kept.
const KEPT: usize = 200;

/// A call that was refused.
#[derive(Debug, Clone)]
pub struct TurnedAway {
    /// When.
    pub at: Timestamp,
    /// The request's id.
    pub request: RequestId,
    /// Who called.
    pub principal: Principal,
    /// The model asked for.
    pub model: ModelName,
    /// Why.
    pub why: Why,
}

/// Why a call was refused.
#[derive(Debug, Clone)]
pub enum Why {
    /// No policy permits it, or one forbids it: in words.
    Policy(String),
    /// No backend may lawfully be asked: every route's reasons.
    Residency(Arc<geography::Lawful>),
}

/// The latest.
#[derive(Debug, Default)]
pub(crate) struct Doorbook(Mutex<VecDeque<TurnedAway>>);

impl Doorbook {
    /// Notes why a call goes no further, if it does not.
    pub fn note<T>(
        &self,
        (request, at): (RequestId, Timestamp),
        principal: &Principal,
        model: &Model,
        decided: Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let why = match &decided {
            Err(Refusal::Policy(denial)) => Why::Policy(denial.to_string()),
            Err(Refusal::Residency { lawful, .. }) => Why::Residency(Arc::clone(lawful)),
            _ => return decided,
        };
        let (principal, model) = (principal.clone(), model.name.clone());
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back(TurnedAway { at, request, principal, model, why });
        decided
    }

    /// The latest first.
    pub fn all(&self) -> Vec<TurnedAway> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().rev().cloned().collect()
    }
}
