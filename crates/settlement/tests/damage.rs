//! `ledger verify`: one changed byte of anything stored is found, and its place named.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::*;
use settlement::{Verdict, verify};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// A stopped plane with calls, an unrated one, an open one and a commitment in its books.
fn stopped() -> World {
    let world = World::new(&[commitment("0.01", "2026-11-24", "2027-11-24")]);
    let mut settler = world.settler();
    for number in 0..6 {
        world.call(number, at(0));
        settler.step(at(1)).unwrap();
    }
    call(&world.journal, 7, at(0), "unpriced", None);
    drop(world.journal.open_call(opened(8, at(0), "m", Some(world.price))).unwrap());
    settler.run(&Still, &std::sync::atomic::AtomicBool::new(true));
    drop(settler);
    world.journal.shut_down().unwrap();
    world
}

struct Still;

impl units::Clock for Still {
    fn now(&self) -> units::Timestamp {
        at(100)
    }
}

fn found(dir: &Path) -> Option<String> {
    match verify(dir) {
        Ok(Verdict::Sound(_)) => None,
        Ok(Verdict::Damaged(damage)) => Some(damage.to_string()),
        Err(error) => Some(format!("unreadable: {error}")),
    }
}

/// The file with one bit changed, for as long as `look` looks.
fn with_flip<T>(file: &Path, offset: u64, look: impl FnOnce() -> T) -> T {
    let open = std::fs::OpenOptions::new().read(true).write(true).open(file).unwrap();
    let mut byte = [0];
    open.read_exact_at(&mut byte, offset).unwrap();
    open.write_all_at(&[byte[0] ^ 1 << (offset % 8)], offset).unwrap();
    let seen = look();
    open.write_all_at(&byte, offset).unwrap();
    seen
}

fn segment(dir: &Path) -> PathBuf {
    dir.join("journal/00000000000000000001.seg")
}

/// Every byte in turn takes minutes; a stride without common factors meets each field of some frame.
#[test]
fn every_byte_of_the_journal_counts() {
    let world = stopped();
    let file = segment(world.path());
    let bytes = std::fs::read(&file).unwrap();
    let end = u64::try_from(bytes.iter().rposition(|byte| *byte != 0).unwrap()).unwrap();
    for offset in (0..=end).step_by(13).chain([end, end + 1, end + 40]) {
        let damage = with_flip(&file, offset, || found(world.path()));
        let damage = damage.unwrap_or_else(|| panic!("a flip of byte {offset} was not found"));
        assert!(damage.contains(".seg at byte "), "{offset}: {damage}");
    }
    assert_eq!(found(world.path()), None);
}

#[test]
fn every_cell_of_the_books_counts() {
    let world = stopped();
    let connection = rusqlite::Connection::open(store::file(world.path())).unwrap();
    let tables = ["applied", "batch", "transfer", "account", "rollup", "position", "drawn"];
    for table in tables {
        let mut statement =
            connection.prepare(&format!("SELECT name FROM pragma_table_info('{table}')")).unwrap();
        let columns: Vec<String> =
            statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        for column in columns {
            let dir = tempfile::tempdir().unwrap();
            copy(world.path(), dir.path());
            // The last byte of a blob or text, or one bit of a number, of the first row; something for nothing.
            let sql = format!(
                "PRAGMA ignore_check_constraints = 1;
                 UPDATE {table} SET {column} = CASE typeof({column})
                   WHEN 'null' THEN zeroblob(16)
                   WHEN 'integer' THEN {column} + 4096
                   WHEN 'text' THEN substr({column}, 1, length({column}) - 1) || '~'
                   ELSE CAST(substr({column}, 1, length({column}) - 1) || x'7e' AS BLOB) END
                 WHERE rowid_of_first;"
            );
            let key: String = connection
                .query_row(
                    &format!(
                        "SELECT group_concat(name, ', ') FROM pragma_table_info('{table}') WHERE pk > 0"
                    ),
                    [],
                    |row| row.get(0),
                )
                .unwrap();
            let first = format!("({key}) = (SELECT {key} FROM {table} LIMIT 1)");
            tamper(dir.path(), &sql.replace("rowid_of_first", &first)).unwrap();
            let damage = found(dir.path());
            let damage = damage.unwrap_or_else(|| panic!("{table}.{column}: not found"));
            let names = damage.contains(&format!("table {table}, row"));
            assert!(names || damage.contains("books.db, table"), "{table}.{column}: {damage}");
        }
        let dir = tempfile::tempdir().unwrap();
        copy(world.path(), dir.path());
        tamper(dir.path(), &format!("DELETE FROM {table}")).unwrap();
        assert!(
            found(dir.path()).is_some_and(|damage| damage.contains("books.db, table ")),
            "{table} emptied"
        );
    }
    assert_eq!(found(world.path()), None);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to.join("journal")).unwrap();
    for file in [segment(Path::new("")), PathBuf::from(store::FILE)] {
        std::fs::copy(from.join(&file), to.join(&file)).unwrap();
    }
}

/// Any byte of the file: either it is found, or what the books say did not change with it (room that no row
/// uses).
#[test]
fn every_byte_of_the_books_counts_or_says_nothing() {
    let world = stopped();
    let file = store::file(world.path());
    let sound = dump(world.path());
    let size = std::fs::metadata(&file).unwrap().len();
    let mut hits = 0;
    for offset in (0..size).step_by(101) {
        with_flip(&file, offset, || match found(world.path()) {
            Some(_) => hits += 1,
            None => assert_eq!(dump(world.path()), sound, "byte {offset}"),
        });
    }
    assert!(hits > 50, "{hits}");
    assert_eq!(found(world.path()), None);
}

/// A killed plane leaves its rows in SQLite's log.
#[test]
fn every_byte_of_the_log_beside_the_books_counts() {
    let world = World::new(&[]);
    let mut settler = world.settler();
    world.call(1, at(0));
    settler.step(at(1)).unwrap();
    // As `kill -9` leaves it: copied while it is open.
    let dir = tempfile::tempdir().unwrap();
    copy(world.path(), dir.path());
    let log = dir.path().join("books.db-wal");
    std::fs::copy(world.path().join("books.db-wal"), &log).unwrap();
    assert_eq!(found(dir.path()), None);
    let bytes = std::fs::read(&log).unwrap();
    assert!(bytes.len() > 32);
    for offset in (0..u64::try_from(bytes.len()).unwrap()).step_by(4_001) {
        // Reading may fold or drop the log, so each flip gets a fresh copy.
        std::fs::write(&log, &bytes).unwrap();
        let _ = std::fs::remove_file(dir.path().join("books.db-shm"));
        let damage = with_flip(&log, offset, || found(dir.path()));
        assert!(damage.is_some(), "byte {offset}");
    }
}

#[test]
fn a_lost_end_of_the_journal_is_found() {
    let world = stopped();
    let file = segment(world.path());
    let bytes = std::fs::read(&file).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    let mut cut = bytes.clone();
    cut[end / 2..].fill(0);
    std::fs::write(&file, &cut).unwrap();
    assert!(found(world.path()).is_some());
    // Even cut between two records, where every checksum is right.
    for length in [200, 1_000] {
        let mut cut = bytes.clone();
        let mut at = 24;
        while at < length {
            at += 17 + usize::try_from(u32::from_le_bytes(cut[at..at + 4].try_into().unwrap())).unwrap();
        }
        cut[at..].fill(0);
        std::fs::write(&file, &cut).unwrap();
        let damage = found(world.path()).unwrap();
        assert!(damage.contains("ahead"), "{damage}");
    }
}

#[test]
fn verify_is_right_beside_a_running_plane() {
    let world = World::new(&[commitment("50", "2026-11-24", "2027-11-24")]);
    let mut settler = world.settler();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0.. {
                if stop.load(std::sync::atomic::Ordering::Acquire) {
                    break;
                }
                for one in 0..10 {
                    world.call(number * 10 + one, at(0));
                }
                settler.step(at(1)).unwrap();
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
        });
        for _ in 0..15 {
            sound(world.path());
            balances(world.path());
        }
        stop.store(true, std::sync::atomic::Ordering::Release);
    });
}
