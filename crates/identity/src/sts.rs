//! What AWS's clients ask their security token service: a temporary key for a web identity, and who they are.
//!
//! Source: <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>. A role's name is
//! that of an issuer rule: it selects, and what the token proves by that rule is all that it proves.

use crate::credential::CREDENTIAL_BYTES_MAX;
use crate::failure::Failure;
use crate::form;
use crate::principal::Principal;
use crate::temporary::TemporaryKey;
use serde_json::{Map, Value};

/// A request in the form that AWS's clients send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StsRequest {
    /// `AssumeRoleWithWebIdentity`: a temporary key for a token.
    Assume(WebIdentity),
    /// `GetCallerIdentity`: who signed this.
    CallerIdentity,
}

/// A token, and the role that it is to be exchanged for.
#[derive(Clone, PartialEq, Eq)]
pub struct WebIdentity {
    /// `arn:aws:iam::ACCOUNT:role/NAME`.
    pub role_arn: String,
    /// What the client calls this session.
    pub session: String,
    /// The token of the issuer.
    pub token: String,
    duration_seconds: Option<i64>,
}

impl std::fmt::Debug for WebIdentity {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "WebIdentity({}, {})", self.role_arn, self.session)
    }
}

/// What is given for a web identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assumed {
    /// The temporary key.
    pub key: TemporaryKey,
    /// Whom it speaks for.
    pub principal: Principal,
    /// The issuer of the token.
    pub provider: String,
    /// The audience of the token.
    pub audience: String,
}

const VERSION: &str = "2011-06-15";
/// The shortest that AWS gives a key for.
const SECONDS_MIN: i64 = 900;

fn wrong(code: &'static str, about: &'static str) -> Failure {
    Failure::Request { code, about }
}

fn invalid(about: &'static str) -> Failure {
    wrong("ValidationError", about)
}

impl StsRequest {
    /// Reads the form.
    ///
    /// # Errors
    /// When it is none, asks for something else, or lacks or breaks a parameter.
    pub fn from_form(body: &[u8]) -> Result<Self, Failure> {
        let fields = form::fields(body).map_err(|_| {
            wrong("MalformedQueryString", "the request is not a form whose fields come once each")
        })?;
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
        if text("Version") != VERSION {
            return Err(wrong("InvalidAction", "the version asked for is not `2011-06-15`"));
        }
        match text("Action") {
            "AssumeRoleWithWebIdentity" => WebIdentity::read(&fields).map(Self::Assume),
            "GetCallerIdentity" => Ok(Self::CallerIdentity),
            _ => Err(wrong(
                "InvalidAction",
                "only `AssumeRoleWithWebIdentity` and `GetCallerIdentity` can be asked here",
            )),
        }
    }
}

impl WebIdentity {
    fn read(fields: &Map<String, Value>) -> Result<Self, Failure> {
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
        // Each of these would narrow the session, or read the token in another way; none is passed over.
        let narrows =
            |name: &String| name == "Policy" || name.starts_with("PolicyArns") || name == "ProviderId";
        if fields.keys().any(narrows) {
            return Err(invalid("`Policy`, `PolicyArns` and `ProviderId` are not supported here"));
        }
        let role_arn = text("RoleArn");
        if !is_role(role_arn) {
            return Err(invalid("`RoleArn` is not like `arn:aws:iam::000000000000:role/NAME`"));
        }
        let session = text("RoleSessionName");
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
        if !(2..=64).contains(&session.len()) || !session.bytes().all(plain) {
            return Err(invalid("`RoleSessionName` is not 2 to 64 letters, digits and `_+=,.@-`"));
        }
        let token = text("WebIdentityToken");
        if token.is_empty() || token.len() > CREDENTIAL_BYTES_MAX {
            return Err(invalid("`WebIdentityToken` is missing, or is longer than 16 KiB"));
        }
        let duration_seconds = match fields.get("DurationSeconds").and_then(Value::as_str) {
            None => None,
            Some(digits) => match digits.parse() {
                Ok(seconds) if seconds >= SECONDS_MIN => Some(seconds),
                _ => return Err(invalid("`DurationSeconds` is not a number of 900 or more")),
            },
        };
        Ok(Self { role_arn: role_arn.into(), session: session.into(), token: token.into(), duration_seconds })
    }

    /// The name of the issuer rule that the role stands for.
    pub fn rule(&self) -> &str {
        self.role_arn.rsplit('/').next().unwrap_or_default()
    }

    /// The account that the role's ARN names.
    pub fn account(&self) -> &str {
        self.role_arn.split(':').nth(4).unwrap_or_default()
    }

    /// How long the key is to last, `most` at most.
    pub(crate) fn seconds(&self, most: i64) -> Result<i64, Failure> {
        match self.duration_seconds {
            Some(asked) if asked > most => {
                Err(invalid("`DurationSeconds` exceeds the longest session that there is here"))
            }
            asked => Ok(asked.unwrap_or(most)),
        }
    }
}

/// `arn:PARTITION:iam::DIGITS:role/…`.
fn is_role(arn: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&byte);
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", partition, "iam", "", account, role] => {
            partition.starts_with("aws")
                && partition.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
                && account.len() == 12
                && account.bytes().all(|byte| byte.is_ascii_digit())
                && role.strip_prefix("role/").is_some_and(|name| !name.is_empty() && name.bytes().all(plain))
                && arn.len() <= 2048
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fpath%2Fcluster&RoleSessionName=botocore-session-1&WebIdentityToken=a.b.c";

    #[test]
    fn a_request_as_boto3_sends_it() {
        let StsRequest::Assume(request) = StsRequest::from_form(GOOD.as_bytes()).unwrap() else { panic!() };
        assert_eq!((request.rule(), request.account()), ("cluster", "123456789012"));
        assert_eq!((request.token.as_str(), request.seconds(3600)), ("a.b.c", Ok(3600)));
        assert!(!format!("{request:?}").contains("a.b.c"));
        let shorter = StsRequest::from_form(format!("{GOOD}&DurationSeconds=900").as_bytes()).unwrap();
        assert!(matches!(shorter, StsRequest::Assume(request) if request.seconds(3600) == Ok(900)));
    }

    #[test]
    fn requests_with_one_fault() {
        for (from, to, code) in [
            ("AssumeRoleWithWebIdentity", "AssumeRole", "InvalidAction"),
            ("2011-06-15", "2011-06-16", "InvalidAction"),
            ("role%2Fpath", "user%2Fpath", "ValidationError"),
            ("123456789012", "12345678901", "ValidationError"),
            ("arn%3Aaws", "arn%3Agcp", "ValidationError"),
            ("botocore-session-1", "x", "ValidationError"),
            ("botocore-session-1", "a%20b", "ValidationError"),
            ("a.b.c", "", "ValidationError"),
            ("a.b.c", &"a".repeat(17_000), "ValidationError"),
            ("a.b.c", "a.b.c&DurationSeconds=899", "ValidationError"),
            ("a.b.c", "a.b.c&DurationSeconds=soon", "ValidationError"),
            ("a.b.c", "a.b.c&Policy=%7B%7D", "ValidationError"),
            ("a.b.c", "a.b.c&PolicyArns.member.1.arn=x", "ValidationError"),
            ("a.b.c", "a.b.c&WebIdentityToken=d.e.f", "MalformedQueryString"),
            ("a.b.c", "%ff", "MalformedQueryString"),
        ] {
            let failure = StsRequest::from_form(GOOD.replacen(from, to, 1).as_bytes()).unwrap_err();
            assert!(
                matches!(failure, Failure::Request { code: found, .. } if found == code),
                "{to}: {failure:?}"
            );
        }
        let long = StsRequest::from_form(format!("{GOOD}&DurationSeconds=43200").as_bytes()).unwrap();
        assert!(matches!(long, StsRequest::Assume(request) if request.seconds(3600).is_err()));
    }
}
