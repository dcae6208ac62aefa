//! Percent-encoding as AWS wants it: all but letters, digits and `-._~`, in upper-case hexadecimal.

/// Appends `bytes`, encoded; `/` stays when `keep_slash`.
pub fn encode_into(out: &mut Vec<u8>, bytes: &[u8], keep_slash: bool) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte),
            b'/' if keep_slash => out.push(byte),
            _ => out.extend([b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]),
        }
    }
}

/// The bytes that a percent-encoded text stands for; a stray `%` stands for itself.
pub fn decode(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = match (first, after) {
            (b'%', [high, low, ..]) => digit(*high).zip(digit(*low)),
            _ => None,
        };
        match escaped {
            Some((high, low)) => {
                out.push(high << 4 | low);
                rest = &after[2..];
            }
            None => {
                out.push(first);
                rest = after;
            }
        }
    }
    out
}

const fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        b'A'..=b'F' => Some(character - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn leaves_a_stray_percent_alone() {
        assert_eq!(decode("a%2Fb%2fc%zz%4"), b"a/b/c%zz%4");
        let mut out = Vec::new();
        encode_into(&mut out, "a b/ሴ".as_bytes(), false);
        assert_eq!(out, b"a%20b%2F%E1%88%B4");
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding(bytes: Vec<u8>) {
            let mut out = Vec::new();
            encode_into(&mut out, &bytes, false);
            prop_assert_eq!(decode(std::str::from_utf8(&out).unwrap()), bytes);
        }
    }
}
