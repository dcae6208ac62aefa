//! A plane that is killed, or told to stop, in the middle of a burst: what was answered is booked once, what was
//! cut off is charged for what arrived, and nothing else is there.

use crate::support::*;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

const CALLS: usize = 200;
const AT_A_TIME: usize = 16;
/// So many are answered before the plane is stopped.
const BEFORE: usize = 80;
const WORDS: u64 = 20;

/// What a client saw of its call.
struct Seen {
    wire: Wire,
    stream: bool,
    answer: Answer,
}

impl Seen {
    /// Whether the client saw some of the answer, as far as its bytes show without a decoder.
    fn has_words(&self) -> bool {
        text(&self.answer.body).contains("The ")
    }

    /// Whether the client saw the end.
    fn is_answered(&self) -> bool {
        let Self { wire, stream, answer } = self;
        answer.status == 200 && answer.whole && (!stream || wire.end(&answer.body) == End::Clean)
    }
}

/// The calls of a burst: three wires, whole and streamed, each with an id of its own in the order it comes.
fn nth(number: usize) -> (Wire, &'static str, bool) {
    let (wire, model) =
        [(Wire::Messages, "claude"), (Wire::Chat, "gpt"), (Wire::Invoke, "claude")][number % 3];
    (wire, model, number % 5 > 1)
}

/// Sends [`CALLS`] calls; calls `stop` once when [`BEFORE`] of them are answered.
fn burst(address: SocketAddr, stop: impl FnOnce() + Send) -> Vec<Seen> {
    let (next, answered) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let clients: Vec<_> =
            (0..AT_A_TIME).map(|_| scope.spawn(|| client(address, &next, &answered))).collect();
        scope.spawn(|| {
            eventually("enough calls are answered", || answered.load(Ordering::SeqCst) >= BEFORE);
            stop();
        });
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    })
}

fn client(address: SocketAddr, next: &AtomicUsize, answered: &AtomicUsize) -> Vec<Seen> {
    let mut seen = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::SeqCst);
        if number >= CALLS {
            return seen;
        }
        let (wire, model, stream) = nth(number);
        let ask = wire.ask(model, stream, "slow=4;first_byte=20");
        let answer =
            Exchange::try_open(address, &ask).map_or_else(|_refused| Answer::default(), Exchange::finish);
        let one = Seen { wire, stream, answer };
        answered.fetch_add(usize::from(one.is_answered()), Ordering::SeqCst);
        seen.push(one);
    }
}

/// The records by request id.
fn records(home: &Home) -> HashMap<String, Value> {
    let calls = home.usage();
    let count = calls.len();
    let records: HashMap<String, Value> =
        calls.into_iter().map(|call| (call["request_id"].as_str().unwrap().to_owned(), call)).collect();
    assert_eq!(records.len(), count, "a call is on record twice");
    records
}

fn is_settled_whole(call: &Value) {
    assert_eq!((&call["state"], tokens(call)), (&"settled".into(), (3, WORDS)), "{call}");
    assert_eq!(pico(&call["charge"]), charge(3, WORDS));
    assert!(call["transfer"].is_string(), "{call}");
}

#[test]
fn pitfall_62_killed_in_a_burst_every_answered_call_is_booked_once() {
    let vendor = Vendor::start();
    let home = Home::new(&usual(&vendor.url(), ""));
    let (mut known, mut cut_with_output) = (HashSet::new(), 0);
    for durability in ["group", "strict", "group"] {
        let durability = format!("dir = \"data\"\ndurability = \"{durability}\"");
        home.configure(&usual(&vendor.url(), "").replace("dir = \"data\"", &durability));
        let plane = home.serve();
        let address = plane.address;
        let seen = burst(address, move || plane.kill());
        home.is_sound(); // before anyone mends anything
        home.serve().stop();
        let records = records(&home);
        let mut without_head = 0;
        for one in &seen {
            let id = one.answer.request_id();
            if id.is_empty() {
                without_head += 1;
                continue;
            }
            assert!(known.insert(id.to_owned()));
            let call = records.get(id).unwrap_or_else(|| panic!("no record of {:?}", one.answer));
            if one.is_answered() {
                is_settled_whole(call);
            } else if call["outcome"] == "interrupted" {
                let (input, output) = tokens(call);
                let seen = one.has_words();
                assert!(!seen || (input == 3 && output > 0), "words were seen: {call}");
                assert_eq!(pico(&call["charge"]), charge(input, output), "{call}");
                cut_with_output += usize::from(output > 0);
            } else {
                is_settled_whole(call); // its end was on record when the plane was killed
            }
        }
        // What no client knows of was sent by one who saw nothing at all; each is in the books as cut off.
        let unknown: Vec<_> = records.iter().filter(|(id, _)| !known.contains(*id)).collect();
        assert!(unknown.len() <= without_head, "{} of {without_head}", unknown.len());
        for (id, call) in unknown {
            match call["outcome"].as_str() {
                Some("interrupted" | "undelivered") => {}
                _ => is_settled_whole(call),
            }
            known.insert(id.clone());
        }
        assert_eq!(records.len(), known.len());
        home.is_sound();
    }
    assert!(cut_with_output > 0, "no stream was cut in the middle: the test shows nothing");
}

#[test]
fn pitfall_62_told_to_stop_in_a_burst_the_difference_is_zero() {
    let vendor = Vendor::start();
    let home = Home::new(&usual(&vendor.url(), ""));
    let plane = home.serve();
    let seen = burst(plane.address, || plane.terminate());
    plane.stop();
    let records = records(&home);
    for call in records.values() {
        is_settled_whole(call);
    }
    let answered: HashSet<_> =
        seen.iter().filter(|one| one.is_answered()).map(|one| one.answer.request_id()).collect();
    assert_eq!(answered.len(), records.len(), "every call that began was answered to its end");
    assert!(answered.len() < CALLS, "it stopped before the burst was over");
    // Pitfall 29: the books against the vendor's own meter.
    let booked = records.values().map(tokens).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    assert_eq!(booked, vendor.tokens());
    assert_eq!(vendor.meter().total.calls, u64::try_from(records.len()).unwrap());
    home.is_sound();
}
