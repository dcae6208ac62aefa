//! Decisions made once. Bounded; a full shard is emptied, which costs a second evaluation.

use crate::{Action, Denial, Permit, Resource};
use identity::{CallerKind, Method, Role};
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

type Decision = Result<Permit, Denial>;

const SHARDS: u128 = 16;
const DECISIONS_PER_SHARD_MAX: usize = 4096;

/// Decisions by question.
#[derive(Debug, Default)]
pub struct Decisions {
    shards: [RwLock<HashMap<Question, Decision>>; 16],
}

impl Decisions {
    /// The decision remembered, or `make`'s, remembered from now on.
    pub fn get_or_make(&self, question: Question, make: impl FnOnce(&Question) -> Decision) -> Decision {
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
        let permit = || Permit { decision: "permit:a".into(), policies: ["a".into()].into() };
        let made = decisions.get_or_make(question(1), |_| Ok(permit()));
        assert_eq!(made, decisions.get_or_make(question(1), |_| panic!("made twice")));
        for class in 0..200_000 {
            let _ = decisions.get_or_make(question(class), |_| Ok(permit()));
        }
        let held: usize = decisions.shards.iter().map(|shard| shard.read().unwrap().len()).sum();
        assert!(held <= 16 * DECISIONS_PER_SHARD_MAX, "{held}");
    }
}
