//! Contract years as a running plane closes them: what is posted, when, once, and the same whenever it is replayed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::*;
use contract::Deal;
use ledger::Transfer;
use settlement::{Commitment, Error, Settler, Terms};
use std::path::Path;
use units::Timestamp;

/// Two years, of which each promises a cent.
fn deal(clauses: &str) -> Deal {
    let text = format!(
        r#"schema = "offtake.contract/1"
id = "d"
version = 1
known_from = 2026-11-01
effective = {{ from = 2026-11-24, to = 2028-11-24 }}
currency = "USD"
[[party]]
id = "demo"
[[commitment]]
id = "c"
total = "0.02"
schedule = [{{ y = 1, min = "0.01" }}, {{ y = 2, min = "0.01" }}]
{clauses}"#
    );
    Deal::parse(&text).unwrap()
}

const CLAUSES: &str = r#"shortfall = { settle = "pay", becomes = "credit", share = "0.5" }
discounts = [{ upto_year_min = true, rate = "0.2" }, { above = true, rate = "0.25" }]
"#;

fn promise(clauses: &str) -> Commitment {
    let deal = deal(clauses);
    let terms = Terms::of(&deal, &deal.commitments[0]).map(|terms| (terms, deal.hash.as_str().into()));
    Commitment { terms, ..commitment("0.02", "2026-11-24", "2028-11-24") }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Balances that are no memo.
fn money(dir: &Path) -> Vec<String> {
    balances(dir).into_iter().filter(|line| !line.starts_with("commitment:")).collect()
}

fn transfers(dir: &Path, account: &str) -> Vec<Transfer> {
    let mut all = store::Reader::open(dir).unwrap().unwrap().transfers_of(account, u32::MAX).unwrap();
    all.reverse();
    all
}

#[test]
fn a_year_that_is_over_is_closed_once_and_a_quiet_plane_closes_it_too() {
    let world = World::new(&[promise(CLAUSES)]);
    let mut settler = world.settler();
    world.call(1, at(0));
    settler.step(time("2027-11-23T23:59:59Z")).unwrap();
    assert_eq!(money(world.path()), ["receivable:demo 0.0045 USD", "revenue:inference -0.0045 USD"]);
    // 0.0045 less a fifth is 0.0036 of 0.01; half of what is short comes back.
    settler.step(time("2027-11-24")).unwrap();
    let closed = [
        "credit:demo -0.0032 USD",
        "receivable:demo 0.01 USD",
        "revenue:discount 0.0009 USD",
        "revenue:inference -0.0045 USD",
        "revenue:shortfall -0.0032 USD",
    ];
    assert_eq!(money(world.path()), closed);
    let last = world.journal.last_seq();
    settler.step(time("2027-11-25")).unwrap();
    assert_eq!((world.journal.last_seq(), money(world.path())), (last, closed.map(str::to_owned).to_vec()));
    let short = &transfers(world.path(), "revenue:shortfall")[0];
    assert_eq!((short.event_at, short.posted_at), (time("2027-11-24"), time("2027-11-24")));
    assert_eq!((&*short.code, short.corrects), ("shortfall", None));
    // 0.0125 at list reach the minimum, 0.0055 more are 0.004125 above it, of which the credit pays 0.0032.
    for number in 2..6 {
        world.call(number, time("2027-12-01"));
    }
    settler.step(time("2028-12-01")).unwrap();
    assert_eq!(
        money(world.path()),
        [
            "credit:demo 0.00 USD",
            "receivable:demo 0.020925 USD",
            "revenue:discount 0.004775 USD",
            "revenue:inference -0.018375 USD",
            "revenue:overage -0.004125 USD",
            "revenue:shortfall -0.0032 USD",
        ]
    );
    sound(world.path());
}

#[test]
fn a_charge_that_comes_late_posts_the_difference_with_the_old_event_time() {
    let mut world = World::new(&[promise(CLAUSES)]);
    let mut settler = world.settler();
    call(&world.journal, 1, at(0), "new", None);
    settler.step(time("2027-11-24")).unwrap();
    assert_eq!(money(world.path())[1], "receivable:demo 0.01 USD");
    let price = price_of("new", None, "1.00", "10.00");
    settlement::announce(&world.journal, &mut world.known, &[price], &[], time("2027-12-01")).unwrap();
    settler.step(time("2027-12-02")).unwrap();
    // 0.002 at list, 0.0016 after the discount: the year still comes to what it promised.
    assert_eq!(
        money(world.path()),
        [
            "credit:demo -0.0042 USD",
            "receivable:demo 0.01 USD",
            "revenue:discount 0.0004 USD",
            "revenue:inference -0.002 USD",
            "revenue:shortfall -0.0042 USD",
        ]
    );
    let shortfalls: Vec<Transfer> = transfers(world.path(), "revenue:shortfall")
        .into_iter()
        .filter(|one| &*one.code == "shortfall")
        .collect();
    let [first, second] = &shortfalls[..] else { panic!("{shortfalls:?}") };
    assert_eq!((first.amount, second.amount), (usd("0.01"), usd("0.0016")));
    assert_eq!((second.event_at, second.posted_at), (first.event_at, time("2027-12-02")));
    assert_eq!((first.corrects, second.corrects), (None, Some(first.id)));
    assert_eq!((second.debit.as_str(), second.credit.as_str()), ("revenue:shortfall", "receivable:demo"));
    sound(world.path());
}

#[test]
fn a_replay_closes_the_same_years_at_the_same_moments() {
    let mut world = World::new(&[promise(CLAUSES)]);
    call(&world.journal, 1, at(0), "new", None);
    world.call(2, at(10));
    let mut settler = world.settler();
    for (number, now) in [(3, "2027-06-01"), (4, "2027-11-30"), (5, "2028-02-01"), (6, "2028-11-24")] {
        settler.step(time(now)).unwrap();
        world.call(number, time(now));
        if number == 5 {
            let price = price_of("new", None, "1.00", "10.00");
            settlement::announce(&world.journal, &mut world.known, &[price], &[], time(now)).unwrap();
            drop(settler);
            settler = world.settler();
        }
    }
    settler.step(time("2029-01-01")).unwrap();
    drop(settler);
    let live = dump(world.path());
    let verified = sound(world.path());
    remove_books(world.path());
    drop(world.settler());
    assert_eq!(dump(world.path()), live);
    assert_eq!(sound(world.path()), verified);
}

#[test]
fn a_clock_that_goes_back_opens_no_year() {
    let world = World::new(&[promise(CLAUSES)]);
    let mut settler = world.settler();
    settler.step(time("2027-11-24")).unwrap();
    let closed = money(world.path());
    world.call(1, time("2026-12-01"));
    settler.step(time("2026-12-01")).unwrap();
    assert_eq!(money(world.path())[1], closed[1]);
    sound(world.path());
}

#[test]
fn terms_are_never_edited_and_may_come_later() {
    let mut world = World::new(&[promise(CLAUSES)]);
    let now = time("2027-01-01");
    let mut say = |commitment: Commitment| {
        settlement::announce(&world.journal, &mut world.known, &[], &[commitment], now)
    };
    say(promise(CLAUSES)).unwrap();
    let edited = say(promise(&CLAUSES.replace("0.25", "0.3"))).unwrap_err();
    assert!(matches!(edited, Error::Edited(_)), "{edited}");
    assert!(matches!(say(commitment("0.02", "2026-11-24", "2028-11-24")), Err(Error::Edited(_))));

    // A plane that knew the promise alone closes its years once it knows the terms.
    let mut world = World::new(&[commitment("0.02", "2026-11-24", "2028-11-24")]);
    let mut settler = world.settler();
    world.call(1, at(0));
    settler.step(time("2028-01-01")).unwrap();
    assert_eq!(money(world.path())[0], "receivable:demo 0.0045 USD");
    let now = time("2028-01-02");
    settlement::announce(&world.journal, &mut world.known, &[], &[promise(CLAUSES)], now).unwrap();
    settler.step(now).unwrap();
    assert_eq!(money(world.path())[1], "receivable:demo 0.01 USD");
    let known = settler.books().known();
    drop(settler);
    let settler = Settler::start(world.path(), world.journal.clone()).unwrap();
    assert_eq!(format!("{:?}", settler.books().known()), format!("{known:?}"));
}

#[test]
fn a_year_closes_by_what_was_eligible() {
    let half = "eligible = [{ where = 'provider == \"market\"', weight = \"0.5\" }]\n";
    let promise = promise(&format!("{CLAUSES}{half}"));
    assert!(promise.terms.is_some());
    let counts = [(("vendor".parse().unwrap(), "m".parse().unwrap()), 500_000_000_000)];
    let world = World::new(&[Commitment { counts: Some(counts.into()), ..promise }]);
    let mut settler = world.settler();
    world.call(1, at(0));
    settler.step(time("2027-11-24")).unwrap();
    // Half of 0.0045 counts, and a fifth of that is off: 0.0018 of 0.01 are reached.
    let short = &transfers(world.path(), "revenue:shortfall");
    assert_eq!(short[0].amount, usd("0.0082"));
    assert!(money(world.path()).contains(&"revenue:discount 0.00045 USD".to_owned()));
    sound(world.path());
    // Caps are for an evaluation with facts.
    let capped =
        "eligible = [{ where = 'provider == \"market\"', weight = \"0.5\", cap_of_year_min = \"0.25\" }]\n";
    assert!(self::promise(&format!("{CLAUSES}{capped}")).terms.is_none());
}
