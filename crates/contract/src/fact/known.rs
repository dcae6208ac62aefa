//! Facts that have met their deal: metrics and tranches are its own, units fit, signatures hold.
//!
//! What cannot be true is refused, with its line: a forged signature, a wrong unit, a name that leads nowhere. What
//! is only not proved (an attested metric that nobody signed, a public one without its document) is kept, does
//! not count, and says why.

use super::read::{Entry, read};
use super::{Fact, Funded, LIST_SPEND, Line, Signoff};
use crate::canonical::bare_hash;
use crate::check::{bytes, key};
use crate::deal::{Deal, MetricKind, MetricSource};
use crate::decimal::Decimal;
use crate::error::{Error, Problem, nearest};
use crate::ratio::Ratio;
use crate::versions::Versions;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use std::collections::{BTreeMap, BTreeSet};
use units::Timestamp;

/// Metrics of the deal's own state that any deal's facts may speak of, and what each is a number of.
const STATES: [(&str, MetricKind); 10] = [
    ("in_default", MetricKind::Bool),
    ("sanctions", MetricKind::Bool),
    ("force_majeure", MetricKind::Bool),
    ("export_control", MetricKind::Bool),
    ("change_of_control", MetricKind::Bool),
    ("payment_default", MetricKind::Duration),
    ("residency_breach", MetricKind::Duration),
    ("portability_tested_share", MetricKind::Ratio),
    ("silicon_share", MetricKind::Ratio),
    ("provider_share", MetricKind::Ratio),
];

/// A deal's facts, in the order they were put on record; at one moment, in an order of their own.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    lines: Vec<Known>,
    files: Vec<String>,
    /// Places of the facts that have a name, by it.
    names: BTreeMap<String, usize>,
}

/// One line, checked.
#[derive(Debug, Clone)]
pub struct Known {
    /// What it says and where it stands.
    pub entry: Entry,
    /// Which of the files it stands in.
    pub file: usize,
    /// A fact's value in the unit of its metric's kind: whole currency units, gigawatts, shares of one.
    pub value: Decimal,
    /// Why it does not count, when it does not.
    pub ignored: Option<&'static str>,
}

impl Known {
    /// The fact, when it is one that counts.
    pub(crate) fn fact(&self) -> Option<&Fact> {
        match &self.entry.line {
            Line::Fact(fact) if self.ignored.is_none() => Some(fact),
            _ => None,
        }
    }
}

/// What is wrong with a file of facts: which file, and what.
pub type Faults = Vec<(usize, Error)>;

impl Facts {
    /// Reads files of facts about a deal, each with its name and text.
    ///
    /// # Errors
    /// All lines that cannot be used. Nothing is kept then.
    pub fn read(deal: &Versions, files: &[(&str, &str)]) -> Result<Self, Faults> {
        let (mut lines, mut faults) = (Vec::new(), Vec::new());
        for (file, (_, text)) in files.iter().enumerate() {
            match read(text) {
                Ok(entries) => lines.extend(entries.into_iter().map(|entry| (file, entry))),
                Err(wrong) => faults.extend(wrong.into_iter().map(|error| (file, error))),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut known = Vec::new();
        for (file, entry) in lines {
            let text = files.get(file).map_or("", |(_, text)| *text);
            match (Bench { deal, text, entry: &entry }).judged() {
                Ok((value, ignored)) => known.push(Known { entry, file, value, ignored }),
                Err(error) => faults.push((file, error)),
            }
        }
        let files = files.iter().map(|(name, _)| (*name).to_owned()).collect();
        let mut facts = Self { lines: known, files, names: BTreeMap::new() };
        facts.lines.sort_by(|one, other| one.entry.order().cmp(&other.entry.order()));
        faults.extend(facts.once_each());
        facts.names = facts.named();
        faults.extend(facts.corrections());
        faults.extend(facts.payments(deal));
        if faults.is_empty() { Ok(facts) } else { Err(faults) }
    }

    /// Every line, in the order they were put on record.
    pub fn lines(&self) -> &[Known] {
        &self.lines
    }

    /// The name of a file of facts, and nothing when there is only one.
    pub fn file(&self, file: usize) -> Option<&str> {
        if self.files.len() > 1 { self.files.get(file).map(String::as_str) } else { None }
    }

    /// Drops the second of two lines of one name that say the same; other seconds are faults.
    fn once_each(&mut self) -> Faults {
        let mut first: BTreeMap<&str, usize> = BTreeMap::new();
        let (mut faults, mut dropped) = (Vec::new(), BTreeSet::new());
        for (place, known) in self.lines.iter().enumerate() {
            let Some(id) = known.entry.line.id() else { continue };
            let Some(before) = first.get(id).copied() else {
                first.insert(id, place);
                continue;
            };
            if self.lines[before].entry.line.unsigned() == known.entry.line.unsigned() {
                // Of a signed and an unsigned one, the one that counts is kept.
                let better = self.lines[before].ignored.is_some() && known.ignored.is_none();
                dropped.insert(if better { before } else { place });
                first.insert(id, if better { place } else { before });
                continue;
            }
            let place = |known: &Known| (known.file, known.entry.number);
            let first = &self.lines[before];
            let second = if place(first) < place(known) { known } else { first };
            let problem = Problem::Duplicate { what: "line", id: id.to_owned() };
            let mend =
                "one `id` says one thing; a correction has its own, and names the old one in `replaces`";
            faults.push((second.file, Error::at(second.entry.span.clone(), problem, mend)));
        }
        let mut place = 0;
        self.lines.retain(|_| {
            place += 1;
            !dropped.contains(&(place - 1))
        });
        faults
    }

    /// What `replaces` names is a fact of the same metric, put on record before, and corrected once.
    fn corrections(&self) -> Faults {
        let names = &self.names;
        let circular = circles(&self.lines, names);
        let (mut faults, mut corrected) = (Vec::new(), BTreeMap::new());
        for (place, known) in self.lines.iter().enumerate() {
            let Line::Fact(fact) = &known.entry.line else { continue };
            let Some(old) = &fact.replaces else { continue };
            let mut fault = |problem: Problem, mend: &str| {
                faults.push((known.file, Error::at(known.entry.span.clone(), problem, mend)));
            };
            match names.get(old.as_str()).copied() {
                None => fault(
                    Problem::Unknown { what: "fact", id: old.clone() },
                    "`replaces` names the `id` of a fact",
                ),
                Some(at) if circular[place] || self.lines[at].entry.line.recorded_at() > fact.recorded_at => {
                    let what = format!("it replaces `{old}`, which was put on record no earlier");
                    fault(Problem::Shape(what), "a correction is put on record after what it corrects");
                }
                Some(at) if !same_metric(&self.lines[at], fact) => {
                    let what = format!("it replaces `{old}`, which is of another metric");
                    fault(Problem::Shape(what), "a correction is of the same metric");
                }
                Some(_) if known.ignored.is_some() => {}
                Some(at) => {
                    if corrected.insert(at, place).is_some() {
                        let what = format!("there is a second correction of `{old}`");
                        fault(Problem::Shape(what), "name the last correction in `replaces`");
                    }
                }
            }
        }
        faults
    }

    fn named(&self) -> BTreeMap<String, usize> {
        let named = self.lines.iter().enumerate().filter_map(|(place, known)| match &known.entry.line {
            Line::Fact(fact) => Some((fact.id.clone()?, place)),
            _ => None,
        });
        named.collect()
    }

    /// The place of the fact of that name.
    pub(crate) fn place_of(&self, id: &str) -> Option<usize> {
        self.names.get(id).copied()
    }

    /// A tranche is not paid more than it is.
    fn payments(&self, deal: &Versions) -> Faults {
        let (mut faults, mut paid) = (Vec::new(), BTreeMap::new());
        for known in &self.lines {
            let Line::Funded(funded) = &known.entry.line else { continue };
            let version = deal.known_at(funded.recorded_at);
            let tranche = version.tranches.iter().find(|tranche| *tranche.id.get_ref() == funded.tranche);
            let Some(most) = tranche.map(|tranche| *tranche.amount.get_ref()) else { continue };
            let sum = paid.entry(&funded.tranche).or_insert(Ratio::ZERO);
            *sum = *sum + funded.amount.ratio();
            if *sum > most.ratio() {
                let problem = Problem::Exceeds {
                    parts: "its payments",
                    sum: sum.to_decimal(12, 0).unwrap_or_default(),
                    whole: most.to_string(),
                };
                let mend = format!("`{}` is {} {}", funded.tranche, most, version.currency);
                faults.push((known.file, Error::at(known.entry.span.clone(), problem, mend)));
            }
        }
        faults
    }
}

/// By line, whether its corrections lead back to it.
fn circles(lines: &[Known], names: &BTreeMap<String, usize>) -> Vec<bool> {
    let old = |place: usize| match &lines[place].entry.line {
        Line::Fact(fact) => fact.replaces.as_deref().and_then(|id| names.get(id).copied()),
        _ => None,
    };
    let (mut circular, mut walked) = (vec![false; lines.len()], vec![false; lines.len()]);
    for start in 0..lines.len() {
        let (mut path, mut at) = (Vec::new(), Some(start));
        while let Some(place) = at.filter(|place| !walked[*place]) {
            walked[place] = true;
            path.push(place);
            at = old(place);
        }
        // It ends where nothing is corrected, in what was walked before, or in itself.
        if let Some(turn) = at.and_then(|at| path.iter().position(|place| *place == at)) {
            path[turn..].iter().for_each(|place| circular[*place] = true);
        }
    }
    circular
}

fn same_metric(known: &Known, fact: &Fact) -> bool {
    matches!(&known.entry.line, Line::Fact(old) if old.metric == fact.metric)
}

impl Entry {
    /// Lines by when they were put on record; at one moment by what they say, so that the order in a file does
    /// not matter.
    fn order(&self) -> (Timestamp, &str) {
        (self.line.recorded_at(), &self.signed)
    }
}

impl Line {
    /// The same without its signature.
    fn unsigned(&self) -> Self {
        let mut bare = self.clone();
        match &mut bare {
            Self::Fact(fact) => fact.signature = None,
            Self::Signoff(signoff) => signoff.signature = None,
            Self::Funded(funded) => funded.signature = None,
        }
        bare
    }
}

/// A line's value in its metric's unit, and why it does not count, when it does not.
type Judged = Result<(Decimal, Option<&'static str>), Error>;

/// One line and the deal it is held against.
struct Bench<'a> {
    deal: &'a Versions,
    text: &'a str,
    entry: &'a Entry,
}

impl Bench<'_> {
    fn judged(&self) -> Judged {
        match &self.entry.line {
            Line::Fact(fact) => self.fact(fact),
            Line::Signoff(signoff) => self.signoff(signoff),
            Line::Funded(funded) => self.funded(funded),
        }
    }

    /// The version of the deal known when the line was put on record.
    fn version(&self) -> &Deal {
        self.deal.known_at(self.entry.line.recorded_at())
    }

    fn fact(&self, fact: &Fact) -> Judged {
        let state = STATES.iter().find(|(name, _)| *name == fact.metric).map(|(_, kind)| *kind);
        let built_in = if fact.metric == LIST_SPEND { Some(MetricKind::Money) } else { state };
        // A metric that a later version declares may be put on record before that is signed.
        let declared = [self.version()].into_iter().chain(self.deal.all().rev());
        let metric = declared.filter_map(|deal| deal.metrics.get(&fact.metric)).next();
        let Some(kind) = metric.map(|metric| metric.kind).or(built_in) else {
            return Err(self.unknown_metric(fact));
        };
        let value = self.in_unit(fact, kind)?;
        let attestor = metric.and_then(|metric| metric.attestor.as_deref());
        let signed = match (&fact.signature, fact.attestor.as_deref().or(attestor)) {
            (None, _) => false,
            (Some(_), None) => {
                return Err(self.fault(
                    "signature",
                    "nobody is named who signed it",
                    "name them in `attestor`",
                ));
            }
            (Some(_), Some(by)) if attestor.is_some_and(|attestor| attestor != by) => {
                let mend = format!("`{}` is attested by `{}`", fact.metric, attestor.unwrap_or_default());
                return Err(self.fault("signature", &format!("it is signed by `{by}`"), &mend));
            }
            (Some(signature), Some(by)) => {
                self.verify(by, signature)?;
                true
            }
        };
        let cited = fact.url.is_some() && fact.document_sha256.is_some();
        let ignored = match metric.map(|metric| metric.source) {
            Some(MetricSource::Attested) if !signed => Some("it is not signed by the metric's attestor"),
            Some(MetricSource::Public) if !cited => Some("it cites no document: `url` and `document_sha256`"),
            _ => None,
        };
        Ok((value, ignored))
    }

    fn signoff(&self, signoff: &Signoff) -> Judged {
        self.tranche("signoff", &signoff.tranche)?;
        let signs = |hash: &str| self.deal.all().any(|deal| deal.hash == bare_hash(hash));
        if let Some(hash) = signoff.contract.as_ref().filter(|hash| !signs(hash)) {
            let problem = Problem::Unknown { what: "version with the hash", id: hash.clone() };
            return Err(self.at("contract", problem, "it signs another contract than this"));
        }
        let ignored = match &signoff.signature {
            Some(signature) => {
                self.verify(&signoff.by, signature)?;
                None
            }
            None => Some("it is not signed"),
        };
        Ok((Decimal::ZERO, ignored))
    }

    fn funded(&self, funded: &Funded) -> Judged {
        self.tranche("funded", &funded.tranche)?;
        let currency = self.version().currency;
        if let Some(unit) = funded.unit.as_ref().filter(|unit| unit.as_str() != currency.as_str()) {
            return Err(self.fault(
                "unit",
                &format!("it is in `{unit}`"),
                &format!("the deal is in {currency}"),
            ));
        }
        match (&funded.signature, &funded.by) {
            (Some(signature), Some(by)) => self.verify(by, signature)?,
            (Some(_), None) => {
                return Err(self.fault("signature", "nobody is named who signed it", "name them in `by`"));
            }
            (None, _) => {}
        }
        Ok((funded.amount, None))
    }

    fn tranche(&self, field: &str, id: &str) -> Result<(), Error> {
        let names =
            || self.deal.all().flat_map(|deal| &deal.tranches).map(|tranche| tranche.id.get_ref().as_str());
        if names().any(|name| name == id) {
            return Ok(());
        }
        let mend = match nearest(id, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "name a `[[tranche]]` of the deal file".to_owned(),
        };
        Err(self.at(field, Problem::Unknown { what: "tranche", id: id.to_owned() }, &mend))
    }

    fn unknown_metric(&self, fact: &Fact) -> Error {
        let declared = self.deal.all().flat_map(|deal| deal.metrics.keys()).map(String::as_str);
        let names = declared.chain(STATES.iter().map(|(name, _)| *name)).chain([LIST_SPEND]);
        let mend = match nearest(&fact.metric, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("declare it in the deal file: `[metric.{}]`", fact.metric),
        };
        self.at("metric", Problem::Unknown { what: "metric", id: fact.metric.clone() }, &mend)
    }

    /// Whether `by` signed this line, with the key the deal has for them.
    fn verify(&self, by: &str, signature: &str) -> Result<(), Error> {
        let deal = self.version();
        let Some(written) = deal.signoff.as_ref().and_then(|clause| clause.keys.get(by)) else {
            let mend = format!("the deal file has no key of `{by}` in `[signoff] keys`");
            return Err(self.fault("signature", &format!("`{by}` is nobody whose signature counts"), &mend));
        };
        let Some(key) = key(written.get_ref()) else {
            let mend = format!("put the key of `{by}` into the deal file's `[signoff] keys`");
            return Err(self.fault(
                "signature",
                &format!("the key of `{by}` is still to be filled in"),
                &mend,
            ));
        };
        let signed = self.entry.signed.as_bytes();
        let holds = bytes(signature).is_some_and(|signature| {
            UnparsedPublicKey::new(&ED25519, key).verify(signed, &signature).is_ok()
        });
        if holds {
            return Ok(());
        }
        let mend = "sign the line's RFC 8785 form without `signature`, with Ed25519, in base64";
        Err(self.fault("signature", &format!("this is not the signature of `{by}` over this line"), mend))
    }

    /// The value in whole currency units, gigawatts, shares of one, or as it is.
    fn in_unit(&self, fact: &Fact, kind: MetricKind) -> Result<Decimal, Error> {
        let unit = fact.unit.as_str();
        let currency = self.version().currency;
        let scale = match kind {
            MetricKind::Money | MetricKind::Price => (unit == currency.as_str()).then_some(1),
            MetricKind::PowerGw => match unit {
                "GW" | "gw" => Some(1),
                "MW" => Some(1_000),
                "kW" => Some(1_000_000),
                _ => None,
            },
            MetricKind::Ratio => match unit {
                "" | "1" | "ratio" | "share" | "score" | "fraction" => Some(1),
                "%" | "percent" => Some(100),
                _ => None,
            },
            MetricKind::Bool => matches!(unit, "" | "1" | "bool").then_some(1),
            MetricKind::Duration => matches!(unit, "day" | "days").then_some(1),
            MetricKind::Count => {
                let other = ["GW", "MW", "kW", "%", "percent", "ratio", "day", "days"];
                (!other.contains(&unit) && !is_currency(unit, currency.as_str())).then_some(1)
            }
        };
        let Some(scale) = scale else {
            let expected = match kind {
                MetricKind::Money | MetricKind::Price => format!("the deal is in {currency}"),
                MetricKind::PowerGw => "write power in `GW` or `MW`".to_owned(),
                MetricKind::Ratio => "write a share as `ratio` or `%`".to_owned(),
                MetricKind::Bool => "write yes and no as 1 and 0 of `bool`".to_owned(),
                MetricKind::Duration => "write lengths of time in `days`".to_owned(),
                MetricKind::Count => "write what is counted, such as `chips`".to_owned(),
            };
            return Err(self.fault(
                "unit",
                &format!("`{}` is not measured in `{unit}`", fact.metric),
                &expected,
            ));
        };
        (fact.value.ratio() / Ratio::whole(scale))
            .exact()
            .ok_or_else(|| self.fault("value", "it has more than twelve places", "round it to twelve places"))
    }

    fn fault(&self, field: &str, problem: &str, mend: &str) -> Error {
        self.at(field, Problem::Shape(problem.to_owned()), mend)
    }

    /// A fault at a field of this line, where it can be told; otherwise at the line.
    fn at(&self, field: &str, problem: Problem, mend: &str) -> Error {
        let span = self.entry.field(self.text, field).unwrap_or_else(|| self.entry.span.clone());
        Error::at(span, problem, mend)
    }
}

fn is_currency(unit: &str, own: &str) -> bool {
    unit == own
        || ["USD", "EUR", "GBP", "JPY", "CHF", "CNY", "INR", "AUD", "CAD", "KRW", "SGD"].contains(&unit)
}
