//! The one place that tells which vendor's code a wire goes to.

use crate::answer::{Answer, Meta};
use crate::conversation::Conversation;
use crate::encoded::Encoded;
use crate::error::{Error, ErrorKind, Invalid, Malformed, Unsupported, VendorError};
use crate::json::{Json, Value, object};
use crate::wire::Wire;
use crate::{anthropic, bedrock, openai};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use units::Timestamp;

/// Reads a request. On Bedrock the model stands in the path.
pub fn decode_request(
    wire: Wire,
    body: &[u8],
    model_from_path: Option<&str>,
) -> Result<Conversation, Invalid> {
    let conversation = match wire {
        Wire::AnthropicMessages | Wire::BedrockInvoke => anthropic::request::decode(body, model_from_path),
        Wire::OpenAiChat => openai::request::decode(body),
        Wire::BedrockConverse => bedrock::request::decode(body, model_from_path),
    }?;
    if conversation.messages.is_empty() {
        return Err(Invalid::new("messages", "should hold at least one message"));
    }
    Ok(conversation)
}

/// Writes a request for a vendor. `max_tokens_default` stands in where the caller set no limit and the wire
/// wants one. What cannot be said is refused by its field; what changes no meaning is left out and named in
/// the warnings.
pub fn encode_request(
    wire: Wire,
    conversation: &Conversation,
    upstream_model: &str,
    max_tokens_default: Option<u64>,
) -> Result<Encoded, Unsupported> {
    match wire {
        Wire::AnthropicMessages => {
            anthropic::request::encode(conversation, upstream_model, max_tokens_default)
        }
        Wire::BedrockInvoke => {
            let mut encoded = anthropic::request::encode(conversation, upstream_model, max_tokens_default)?;
            let wrong = |invalid: Invalid| Unsupported::new(invalid.field, invalid.message);
            let head = crate::head::count_head(Wire::AnthropicMessages, &encoded.body).map_err(wrong)?;
            encoded.body = crate::head::messages_to_invoke(&encoded.body, &head, &[]);
            Ok(encoded)
        }
        Wire::OpenAiChat => openai::request::encode(conversation, upstream_model),
        Wire::BedrockConverse => bedrock::request::encode(conversation),
    }
}

/// Reads a whole answer.
pub fn decode_response(wire: Wire, body: &[u8]) -> Result<Answer, Malformed> {
    match wire {
        Wire::AnthropicMessages | Wire::BedrockInvoke => anthropic::response::decode(body),
        Wire::OpenAiChat => openai::response::decode(body),
        Wire::BedrockConverse => bedrock::response::decode(body),
    }
}

/// Writes a whole answer.
pub fn encode_answer(wire: Wire, answer: &Answer, meta: &Meta) -> Vec<u8> {
    match wire {
        Wire::AnthropicMessages | Wire::BedrockInvoke => anthropic::response::encode(answer, meta),
        Wire::OpenAiChat => openai::response::encode(answer, meta),
        Wire::BedrockConverse => bedrock::response::encode(answer, meta),
    }
    .to_bytes()
}

/// Writes an error's body.
pub fn encode_error(wire: Wire, error: &Error) -> Vec<u8> {
    match wire {
        Wire::AnthropicMessages => anthropic::error::body(error),
        Wire::OpenAiChat => openai::error::body(error),
        Wire::BedrockConverse | Wire::BedrockInvoke => bedrock::error::body(error),
    }
    .to_bytes()
}

/// Bedrock's exception name for a kind of failure, for the `x-amzn-errortype` header; other wires have their
/// word in the body.
pub fn error_type_header(wire: Wire, kind: ErrorKind) -> Option<&'static str> {
    match wire {
        Wire::AnthropicMessages | Wire::OpenAiChat => None,
        Wire::BedrockConverse | Wire::BedrockInvoke => Some(bedrock::error::type_word(kind)),
    }
}

/// Reads a vendor's error; a body that is not the vendor's own (a proxy's HTML page) is shown in part.
pub fn decode_error(wire: Wire, status: u16, body: &[u8]) -> VendorError {
    match wire {
        Wire::AnthropicMessages => anthropic::error::decode(status, body),
        Wire::OpenAiChat => openai::error::decode(status, body),
        Wire::BedrockConverse | Wire::BedrockInvoke => bedrock::error::decode(status, body),
    }
}

/// Writes the answer to a request to count tokens; OpenAI's chat has none, and gets Anthropic's.
pub fn encode_count(wire: Wire, tokens: u64) -> Vec<u8> {
    let field = match wire {
        Wire::AnthropicMessages | Wire::OpenAiChat => "input_tokens",
        Wire::BedrockConverse | Wire::BedrockInvoke => "inputTokens",
    };
    object([(field, tokens.into())]).to_bytes()
}

/// Takes the request out of Bedrock's `/count-tokens` envelope: the wire it is in, and its body.
pub fn counted_input(body: &[u8]) -> Result<(Wire, Bytes), Invalid> {
    let mut fields = Value::document(body)?.object()?;
    let mut input = fields.need("input")?.object()?;
    if let Some(mut invoke) = input.object("invokeModel")? {
        let encoded = invoke.need_text("body")?;
        let inner = STANDARD.decode(encoded);
        let inner = inner.map_err(|_| Invalid::new("input.invokeModel.body", "should be base64"))?;
        return Ok((Wire::BedrockInvoke, inner.into()));
    }
    let converse = input.take("converse");
    let converse =
        converse.ok_or_else(|| Invalid::new("input", "should hold `converse` or `invokeModel`"))?;
    Ok((Wire::BedrockConverse, Bytes::copy_from_slice(converse.raw.as_bytes())))
}

/// The list of models, all on one page: Anthropic's shape (pitfall 88), or OpenAI's on its wire.
pub fn encode_models(wire: Wire, names: &[&str], created: Timestamp) -> Vec<u8> {
    let models = Json::List(names.iter().map(|name| model_json(wire, name, created)).collect());
    if wire == Wire::OpenAiChat {
        return object([("object", "list".into()), ("data", models)]).to_bytes();
    }
    let id = |name: Option<&&str>| name.map_or(Json::Null, |name| Json::from(*name));
    object([
        ("data", models),
        ("has_more", false.into()),
        ("first_id", id(names.first())),
        ("last_id", id(names.last())),
    ])
    .to_bytes()
}

/// One model, in the same shapes.
pub fn encode_model(wire: Wire, name: &str, created: Timestamp) -> Vec<u8> {
    model_json(wire, name, created).to_bytes()
}

fn model_json(wire: Wire, name: &str, created: Timestamp) -> Json {
    if wire == Wire::OpenAiChat {
        return object([
            ("id", name.into()),
            ("object", "model".into()),
            ("created", Json::Signed(created.seconds())),
            ("owned_by", "offtake".into()),
        ]);
    }
    object([
        ("type", "model".into()),
        ("id", name.into()),
        ("display_name", name.into()),
        ("created_at", created.to_string().into()),
    ])
}
