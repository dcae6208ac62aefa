//! Vendors that are down, slow, rude or broken, on every wire: the client gets an error of its own protocol, and
//! the books what arrived.

use crate::support::*;
use serde_json::Value;

/// Each wire, streaming and not, with the model of each vendor's protocol.
fn everything() -> Vec<(Wire, &'static str, bool)> {
    let models = ["claude", "gpt"];
    let wires = Wire::ALL.into_iter().flat_map(|wire| models.map(|model| (wire, model)));
    wires.flat_map(|(wire, model)| [(wire, model, false), (wire, model, true)]).collect()
}

/// The client's own protocol on the vendor's side too, as a stream; and all four wires at least once.
const STREAMS: [(Wire, &str); 7] = [
    (Wire::Messages, "claude"),
    (Wire::Messages, "gpt"),
    (Wire::Chat, "gpt"),
    (Wire::Chat, "claude"),
    (Wire::Converse, "claude"),
    (Wire::Converse, "gpt"),
    (Wire::Invoke, "claude"),
];

fn same_protocol(wire: Wire, model: &str) -> bool {
    matches!((wire, model), (Wire::Messages, "claude") | (Wire::Chat, "gpt"))
}

/// The record of the call that was answered with this.
fn record(home: &Home, answer: &Answer) -> Value {
    let calls = home.usage();
    let mut found = calls.iter().filter(|call| call["request_id"] == answer.request_id());
    let call = found.next().unwrap_or_else(|| panic!("no record of {answer:?}"));
    assert!(found.next().is_none(), "two records of one call");
    call.clone()
}

fn is_failed(call: &Value) {
    assert_eq!((&call["outcome"], tokens(call)), (&"failed".into(), (0, 0)), "{call}");
}

/// Cut off, and charged for what arrived by the price of these tests.
fn is_interrupted(call: &Value) {
    assert_eq!(call["outcome"], "interrupted", "{call}");
    let (input, output) = tokens(call);
    assert_eq!(pico(&call["charge"]), charge(input, output), "{call}");
}

#[test]
fn a_vendor_that_is_down_is_the_clients_own_error() {
    let home = Home::new(&usual(&nobody(), ""));
    let plane = home.serve();
    for (wire, model, stream) in everything() {
        let answer = plane.send(&wire.ask(model, stream, ""));
        let status = if matches!(wire, Wire::Messages | Wire::Chat) { 502 } else { 503 };
        assert_eq!(answer.status, status, "{wire:?} {model} {stream}");
        wire.error_type(&answer);
        is_failed(&record(&home, &answer));
    }
    plane.stop();
    home.is_sound();
}

#[test]
fn pitfall_59_what_a_vendor_refuses_arrives_as_it_was() {
    let vendor = Vendor::start();
    let home = Home::new(&usual(&vendor.url(), ""));
    let plane = home.serve();
    // In the vendor's own protocol: its status, its type, its advice.
    let own = [
        (Wire::Messages, "claude", 429, "rate_limit_error"),
        (Wire::Messages, "claude", 529, "overloaded_error"),
        (Wire::Messages, "claude", 500, "api_error"),
        (Wire::Messages, "claude", 400, "invalid_request_error"),
        (Wire::Chat, "gpt", 429, "requests"),
        (Wire::Chat, "gpt", 503, "server_error"),
        (Wire::Chat, "gpt", 500, "server_error"),
        (Wire::Chat, "gpt", 400, "invalid_request_error"),
    ];
    for (wire, model, status, kind) in own {
        for stream in [false, true] {
            vendor.next(&[&format!("status={status};retry-after=7")]);
            let answer = plane.send(&wire.ask(model, stream, ""));
            assert_eq!((answer.status, answer.header("retry-after")), (status, Some("7")), "{wire:?}");
            assert_eq!(wire.error_type(&answer), kind);
            assert!(text(&answer.body).contains("as ordered"), "the vendor's words");
            is_failed(&record(&home, &answer));
        }
    }
    plane.stop();
    home.is_sound();
}

#[test]
fn pitfall_59_a_refusal_is_translated_not_made_a_500() {
    let vendor = Vendor::start();
    let home = Home::new(&usual(&vendor.url(), ""));
    let plane = home.serve();
    // What each wire says to a vendor's 429, 529 and 400 that came in another protocol.
    let said = |wire, status| match (wire, status) {
        (Wire::Messages, 429) => (429, "rate_limit_error"),
        (Wire::Messages, 529) => (529, "overloaded_error"),
        (Wire::Messages, _) => (400, "invalid_request_error"),
        (Wire::Chat, 429) => (429, "rate_limit_error"),
        (Wire::Chat, 529) => (503, "server_error"),
        (Wire::Chat, _) => (400, "invalid_request_error"),
        (_, 429) => (429, "ThrottlingException"),
        (_, 529) => (503, "ServiceUnavailableException"),
        (_, _) => (400, "ValidationException"),
    };
    for (wire, model, stream) in everything() {
        if same_protocol(wire, model) {
            continue;
        }
        for status in [429, 529, 400] {
            vendor.next(&[&format!("status={status};retry-after=7")]);
            let answer = plane.send(&wire.ask(model, stream, ""));
            let (expected, kind) = said(wire, status);
            assert_eq!(answer.status, expected, "{wire:?} {model} {stream} {status}: {answer:?}");
            assert_eq!(wire.error_type(&answer), kind, "{wire:?} {model} {stream} {status}");
            assert_eq!(answer.header("retry-after"), Some("7"), "{wire:?} {model} {status}");
            is_failed(&record(&home, &answer));
        }
    }
}

#[test]
fn a_refusal_of_our_own_key_is_not_the_clients_fault() {
    let vendor = Vendor::start();
    let home = Home::new(&usual(&vendor.url(), ""));
    let plane = home.serve();
    for (wire, model, stream) in everything() {
        for order in ["status=401", "status=403"] {
            vendor.next(&[order]);
            let answer = plane.send(&wire.ask(model, stream, ""));
            assert!(matches!(answer.status, 502 | 503), "{wire:?} {model} {order}: {}", answer.status);
            wire.error_type(&answer);
            is_failed(&record(&home, &answer));
        }
    }
}

#[test]
fn pitfalls_10_60_a_silent_vendor_is_given_up_and_not_asked_again() {
    let (silent, other) = (Vendor::start(), Vendor::start());
    let config = [
        HEAD,
        &backend("first", "anthropic", &silent.url(), "first_byte_ms = 200"),
        &backend("second", "anthropic", &other.url(), ""),
        &model("claude", &["first", "second"]),
        &price("claude"),
    ];
    let home = Home::new(&config.concat());
    let plane = home.serve();
    for (asked, (wire, stream)) in
        Wire::ALL.into_iter().flat_map(|wire| [(wire, false), (wire, true)]).enumerate()
    {
        silent.next(&["first_byte=600000"]);
        let answer = plane.send(&wire.ask("claude", stream, ""));
        let status = if matches!(wire, Wire::Messages | Wire::Chat) { 504 } else { 408 };
        assert_eq!(answer.status, status, "{wire:?} {stream}");
        wire.error_type(&answer);
        is_failed(&record(&home, &answer));
        assert_eq!(silent.meter().total.calls, u64::try_from(asked + 1).unwrap());
    }
    assert_eq!(other.meter().total.calls, 0);
}

#[test]
fn pitfalls_10_12_a_stream_that_stalls_is_ended_with_an_error() {
    let vendor = Vendor::start();
    let home = Home::new(&usual(&vendor.url(), "between_events_ms = 200"));
    let plane = home.serve();
    for (wire, model) in STREAMS {
        vendor.next(&["tokens=9;stall=6:600000"]);
        let answer = plane.send(&wire.ask(model, true, ""));
        assert_eq!(answer.status, 200);
        assert!(matches!(wire.end(&answer.body), End::Error(_)), "{wire:?} {model}: {}", text(&answer.body));
        let call = record(&home, &answer);
        assert_eq!(call["cause"], "upstream_stalled");
        is_interrupted(&call);
        assert!(tokens(&call).1 > 0, "{call}");
    }
}

#[test]
fn pitfall_11_a_slow_stream_that_is_never_idle_survives_every_limit() {
    let vendor = Vendor::start();
    let home = Home::new(&usual(&vendor.url(), "first_byte_ms = 1000\nbetween_events_ms = 1000"));
    let plane = home.serve();
    std::thread::scope(|scope| {
        for (wire, model) in STREAMS {
            let (plane, home) = (&plane, &home);
            vendor.next(&["tokens=9;slow=150"]);
            scope.spawn(move || {
                let answer = plane.send(&wire.ask(model, true, ""));
                assert_eq!((wire.end(&answer.body), answer.whole), (End::Clean, true), "{wire:?} {model}");
                assert_eq!(tokens(&record(home, &answer)), (3, 9), "{wire:?} {model}");
            });
        }
    });
    assert_eq!(vendor.tokens(), (21, 63));
}

/// Every fault in turn, then the books against the vendor's meter.
fn faults(orders: impl Fn(usize) -> Option<String>) {
    let vendor = Vendor::start();
    let home = Home::new(&usual(&vendor.url(), ""));
    let plane = home.serve();
    for (wire, model) in STREAMS {
        for order in (0..).map_while(&orders) {
            let before = vendor.tokens();
            vendor.next(&[&order]);
            let answer = plane.send(&wire.ask(model, true, ""));
            let place = format!("{wire:?} {model} {order}");
            if answer.status == 200 {
                let end = wire.end(&answer.body);
                assert!(matches!(end, End::Error(_)), "{place}: {end:?}: {}", text(&answer.body));
            } else {
                wire.error_type(&answer);
            }
            let call = record(&home, &answer);
            is_interrupted(&call);
            let billed = (vendor.tokens().0 - before.0, vendor.tokens().1 - before.1);
            let (input, output) = tokens(&call);
            // Never less than half and never more than thrice what the vendor counted, while it has not said.
            let is_near = output * 2 >= billed.1 && output <= billed.1 * 3 + 1;
            assert!(is_near, "{place}: {output} booked, {} billed", billed.1);
            if call["usage_source"] == "reported" && output > 1 {
                assert_eq!((input, output), billed, "{place}: what the vendor said");
            }
            if output > 1 {
                assert_eq!(input, billed.0, "{place}: input");
            }
        }
    }
    plane.stop();
    home.is_sound();
}

/// The events before the one that ends an answer of five words, on the wire with fewer of them.
const EVENTS: usize = 8;

#[test]
fn pitfall_3_a_stream_cut_at_any_event_is_an_error() {
    faults(|events| (events <= EVENTS).then(|| format!("tokens=5;cut={events}")));
}

#[test]
fn pitfall_3_a_stream_cut_at_any_byte_is_an_error() {
    faults(|step| (step < 24).then(|| format!("tokens=5;cut_bytes={}", 1 + step * 53)));
}

#[test]
fn pitfall_2_an_error_event_at_any_place_stays_one() {
    faults(|events| (events <= EVENTS).then(|| format!("tokens=5;error_event={events}")));
}

#[test]
fn rubbish_is_no_answer() {
    let vendor = Vendor::start();
    let home = Home::new(&usual(&vendor.url(), ""));
    let plane = home.serve();
    for (wire, model, stream) in everything() {
        vendor.next(&["rubbish"]);
        let answer = plane.send(&wire.ask(model, stream, ""));
        if answer.status == 200 {
            let end = wire.end(&answer.body);
            assert!(stream && matches!(end, End::Error(_)), "{wire:?} {model} {stream}: {end:?}");
        } else {
            assert!(matches!(answer.status, 502 | 424), "{wire:?} {model} {stream}: {}", answer.status);
            wire.error_type(&answer);
        }
        let call = record(&home, &answer);
        is_interrupted(&call);
        assert_eq!(tokens(&call), (0, 0), "{call}");
    }
}

#[test]
fn pitfall_3_an_answer_cut_in_the_middle_is_no_answer() {
    let vendor = Vendor::start();
    let home = Home::new(&usual(&vendor.url(), ""));
    let plane = home.serve();
    for (wire, model, stream) in everything() {
        if stream {
            continue;
        }
        vendor.next(&["cut=1"]);
        let answer = plane.send(&wire.ask(model, false, ""));
        assert!(matches!(answer.status, 502 | 503), "{wire:?} {model}: {}", answer.status);
        wire.error_type(&answer);
        is_interrupted(&record(&home, &answer));
    }
}

/// Two vendors of the same model; the first with `more` configuration.
fn two(first: &str, second: &Vendor) -> Home {
    let mut config = HEAD.to_owned();
    for (model_name, kind) in [("claude", "anthropic"), ("gpt", "openai")] {
        let (one, two) = (format!("{kind}-1"), format!("{kind}-2"));
        config += &backend(&one, kind, first, "region = \"first-1\"");
        config += &backend(&two, kind, &second.url(), "region = \"second-2\"");
        config += &model(model_name, &[&one, &two]);
        config += &price(model_name);
    }
    Home::new(&config)
}

#[test]
fn pitfall_5_a_dead_first_backend_gives_the_seconds_answer() {
    let (refusing, second) = (Vendor::start(), Vendor::start());
    for first in [nobody(), refusing.url()] {
        let home = two(&first, &second);
        let plane = home.serve();
        for (wire, model, stream) in everything() {
            refusing.next(if first == refusing.url() { &["status=529"] } else { &[] });
            second.next(&["tokens=4"]);
            let answer = plane.send(&wire.ask(model, stream, ""));
            assert_eq!((answer.status, answer.whole), (200, true), "{wire:?} {model} {stream}");
            assert_eq!(answer.header("x-offtake-region"), Some("second-2"));
            if stream {
                assert_eq!(wire.end(&answer.body), End::Clean);
            }
            let call = record(&home, &answer);
            assert_eq!((tokens(&call), &call["region"]), ((3, 4), &"second-2".into()), "{call}");
            assert_eq!(call["outcome"], "complete");
        }
        plane.stop();
        home.is_sound();
    }
}

#[test]
fn pitfall_59_the_last_refusal_of_all_is_what_the_client_sees() {
    let (first, second) = (Vendor::start(), Vendor::start());
    let home = two(&first.url(), &second);
    let plane = home.serve();
    for (wire, model, stream) in everything() {
        first.next(&["status=529"]);
        second.next(&["status=429;retry-after=9"]);
        let answer = plane.send(&wire.ask(model, stream, ""));
        assert_eq!((answer.status, answer.header("retry-after")), (429, Some("9")), "{wire:?} {model}");
        wire.error_type(&answer);
        is_failed(&record(&home, &answer));
    }
}

#[test]
fn pitfall_4_no_second_answer_after_the_first_has_begun() {
    let (first, second) = (Vendor::start(), Vendor::start());
    let home = two(&first.url(), &second);
    let plane = home.serve();
    for (wire, model) in STREAMS {
        for order in ["cut=5", "error_event=5", "cut_bytes=900", "rubbish"] {
            first.next(&[order]);
            let answer = plane.send(&wire.ask(model, true, ""));
            assert_ne!(wire.end(&answer.body), End::Clean);
        }
        first.next(&["cut_bytes=40"]);
        assert_ne!(plane.send(&wire.ask(model, false, "")).status, 200);
    }
    assert_eq!(second.meter().total.calls, 0);
}

#[test]
fn pitfall_83_a_redirect_is_followed_by_nobody() {
    let elsewhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let vendor = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (url, target) = (vendor.local_addr().unwrap(), elsewhere.local_addr().unwrap());
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        for stream in vendor.incoming().flatten() {
            let mut stream = stream;
            let _ = stream.read(&mut [0; 65_536]);
            let answer = format!(
                "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://{target}/v1/messages\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    let home = Home::new(&usual(&format!("http://{url}"), ""));
    let plane = home.serve();
    for stream in [false, true] {
        let answer = plane.send(&Wire::Messages.ask("claude", stream, ""));
        assert_eq!((answer.status, answer.header("location")), (502, None), "{}", text(&answer.body));
    }
    assert!(elsewhere.accept().is_err(), "nobody went there");
    plane.stop();
}
