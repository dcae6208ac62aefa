//! Turns of a conversation to a prompt, through the chat template in the model file.
//!
//! What a person wrote stays text: a turn that spells out a control token (`<|im_end|>`) is tokenised as
//! those characters. To keep the two apart through any template, a character that occurs nowhere in the
//! conversation is put behind the first character of every such spelling before rendering, and taken out
//! again once the template's own control tokens have been found.

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, context};

use crate::gguf::LoadError;
use crate::tokenizer::Tokenizer;

/// Who speaks in a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The operator's instructions.
    System,
    /// The person asking.
    User,
    /// The model itself, earlier.
    Assistant,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        }
    }
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Who speaks.
    pub role: Role,
    /// What was said. Nothing in it is taken for a control token.
    pub text: String,
}

/// A conversation as the model reads it: tokens, template included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    pub(crate) tokens: Vec<u32>,
}

impl Prompt {
    /// How many tokens it has: what generating from it reports as input.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// The tokens themselves, as the model numbers them.
    pub fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// Whether it has none; such a prompt is never made by [`Model::prompt`](crate::Model::prompt).
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }
}

/// Why turns could not be made into a prompt.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// The file's template failed on, or refused, these turns.
    #[error("the model's chat template refuses these turns: {0}")]
    Template(String),
    /// The template rendered to no tokens at all.
    #[error("the prompt is empty")]
    Empty,
}

#[derive(Debug)]
pub(crate) struct Template {
    environment: Environment<'static>,
    bos: String,
    eos: String,
}

const NAME: &str = "chat";

impl Template {
    pub(crate) fn new(source: &str, tokenizer: &Tokenizer) -> Result<Template, LoadError> {
        let mut environment = Environment::new();
        // As the templates' authors run them.
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(|error| LoadError::Unsupported(error.to_string()))?);
        environment.add_function("raise_exception", |why: String| -> Result<String, minijinja::Error> {
            Err(minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, why))
        });
        environment
            .add_template_owned(NAME, source.to_owned())
            .map_err(|error| LoadError::Damaged(format!("the chat template does not parse: {error}")))?;
        let bos = tokenizer.bos.map_or("", |token| tokenizer.control_text(token)).to_owned();
        let eos = tokenizer.control_text(tokenizer.eos).to_owned();
        Ok(Template { environment, bos, eos })
    }

    pub(crate) fn prompt(&self, turns: &[Turn], tokenizer: &Tokenizer) -> Result<Prompt, PromptError> {
        let mark = unused_character(turns);
        let messages: Vec<_> = turns
            .iter()
            .map(|turn| context! { role => turn.role.name(), content => defuse(&turn.text, mark, tokenizer) })
            .collect();
        let (bos_token, eos_token) = (&self.bos, &self.eos);
        let text = self
            .environment
            .get_template(NAME)
            .and_then(|t| {
                t.render(context! { messages, bos_token, eos_token, add_generation_prompt => true })
            })
            .map_err(|error| PromptError::Template(error.to_string()))?;
        let tokens = encode_rendered(&text, mark, tokenizer);
        if tokens.is_empty() { Err(PromptError::Empty) } else { Ok(Prompt { tokens }) }
    }
}

fn encode_rendered(text: &str, mark: char, tokenizer: &Tokenizer) -> Vec<u32> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some((at, length, token)) = tokenizer.next_control(rest) {
        tokenizer.encode(&rest[..at].replace(mark, ""), &mut tokens);
        tokens.push(token);
        rest = &rest[at + length..];
    }
    tokenizer.encode(&rest.replace(mark, ""), &mut tokens);
    if let Some(bos) = tokenizer.bos.filter(|bos| tokenizer.add_bos && tokens.first() != Some(bos)) {
        tokens.insert(0, bos);
    }
    tokens
}

/// A character no turn contains; there are more characters than a conversation in memory could use up, and
/// of these ranges more than any sane one does.
fn unused_character(turns: &[Turn]) -> char {
    let candidates = ('\u{FDD0}'..='\u{FDEF}').chain('\u{F0000}'..='\u{10FFFD}');
    let unused = |c: &char| !turns.iter().any(|turn| turn.text.contains(*c));
    candidates.into_iter().find(unused).unwrap_or('\u{FDD0}')
}

/// Puts `mark` behind the first character of everything that spells a control token, or begins one at the end.
fn defuse(text: &str, mark: char, tokenizer: &Tokenizer) -> String {
    let mut safe = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        safe.push(c);
        if tokenizer.may_start_control(&text[at..]) {
            safe.push(mark);
        }
    }
    safe
}
