//! Authorize: a principal and what it intends become a [`Grant`], or a [`Denial`] that says what was missing.
//!
//! Policies are written in Cedar against `offtake.cedarschema` and checked against it when they are read. What no
//! policy permits is denied; one `forbid` outweighs all permits; a policy that cannot be evaluated denies. A
//! decision depends on the caller's class and method, the action and the model, so it is made once for each and
//! remembered (bounded) for as long as this set of policies lives.

mod decisions;
mod error;
mod evaluate;

pub use error::{Denial, PolicyError, PolicyErrors};

use decisions::{Decisions, Question};
use evaluate::Rules;
use identity::Principal;
use std::collections::HashMap;
use std::sync::Arc;
use units::{BackendName, ModelName, Organisation};

/// What a caller intends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// To have a model answer.
    InvokeModel,
    /// To have a model's tokens counted.
    CountTokens,
    /// To have a model answer many questions later.
    RunBatch,
    /// To see that a model exists.
    ListModels,
    /// To see what an organisation used, and what that costs.
    ViewSpend,
    /// To see who may call what, where calls ran, and what was refused.
    ViewAudit,
    /// To change what a contract is drawn by, such as to end a key.
    ManageContract,
    /// To hand in evidence.
    SubmitEvidence,
    /// To sign it off.
    Approve,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 9] = [
        Self::InvokeModel,
        Self::CountTokens,
        Self::RunBatch,
        Self::ListModels,
        Self::ViewSpend,
        Self::ViewAudit,
        Self::ManageContract,
        Self::SubmitEvidence,
        Self::Approve,
    ];

    /// The action's id in policies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvokeModel => "InvokeModel",
            Self::CountTokens => "CountTokens",
            Self::RunBatch => "RunBatch",
            Self::ListModels => "ListModels",
            Self::ViewSpend => "ViewSpend",
            Self::ViewAudit => "ViewAudit",
            Self::ManageContract => "ManageContract",
            Self::SubmitEvidence => "SubmitEvidence",
            Self::Approve => "Approve",
        }
    }

    /// The verb in sentences.
    pub const fn verb(self) -> &'static str {
        match self {
            Self::InvokeModel => "call",
            Self::CountTokens => "count tokens with",
            Self::RunBatch => "run a batch with",
            Self::ListModels => "list",
            Self::ViewSpend => "see the spend of",
            Self::ViewAudit => "see the audit of",
            Self::ManageContract => "manage",
            Self::SubmitEvidence => "submit evidence for",
            Self::Approve => "approve",
        }
    }
}

/// What it is done with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Resource {
    /// A model, by the name callers use.
    Model(ModelName),
    /// A place that calls are sent to.
    Backend(BackendName),
    /// An organisation.
    Organisation(Organisation),
    /// A deal, by its id.
    Contract(Arc<str>),
}

impl Resource {
    /// Its type in policies, and its name.
    pub(crate) fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Model(name) => ("Model", name.as_str()),
            Self::Backend(name) => ("Backend", name.as_str()),
            Self::Organisation(name) => ("Organisation", name.as_str()),
            Self::Contract(name) => ("Contract", name),
        }
    }
}

/// What permits a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Permit {
    /// `permit:` and the ids of the policies.
    decision: Arc<str>,
    /// The ids.
    policies: Arc<[Arc<str>]>,
}

/// Leave to go on, with what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// `not evaluated`, or `permit:` and the ids of the policies that permit it.
    pub decision: Arc<str>,
    /// The ids of the policies that permit it; none where nothing was evaluated.
    pub policies: Arc<[Arc<str>]>,
}

/// Backends that policies forbid to a caller, and why.
pub type Barred = Arc<[(BackendName, Denial)]>;

/// Policies, and what they decided so far.
#[derive(Debug)]
struct Remembered {
    rules: Rules,
    decisions: Decisions<Result<Permit, Denial>>,
    barred: Decisions<Barred>,
}

/// What policies may speak about, in Cedar's own language for schemas.
pub const SCHEMA: &str = include_str!("offtake.cedarschema");

/// The policies of one configuration. Immutable; replaced whole.
#[derive(Debug)]
pub struct Policy {
    /// Nothing when no policies are configured.
    rules: Option<Remembered>,
    not_evaluated: Arc<str>,
}

impl Policy {
    /// No policies: whoever is authenticated may use every configured model, and the record says so.
    pub fn open() -> Self {
        Self { rules: None, not_evaluated: Arc::from("not evaluated") }
    }

    /// Reads policy files, given as name and text; with none, everything is denied.
    ///
    /// A policy's id is its annotation `@id("…")`, else the file's name, `#` and its place in it.
    ///
    /// # Errors
    /// When a file is not Cedar, does not fit the schema, or repeats an id: every mistake, with file and line.
    pub fn parse(files: &[(impl AsRef<str>, impl AsRef<str>)]) -> Result<Self, PolicyErrors> {
        let files: Vec<(&str, &str)> =
            files.iter().map(|(name, text)| (name.as_ref(), text.as_ref())).collect();
        let rules = Rules::parse(&files)?;
        let (decisions, barred) = Default::default();
        Ok(Self { rules: Some(Remembered { rules, decisions, barred }), ..Self::open() })
    }

    /// The same policies, with these backends in the pools named.
    #[must_use]
    pub fn with_pools(self, pools: HashMap<BackendName, String>) -> Self {
        let remembered = |one: Remembered| Remembered { rules: one.rules.with_pools(pools), ..one };
        Self { rules: self.rules.map(remembered), ..self }
    }

    /// Whether there are policies at all; without any, whoever is authenticated may use every model.
    pub const fn is_restricting(&self) -> bool {
        self.rules.is_some()
    }

    /// Whether `principal` may do `action` with `model`.
    ///
    /// # Errors
    /// The denial, in words for the client.
    pub fn authorize(
        &self,
        principal: &Principal,
        action: Action,
        model: &ModelName,
    ) -> Result<Grant, Denial> {
        self.decide(principal, action, Resource::Model(model.clone()))
    }

    /// Whether `principal` may do `action` with `resource`.
    ///
    /// # Errors
    /// The denial, in words for the client.
    pub fn decide(&self, principal: &Principal, action: Action, resource: Resource) -> Result<Grant, Denial> {
        let Permit { decision, policies } = match &self.rules {
            None => Permit { decision: self.not_evaluated.clone(), policies: Arc::default() },
            Some(Remembered { rules, decisions, .. }) => {
                let question = Question::new(principal, action, resource);
                decisions.get_or_make(question, |question| rules.decide(principal, question))?
            }
        };
        Ok(Grant { decision, policies })
    }

    /// Those of a model's `backends` to which a policy forbids calls of `principal`, with what it says. Only policies that
    /// speak of backends or pools are asked.
    pub fn barred<'a>(
        &self,
        principal: &Principal,
        action: Action,
        (model, backends): (&ModelName, impl IntoIterator<Item = &'a BackendName>),
    ) -> Barred {
        let asked = self.rules.as_ref().filter(|remembered| remembered.rules.speaks_of_backends());
        let Some(Remembered { barred, .. }) = asked else { return Barred::default() };
        let question = Question::new(principal, action, Resource::Model(model.clone()));
        barred.get_or_make(question, |_| {
            let forbidden = |backend: &BackendName| {
                self.forbids(principal, action, backend).map(|denial| (backend.clone(), denial))
            };
            backends.into_iter().filter_map(forbidden).collect()
        })
    }

    /// Why a policy forbids calls of `principal` to this backend, if one does. Decided anew each time.
    pub fn forbids(&self, principal: &Principal, action: Action, backend: &BackendName) -> Option<Denial> {
        let question = Question::new(principal, action, Resource::Backend(backend.clone()));
        self.rules.as_ref()?.rules.forbids(principal, &question)
    }

    /// Whether a policy names this action, so that policies decide on it, and nothing else does.
    pub fn speaks_of(&self, action: Action) -> bool {
        self.rules.as_ref().is_some_and(|one| one.rules.speaks_of(action))
    }

    /// The ids of all policies.
    pub fn ids(&self) -> Vec<String> {
        self.rules.as_ref().map(|one| one.rules.ids()).unwrap_or_default()
    }

    /// The policies that carry this annotation, by id, and what it says.
    pub fn annotated(&self, name: &str) -> Vec<(String, String)> {
        self.rules.as_ref().map(|one| one.rules.annotated(name)).unwrap_or_default()
    }
}
