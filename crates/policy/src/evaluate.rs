//! Cedar: reading policies against the schema, and asking them.

use crate::error::{Denial, PolicyError};
use crate::{Action, Permit};
use cedar_policy::ffi::DetailedError;
use cedar_policy::{
    AuthorizationError, Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid,
    PolicyId, PolicySet, Request, RestrictedExpression, Schema, ValidationMode, Validator,
};
use identity::Principal;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use units::ModelName;

const SCHEMA: &str = include_str!("offtake.cedarschema");

/// Policies that fit the schema.
#[derive(Debug)]
pub struct Rules {
    schema: Schema,
    policies: PolicySet,
    types: Types,
}

#[derive(Debug)]
struct Types {
    organisation: EntityTypeName,
    team: EntityTypeName,
    subject: EntityTypeName,
    model: EntityTypeName,
    action: EntityTypeName,
}

impl Types {
    fn new() -> Result<Self, String> {
        let name = |short: &str| {
            format!("Offtake::{short}").parse().map_err(|error: cedar_policy::ParseErrors| error.to_string())
        };
        Ok(Self {
            organisation: name("Organisation")?,
            team: name("Team")?,
            subject: name("Subject")?,
            model: name("Model")?,
            action: name("Action")?,
        })
    }
}

impl Rules {
    /// Reads and validates `files`.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, PolicyError> {
        let ours = |message: String| PolicyError { file: "offtake.cedarschema".into(), line: None, message };
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA).map_err(|error| ours(error.to_string()))?;
        let mut policies = PolicySet::new();
        for (file, text) in files {
            add_file(&mut policies, file, text)?;
        }
        let validator = Validator::new(schema.clone());
        let checked = validator.validate(&policies, ValidationMode::default());
        if let Some(error) = checked.validation_errors().next() {
            let (file, text) = file_of(files, &policies, error.policy_id());
            return Err(at(file, text, &DetailedError::from(error)));
        }
        Ok(Self { schema, policies, types: Types::new().map_err(ours)? })
    }

    /// Asks all policies. The answer names those that permit.
    pub fn decide(&self, principal: &Principal, action: Action, model: &ModelName) -> Result<Permit, Denial> {
        // Nothing in a checked name can make this fail; if it does, the request is not one we understand.
        let (request, entities) = self
            .request(principal, action, model)
            .map_err(|_| Denial::Broken("offtake.cedarschema".into()))?;
        let answer = Authorizer::new().is_authorized(&request, &self.policies, &entities);
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
        let (principal, verb, model) = (principal.to_string(), action.verb(), model.to_string());
        match answer.decision() {
            Decision::Allow => Ok(Permit {
                decision: Arc::from(format!("permit:{policies}")),
                policies: reasons.into_iter().map(Arc::from).collect(),
            }),
            Decision::Deny if policies.is_empty() => Err(Denial::NotPermitted { principal, verb, model }),
            Decision::Deny => Err(Denial::Forbidden { policies, principal, verb, model }),
        }
    }

    /// The policies with this annotation, and what it says.
    pub fn annotated(&self, name: &str) -> Vec<(String, String)> {
        let text = |policy: &cedar_policy::Policy| {
            policy.annotation(name).map(|text| (policy.id().to_string(), text.to_owned()))
        };
        self.policies.policies().filter_map(text).collect()
    }

    fn request(
        &self,
        principal: &Principal,
        action: Action,
        model: &ModelName,
    ) -> Result<(Request, Entities), Box<dyn std::error::Error>> {
        let uid = |kind: &EntityTypeName, id: String| {
            EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
        };
        let (organisation, team) = (principal.organisation.as_str(), principal.team.as_str());
        let subject = principal.subject.as_str();
        let team_id = format!("{}/{}", escape(organisation), escape(team));
        let organisation_uid = uid(&self.types.organisation, organisation.to_owned());
        let subject_uid = uid(&self.types.subject, format!("{team_id}/{subject}"));
        let team_uid = uid(&self.types.team, team_id);
        let model_uid = uid(&self.types.model, model.to_string());
        let text =
            |name: &str, value: &str| (name.to_owned(), RestrictedExpression::new_string(value.into()));
        let who =
            HashMap::from([text("organisation", organisation), text("team", team), text("name", subject)]);
        let what = HashMap::from([text("name", model.as_str())]);
        let entities = [
            Entity::new_no_attrs(organisation_uid.clone(), HashSet::new()),
            Entity::new_no_attrs(team_uid.clone(), HashSet::from([organisation_uid])),
            Entity::new(subject_uid.clone(), who, HashSet::from([team_uid]))?,
            Entity::new(model_uid.clone(), what, HashSet::new())?,
        ];
        let entities = Entities::from_entities(entities, Some(&self.schema))?;
        let context = Context::from_pairs([text("method", principal.method.as_str())])?;
        let action = uid(&self.types.action, action.as_str().to_owned());
        let request = Request::new(subject_uid, action, model_uid, context, Some(&self.schema))?;
        Ok((request, entities))
    }
}

/// Names may hold a `/`; escaped, the parts of an id cannot pass for each other.
fn escape(name: &str) -> String {
    name.replace('%', "%25").replace('/', "%2F")
}

/// Adds the policies of one file under ids that mean something to a reader.
fn add_file(policies: &mut PolicySet, file: &str, text: &str) -> Result<(), PolicyError> {
    let wrong = |message: String| PolicyError { file: file.to_owned(), line: None, message };
    let set: PolicySet = text
        .parse()
        .map_err(|errors: cedar_policy::ParseErrors| at(file, text, &DetailedError::from(&errors)))?;
    if set.templates().next().is_some() {
        return Err(wrong("a policy with a slot (`?principal`, `?resource`) is never linked here".into()));
    }
    for policy in set.policies() {
        let id = match policy.annotation("id") {
            Some(id) => id.to_owned(),
            None => format!("{file}#{}", place(policy.id())),
        };
        let named = policy.new_id(PolicyId::new(&id));
        policies.add(named).map_err(|_| wrong(format!("policy id `{id}` is used twice")))?;
    }
    Ok(())
}

/// Cedar names the policies of a text `policy0`, `policy1`, …; people count from one.
fn place(id: &PolicyId) -> usize {
    id.to_string()
        .strip_prefix("policy")
        .and_then(|digits| digits.parse().ok())
        .map_or(0, |place: usize| place + 1)
}

/// The file a policy came from, by its text.
fn file_of<'a>(files: &[(&'a str, &'a str)], policies: &PolicySet, id: &PolicyId) -> (&'a str, &'a str) {
    let source = policies.policy(id).and_then(cedar_policy::Policy::to_cedar).unwrap_or_default();
    files.iter().find(|(_, text)| text.contains(source.trim())).copied().unwrap_or_default()
}

/// Cedar's error with the line it points at.
fn at(file: &str, text: &str, error: &DetailedError) -> PolicyError {
    let offset = error.source_locations.first().map(|label| label.loc.start);
    let before = offset.and_then(|offset| text.get(..offset));
    let line = before.map(|before| before.matches('\n').count() + 1);
    let help = error.help.as_deref().map(|help| format!(" ({help})")).unwrap_or_default();
    PolicyError { file: file.to_owned(), line, message: format!("{}{help}", error.message) }
}
