//! JSON as facts need it: every number kept as written, every name once, every value with its place in the
//! file, and the canonical form (RFC 8785) that signatures are made over.

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// An object whose names are distinct, in the file's order.
#[derive(Debug)]
pub(super) struct Object<'a>(pub Vec<(String, &'a RawValue)>);

impl<'a> Object<'a> {
    /// The value of that name.
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a JSON object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut entries: Self::Value = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    if entries.iter().any(|(known, _)| *known == name) {
                        return Err(M::Error::custom(format!("duplicate field `{name}`")));
                    }
                    entries.push((name, value));
                }
                Ok(entries)
            }
        }
        from.deserialize_map(Names).map(Self)
    }
}

/// Why a line has no canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Uncanonical {
    /// This number has more digits than every reader keeps.
    Inexact(String),
    /// Not JSON, or a name stands twice in one object.
    Malformed(String),
}

/// The canonical form of `object`, without its own field `without`.
pub(super) fn canonical(object: &Object<'_>, without: &str) -> Result<String, Uncanonical> {
    let mut out = String::new();
    let kept = object.0.iter().filter(|(name, _)| name != without);
    write_object(&mut out, kept.map(|(name, value)| (name.as_str(), *value)).collect(), DEPTH_MAX)?;
    Ok(out)
}

/// Values may lie so deep in others: a line is read by a call for each level.
const DEPTH_MAX: u8 = 64;

fn write_object(out: &mut String, mut entries: Vec<(&str, &RawValue)>, depth: u8) -> Result<(), Uncanonical> {
    // RFC 8785 orders names by their UTF-16 code units.
    entries.sort_by(|(one, _), (two, _)| one.encode_utf16().cmp(two.encode_utf16()));
    out.push('{');
    for (place, (name, value)) in entries.into_iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        write_text(out, name);
        out.push(':');
        write_value(out, value, depth)?;
    }
    out.push('}');
    Ok(())
}

fn write_value(out: &mut String, value: &RawValue, depth: u8) -> Result<(), Uncanonical> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(Uncanonical::Malformed("its values lie too deep in one another".to_owned()));
    };
    let malformed = |error: serde_json::Error| Uncanonical::Malformed(error.to_string());
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'{') => {
            let object: Object<'_> = serde_json::from_str(text).map_err(malformed)?;
            write_object(out, object.0.iter().map(|(name, value)| (name.as_str(), *value)).collect(), depth)
        }
        Some(b'[') => {
            let values: Vec<&RawValue> = serde_json::from_str(text).map_err(malformed)?;
            out.push('[');
            for (place, value) in values.into_iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                write_value(out, value, depth)?;
            }
            out.push(']');
            Ok(())
        }
        Some(b'"') => {
            write_text(out, &serde_json::from_str::<String>(text).map_err(malformed)?);
            Ok(())
        }
        Some(b't' | b'f' | b'n') => {
            out.push_str(text);
            Ok(())
        }
        _ => write_number(out, text),
    }
}

/// Escapes as RFC 8785 asks, which is how serde_json does it; a string cannot fail to serialise.
fn write_text(out: &mut String, text: &str) {
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

/// A number as ECMAScript writes it, which is what RFC 8785 asks. One that this would change is refused: a
/// signature must not hold for two values.
fn write_number(out: &mut String, text: &str) -> Result<(), Uncanonical> {
    let inexact = || Uncanonical::Inexact(text.to_owned());
    let number: f64 = text.parse().map_err(|_| inexact())?;
    let scientific = format!("{number:e}");
    let (mantissa, exponent) = scientific.split_once('e').ok_or_else(inexact)?;
    let exponent: i32 = exponent.parse().map_err(|_| inexact())?;
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits = mantissa.replace('.', "");
    let written = match digits.as_str() {
        "0" => "0".to_owned(),
        digits => format!("{sign}{}", placed(digits, exponent)),
    };
    if digits_of(text) != digits_of(&written) {
        return Err(inexact());
    }
    out.push_str(&written);
    Ok(())
}

/// The significant digits of a JSON number without its sign, and the power of ten of the last one.
fn digits_of(text: &str) -> Option<(String, i64)> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{}{fraction}", whole.trim_start_matches('-'));
    let kept = all.trim_end_matches('0');
    let power = exponent.parse::<i64>().ok()? - i64::try_from(fraction.len()).ok()?;
    let power = power + i64::try_from(all.len() - kept.len()).ok()?;
    let digits = kept.trim_start_matches('0');
    Some(if digits.is_empty() { (String::new(), 0) } else { (digits.to_owned(), power) })
}

/// The shortest digits of a number whose first digit counts 10^`exponent`, as ECMAScript places them.
fn placed(digits: &str, exponent: i32) -> String {
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    let length = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    match exponent {
        -6..=-1 => format!("0.{}{digits}", zeros(-exponent - 1)),
        0..=20 if length <= exponent + 1 => format!("{digits}{}", zeros(exponent + 1 - length)),
        0..=20 => {
            let (whole, rest) = digits.split_at(usize::try_from(exponent + 1).unwrap_or(0));
            format!("{whole}.{rest}")
        }
        _ => {
            let (first, rest) = digits.split_at(1);
            let dot = if rest.is_empty() { "" } else { "." };
            let plus = if exponent > 0 { "+" } else { "" };
            format!("{first}{dot}{rest}e{plus}{exponent}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canonical_form_is_rfc_8785s() {
        let text = r#"{"b":[56.0,{"d":true,"a":null}],"a":"\u20ac$\u000F\nA'\u0042\"\\\/","signature":"x","c":1E21,"e":4.50,"f":2e-3,"g":0.0000001,"h":-0}"#;
        let object: Object<'_> = serde_json::from_str(text).unwrap();
        assert_eq!(
            canonical(&object, "signature").unwrap(),
            "{\"a\":\"€$\\u000f\\nA'B\\\"\\\\/\",\"b\":[56,{\"a\":null,\"d\":true}],\"c\":1e+21,\"e\":4.5,\"f\":0.002,\"g\":1e-7,\"h\":0}"
        );
    }

    #[test]
    fn names_are_distinct_and_signed_numbers_are_kept() {
        assert!(serde_json::from_str::<Object<'_>>(r#"{"a":1,"a":1}"#).is_err());
        for text in [
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":1.00000000000000001}"#,
            r#"{"a":12345678901234567890}"#,
            r#"{"a":1e400}"#,
            r#"{"a":1e-400}"#,
        ] {
            let object: Object<'_> = serde_json::from_str(text).unwrap();
            assert!(canonical(&object, "").is_err(), "{text}");
        }
    }
}
