//! How a deal ends and who signs: names, days, keys that can be read.

use super::{Names, known, unique, within};
use crate::deal::{Deal, SignoffKeys};
use crate::error::{Error, Problem};
use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

pub(super) fn ending(deal: &Deal, names: &Names<'_>) -> Result<(), Error> {
    for reclaim in &deal.reclaims {
        known("party", &names.parties, reclaim.by.as_ref())?;
        known("capacity", &names.capacity, reclaim.capacity.as_ref())?;
    }
    if let Some(termination) = &deal.termination {
        unique("exit", termination.exit.iter().map(|cost| &cost.id))?;
        if let Some(leave) = &termination.customer_convenience {
            within(deal.period(), leave.after.span(), *leave.after.get_ref())?;
        }
    }
    for party in deal.parties.get_ref() {
        let Some(country) = &party.country else { continue };
        let text = country.get_ref();
        if text.len() != 2 || !text.bytes().all(|byte| byte.is_ascii_uppercase()) {
            let problem = Problem::Shape(format!("`{text}` is no country code such as `DE`"));
            return Err(Error::at(country.span(), problem, "write its two capital letters, or `EU`"));
        }
    }
    keys(deal.signoff.as_ref())
}

fn keys(clause: Option<&SignoffKeys>) -> Result<(), Error> {
    for written in clause.iter().flat_map(|clause| clause.keys.values()) {
        let text = written.get_ref();
        if text != PLACEHOLDER && key(text).is_none() {
            let problem = Problem::Shape(format!("`{text}` is no Ed25519 key"));
            return Err(Error::at(written.span(), problem, "write `ed25519:` and its 32 bytes in base64"));
        }
    }
    Ok(())
}

/// Stands for a key still to be filled in: it loads, and nobody can sign with it.
const PLACEHOLDER: &str = "ed25519:...";

/// A public key as a deal file writes it.
pub(crate) fn key(text: &str) -> Option<[u8; 32]> {
    bytes(text)?.try_into().ok()
}

/// Base64 of either alphabet, padded or not, behind `ed25519:` or not.
pub(crate) fn bytes(text: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let text = text.strip_prefix("ed25519:").unwrap_or(text);
    let decode = |alphabet| GeneralPurpose::new(alphabet, config).decode(text).ok();
    decode(&STANDARD).or_else(|| decode(&URL_SAFE))
}
