//! A deal file's canonical form (RFC 8785 JSON) and its hash, which is what signatures and books refer to.
//!
//! Comments, order and layout do not change it; every value does, as it is written: `"4e9"` and
//! `"4000000000"` are the same amount in two texts.

use crate::error::{Error, Problem};
use aws_lc_rs::digest::{SHA256, digest};
use std::fmt::Write as _;
use toml::{Table, Value};

/// The largest whole number that every reader of JSON keeps exact.
const INTEGER_MAX: u64 = 1 << 53;

/// The canonical JSON of a deal file.
///
/// # Errors
/// When the text is no TOML, or holds a number that JSON's readers do not all keep exact.
pub fn canonical(text: &str) -> Result<String, Error> {
    let table: Table = toml::from_str(text)?;
    let mut out = String::new();
    write_table(&mut out, &table)?;
    Ok(out)
}

/// The SHA-256 of the canonical JSON, in lower-case hexadecimal.
///
/// # Errors
/// As [`canonical`].
pub fn hash(text: &str) -> Result<String, Error> {
    let digest = digest(&SHA256, canonical(text)?.as_bytes());
    let mut hex = String::with_capacity(64);
    for byte in digest.as_ref() {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    Ok(hex)
}

/// A hash without what may stand before it to say which it is.
pub(crate) fn bare_hash(hash: &str) -> &str {
    hash.strip_prefix("sha256:").unwrap_or(hash)
}

fn write_table(out: &mut String, table: &Table) -> Result<(), Error> {
    // RFC 8785 orders names by their UTF-16 code units.
    let mut entries: Vec<(&String, &Value)> = table.iter().collect();
    entries.sort_by(|(one, _), (two, _)| one.encode_utf16().cmp(two.encode_utf16()));
    out.push('{');
    for (place, (name, value)) in entries.into_iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        write_text(out, name);
        out.push(':');
        write_value(out, value)?;
    }
    out.push('}');
    Ok(())
}

fn write_value(out: &mut String, value: &Value) -> Result<(), Error> {
    match value {
        Value::String(text) => write_text(out, text),
        Value::Datetime(moment) => write_text(out, &moment.to_string()),
        Value::Boolean(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Integer(number) if number.unsigned_abs() <= INTEGER_MAX => out.push_str(&number.to_string()),
        Value::Integer(_) | Value::Float(_) => {
            let what = "a number that not every reader of JSON keeps exact";
            return Err(Error {
                problem: Problem::Clause(what),
                span: None,
                mend: "put it in quotes".to_owned(),
            });
        }
        Value::Array(values) => {
            out.push('[');
            for (place, value) in values.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                write_value(out, value)?;
            }
            out.push(']');
        }
        Value::Table(table) => write_table(out, table)?,
    }
    Ok(())
}

/// Escapes as RFC 8785 asks, which is how serde_json does it; a string cannot fail to serialise.
fn write_text(out: &mut String, text: &str) {
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_does_not_count_and_values_do() {
        let one = "# a comment\nb = 1\na = { y = [true, \"é\\n\"], x = 2026-04-20 }\n";
        let two = "[a]\nx = 2026-04-20\ny = [true, \"é\\n\"]\n";
        assert_eq!(canonical(one).unwrap(), "{\"a\":{\"x\":\"2026-04-20\",\"y\":[true,\"é\\n\"]},\"b\":1}");
        assert_eq!(canonical(one), canonical(&format!("b = 1\n{two}")));
        assert_ne!(hash(one), hash(&format!("b = 2\n{two}")));
        assert_eq!(
            hash("").unwrap(),
            "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
            "of {{}}"
        );
    }

    #[test]
    fn names_are_in_utf16_order_and_controls_are_escaped() {
        // U+FB33 comes before U+1F600 by code point and after it by UTF-16 code unit (RFC 8785, 3.2.3).
        let text = "\"\u{fb33}\" = \"a\\u0001\"\n\"\u{1f600}\" = 2\n";
        assert_eq!(canonical(text).unwrap(), "{\"\u{1f600}\":2,\"\u{fb33}\":\"a\\u0001\"}");
    }

    #[test]
    fn inexact_numbers_are_refused() {
        for text in ["a = 1.5", "a = 9007199254740993"] {
            assert!(canonical(text).is_err(), "{text}");
        }
    }
}
