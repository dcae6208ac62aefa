//! What a known caller costs. Ignored unless asked for: `cargo test --release -p identity -- --ignored --nocapture`.
#![cfg(test)]

mod fixture;
mod wire;

use fixture::{NOW, directory, signed};
use identity::Authentication;
use std::hint::black_box;
use std::time::Instant;
use wire::Request;

fn measure(name: &str, most_micros: f64, mut work: impl FnMut()) {
    const TIMES: u32 = 20_000;
    // The best of several rounds: other work on the machine only ever adds.
    let mut best = f64::MAX;
    for _ in 0..9 {
        let begun = Instant::now();
        (0..TIMES).for_each(|_| work());
        best = best.min(begun.elapsed().as_secs_f64() * 1e6 / f64::from(TIMES));
    }
    println!("{name}: {best:.2} µs");
    assert!(best < most_micros, "{name} took {best:.2} µs");
}

#[test]
#[ignore = "measures; needs a release build"]
fn a_known_caller_is_looked_up_not_recomputed() {
    let directory = directory();
    let key =
        Request::parse(&format!("POST /v1/messages HTTP/1.1\nhost: h\nx-api-key: {}\n\n{{}}", fixture::KEY));
    let authenticate = |request: &Request| match directory.authenticate(&request.head(), NOW).unwrap() {
        Authentication::Known(principal) => principal,
        Authentication::AwaitsBody(pending) => pending.finish(&request.body).unwrap(),
    };
    measure("virtual key", 1.0, || drop(black_box(authenticate(&key))));
    let token = fixture::ours(&directory);
    let token = Request::parse(&format!("POST / HTTP/1.1\nhost: h\nauthorization: Bearer {token}\n\n{{}}"));
    measure("remembered token", 2.0, || drop(black_box(authenticate(&token))));
    let boto = Request::parse(&signed("bedrock-converse-colon", ""));
    measure("SigV4, boto3", 5.0, || drop(black_box(authenticate(&boto))));
    let anthropic = Request::parse(&signed("anthropic-aws", ""));
    measure("SigV4, AnthropicAWS (21 signed headers)", 5.0, || drop(black_box(authenticate(&anthropic))));
}
