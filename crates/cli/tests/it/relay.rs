//! The same protocol on both sides: what passes through is what was sent, and nothing of ours or of the caller's
//! leaks along.

use crate::support::*;
use serde_json::Value;

/// A plane before a vendor.
fn before(vendor: &Vendor) -> (Home, Plane) {
    let home = Home::new(&usual(&vendor.url(), ""));
    let plane = home.serve();
    (home, plane)
}

/// Bodies that no serializer would write: odd whitespace, escapes, numbers as they are written, doubled and
/// unknown fields, the model's name where it is not the model.
const BODIES: [&str; 5] = [
    "{\"model\":\"claude\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}",
    " {\n\t\"max_tokens\" : 9,\r\n \"messages\":[ {\"content\":\"\\u00e9\\ud83d\\ude42 \\/ \u{6771}\",\"role\":\"user\"} ] , \"model\" :\"claude\" }\n",
    "{\"of_tomorrow\":{\"model\":\"claude\",\"b\":1,\"a\":[1.0,1e3,-0,12345678901234567890]},\"messages\":[{\"role\":\"user\",\"content\":\"say \\\"model\\\":\\\"claude\\\"\"}],\"model\":\"claude\",\"max_tokens\":9}",
    "{\"model\":\"cl\\u0061ude\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"x\",\"cache_control\":{\"ttl\":\"1h\",\"type\":\"ephemeral\"}}]}]}",
    "{\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\",\"signature\":\"a+b/c==\"}]},{\"role\":\"user\",\"content\":\"\"}],\"max_tokens\":9,\"stream\":true,\"model\":\"claude\"}",
];

#[test]
fn pitfalls_43_52_a_body_arrives_byte_for_byte_but_for_the_model() {
    let vendor = Vendor::start();
    let (_home, plane) = before(&vendor);
    for body in BODIES {
        let expected = body
            .replace("\"model\" :\"claude\" }", "\"model\" :\"claude-upstream\" }")
            .replace("\"model\":\"cl\\u0061ude\"", "\"model\":\"claude-upstream\"")
            .replace("\"model\":\"claude\",\"max_tokens\"", "\"model\":\"claude-upstream\",\"max_tokens\"")
            .replace("\"stream\":true,\"model\":\"claude\"", "\"stream\":true,\"model\":\"claude-upstream\"");
        // Pitfall 52: the same again is the same upstream, so the vendor's cache fits.
        for _ in 0..2 {
            let answer = plane.send(&Ask::post("/v1/messages", body));
            assert_eq!(answer.status, 200, "{}", text(&answer.body));
            assert_eq!(text(&vendor.last().body), expected);
        }
    }
}

#[test]
fn pitfall_18_a_chat_body_gains_nothing_but_the_wish_for_usage() {
    let vendor = Vendor::start();
    let (_home, plane) = before(&vendor);
    let tail = "\"messages\" :[{\"role\":\"user\",\"content\":\"\\u00e9\"}],\"of_tomorrow\":[ 1.0 ]}";
    let whole = plane.send(&Ask::post("/v1/chat/completions", format!("{{\"model\":\"gpt\", {tail}")));
    assert_eq!(whole.status, 200);
    assert_eq!(text(&vendor.last().body), format!("{{\"model\":\"gpt-upstream\", {tail}"));
    // Streamed, usage is asked for; the client that did not ask does not see it.
    let body = format!("{{\"model\":\"gpt\",\"stream\":true, {tail}");
    let streamed = plane.send(&Ask::post("/v1/chat/completions", body));
    let sent = text(&vendor.last().body);
    assert!(sent.contains(tail.trim_end_matches('}')) && sent.contains("\"include_usage\":true"), "{sent}");
    assert!(!text(&streamed.body).contains("\"prompt_tokens\""), "{}", text(&streamed.body));
    assert_eq!(Wire::Chat.end(&streamed.body), End::Clean);
}

#[test]
fn our_key_arrives_and_the_clients_does_not() {
    let vendor = Vendor::start();
    let (_home, plane) = before(&vendor);
    for (wire, model) in [
        (Wire::Messages, "claude"),
        (Wire::Chat, "gpt"),
        (Wire::Chat, "claude"),
        (Wire::Converse, "claude"),
        (Wire::Invoke, "claude"),
    ] {
        let ask = wire
            .ask(model, false, "")
            .with("anthropic-beta", "of-tomorrow-2030-01-01,and-2031-01-01")
            .with("x-forwarded-for", "10.1.2.3")
            .with("x-forwarded-host", "intranet")
            .with("forwarded", "for=10.1.2.3")
            .with("x-real-ip", "10.1.2.3")
            .with("cookie", "session=canary")
            .with("x-offtake-anything", "1")
            .with("x-of-tomorrow", "passes");
        assert_eq!(plane.send(&ask).status, 200, "{wire:?}");
        let headers = vendor.last().headers;
        let mut all = headers.iter().map(|(name, value)| (name.as_str(), text(value.as_bytes())));
        assert!(all.all(|(_, value)| !value.contains(CALLER_KEY)), "{wire:?}: {headers:?}");
        let key = headers.get(if model == "gpt" { "authorization" } else { "x-api-key" }).unwrap();
        assert!(text(key.as_bytes()).ends_with(VENDOR_KEY));
        for name in ["x-forwarded-for", "x-forwarded-host", "forwarded", "x-real-ip", "cookie"] {
            assert!(!headers.contains_key(name), "{wire:?}: {name}");
        }
        assert!(!headers.contains_key("x-offtake-anything"));
        if wire == Wire::Messages {
            assert_eq!(headers.get("anthropic-beta").unwrap(), "of-tomorrow-2030-01-01,and-2031-01-01");
        }
        if matches!((wire, model), (Wire::Messages, _) | (Wire::Chat, "gpt")) {
            assert_eq!(headers.get("x-of-tomorrow").unwrap(), "passes");
        }
    }
}

#[test]
fn an_answer_comes_back_byte_for_byte() {
    let vendor = Vendor::start();
    let (_home, plane) = before(&vendor);
    for stream in [false, true] {
        // The double's answers differ in nothing but the call's number.
        let direct = Exchange::open(
            vendor.url().trim_start_matches("http://").parse().unwrap(),
            &Wire::Messages
                .ask("claude-upstream", stream, "thinking;tool;cache_read=7")
                .without("authorization")
                .with("x-api-key", VENDOR_KEY)
                .with("anthropic-version", "2023-06-01"),
        );
        let direct = text(&direct.finish().body);
        let ours = plane.send(&Wire::Messages.ask("claude", stream, "thinking;tool;cache_read=7"));
        let number = |body: &str| {
            let at = body.find("msg_double_").unwrap() + "msg_double_".len();
            body[at..].split('"').next().unwrap().to_owned()
        };
        let (theirs, body) = (number(&direct), text(&ours.body));
        let expected = direct.replace(&format!("double_{theirs}"), &format!("double_{}", number(&body)));
        assert_eq!(body, expected, "stream: {stream}");
        assert!(ours.header("request-id").unwrap().starts_with("req_double_"), "the vendor's own id");
        assert_eq!(ours.header("anthropic-ratelimit-requests-limit"), Some("4000"));
    }
}

/// The streams that a client may see, by what of an event shows in the body.
const STREAMS: [(Wire, &str); 5] = [
    (Wire::Messages, "claude"),
    (Wire::Chat, "gpt"),
    (Wire::Chat, "claude"),
    (Wire::Converse, "claude"),
    (Wire::Invoke, "claude"),
];

#[test]
fn pitfall_13_each_event_leaves_before_the_next_arrives() {
    let vendor = Vendor::start();
    let (home, plane) = before(&vendor);
    for (wire, model) in STREAMS {
        // The vendor falls silent after its first words, for longer than the client waits.
        vendor.next(&["tokens=9;stall=4:600000"]);
        let mut exchange = plane.open(&wire.ask(model, true, ""));
        let first_word = match wire {
            Wire::Invoke => "\"bytes\":",
            _ => "The ",
        };
        exchange.read_until(first_word, 1);
        exchange.hang_up();
    }
    plane.stop();
    assert_eq!(home.usage().len(), STREAMS.len());
}

#[test]
fn pitfall_15_streamed_or_not_the_record_is_the_same() {
    let vendor = Vendor::start();
    let (home, plane) = before(&vendor);
    let orders = "tokens=11;thinking=5;cache_read=40;cache_write=30";
    for wire in Wire::ALL {
        for model in ["claude", "gpt"] {
            let both = [false, true].map(|stream| {
                vendor.next(&[orders]);
                let answer = plane.send(&wire.ask(model, stream, ""));
                assert_eq!((answer.status, answer.whole), (200, true), "{wire:?} {model} {stream}");
                let calls = home.usage();
                let call = calls.iter().find(|call| call["request_id"] == answer.request_id()).unwrap();
                (call["tokens"].clone(), call["charge"].clone(), call["usage_source"].clone())
            });
            assert_eq!(both[0], both[1], "{wire:?} {model}");
            assert_eq!(both[0].2, "reported");
        }
    }
    plane.stop();
    // Pitfall 29: all of them against the vendor's own meter.
    let calls = home.usage();
    let sum = calls.iter().map(tokens).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    assert_eq!(sum, vendor.tokens());
    assert!(calls.iter().all(|call| call["state"] == "settled"));
    home.is_sound();
}

#[test]
fn one_byte_at_a_time_is_the_same_answer() {
    let vendor = Vendor::start();
    let (home, plane) = before(&vendor);
    for wire in Wire::ALL {
        let bodies = ["tokens=8", "tokens=8;chunk=1"].map(|orders| {
            vendor.next(&[orders]);
            let answer = plane.send(&wire.ask("claude", true, ""));
            assert_eq!(wire.end(&answer.body), End::Clean, "{wire:?} {orders}");
            assert!(
                !text(&answer.body).contains('\u{fffd}') || wire == Wire::Converse || wire == Wire::Invoke
            );
            answer.body
        });
        let words = |body: &[u8]| text(body).matches("naïve ").count();
        assert_eq!(words(&bodies[0]), words(&bodies[1]), "pitfall 1, {wire:?}");
    }
    let calls = home.usage();
    assert!(calls.iter().all(|call: &Value| tokens(call) == (3, 8)), "{calls:?}");
}
