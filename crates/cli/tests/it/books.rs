//! The books as a person or an auditor meets them: damage is found and named, a missing price is never guessed, a
//! set price never edited, and no secret is in anything that is kept or said.

use crate::support::*;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// A stopped plane with calls of each kind in its books.
fn stopped() -> (Vendor, Home) {
    let vendor = Vendor::start();
    let home = Home::new(&usual(&vendor.url(), ""));
    let plane = home.serve();
    for (number, wire) in Wire::ALL.into_iter().enumerate() {
        vendor.next(&[["", "cut=6", "cache_read=9", "error_event=6"][number]]);
        plane.send(&wire.ask(if number % 2 == 0 { "claude" } else { "gpt" }, true, ""));
        plane.send(&wire.ask("echo", false, ""));
    }
    plane.stop();
    home.is_sound();
    (vendor, home)
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// What `ledger verify` says with one bit of the file changed.
fn with_flip(home: &Home, file: &Path, offset: usize) -> (i32, String) {
    let open = std::fs::File::options().read(true).write(true).open(file).unwrap();
    let (mut byte, at) = ([0], u64::try_from(offset).unwrap());
    open.read_exact_at(&mut byte, at).unwrap();
    open.write_all_at(&[byte[0] ^ 4], at).unwrap();
    let said = home.verify();
    open.write_all_at(&byte, at).unwrap();
    said
}

#[test]
fn one_changed_byte_of_the_journal_is_found_and_named() {
    let (_vendor, home) = stopped();
    let segments =
        files(&home.data()).into_iter().filter(|file| file.extension().is_some_and(|is| is == "seg"));
    for file in segments {
        let bytes = std::fs::read(&file).unwrap();
        let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
        for offset in (0..=end).step_by(end / 40 + 1) {
            let (code, said) = with_flip(&home, &file, offset);
            assert_eq!(code, 1, "byte {offset}: {said}");
            let name = file.file_name().unwrap().to_str().unwrap();
            assert!(said.contains(name) && said.contains("byte"), "byte {offset}: {said}");
        }
    }
    home.is_sound();
}

#[test]
fn one_changed_byte_of_the_stored_books_is_found_and_named() {
    let (_vendor, home) = stopped();
    let calls = home.usage();
    // What the tables hold: batch ids, the names of accounts and models.
    let mut cells: Vec<Vec<u8>> = calls
        .iter()
        .filter_map(|call| call["batch"].as_str())
        .map(|batch| {
            (0..batch.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&batch[at..at + 2], 16).unwrap())
                .collect()
        })
        .collect();
    cells.truncate(3);
    let balance = home.run(&["ledger", "balance", "--json"]);
    let balance: serde_json::Value = serde_json::from_slice(&balance.stdout).unwrap();
    for account in balance["accounts"].as_array().unwrap().iter().take(3) {
        cells.push(account["account"].as_str().unwrap().as_bytes().to_vec());
    }
    let mut flipped = 0;
    for file in files(&home.data()) {
        if !file.to_str().unwrap().contains("sqlite") && !file.to_str().unwrap().contains(".db") {
            continue;
        }
        let bytes = std::fs::read(&file).unwrap();
        for cell in &cells {
            let found = bytes.windows(cell.len()).enumerate().filter(|(_, part)| part == cell);
            for (offset, _) in found.take(2) {
                let (code, said) = with_flip(&home, &file, offset + cell.len() / 2);
                // A row that was deleted or rewritten may leave its old bytes in the file: those are no record.
                assert_eq!(code, 1, "{}, byte {offset}: {said}", file.display());
                assert!(said.contains("table") || said.contains("byte"), "{said}");
                flipped += 1;
            }
        }
    }
    assert!(flipped > 5, "found too few cells: {flipped}");
    home.is_sound();
}

fn without_price(url: &str) -> String {
    [HEAD, &backend("vendor", "anthropic", url, ""), &model("claude", &["vendor"])].concat()
}

#[test]
fn pitfalls_25_26_without_a_price_a_call_is_unrated_until_there_is_one() {
    let vendor = Vendor::start();
    let home = Home::new(&without_price(&vendor.url()));
    let plane = home.serve();
    let answer = plane.send(&Wire::Messages.ask("claude", false, ""));
    assert_eq!((answer.status, answer.header("x-offtake-cost")), (200, None));
    plane.stop();
    let call = home.only_call();
    assert_eq!((&call["state"], call["charge"].is_null()), (&"unrated".into(), true), "{call}");
    assert!(call["transfer"].is_null() && call["currency"].is_null(), "{call}");
    assert!(home.verify().1.contains("1 without a price"), "{}", home.verify().1);

    home.configure(&(without_price(&vendor.url()) + &price("claude")));
    home.serve().stop();
    let call = home.only_call();
    let (input, output) = tokens(&call);
    assert_eq!((&call["state"], pico(&call["charge"])), (&"settled".into(), charge(input, output)), "{call}");
    assert!(call["transfer"].is_string(), "{call}");
    home.is_sound();
}

#[test]
fn pitfall_72_a_change_serves_when_it_is_valid_and_changes_nothing_while_it_is_not() {
    let vendor = Vendor::start();
    let home = Home::new(&without_price(&vendor.url()));
    let plane = home.serve();
    plane.send(&Wire::Messages.ask("claude", false, ""));

    let state = |home: &Home| home.usage().first().map(|call| call["state"].clone());
    home.configure(&(without_price(&vendor.url()) + "zzz = 1\n"));
    eventually("the mistake is said", || plane.log().contains("zzz"));
    assert_eq!(plane.send(&Wire::Messages.ask("claude", false, "")).status, 200);
    home.configure(&without_price(&vendor.url()));
    assert_eq!(state(&home), Some("unrated".into()));

    home.configure(&(without_price(&vendor.url()) + &price("claude")));
    eventually("the price that came is used", || state(&home) == Some("settled".into()));
    let answer = plane.send(&Wire::Messages.ask("claude", false, ""));
    assert!(answer.header("x-offtake-cost").is_some());
    plane.stop();
    home.is_sound();
}

#[test]
fn pitfall_27_a_price_is_dated_and_never_edited() {
    let vendor = Vendor::start();
    let config = without_price(&vendor.url()) + &price("claude");
    let home = Home::new(&config);
    let plane = home.serve();
    plane.send(&Wire::Messages.ask("claude", false, ""));
    plane.stop();
    let before = home.only_call();

    home.configure(&config.replace("15.00", "16.00"));
    let output = home.serve_command().output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("claude") && said.contains("from"), "it says what to write instead: {said}");
    assert_eq!(home.only_call(), before);

    // Gone from the file, it is still what the call was rated by.
    home.configure(&without_price(&vendor.url()));
    home.serve().stop();
    assert_eq!(home.only_call(), before);

    // A later price is for later calls.
    let later = price("claude").replace("15.00", "99.00") + "from = \"2099-01-01\"\n";
    home.configure(&(config + &later));
    home.serve().stop();
    assert_eq!(home.only_call(), before);
    home.is_sound();
}

#[test]
fn books_are_read_beside_a_running_plane_without_any_secret() {
    let vendor = Vendor::start();
    let home = Home::new(&usual(&vendor.url(), ""));
    let plane = home.serve();
    for _ in 0..3 {
        plane.send(&Wire::Chat.ask("gpt", true, ""));
    }
    let data = home.data();
    let by_data = home.command().args(["usage", "list", "--json", "--data"]).arg(&data).output().unwrap();
    assert!(by_data.status.success(), "{}", text(&by_data.stderr));
    assert_eq!(text(&by_data.stdout).lines().count(), 3);
    assert_eq!(home.usage().len(), 3);
    home.is_sound();
    eventually("all is settled", || home.usage().iter().all(|call| call["state"] == "settled"));
    let balance = home.run(&["ledger", "balance", "--json"]);
    let balance: serde_json::Value = serde_json::from_slice(&balance.stdout).unwrap();
    assert_eq!(
        balance["sums"]["USD"].as_str().map(|sum| sum.trim_matches(['0', '.'])),
        Some(""),
        "{balance}"
    );
    assert_eq!(plane.send(&Ask::get("/readyz")).status, 200);
}

#[test]
fn pitfall_85_no_secret_is_kept_or_said() {
    let vendor = Vendor::start();
    let config = usual(&vendor.url(), "first_byte_ms = 300") + "[telemetry]\nlog = \"debug\"\n";
    let home = Home::new(&config);
    let plane = home.serve();
    let prompt = "canary-prompt-51d0";
    let mut said = Vec::new();
    for wire in Wire::ALL {
        for orders in [
            "",
            "status=401",
            "status=500",
            "rubbish",
            "cut=2",
            "cut_bytes=50",
            "error_event=3",
            "first_byte=900000",
        ] {
            for (model, stream) in [("claude", true), ("gpt", false), ("no-such-model", false)] {
                if model != "no-such-model" {
                    vendor.next(&[orders]);
                }
                let mut ask = wire.ask(model, stream, "");
                ask.body = text(&ask.body).replace("What is it? ", prompt).into_bytes();
                let answer = plane.send(&ask);
                said.push(format!("{:?} {}", answer.headers, text(&answer.body)));
            }
        }
        // A key one byte too long, in either header, and in the wrong place.
        let bare = wire.ask("echo", false, "").without("authorization");
        let wrong = format!("{CALLER_KEY}x");
        for ask in [
            bare.clone().with("authorization", &format!("Bearer {wrong}")),
            bare.clone().with("x-api-key", &wrong),
            bare.clone().with("authorization", &format!("Basic {wrong}")),
            Ask { path: format!("/v1/{CALLER_KEY}-not"), ..bare.clone() },
        ] {
            let answer = plane.send(&ask);
            assert_ne!(answer.status, 200);
            said.push(format!("{:?} {}", answer.headers, text(&answer.body)));
        }
    }
    for path in ["/metrics", "/", "/usage", "/healthz", "/readyz"] {
        let page = Ask::get(path).with("host", "127.0.0.1");
        said.push(text(&plane.send(&page).body));
    }
    plane.terminate();
    let log = home.path().join("log");
    plane.stop();
    said.push(text(&home.run(&["usage", "list", "--json"]).stdout));
    let mut kept = files(&home.data());
    kept.push(log);
    for file in kept {
        let bytes = std::fs::read(&file).unwrap();
        said.push(format!("{}: {}", file.display(), text(&bytes)));
    }
    for (secret, what) in
        [(CALLER_KEY, "the caller's key"), (VENDOR_KEY, "the vendor's key"), (prompt, "a prompt")]
    {
        for one in &said {
            if let Some(at) = one.find(secret) {
                let near: String =
                    one[..at].chars().rev().take(200).collect::<Vec<_>>().into_iter().rev().collect();
                panic!("{what} shows after: {near}");
            }
        }
    }
}
