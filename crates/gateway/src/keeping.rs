//! Keeping prompts and answers of those who want that: the answer is copied in passing, and given away when it ends.

use crate::refusal::Refusal;
use crate::{Body, Live, Shared, residency};
use bytes::Bytes;
use config::Retention;
use geography::Date;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use identity::Principal;
use policy::Grant;
use provider::ErrorKind;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use units::{ModelName, RequestId, Timestamp};

/// So much of an answer is kept.
const ANSWER_BYTES_MAX: usize = 4 << 20;
/// How a call that was not kept is counted.
const UNLAWFUL: &str = "retention_unlawful";

/// Keeps what it is given, off the request's path.
pub trait Vault: Send + Sync + 'static {
    /// Whether what is given now will be kept, as far as is known.
    fn is_well(&self) -> bool;

    /// Takes what is to be kept; never waits.
    fn keep(&self, kept: Kept);
}

/// What is kept of a call.
#[expect(missing_debug_implementations, reason = "it holds what no log may hold")]
pub struct Kept {
    /// The call.
    pub request: RequestId,
    /// When it was admitted.
    pub at: Timestamp,
    /// Who called.
    pub principal: Arc<Principal>,
    /// The model asked for.
    pub model: ModelName,
    /// The last day on which it is kept.
    pub until: Date,
    /// The request's body.
    pub question: Bytes,
    /// The answer's, in pieces.
    pub answer: Vec<Bytes>,
    /// Whether the answer is longer than that.
    pub is_cut: bool,
    /// The view that decided it, with the key.
    pub live: Arc<Live>,
}

/// What is to be kept of a call, before its answer; none where nobody wants that, or it may not lie here.
///
/// # Errors
/// When it has to be kept, and cannot be.
pub(crate) fn wanted(
    shared: &Shared,
    live: &Arc<Live>,
    (principal, grant): (&Arc<Principal>, &Grant),
    headers: &HeaderMap,
    call: (RequestId, &ModelName, &Bytes),
) -> Result<Option<Kept>, Refusal> {
    let Some(retention) = &live.snapshot.retention else { return Ok(None) };
    let Some(days) = retention.days(&principal.organisation, &principal.team, &grant.policies) else {
        return Ok(None);
    };
    let now = shared.clock.now();
    if let Err(why) = may_keep(live, retention, (principal, grant), headers, now)? {
        shared.telemetry.refused(UNLAWFUL);
        tracing::warn!(request = %call.0, %principal, why, "the call is not kept");
        let refusal = Refusal::Retention { why, kind: ErrorKind::Permission };
        return if retention.required { Err(refusal) } else { Ok(None) };
    }
    if retention.required && !shared.vault.is_well() {
        let why = "what has to be kept cannot be written".to_owned();
        return Err(Refusal::Retention { why, kind: ErrorKind::StorageFull });
    }
    let (request, model, question) = call;
    Ok(Some(Kept {
        request,
        at: now,
        principal: Arc::clone(principal),
        model: model.clone(),
        until: Date::of(now.plus_seconds(days.saturating_mul(86_400))),
        question: question.clone(),
        answer: Vec::new(),
        is_cut: false,
        live: Arc::clone(live),
    }))
}

/// Whether content of this call may lie where this plane keeps it; why not, in words.
fn may_keep(
    live: &Live,
    retention: &Retention,
    (principal, grant): (&Principal, &Grant),
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Result<(), String>, Refusal> {
    let narrowing = residency::narrowed(live, grant, headers)?;
    let residency = &live.snapshot.residency;
    let decided = residency.may_keep(&principal.organisation, &narrowing, Date::of(now), &retention.place);
    let refused = decided.and_then(|decided| decided.refused.into_iter().next());
    Ok(match refused {
        None => Ok(()),
        Some(first) => Err(format!("its content may not be kept here: {} ({})", first.reason, first.rule)),
    })
}

/// The answer, copied in passing.
pub(crate) fn copied(body: Body, kept: Kept, vault: &Arc<dyn Vault>) -> Body {
    let mut copied = Copied { body, kept: Some(kept), bytes: 0, vault: Arc::clone(vault) };
    // What is at hand is kept whole, though the client may have gone.
    let at_hand = match &mut copied.body {
        Body::Full(bytes) => bytes.take(),
        Body::Stream(_) => return Body::stream(copied),
    };
    if let Some(bytes) = &at_hand {
        copied.copy(bytes);
    }
    Body::Full(at_hand)
}

struct Copied {
    body: Body,
    kept: Option<Kept>,
    bytes: usize,
    vault: Arc<dyn Vault>,
}

impl Copied {
    fn copy(&mut self, piece: &Bytes) {
        let Some(kept) = &mut self.kept else { return };
        let room = ANSWER_BYTES_MAX.saturating_sub(self.bytes);
        self.bytes = self.bytes.saturating_add(piece.len());
        kept.is_cut |= piece.len() > room;
        if room > 0 {
            kept.answer.push(piece.slice(..piece.len().min(room)));
        }
    }
}

impl Drop for Copied {
    /// At its end, and where the client has gone.
    fn drop(&mut self) {
        if let Some(kept) = self.kept.take() {
            self.vault.keep(kept);
        }
    }
}

impl HttpBody for Copied {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && let Some(piece) = frame.data_ref()
        {
            self.copy(piece);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
