//! Id tokens of a login and the tokens of access proxies: what is believed, and every way in which one is not.
#![cfg(test)]

mod fixture;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use fixture::{KEY, NOW, OTHER_KEY, directory, foreign, jwks, unsigned_text};
use http::HeaderMap;
use identity::{AssertionRule, Assertions, Audience, Directory, Failure, Head, signing_key};
use serde_json::{Value, json};

fn login() -> Assertions {
    let rule = AssertionRule {
        name: "login".into(),
        issuer: "https://login.example".into(),
        audience: Audience::Claim("portal".into()),
        algorithms: vec!["ES256".into()],
    };
    Assertions::new(rule, &jwks().to_string()).unwrap()
}

fn claims() -> Value {
    json!({
        "iss": "https://login.example", "aud": "portal", "sub": "ada", "nonce": "n-1",
        "iat": NOW.seconds(), "exp": NOW.seconds() + 300,
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

#[test]
fn a_login_is_believed_only_as_it_was_begun() {
    let verify = |claims: &Value| login().verify_login(&foreign("ES256", Some("ec"), claims), "n-1", NOW);
    let good = verify(&claims()).unwrap();
    assert_eq!(good.claims["sub"], "ada");
    assert!(verify(&with("azp", json!("portal"))).is_ok());
    let mut both = with("aud", json!(["portal", "other"]));
    assert!(verify(&both).is_err(), "for several, and issued to nobody in particular");
    both["azp"] = json!("portal");
    assert!(verify(&both).is_ok());
    for wrong in [
        with("nonce", json!("n-2")),
        with("nonce", json!("")),
        with("nonce", Value::Null),
        with("aud", json!("other")),
        with("aud", json!(["other"])),
        with("aud", json!("portal ")),
        with("azp", json!("other")),
        with("azp", json!(["portal"])),
        with("iss", json!("https://login.example/")),
        with("iss", json!("https://evil.example")),
        with("exp", json!(NOW.seconds() - 61)),
        with("exp", Value::Null),
        with("iat", json!(NOW.seconds() + 120)),
        with("nbf", json!(NOW.seconds() + 120)),
    ] {
        assert!(verify(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn only_the_configured_keys_and_algorithms_count() {
    let verify = |token: &str| login().verify(token, NOW).map(drop);
    assert_eq!(verify(&foreign("ES256", Some("ec"), &claims())), Ok(()));
    // The set also has an Ed25519 key, but its algorithm is not pinned.
    assert!(matches!(verify(&foreign("EdDSA", Some("ed"), &claims())), Err(Failure::Algorithm(_))));
    let unknown = verify(&foreign("ES256", Some("other"), &claims()));
    assert!(
        matches!(unknown, Err(Failure::Unknown { what: "signing key", .. })),
        "so that keys are asked for"
    );
    for header in [r#"{"alg":"none"}"#, r#"{"alg":"None"}"#, r#"{"alg":"ES256","kid":"ec"}"#] {
        assert!(verify(&unsigned_text(header, &claims().to_string())).is_err(), "{header}");
    }
    let good = foreign("ES256", Some("ec"), &claims());
    let forged = foreign("ES256", Some("ec"), &with("sub", json!("eve")));
    let (signed, _) = forged.rsplit_once('.').unwrap();
    let (_, signature) = good.rsplit_once('.').unwrap();
    assert!(verify(&format!("{signed}.{signature}")).is_err(), "another token's signature");
    assert!(verify(&format!("{good}=")).is_err(), "padding is for load balancers");
    assert!(verify(&"x".repeat(17 << 10)).is_err());
}

// ── an AWS load balancer ────────────────────────────────────────────────────────────────────────────────────

const ARN: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/front/50dc6c495c0c9188";

fn balancer(client: Option<&str>, keys: &Value) -> Assertions {
    let rule = AssertionRule {
        name: "front".into(),
        issuer: "https://login.example".into(),
        audience: Audience::Balancer { signer: ARN.into(), client: client.map(str::to_owned) },
        algorithms: vec!["ES256".into()],
    };
    Assertions::new(rule, &keys.to_string()).unwrap()
}

fn padded(pair: &EcdsaKeyPair, header: &Value, claims: &Value) -> String {
    let signed = format!("{}.{}", URL_SAFE.encode(header.to_string()), URL_SAFE.encode(claims.to_string()));
    let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
    format!("{signed}.{}", URL_SAFE.encode(signature))
}

#[test]
fn a_load_balancers_token_is_padded_and_names_its_signer() {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let point = pair.public_key().as_ref();
    let keys = json!({"keys": [{
        "kty": "EC", "crv": "P-256", "kid": "k-1",
        "x": URL_SAFE_NO_PAD.encode(&point[1..33]), "y": URL_SAFE_NO_PAD.encode(&point[33..]),
    }]});
    let header = json!({
        "typ": "JWT", "kid": "k-1", "alg": "ES256", "iss": "https://login.example", "client": "alb-client",
        "signer": ARN, "exp": NOW.seconds() + 120,
    });
    let person = json!({"sub": "ada", "email": "ada@acme.example"});
    let believed = balancer(Some("alb-client"), &keys).verify(&padded(&pair, &header, &person), NOW).unwrap();
    assert_eq!(believed.claims["email"], "ada@acme.example");
    assert!(balancer(None, &keys).verify(&padded(&pair, &header, &person), NOW).is_ok());
    assert!(balancer(Some("another"), &keys).verify(&padded(&pair, &header, &person), NOW).is_err());
    for (name, value) in [
        ("signer", json!(ARN.replace("front", "back"))),
        ("signer", Value::Null),
        ("iss", json!("https://evil.example")),
        ("exp", json!(NOW.seconds() - 90)),
        ("alg", json!("none")),
        ("kid", json!("k-2")),
    ] {
        let mut wrong = header.clone();
        wrong[name] = value;
        assert!(balancer(None, &keys).verify(&padded(&pair, &wrong, &person), NOW).is_err(), "{wrong}");
    }
    // The payload's own end and issuer go before the header's.
    let mut over = person;
    over["exp"] = json!(NOW.seconds() - 90);
    assert!(balancer(None, &keys).verify(&padded(&pair, &header, &over), NOW).is_err());
    let theirs = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    assert!(balancer(None, &keys).verify(&padded(&theirs, &header, &json!({"sub": "ada"})), NOW).is_err());
}

// ── ending a key ────────────────────────────────────────────────────────────────────────────────────────────

fn call(directory: &Directory, key: &str) -> Result<(), Failure> {
    let mut headers = HeaderMap::new();
    headers.insert("x-api-key", key.parse().unwrap());
    let head = Head { method: "POST", path: "/v1/messages", query: None, headers: &headers };
    directory.authenticate(&head, NOW).map(drop)
}

#[test]
fn a_revoked_key_ends_at_once_and_no_other_does() {
    let directory = directory();
    let known = directory.known();
    let names: Vec<&str> = known.iter().map(|known| known.principal.proof.as_str()).collect();
    assert_eq!(names, ["AKIDEXAMPLE", "alice-laptop", "old", "other"]);
    assert!(known.iter().all(|known| !known.revoked) && known[0].print.is_empty());
    assert_eq!(call(&directory, KEY), Ok(()));
    assert!(!directory.revoke("") && !directory.revoke("0123456789abcdef"), "nobody's");
    assert!(directory.revoke(&known[1].print));
    assert_eq!(call(&directory, KEY), Err(Failure::Revoked("alice-laptop".into())));
    assert_eq!(call(&directory, OTHER_KEY), Ok(()));
    assert!(directory.known()[1].revoked);
    assert_eq!(directory.issuers().map(|issuer| issuer.name.as_str()).collect::<Vec<_>>(), ["cluster"]);
}

#[test]
fn the_signing_key_of_a_token_is_only_a_name() {
    assert_eq!(signing_key(&foreign("ES256", Some("ec"), &claims())).as_deref(), Some("ec"));
    for nothing in ["", "a.b", "a.b.c", &foreign("ES256", None, &claims())] {
        assert_eq!(signing_key(nothing), None);
    }
}
