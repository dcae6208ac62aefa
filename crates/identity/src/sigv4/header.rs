//! The header form: `Authorization: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.

use super::canonical::{self, Signed};
use super::{AwsKeys, Parts, Rules, Scope, SigV4Pending, parse_moment};
use crate::access_key::SKEW_SECONDS_MAX;
use crate::credential::Head;
use crate::digest::{Hash, unhex32};
use crate::failure::Failure;
use http::HeaderMap;
use units::Timestamp;

/// Checks all but the signature, which needs the body.
///
/// # Errors
/// When the header is malformed, its date or scope is not acceptable, or the key is unknown.
pub fn begin(
    rules: &Rules,
    keys: &AwsKeys,
    head: &Head<'_>,
    fields: &str,
    now: Timestamp,
) -> Result<SigV4Pending, Failure> {
    let fields = Fields::parse(fields)?;
    let scope = Scope::parse(fields.credential)?;
    let moment = text(head.headers, "x-amz-date")?
        .ok_or(Failure::Malformed("the request has a signature and no `x-amz-date`"))?;
    let skew = parse_moment(moment)?.seconds().abs_diff(now.seconds());
    let skew = i64::try_from(skew).unwrap_or(i64::MAX);
    if skew > SKEW_SECONDS_MAX {
        return Err(Failure::Skew(skew));
    }
    scope.check(rules, moment)?;
    let session_token = text(head.headers, "x-amz-security-token")?;
    let key = scope.key(keys, session_token.map(str::as_bytes), now)?;
    let signed = Signed::check(fields.signed_headers, head.headers, rules)?;
    let query = canonical::query(head.query.unwrap_or_default(), &[]);
    let canonical = canonical::request(head, &query, &signed, rules.normalise);
    let parts = Parts { scope: &scope, moment, signature: fields.signature };
    SigV4Pending::new(key, &parts, canonical, declared(head.headers)?)
}

/// The header's only value.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Failure> {
    let mut values = headers.get_all(name).iter();
    let Some(first) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Failure::Conflicting("a header comes twice"));
    }
    first.to_str().map(Some).map_err(|_| Failure::Malformed("a signed header is not ASCII text"))
}

/// The body's hash that the request declares. These services sign bodies, so `UNSIGNED-PAYLOAD` and its streaming
/// kin are refused.
pub fn declared(headers: &HeaderMap) -> Result<Option<Hash>, Failure> {
    text(headers, "x-amz-content-sha256")?
        .map(|digits| unhex32(digits).ok_or(Failure::Body("the body has to be signed, by its SHA-256")))
        .transpose()
}

struct Fields<'a> {
    credential: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Fields<'a> {
    fn parse(text: &'a str) -> Result<Self, Failure> {
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        let malformed =
            Failure::Malformed("the signature is not `Credential=…, SignedHeaders=…, Signature=…`");
        for field in text.split(',') {
            let place = match field.trim().split_once('=') {
                Some(("Credential", value)) => (&mut credential, value),
                Some(("SignedHeaders", value)) => (&mut signed_headers, value),
                Some(("Signature", value)) => (&mut signature, value),
                _ => return Err(malformed),
            };
            if place.0.replace(place.1).is_some() {
                return Err(malformed);
            }
        }
        match (credential, signed_headers, signature) {
            (Some(credential), Some(signed_headers), Some(signature)) => {
                Ok(Self { credential, signed_headers, signature })
            }
            _ => Err(malformed),
        }
    }
}
