//! Keys that are fetched: given to the directory from outside, believed for a while, replaced when they are rolled.
#![cfg(test)]

mod fixture;
mod wire;

use fixture::{NOW, foreign, good_claims, issuer, jwks};
use identity::{
    Authentication, Directory, Failure, Issuer, Keys, Kind, Lack, Pattern, Principal, Rule, Scope, Source,
};
use serde_json::{Value, json};
use std::sync::Arc;
use units::Timestamp;
use wire::Request;

const MAX: i64 = 100;

fn source() -> Source {
    Source::Issuer("https://issuer.example".into())
}

fn fetched(name: &str) -> Issuer {
    Issuer { keys: Keys::Fetched { source: source(), seconds_max: MAX }, ..issuer(name) }
}

fn directory(issuers: Vec<Issuer>) -> Directory {
    let mut builder = Directory::builder();
    for issuer in issuers {
        builder.add_issuer(issuer).unwrap();
    }
    builder.build()
}

fn ask(directory: &Directory, token: &str, now: Timestamp) -> Result<Arc<Principal>, Failure> {
    let request = Request::parse(&format!("POST / HTTP/1.1\nhost: h\nauthorization: Bearer {token}\n\n"));
    match directory.authenticate(&request.head(), now)? {
        Authentication::Known(principal) => Ok(principal),
        Authentication::AwaitsBody(_) => panic!("a token is no signature"),
    }
}

fn lack(failure: &Failure) -> Lack {
    let Failure::Keys(lacking) = failure else { panic!("{failure}") };
    assert_eq!((&lacking.rule[..], &lacking.source), ("cluster", &source()));
    lacking.lack
}

/// The set without the key of this name.
fn without(name: &str) -> String {
    let keys: Vec<Value> =
        jwks()["keys"].as_array().unwrap().iter().filter(|key| key["kid"] != name).cloned().collect();
    json!({ "keys": keys }).to_string()
}

#[test]
fn known_callers_go_on_within_the_bound_and_nobody_beyond_it() {
    let directory = directory(vec![fetched("cluster")]);
    let mut claims = good_claims();
    claims["exp"] = (NOW.seconds() + 10_000).into();
    let [seen, new] =
        ["ed", "ec"].map(|key| foreign(if key == "ed" { "EdDSA" } else { "ES256" }, Some(key), &claims));
    let failure = ask(&directory, &seen, NOW).unwrap_err();
    assert_eq!((lack(&failure), failure.kind()), (Lack::NotFetched, Kind::Later));
    assert!(!failure.public().contains("issuer.example"), "{}", failure.public());
    assert_eq!(directory.sources().keys().collect::<Vec<_>>(), [&source()]);

    directory.keep_keys(&source(), &jwks().to_string(), NOW).unwrap();
    ask(&directory, &seen, NOW).unwrap();
    // The issuer is down from here on: both kinds of caller go on until the keys are too old.
    let last = NOW.plus_seconds(MAX - 1);
    ask(&directory, &seen, last).unwrap();
    ask(&directory, &new, last).unwrap();
    for token in [&seen, &new] {
        let failure = ask(&directory, token, NOW.plus_seconds(MAX)).unwrap_err();
        assert_eq!((lack(&failure), failure.kind()), (Lack::Stale, Kind::Later));
    }
    directory.keep_keys(&source(), &jwks().to_string(), NOW.plus_seconds(MAX)).unwrap();
    ask(&directory, &seen, NOW.plus_seconds(MAX)).unwrap();
}

#[test]
fn a_rolled_key_is_asked_for_and_what_the_old_one_signed_ends() {
    let directory = directory(vec![fetched("cluster")]);
    directory.keep_keys(&source(), &without("ec"), NOW).unwrap();
    let [old, new] =
        [("EdDSA", "ed"), ("ES256", "ec")].map(|(alg, key)| foreign(alg, Some(key), &good_claims()));
    ask(&directory, &old, NOW).unwrap();
    let failure = ask(&directory, &new, NOW).unwrap_err();
    assert_eq!((lack(&failure), failure.kind()), (Lack::NoSuchKey, Kind::Invalid));
    // Both, as issuers do for a while; then only the new one.
    directory.keep_keys(&source(), &jwks().to_string(), NOW).unwrap();
    ask(&directory, &old, NOW).unwrap();
    ask(&directory, &new, NOW).unwrap();
    directory.keep_keys(&source(), &without("ed"), NOW).unwrap();
    ask(&directory, &new, NOW).unwrap();
    assert_eq!(
        lack(&ask(&directory, &old, NOW).unwrap_err()),
        Lack::NoSuchKey,
        "it was remembered until now"
    );
}

#[test]
fn keys_that_cannot_be_used_leave_the_earlier_ones() {
    let directory = directory(vec![fetched("cluster")]);
    directory.keep_keys(&source(), &jwks().to_string(), NOW).unwrap();
    for wrong in ["", "<html>", "{}", "{\"keys\": []}", r#"{"keys": [{"kty": "oct", "k": "AAAA"}]}"#] {
        let trouble = directory.keep_keys(&source(), wrong, NOW).unwrap_err();
        assert!(trouble.starts_with("rule `cluster`: "), "{trouble}");
    }
    ask(&directory, &foreign("EdDSA", Some("ed"), &good_claims()), NOW).unwrap();
    // Kinds of key that are not known here are somebody else's.
    let mut more = jwks();
    more["keys"].as_array_mut().unwrap().insert(0, json!({"kty": "lattice", "kid": "pq"}));
    directory.keep_keys(&source(), &more.to_string(), NOW).unwrap();
    // Keys of another source are not for these rules.
    directory.keep_keys(&Source::Address("https://issuer.example".into()), "nonsense", NOW).unwrap();
}

#[test]
fn the_first_rule_that_fits_a_token_speaks() {
    let rule = |name: &str, allowed: &[&str], team: &str| Issuer {
        required: Vec::new(),
        allowed: vec![("sub".into(), allowed.iter().map(|text| Pattern::new(*text)).collect())],
        team: Rule::parse(team).unwrap(),
        ..issuer(name)
    };
    let directory = directory(vec![
        rule("one", &["system:serviceaccount:ml:trainer"], "trainers"),
        rule(
            "two",
            &["system:serviceaccount:ml:*", "system:serviceaccount:web-*:*"],
            "all-{/kubernetes.io/namespace}",
        ),
    ]);
    for (subject, team) in [
        ("system:serviceaccount:ml:trainer", Some("trainers")),
        ("system:serviceaccount:ml:other", Some("all-ml")),
        ("system:serviceaccount:web-1:x", Some("all-ml")),
        ("system:serviceaccount:ml:a:b", None),
        ("system:serviceaccount:mlx:trainer", None),
        ("x:system:serviceaccount:ml:trainer", None),
    ] {
        let mut claims = good_claims();
        claims["sub"] = subject.into();
        let found = ask(&directory, &foreign("EdDSA", Some("ed"), &claims), NOW);
        assert_eq!(found.ok().map(|who| who.team.to_string()).as_deref(), team, "{subject}");
    }
}

#[test]
fn a_scope_goes_from_the_rule_through_every_token() {
    let scope = |text: &str| Scope::parse(text).unwrap();
    let mut builder = Directory::builder();
    builder.add_issuer(Issuer { scope: scope("model:claude-*"), ..issuer("cluster") }).unwrap();
    builder.add_token_key(&[1; 32]).unwrap();
    let directory = builder.build();
    let token = foreign("EdDSA", Some("ed"), &good_claims());
    let may = |who: &Principal| {
        let calls = [("InvokeModel", "claude-x"), ("InvokeModel", "gpt"), ("CountTokens", "claude-x")];
        calls.map(|(action, model)| who.check_scope(action, model).is_ok())
    };
    assert_eq!(may(&ask(&directory, &token, NOW).unwrap()), [true, false, true]);
    let exchange = |token: &str, kind: &str, scope: &str| {
        let body = json!({
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token": token, "scope": scope,
            "subject_token_type": format!("urn:ietf:params:oauth:token-type:{kind}"),
        });
        let request = identity::TokenRequest::from_json(body.to_string().as_bytes()).unwrap();
        directory.exchange(&request, NOW, [3; 16])
    };
    let narrowed = exchange(&token, "jwt", "InvokeModel model:**").unwrap();
    assert_eq!(narrowed.scope.as_deref(), Some("InvokeModel model:**"));
    assert_eq!(
        may(&ask(&directory, &narrowed.access_token, NOW).unwrap()),
        [true, false, false],
        "narrower, never wider"
    );
    // Once more, of our own token, which the new one does not outlive.
    let again = exchange(&narrowed.access_token, "access_token", "CountTokens").unwrap();
    assert_eq!(may(&ask(&directory, &again.access_token, NOW).unwrap()), [false, false, false]);
    assert!(exchange(&token, "access_token", "").is_err(), "an issuer's token is none of ours");
    assert!(exchange(&narrowed.access_token, "jwt", "").is_err(), "ours is no issuer's");
}
