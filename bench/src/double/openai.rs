//! The OpenAI chat wire, fields in the vendor's order (its published API description, and what the SDK reads).

use super::answer::{Answer, Usage};
use super::play::Event;
use http::StatusCode;

const CREATED: u64 = 1_700_000_000; // the same in every run, as all else here
const MODEL: &str = r#"{"id":"gpt-double","object":"model","created":1700000000,"owned_by":"double"}"#;

/// The whole answer as one JSON body. Reasoning is counted and not shown, as the vendor does.
pub(crate) fn whole(answer: &Answer) -> String {
    let (number, model, usage) = (answer.number, quote(&answer.model), usage(&answer.usage));
    let (text, reason) = (quote(&answer.text.concat()), finish_reason(answer));
    let calls = answer.tool.as_ref().map_or_else(String::new, |tool| {
        let (name, arguments) = (quote(&tool.name), quote(&tool.arguments.concat()));
        format!(
            r#","tool_calls":[{{"id":"call_double_{number}","type":"function","function":{{"name":{name},"arguments":{arguments}}}}}]"#
        )
    });
    format!(
        r#"{{"id":"chatcmpl-double-{number}","object":"chat.completion","created":{CREATED},"model":{model},"choices":[{{"index":0,"message":{{"role":"assistant","content":{text},"refusal":null{calls}}},"logprobs":null,"finish_reason":"{reason}"}}],"usage":{usage},"service_tier":"default"}}"#
    )
}

/// The answer as a stream: the role, the pieces, the finish, the usage if it was asked for, `[DONE]`.
pub(crate) fn events(answer: &Answer, include_usage: bool) -> Vec<Event> {
    let chunk = Chunk { number: answer.number, model: quote(&answer.model), include_usage };
    let mut events = Vec::with_capacity(answer.text.len() + 8);
    let hidden = answer.usage.thinking;
    events.push(chunk.delta(r#"{"role":"assistant","content":"","refusal":null}"#, "null", hidden));
    for piece in &answer.text {
        events.push(chunk.delta(&format!(r#"{{"content":{}}}"#, quote(piece)), "null", 1));
    }
    if let Some(tool) = &answer.tool {
        let (number, name) = (answer.number, quote(&tool.name));
        let call = format!(
            r#"{{"tool_calls":[{{"index":0,"id":"call_double_{number}","type":"function","function":{{"name":{name},"arguments":""}}}}]}}"#
        );
        events.push(chunk.delta(&call, "null", 0));
        for piece in tool.arguments.iter().map(|piece| quote(piece)) {
            let call = format!(r#"{{"tool_calls":[{{"index":0,"function":{{"arguments":{piece}}}}}]}}"#);
            events.push(chunk.delta(&call, "null", 1));
        }
    }
    events.push(chunk.delta("{}", &quote(finish_reason(answer)), 0));
    if include_usage {
        events.push(chunk.event("[]", &usage(&answer.usage), 0));
    }
    events.push(Event::new("data: [DONE]\n\n", 0));
    events
}

/// What all chunks of one stream share.
struct Chunk {
    number: u64,
    model: String,
    include_usage: bool,
}

impl Chunk {
    fn delta(&self, delta: &str, reason: &str, output: u32) -> Event {
        let choices = format!(r#"[{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":{reason}}}]"#);
        self.event(&choices, "null", output)
    }

    fn event(&self, choices: &str, usage: &str, output: u32) -> Event {
        let Self { number, model, include_usage } = self;
        let usage = if *include_usage { format!(r#","usage":{usage}"#) } else { String::new() };
        let text = format!(
            "data: {{\"id\":\"chatcmpl-double-{number}\",\"object\":\"chat.completion.chunk\",\"created\":{CREATED},\"model\":{model},\"service_tier\":\"default\",\"choices\":{choices}{usage}}}\n\n"
        );
        Event::new(text, output)
    }
}

/// The event that ends a stream which failed after its 200.
pub(crate) fn failure() -> Event {
    let body = error(StatusCode::INTERNAL_SERVER_ERROR, "The server had an error");
    Event::new(format!("data: {body}\n\n"), 0)
}

/// An error body.
pub(crate) fn error(status: StatusCode, message: &str) -> String {
    let (kind, code) = match status.as_u16() {
        401 => ("invalid_request_error", r#""invalid_api_key""#),
        403 => ("permission_error", "null"),
        404 => ("invalid_request_error", r#""model_not_found""#),
        429 => ("requests", r#""rate_limit_exceeded""#),
        500..=599 => ("server_error", "null"),
        _ => ("invalid_request_error", "null"),
    };
    let message = quote(message);
    format!(r#"{{"error":{{"message":{message},"type":"{kind}","param":null,"code":{code}}}}}"#)
}

/// The list of models, or the one that is named (every name is one).
pub(crate) fn models(name: Option<&str>) -> String {
    match name {
        Some(name) => MODEL.replace("gpt-double", name),
        None => format!(r#"{{"object":"list","data":[{MODEL}]}}"#),
    }
}

/// The vendor's counts include: cached input in the prompt, reasoning in the completion.
fn usage(usage: &Usage) -> String {
    let Usage { input, cache_read, cache_write_5m, cache_write_1h, output, thinking } = *usage;
    let cache_write = cache_write_5m.saturating_add(cache_write_1h);
    let prompt = input.saturating_add(cache_read).saturating_add(cache_write);
    let total = prompt.saturating_add(output);
    format!(
        r#"{{"prompt_tokens":{prompt},"completion_tokens":{output},"total_tokens":{total},"prompt_tokens_details":{{"cached_tokens":{cache_read},"audio_tokens":0,"cache_write_tokens":{cache_write}}},"completion_tokens_details":{{"reasoning_tokens":{thinking},"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}}"#
    )
}

fn finish_reason(answer: &Answer) -> &'static str {
    match answer {
        Answer { capped: true, .. } => "length",
        Answer { tool: Some(_), .. } => "tool_calls",
        _ => "stop",
    }
}

fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
