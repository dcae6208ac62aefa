//! Lines read. Every fault is returned, each with its place in the file and the mend; with one, nothing is.

use super::json::{Object, Uncanonical, canonical};
use super::{Decision, Fact, Funded, Line, Signoff};
use crate::decimal::Decimal;
use crate::error::{Error, Problem, nearest};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::Range;
use std::str::FromStr;
use units::Timestamp;

/// A line as it stands in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it says.
    pub line: Line,
    /// Which line of the file, counted from 1.
    pub number: usize,
    /// Its bytes in the file.
    pub span: Range<usize>,
    /// Its canonical form (RFC 8785) without `signature`: what a signature is over.
    pub signed: String,
}

impl Entry {
    /// The bytes of a field's value in `text`, the file this was read from.
    pub(super) fn field(&self, text: &str, name: &str) -> Option<Range<usize>> {
        let line = text.get(self.span.clone())?;
        let object: Object<'_> = serde_json::from_str(line).ok()?;
        Some((Reading { text, span: self.span.clone() }).place(object.get(name)?))
    }
}

/// Names a fact may have beside the mandatory ones.
const FACT: [&str; 14] = [
    "metric",
    "value",
    "unit",
    "effective_at",
    "recorded_at",
    "source",
    "attributes",
    "id",
    "replaces",
    "evidence_kind",
    "document_sha256",
    "url",
    "attestor",
    "signature",
];
const SIGNOFF: [&str; 7] = ["signoff", "by", "decision", "recorded_at", "id", "contract", "signature"];
const FUNDED: [&str; 8] =
    ["funded", "amount", "unit", "recorded_at", "effective_at", "id", "by", "signature"];

/// Reads a file of facts; empty lines are skipped.
///
/// # Errors
/// When a line is no JSON object, or is not of one of the three shapes: all such lines, in the file's order.
pub fn read(text: &str) -> Result<Vec<Entry>, Vec<Error>> {
    let (mut entries, mut faults) = (Vec::new(), Vec::new());
    let mut start = 0;
    for (number, whole) in (1..).zip(text.split_inclusive('\n')) {
        let begun = whole.trim_start_matches(blank);
        let line = begun.trim_end();
        let from = start + (whole.len() - begun.len());
        start += whole.len();
        if line.is_empty() {
            continue;
        }
        match (Reading { text, span: from..from + line.len() }).entry(line, number) {
            Ok(entry) => entries.push(entry),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(entries) } else { Err(faults) }
}

/// Whether a line may begin with it: some programs put a byte order mark before a file's first line.
fn blank(letter: char) -> bool {
    letter.is_whitespace() || letter == '\u{feff}'
}

/// A line being read.
struct Reading<'a> {
    text: &'a str,
    span: Range<usize>,
}

impl<'a> Reading<'a> {
    fn entry(&self, line: &'a str, number: usize) -> Result<Entry, Error> {
        let object: Object<'a> = serde_json::from_str(line).map_err(|error| self.no_json(&error))?;
        let kind = ["metric", "signoff", "funded"].into_iter().filter(|kind| object.get(kind).is_some());
        let kind = match kind.collect::<Vec<_>>()[..] {
            [kind] => kind,
            [] => {
                return Err(self.fault(
                    "this is neither a fact, a sign-off nor a payment",
                    "add `metric`, `signoff` or `funded`",
                ));
            }
            _ => return Err(self.fault("this is more than one thing", "write a line for each")),
        };
        let fields = Fields { reading: self, object: &object };
        let line = match kind {
            "metric" => Line::Fact(fields.fact()?),
            "signoff" => Line::Signoff(fields.signoff()?),
            _ => Line::Funded(fields.funded()?),
        };
        let signed = match (canonical(&object, "signature"), object.get("signature")) {
            (Ok(signed), _) => signed,
            // What nobody signed needs no form that all readers agree on: as written, it is its own.
            (Err(Uncanonical::Inexact(_)), None) => self.text[self.span.clone()].to_owned(),
            (Err(Uncanonical::Inexact(number)), Some(_)) => {
                let problem = format!("not every reader keeps the signed number `{number}` exact");
                return Err(self.fault(&problem, "put it in quotes and sign again"));
            }
            (Err(Uncanonical::Malformed(problem)), _) => {
                return Err(self.fault(&problem, "write it as JSON does, each name once in its object"));
            }
        };
        Ok(Entry { line, number, span: self.span.clone(), signed })
    }

    fn fault(&self, problem: &str, mend: &str) -> Error {
        Error::at(self.span.clone(), Problem::Shape(problem.to_owned()), mend)
    }

    fn no_json(&self, error: &serde_json::Error) -> Error {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        self.fault(&format!("this line is no JSON object: {message}"), "write one JSON object on one line")
    }

    /// The bytes of a value in the file.
    fn place(&self, value: &RawValue) -> Range<usize> {
        let from = value.get().as_ptr().addr() - self.text.as_ptr().addr();
        from..from + value.get().len()
    }
}

/// The fields of a line.
struct Fields<'r, 'a> {
    reading: &'r Reading<'a>,
    object: &'r Object<'a>,
}

impl Fields<'_, '_> {
    fn fact(&self) -> Result<Fact, Error> {
        self.no_slips(&FACT)?;
        let fact = Fact {
            metric: self.needed("metric")?,
            value: self.number("value")?,
            unit: self.needed("unit")?,
            effective_at: self.parsed_needed("effective_at")?,
            recorded_at: self.parsed_needed("recorded_at")?,
            source: self.needed("source")?,
            attributes: self.attributes()?,
            id: self.name("id")?,
            replaces: self.name("replaces")?,
            evidence_kind: self.text("evidence_kind")?,
            document_sha256: self.sha256()?,
            url: self.text("url")?,
            attestor: self.text("attestor")?,
            signature: self.text("signature")?,
        };
        if fact.effective_at > fact.recorded_at {
            return Err(self.early(fact.effective_at, fact.recorded_at));
        }
        Ok(fact)
    }

    fn signoff(&self) -> Result<Signoff, Error> {
        self.no_slips(&SIGNOFF)?;
        let decision = match self.needed("decision")?.as_str() {
            "accept" => Decision::Accept,
            "dispute" => Decision::Dispute,
            other => {
                let problem = Problem::Unknown { what: "decision", id: other.to_owned() };
                return Err(self.at("decision", problem, "write `accept` or `dispute`"));
            }
        };
        Ok(Signoff {
            tranche: self.needed("signoff")?,
            by: self.needed("by")?,
            decision,
            recorded_at: self.parsed_needed("recorded_at")?,
            id: self.name("id")?,
            contract: self.text("contract")?,
            signature: self.text("signature")?,
        })
    }

    fn funded(&self) -> Result<Funded, Error> {
        self.no_slips(&FUNDED)?;
        let funded = Funded {
            tranche: self.needed("funded")?,
            amount: self.number("amount")?,
            recorded_at: self.parsed_needed("recorded_at")?,
            effective_at: self.parsed("effective_at")?,
            id: self.name("id")?,
            unit: self.text("unit")?,
            by: self.text("by")?,
            signature: self.text("signature")?,
        };
        if funded.amount <= Decimal::ZERO {
            let problem = Problem::Range { what: "a payment", given: funded.amount.to_string() };
            return Err(self.at("amount", problem, "a payment is more than nothing"));
        }
        match funded.effective_at {
            Some(effective_at) if effective_at > funded.recorded_at => {
                Err(self.early(effective_at, funded.recorded_at))
            }
            _ => Ok(funded),
        }
    }

    /// Names that are nearly known ones; others are nobody's business here, and stay under the signature.
    fn no_slips(&self, known: &[&str]) -> Result<(), Error> {
        for (name, _) in &self.object.0 {
            if known.contains(&name.as_str()) {
                continue;
            }
            if let Some(near) = nearest(name, known.iter().copied()) {
                let problem = format!("unknown field `{name}`");
                return Err(self.reading.fault(&problem, &format!("did you mean `{near}`?")));
            }
        }
        Ok(())
    }

    fn early(&self, effective_at: Timestamp, recorded_at: Timestamp) -> Error {
        let problem = format!("it was so at {effective_at}, after it was put on record at {recorded_at}");
        let mend = "`recorded_at` is when it became known, which is not before `effective_at`";
        self.at("effective_at", Problem::Shape(problem), mend)
    }

    fn at(&self, name: &str, problem: Problem, mend: &str) -> Error {
        let place = self.object.get(name).map(|value| self.reading.place(value));
        Error::at(place.unwrap_or_else(|| self.reading.span.clone()), problem, mend)
    }

    fn text(&self, name: &str) -> Result<Option<String>, Error> {
        let Some(value) = self.object.get(name).filter(|value| value.get() != "null") else {
            return Ok(None);
        };
        match serde_json::from_str(value.get()) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(self.at(name, Problem::Shape(format!("`{name}` is no text")), "put it in quotes")),
        }
    }

    fn needed(&self, name: &str) -> Result<String, Error> {
        let missing = || self.reading.fault(&format!("missing field `{name}`"), &format!("add `{name}`"));
        self.text(name)?.ok_or_else(missing)
    }

    /// A name that lines are told apart by.
    fn name(&self, name: &str) -> Result<Option<String>, Error> {
        match self.text(name)? {
            Some(text) if text.trim().is_empty() => {
                Err(self.at(name, Problem::Shape(format!("`{name}` is empty")), "name it, or leave it out"))
            }
            other => Ok(other),
        }
    }

    fn parsed<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Option<T>, Error> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        match text.parse() {
            Ok(parsed) => Ok(Some(parsed)),
            Err(error) => Err(self.at(
                name,
                Problem::Shape(error.to_string()),
                "write it as RFC 3339 does, with its offset from UTC",
            )),
        }
    }

    fn parsed_needed<T: FromStr<Err: Display>>(&self, name: &str) -> Result<T, Error> {
        self.needed(name)?;
        let missing = || self.reading.fault(&format!("missing field `{name}`"), &format!("add `{name}`"));
        self.parsed(name)?.ok_or_else(missing)
    }

    /// A decimal in quotes, or a JSON number as it is written.
    fn number(&self, name: &str) -> Result<Decimal, Error> {
        let missing = || self.reading.fault(&format!("missing field `{name}`"), &format!("add `{name}`"));
        let value = self.object.get(name).ok_or_else(missing)?;
        let text = serde_json::from_str(value.get()).unwrap_or_else(|_| value.get().to_owned());
        text.parse().map_err(|error: units::DecimalError| {
            self.at(name, Problem::Money(error.into()), "write a decimal number of at most twelve places")
        })
    }

    fn sha256(&self) -> Result<Option<String>, Error> {
        let Some(text) = self.text("document_sha256")? else { return Ok(None) };
        let bare = text.strip_prefix("sha256:").unwrap_or(&text);
        if bare.len() == 64 && bare.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Some(bare.to_ascii_lowercase()));
        }
        let problem = Problem::Shape("`document_sha256` is no SHA-256".to_owned());
        Err(self.at("document_sha256", problem, "write its 64 hexadecimal digits"))
    }

    /// Attributes; those inside others have both names, with a point between.
    fn attributes(&self) -> Result<BTreeMap<String, String>, Error> {
        let mut found = BTreeMap::new();
        if let Some(value) = self.object.get("attributes").filter(|value| value.get() != "null") {
            self.flatten("", value, &mut found)?;
        }
        Ok(found)
    }

    fn flatten(
        &self,
        path: &str,
        value: &RawValue,
        found: &mut BTreeMap<String, String>,
    ) -> Result<(), Error> {
        let wrong =
            |problem: &str, mend: &str| Err(self.at("attributes", Problem::Shape(problem.to_owned()), mend));
        let text = value.get();
        match text.as_bytes().first() {
            Some(b'{') if path.matches('.').count() >= 8 => {
                wrong("attributes lie too deep", "name them with points")
            }
            Some(b'{') => {
                let Ok(object) = serde_json::from_str::<Object<'_>>(text) else {
                    return wrong("an attribute stands twice", "keep one");
                };
                for (name, value) in &object.0 {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    self.flatten(&path, value, found)?;
                }
                Ok(())
            }
            _ if path.is_empty() => wrong("`attributes` is no object", "write `{\"name\": \"value\"}`"),
            Some(b'[') => wrong("an attribute is a list", "give it one value"),
            Some(b'n') => Ok(()),
            _ => {
                let word = serde_json::from_str(text).unwrap_or_else(|_| text.to_owned());
                match found.insert(path.to_owned(), word) {
                    None => Ok(()),
                    Some(_) => wrong("an attribute stands twice", "keep one"),
                }
            }
        }
    }
}
