//! Sealing: AES-256 in Galois/Counter Mode, with a random nonce for each message, bound to what it is about.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest::{Context, SHA256};

/// The operator's key, of which shelves' keys are wrapped by.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("<key>")
    }
}

impl MasterKey {
    /// The key of a secret, which has to be as hard to guess as 32 random bytes.
    pub fn of(secret: &str) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(b"offtake retention 1\0");
        context.update(secret.as_bytes());
        Self(context.finish().as_ref().first_chunk().copied().unwrap_or_default())
    }

    pub(crate) const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Random bytes for a shelf's key.
pub fn random() -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).ok()?;
    Some(bytes)
}

/// Seals a text that is about `about`: nonce, ciphertext, tag.
pub fn seal(key: &[u8; 32], about: &str, text: &[u8]) -> Option<Vec<u8>> {
    let key = RandomizedNonceKey::new(&AES_256_GCM, key).ok()?;
    let mut sealed = text.to_vec();
    let nonce = key.seal_in_place_append_tag(Aad::from(about.as_bytes()), &mut sealed).ok()?;
    Some([nonce.as_ref().as_slice(), &sealed].concat())
}

/// Opens what [`seal`] made; nothing where key, subject or text are others.
pub fn open(key: &[u8; 32], about: &str, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
    let key = RandomizedNonceKey::new(&AES_256_GCM, key).ok()?;
    let mut text = sealed.to_vec();
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let opened = key.open_in_place(nonce, Aad::from(about.as_bytes()), &mut text).ok()?.len();
    text.truncate(opened);
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_for_the_same_only() {
        let key = MasterKey::of("a secret of the operator");
        let sealed = seal(key.bytes(), "a", b"text").unwrap();
        assert_ne!(sealed, seal(key.bytes(), "a", b"text").unwrap());
        assert_eq!(open(key.bytes(), "a", &sealed).unwrap(), b"text");
        assert!(open(key.bytes(), "b", &sealed).is_none());
        assert!(open(MasterKey::of("another").bytes(), "a", &sealed).is_none());
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(open(key.bytes(), "a", &changed).is_none(), "{place}");
        }
        assert!(open(key.bytes(), "a", &sealed[..11]).is_none());
    }
}
