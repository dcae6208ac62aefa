//! The OpenID provider that people log in at: its description (OpenID Connect Discovery 1.0), kept for a while, and the
//! exchange of a code for an id token.

use super::fetch;
use super::form::escaped;
use super::keys::{KeyRing, Unbelieved};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use config::{KeySource, Login, Origin};
use http::StatusCode;
use identity::{Assertion, AssertionRule, Audience};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::Mutex as Turn;
use units::Timestamp;

/// A description is read again when it is older, in seconds.
const FRESH: i64 = 600;

/// What a provider says of itself, as far as it matters here.
#[derive(Debug, Clone, Deserialize)]
pub struct Description {
    issuer: String,
    /// Where people are sent.
    pub authorization_endpoint: String,
    /// Where a code is exchanged.
    pub token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    /// Where people log out of the provider itself.
    pub end_session_endpoint: Option<String>,
    /// Where a terminal begins to log in.
    pub device_authorization_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
    /// Whether it says who it is when it sends people back (RFC 9207).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

impl Description {
    /// Reads the description that `issuer` gives of itself.
    ///
    /// # Errors
    /// In words for the log: it cannot be had, speaks for another issuer, or names addresses that cannot be trusted.
    pub async fn read(issuer: &str) -> Result<Self, String> {
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let text = fetch::get(&address, None).await?;
        let read: Self = serde_json::from_slice(&text).map_err(|error| format!("{address}: {error}"))?;
        if read.issuer != issuer {
            return Err(format!(
                "{address} speaks for another issuer, which differs from the one configured"
            ));
        }
        let secure = |address: &str| Origin::of(address).map(|(origin, _)| origin.secure);
        let needed = secure(issuer).unwrap_or(true);
        // A provider elsewhere has no business with this machine's own ports.
        let bad = |address: &&String| secure(address).is_none_or(|secure| needed && !secure);
        if let Some(wrong) = read.addresses().find(bad) {
            return Err(format!("{issuer} names an address that cannot be trusted: {wrong}"));
        }
        Ok(read)
    }
}

impl Description {
    fn addresses(&self) -> impl Iterator<Item = &String> {
        let needed = [&self.authorization_endpoint, &self.token_endpoint, &self.jwks_uri];
        let more = [&self.userinfo_endpoint, &self.end_session_endpoint, &self.device_authorization_endpoint];
        needed.into_iter().chain(more.into_iter().flatten())
    }
}

/// The provider of one configuration, with its keys.
pub struct Provider {
    /// What the configuration says.
    pub login: Login,
    /// What it says of itself.
    pub description: Description,
    read_at: Timestamp,
    keys: Arc<KeyRing>,
    terminal: Option<Arc<KeyRing>>,
}

/// The provider in use.
#[derive(Default)]
pub struct Providers(Turn<Option<Arc<Provider>>>);

impl Providers {
    /// The provider that `login` names.
    ///
    /// # Errors
    /// In words for the log, when it cannot be reached and was not lately.
    pub async fn get(&self, login: &Login, now: Timestamp) -> Result<Arc<Provider>, String> {
        let mut held = self.0.lock().await;
        let same = held.as_ref().filter(|held| held.login == *login);
        if let Some(same) = same.filter(|same| now < same.read_at.plus_seconds(FRESH)) {
            return Ok(Arc::clone(same));
        }
        let description = match (Description::read(&login.issuer).await, same) {
            (Ok(description), _) => description,
            // It was there; what it does not answer now, the login itself will show.
            (Err(error), Some(same)) => {
                tracing::warn!(error, "the provider's description was not read again");
                return Ok(Arc::clone(same));
            }
            (Err(error), None) => return Err(error),
        };
        let provider = Arc::new(Provider::new(login, description, now));
        *held = Some(Arc::clone(&provider));
        Ok(provider)
    }
}

impl Provider {
    fn new(login: &Login, description: Description, now: Timestamp) -> Self {
        let ring = |client: &str| {
            let rule = AssertionRule {
                name: "portal login".to_owned(),
                issuer: login.issuer.clone(),
                audience: Audience::Claim(client.to_owned()),
                algorithms: login.algorithms.clone(),
            };
            Arc::new(KeyRing::new(KeySource::Address(description.jwks_uri.clone()), rule))
        };
        Self {
            keys: ring(&login.client_id),
            terminal: login.terminal_client_id.as_deref().map(ring),
            login: login.clone(),
            description,
            read_at: now,
        }
    }

    /// Exchanges the code of a finished login, and gives what the id token says.
    ///
    /// # Errors
    /// In words for the log, when the provider refuses or its answer is not to be believed.
    pub async fn redeem(&self, login: &Redeem<'_>, now: Timestamp) -> Result<Value, String> {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", login.code),
            ("redirect_uri", login.redirect),
            ("code_verifier", login.verifier),
        ];
        let secret = self.login.client_secret.as_ref().map(config::Secret::expose);
        let methods = &self.description.token_endpoint_auth_methods_supported;
        let basic = methods.is_empty() || methods.iter().any(|method| method == "client_secret_basic");
        let authorization =
            secret.filter(|_| basic).map(|secret| basic_authorization(&self.login.client_id, secret));
        if authorization.is_none() {
            fields.push(("client_id", &self.login.client_id));
            fields.extend(secret.map(|secret| ("client_secret", secret)));
        }
        let endpoint = &self.description.token_endpoint;
        let (status, answer) = fetch::post_form(endpoint, authorization.as_deref(), &fields).await?;
        let text = |name: &str| answer.get(name).and_then(Value::as_str);
        if status != StatusCode::OK {
            return Err(format!(
                "{endpoint} answered {status}: {}",
                super::printable(text("error").unwrap_or("?"))
            ));
        }
        let token = text("id_token").ok_or_else(|| format!("{endpoint} gave no id token"))?;
        let look = |keys: &identity::Assertions| keys.verify_login(token, login.nonce, now);
        let assertion = self.keys.look(token, &look, now).await.map_err(|error| error.to_string())?;
        match (self.login.userinfo, text("access_token")) {
            (true, Some(access)) => self.with_userinfo(assertion.claims, access).await,
            _ => Ok(assertion.claims),
        }
    }

    /// What a terminal's id token says.
    ///
    /// # Errors
    /// When it is not to be believed, or there is no login for terminals.
    pub async fn terminal(&self, token: &str, now: Timestamp) -> Result<Assertion, Unbelieved> {
        let keys = self.terminal.as_ref();
        let keys = keys.ok_or_else(|| Unbelieved::Keys("no terminal may log in here".to_owned()))?;
        keys.look(token, &|keys| keys.verify_shown(token, now), now).await
    }

    /// Claims of the same person that are only told at the userinfo endpoint. What the id token says goes before them.
    async fn with_userinfo(&self, claims: Value, access: &str) -> Result<Value, String> {
        let endpoint = self.description.userinfo_endpoint.as_deref();
        let endpoint = endpoint.ok_or("the provider has no userinfo endpoint")?;
        let text = fetch::get(endpoint, Some(access)).await?;
        let told: Value = serde_json::from_slice(&text).map_err(|_| format!("{endpoint} gave no JSON"))?;
        let same = claims.get("sub").is_some_and(|sub| told.get("sub") == Some(sub));
        let (Value::Object(mut all), Value::Object(own), true) = (told, claims, same) else {
            return Err(format!("{endpoint} spoke of somebody else"));
        };
        all.extend(own);
        Ok(Value::Object(all))
    }
}

/// A finished login.
pub struct Redeem<'a> {
    /// What the provider sent the browser back with.
    pub code: &'a str,
    /// Where to, exactly as it was asked for.
    pub redirect: &'a str,
    /// What shows that the exchange comes from whoever began the login.
    pub verifier: &'a str,
    /// What the id token has to hold.
    pub nonce: &'a str,
}

/// RFC 6749, 2.3.1: both parts are form-encoded first.
fn basic_authorization(client: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:{}", escaped(client), escaped(secret))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_of_a_credential_are_encoded() {
        assert_eq!(basic_authorization("a", "b"), format!("Basic {}", STANDARD.encode("a:b")));
        assert_eq!(
            basic_authorization("a:b", "c=&d"),
            format!("Basic {}", STANDARD.encode("a%3Ab:c%3D%26d"))
        );
    }
}
