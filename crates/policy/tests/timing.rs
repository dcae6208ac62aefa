//! What a decision costs. Ignored unless asked for: `cargo test --release -p policy -- --ignored --nocapture`.
#![cfg(test)]

use identity::{Method, Owner, Principal};
use policy::{Action, Policy};
use std::hint::black_box;
use std::time::Instant;
use units::{ModelName, Organisation, Subject, Team};

#[test]
#[ignore = "measures; needs a release build"]
fn a_decision_is_looked_up_not_made_again() {
    let policies: String = (0..20)
        .map(|n| format!("permit (principal in Offtake::Team::\"demo/team{n}\", action, resource);\n"))
        .collect();
    let policy = Policy::parse(&[("rules.cedar", policies)]).unwrap();
    let principal = |subject: u32| {
        let owner = Owner {
            organisation: Organisation::new("demo").unwrap(),
            team: Team::new("team7").unwrap(),
            subject: Subject::new(subject.to_string()).unwrap(),
        };
        Principal::new(owner, Method::SigV4, "k")
    };
    let model = ModelName::new("claude-demo").unwrap();
    let first: Vec<Principal> = (0..2_000).map(principal).collect();
    let begun = Instant::now();
    first.iter().for_each(|who| drop(black_box(policy.authorize(who, Action::InvokeModel, &model).unwrap())));
    println!("made: {:.2} µs", begun.elapsed().as_secs_f64() * 1e6 / 2_000.0);
    let mut best = f64::MAX;
    for _ in 0..50 {
        let begun = Instant::now();
        first
            .iter()
            .for_each(|who| drop(black_box(policy.authorize(who, Action::InvokeModel, &model).unwrap())));
        best = best.min(begun.elapsed().as_secs_f64() * 1e6 / 2_000.0);
    }
    println!("remembered: {best:.2} µs");
    assert!(best < 1.0, "{best:.2} µs");
}
