//! Looking at an event's bytes without parsing them.

/// How many bytes of text a content delta carries: the strings of its innermost object other than its
/// `type`. `after` is what precedes that object, such as `"delta":`. Zero when there is none.
pub(crate) fn text_bytes(data: &[u8], after: &[u8]) -> u64 {
    let Some(at) = find(data, after) else { return 0 };
    let mut rest = &data[at + after.len()..];
    let mut total = 0_usize;
    let mut key: Option<&[u8]> = None;
    while let Some(first) = rest.first() {
        match first {
            b'"' => {
                let text = string(&rest[1..]);
                rest = rest.get(text.len() + 2..).unwrap_or_default();
                // A string before a colon is a key; the one after it, its value.
                if rest.first() == Some(&b':') {
                    key = Some(text);
                } else if key.take().is_some_and(is_content) {
                    total += text.len();
                }
            }
            b'}' => break,
            _ => rest = &rest[1..],
        }
    }
    u64::try_from(total).unwrap_or(u64::MAX)
}

/// Keys whose values the model wrote.
fn is_content(key: &[u8]) -> bool {
    const KEYS: [&[u8]; 8] = [
        b"text",
        b"partial_json",
        b"thinking",
        b"content",
        b"reasoning_content",
        b"reasoning",
        b"refusal",
        b"arguments",
    ];
    KEYS.contains(&key)
}

/// The raw bytes of a string up to its closing quote.
fn string(rest: &[u8]) -> &[u8] {
    let mut at = 0;
    while let Some(byte) = rest.get(at) {
        match byte {
            b'"' => return &rest[..at],
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    rest
}

/// Where `needle` first stands in `hay`.
pub(crate) fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    let first = needle.first()?;
    let mut from = 0;
    while let Some(at) = hay.get(from..)?.iter().position(|byte| byte == first) {
        let at = from + at;
        if hay[at..].starts_with(needle) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_measured_without_parsing() {
        let check = |data: &str, bytes: u64| {
            assert_eq!(text_bytes(data.as_bytes(), b"\"delta\":{"), bytes, "{data}");
        };
        check(r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}"#, 5);
        check(r#"{"delta":{"text":"a\"}b","type":"text_delta"}}"#, 5);
        check(r#"{"delta":{"type":"input_json_delta","partial_json":"{\"a\":1}"}}"#, 9);
        check(r#"{"delta":{"type":"signature_delta","signature":"abcdef"}}"#, 0);
        check(r#"{"delta":{"type":"text_delta","text":"cut"#, 3);
        check(r#"{"other":1}"#, 0);
    }
}
