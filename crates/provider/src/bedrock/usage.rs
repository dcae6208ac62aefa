//! Converse's usage: cache reads and writes stand apart from the input.

use crate::error::Malformed;
use crate::json::{Json, object};
use crate::usage::Count;
use serde::Deserialize;
use units::TokenCounts;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Usage {
    input_tokens: Option<Count>,
    output_tokens: Option<Count>,
    cache_read_input_tokens: Option<Count>,
    cache_write_input_tokens: Option<Count>,
    cache_details: Option<Vec<CacheDetail>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CacheDetail {
    ttl: String,
    input_tokens: Count,
}

impl Usage {
    pub fn counts(&self) -> Result<TokenCounts, Malformed> {
        let of = |count: Option<Count>| count.unwrap_or_default().0;
        let hour = self.cache_details.iter().flatten().filter(|detail| detail.ttl == "1h");
        let hour: u64 = hour.map(|detail| detail.input_tokens.0).sum();
        let written = of(self.cache_write_input_tokens);
        Ok(TokenCounts {
            input: of(self.input_tokens),
            cache_read: of(self.cache_read_input_tokens),
            cache_write_5m: crate::usage::rest(written, &[hour], "cacheWriteInputTokens")?,
            cache_write_1h: hour,
            output: of(self.output_tokens),
            reasoning: 0,
        })
    }
}

/// Counts in Converse's words.
pub(crate) fn usage_json(counts: &TokenCounts) -> Json {
    let writes = counts.cache_write_5m.saturating_add(counts.cache_write_1h);
    let detail = |(ttl, tokens): (&'static str, u64)| {
        (tokens > 0).then(|| object([("ttl", ttl.into()), ("inputTokens", tokens.into())]))
    };
    let details = [("5m", counts.cache_write_5m), ("1h", counts.cache_write_1h)];
    let details: Vec<Json> = details.into_iter().filter_map(detail).collect();
    object([
        ("inputTokens", counts.input.into()),
        ("outputTokens", counts.output.into()),
        ("totalTokens", counts.total().into()),
        ("cacheReadInputTokens", counts.cache_read.into()),
        ("cacheWriteInputTokens", writes.into()),
    ])
    .with_some("cacheDetails", (!details.is_empty()).then_some(details))
}
