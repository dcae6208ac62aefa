//! `offtake ask`: one question through the plane, answered in the terminal as it comes.

use crate::failure::Failure;
use crate::place;
use crate::terminal;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use serde_json::{Value, json};
use std::io::Write as _;
use std::time::{Duration, Instant};

/// Ask a model one question
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The question
    question: String,
    /// The model; the demo's own when not given
    #[arg(short, long, env = "OFFTAKE_MODEL")]
    model: Option<String>,
    /// The plane's address; the running demo's when not given
    #[arg(long, env = "OFFTAKE_URL")]
    url: Option<String>,
    /// A token or key; when not given, that of `offtake login`, or the running demo's
    #[arg(long, env = "OFFTAKE_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Tokens of answer at most
    #[arg(long, default_value_t = 400)]
    max_tokens: u32,
    /// Print one JSON object when the answer is complete
    #[arg(long)]
    json: bool,
}

/// Where and as whom to ask.
struct Plane {
    url: String,
    token: String,
    model: String,
    client: upstream::Client,
}

/// The answer and what came with it.
#[derive(Default)]
struct Answer {
    text: String,
    output_tokens: u64,
    input_tokens: u64,
    error: Option<String>,
}

/// Asks, prints the answer as it comes, then tokens per second, cost and region.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::failed)?;
    runtime.block_on(async { ask(arguments, &plane(arguments).await?).await })
}

async fn plane(arguments: &Arguments) -> Result<Plane, Failure> {
    let demo = place::demo_variables();
    let pick = |given: &Option<String>, name: &str| given.clone().or_else(|| demo.get(name).cloned());
    let missing = || {
        Failure::unusable(
            "no running demo was found: start `offtake demo`, or give --url and --token (OFFTAKE_URL, OFFTAKE_TOKEN), or `offtake login`",
        )
    };
    let url = pick(&arguments.url, "OFFTAKE_URL").ok_or_else(missing)?;
    let token = match &arguments.token {
        Some(token) => Some(token.clone()),
        None => terminal::token(&url, terminal::MARGIN).await?.map(|(token, _until)| token),
    };
    let client = upstream::Client::new(&url, Duration::from_secs(5), Duration::from_secs(300));
    Ok(Plane {
        url,
        token: pick(&token, "OFFTAKE_TOKEN").ok_or_else(missing)?,
        model: pick(&arguments.model, "OFFTAKE_MODEL").unwrap_or_else(|| "claude-demo".to_owned()),
        client: client.map_err(Failure::failed)?,
    })
}

async fn ask(arguments: &Arguments, plane: &Plane) -> Result<(), Failure> {
    let body = json!({
        "model": plane.model, "max_tokens": arguments.max_tokens, "stream": true,
        "messages": [{ "role": "user", "content": arguments.question }],
    });
    let started = Instant::now();
    let response = send(plane, "POST", "/v1/messages", body.to_string()).await?;
    let header = |name: &str| {
        let value = response.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or("unknown").to_owned()
    };
    let (request, backend, region) =
        (header("x-offtake-request-id"), header("x-offtake-backend"), header("x-offtake-region"));
    if !response.status().is_success() {
        let body = response.into_body().collect().await.map_err(Failure::failed)?.to_bytes();
        return Err(Failure::failed(message(&body)));
    }
    let mut first = None;
    let answer = read(response, &mut first, !arguments.json).await?;
    let elapsed = started.elapsed();
    let cost = cost(plane, &request).await;
    // From the first token on: what a reader feels.
    let seconds = (elapsed - first.map_or(Duration::ZERO, |at| at - started)).as_secs_f64().max(1e-3);
    let rate = u32::try_from(answer.output_tokens).map_or(0.0, f64::from) / seconds;
    if arguments.json {
        let value = json!({
            "answer": answer.text, "model": plane.model, "backend": backend, "region": region,
            "request_id": request, "cost": cost, "tokens_per_second": (rate * 10.0).round() / 10.0,
            "tokens": { "input": answer.input_tokens, "output": answer.output_tokens },
        });
        super::answer(&format!("{value}\n"))?;
    } else {
        let cost = cost.unwrap_or_else(|| "not settled yet".to_owned());
        super::answer("\n")?;
        say(&format!(
            "{} tokens in, {} out · {rate:.0} tokens/s · {cost} · {backend}, {region} · {request}",
            answer.input_tokens, answer.output_tokens
        ));
    }
    answer.error.map_or(Ok(()), |error| Err(Failure::failed(error)))
}

async fn send(plane: &Plane, method: &str, path: &str, body: String) -> Result<Response<Incoming>, Failure> {
    let request = Request::builder()
        .method(method)
        .uri(format!("{}{path}", plane.url.trim_end_matches('/')))
        .header("authorization", format!("Bearer {}", plane.token))
        .header("content-type", "application/json")
        .header("anthropic-version", "2023-06-01")
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| Failure::unusable(format!("`{}` is not an address: {error}", plane.url)))?;
    plane.client.send(request).await.map_err(|error| match error {
        upstream::Failure::Unreachable(why) => {
            Failure::failed(format!("no plane answers at {}: {why}; is it running?", plane.url))
        }
        other => Failure::failed(format!("{}: {other}", plane.url)),
    })
}

/// Reads the stream; prints the text as it comes when asked to.
async fn read(
    response: Response<Incoming>,
    first: &mut Option<Instant>,
    print: bool,
) -> Result<Answer, Failure> {
    let mut answer = Answer::default();
    let mut body = response.into_body();
    let mut held = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Failure::failed(format!("the answer broke off: {error}")))?;
        held.extend_from_slice(frame.data_ref().map_or(&[], |chunk| chunk));
        while let Some(end) = held.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = held.drain(..=end).collect();
            let Some(data) = line.strip_prefix(b"data: ") else { continue };
            let event: Value = serde_json::from_slice(data).unwrap_or_default();
            let text = answer.take(&event);
            if !text.is_empty() {
                first.get_or_insert_with(Instant::now);
            }
            if print {
                super::answer(text)?;
                let _ = std::io::stdout().flush();
            }
        }
    }
    Ok(answer)
}

impl Answer {
    /// Takes one event of the stream and gives its text.
    fn take<'a>(&mut self, event: &'a Value) -> &'a str {
        let usage = event.get("usage").or_else(|| event.pointer("/message/usage"));
        let count = |name: &str| usage.and_then(|usage| usage.get(name)).and_then(Value::as_u64);
        self.input_tokens = count("input_tokens").unwrap_or(self.input_tokens);
        self.output_tokens = count("output_tokens").unwrap_or(self.output_tokens);
        if event.get("type").and_then(Value::as_str) == Some("error") {
            self.error = event.pointer("/error/message").and_then(Value::as_str).map(str::to_owned);
        }
        let text = event.pointer("/delta/text").and_then(Value::as_str).unwrap_or_default();
        self.text.push_str(text);
        text
    }
}

/// The exact charge, once the call is settled; it takes a moment.
async fn cost(plane: &Plane, request: &str) -> Option<String> {
    for _ in 0..10 {
        let response = send(plane, "GET", &format!("/api/usage/{request}"), String::new()).await.ok()?;
        let body = response.into_body().collect().await.ok()?.to_bytes();
        let call: Value = serde_json::from_slice(&body).ok()?;
        if let (Some(charge), Some(currency)) = (call["charge"].as_str(), call["currency"].as_str()) {
            return Some(format!("{charge} {currency}"));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    None
}

fn message(body: &[u8]) -> String {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let message = value.pointer("/error/message").and_then(Value::as_str);
    message.map_or_else(|| String::from_utf8_lossy(body).into_owned(), str::to_owned)
}

#[expect(clippy::print_stderr, reason = "what is not the answer goes to the terminal")]
fn say(text: &str) {
    eprintln!("{text}");
}
