//! What proves that calls are in the books: their batches with every leaf, and the tree over all batches.

use crate::fold::Seen;
use crate::posting::batch_leaf;
use crate::{Books, Error};
use journal::{Closed, Entry, Frame, Opened, Reader, Seq};
use ledger::TransferId;
use ledger::merkle::{self, Hash, Levels};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;
use store::{Batch, Settlement};
use units::{Money, Timestamp};

/// The leaf of an attempt in its batch, from the numbers and the payloads of the call's two frames.
pub fn record_leaf(numbers: [Seq; 2], payloads: [&[u8]; 2], attempt: u8) -> Hash {
    let [opened, closed] = numbers.map(u64::to_be_bytes);
    merkle::leaf(&[&opened, &closed, payloads[0], payloads[1], &[attempt]])
}

/// A batch that holds calls of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// What the books say of it.
    pub batch: Batch,
    /// The leaves of all its records, in their order.
    pub leaves: Vec<Hash>,
    /// The audit path from its own leaf to the root over all batches.
    pub path: Vec<Hash>,
}

/// Where an attempt stands in the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booked {
    /// Its batch, by its place in [`Proofs::batches`].
    pub batch: usize,
    /// Its leaf, by its place in the batch.
    pub leaf: usize,
    /// What it cost.
    pub amount: Money,
}

/// The proofs for the calls of a period. Memory: a few hundred bytes for each attempt of the period, 64 for each batch
/// that there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proofs {
    /// How many batches the books hold.
    pub size: u64,
    /// The root over all of them.
    pub root: Hash,
    /// Those with calls of the period, in the order of the books.
    pub batches: Vec<Proven>,
    /// Versions of the configurations that calls of the period were served by.
    pub configurations: BTreeSet<u64>,
    /// Versions of the catalogues that decided where they may run.
    pub catalogues: BTreeSet<Arc<str>>,
    places: HashMap<(Seq, u8), Booked>,
}

impl Proofs {
    /// Where attempt `attempt` of the call that frame `opened` began stands in the books, if it does.
    pub fn booked(&self, opened: Seq, attempt: u8) -> Option<&Booked> {
        self.places.get(&(opened, attempt))
    }
}

/// Proves all calls in the data directory `data` that were admitted at or after `from` and before `to`.
///
/// # Errors
/// When the journal is damaged or cannot be read.
pub fn proofs(data: &Path, from: Timestamp, to: Timestamp) -> Result<Proofs, Error> {
    let (mut reader, mut books, mut gathered) = (Reader::open(data), Books::default(), Gathered::default());
    while let Some(entry) = reader.next_entry()? {
        if let Frame::Opened(opened) = &entry.frame
            && (from..to).contains(&opened.at)
        {
            gathered.note(opened);
        }
        let settled = books.apply_seeing(entry, &mut |seen| gathered.see(seen))?;
        if let Some(settlement) = settled {
            gathered.keep(settlement, from, to);
        }
    }
    Ok(gathered.proofs(&books))
}

/// What is known while the journal is read.
#[derive(Default)]
struct Gathered {
    rated: HashMap<(Seq, u8), Money>,
    /// Of the settlement that is being made.
    settled: HashMap<TransferId, Vec<(Seq, u8, Hash)>>,
    leaves: Vec<Hash>,
    kept: Vec<(Batch, Vec<Hash>)>,
    places: HashMap<(Seq, u8), Booked>,
    configurations: BTreeSet<u64>,
    catalogues: BTreeSet<Arc<str>>,
}

impl Gathered {
    fn note(&mut self, opened: &Opened) {
        self.configurations.insert(opened.snapshot);
        if !opened.catalogue.is_empty() && !self.catalogues.contains(&opened.catalogue) {
            self.catalogues.insert(opened.catalogue.clone());
        }
    }

    fn see(&mut self, seen: Seen) {
        match seen {
            Seen::Free { .. } => {}
            Seen::Rated { opened, attempt, amount, .. } => {
                self.rated.insert((opened, attempt), amount);
            }
            Seen::Settled { opened, attempt, batch, leaf } => {
                self.settled.entry(batch).or_default().push((opened, attempt, leaf));
            }
        }
    }

    fn keep(&mut self, settlement: Settlement, from: Timestamp, to: Timestamp) {
        for batch in settlement.batches {
            self.leaves.push(batch_leaf(&batch));
            let records = self.settled.remove(&batch.id).unwrap_or_default();
            let wanted = batch.event_first < to && batch.event_last >= from;
            for (leaf, (opened, attempt, _)) in records.iter().enumerate() {
                let amount = self.rated.remove(&(*opened, *attempt));
                if let Some(amount) = amount.filter(|_| wanted) {
                    let booked = Booked { batch: self.kept.len(), leaf, amount };
                    self.places.insert((*opened, *attempt), booked);
                }
            }
            if wanted {
                self.kept.push((batch, records.into_iter().map(|(.., leaf)| leaf).collect()));
            }
        }
    }

    fn proofs(self, books: &Books) -> Proofs {
        let tree = Levels::new(self.leaves);
        let proven = |(batch, leaves): (Batch, Vec<Hash>)| {
            let path = usize::try_from(batch.leaf).ok().and_then(|leaf| tree.path(leaf)).unwrap_or_default();
            Proven { batch, leaves, path }
        };
        let batches = self.kept.into_iter().map(proven).collect();
        Proofs {
            size: books.tree.size(),
            root: books.tree.root(),
            batches,
            configurations: self.configurations,
            catalogues: self.catalogues,
            places: self.places,
        }
    }
}

/// A call as it is on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The number of its first frame.
    pub seq: Seq,
    /// What that says.
    pub opened: Opened,
    /// Its last frame; none while it is under way.
    pub closed: Option<(Seq, Closed)>,
}

/// The calls in the data directory `data` that were admitted at or after `from` and before `to`, as they ended; those
/// still under way come last.
pub fn calls(
    data: &Path,
    from: Timestamp,
    to: Timestamp,
) -> impl Iterator<Item = Result<Call, Error>> + use<> {
    let mut reader = Reader::open(data);
    let mut open: HashMap<Seq, Opened> = HashMap::new();
    let mut left: Option<std::vec::IntoIter<Call>> = None;
    std::iter::from_fn(move || {
        loop {
            if let Some(left) = &mut left {
                return left.next().map(Ok);
            }
            match reader.next_entry() {
                Ok(Some(Entry { seq, frame: Frame::Opened(opened) })) => {
                    if (from..to).contains(&opened.at) {
                        open.insert(seq, opened);
                    }
                }
                Ok(Some(Entry { seq, frame: Frame::Closed(closed) })) => {
                    if let Some(opened) = open.remove(&closed.opened) {
                        let closed = Some((seq, closed));
                        let first = closed.as_ref().map_or(0, |(_, closed)| closed.opened);
                        return Some(Ok(Call { seq: first, opened, closed }));
                    }
                }
                Ok(Some(_)) => {}
                Ok(None) => {
                    let under_way = open.drain().map(|(seq, opened)| Call { seq, opened, closed: None });
                    let mut under_way: Vec<Call> = under_way.collect();
                    under_way.sort_by_key(|call| call.seq);
                    left = Some(under_way.into_iter());
                }
                Err(error) => {
                    left = Some(Vec::new().into_iter());
                    return Some(Err(error.into()));
                }
            }
        }
    })
}
