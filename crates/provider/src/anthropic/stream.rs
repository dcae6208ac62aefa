//! Anthropic's stream events, to and from canonical ones. Bedrock's invoke stream carries the same events.

use super::response::{stop_reason, stop_word};
use super::usage::{Usage, usage_json};
use crate::answer::{BlockKind, Delta, Event, Meta, StopReason};
use crate::error::{Error, ErrorKind, Malformed};
use crate::json::{Json, Object, Value, object};
use units::TokenCounts;

/// Reads events; keeps the usage so far, since later events revise only some counts.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    usage: Usage,
    /// The id of the message under way.
    id: Option<String>,
}

impl Decoder {
    /// The canonical events of one event's JSON.
    pub fn event(&mut self, data: &str, events: &mut Vec<Event>) -> Result<(), Malformed> {
        let mut fields = Value::document(data.as_bytes())?.object()?;
        match fields.need_text("type")?.as_str() {
            "message_start" => self.start(fields, events)?,
            "content_block_start" => events.push(block_start(fields)?),
            "content_block_delta" => events.extend(block_delta(fields)?),
            "content_block_stop" => events.push(Event::BlockStop { index: index(&mut fields)? }),
            "message_delta" => self.message_delta(fields, events)?,
            "message_stop" => events.push(Event::End),
            "error" => {
                let failure = super::error::decode(500, data.as_bytes());
                events.push(Event::Failed { kind: failure.kind, message: failure.message });
            }
            _ => {} // pings, and kinds of tomorrow
        }
        Ok(())
    }

    fn start(&mut self, mut fields: Object<'_>, events: &mut Vec<Event>) -> Result<(), Malformed> {
        let mut message = fields.need("message")?.object()?;
        if let Some(usage) = message.take("usage") {
            self.usage.revise(crate::usage::read(usage.raw)?);
        }
        let usage = self.usage.counts()?;
        let id = message.need_text("id")?;
        if let Some(begun) = &self.id {
            if *begun != id {
                // Two answers glued together (pitfall 4) are no answer.
                return Err(Malformed::Shape(format!("message `{id}` begins inside `{begun}`")));
            }
            events.push(Event::Usage(usage));
            return Ok(());
        }
        self.id = Some(id.clone());
        events.push(Event::Start { id, model: message.need_text("model")?, usage });
        Ok(())
    }

    fn message_delta(&mut self, mut fields: Object<'_>, events: &mut Vec<Event>) -> Result<(), Malformed> {
        if let Some(usage) = fields.take("usage") {
            self.usage.revise(crate::usage::read(usage.raw)?);
            events.push(Event::Usage(self.usage.counts()?));
        }
        let Some(mut delta) = fields.object("delta")? else { return Ok(()) };
        if let Some(word) = delta.text("stop_reason")? {
            let stop_sequence = delta.text("stop_sequence")?;
            events.push(Event::Stop { reason: stop_reason(&word), stop_sequence });
        }
        Ok(())
    }
}

fn index(fields: &mut Object<'_>) -> Result<u32, Malformed> {
    Ok(fields.need("index")?.read("a block's index")?)
}

fn block_start(mut fields: Object<'_>) -> Result<Event, Malformed> {
    let index = index(&mut fields)?;
    let mut block = fields.need("content_block")?.object()?;
    let word = block.need_text("type")?;
    let block = match word.as_str() {
        "text" => BlockKind::Text,
        "tool_use" => BlockKind::ToolUse { id: block.need_text("id")?, name: block.need_text("name")? },
        "thinking" => BlockKind::Thinking,
        "redacted_thinking" => BlockKind::RedactedThinking(block.need_text("data")?),
        _ => BlockKind::Foreign(word),
    };
    Ok(Event::BlockStart { index, block })
}

/// A delta, or nothing for a kind that only the vendor's own blocks have.
fn block_delta(mut fields: Object<'_>) -> Result<Option<Event>, Malformed> {
    let index = index(&mut fields)?;
    let mut delta = fields.need("delta")?.object()?;
    let delta = match delta.need_text("type")?.as_str() {
        "text_delta" => Delta::Text(delta.need_text("text")?),
        "input_json_delta" => Delta::ToolArguments(delta.need_text("partial_json")?),
        "thinking_delta" => Delta::Thinking(delta.need_text("thinking")?),
        "signature_delta" => Delta::Signature(delta.need_text("signature")?),
        _ => return Ok(None),
    };
    Ok(Some(Event::Delta { index, delta }))
}

/// Writes events as Anthropic's: (event name, JSON).
#[derive(Debug)]
pub(crate) struct Encoder {
    meta: Meta,
    usage: TokenCounts,
    stop: Option<(StopReason, Option<String>)>,
}

impl Encoder {
    pub fn new(meta: Meta) -> Self {
        Self { meta, usage: TokenCounts::default(), stop: None }
    }

    pub fn latency(&mut self, latency_ms: u64) {
        self.meta.latency_ms = latency_ms;
    }

    pub fn latency_ms(&self) -> u64 {
        self.meta.latency_ms
    }

    pub fn usage(&self) -> &TokenCounts {
        &self.usage
    }

    /// The events that this one becomes.
    pub fn event(&mut self, event: &Event) -> Vec<(&'static str, Json)> {
        match event {
            Event::Start { usage, .. } => {
                self.usage = *usage;
                vec![("message_start", self.message_start())]
            }
            Event::BlockStart { index, block } => {
                let start = |block| {
                    let fields = [("index", u64::from(*index).into()), ("content_block", block)];
                    event_json("content_block_start", fields)
                };
                block_json(block).map(start).into_iter().collect()
            }
            Event::Delta { index, delta } => {
                let fields = [("index", u64::from(*index).into()), ("delta", delta_json(delta))];
                vec![event_json("content_block_delta", fields)]
            }
            Event::BlockStop { index } => {
                vec![event_json("content_block_stop", [("index", u64::from(*index).into())])]
            }
            Event::Usage(usage) => {
                self.usage = *usage;
                Vec::new()
            }
            Event::Stop { reason, stop_sequence } => {
                self.stop = Some((*reason, stop_sequence.clone()));
                Vec::new()
            }
            Event::Failed { kind, message } => vec![("error", self.error(*kind, message))],
            Event::End => vec![self.message_delta(), event_json("message_stop", [])],
        }
    }

    fn error(&self, kind: ErrorKind, message: &str) -> Json {
        let request_id = self.meta.request_id.clone();
        super::error::body(&Error { kind, message: message.to_owned(), field: None, request_id })
    }

    fn message_start(&self) -> Json {
        let message = object([
            ("id", self.meta.answer_id("msg_").into()),
            ("type", "message".into()),
            ("role", "assistant".into()),
            ("model", self.meta.model.as_str().into()),
            ("content", Json::List(Vec::new())),
            ("stop_reason", Json::Null),
            ("stop_sequence", Json::Null),
            ("usage", usage_json(&self.usage)),
        ]);
        object([("type", "message_start".into()), ("message", message)])
    }

    fn message_delta(&mut self) -> (&'static str, Json) {
        let (reason, stop_sequence) = self.stop.take().unwrap_or_default();
        let delta = object([
            ("stop_reason", stop_word(reason).into()),
            ("stop_sequence", stop_sequence.map_or(Json::Null, Json::from)),
        ]);
        event_json("message_delta", [("delta", delta), ("usage", usage_json(&self.usage))])
    }
}

fn event_json<const N: usize>(name: &'static str, fields: [(&'static str, Json); N]) -> (&'static str, Json) {
    let all = std::iter::once(("type", Json::from(name))).chain(fields);
    (name, Json::Object(all.collect()))
}

fn block_json(block: &BlockKind) -> Option<Json> {
    Some(match block {
        BlockKind::Text => object([("type", "text".into()), ("text", "".into())]),
        BlockKind::ToolUse { id, name } => object([
            ("type", "tool_use".into()),
            ("id", id.as_str().into()),
            ("name", name.as_str().into()),
            ("input", object([])),
        ]),
        BlockKind::Thinking => {
            object([("type", "thinking".into()), ("thinking", "".into()), ("signature", "".into())])
        }
        BlockKind::RedactedThinking(data) => {
            object([("type", "redacted_thinking".into()), ("data", data.as_str().into())])
        }
        BlockKind::Foreign(_) => return None,
    })
}

fn delta_json(delta: &Delta) -> Json {
    let (word, field, text) = match delta {
        Delta::Text(text) => ("text_delta", "text", text),
        Delta::ToolArguments(text) => ("input_json_delta", "partial_json", text),
        Delta::Thinking(text) => ("thinking_delta", "thinking", text),
        Delta::Signature(text) => ("signature_delta", "signature", text),
    };
    object([("type", word.into()), (field, text.as_str().into())])
}
