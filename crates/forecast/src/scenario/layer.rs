//! One scenario file, read: its values with their places, before it is laid over what it extends.

use super::parameter::{Kind, Parameter, find, keys_in};
use crate::error::{Error, Problem, nearest};
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The only schema there is.
pub const SCHEMA: &str = "offtake.scenario/1";

/// The words that may stand at the head of a file beside the tables.
const HEAD: [&str; 6] = ["schema", "id", "title", "note", "extends", "mix"];
/// The words that say why a table is as it is.
const REASONS: [&str; 3] = ["assumed", "source", "note"];

/// A value a parameter is set to.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// One of the parameter's words, or any text.
    Text(String),
    /// Yes or no.
    Switch(bool),
    /// Shares.
    Shares(Vec<f64>),
}

/// A value, where it stands, and why it is so.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The value.
    pub value: Value,
    /// Its bytes in the file.
    pub span: Range<usize>,
    /// The file's id.
    pub from: String,
    /// `assumed: …` or `source: …`, as the table says it.
    pub reason: String,
}

/// A part of the spend and the attributes it has.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its share.
    pub share: f64,
    /// What the deal's rules of eligibility ask for.
    pub attributes: BTreeMap<String, String>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Layer {
    /// Its name.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// What it is about.
    pub note: String,
    /// The scenario it changes, and where it says so.
    pub extends: Option<(String, Range<usize>)>,
    /// What it sets, by path.
    pub settings: BTreeMap<String, Setting>,
    /// How the spend is made up, where it says.
    pub mix: Option<Vec<Part>>,
}

impl Layer {
    /// Reads one file.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let table = DeTable::parse(text).map_err(|error| Error {
            problem: Problem::Shape(error.message().trim().to_owned()),
            span: error.span(),
            mend: String::new(),
        })?;
        let whole = table.span();
        let table = table.into_inner();
        let mut layer = Self::default();
        layer.head(&table, whole)?;
        let from = layer.id.clone();
        let mut walk = Walk { settings: &mut layer.settings, from: &from };
        for (key, value) in table.iter().filter(|(key, _)| !HEAD.contains(&key.get_ref().as_ref())) {
            walk.entry("", key, value, "")?;
        }
        Ok(layer)
    }

    fn head(&mut self, table: &DeTable<'_>, whole: Range<usize>) -> Result<(), Error> {
        let word = |name: &str| match table.get(name) {
            None => Ok(None),
            Some(value) => match value.get_ref() {
                DeValue::String(text) => Ok(Some((text.to_string(), value.span()))),
                _ => Err(kind(name, "a text in quotes", value.span())),
            },
        };
        match word("schema")? {
            Some((schema, _)) if schema == SCHEMA => {}
            Some((name, span)) => {
                let problem = Problem::Unknown { what: "schema", name };
                return Err(Error::at(span, problem, format!("write `{SCHEMA}`")));
            }
            None => {
                let problem = Problem::Shape("missing field `schema`".to_owned());
                return Err(Error::at(
                    whole.start..whole.start,
                    problem,
                    format!("add `schema = \"{SCHEMA}\"`"),
                ));
            }
        }
        let Some((id, span)) = word("id")? else {
            let problem = Problem::Shape("missing field `id`".to_owned());
            return Err(Error::at(whole.start..whole.start, problem, "add `id`, the scenario's name"));
        };
        if id.trim().is_empty() {
            return Err(Error::at(span, Problem::Clause("an `id` cannot be empty".to_owned()), "name it"));
        }
        self.title = word("title")?.map_or_else(|| id.clone(), |(title, _)| title);
        self.id = id;
        self.note = word("note")?.map_or_else(String::new, |(note, _)| note);
        self.extends = word("extends")?;
        self.mix = table.get("mix").map(mix).transpose()?;
        Ok(())
    }
}

/// Collects what a file's tables set.
struct Walk<'a> {
    settings: &'a mut BTreeMap<String, Setting>,
    from: &'a str,
}

impl Walk<'_> {
    fn entry(
        &mut self,
        table: &str,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
        reason: &str,
    ) -> Result<(), Error> {
        let path =
            if table.is_empty() { key.get_ref().to_string() } else { format!("{table}.{}", key.get_ref()) };
        if let Some(parameter) = find(&path) {
            let (value, span) = (read(parameter, &path, value)?, value.span());
            let (from, reason) = (self.from.to_owned(), reason.to_owned());
            self.settings.insert(path, Setting { value, span, from, reason });
            return Ok(());
        }
        match value.get_ref() {
            DeValue::Table(inside) if !keys_in(&path).is_empty() => {
                let reason = self.reason(&path, inside, reason)?;
                for (key, value) in
                    inside.iter().filter(|(key, _)| !REASONS.contains(&key.get_ref().as_ref()))
                {
                    self.entry(&path, key, value, &reason)?;
                }
                Ok(())
            }
            _ => Err(unknown(table, key)),
        }
    }

    /// Why this table is as it is: its own words, or those of the table around it.
    fn reason(&self, path: &str, table: &DeTable<'_>, around: &str) -> Result<String, Error> {
        let mut said = Vec::new();
        for (word, value) in REASONS.iter().filter_map(|word| table.get(*word).map(|value| (word, value))) {
            let DeValue::String(text) = value.get_ref() else {
                return Err(kind(&format!("{path}.{word}"), "a text in quotes", value.span()));
            };
            said.push(format!("{word}: {text}"));
        }
        Ok(if said.is_empty() { around.to_owned() } else { said.join("; ") })
    }
}

fn unknown(table: &str, key: &Spanned<std::borrow::Cow<'_, str>>) -> Error {
    let mut known = keys_in(table);
    if table.is_empty() {
        known.extend(HEAD);
    } else {
        known.extend(REASONS);
    }
    known.retain(|key| *key != "*");
    let mend = match nearest(key.get_ref(), known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            format!("there is {}", known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", "))
        }
    };
    let name =
        if table.is_empty() { key.get_ref().to_string() } else { format!("{table}.{}", key.get_ref()) };
    Error::at(key.span(), Problem::Unknown { what: "parameter", name }, mend)
}

fn kind(path: &str, wanted: &str, span: Range<usize>) -> Error {
    Error::at(span, Problem::Kind { path: path.to_owned(), wanted: wanted.to_owned() }, "")
}

fn read(parameter: &Parameter, path: &str, value: &Spanned<DeValue<'_>>) -> Result<Value, Error> {
    let span = value.span();
    match parameter.kind {
        Kind::Number { min, max, .. } => {
            let given = number(value).ok_or_else(|| {
                kind(path, &format!("a number ({}), without quotes", parameter.unit), span.clone())
            })?;
            in_range(path, given, (min, max), span).map(Value::Number)
        }
        Kind::Choice(words) => match value.get_ref() {
            DeValue::String(text) if words.contains(&text.as_ref()) => Ok(Value::Text(text.to_string())),
            DeValue::String(text) => {
                let mend = match nearest(text, words.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("there is {}", words.join(", ")),
                };
                let problem = Problem::Unknown { what: "choice", name: text.to_string() };
                Err(Error::at(span, problem, mend))
            }
            _ => Err(kind(path, &format!("one of {}", words.join(", ")), span)),
        },
        Kind::Switch => match value.get_ref() {
            DeValue::Boolean(set) => Ok(Value::Switch(*set)),
            _ => Err(kind(path, "`true` or `false`", span)),
        },
        Kind::Text => match value.get_ref() {
            DeValue::String(text) => Ok(Value::Text(text.to_string())),
            _ => Err(kind(path, "a text in quotes", span)),
        },
        Kind::Shares => shares(path, value).map(Value::Shares),
    }
}

fn in_range(path: &str, given: f64, (min, max): (f64, f64), span: Range<usize>) -> Result<f64, Error> {
    if (min..=max).contains(&given) {
        return Ok(given);
    }
    let mend = if min > -1.0 && min < 0.0 && given <= -1.0 {
        "a rate of -1 or below would leave less than nothing"
    } else {
        ""
    };
    Err(Error::at(span, Problem::Range { path: path.to_owned(), given, min, max }, mend))
}

fn shares(path: &str, value: &Spanned<DeValue<'_>>) -> Result<Vec<f64>, Error> {
    let DeValue::Array(list) = value.get_ref() else {
        return Err(kind(path, "a list of shares, such as `[0.3, 0.2]`", value.span()));
    };
    let mut shares = Vec::new();
    for value in list.iter() {
        let Some(share) = number(value) else { return Err(kind(path, "a list of numbers", value.span())) };
        shares.push(in_range(path, share, (0.0, 1.0), value.span())?);
    }
    Ok(shares)
}

/// A finite number.
fn number(value: &Spanned<DeValue<'_>>) -> Option<f64> {
    let text = match value.get_ref() {
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Integer(number) if number.radix() == 10 => number.as_str().to_owned(),
        _ => return None,
    };
    text.replace('_', "").parse().ok().filter(|number: &f64| number.is_finite())
}

fn mix(value: &Spanned<DeValue<'_>>) -> Result<Vec<Part>, Error> {
    let DeValue::Array(list) = value.get_ref() else {
        return Err(kind("mix", "a list of `[[mix]]` tables", value.span()));
    };
    let mut parts = Vec::new();
    for entry in list.iter() {
        let DeValue::Table(table) = entry.get_ref() else {
            return Err(kind("mix", "a list of `[[mix]]` tables", entry.span()));
        };
        parts.push(part(table, entry.span())?);
    }
    let sum: f64 = parts.iter().map(|part| part.share).sum();
    if (sum - 1.0).abs() > 1e-9 {
        let problem = Problem::Clause(format!("the shares of the mix add up to {sum}, not to 1"));
        return Err(Error::at(value.span(), problem, "mend a `share`"));
    }
    Ok(parts)
}

fn part(table: &DeTable<'_>, span: Range<usize>) -> Result<Part, Error> {
    let mut part = Part { share: f64::NAN, attributes: BTreeMap::new() };
    for (key, value) in table.iter() {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("share", _) => {
                let share = number(value).ok_or_else(|| kind("mix.share", "a number", value.span()))?;
                part.share = in_range("mix.share", share, (0.0, 1.0), value.span())?;
            }
            ("attributes", DeValue::Table(attributes)) => {
                for (name, value) in attributes.iter() {
                    let DeValue::String(text) = value.get_ref() else {
                        return Err(kind("mix.attributes", "a table of texts", value.span()));
                    };
                    part.attributes.insert(name.get_ref().to_string(), text.to_string());
                }
            }
            ("attributes", _) => return Err(kind("mix.attributes", "a table of texts", value.span())),
            (word, _) if REASONS.contains(&word) => {}
            (word, _) => {
                let near = nearest(word, ["share", "attributes"].into_iter());
                let mend = near.map_or_else(
                    || "there is `share`, `attributes`".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                let problem = Problem::Unknown { what: "parameter", name: format!("mix.{word}") };
                return Err(Error::at(key.span(), problem, mend));
            }
        }
    }
    if part.share.is_nan() {
        return Err(Error::at(span, Problem::Shape("missing field `share`".to_owned()), "add `share`"));
    }
    Ok(part)
}
