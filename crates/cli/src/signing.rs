//! Keys that people and planes sign with: Ed25519, PKCS#8 in PEM, as `openssl genpkey -algorithm ed25519` makes them.

use crate::command::check;
use crate::failure::Failure;
use crate::place;
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::path::Path;

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

/// Makes a key that only its owner may read.
///
/// # Errors
/// When the file exists, for a key is never written over, or cannot be written.
pub fn make(path: &Path) -> Result<(), Failure> {
    if path.exists() {
        return Err(Failure::unusable(format!("`{}` exists; a key is never written over", path.display())));
    }
    let failed = || Failure::failed("cannot make a key");
    let random = aws_lc_rs::rand::SystemRandom::new();
    let made = Ed25519KeyPair::generate_pkcs8v1(&random).map_err(|_| failed())?;
    let pem = format!("{BEGIN}\n{}\n{END}\n", STANDARD.encode(made.as_ref()));
    place::write_private(path, pem.as_bytes())
        .map_err(|error| Failure::failed(format!("cannot write `{}`: {error}", path.display())))
}

/// Reads a key.
///
/// # Errors
/// When the file cannot be read or holds none.
pub fn open(path: &Path) -> Result<Ed25519KeyPair, Failure> {
    let der = read(path)?;
    Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map_err(|_| no_key(path))
}

/// Reads the PKCS#8 form of a key.
///
/// # Errors
/// When the file cannot be read or is no PEM.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let text = check::text(path)?;
    let inside = text.trim().strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END));
    let inside: Option<String> = inside.map(|inside| inside.split_ascii_whitespace().collect());
    inside.and_then(|inside| STANDARD.decode(inside).ok()).ok_or_else(|| no_key(path))
}

/// The failure of a file that holds no key.
pub fn no_key(path: &Path) -> Failure {
    let mend = "make one with `openssl genpkey -algorithm ed25519`";
    Failure::unusable(format!("`{}` is no Ed25519 private key in PEM; {mend}", path.display()))
}
