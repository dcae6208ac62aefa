//! The tap: usage read in passing from the bytes of a stream, cut anywhere.

use crate::estimate;
use crate::metered::{Failure, Metered, Source, usage_of_answer};
use crate::scan::{find, text_bytes};
use provider::{
    AnthropicUsage, ChatUsage, Delta, EVENT_LIMIT, ErrorKind, Event, Malformed, Wire, decode_error,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use units::TokenCounts;

/// What one chunk held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// Events completed in this chunk, pings and comments not counted.
    pub events: u32,
    /// Where, in this chunk, the terminal event (or an error that ends the stream) begins: everything
    /// before it may be sent, then the record is written, then the rest. Zero when it began in an
    /// earlier chunk. Told once.
    pub terminal_at: Option<usize>,
    /// Why the stream's usage cannot be read from here on. Told once.
    pub malformed: Option<Malformed>,
}

/// Reads usage in passing from bytes that are forwarded untouched, or from canonical events.
#[derive(Debug)]
pub struct Tap {
    wire: Wire,
    streaming: bool,
    /// The current line, where it began in an earlier chunk; the whole body when not streaming.
    held: Vec<u8>,
    /// Whether the current event has shown a field yet, and its name if that was one of the many.
    event_begun: bool,
    is_content: bool,
    is_done: bool,
    anthropic: AnthropicUsage,
    text_bytes: u64,
    /// Text that had arrived when the vendor last counted the output.
    counted_bytes: u64,
    metered: Metered,
}

/// Events whose name alone says that they hold nothing to meter but text.
const CONTENT_EVENT: &[u8] = b"event: content_block_delta";

impl Tap {
    /// A tap on an answer in this wire: `AnthropicMessages` or `OpenAiChat` for bytes; any for events.
    /// When not `streaming` the body is kept until [`Tap::finish`].
    pub fn new(wire: Wire, streaming: bool) -> Self {
        Self {
            wire,
            streaming,
            held: Vec::new(),
            event_begun: false,
            is_content: false,
            is_done: false,
            anthropic: AnthropicUsage::default(),
            text_bytes: 0,
            counted_bytes: 0,
            metered: Metered::nothing(),
        }
    }

    /// Looks at a chunk on its way to the client.
    pub fn observe(&mut self, chunk: &[u8]) -> Observed {
        let mut observed = Observed::default();
        if !self.streaming {
            self.held.extend_from_slice(chunk);
            return observed;
        }
        if self.is_done {
            return observed; // what follows the end is no part of the answer
        }
        let mut line_start = 0;
        // Where the event under way begins; zero when that was in an earlier chunk.
        let mut event_start = 0;
        while let Some(length) = chunk[line_start..].iter().position(|byte| *byte == b'\n') {
            let line_end = line_start + length;
            if !self.event_begun && self.held.is_empty() {
                event_start = line_start;
            }
            if self.held.is_empty() {
                self.line(&chunk[line_start..line_end], &mut observed);
            } else {
                let mut line = std::mem::take(&mut self.held);
                line.extend_from_slice(&chunk[line_start..line_end]);
                self.line(&line, &mut observed);
            }
            if self.is_done {
                observed.terminal_at = Some(event_start);
                return observed;
            }
            line_start = line_end + 1;
        }
        self.hold(&chunk[line_start..], &mut observed);
        observed
    }

    fn hold(&mut self, rest: &[u8], observed: &mut Observed) {
        self.held.extend_from_slice(rest);
        if self.held.len() > EVENT_LIMIT {
            self.held = Vec::new();
            self.fail(Malformed::TooLarge { limit: EVENT_LIMIT }, observed);
        }
    }

    fn line(&mut self, line: &[u8], observed: &mut Observed) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            self.event_begun = false;
            self.is_content = false;
            return;
        }
        if line.first() == Some(&b':') {
            return; // a comment, such as a keep-alive
        }
        self.event_begun = true;
        if line.starts_with(CONTENT_EVENT) {
            self.is_content = true;
        }
        let Some(data) = line.strip_prefix(b"data:") else { return };
        let data = data.strip_prefix(b" ").unwrap_or(data);
        observed.events +=
            u32::from(!data.starts_with(br#"{"type": "ping""#) && !data.starts_with(br#"{"type":"ping""#));
        let read = match self.wire {
            Wire::OpenAiChat => self.openai_data(data),
            _ => self.anthropic_data(data),
        };
        if let Err(error) = read {
            self.fail(error, observed);
        }
    }

    fn anthropic_data(&mut self, data: &[u8]) -> Result<(), Malformed> {
        if self.is_content || data.starts_with(br#"{"type":"content_block_delta""#) {
            self.text_bytes += text_bytes(data, b"\"delta\":");
            return Ok(());
        }
        if data.starts_with(br#"{"type":"content_block_st"#) {
            return Ok(()); // start or stop
        }
        let event: AnthropicEvent<'_> = parse(data)?;
        match event.word {
            "message_start" => {
                let message = event.message.ok_or_else(|| missing("message"))?;
                self.metered.model = message.model.or(self.metered.model.take());
                self.metered.vendor_request_id = message.id.or(self.metered.vendor_request_id.take());
                if let Some(usage) = message.usage {
                    self.anthropic.revise(parse(usage.get().as_bytes())?);
                }
            }
            "message_delta" => {
                if let Some(usage) = event.usage {
                    self.anthropic.revise(parse(usage.get().as_bytes())?);
                    self.counted_bytes = self.text_bytes;
                }
            }
            "message_stop" => {
                self.metered.complete = true;
                self.is_done = true;
            }
            "error" => self.vendor_error(500, data),
            "content_block_delta" => self.text_bytes += text_bytes(data, b"\"delta\":"),
            _ => {}
        }
        self.metered.take_anthropic(&self.anthropic)
    }

    fn openai_data(&mut self, data: &[u8]) -> Result<(), Malformed> {
        if data.starts_with(b"[DONE]") {
            self.metered.complete = true;
            self.is_done = true;
            return Ok(());
        }
        let known = self.metered.vendor_request_id.is_some();
        if known && !has_usage(data) && find(data, b"\"error\"").is_none() {
            self.text_bytes += text_bytes(data, b"\"delta\":");
            return Ok(());
        }
        let chunk: OpenAiChunk<'_> = parse(data)?;
        if chunk.error.is_some() {
            self.vendor_error(200, data);
            return Ok(());
        }
        self.text_bytes += text_bytes(data, b"\"delta\":");
        self.metered.model = chunk.model.or(self.metered.model.take());
        self.metered.vendor_request_id = chunk.id.or(self.metered.vendor_request_id.take());
        self.metered.service_tier = chunk.service_tier.or(self.metered.service_tier.take());
        if let Some(usage) = chunk.usage {
            let usage: ChatUsage = parse(usage.get().as_bytes())?;
            self.metered.tokens = usage.counts()?;
            self.counted_bytes = self.text_bytes;
        }
        Ok(())
    }

    fn vendor_error(&mut self, status: u16, data: &[u8]) {
        let failure = decode_error(self.wire, status, data);
        self.metered.error = Some(Failure { kind: failure.kind, message: failure.message });
        self.is_done = true;
    }

    /// The usage cannot be trusted from here on; the bytes still pass, the record says why.
    fn fail(&mut self, error: Malformed, observed: &mut Observed) {
        if self.metered.error.is_none() {
            let message = error.to_string();
            self.metered.error = Some(Failure { kind: ErrorKind::UpstreamMalformed, message });
            observed.malformed = Some(error);
        }
    }

    /// Looks at a canonical event, on the translated path.
    pub fn observe_event(&mut self, event: &Event) {
        match event {
            Event::Start { id, model, usage } => {
                self.metered.vendor_request_id = Some(id.clone()).filter(|id| !id.is_empty());
                self.metered.model = Some(model.clone()).filter(|model| !model.is_empty());
                self.metered.tokens = *usage;
            }
            Event::Delta { delta, .. } => self.text_bytes += delta_bytes(delta),
            Event::Usage(usage) => {
                self.metered.tokens = *usage;
                self.counted_bytes = self.text_bytes;
            }
            Event::Failed { kind, message } => {
                self.metered.error = Some(Failure { kind: *kind, message: message.clone() });
            }
            Event::End => self.metered.complete = true,
            Event::BlockStart { .. } | Event::BlockStop { .. } | Event::Stop { .. } => {}
        }
    }

    /// The usage so far. Output the vendor has not counted yet is estimated; the result is never below what
    /// it has reported.
    pub fn so_far(&self) -> (TokenCounts, Source) {
        let reported = self.metered.tokens;
        if self.metered.complete || self.text_bytes == self.counted_bytes {
            return (reported, Source::Reported);
        }
        let estimated = estimate::tokens(self.text_bytes);
        if estimated <= reported.output {
            return (reported, Source::Estimated);
        }
        (TokenCounts { output: estimated, ..reported }, Source::Estimated)
    }

    /// Ends the metering.
    pub fn finish(mut self) -> Metered {
        let last = std::mem::take(&mut self.held);
        if !self.streaming {
            return usage_of_answer(self.wire, &last).unwrap_or_else(|error| {
                self.fail(error, &mut Observed::default());
                self.metered
            });
        }
        // Some servers end their last line with the connection.
        self.line(&last, &mut Observed::default());
        let (tokens, source) = self.so_far();
        Metered { tokens, source, ..self.metered }
    }
}

fn delta_bytes(delta: &Delta) -> u64 {
    let text = match delta {
        Delta::Text(text) | Delta::Thinking(text) | Delta::ToolArguments(text) => text,
        Delta::Signature(_) => return 0,
    };
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

/// Whether a chunk holds a usage object; `"usage":null` stands in every content chunk of some servers.
fn has_usage(data: &[u8]) -> bool {
    let Some(at) = find(data, b"\"usage\"") else { return false };
    let value = data[at + 7..].iter().position(|byte| !byte.is_ascii_whitespace() && *byte != b':');
    value.is_some_and(|value| data[at + 7 + value] != b'n')
}

#[derive(Deserialize)]
struct AnthropicEvent<'a> {
    #[serde(rename = "type")]
    word: &'a str,
    message: Option<StartedMessage<'a>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct StartedMessage<'a> {
    id: Option<String>,
    model: Option<String>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct OpenAiChunk<'a> {
    id: Option<String>,
    model: Option<String>,
    service_tier: Option<String>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    error: Option<serde::de::IgnoredAny>,
}

fn parse<'a, T: Deserialize<'a>>(data: &'a [u8]) -> Result<T, Malformed> {
    serde_json::from_slice(data).map_err(|error| Malformed::Shape(error.to_string()))
}

fn missing(field: &str) -> Malformed {
    Malformed::Shape(format!("`{field}` is missing"))
}
