//! Wycheproof's JSON Web Signature and Key vectors, as far as an issuer may use them here.
//!
//! Every case runs. An issuer has no symmetric key here, and no key on P-521 (no algorithm of ours): those cases are
//! run as well, and each has to be refused. Stricter than the vectors, too: a signature by PS384 with a key that
//! declares PS256 (`Figure20`) is refused.

use crate::claims::Jws;
use crate::issuer::{Issuer, Trusted};
use crate::keys::Keys;
use crate::principal::CallerKind;
use crate::rule::Rule;
use crate::sigv4::suite::vectors;
use serde_json::{Value, json};

/// The issuer with these keys that pins only the algorithms its keys declare, or all when they declare none.
fn trusted(keys: &Value) -> Result<Trusted, String> {
    let all = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];
    let declared: Vec<String> = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|key| key["alg"].as_str())
        .filter(|name| all.contains(name))
        .map(str::to_owned)
        .collect();
    let algorithms = if declared.is_empty() { all.map(str::to_owned).to_vec() } else { declared };
    Trusted::new(Issuer {
        name: "wycheproof".into(),
        url: "https://issuer.example".into(),
        audience: "offtake".into(),
        algorithms,
        keys: Keys::Here(keys.to_string()),
        organisation: Rule::Fixed("o".into()),
        team: Rule::Fixed("t".into()),
        subject: Rule::Claim("sub".into()),
        kind: CallerKind::Workload,
        required: Vec::new(),
        allowed: Vec::new(),
        scope: None,
    })
}

fn accepts(keys: &Value, jws: &str) -> bool {
    let Ok(trusted) = trusted(keys) else { return false };
    Jws::parse(jws).is_ok_and(|jws| trusted.accepts_signature(&jws))
}

/// Runs one file; returns how many cases were accepted and refused as the vectors have it, and how many were refused for
/// their kind of key.
fn run(file: &str) -> Option<(usize, usize, usize)> {
    let path = vectors("C2SP+wycheproof")?.join(file);
    let set: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let (mut valid, mut invalid, mut foreign) = (0, 0, 0);
    let mut wrong = Vec::new();
    for group in set["testGroups"].as_array().unwrap() {
        // Where there is no public key the key is symmetric; it stands under `private`.
        let key = if group["public"].is_null() { &group["private"] } else { &group["public"] };
        let keys = if key["keys"].is_null() { json!({ "keys": [key] }) } else { key.clone() };
        for test in group["tests"].as_array().unwrap() {
            let stricter = test["comment"] == "Figure20" && keys["keys"][0]["alg"] == "PS256";
            let expected = test["result"] == "valid" && !stricter;
            let unsupported = unsupported(&keys);
            let expected = expected && !unsupported;
            *(match expected {
                _ if unsupported => &mut foreign,
                true => &mut valid,
                false => &mut invalid,
            }) += 1;
            if accepts(&keys, test["jws"].as_str().unwrap_or_default()) != expected {
                wrong.push(format!("{} {} {}", test["tcId"], test["comment"], test["result"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(set["numberOfTests"], valid + invalid + foreign, "every case has run");
    Some((valid, invalid, foreign))
}

/// Whether a set has only keys of a kind that no issuer may use here.
fn unsupported(keys: &Value) -> bool {
    keys["keys"].as_array().unwrap().iter().all(|key| key["kty"] == "oct" || key["crv"] == "P-521")
}

#[test]
fn signatures() {
    let Some(ran) = run("json_web_signature_test.json") else { return };
    assert_eq!(ran, (32, 327, 42));
}

#[test]
fn keys() {
    let Some(ran) = run("json_web_key_test.json") else { return };
    assert_eq!(ran, (1, 11, 14));
}
