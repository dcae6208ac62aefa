//! Cedar: reading policies against the schema, and asking them.

use crate::decisions::Question;
use crate::error::{Denial, PolicyError, PolicyErrors};
use crate::{Action, Permit, Resource, SCHEMA};
use cedar_policy::ffi::DetailedError;
use cedar_policy::{
    ActionConstraint, AuthorizationError, Authorizer, Context, Decision, Effect, Entities, Entity, EntityId,
    EntityTypeName, EntityUid, Policy, PolicyId, PolicySet, Request, Response, RestrictedExpression, Schema,
    ValidationMode, Validator,
};
use identity::{CallerKind, Principal};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;
use units::BackendName;

/// Policies that fit the schema.
#[derive(Debug)]
pub struct Rules {
    schema: Schema,
    policies: PolicySet,
    /// Those of them that forbid something and speak of backends or pools.
    of_backends: PolicySet,
    types: Types,
    /// Actions that a policy names by themselves.
    named: HashSet<Action>,
    /// The pool of each backend that is in one.
    pools: HashMap<BackendName, String>,
}

#[derive(Debug)]
struct Types(HashMap<&'static str, EntityTypeName>);

impl Types {
    fn new() -> Result<Self, String> {
        let name = |short: &'static str| {
            let name = format!("Offtake::{short}").parse();
            name.map(|name| (short, name)).map_err(|error: cedar_policy::ParseErrors| error.to_string())
        };
        let all =
            ["Organisation", "Team", "User", "Workload", "Model", "Backend", "Pool", "Contract", "Action"];
        all.into_iter().map(name).collect::<Result<_, _>>().map(Self)
    }

    /// `kind` is one of those of [`Types::new`].
    fn uid(&self, kind: &str, id: &str) -> Option<EntityUid> {
        Some(EntityUid::from_type_name_and_id(self.0.get(kind)?.clone(), EntityId::new(id)))
    }
}

impl Rules {
    /// Reads and validates `files`.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, PolicyErrors> {
        let ours = |message: String| {
            let file = "offtake.cedarschema".into();
            PolicyErrors(vec![PolicyError { place: None, file, line: None, span: None, message, mend: None }])
        };
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA).map_err(|error| ours(error.to_string()))?;
        let mut policies = PolicySet::new();
        let mut wrong = Vec::new();
        for place in 0..files.len() {
            let added = add_file(&mut policies, files, place);
            wrong.extend(added.err().into_iter().flatten());
        }
        // A file that could not be read says nothing of the others; policies that fit the schema are told of all the same.
        let validator = Validator::new(schema.clone());
        let checked = validator.validate(&policies, ValidationMode::default());
        for error in checked.validation_errors() {
            let place = file_of(files, &policies, error.policy_id());
            wrong.push(at(files, place, &DetailedError::from(error)));
        }
        if !wrong.is_empty() {
            wrong.sort_by_key(|error| (error.place, error.line, error.message.clone()));
            // What is wrong for users and for workloads alike is told once.
            wrong.dedup_by(|one, other| {
                one.span.is_some() && (one.place, &one.span) == (other.place, &other.span)
            });
            return Err(PolicyErrors(wrong));
        }
        let types = Types::new().map_err(ours)?;
        let named = Action::ALL.into_iter().filter(|action| is_named(&policies, &types, *action)).collect();
        let mut of_backends = PolicySet::new();
        for policy in policies.policies().filter(|policy| speaks_of_backends(policy)) {
            of_backends.add(policy.clone()).map_err(|error| ours(error.to_string()))?;
        }
        Ok(Self { schema, policies, of_backends, types, named, pools: HashMap::new() })
    }

    /// With backends in pools.
    pub fn with_pools(mut self, pools: HashMap<BackendName, String>) -> Self {
        self.pools = pools;
        self
    }

    /// Asks all policies. The answer names those that permit.
    pub fn decide(&self, principal: &Principal, question: &Question) -> Result<Permit, Denial> {
        let answer = self.ask(&self.policies, principal, question)?;
        let ids = |ids: &mut dyn Iterator<Item = &PolicyId>| {
            let mut ids: Vec<String> = ids.map(ToString::to_string).collect();
            ids.sort_unstable();
            ids
        };
        let broken = ids(&mut answer
            .diagnostics()
            .errors()
            .map(|AuthorizationError::PolicyEvaluationError(error)| error.policy_id()));
        if !broken.is_empty() {
            return Err(Denial::Broken(broken.join(",")));
        }
        let reasons = ids(&mut answer.diagnostics().reason());
        let policies = reasons.join(",");
        let (principal, verb) = (principal.to_string(), question.action.verb());
        let resource = question.resource.parts().1.to_owned();
        match answer.decision() {
            Decision::Allow => Ok(Permit {
                decision: Arc::from(format!("permit:{policies}")),
                policies: reasons.into_iter().map(Arc::from).collect(),
            }),
            Decision::Deny if policies.is_empty() => Err(Denial::NotPermitted { principal, verb, resource }),
            Decision::Deny => Err(Denial::Forbidden { policies, principal, verb, resource }),
        }
    }

    /// Why a policy that speaks of backends forbids this one, if one does; one that cannot be evaluated forbids, too.
    pub fn forbids(&self, principal: &Principal, question: &Question) -> Option<Denial> {
        let answer = match self.ask(&self.of_backends, principal, question) {
            Ok(answer) => answer,
            Err(denial) => return Some(denial),
        };
        let errors = answer.diagnostics().errors();
        let broken =
            errors.map(|AuthorizationError::PolicyEvaluationError(error)| error.policy_id().to_string());
        let broken: Vec<String> = broken.collect();
        if !broken.is_empty() {
            return Some(Denial::Broken(broken.join(",")));
        }
        let mut policies: Vec<String> = answer.diagnostics().reason().map(ToString::to_string).collect();
        policies.sort_unstable();
        (!policies.is_empty()).then(|| Denial::Forbidden {
            policies: policies.join(","),
            principal: principal.to_string(),
            verb: question.action.verb(),
            resource: question.resource.parts().1.to_owned(),
        })
    }

    fn ask(
        &self,
        policies: &PolicySet,
        principal: &Principal,
        question: &Question,
    ) -> Result<Response, Denial> {
        // Nothing in a checked name can make this fail; if it does, the request is not one we understand.
        let (request, entities) =
            self.request(principal, question).map_err(|_| Denial::Broken("offtake.cedarschema".into()))?;
        Ok(Authorizer::new().is_authorized(&request, policies, &entities))
    }

    /// The policies with this annotation, and what it says.
    pub fn annotated(&self, name: &str) -> Vec<(String, String)> {
        let text =
            |policy: &Policy| policy.annotation(name).map(|text| (policy.id().to_string(), text.to_owned()));
        self.policies.policies().filter_map(text).collect()
    }

    /// Whether a policy names this action by itself.
    pub fn speaks_of(&self, action: Action) -> bool {
        self.named.contains(&action)
    }

    /// Whether a policy speaks of backends.
    pub fn speaks_of_backends(&self) -> bool {
        !self.of_backends.is_empty()
    }

    /// The ids of all policies, sorted.
    pub fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.policies.policies().map(|policy| policy.id().to_string()).collect();
        ids.sort_unstable();
        ids
    }

    fn request(
        &self,
        principal: &Principal,
        question: &Question,
    ) -> Result<(Request, Entities), Box<dyn std::error::Error>> {
        let uid = |kind: &str, id: &str| self.types.uid(kind, id).ok_or("a type that the schema lacks");
        let (organisation, team) = (principal.organisation.as_str(), principal.team.as_str());
        let subject = principal.subject.as_str();
        let team_id = format!("{}/{}", escape(organisation), escape(team));
        let kind = match principal.kind {
            CallerKind::User => "User",
            CallerKind::Workload => "Workload",
        };
        let organisation_uid = uid("Organisation", organisation)?;
        let team_uid = uid("Team", &team_id)?;
        let caller = uid(kind, &format!("{team_id}/{subject}"))?;
        let string = |value: &str| RestrictedExpression::new_string(value.into());
        let text = |name: &str, value: &str| (name.to_owned(), string(value));
        let roles = principal.roles.iter().map(|role| string(&role.to_string()));
        let who = HashMap::from([
            text("organisation", organisation),
            text("team", team),
            text("name", subject),
            ("roles".to_owned(), RestrictedExpression::new_set(roles)),
        ]);
        let (kind, name) = question.resource.parts();
        let resource = uid(kind, name)?;
        let mut entities = vec![
            Entity::new(
                organisation_uid.clone(),
                HashMap::from([text("name", organisation)]),
                HashSet::new(),
            )?,
            Entity::new_no_attrs(team_uid.clone(), HashSet::from([organisation_uid.clone()])),
            Entity::new(caller.clone(), who, HashSet::from([team_uid]))?,
        ];
        if resource != organisation_uid {
            let what = HashMap::from([text("name", name)]);
            let pool = match &question.resource {
                Resource::Backend(backend) => self.pools.get(backend),
                _ => None,
            };
            let pool = pool.map(|pool| uid("Pool", pool)).transpose()?;
            entities.extend(pool.clone().map(|pool| Entity::new_no_attrs(pool, HashSet::new())));
            entities.push(Entity::new(resource.clone(), what, pool.into_iter().collect())?);
        }
        let entities = Entities::from_entities(entities, Some(&self.schema))?;
        let context = Context::from_pairs([text("method", principal.method.as_str())])?;
        let action = uid("Action", question.action.as_str())?;
        let request = Request::new(caller, action, resource, context, Some(&self.schema))?;
        Ok((request, entities))
    }
}

/// A policy that names neither is about models, whatever it says of names.
fn speaks_of_backends(policy: &Policy) -> bool {
    let text = policy.to_string();
    policy.effect() == Effect::Forbid
        && ["Offtake::Backend", "Offtake::Pool"].iter().any(|named| text.contains(named))
}

fn is_named(policies: &PolicySet, types: &Types, action: Action) -> bool {
    let Some(uid) = types.uid("Action", action.as_str()) else { return false };
    policies.policies().any(|policy| match policy.action_constraint() {
        ActionConstraint::Any => false,
        ActionConstraint::In(named) => named.contains(&uid),
        ActionConstraint::Eq(named) => named == uid,
    })
}

/// Names may hold a `/`; escaped, the parts of an id cannot pass for each other.
fn escape(name: &str) -> String {
    name.replace('%', "%25").replace('/', "%2F")
}

/// Adds the policies of one of these files under ids that mean something to a reader.
fn add_file(policies: &mut PolicySet, files: &[(&str, &str)], place: usize) -> Result<(), Vec<PolicyError>> {
    let (file, text) = files.get(place).copied().unwrap_or_default();
    let wrong = |about: Option<&Policy>, message: String| {
        let source = about.and_then(Policy::to_cedar).unwrap_or_default();
        let start = text.find(source.trim()).filter(|_| !source.is_empty());
        let span = start.map(|start| start..start + source.lines().next().unwrap_or_default().len());
        PolicyError { span: span.clone(), line: line(text, span), ..bare(file, place, message) }
    };
    let set: PolicySet = text.parse().map_err(|errors: cedar_policy::ParseErrors| {
        errors.iter().map(|error| at(files, Some(place), &DetailedError::from(error))).collect::<Vec<_>>()
    })?;
    if set.templates().next().is_some() {
        let message = "a policy with a slot (`?principal`, `?resource`) is never linked here";
        return Err(vec![wrong(None, message.to_owned())]);
    }
    for policy in set.policies() {
        let id = match policy.annotation("id") {
            Some(id) => id.to_owned(),
            None => format!("{file}#{}", number(policy.id())),
        };
        let named = policy.new_id(PolicyId::new(&id));
        let again = |_| vec![wrong(Some(policy), format!("policy id `{id}` is used twice"))];
        policies.add(named).map_err(again)?;
    }
    Ok(())
}

/// Cedar names the policies of a text `policy0`, `policy1`, …; people count from one.
fn number(id: &PolicyId) -> usize {
    id.to_string()
        .strip_prefix("policy")
        .and_then(|digits| digits.parse().ok())
        .map_or(0, |place: usize| place + 1)
}

/// The file a policy came from, by its text.
fn file_of(files: &[(&str, &str)], policies: &PolicySet, id: &PolicyId) -> Option<usize> {
    let source = policies.policy(id).and_then(Policy::to_cedar).unwrap_or_default();
    files.iter().position(|(_, text)| text.contains(source.trim()))
}

/// Cedar's error with the place it points at.
fn at(files: &[(&str, &str)], place: Option<usize>, error: &DetailedError) -> PolicyError {
    let (file, text) = place.and_then(|place| files.get(place)).copied().unwrap_or_default();
    let span = error.source_locations.first().map(|label| label.loc.start..label.loc.end);
    let mend = error.help.clone();
    let line = line(text, span.clone());
    PolicyError { line, span, mend, ..bare(file, place.unwrap_or_default(), error.message.clone()) }
}

fn bare(file: &str, place: usize, message: String) -> PolicyError {
    PolicyError { place: Some(place), file: file.to_owned(), line: None, span: None, message, mend: None }
}

fn line(text: &str, span: Option<Range<usize>>) -> Option<usize> {
    text.get(..span?.start).map(|before| before.matches('\n').count() + 1)
}
