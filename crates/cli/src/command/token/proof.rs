//! The identity at hand: an issuer's token in a file, in the environment, or from the machinery a job runs in; or AWS
//! credentials.

use super::aws::Credentials;
use crate::failure::Failure;
use crate::people::fetch;
use crate::place;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::{Signer, make_sts_proof};
use serde_json::Value;
use std::fmt;
use std::path::Path;
use units::Timestamp;

/// Whom a token is asked for, where an issuer wants to know that.
const AUDIENCE: &str = "offtake";
/// Where a projected token is mounted unless something else is said.
const MOUNTED: &str = "/var/run/secrets/offtake/token";

/// The variable that holds a token for planes and nothing else.
const NAMED: &str = "OFFTAKE_IDENTITY_TOKEN";

/// Claims that change with each renewal of a token.
const RENEWED: [&str; 7] = ["iat", "nbf", "exp", "jti", "uti", "rh", "aio"];

/// What the caller proves itself with.
pub enum Proof {
    /// An issuer's token.
    Token {
        /// The token.
        token: String,
        /// Where it was found, in words.
        from: String,
        /// The rule that goes with it, where that is known.
        rule: Option<String>,
    },
    /// AWS credentials.
    Aws(Credentials),
    /// A token of the plane's own, from a login.
    Login {
        /// The token.
        token: String,
    },
}

impl fmt::Display for Proof {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token { from, .. } => write!(out, "the token in {from}"),
            Self::Aws(credentials) => write!(out, "the AWS key {}", credentials.id),
            Self::Login { .. } => out.write_str("the login"),
        }
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Proof {
    /// Looks for it, in the order that the documentation gives.
    ///
    /// # Errors
    /// When there is none, or the first that there is cannot be used.
    pub async fn find(file: Option<&Path>, aws: bool) -> Result<Self, Failure> {
        if aws {
            return Credentials::find().await.map(Self::Aws).map_err(Failure::unusable);
        }
        if let Some(file) = file {
            return Self::in_file(&file.display().to_string(), None);
        }
        if let Some(token) = variable(NAMED) {
            return Ok(Self::in_variable(NAMED, token));
        }
        let rule = || variable("ANTHROPIC_FEDERATION_RULE_ID");
        if let Some(file) = variable("ANTHROPIC_IDENTITY_TOKEN_FILE") {
            return Self::in_file(&file, rule());
        }
        if let Some(token) = variable("ANTHROPIC_IDENTITY_TOKEN") {
            let from = "ANTHROPIC_IDENTITY_TOKEN".to_owned();
            return Ok(Self::Token { token, from, rule: rule() });
        }
        if let Some(file) = variable("AWS_WEB_IDENTITY_TOKEN_FILE") {
            let role = variable("AWS_ROLE_ARN").and_then(|arn| arn.rsplit('/').next().map(str::to_owned));
            return Self::in_file(&file, role);
        }
        if let (Some(url), Some(token)) =
            (variable("ACTIONS_ID_TOKEN_REQUEST_URL"), variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN"))
        {
            return Self::of_actions(&url, &token).await;
        }
        if Path::new(MOUNTED).exists() {
            return Self::in_file(MOUNTED, None);
        }
        let demo = place::demo_variables();
        if let Some(file) = demo.get("ANTHROPIC_IDENTITY_TOKEN_FILE") {
            return Self::in_file(file, demo.get("ANTHROPIC_FEDERATION_RULE_ID").cloned());
        }
        Err(Failure::unusable(
            "no identity is at hand: log in (`offtake login`), or give --identity-token-file (OFFTAKE_IDENTITY_TOKEN_FILE), or --aws",
        ))
    }

    /// Whether one is given for this plane in the environment.
    pub fn is_in_the_environment() -> bool {
        variable(NAMED).is_some()
    }

    fn in_file(file: &str, rule: Option<String>) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(file).map_err(|error| {
            Failure::unusable(format!("the identity token `{file}` cannot be read: {error}"))
        })?;
        Ok(Self::Token { token: text.trim().to_owned(), from: format!("`{file}`"), rule })
    }

    fn in_variable(name: &str, token: String) -> Self {
        Self::Token { token, from: name.to_owned(), rule: None }
    }

    /// The token that GitHub gives a job which may write `id-token`.
    async fn of_actions(url: &str, token: &str) -> Result<Self, Failure> {
        let joint = if url.contains('?') { '&' } else { '?' };
        let text = fetch::get(&format!("{url}{joint}audience={AUDIENCE}"), Some(token)).await;
        let text = text.map_err(Failure::failed)?;
        let answer: Value = serde_json::from_slice(&text).unwrap_or_default();
        let token = answer.get("value").and_then(Value::as_str);
        let token = token.ok_or_else(|| Failure::failed("GitHub gave no identity token"))?;
        Ok(Self::Token { token: token.to_owned(), from: "GitHub's answer".to_owned(), rule: None })
    }

    /// The rule that goes with it, where that is known.
    pub fn rule(&self) -> Option<&str> {
        match self {
            Self::Token { rule, .. } => rule.as_deref(),
            Self::Aws(_) | Self::Login { .. } => None,
        }
    }

    /// Whom it speaks for, as far as can be told: a token that is renewed speaks for the same.
    pub fn who(&self) -> String {
        match self {
            Self::Token { token, .. } | Self::Login { token } => {
                let payload = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
                let said: Option<Value> = payload.and_then(|json| serde_json::from_slice(&json).ok());
                // All but what changes with each renewal.
                let told = said.and_then(|mut said| {
                    let fields = said.as_object_mut()?;
                    fields.retain(|name, _| !RENEWED.contains(&name.as_str()));
                    Some(said.to_string())
                });
                told.unwrap_or_else(|| token.clone())
            }
            Self::Aws(credentials) => credentials.id.clone(),
        }
    }

    /// Its name in RFC 8693.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Token { .. } => "urn:ietf:params:oauth:token-type:jwt",
            Self::Aws(_) => "urn:ietf:params:aws:token-type:aws4_request",
            Self::Login { .. } => "urn:ietf:params:oauth:token-type:access_token",
        }
    }

    /// What is shown to the plane.
    ///
    /// # Errors
    /// In words, when AWS credentials cannot sign.
    pub fn subject(&self, server: &str, now: Timestamp) -> Result<String, String> {
        match self {
            Self::Token { token, .. } | Self::Login { token } => Ok(token.clone()),
            Self::Aws(credentials) => {
                let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
                let region = region.unwrap_or_else(|| "us-east-1".to_owned());
                let address = variable("AWS_ENDPOINT_URL_STS")
                    .unwrap_or_else(|| format!("https://sts.{region}.amazonaws.com"));
                let Credentials { id, secret, session_token } = credentials;
                let session_token = session_token.as_deref();
                let signer = Signer { id, secret, session_token, region: &region, service: "sts" };
                make_sts_proof(signer, &address, server, now)
            }
        }
    }
}
