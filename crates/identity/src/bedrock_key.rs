//! Short-term Bedrock API keys (`AWS_BEARER_TOKEN_BEDROCK`): `bedrock-api-key-` and, in base 64, a presigned URL
//! of `CallWithBearerToken` that AWS's token generators make offline from ordinary AWS credentials.

use crate::credential::Head;
use crate::failure::Failure;
use crate::principal::Principal;
use crate::sigv4::{AwsKeys, OURS, parse_moment, query};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue};
use units::Timestamp;

/// What such a key begins with.
pub const PREFIX: &str = "bedrock-api-key-";

/// Whose key this is, and until when.
///
/// # Errors
/// When it is no such URL, has expired, or its signature does not match.
pub fn verify(keys: &AwsKeys, encoded: &str, now: Timestamp) -> Result<(Principal, Timestamp), Failure> {
    let malformed = || Failure::Malformed("not a short-term Bedrock API key");
    let url = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let url = url.ok_or_else(malformed)?;
    let (host, rest) = url.split_once('/').ok_or_else(malformed)?;
    // The generators append the version after signing.
    let query = rest.strip_prefix('?').and_then(|query| query.strip_suffix("&Version=1"));
    let query = query.ok_or_else(malformed)?;
    // The signature covers the host; that it is Bedrock's keeps other presigned URLs from serving as keys.
    let action = query.split('&').any(|pair| pair == "Action=CallWithBearerToken");
    if host != "bedrock.amazonaws.com" || !action {
        return Err(malformed());
    }
    let mut headers = HeaderMap::with_capacity(1);
    headers.insert(http::header::HOST, HeaderValue::from_static("bedrock.amazonaws.com"));
    let head = Head { method: "POST", path: "/", query: Some(query), headers: &headers };
    let pending = query::begin(&OURS, keys, &head, query, now)?;
    let fields = query::Fields::parse(query)?;
    let until = parse_moment(&fields.moment)?.plus_seconds(fields.lifetime()?);
    let until = pending.key_expires().map_or(until, |at| at.min(until));
    let principal = pending.finish(b"")?;
    Ok((Principal::clone(&principal), until))
}
