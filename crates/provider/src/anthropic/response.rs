//! Anthropic's whole answer, to and from the canonical one.

use super::usage::{Usage, usage_json};
use crate::answer::{Answer, Meta, StopReason};
use crate::conversation::{Block, Content};
use crate::encoded::arguments_or_text;
use crate::error::Malformed;
use crate::json::{Json, Value, object};

pub(crate) fn decode(body: &[u8]) -> Result<Answer, Malformed> {
    let mut fields = Value::document(body)?.object()?;
    let usage: Usage = crate::usage::read(fields.need("usage")?.raw)?;
    let stop = fields.text("stop_reason")?;
    Ok(Answer {
        id: fields.need_text("id")?,
        model: fields.need_text("model")?,
        blocks: fields.need("content")?.list()?.iter().map(block).collect::<Result<_, Malformed>>()?,
        stop: stop.as_deref().map_or(StopReason::EndTurn, stop_reason),
        stop_sequence: fields.text("stop_sequence")?,
        usage: usage.counts()?,
    })
}

fn block(value: &Value<'_>) -> Result<Block, Malformed> {
    let mut fields = value.object()?;
    let word = fields.need_text("type")?;
    let content = match word.as_str() {
        "text" => Content::Text(fields.need_text("text")?),
        "tool_use" => Content::ToolUse {
            id: fields.need_text("id")?,
            name: fields.need_text("name")?,
            arguments: fields.take("input").map_or("{}", |input| input.raw).to_owned(),
        },
        "thinking" => {
            Content::Thinking { text: fields.need_text("thinking")?, signature: fields.text("signature")? }
        }
        "redacted_thinking" => Content::RedactedThinking(fields.need_text("data")?),
        _ => Content::Foreign(word),
    };
    Ok(content.into())
}

pub(crate) fn stop_reason(word: &str) -> StopReason {
    match word {
        "max_tokens" => StopReason::MaxTokens,
        "stop_sequence" => StopReason::StopSequence,
        "tool_use" => StopReason::ToolUse,
        "pause_turn" => StopReason::PauseTurn,
        "refusal" => StopReason::Refusal,
        "model_context_window_exceeded" => StopReason::ContextExceeded,
        // `end_turn`, and words of tomorrow: the answer is complete as far as it goes.
        _ => StopReason::EndTurn,
    }
}

pub(crate) fn stop_word(reason: StopReason) -> &'static str {
    match reason {
        StopReason::EndTurn => "end_turn",
        StopReason::MaxTokens => "max_tokens",
        StopReason::StopSequence => "stop_sequence",
        StopReason::ToolUse => "tool_use",
        StopReason::PauseTurn => "pause_turn",
        StopReason::Refusal => "refusal",
        StopReason::ContextExceeded => "model_context_window_exceeded",
    }
}

pub(crate) fn encode(answer: &Answer, meta: &Meta) -> Json {
    let content: Vec<Json> = answer.blocks.iter().filter_map(|block| block_json(&block.content)).collect();
    object([
        ("id", meta.answer_id("msg_").into()),
        ("type", "message".into()),
        ("role", "assistant".into()),
        ("model", meta.model.as_str().into()),
        ("content", content.into()),
        ("stop_reason", stop_word(answer.stop).into()),
        ("stop_sequence", answer.stop_sequence.as_deref().map_or(Json::Null, Json::from)),
        ("usage", usage_json(&answer.usage)),
    ])
}

fn block_json(content: &Content) -> Option<Json> {
    Some(match content {
        Content::Text(text) => object([("type", "text".into()), ("text", text.as_str().into())]),
        Content::ToolUse { id, name, arguments } => object([
            ("type", "tool_use".into()),
            ("id", id.as_str().into()),
            ("name", name.as_str().into()),
            ("input", arguments_or_text(arguments)),
        ]),
        Content::Thinking { text, signature } => object([
            ("type", "thinking".into()),
            ("thinking", text.as_str().into()),
            // Never made up: an unsigned thought has an empty signature and is not accepted back.
            ("signature", signature.as_deref().unwrap_or_default().into()),
        ]),
        Content::RedactedThinking(data) => {
            object([("type", "redacted_thinking".into()), ("data", data.as_str().into())])
        }
        Content::Image(_) | Content::Document { .. } | Content::ToolResult { .. } | Content::Foreign(_) => {
            return None;
        }
    })
}
