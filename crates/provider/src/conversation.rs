//! The canonical conversation: what a request asks for, in no vendor's words.

/// A request for an answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Conversation {
    /// The model as the caller named it.
    pub model: String,
    /// The system prompt: text blocks.
    pub system: Vec<Block>,
    /// The turns so far.
    pub messages: Vec<Message>,
    /// Tools the model may call.
    pub tools: Vec<Tool>,
    /// Which of them it must or may call.
    pub tool_choice: Option<ToolChoice>,
    /// False: at most one tool call an answer.
    pub parallel_tools: Option<bool>,
    /// The largest output, in tokens.
    pub max_tokens: Option<u64>,
    /// Sampling temperature.
    pub temperature: Option<f64>,
    /// Nucleus sampling.
    pub top_p: Option<f64>,
    /// Sampling from the k likeliest.
    pub top_k: Option<u64>,
    /// Seed for repeatable sampling.
    pub seed: Option<i64>,
    /// Texts that end the answer.
    pub stop: Vec<String>,
    /// Thinking before answering.
    pub thinking: Option<Thinking>,
    /// The shape the answer must have.
    pub output_schema: Option<OutputSchema>,
    /// Whether the answer is streamed.
    pub stream: bool,
    /// OpenAI: whether the usage chunk was asked for.
    pub include_usage: bool,
    /// What was left out while reading since it changes no meaning; for the `x-offtake-warning` header.
    pub warnings: Vec<String>,
}

impl Conversation {
    /// How many cache marks there are, wherever they stand (pitfall 49).
    pub fn cache_marks(&self) -> usize {
        fn of(blocks: &[Block]) -> usize {
            let inner = |block: &Block| match &block.content {
                Content::ToolResult { content, .. } => of(content),
                _ => 0,
            };
            blocks.iter().map(|block| usize::from(block.cache.is_some()) + inner(block)).sum()
        }
        let tools = self.tools.iter().filter(|tool| tool.cache.is_some()).count();
        of(&self.system) + tools + self.messages.iter().map(|message| of(&message.blocks)).sum::<usize>()
    }
}

/// One turn.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Whose turn it is.
    pub role: Role,
    /// What was said.
    pub blocks: Vec<Block>,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// An instruction between turns.
    System,
    /// The caller, tool results included.
    User,
    /// The model.
    Assistant,
}

impl Role {
    /// The word that all wires share.
    pub fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// A part of a turn, and whether the vendor should cache everything up to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// The part itself.
    pub content: Content,
    /// A cache mark on it.
    pub cache: Option<CacheMark>,
}

impl Block {
    /// A text without a cache mark.
    pub fn text(text: impl Into<String>) -> Self {
        Content::Text(text.into()).into()
    }
}

impl From<Content> for Block {
    fn from(content: Content) -> Self {
        Self { content, cache: None }
    }
}

/// What a part is.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Text.
    Text(String),
    /// An image.
    Image(Media),
    /// A document.
    Document {
        /// Its bytes, address or text.
        media: Media,
        /// Its title or file name.
        name: Option<String>,
    },
    /// The model calls a tool.
    ToolUse {
        /// The call's id, which its result names.
        id: String,
        /// The tool.
        name: String,
        /// The arguments: JSON text, an object unless the model was cut off.
        arguments: String,
    },
    /// The result of a tool call.
    ToolResult {
        /// The id of the call.
        id: String,
        /// Text, images, documents.
        content: Vec<Block>,
        /// Whether the tool failed.
        is_error: bool,
    },
    /// What the model thought, with the vendor's signature over it where there is one.
    Thinking {
        /// The thought.
        text: String,
        /// The signature, opaque; never made up (pitfall 45).
        signature: Option<String>,
    },
    /// Thinking that the vendor encrypted: opaque base64.
    RedactedThinking(String),
    /// A kind of part that only its own vendor knows, by its type word; other wires leave it out.
    Foreign(String),
}

/// An image's or document's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Media {
    /// Base64 with its media type, such as `image/png`.
    Base64 {
        /// The media type.
        media_type: String,
        /// The data.
        data: String,
    },
    /// An address the vendor fetches it from.
    Url(String),
    /// Plain text (documents only).
    Text(String),
}

/// How long the vendor is asked to keep a cached prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheMark {
    /// Five minutes, every vendor's default.
    FiveMinutes,
    /// An hour.
    Hour,
}

/// A tool the model may call.
#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: Option<String>,
    /// JSON Schema of its arguments, as JSON text in the caller's own key order.
    pub schema: String,
    /// Whether arguments must follow the schema exactly.
    pub strict: Option<bool>,
    /// A cache mark on it.
    pub cache: Option<CacheMark>,
}

/// Which tool must or may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolChoice {
    /// As the model likes.
    Auto,
    /// At least one.
    Any,
    /// None.
    None,
    /// This one.
    Tool(String),
}

/// Thinking before answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thinking {
    /// With a budget of so many tokens.
    Budget(u64),
    /// As much as the model sees fit.
    Adaptive,
}

/// The JSON Schema an answer must follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputSchema {
    /// A name for it; OpenAI wants one.
    pub name: Option<String>,
    /// The schema, JSON text.
    pub schema: String,
}
