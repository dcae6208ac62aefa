//! Gemini's usage: input includes cached, output excludes thoughts, tool-use prompts stand apart.

use crate::error::Malformed;
use crate::usage::{Count, rest};
use serde::Deserialize;
use units::TokenCounts;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Usage {
    prompt_token_count: Option<Count>,
    cached_content_token_count: Option<Count>,
    candidates_token_count: Option<Count>,
    thoughts_token_count: Option<Count>,
    tool_use_prompt_token_count: Option<Count>,
}

impl Usage {
    pub fn counts(&self) -> Result<TokenCounts, Malformed> {
        let of = |count: Option<Count>| count.unwrap_or_default().0;
        let cached = of(self.cached_content_token_count);
        let thoughts = of(self.thoughts_token_count);
        let fresh = rest(of(self.prompt_token_count), &[cached], "promptTokenCount")?;
        Ok(TokenCounts {
            input: fresh + of(self.tool_use_prompt_token_count),
            cache_read: cached,
            output: of(self.candidates_token_count) + thoughts,
            reasoning: thoughts,
            ..TokenCounts::default()
        })
    }
}
