//! `/v1/oauth/token`: another proof is exchanged for one of our tokens.
//!
//! Two forms: the JSON of the Anthropic SDK (RFC 7523, jwt-bearer) and the form of RFC 8693. What a request names
//! (rule, organisation, account, workspace, audience, scope) selects or narrows, it never widens: all must agree with
//! the proof.

use crate::failure::Failure;
use crate::form;
use crate::principal::Principal;
use crate::scope::Scope;
use serde::Deserialize;

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// What a request has to be exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A token of an issuer.
    Jwt,
    /// One of our own tokens, for a narrower one.
    Own,
    /// A signed request to AWS's security token service.
    Sts,
}

/// What this plane is called where a request names whom the new token is for.
pub const OWN_AUDIENCE: &str = "offtake";

/// A request to exchange a token.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
pub struct TokenRequest {
    /// `urn:ietf:params:oauth:grant-type:jwt-bearer` or `…:token-exchange`.
    pub grant_type: String,
    /// The token the caller has.
    #[serde(alias = "subject_token", default)]
    pub assertion: String,
    /// What kind of token that is (RFC 8693).
    pub subject_token_type: Option<String>,
    /// What kind of token is wanted (RFC 8693).
    pub requested_token_type: Option<String>,
    /// Whoever acts for the subject (RFC 8693); nobody can here.
    pub actor_token: Option<String>,
    /// Whom the new token is for: this plane, or one of its rules (RFC 8693).
    pub audience: Option<String>,
    /// Where the new token is for (RFC 8693); no address is known here.
    pub resource: Option<String>,
    /// What the new token may be used for at most.
    pub scope: Option<String>,
    /// The issuer rule to apply, by name; without it the token's issuer and audience choose.
    pub federation_rule_id: Option<String>,
    /// Must be the caller's organisation, when given.
    pub organization_id: Option<String>,
    /// Must be the caller, when given.
    pub service_account_id: Option<String>,
    /// Must be the caller's team, when given.
    pub workspace_id: Option<String>,
}

impl std::fmt::Debug for TokenRequest {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "TokenRequest({})", crate::failure::clean(&self.grant_type))
    }
}

fn wrong(code: &'static str, about: &'static str) -> Failure {
    Failure::Request { code, about }
}

impl TokenRequest {
    /// Reads the JSON form.
    ///
    /// # Errors
    /// When it is no such request.
    pub fn from_json(body: &[u8]) -> Result<Self, Failure> {
        if body.len() > form::BODY_BYTES_MAX {
            return Err(Failure::Malformed("the token request is longer than 64 KiB"));
        }
        serde_json::from_slice(body)
            .map_err(|_| Failure::Malformed("the token request is not the JSON of one"))
    }

    /// Reads the form of RFC 8693 (`application/x-www-form-urlencoded`).
    ///
    /// # Errors
    /// When it is no such request, or names a field twice.
    pub fn from_form(body: &[u8]) -> Result<Self, Failure> {
        let fields = form::fields(body)?;
        serde_json::from_value(fields.into())
            .map_err(|_| Failure::Malformed("the token request is not a form of one"))
    }

    /// Whether it is asked in the words of RFC 8693, and is to be answered in them.
    pub fn is_token_exchange(&self) -> bool {
        self.grant_type == TOKEN_EXCHANGE
    }

    /// What is to be exchanged.
    ///
    /// # Errors
    /// When the grant is not one we give, or asks for what we do not have.
    pub fn subject(&self) -> Result<Subject, Failure> {
        let given = |field: &Option<String>| field.as_deref().is_some_and(|text| !text.is_empty());
        match self.grant_type.as_str() {
            JWT_BEARER if self.assertion.is_empty() => {
                Err(wrong("invalid_request", "`assertion` is missing"))
            }
            JWT_BEARER => Ok(Subject::Jwt),
            TOKEN_EXCHANGE if self.assertion.is_empty() => {
                Err(wrong("invalid_request", "`subject_token` is missing"))
            }
            TOKEN_EXCHANGE if given(&self.actor_token) => {
                Err(wrong("invalid_request", "nobody acts for another here: leave `actor_token` out"))
            }
            TOKEN_EXCHANGE => {
                self.check_wanted()?;
                match self.subject_token_type.as_deref().unwrap_or_default() {
                    "urn:ietf:params:oauth:token-type:jwt" | "urn:ietf:params:oauth:token-type:id_token" => {
                        Ok(Subject::Jwt)
                    }
                    "urn:ietf:params:oauth:token-type:access_token" => Ok(Subject::Own),
                    "urn:ietf:params:aws:token-type:aws4_request" => Ok(Subject::Sts),
                    "" => Err(wrong("invalid_request", "`subject_token_type` is missing")),
                    _ => Err(wrong(
                        "invalid_request",
                        "`subject_token_type` is none of jwt, id_token, access_token and aws4_request",
                    )),
                }
            }
            _ => Err(wrong(
                "unsupported_grant_type",
                "the grant type is neither jwt-bearer nor token-exchange",
            )),
        }
    }

    fn check_wanted(&self) -> Result<(), Failure> {
        match self.requested_token_type.as_deref() {
            None
            | Some(
                "" | "urn:ietf:params:oauth:token-type:access_token" | "urn:ietf:params:oauth:token-type:jwt",
            ) => Ok(()),
            Some(_) => Err(wrong("invalid_request", "only access tokens are issued here")),
        }
    }

    /// The rule that the request names, by either of two fields.
    ///
    /// # Errors
    /// When it names two, or somebody else's address.
    pub(crate) fn rule(&self) -> Result<Option<&str>, Failure> {
        if self.resource.as_deref().is_some_and(|resource| !resource.is_empty()) {
            return Err(wrong("invalid_target", "tokens are for this plane only: leave `resource` out"));
        }
        let named = self.federation_rule_id.as_deref().filter(|name| !name.is_empty());
        let audience = self.audience.as_deref().filter(|name| !name.is_empty() && *name != OWN_AUDIENCE);
        match (named, audience) {
            (Some(named), Some(audience)) if named != audience => {
                Err(wrong("invalid_target", "`audience` is neither `offtake` nor the rule that is named"))
            }
            (named, audience) => Ok(named.or(audience)),
        }
    }

    /// What the new token may be used for at most.
    ///
    /// # Errors
    /// When a word of it is not known.
    pub(crate) fn narrowed(&self) -> Result<Option<Scope>, Failure> {
        let scope = Scope::parse(self.scope.as_deref().unwrap_or_default());
        scope.map_err(|_| {
            wrong("invalid_scope", "a word of `scope` is neither an action nor `model:` and a name")
        })
    }

    /// Whether what the request names is what the token proves.
    pub(crate) fn check_names(&self, principal: &Principal) -> Result<(), Failure> {
        let differs = |asked: &Option<String>, proved: &str| {
            asked.as_deref().is_some_and(|asked| !asked.is_empty() && asked != proved)
        };
        if differs(&self.organization_id, principal.organisation.as_str()) {
            return Err(Failure::Forbidden("`organization_id` is not the organisation the token proves"));
        }
        if differs(&self.service_account_id, principal.subject.as_str()) {
            return Err(Failure::Forbidden("`service_account_id` is not the subject the token proves"));
        }
        if differs(&self.workspace_id, principal.team.as_str()) {
            return Err(Failure::Forbidden("`workspace_id` is not the team the token proves"));
        }
        Ok(())
    }

    /// The word of RFC 6749 (5.2) and RFC 8693 (2.2.2) for a failure to serve this request.
    pub fn error_code(&self, failure: &Failure) -> &'static str {
        match failure {
            Failure::Request { code, .. } => code,
            _ if failure.kind() == crate::Kind::Later => "temporarily_unavailable",
            // RFC 8693 has no word of its own for a bad subject token; RFC 7523 says `invalid_grant`.
            _ if self.is_token_exchange() => "invalid_request",
            _ => "invalid_grant",
        }
    }
}
