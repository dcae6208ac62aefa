//! Each fault does what it says, and the meter has what was generated before it.

use crate::common::{CHAT, Got, MESSAGES, ask, double, post, send};
use bench::double::Double;
use http::Request;
use serde_json::json;
use std::time::Duration;

/// Sends `ask` with `orders` on each wire, streamed and not.
async fn everywhere(orders: &str, check: impl Fn(&str, bool, &Got)) -> bench::double::Reading {
    let double = double().await;
    for path in [MESSAGES, CHAT] {
        for stream in [true, false] {
            check(path, stream, &post(&double, path, &ask(stream, orders)).await);
        }
    }
    double.meter()
}

#[tokio::test]
async fn an_error_status_comes_in_the_vendors_shape() {
    let meter = everywhere("status=429;retry-after=7", |path, _, got| {
        let kind = if path == CHAT { "requests" } else { "rate_limit_error" };
        assert_eq!((got.status.as_u16(), &got.json()["error"]["type"]), (429, &json!(kind)));
        assert_eq!(got.headers["retry-after"], "7");
    })
    .await;
    assert_eq!((meter.total.refused, meter.total.input_tokens), (4, 0));
    everywhere("status=529", |path, _, got| {
        let kind = if path == CHAT { "server_error" } else { "overloaded_error" };
        assert_eq!((got.status.as_u16(), &got.json()["error"]["type"]), (529, &json!(kind)));
    })
    .await;
}

#[tokio::test]
async fn a_cut_ends_the_connection_after_so_many_events() {
    let meter = everywhere("cut=5", |path, stream, got| {
        assert!(!got.whole, "{path} {stream}");
        assert_eq!(got.status, 200);
        if stream {
            assert_eq!(got.events().len(), 5, "{path}");
        }
    })
    .await;
    // Anthropic: start, block, ping and two words; OpenAI: role and four words; and two whole answers of 20.
    // What was not streamed is billed in full, since it was generated in full.
    assert_eq!((meter.total.broken, meter.total.answered), (4, 0));
    assert_eq!((meter.total.output_tokens, meter.total.input_tokens), (2 + 4 + 2 * 20, 16));
}

#[tokio::test]
async fn thinking_that_was_cut_off_is_metered_as_far_as_it_came() {
    let double = double().await;
    // message_start, content_block_start, three of eight pieces of thinking
    post(&double, MESSAGES, &ask(true, "thinking=8;cut=5")).await;
    let meter = double.meter().total;
    assert_eq!((meter.output_tokens, meter.thinking_tokens), (3, 3));
}

#[tokio::test]
async fn a_cut_can_fall_on_any_byte() {
    for bytes in [0, 1, 100, 333] {
        let meter = everywhere(&format!("cut_bytes={bytes}"), |path, stream, got| {
            assert_eq!((got.whole, got.body.len()), (false, bytes), "{path} {stream}");
        })
        .await;
        assert_eq!(meter.total.broken, 4);
    }
}

#[tokio::test]
async fn an_error_event_ends_a_stream() {
    let double = double().await;
    for (path, kind) in [(MESSAGES, "overloaded_error"), (CHAT, "server_error")] {
        let got = post(&double, path, &ask(true, "error_event=3")).await;
        let events = got.events();
        assert_eq!((got.whole, events.len()), (true, 4));
        assert_eq!(events[3]["error"]["type"], kind);
    }
    assert_eq!(double.meter().total.broken, 2);
}

#[tokio::test]
async fn rubbish_is_no_answer() {
    let meter = everywhere("rubbish", |_, stream, got| {
        assert_eq!(got.status, 200);
        let kind = if stream { "text/event-stream; charset=utf-8" } else { "application/json" };
        assert_eq!(got.headers["content-type"], kind);
        assert!(serde_json::from_slice::<serde_json::Value>(&got.body).is_err());
    })
    .await;
    assert_eq!((meter.total.broken, meter.total.output_tokens), (4, 0));
}

#[tokio::test]
async fn waiting_is_as_long_as_ordered() {
    let double = double().await;
    for path in [MESSAGES, CHAT] {
        let late = post(&double, path, &ask(true, "first_byte=80")).await;
        assert!(late.reads[0] >= Duration::from_millis(80), "{:?}", late.reads[0]);

        let slow = post(&double, path, &ask(true, "slow=5;tokens=10")).await;
        assert!(slow.reads.len() > 10, "each event comes by itself");
        assert!(*slow.reads.last().unwrap() >= Duration::from_millis(50));

        let stalled = post(&double, path, &ask(true, "stall=3:150")).await;
        let gaps: Vec<Duration> = stalled.reads.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let long = gaps.iter().filter(|gap| **gap > Duration::from_millis(140)).count();
        assert_eq!(long, 1, "{gaps:?}");
        assert!(stalled.whole);
    }
}

#[tokio::test]
async fn chunks_fall_anywhere_and_lose_nothing() {
    let double = double().await;
    for path in [MESSAGES, CHAT] {
        for stream in [true, false] {
            let normal = post(&double, path, &ask(stream, "tokens=6")).await;
            double.reset_meter();
            let bitten = post(&double, path, &ask(stream, "tokens=6;chunk=1")).await;
            assert_eq!(bitten.body.len(), normal.body.len(), "{path} {stream}");
            // An HTTP chunk arrives as it was framed; bytes of a known length may be gathered on the way.
            assert!(!stream || bitten.reads.len() == bitten.body.len(), "{} reads", bitten.reads.len());
            assert_eq!((double.meter().total.output_tokens, double.meter().total.answered), (6, 1));
        }
    }
}

#[tokio::test]
async fn orders_lie_over_one_another() {
    let when = [("slow-", "tokens=3"), ("slow-down", "tokens=4"), ("", "cache_read=1")];
    let when = when.map(|(prefix, orders)| (prefix.to_owned(), orders.to_owned())).to_vec();
    let double = Double { when, ..Double::default() }.start("127.0.0.1:0".parse().unwrap()).await.unwrap();
    double.next(&["", "tokens=5", "tokens=5"]).unwrap();
    for (model, user, tokens) in [
        ("slow-1", "alice", 3),
        ("slow-1", "alice", 5),
        ("slow-1", "tokens=6", 6),
        ("slow-down", "", 4),
        ("m", "", 20),
    ] {
        let mut body = ask(false, user);
        body["model"] = json!(model);
        let usage = &post(&double, MESSAGES, &body).await.json()["usage"];
        assert_eq!((&usage["output_tokens"], &usage["cache_read_input_tokens"]), (&json!(tokens), &json!(1)));
    }
    let request =
        Request::post("/").header("authorization", "Bearer vendor-key").header("x-double", "tokens=9");
    let url = format!("{}{CHAT}", double.url());
    let last = send(&url, request, ask(false, "tokens=8").to_string()).await.json();
    assert_eq!(last["usage"]["completion_tokens"], 9);
}

#[tokio::test]
async fn a_queue_makes_a_retry_succeed() {
    let double = double().await;
    let queued = send(&format!("{}/next", double.url()), Request::post("/"), "status=529\ncut=2\n").await;
    assert_eq!(queued.status, 200);
    let mut seen = Vec::new();
    for _ in 0..3 {
        let got = post(&double, MESSAGES, &ask(true, "")).await;
        seen.push((got.status.as_u16(), got.whole));
    }
    assert_eq!(seen, [(529, true), (200, false), (200, true)]);
    let wrong = send(&format!("{}/next", double.url()), Request::post("/"), "tokens=1\nstatsu=1").await;
    assert_eq!(wrong.status, 400);
    assert_eq!(post(&double, MESSAGES, &ask(false, "")).await.json()["usage"]["output_tokens"], 20);
}

#[tokio::test]
async fn a_client_that_hangs_up_leaves_what_was_sent_on_the_meter() {
    let double = double().await;
    let body = ask(true, "slow=20;tokens=500");
    let call = post(&double, MESSAGES, &body);
    assert!(tokio::time::timeout(Duration::from_millis(400), call).await.is_err());
    tokio::time::sleep(Duration::from_millis(100)).await;
    let meter = double.meter().total;
    assert_eq!((meter.calls, meter.answered, meter.broken), (1, 0, 0));
    assert!((1..100).contains(&meter.output_tokens), "{}", meter.output_tokens);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(double.meter().total, meter, "it has stopped");
}
