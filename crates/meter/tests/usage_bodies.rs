//! Pitfall 14: the 1,577 recorded usage bodies of genai-prices. Our disjoint counts must say what the data
//! set's own extractors say, for the vendor that made each recording, and sum to the vendor's own total.
//!
//! The data set's `input_tokens` is inclusive (cached and written input inside it), so it is compared with
//! our input total, and reads and writes are compared apart. The bodies that are not compared are Cohere's,
//! whose wire Offtake does not speak. Two bodies differ in the output: they come from Gemini behind OpenAI's
//! protocol, whose total holds thoughts that no count names. The data set ignores them; the vendor bills them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use provider::{UsageShape, token_counts};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use units::TokenCounts;

fn bodies() -> Option<Vec<Value>> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    let folder = std::env::var_os("OFFTAKE_VECTORS").map_or(beside, Into::into);
    let file = folder.join("pydantic+genai-prices/usages.json.gz");
    if !file.is_file() {
        println!("skipped: no vectors");
        return None;
    }
    let unzipped = Command::new("gzip").arg("-dc").arg(file).output().unwrap();
    Some(serde_json::from_slice(&unzipped.stdout).unwrap())
}

/// The shape of a body, the extractor that is right for it, and its usage object.
fn shape(body: &Value) -> Option<(UsageShape, &'static str, &'static str, &Value)> {
    let usage = &body["usage"];
    if body["usageMetadata"].is_object() {
        return Some((UsageShape::Gemini, "google", "default", &body["usageMetadata"]));
    }
    if usage["prompt_tokens"].is_number() {
        return Some((UsageShape::OpenAiChat, "openai", "chat", usage));
    }
    if usage["inputTokens"].is_number() {
        return Some((UsageShape::BedrockConverse, "aws", "default", usage));
    }
    if usage["input_tokens_details"].is_object() {
        return Some((UsageShape::OpenAiResponses, "openai", "responses", usage));
    }
    usage["input_tokens"].is_number().then_some((UsageShape::Anthropic, "anthropic", "default", usage))
}

fn extracted<'a>(item: &'a Value, provider: &str, flavour: &str) -> Option<&'a Value> {
    let is = |extractor: &Value| extractor["provider_id"] == provider && extractor["api_flavor"] == flavour;
    let sets = item["extracted"].as_array().unwrap();
    sets.iter().find(|set| set["extractors"].as_array().unwrap().iter().any(is)).map(|set| &set["usage"])
}

#[test]
fn pitfall_14_recorded_usage_bodies() {
    let Some(bodies) = bodies() else { return };
    let mut compared: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut others, mut totals, mut hidden_thoughts) = (0, 0, 0);
    for item in &bodies {
        let Some((shape, provider, flavour, usage)) = shape(&item["body"]) else {
            others += 1;
            assert!(
                extracted(item, "cohere", "default").is_some()
                    || extracted(item, "cohere", "embeddings").is_some()
            );
            continue;
        };
        // Embeddings report in chat's shape, without a completion.
        let theirs = extracted(item, provider, flavour).or_else(|| extracted(item, provider, "embeddings"));
        let theirs = theirs.unwrap_or_else(|| panic!("{item}"));
        let count = |name: &str| theirs[name].as_u64().unwrap_or(0);
        let ours = token_counts(shape, &usage.to_string()).unwrap_or_else(|error| panic!("{error}: {usage}"));
        assert_eq!(ours.input_total(), count("input_tokens"), "{usage}");
        let total = vendor_total(shape, usage);
        if ours.output != count("output_tokens") {
            assert_eq!(shape, UsageShape::OpenAiChat, "{usage}");
            assert!(usage["completion_tokens_details"].is_null() && total.is_some(), "{usage}");
            hidden_thoughts += 1;
        }
        assert_eq!(ours.cache_read, count("cache_read_tokens"), "{usage}");
        assert_eq!(ours.cache_write_5m + ours.cache_write_1h, count("cache_write_tokens"), "{usage}");
        assert!(ours.reasoning <= ours.output, "{usage}");
        *compared.entry(provider_word(shape)).or_default() += 1;
        if let Some(total) = total {
            assert_eq!(ours.total(), total, "{usage} {}", item["body"]["file"]);
            totals += 1;
        }
    }
    println!("compared {compared:?}, of another wire {others}, totals {totals}");
    let expected = [("anthropic", 226), ("bedrock", 220), ("chat", 409), ("gemini", 451), ("responses", 254)];
    assert_eq!(compared, BTreeMap::from(expected));
    assert_eq!((others, hidden_thoughts), (17, 2));
}

fn provider_word(shape: UsageShape) -> &'static str {
    match shape {
        UsageShape::Anthropic => "anthropic",
        UsageShape::OpenAiChat => "chat",
        UsageShape::OpenAiResponses => "responses",
        UsageShape::BedrockConverse => "bedrock",
        UsageShape::Gemini => "gemini",
    }
}

/// The vendor's own sum, where it gives one.
fn vendor_total(shape: UsageShape, usage: &Value) -> Option<u64> {
    let name = match shape {
        UsageShape::Anthropic => return None,
        UsageShape::OpenAiChat | UsageShape::OpenAiResponses => "total_tokens",
        UsageShape::BedrockConverse => "totalTokens",
        UsageShape::Gemini => "totalTokenCount",
    };
    usage[name].as_u64()
}

#[test]
fn counts_are_normalised_as_each_vendor_means_them() {
    let check = |shape, usage: &str, expected: TokenCounts| {
        assert_eq!(token_counts(shape, usage).unwrap(), expected, "{usage}");
    };
    check(
        UsageShape::Anthropic,
        r#"{"input_tokens":1,"cache_read_input_tokens":2,"cache_creation_input_tokens":9,"output_tokens":5,
            "cache_creation":{"ephemeral_5m_input_tokens":4,"ephemeral_1h_input_tokens":5},
            "output_tokens_details":{"thinking_tokens":3}}"#,
        TokenCounts {
            input: 1,
            cache_read: 2,
            cache_write_5m: 4,
            cache_write_1h: 5,
            output: 5,
            reasoning: 3,
        },
    );
    check(
        UsageShape::Anthropic,
        r#"{"input_tokens":1,"cache_creation_input_tokens":9,"cache_creation":null,"output_tokens":0}"#,
        TokenCounts { input: 1, cache_write_5m: 9, ..TokenCounts::default() },
    );
    check(
        UsageShape::OpenAiChat,
        r#"{"prompt_tokens":100,"completion_tokens":20,"prompt_tokens_details":{"cached_tokens":60,"cache_write_tokens":10},
            "completion_tokens_details":{"reasoning_tokens":8}}"#,
        TokenCounts {
            input: 30,
            cache_read: 60,
            cache_write_5m: 10,
            cache_write_1h: 0,
            output: 20,
            reasoning: 8,
        },
    );
    check(
        UsageShape::BedrockConverse,
        r#"{"inputTokens":1,"outputTokens":2,"totalTokens":16,"cacheReadInputTokens":4,"cacheWriteInputTokens":9,
            "cacheDetails":[{"ttl":"1h","inputTokens":5},{"ttl":"5m","inputTokens":4}]}"#,
        TokenCounts {
            input: 1,
            cache_read: 4,
            cache_write_5m: 4,
            cache_write_1h: 5,
            output: 2,
            reasoning: 0,
        },
    );
    check(
        UsageShape::Gemini,
        r#"{"promptTokenCount":10,"cachedContentTokenCount":4,"candidatesTokenCount":3,"thoughtsTokenCount":7,"totalTokenCount":20}"#,
        TokenCounts { input: 6, cache_read: 4, output: 10, reasoning: 7, ..TokenCounts::default() },
    );
}

#[test]
fn an_absurd_count_is_an_error_and_never_wraps() {
    let check = |shape, usage: &str, words: &str| {
        let error = token_counts(shape, usage).expect_err(usage).to_string();
        assert!(error.contains(words), "{usage}: {error}");
    };
    check(UsageShape::Anthropic, r#"{"input_tokens":-5,"output_tokens":1}"#, "-5");
    check(UsageShape::Anthropic, r#"{"input_tokens":18446744073709551615}"#, "more tokens");
    check(UsageShape::Anthropic, r#"{"input_tokens":1e30}"#, "floating point");
    check(
        UsageShape::Anthropic,
        r#"{"output_tokens":1,"output_tokens_details":{"thinking_tokens":2}}"#,
        "thinking",
    );
    check(
        UsageShape::OpenAiChat,
        r#"{"prompt_tokens":1,"prompt_tokens_details":{"cached_tokens":2}}"#,
        "less than its parts",
    );
    check(UsageShape::Gemini, r#"{"promptTokenCount":1,"cachedContentTokenCount":2}"#, "less than its parts");
    check(UsageShape::BedrockConverse, r#"{"inputTokens":"7"}"#, "usage");
}
