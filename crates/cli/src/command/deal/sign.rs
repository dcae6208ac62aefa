//! `offtake deal sign`: signs lines of facts, so that whoever attests or agrees needs nothing but this program.

use crate::command::check;
use crate::failure::Failure;
use crate::signing;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use contract::fact::{Entry, Line, read};
use std::io::Write as _;
use std::path::PathBuf;

/// Sign facts, sign-offs and payments with a key of your own; without FACTS, show its public key
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Lines to sign: those without a signature that say whose it is, in `by` or `attestor`
    facts: Option<PathBuf>,
    /// The private key: Ed25519, PKCS#8 in PEM, as `openssl genpkey -algorithm ed25519` makes it
    #[arg(long, value_name = "KEYFILE")]
    key: PathBuf,
    /// Make the key first; a file that exists is never written over
    #[arg(long)]
    new_key: bool,
    /// Sign only lines of this role, such as `cloudco:cfo`
    #[arg(long, value_name = "ROLE", requires = "facts")]
    by: Option<String>,
    /// Where to write all lines [default: the terminal]
    #[arg(long, value_name = "FILE", requires = "facts")]
    out: Option<PathBuf>,
}

/// Writes all lines, signed where they can be; or the public key, as a deal file has it.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.new_key {
        signing::make(&arguments.key)?;
    }
    let key = signing::open(&arguments.key)?;
    let Some(path) = &arguments.facts else {
        return super::super::answer(&format!("ed25519:{}\n", STANDARD.encode(key.public_key())));
    };
    let text = check::text(path)?;
    let signed =
        sign(&text, &key, arguments.by.as_deref()).map_err(|errors| check::fault(path, &text, &errors))?;
    super::write::bytes(signed.text.as_bytes(), arguments.out.as_deref())?;
    // Standard error may be closed; what was asked for is done.
    let _ = writeln!(std::io::stderr(), "{} lines signed, {} left as they are", signed.new, signed.left);
    Ok(())
}

/// A file of facts after signing.
#[derive(Debug)]
struct Signed {
    text: String,
    /// Lines that have a signature now.
    new: usize,
    /// Lines that had one, or that are not this role's.
    left: usize,
}

fn sign(text: &str, key: &Ed25519KeyPair, by: Option<&str>) -> Result<Signed, Vec<contract::Error>> {
    let entries = read(text)?;
    let mut signed = Signed { text: text.to_owned(), new: 0, left: 0 };
    let mut faults = Vec::new();
    // From the last to the first, so that the places of the lines before stay what they are.
    for entry in entries.iter().rev() {
        let whose = signer(&entry.line).filter(|whose| by.is_none_or(|by| *whose == by));
        if whose.is_none() {
            signed.left += 1;
            continue;
        }
        match line(&text[entry.span.clone()], entry, key) {
            Ok(line) => signed.text.replace_range(entry.span.clone(), &line),
            Err(wrong) => faults.extend(wrong),
        }
        signed.new += 1;
    }
    faults.reverse();
    if faults.is_empty() { Ok(signed) } else { Err(faults) }
}

/// Who would sign a line; nobody when it is signed, or does not say.
fn signer(line: &Line) -> Option<&str> {
    let (whose, signature) = match line {
        Line::Fact(fact) => (fact.attestor.as_deref(), &fact.signature),
        Line::Signoff(signoff) => (Some(signoff.by.as_str()), &signoff.signature),
        Line::Funded(funded) => (funded.by.as_deref(), &funded.signature),
    };
    whose.filter(|_| signature.is_none())
}

/// The line with its signature; it is read once more as signed, since not every number can be.
fn line(text: &str, entry: &Entry, key: &Ed25519KeyPair) -> Result<String, Vec<contract::Error>> {
    let with = |signature: &str| {
        let open = text.strip_suffix('}').unwrap_or(text).trim_end();
        format!("{open},\"signature\":\"{signature}\"}}")
    };
    let at_its_place = |mut error: contract::Error| {
        error.span = Some(entry.span.clone());
        error
    };
    let form = read(&with("")).map_err(|faults| faults.into_iter().map(at_its_place).collect::<Vec<_>>())?;
    let form = form.first().map_or("", |entry| entry.signed.as_str());
    Ok(with(&STANDARD.encode(key.sign(form.as_bytes()))))
}
