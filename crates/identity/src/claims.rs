//! What a foreign token says, before and after it is believed.

use crate::failure::{Failure, clean};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use units::Timestamp;

/// Clocks of issuers may be this far from ours.
pub const LEEWAY_SECONDS: i64 = 60;

/// A compact JWS taken apart, nothing of it verified.
pub struct Jws<'a> {
    /// Header and payload as signed.
    pub signed: &'a str,
    /// The encoded signature.
    pub signature: &'a str,
    /// The algorithm it claims.
    pub algorithm: String,
    /// The key it claims.
    pub key: Option<String>,
    header: &'a str,
    payload: &'a str,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<IgnoredAny>,
    // An unencoded payload (RFC 7797) would be read differently by those who know it and those who don't.
    b64: Option<IgnoredAny>,
}

fn malformed() -> Failure {
    Failure::Malformed("not a compact JWT")
}

fn decode(part: &str) -> Result<Vec<u8>, Failure> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed())
}

/// Without the padding that an AWS load balancer adds, against the standard.
fn unpadded(part: &str) -> &str {
    part.strip_suffix("==").or_else(|| part.strip_suffix('=')).unwrap_or(part)
}

impl<'a> Jws<'a> {
    /// Takes `token` apart.
    ///
    /// # Errors
    /// When it is no compact JWS, or asks for extensions we do not know.
    pub fn parse(token: &'a str) -> Result<Self, Failure> {
        let (signed, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
        let (header, payload) = signed.split_once('.').ok_or_else(malformed)?;
        Self::of(signed, header, payload, signature)
    }

    /// As [`Jws::parse`], for a signer that pads its base 64; what is signed has the padding in it.
    ///
    /// # Errors
    /// As for [`Jws::parse`].
    pub fn parse_padded(token: &'a str) -> Result<Self, Failure> {
        let (signed, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
        let (header, payload) = signed.split_once('.').ok_or_else(malformed)?;
        Self::of(signed, unpadded(header), unpadded(payload), unpadded(signature))
    }

    fn of(signed: &'a str, header: &'a str, payload: &'a str, signature: &'a str) -> Result<Self, Failure> {
        let read: Header = serde_json::from_slice(&decode(header)?).map_err(|_| malformed())?;
        if read.crit.is_some() || read.b64.is_some() {
            return Err(Failure::Malformed("the token asks for an extension (`crit` or `b64`)"));
        }
        Ok(Self { signed, signature, algorithm: read.alg, key: read.kid, header, payload })
    }

    /// The header, as signed.
    ///
    /// # Errors
    /// When it is no JSON object.
    pub fn header(&self) -> Result<Value, Failure> {
        serde_json::from_slice(&decode(self.header)?).map_err(|_| malformed())
    }

    /// The claims, still unverified.
    ///
    /// # Errors
    /// When the payload is no JSON object.
    pub fn claims(&self) -> Result<Value, Failure> {
        let claims: Value = serde_json::from_slice(&decode(self.payload)?).map_err(|_| malformed())?;
        if claims.is_object() { Ok(claims) } else { Err(malformed()) }
    }
}

/// The text of a claim: a name at the top, or a JSON pointer when it begins with `/`.
pub fn text<'a>(claims: &'a Value, name: &str) -> Option<&'a str> {
    let value = if name.starts_with('/') { claims.pointer(name) } else { claims.get(name) };
    value.and_then(Value::as_str)
}

/// Whether the claim is `fit`, or is a list that contains something that is.
pub fn holds(claims: &Value, name: &str, fit: impl Fn(&str) -> bool) -> bool {
    let value = if name.starts_with('/') { claims.pointer(name) } else { claims.get(name) };
    let is = |value: &Value| match value {
        Value::String(text) => fit(text),
        Value::Bool(yes) => fit(if *yes { "true" } else { "false" }),
        Value::Number(number) => fit(&number.to_string()),
        _ => false,
    };
    match value {
        Some(Value::Array(all)) => all.iter().any(is),
        Some(one) => is(one),
        None => false,
    }
}

/// Claim `claim` does not fit.
pub fn misfit(claim: &str, issuer: &str) -> Failure {
    Failure::Claim { claim: claim.into(), rule: issuer.into() }
}

/// Whether `audience` is the token's audience or one of them.
pub fn is_for(claims: &Value, audience: &str) -> bool {
    match claims.get("aud") {
        Some(Value::String(one)) => one == audience,
        Some(Value::Array(many)) => many.iter().any(|one| one.as_str() == Some(audience)),
        _ => false,
    }
}

/// The moment before which the claims hold, if they hold at `now`.
pub fn holds_until(claims: &Value, now: Timestamp) -> Result<Timestamp, Failure> {
    let expires = moment(claims, "exp")?.ok_or(Failure::Malformed("the token has no `exp`"))?;
    let until = expires.plus_seconds(LEEWAY_SECONDS);
    if now >= until {
        return Err(Failure::Expired { what: "token", at: expires });
    }
    for claim in ["nbf", "iat"] {
        if let Some(begins) = moment(claims, claim)?
            && now < begins.plus_seconds(-LEEWAY_SECONDS)
        {
            return Err(Failure::NotYet(begins));
        }
    }
    Ok(until)
}

/// A NumericDate may have a fraction; whole seconds are enough for us.
fn moment(claims: &Value, claim: &str) -> Result<Option<Timestamp>, Failure> {
    let Some(value) = claims.get(claim) else { return Ok(None) };
    let whole = match value {
        Value::Number(number) => number.to_string(),
        _ => return Err(Failure::Malformed("a time in the token is not a number")),
    };
    let whole = whole.split('.').next().unwrap_or_default();
    let seconds = whole.parse().map_err(|_| Failure::Malformed("a time in the token is out of range"))?;
    Ok(Some(Timestamp::from_seconds(seconds)))
}

/// The token's own id where it is a fit name.
pub fn id(claims: &Value) -> Option<String> {
    text(claims, "jti").filter(|id| !id.is_empty()).map(clean)
}
