//! The books as a fold over the journal: pure, one frame at a time.
//!
//! Nothing here depends on when a frame was read or how frames were grouped when they were, so folding a
//! journal again gives the same books, byte for byte. What a charge is and which commitment it draws is
//! decided by the frame that made it rateable; a `Sealed` frame only decides when that is posted, so any split
//! of a load into settlements comes to the same totals.

use crate::Error;
use crate::commitment::{Commitment, Counts};
use crate::line::{KeyId, Keys, Line, Unrated, Usage, key_of};
use journal::{Closed, EligibleAdded, Entry, Frame, PriceAdded, Seq};
use ledger::merkle::{self, Hash, Tree};
use ledger::{Balances, TransferId};
use price::{Price, PriceBook};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use store::{BatchKey, RollupKey, Settlement, Totals};
use units::{Currency, ModelName, Money, PriceId, Timestamp, TokenCounts};

/// An attempt that claims more tokens than this is not believed: it stays unrated for a person to look at.
const TOKENS_MAX: u64 = 1 << 40;

/// What the fold did with one call, for those who show calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// An ended call without attempts costs nothing.
    Free { opened: Seq, price: PriceId, currency: Currency },
    /// An attempt was rated.
    Rated { opened: Seq, attempt: u8, price: PriceId, amount: Money },
    /// An attempt was settled.
    Settled { opened: Seq, attempt: u8, batch: TransferId, leaf: Hash },
}

/// Everything that follows from the journal so far.
#[derive(Debug, Default)]
pub struct Books {
    pub(crate) last: Seq,
    pub(crate) sealed: Seq,
    pub(crate) through: Seq,
    pub(crate) prices: PriceBook,
    /// `Opened` frames without their `Closed`.
    pub(crate) open: HashMap<Seq, Frame>,
    pub(crate) unrated: BTreeMap<ModelName, Vec<Unrated>>,
    pub(crate) pending: VecDeque<Line>,
    pub(crate) keys: Keys,
    pub(crate) commitments: Vec<Commitment>,
    /// Which charges count towards a commitment, as said last.
    eligible: HashMap<Arc<str>, Counts>,
    /// Charges that no commitment counted.
    pub(crate) uncounted: HashMap<KeyId, i128>,
    pub(crate) balances: Balances,
    pub(crate) rollups: BTreeMap<RollupKey, Totals>,
    pub(crate) tree: Tree,
    pub(crate) records: u64,
    bytes: Vec<u8>,
}

impl Books {
    /// The last frame that was folded in; 0 before the first.
    pub fn last(&self) -> Seq {
        self.last
    }

    /// Whether a `Sealed` frame now would post something.
    pub fn has_pending(&self) -> bool {
        !self.pending.is_empty() || self.commitments.iter().any(|commitment| !commitment.granted)
    }

    /// How many calls are open.
    pub fn open_calls(&self) -> usize {
        self.open.len()
    }

    /// How many calls await a price, by model.
    pub fn unrated_calls(&self) -> impl Iterator<Item = (&ModelName, usize)> {
        let calls = |lines: &Vec<Unrated>| lines.iter().filter(|line| line.usage.answered).count();
        self.unrated.iter().map(move |(model, lines)| (model, calls(lines))).filter(|(_, count)| *count > 0)
    }

    /// How many attempts are rated and not yet settled.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// All prices known.
    pub fn prices(&self) -> &PriceBook {
        &self.prices
    }

    /// What the accounts hold.
    pub fn balances(&self) -> &Balances {
        &self.balances
    }

    /// Folds in the next frame; a `Sealed` one gives the settlement to store.
    ///
    /// # Errors
    /// When the frame contradicts earlier ones, or a sum does not fit. These books are then of no more use.
    pub fn apply(&mut self, entry: Entry) -> Result<Option<Settlement>, Error> {
        self.apply_seeing(entry, &mut |_| {})
    }

    pub(crate) fn apply_seeing(
        &mut self,
        entry: Entry,
        see: &mut dyn FnMut(Seen),
    ) -> Result<Option<Settlement>, Error> {
        let Entry { seq, frame } = entry;
        if seq != self.last + 1 {
            return Err(Error::Inconsistent { seq, what: "does not follow the last one" });
        }
        let mut settlement = None;
        match frame {
            Frame::Opened(_) => drop(self.open.insert(seq, frame)),
            Frame::Closed(ref closed) => self.close(seq, closed, &frame, see)?,
            Frame::PriceAdded(added) => self.add_price(seq, added, see)?,
            Frame::CommitmentAdded(added) => self.add_commitment(Commitment::new(seq, &added))?,
            Frame::TermsAdded(added) => self.add_terms(seq, &added)?,
            Frame::EligibleAdded(added) => self.add_eligible(added),
            Frame::Sealed(sealed) => settlement = Some(self.seal(seq, sealed, see)?),
        }
        self.last = seq;
        Ok(settlement)
    }

    fn close(
        &mut self,
        seq: Seq,
        closed: &Closed,
        frame: &Frame,
        see: &mut dyn FnMut(Seen),
    ) -> Result<(), Error> {
        let id = closed.opened;
        let Some(opening @ Frame::Opened(opened)) = &self.open.remove(&id) else {
            return Err(Error::Inconsistent { seq, what: "ends a call that is not open" });
        };
        self.records += 1;
        let price = self.price_for(opened.price, &opened.model, opened.at).cloned();
        if let Some(price) = price.as_ref().filter(|_| closed.attempts.is_empty()) {
            see(Seen::Free { opened: id, price: price.id, currency: price.currency });
        }
        let record = canonical(&mut self.bytes, [id, seq], [opening, frame]);
        for (index, attempt) in closed.attempts.iter().enumerate() {
            let number = u8::try_from(index).map_err(|_| Error::TooLarge { seq })?;
            let usage = Usage {
                opened: id,
                closed: seq,
                attempt: number,
                answered: index + 1 == closed.attempts.len(),
                at: opened.at,
                tokens: attempt.tokens,
                leaf: merkle::leaf(&[&record, &[number]]),
            };
            match price.as_ref().and_then(|price| charge(&attempt.tokens, price)) {
                Some((amount, price)) => {
                    let key = key_of(opened, attempt, amount.currency(), price);
                    self.rated(seq, usage, key, amount, see)?;
                }
                None => {
                    let key = key_of(opened, attempt, Currency::USD, PriceId(0));
                    let line = Unrated { usage, pinned: opened.price, key };
                    self.unrated.entry(opened.model.clone()).or_default().push(line);
                }
            }
        }
        self.bytes = record;
        Ok(())
    }

    /// The price of a call: the one pinned for it, or the one that holds at its time, or none.
    fn price_for(&self, pinned: Option<PriceId>, model: &ModelName, at: Timestamp) -> Option<&Price> {
        pinned.map_or_else(|| self.prices.at(model, at), |id| self.prices.get(id))
    }

    fn rated(
        &mut self,
        rateable: Seq,
        usage: Usage,
        key: BatchKey,
        amount: Money,
        see: &mut dyn FnMut(Seen),
    ) -> Result<(), Error> {
        see(Seen::Rated { opened: usage.opened, attempt: usage.attempt, price: key.price, amount });
        let too_large = Error::TooLarge { seq: rateable };
        let draws = match self.commitment_for(usage.at, &key) {
            Some(index) => {
                let counted = self.commitments.get(index).and_then(|one| one.counted(&key, amount.pico()));
                Some((index, counted.ok_or(too_large)?))
            }
            None => None,
        };
        let key = self.keys.id(key);
        if draws.is_none() {
            let sum = self.uncounted.entry(key).or_insert(0);
            *sum = sum.checked_add(amount.pico()).ok_or(Error::TooLarge { seq: rateable })?;
        }
        self.pending.push_back(Line { rateable, usage, key, amount, draws });
        Ok(())
    }

    /// A charge counts towards one commitment: of those that cover it, the first to end.
    fn commitment_for(&self, at: Timestamp, key: &BatchKey) -> Option<usize> {
        let covering = self.commitments.iter().enumerate().filter(|(_, one)| one.covers(at, key));
        covering.min_by_key(|(_, one)| (one.position.to, &one.position.commitment)).map(|(index, _)| index)
    }

    fn add_price(&mut self, seq: Seq, added: PriceAdded, see: &mut dyn FnMut(Seen)) -> Result<(), Error> {
        let PriceAdded { at: _, price: id, model, currency, from, rates } = added;
        let price = Price { id, model, currency, from, rates };
        let model = price.model.clone();
        self.prices.add(price)?;
        // Everything of this model that waited and now has a price, in the order it was used.
        for line in self.unrated.remove(&model).unwrap_or_default() {
            let price = self.price_for(line.pinned, &model, line.usage.at);
            match price.and_then(|price| charge(&line.usage.tokens, price)) {
                Some((amount, price)) => {
                    let key = BatchKey { currency: amount.currency(), price, ..line.key };
                    self.rated(seq, line.usage, key, amount, see)?;
                }
                None => self.unrated.entry(model.clone()).or_default().push(line),
            }
        }
        Ok(())
    }

    /// From here on these charges count; those before stay as they were.
    fn add_eligible(&mut self, added: EligibleAdded) {
        let counts: Counts =
            added.counts.into_iter().map(|(backend, model, share)| ((backend, model), share)).collect();
        let known = self.commitments.iter_mut().find(|one| one.position.commitment == added.commitment);
        if let Some(known) = known {
            known.counts = Some(counts.clone());
        }
        self.eligible.insert(added.commitment, counts);
    }

    /// Also counts what was used on earlier days of the term, unless another commitment counted it. (Part of
    /// a day cannot be told from the rest of it here, which is why `announce` takes a term in the past only
    /// from midnight to midnight.)
    fn add_commitment(&mut self, mut added: Commitment) -> Result<(), Error> {
        let seq = added.added;
        let position = &added.position;
        let known = self.commitments.iter().find(|known| known.position.commitment == position.commitment);
        if let Some(known) = known.map(|known| &known.position) {
            let terms = |one: &store::Position| (one.organisation.clone(), one.total, one.from, one.to);
            // Said twice, as after a start that broke off, it is said once.
            return if terms(known) == terms(position) {
                Ok(())
            } else {
                Err(Error::Inconsistent { seq, what: "adds a commitment a second time, with other terms" })
            };
        }
        added.counts = self.eligible.get(&added.position.commitment).cloned();
        let keys = &self.keys;
        let counted: Vec<(KeyId, i128)> =
            self.uncounted.extract_if(|key, _| added.covers_day(keys.get(*key))).collect();
        for (key, amount) in counted {
            let key = keys.get(key);
            let counted = added.counted(key, amount).ok_or(Error::TooLarge { seq })?;
            let sum = added.catch_up.entry(key.day).or_insert(0);
            *sum = sum.checked_add(counted).ok_or(Error::TooLarge { seq })?;
        }
        self.commitments.push(added);
        Ok(())
    }
}

/// What the tokens cost; nothing when that cannot be believed or computed.
fn charge(tokens: &TokenCounts, price: &Price) -> Option<(Money, PriceId)> {
    let TokenCounts { input, cache_read, cache_write_5m, cache_write_1h, output, reasoning } = *tokens;
    let most = [input, cache_read, cache_write_5m, cache_write_1h, output, reasoning].into_iter().max()?;
    if most > TOKENS_MAX {
        return None;
    }
    price::rate(tokens, price).ok().filter(|amount| amount.pico() >= 0).map(|amount| (amount, price.id))
}

/// The bytes that stand for a record: both frames' numbers, then both payloads. Written into `spare`'s room.
fn canonical(spare: &mut Vec<u8>, numbers: [Seq; 2], frames: [&Frame; 2]) -> Vec<u8> {
    let mut bytes = std::mem::take(spare);
    bytes.clear();
    for number in numbers {
        bytes.extend_from_slice(&number.to_be_bytes());
    }
    for frame in frames {
        frame.encode(&mut bytes);
    }
    bytes
}
