//! Signing a request, for those who have to prove themselves to AWS's security token service.

use super::AwsKey;
use super::canonical::{self, Signed};
use super::{OURS, Scope};
use crate::access_key::AccessKey;
use crate::credential::{ALGORITHM, Head};
use crate::digest::{hex, sha256};
use crate::principal::Owner;
use aws_lc_rs::hmac;
use http::{HeaderMap, HeaderName, HeaderValue};
use units::{Organisation, Subject, Team, Timestamp};

/// An access key as its holder has it.
#[derive(Clone, Copy)]
pub struct Signer<'a> {
    /// The access key id.
    pub id: &'a str,
    /// The secret access key.
    pub secret: &'a str,
    /// What comes with a temporary key.
    pub session_token: Option<&'a str>,
    /// The region to sign for.
    pub region: &'a str,
    /// The service to sign for.
    pub service: &'a str,
}

impl std::fmt::Debug for Signer<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Signer({})", self.id)
    }
}

/// A request to be signed, `host` among its headers.
#[derive(Debug, Clone)]
pub struct ToSign<'a> {
    /// `GET`, `POST`, …
    pub method: &'a str,
    /// The path, percent-encoded as on the wire.
    pub path: &'a str,
    /// The query, without the question mark.
    pub query: Option<&'a str>,
    /// All that is signed.
    pub headers: HeaderMap,
    /// The body.
    pub body: &'a [u8],
}

impl Signer<'_> {
    /// The request's headers with date, session token and signature added, in that order; all of them are signed.
    ///
    /// # Errors
    /// In words, when a part of the key fits no header, or `host` is missing.
    pub fn sign(&self, request: ToSign<'_>, now: Timestamp) -> Result<HeaderMap, String> {
        let ToSign { method, path, query, mut headers, body } = request;
        let moment = moment(now);
        let header =
            |text: &str| HeaderValue::from_str(text).map_err(|_| "the key fits no header".to_owned());
        headers.insert("x-amz-date", header(&moment)?);
        if let Some(token) = self.session_token {
            headers.insert("x-amz-security-token", header(token)?);
        }
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        let list = names.join(";");
        let signed = Signed::check(&list, &headers, &OURS).map_err(|failure| failure.to_string())?;
        let head = Head { method, path, query, headers: &headers };
        let query = canonical::query(query.unwrap_or_default(), &[]);
        let mut canonical = canonical::request(&head, &query, &signed, true);
        canonical.extend_from_slice(hex(&sha256(body)).as_bytes());
        let day = moment.get(..8).unwrap_or_default();
        let credential = format!("{}/{day}/{}/{}/aws4_request", self.id, self.region, self.service);
        let scope = Scope::parse(&credential).map_err(|failure| failure.to_string())?;
        let (key, _) = self.key()?.signing_key(&scope);
        let to_sign = format!("{ALGORITHM}\n{moment}\n{}\n{}", scope.text, hex(&sha256(&canonical)));
        let signature = hex_tag(&hmac::sign(&key, to_sign.as_bytes()));
        let mut proof = header(&format!(
            "{ALGORITHM} Credential={credential}, SignedHeaders={list}, Signature={signature}"
        ))?;
        proof.set_sensitive(true);
        headers.insert(http::header::AUTHORIZATION, proof);
        Ok(headers)
    }

    /// The key, speaking for nobody in particular.
    fn key(&self) -> Result<AwsKey, String> {
        let nobody = |error: units::NameError| error.to_string();
        Ok(AwsKey::new(AccessKey {
            id: self.id.to_owned(),
            secret: self.secret.to_owned(),
            session_token: None,
            owner: Owner {
                organisation: Organisation::new("own").map_err(nobody)?,
                team: Team::new("own").map_err(nobody)?,
                subject: Subject::new("own").map_err(nobody)?,
            },
            expires: None,
        }))
    }
}

fn hex_tag(tag: &hmac::Tag) -> String {
    tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `20261124T090000Z`.
fn moment(now: Timestamp) -> String {
    let text = now.to_string();
    let whole = text.split('.').next().unwrap_or_default();
    whole.chars().filter(|letter| !"-:".contains(*letter)).chain(['Z']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sigv4::{AwsKeys, STS, header};
    use std::sync::Arc;

    #[test]
    fn what_is_signed_is_verified() {
        let now: Timestamp = "2026-11-24T09:00:00.5Z".parse().unwrap();
        assert_eq!(moment(now), "20261124T090000Z");
        let signer = Signer {
            id: "AKIDEXAMPLE",
            secret: "canary-secret",
            session_token: None,
            region: "eu-west-1",
            service: "sts",
        };
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("sts.example"));
        headers.insert("x-offtake-server", HeaderValue::from_static("plane"));
        let query = Some("Version=2011-06-15&Action=GetCallerIdentity");
        let request = ToSign { method: "POST", path: "/", query, headers, body: b"x" };
        let headers = signer.sign(request, now).unwrap();
        let lasting = [("AKIDEXAMPLE".to_owned(), Arc::new(signer.key().unwrap()))].into();
        let keys = AwsKeys { lasting, ..AwsKeys::default() };
        let head = Head { method: "POST", path: "/", query, headers: &headers };
        let fields = headers["authorization"].to_str().unwrap().strip_prefix("AWS4-HMAC-SHA256 ").unwrap();
        let verify = |body: &[u8]| header::begin(&STS, &keys, &head, fields, now).unwrap().finish(body);
        assert!(verify(b"x").is_ok() && verify(b"y").is_err());
        assert!(header::begin(&OURS, &keys, &head, fields, now).is_err(), "signed for another service");
    }
}
