//! From journal to books: what is charged, drawn and shown, and that it happens once.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::*;
use journal::{Frame, Outcome};
use settlement::{Error, Filter, Settler, State};
use std::sync::Arc;

#[test]
fn a_call_is_charged_drawn_and_shown() {
    let world = World::new(&[commitment("50", "2026-11-24", "2027-11-24")]);
    let mut settler = world.settler();
    world.call(1, at(0));
    let shown = usage(world.path());
    assert_eq!((shown[0].state(), shown[0].charge), (State::Pending, Some(usd("0.0045"))));
    settler.step(at(1)).unwrap();
    let shown = usage(world.path());
    assert_eq!(shown.len(), 1);
    assert_eq!((shown[0].state(), shown[0].charge), (State::Settled, Some(usd("0.0045"))));
    assert_eq!(shown[0].transfer(), shown[0].batch());
    assert_eq!(
        balances(world.path()),
        [
            "commitment:demo:drawn 0.0045 USD",
            "commitment:demo:granted -50.00 USD",
            "commitment:demo:remaining 49.9955 USD",
            "receivable:demo 0.0045 USD",
            "revenue:inference -0.0045 USD",
        ]
    );
    let verified = sound(world.path());
    assert_eq!((verified.records, verified.batches, verified.transfers), (1, 1, 3));
    assert_eq!(verified.sums, [usd("0")]);
    let reader = store::Reader::open(world.path()).unwrap().unwrap();
    let transfer = reader.transfer(&shown[0].transfer().unwrap()).unwrap().unwrap();
    assert_eq!((transfer.event_at, transfer.posted_at), (at(0), at(1)));
    assert_eq!(reader.positions().unwrap()[0].drawn, usd("0.0045"));
    assert_eq!(reader.drawn_points("demo").unwrap()[0].amount, usd("0.0045"));
    assert_eq!(reader.spend_by_model(&|_| true).unwrap()[0].totals.amount, usd("0.0045"));
    assert_eq!(reader.spend_by_day(&|_| true).unwrap()[0].totals.calls, 1);
}

#[test]
fn nothing_pending_seals_nothing() {
    let world = World::new(&[]);
    let mut settler = world.settler();
    let before = world.journal.last_seq();
    settler.step(at(1)).unwrap();
    settler.step(at(2)).unwrap();
    assert_eq!(world.journal.last_seq(), before);
}

#[test]
fn pitfall_25_26_27_a_late_price_rates_with_the_old_time_and_posts_with_the_new() {
    let mut world = World::new(&[]);
    let mut settler = world.settler();
    call(&world.journal, 1, at(0), "new", None);
    settler.step(at(1)).unwrap();
    let shown = &usage(world.path())[0];
    assert_eq!((shown.state(), shown.charge), (State::Unrated, None));
    assert_eq!(settler.watch().status().unrated, [("new".parse().unwrap(), 1)]);
    assert!(balances(world.path()).is_empty(), "no price is never zero");

    // A price that holds only from later does not rate it either.
    let later = price_of("new", Some(at(500)), "9.00", "9.00");
    settlement::announce(&world.journal, &mut world.known, &[later], &[], at(100)).unwrap();
    settler.step(at(101)).unwrap();
    assert_eq!(usage(world.path())[0].state(), State::Unrated);

    let first = price_of("new", None, "1.00", "10.00");
    settlement::announce(&world.journal, &mut world.known, &[first], &[], at(200)).unwrap();
    settler.step(at(201)).unwrap();
    let shown = &usage(world.path())[0];
    assert_eq!((shown.state(), shown.charge), (State::Settled, Some(usd("0.002"))));
    let reader = store::Reader::open(world.path()).unwrap().unwrap();
    let transfer = reader.transfer(&shown.transfer().unwrap()).unwrap().unwrap();
    assert_eq!((transfer.event_at, transfer.posted_at), (at(0), at(201)));
    sound(world.path());
}

#[test]
fn pitfall_27_a_new_price_never_changes_what_was_charged() {
    let mut world = World::new(&[]);
    let mut settler = world.settler();
    world.call(1, at(0));
    // Admitted under the old price, ended after the new one was known.
    let under_way = world.journal.open_call(opened(2, at(1), "m", Some(world.price))).unwrap();
    let dearer = price_of("m", Some(at(0)), "30.00", "150.00");
    let dear = dearer.id;
    settlement::announce(&world.journal, &mut world.known, &[dearer], &[], at(2)).unwrap();
    let ended = closed(at(3), Outcome::Complete, vec![attempt("vendor", 1_000, 100)]);
    world.journal.close(under_way, ended).unwrap();
    call(&world.journal, 3, at(4), "m", Some(dear));
    settler.step(at(5)).unwrap();
    let charges: Vec<_> = usage(world.path()).iter().map(|call| call.charge.unwrap()).collect();
    assert_eq!(charges, [usd("0.0045"), usd("0.0045"), usd("0.045")]);
}

#[test]
fn pitfall_28_every_attempt_is_charged_under_one_request() {
    let world = World::new(&[]);
    let mut settler = world.settler();
    let call = world.journal.open_call(opened(1, at(0), "m", Some(world.price))).unwrap();
    let attempts =
        vec![attempt("first", 1_000, 0), attempt("first", 1_000, 0), attempt("second", 1_000, 100)];
    world.journal.close(call, closed(at(1), Outcome::Complete, attempts)).unwrap();
    settler.step(at(2)).unwrap();
    let shown = &usage(world.path())[0];
    assert_eq!(shown.charge, Some(usd("0.0105")));
    assert_eq!((shown.tokens().input, shown.backend().as_str()), (3_000, "second"));
    let batches: Vec<_> = shown.attempts.iter().map(|attempt| attempt.batch.unwrap()).collect();
    assert!(batches[0] == batches[1] && batches[1] != batches[2]);
    let reader = store::Reader::open(world.path()).unwrap().unwrap();
    let totals = |id| reader.batch(&id).unwrap().unwrap().totals;
    assert_eq!((totals(batches[0]).calls, totals(batches[0]).attempts), (0, 2));
    assert_eq!((totals(batches[2]).calls, totals(batches[2]).attempts), (1, 1));
    let filter = Filter { batch: Some(batches[0]), ..Filter::default() };
    assert_eq!(settlement::usage(world.path(), filter).count(), 1);
    sound(world.path());
}

#[test]
fn what_exceeds_the_commitment_is_shown_as_over() {
    let world = World::new(&[commitment("0.01", "2026-11-24", "2027-11-24")]);
    let mut settler = world.settler();
    for number in 0..3 {
        world.call(number, at(0));
        settler.step(at(1)).unwrap();
    }
    let reader = store::Reader::open(world.path()).unwrap().unwrap();
    let position = &reader.positions().unwrap()[0];
    assert_eq!((position.drawn, position.over), (usd("0.01"), usd("0.0035")));
    assert!(balances(world.path()).contains(&"commitment:demo:over 0.0035 USD".to_owned()));
    assert!(balances(world.path()).contains(&"commitment:demo:remaining 0.00 USD".to_owned()));
    sound(world.path());
}

#[test]
fn a_term_counts_by_when_the_call_was_admitted() {
    let world = World::new(&[commitment("50", "2026-11-25", "2026-11-26")]);
    let mut settler = world.settler();
    let midnight = 15 * 3_600;
    for (number, second) in [(1, midnight - 1), (2, midnight), (3, midnight + 86_399), (4, midnight + 86_400)]
    {
        world.call(number, at(second));
    }
    settler.step(at(200_000)).unwrap();
    let reader = store::Reader::open(world.path()).unwrap().unwrap();
    assert_eq!(reader.positions().unwrap()[0].drawn, usd("0.009"));
}

#[test]
fn a_commitment_known_late_counts_the_days_before() {
    let mut world = World::new(&[]);
    let mut settler = world.settler();
    world.call(1, at(-86_400));
    settler.step(at(1)).unwrap();
    world.call(2, at(2));
    let late = [commitment("50", "2026-11-24", "2027-11-24")];
    settlement::announce(&world.journal, &mut world.known, &[], &late, at(3)).unwrap();
    world.call(3, at(4));
    settler.step(at(5)).unwrap();
    let reader = store::Reader::open(world.path()).unwrap().unwrap();
    assert_eq!(reader.positions().unwrap()[0].drawn, usd("0.009"), "the day before the term is not counted");
    let mid_day = [commitment("50", "2026-11-24T08:00:00Z", "2027-11-24")];
    let mut fresh = settlement::Known::default();
    let refused = settlement::announce(&world.journal, &mut fresh, &[], &mid_day, at(6));
    assert!(matches!(refused, Err(Error::Commitment { .. })));
    sound(world.path());
}

#[test]
fn what_was_announced_is_not_announced_again_nor_edited() {
    let terms = [commitment("50", "2026-11-24", "2027-11-24")];
    let world = World::new(&terms);
    let mut known = world.settler().books().known();
    let before = world.journal.last_seq();
    let price = price_of("m", None, "3.00", "15.00");
    settlement::announce(&world.journal, &mut known, &[price], &terms, at(9)).unwrap();
    assert_eq!(world.journal.last_seq(), before);
    let edited = price_of("m", None, "2.00", "15.00");
    let other = price_of("other", None, "2.00", "15.00");
    let refused = settlement::announce(&world.journal, &mut known, &[other, edited], &[], at(9));
    assert!(refused.unwrap_err().to_string().contains("add a new [[price]] with `from`"));
    let terms = [commitment("60", "2026-11-24", "2027-11-24")];
    let refused = settlement::announce(&world.journal, &mut known, &[], &terms, at(9));
    assert!(matches!(refused, Err(Error::Edited(_))));
    assert_eq!(world.journal.last_seq(), before, "nothing of a wrong configuration was written");
}

#[test]
fn terms_that_stand_twice_in_the_journal_count_once() {
    let terms = [commitment("50", "2026-11-24", "2027-11-24")];
    let world = World::new(&terms);
    // As after a start that broke off between two frames: the next one does not know of the first.
    let mut forgotten = settlement::Known::default();
    settlement::announce(&world.journal, &mut forgotten, &[], &terms, at(9)).unwrap();
    let settler = world.settler();
    assert_eq!(settler.books().known().prices, world.known.prices);
    assert!(settlement::verify(world.dir.path()).is_ok());
}

#[test]
fn pitfall_62_a_call_cut_off_by_a_crash_is_charged_for_what_arrived() {
    let world = World::new(&[]);
    let streaming = world.journal.open_call(opened(1, at(0), "m", Some(world.price))).unwrap();
    let used = attempt("vendor", 1_000, 10).tokens;
    world.journal.progress(&streaming, &used);
    let silent = world.journal.open_call(opened(2, at(0), "m", Some(world.price))).unwrap();
    drop((streaming, silent));
    let World { dir, journal, price: _, known: _ } = world;
    drop(journal);
    let (journal, recovered) = journal::Journal::open(dir.path(), journal::Options::default()).unwrap();
    settlement::close_unfinished(&journal, recovered.unfinished, at(60)).unwrap();
    let mut settler = Settler::start(dir.path(), Arc::new(journal)).unwrap();
    settler.step(at(61)).unwrap();
    let shown = usage(dir.path());
    let told: Vec<_> = shown.iter().map(|call| (call.state(), call.charge, &*call.cause)).collect();
    let cause = "the plane was stopped";
    assert_eq!(
        told,
        [(State::Interrupted, Some(usd("0.00315")), cause), (State::Interrupted, Some(usd("0")), cause)]
    );
    assert_eq!(shown[0].transfer(), shown[0].batch());
    assert_eq!(shown[1].transfer(), None);
    sound(dir.path());
}

#[test]
fn a_free_call_has_a_batch_and_no_transfer() {
    let mut world = World::new(&[]);
    let free = price_of("echo", None, "0", "0");
    settlement::announce(&world.journal, &mut world.known, std::slice::from_ref(&free), &[], at(0)).unwrap();
    call(&world.journal, 1, at(0), "echo", Some(free.id));
    world.settler().step(at(1)).unwrap();
    let shown = &usage(world.path())[0];
    assert_eq!((shown.state(), shown.charge, shown.transfer()), (State::Settled, Some(usd("0")), None));
    assert!(shown.batch().is_some());
    assert_eq!(sound(world.path()).transfers, 0);
}

#[test]
fn a_count_beyond_belief_is_not_booked() {
    let world = World::new(&[]);
    let call = world.journal.open_call(opened(1, at(0), "m", Some(world.price))).unwrap();
    let absurd = vec![attempt("vendor", u64::MAX, 1)];
    world.journal.close(call, closed(at(0), Outcome::Complete, absurd)).unwrap();
    world.call(2, at(0));
    world.settler().step(at(1)).unwrap();
    let states: Vec<_> = usage(world.path()).iter().map(settlement::CallView::state).collect();
    assert_eq!(states, [State::Unrated, State::Settled]);
}

#[test]
fn every_state_is_told() {
    let world = World::new(&[]);
    let mut settler = world.settler();
    for (number, outcome) in
        [Outcome::Interrupted, Outcome::Undelivered, Outcome::Complete].into_iter().enumerate()
    {
        let number = u128::try_from(number).unwrap();
        let call = world.journal.open_call(opened(number, at(0), "m", Some(world.price))).unwrap();
        world.journal.close(call, closed(at(0), outcome, vec![attempt("vendor", 1_000, 1)])).unwrap();
    }
    let call = world.journal.open_call(opened(8, at(0), "m", Some(world.price))).unwrap();
    world.journal.close(call, closed(at(0), Outcome::Failed, Vec::new())).unwrap();
    let open = world.journal.open_call(opened(9, at(0), "m", Some(world.price))).unwrap();
    settler.step(at(1)).unwrap();
    world.call(10, at(2));
    let states: Vec<_> = usage(world.path()).iter().map(|call| call.state().as_str()).collect();
    assert_eq!(states, ["interrupted", "undelivered", "settled", "failed", "open", "pending"]);
    let filter = Filter { state: Some(State::Failed), ..Filter::default() };
    let failed: Vec<_> = settlement::usage(world.path(), filter).map(Result::unwrap).collect();
    assert_eq!((failed.len(), failed[0].charge), (1, Some(usd("0"))));
    drop(open);
}

#[test]
fn a_record_that_contradicts_the_journal_stops_the_books() {
    let world = World::new(&[]);
    let call = world.journal.open_call(opened(1, at(0), "m", Some(world.price))).unwrap();
    let seq = call.seq;
    let ended = closed(at(0), Outcome::Complete, vec![attempt("vendor", 1, 1)]);
    world.journal.close(call, ended.clone()).unwrap();
    world.journal.append(&Frame::Closed(journal::Closed { opened: seq, ..ended })).unwrap();
    let refused = Settler::start(world.path(), Arc::clone(&world.journal)).err().unwrap();
    assert!(matches!(refused, Error::Inconsistent { .. }), "{refused}");
    assert!(matches!(settlement::verify(world.path()), Ok(settlement::Verdict::Damaged(_))));
}

/// Of calls of `m` at these backends, these shares.
fn counting(shares: &[(&str, i128)]) -> settlement::Commitment {
    let share = |(backend, share): &(&str, i128)| ((backend.parse().unwrap(), "m".parse().unwrap()), *share);
    let counts = Some(shares.iter().map(share).collect());
    settlement::Commitment { counts, ..commitment("50", "2026-11-24", "2027-11-24") }
}

fn call_at(world: &World, number: u128, backend: &str, second: i64) {
    let call = world.journal.open_call(opened(number, at(second), "m", Some(world.price))).unwrap();
    let attempts = vec![attempt(backend, 1_000, 100)];
    world.journal.close(call, closed(at(second), Outcome::Complete, attempts)).unwrap();
}

#[test]
fn only_what_is_eligible_draws_a_commitment_down_by_its_share() {
    let half = 500_000_000_000;
    let mut world = World::new(&[counting(&[("vendor", 1_000_000_000_000), ("market", half)])]);
    let mut settler = world.settler();
    for (number, backend) in [(1, "vendor"), (2, "market"), (3, "other")] {
        call_at(&world, number, backend, 0);
    }
    settler.step(at(1)).unwrap();
    let drawn =
        |world: &World| store::Reader::open(world.path()).unwrap().unwrap().positions().unwrap()[0].drawn;
    // 0.0045, half of it, and nothing; all of it is charged.
    assert_eq!(drawn(&world), usd("0.00675"));
    assert!(balances(world.path()).contains(&"receivable:demo 0.0135 USD".to_owned()));
    // What counts may change, for what comes after; said again it is not written again.
    let other = [counting(&[("other", 1_000_000_000_000)])];
    settlement::announce(&world.journal, &mut world.known, &[], &other, at(2)).unwrap();
    let before = world.journal.last_seq();
    settlement::announce(&world.journal, &mut world.known, &[], &other, at(3)).unwrap();
    assert_eq!(world.journal.last_seq(), before);
    call_at(&world, 4, "vendor", 4);
    call_at(&world, 5, "other", 4);
    settler.step(at(5)).unwrap();
    assert_eq!(drawn(&world), usd("0.01125"));
    sound(world.path());
    // A plane that starts again knows it, and writes nothing.
    drop(settler);
    let mut again = world.settler().books().known();
    let before = world.journal.last_seq();
    settlement::announce(&world.journal, &mut again, &[], &other, at(6)).unwrap();
    assert_eq!(world.journal.last_seq(), before);
    let all = [commitment("50", "2026-11-24", "2027-11-24")];
    let refused = settlement::announce(&world.journal, &mut world.known, &[], &all, at(6));
    assert!(matches!(refused, Err(Error::Edited(_))), "that all counts again is another promise");
}

#[test]
fn days_before_a_commitment_was_known_count_by_their_share_too() {
    let mut world = World::new(&[]);
    let mut settler = world.settler();
    call_at(&world, 1, "vendor", 0);
    call_at(&world, 2, "market", 0);
    settler.step(at(1)).unwrap();
    let late = [counting(&[("market", 333_333_333_333)])];
    settlement::announce(&world.journal, &mut world.known, &[], &late, at(2)).unwrap();
    settler.step(at(3)).unwrap();
    let reader = store::Reader::open(world.path()).unwrap().unwrap();
    // 0.0045 · 0.333333333333 is 0.0014999999999985, to 10⁻¹² of a dollar.
    assert_eq!(reader.positions().unwrap()[0].drawn, usd("0.0015"));
    sound(world.path());
}
