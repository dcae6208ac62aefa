//! Writing a bundle.

use crate::bundle::{
    BatchLine, BookLine, Document, FrameLine, Header, Line, RecordLine, SCHEMA, Seal, call, hex,
};
use crate::{Error, Observation, SigningKey};
use journal::Frame;
use ledger::merkle::{self, Hash, Tree};
use serde_json::Value;
use settlement::{Call, Proofs, calls, proofs};
use std::io::Write;
use std::path::Path;
use units::Timestamp;

/// What a bundle is made of beside the records.
#[expect(missing_debug_implementations, reason = "functions have no content to show")]
pub struct Context<'a> {
    /// Calls admitted at or after this.
    pub from: Timestamp,
    /// And before this.
    pub to: Timestamp,
    /// Now.
    pub made_at: Timestamp,
    /// What writes it.
    pub software: &'a str,
    /// Who seals it.
    pub key: &'a SigningKey,
    /// Gives a catalogue by its version, where it was kept.
    pub catalogue: &'a dyn Fn(&str) -> Option<Value>,
    /// Gives what was kept of a configuration by its version.
    pub configuration: &'a dyn Fn(&str) -> Option<Value>,
    /// Gives what an audit trail told of an exchange, by the vendor's id of it.
    pub observation: &'a dyn Fn(&str) -> Option<Observation>,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Calls.
    pub records: u64,
    /// Batches of the books.
    pub batches: u64,
    /// The root over all batches of the books.
    pub books_root: Hash,
}

/// Writes the bundle of the data directory `data` to `to`, and calls `progress` with the number of calls written so far.
///
/// # Errors
/// When the records are damaged, or the bundle cannot be written.
pub fn write(
    data: &Path,
    context: &Context<'_>,
    to: &mut dyn Write,
    progress: &mut dyn FnMut(u64),
) -> Result<Written, Error> {
    let proofs = proofs(data, context.from, context.to)?;
    let mut lines = Lines { to, tree: Tree::default() };
    lines.put(&Line::Header(Header {
        schema: SCHEMA.to_owned(),
        software: context.software.to_owned(),
        made_at: context.made_at.to_string(),
        from: context.from.to_string(),
        to: context.to.to_string(),
        books_batches: proofs.size,
        books_root: hex(&proofs.root),
    }))?;
    for version in &proofs.catalogues {
        if let Some(content) = (context.catalogue)(version) {
            lines.put(&Line::Catalogue(Document { version: version.to_string(), content }))?;
        }
    }
    for version in proofs.configurations.iter().map(|version| format!("{version:016x}")) {
        if let Some(content) = (context.configuration)(&version) {
            lines.put(&Line::Configuration(Document { version, content }))?;
        }
    }
    for proven in &proofs.batches {
        lines.put(&Line::Batch(Box::new(BatchLine::new(&proven.batch, &proven.leaves, &proven.path))))?;
    }
    let mut records = 0;
    for call in calls(data, context.from, context.to) {
        lines.put(&Line::Record(record(&proofs, call?, context.observation)))?;
        records += 1;
        progress(records);
    }
    lines.seal(context.key)?;
    let batches = u64::try_from(proofs.batches.len()).unwrap_or(u64::MAX);
    Ok(Written { records, batches, books_root: proofs.root })
}

fn record(proofs: &Proofs, recorded: Call, observation: &dyn Fn(&str) -> Option<Observation>) -> RecordLine {
    let Call { seq, opened, closed } = recorded;
    let attempts = closed.as_ref().map_or(0, |(_, closed)| closed.attempts.len());
    let books = (0..=u8::MAX).take(attempts).filter_map(|attempt| {
        let booked = proofs.booked(seq, attempt)?;
        let batch = proofs.batches.get(booked.batch)?.batch.id.to_string();
        let (charge, currency) = (booked.amount.to_decimal(), booked.amount.currency().to_string());
        Some(BookLine { attempt, batch, leaf: booked.leaf, charge, currency })
    });
    let books = books.collect();
    let told = closed.iter().flat_map(|(_, closed)| &closed.attempts);
    let told = told.filter(|attempt| !attempt.vendor_request.is_empty());
    let observed = told.filter_map(|attempt| observation(&attempt.vendor_request)).collect();
    let call = call(&opened, closed.as_ref().map(|(_, closed)| closed));
    let mut frames = vec![frame(seq, &Frame::Opened(opened))];
    frames.extend(closed.map(|(seq, closed)| frame(seq, &Frame::Closed(closed))));
    RecordLine { call, frames, books, observed }
}

fn frame(number: u64, frame: &Frame) -> FrameLine {
    let mut payload = Vec::new();
    frame.encode(&mut payload);
    FrameLine::new(number, &payload)
}

/// Lines on their way out, and the tree over them.
struct Lines<'a> {
    to: &'a mut dyn Write,
    tree: Tree,
}

impl Lines<'_> {
    fn put(&mut self, line: &Line) -> Result<(), Error> {
        let mut text = serde_json::to_vec(line).map_err(std::io::Error::from)?;
        self.tree.push(merkle::leaf(&[&text]));
        text.push(b'\n');
        Ok(self.to.write_all(&text)?)
    }

    fn seal(mut self, key: &SigningKey) -> Result<(), Error> {
        let mut seal = Seal {
            lines: self.tree.size(),
            root: hex(&self.tree.root()),
            key: key.public().to_string(),
            signature: String::new(),
        };
        seal.signature = key.sign(&seal.text());
        self.put(&Line::Seal(seal))?;
        Ok(self.to.flush()?)
    }
}
