//! `offtake ledger`: what the books say, and the proof that they say what was used.

use super::{answer, books::Books};
use crate::failure::Failure;
use serde_json::json;
use settlement::Verdict;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use units::{Currency, Money};

/// What the books say, and the proof that they follow from what was used
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Prove that every record is unchanged, that the books follow from the records, and that they sum to zero
    Verify {
        #[command(flatten)]
        books: Books,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Every account's balance, debits above credits
    Balance {
        #[command(flatten)]
        books: Books,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

/// Verifies or shows the books.
pub fn run(verb: &Verb) -> Result<(), Failure> {
    match verb {
        Verb::Verify { books, json } => verify(books, *json),
        Verb::Balance { books, json } => balance(books, *json),
    }
}

fn verify(books: &Books, json: bool) -> Result<(), Failure> {
    let verdict = settlement::verify(&books.data()?).map_err(Failure::failed)?;
    let verified = match verdict {
        Verdict::Sound(verified) => verified,
        Verdict::Damaged(damage) => {
            if json {
                let value = json!({ "ok": false, "place": damage.place, "what": damage.what });
                answer(&format!("{value}\n"))?;
            }
            return Err(Failure::failed(format!("the books are damaged: {damage}")));
        }
    };
    let root = verified.root.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    });
    if json {
        let sums: BTreeMap<String, String> =
            verified.sums.iter().map(|sum| (sum.currency().to_string(), sum.to_decimal())).collect();
        let value = json!({
            "ok": true, "frames": verified.frames, "records": verified.records, "open_calls": verified.open_calls,
            "unrated_calls": verified.unrated_calls, "batches": verified.batches,
            "transfers": verified.transfers, "root": root, "sums": sums,
        });
        return answer(&format!("{value}\n"));
    }
    let mut text = format!(
        "ok: {} frames, {} calls ended, {} open, {} without a price\n    {} batches, {} transfers, root {root}\n",
        verified.frames,
        verified.records,
        verified.open_calls,
        verified.unrated_calls,
        verified.batches,
        verified.transfers
    );
    for sum in &verified.sums {
        let _ = writeln!(text, "    {} sums to {}", sum.currency(), sum.to_decimal());
    }
    answer(&text)
}

fn balance(books: &Books, json: bool) -> Result<(), Failure> {
    let rows = settlement::balance(&books.data()?).map_err(Failure::failed)?;
    let mut sums: BTreeMap<Currency, Money> = BTreeMap::new();
    let mut lines = Vec::new();
    for row in rows {
        let net = row.balance.net().map_err(Failure::failed)?;
        let sum = sums.entry(net.currency()).or_insert(Money::zero(net.currency()));
        *sum = sum.checked_add(net).map_err(Failure::failed)?;
        lines.push((row.account.to_string(), row.balance, net));
    }
    if json {
        let accounts: Vec<_> = lines
            .iter()
            .map(|(account, balance, net)| {
                json!({
                    "account": account, "currency": net.currency().to_string(), "balance": net.to_decimal(),
                    "debits": balance.debits.to_decimal(), "credits": balance.credits.to_decimal(),
                })
            })
            .collect();
        let sums: BTreeMap<String, String> =
            sums.iter().map(|(currency, sum)| (currency.to_string(), sum.to_decimal())).collect();
        return answer(&format!("{}\n", json!({ "accounts": accounts, "sums": sums })));
    }
    if lines.is_empty() {
        return answer("nothing is posted yet\n");
    }
    let width = lines.iter().map(|(account, ..)| account.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (account, _, net) in &lines {
        let _ = writeln!(text, "{account:<width$}  {:>24} {}", net.to_decimal(), net.currency());
    }
    for (currency, sum) in &sums {
        let _ = writeln!(text, "{:<width$}  {:>24} {currency}", "sum", sum.to_decimal());
    }
    answer(&text)
}
