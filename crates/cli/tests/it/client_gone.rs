//! Clients that hang up, or do not read: one record each, what was generated is charged, and room is free again.

use crate::support::*;
use serde_json::json;

const STREAMS: [(Wire, &str); 6] = [
    (Wire::Messages, "claude"),
    (Wire::Messages, "gpt"),
    (Wire::Chat, "gpt"),
    (Wire::Chat, "claude"),
    (Wire::Converse, "claude"),
    (Wire::Invoke, "claude"),
];

/// Waits until the plane has ended every call it began.
fn all_ended(home: &Home, calls: usize) {
    eventually("every call has ended", || {
        let usage = home.usage();
        usage.len() == calls && usage.iter().all(|call| call["outcome"].is_string())
    });
}

#[test]
fn pitfalls_6_7_hung_up_at_any_event_a_call_is_charged_for_what_arrived() {
    let vendor = Vendor::start();
    let home = Home::new(&usual(&vendor.url(), ""));
    let plane = home.serve();
    let mut hung_up = 0;
    for (wire, model) in STREAMS {
        for event in [4, 6, 9] {
            // Silent from there on, so nothing but the client's leaving ends it.
            vendor.next(&[&format!("tokens=12;stall={event}:600000")]);
            let mut exchange = plane.open(&wire.ask(model, true, ""));
            exchange.read_until(if wire == Wire::Invoke { "\"bytes\":" } else { "The " }, 1);
            exchange.hang_up();
            hung_up += 1;
        }
    }
    all_ended(&home, hung_up);
    plane.stop();
    for call in home.usage() {
        assert_eq!(
            (&call["outcome"], &call["state"]),
            (&"undelivered".into(), &"undelivered".into()),
            "{call}"
        );
        let (input, output) = tokens(&call);
        assert!(input == 3 && output > 0, "{call}");
        assert_eq!(pico(&call["charge"]), charge(input, output), "{call}");
        assert!(call["transfer"].is_string(), "it is in the books: {call}");
    }
    home.is_sound();
}

#[test]
fn pitfall_9_hung_up_before_an_answer_that_is_not_streamed() {
    let vendor = Vendor::start();
    let home = Home::new(&usual(&vendor.url(), ""));
    let plane = home.serve();
    for (wire, model) in STREAMS {
        let asked = vendor.meter().total.calls;
        vendor.next(&["tokens=12;first_byte=300"]);
        let exchange = plane.open(&wire.ask(model, false, ""));
        eventually("the vendor has the call", || vendor.meter().total.calls > asked);
        exchange.hang_up();
    }
    all_ended(&home, STREAMS.len());
    plane.stop();
    // The vendor bills it whole, so it is carried on to its end.
    for call in home.usage() {
        assert_eq!((&call["outcome"], tokens(&call)), (&"undelivered".into(), (3, 12)), "{call}");
    }
    let billed = vendor.tokens();
    let calls = u64::try_from(STREAMS.len()).unwrap();
    assert_eq!(billed, (3 * calls, 12 * calls));
    home.is_sound();
}

#[test]
fn pitfall_9_told_to_stop_while_such_a_call_is_under_way() {
    let vendor = Vendor::start();
    let home = Home::new(&usual(&vendor.url(), ""));
    let plane = home.serve();
    vendor.next(&["tokens=12;first_byte=500"]);
    let exchange = plane.open(&Wire::Messages.ask("claude", false, ""));
    eventually("the vendor has the call", || vendor.meter().total.calls == 1);
    exchange.hang_up();
    plane.stop();
    let call = home.only_call();
    assert_eq!((&call["outcome"], tokens(&call)), (&"undelivered".into(), (3, 12)), "{call}");
}

#[test]
fn pitfall_8_no_call_stays_open_after_its_client_left() {
    let vendor = Vendor::start();
    let home = Home::new(&usual(&vendor.url(), ""));
    let plane = home.serve();
    // Before the body is whole, the client is gone: nothing begins.
    let mut half = Wire::Messages.ask("claude", true, "");
    half = half.with("content-length", "100000");
    plane.open(&half).hang_up();
    // Before the first byte of a stream.
    vendor.next(&["first_byte=400;tokens=3"]);
    let exchange = plane.open(&Wire::Messages.ask("claude", true, ""));
    eventually("the vendor has the call", || vendor.meter().total.calls == 1);
    exchange.hang_up();
    all_ended(&home, 1);
    let metrics = text(&plane.send(&Ask::get("/metrics")).body);
    let open: Vec<_> =
        metrics.lines().filter(|line| line.contains("open") && !line.starts_with('#')).collect();
    assert!(!open.is_empty() && open.iter().all(|line| line.ends_with(" 0")), "{open:?}");
    assert_eq!(home.only_call()["outcome"], "undelivered");
    plane.stop();
    home.is_sound();
}

#[test]
fn echo_is_ended_by_its_client_too() {
    let home = Home::new(&usual(&nobody(), ""));
    let plane = home.serve();
    let words = "word ".repeat(200_000);
    let body = json!({"model": "echo", "max_tokens": 4_000_000, "stream": true,
        "messages": [{"role": "user", "content": words}]});
    let mut exchange = plane.open(&Ask::post("/v1/messages", body.to_string()));
    exchange.read_until("word", 1);
    exchange.hang_up();
    all_ended(&home, 1);
    let call = home.only_call();
    assert_eq!(call["outcome"], "undelivered", "{call}");
    assert!(tokens(&call).1 > 0, "{call}");
    assert_eq!(plane.send(&Wire::Messages.ask("echo", false, "")).status, 200, "and it answers the next");
}

#[test]
fn a_client_that_does_not_read_costs_no_memory() {
    let vendor = Vendor::start();
    let home = Home::new(&usual(&vendor.url(), ""));
    let plane = home.serve();
    let ask = |wire: Wire, model| wire.ask(model, true, "");
    plane.send(&ask(Wire::Messages, "claude"));
    let before = plane.memory();
    // 50 MB of events each, and nobody who takes them.
    let streams: Vec<Exchange> =
        [(Wire::Messages, "claude"), (Wire::Converse, "claude"), (Wire::Chat, "gpt")]
            .into_iter()
            .map(|(wire, model)| {
                vendor.next(&["tokens=400000"]);
                let mut ask = ask(wire, model);
                ask.body =
                    text(&ask.body).replace("\"max_tokens\":1000", "\"max_tokens\":1000000").into_bytes();
                let mut exchange = plane.open(&ask);
                exchange.read();
                exchange
            })
            .collect();
    // The vendor's meter stands still once every buffer in between is full.
    let mut sent = 0;
    eventually("the vendor is held back", || {
        std::thread::sleep(std::time::Duration::from_millis(200));
        std::mem::replace(&mut sent, vendor.tokens().1) == vendor.tokens().1
    });
    assert!(sent < 3 * 400_000, "it sent all of it: nothing was held back");
    let grown = plane.memory().saturating_sub(before);
    assert!(grown < 24 << 20, "{grown} bytes for three slow readers");
    assert_eq!(plane.send(&Wire::Messages.ask("claude", false, "")).status, 200, "others are served");
    for exchange in streams {
        exchange.hang_up();
    }
    all_ended(&home, 5);
}
