//! Calls as people see them: each one, from the moment it is admitted.

use crate::fold::Seen;
use journal::{Attempt, Closed, Entry, Frame, Opened, Outcome, Seq, UsageSource};
use ledger::TransferId;
use std::collections::VecDeque;
use std::sync::Arc;
use units::{
    BackendName, ModelName, Money, Organisation, PriceId, Region, RequestId, Subject, Team, Timestamp,
    TokenCounts,
};

/// Where a call is on its way into the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Under way.
    Open,
    /// Ended and rated, and not yet in the books.
    Pending,
    /// Ended, and nobody has set a price.
    Unrated,
    /// In the books.
    Settled,
    /// Cut off; charged for what arrived.
    Interrupted,
    /// Answered, but the client was gone.
    Undelivered,
    /// Nothing was answered.
    Failed,
}

impl State {
    /// The word shown to people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Pending => "pending",
            Self::Unrated => "unrated",
            Self::Settled => "settled",
            Self::Interrupted => "interrupted",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
        }
    }
}

/// One try at one backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptView {
    /// Where it was sent.
    pub backend: BackendName,
    /// Where that runs.
    pub region: Region,
    /// What the backend calls the model.
    pub upstream_model: Arc<str>,
    /// What it used.
    pub tokens: TokenCounts,
    /// Who counted.
    pub source: UsageSource,
    /// The vendor's own id for it, or empty.
    pub vendor_request: Arc<str>,
    /// Where it may have been processed, as claimed; empty where residency was not decided.
    pub claimed: Arc<str>,
    /// Where the vendor says it ran; empty where it does not say.
    pub observed: Arc<str>,
    /// What it costs; none while it has no price.
    pub charge: Option<Money>,
    /// The batch that it was settled in.
    pub batch: Option<TransferId>,
}

impl AttemptView {
    /// The transfer that booked it; none while it is not settled, and for a charge of zero.
    pub fn transfer(&self) -> Option<TransferId> {
        self.batch.filter(|_| self.charge.is_some_and(|charge| !charge.is_zero()))
    }
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallView {
    /// Its `Opened` frame.
    pub seq: Seq,
    /// What was recorded when it was admitted.
    pub opened: Opened,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Why it was not complete, in a word or two.
    pub cause: Arc<str>,
    /// To the first byte of the answer, in microseconds; 0 when there was none.
    pub first_byte_micros: u64,
    /// Every try, in order.
    pub attempts: Vec<AttemptView>,
    /// The price it was rated by; before that, the one pinned for it, if any.
    pub price: Option<PriceId>,
    /// What all attempts cost together; none while one of them has no price.
    pub charge: Option<Money>,
}

impl CallView {
    fn new(seq: Seq, opened: Opened) -> Self {
        Self {
            seq,
            price: opened.price,
            opened,
            closed_at: None,
            outcome: None,
            cause: "".into(),
            first_byte_micros: 0,
            attempts: Vec::new(),
            charge: None,
        }
    }

    /// The id the client saw.
    pub fn request_id(&self) -> RequestId {
        self.opened.request
    }

    /// When it was admitted.
    pub fn at(&self) -> Timestamp {
        self.opened.at
    }

    /// Who pays.
    pub fn organisation(&self) -> &Organisation {
        &self.opened.organisation
    }

    /// The team.
    pub fn team(&self) -> &Team {
        &self.opened.team
    }

    /// The person or workload.
    pub fn subject(&self) -> &Subject {
        &self.opened.subject
    }

    /// The model asked for.
    pub fn model(&self) -> &ModelName {
        &self.opened.model
    }

    /// The backend of the last attempt, or the one planned.
    pub fn backend(&self) -> &BackendName {
        self.attempts.last().map_or(&self.opened.backend, |attempt| &attempt.backend)
    }

    /// Where that runs.
    pub fn region(&self) -> &Region {
        self.attempts.last().map_or(&self.opened.region, |attempt| &attempt.region)
    }

    /// What all attempts used together.
    pub fn tokens(&self) -> TokenCounts {
        let add = |sum: TokenCounts, attempt: &AttemptView| {
            // Counts that do not add up are the last attempt's alone rather than a wrong sum.
            sum.checked_add(&attempt.tokens).unwrap_or(attempt.tokens)
        };
        self.attempts.iter().fold(TokenCounts::default(), add)
    }

    /// Who counted the last attempt.
    pub fn source(&self) -> Option<UsageSource> {
        self.attempts.last().map(|attempt| attempt.source)
    }

    /// The batch of the last attempt.
    pub fn batch(&self) -> Option<TransferId> {
        self.attempts.last()?.batch
    }

    /// The transfer that booked the last attempt; none while it is not settled, and for a charge of zero.
    pub fn transfer(&self) -> Option<TransferId> {
        self.attempts.last()?.transfer()
    }

    /// Where it is on its way: what went wrong first, then whether it has a price and is in the books.
    pub fn state(&self) -> State {
        match self.outcome {
            None => State::Open,
            Some(Outcome::Interrupted) => State::Interrupted,
            Some(Outcome::Undelivered) => State::Undelivered,
            Some(Outcome::Failed) => State::Failed,
            Some(Outcome::Complete) if self.attempts.iter().any(|one| one.charge.is_none()) => State::Unrated,
            Some(Outcome::Complete) if self.is_final() => State::Settled,
            Some(Outcome::Complete) => State::Pending,
        }
    }

    /// Whether nothing more will happen to it.
    pub(crate) fn is_final(&self) -> bool {
        self.outcome.is_some() && self.attempts.iter().all(|attempt| attempt.batch.is_some())
    }

    fn end(&mut self, closed: &Closed) {
        self.closed_at = Some(closed.at);
        self.outcome = Some(closed.outcome);
        self.cause = closed.cause.clone();
        self.first_byte_micros = closed.first_byte_micros;
        let view = |attempt: &Attempt| {
            let Attempt {
                backend,
                region,
                upstream_model,
                tokens,
                source,
                vendor_request,
                claimed,
                observed,
            } = attempt.clone();
            AttemptView {
                backend,
                region,
                upstream_model,
                tokens,
                source,
                vendor_request,
                claimed,
                observed,
                charge: None,
                batch: None,
            }
        };
        self.attempts = closed.attempts.iter().map(view).collect();
    }

    fn see(&mut self, seen: Seen) {
        match seen {
            Seen::Free { price, currency, .. } => {
                self.price = Some(price);
                self.charge = Some(Money::zero(currency));
            }
            Seen::Rated { attempt, price, amount, .. } => {
                self.price = Some(price);
                if let Some(attempt) = self.attempts.get_mut(usize::from(attempt)) {
                    attempt.charge = Some(amount);
                }
                let mut charges = self.attempts.iter().map(|attempt| attempt.charge);
                let zero = Some(Money::zero(amount.currency()));
                self.charge =
                    charges.try_fold(zero, |sum, charge| Some(sum?.checked_add(charge?).ok())).flatten();
            }
            Seen::Settled { attempt, batch, .. } => {
                if let Some(attempt) = self.attempts.get_mut(usize::from(attempt)) {
                    attempt.batch = Some(batch);
                }
            }
        }
    }
}

/// The calls of a stretch of the journal, in order.
#[derive(Debug, Default)]
pub(crate) struct Views {
    calls: VecDeque<CallView>,
}

impl Views {
    /// Takes in a frame, before the fold does.
    pub fn note(&mut self, entry: &Entry) {
        match &entry.frame {
            Frame::Opened(opened) => self.calls.push_back(CallView::new(entry.seq, opened.clone())),
            Frame::Closed(closed) => {
                if let Some(call) = self.find(closed.opened) {
                    call.end(closed);
                }
            }
            Frame::PriceAdded(_)
            | Frame::CommitmentAdded(_)
            | Frame::TermsAdded(_)
            | Frame::EligibleAdded(_)
            | Frame::Sealed(_) => {}
        }
    }

    /// Takes in what the fold did.
    pub fn see(&mut self, seen: Seen) {
        let (Seen::Free { opened, .. } | Seen::Rated { opened, .. } | Seen::Settled { opened, .. }) = seen;
        if let Some(call) = self.find(opened) {
            call.see(seen);
        }
    }

    fn find(&mut self, seq: Seq) -> Option<&mut CallView> {
        let place = self.calls.binary_search_by_key(&seq, |call| call.seq).ok()?;
        self.calls.get_mut(place)
    }

    /// Forgets the oldest beyond `count`.
    pub fn keep_latest(&mut self, count: usize) {
        self.calls.drain(..self.calls.len().saturating_sub(count));
    }

    /// Takes the oldest call out, when it is final or `any` will do.
    pub fn take_oldest(&mut self, any: bool) -> Option<CallView> {
        self.calls.front().filter(|call| any || call.is_final())?;
        self.calls.pop_front()
    }

    /// The latest, newest first.
    pub fn latest(&self) -> impl Iterator<Item = &CallView> {
        self.calls.iter().rev()
    }
}
