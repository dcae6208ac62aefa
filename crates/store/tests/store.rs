//! The stored books: what is committed is read back, once, and whole.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use ledger::{Account, Balance, Transfer, TransferId};
use store::{
    AccountRow, Applied, Batch, BatchKey, DrawnPoint, Error, Position, Reader, Rollup, RollupKey, Settlement,
    Store, Totals,
};
use units::{Currency, Money, PriceId, Timestamp, TokenCounts};

fn money(pico: i128) -> Money {
    Money::from_pico(pico, Currency::USD)
}

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn totals(pico: i128) -> Totals {
    let tokens = TokenCounts {
        input: 1,
        cache_read: 2,
        cache_write_5m: 3,
        cache_write_1h: 4,
        output: 5,
        reasoning: 6,
    };
    Totals { calls: 7, attempts: 8, tokens, amount: money(pico) }
}

fn rollup(day: i64, model: &str, totals: Totals) -> Rollup {
    let key = RollupKey {
        day: time(day * 86_400),
        organisation: "demo".parse().unwrap(),
        team: "bench".parse().unwrap(),
        model: model.parse().unwrap(),
        backend: "vendor".parse().unwrap(),
        region: "us-east-1".parse().unwrap(),
        currency: totals.amount.currency(),
    };
    Rollup { key, totals }
}

/// The `number`th settlement: one of each kind of row.
fn settlement(number: u8) -> Settlement {
    let count = u64::from(number);
    let id = TransferId([number; 16]);
    let RollupKey { day, organisation, team, model, backend, region, currency } =
        rollup(0, "m", totals(1)).key;
    let key =
        BatchKey { day, organisation, team, model, backend, region, currency, price: PriceId(u64::MAX) };
    let applied = Applied {
        sealed: count * 10,
        through: count * 10 - 1,
        at: time(count.cast_signed()),
        batches: count,
        transfers: count,
        root: [number; 32],
    };
    let batch = Batch {
        id,
        leaf: count,
        sealed: applied.sealed,
        key,
        first: 1,
        last: 2,
        totals: totals(i128::from(number)),
        root: [9; 32],
        event_first: time(-5),
        event_last: time(5),
        posted_at: time(6),
    };
    let transfer = Transfer {
        id,
        debit: Account::new("receivable:demo"),
        credit: Account::new("revenue:inference"),
        amount: money(i128::from(number)),
        code: "usage".into(),
        event_at: time(-5),
        posted_at: time(6),
        batch: (number % 2 == 1).then_some(id),
        corrects: (number % 3 == 2).then_some(id),
    };
    let balance = Balance { debits: money(i128::MAX - i128::from(number)), credits: money(0) };
    let position = Position {
        commitment: "c".into(),
        organisation: "demo".parse().unwrap(),
        total: money(50),
        from: time(0),
        to: time(9),
        drawn: money(i128::from(number)),
        over: money(0),
    };
    Settlement {
        applied,
        batches: vec![batch],
        transfers: vec![transfer],
        accounts: vec![AccountRow { account: Account::new("receivable:demo"), balance }],
        rollups: vec![rollup(0, "m", totals(i128::from(number)))],
        positions: vec![position],
        points: vec![DrawnPoint { commitment: "c".into(), hour: time(0), amount: money(i128::from(number)) }],
    }
}

#[test]
fn what_is_committed_is_read_back_and_once() {
    let dir = tempfile::tempdir().unwrap();
    assert!(Reader::open(dir.path()).unwrap().is_none());
    let mut store = Store::open(dir.path()).unwrap();
    assert_eq!(store.applied().unwrap(), None);
    let (one, two) = (settlement(1), settlement(2));
    store.commit(std::slice::from_ref(&one)).unwrap();
    let before = Reader::open(dir.path()).unwrap().unwrap();
    assert_eq!(before.applied().unwrap(), Some(one.applied));
    store.commit(&[one.clone(), two.clone()]).unwrap();
    assert_eq!(before.applied().unwrap(), Some(one.applied), "a reader keeps its view");
    before.refresh().unwrap();
    assert_eq!(before.applied().unwrap(), Some(two.applied));
    drop(store);
    let reader = Reader::open(dir.path()).unwrap().unwrap();
    reader.check_file().unwrap();
    assert_eq!(reader.batches(9).unwrap(), [two.batches[0].clone(), one.batches[0].clone()]);
    assert_eq!(reader.batch(&one.batches[0].id).unwrap(), Some(one.batches[0].clone()));
    assert_eq!(reader.transfer(&two.transfers[0].id).unwrap(), Some(two.transfers[0].clone()));
    assert_eq!(reader.transfers_of("revenue:inference", 1).unwrap().len(), 1);
    assert_eq!(reader.accounts().unwrap(), two.accounts);
    assert_eq!(reader.positions().unwrap(), two.positions);
    assert_eq!(reader.drawn_points("c").unwrap(), two.points);
    assert_eq!(reader.spend_by_day(&|_| true).unwrap()[0].totals, two.rollups[0].totals);
    for row in [&one.batches[0], &two.batches[0]] {
        reader.check(row).unwrap();
    }
    let wrong = reader.check(&one.accounts[0]).unwrap_err();
    assert!(matches!(wrong, Error::Damaged { table: "account", .. }), "{wrong}");
}

#[test]
fn a_commit_is_whole_or_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    store.commit(&[settlement(1)]).unwrap();
    let before = Reader::open(dir.path()).unwrap().unwrap().dump().unwrap();
    let mut broken = settlement(3);
    broken.transfers.push(settlement(1).transfers[0].clone());
    assert!(matches!(store.commit(&[settlement(2), broken]), Err(Error::Sql { .. })));
    let mut vast = settlement(2);
    vast.rollups[0].totals.calls = u64::MAX;
    assert!(matches!(store.commit(&[vast]), Err(Error::TooLarge(u64::MAX))));
    assert_eq!(Reader::open(dir.path()).unwrap().unwrap().dump().unwrap(), before);
    store.commit(&[settlement(2)]).unwrap();
}

#[test]
fn sums_are_exact_and_keep_currencies_apart() {
    let dir = tempfile::tempdir().unwrap();
    let euros = Totals { amount: Money::from_pico(5, "EUR".parse().unwrap()), ..totals(0) };
    let rollups = vec![
        rollup(1, "m", totals(1 << 100)),
        rollup(1, "n", totals(3)),
        rollup(1, "o", euros),
        rollup(2, "m", totals(-4)),
    ];
    Store::open(dir.path()).unwrap().commit(&[Settlement { rollups, ..settlement(1) }]).unwrap();
    let reader = Reader::open(dir.path()).unwrap().unwrap();
    let days = reader.spend_by_day(&|one| one.as_str() == "demo").unwrap();
    let amounts: Vec<_> = days.iter().map(|day| (day.day, day.totals.amount)).collect();
    let (first, second) = (time(86_400), time(2 * 86_400));
    assert_eq!(amounts, [(first, euros.amount), (first, money((1 << 100) + 3)), (second, money(-4))]);
    let models = reader.spend_by_model(&|_| true).unwrap();
    assert_eq!(models[0].totals.amount, money((1 << 100) - 4));
    assert!(reader.spend_by_day(&|one| one.as_str() == "acme").unwrap().is_empty());
}
