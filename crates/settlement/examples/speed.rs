//! What settling costs a record: `cargo run --release -p settlement --example speed [RECORDS]`.
//!
//! Decoding the journal is measured apart, since whatever reads it pays that.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints, and fails by panicking")]

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
    }
    let per_record = |start: Instant| start.elapsed().as_nanos() / u128::from(records);

    let start = Instant::now();
    let mut reader = Reader::open(world.path());
    let mut entries: Vec<Entry> = Vec::new();
    while let Some(entry) = reader.next_entry().unwrap() {
        entries.push(entry);
    }
    println!("decode            {:>6} ns a record ({records} records of two frames)", per_record(start));

    let start = Instant::now();
    let mut books = Books::default();
    let mut settlements = Vec::new();
    let seal_every = 20_000;
    let mut shift = 0;
    for (index, mut entry) in entries.into_iter().enumerate() {
        if let Frame::Closed(closed) = &mut entry.frame {
            closed.opened += shift;
        }
        entry.seq += shift;
        let at_pair = matches!(entry.frame, Frame::Closed(_));
        books.apply(entry).unwrap();
        if at_pair && index % seal_every < 2 {
            let through = books.last();
            let sealed = Frame::Sealed(Sealed { through, at: at(9) });
            settlements.extend(books.apply(Entry { seq: through + 1, frame: sealed }).unwrap());
            shift += 1;
        }
    }
    println!("fold and seal     {:>6} ns a record, {} settlements", per_record(start), settlements.len());

    let start = Instant::now();
    store::Store::open(world.path()).unwrap().commit(&settlements).unwrap();
    println!(
        "store             {:>6} µs a settlement",
        start.elapsed().as_micros() / settlements.len() as u128
    );

    remove_books(world.path());
    let start = Instant::now();
    let mut settler = world.settler();
    println!("start, replaying  {:>6} ns a record", per_record(start));
    let start = Instant::now();
    settler.step(at(10)).unwrap();
    println!("settle all at once {:>5} ns a record", per_record(start));
    let start = Instant::now();
    assert_eq!(usage(world.path()).len(), usize::try_from(records).unwrap());
    println!("usage list        {:>6} ns a record", per_record(start));
    let start = Instant::now();
    sound(world.path());
    println!("verify            {:>6} ns a record", per_record(start));
}
