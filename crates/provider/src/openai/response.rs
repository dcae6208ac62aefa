//! OpenAI's whole chat completion, to and from the canonical answer.

use super::request::{tool_call, tool_call_json};
use super::usage::{ChatUsage, usage_json};
use crate::answer::{Answer, Meta, StopReason};
use crate::conversation::{Block, Content};
use crate::error::Malformed;
use crate::json::{Json, Object, Value, object};

pub(crate) fn decode(body: &[u8]) -> Result<Answer, Malformed> {
    let mut fields = Value::document(body)?.object()?;
    let usage: ChatUsage = crate::usage::read(fields.need("usage")?.raw)?;
    let choices = fields.need("choices")?.list()?;
    let first = choices.first().ok_or_else(|| Malformed::Shape("`choices` is empty".to_owned()))?;
    let mut choice = first.object()?;
    let message = choice.need("message")?.object()?;
    let stop = choice.text("finish_reason")?;
    Ok(Answer {
        id: fields.text("id")?.unwrap_or_default(),
        model: fields.text("model")?.unwrap_or_default(),
        blocks: blocks(message)?,
        stop: stop.as_deref().map_or(StopReason::EndTurn, stop_reason),
        stop_sequence: None,
        usage: usage.counts()?,
    })
}

fn blocks(mut message: Object<'_>) -> Result<Vec<Block>, Malformed> {
    let mut blocks = Vec::new();
    let thinking = message.text("reasoning_content")?.or(message.text("reasoning")?);
    if let Some(text) = thinking.filter(|text| !text.is_empty()) {
        blocks.push(Content::Thinking { text, signature: None }.into());
    }
    let texts = [message.text("content")?, message.text("refusal")?];
    blocks.extend(texts.into_iter().flatten().filter(|text| !text.is_empty()).map(Block::text));
    for call in message.list("tool_calls")? {
        blocks.push(tool_call(&call)?.into());
    }
    Ok(blocks)
}

pub(crate) fn stop_reason(word: &str) -> StopReason {
    match word {
        "length" => StopReason::MaxTokens,
        "tool_calls" | "function_call" => StopReason::ToolUse,
        "content_filter" => StopReason::Refusal,
        _ => StopReason::EndTurn,
    }
}

pub(crate) fn finish_word(reason: StopReason) -> &'static str {
    match reason {
        StopReason::EndTurn | StopReason::StopSequence | StopReason::PauseTurn => "stop",
        StopReason::MaxTokens | StopReason::ContextExceeded => "length",
        StopReason::ToolUse => "tool_calls",
        StopReason::Refusal => "content_filter",
    }
}

pub(crate) fn encode(answer: &Answer, meta: &Meta) -> Json {
    let choice = object([
        ("index", 0.into()),
        ("message", message_json(&answer.blocks)),
        ("logprobs", Json::Null),
        ("finish_reason", finish_word(answer.stop).into()),
    ]);
    object([
        ("id", meta.answer_id("chatcmpl-").into()),
        ("object", "chat.completion".into()),
        ("created", Json::Signed(meta.created.seconds())),
        ("model", meta.model.as_str().into()),
        ("choices", vec![choice].into()),
        ("usage", usage_json(&answer.usage)),
    ])
}

fn message_json(blocks: &[Block]) -> Json {
    let (mut text, mut thinking, mut calls) = (None::<String>, None::<String>, Vec::new());
    for block in blocks {
        match &block.content {
            Content::Text(more) => text.get_or_insert_default().push_str(more),
            Content::Thinking { text: more, .. } => thinking.get_or_insert_default().push_str(more),
            Content::ToolUse { id, name, arguments } => calls.push(tool_call_json(id, name, arguments)),
            _ => {}
        }
    }
    object([
        ("role", "assistant".into()),
        ("content", text.map_or(Json::Null, Json::from)),
        ("refusal", Json::Null),
    ])
    .with_some("reasoning_content", thinking)
    .with_some("tool_calls", (!calls.is_empty()).then_some(calls))
}
