//! AWS event-stream frames: the length, headers and checksums around each Bedrock event.

use crate::error::Malformed;
use crate::json::{Json, object};
use crate::sse::EVENT_LIMIT;
use aws_smithy_eventstream::frame::{read_message_from, write_message_to};
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};

/// The smallest frame: prelude (two lengths, a checksum) and the message's checksum.
const FRAME_MIN: usize = 16;

/// One frame, by what its headers say it is (pitfall 58: the type of an exception is not in its payload).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// An event of this `:event-type`.
    Event {
        /// The `:event-type`.
        kind: String,
        /// The payload, JSON.
        payload: Bytes,
    },
    /// An exception of this `:exception-type` (or error with this `:error-code`).
    Exception {
        /// The `:exception-type`.
        kind: String,
        /// The payload, JSON with a `message`.
        payload: Bytes,
    },
}

/// Reads frames from chunks cut anywhere.
#[derive(Debug, Default)]
pub struct FrameParser {
    buffer: BytesMut,
}

impl FrameParser {
    /// A parser at the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// The frames completed by these bytes.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Frame>, Malformed> {
        self.buffer.extend_from_slice(bytes);
        let mut frames = Vec::new();
        while let Some(message) = self.next_message()? {
            frames.push(classify(&message)?);
        }
        Ok(frames)
    }

    /// Whether a frame has begun that is not complete.
    pub fn is_mid_frame(&self) -> bool {
        !self.buffer.is_empty()
    }

    fn next_message(&mut self) -> Result<Option<Message>, Malformed> {
        let Some(length) = self.buffer.first_chunk::<4>() else { return Ok(None) };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if length < FRAME_MIN {
            return Err(Malformed::Frame(format!("a frame of {length} bytes is too short")));
        }
        if length > EVENT_LIMIT {
            return Err(Malformed::TooLarge { limit: EVENT_LIMIT });
        }
        if self.buffer.len() < length {
            return Ok(None);
        }
        let frame = self.buffer.split_to(length).freeze();
        read_message_from(frame).map(Some).map_err(|error| Malformed::Frame(error.to_string()))
    }
}

fn classify(message: &Message) -> Result<Frame, Malformed> {
    let header = |name: &str| {
        let found = message.headers().iter().find(|header| header.name().as_str() == name);
        found.and_then(|header| header.value().as_string().ok()).map(|text| text.as_str().to_owned())
    };
    let payload = message.payload().clone();
    let kind =
        |name: &str| header(name).ok_or_else(|| Malformed::Frame(format!("a frame has no `{name}` header")));
    let message_type = header(":message-type");
    match message_type.as_deref() {
        Some("event") => Ok(Frame::Event { kind: kind(":event-type")?, payload }),
        Some("exception") => Ok(Frame::Exception { kind: kind(":exception-type")?, payload }),
        Some("error") => {
            let message = header(":error-message").unwrap_or_default();
            let payload = object([("message", message.into())]).to_bytes().into();
            Ok(Frame::Exception { kind: kind(":error-code")?, payload })
        }
        // Seen in recordings: the event's type alone says what it is.
        None if header(":event-type").is_some() => Ok(Frame::Event { kind: kind(":event-type")?, payload }),
        other => Err(Malformed::Frame(format!("a frame's message type is `{}`", other.unwrap_or("missing")))),
    }
}

/// An event as a frame.
pub(crate) fn write_frame_event(kind: &str, payload: Vec<u8>, out: &mut Vec<u8>) {
    write_frame(
        [(":event-type", kind), (":content-type", "application/json"), (":message-type", "event")],
        payload,
        out,
    );
}

/// An exception as a frame.
pub(crate) fn write_frame_exception(kind: &str, message: &str, out: &mut Vec<u8>) {
    let payload = object([("message", message.into())]).to_bytes();
    let headers =
        [(":exception-type", kind), (":content-type", "application/json"), (":message-type", "exception")];
    write_frame(headers, payload, out);
}

fn write_frame(headers: [(&'static str, &str); 3], payload: Vec<u8>, out: &mut Vec<u8>) {
    let header =
        |(name, value): (&'static str, &str)| Header::new(name, HeaderValue::String(value.to_owned().into()));
    let message = Message::new_from_parts(headers.into_iter().map(header).collect(), payload);
    let mut frame = Vec::new();
    match write_message_to(&message, &mut frame) {
        Ok(()) => out.extend_from_slice(&frame),
        // Only a payload beyond the format's bound fails; the client is told, and nothing is left out.
        Err(_) => {
            write_frame_exception("modelStreamErrorException", "an event is too large for a frame", out)
        }
    }
}

/// An Anthropic event's JSON as the `chunk` frame of Bedrock's invoke stream, the JSON itself untouched.
pub fn wrap_chunk(event_json: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let payload = object([("bytes", Json::Text(STANDARD.encode(event_json)))]);
    write_frame_event("chunk", payload.to_bytes(), &mut out);
    out
}

/// The JSON inside a `chunk` frame's payload.
pub(crate) fn unwrap_chunk(payload: &[u8]) -> Result<Vec<u8>, Malformed> {
    #[derive(serde::Deserialize)]
    struct Chunk {
        bytes: String,
    }
    let wrong = |_| Malformed::Frame("a chunk holds no base64 `bytes`".to_owned());
    let chunk: Chunk = serde_json::from_slice(payload).map_err(wrong)?;
    STANDARD.decode(chunk.bytes).map_err(|error| Malformed::Frame(format!("a chunk is not base64: {error}")))
}
