//! The protocols: which one a client speaks to us, or we to a vendor.

/// A protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wire {
    /// Anthropic's `/v1/messages`; streams are server-sent events.
    AnthropicMessages,
    /// OpenAI's `/v1/chat/completions`; streams are server-sent events ended by `[DONE]`.
    OpenAiChat,
    /// Bedrock's `/model/{id}/converse` and `/converse-stream`; streams are AWS event-stream frames.
    BedrockConverse,
    /// Bedrock's `/model/{id}/invoke` and `/invoke-with-response-stream`: the body is Anthropic's with an
    /// `anthropic_version`, the model stands in the path, streams are Anthropic events inside frames.
    BedrockInvoke,
}

impl Wire {
    /// The content type of a streamed answer.
    pub fn stream_content_type(self) -> &'static str {
        match self {
            Self::AnthropicMessages | Self::OpenAiChat => "text/event-stream",
            Self::BedrockConverse | Self::BedrockInvoke => "application/vnd.amazon.eventstream",
        }
    }

    /// Whether the body is Anthropic's, so that it can pass to an Anthropic backend with a splice.
    pub(crate) fn is_anthropic_body(self) -> bool {
        matches!(self, Self::AnthropicMessages | Self::BedrockInvoke)
    }
}
