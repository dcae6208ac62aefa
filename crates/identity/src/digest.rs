//! SHA-256 and hexadecimal, as the rest of the room needs them.

use aws_lc_rs::digest::{Context, SHA256, digest};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// SHA-256 of `bytes`.
pub fn sha256(bytes: &[u8]) -> Hash {
    to_array(digest(&SHA256, bytes).as_ref())
}

/// SHA-256 of `parts` one after another.
pub fn sha256_parts(parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    to_array(context.finish().as_ref())
}

fn to_array(bytes: &[u8]) -> Hash {
    let mut hash = [0; 32];
    // INVARIANT: SHA-256 has 32 bytes.
    hash.copy_from_slice(bytes);
    hash
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
        }
    }
    text
}

/// The 32 bytes that 64 lower-case hexadecimal digits stand for.
pub fn unhex32(text: &str) -> Option<Hash> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?;
    }
    Some(hash)
}

const fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_both_ways() {
        let hash = sha256(b"");
        assert_eq!(hex(&hash), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(unhex32(&hex(&hash)), Some(hash));
        assert_eq!(unhex32(&hex(&hash).to_uppercase()), None);
        assert_eq!(unhex32("e3"), None);
        assert_eq!(sha256(b"ab"), sha256_parts(&[b"a", b"b"]));
    }
}
