//! Tokens and keys for other proofs: `/v1/oauth/token`, and as much of AWS's security token service as lets an AWS client
//! work with a web identity and no key of its own.

use crate::refusal::{Refusal, sts};
use crate::{Body, Shared, headers, pipeline, translate};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::request::Parts;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use identity::{
    Assumed, Failure, Head, IssuedToken, Principal, StsProof, StsRequest, Subject, TokenRequest, UsedProofs,
    WebIdentity,
};
use provider::Wire;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use units::{RequestId, Timestamp};

/// The largest request for a token, or for a key, that is read.
const BODY_BYTES_MAX: usize = 64 << 10;
/// The largest answer of AWS that is read.
const ANSWER_BYTES_MAX: usize = 64 << 10;
const CONNECT: Duration = Duration::from_secs(3);
/// For a whole exchange with AWS.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many proofs are sent to AWS at a time.
const ASKING_MAX: usize = 16;

/// AWS's security token service, as it is asked.
#[derive(Debug)]
pub(crate) struct Sts {
    clients: Mutex<HashMap<String, upstream::Client>>,
    asking: Semaphore,
    used: UsedProofs,
}

impl Sts {
    /// Not asked yet; what was proved before `now` may have been used.
    pub fn new(now: Timestamp) -> Self {
        Self { clients: Mutex::default(), asking: Semaphore::new(ASKING_MAX), used: UsedProofs::new(now) }
    }

    fn client(&self, address: &str) -> Result<upstream::Client, upstream::Failure> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(address) {
            return Ok(client.clone());
        }
        let client = upstream::Client::new(address, CONNECT, PATIENCE)?;
        clients.insert(address.to_owned(), client.clone());
        Ok(client)
    }

    /// What AWS answers to this proof, which then counts no more.
    async fn ask(&self, proof: &StsProof, now: Timestamp) -> Result<String, Failure> {
        let later = || Failure::Unreachable("AWS's security token service");
        let _place = self.asking.try_acquire().map_err(|_| later())?;
        let asked = tokio::time::timeout(PATIENCE, self.send(proof)).await;
        let (status, body) = match asked {
            Ok(Ok(answer)) => answer,
            Ok(Err(trouble)) => {
                tracing::warn!(address = proof.address, trouble, "AWS was not asked who a caller is");
                return Err(later());
            }
            Err(_elapsed) => return Err(later()),
        };
        if status.is_server_error() || status == http::StatusCode::TOO_MANY_REQUESTS {
            return Err(later());
        }
        if status != http::StatusCode::OK {
            return Err(Failure::Signature("a proof for AWS".to_owned()));
        }
        self.used.take(proof, now)?;
        String::from_utf8(body.to_vec()).map_err(|_| Failure::Malformed("the answer of AWS is no text"))
    }

    async fn send(&self, proof: &StsProof) -> Result<(http::StatusCode, Bytes), String> {
        let query = proof.query.as_deref().map(|query| format!("?{query}")).unwrap_or_default();
        let mut request = Request::builder()
            .method(proof.method)
            .uri(format!("{}/{query}", proof.address))
            .body(Full::new(Bytes::from_static(proof.body.as_bytes())))
            .map_err(|error| error.to_string())?;
        *request.headers_mut() = proof.headers.clone();
        request.headers_mut().remove(http::header::CONTENT_LENGTH);
        let client = self.client(&proof.address).map_err(|error| error.to_string())?;
        let response = client.send(request).await.map_err(|error| error.to_string())?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        Ok((status, body.map_err(|error| error.to_string())?.to_bytes()))
    }
}

/// A request for a token that is refused, and in whose words it is told.
pub(crate) struct Refused {
    pub refusal: Refusal,
    /// The word of RFC 6749, for whoever asked in the words of RFC 8693.
    pub oauth: Option<&'static str>,
}

/// One of our tokens for another proof.
pub(crate) async fn token(
    shared: &Shared,
    request: RequestId,
    http: Request<Incoming>,
    random: [u8; 16],
) -> Result<Response<Body>, Refused> {
    let (parts, body) = http.into_parts();
    let form = is_form(&parts.headers);
    let told = |refusal: Refusal| Refused { refusal, oauth: form.then_some("invalid_request") };
    let body = pipeline::read(body, BODY_BYTES_MAX).await.map_err(told)?;
    let asked = if form { TokenRequest::from_form(&body) } else { TokenRequest::from_json(&body) };
    // What cannot be read is a bad request, not a bad proof.
    let asked = asked.map_err(|failure| told(provider::Invalid::new("body", failure.public()).into()))?;
    let exchanged = exchange(shared, &asked, random).await;
    let issued = exchanged.map_err(|failure| Refused {
        oauth: (form || asked.is_token_exchange()).then(|| asked.error_code(&failure)),
        refusal: failure.into(),
    })?;
    tracing::info!(%request, token = issued.id, "a token was issued");
    let mut answer = serde_json::json!({
        "access_token": issued.access_token,
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
    });
    if let Some(scope) = issued.scope {
        answer["scope"] = scope.into();
    }
    let mut response = Response::new(Body::full(answer.to_string()));
    *response.headers_mut() = translate::json_headers();
    response.headers_mut().insert("cache-control", HeaderValue::from_static("no-store"));
    headers::identify(response.headers_mut(), Wire::AnthropicMessages, request);
    Ok(response)
}

async fn exchange(shared: &Shared, asked: &TokenRequest, random: [u8; 16]) -> Result<IssuedToken, Failure> {
    let live = shared.live.load_full();
    let (directory, now) = (&live.snapshot.directory, shared.clock.now());
    if asked.subject()? == Subject::Sts {
        let proof = directory.read_sts_proof(asked, now)?;
        let answer = shared.sts.ask(&proof, now).await?;
        return directory.exchange_sts(asked, &answer, now, random);
    }
    with_keys(shared, || directory.exchange(asked, now, random)).await
}

/// Does what needs the keys of an issuer; once more when they were missing, and there are others now.
pub(crate) async fn with_keys<T>(
    shared: &Shared,
    attempt: impl Fn() -> Result<T, Failure>,
) -> Result<T, Failure> {
    match attempt() {
        Err(Failure::Keys(lacking)) if shared.issuers.look_again(&lacking).await => attempt(),
        other => other,
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.starts_with("application/x-www-form-urlencoded")
}

/// Whether a request to this path is one for AWS's security token service.
pub(crate) fn is_for_sts<T>(request: &Request<T>) -> bool {
    matches!(request.uri().path(), "/" | "/sts") && is_form(request.headers())
}

/// What AWS's clients ask of their security token service.
pub(crate) async fn sts(
    shared: &Shared,
    request: RequestId,
    http: Request<Incoming>,
    random: [u8; 16],
) -> Result<Response<Body>, Refusal> {
    let (mut parts, body) = http.into_parts();
    headers::name_host(&mut parts);
    let body = pipeline::read(body, BODY_BYTES_MAX).await?;
    let answer = match StsRequest::from_form(&body)? {
        StsRequest::Assume(identity) => {
            let assumed = assume(shared, &identity, random).await?;
            let key = &assumed.key.id;
            tracing::info!(%request, key, principal = %assumed.principal, "a temporary key was issued");
            sts::assumed(&identity, &assumed, request)
        }
        StsRequest::CallerIdentity => sts::caller(&*caller(shared, &parts, &body)?, request),
    };
    Ok(answer)
}

async fn assume(shared: &Shared, identity: &WebIdentity, random: [u8; 16]) -> Result<Assumed, Failure> {
    let live = shared.live.load_full();
    let now = shared.clock.now();
    with_keys(shared, || live.snapshot.directory.assume(identity, now, random)).await
}

fn caller(shared: &Shared, parts: &Parts, body: &[u8]) -> Result<Arc<Principal>, Failure> {
    let head = Head {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query(),
        headers: &parts.headers,
    };
    let live = shared.live.load_full();
    live.snapshot.directory.authenticate_for_sts(&head, shared.clock.now())?.finish(body)
}
