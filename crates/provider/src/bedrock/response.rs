//! Converse's whole answer, to and from the canonical one.

use super::usage::{Usage, usage_json};
use crate::answer::{Answer, Meta, StopReason};
use crate::conversation::{Block, Content};
use crate::encoded::arguments_or_text;
use crate::error::Malformed;
use crate::json::{Json, Value, object};

pub(crate) fn decode(body: &[u8]) -> Result<Answer, Malformed> {
    let mut fields = Value::document(body)?.object()?;
    let usage: Usage = crate::usage::read(fields.need("usage")?.raw)?;
    let mut output = fields.need("output")?.object()?;
    let mut message = output.need("message")?.object()?;
    Ok(Answer {
        // Converse names neither the answer nor the model; the caller knows both.
        id: String::new(),
        model: String::new(),
        blocks: message.need("content")?.list()?.iter().map(block).collect::<Result<_, Malformed>>()?,
        stop: stop_reason(&fields.need_text("stopReason")?),
        stop_sequence: None,
        usage: usage.counts()?,
    })
}

fn block(value: &Value<'_>) -> Result<Block, Malformed> {
    let mut fields = value.object()?;
    if let Some(text) = fields.text("text")? {
        return Ok(Block::text(text));
    }
    if let Some(mut call) = fields.object("toolUse")? {
        let arguments = call.take("input").map_or("{}", |input| input.raw).to_owned();
        let (id, name) = (call.need_text("toolUseId")?, call.need_text("name")?);
        return Ok(Content::ToolUse { id, name, arguments }.into());
    }
    if let Some(thinking) = fields.take("reasoningContent") {
        return Ok(super::request::reasoning(&thinking)?.into());
    }
    Ok(Content::Foreign(fields.rest().next().unwrap_or_default().to_owned()).into())
}

pub(crate) fn stop_reason(word: &str) -> StopReason {
    match word {
        "tool_use" => StopReason::ToolUse,
        "max_tokens" => StopReason::MaxTokens,
        "stop_sequence" => StopReason::StopSequence,
        "guardrail_intervened" | "content_filtered" => StopReason::Refusal,
        "model_context_window_exceeded" => StopReason::ContextExceeded,
        _ => StopReason::EndTurn,
    }
}

pub(crate) fn stop_word(reason: StopReason) -> &'static str {
    match reason {
        StopReason::EndTurn | StopReason::PauseTurn => "end_turn",
        StopReason::ToolUse => "tool_use",
        StopReason::MaxTokens => "max_tokens",
        StopReason::StopSequence => "stop_sequence",
        StopReason::Refusal => "content_filtered",
        StopReason::ContextExceeded => "model_context_window_exceeded",
    }
}

pub(crate) fn encode(answer: &Answer, meta: &Meta) -> Json {
    let content: Vec<Json> = answer.blocks.iter().filter_map(|block| block_json(&block.content)).collect();
    let message = object([("role", "assistant".into()), ("content", content.into())]);
    object([
        ("output", object([("message", message)])),
        ("stopReason", stop_word(answer.stop).into()),
        ("usage", usage_json(&answer.usage)),
        ("metrics", object([("latencyMs", meta.latency_ms.into())])),
    ])
}

fn block_json(content: &Content) -> Option<Json> {
    Some(match content {
        Content::Text(text) => object([("text", text.as_str().into())]),
        Content::ToolUse { id, name, arguments } => {
            let call = object([("toolUseId", id.as_str().into()), ("name", name.as_str().into())])
                .with("input", arguments_or_text(arguments));
            object([("toolUse", call)])
        }
        Content::Thinking { text, signature } => super::request::reasoning_json(text, signature.as_deref()),
        Content::RedactedThinking(data) => {
            object([("reasoningContent", object([("redactedContent", data.as_str().into())]))])
        }
        Content::Image(_) | Content::Document { .. } | Content::ToolResult { .. } | Content::Foreign(_) => {
            return None;
        }
    })
}
