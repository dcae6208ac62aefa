//! Decisions made once. Bounded; a full shard is emptied, which costs a second evaluation.

use crate::{Action, Resource};
use identity::{CallerKind, Method, Principal, Role};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// All that a decision depends on, for one set of policies.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Question {
    pub class: u128,
    pub kind: CallerKind,
    pub method: Method,
    pub roles: Arc<[Role]>,
    pub action: Action,
    pub resource: Resource,
}

const SHARDS: u128 = 16;
const DECISIONS_PER_SHARD_MAX: usize = 4096;

impl Question {
    pub fn new(principal: &Principal, action: Action, resource: Resource) -> Self {
        let Principal { class, kind, method, roles, .. } = principal;
        Self { class: *class, kind: *kind, method: *method, roles: roles.clone(), action, resource }
    }
}

/// What was decided, by question.
#[derive(Debug)]
pub struct Decisions<T> {
    shards: [RwLock<HashMap<Question, T>>; 16],
}

impl<T> Default for Decisions<T> {
    fn default() -> Self {
        Self { shards: Default::default() }
    }
}

impl<T: Clone> Decisions<T> {
    /// The decision remembered, or `make`'s, remembered from now on.
    pub fn get_or_make(&self, question: Question, make: impl FnOnce(&Question) -> T) -> T {
        // INVARIANT: the remainder is below 16.
        let shard = &self.shards[usize::try_from(question.class % SHARDS).unwrap_or(0)];
        if let Some(made) = shard.read().unwrap_or_else(PoisonError::into_inner).get(&question) {
            return made.clone();
        }
        let decision = make(&question);
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        if shard.len() >= DECISIONS_PER_SHARD_MAX {
            shard.clear();
        }
        shard.insert(question, decision.clone());
        decision
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Denial, Permit};

    #[test]
    fn made_once_and_bounded() {
        let decisions = Decisions::default();
        let question = |class| Question {
            class,
            kind: CallerKind::Workload,
            method: Method::Jwt,
            roles: Arc::default(),
            action: Action::InvokeModel,
            resource: Resource::Model("m".parse().unwrap()),
        };
        let permit =
            || Ok::<_, Denial>(Permit { decision: "permit:a".into(), policies: ["a".into()].into() });
        let made = decisions.get_or_make(question(1), |_| permit());
        assert_eq!(made, decisions.get_or_make(question(1), |_| panic!("made twice")));
        for class in 0..200_000 {
            let _ = decisions.get_or_make(question(class), |_| permit());
        }
        let held: usize = decisions.shards.iter().map(|shard| shard.read().unwrap().len()).sum();
        assert!(held <= 16 * DECISIONS_PER_SHARD_MAX, "{held}");
    }
}
