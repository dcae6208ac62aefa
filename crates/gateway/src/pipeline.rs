//! The life of one request, from the caller's bytes to a metered response.

use crate::call::{Call, Used};
use crate::deliver::Presence;
use crate::headers;
use crate::reach::Way;
use crate::refusal::Refusal;
use crate::routes::ModelRoute;
use crate::tokens::with_keys;
use crate::vendor::Attempt;
use crate::{Body, Live, Shared, keeping, residency, route, translate, vendor};
use bytes::Bytes;
use config::{Backend, Model};
use geography::Lawful;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use identity::{Authentication, Certificate, Failure, Principal};
use journal::{Opened, Outcome};
use policy::{Action, Grant};
use std::sync::Arc;
use std::time::Duration;
use units::{RequestId, Timestamp};

/// One request, as far as it is understood.
pub(crate) struct Ask {
    pub shared: Arc<Shared>,
    pub live: Arc<Live>,
    pub presence: Arc<Presence>,
    pub request: RequestId,
    pub route: ModelRoute,
    /// The client's headers that may go to a vendor.
    pub headers: HeaderMap,
    pub query: Option<String>,
    pub body: Bytes,
    pub head: provider::Head,
    /// What it says in no vendor's words, where a planned backend speaks another protocol.
    pub conversation: Option<provider::Conversation>,
    pub model: Arc<Model>,
    pub grant: Grant,
    /// The backends that may lawfully be asked; none where residency is not asked.
    pub lawful: Option<Arc<Lawful>>,
    /// The last backend that will be asked.
    pub last: Option<Arc<Backend>>,
    pub stream: bool,
    pub started: Timestamp,
}

/// What a vendor that wants a limit is asked for when neither the caller nor the model's configuration has one
/// (pitfall 41: a plain call works under every wire).
const OUTPUT_TOKENS_DEFAULT: u64 = 4096;

impl Ask {
    /// The limit on output where the caller set none.
    pub fn output_limit(&self) -> u64 {
        self.model.output_tokens_max.unwrap_or(OUTPUT_TOKENS_DEFAULT)
    }
}

/// An attempt that gave no answer: why, the record to end, and whether another backend may be asked.
pub(crate) struct Failed {
    pub refusal: Refusal,
    pub call: Call,
    pub elsewhere: bool,
}

/// Serves a model call, start to end.
pub(crate) async fn serve(
    shared: &Arc<Shared>,
    presence: Arc<Presence>,
    request: RequestId,
    http: Request<Incoming>,
    route: ModelRoute,
) -> Result<Response<Body>, Refusal> {
    let started = shared.clock.now();
    let live = shared.live.load_full(); // one immutable view for the whole request
    let (mut parts, body) = http.into_parts();
    headers::name_host(&mut parts);

    // Identity first, so that every later refusal can be attributed.
    let (principal, body) = authenticate((shared, &live), &parts, body, started).await?;
    content_type(&parts.headers, &route)?;
    let head = provider::head(route.wire, &body)?;
    let stream = route.stream.unwrap_or(head.stream);
    let model = model(&live, route.model.as_deref().or(head.model.as_deref()))?;
    principal.check_scope(Action::InvokeModel.as_str(), model.name.as_str())?;
    // Policy before anything is used up: a forbidden request must not take room.
    let note = (request, started);
    let grant = live.snapshot.policy.authorize(&principal, Action::InvokeModel, &model.name);
    let grant = shared.turned_away.note(note, &principal, &model, grant.map_err(Refusal::from))?;
    // Law before health: failover never leaves the lawful set.
    let lawful = residency::lawful(&live, (&principal, &grant), &model, &parts.headers, started);
    let lawful = shared.turned_away.note(note, &principal, &model, lawful)?;
    let by = (&*principal, Action::InvokeModel);
    let allowed = route::allowed(&live.snapshot.policy, by, &model, lawful.as_deref());
    let allowed = shared.turned_away.note(note, &principal, &model, allowed)?;
    let plan = route::plan(allowed, &shared.health, started);
    // What cannot be understood is refused before it is a call.
    let kept =
        keeping::wanted(shared, &live, (&principal, &grant), &parts.headers, (request, &model.name, &body))?;
    let conversation = match plan.iter().any(|backend| vendor::is_translated(route.wire, backend)) {
        true => Some(provider::decode_request(route.wire, &body, route.model.as_deref())?),
        false => None,
    };
    let conversation = conversation.map(|conversation| provider::Conversation { stream, ..conversation });
    let query = parts.uri.query().and_then(headers::forwarded_query);
    let ask = Ask {
        shared: Arc::clone(shared),
        presence,
        request,
        route,
        headers: headers::forwarded(parts.headers),
        query,
        body,
        head,
        conversation,
        model,
        grant,
        lawful,
        last: plan.last().cloned(),
        stream,
        started,
        live,
    };
    // On record before the first upstream byte: a crash leaves an open call, never a gap.
    let call = open(&ask, &principal, &plan)?;
    let answer = attempt_each(&ask, &plan, call).await?;
    Ok(match kept {
        None => answer,
        Some(kept) => answer.map(|body| keeping::copied(body, kept, &shared.vault)),
    })
}

/// Tries the planned backends until one answers. What a failed attempt used stays on record.
async fn attempt_each(ask: &Ask, plan: &[Arc<Backend>], mut call: Call) -> Result<Response<Body>, Refusal> {
    let mut rest = plan.iter();
    let mut backend = rest.next().ok_or_else(|| Refusal::UnknownModel(ask.model.name.to_string()))?;
    loop {
        let reach = ask.live.reach.get(&backend.name);
        let attempted = match reach.map(|reach| (&reach.way, &reach.labels)) {
            Some((Way::Vendor(vendor), labels)) => {
                vendor::attempt(Attempt { ask, backend, vendor, labels }, call).await
            }
            Some((Way::Local(local), labels)) => {
                translate::from_local(ask, backend, (local, labels), call).await
            }
            None => {
                let message = format!("backend `{}` is not loaded", backend.name);
                let refusal = Refusal::Upstream(upstream::Failure::Unreachable(message));
                Err(Box::new(Failed { refusal, call, elsewhere: true }))
            }
        };
        let mut failed = match attempted {
            Ok(response) => return Ok(response),
            Err(failed) => failed,
        };
        if matches!(&failed.refusal, Refusal::Upstream(failure) if failure.never_left()) {
            ask.shared.health.unreachable(&backend.name, ask.shared.clock.now());
        }
        match rest.next() {
            Some(next) if failed.elsewhere => {
                tracing::warn!(request = %ask.request, backend = %backend.name, next = %next.name, reason = failed.refusal.for_log(), "attempt failed");
                failed.call.next_attempt(next, Used::nothing());
                backend = next;
                call = failed.call;
            }
            _ => {
                failed.call.close(Outcome::Failed, failed.refusal.code(), Used::nothing())?;
                return Err(failed.refusal);
            }
        }
    }
}

/// Who calls, and the whole body.
pub(crate) async fn authenticate(
    (shared, live): (&Shared, &Live),
    parts: &Parts,
    body: Incoming,
    now: Timestamp,
) -> Result<(Arc<Principal>, Bytes), Refusal> {
    let head = identity::Head {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query(),
        headers: &parts.headers,
    };
    let directory = &live.snapshot.directory;
    let shown = with_keys(shared, || directory.authenticate(&head, now)).await;
    let authentication = match (shown, parts.extensions.get::<Arc<Certificate>>()) {
        (Err(Failure::Missing), Some(certificate)) => {
            Authentication::Known(directory.certified(certificate)?)
        }
        (shown, _) => shown?,
    };
    let body = read(body, live.snapshot.limits.body_bytes_max).await?;
    match authentication {
        Authentication::Known(principal) => Ok((principal, body)),
        // A signature covers the body, so it is finished when the body is there.
        Authentication::AwaitsBody(pending) => Ok((pending.finish(&body)?, body)),
    }
}

/// How long a client may leave its body hanging.
const BODY_IDLE: Duration = Duration::from_secs(30);

/// The whole body, within the limit.
pub(crate) async fn read(body: Incoming, most: usize) -> Result<Bytes, Refusal> {
    let mut body = Limited::new(body, most);
    // Most bodies come in one piece, which is not copied.
    let (mut first, mut more) = (Bytes::new(), Vec::new());
    loop {
        let frame = tokio::time::timeout(BODY_IDLE, body.frame()).await;
        let frame = frame.map_err(|_elapsed| Refusal::BodyBroken("nothing more came".to_owned()))?;
        match frame {
            None if more.is_empty() => return Ok(first),
            None => return Ok(more.into()),
            Some(Ok(frame)) => {
                let Ok(chunk) = frame.into_data() else { continue };
                if first.is_empty() && more.is_empty() {
                    first = chunk;
                } else {
                    more.extend_from_slice(&std::mem::take(&mut first));
                    more.extend_from_slice(&chunk);
                }
            }
            Some(Err(error)) if error.is::<LengthLimitError>() => return Err(Refusal::BodyTooLarge(most)),
            Some(Err(error)) => return Err(Refusal::BodyBroken(error.to_string())),
        }
    }
}

/// Bodies are JSON; AWS clients may leave the type out or call it bytes.
pub(crate) fn content_type(headers: &HeaderMap, route: &ModelRoute) -> Result<(), Refusal> {
    let Some(value) = headers.get(CONTENT_TYPE) else { return Ok(()) };
    let text = value.to_str().unwrap_or("?");
    let kind = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let json =
        kind == "application/json" || kind.ends_with("+json") || kind.starts_with("application/x-amz-json");
    let bytes = route.model.is_some() && kind == "application/octet-stream";
    if json || bytes { Ok(()) } else { Err(Refusal::ContentType(text.to_owned())) }
}

/// The model of that name.
pub(crate) fn model(live: &Live, name: Option<&str>) -> Result<Arc<Model>, Refusal> {
    let name = name.unwrap_or_default();
    live.snapshot
        .models
        .get(name)
        .cloned()
        .ok_or_else(|| Refusal::UnknownModel(name.chars().take(128).collect()))
}

fn open(ask: &Ask, principal: &Principal, plan: &[Arc<Backend>]) -> Result<Call, Refusal> {
    let backend = plan.first().ok_or_else(|| Refusal::UnknownModel(ask.model.name.to_string()))?;
    let price = ask.live.prices.at(&ask.model.name, ask.started).cloned();
    let opened = Opened {
        request: ask.request,
        at: ask.started,
        organisation: principal.organisation.clone(),
        team: principal.team.clone(),
        subject: principal.subject.clone(),
        method: principal.method.as_str().into(),
        proof: principal.proof.as_str().into(),
        model: ask.model.name.clone(),
        backend: backend.name.clone(),
        region: backend.region.clone(),
        upstream_model: Arc::clone(&ask.model.upstream_name),
        wire: wire_name(ask.route.wire).into(),
        stream: ask.stream,
        price: price.as_ref().map(|price| price.id),
        policy: Arc::clone(&ask.grant.decision),
        residency: residency::evidence(ask.lawful.as_deref()),
        snapshot: ask.live.snapshot.version,
        catalogue: ask.lawful.as_ref().map_or_else(|| "".into(), |lawful| Arc::clone(&lawful.catalogue)),
        lawful_set: ask.lawful.as_ref().map_or_else(|| "".into(), |lawful| Arc::clone(&lawful.hash)),
    };
    let call = Call::open(&ask.shared, opened, backend, price, Arc::clone(&ask.presence))?;
    Ok(call.with_prompt(ask.body.clone()).within(ask.lawful.clone()))
}

/// The protocol's name in records.
const fn wire_name(wire: provider::Wire) -> &'static str {
    match wire {
        provider::Wire::AnthropicMessages => "anthropic.messages",
        provider::Wire::OpenAiChat => "openai.chat",
        provider::Wire::BedrockConverse => "bedrock.converse",
        provider::Wire::BedrockInvoke => "bedrock.invoke",
    }
}
