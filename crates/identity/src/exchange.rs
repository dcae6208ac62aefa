//! `/v1/oauth/token`: a foreign token is exchanged for one of ours.
//!
//! Two forms: the JSON of the Anthropic SDK (RFC 7523, jwt-bearer) and the form of RFC 8693. What a request names
//! (rule, organisation, account, workspace) selects or narrows, it never widens: all must agree with the token.

use crate::failure::Failure;
use crate::principal::Principal;
use crate::sigv4::encode::decode;
use serde::Deserialize;

/// A request to exchange a token.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
pub struct TokenRequest {
    /// `urn:ietf:params:oauth:grant-type:jwt-bearer` or `…:token-exchange`.
    pub grant_type: String,
    /// The token the caller has.
    #[serde(alias = "subject_token")]
    pub assertion: String,
    /// The issuer rule to apply, by name; without it the token's issuer and audience choose.
    pub federation_rule_id: Option<String>,
    /// Must be the caller's organisation, when given.
    pub organization_id: Option<String>,
    /// Must be the caller, when given.
    pub service_account_id: Option<String>,
    /// Must be the caller's team, when given.
    pub workspace_id: Option<String>,
}

/// The longest request body that is read, in bytes.
const BODY_BYTES_MAX: usize = 64 * 1024;

impl TokenRequest {
    /// Reads the JSON form.
    ///
    /// # Errors
    /// When it is no such request.
    pub fn from_json(body: &[u8]) -> Result<Self, Failure> {
        if body.len() > BODY_BYTES_MAX {
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
        let malformed = || Failure::Malformed("the token request is not a form of one");
        if body.len() > BODY_BYTES_MAX {
            return Err(Failure::Malformed("the token request is longer than 64 KiB"));
        }
        let body = std::str::from_utf8(body).map_err(|_| malformed())?;
        let mut fields = serde_json::Map::new();
        for pair in body.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or_else(malformed)?;
            let text =
                |part: &str| String::from_utf8(decode(&part.replace('+', " "))).map_err(|_| malformed());
            if fields.insert(text(name)?, text(value)?.into()).is_some() {
                return Err(malformed());
            }
        }
        serde_json::from_value(fields.into()).map_err(|_| malformed())
    }

    /// Whether the grant is one we give.
    pub(crate) fn check_grant(&self) -> Result<(), Failure> {
        match self.grant_type.as_str() {
            "urn:ietf:params:oauth:grant-type:jwt-bearer"
            | "urn:ietf:params:oauth:grant-type:token-exchange" => Ok(()),
            _ => Err(Failure::Malformed("the grant type is neither jwt-bearer nor token-exchange")),
        }
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
}
