//! Checking a bundle with nothing but itself, and the public key of whoever should have sealed it.

use crate::bundle::{BatchLine, Header, Line, RecordLine, SCHEMA, Seal, call, hash, hex, parse};
use crate::{Error, PublicKey};
use journal::{Frame, Seq};
use ledger::TransferId;
use ledger::merkle::{self, Hash, Tree, verify_inclusion};
use settlement::{batch_id, batch_leaf, record_leaf};
use std::collections::{BTreeSet, HashMap};
use std::io::BufRead;
use store::Batch;
use units::{Money, Timestamp};

/// Lines are no longer than this, however many leaves a batch has.
const LINE_BYTES_MAX: u64 = 1 << 30;

/// What a sound bundle holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What it is about.
    pub header: Header,
    /// Who sealed it.
    pub key: PublicKey,
    /// The root over its lines, in hexadecimal.
    pub root: String,
    /// Calls.
    pub records: u64,
    /// Attempts of theirs that are in the books.
    pub booked: u64,
    /// Batches that the books hold them in.
    pub batches: u64,
    /// Those of which every call is here.
    pub whole_batches: u64,
    /// Attempts that ran elsewhere than was claimed.
    pub mismatches: u64,
    /// Attempts of which the vendor told the place.
    pub observed: u64,
    /// Versions of configurations that calls name and the bundle does not hold.
    pub unknown_configurations: BTreeSet<String>,
    /// Versions of catalogues, likewise.
    pub unknown_catalogues: BTreeSet<String>,
}

/// Checks a bundle: every line is what was sealed; every call is what its frames say, and stands in the books where the
/// bundle says; no batch that falls into the period misses a call; the seal is good, and by `key` where one is given.
///
/// # Errors
/// What is wrong first, and in which line.
pub fn verify(bundle: &mut dyn BufRead, key: Option<PublicKey>) -> Result<Report, Error> {
    let mut checker = Checker::default();
    let (mut text, mut number) = (Vec::new(), 0_u64);
    loop {
        text.clear();
        let mut limited = std::io::Read::take(&mut *bundle, LINE_BYTES_MAX);
        if limited.read_until(b'\n', &mut text)? == 0 {
            break;
        }
        number += 1;
        checker.line(&text).map_err(|what| Error::Broken { line: number, what })?;
    }
    checker.end(key).map_err(|what| Error::Broken { line: number.max(1), what })
}

/// A batch and what of it was met.
struct Checked {
    batch: Batch,
    leaves: Vec<Hash>,
    claimed: Vec<bool>,
    amount: Money,
}

#[derive(Default)]
struct Checker {
    tree: Tree,
    header: Option<Header>,
    period: Option<(Timestamp, Timestamp)>,
    configurations: BTreeSet<String>,
    catalogues: BTreeSet<String>,
    batches: HashMap<TransferId, Checked>,
    /// The last call's last frame, and whether it was one under way.
    last: (bool, Seq),
    seal: Option<(Seal, String)>,
    records: u64,
    booked: u64,
    mismatches: u64,
    observed: u64,
    unknown_configurations: BTreeSet<String>,
    unknown_catalogues: BTreeSet<String>,
}

impl Checker {
    fn line(&mut self, text: &[u8]) -> Result<(), String> {
        if self.seal.is_some() {
            return Err("stands after the seal".to_owned());
        }
        let text = text.strip_suffix(b"\n").ok_or("is cut off")?;
        let line: Line =
            serde_json::from_slice(text).map_err(|error| format!("is no line of evidence: {error}"))?;
        if self.header.is_none() && !matches!(line, Line::Header(_)) {
            return Err("is no header, which stands first".to_owned());
        }
        let root = hex(&self.tree.root());
        self.tree.push(merkle::leaf(&[text]));
        match line {
            Line::Header(header) => self.header(header),
            Line::Catalogue(document) => {
                self.catalogues.insert(document.version);
                Ok(())
            }
            Line::Configuration(document) => {
                self.configurations.insert(document.version);
                Ok(())
            }
            Line::Batch(batch) => self.batch(*batch),
            Line::Record(record) => self.record(&record),
            Line::Seal(seal) => {
                let before = self.tree.size() - 1;
                if seal.lines != before {
                    return Err(format!("seals {} lines, and {before} stand before it", seal.lines));
                }
                self.seal = Some((seal, root));
                Ok(())
            }
        }
    }

    fn header(&mut self, header: Header) -> Result<(), String> {
        if self.header.is_some() {
            return Err("is a second header".to_owned());
        }
        if header.schema != SCHEMA {
            return Err(format!("is of the format `{}`; this program reads `{SCHEMA}`", header.schema));
        }
        self.period = Some((parse(&header.from)?, parse(&header.to)?));
        self.header = Some(header);
        Ok(())
    }

    fn batch(&mut self, line: BatchLine) -> Result<(), String> {
        let (batch, leaves, path) = line.read()?;
        if batch_id(&batch.key, batch.first, batch.last) != batch.id {
            return Err(format!("batch {} has another name than its content gives it", batch.id));
        }
        if merkle::root(&leaves) != batch.root {
            return Err(format!("batch {} has another root than its leaves give it", batch.id));
        }
        let header = self.header.as_ref().ok_or("there is no header")?;
        let (size, root) = (header.books_batches, hash(&header.books_root)?);
        if !verify_inclusion(&batch_leaf(&batch), batch.leaf, size, &path, &root) {
            return Err(format!("batch {} is not in the books whose root the header gives", batch.id));
        }
        let claimed = vec![false; leaves.len()];
        let amount = Money::zero(batch.key.currency);
        let id = batch.id;
        match self.batches.insert(id, Checked { batch, leaves, claimed, amount }) {
            None => Ok(()),
            Some(_) => Err(format!("batch {id} stands here twice")),
        }
    }

    fn record(&mut self, line: &RecordLine) -> Result<(), String> {
        let frames = line.frames.iter().map(|frame| Ok((frame.number, frame.bytes()?)));
        let frames: Vec<(Seq, Vec<u8>)> = frames.collect::<Result<_, String>>()?;
        let (first, rest) = frames.split_first().ok_or("a call without frames")?;
        let opened = Frame::read_opened(&first.1).ok_or("the call's first frame is none")?;
        let closed = match rest {
            [] => None,
            [(_, payload)] => Some(Frame::read_closed(payload).ok_or("the call's last frame is none")?),
            _ => return Err("a call has two frames at most".to_owned()),
        };
        if closed.as_ref().is_some_and(|closed| closed.opened != first.0) {
            return Err("the call's frames belong to two calls".to_owned());
        }
        if call(&opened, closed.as_ref()) != line.call {
            return Err(format!("call {} is not what its frames say", opened.request));
        }
        let (from, to) = self.period.ok_or("there is no header")?;
        if !(from <= opened.at && opened.at < to) {
            return Err(format!("call {} is not of the period", opened.request));
        }
        let place = (closed.is_none(), rest.first().map_or(first.0, |(number, _)| *number));
        if place <= self.last {
            return Err(format!("call {} is not in its place", opened.request));
        }
        self.last = place;
        self.note(&opened.snapshot, &opened.catalogue);
        for attempt in closed.iter().flat_map(|closed| &closed.attempts) {
            self.observed += u64::from(!attempt.observed.is_empty());
            self.mismatches += u64::from(geography::is_elsewhere(&attempt.claimed, &attempt.observed));
        }
        for told in &line.observed {
            let of = |attempt: &&journal::Attempt| *attempt.vendor_request == *told.vendor_request;
            let attempt = closed.iter().flat_map(|closed| &closed.attempts).find(of);
            let attempt = attempt.ok_or_else(|| {
                format!("call {} has no exchange `{}`", opened.request, told.vendor_request)
            })?;
            self.observed += 1;
            self.mismatches += u64::from(geography::is_elsewhere(&attempt.claimed, &told.place));
        }
        self.records += 1;
        self.claims(line, &frames).map_err(|what| format!("call {}: {what}", opened.request))
    }

    fn note(&mut self, configuration: &u64, catalogue: &str) {
        let configuration = format!("{configuration:016x}");
        if !self.configurations.contains(&configuration) {
            self.unknown_configurations.insert(configuration);
        }
        if !catalogue.is_empty() && !self.catalogues.contains(catalogue) {
            self.unknown_catalogues.insert(catalogue.to_owned());
        }
    }

    /// Holds what a call says of the books against the batches.
    fn claims(&mut self, line: &RecordLine, frames: &[(Seq, Vec<u8>)]) -> Result<(), String> {
        for booked in &line.books {
            let [opened, closed] = frames else { return Err("is in the books before it ended".to_owned()) };
            let id = parse(&booked.batch)?;
            let checked = self.batches.get_mut(&id).ok_or_else(|| format!("there is no batch {id}"))?;
            let leaf = record_leaf([opened.0, closed.0], [&opened.1, &closed.1], booked.attempt);
            if checked.leaves.get(booked.leaf) != Some(&leaf) {
                return Err(format!("is not leaf {} of batch {id}", booked.leaf));
            }
            match checked.claimed.get_mut(booked.leaf) {
                Some(claimed) if !*claimed => *claimed = true,
                _ => return Err(format!("leaf {} of batch {id} was met before", booked.leaf)),
            }
            let charge = Money::parse(&booked.charge, parse(&booked.currency)?);
            let sum = charge.and_then(|charge| checked.amount.checked_add(charge));
            checked.amount = sum.map_err(|error| error.to_string())?;
            self.booked += 1;
        }
        Ok(())
    }

    fn end(self, key: Option<PublicKey>) -> Result<Report, String> {
        let header = self.header.ok_or("there is no header")?;
        let (seal, root) = self.seal.ok_or("there is no seal: the bundle is cut off")?;
        if seal.root != root {
            return Err(
                "the seal is for other lines: something was changed, added, left out or moved".to_owned()
            );
        }
        let signer: PublicKey = seal.key.parse().map_err(|error: Error| error.to_string())?;
        if !signer.has_signed(&seal.text(), &seal.signature) {
            return Err("the seal's signature is forged".to_owned());
        }
        if key.is_some_and(|key| key != signer) {
            return Err(format!("it was sealed by another key: {signer}"));
        }
        let (from, to) = self.period.ok_or("there is no header")?;
        let mut whole_batches = 0;
        for checked in self.batches.values() {
            whole_batches += u64::from(is_whole(checked, from, to)?);
        }
        Ok(Report {
            header,
            key: signer,
            root,
            records: self.records,
            booked: self.booked,
            batches: u64::try_from(self.batches.len()).unwrap_or(u64::MAX),
            whole_batches,
            mismatches: self.mismatches,
            observed: self.observed,
            unknown_configurations: self.unknown_configurations,
            unknown_catalogues: self.unknown_catalogues,
        })
    }
}

/// Whether all of a batch is here; of one that falls into the period, it has to be.
fn is_whole(checked: &Checked, from: Timestamp, to: Timestamp) -> Result<bool, String> {
    let Batch { id, event_first, event_last, totals, .. } = &checked.batch;
    let missing = checked.claimed.iter().filter(|claimed| !**claimed).count();
    let within = from <= *event_first && *event_last < to;
    if within && missing > 0 {
        return Err(format!("{missing} calls of batch {id} are left out"));
    }
    if missing == 0 && checked.amount != totals.amount {
        return Err(format!("the charges of batch {id} come to {}, not {}", checked.amount, totals.amount));
    }
    Ok(missing == 0)
}
