//! `application/x-www-form-urlencoded`, each field once.

use crate::failure::Failure;
use crate::sigv4::encode::decode;
use serde_json::{Map, Value};

/// The longest request for a token that is read, in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// The form's fields, as text.
///
/// # Errors
/// When it is no form, is too long, or names a field twice.
pub fn fields(body: &[u8]) -> Result<Map<String, Value>, Failure> {
    let malformed = || Failure::Malformed("the token request is not a form of one");
    if body.len() > BODY_BYTES_MAX {
        return Err(Failure::Malformed("the token request is longer than 64 KiB"));
    }
    let body = std::str::from_utf8(body).map_err(|_| malformed())?;
    let mut fields = Map::new();
    for pair in body.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or_else(malformed)?;
        let text = |part: &str| String::from_utf8(decode(&part.replace('+', " "))).map_err(|_| malformed());
        if fields.insert(text(name)?, text(value)?.into()).is_some() {
            return Err(Failure::Malformed("the token request names a field twice"));
        }
    }
    Ok(fields)
}
