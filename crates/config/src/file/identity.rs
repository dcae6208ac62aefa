//! `[identity]` as written.

use super::Text;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    #[serde(default, rename = "key")]
    pub keys: Vec<Key>,
    #[serde(default, rename = "access_key")]
    pub access_keys: Vec<AccessKey>,
    #[serde(default, rename = "issuer")]
    pub issuers: Vec<Issuer>,
    #[serde(default, rename = "aws")]
    pub aws: Vec<AwsIdentity>,
    pub sts: Option<Sts>,
    #[serde(default)]
    pub spiffe: Vec<Spiffe>,
    pub token: Option<Token>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Key {
    pub name: Text,
    pub secret: Option<Text>,
    pub sha256: Option<Text>,
    pub organisation: Text,
    pub team: Text,
    pub subject: Option<Text>,
    pub expires: Option<Text>,
    pub scope: Option<Text>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccessKey {
    pub id: Text,
    pub secret: Text,
    pub organisation: Text,
    pub team: Text,
    pub subject: Option<Text>,
    pub expires: Option<Text>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Issuer {
    pub name: Text,
    pub issuer: Text,
    pub audience: Text,
    pub algorithms: Spanned<Vec<String>>,
    pub jwks: Option<Text>,
    pub jwks_url: Option<Text>,
    pub discovery: Option<Spanned<bool>>,
    pub jwks_max_age_seconds: Option<Spanned<u64>>,
    pub organisation: Option<Text>,
    pub organisation_claim: Option<Text>,
    pub team: Option<Text>,
    pub team_claim: Option<Text>,
    pub subject: Option<Text>,
    pub subject_claim: Option<Text>,
    pub kind: Option<Text>,
    #[serde(default)]
    pub required: BTreeMap<String, String>,
    #[serde(default)]
    pub allow: BTreeMap<String, Patterns>,
    pub scope: Option<Text>,
}

/// One pattern, or several of which one has to fit.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Patterns {
    One(String),
    Several(Vec<String>),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AwsIdentity {
    pub name: Text,
    pub accounts: Spanned<Vec<Text>>,
    pub organisation: Text,
    pub team: Text,
    pub subject: Option<Text>,
    #[serde(default)]
    pub allow: BTreeMap<String, Patterns>,
    pub scope: Option<Text>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spiffe {
    pub name: Text,
    pub trust_domain: Text,
    pub organisation: Text,
    pub team: Text,
    pub subject: Option<Text>,
    pub kind: Option<Text>,
    #[serde(default)]
    pub allow: BTreeMap<String, Patterns>,
    pub scope: Option<Text>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sts {
    pub server: Text,
    pub addresses: Option<Vec<Text>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Token {
    pub key: Option<Text>,
    pub lifetime_seconds: Option<Spanned<u64>>,
}
