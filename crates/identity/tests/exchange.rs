//! The token exchange: what it asks for, what it gives, and that no name in a request widens anything.
#![cfg(test)]

mod fixture;

use fixture::{NOW, directory, foreign, good_claims, issuer, jwks};
use identity::{
    Authentication, BuildError, Directory, Failure, Head, IssuedToken, Keys, Kind, Method, TokenRequest,
};
use serde_json::{Value, json};

fn json_request(change: &Value) -> Vec<u8> {
    let mut request = json!({
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": foreign("EdDSA", Some("ed"), &good_claims()),
        "federation_rule_id": "cluster", "organization_id": "acme",
    });
    for (name, value) in change.as_object().unwrap() {
        request[name] = value.clone();
    }
    request.to_string().into_bytes()
}

fn exchange(body: &[u8]) -> Result<IssuedToken, Failure> {
    directory().exchange(&TokenRequest::from_json(body)?, NOW, [9; 16])
}

#[test]
fn the_anthropic_form_gives_a_token_that_works() {
    let token = exchange(&json_request(&json!({
        "service_account_id": "system:serviceaccount:ml:trainer", "workspace_id": "ml", "unheard_of": "ignored",
    })))
    .unwrap();
    assert_eq!((token.expires_in, token.id.len()), (3600, 32));
    let headers = [("authorization", format!("Bearer {}", token.access_token))]
        .map(|(name, value)| (name, value.parse().unwrap()));
    let headers =
        headers.into_iter().map(|(name, value)| (http::HeaderName::from_static(name), value)).collect();
    let head = Head { method: "POST", path: "/v1/messages", query: None, headers: &headers };
    let Ok(Authentication::Known(principal)) = directory().authenticate(&head, NOW.plus_seconds(3599)) else {
        panic!("the token is not accepted");
    };
    assert_eq!(principal.to_string(), "acme/ml/system:serviceaccount:ml:trainer");
    assert_eq!(principal.method, Method::OfftakeToken);
}

#[test]
fn the_form_of_rfc_8693() {
    let token = foreign("ES256", Some("ec"), &good_claims());
    let body = format!(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token={token}\
         &subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt"
    );
    let request = TokenRequest::from_form(body.as_bytes()).unwrap();
    assert!(directory().exchange(&request, NOW, [9; 16]).is_ok());
    for bad in ["", "grant_type", "subject_token=a", "grant_type=a&grant_type=b&subject_token=c", "%ff=a"] {
        assert!(TokenRequest::from_form(bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn names_select_and_narrow_but_never_widen() {
    for (name, change, kind) in [
        ("another rule", json!({"federation_rule_id": "elsewhere"}), Kind::Invalid),
        ("another organisation", json!({"organization_id": "demo"}), Kind::Forbidden),
        ("another subject", json!({"service_account_id": "root"}), Kind::Forbidden),
        ("another team", json!({"workspace_id": "finance"}), Kind::Forbidden),
        ("another grant", json!({"grant_type": "client_credentials"}), Kind::Request),
        ("no token", json!({"assertion": ""}), Kind::Request),
        ("an unknown scope", json!({"scope": "admin"}), Kind::Request),
        ("somebody else's address", json!({"resource": "https://other.example"}), Kind::Request),
        ("two rules", json!({"audience": "elsewhere"}), Kind::Request),
        ("a key is no token", json!({"assertion": fixture::KEY}), Kind::Malformed),
        ("our own token", json!({"assertion": fixture::ours(&directory())}), Kind::Invalid),
        ("far too long", json!({"assertion": "a".repeat(17_000)}), Kind::Malformed),
        ("a body too long", json!({"assertion": "a".repeat(70_000)}), Kind::Malformed),
    ] {
        let failure = exchange(&json_request(&change)).expect_err(name);
        assert_eq!(failure.kind(), kind, "{name}: {failure}");
    }
    // A rule of the same issuer with another audience: the token is not for it, whatever the request asks.
    let mut builder = Directory::builder();
    let wide = identity::Issuer { audience: "admin".into(), ..issuer("admin") };
    builder.add_issuer(issuer("cluster")).unwrap().add_issuer(wide).unwrap();
    builder.add_token_key(&[1; 32]).unwrap();
    let request = TokenRequest::from_json(&json_request(&json!({"federation_rule_id": "admin"}))).unwrap();
    assert_eq!(builder.build().exchange(&request, NOW, [9; 16]).unwrap_err().kind(), Kind::Invalid);
}

#[test]
fn without_a_token_key_nothing_is_issued() {
    let mut builder = Directory::builder();
    builder.add_issuer(issuer("cluster")).unwrap();
    let request = TokenRequest::from_json(&json_request(&json!({}))).unwrap();
    assert_eq!(builder.build().exchange(&request, NOW, [9; 16]).unwrap_err(), Failure::NoTokenKey);
}

#[test]
fn a_key_can_be_rolled() {
    let mut builder = Directory::builder();
    builder.add_token_key(&[2; 32]).unwrap();
    // The key of `fixture::directory`, now second.
    builder.add_token_key(b"a token key of thirty-two bytes!").unwrap();
    let rolled = builder.build();
    let old = fixture::ours(&directory());
    // A token for calls is no session, which is known only once it is verified.
    assert_eq!(rolled.session(&old, NOW).unwrap_err().kind(), Kind::Forbidden);
    assert_ne!(fixture::ours(&rolled), old);
}

#[test]
fn what_cannot_be_told_apart_or_trusted_is_not_built() {
    let one = || fixture::owner("o", "t", "s");
    let mut builder = Directory::builder();
    assert!(matches!(builder.add_key("k", b"short", one(), None), Err(BuildError::Weak(..))));
    builder.add_key("k", &[1; 16], one(), None).unwrap();
    assert!(matches!(builder.add_key("l", &[1; 16], one(), None), Err(BuildError::Repeated(_))));
    assert!(matches!(builder.add_token_key(&[1; 31]), Err(BuildError::Weak(..))));
    builder.add_issuer(issuer("a")).unwrap();
    assert!(
        matches!(builder.add_issuer(issuer("b")), Err(BuildError::Repeated(_))),
        "same issuer and audience"
    );
    let mut refuse = |reason: &str, change: &dyn Fn(&mut identity::Issuer)| {
        let mut issuer = identity::Issuer { audience: reason.into(), ..issuer(reason) };
        change(&mut issuer);
        let error = builder.add_issuer(issuer).expect_err(reason).to_string();
        assert!(error.contains(reason), "{error}");
    };
    refuse("is symmetric", &|issuer| issuer.algorithms.push("HS256".into()));
    refuse("is no algorithm", &|issuer| issuer.algorithms.push("none".into()));
    refuse("no key of the set fits", &|issuer| issuer.algorithms = vec!["RS256".into()]);
    refuse("no key of the set fits", &|issuer| issuer.algorithms.clear());
    refuse("not a JWK set", &|issuer| issuer.keys = Keys::Here("{}".into()));
    refuse("two keys are named", &|issuer| {
        let mut keys = jwks();
        let first = keys["keys"][0].clone();
        keys["keys"].as_array_mut().unwrap().push(first);
        issuer.keys = Keys::Here(keys.to_string());
    });
}
