//! Streams of any wire, to and from canonical events: the bytes around the vendors' events, and their end.

use crate::answer::{BlockKind, Event, Meta};
use crate::error::Malformed;
use crate::frame::{Frame, FrameParser, unwrap_chunk, write_frame_event, write_frame_exception};
use crate::json::object;
use crate::sse::{SseParser, write_event};
use crate::wire::Wire;
use crate::{anthropic, bedrock, openai};
use std::borrow::Cow;

/// Reads a vendor's stream from chunks cut anywhere.
#[derive(Debug)]
pub struct StreamDecoder {
    inner: Inner,
    ended: bool,
    /// What broke after the last events given out.
    broken: Option<Malformed>,
}

#[derive(Debug)]
enum Inner {
    Anthropic(SseParser, anthropic::stream::Decoder),
    OpenAi(SseParser, openai::stream::Decoder),
    Converse(FrameParser, bedrock::stream::Decoder),
    Invoke(FrameParser, anthropic::stream::Decoder),
}

impl StreamDecoder {
    /// A decoder at the beginning of a stream.
    pub fn new(wire: Wire) -> Self {
        let inner = match wire {
            Wire::AnthropicMessages => Inner::Anthropic(SseParser::new(), Default::default()),
            Wire::OpenAiChat => Inner::OpenAi(SseParser::new(), Default::default()),
            Wire::BedrockConverse => Inner::Converse(FrameParser::new(), Default::default()),
            Wire::BedrockInvoke => Inner::Invoke(FrameParser::new(), Default::default()),
        };
        Self { inner, ended: false, broken: None }
    }

    /// The events completed by these bytes; bytes after the end say nothing. What can be read before a
    /// broken event is given out, and the error comes with the next call.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, Malformed> {
        if let Some(broken) = &self.broken {
            return Err(broken.clone());
        }
        let mut events = Vec::new();
        if self.ended {
            return Ok(events);
        }
        if let Err(broken) = self.read(bytes, &mut events) {
            if events.is_empty() {
                return Err(broken);
            }
            self.broken = Some(broken);
        }
        self.ended = is_over(&events);
        Ok(events)
    }

    fn read(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), Malformed> {
        match &mut self.inner {
            Inner::Anthropic(parser, decoder) => {
                until_the_end(parser.push(bytes)?, events, |event, out| decoder.event(&event.data, out))?;
            }
            Inner::OpenAi(parser, decoder) => {
                until_the_end(parser.push(bytes)?, events, |event, out| decoder.event(&event.data, out))?;
            }
            Inner::Converse(parser, decoder) => {
                until_the_end(parser.push(bytes)?, events, |frame, out| match frame {
                    Frame::Event { kind, payload } => decoder.event(&kind, &payload, out),
                    Frame::Exception { kind, payload } => {
                        out.push(bedrock::stream::Decoder::exception(&kind, &payload));
                        Ok(())
                    }
                })?;
            }
            Inner::Invoke(parser, decoder) => {
                until_the_end(parser.push(bytes)?, events, |frame, out| invoke_frame(frame, decoder, out))?;
            }
        }
        Ok(())
    }

    /// The stream is over: an error when its terminal event is missing (pitfall 3).
    pub fn finish(self) -> Result<(), Malformed> {
        match self.broken {
            Some(broken) => Err(broken),
            None if self.ended => Ok(()),
            None => Err(Malformed::Truncated),
        }
    }
}

/// Reads the vendor's events one by one, and none after the one that ends the stream.
fn until_the_end<T>(
    vendor_events: Vec<T>,
    events: &mut Vec<Event>,
    mut read: impl FnMut(T, &mut Vec<Event>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    for vendor_event in vendor_events {
        read(vendor_event, events)?;
        if is_over(events) {
            break;
        }
    }
    Ok(())
}

fn is_over(events: &[Event]) -> bool {
    matches!(events.last(), Some(Event::End | Event::Failed { .. }))
}

fn invoke_frame(
    frame: Frame,
    decoder: &mut anthropic::stream::Decoder,
    events: &mut Vec<Event>,
) -> Result<(), Malformed> {
    match frame {
        Frame::Event { kind, payload } if kind == "chunk" => {
            let json = unwrap_chunk(&payload)?;
            let text =
                String::from_utf8(json).map_err(|_| Malformed::Frame("a chunk is not UTF-8".to_owned()))?;
            decoder.event(&text, events)
        }
        Frame::Event { .. } => Ok(()), // kinds of tomorrow
        Frame::Exception { kind, payload } => {
            events.push(bedrock::stream::Decoder::exception(&kind, &payload));
            Ok(())
        }
    }
}

/// Writes a stream for a client: exact bytes for each canonical event.
#[derive(Debug)]
pub struct StreamEncoder {
    inner: Outer,
    foreign: LeaveOut,
}

/// Blocks that only their own vendor knows have no equal elsewhere: they are left out with their deltas,
/// and the blocks after them move up, since clients count on indexes without gaps.
#[derive(Debug, Default)]
struct LeaveOut {
    /// The foreign block under way.
    open: Option<u32>,
    count: u32,
}

impl LeaveOut {
    /// The event as the client sees it, or nothing.
    fn apply<'a>(&mut self, event: &'a Event) -> Option<Cow<'a, Event>> {
        if let Event::BlockStart { index, block: BlockKind::Foreign(_) } = event {
            self.open = Some(*index);
            self.count += 1;
            return None;
        }
        let (Event::BlockStart { index, .. } | Event::Delta { index, .. } | Event::BlockStop { index }) =
            event
        else {
            return Some(Cow::Borrowed(event));
        };
        if self.open == Some(*index) {
            return None;
        }
        if self.count == 0 {
            return Some(Cow::Borrowed(event));
        }
        let mut moved = event.clone();
        if let Event::BlockStart { index, .. } | Event::Delta { index, .. } | Event::BlockStop { index } =
            &mut moved
        {
            *index = index.saturating_sub(self.count);
        }
        Some(Cow::Owned(moved))
    }
}

#[derive(Debug)]
enum Outer {
    Anthropic(anthropic::stream::Encoder),
    OpenAi(openai::stream::Encoder),
    Converse(bedrock::stream::Encoder),
    Invoke(anthropic::stream::Encoder),
}

impl StreamEncoder {
    /// An encoder at the beginning of a stream. `include_usage` matters to OpenAI's wire only.
    pub fn new(wire: Wire, meta: Meta, include_usage: bool) -> Self {
        let inner = match wire {
            Wire::AnthropicMessages => Outer::Anthropic(anthropic::stream::Encoder::new(meta)),
            Wire::OpenAiChat => Outer::OpenAi(openai::stream::Encoder::new(meta, include_usage)),
            Wire::BedrockConverse => Outer::Converse(bedrock::stream::Encoder::new(meta)),
            Wire::BedrockInvoke => Outer::Invoke(anthropic::stream::Encoder::new(meta)),
        };
        Self { inner, foreign: LeaveOut::default() }
    }

    /// How long the answer took, in milliseconds; call it before the end, which tells it on Bedrock.
    pub fn set_latency_ms(&mut self, latency_ms: u64) {
        match &mut self.inner {
            Outer::Converse(encoder) => encoder.latency(latency_ms),
            Outer::Invoke(encoder) => encoder.latency(latency_ms),
            Outer::Anthropic(_) | Outer::OpenAi(_) => {}
        }
    }

    /// The bytes for this event; none for one that the wire has no place for, or tells later.
    pub fn event(&mut self, event: &Event) -> Vec<u8> {
        let mut out = Vec::new();
        let Some(event) = self.foreign.apply(event) else { return out };
        let event = event.as_ref();
        match &mut self.inner {
            Outer::Anthropic(encoder) => {
                for (name, json) in encoder.event(event) {
                    write_event(Some(name), &json.to_bytes(), &mut out);
                }
            }
            Outer::OpenAi(encoder) => {
                for data in encoder.event(event) {
                    write_event(None, &data, &mut out);
                }
            }
            Outer::Converse(encoder) => {
                if let Event::Failed { kind, message } = event {
                    write_frame_exception(bedrock::error::stream_word(*kind, false), message, &mut out);
                }
                for (kind, json) in encoder.event(event) {
                    write_frame_event(kind, json.to_bytes(), &mut out);
                }
            }
            Outer::Invoke(encoder) => write_invoke(encoder, event, &mut out),
        }
        out
    }
}

fn write_invoke(encoder: &mut anthropic::stream::Encoder, event: &Event, out: &mut Vec<u8>) {
    if let Event::Failed { kind, message } = event {
        return write_frame_exception(bedrock::error::stream_word(*kind, true), message, out);
    }
    for (name, json) in encoder.event(event) {
        let json = if name == "message_stop" { with_metrics(json, encoder) } else { json };
        out.extend_from_slice(&crate::frame::wrap_chunk(&json.to_text()));
    }
}

/// Bedrock adds its own count to the last event.
fn with_metrics(json: crate::json::Json, encoder: &anthropic::stream::Encoder) -> crate::json::Json {
    let usage = encoder.usage();
    let metrics = object([
        ("inputTokenCount", usage.input.into()),
        ("outputTokenCount", usage.output.into()),
        ("invocationLatency", encoder.latency_ms().into()),
        ("firstByteLatency", encoder.latency_ms().into()),
        ("cacheReadInputTokenCount", usage.cache_read.into()),
        ("cacheWriteInputTokenCount", usage.cache_write_5m.saturating_add(usage.cache_write_1h).into()),
    ]);
    json.with("amazon-bedrock-invocationMetrics", metrics)
}

/// Anthropic's server-sent events as Bedrock's invoke frames, each event's JSON untouched.
#[derive(Debug, Default)]
pub struct WrapChunks {
    parser: SseParser,
}

impl WrapChunks {
    /// A wrapper at the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// The frames of the events completed by these bytes; an `error` event becomes an exception frame.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<u8>, Malformed> {
        let mut out = Vec::new();
        for event in self.parser.push(bytes)? {
            match event.name.as_deref() {
                Some("ping") => {}
                Some("error") => {
                    let failure = anthropic::error::decode(500, event.data.as_bytes());
                    let word = bedrock::error::stream_word(failure.kind, true);
                    write_frame_exception(word, &failure.message, &mut out);
                }
                _ => out.extend_from_slice(&crate::frame::wrap_chunk(&event.data)),
            }
        }
        Ok(out)
    }
}
