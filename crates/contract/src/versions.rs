//! A deal and its amendments: one version after the other, each known from its moment on.

use crate::canonical::bare_hash;
use crate::deal::Deal;
use crate::error::{Error, Problem};
use serde::Deserialize;
use toml::{Spanned, Value};
use units::Timestamp;

/// All versions of one deal, the earliest first. There is at least one.
#[derive(Debug, Clone)]
pub struct Versions {
    first: Deal,
    later: Vec<Deal>,
}

/// Where a version says when it is known.
#[derive(Deserialize)]
struct Places {
    id: Spanned<String>,
    known_from: Spanned<Value>,
    version: Spanned<u32>,
}

impl Versions {
    /// Reads the files of one deal's versions, in any order.
    ///
    /// # Errors
    /// The first fault and which of the files it lies in: one cannot be read, or is not of the same deal, or two
    /// versions overlap.
    pub fn parse(texts: &[&str]) -> Result<Self, (usize, Error)> {
        let mut read = Vec::new();
        for (place, text) in texts.iter().enumerate() {
            let deal = Deal::parse(text).map_err(|error| (place, error))?;
            let places = toml::from_str(text).map_err(|error| (place, Error::from(error)))?;
            read.push((place, deal, places));
        }
        read.sort_by_key(|(_, deal, _)| deal.version);
        for pair in read.windows(2) {
            let [(_, before, _), (place, after, places)] = pair else { continue };
            follows(before, after, places).map_err(|error| (*place, error))?;
        }
        let mut deals = read.into_iter().map(|(_, deal, _)| deal);
        match deals.next() {
            Some(first) => Ok(Self { first, later: deals.collect() }),
            None => Err((0, Error::clause("there is no deal file"))),
        }
    }

    /// The version known at a moment; the first one before any is.
    pub fn known_at(&self, at: Timestamp) -> &Deal {
        self.later.iter().rev().find(|deal| deal.known_from <= at).unwrap_or(&self.first)
    }

    /// All of them, the earliest first.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = &Deal> {
        std::iter::once(&self.first).chain(&self.later)
    }

    /// Since when the deal is known at all.
    pub const fn known_from(&self) -> Timestamp {
        self.first.known_from
    }
}

impl From<Deal> for Versions {
    fn from(first: Deal) -> Self {
        Self { first, later: Vec::new() }
    }
}

/// Whether `after` can be the version after `before`.
fn follows(before: &Deal, after: &Deal, places: &Places) -> Result<(), Error> {
    if before.id.get_ref() != after.id.get_ref() {
        let problem = Problem::Unknown { what: "version of this deal", id: after.id.get_ref().clone() };
        return Err(Error::at(
            places.id.span(),
            problem,
            format!("the other file is of `{}`", before.id.get_ref()),
        ));
    }
    if before.version == after.version {
        let problem = Problem::Duplicate { what: "version", id: after.version.to_string() };
        return Err(Error::at(places.version.span(), problem, "an amendment has the next number"));
    }
    if after.known_from <= before.known_from {
        let problem = Problem::Shape(format!(
            "version {} overlaps version {}, which is known from {}",
            after.version, before.version, before.known_from
        ));
        let mend = "an amendment is known from a later moment than what it amends";
        return Err(Error::at(places.known_from.span(), problem, mend));
    }
    match after.amends.as_ref().filter(|hash| bare_hash(hash.get_ref()) != before.hash) {
        Some(hash) => {
            let problem = Problem::Unknown { what: "version with the hash", id: hash.get_ref().clone() };
            Err(Error::at(hash.span(), problem, format!("version {} has {}", before.version, before.hash)))
        }
        None if before.currency != after.currency => {
            let problem = Problem::Shape(format!("version {} is in {}", before.version, before.currency));
            Err(Error::at(places.version.span(), problem, "an amendment keeps the currency"))
        }
        None => Ok(()),
    }
}
