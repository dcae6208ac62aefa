//! What the journal says: one kind of frame per fact, each written once and never changed.

use crate::codec::{Decoder, Encoder, Undecodable};
use std::sync::{Arc, LazyLock};
use units::{
    BackendName, Currency, ModelName, Money, Organisation, PriceId, Region, RequestId, Subject, Team,
    Timestamp, TokenCounts, TokenRates,
};

/// A frame's place in the order of all frames, from 1.
pub type Seq = u64;

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A call was admitted; written before the first upstream byte.
    Opened(Opened),
    /// A call ended; written before the client sees the end.
    Closed(Closed),
    /// A price became known.
    PriceAdded(PriceAdded),
    /// A commitment became known.
    CommitmentAdded(CommitmentAdded),
    /// What a commitment says about each of its years became known.
    TermsAdded(TermsAdded),
    /// Which charges count towards a commitment became known, or changed.
    EligibleAdded(EligibleAdded),
    /// Everything closed up to a frame was settled.
    Sealed(Sealed),
}

/// Who called what, and by which rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The id the client sees in `x-offtake-request-id`.
    pub request: RequestId,
    /// When the call was admitted.
    pub at: Timestamp,
    /// Who pays.
    pub organisation: Organisation,
    /// The team within it.
    pub team: Team,
    /// The person or workload.
    pub subject: Subject,
    /// How it proved itself: `sigv4`, `jwt`, `virtual-key` …
    pub method: Arc<str>,
    /// The proof's public name: a key's name or id, never a secret.
    pub proof: Arc<str>,
    /// The model asked for.
    pub model: ModelName,
    /// The backend first planned for it; its attempts say where it really went.
    pub backend: BackendName,
    /// Where that backend runs.
    pub region: Region,
    /// What that backend calls the model.
    pub upstream_model: Arc<str>,
    /// The protocol the client spoke: `anthropic.messages` …
    pub wire: Arc<str>,
    /// Whether the client asked for a stream.
    pub stream: bool,
    /// The price pinned for this call; none means it stays unrated until one arrives.
    pub price: Option<PriceId>,
    /// What allowed it, or `not evaluated`.
    pub policy: Arc<str>,
    /// `lawful:` and the papers that it rests on, or `not evaluated`.
    pub residency: Arc<str>,
    /// The version of the configuration it was served by.
    pub snapshot: u64,
    /// The version of the catalogue that residency was decided by; empty where it was not.
    pub catalogue: Arc<str>,
    /// The hash of the lawful set; empty where there was none.
    pub lawful_set: Arc<str>,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Answered in full.
    Complete,
    /// Cut off on the way; charged for what arrived.
    Interrupted,
    /// Answered upstream, but the client was gone.
    Undelivered,
    /// Nothing was answered.
    Failed,
}

impl Outcome {
    /// The word shown to people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Interrupted => "interrupted",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
        }
    }

    const ALL: [Self; 4] = [Self::Complete, Self::Interrupted, Self::Undelivered, Self::Failed];
}

/// Where a count comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UsageSource {
    /// The backend said so.
    Reported,
    /// Counted here from what passed, because the backend could not say.
    Estimated,
}

impl UsageSource {
    /// The word shown to people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Estimated => "estimated",
        }
    }
}

/// One try at one backend; each that a vendor may bill is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
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
    /// The vendor's own id for the call, or empty.
    pub vendor_request: Arc<str>,
    /// Where it may be processed, as claimed (`DE,FR`, `anywhere`); empty where residency was not decided.
    pub claimed: Arc<str>,
    /// Where the vendor says it ran, in its own words; empty where it does not say.
    pub observed: Arc<str>,
}

/// How a call ended, and what it used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The `Opened` frame this ends.
    pub opened: Seq,
    /// When.
    pub at: Timestamp,
    /// How.
    pub outcome: Outcome,
    /// Why it was not complete, in a word or two; empty when it was.
    pub cause: Arc<str>,
    /// Every try, in order.
    pub attempts: Vec<Attempt>,
    /// From admission to the first byte of the answer, in microseconds; 0 when there was none.
    pub first_byte_micros: u64,
}

/// A dated price; a model's first, without `from`, holds from the beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceAdded {
    /// When the plane learnt of it.
    pub at: Timestamp,
    /// The hash that names it.
    pub price: PriceId,
    /// For which model.
    pub model: ModelName,
    /// In which currency.
    pub currency: Currency,
    /// From when it holds.
    pub from: Option<Timestamp>,
    /// What a token of each kind costs.
    pub rates: TokenRates,
}

/// A commitment that an organisation's charges draw down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitmentAdded {
    /// When the plane learnt of it.
    pub at: Timestamp,
    /// Its id in the deal file.
    pub commitment: Arc<str>,
    /// Whose charges count.
    pub organisation: Organisation,
    /// What was promised.
    pub total: Money,
    /// From when charges count.
    pub from: Timestamp,
    /// Until when, exclusive.
    pub to: Timestamp,
}

/// What a commitment says about each of its years. Amounts and shares are in 10⁻¹².
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermsAdded {
    /// When the plane learnt of it.
    pub at: Timestamp,
    /// The commitment, which is known already.
    pub commitment: Arc<str>,
    /// The hash of the deal's canonical form.
    pub contract: Arc<str>,
    /// The least that is owed for each contract year, in the commitment's currency.
    pub minimums: Vec<i128>,
    /// Taken off list prices up to the year's minimum, and above it.
    pub discounts: [i128; 2],
    /// The share of a year's overage that counts towards the next.
    pub carry: i128,
    /// At most this share of the next minimum does.
    pub carry_cap: Option<i128>,
    /// The share of a shortfall that comes back as credit.
    pub make_good: i128,
    /// The share of a year's minimum that counts as all of it.
    pub grace: i128,
}

/// Which charges count towards a commitment from here on, and how much of each. Before the first of these, and where
/// there is none, all do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EligibleAdded {
    /// When the plane learnt of it.
    pub at: Timestamp,
    /// The commitment, which may become known after this.
    pub commitment: Arc<str>,
    /// By backend and model: the share that counts, in 10⁻¹²; of others nothing does.
    pub counts: Vec<(BackendName, ModelName, i128)>,
}

/// A settlement: what was closed and unsettled up to `through` is in the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// The last frame that was looked at.
    pub through: Seq,
    /// The posting time of all that this settles.
    pub at: Timestamp,
}

impl Frame {
    pub(crate) const fn kind(&self) -> u8 {
        match self {
            Self::Opened(_) => 1,
            Self::Closed(_) => 2,
            Self::PriceAdded(_) => 3,
            Self::Sealed(_) => 4,
            Self::CommitmentAdded(_) => 5,
            Self::TermsAdded(_) => 6,
            Self::EligibleAdded(_) => 7,
        }
    }

    /// Appends the payload to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut to = Encoder(out);
        match self {
            Self::Opened(frame) => frame.encode(&mut to),
            Self::Closed(frame) => frame.encode(&mut to),
            Self::PriceAdded(frame) => frame.encode(&mut to),
            Self::CommitmentAdded(frame) => frame.encode(&mut to),
            Self::TermsAdded(frame) => frame.encode(&mut to),
            Self::EligibleAdded(frame) => frame.encode(&mut to),
            Self::Sealed(frame) => {
                to.number(frame.through);
                to.signed(frame.at.micros());
            }
        }
    }

    /// Reads what [`Frame::encode`] wrote of an `Opened` frame.
    pub fn read_opened(payload: &[u8]) -> Option<Opened> {
        match Self::decode(1, payload, None) {
            Ok(Self::Opened(opened)) => Some(opened),
            _ => None,
        }
    }

    /// Reads what [`Frame::encode`] wrote of a `Closed` frame.
    pub fn read_closed(payload: &[u8]) -> Option<Closed> {
        match Self::decode(2, payload, None) {
            Ok(Self::Closed(closed)) => Some(closed),
            _ => None,
        }
    }

    /// Reads a payload; what it has in common with `like`, an earlier record, is shared with it.
    pub(crate) fn decode(kind: u8, payload: &[u8], like: Option<&Opened>) -> Result<Self, Undecodable> {
        let mut from = Decoder(payload);
        let frame = match kind {
            1 => Self::Opened(Opened::decode(&mut from, like)?),
            2 => Self::Closed(Closed::decode(&mut from, like)?),
            3 => Self::PriceAdded(PriceAdded::decode(&mut from)?),
            4 => Self::Sealed(Sealed { through: from.number()?, at: time(&mut from)? }),
            5 => Self::CommitmentAdded(CommitmentAdded::decode(&mut from)?),
            6 => Self::TermsAdded(TermsAdded::decode(&mut from)?),
            7 => Self::EligibleAdded(EligibleAdded::decode(&mut from)?),
            _ => return Err(Undecodable),
        };
        if from.0.is_empty() { Ok(frame) } else { Err(Undecodable) }
    }
}

fn time(from: &mut Decoder<'_>) -> Result<Timestamp, Undecodable> {
    Ok(Timestamp::from_micros(from.signed()?))
}

fn put_amount(to: &mut Encoder<'_>, amount: i128) {
    to.wide(amount.cast_unsigned());
}

fn amount(from: &mut Decoder<'_>) -> Result<i128, Undecodable> {
    Ok(from.wide()?.cast_signed())
}

impl Opened {
    fn encode(&self, to: &mut Encoder<'_>) {
        to.wide(self.request.bits());
        to.signed(self.at.micros());
        for text in [self.organisation.as_str(), self.team.as_str(), self.subject.as_str()] {
            to.text(text);
        }
        for text in [&*self.method, &*self.proof, self.model.as_str()] {
            to.text(text);
        }
        for text in [self.backend.as_str(), self.region.as_str(), &self.upstream_model, &self.wire] {
            to.text(text);
        }
        to.byte(u8::from(self.stream));
        to.option(self.price, |to, price| to.wide(u128::from(price.0)));
        to.text(&self.policy);
        to.text(&self.residency);
        to.number(self.snapshot);
        to.text(&self.catalogue);
        to.text(&self.lawful_set);
    }

    fn decode(from: &mut Decoder<'_>, like: Option<&Self>) -> Result<Self, Undecodable> {
        let mut opened = Self {
            request: RequestId::from_bits(from.wide()?),
            at: time(from)?,
            organisation: from.name_like(like.map(|like| &like.organisation))?,
            team: from.name_like(like.map(|like| &like.team))?,
            subject: from.name_like(like.map(|like| &like.subject))?,
            method: from.shared(like.map(|like| &like.method))?,
            proof: from.shared(like.map(|like| &like.proof))?,
            model: from.name_like(like.map(|like| &like.model))?,
            backend: from.name_like(like.map(|like| &like.backend))?,
            region: from.name_like(like.map(|like| &like.region))?,
            upstream_model: from.shared(like.map(|like| &like.upstream_model))?,
            wire: from.shared(like.map(|like| &like.wire))?,
            stream: from.byte()? == 1,
            price: from.option(|from| Ok(PriceId(u64::try_from(from.wide()?).map_err(|_| Undecodable)?)))?,
            policy: from.shared(like.map(|like| &like.policy))?,
            residency: from.shared(like.map(|like| &like.residency))?,
            snapshot: from.number()?,
            catalogue: nothing(),
            lawful_set: nothing(),
        };
        // Frames of earlier versions end here.
        if !from.0.is_empty() {
            opened.catalogue = from.shared(Some(like.map_or(&opened.catalogue, |like| &like.catalogue)))?;
            opened.lawful_set =
                from.shared(Some(like.map_or(&opened.lawful_set, |like| &like.lawful_set)))?;
        }
        Ok(opened)
    }
}

/// The empty text, always the same one.
fn nothing() -> Arc<str> {
    static NOTHING: LazyLock<Arc<str>> = LazyLock::new(|| "".into());
    Arc::clone(&NOTHING)
}

impl Closed {
    fn encode(&self, to: &mut Encoder<'_>) {
        to.number(self.opened);
        to.signed(self.at.micros());
        to.byte(Outcome::ALL.iter().position(|one| *one == self.outcome).map_or(0, small));
        to.text(&self.cause);
        to.byte(small(self.attempts.len()));
        for attempt in &self.attempts {
            attempt.encode(to);
        }
        to.number(self.first_byte_micros);
        for attempt in &self.attempts {
            to.text(&attempt.claimed);
            to.text(&attempt.observed);
        }
    }

    fn decode(from: &mut Decoder<'_>, like: Option<&Opened>) -> Result<Self, Undecodable> {
        let opened = from.number()?;
        let at = time(from)?;
        let outcome = *Outcome::ALL.get(usize::from(from.byte()?)).ok_or(Undecodable)?;
        let cause = from.shared(Some(&nothing()))?;
        let attempts = (0..from.byte()?).map(|_| Attempt::decode(from, like));
        let mut attempts = attempts.collect::<Result<Vec<_>, _>>()?;
        let first_byte_micros = from.number()?;
        // Frames of earlier versions end here.
        if !from.0.is_empty() {
            for attempt in &mut attempts {
                attempt.claimed = from.shared(Some(&attempt.claimed))?;
                attempt.observed = from.shared(Some(&attempt.observed))?;
            }
        }
        Ok(Self { opened, at, outcome, cause, attempts, first_byte_micros })
    }
}

/// The number as one byte; the callers' numbers are bounded far below 256 (attempts by the plan, outcomes by
/// the enum), and a frame that broke that would fail to decode rather than lie.
fn small(number: usize) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

impl Attempt {
    fn encode(&self, to: &mut Encoder<'_>) {
        for text in [self.backend.as_str(), self.region.as_str(), &self.upstream_model] {
            to.text(text);
        }
        let TokenCounts { input, cache_read, cache_write_5m, cache_write_1h, output, reasoning } =
            self.tokens;
        for count in [input, cache_read, cache_write_5m, cache_write_1h, output, reasoning] {
            to.number(count);
        }
        to.byte(u8::from(self.source == UsageSource::Estimated));
        to.text(&self.vendor_request);
    }

    fn decode(from: &mut Decoder<'_>, like: Option<&Opened>) -> Result<Self, Undecodable> {
        Ok(Self {
            backend: from.name_like(like.map(|like| &like.backend))?,
            region: from.name_like(like.map(|like| &like.region))?,
            upstream_model: from.shared(like.map(|like| &like.upstream_model))?,
            tokens: TokenCounts {
                input: from.number()?,
                cache_read: from.number()?,
                cache_write_5m: from.number()?,
                cache_write_1h: from.number()?,
                output: from.number()?,
                reasoning: from.number()?,
            },
            source: if from.byte()? == 1 { UsageSource::Estimated } else { UsageSource::Reported },
            vendor_request: from.shared(None)?,
            claimed: nothing(),
            observed: nothing(),
        })
    }
}

impl PriceAdded {
    fn encode(&self, to: &mut Encoder<'_>) {
        to.signed(self.at.micros());
        to.wide(u128::from(self.price.0));
        to.text(self.model.as_str());
        to.text(self.currency.as_str());
        to.option(self.from, |to, from| to.signed(from.micros()));
        let TokenRates { input, cache_read, cache_write_5m, cache_write_1h, output } = self.rates;
        for rate in [input, cache_read, cache_write_5m, cache_write_1h, output] {
            put_amount(to, rate);
        }
    }

    fn decode(from: &mut Decoder<'_>) -> Result<Self, Undecodable> {
        Ok(Self {
            at: time(from)?,
            price: PriceId(u64::try_from(from.wide()?).map_err(|_| Undecodable)?),
            model: from.name()?,
            currency: from.name()?,
            from: from.option(time)?,
            rates: TokenRates {
                input: amount(from)?,
                cache_read: amount(from)?,
                cache_write_5m: amount(from)?,
                cache_write_1h: amount(from)?,
                output: amount(from)?,
            },
        })
    }
}

impl CommitmentAdded {
    fn encode(&self, to: &mut Encoder<'_>) {
        to.signed(self.at.micros());
        to.text(&self.commitment);
        to.text(self.organisation.as_str());
        to.text(self.total.currency().as_str());
        put_amount(to, self.total.pico());
        to.signed(self.from.micros());
        to.signed(self.to.micros());
    }

    fn decode(from: &mut Decoder<'_>) -> Result<Self, Undecodable> {
        let at = time(from)?;
        let commitment = from.shared(None)?;
        let organisation = from.name()?;
        let currency: Currency = from.name()?;
        let total = Money::from_pico(amount(from)?, currency);
        Ok(Self { at, commitment, organisation, total, from: time(from)?, to: time(from)? })
    }
}

impl TermsAdded {
    fn encode(&self, to: &mut Encoder<'_>) {
        to.signed(self.at.micros());
        to.text(&self.commitment);
        to.text(&self.contract);
        to.number(u64::try_from(self.minimums.len()).unwrap_or(u64::MAX));
        for amount in self.minimums.iter().chain(&self.discounts) {
            put_amount(to, *amount);
        }
        put_amount(to, self.carry);
        to.option(self.carry_cap, put_amount);
        put_amount(to, self.make_good);
        put_amount(to, self.grace);
    }

    fn decode(from: &mut Decoder<'_>) -> Result<Self, Undecodable> {
        Ok(Self {
            at: time(from)?,
            commitment: from.shared(None)?,
            contract: from.shared(None)?,
            minimums: (0..from.number()?).map(|_| amount(from)).collect::<Result<_, _>>()?,
            discounts: [amount(from)?, amount(from)?],
            carry: amount(from)?,
            carry_cap: from.option(amount)?,
            make_good: amount(from)?,
            grace: amount(from)?,
        })
    }
}

impl EligibleAdded {
    fn encode(&self, to: &mut Encoder<'_>) {
        to.signed(self.at.micros());
        to.text(&self.commitment);
        to.number(u64::try_from(self.counts.len()).unwrap_or(u64::MAX));
        for (backend, model, share) in &self.counts {
            to.text(backend.as_str());
            to.text(model.as_str());
            put_amount(to, *share);
        }
    }

    fn decode(from: &mut Decoder<'_>) -> Result<Self, Undecodable> {
        let (at, commitment) = (time(from)?, from.shared(None)?);
        let one = |from: &mut Decoder<'_>| Ok((from.name()?, from.name()?, amount(from)?));
        let counts = (0..from.number()?).map(|_| one(from)).collect::<Result<_, _>>()?;
        Ok(Self { at, commitment, counts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A journal is read for years: what was written before a field existed still reads, with nothing in it.
    #[test]
    fn frames_of_earlier_versions_are_read() {
        let attempt = Attempt {
            backend: "vendor".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            upstream_model: "m".into(),
            tokens: TokenCounts { input: 3, output: 7, ..TokenCounts::default() },
            source: UsageSource::Reported,
            vendor_request: "req".into(),
            claimed: nothing(),
            observed: nothing(),
        };
        let closed = Frame::Closed(Closed {
            opened: 1,
            at: Timestamp::from_seconds(5),
            outcome: Outcome::Complete,
            cause: nothing(),
            attempts: vec![attempt.clone(), attempt],
            first_byte_micros: 9,
        });
        let opened = Frame::Opened(Opened {
            request: RequestId::from_bits(1),
            at: Timestamp::from_seconds(4),
            organisation: "o".parse().unwrap(),
            team: "t".parse().unwrap(),
            subject: "s".parse().unwrap(),
            method: "jwt".into(),
            proof: "p".into(),
            model: "m".parse().unwrap(),
            backend: "vendor".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            upstream_model: "m".into(),
            wire: "w".into(),
            stream: true,
            price: None,
            policy: "not evaluated".into(),
            residency: "not evaluated".into(),
            snapshot: 7,
            catalogue: nothing(),
            lawful_set: nothing(),
        });
        // Each of the texts that came later is one byte when empty.
        for (frame, later) in [(opened, 2), (closed, 4)] {
            let mut bytes = Vec::new();
            frame.encode(&mut bytes);
            for whole in [bytes.len(), bytes.len() - later] {
                assert_eq!(Frame::decode(frame.kind(), &bytes[..whole], None), Ok(frame.clone()));
            }
            assert_eq!(Frame::decode(frame.kind(), &bytes[..bytes.len() - 1], None), Err(Undecodable));
        }
    }
}
