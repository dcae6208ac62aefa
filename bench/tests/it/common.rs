//! A client that reports what came over the wire, also when it broke off.

use bench::double::{Double, Running};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// An answer as far as it came.
pub struct Got {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// When each read arrived, since the request was sent.
    pub reads: Vec<Duration>,
    /// The body ended as its framing said.
    pub whole: bool,
}

impl Got {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The data of each server-sent event; `[DONE]` is left out.
    pub fn events(&self) -> Vec<Value> {
        let text = std::str::from_utf8(&self.body).unwrap();
        let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
        data.filter(|data| *data != "[DONE]").map(|data| serde_json::from_str(data).unwrap()).collect()
    }
}

pub async fn double() -> Running {
    Double::default().start("127.0.0.1:0".parse().unwrap()).await.unwrap()
}

pub async fn send(url: &str, request: http::request::Builder, body: impl Into<Bytes>) -> Got {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let request = request.uri(url).body(Full::new(body.into())).unwrap();
    let begun = Instant::now();
    let response = client.request(request).await.unwrap();
    let (head, mut incoming) = response.into_parts();
    let mut got =
        Got { status: head.status, headers: head.headers, body: Vec::new(), reads: Vec::new(), whole: true };
    while let Some(frame) = incoming.frame().await {
        match frame {
            Ok(frame) => {
                got.reads.push(begun.elapsed());
                got.body.extend_from_slice(&frame.into_data().unwrap_or_default());
            }
            Err(_) => got.whole = false,
        }
    }
    got
}

/// A POST with the vendor's key, on either wire.
pub async fn post(double: &Running, path: &str, body: &Value) -> Got {
    let mut request = Request::post("/").header("authorization", "Bearer vendor-key");
    if path.starts_with("/v1/messages") {
        request = request.header("anthropic-version", "2023-06-01");
    }
    send(&format!("{}{path}", double.url()), request, body.to_string()).await
}

pub const MESSAGES: &str = "/v1/messages";
pub const CHAT: &str = "/v1/chat/completions";

/// A request whose prompt is 16 bytes of text (4 + 12): four tokens. `orders` travel as the user's id.
pub fn ask(stream: bool, orders: &str) -> Value {
    json!({
        "model": "m",
        "max_tokens": 1000,
        "stream": stream,
        "messages": [{"role": "user", "content": "What is it? "}],
        "metadata": {"user_id": orders},
    })
}
