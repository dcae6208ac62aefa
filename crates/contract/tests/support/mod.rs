//! Deals and facts for tests: keys, signed lines, and a deal asked about at a moment.

#![allow(dead_code, reason = "not every test file uses all of it")]

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use contract::fact::{Facts, read};
use contract::{Evaluation, Versions, evaluate};

/// A key of its own for each name.
pub fn key(name: &str) -> Ed25519KeyPair {
    let mut seed = [0_u8; 32];
    for (place, byte) in name.bytes().enumerate() {
        seed[place % 32] ^= byte;
    }
    Ed25519KeyPair::from_seed_unchecked(&seed).unwrap()
}

/// As a deal file writes it.
pub fn public(name: &str) -> String {
    format!("ed25519:{}", STANDARD.encode(key(name).public_key().as_ref()))
}

/// The line with the signature of `name`.
pub fn signed(line: &str, name: &str) -> String {
    let entry = read(line).unwrap().remove(0);
    let signature = STANDARD.encode(key(name).sign(entry.signed.as_bytes()));
    format!("{},\"signature\":\"{signature}\"}}", line.trim_end().strip_suffix('}').unwrap())
}

/// A fact of money, signed by the auditor.
pub fn arr(value: &str, effective: &str, recorded: &str) -> String {
    let line = format!(
        r#"{{"metric":"arr_usd","value":"{value}","unit":"USD","effective_at":"{effective}","recorded_at":"{recorded}","source":"auditor","attestor":"lab-auditor"}}"#
    );
    signed(&line, "lab-auditor")
}

pub fn signoff(tranche: &str, by: &str, decision: &str, recorded: &str) -> String {
    let line = format!(
        r#"{{"signoff":"{tranche}","by":"{by}","decision":"{decision}","recorded_at":"{recorded}"}}"#
    );
    signed(&line, by)
}

pub fn funded(tranche: &str, amount: &str, recorded: &str) -> String {
    format!(r#"{{"funded":"{tranche}","amount":"{amount}","recorded_at":"{recorded}"}}"#)
}

pub fn spend(value: &str, at: &str, attributes: &str) -> String {
    format!(
        r#"{{"metric":"list_spend","value":"{value}","unit":"USD","effective_at":"{at}","recorded_at":"{at}","source":"bill","attributes":{{{attributes}}}}}"#
    )
}

/// The deal at a moment, as known at another.
#[track_caller]
pub fn at(deal: &str, facts: &[String], as_of: &str, known_at: &str) -> Evaluation {
    let deal = Versions::parse(&[deal]).unwrap();
    let text = facts.join("\n");
    let facts = Facts::read(&deal, &[("facts.jsonl", &text)]).unwrap();
    evaluate(&deal, &facts, as_of.parse().unwrap(), known_at.parse().unwrap()).unwrap()
}

/// The states of all tranches, by name.
pub fn states(evaluation: &Evaluation) -> Vec<(&str, &str)> {
    evaluation.tranches.iter().map(|status| (status.id.as_str(), status.state.word())).collect()
}
