//! The published SigV4 suites: every signed request is accepted, and refused once a byte of it is changed.

#[path = "../../tests/wire/mod.rs"]
mod wire;

use super::{AwsKey, AwsKeys, OURS, Rules, header, query};
use crate::access_key::AccessKey;
use crate::credential::{Credential, find};
use crate::failure::Failure;
use crate::principal::{Owner, Principal};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use units::{Organisation, Subject, Team, Timestamp};
use wire::Request;

/// Where the vectors are, if they are here.
pub fn vectors(set: &str) -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/fixtures");
    let root = std::env::var("OFFTAKE_VECTORS").unwrap_or_else(|_| beside.to_owned());
    let path = PathBuf::from(root).join(set);
    if !path.is_dir() {
        println!("skipped: no vectors ({set})");
        return None;
    }
    Some(path)
}

fn keys(id: &str, secret: &str, session_token: Option<&str>) -> AwsKeys {
    let key = AccessKey {
        id: id.into(),
        secret: secret.into(),
        session_token: session_token.map(str::to_owned),
        owner: Owner {
            organisation: Organisation::new("o").unwrap(),
            team: Team::new("t").unwrap(),
            subject: Subject::new("s").unwrap(),
        },
        expires: None,
    };
    let lasting = [(id.to_owned(), Arc::new(AwsKey::new(key)))].into();
    AwsKeys { lasting, ..AwsKeys::default() }
}

fn verify(
    rules: &Rules,
    keys: &AwsKeys,
    request: &Request,
    now: Timestamp,
) -> Result<Arc<Principal>, Failure> {
    let head = request.head();
    let pending = match find(&head)? {
        Credential::SigV4Header(fields) => header::begin(rules, keys, &head, fields, now)?,
        Credential::SigV4Query(text) => query::begin(rules, keys, &head, text, now)?,
        Credential::Secret(_) => return Err(Failure::Missing),
    };
    pending.finish(&request.body)
}

/// Accepted as it is, twice (the second time with the day's key remembered); refused once tampered with.
#[track_caller]
fn check(rules: &Rules, keys: &AwsKeys, request: &Request, now: Timestamp) {
    for _ in 0..2 {
        if let Err(failure) = verify(rules, keys, request, now) {
            panic!("{failure}\n{request:#?}");
        }
    }
    for (part, tampered) in request.tampered() {
        assert!(verify(rules, keys, &tampered, now).is_err(), "{part} changed\n{request:#?}");
    }
}

#[test]
fn the_whole_suite_in_both_forms() {
    let Some(root) = vectors("awslabs+aws-c-auth/v4") else { return };
    let mut checks = 0;
    for case in std::fs::read_dir(root).unwrap() {
        let case = case.unwrap().path();
        let read = |name: &str| std::fs::read_to_string(case.join(name)).unwrap();
        let context: Value = serde_json::from_str(&read("context.json")).unwrap();
        let credentials = &context["credentials"];
        let keys = keys(
            credentials["access_key_id"].as_str().unwrap(),
            credentials["secret_access_key"].as_str().unwrap(),
            credentials["token"].as_str(),
        );
        let rules = Rules {
            services: &["service"],
            normalise: context["normalize"].as_bool().unwrap(),
            token_signed: !context["omit_session_token"].as_bool().unwrap_or(false),
        };
        let now = context["timestamp"].as_str().unwrap().parse().unwrap();
        for form in ["header", "query"] {
            check(&rules, &keys, &Request::parse(&read(&format!("{form}-signed-request.txt"))), now);
            checks += 1;
        }
    }
    assert_eq!(checks, 76);
}

#[test]
fn pitfall_54_paths_are_encoded_twice() {
    let Some(root) = vectors("smithy-lang+smithy-rs/sigv4") else { return };
    let rules = Rules { services: &["service", "lambda"], ..OURS };
    for (case, id, secret, now) in [
        ("double-encode-path", "ANOTREAL", "notrealrnrELgWzOk3IfjzDKtFBhDby", "2015-08-30T12:36:00Z"),
        (
            "double-url-encode",
            "AKIDEXAMPLE",
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            "2021-05-11T15:40:45Z",
        ),
    ] {
        let text = std::fs::read_to_string(root.join(case).join("header-signed-request.txt")).unwrap();
        check(&rules, &keys(id, secret, None), &Request::parse(&text), now.parse().unwrap());
    }
}
