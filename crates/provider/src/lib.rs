//! Vendors' wire formats to and from one canonical conversation.
//!
//! Bytes in, bytes out; no I/O. Two ways through: a body in the vendor's own protocol is spliced
//! ([`head`], [`with_model`]) and otherwise untouched; any other is read into a [`Conversation`] and written
//! anew, and what the other wire cannot say is refused by its field or left out with a warning, never
//! silently. Answers come whole ([`Answer`]) or as [`Event`]s, and both say the same.

mod answer;
mod anthropic;
mod bedrock;
mod codec;
mod conversation;
mod encoded;
mod error;
mod frame;
mod gemini;
mod head;
mod json;
mod openai;
mod sse;
mod stream;
mod usage;
mod wire;

pub use answer::{Answer, BlockKind, Delta, Event, Gather, Meta, StopReason};
pub use anthropic::usage::Usage as AnthropicUsage;
pub use codec::{
    counted_input, decode_error, decode_request, decode_response, encode_answer, encode_count, encode_error,
    encode_model, encode_models, encode_request, error_type_header,
};
pub use conversation::{
    Block, CacheMark, Content, Conversation, Media, Message, OutputSchema, Role, Thinking, Tool, ToolChoice,
};
pub use encoded::Encoded;
pub use error::{Error, ErrorKind, Invalid, Malformed, Unsupported, VendorError};
pub use frame::{Frame, FrameParser, wrap_chunk};
pub use head::{
    Head, count_head, head, invoke_to_messages, messages_to_invoke, with_model, with_model_and_usage,
};
pub use openai::stream::StripUsage;
pub use openai::usage::ChatUsage;
pub use sse::EVENT_LIMIT;
pub use stream::{StreamDecoder, StreamEncoder, WrapChunks};
pub use usage::{UsageShape, token_counts};
pub use wire::Wire;
