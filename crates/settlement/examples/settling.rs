//! What settling costs a record: `cargo run --release -p settlement --example settling [RECORDS]`.
//!
//! Decoding the journal is measured apart, since whatever reads it pays that.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark prints, and fails by panicking"
)]

#[path = "../tests/common/mod.rs"]
mod common;

use common::*;
use journal::{Entry, Frame, Reader, Sealed};
use settlement::Books;
use std::time::Instant;

fn main() {
    let records: u64 = std::env::args().nth(1).map_or(500_000, |text| text.parse().unwrap());
    let world = World::new(&[commitment("1000000", "2026-11-24", "2027-11-24")]);
    for number in 0..records {
        world.call(number.into(), at(i64::try_from(number / 10_000).unwrap()));
        if number.is_multiple_of(500) {
            // A plane is slower than this loop; let the journal make its segments ahead.
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }
    let per_record = |start: Instant| start.elapsed().as_nanos() / u128::from(records);

    let read = |books: &mut Option<Books>| {
        let mut reader = Reader::open(world.path());
        while let Some(entry) = reader.next_entry().unwrap() {
            if let Some(books) = books {
                books.apply(entry).unwrap();
            }
        }
    };
    let start = Instant::now();
    read(&mut None);
    println!("decode             {:>6} ns a record ({records} records of two frames)", per_record(start));
    let start = Instant::now();
    let mut books = Some(Books::default());
    read(&mut books);
    println!("decode and fold    {:>6} ns a record", per_record(start));
    let mut books = books.unwrap();
    let through = books.last();
    let frame = Frame::Sealed(Sealed { through, at: at(9) });
    let start = Instant::now();
    let settlement = books.apply(Entry { seq: through + 1, frame }).unwrap();
    println!("seal               {:>6} ns a record", per_record(start));
    let start = Instant::now();
    store::Store::open(world.path()).unwrap().commit(settlement.as_slice()).unwrap();
    println!("store              {:>6} µs a settlement", start.elapsed().as_micros());

    remove_books(world.path());
    let start = Instant::now();
    let mut settler = world.settler();
    println!("start, replaying   {:>6} ns a record", per_record(start));
    let start = Instant::now();
    settler.step(at(10)).unwrap();
    println!("settle all at once {:>6} ns a record", per_record(start));
    let start = Instant::now();
    assert_eq!(usage(world.path()).len(), usize::try_from(records).unwrap());
    println!("usage list         {:>6} ns a record", per_record(start));
    let start = Instant::now();
    sound(world.path());
    println!("verify             {:>6} ns a record", per_record(start));
}
