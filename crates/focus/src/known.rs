//! What a file of facts already holds of earlier bills.
//!
//! A fact's id has three parts: of what (attributes and day), which rows (identities and amounts), and a mark, the
//! identity of one of its rows. By its mark a later import knows whether it holds the rows of an earlier one.

use crate::moment::Day;
use contract::fact::{self, Entry, Fact, LIST_SPEND, Line};
use std::collections::{HashMap, HashSet};
use units::Timestamp;

const PREFIX: &str = "focus-";

/// The parts of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Id {
    /// Of what.
    pub key: u64,
    /// Which rows.
    pub rows: u64,
    /// The least identity among them; nothing for a fact that only takes another back.
    pub mark: u64,
}

impl Id {
    pub(crate) fn text(self) -> String {
        format!("{PREFIX}{:016x}-{:016x}-{:016x}", self.key, self.rows, self.mark)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(PREFIX)?.split('-').map(|part| u64::from_str_radix(part, 16));
        match (parts.next()?, parts.next()?, parts.next()?, parts.next()) {
            (Ok(key), Ok(rows), Ok(mark), None) => Some(Self { key, rows, mark }),
            _ => None,
        }
    }
}

/// The part of a bill that one edition of it restates as a whole: an account's month, by the account below it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Scope {
    pub account: String,
    pub period: String,
    pub sub_account: String,
}

impl Scope {
    pub(crate) fn of(attributes: &std::collections::BTreeMap<String, String>) -> Self {
        let get = |name: &str| attributes.get(name).cloned().unwrap_or_default();
        Self {
            account: get("billing_account"),
            period: get("billing_period"),
            sub_account: get("sub_account"),
        }
    }
}

/// A fact that stands: no other replaces it.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub id: Id,
    pub fact: Fact,
    pub day: Day,
    pub scope: Scope,
    /// The bill it was first told by, through all its editions.
    pub bill: String,
}

/// What ties a fact's source to its bill.
const BILL: &str = "; bill ";

/// A source with its bill.
pub(crate) fn source(place: &str, bill: &str) -> String {
    format!("{place}{BILL}{bill}")
}

/// The bill of a fact: what its source says, or else its file.
fn bill(fact: &Fact) -> String {
    let said = fact.source.rsplit_once(BILL).map(|(_, bill)| bill);
    said.map_or_else(|| short(fact.document_sha256.as_deref().unwrap_or_default()), str::to_owned)
}

/// The name of a bill that a file of this SHA-256 is the first edition of.
pub(crate) fn short(sha256: &str) -> String {
    sha256.chars().take(12).collect()
}

/// The facts of earlier imports.
#[derive(Debug, Default)]
pub struct Known {
    pub(crate) standing: Vec<Standing>,
    /// Which of them have a row of that identity.
    pub(crate) marks: HashMap<u64, Vec<usize>>,
    /// Every id there ever was, without its mark.
    pub(crate) ids: HashSet<(u64, u64)>,
    /// When each file was first put on record, by its SHA-256.
    files: HashMap<String, Timestamp>,
}

impl Known {
    /// Reads a file of facts. Lines of other kinds, and facts from elsewhere, are checked and left alone.
    ///
    /// # Errors
    /// When a line is no fact, sign-off or payment: all such lines, in the file's order.
    pub fn read(text: &str) -> Result<Self, Vec<contract::Error>> {
        Ok(Self::of(fact::read(text)?))
    }

    fn of(entries: Vec<Entry>) -> Self {
        let mut known = Self::default();
        let mut replaced = HashSet::new();
        let mut facts = Vec::new();
        for entry in entries {
            let Line::Fact(fact) = entry.line else { continue };
            let Some(id) = fact.id.as_deref().and_then(Id::parse) else { continue };
            if fact.metric != LIST_SPEND {
                continue;
            }
            known.ids.insert((id.key, id.rows));
            replaced.extend(fact.replaces.clone());
            if let Some(sha256) = &fact.document_sha256 {
                let first = known.files.entry(sha256.clone()).or_insert(fact.recorded_at);
                *first = (*first).min(fact.recorded_at);
            }
            facts.push((id, fact));
        }
        let standing =
            facts.into_iter().filter(|(_, fact)| fact.id.as_ref().is_none_or(|id| !replaced.contains(id)));
        for (id, fact) in standing {
            if id.mark != 0 {
                known.marks.entry(id.mark).or_default().push(known.standing.len());
            }
            let (day, scope) = (Day::of(fact.effective_at), Scope::of(&fact.attributes));
            let bill = bill(&fact);
            known.standing.push(Standing { id, fact, day, scope, bill });
        }
        known
    }

    /// When a file of this SHA-256 was put on record, if it was.
    pub fn file(&self, sha256: &str) -> Option<Timestamp> {
        self.files.get(sha256).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back() {
        let id = Id { key: 1, rows: u64::MAX, mark: 0 };
        assert_eq!(Id::parse(&id.text()), Some(id));
        for other in ["", "focus-", "focus-1-2", "focus-1-2-3-4", "books-1-2-3", "focus-x-2-3"] {
            assert_eq!(Id::parse(other), None, "{other}");
        }
    }
}
