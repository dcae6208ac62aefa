//! What is asked beside model calls: token counts, the list of models, health.

use crate::headers::{self, Served};
use crate::pipeline;
use crate::reach::Way;
use crate::refusal::{self, Refusal};
use crate::routes::ModelRoute;
use crate::{Body, Live, Shared, residency, route as routing, translate};
use bytes::Bytes;
use config::Model;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Request, Response};
use hyper::body::Incoming;
use identity::Principal;
use policy::Action;
use provider::Wire;
use std::sync::Arc;
use units::RequestId;

/// A request to count tokens, for a vendor that can.
pub(crate) struct Count<'a> {
    pub body: &'a Bytes,
    pub head: &'a provider::Head,
    pub headers: &'a HeaderMap,
    pub model: &'a Model,
}

/// How many input tokens a call would have: exact, or refused (pitfall 86).
pub(crate) async fn count(
    shared: &Arc<Shared>,
    request: RequestId,
    http: Request<Incoming>,
    route: ModelRoute,
) -> Result<Response<Body>, Refusal> {
    let now = shared.clock.now();
    let live = shared.live.load_full();
    let (mut parts, body) = http.into_parts();
    headers::name_host(&mut parts);
    let (principal, body) = pipeline::authenticate((shared, &live), &parts, body, now).await?;
    pipeline::content_type(&parts.headers, &route)?;
    let counted = counted(&route, &body)?;
    let head = provider::count_head(counted.wire, &counted.body)?;
    let model = pipeline::model(&live, route.model.as_deref().or(head.model.as_deref()))?;
    principal.check_scope(Action::CountTokens.as_str(), model.name.as_str())?;
    let grant = live.snapshot.policy.authorize(&principal, Action::CountTokens, &model.name)?;
    // What is counted is sent as well, so it goes where the call itself might.
    let lawful = residency::lawful(&live, (&principal, &grant), &model, &parts.headers, now)?;
    let by = (&*principal, Action::CountTokens);
    let allowed = routing::allowed(&live.snapshot.policy, by, &model, lawful.as_deref())?;
    let backend = allowed.first().ok_or_else(|| Refusal::UnknownModel(model.name.to_string()))?;
    let reach = live.reach.get(&backend.name).ok_or(Refusal::NoCounting(model.name.to_string()))?;
    let mut response = match &reach.way {
        Way::Local(local) => {
            let model_name = route.model.as_deref();
            let conversation = provider::decode_request(counted.wire, &counted.body, model_name)?;
            let answer = provider::encode_count(route.wire, local.count(&conversation)?);
            let mut response = Response::new(Body::full(answer));
            *response.headers_mut() = translate::json_headers();
            response
        }
        // A count cannot say where it is to be made.
        Way::Vendor(vendor) if vendor.geo.is_some() && lawful.is_some() => {
            return Err(Refusal::NoCounting(model.name.to_string()));
        }
        Way::Vendor(vendor) if route.wire == Wire::AnthropicMessages && vendor.counts.is_some() => {
            let count = Count {
                body: &counted.body,
                head: &head,
                headers: &headers::forwarded(parts.headers),
                model: &model,
            };
            crate::vendor::count(&count, backend, vendor).await?
        }
        Way::Vendor(_) => return Err(Refusal::NoCounting(model.name.to_string())),
    };
    let obligations = lawful.as_ref().map_or("", |lawful| &lawful.duties);
    let labels = &reach.labels;
    let served = Served { wire: route.wire, request, labels, decision: &grant.decision, obligations };
    headers::mark(response.headers_mut(), served, None, &[]);
    Ok(response)
}

struct Counted {
    wire: Wire,
    body: Bytes,
}

/// The conversation to be counted: Bedrock wraps it in `input`, as either of its two request shapes.
fn counted(route: &ModelRoute, body: &Bytes) -> Result<Counted, Refusal> {
    if route.wire != Wire::BedrockConverse {
        return Ok(Counted { wire: route.wire, body: body.clone() });
    }
    let (wire, body) = provider::counted_input(body)?;
    Ok(Counted { wire, body })
}

/// The models the caller may use, in the shape of the SDK that asks.
pub(crate) async fn models(
    shared: &Arc<Shared>,
    request: RequestId,
    http: Request<Incoming>,
    only: Option<String>,
) -> Result<Response<Body>, (Wire, Refusal)> {
    let wire = list_wire(http.headers());
    let now = shared.clock.now();
    let live = shared.live.load_full();
    let (mut parts, body) = http.into_parts();
    headers::name_host(&mut parts);
    let with_wire = |refusal: Refusal| (wire, refusal);
    let (principal, _) =
        pipeline::authenticate((shared, &live), &parts, body, now).await.map_err(with_wire)?;
    let usable = usable(&live, &principal);
    let created = shared.started;
    let body = match only {
        None => provider::encode_models(wire, &usable, created),
        Some(id) if usable.contains(&id.as_str()) => provider::encode_model(wire, &id, created),
        Some(id) => return Err(with_wire(Refusal::UnknownModel(id))),
    };
    let mut response = Response::new(Body::full(body));
    *response.headers_mut() = translate::json_headers();
    headers::identify(response.headers_mut(), wire, request);
    Ok(response)
}

/// The Anthropic SDK names its version in a header; OpenAI's does not.
pub(crate) fn list_wire(headers: &HeaderMap) -> Wire {
    let anthropic = headers.contains_key("anthropic-version")
        || headers.contains_key("x-api-key")
        || headers.contains_key("anthropic-workspace-id");
    if anthropic { Wire::AnthropicMessages } else { Wire::OpenAiChat }
}

fn usable<'a>(live: &'a Live, principal: &Principal) -> Vec<&'a str> {
    let policy = &live.snapshot.policy;
    let allowed = |name: &&units::ModelName| {
        // Seen is what can be called, by somebody who may list at all.
        let action = Action::InvokeModel;
        let within = |action: Action| principal.check_scope(action.as_str(), name.as_str()).is_ok();
        (within(action) || within(Action::ListModels)) && policy.authorize(principal, action, name).is_ok()
    };
    live.snapshot.model_order.iter().filter(allowed).map(units::ModelName::as_str).collect()
}

/// The process lives.
pub(crate) fn health() -> Response<Body> {
    refusal::plain(true, "ok\n")
}

/// New calls can be taken and recorded.
pub(crate) fn ready(shared: &Shared) -> Response<Body> {
    if *shared.stopping.borrow() {
        return refusal::plain(false, "stopping\n");
    }
    if shared.journal.disk_low() {
        return refusal::plain(false, "the journal's disk is full\n");
    }
    if shared.journal.sync_failed() {
        return refusal::plain(false, "the journal's disk fails\n");
    }
    refusal::plain(true, "ready\n")
}

/// The meters.
pub(crate) fn metrics(shared: &Shared) -> Response<Body> {
    let mut response = refusal::plain(true, shared.telemetry.metrics());
    let kind = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
