//! A small world to settle: one organisation's calls, written as the gateway writes them.
#![allow(dead_code, reason = "each test file uses a part of this")]

use journal::{Attempt, Closed, Journal, Opened, Options, Outcome, UsageSource};
use price::{Price, rate_per_million};
use settlement::{CallView, Commitment, Filter, Known, Settler, Verdict, Verified};
use std::path::Path;
use std::sync::Arc;
use units::{Currency, Money, PriceId, RequestId, Timestamp, TokenCounts, TokenRates};

pub const START: i64 = 1_795_510_800; // 2026-11-24T09:00:00Z

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(START + seconds)
}

pub fn usd(text: &str) -> Money {
    Money::parse(text, Currency::USD).unwrap()
}

pub fn price_of(model: &str, from: Option<Timestamp>, input: &str, output: &str) -> Price {
    let rates = TokenRates {
        input: rate_per_million(input).unwrap(),
        output: rate_per_million(output).unwrap(),
        ..TokenRates::default()
    };
    Price::new(model.parse().unwrap(), Currency::USD, from, rates)
}

pub fn commitment(total: &str, from: &str, to: &str) -> Commitment {
    Commitment {
        counts: None,
        id: "demo".into(),
        organisation: "demo".parse().unwrap(),
        total: usd(total),
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
        terms: None,
    }
}

pub fn open(dir: &Path) -> Arc<Journal> {
    Arc::new(Journal::open(dir, Options::default()).unwrap().0)
}

pub fn opened(number: u128, at: Timestamp, model: &str, price: Option<PriceId>) -> Opened {
    Opened {
        request: RequestId::from_bits(number),
        at,
        organisation: "demo".parse().unwrap(),
        team: "bench".parse().unwrap(),
        subject: "alice".parse().unwrap(),
        method: "virtual-key".into(),
        proof: "bench".into(),
        model: model.parse().unwrap(),
        backend: "vendor".parse().unwrap(),
        region: "us-east-1".parse().unwrap(),
        upstream_model: "claude-sonnet-4-5".into(),
        wire: "anthropic.messages".into(),
        stream: false,
        price,
        policy: "not evaluated".into(),
        residency: "not evaluated".into(),
        snapshot: 1,
        catalogue: "".into(),
        lawful_set: "".into(),
    }
}

pub fn attempt(backend: &str, input: u64, output: u64) -> Attempt {
    Attempt {
        backend: backend.parse().unwrap(),
        region: "us-east-1".parse().unwrap(),
        upstream_model: "claude-sonnet-4-5".into(),
        tokens: TokenCounts { input, output, ..TokenCounts::default() },
        source: UsageSource::Reported,
        vendor_request: "msg_1".into(),
        claimed: "".into(),
        observed: "".into(),
    }
}

pub fn closed(at: Timestamp, outcome: Outcome, attempts: Vec<Attempt>) -> Closed {
    Closed { opened: 0, at, outcome, cause: "".into(), attempts, first_byte_micros: 1_000 }
}

/// One complete call of `model`.
pub fn call(journal: &Journal, number: u128, at: Timestamp, model: &str, price: Option<PriceId>) {
    let call = journal.open_call(opened(number, at, model, price)).unwrap();
    journal.close(call, closed(at, Outcome::Complete, vec![attempt("vendor", 1_000, 100)])).unwrap();
}

/// A plane's journal with a price for `m` ($3 and $15 per million: a call of 1,000 and 100 is $0.0045) and,
/// if given, a commitment.
pub struct World {
    pub dir: tempfile::TempDir,
    pub journal: Arc<Journal>,
    pub known: Known,
    pub price: PriceId,
}

impl World {
    pub fn new(commitments: &[Commitment]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let journal = open(dir.path());
        let mut known = Known::default();
        let price = price_of("m", None, "3.00", "15.00");
        let id = price.id;
        settlement::announce(&journal, &mut known, &[price], commitments, at(-1)).unwrap();
        Self { dir, journal, known, price: id }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn settler(&self) -> Settler {
        Settler::start(self.path(), Arc::clone(&self.journal)).unwrap()
    }

    pub fn call(&self, number: u128, at: Timestamp) {
        call(&self.journal, number, at, "m", Some(self.price));
    }
}

pub fn usage(dir: &Path) -> Vec<CallView> {
    settlement::usage(dir, Filter::default()).map(Result::unwrap).collect()
}

pub fn sound(dir: &Path) -> Verified {
    match settlement::verify(dir).unwrap() {
        Verdict::Sound(verified) => verified,
        Verdict::Damaged(damage) => panic!("damaged: {damage}"),
    }
}

pub fn dump(dir: &Path) -> String {
    store::Reader::open(dir).unwrap().unwrap().dump().unwrap()
}

/// The net balances as `name amount` lines.
pub fn balances(dir: &Path) -> Vec<String> {
    let rows = settlement::balance(dir).unwrap();
    rows.iter().map(|row| format!("{} {}", row.account, row.balance.net().unwrap())).collect()
}

pub fn remove_books(dir: &Path) {
    for name in ["books.db", "books.db-wal", "books.db-shm"] {
        let _ = std::fs::remove_file(dir.join(name));
    }
}

/// Changes the stored books behind the plane's back.
pub fn tamper(dir: &Path, sql: &str) -> rusqlite::Result<()> {
    rusqlite::Connection::open(store::file(dir))?.execute_batch(sql)
}
