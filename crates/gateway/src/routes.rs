//! Which path means what. A new model route is one line here, and every model route is served by the pipeline,
//! so none can exist without identity, policy and a record (pitfalls 19, 36).

use crate::endpoints::list_wire;
use crate::tokens::is_for_sts;
use http::{HeaderMap, Method, Request};
use provider::Wire;

/// What a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// A call of a model.
    Model(ModelRoute),
    /// How many tokens a call would have as input.
    Count(ModelRoute),
    /// The models the caller may use.
    Models,
    /// One of them.
    OneModel(String),
    /// A token in exchange for another proof.
    Token,
    /// What AWS's clients ask of their security token service.
    Sts,
    /// Whether the process lives.
    Health,
    /// Whether it can serve.
    Ready,
    /// Its meters.
    Metrics,
    /// Nothing, though a client of this protocol asked for it.
    Unknown(Wire),
    /// Anything else: the portal's.
    Page,
}

/// A model call's protocol and what its path says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ModelRoute {
    pub wire: Wire,
    /// Bedrock: the model, decoded.
    pub model: Option<String>,
    /// Bedrock: whether the path asks for a stream; elsewhere the body does.
    pub stream: Option<bool>,
}

impl ModelRoute {
    const fn body(wire: Wire) -> Self {
        Self { wire, model: None, stream: None }
    }
}

/// The route of a request. A wrong path or method is told in the words of the protocol it looks like.
pub(crate) fn route<T>(request: &Request<T>) -> Route {
    let path = request.uri().path();
    // The prefix that the Bedrock Mantle client puts before Anthropic's own paths.
    let path = path.strip_prefix("/anthropic").filter(|rest| rest.starts_with("/v1/")).unwrap_or(path);
    let found = match *request.method() {
        Method::POST if is_for_sts(request) => Route::Sts,
        Method::POST => post(path),
        Method::GET | Method::HEAD => get(path),
        _ => Route::Page,
    };
    match found {
        Route::Page => stranger(path, request.headers()),
        found => found,
    }
}

/// The protocol whose client would ask for this path, or a page.
fn stranger(path: &str, headers: &HeaderMap) -> Route {
    if path.starts_with("/v1/messages") {
        Route::Unknown(Wire::AnthropicMessages)
    } else if path.starts_with("/v1/") {
        Route::Unknown(list_wire(headers))
    } else if path.starts_with("/model/") {
        Route::Unknown(Wire::BedrockConverse)
    } else {
        Route::Page
    }
}

fn get(path: &str) -> Route {
    match path {
        "/healthz" => Route::Health,
        "/readyz" => Route::Ready,
        "/metrics" => Route::Metrics,
        "/v1/models" => Route::Models,
        _ => match path.strip_prefix("/v1/models/") {
            Some(id) if !id.is_empty() => Route::OneModel(decode(id)),
            _ => Route::Page,
        },
    }
}

fn post(path: &str) -> Route {
    match path {
        "/v1/messages" => Route::Model(ModelRoute::body(Wire::AnthropicMessages)),
        "/v1/messages/count_tokens" => Route::Count(ModelRoute::body(Wire::AnthropicMessages)),
        "/v1/chat/completions" => Route::Model(ModelRoute::body(Wire::OpenAiChat)),
        "/v1/oauth/token" => Route::Token,
        _ => bedrock(path).unwrap_or(Route::Page),
    }
}

/// `/model/{id}/{verb}`; the id is encoded once in the path and may hold slashes when decoded.
fn bedrock(path: &str) -> Option<Route> {
    let (id, verb) = path.strip_prefix("/model/")?.rsplit_once('/')?;
    let route = |wire, stream| ModelRoute { wire, model: Some(decode(id)), stream: Some(stream) };
    match verb {
        "converse" => Some(Route::Model(route(Wire::BedrockConverse, false))),
        "converse-stream" => Some(Route::Model(route(Wire::BedrockConverse, true))),
        "invoke" => Some(Route::Model(route(Wire::BedrockInvoke, false))),
        "invoke-with-response-stream" => Some(Route::Model(route(Wire::BedrockInvoke, true))),
        "count-tokens" => Some(Route::Count(route(Wire::BedrockConverse, false))),
        _ => None,
    }
}

/// Percent-decodes; what is no valid encoding stays as it is.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match (first, hex.and_then(|two| u8::from_str_radix(two, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(method: &str, path: &str) -> Route {
        route(&Request::builder().method(method).uri(path).body(()).unwrap())
    }

    #[test]
    fn paths_mean_what_the_clients_mean() {
        let arn = "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fclaude/converse-stream";
        let Route::Model(route) = of("POST", arn) else { panic!("no model route") };
        assert_eq!(route.model.as_deref(), Some("arn:aws:bedrock:us-east-1:1:inference-profile/claude"));
        assert_eq!((route.wire, route.stream), (Wire::BedrockConverse, Some(true)));
        let messages = Route::Model(ModelRoute::body(Wire::AnthropicMessages));
        assert_eq!(of("POST", "/v1/messages?beta=true"), messages);
        assert_eq!(of("POST", "/anthropic/v1/messages"), messages);
        let form = |path: &str| {
            let request = Request::post(path)
                .header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
            super::route(&request.body(()).unwrap())
        };
        assert_eq!((form("/"), form("/sts"), of("POST", "/sts")), (Route::Sts, Route::Sts, Route::Page));
        assert_eq!(form("/v1/oauth/token"), Route::Token);
        assert_eq!(of("GET", "/v1/models?limit=1000"), Route::Models);
        assert_eq!(of("GET", "/v1/models/a%2Fb"), Route::OneModel("a/b".to_owned()));
        for (method, path) in [("GET", "/"), ("PUT", "/metrics"), ("POST", "/v2/messages"), ("GET", "/model")]
        {
            assert_eq!(of(method, path), Route::Page, "{method} {path}");
        }
        for (method, path, wire) in [
            ("GET", "/v1/messages", Wire::AnthropicMessages),
            ("POST", "/v1/messages/batches", Wire::AnthropicMessages),
            ("POST", "/v1/embeddings", Wire::OpenAiChat),
            ("DELETE", "/v1/chat/completions", Wire::OpenAiChat),
            ("POST", "/model/x/other", Wire::BedrockConverse),
            ("GET", "/model/x/converse", Wire::BedrockConverse),
        ] {
            assert_eq!(of(method, path), Route::Unknown(wire), "{method} {path}");
        }
    }
}
