//! The baseline is honest (it changes nothing), and the load counts what happened and nothing else.

use crate::common::{MESSAGES, ask, double, post};
use bench::double::Running;
use bench::load::{Outcome, Plan, run};
use http::HeaderMap;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;

async fn proxy(double: &Running) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let upstream = double.address().to_string().parse().unwrap();
    tokio::spawn(bench::proxy::run(listener, upstream));
    address
}

async fn load(to: SocketAddr, stream: bool, orders: &str, key: &str) -> Outcome {
    let mut headers = HeaderMap::new();
    headers.insert("x-api-key", key.parse().unwrap());
    headers.insert("anthropic-version", "2023-06-01".parse().unwrap());
    run(Plan {
        url: format!("http://{to}{MESSAGES}").parse().unwrap(),
        headers,
        body: ask(stream, orders).to_string().into(),
        stream,
        connections: 4,
        requests: 40,
        time: Duration::from_secs(20),
    })
    .await
}

#[tokio::test]
async fn the_proxy_changes_nothing() {
    let double = double().await;
    let proxy = proxy(&double).await;
    for stream in [false, true] {
        let outcome = load(proxy, stream, "tokens=10", "vendor-key").await;
        assert_eq!((outcome.answered, outcome.errors, outcome.truncated), (40, 0, 0));
        assert_eq!(outcome.events, if stream { 40 * 16 } else { 0 });
    }
    let meter = double.meter().total;
    assert_eq!((meter.answered, meter.output_tokens), (80, 800));
    let through = double.last().unwrap();
    post(&double, MESSAGES, &ask(true, "tokens=10")).await;
    assert_eq!(through.body, double.last().unwrap().body);
    assert_eq!(through.headers["host"], double.address().to_string());
    assert_eq!(through.headers["x-api-key"], "vendor-key");
}

#[tokio::test]
async fn the_proxy_passes_a_stream_on_as_it_comes_and_breaks_where_it_breaks() {
    let double = double().await;
    let proxy = proxy(&double).await;
    let slow = load(proxy, true, "slow=5;tokens=20", "vendor-key").await;
    assert!(slow.first.quantile(900) + 60_000 < slow.latency.quantile(500), "the first event does not wait");
    let cut = load(proxy, true, "cut=7", "vendor-key").await;
    assert_eq!((cut.answered, cut.errors, cut.truncated, cut.events), (0, 0, 40, 280));
}

#[tokio::test]
async fn what_failed_is_not_counted_as_answered() {
    let double = double().await;
    for (stream, orders, key, expected) in [
        (false, "status=500", "vendor-key", (0, 40, 0)),
        (false, "", "wrong", (0, 40, 0)),
        (false, "cut=1", "vendor-key", (0, 0, 40)),
        (true, "error_event=4", "vendor-key", (0, 0, 40)),
        (true, "rubbish", "vendor-key", (0, 0, 40)),
    ] {
        let outcome = load(double.address(), stream, orders, key).await;
        assert_eq!((outcome.answered, outcome.errors, outcome.truncated), expected, "{orders} {key}");
    }
    let nobody = double.address();
    double.stop().await;
    let outcome = load(nobody, false, "", "vendor-key").await;
    assert_eq!((outcome.answered, outcome.errors), (0, 40));
}

#[tokio::test]
async fn a_dead_upstream_is_a_502() {
    let double = double().await;
    let proxy = proxy(&double).await;
    double.stop().await;
    let url = format!("http://{proxy}{MESSAGES}");
    let got = crate::common::send(&url, http::Request::post("/"), "{}").await;
    assert_eq!(got.status, 502);
}
