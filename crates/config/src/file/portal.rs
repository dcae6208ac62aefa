//! `[portal]` as written.

use super::Text;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Portal {
    pub address: Option<Text>,
    pub playground: Option<PlaygroundIdentity>,
    pub login: Option<Login>,
    pub forwarded: Option<Forwarded>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaygroundIdentity {
    pub organisation: Text,
    pub team: Text,
    pub subject: Text,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    pub issuer: Text,
    pub client_id: Text,
    pub client_secret: Option<Text>,
    pub terminal_client_id: Option<Text>,
    pub scopes: Option<Vec<Text>>,
    pub algorithms: Option<Vec<String>>,
    #[serde(default)]
    pub userinfo: bool,
    pub session_hours: Option<Spanned<u64>>,
    pub organisation: Option<Text>,
    pub organisation_claim: Option<Text>,
    pub team: Option<Text>,
    pub team_claim: Option<Text>,
    pub subject_claim: Option<Text>,
    #[serde(default, rename = "role")]
    pub roles: Vec<Role>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Forwarded {
    pub kind: Text,
    pub header: Option<Text>,
    pub issuer: Option<Text>,
    pub audience: Option<Text>,
    pub signer: Option<Text>,
    pub keys: Option<Text>,
    pub algorithms: Option<Vec<String>>,
    pub organisation: Option<Text>,
    pub organisation_claim: Option<Text>,
    pub team: Option<Text>,
    pub team_claim: Option<Text>,
    pub subject_claim: Option<Text>,
    #[serde(default, rename = "role")]
    pub roles: Vec<Role>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Role {
    pub role: Text,
    #[serde(default)]
    pub required: BTreeMap<String, String>,
}
