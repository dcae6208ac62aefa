//! What the journal promises: nothing lost, nothing changed unseen, one writer, room for every ending.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use journal::{
    Attempt, Closed, CommitmentAdded, Durability, EligibleAdded, Error, Frame, Journal, Opened, Options,
    Outcome, PriceAdded, Reader, Sealed, TermsAdded, UsageSource,
};
use std::path::{Path, PathBuf};
use units::{Currency, Money, PriceId, RequestId, Timestamp, TokenCounts, TokenRates};

fn opened(number: u128) -> Opened {
    Opened {
        request: RequestId::from_bits(number),
        at: Timestamp::from_seconds(1_800_000_000),
        organisation: "demo".parse().unwrap(),
        team: "bench".parse().unwrap(),
        subject: "alice".parse().unwrap(),
        method: "virtual-key".into(),
        proof: "bench".into(),
        model: "claude-bench".parse().unwrap(),
        backend: "vendor".parse().unwrap(),
        region: "us-east-1".parse().unwrap(),
        upstream_model: "claude-sonnet-4-5".into(),
        wire: "anthropic.messages".into(),
        stream: number.is_multiple_of(2),
        price: Some(PriceId(u64::MAX - 3)),
        policy: "not evaluated".into(),
        residency: "not evaluated".into(),
        snapshot: 1,
        catalogue: "c0ffee".into(),
        lawful_set: "5e7".into(),
    }
}

fn closed(output: u64) -> Closed {
    let tokens = TokenCounts { input: 3, output, reasoning: 1, ..TokenCounts::default() };
    Closed {
        opened: 0,
        at: Timestamp::from_seconds(1_800_000_001),
        outcome: Outcome::Complete,
        cause: "".into(),
        attempts: vec![Attempt {
            backend: "vendor".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            upstream_model: "claude-sonnet-4-5".into(),
            tokens,
            source: UsageSource::Reported,
            vendor_request: "req_1".into(),
            claimed: "DE,FR".into(),
            observed: "eu".into(),
        }],
        first_byte_micros: 1_234,
    }
}

fn open(dir: &Path) -> (Journal, journal::Recovered) {
    Journal::open(dir, Options::default()).unwrap()
}

fn read_all(dir: &Path) -> Result<Vec<Frame>, Error> {
    let mut reader = Reader::open(dir);
    let mut frames = Vec::new();
    while let Some(entry) = reader.next_entry()? {
        assert_eq!(entry.seq, u64::try_from(frames.len()).unwrap() + 1);
        frames.push(entry.frame);
    }
    reader.check_tail()?;
    Ok(frames)
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(dir.join("journal"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "seg"))
        .collect();
    files.sort();
    files
}

#[test]
fn every_kind_of_frame_reads_back() {
    let dir = tempfile::tempdir().unwrap();
    let at = Timestamp::from_seconds(-5);
    let euro: Currency = "EUR".parse().unwrap();
    let frames = [
        Frame::Opened(opened(u128::MAX)),
        Frame::Closed(Closed { attempts: Vec::new(), ..closed(u64::MAX) }),
        Frame::Closed(Closed { outcome: Outcome::Undelivered, cause: "client gone".into(), ..closed(0) }),
        Frame::PriceAdded(PriceAdded {
            at,
            price: PriceId(7),
            model: "m".parse().unwrap(),
            currency: euro,
            from: Some(at),
            rates: TokenRates { input: -1, output: i128::MAX, ..TokenRates::default() },
        }),
        Frame::CommitmentAdded(CommitmentAdded {
            at,
            commitment: "demo".into(),
            organisation: "demo".parse().unwrap(),
            total: Money::from_pico(-50, euro),
            from: at,
            to: at,
        }),
        Frame::TermsAdded(TermsAdded {
            at,
            commitment: "demo".into(),
            contract: "c0ffee".into(),
            minimums: vec![0, i128::MAX],
            discounts: [1, -1],
            carry: 1,
            carry_cap: Some(0),
            make_good: 2,
            grace: 3,
        }),
        Frame::EligibleAdded(EligibleAdded {
            at,
            commitment: "demo".into(),
            counts: vec![("b".parse().unwrap(), "m".parse().unwrap(), 500_000_000_000)],
        }),
        Frame::Sealed(Sealed { through: 5, at }),
    ];
    let (journal, _) = open(dir.path());
    for frame in &frames {
        journal.append(frame).unwrap();
    }
    assert_eq!(read_all(dir.path()).unwrap(), frames);
}

#[test]
fn many_segments_read_in_order_by_a_reader_that_follows() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    let mut reader = Reader::open(dir.path());
    let mut seen = 0_u64;
    for number in 0..12_000 {
        let call = journal.open_call(opened(number)).unwrap();
        journal.close(call, closed(5)).unwrap();
        if number % 997 == 0 {
            while let Some(entry) = reader.next_entry().unwrap() {
                seen += 1;
                assert_eq!(entry.seq, seen);
            }
            assert_eq!(seen, journal.last_seq());
        }
    }
    assert!(segments(dir.path()).len() > 1);
    assert_eq!(read_all(dir.path()).unwrap().len(), 24_000);
    assert_eq!(journal.open_calls(), 0);
}

#[test]
fn a_second_process_is_refused_and_a_later_one_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    assert!(matches!(Journal::open(dir.path(), Options::default()), Err(Error::InUse(_))));
    journal.append(&Frame::Opened(opened(1))).unwrap();
    journal.shut_down().unwrap();
    drop(journal);
    let (journal, recovered) = open(dir.path());
    assert_eq!(recovered.unfinished.len(), 1);
    assert_eq!(journal.append(&Frame::Closed(Closed { opened: 1, ..closed(1) })).unwrap(), 2);
}

#[test]
fn what_a_cut_off_call_had_used_is_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let used = TokenCounts { input: 11, output: 7, ..TokenCounts::default() };
    {
        let (journal, _) = open(dir.path());
        let first = journal.open_call(opened(1)).unwrap();
        let second = journal.open_call(opened(2)).unwrap();
        journal.progress(&second, &used);
        journal.close(first, closed(1)).unwrap();
        // Dropped without an ending, as a killed process leaves it.
        let _ = second;
    }
    for _start_that_fails in 0..2 {
        let (_journal, recovered) = open(dir.path());
        let left: Vec<_> = recovered.unfinished.iter().map(|call| (call.seq, call.used)).collect();
        assert_eq!(left, [(2, used)]);
    }
    let (journal, _) = open(dir.path());
    journal.append(&Frame::Closed(Closed { opened: 2, ..closed(7) })).unwrap();
    journal.forget_unfinished();
    drop(journal);
    assert_eq!(open(dir.path()).1.unfinished, []);
}

#[test]
fn a_lost_length_stops_the_start_and_nothing_is_wiped() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    for number in 0..3 {
        journal.append(&Frame::Opened(opened(number))).unwrap();
    }
    journal.shut_down().unwrap();
    drop(journal);
    let file = segments(dir.path()).remove(0);
    let whole = std::fs::read(&file).unwrap();
    let length = usize::try_from(u32::from_le_bytes(whole[24..28].try_into().unwrap())).unwrap();
    let second = 24 + 17 + length;
    let mut damaged = whole;
    damaged[second..second + 4].fill(0);
    std::fs::write(&file, &damaged).unwrap();
    assert!(matches!(Journal::open(dir.path(), Options::default()), Err(Error::Damaged { .. })));
    assert_eq!(std::fs::read(&file).unwrap(), damaged);
}

#[test]
fn any_flipped_byte_is_found_and_its_place_named() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    for number in 0..3 {
        let call = journal.open_call(opened(number)).unwrap();
        journal.close(call, closed(9)).unwrap();
    }
    journal.shut_down().unwrap();
    drop(journal);
    let file = segments(dir.path()).remove(0);
    let whole = std::fs::read(&file).unwrap();
    let written = whole.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    for index in 0..written {
        for mask in [0xff, 0x01] {
            let mut bytes = whole.clone();
            bytes[index] ^= mask;
            std::fs::write(&file, &bytes).unwrap();
            match read_all(dir.path()) {
                Err(Error::Damaged { place, .. }) => assert_eq!(place.file, file),
                other => panic!("byte {index} of {written} changed unseen: {other:?}"),
            }
        }
    }
    std::fs::write(&file, &whole).unwrap();
    assert_eq!(read_all(dir.path()).unwrap().len(), 6);
}

#[test]
fn a_torn_tail_is_cut_but_damage_before_a_whole_record_stops_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    for number in 0..3 {
        journal.append(&Frame::Opened(opened(number))).unwrap();
    }
    journal.shut_down().unwrap();
    drop(journal);
    let file = segments(dir.path()).remove(0);
    let whole = std::fs::read(&file).unwrap();
    let written = whole.iter().rposition(|byte| *byte != 0).unwrap() + 1;

    let mut torn = whole.clone();
    torn[written - 10..].fill(0);
    std::fs::write(&file, &torn).unwrap();
    let (journal, recovered) = open(dir.path());
    assert!(recovered.torn.is_some());
    assert_eq!(journal.last_seq(), 2);
    drop(journal);

    let mut damaged = whole;
    damaged[60] ^= 1;
    std::fs::write(&file, &damaged).unwrap();
    assert!(matches!(Journal::open(dir.path(), Options::default()), Err(Error::Damaged { .. })));
}

#[test]
fn a_writer_that_outruns_the_spare_segment_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    for number in 0..120_000 {
        let call = journal.open_call(opened(number)).unwrap();
        journal.close(call, closed(1)).unwrap();
    }
    assert!(segments(dir.path()).len() > 4);
    assert_eq!(read_all(dir.path()).unwrap().len(), 240_000);
}

#[test]
fn strict_durability_returns_after_the_disk_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(dir.path(), Options { durability: Durability::Strict }).unwrap();
    for number in 0..5 {
        let call = journal.open_call(opened(number)).unwrap();
        journal.close(call, closed(1)).unwrap();
    }
    assert_eq!(read_all(dir.path()).unwrap().len(), 10);
}

#[test]
fn threads_share_one_order() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    std::thread::scope(|scope| {
        for thread in 0..4_u128 {
            let journal = &journal;
            scope.spawn(move || {
                for number in 0..500 {
                    let call = journal.open_call(opened(thread << 64 | number)).unwrap();
                    journal.progress(&call, &TokenCounts { input: 1, ..TokenCounts::default() });
                    journal.close(call, closed(2)).unwrap();
                }
            });
        }
    });
    assert_eq!(read_all(dir.path()).unwrap().len(), 4_000);
}
