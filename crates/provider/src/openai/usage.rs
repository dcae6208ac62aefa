//! OpenAI's usage: cached input is inside the input, reasoning inside the output.

use crate::error::Malformed;
use crate::json::{Json, object};
use crate::usage::{Count, rest};
use serde::Deserialize;
use units::TokenCounts;

/// The usage of chat completions.
#[derive(Debug, Clone, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct ChatUsage {
    prompt_tokens: Option<Count>,
    completion_tokens: Option<Count>,
    total_tokens: Option<Count>,
    prompt_tokens_details: Option<InputDetails>,
    completion_tokens_details: Option<OutputDetails>,
}

/// The usage of the responses API.
#[derive(Debug, Clone, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(crate) struct ResponsesUsage {
    input_tokens: Option<Count>,
    output_tokens: Option<Count>,
    input_tokens_details: Option<InputDetails>,
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
struct InputDetails {
    cached_tokens: Option<Count>,
    cache_write_tokens: Option<Count>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
struct OutputDetails {
    reasoning_tokens: Option<Count>,
}

impl ChatUsage {
    /// The disjoint counts.
    pub fn counts(&self) -> Result<TokenCounts, Malformed> {
        let (input, output) = (self.prompt_tokens, self.completion_tokens);
        let counts = disjoint(input, output, self.prompt_tokens_details, self.completion_tokens_details)?;
        // Gemini behind this protocol leaves its thoughts out of the completion but not out of the total
        // (pitfall 17); they are output that is billed.
        let hidden = self.total_tokens.unwrap_or_default().0.saturating_sub(counts.total());
        let (output, reasoning) = (counts.output + hidden, counts.reasoning + hidden);
        Ok(TokenCounts { output, reasoning, ..counts })
    }
}

impl ResponsesUsage {
    pub fn counts(&self) -> Result<TokenCounts, Malformed> {
        disjoint(self.input_tokens, self.output_tokens, self.input_tokens_details, self.output_tokens_details)
    }
}

fn disjoint(
    input: Option<Count>,
    output: Option<Count>,
    input_details: Option<InputDetails>,
    output_details: Option<OutputDetails>,
) -> Result<TokenCounts, Malformed> {
    let of = |count: Option<Count>| count.unwrap_or_default().0;
    let details = input_details.unwrap_or_default();
    let (read, written) = (of(details.cached_tokens), of(details.cache_write_tokens));
    Ok(TokenCounts {
        input: rest(of(input), &[read, written], "the input")?,
        cache_read: read,
        cache_write_5m: written,
        cache_write_1h: 0,
        output: of(output),
        // Some servers count reasoning outside the output; it is never more than the output.
        reasoning: of(output_details.unwrap_or_default().reasoning_tokens).min(of(output)),
    })
}

/// Counts in chat's words.
pub(crate) fn usage_json(counts: &TokenCounts) -> Json {
    let input = counts.input_total();
    let writes = counts.cache_write_5m.saturating_add(counts.cache_write_1h);
    object([
        ("prompt_tokens", input.into()),
        ("completion_tokens", counts.output.into()),
        ("total_tokens", input.saturating_add(counts.output).into()),
        (
            "prompt_tokens_details",
            object([("cached_tokens", counts.cache_read.into())])
                .with_some("cache_write_tokens", (writes > 0).then_some(writes)),
        ),
        ("completion_tokens_details", object([("reasoning_tokens", counts.reasoning.into())])),
    ])
}
