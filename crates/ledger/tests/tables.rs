//! The ledger's rules as tables: `tests/tables/*.txt`. One line a transfer; indented lines below `linked` are
//! one linked set. The last word is what must come of it.
//!
//! ```text
//! transfer u1  receivable:demo -> revenue:inference  5.00 USD  posted
//! linked                                                      posted
//!   transfer u2  receivable:demo -> revenue:inference  1.00 USD
//!   transfer d2  commitment:c:drawn -> commitment:c:remaining  1.00 USD
//! balance  receivable:demo  6.00 USD
//! ```
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use ledger::{Account, Balances, Posted, Rejection, Transfer, TransferId, post};
use units::{Money, Timestamp};

fn id(name: &str) -> TransferId {
    let mut id = [0; 16];
    id[..name.len()].copy_from_slice(name.as_bytes());
    TransferId(id)
}

fn transfer(words: &[&str]) -> Transfer {
    let (words, corrects) = match words {
        [of @ .., "corrects", other] => (of, Some(id(other))),
        of => (of, None),
    };
    let [name, debit, "->", credit, amount, currency] = words else { panic!("no transfer: {words:?}") };
    Transfer {
        id: id(name),
        debit: Account::new(debit),
        credit: Account::new(credit),
        amount: Money::parse(amount, currency.parse().unwrap()).unwrap(),
        code: "test".into(),
        event_at: Timestamp::from_seconds(1),
        posted_at: Timestamp::from_seconds(2),
        batch: None,
        corrects,
    }
}

fn word(result: &Result<Posted, Rejection>) -> &'static str {
    match result {
        Ok(Posted::New) => "posted",
        Ok(Posted::Already) => "already",
        Err(Rejection::NotPositive { .. }) => "not_positive",
        Err(Rejection::SameAccount { .. }) => "same_account",
        Err(Rejection::Different { .. }) => "different",
        Err(Rejection::Twice { .. }) => "twice",
        Err(Rejection::PartlyPosted { .. }) => "partly_posted",
        Err(Rejection::NothingToCorrect { .. }) => "nothing_to_correct",
        Err(Rejection::TooLarge { .. }) => "too_large",
    }
}

fn state(balances: &Balances) -> String {
    format!("{:?} {}", balances.accounts().collect::<Vec<_>>(), balances.transfers())
}

fn post_and_check(balances: &mut Balances, set: &[Transfer], wanted: &str, place: &str) {
    let before = state(balances);
    let result = post(balances, set);
    assert_eq!(word(&result), wanted, "{place}: {result:?}");
    if wanted != "posted" {
        assert_eq!(state(balances), before, "{place}: a refusal changes nothing");
    }
    let sums = balances.sums().unwrap();
    assert!(sums.values().all(|sum| sum.is_zero()), "{place}: {sums:?}");
}

fn check(file: &str, text: &str) {
    let mut balances = Balances::default();
    let mut lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
        .peekable();
    while let Some((number, line)) = lines.next() {
        let place = format!("{file}:{}", number + 1);
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["transfer", of @ .., wanted] => post_and_check(&mut balances, &[transfer(of)], wanted, &place),
            ["linked", wanted] => {
                let mut set = Vec::new();
                while let Some((_, line)) = lines.next_if(|(_, line)| line.starts_with(' ')) {
                    let words: Vec<&str> = line.split_whitespace().collect();
                    set.push(transfer(&words[1..]));
                }
                post_and_check(&mut balances, &set, wanted, &place);
            }
            ["balance", account, amount, currency] => {
                let currency = currency.parse().unwrap();
                let net = balances.of(&Account::new(account), currency).net().unwrap();
                assert_eq!(net, Money::parse(amount, currency).unwrap(), "{place}");
            }
            other => panic!("{place}: {other:?}"),
        }
    }
}

#[test]
fn tables() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tables");
    let mut files: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 3);
    for file in files {
        check(&file.display().to_string(), &std::fs::read_to_string(&file).unwrap());
    }
}
