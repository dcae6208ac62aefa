//! The Anthropic Messages wire, fields in the vendor's order (as the SDK's recorded streams have them).

use super::answer::{Answer, Usage};
use super::play::Event;
use http::StatusCode;
use std::fmt::Write;

const MODEL: &str = r#"{"type":"model","id":"claude-sonnet-4-5","display_name":"Double of Claude","created_at":"2025-09-29T00:00:00Z","lifecycle":"active"}"#;
const SIGNATURE: &str = "ZG91YmxlLXNpZ25hdHVyZQ==";

/// The whole answer as one JSON body.
pub(crate) fn whole(answer: &Answer) -> String {
    let mut content = Vec::new();
    if !answer.thinking.is_empty() {
        let thinking = quote(&answer.thinking.concat());
        content.push(format!(r#"{{"type":"thinking","thinking":{thinking},"signature":"{SIGNATURE}"}}"#));
    }
    content.push(format!(r#"{{"type":"text","text":{}}}"#, quote(&answer.text.concat())));
    if let Some(tool) = &answer.tool {
        let (id, name, input) = (tool_id(answer), quote(&tool.name), tool.arguments.concat());
        content.push(format!(r#"{{"type":"tool_use","id":"{id}","name":{name},"input":{input}}}"#));
    }
    message(
        answer,
        &content.join(","),
        &quote(stop_reason(answer)),
        &usage(&answer.usage, answer.usage.output),
    )
}

/// The answer as a stream: `message_start`, each block, `message_delta`, `message_stop`.
pub(crate) fn events(answer: &Answer) -> Vec<Event> {
    let mut events = Vec::with_capacity(answer.text.len() + 8);
    let start = message(answer, "", "null", &usage(&answer.usage, 1));
    events.push(event("message_start", &format!(r#""message":{start}"#), 0));
    let mut index = 0;
    if !answer.thinking.is_empty() {
        block_start(&mut events, index, r#"{"type":"thinking","thinking":"","signature":""}"#);
        for piece in &answer.thinking {
            delta(
                &mut events,
                index,
                &format!(r#"{{"type":"thinking_delta","thinking":{}}}"#, quote(piece)),
                1,
            );
        }
        let signature = format!(r#"{{"type":"signature_delta","signature":"{SIGNATURE}"}}"#);
        delta(&mut events, index, &signature, 0);
        block_stop(&mut events, index);
        index += 1;
    }
    block_start(&mut events, index, r#"{"type":"text","text":""}"#);
    events.push(event("ping", "", 0));
    for piece in &answer.text {
        delta(&mut events, index, &format!(r#"{{"type":"text_delta","text":{}}}"#, quote(piece)), 1);
    }
    block_stop(&mut events, index);
    if let Some(tool) = &answer.tool {
        index += 1;
        let (id, name) = (tool_id(answer), quote(&tool.name));
        let block = format!(r#"{{"type":"tool_use","id":"{id}","name":{name},"input":{{}}}}"#);
        block_start(&mut events, index, &block);
        for piece in &tool.arguments {
            let piece = quote(piece);
            delta(&mut events, index, &format!(r#"{{"type":"input_json_delta","partial_json":{piece}}}"#), 1);
        }
        block_stop(&mut events, index);
    }
    events.push(event("message_delta", &last_delta(answer), 0));
    events.push(event("message_stop", "", 0));
    events
}

fn last_delta(answer: &Answer) -> String {
    let Usage { input, cache_read, output, thinking, .. } = answer.usage;
    let cache_write = cache_write(&answer.usage);
    let reason = stop_reason(answer);
    format!(
        r#""delta":{{"stop_reason":"{reason}","stop_sequence":null}},"usage":{{"input_tokens":{input},"cache_creation_input_tokens":{cache_write},"cache_read_input_tokens":{cache_read},"output_tokens":{output},"output_tokens_details":{{"thinking_tokens":{thinking}}}}}"#
    )
}

/// The event that ends a stream which failed after its 200.
pub(crate) fn failure() -> Event {
    event("error", r#""error":{"type":"overloaded_error","message":"Overloaded"}"#, 0)
}

/// An error body.
pub(crate) fn error(status: StatusCode, message: &str, request_id: &str) -> String {
    let kind = match status.as_u16() {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        500..=599 => "api_error",
        _ => "invalid_request_error",
    };
    let message = quote(message);
    format!(
        r#"{{"type":"error","error":{{"type":"{kind}","message":{message}}},"request_id":"{request_id}"}}"#
    )
}

/// The list of models, or the one that is named (every name is one).
pub(crate) fn models(name: Option<&str>) -> String {
    match name {
        Some(name) => MODEL.replace("claude-sonnet-4-5", name),
        None => format!(
            r#"{{"data":[{MODEL}],"has_more":false,"first_id":"claude-sonnet-4-5","last_id":"claude-sonnet-4-5"}}"#
        ),
    }
}

fn message(answer: &Answer, content: &str, stop_reason: &str, usage: &str) -> String {
    let (number, model) = (answer.number, quote(&answer.model));
    format!(
        r#"{{"id":"msg_double_{number}","type":"message","role":"assistant","model":{model},"content":[{content}],"stop_reason":{stop_reason},"stop_sequence":null,"usage":{usage}}}"#
    )
}

fn usage(usage: &Usage, output: u32) -> String {
    let Usage { input, cache_read, cache_write_5m, cache_write_1h, thinking, .. } = usage;
    let cache_write = cache_write(usage);
    let thinking = if output == usage.output { *thinking } else { 0 };
    format!(
        r#"{{"input_tokens":{input},"cache_creation_input_tokens":{cache_write},"cache_read_input_tokens":{cache_read},"cache_creation":{{"ephemeral_5m_input_tokens":{cache_write_5m},"ephemeral_1h_input_tokens":{cache_write_1h}}},"output_tokens":{output},"output_tokens_details":{{"thinking_tokens":{thinking}}},"service_tier":"standard","inference_geo":"us"}}"#
    )
}

fn cache_write(usage: &Usage) -> u32 {
    usage.cache_write_5m.saturating_add(usage.cache_write_1h)
}

fn stop_reason(answer: &Answer) -> &'static str {
    match answer {
        Answer { capped: true, .. } => "max_tokens",
        Answer { tool: Some(_), .. } => "tool_use",
        _ => "end_turn",
    }
}

fn tool_id(answer: &Answer) -> String {
    format!("toolu_double_{}", answer.number)
}

fn block_start(events: &mut Vec<Event>, index: usize, block: &str) {
    events.push(event("content_block_start", &format!(r#""index":{index},"content_block":{block}"#), 0));
}

fn delta(events: &mut Vec<Event>, index: usize, delta: &str, output: u32) {
    events.push(event("content_block_delta", &format!(r#""index":{index},"delta":{delta}"#), output));
}

fn block_stop(events: &mut Vec<Event>, index: usize) {
    events.push(event("content_block_stop", &format!(r#""index":{index}"#), 0));
}

/// One event; its type stands in the line before the data and in the data itself.
fn event(kind: &str, fields: &str, output: u32) -> Event {
    let mut text = String::with_capacity(2 * kind.len() + fields.len() + 32);
    let comma = if fields.is_empty() { "" } else { "," };
    let _ = write!(text, "event: {kind}\ndata: {{\"type\":\"{kind}\"{comma}{fields}}}\n\n");
    Event::new(text, output)
}

fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
