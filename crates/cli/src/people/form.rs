//! `application/x-www-form-urlencoded`: forms, queries, and the paths people are sent back to.

use std::fmt::Write as _;

/// Name and value pairs, encoded.
pub fn encode(fields: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        if !text.is_empty() {
            text.push('&');
        }
        escape(&mut text, name);
        text.push('=');
        escape(&mut text, value);
    }
    text
}

/// One text, encoded.
pub fn escaped(text: &str) -> String {
    let mut out = String::new();
    escape(&mut out, text);
    out
}

fn escape(into: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(into, "%{byte:02X}");
        }
    }
}

/// The fields of a form or query. None when one comes twice or is no text, for then it is not clear what was sent.
pub fn decode(text: &str) -> Option<Vec<(String, String)>> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (unescape(name)?, unescape(value)?);
        if fields.iter().any(|(known, _)| *known == name) {
            return None;
        }
        fields.push((name, value));
    }
    Some(fields)
}

/// The value of one field; empty when it is not there.
pub fn field<'a>(fields: &'a [(String, String)], name: &str) -> &'a str {
    fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

fn unescape(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        rest = tail;
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let hex = tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok())?;
                out.push(u8::from_str_radix(hex, 16).ok()?);
                rest = tail.get(2..)?;
            }
            other => out.push(*other),
        }
    }
    String::from_utf8(out).ok()
}

/// A path of this portal to send somebody back to; anything that could lead elsewhere becomes the first page.
pub fn own_path(text: &str) -> &str {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    // Browsers read `//host` and `/\host` as another site.
    let ours = text.starts_with('/') && !text.starts_with("//") && plain && text.len() <= 2_000;
    // Logging in must not lead to logging in.
    if ours && !text.starts_with("/login") && !text.starts_with("/logout") { text } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_come_back_as_they_were() {
        let fields = [("a", "x y&z=1"), ("b", "é+%"), ("c", "")];
        let back = decode(&encode(&fields)).unwrap();
        assert!(back.iter().zip(fields).all(|(found, want)| (found.0.as_str(), found.1.as_str()) == want));
        assert_eq!(field(&back, "b"), "é+%");
        assert_eq!(field(&back, "z"), "");
        for wrong in ["a=1&a=2", "a=%zz", "a=%f", "a=%ff", "%61=1&a=2"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn nobody_is_sent_elsewhere() {
        for ours in ["/", "/usage?model=a%2Fb&x=1", "/access", "/residency?to=//evil.example"] {
            assert_eq!(own_path(ours), ours);
        }
        for elsewhere in [
            "",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "\\\\evil.example",
            "javascript:alert(1)",
            "/usage\r\nset-cookie: x=1",
            "usage",
            "/login?to=/login",
            "/logout",
            " /usage",
            "/é",
        ] {
            assert_eq!(own_path(elsewhere), "/", "{elsewhere}");
        }
    }
}
