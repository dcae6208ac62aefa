//! Usage as each vendor counts it, to disjoint counts: the largest source of wrong bills, so it is done
//! once, here. The sum is the vendor's own total (pitfall 14).

use crate::error::Malformed;
use serde::Deserialize;
use units::TokenCounts;

/// Whose way of counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UsageShape {
    /// Three disjoint input counts; thinking inside the output.
    Anthropic,
    /// Input includes cached; output includes reasoning.
    OpenAiChat,
    /// As chat, under other names.
    OpenAiResponses,
    /// Cache reads and writes apart; thinking inside the output.
    BedrockConverse,
    /// Input includes cached; output excludes thoughts (pitfall 17).
    Gemini,
}

/// The counts in a vendor's usage object.
pub fn token_counts(shape: UsageShape, usage: &str) -> Result<TokenCounts, Malformed> {
    match shape {
        UsageShape::Anthropic => read::<crate::anthropic::usage::Usage>(usage)?.counts(),
        UsageShape::OpenAiChat => read::<crate::openai::usage::ChatUsage>(usage)?.counts(),
        UsageShape::OpenAiResponses => read::<crate::openai::usage::ResponsesUsage>(usage)?.counts(),
        UsageShape::BedrockConverse => read::<crate::bedrock::usage::Usage>(usage)?.counts(),
        UsageShape::Gemini => read::<crate::gemini::Usage>(usage)?.counts(),
    }
}

/// A usage object, or an error that says which count is wrong.
pub(crate) fn read<'a, T: Deserialize<'a>>(usage: &'a str) -> Result<T, Malformed> {
    serde_json::from_str(usage).map_err(|error| Malformed::Shape(format!("usage: {error}")))
}

/// A count as vendors send them: never negative, never beyond what any call could use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Count(pub u64);

/// No call uses more tokens than this; a larger count is a vendor's mistake, not a bill.
const COUNT_LIMIT: u64 = 1_000_000_000_000;

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let count = u64::deserialize(deserializer)?;
        if count > COUNT_LIMIT {
            return Err(serde::de::Error::custom(format!("`{count}` is more tokens than a call can use")));
        }
        Ok(Self(count))
    }
}

/// A part of an inclusive count; larger than the whole it would make the rest negative.
pub(crate) fn rest(whole: u64, parts: &[u64], what: &str) -> Result<u64, Malformed> {
    let parts: u64 = parts.iter().sum();
    let wrong = || Malformed::Shape(format!("usage: {what} is {whole}, less than its parts, {parts}"));
    whole.checked_sub(parts).ok_or_else(wrong)
}
