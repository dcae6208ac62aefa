//! The query form: a presigned URL that carries its signature and says how long it is good.

use super::canonical::{self, Signed};
use super::{AwsKeys, Parts, Rules, Scope, SigV4Pending, encode, header, parse_moment};
use crate::access_key::SKEW_SECONDS_MAX;
use crate::credential::{ALGORITHM, Head};
use crate::failure::Failure;
use units::Timestamp;

/// The longest a presigned URL may be good for: seven days, as at AWS.
const EXPIRES_SECONDS_MAX: i64 = 604_800;

/// Checks all but the signature, which needs the body.
///
/// # Errors
/// When a parameter is missing, repeated or not acceptable, the URL has expired, or the key is unknown.
pub fn begin(
    rules: &Rules,
    keys: &AwsKeys,
    head: &Head<'_>,
    query: &str,
    now: Timestamp,
) -> Result<SigV4Pending, Failure> {
    let fields = Fields::parse(query)?;
    if fields.algorithm != ALGORITHM {
        return Err(Failure::Malformed("the signature's algorithm is not `AWS4-HMAC-SHA256`"));
    }
    let scope = Scope::parse(&fields.credential)?;
    check_time(&fields, now)?;
    scope.check(rules, &fields.moment)?;
    let key = scope.key(keys, fields.session_token.as_deref().map(str::as_bytes), now)?;
    let signed = Signed::check(&fields.signed_headers, head.headers, rules)?;
    let left_out: &[&str] =
        if rules.token_signed { &["X-Amz-Signature"] } else { &["X-Amz-Signature", "X-Amz-Security-Token"] };
    let query = canonical::query(query, left_out);
    let canonical = canonical::request(head, &query, &signed, rules.normalise);
    let parts = Parts { scope: &scope, moment: &fields.moment, signature: &fields.signature };
    SigV4Pending::new(key, &parts, canonical, header::declared(head.headers)?)
}

/// When the URL stops being good, if it is good now.
fn check_time(fields: &Fields, now: Timestamp) -> Result<(), Failure> {
    let from = parse_moment(&fields.moment)?;
    let ahead = from.seconds().saturating_sub(now.seconds());
    if ahead > SKEW_SECONDS_MAX {
        return Err(Failure::Skew(ahead));
    }
    let at = from.plus_seconds(fields.lifetime()?);
    if now >= at {
        return Err(Failure::Expired { what: "presigned URL", at });
    }
    Ok(())
}

#[derive(Default)]
pub struct Fields {
    algorithm: String,
    credential: String,
    pub moment: String,
    expires: String,
    signed_headers: String,
    signature: String,
    session_token: Option<String>,
}

impl Fields {
    /// Reads the parameters of a signature; each comes once.
    pub fn parse(query: &str) -> Result<Self, Failure> {
        let mut fields = Self::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = || {
                String::from_utf8(encode::decode(value))
                    .map_err(|_| Failure::Malformed("a parameter of the signature is not UTF-8"))
            };
            let place = match name {
                "X-Amz-Algorithm" => &mut fields.algorithm,
                "X-Amz-Credential" => &mut fields.credential,
                "X-Amz-Date" => &mut fields.moment,
                "X-Amz-Expires" => &mut fields.expires,
                "X-Amz-SignedHeaders" => &mut fields.signed_headers,
                "X-Amz-Signature" => &mut fields.signature,
                "X-Amz-Security-Token" => fields.session_token.get_or_insert_default(),
                _ => continue,
            };
            if !place.is_empty() {
                return Err(Failure::Conflicting("a parameter of the signature comes twice"));
            }
            *place = value()?;
        }
        Ok(fields)
    }

    /// How many seconds the URL is good for.
    pub fn lifetime(&self) -> Result<i64, Failure> {
        match self.expires.parse() {
            Ok(seconds @ 1..=EXPIRES_SECONDS_MAX) => Ok(seconds),
            _ => Err(Failure::Malformed("`X-Amz-Expires` is not between 1 and 604800 seconds")),
        }
    }
}
