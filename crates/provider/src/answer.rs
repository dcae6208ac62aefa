//! The canonical answer: whole, or as events.
//!
//! The two forms hold the same: [`Answer::events`] takes an answer apart and [`Gather`] puts one together,
//! so an answer streamed and not streamed meters and reads the same (pitfalls 15, 46).

use crate::conversation::{Block, Content};
use crate::error::ErrorKind;
use units::{Timestamp, TokenCounts};

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// The vendor's id for it.
    pub id: String,
    /// The model that the vendor says answered.
    pub model: String,
    /// What it said.
    pub blocks: Vec<Block>,
    /// Why it ended.
    pub stop: StopReason,
    /// The stop text that ended it, where one did.
    pub stop_sequence: Option<String>,
    /// What it used.
    pub usage: TokenCounts,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum StopReason {
    /// The model was done.
    #[default]
    EndTurn,
    /// The output limit was reached.
    MaxTokens,
    /// A stop text was met.
    StopSequence,
    /// A tool is to be called.
    ToolUse,
    /// The vendor pauses a long turn; the caller continues it.
    PauseTurn,
    /// The model declined, or a filter stepped in.
    Refusal,
    /// The model's context is full.
    ContextExceeded,
}

/// A part of an answer as it arrives. Indexes count blocks from 0; blocks come one after the other.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The answer begins.
    Start {
        /// The vendor's id for it.
        id: String,
        /// The model that answers.
        model: String,
        /// What is known of the usage, often only the input.
        usage: TokenCounts,
    },
    /// A block begins.
    BlockStart {
        /// Which.
        index: u32,
        /// What it is.
        block: BlockKind,
    },
    /// More of a block.
    Delta {
        /// Of which.
        index: u32,
        /// What came.
        delta: Delta,
    },
    /// A block ends.
    BlockStop {
        /// Which.
        index: u32,
    },
    /// The usage so far: cumulative, replaces what was known (pitfall 16).
    Usage(TokenCounts),
    /// Why the answer ends; usage may still follow.
    Stop {
        /// Why.
        reason: StopReason,
        /// The stop text, where one ended it.
        stop_sequence: Option<String>,
    },
    /// The vendor failed after it had begun: never a clean end (pitfall 2).
    Failed {
        /// What kind of failure.
        kind: ErrorKind,
        /// What happened.
        message: String,
    },
    /// The terminal event was seen.
    End,
}

/// What a block is when it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockKind {
    /// Text.
    Text,
    /// A tool call; its arguments follow as deltas.
    ToolUse {
        /// The call's id.
        id: String,
        /// The tool.
        name: String,
    },
    /// Thinking.
    Thinking,
    /// Thinking that the vendor encrypted: opaque base64, whole.
    RedactedThinking(String),
    /// A kind of block only its own vendor knows, by its type word; other wires leave it out.
    Foreign(String),
}

/// More of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delta {
    /// Text.
    Text(String),
    /// A fragment of a tool call's arguments: a piece of JSON text.
    ToolArguments(String),
    /// Thinking.
    Thinking(String),
    /// The signature over the block's thinking.
    Signature(String),
}

/// What an encoder adds that the answer does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// Our request id; the answer's id is made of it.
    pub request_id: String,
    /// The model as the caller named it.
    pub model: String,
    /// When the answer began.
    pub created: Timestamp,
    /// How long it took, in milliseconds; Bedrock tells it.
    pub latency_ms: u64,
}

impl Meta {
    /// An id for the answer in the manner of a wire: its prefix and our request id's letters.
    pub(crate) fn answer_id(&self, prefix: &str) -> String {
        format!("{prefix}{}", self.request_id.strip_prefix("req_").unwrap_or(&self.request_id))
    }
}

impl Answer {
    /// The answer as events, from start to end.
    pub fn events(&self) -> Vec<Event> {
        let usage = TokenCounts { output: 0, reasoning: 0, ..self.usage };
        let mut events = vec![Event::Start { id: self.id.clone(), model: self.model.clone(), usage }];
        for (index, block) in (0..).zip(&self.blocks) {
            events.extend(block_events(index, &block.content));
        }
        events.push(Event::Stop { reason: self.stop, stop_sequence: self.stop_sequence.clone() });
        events.push(Event::Usage(self.usage));
        events.push(Event::End);
        events
    }
}

fn block_events(index: u32, content: &Content) -> Vec<Event> {
    let (block, deltas) = match content {
        Content::Text(text) => (BlockKind::Text, vec![Delta::Text(text.clone())]),
        Content::ToolUse { id, name, arguments } => {
            let kind = BlockKind::ToolUse { id: id.clone(), name: name.clone() };
            (kind, vec![Delta::ToolArguments(arguments.clone())])
        }
        Content::Thinking { text, signature } => {
            let signature = signature.clone().map(Delta::Signature);
            (BlockKind::Thinking, [Delta::Thinking(text.clone())].into_iter().chain(signature).collect())
        }
        Content::RedactedThinking(data) => (BlockKind::RedactedThinking(data.clone()), Vec::new()),
        other => (BlockKind::Foreign(foreign_word(other)), Vec::new()),
    };
    let deltas = deltas.into_iter().map(|delta| Event::Delta { index, delta });
    let start = std::iter::once(Event::BlockStart { index, block });
    start.chain(deltas).chain([Event::BlockStop { index }]).collect()
}

fn foreign_word(content: &Content) -> String {
    match content {
        Content::Foreign(word) => word.clone(),
        Content::Image(_) => "image".to_owned(),
        _ => "document".to_owned(),
    }
}

/// Puts a whole answer together from events.
#[derive(Debug, Default)]
pub struct Gather {
    answer: Answer,
    failed: Option<(ErrorKind, String)>,
    ended: bool,
}

impl Gather {
    /// Takes one event.
    pub fn event(&mut self, event: &Event) {
        match event {
            Event::Start { id, model, usage } => {
                self.answer.id.clone_from(id);
                self.answer.model.clone_from(model);
                self.answer.usage = *usage;
            }
            Event::BlockStart { block, .. } => self.answer.blocks.push(empty_block(block)),
            Event::Delta { index, delta } => {
                let at = usize::try_from(*index).unwrap_or(usize::MAX);
                if let Some(block) = self.answer.blocks.get_mut(at) {
                    append(&mut block.content, delta);
                }
            }
            Event::BlockStop { .. } => {}
            Event::Usage(usage) => self.answer.usage = *usage,
            Event::Stop { reason, stop_sequence } => {
                self.answer.stop = *reason;
                self.answer.stop_sequence.clone_from(stop_sequence);
            }
            Event::Failed { kind, message } => self.failed = Some((*kind, message.clone())),
            Event::End => self.ended = true,
        }
    }

    /// The answer so far, and the failure that ended it, where one did.
    pub fn finish(self) -> (Answer, Option<(ErrorKind, String)>, bool) {
        let mut answer = self.answer;
        for block in &mut answer.blocks {
            // A call without arguments arrives as no fragment at all; it means the empty object.
            if let Content::ToolUse { arguments, .. } = &mut block.content
                && arguments.is_empty()
            {
                "{}".clone_into(arguments);
            }
        }
        (answer, self.failed, self.ended)
    }
}

fn empty_block(kind: &BlockKind) -> Block {
    let content = match kind {
        BlockKind::Text => Content::Text(String::new()),
        BlockKind::ToolUse { id, name } => {
            Content::ToolUse { id: id.clone(), name: name.clone(), arguments: String::new() }
        }
        BlockKind::Thinking => Content::Thinking { text: String::new(), signature: None },
        BlockKind::RedactedThinking(data) => Content::RedactedThinking(data.clone()),
        BlockKind::Foreign(word) => Content::Foreign(word.clone()),
    };
    content.into()
}

fn append(content: &mut Content, delta: &Delta) {
    match (content, delta) {
        (Content::Text(text), Delta::Text(more))
        | (Content::ToolUse { arguments: text, .. }, Delta::ToolArguments(more))
        | (Content::Thinking { text, .. }, Delta::Thinking(more)) => text.push_str(more),
        (Content::Thinking { signature, .. }, Delta::Signature(more)) => {
            signature.get_or_insert_default().push_str(more);
        }
        _ => {}
    }
}
