//! Sealing: what is rated and not yet settled becomes batches, their postings, and changed positions.

use crate::Error;
use crate::fold::{Books, Seen};
use crate::line::{KeyId, Line, hour_of};
use crate::posting::{self, Draw};
use journal::{Sealed, Seq};
use ledger::merkle::{self, Hash};
use ledger::{Account, Transfer};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use store::{AccountRow, Applied, Batch, BatchKey, DrawnPoint, Rollup, RollupKey, Settlement, Totals};
use units::{Currency, Money, Timestamp};

/// A settlement in the making, and what it touched, so that only that is stored.
pub(crate) struct Making {
    pub seq: Seq,
    pub at: Timestamp,
    batches: Vec<Batch>,
    transfers: Vec<Transfer>,
    accounts: BTreeSet<(Account, Currency)>,
    rollups: BTreeSet<RollupKey>,
    points: BTreeSet<(usize, Timestamp)>,
    commitments: BTreeSet<usize>,
}

impl Making {
    fn new(seq: Seq, at: Timestamp) -> Self {
        Self {
            seq,
            at,
            batches: Vec::new(),
            transfers: Vec::new(),
            accounts: BTreeSet::new(),
            rollups: BTreeSet::new(),
            points: BTreeSet::new(),
            commitments: BTreeSet::new(),
        }
    }
}

/// A batch in the making.
struct Draft {
    key: KeyId,
    /// The calls and attempts in it.
    of: Vec<(Seq, u8)>,
    leaves: Vec<Hash>,
    first: Seq,
    last: Seq,
    totals: Totals,
    event_first: Timestamp,
    event_last: Timestamp,
    /// What it draws of which commitment in which hour.
    draws: BTreeMap<(usize, Timestamp), i128>,
}

impl Draft {
    fn of(line: &Line) -> Self {
        Self {
            key: line.key,
            of: Vec::new(),
            leaves: Vec::new(),
            first: line.usage.closed,
            last: line.usage.closed,
            totals: Totals::empty(line.amount.currency()),
            event_first: line.usage.at,
            event_last: line.usage.at,
            draws: BTreeMap::new(),
        }
    }

    fn add(&mut self, line: &Line) -> Option<()> {
        let usage = &line.usage;
        self.of.push((usage.opened, usage.attempt));
        self.leaves.push(usage.leaf);
        self.first = self.first.min(usage.closed);
        self.last = self.last.max(usage.closed);
        self.event_first = self.event_first.min(usage.at);
        self.event_last = self.event_last.max(usage.at);
        let calls = u64::from(usage.answered);
        let one = Totals { calls, attempts: 1, tokens: usage.tokens, amount: line.amount };
        self.totals = self.totals.checked_add(&one)?;
        if let Some((commitment, amount)) = line.draws.filter(|(_, amount)| *amount != 0) {
            let sum = self.draws.entry((commitment, hour_of(usage.at))).or_insert(0);
            *sum = sum.checked_add(amount)?;
        }
        Some(())
    }
}

impl Books {
    pub(crate) fn seal(
        &mut self,
        seq: Seq,
        sealed: Sealed,
        see: &mut dyn FnMut(Seen),
    ) -> Result<Settlement, Error> {
        let Sealed { through, at } = sealed;
        if through >= seq || through < self.through {
            return Err(Error::Inconsistent { seq, what: "settles records out of order" });
        }
        let mut making = Making::new(seq, at);
        self.grant(through, &mut making)?;
        for draft in self.draft(through, seq)? {
            self.book(draft, &mut making, see)?;
        }
        self.close_years(&mut making)?;
        self.sealed = seq;
        self.through = through;
        Ok(self.finish(making))
    }

    /// Posts the opening of each commitment made known by then, and what earlier days drew of it.
    fn grant(&mut self, through: Seq, making: &mut Making) -> Result<(), Error> {
        for index in 0..self.commitments.len() {
            let Some(commitment) = self.commitments.get_mut(index) else { continue };
            if commitment.granted || commitment.added > through {
                continue;
            }
            commitment.granted = true;
            making.commitments.insert(index);
            let mut set = vec![posting::grant(&commitment.position, making.at)];
            for (day, amount) in std::mem::take(&mut commitment.catch_up) {
                let drawn = commitment.draw(day, amount).ok_or(Error::TooLarge { seq: making.seq })?;
                making.points.insert((index, day));
                let commitment = &commitment.position.commitment;
                let draw = Draw { commitment, batch: None, event_at: day, posted_at: making.at };
                set.extend(draw.transfers(drawn));
            }
            self.post(set, making)?;
        }
        Ok(())
    }

    /// Groups what became rateable by frame `through`, in the order it did.
    fn draft(&mut self, through: Seq, seq: Seq) -> Result<Vec<Draft>, Error> {
        let ready = self.pending.partition_point(|line| line.rateable <= through);
        let mut drafts: Vec<Draft> = Vec::new();
        let mut places = HashMap::new();
        for line in self.pending.drain(..ready) {
            let place = *places.entry(line.key).or_insert_with(|| {
                drafts.push(Draft::of(&line));
                drafts.len() - 1
            });
            let added = drafts.get_mut(place).and_then(|draft| draft.add(&line));
            added.ok_or(Error::TooLarge { seq })?;
        }
        Ok(drafts)
    }

    /// Makes the batch, posts its linked set and adds it to its rollup and the tree.
    fn book(&mut self, draft: Draft, making: &mut Making, see: &mut dyn FnMut(Seen)) -> Result<(), Error> {
        let too_large = || Error::TooLarge { seq: making.seq };
        let key = self.keys.get(draft.key).clone();
        let mut batch = Batch {
            id: posting::batch_id(&key, draft.first, draft.last),
            leaf: 0,
            sealed: making.seq,
            key,
            first: draft.first,
            last: draft.last,
            totals: draft.totals,
            root: merkle::root(&draft.leaves),
            event_first: draft.event_first,
            event_last: draft.event_last,
            posted_at: making.at,
        };
        batch.leaf = self.tree.push(posting::batch_leaf(&batch));
        let rollup = rollup_key(&batch.key);
        let sum = self.rollups.entry(rollup.clone()).or_insert(Totals::empty(batch.key.currency));
        *sum = sum.checked_add(&batch.totals).ok_or_else(too_large)?;
        let set = self.postings(&batch, &draft.draws, making)?;
        self.post(set, making)?;
        for ((opened, attempt), leaf) in draft.of.into_iter().zip(draft.leaves) {
            see(Seen::Settled { opened, attempt, batch: batch.id, leaf });
        }
        making.rollups.insert(rollup);
        making.batches.push(batch);
        Ok(())
    }

    /// The batch's linked set: what its calls cost, and what that draws of commitments.
    fn postings(
        &mut self,
        batch: &Batch,
        draws: &BTreeMap<(usize, Timestamp), i128>,
        making: &mut Making,
    ) -> Result<Vec<Transfer>, Error> {
        let too_large = || Error::TooLarge { seq: making.seq };
        let nothing = Money::zero(batch.key.currency);
        let mut of_commitment = BTreeMap::new();
        for ((index, hour), amount) in draws {
            let Some(commitment) = self.commitments.get_mut(*index) else { continue };
            let (within, beyond) = commitment.draw(*hour, *amount).ok_or_else(too_large)?;
            let sums = of_commitment.entry(*index).or_insert((nothing, nothing));
            let added = (sums.0.checked_add(within), sums.1.checked_add(beyond));
            let (Ok(within), Ok(beyond)) = added else { return Err(too_large()) };
            *sums = (within, beyond);
            making.points.insert((*index, *hour));
            making.commitments.insert(*index);
        }
        let mut set: Vec<Transfer> = posting::usage(batch).into_iter().collect();
        for (index, drawn) in of_commitment {
            let Some(commitment) = self.commitments.get(index) else { continue };
            let draw = Draw {
                commitment: &commitment.position.commitment,
                batch: Some(batch.id),
                event_at: batch.event_first,
                posted_at: batch.posted_at,
            };
            set.extend(draw.transfers(drawn));
        }
        Ok(set)
    }

    pub(crate) fn post(&mut self, set: Vec<Transfer>, making: &mut Making) -> Result<(), Error> {
        let seq = making.seq;
        let posted =
            ledger::post(&mut self.balances, &set).map_err(|source| Error::Rejected { seq, source })?;
        // The fold makes each transfer once; an id that was there before would be a charge lost.
        assert!(set.is_empty() || posted == ledger::Posted::New, "a batch is posted once");
        for transfer in &set {
            let currency = transfer.amount.currency();
            making.accounts.extend([&transfer.debit, &transfer.credit].map(|one| (one.clone(), currency)));
        }
        making.transfers.extend(set);
        Ok(())
    }

    fn finish(&self, making: Making) -> Settlement {
        let applied = Applied {
            sealed: making.seq,
            through: self.through,
            at: making.at,
            batches: self.tree.size(),
            transfers: u64::try_from(self.balances.transfers()).unwrap_or(u64::MAX),
            root: self.tree.root(),
        };
        let account = |(account, currency)| {
            let balance = self.balances.of(&account, currency);
            AccountRow { account, balance }
        };
        let commitments = making.commitments.iter().filter_map(|index| self.commitments.get(*index));
        Settlement {
            applied,
            batches: making.batches,
            transfers: making.transfers,
            accounts: making.accounts.into_iter().map(account).collect(),
            rollups: making.rollups.into_iter().filter_map(|key| self.rollup(key)).collect(),
            positions: commitments.map(|commitment| commitment.position.clone()).collect(),
            points: making.points.into_iter().filter_map(|(index, hour)| self.point(index, hour)).collect(),
        }
    }

    fn rollup(&self, key: RollupKey) -> Option<Rollup> {
        let totals = *self.rollups.get(&key)?;
        Some(Rollup { key, totals })
    }

    fn point(&self, index: usize, hour: Timestamp) -> Option<DrawnPoint> {
        let commitment = self.commitments.get(index)?;
        let amount = Money::from_pico(*commitment.points.get(&hour)?, commitment.position.total.currency());
        Some(DrawnPoint { commitment: commitment.position.commitment.clone(), hour, amount })
    }
}

fn rollup_key(key: &BatchKey) -> RollupKey {
    let BatchKey { day, organisation, team, model, backend, region, currency, price: _ } = key.clone();
    RollupKey { day, organisation, team, model, backend, region, currency }
}
