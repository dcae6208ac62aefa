//! Backends that run in this process: the embedded model, and `echo`.
//!
//! Both give canonical events over a channel, each with the tokens used by then, so that a call cut off at any
//! event is charged for exactly what it got. When the receiver is gone, generation stops at the next token.

use crate::refusal::Refusal;
use embedded::{Flow, Handle, Piece, Role, Runner, Sampling, Sink, StopReason as End, SubmitError, Turn};
use provider::{BlockKind, Content, Conversation, Delta, Event, StopReason, Unsupported};
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use units::TokenCounts;

/// An event and what was used by then.
#[derive(Debug)]
pub(crate) struct Item {
    pub event: Event,
    pub used: TokenCounts,
}

/// An answer's events as they are made. Dropped, it ends the making.
#[derive(Debug)]
pub(crate) struct Items {
    pub receiver: UnboundedReceiver<Item>,
    _generation: Option<Generation>,
}

/// A request at the runner; it has a place in the queue or in the batch until it ends or is cancelled.
#[derive(Debug)]
struct Generation(Handle);

impl Drop for Generation {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// A model in this process.
pub enum Local {
    /// Answers with the caller's last words; a token is a word.
    Echo,
    /// A model file and its runner.
    Embedded {
        /// The model.
        model: Arc<embedded::Model>,
        /// What runs it.
        runner: Runner,
    },
}

impl std::fmt::Debug for Local {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Echo => "Echo",
            Self::Embedded { .. } => "Embedded",
        })
    }
}

impl Local {
    /// How many tokens the conversation has as input: what a call will report.
    pub(crate) fn count(&self, conversation: &Conversation) -> Result<u64, Refusal> {
        let turns = turns(conversation)?;
        match self {
            Self::Echo => Ok(words(&turns)),
            Self::Embedded { model, .. } => Ok(length(prompt(model, &turns)?.len())),
        }
    }

    /// Starts an answer. Ids are made by the encoder of the client's protocol.
    pub(crate) fn start(&self, conversation: &Conversation) -> Result<Items, Refusal> {
        let turns = turns(conversation)?;
        let (sender, receiver) = unbounded_channel();
        let mut generation = None;
        match self {
            Self::Echo => echo(conversation, &turns, &sender),
            Self::Embedded { model, runner } => {
                let prompt = prompt(model, &turns)?;
                let used = TokenCounts { input: length(prompt.len()), ..TokenCounts::default() };
                begin(&sender, &conversation.model, used);
                let request = embedded::Request {
                    prompt,
                    max_tokens: limit(conversation),
                    sampling: sampling(conversation),
                    stop: conversation.stop.clone(),
                };
                let sink = Box::new(Channel { sender, used });
                let handle = runner.submit(request, sink).map_err(|error| refused(&error))?;
                generation = Some(Generation(handle));
            }
        }
        Ok(Items { receiver, _generation: generation })
    }
}

/// What is left out of a conversation for a model that can only read and write text.
pub(crate) fn warnings(conversation: &Conversation) -> Vec<String> {
    let mut warnings = conversation.warnings.clone();
    if !conversation.tools.is_empty() {
        warnings.push("`tools` left out: this model cannot call tools".to_owned());
    }
    if conversation.thinking.is_some() {
        warnings.push("`thinking` left out: this model does not think apart".to_owned());
    }
    warnings
}

/// The conversation as plain turns, or why it cannot be one.
fn turns(conversation: &Conversation) -> Result<Vec<Turn>, Refusal> {
    let forced =
        matches!(conversation.tool_choice, Some(provider::ToolChoice::Any | provider::ToolChoice::Tool(_)));
    if forced {
        return Err(unsupported("tool_choice", "this model cannot call tools").into());
    }
    if conversation.output_schema.is_some() {
        return Err(unsupported("output format", "this model cannot be held to a schema").into());
    }
    let mut turns = Vec::new();
    if !conversation.system.is_empty() {
        turns.push(Turn { role: Role::System, text: text_of(&conversation.system, "system")? });
    }
    for (index, message) in conversation.messages.iter().enumerate() {
        let role = match message.role {
            provider::Role::System => Role::System,
            provider::Role::User => Role::User,
            provider::Role::Assistant => Role::Assistant,
        };
        turns.push(Turn { role, text: text_of(&message.blocks, &format!("messages[{index}]"))? });
    }
    Ok(turns)
}

fn text_of(blocks: &[provider::Block], field: &str) -> Result<String, Refusal> {
    let mut text = String::new();
    for block in blocks {
        match &block.content {
            Content::Text(part) => text.push_str(part),
            // What another model thought is not part of what was said.
            Content::Thinking { .. } | Content::RedactedThinking(_) => {}
            Content::Document { media: provider::Media::Text(part), .. } => text.push_str(part),
            Content::Image(_) | Content::Document { .. } => {
                return Err(unsupported(field, "this model reads text only").into());
            }
            Content::ToolUse { .. } | Content::ToolResult { .. } | Content::Foreign(_) => {
                return Err(unsupported(field, "this model cannot read tool calls").into());
            }
        }
    }
    Ok(text)
}

fn unsupported(field: &str, why: &str) -> Unsupported {
    Unsupported { field: field.to_owned(), why: why.to_owned() }
}

fn prompt(model: &embedded::Model, turns: &[Turn]) -> Result<embedded::Prompt, Refusal> {
    model.prompt(turns).map_err(|error| provider::Invalid::new("messages", error.to_string()).into())
}

fn refused(error: &SubmitError) -> Refusal {
    match error {
        SubmitError::TooLong { .. } => provider::Invalid::new("messages", error.to_string()).into(),
        SubmitError::NothingAsked => provider::Invalid::new("max_tokens", error.to_string()).into(),
        SubmitError::Busy => Refusal::Busy,
        SubmitError::ForeignPrompt | SubmitError::Stopped => Refusal::Generation(error.to_string()),
    }
}

fn limit(conversation: &Conversation) -> u32 {
    conversation.max_tokens.map_or(u32::MAX, |most| u32::try_from(most).unwrap_or(u32::MAX))
}

fn length(tokens: usize) -> u64 {
    u64::try_from(tokens).unwrap_or(u64::MAX)
}

/// Greedy where the request names no sampling.
fn sampling(conversation: &Conversation) -> Sampling {
    let Conversation { temperature, top_p, top_k, seed, .. } = conversation;
    if temperature.is_none() && top_p.is_none() && top_k.is_none() || *temperature == Some(0.0) {
        return Sampling::Greedy;
    }
    Sampling::Random {
        temperature: narrow(temperature.unwrap_or(1.0)),
        top_p: narrow(top_p.unwrap_or(1.0)),
        top_k: top_k.map_or(0, |most| u32::try_from(most).unwrap_or(u32::MAX)),
        seed: seed.map_or(0, i64::cast_unsigned),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a sampling parameter needs no more precision than f32")]
fn narrow(value: f64) -> f32 {
    value as f32
}

fn begin(sender: &UnboundedSender<Item>, model: &str, used: TokenCounts) {
    let start = Event::Start { id: String::new(), model: model.to_owned(), usage: used };
    for event in [start, Event::BlockStart { index: 0, block: BlockKind::Text }] {
        let _ = sender.send(Item { event, used });
    }
}

fn end(sender: &UnboundedSender<Item>, reason: StopReason, stop: Option<String>, used: TokenCounts) {
    let events = [
        Event::BlockStop { index: 0 },
        Event::Stop { reason, stop_sequence: stop },
        Event::Usage(used),
        Event::End,
    ];
    for event in events {
        // Nobody listening is nobody to tell.
        let _ = sender.send(Item { event, used });
    }
}

struct Channel {
    sender: UnboundedSender<Item>,
    used: TokenCounts,
}

impl Sink for Channel {
    fn piece(&mut self, piece: Piece<'_>) -> Flow {
        match piece {
            Piece::Text { text, output_tokens } => {
                self.used.output = u64::from(output_tokens);
                let delta = Delta::Text(text.to_owned());
                let item = Item { event: Event::Delta { index: 0, delta }, used: self.used };
                if self.sender.send(item).is_err() { Flow::Stop } else { Flow::Continue }
            }
            Piece::Done { reason, input_tokens, output_tokens } => {
                self.used.input = u64::from(input_tokens);
                self.used.output = u64::from(output_tokens);
                let (reason, stop) = match reason {
                    End::EndTurn => (StopReason::EndTurn, None),
                    End::MaxTokens => (StopReason::MaxTokens, None),
                    End::StopSequence(text) => (StopReason::StopSequence, Some(text)),
                };
                end(&self.sender, reason, stop, self.used);
                Flow::Stop
            }
            Piece::Failed(message) => {
                let event = Event::Failed { kind: provider::ErrorKind::Internal, message };
                let _ = self.sender.send(Item { event, used: self.used });
                Flow::Stop
            }
        }
    }
}

fn words(turns: &[Turn]) -> u64 {
    length(turns.iter().map(|turn| turn.text.split_whitespace().count()).sum())
}

/// The whole answer waits in memory for its reader, so it has a bound of its own.
const ECHO_WORDS_MAX: u64 = 16_384;

/// Says the last user turn again, word by word.
fn echo(conversation: &Conversation, turns: &[Turn], sender: &UnboundedSender<Item>) {
    let mut used = TokenCounts { input: words(turns), ..TokenCounts::default() };
    begin(sender, &conversation.model, used);
    let said = turns.iter().rev().find(|turn| turn.role == Role::User).map_or("", |turn| turn.text.as_str());
    let most = u64::from(limit(conversation)).min(ECHO_WORDS_MAX);
    let mut reason = StopReason::EndTurn;
    for word in said.split_inclusive(char::is_whitespace).filter(|word| !word.trim().is_empty()) {
        if used.output == most {
            reason = StopReason::MaxTokens;
            break;
        }
        used.output += 1;
        let delta = Delta::Text(word.to_owned());
        let _ = sender.send(Item { event: Event::Delta { index: 0, delta }, used });
    }
    end(sender, reason, None, used);
}
