//! Reads an instrument from the text of a file, TOML or JSON, and finds the line a fault is about.

use crate::error::Error;
use crate::instrument::Instrument;
use serde_json::{Map, Number, Value};
use std::ops::Range;

/// A fault in a file: what, where and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub message: String,
    /// The bytes of the text it is about, where that is known.
    pub span: Option<Range<usize>>,
    /// What to do about it, where the message does not say.
    pub mend: Option<String>,
}

impl Fault {
    /// The place of an error in the text it comes from.
    #[must_use]
    pub fn of(error: &Error, text: &str) -> Self {
        let span = match error {
            // What is missing stands nowhere; what needs it does.
            Error::Missing { .. } => assignment(text, "contractType"),
            Error::Unreadable { term, .. } | Error::Unknown { term, .. } => assignment(text, term),
            Error::Refused { term, .. } => assignment(text, term),
            Error::NotObserved { code, .. } => text.find(code).map(|at| at..at + code.len()),
        };
        Self { message: error.to_string(), span, mend: error.mend() }
    }
}

/// Reads a document as [`Instrument::read`] does: JSON when it begins with a brace, else TOML.
///
/// # Errors
/// The first fault.
pub fn parse(text: &str) -> Result<Instrument, Fault> {
    let document = if text.trim_start().starts_with('{') { from_json(text) } else { from_toml(text) }?;
    Instrument::read(&document).map_err(|error| Fault::of(&error, text))
}

fn from_json(text: &str) -> Result<Map<String, Value>, Fault> {
    serde_json::from_str(text).map_err(|error| {
        let before: usize =
            text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
        let at = text.floor_char_boundary((before + error.column().saturating_sub(1)).min(text.len()));
        Fault { message: error.to_string(), span: Some(at..at), mend: None }
    })
}

fn from_toml(text: &str) -> Result<Map<String, Value>, Fault> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| Fault {
        message: error.message().to_owned(),
        span: error.span(),
        mend: None,
    })?;
    Ok(object(table))
}

fn object(table: toml::Table) -> Map<String, Value> {
    table.into_iter().map(|(name, value)| (name, json(value))).collect()
}

fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        // What JSON cannot say is left as text, to be refused by name.
        toml::Value::Float(number) => {
            Number::from_f64(number).map_or_else(|| number.to_string().into(), Value::Number)
        }
        toml::Value::Boolean(truth) => truth.into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(list) => list.into_iter().map(json).collect(),
        toml::Value::Table(table) => Value::Object(object(table)),
    }
}

/// Where a name is given a value: from the name to the end of its line.
fn assignment(text: &str, name: &str) -> Option<Range<usize>> {
    let given = |at: usize| {
        let whole = !text[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
        let after = text[at + name.len()..].trim_start_matches(['"', '\'']).trim_start();
        whole && after.starts_with(['=', ':', ']'])
    };
    let at = text.match_indices(name).map(|(at, _)| at).find(|at| given(*at))?;
    let line = text[at..].lines().next().unwrap_or_default();
    Some(at..at + line.trim_end().trim_end_matches(',').len())
}
