//! What holds for any load: however it is split into settlements it comes to the same books, every currency
//! sums to zero, and a replay gives the stored books byte for byte.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::*;
use journal::{Closed, CommitmentAdded, Entry, Frame, Journal, OpenCall, Outcome, PriceAdded, Sealed};
use price::Price;
use proptest::prelude::*;
use settlement::{Books, Settler};
use std::collections::BTreeMap;
use std::sync::Arc;
use units::{PriceId, Timestamp};

/// What may happen, in the abstract: `usize`s pick among what is there.
#[derive(Debug, Clone)]
enum Event {
    Open { second: i64, model: usize, pinned: bool },
    Close { which: usize, outcome: Outcome, attempts: Vec<(usize, u64)> },
    Price { model: usize, from: Option<i64> },
    Commit { organisation_days: (i64, i64), dollars: u8 },
}

const MODELS: [&str; 3] = ["m", "late", "never"];
const BACKENDS: [&str; 2] = ["first", "second"];
const DAY: i64 = 86_400;

fn event() -> impl Strategy<Value = Event> {
    let outcome = prop_oneof![
        Just(Outcome::Complete),
        Just(Outcome::Interrupted),
        Just(Outcome::Undelivered),
        Just(Outcome::Failed)
    ];
    prop_oneof![
        6 => (-3 * DAY..3 * DAY, 0..MODELS.len(), any::<bool>())
            .prop_map(|(second, model, pinned)| Event::Open { second, model, pinned }),
        6 => (any::<usize>(), outcome, prop::collection::vec((0..BACKENDS.len(), 0_u64..5_000), 0..4))
            .prop_map(|(which, outcome, attempts)| Event::Close { which, outcome, attempts }),
        1 => (0_usize..2, prop::option::of(-3 * DAY..3 * DAY))
            .prop_map(|(model, from)| Event::Price { model, from }),
        1 => ((-3_i64..2, 1_i64..4), 1_u8..5)
            .prop_map(|(organisation_days, dollars)| Event::Commit { organisation_days, dollars }),
    ]
}

/// Turns events into frames that can follow each other, for whoever writes them.
#[derive(Default)]
struct Author {
    open: Vec<u64>,
    prices: price::PriceBook,
    commitments: usize,
}

enum Written {
    Opened(journal::Opened),
    Closed(Closed),
    Other(Frame),
}

impl Author {
    fn write(&mut self, event: &Event) -> Option<Written> {
        match event {
            Event::Open { second, model, pinned } => {
                let model = MODELS[*model];
                let price = self.prices.at(&model.parse().unwrap(), at(*second)).map(|price| price.id);
                let pinned = if *pinned { price } else { None };
                Some(Written::Opened(opened(1, at(*second), model, pinned)))
            }
            Event::Close { which, outcome, attempts } => {
                let which = which.checked_rem(self.open.len())?;
                let attempts = attempts.iter().map(|(one, tokens)| attempt(BACKENDS[*one], *tokens, *tokens));
                let end = closed(at(1), *outcome, attempts.collect());
                Some(Written::Closed(Closed { opened: self.open.remove(which), ..end }))
            }
            Event::Price { model, from } => {
                let price = price_of(MODELS[*model], from.map(at), "300.00", "1500.00");
                (self.prices.add(price.clone()) == Ok(price::Added::Added))
                    .then(|| Written::Other(Frame::PriceAdded(price_added(&price))))
            }
            Event::Commit { organisation_days: (first, length), dollars } => {
                self.commitments += 1;
                let midnight = Timestamp::from_seconds((START.div_euclid(DAY) + first) * DAY);
                Some(Written::Other(Frame::CommitmentAdded(CommitmentAdded {
                    at: at(0),
                    commitment: format!("c{}", self.commitments).into(),
                    organisation: "demo".parse().unwrap(),
                    total: usd(&dollars.to_string()),
                    from: midnight,
                    to: midnight.plus_seconds(length * DAY),
                })))
            }
        }
    }
}

fn price_added(price: &Price) -> PriceAdded {
    let Price { id, model, currency, from, rates } = price.clone();
    PriceAdded { at: at(0), price: id, model, currency, from, rates }
}

/// Folds the events with a `Sealed` frame after those that `seals` says, lagging by what it says, and gives
/// the last state of every stored row but those that say how it was split.
fn fold(events: &[Event], seals: &[Option<u64>]) -> BTreeMap<String, String> {
    let mut books = Books::default();
    let mut author = Author::default();
    let mut rows = BTreeMap::new();
    let mut apply = |books: &mut Books, frame: Frame| {
        let seq = books.last() + 1;
        let settlement = books.apply(Entry { seq, frame }).unwrap();
        let settlement = settlement.as_ref();
        for row in settlement.iter().flat_map(|one| &one.accounts) {
            rows.insert(row.account.to_string(), format!("{:?}", row.balance));
        }
        for row in settlement.iter().flat_map(|one| &one.rollups) {
            rows.insert(format!("{:?}", row.key), format!("{:?}", row.totals));
        }
        for row in settlement.iter().flat_map(|one| &one.positions) {
            rows.insert(row.commitment.to_string(), format!("{row:?}"));
        }
        for row in settlement.iter().flat_map(|one| &one.points) {
            rows.insert(format!("{} {}", row.commitment, row.hour), format!("{row:?}"));
        }
        seq
    };
    let mut through = 0;
    for (event, seal) in events.iter().zip(seals.iter().cycle()) {
        match author.write(event) {
            Some(Written::Opened(opened)) => author.open.push(apply(&mut books, Frame::Opened(opened))),
            Some(Written::Closed(closed)) => drop(apply(&mut books, Frame::Closed(closed))),
            Some(Written::Other(frame)) => drop(apply(&mut books, frame)),
            None => {}
        }
        if let Some(lag) = seal {
            through = books.last().saturating_sub(*lag).max(through);
            apply(&mut books, Frame::Sealed(Sealed { through, at: at(9) }));
        }
        assert!(books.balances().sums().unwrap().values().all(|sum| sum.is_zero()));
    }
    let through = books.last();
    apply(&mut books, Frame::Sealed(Sealed { through, at: at(9) }));
    assert!(!books.has_pending());
    rows
}

fn splits() -> impl Strategy<Value = Vec<Option<u64>>> {
    prop::collection::vec(prop::option::of(0_u64..6), 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn pitfall_69_any_split_into_settlements_comes_to_the_same_books(
        events in prop::collection::vec(event(), 0..60), one in splits(), two in splits(),
    ) {
        let whole = fold(&events, &[None]);
        prop_assert_eq!(&fold(&events, &one), &whole);
        prop_assert_eq!(&fold(&events, &two), &whole);
    }
}

fn write_down(journal: &Journal, author: &mut Author, open: &mut Vec<(u64, OpenCall)>, event: &Event) {
    match author.write(event) {
        Some(Written::Opened(opened)) => {
            let call = journal.open_call(opened).unwrap();
            author.open.push(call.seq);
            open.push((call.seq, call));
        }
        Some(Written::Closed(closed)) => {
            let place = open.iter().position(|(seq, _)| *seq == closed.opened).unwrap();
            journal.close(open.remove(place).1, closed).unwrap();
        }
        Some(Written::Other(frame)) => drop(journal.append(&frame).unwrap()),
        None => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn pitfall_63_a_replay_gives_the_stored_books_byte_for_byte(
        events in prop::collection::vec(event(), 1..40), restarts in prop::collection::vec(0_u8..8, 1..12),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let journal = open(dir.path());
        let (mut author, mut calls) = (Author::default(), Vec::new());
        let mut settler = Settler::start(dir.path(), Arc::clone(&journal)).unwrap();
        for (event, what) in events.iter().zip(restarts.iter().cycle()) {
            write_down(&journal, &mut author, &mut calls, event);
            match what {
                0..3 => settler.step(at(5)).unwrap(),
                3 => {
                    drop(settler);
                    settler = Settler::start(dir.path(), Arc::clone(&journal)).unwrap();
                }
                _ => {}
            }
        }
        settler.step(at(6)).unwrap();
        drop(settler);
        let live = dump(dir.path());
        let verified = sound(dir.path());
        remove_books(dir.path());
        drop(Settler::start(dir.path(), journal).unwrap());
        prop_assert_eq!(dump(dir.path()), live);
        prop_assert_eq!(sound(dir.path()), verified);
        // The calls as listed come to the same as the books.
        let shown: i128 = usage(dir.path()).iter().flat_map(|call| &call.attempts)
            .filter(|attempt| attempt.batch.is_some()).map(|attempt| attempt.charge.unwrap().pico()).sum();
        let revenue = settlement::balance(dir.path()).unwrap().into_iter()
            .find(|row| row.account.as_str() == "revenue:inference")
            .map_or(0, |row| row.balance.net().unwrap().pico());
        prop_assert_eq!(shown, -revenue);
    }
}

#[test]
fn pinned_price_that_comes_later_than_its_call_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path());
    let price = price_of("m", None, "3.00", "15.00");
    call(&journal, 1, at(0), "m", Some(price.id));
    call(&journal, 2, at(0), "m", Some(PriceId(7)));
    let mut settler = Settler::start(dir.path(), Arc::clone(&journal)).unwrap();
    settler.step(at(1)).unwrap();
    journal.append(&Frame::PriceAdded(price_added(&price))).unwrap();
    settler.step(at(2)).unwrap();
    let charges: Vec<_> = usage(dir.path()).iter().map(|call| call.charge).collect();
    assert_eq!(charges, [Some(usd("0.0045")), None], "a pinned price is never another's");
}
