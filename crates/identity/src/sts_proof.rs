//! AWS identities by the word of AWS itself: a signed `GetCallerIdentity` request that its holder did not send, but hands
//! to us to send, as Vault and EKS have it.
//!
//! Whoever can sign it is the role, and only AWS can tell; so the request is sent to AWS, always to an address of the
//! configuration. A signed header names this plane, so that a proof made for another server is none here; everything in
//! the request is on a list of what may be there, so that it can ask nothing else; and each proof counts once.

use crate::access_key::SKEW_SECONDS_MAX;
use crate::claims;
use crate::credential::CREDENTIAL_BYTES_MAX;
use crate::digest::{Hash, sha256};
use crate::failure::{Failure, clean};
use crate::issuer::Naming;
use crate::principal::{Method, Principal};
use crate::rule::{self, Pattern, Rule};
use crate::scope::Scope;
use crate::sigv4::encode::decode;
use crate::sigv4::parse_moment;
use crate::sigv4::sign::{Signer, ToSign};
use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use units::Timestamp;

/// The header that names the plane a proof is for. It has to be signed.
pub const SERVER_HEADER: &str = "x-offtake-server";

/// The longest a presigned proof may be good for, in seconds, as at EKS.
const EXPIRES_SECONDS_MAX: i64 = 900;

/// Who a role or user of AWS is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsRule {
    /// The rule's name; a token exchange selects a rule by it.
    pub name: String,
    /// The accounts that it is about.
    pub accounts: Vec<String>,
    /// Claims that must fit one of their patterns: `arn`, `account`, `kind`, `name`, `session`, `user_id`.
    pub allowed: Vec<(String, Vec<Pattern>)>,
    /// The organisation of its callers.
    pub organisation: Rule,
    /// Their team.
    pub team: Rule,
    /// Their name.
    pub subject: Rule,
    /// What they may do at most; none for everything.
    pub scope: Option<Scope>,
}

/// What proofs have to be made for, and whom they prove.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StsRules {
    /// What [`SERVER_HEADER`] must be, exactly.
    pub server: String,
    /// The addresses of AWS's security token service that a proof may be made for, without a slash at the end.
    pub addresses: Vec<String>,
    /// Who is known; the first that fits speaks.
    pub rules: Vec<AwsRule>,
}

/// A proof in order, to be sent to AWS exactly so.
#[derive(Clone, PartialEq, Eq)]
pub struct StsProof {
    /// Where: one of the configuration's addresses.
    pub address: String,
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The query, as signed.
    pub query: Option<String>,
    /// The headers, as signed.
    pub headers: HeaderMap,
    /// The body, as signed.
    pub body: &'static str,
    id: Hash,
    until: Timestamp,
    made: Timestamp,
}

impl std::fmt::Debug for StsProof {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "StsProof({}, {})", self.address, self.made)
    }
}

/// As it is written down: a request in JSON, in the shape that Google's federation has given it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    url: String,
    method: String,
    headers: Vec<Header>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    body: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    key: String,
    value: String,
}

/// What is asked, in the query or in the body.
const QUESTION: &str = "Action=GetCallerIdentity&Version=2011-06-15";

/// Headers that change nothing of what is asked.
const HEADERS: [&str; 12] = [
    "accept",
    "accept-encoding",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "authorization",
    "content-length",
    "content-type",
    "host",
    "user-agent",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
];

const SIGNATURE_FIELDS: [&str; 7] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
];

fn malformed(about: &'static str) -> Failure {
    Failure::Malformed(about)
}

impl StsRules {
    /// Reads a proof, and checks all that can be checked without AWS.
    ///
    /// # Errors
    /// When it asks something else, elsewhere, for another server, or at another time.
    pub fn read(&self, text: &str, now: Timestamp) -> Result<StsProof, Failure> {
        if text.len() > CREDENTIAL_BYTES_MAX {
            return Err(malformed("the proof is longer than 16 KiB"));
        }
        // Some encode the JSON once more.
        let decoded = String::from_utf8(decode(text)).map_err(|_| malformed("the proof is no text"))?;
        let text = if text.trim_start().starts_with('{') { text } else { &decoded };
        let written: Written = serde_json::from_str(text)
            .map_err(|_| malformed("the proof is no signed request: `url`, `method`, `headers` in JSON"))?;
        let (address, query) = self.address(&written.url)?;
        let headers = headers(&written.headers)?;
        let asked = parameters(query)?;
        let (method, body) = match (written.method.as_str(), asked.contains_key("Action")) {
            ("GET", true) if written.body.is_empty() => ("GET", ""),
            ("POST", true) if written.body.is_empty() => ("POST", ""),
            ("POST", false) if written.body == QUESTION => ("POST", QUESTION),
            _ => return Err(malformed("the proof is no request for the caller's identity, by GET or POST")),
        };
        if body.is_empty()
            && (asked.get("Action"), asked.get("Version"))
                != (Some(&"GetCallerIdentity"), Some(&"2011-06-15"))
        {
            return Err(malformed("the proof asks for something else than the caller's identity"));
        }
        let signature = Signature::find(&headers, &asked)?;
        signature.check(&self.server, &address, &headers)?;
        let (made, until) = signature.when(now)?;
        let query = query.map(str::to_owned);
        Ok(StsProof {
            address,
            method,
            query,
            headers,
            body,
            id: sha256(signature.value.as_bytes()),
            until,
            made,
        })
    }

    /// The address of the configuration that the proof is made for, and the query.
    fn address<'a>(&self, url: &'a str) -> Result<(String, Option<&'a str>), Failure> {
        let (base, query) = match url.split_once('?') {
            Some((base, query)) => (base, Some(query).filter(|query| !query.is_empty())),
            None => (url, None),
        };
        let base = base.strip_suffix('/').unwrap_or(base);
        let known = self.addresses.iter().find(|address| *address == base);
        Ok((known.ok_or(Failure::Scope("address"))?.clone(), query))
    }

    /// Whom AWS's answer proves, by the rule named or by the first that fits.
    ///
    /// # Errors
    /// When it is no such answer, or nobody that is known.
    pub fn principal(&self, answer: &str, rule: Option<&str>) -> Result<Principal, Failure> {
        let said = said(answer).ok_or(malformed("the answer of AWS says no identity"))?;
        let account = claims::text(&said, "account").unwrap_or_default().to_owned();
        let mut rules = self.rules.iter().filter(|known| rule.is_none_or(|name| name == known.name));
        let fits = |known: &&AwsRule| {
            known.accounts.contains(&account) && rule::unmet(&[], &known.allowed, &said).is_none()
        };
        let arn = claims::text(&said, "arn").unwrap_or_default();
        let found =
            rules.find(fits).ok_or_else(|| Failure::Unknown { what: "AWS identity", name: clean(arn) })?;
        let AwsRule { name, organisation, team, subject, .. } = found;
        let owner = Naming { name, organisation, team, subject }.owner(&said)?;
        Ok(Principal::new(owner, Method::SigV4, clean(arn)).within(found.scope.clone()))
    }
}

/// The headers, each once, none but those of the list.
fn headers(written: &[Header]) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    for Header { key, value } in written {
        let name = key.to_ascii_lowercase();
        let known = HEADERS.iter().chain([&SERVER_HEADER]).find(|known| **known == name);
        let known = known.ok_or(malformed("the proof has a header that may not be there"))?;
        let mut value =
            HeaderValue::from_str(value).map_err(|_| malformed("a header of the proof is no text"))?;
        value.set_sensitive(true);
        if headers.insert(*known, value).is_some() {
            return Err(Failure::Conflicting("a header of the proof comes twice"));
        }
    }
    Ok(headers)
}

/// The query's parameters, each once, none but those that are needed.
fn parameters(query: Option<&str>) -> Result<BTreeMap<&str, &str>, Failure> {
    let mut parameters = BTreeMap::new();
    for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !SIGNATURE_FIELDS.contains(&name) && !matches!(name, "Action" | "Version") {
            return Err(malformed("the proof has a parameter that may not be there"));
        }
        if parameters.insert(name, value).is_some() {
            return Err(Failure::Conflicting("a parameter of the proof comes twice"));
        }
    }
    Ok(parameters)
}

/// The parts of a proof's signature, from either form.
struct Signature {
    value: String,
    credential: String,
    signed_headers: String,
    moment: String,
    expires: Option<String>,
}

impl Signature {
    fn find(headers: &HeaderMap, asked: &BTreeMap<&str, &str>) -> Result<Self, Failure> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let authorization = header("authorization");
        if authorization.is_empty() != asked.contains_key("X-Amz-Signature") {
            return Err(malformed("the proof is not signed, or is signed twice"));
        }
        if authorization.is_empty() {
            let field = |name: &str| {
                asked.get(name).map(|value| String::from_utf8(decode(value)).unwrap_or_default())
            };
            return Ok(Self {
                value: field("X-Amz-Signature").unwrap_or_default(),
                credential: field("X-Amz-Credential").unwrap_or_default(),
                signed_headers: field("X-Amz-SignedHeaders").unwrap_or_default(),
                moment: field("X-Amz-Date").unwrap_or_default(),
                expires: field("X-Amz-Expires"),
            });
        }
        let fields = authorization
            .strip_prefix("AWS4-HMAC-SHA256 ")
            .ok_or(malformed("the proof is not signed by `AWS4-HMAC-SHA256`"))?;
        let mut parts: HashMap<&str, &str> = HashMap::new();
        for (name, value) in fields.split(',').filter_map(|part| part.trim().split_once('=')) {
            if parts.insert(name, value).is_some() {
                return Err(Failure::Conflicting("a part of the proof's signature comes twice"));
            }
        }
        let part = |name: &str| parts.get(name).map(|value| (*value).to_owned()).unwrap_or_default();
        Ok(Self {
            value: part("Signature"),
            credential: part("Credential"),
            signed_headers: part("SignedHeaders"),
            moment: header("x-amz-date").to_owned(),
            expires: None,
        })
    }

    /// Whether it is made for this server, at this address, and for AWS's security token service.
    fn check(&self, server: &str, address: &str, headers: &HeaderMap) -> Result<(), Failure> {
        if self.value.len() != 64 || !self.value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(malformed("the proof's signature is not 64 hexadecimal digits"));
        }
        let credential: Vec<&str> = self.credential.split('/').collect();
        let [_, day, _, "sts", "aws4_request"] = credential.as_slice() else {
            return Err(Failure::Scope("service"));
        };
        if day.len() != 8 || !self.moment.starts_with(day) {
            return Err(Failure::Scope("day"));
        }
        for name in ["host", SERVER_HEADER] {
            if !self.signed_headers.split(';').any(|signed| signed == name) {
                return Err(Failure::Unsigned(name.to_owned()));
            }
        }
        let header = |name: &str| headers.get(name).map(HeaderValue::as_bytes).unwrap_or_default();
        if header(SERVER_HEADER) != server.as_bytes() {
            return Err(Failure::Scope("server"));
        }
        let host = address.split_once("://").map_or("", |(_, host)| host);
        if header("host") != host.as_bytes() {
            return Err(Failure::Scope("address"));
        }
        Ok(())
    }

    /// When it was made, and until when it counts.
    fn when(&self, now: Timestamp) -> Result<(Timestamp, Timestamp), Failure> {
        let made = parse_moment(&self.moment)?;
        let lifetime = match &self.expires {
            None => SKEW_SECONDS_MAX,
            Some(digits) => match digits.parse() {
                Ok(seconds @ 1..=EXPIRES_SECONDS_MAX) => seconds,
                _ => return Err(malformed("`X-Amz-Expires` of the proof is not between 1 and 900 seconds")),
            },
        };
        let ahead = made.seconds().saturating_sub(now.seconds());
        if ahead > SKEW_SECONDS_MAX {
            return Err(Failure::Skew(ahead));
        }
        let until = made.plus_seconds(lifetime);
        if now >= until {
            return Err(Failure::Expired { what: "proof", at: until });
        }
        Ok((made, until))
    }
}

/// What AWS says of the caller: the same words for a role's session, a user and the account itself.
fn said(answer: &str) -> Option<Value> {
    let part = |name: &str| {
        let (_, rest) = answer.split_once(&format!("<{name}>"))?;
        let (text, rest) = rest.split_once(&format!("</{name}>"))?;
        // Names at AWS need no escape; one that has any is not read in two ways.
        let plain = !text.is_empty() && !text.contains(['<', '&']) && !rest.contains(&format!("<{name}>"));
        plain.then_some(text)
    };
    let (arn, account, user_id) = (part("Arn")?, part("Account")?, part("UserId")?);
    let fields: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, _, "", of, resource] = fields.as_slice() else { return None };
    if *of != account {
        return None;
    }
    let (kind, rest) = resource.split_once('/').unwrap_or((resource, ""));
    let mut said =
        json!({ "arn": arn, "account": account, "user_id": user_id, "partition": partition, "kind": kind });
    match kind {
        "assumed-role" => {
            let (role, session) = rest.split_once('/')?;
            (said["name"], said["session"]) = (role.into(), session.into());
        }
        "root" => said["name"] = "root".into(),
        _ => said["name"] = rest.rsplit('/').next()?.into(),
    }
    Some(said)
}

/// Proofs that were used, until they no longer count. It outlives a configuration, and is as old as the process.
#[derive(Debug)]
pub struct UsedProofs {
    since: Timestamp,
    used: Mutex<HashMap<Hash, Timestamp>>,
}

/// Beyond so many at a time, proofs are refused until some have run out.
const USED_MAX: usize = 65_536;

impl UsedProofs {
    /// None yet. A proof that was made before `now` may have been used before: it counts no longer.
    pub fn new(now: Timestamp) -> Self {
        Self { since: now, used: Mutex::default() }
    }

    /// Uses a proof that AWS has confirmed.
    ///
    /// # Errors
    /// When it was used before, or may have been.
    pub fn take(&self, proof: &StsProof, now: Timestamp) -> Result<(), Failure> {
        // Moments of signatures are whole seconds.
        if proof.made.seconds() <= self.since.seconds() {
            return Err(Failure::Replayed("it was signed before this server began; sign another"));
        }
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= USED_MAX {
            used.retain(|_, until| now < *until);
        }
        if used.contains_key(&proof.id) {
            return Err(Failure::Replayed("it was used before; sign another"));
        }
        if used.len() >= USED_MAX {
            return Err(Failure::Replayed("too many are in use; sign another later"));
        }
        used.insert(proof.id, proof.until);
        Ok(())
    }
}

/// Makes a proof for the plane that is called `server`, to be sent to `address`.
///
/// # Errors
/// In words, when the key fits no header.
pub fn make(signer: Signer<'_>, address: &str, server: &str, now: Timestamp) -> Result<String, String> {
    let host = address.split_once("://").map_or(address, |(_, host)| host).trim_end_matches('/');
    let header = |text: &str| HeaderValue::from_str(text).map_err(|_| format!("`{text}` fits no header"));
    let headers = HeaderMap::from_iter([
        (http::header::HOST, header(host)?),
        (
            http::header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8"),
        ),
        (http::HeaderName::from_static(SERVER_HEADER), header(server)?),
    ]);
    let request = ToSign { method: "POST", path: "/", query: None, headers, body: QUESTION.as_bytes() };
    let headers = Signer { service: "sts", ..signer }.sign(request, now)?;
    let headers = headers.iter().map(|(name, value)| Header {
        key: name.as_str().to_owned(),
        value: value.to_str().unwrap_or_default().to_owned(),
    });
    let written = Written {
        url: format!("{}/", address.trim_end_matches('/')),
        method: "POST".to_owned(),
        headers: headers.collect(),
        body: QUESTION.to_owned(),
    };
    serde_json::to_string(&written).map_err(|error| error.to_string())
}
