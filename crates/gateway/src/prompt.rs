//! How many tokens a request's body is, roughly: what a call is charged for as input when it was cut off before
//! the vendor said.
//!
//! As with output, four bytes of text a token. Text is what the caller wrote for the model to read: not the
//! field names, not ids and types, not images and files, whose size says nothing of their tokens.

use serde_json::Value;

const BYTES_PER_TOKEN: usize = 4;
/// The fields that hold text or lead to it. All below a schema or a tool call is text.
const LEADING: [&str; 7] = ["messages", "system", "content", "text", "thinking", "toolResult", "tool_calls"];
const WHOLE: [&str; 6] = ["tools", "toolConfig", "input", "arguments", "toolUse", "function"];

/// The estimate for this body; 1 at least.
pub(crate) fn tokens(body: &[u8]) -> u64 {
    let bytes = serde_json::from_slice(body).map_or(0, |body: Value| text_bytes(&body, false));
    u64::try_from(bytes.div_ceil(BYTES_PER_TOKEN).max(1)).unwrap_or(u64::MAX)
}

/// Depth is bounded by the parser.
fn text_bytes(value: &Value, whole: bool) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(|item| text_bytes(item, whole)).sum(),
        Value::Object(fields) => fields
            .iter()
            .filter_map(|(name, value)| {
                let whole = whole || WHOLE.contains(&name.as_str());
                (whole || LEADING.contains(&name.as_str())).then(|| text_bytes(value, whole))
            })
            .sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::tokens;

    #[test]
    fn text_counts_and_what_surrounds_it_does_not() {
        for (body, expected) in [
            (r#"{"model":"m","messages":[{"role":"user","content":"What is it? "}]}"#, 3),
            (r#"{"messages":[{"role":"user","content":[{"type":"text","text":"12345678"}]}],"user":"x"}"#, 2),
            (r#"{"messages":[{"content":[{"image_url":{"url":"data:image/png;base64,AAAAAAAAAAAA"}}]}]}"#, 1),
            (r#"{"system":"1234","tools":[{"name":"1234","parameters":{"a":"1234"}}],"messages":[]}"#, 3),
            ("no json", 1),
        ] {
            assert_eq!(tokens(body.as_bytes()), expected, "{body}");
        }
    }
}
