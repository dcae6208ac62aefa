//! Tokens kept between runs: one file each, for the owner's eyes, found by all that it was made from.

use crate::place;
use aws_lc_rs::digest::{Context, SHA256};
use serde_json::{Value, json};
use std::path::PathBuf;
use units::Timestamp;

/// A token that is handed out lasts this many seconds at least, or half of its life: agents keep what a helper gives
/// them for some minutes.
pub const LEFT_SECONDS: i64 = 600;

/// The place of one token.
pub struct Kept(PathBuf);

impl Kept {
    /// The place of the token that is made from these.
    pub fn at(made_from: &[&str]) -> Self {
        let mut context = Context::new(&SHA256);
        for part in made_from {
            context.update(&part.len().to_be_bytes());
            context.update(part.as_bytes());
        }
        let name: String =
            context.finish().as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self(place::token_cache().join(name))
    }

    /// The token and when it ends, if enough of its life is left.
    pub fn read(&self, now: Timestamp) -> Option<(String, Timestamp)> {
        let kept: Value = serde_json::from_slice(&std::fs::read(&self.0).ok()?).ok()?;
        let moment = |name: &str| Some(Timestamp::from_seconds(kept.get(name)?.as_i64()?));
        let (from, until) = (moment("from")?, moment("until")?);
        let needed = LEFT_SECONDS.min((until.seconds() - from.seconds()) / 2);
        let enough = from <= now && now.plus_seconds(needed) <= until;
        enough.then(|| Some((kept.get("token")?.as_str()?.to_owned(), until)))?
    }

    /// Keeps a token.
    pub fn write(&self, token: &str, (from, until): (Timestamp, Timestamp)) -> std::io::Result<()> {
        std::fs::create_dir_all(place::token_cache())?;
        let kept = json!({ "token": token, "from": from.seconds(), "until": until.seconds() });
        place::write_private(&self.0, kept.to_string().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_used_while_enough_of_its_life_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let kept = Kept(dir.path().join("t"));
        let at = Timestamp::from_seconds;
        let write = |seconds| {
            let text = json!({ "token": "t", "from": 100, "until": 100 + seconds });
            std::fs::write(&kept.0, text.to_string()).unwrap();
        };
        assert_eq!(kept.read(at(100)), None);
        write(3_600);
        assert!(
            kept.read(at(3_100)).is_some() && kept.read(at(3_101)).is_none() && kept.read(at(99)).is_none()
        );
        write(60);
        assert!(kept.read(at(130)).is_some() && kept.read(at(131)).is_none());
        std::fs::write(&kept.0, "{").unwrap();
        assert_eq!(kept.read(at(100)), None);
    }

    #[test]
    fn what_it_is_made_from_tells_tokens_apart() {
        assert_ne!(Kept::at(&["a", "bc"]).0, Kept::at(&["ab", "c"]).0);
        assert_eq!(Kept::at(&["a", "bc"]).0, Kept::at(&["a", "bc"]).0);
    }
}
