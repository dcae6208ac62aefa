//! Why a condition is true, false or unknown: the tree of its parts, each with its value and what it read.

use crate::predicate::kind::Kind;
use crate::predicate::kleene::Kleene;
use crate::ratio::Ratio;
use std::fmt;
use units::Timestamp;

/// One part of an expression, evaluated.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    /// The part, as written.
    pub text: String,
    /// The moment it is evaluated at.
    pub at: Timestamp,
    /// What it comes to.
    pub value: Value,
    /// Facts it read itself, not by way of its parts.
    pub reads: Vec<Read>,
    /// What it would have read, had it been known.
    pub missing: Vec<Missing>,
    /// Its parts, in the order written; constants are none. Of a `for`, the moment that decides it.
    pub parts: Vec<Proof>,
}

/// What a part comes to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// True, false or unknown.
    Truth(Kleene<bool>),
    /// A number of a kind, in the units that [`Kind`] says; nothing when unknown.
    Amount(Option<Ratio>, Kind),
}

/// Facts of a metric that were read: all those effective from `from` to `to`, both included.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Read {
    /// The metric.
    pub metric: String,
    /// The first moment.
    pub from: Timestamp,
    /// The last moment; the same for a single observation.
    pub to: Timestamp,
}

/// What is not known: a metric over a time, or a state of the deal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The metric or the state, as written.
    pub what: String,
    /// Since when it is looked for; nothing when at any time before `to`.
    pub from: Option<Timestamp>,
    /// Until when.
    pub to: Timestamp,
}

impl Value {
    const fn is_known(self) -> bool {
        match self {
            Self::Truth(truth) => truth.known().is_some(),
            Self::Amount(amount, _) => amount.is_some(),
        }
    }
}

impl Proof {
    /// Everything read in it, each once, in order.
    pub fn all_reads(&self) -> Vec<Read> {
        let mut all = Vec::new();
        self.visit(&mut |part| all.extend(part.reads.iter().cloned()));
        all.sort();
        all.dedup();
        all
    }

    /// What it waits for: what is missing in parts that are unknown themselves, each once.
    pub fn waits_for(&self) -> Vec<&Missing> {
        let mut all: Vec<&Missing> = Vec::new();
        self.collect_missing(&mut all);
        all
    }

    fn collect_missing<'a>(&'a self, all: &mut Vec<&'a Missing>) {
        if self.value.is_known() {
            return;
        }
        for missing in &self.missing {
            if !all.iter().any(|known| known.what == missing.what) {
                all.push(missing);
            }
        }
        self.parts.iter().for_each(|part| part.collect_missing(all));
    }

    fn visit(&self, each: &mut impl FnMut(&Self)) {
        each(self);
        self.parts.iter().for_each(|part| part.visit(each));
    }

    /// In words, a line a part, deeper parts further in.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        self.write_lines(0, self.at, &mut lines);
        lines
    }

    fn write_lines(&self, depth: usize, at: Timestamp, lines: &mut Vec<String>) {
        let when = if self.at == at { String::new() } else { format!("at {}: ", day(self.at)) };
        let each: Vec<String> = self.reads.iter().map(|read| read.beside(&self.text)).collect();
        let read = if each.is_empty() { String::new() } else { format!(" ({})", each.join("; ")) };
        lines.push(format!("{}{when}{}{read}", "  ".repeat(depth), self.head()));
        self.parts.iter().for_each(|part| part.write_lines(depth + 1, self.at, lines));
    }

    fn head(&self) -> String {
        match self.value {
            Value::Truth(truth) => match truth.known() {
                Some(true) => format!("true: {}", self.text),
                Some(false) => format!("false: {}", self.text),
                None => format!("undecided{}: {}", self.waiting(), self.text),
            },
            Value::Amount(Some(amount), kind) => format!("{} is {}", self.text, written(amount, kind)),
            // Nothing is missing where a division by zero, or 128 bits, left none.
            Value::Amount(None, _) if self.waits_for().is_empty() => {
                format!("{} comes to no number", self.text)
            }
            Value::Amount(None, _) => format!("{} is not known{}", self.text, self.waiting()),
        }
    }

    fn waiting(&self) -> String {
        let names: Vec<String> = self.waits_for().into_iter().map(ToString::to_string).collect();
        match names.as_slice() {
            [] => String::new(),
            [one] if *one == self.text => String::new(),
            [one] => format!(", waiting for {one}"),
            [most @ .., last] => format!(", waiting for {} and {last}", most.join(", ")),
        }
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.lines().join("\n"))
    }
}

impl Read {
    /// In words, beside a text that may name the metric itself.
    fn beside(&self, text: &str) -> String {
        let name = if text.contains(&self.metric) { String::new() } else { format!("{} ", self.metric) };
        match (day(self.from), day(self.to)) {
            (from, to) if from == to => format!("{name}of {from}"),
            (from, to) => format!("{name}from {from} to {to}"),
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.from {
            None => out.write_str(&self.what),
            Some(from) if from.date() == self.to.date() => write!(out, "{} at {}", self.what, day(from)),
            Some(from) => write!(out, "{} from {} to {}", self.what, day(from), day(self.to)),
        }
    }
}

/// A moment, as a day when it begins one.
fn day(at: Timestamp) -> String {
    let (whole, date) = (at.to_string(), at.date());
    if whole.ends_with("T00:00:00.000000Z") { date } else { whole.replace(".000000Z", "Z") }
}

/// A number with its unit, exact to twelve places.
fn written(amount: Ratio, kind: Kind) -> String {
    let Some(number) = amount.to_decimal(12, 0) else { return "too large to compute".to_owned() };
    match kind {
        Kind::Power => format!("{number} GW"),
        Kind::Duration => format!("{number} days"),
        _ => number,
    }
}
