//! A conversation in a vendor's words, and what had to be left out on the way.

use crate::conversation::Conversation;
use crate::error::Unsupported;
use crate::json::Json;
use bytes::Bytes;

/// A request body for a vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// The body.
    pub body: Bytes,
    /// What was left out since it changes no meaning; for the `x-offtake-warning` header.
    pub warnings: Vec<String>,
}

/// Collects the warnings of one encoding.
pub(crate) struct Notes {
    pub warnings: Vec<String>,
}

impl From<&Conversation> for Notes {
    fn from(conversation: &Conversation) -> Self {
        Self { warnings: conversation.warnings.clone() }
    }
}

impl Notes {
    pub fn left_out(&mut self, path: &str, why: &str) {
        self.warnings.push(format!("`{path}` was left out: {why}"));
    }
}

/// Tool arguments for a wire that wants an object where OpenAI has text.
pub(crate) fn arguments_object(path: &str, arguments: &str) -> Result<Json, Unsupported> {
    let text = arguments.trim();
    if text.is_empty() {
        return Ok(Json::Raw("{}".to_owned()));
    }
    if text.starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
        return Ok(Json::Raw(text.to_owned()));
    }
    Err(Unsupported::new(path, "the arguments of this tool call are not a JSON object"))
}

/// Tool arguments of an answer: an object, or the text as it is when the model was cut off in the middle
/// (then the answer's stop reason says so, and nothing is made up).
pub(crate) fn arguments_or_text(arguments: &str) -> Json {
    arguments_object("", arguments).unwrap_or_else(|_| arguments.into())
}
