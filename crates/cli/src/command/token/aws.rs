//! AWS credentials as AWS's own clients find them: in the environment, in the shared file, from the container or the
//! machine. None of them leaves this process; they sign.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(2);
const BYTES_MAX: usize = 64 << 10;

/// A key that signs.
pub struct Credentials {
    /// The access key id.
    pub id: String,
    /// The secret access key.
    pub secret: String,
    /// What comes with a temporary key.
    pub session_token: Option<String>,
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Credentials {
    /// Looks for credentials where AWS's clients do.
    ///
    /// # Errors
    /// In words, when there are none.
    pub async fn find() -> Result<Self, String> {
        if let Some(found) = Self::in_environment().or_else(Self::in_file) {
            return Ok(found);
        }
        match (Self::of_container().await, Self::of_machine().await) {
            (Some(found), _) | (None, Some(found)) => Ok(found),
            (None, None) => Err("no AWS credentials were found: AWS_ACCESS_KEY_ID, the shared file, the container's or the machine's role".to_owned()),
        }
    }

    fn in_environment() -> Option<Self> {
        Some(Self {
            id: variable("AWS_ACCESS_KEY_ID")?,
            secret: variable("AWS_SECRET_ACCESS_KEY")?,
            session_token: variable("AWS_SESSION_TOKEN"),
        })
    }

    /// The profile in the shared file.
    fn in_file() -> Option<Self> {
        let file = variable("AWS_SHARED_CREDENTIALS_FILE").map(PathBuf::from);
        let file = file.or_else(|| Some(PathBuf::from(variable("HOME")?).join(".aws/credentials")))?;
        let profile = variable("AWS_PROFILE").unwrap_or_else(|| "default".to_owned());
        Self::in_profile(&std::fs::read_to_string(file).ok()?, &profile)
    }

    fn in_profile(text: &str, profile: &str) -> Option<Self> {
        let lines = text.lines().map(str::trim);
        let inside = lines.skip_while(|line| *line != format!("[{profile}]")).skip(1);
        let fields: Vec<(&str, &str)> = inside
            .take_while(|line| !line.starts_with('['))
            .filter_map(|line| line.split_once('='))
            .collect();
        let field = |name: &str| {
            let found = fields.iter().find(|(known, _)| known.trim() == name);
            found.map(|(_, value)| value.trim().to_owned()).filter(|value| !value.is_empty())
        };
        Some(Self {
            id: field("aws_access_key_id")?,
            secret: field("aws_secret_access_key")?,
            session_token: field("aws_session_token"),
        })
    }

    /// The role of a task or pod, at the address that the environment names.
    async fn of_container() -> Option<Self> {
        let relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
        let address = match relative {
            Some(path) => format!("http://169.254.170.2{path}"),
            None => variable("AWS_CONTAINER_CREDENTIALS_FULL_URI").filter(|address| is_near(address))?,
        };
        let token = match variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            Some(file) => Some(std::fs::read_to_string(file).ok()?.trim().to_owned()),
            None => variable("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
        };
        let header = token.as_deref().map(|token| ("authorization", token));
        Self::in_json(&ask(Method::GET, &address, header).await?)
    }

    /// The role of the machine, by its metadata service (version 2).
    async fn of_machine() -> Option<Self> {
        if variable("AWS_EC2_METADATA_DISABLED").is_some_and(|word| word == "true") {
            return None;
        }
        let base = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
        let base = base.unwrap_or_else(|| "http://169.254.169.254".to_owned());
        let base = base.trim_end_matches('/');
        let lifetime = ("x-aws-ec2-metadata-token-ttl-seconds", "60");
        let token = ask(Method::PUT, &format!("{base}/latest/api/token"), Some(lifetime)).await?;
        let header = ("x-aws-ec2-metadata-token", token.as_str());
        let roles = format!("{base}/latest/meta-data/iam/security-credentials/");
        let role = ask(Method::GET, &roles, Some(header)).await?;
        let role = role.lines().next()?.trim().to_owned();
        Self::in_json(&ask(Method::GET, &format!("{roles}{role}"), Some(header)).await?)
    }

    fn in_json(text: &str) -> Option<Self> {
        let said: Value = serde_json::from_str(text).ok()?;
        let field = |name: &str| said.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            id: field("AccessKeyId")?,
            secret: field("SecretAccessKey")?,
            session_token: field("Token"),
        })
    }
}

/// Whether an address is this machine's, its container service's, or reached over TLS.
fn is_near(address: &str) -> bool {
    let host = address.strip_prefix("http://").and_then(|rest| rest.split(['/', ':']).next());
    let near = ["127.0.0.1", "localhost", "169.254.170.2", "169.254.170.23"];
    address.starts_with("https://") || host.is_some_and(|host| near.contains(&host))
}

/// The text at an address, where there is one soon.
async fn ask(method: Method, address: &str, header: Option<(&str, &str)>) -> Option<String> {
    let mut request = Request::builder().method(method).uri(address);
    if let Some((name, value)) = header {
        let mut value = HeaderValue::from_str(value).ok()?;
        value.set_sensitive(true);
        request = request.header(name, value);
    }
    let request = request.body(Full::new(Bytes::new())).ok()?;
    let client = upstream::Client::new(address, PATIENCE, PATIENCE).ok()?;
    let exchange = async {
        let response = client.send(request).await.ok()?;
        let good = response.status() == StatusCode::OK;
        let body = Limited::new(response.into_body(), BYTES_MAX).collect().await.ok()?;
        String::from_utf8(body.to_bytes().to_vec()).ok().filter(|_| good)
    };
    tokio::time::timeout(PATIENCE, exchange).await.ok()?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_of_the_shared_file() {
        let text = "[default]\naws_access_key_id = A\naws_secret_access_key=B\n\n[other]\naws_access_key_id=C\naws_secret_access_key = D=\naws_session_token = E\n";
        let found = |profile| {
            Credentials::in_profile(text, profile).map(|found| (found.id, found.secret, found.session_token))
        };
        assert_eq!(found("default"), Some(("A".into(), "B".into(), None)));
        assert_eq!(found("other"), Some(("C".into(), "D=".into(), Some("E".into()))));
        assert_eq!(found("none"), None);
    }

    #[test]
    fn credentials_are_asked_for_nearby_only() {
        for near in ["http://127.0.0.1:80/x", "http://169.254.170.23/v1", "https://any.example"] {
            assert!(is_near(near), "{near}");
        }
        for far in [
            "http://169.254.170.2.evil.example",
            "http://evil.example",
            "http://localhost.evil.example/",
            "ftp://x",
        ] {
            assert!(!is_near(far), "{far}");
        }
    }
}
