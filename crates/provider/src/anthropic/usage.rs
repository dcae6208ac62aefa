//! Anthropic's usage: three disjoint input counts, thinking inside the output, and counts that are revised
//! while the answer streams.

use crate::error::Malformed;
use crate::json::{Json, object};
use crate::usage::Count;
use serde::Deserialize;
use units::TokenCounts;

/// A usage object; each field may be missing, since later events revise only some.
#[derive(Debug, Clone, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Usage {
    input_tokens: Option<Count>,
    cache_read_input_tokens: Option<Count>,
    cache_creation_input_tokens: Option<Count>,
    cache_creation: Option<CacheCreation>,
    output_tokens: Option<Count>,
    output_tokens_details: Option<OutputDetails>,
    iterations: Option<Vec<Iteration>>,
    /// Where the vendor says it ran.
    pub inference_geo: Option<String>,
    /// The tier the vendor says it used.
    pub service_tier: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
struct CacheCreation {
    ephemeral_5m_input_tokens: Option<Count>,
    ephemeral_1h_input_tokens: Option<Count>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
struct OutputDetails {
    thinking_tokens: Option<Count>,
}

#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
struct Iteration {
    model: Option<String>,
    #[serde(flatten)]
    usage: IterationUsage,
}

#[derive(Debug, Clone, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
struct IterationUsage {
    input_tokens: Option<Count>,
    cache_read_input_tokens: Option<Count>,
    cache_creation_input_tokens: Option<Count>,
    cache_creation: Option<CacheCreation>,
    output_tokens: Option<Count>,
}

impl Usage {
    /// Takes a later usage object of the same answer: a count it names replaces the earlier one
    /// (pitfall 16), others stay.
    pub fn revise(&mut self, later: Self) {
        fn newer<T>(known: &mut Option<T>, later: Option<T>) {
            if later.is_some() {
                *known = later;
            }
        }
        newer(&mut self.input_tokens, later.input_tokens);
        newer(&mut self.cache_read_input_tokens, later.cache_read_input_tokens);
        newer(&mut self.cache_creation_input_tokens, later.cache_creation_input_tokens);
        newer(&mut self.cache_creation, later.cache_creation);
        newer(&mut self.output_tokens, later.output_tokens);
        newer(&mut self.output_tokens_details, later.output_tokens_details);
        newer(&mut self.iterations, later.iterations);
        newer(&mut self.inference_geo, later.inference_geo);
        newer(&mut self.service_tier, later.service_tier);
    }

    /// The disjoint counts of the answer itself.
    pub fn counts(&self) -> Result<TokenCounts, Malformed> {
        let of = |count: Option<Count>| count.unwrap_or_default().0;
        let (write_5m, write_1h) = cache_writes(self.cache_creation_input_tokens, self.cache_creation);
        let output = of(self.output_tokens);
        let thinking = of(self.output_tokens_details.and_then(|details| details.thinking_tokens));
        if thinking > output {
            return Err(Malformed::Shape(format!("usage: {thinking} thinking tokens in {output} of output")));
        }
        Ok(TokenCounts {
            input: of(self.input_tokens),
            cache_read: of(self.cache_read_input_tokens),
            cache_write_5m: write_5m,
            cache_write_1h: write_1h,
            output,
            reasoning: thinking,
        })
    }

    /// The usage by model, where several took part (pitfall 21): a fallback's declined attempt, an advisor,
    /// a compaction. Empty when one model did it all and the answer's own counts say so.
    pub fn parts(&self, answered_by: &str) -> Result<Vec<(String, TokenCounts)>, Malformed> {
        let mut parts: Vec<(String, TokenCounts)> = Vec::new();
        for iteration in self.iterations.iter().flatten() {
            let counts = iteration.usage.counts();
            let model = iteration.model.as_deref().unwrap_or(answered_by);
            match parts.iter_mut().find(|(name, _)| name == model) {
                Some((_, sum)) => {
                    let too_many = || Malformed::Shape("usage: the iterations' sum is absurd".to_owned());
                    *sum = sum.checked_add(&counts).ok_or_else(too_many)?;
                }
                None => parts.push((model.to_owned(), counts)),
            }
        }
        Ok(parts)
    }
}

impl IterationUsage {
    fn counts(&self) -> TokenCounts {
        let of = |count: Option<Count>| count.unwrap_or_default().0;
        let (write_5m, write_1h) = cache_writes(self.cache_creation_input_tokens, self.cache_creation);
        TokenCounts {
            input: of(self.input_tokens),
            cache_read: of(self.cache_read_input_tokens),
            cache_write_5m: write_5m,
            cache_write_1h: write_1h,
            output: of(self.output_tokens),
            reasoning: 0,
        }
    }
}

/// Cache writes for five minutes and for an hour (pitfall 22). The total may be revised without the split;
/// then what the split does not cover counts as five minutes, the vendor's default.
fn cache_writes(total: Option<Count>, split: Option<CacheCreation>) -> (u64, u64) {
    let split = split.unwrap_or_default();
    let of = |count: Option<Count>| count.unwrap_or_default().0;
    let (short, long) = (of(split.ephemeral_5m_input_tokens), of(split.ephemeral_1h_input_tokens));
    let total = total.map_or(short + long, |total| total.0);
    let long = long.min(total);
    (total - long, long)
}

/// Counts in Anthropic's words, as in a whole answer.
pub(crate) fn usage_json(counts: &TokenCounts) -> Json {
    let writes = counts.cache_write_5m.saturating_add(counts.cache_write_1h);
    let split = || {
        object([
            ("ephemeral_5m_input_tokens", counts.cache_write_5m.into()),
            ("ephemeral_1h_input_tokens", counts.cache_write_1h.into()),
        ])
    };
    let thinking = || object([("thinking_tokens", counts.reasoning.into())]);
    object([
        ("input_tokens", counts.input.into()),
        ("cache_creation_input_tokens", writes.into()),
        ("cache_read_input_tokens", counts.cache_read.into()),
    ])
    .with_some("cache_creation", (writes > 0).then(split))
    .with("output_tokens", counts.output)
    .with_some("output_tokens_details", (counts.reasoning > 0).then(thinking))
}
