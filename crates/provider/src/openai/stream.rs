//! OpenAI's stream chunks, to and from canonical events; and taking the usage chunk out in passing.

use super::response::{finish_word, stop_reason};
use super::usage::{ChatUsage, usage_json};
use crate::answer::{BlockKind, Delta, Event, Meta, StopReason};
use crate::error::{Error, Malformed};
use crate::json::{Json, Object, Value, object};
use crate::sse::EVENT_LIMIT;
use units::TokenCounts;

/// Reads chunks; this wire has no block boundaries, so they are found where the kind changes.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    started: bool,
    next_index: u32,
    open: Option<(u32, Open)>,
    tools_begun: u64,
    stopped: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Text,
    Thinking,
    /// The vendor's index of the tool call.
    Tool(u64),
}

impl Decoder {
    /// The canonical events of one chunk.
    pub fn event(&mut self, data: &str, events: &mut Vec<Event>) -> Result<(), Malformed> {
        if data.starts_with("[DONE]") {
            self.close(events);
            events.push(Event::End);
            return Ok(());
        }
        let mut fields = Value::document(data.as_bytes())?.object()?;
        if fields.take("error").is_some() {
            let failure = super::error::decode(200, data.as_bytes());
            events.push(Event::Failed { kind: failure.kind, message: failure.message });
            return Ok(());
        }
        if !std::mem::replace(&mut self.started, true) {
            events.push(Event::Start {
                id: fields.text("id")?.unwrap_or_default(),
                model: fields.text("model")?.unwrap_or_default(),
                usage: TokenCounts::default(),
            });
        }
        // One answer is ever asked for, so there is one choice.
        if let Some(choice) = fields.list("choices")?.first() {
            self.choice(choice.object()?, events)?;
        }
        if let Some(usage) = fields.take("usage") {
            let usage: ChatUsage = crate::usage::read(usage.raw)?;
            events.push(Event::Usage(usage.counts()?));
        }
        Ok(())
    }

    fn choice(&mut self, mut choice: Object<'_>, events: &mut Vec<Event>) -> Result<(), Malformed> {
        if let Some(mut delta) = choice.object("delta")? {
            let thinking = delta.text("reasoning_content")?.or(delta.text("reasoning")?);
            self.more(Open::Thinking, thinking, events);
            self.more(Open::Text, delta.text("content")?, events);
            self.more(Open::Text, delta.text("refusal")?, events);
            for call in delta.list("tool_calls")? {
                self.tool_call(call.object()?, events)?;
            }
        }
        if let Some(word) = choice.text("finish_reason")?
            && !std::mem::replace(&mut self.stopped, true)
        {
            self.close(events);
            events.push(Event::Stop { reason: stop_reason(&word), stop_sequence: None });
        }
        Ok(())
    }

    fn more(&mut self, kind: Open, text: Option<String>, events: &mut Vec<Event>) {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return };
        let block = if kind == Open::Text { BlockKind::Text } else { BlockKind::Thinking };
        let index = self.open(kind, block, events);
        let delta = if kind == Open::Text { Delta::Text(text) } else { Delta::Thinking(text) };
        events.push(Event::Delta { index, delta });
    }

    fn tool_call(&mut self, mut call: Object<'_>, events: &mut Vec<Event>) -> Result<(), Malformed> {
        let number = call.whole("index")?.unwrap_or(0);
        let function = call.object("function")?;
        let (name, arguments) = match function {
            Some(mut function) => (function.text("name")?, function.text("arguments")?),
            None => (None, None),
        };
        let index = match self.open {
            Some((index, Open::Tool(open))) if open == number => index,
            _ if number < self.tools_begun => {
                return Err(Malformed::Shape(format!("tool call {number} goes on after the next one began")));
            }
            _ => {
                let name = name.ok_or_else(|| Malformed::Shape(format!("tool call {number} has no name")))?;
                let id = call.text("id")?.unwrap_or_else(|| format!("call_{number}"));
                self.tools_begun = number + 1;
                self.open(Open::Tool(number), BlockKind::ToolUse { id, name }, events)
            }
        };
        if let Some(arguments) = arguments.filter(|text| !text.is_empty()) {
            events.push(Event::Delta { index, delta: Delta::ToolArguments(arguments) });
        }
        Ok(())
    }

    /// The index of the open block of this kind; the one open before it, of another kind, is closed.
    fn open(&mut self, kind: Open, block: BlockKind, events: &mut Vec<Event>) -> u32 {
        if let Some((index, open)) = self.open
            && open == kind
        {
            return index;
        }
        self.close(events);
        let index = self.next_index;
        self.next_index += 1;
        self.open = Some((index, kind));
        events.push(Event::BlockStart { index, block });
        index
    }

    fn close(&mut self, events: &mut Vec<Event>) {
        if let Some((index, _)) = self.open.take() {
            events.push(Event::BlockStop { index });
        }
    }
}

/// Writes chunks: each item is the data of one event.
#[derive(Debug)]
pub(crate) struct Encoder {
    meta: Meta,
    include_usage: bool,
    usage: TokenCounts,
    stop: StopReason,
    /// The tool call of the open block: its number here.
    tool: Option<u64>,
    tools: u64,
}

impl Encoder {
    pub fn new(meta: Meta, include_usage: bool) -> Self {
        let (usage, stop) = (TokenCounts::default(), StopReason::EndTurn);
        Self { meta, include_usage, usage, stop, tool: None, tools: 0 }
    }

    /// The data of the events that this one becomes.
    pub fn event(&mut self, event: &Event) -> Vec<Vec<u8>> {
        match event {
            Event::Start { usage, .. } => {
                self.usage = *usage;
                let delta = object([("role", "assistant".into()), ("content", "".into())]);
                vec![self.chunk(delta, None)]
            }
            Event::BlockStart { block: BlockKind::ToolUse { id, name }, .. } => {
                let number = self.tools;
                self.tools += 1;
                self.tool = Some(number);
                let function = object([("name", name.as_str().into()), ("arguments", "".into())]);
                let call = object([
                    ("index", number.into()),
                    ("id", id.as_str().into()),
                    ("type", "function".into()),
                    ("function", function),
                ]);
                vec![self.chunk(object([("tool_calls", vec![call].into())]), None)]
            }
            Event::Delta { delta, .. } => self.delta(delta).into_iter().collect(),
            Event::BlockStart { .. } | Event::BlockStop { .. } => Vec::new(),
            Event::Usage(usage) => {
                self.usage = *usage;
                Vec::new()
            }
            Event::Stop { reason, .. } => {
                self.stop = *reason;
                Vec::new()
            }
            Event::Failed { kind, message } => {
                let request_id = self.meta.request_id.clone();
                let error = Error { kind: *kind, message: message.clone(), field: None, request_id };
                // No [DONE] after it: the client must not take this for a clean end (pitfall 2).
                vec![super::error::body(&error).to_bytes()]
            }
            Event::End => self.end(),
        }
    }

    fn delta(&self, delta: &Delta) -> Option<Vec<u8>> {
        let delta = match delta {
            Delta::Text(text) => object([("content", text.as_str().into())]),
            Delta::Thinking(text) => object([("reasoning_content", text.as_str().into())]),
            Delta::ToolArguments(text) => {
                let function = object([("arguments", text.as_str().into())]);
                let call = object([("index", self.tool?.into()), ("function", function)]);
                object([("tool_calls", vec![call].into())])
            }
            Delta::Signature(_) => return None, // this wire has no place for it
        };
        Some(self.chunk(delta, None))
    }

    fn end(&self) -> Vec<Vec<u8>> {
        let mut data = vec![self.chunk(object([]), Some(finish_word(self.stop)))];
        if self.include_usage {
            let usage = self.envelope(Vec::new()).with("usage", usage_json(&self.usage));
            data.push(usage.to_bytes());
        }
        data.push(b"[DONE]".to_vec());
        data
    }

    fn chunk(&self, delta: Json, finish: Option<&'static str>) -> Vec<u8> {
        let choice = object([
            ("index", 0.into()),
            ("delta", delta),
            ("logprobs", Json::Null),
            ("finish_reason", finish.map_or(Json::Null, Json::from)),
        ]);
        let chunk = self.envelope(vec![choice]);
        chunk.with_some("usage", self.include_usage.then_some(Json::Null)).to_bytes()
    }

    fn envelope(&self, choices: Vec<Json>) -> Json {
        object([
            ("id", self.meta.answer_id("chatcmpl-").into()),
            ("object", "chat.completion.chunk".into()),
            ("created", Json::Signed(self.meta.created.seconds())),
            ("model", self.meta.model.as_str().into()),
            ("choices", choices.into()),
        ])
    }
}

/// Takes the usage chunk out of a stream that the caller did not ask it of (pitfall 18); every other byte
/// passes as it is.
#[derive(Debug, Default)]
pub struct StripUsage {
    /// The event under way.
    held: Vec<u8>,
    /// Where its current line begins.
    line: usize,
}

impl StripUsage {
    /// A filter at the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// The bytes to pass on. Whole events only, so that an event is never half sent before it is known.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<u8>, Malformed> {
        let mut out = Vec::with_capacity(bytes.len());
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.held.extend_from_slice(piece);
            if !piece.ends_with(b"\n") {
                break;
            }
            let line = self.held.get(self.line..).unwrap_or_default();
            let blank = matches!(line, b"\n" | b"\r\n");
            self.line = self.held.len();
            if blank {
                if !is_usage_chunk(&self.held) {
                    out.extend_from_slice(&self.held);
                }
                self.held.clear();
                self.line = 0;
            }
        }
        if self.held.len() > EVENT_LIMIT {
            return Err(Malformed::TooLarge { limit: EVENT_LIMIT });
        }
        Ok(out)
    }

    /// What is left at the end of the stream: an event that no blank line ended.
    pub fn finish(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }
}

/// Whether an event is the chunk that holds the usage and nothing else.
fn is_usage_chunk(event: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Chunk {
        choices: Vec<serde::de::IgnoredAny>,
        usage: Option<serde::de::IgnoredAny>,
    }
    let text = String::from_utf8_lossy(event);
    // Content chunks are the many: look for the mark before parsing.
    if !text.contains("\"usage\"") {
        return false;
    }
    let data = text.lines().find_map(|line| line.strip_prefix("data:"));
    let chunk = data.and_then(|data| serde_json::from_str::<Chunk>(data).ok());
    chunk.is_some_and(|chunk| chunk.choices.is_empty() && chunk.usage.is_some())
}
