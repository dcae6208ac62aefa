//! A commitment as charges draw it down.

use crate::closing::Closing;
use crate::line::{day_of, next_day};
use journal::{CommitmentAdded, Seq};
use std::collections::BTreeMap;
use store::{BatchKey, Position};
use units::{BackendName, ModelName, Money, PICO_PER_UNIT, Timestamp};

#[derive(Debug)]
pub(crate) struct Commitment {
    pub position: Position,
    /// The frame that made it known.
    pub added: Seq,
    /// Whether its opening was posted.
    pub granted: bool,
    /// Charges of earlier days of its term, from before it was known; posted with the opening.
    pub catch_up: BTreeMap<Timestamp, i128>,
    /// What each hour drew, over included.
    pub points: BTreeMap<Timestamp, i128>,
    /// How far its years are closed, where its terms are known.
    pub closing: Option<Closing>,
    /// Which charges count; nothing where all do.
    pub counts: Option<Counts>,
}

/// By backend and model: the share of a charge that counts, in 10⁻¹².
pub type Counts = BTreeMap<(BackendName, ModelName), i128>;

/// What of `amount` a share is, in 10⁻¹², half to even.
fn part(amount: i128, share: i128) -> Option<i128> {
    let product = amount.checked_mul(share)?;
    let (whole, rest) = (product.div_euclid(PICO_PER_UNIT), product.rem_euclid(PICO_PER_UNIT));
    let half = PICO_PER_UNIT / 2;
    Some(whole + i128::from(rest > half || (rest == half && whole % 2 != 0)))
}

impl Commitment {
    pub fn new(added: Seq, frame: &CommitmentAdded) -> Self {
        let zero = Money::zero(frame.total.currency());
        let position = Position {
            commitment: frame.commitment.clone(),
            organisation: frame.organisation.clone(),
            total: frame.total,
            from: frame.from,
            to: frame.to,
            drawn: zero,
            over: zero,
        };
        let (catch_up, points) = (BTreeMap::new(), BTreeMap::new());
        Self { position, added, granted: false, catch_up, points, closing: None, counts: None }
    }

    /// Whether a charge of this kind, for a call admitted at `at`, counts.
    pub fn covers(&self, at: Timestamp, key: &BatchKey) -> bool {
        self.position.from <= at && at < self.position.to && self.concerns(key)
    }

    /// Whether all of the key's day is in the term.
    pub fn covers_day(&self, key: &BatchKey) -> bool {
        let day = day_of(key.day);
        self.position.from <= day && next_day(day) <= self.position.to && self.concerns(key)
    }

    fn concerns(&self, key: &BatchKey) -> bool {
        key.currency == self.position.total.currency()
            && key.organisation == self.position.organisation
            && self.share(key) > 0
    }

    /// The share of a charge of this kind that counts, in 10⁻¹².
    fn share(&self, key: &BatchKey) -> i128 {
        let Some(counts) = &self.counts else { return PICO_PER_UNIT };
        counts.get(&(key.backend.clone(), key.model.clone())).copied().unwrap_or(0)
    }

    /// What of a charge of this kind counts; nothing where it does not fit.
    pub fn counted(&self, key: &BatchKey, amount: i128) -> Option<i128> {
        match &self.counts {
            None => Some(amount),
            Some(_) => part(amount, self.share(key)),
        }
    }

    /// Takes `amount` out: what the commitment still holds is drawn, the rest is over.
    pub fn draw(&mut self, hour: Timestamp, amount: i128) -> Option<(Money, Money)> {
        let Position { total, drawn, over, .. } = &mut self.position;
        let currency = total.currency();
        let within = amount.min(total.pico().checked_sub(drawn.pico())?);
        let (within, beyond) =
            (Money::from_pico(within, currency), Money::from_pico(amount.checked_sub(within)?, currency));
        *drawn = drawn.checked_add(within).ok()?;
        *over = over.checked_add(beyond).ok()?;
        let point = self.points.entry(hour).or_insert(0);
        *point = point.checked_add(amount)?;
        if let Some(closing) = &mut self.closing {
            closing.charged(hour);
        }
        assert!(drawn.pico() <= total.pico() && within.pico() >= 0 && beyond.pico() >= 0);
        Some((within, beyond))
    }
}
