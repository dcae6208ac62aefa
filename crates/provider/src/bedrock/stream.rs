//! Converse's stream events, to and from canonical ones.

use super::response::{stop_reason, stop_word};
use super::usage::{Usage, usage_json};
use crate::answer::{BlockKind, Delta, Event, Meta};
use crate::error::Malformed;
use crate::json::{Json, Object, Value, object};
use units::TokenCounts;

/// Reads events. Text and thinking blocks have no start event here, so they start with their first delta.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    open: Option<u32>,
    redacted: bool,
    /// The end is where both the reason and the usage are known; they come in either order.
    stopped: bool,
    counted: bool,
}

impl Decoder {
    /// The canonical events of one event's payload.
    pub fn event(&mut self, kind: &str, payload: &[u8], events: &mut Vec<Event>) -> Result<(), Malformed> {
        let mut fields = Value::document(payload)?.object()?;
        match kind {
            "messageStart" => {
                let usage = TokenCounts::default();
                events.push(Event::Start { id: String::new(), model: String::new(), usage });
            }
            "contentBlockStart" => self.block_start(fields, events)?,
            "contentBlockDelta" => self.block_delta(fields, events)?,
            "contentBlockStop" => {
                let index = index(&mut fields)?;
                // A block without any delta still is one.
                if self.open.take() != Some(index) {
                    events.push(Event::BlockStart { index, block: BlockKind::Text });
                }
                self.redacted = false;
                events.push(Event::BlockStop { index });
            }
            "messageStop" => {
                let reason = stop_reason(&fields.need_text("stopReason")?);
                events.push(Event::Stop { reason, stop_sequence: None });
                self.stopped = true;
                events.extend(self.counted.then_some(Event::End));
            }
            "metadata" => {
                let usage: Usage = crate::usage::read(fields.need("usage")?.raw)?;
                events.push(Event::Usage(usage.counts()?));
                self.counted = true;
                events.extend(self.stopped.then_some(Event::End));
            }
            _ => {} // kinds of tomorrow
        }
        Ok(())
    }

    /// An exception frame's type is in its headers (pitfall 58).
    pub fn exception(kind: &str, payload: &[u8]) -> Event {
        Event::Failed { kind: super::error::kind_of_word(kind), message: super::error::message(payload) }
    }

    fn block_start(&mut self, mut fields: Object<'_>, events: &mut Vec<Event>) -> Result<(), Malformed> {
        let index = index(&mut fields)?;
        let mut start = fields.need("start")?.object()?;
        let block = match start.object("toolUse")? {
            Some(mut call) => {
                BlockKind::ToolUse { id: call.need_text("toolUseId")?, name: call.need_text("name")? }
            }
            None => match start.rest().next() {
                Some(word) => BlockKind::Foreign(word.to_owned()),
                None => BlockKind::Text,
            },
        };
        self.begin(index, block, events);
        Ok(())
    }

    /// Begins a block; one that was left open ends first.
    fn begin(&mut self, index: u32, block: BlockKind, events: &mut Vec<Event>) {
        if let Some(open) = self.open.replace(index) {
            events.push(Event::BlockStop { index: open });
        }
        events.push(Event::BlockStart { index, block });
    }

    fn block_delta(&mut self, mut fields: Object<'_>, events: &mut Vec<Event>) -> Result<(), Malformed> {
        let index = index(&mut fields)?;
        let mut delta = fields.need("delta")?.object()?;
        let (block, delta) = if let Some(text) = delta.text("text")? {
            (BlockKind::Text, Delta::Text(text))
        } else if let Some(mut call) = delta.object("toolUse")? {
            (BlockKind::Foreign("toolUse".to_owned()), Delta::ToolArguments(call.need_text("input")?))
        } else if let Some(mut thinking) = delta.object("reasoningContent")? {
            if let Some(data) = thinking.text("redactedContent")? {
                return self.redacted(index, data, events);
            }
            let signature = thinking.text("signature")?.map(Delta::Signature);
            let delta = thinking.text("text")?.map(Delta::Thinking).or(signature);
            (BlockKind::Thinking, delta.unwrap_or_else(|| Delta::Thinking(String::new())))
        } else {
            return Ok(()); // citations and other notes
        };
        if self.open != Some(index) {
            self.begin(index, block, events);
        }
        events.push(Event::Delta { index, delta });
        Ok(())
    }

    /// Encrypted thinking comes whole; more of it for one block would have no meaning.
    fn redacted(&mut self, index: u32, data: String, events: &mut Vec<Event>) -> Result<(), Malformed> {
        if std::mem::replace(&mut self.redacted, true) || self.open == Some(index) {
            return Err(Malformed::Shape("redacted thinking came in pieces".to_owned()));
        }
        self.begin(index, BlockKind::RedactedThinking(data), events);
        Ok(())
    }
}

fn index(fields: &mut Object<'_>) -> Result<u32, Malformed> {
    Ok(fields.need("contentBlockIndex")?.read("a block's index")?)
}

/// Writes events as Converse's: (event type, payload). A failure is the caller's to frame.
#[derive(Debug)]
pub(crate) struct Encoder {
    meta: Meta,
    usage: TokenCounts,
    stop: &'static str,
}

impl Encoder {
    pub fn new(meta: Meta) -> Self {
        Self { meta, usage: TokenCounts::default(), stop: "end_turn" }
    }

    pub fn latency(&mut self, latency_ms: u64) {
        self.meta.latency_ms = latency_ms;
    }

    /// The events that this one becomes.
    pub fn event(&mut self, event: &Event) -> Vec<(&'static str, Json)> {
        match event {
            Event::Start { usage, .. } => {
                self.usage = *usage;
                vec![("messageStart", object([("role", "assistant".into())]))]
            }
            Event::BlockStart { index, block } => block_start(*index, block).into_iter().collect(),
            Event::Delta { index, delta } => vec![block_delta(*index, delta_json(delta))],
            Event::BlockStop { index } => {
                vec![("contentBlockStop", object([("contentBlockIndex", u64::from(*index).into())]))]
            }
            Event::Usage(usage) => {
                self.usage = *usage;
                Vec::new()
            }
            Event::Stop { reason, .. } => {
                self.stop = stop_word(*reason);
                Vec::new()
            }
            Event::Failed { .. } => Vec::new(),
            Event::End => {
                let metrics = object([("latencyMs", self.meta.latency_ms.into())]);
                let metadata = object([("usage", usage_json(&self.usage)), ("metrics", metrics)]);
                vec![("messageStop", object([("stopReason", self.stop.into())])), ("metadata", metadata)]
            }
        }
    }
}

/// Only tool calls have a start event on this wire.
fn block_start(index: u32, block: &BlockKind) -> Option<(&'static str, Json)> {
    match block {
        BlockKind::Text | BlockKind::Thinking | BlockKind::Foreign(_) => None,
        BlockKind::ToolUse { id, name } => {
            let call = object([("toolUseId", id.as_str().into()), ("name", name.as_str().into())]);
            let start = object([("toolUse", call)]);
            let fields = [("start", start), ("contentBlockIndex", u64::from(index).into())];
            Some(("contentBlockStart", object(fields)))
        }
        BlockKind::RedactedThinking(data) => {
            let thinking = object([("redactedContent", data.as_str().into())]);
            Some(block_delta(index, object([("reasoningContent", thinking)])))
        }
    }
}

fn block_delta(index: u32, delta: Json) -> (&'static str, Json) {
    ("contentBlockDelta", object([("delta", delta), ("contentBlockIndex", u64::from(index).into())]))
}

fn delta_json(delta: &Delta) -> Json {
    match delta {
        Delta::Text(text) => object([("text", text.as_str().into())]),
        Delta::ToolArguments(text) => object([("toolUse", object([("input", text.as_str().into())]))]),
        Delta::Thinking(text) => object([("reasoningContent", object([("text", text.as_str().into())]))]),
        Delta::Signature(text) => {
            object([("reasoningContent", object([("signature", text.as_str().into())]))])
        }
    }
}
