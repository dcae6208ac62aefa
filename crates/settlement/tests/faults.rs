//! Whatever fails between the `Sealed` frame and the store's commit, nothing is lost and nothing booked twice.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::*;
use settlement::{Error, Settler};
use std::sync::Arc;

const TABLES: [&str; 7] = ["batch", "transfer", "account", "rollup", "position", "drawn", "applied"];

fn break_table(world: &World, table: &str) {
    let trigger = format!(
        "CREATE TRIGGER fault BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'a broken disk'); END"
    );
    tamper(world.path(), &trigger).unwrap();
}

fn mend(world: &World) {
    tamper(world.path(), "DROP TRIGGER fault").unwrap();
}

fn check_booked_once(world: &World) {
    let revenue = balances(world.path()).into_iter().find(|line| line.starts_with("revenue:inference"));
    assert_eq!(revenue.unwrap(), "revenue:inference -0.0135 USD");
    assert_eq!(sound(world.path()).records, 3);
    let live = dump(world.path());
    remove_books(world.path());
    drop(world.settler());
    assert_eq!(dump(world.path()), live);
}

#[test]
fn pitfall_63_a_store_that_refuses_is_tried_again() {
    for table in TABLES {
        let world = World::new(&[commitment("50", "2026-11-24", "2027-11-24")]);
        let mut settler = world.settler();
        world.call(1, at(0));
        settler.step(at(1)).unwrap();
        world.call(2, at(2));
        break_table(&world, table);
        assert!(matches!(settler.step(at(3)), Err(Error::Store(_))), "{table}");
        let status = settler.watch().status();
        assert!(status.trouble.is_some() && status.unposted == 1, "{table}");
        // Calls go on; while the store refuses, nothing more is sealed.
        world.call(3, at(4));
        let before = world.journal.last_seq();
        assert!(settler.step(at(5)).is_err(), "{table}");
        assert_eq!(world.journal.last_seq(), before, "{table}");
        sound(world.path());
        mend(&world);
        settler.step(at(6)).unwrap();
        assert!(settler.watch().status().trouble.is_none());
        drop(settler);
        check_booked_once(&world);
    }
}

#[test]
fn pitfall_62_63_a_crash_between_seal_and_commit_is_made_up_for() {
    for table in TABLES {
        let world = World::new(&[commitment("50", "2026-11-24", "2027-11-24")]);
        let mut settler = world.settler();
        world.call(1, at(0));
        settler.step(at(1)).unwrap();
        world.call(2, at(2));
        break_table(&world, table);
        settler.step(at(3)).unwrap_err();
        drop(settler);
        mend(&world);
        let stored = sound(world.path()).stored.unwrap();
        assert_eq!((stored.batches, sound(world.path()).batches), (1, 2), "behind, not damaged");
        let mut settler = world.settler();
        world.call(3, at(4));
        settler.step(at(5)).unwrap();
        drop(settler);
        check_booked_once(&world);
    }
}

#[test]
fn a_store_of_another_journal_is_refused() {
    let (one, two) = (World::new(&[]), World::new(&[]));
    for (world, calls) in [(&one, 2), (&two, 4)] {
        let mut settler = world.settler();
        for number in 0..calls {
            world.call(number, at(0));
            settler.step(at(1)).unwrap();
        }
        settler.run(&Still, &std::sync::atomic::AtomicBool::new(true));
    }
    let refused = |world: &World| Settler::start(world.path(), Arc::clone(&world.journal)).err().unwrap();
    let swap = tempfile::tempdir().unwrap();
    std::fs::copy(store::file(one.path()), store::file(swap.path())).unwrap();
    remove_books(one.path());
    std::fs::copy(store::file(two.path()), store::file(one.path())).unwrap();
    assert!(matches!(refused(&one), Error::Ahead { .. }));
    assert!(matches!(settlement::verify(one.path()), Ok(settlement::Verdict::Damaged(_))));
    let mut settler = {
        remove_books(one.path());
        one.settler()
    };
    world_with_other_root(&one, &mut settler);
    drop(settler);
    assert!(matches!(refused(&one), Error::Differs { .. }));
}

fn world_with_other_root(world: &World, settler: &mut Settler) {
    world.call(9, at(2));
    settler.step(at(3)).unwrap();
    tamper(world.path(), "UPDATE applied SET root = zeroblob(32)").unwrap();
}

/// A clock that stands still.
struct Still;

impl units::Clock for Still {
    fn now(&self) -> units::Timestamp {
        at(100)
    }
}

#[test]
fn a_stop_settles_what_is_left_and_leaves_one_file() {
    let world = World::new(&[]);
    let mut settler = world.settler();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| settler.run(&Still, &stop));
        for number in 0..50 {
            world.call(number, at(0));
        }
        std::thread::sleep(std::time::Duration::from_millis(150));
        world.call(50, at(0));
        stop.store(true, std::sync::atomic::Ordering::Release);
        thread.join().unwrap();
    });
    let status = settler.watch().status();
    assert_eq!((status.pending, status.unposted, status.recent.len()), (0, 0, 51));
    drop(settler);
    assert!(!world.path().join("books.db-wal").exists());
    let verified = sound(world.path());
    assert_eq!(verified.records, 51);
    assert_eq!(usage(world.path()).iter().filter(|call| call.transfer().is_some()).count(), 51);
}

#[test]
fn pitfall_73_books_of_a_later_program_are_refused() {
    let world = World::new(&[]);
    drop(world.settler());
    for (version, refused) in [(0, false), (3, true)] {
        tamper(world.path(), &format!("UPDATE schema SET version = {version}")).unwrap();
        let error = Settler::start(world.path(), Arc::clone(&world.journal)).err().unwrap();
        let newer = matches!(error, Error::Store(store::Error::Newer { .. }));
        assert_eq!(newer, refused, "{error}");
        assert!(!matches!(settlement::verify(world.path()), Ok(settlement::Verdict::Sound(_))));
    }
}

#[test]
fn books_of_an_earlier_program_are_brought_up_to_date() {
    let world = World::new(&[]);
    drop(world.settler());
    tamper(world.path(), "ALTER TABLE transfer DROP COLUMN corrects; UPDATE schema SET version = 1").unwrap();
    let error = settlement::verify(world.path()).unwrap_err();
    assert!(matches!(error, Error::Store(store::Error::Older { found: 1, known: 2, .. })), "{error}");
    drop(world.settler());
    sound(world.path());
}
