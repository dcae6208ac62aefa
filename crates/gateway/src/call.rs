//! One call on record: from the `opened` frame to exactly one `closed` frame.
//!
//! Every path that ends a call says how, with [`Call::close`]. A call that is dropped without an ending (its
//! client hung up, so nobody asks for the rest) is handed to the abandoned-calls stage, which writes the
//! ending; the destructor itself only hands over.

use crate::deliver::Presence;
use crate::{Shared, prompt};
use bytes::Bytes;
use config::Backend;
use geography::Lawful;
use http::HeaderValue;
use journal::{Attempt, Closed, OpenCall, Opened, Outcome, UsageSource};
use std::sync::{Arc, LazyLock};
use telemetry::Ended;
use units::{Money, RequestId, Timestamp, TokenCounts};

/// A longer id is none of AWS's.
const AUDIT_ID_BYTES_MAX: usize = 128;

/// More models than this took part in no answer; a vendor that says so is booked as one.
const PARTS_MAX: usize = 32;

/// What a call used, and who says so.
#[derive(Debug, Clone)]
pub(crate) struct Used {
    pub tokens: TokenCounts,
    pub source: UsageSource,
    pub vendor_request: Arc<str>,
    /// Where the vendor fell back by itself: each model's share of the tokens (pitfall 21); otherwise empty.
    pub parts: Vec<meter::Part>,
    /// Where the vendor says it ran.
    pub observed: Option<Arc<str>>,
}

impl Used {
    pub fn nothing() -> Self {
        static NO_ID: LazyLock<Arc<str>> = LazyLock::new(|| "".into());
        let vendor_request = Arc::clone(&NO_ID);
        Self {
            tokens: TokenCounts::default(),
            source: UsageSource::Reported,
            vendor_request,
            parts: Vec::new(),
            observed: None,
        }
    }
}

/// The parts of an ending call that the abandoned-calls stage needs.
#[derive(Debug)]
pub(crate) struct Record {
    open: OpenCall,
    started: Timestamp,
    first_byte: Option<Timestamp>,
    backend: Arc<Backend>,
    upstream_model: Arc<str>,
    earlier: Vec<Attempt>,
    used: Used,
    /// The request's body: what was read of it is estimated for a call that is cut off before the vendor said.
    prompt: Bytes,
    prompt_tokens: Option<u64>,
    /// The vendor's id of this exchange, by which its audit trail knows it.
    audited: Option<Arc<str>>,
    lawful: Option<Arc<Lawful>>,
}

pub(crate) struct Call {
    pub request: RequestId,
    pub price: Option<price::Price>,
    shared: Arc<Shared>,
    presence: Arc<Presence>,
    record: Option<Record>,
}

impl Call {
    /// Puts the call on record.
    pub fn open(
        shared: &Arc<Shared>,
        opened: Opened,
        backend: &Arc<Backend>,
        price: Option<price::Price>,
        presence: Arc<Presence>,
    ) -> Result<Self, journal::Error> {
        let (request, started) = (opened.request, opened.at);
        let upstream_model = Arc::clone(&opened.upstream_model);
        let open = shared.on_record(|| shared.journal.open_call(opened))?;
        shared.telemetry.call_opened();
        let record = Record {
            open,
            started,
            first_byte: None,
            backend: Arc::clone(backend),
            upstream_model,
            earlier: Vec::new(),
            used: Used::nothing(),
            prompt: Bytes::new(),
            prompt_tokens: None,
            audited: None,
            lawful: None,
        };
        Ok(Self { request, price, shared: Arc::clone(shared), presence, record: Some(record) })
    }

    /// With the request's body.
    pub fn with_prompt(mut self, prompt: Bytes) -> Self {
        if let Some(record) = &mut self.record {
            record.prompt = prompt;
        }
        self
    }

    /// With the backends that may lawfully be asked, and what is claimed of their places.
    pub fn within(mut self, lawful: Option<Arc<Lawful>>) -> Self {
        if let Some(record) = &mut self.record {
            record.lawful = lawful;
        }
        self
    }

    /// With the vendor's id of this exchange, where its audit trail has one that its answer has not.
    pub fn audited_as(&mut self, id: Option<&HeaderValue>) {
        let id = id.and_then(|id| id.to_str().ok()).filter(|id| id.len() <= AUDIT_ID_BYTES_MAX);
        if let Some(record) = &mut self.record {
            record.audited = id.map(Arc::from);
        }
    }

    /// An answer begins.
    pub fn first_byte(&mut self) {
        let now = self.shared.clock.now();
        if let Some(record) = &mut self.record {
            record.first_byte.get_or_insert(now);
        }
    }

    /// How long it has been under way, in milliseconds; 0 when it has ended.
    pub fn elapsed_ms(&self) -> u64 {
        let micros = |record: &Record| self.shared.clock.now().micros() - record.started.micros();
        self.record.as_ref().map_or(0, |record| u64::try_from(micros(record) / 1_000).unwrap_or(0))
    }

    /// What it has used by now; survives this process being killed.
    pub fn progress(&mut self, tokens: TokenCounts, source: UsageSource) {
        let Some(record) = &mut self.record else { return };
        let tokens = record.with_input(tokens);
        if record.used.tokens != tokens {
            record.used.tokens = tokens;
            record.used.source = source;
            self.shared.journal.progress(&record.open, &tokens);
        }
    }

    /// The attempt at this backend failed; the next is at `backend`. What the vendor may bill stays on record.
    pub fn next_attempt(&mut self, backend: &Arc<Backend>, used: Used) {
        if let Some(record) = &mut self.record {
            if !used.tokens.is_zero() {
                let attempts = record.attempts(used);
                record.earlier.extend(attempts);
            }
            record.backend = Arc::clone(backend);
        }
    }

    /// What it costs so far by the pinned price; none without a price.
    pub fn cost(&self, tokens: &TokenCounts) -> Option<Money> {
        self.price.as_ref().and_then(|price| price::rate(tokens, price).ok())
    }

    /// Puts the ending on record; the client may see the end only after this. Later calls change nothing.
    pub fn close(&mut self, outcome: Outcome, cause: &str, used: Used) -> Result<(), journal::Error> {
        let Some(record) = self.record.take() else { return Ok(()) };
        if outcome == Outcome::Complete && self.presence.client_gone() {
            return record.close(&self.shared, Outcome::Undelivered, "client gone", used);
        }
        record.close(&self.shared, outcome, cause, used)
    }

    /// Puts on record that the call was cut off, charged for what arrived. The client is told of the cut either way,
    /// so a record that cannot be written is said in the log.
    pub fn interrupt(&mut self, cause: &str, used: Used) {
        if let Err(error) = self.close(Outcome::Interrupted, cause, used) {
            tracing::error!(%error, request = %self.request, "a broken call could not be put on record");
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if let Some(record) = self.record.take() {
            self.shared.abandoned.hand_over(record);
        }
    }
}

impl Record {
    /// What it had used when it was last heard of.
    pub fn used(&self) -> Used {
        self.used.clone()
    }

    /// The attempt that ends now: one, or one a model where the vendor says that several took part.
    fn attempts(&self, used: Used) -> Vec<Attempt> {
        let Used { tokens, source, vendor_request, parts, observed } = used;
        let route = self.lawful.as_ref().and_then(|lawful| lawful.route(&self.backend.name));
        let claimed = route.map_or_else(|| "".into(), |route| Arc::clone(&route.claimed));
        let observed = observed.unwrap_or_else(|| "".into());
        let vendor_request = self.audited.clone().unwrap_or(vendor_request);
        let attempt = |upstream_model, tokens| Attempt {
            backend: self.backend.name.clone(),
            region: self.backend.region.clone(),
            upstream_model,
            tokens,
            source,
            vendor_request: Arc::clone(&vendor_request),
            claimed: Arc::clone(&claimed),
            observed: Arc::clone(&observed),
        };
        if parts.is_empty() || parts.len() > PARTS_MAX {
            return vec![attempt(Arc::clone(&self.upstream_model), tokens)];
        }
        parts.into_iter().map(|part| attempt(part.model.into(), part.tokens)).collect()
    }

    /// Some vendors count the input only at the end of a stream. Where something was answered and the end has
    /// not come, the prompt was read all the same (pitfall 7).
    fn with_input(&mut self, tokens: TokenCounts) -> TokenCounts {
        if tokens.output == 0 || tokens.input_total() > 0 {
            return tokens;
        }
        let prompt = &self.prompt;
        let input = *self.prompt_tokens.get_or_insert_with(|| prompt::tokens(prompt));
        TokenCounts { input, ..tokens }
    }

    /// Writes the ending.
    pub fn close(
        mut self,
        shared: &Shared,
        outcome: Outcome,
        cause: &str,
        used: Used,
    ) -> Result<(), journal::Error> {
        let now = shared.clock.now();
        let first_byte_micros = self
            .first_byte
            .map_or(0, |at| u64::try_from(at.micros() - self.started.micros()).unwrap_or(0).max(1));
        let tokens = if outcome == Outcome::Complete { used.tokens } else { self.with_input(used.tokens) };
        let source = if tokens == used.tokens { used.source } else { UsageSource::Estimated };
        let used = Used { tokens, source, ..used };
        let last = self.attempts(used);
        let mut attempts = self.earlier;
        attempts.extend(last);
        for attempt in attempts.iter().filter(|one| geography::is_elsewhere(&one.claimed, &one.observed)) {
            let Attempt { backend, claimed, observed, .. } = attempt;
            tracing::error!(call = self.open.seq, %backend, %claimed, %observed, "a call ran elsewhere than was claimed");
            shared.telemetry.ran_elsewhere();
        }
        let closed = Closed {
            opened: self.open.seq,
            at: now,
            outcome,
            cause: cause.into(),
            attempts,
            first_byte_micros,
        };
        let written = shared.on_record(|| shared.journal.close(self.open, closed));
        shared.telemetry.call_closed(ended(outcome), &tokens, first_byte_micros);
        written.map(|_seq| ())
    }
}

const fn ended(outcome: Outcome) -> Ended {
    match outcome {
        Outcome::Complete => Ended::Complete,
        Outcome::Interrupted => Ended::Interrupted,
        Outcome::Undelivered => Ended::Undelivered,
        Outcome::Failed => Ended::Failed,
    }
}
