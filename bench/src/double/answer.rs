//! What is answered, before it is put on a wire: a pure function of the request and the orders.
//!
//! The words do not matter, so they are few and always the same, with characters of two, three and four
//! bytes among them. The numbers matter: input tokens are the bytes of all text in `messages`, `system` and
//! `tools` (object keys left out), divided by four and rounded up; every word is one output token.

use super::orders::Orders;
use serde_json::Value;
use std::borrow::Cow;

const WORDS: [&str; 8] = ["The ", "naïve ", "answer ", "from ", "東京 ", "is ", "always ", "🙂 "];
const TOOL_ARGUMENTS: [&str; 4] = [r#"{"ci"#, r#"ty": ""#, "東京", r#""}"#];

/// A request to a model, as far as the double cares.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) model: String,
    pub(crate) stream: bool,
    /// OpenAI's `stream_options.include_usage`.
    pub(crate) include_usage: bool,
    pub(crate) max_tokens: Option<u64>,
    pub(crate) body: Value,
}

impl Ask {
    /// Reads a body; what is wrong with it is the error, in words.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, String> {
        let body: Value = serde_json::from_slice(body).map_err(|error| format!("invalid JSON: {error}"))?;
        let model = body["model"].as_str().ok_or("model: field required")?.to_owned();
        if !body["messages"].is_array() {
            return Err("messages: field required".to_owned());
        }
        let max_tokens = body["max_tokens"].as_u64().or(body["max_completion_tokens"].as_u64());
        Ok(Self {
            model,
            stream: body["stream"] == true,
            include_usage: body["stream_options"]["include_usage"] == true,
            max_tokens,
            body,
        })
    }

    /// The caller's own user id, which may hold orders: Anthropic's place for it, then OpenAI's.
    pub(crate) fn user(&self) -> Option<&str> {
        self.body["metadata"]["user_id"].as_str().or(self.body["user"].as_str())
    }

    /// All input tokens of the prompt.
    pub(crate) fn input_tokens(&self) -> u32 {
        let bytes: usize =
            ["messages", "system", "tools"].iter().map(|key| text_bytes(&self.body[*key])).sum();
        u32::try_from(bytes.div_ceil(4).max(1)).unwrap_or(u32::MAX)
    }

    fn first_tool(&self) -> String {
        let tool = &self.body["tools"][0];
        tool["name"].as_str().or(tool["function"]["name"].as_str()).unwrap_or("lookup").to_owned()
    }
}

fn text_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(text_bytes).sum(),
        Value::Object(fields) => fields.values().map(text_bytes).sum(),
        _ => 0,
    }
}

/// The tokens of one call. Input counts are disjoint; `output` includes `thinking`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    pub(crate) input: u32,
    pub(crate) cache_read: u32,
    pub(crate) cache_write_5m: u32,
    pub(crate) cache_write_1h: u32,
    pub(crate) output: u32,
    pub(crate) thinking: u32,
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The call's number, from which its ids are made.
    pub(crate) number: u64,
    pub(crate) model: String,
    pub(crate) thinking: Vec<Cow<'static, str>>,
    pub(crate) text: Vec<Cow<'static, str>>,
    pub(crate) tool: Option<ToolCall>,
    /// `max_tokens` ended it.
    pub(crate) capped: bool,
    pub(crate) usage: Usage,
}

/// A call of the request's tool; the arguments are one JSON text in pieces.
#[derive(Debug)]
pub(crate) struct ToolCall {
    pub(crate) name: String,
    pub(crate) arguments: [&'static str; 4],
}

impl Answer {
    /// The answer to `ask`, `tokens` long unless the orders say otherwise.
    pub(crate) fn new(ask: &Ask, orders: &Orders, number: u64, tokens: u32) -> Self {
        let asked = u64::from(orders.tokens.unwrap_or(tokens));
        let room = ask.max_tokens.unwrap_or(u64::MAX);
        let text = match &orders.echo_field {
            Some(field) => vec![Cow::Owned(ask.body[field].to_string())],
            None => words(asked.min(room)),
        };
        let thinking = words(u64::from(orders.thinking));
        let tool = orders.tool.then(|| ToolCall { name: ask.first_tool(), arguments: TOOL_ARGUMENTS });
        let pieces = text.len() + thinking.len() + tool.as_ref().map_or(0, |tool| tool.arguments.len());
        let usage = Usage {
            input: orders.input.unwrap_or_else(|| ask.input_tokens()),
            cache_read: orders.cache_read,
            cache_write_5m: orders.cache_write_5m,
            cache_write_1h: orders.cache_write_1h,
            output: u32::try_from(pieces).unwrap_or(u32::MAX),
            thinking: orders.thinking,
        };
        Self { number, model: ask.model.clone(), thinking, text, tool, capped: asked > room, usage }
    }
}

fn words(count: u64) -> Vec<Cow<'static, str>> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    WORDS.iter().cycle().take(count).map(|word| Cow::Borrowed(*word)).collect()
}
