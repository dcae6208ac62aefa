//! People: who somebody is and what they may do in the portal, by the rules of the operator.

use crate::claims;
use crate::failure::Failure;
use crate::principal::Owner;
use crate::role::Role;
use crate::rule::{self, Rule};
use serde_json::Value;
use std::collections::BTreeSet;
use units::{Organisation, Subject, Team};

/// Who has a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleRule {
    /// The role.
    pub role: Role,
    /// Claims that must have exactly these values, or contain them; none for everyone.
    pub required: Vec<(String, String)>,
}

/// How claims become a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct People {
    /// A name for logs.
    pub name: String,
    /// The organisation that pays for what they call.
    pub organisation: Rule,
    /// Their team.
    pub team: Rule,
    /// Their name.
    pub subject: Rule,
    /// Who has which role. Whoever has none sees nothing.
    pub roles: Vec<RoleRule>,
}

/// Somebody, as far as the portal is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Whom their calls are made for.
    pub owner: Owner,
    /// What they do; may be nothing.
    pub roles: BTreeSet<Role>,
}

impl People {
    /// Who these claims are about.
    ///
    /// # Errors
    /// When a claim that the rules need is not there or is no name, or is an address that nobody has verified.
    pub fn person(&self, claims: &Value) -> Result<Person, Failure> {
        let name = |rule| rule::apply(rule, claims, &self.name);
        let misfit = |what: &str| claims::misfit(what, &self.name);
        let owner = Owner {
            organisation: Organisation::new(name(&self.organisation)?).map_err(|_| misfit("organisation"))?,
            team: Team::new(name(&self.team)?).map_err(|_| misfit("team"))?,
            subject: Subject::new(name(&self.subject)?).map_err(|_| misfit("subject"))?,
        };
        let has = |one: &&RoleRule| rule::unmet(&one.required, &[], claims).is_none();
        Ok(Person { owner, roles: self.roles.iter().filter(has).map(|rule| rule.role).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rule(role: Role, required: &[(&str, &str)]) -> RoleRule {
        let required = required.iter().map(|(claim, value)| ((*claim).into(), (*value).into())).collect();
        RoleRule { role, required }
    }

    fn people() -> People {
        People {
            name: "login".into(),
            organisation: Rule::Fixed("acme".into()),
            team: Rule::Claim("department".into()),
            subject: Rule::Claim("email".into()),
            roles: vec![
                rule(Role::Viewer, &[("hd", "acme.example")]),
                rule(Role::FinOps, &[("hd", "acme.example"), ("groups", "finance")]),
                rule(Role::Admin, &[("/realm/roles", "owner")]),
            ],
        }
    }

    #[test]
    fn roles_come_from_claims_that_all_hold() {
        let said = |more: Value| {
            let mut claims = json!({"department": "ml", "email": "ada@acme.example", "email_verified": true});
            claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            people().person(&claims).map(|person| person.roles.into_iter().collect::<Vec<_>>())
        };
        assert_eq!(said(json!({})), Ok(vec![]));
        assert_eq!(said(json!({"hd": "acme.example"})), Ok(vec![Role::Viewer]));
        assert_eq!(said(json!({"hd": "acme.example.evil"})), Ok(vec![]));
        assert_eq!(said(json!({"groups": ["finance"]})), Ok(vec![]));
        let both = json!({"hd": "acme.example", "groups": ["x", "finance"]});
        assert_eq!(said(both), Ok(vec![Role::Viewer, Role::FinOps]));
        assert_eq!(said(json!({"groups": "finance and more", "hd": 1})), Ok(vec![]));
        assert_eq!(said(json!({"realm": {"roles": ["owner"]}})), Ok(vec![Role::Admin]));
    }

    #[test]
    fn who_cannot_be_named_is_nobody() {
        let person = |claims: Value| people().person(&claims);
        let ada = person(json!({"department": "ml", "email": "ada@acme.example"})).unwrap();
        assert_eq!(ada.owner.to_string(), "acme/ml/ada@acme.example");
        for wrong in [
            json!({"department": "ml"}),
            json!({"email": "ada@acme.example"}),
            json!({"department": "ml", "email": "ada@acme.example", "email_verified": false}),
            json!({"department": "ml", "email": "ada@acme.example", "email_verified": "no"}),
            json!({"department": "", "email": "ada@acme.example"}),
            json!({"department": "m\nl", "email": "ada@acme.example"}),
            json!({"department": ["ml"], "email": "ada@acme.example"}),
        ] {
            assert!(person(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
