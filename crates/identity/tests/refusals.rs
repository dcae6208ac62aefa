//! Who is let in and who is not, as tables: a good request of each kind, then one fault at a time.
#![cfg(test)]

mod fixture;
mod wire;

use fixture::{NOW, directory, foreign, good_claims, ours, signed};
use identity::{Authentication, Directory, Failure, Kind, Method, Principal};
use serde_json::json;
use std::sync::Arc;
use units::Timestamp;
use wire::{Request, flip_last};

fn authenticate(directory: &Directory, request: &Request, now: Timestamp) -> Result<Arc<Principal>, Failure> {
    match directory.authenticate(&request.head(), now)? {
        Authentication::Known(principal) => Ok(principal),
        Authentication::AwaitsBody(pending) => pending.finish(&request.body),
    }
}

fn request(headers: &str) -> Request {
    Request::parse(&format!("POST /v1/messages HTTP/1.1\nhost: h\n{headers}\n\n{{}}"))
}

#[track_caller]
fn accept(request: &Request, who: &str, method: Method) -> Arc<Principal> {
    let directory = directory();
    let principal = authenticate(&directory, request, NOW).unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!((principal.to_string().as_str(), principal.method), (who, method));
    // Again, from memory where it is remembered.
    assert_eq!(authenticate(&directory, request, NOW).unwrap(), principal);
    principal
}

#[track_caller]
fn refuse(name: &str, request: &Request, expected: Kind) {
    refuse_at(name, request, NOW, expected);
}

/// Refused for the reason expected, and no secret in either text.
#[track_caller]
fn refuse_at(name: &str, request: &Request, now: Timestamp, expected: Kind) {
    let failure = authenticate(&directory(), request, now).expect_err(name);
    assert_eq!(failure.kind(), expected, "{name}: {failure}");
    for text in [failure.to_string(), failure.public(), format!("{failure:?}")] {
        for secret in [fixture::KEY, fixture::AWS_SECRET, fixture::AWS_TOKEN, "canary"] {
            assert!(!text.contains(secret), "{name}: {text}");
        }
    }
}

#[test]
fn virtual_keys_come_in_any_of_four_headers() {
    for header in
        ["x-api-key: ", "authorization: Bearer ", "authorization: bearer ", "x-goog-api-key: ", "api-key: "]
    {
        let found =
            accept(&request(&format!("{header}{}", fixture::KEY)), "demo/bench/alice", Method::VirtualKey);
        assert_eq!(found.proof, "alice-laptop");
    }
    let twice = format!("x-api-key: {0}\nauthorization: Bearer {0}", fixture::KEY);
    accept(&request(&twice), "demo/bench/alice", Method::VirtualKey);
}

#[test]
fn credentials_that_are_none() {
    let key = fixture::KEY;
    let other = fixture::OTHER_KEY;
    let longest = "a".repeat(17_000);
    for (name, headers, kind) in [
        ("nothing", String::new(), Kind::Missing),
        ("empty key", "x-api-key: ".into(), Kind::Missing),
        ("unknown key", "x-api-key: sk-canary-unknown-key".into(), Kind::Invalid),
        ("a key's beginning", format!("x-api-key: {}", &key[..20]), Kind::Invalid),
        ("a key and more", format!("x-api-key: {key}x"), Kind::Invalid),
        ("another case", format!("x-api-key: {}", key.to_uppercase()), Kind::Invalid),
        ("two keys in two headers", format!("x-api-key: {key}\napi-key: {other}"), Kind::Malformed),
        ("two keys in one header", format!("x-api-key: {key}\nx-api-key: {other}"), Kind::Malformed),
        (
            "authorization twice",
            format!("authorization: Bearer {key}\nauthorization: Bearer {key}"),
            Kind::Malformed,
        ),
        (
            "key and bearer differ",
            format!("x-api-key: {key}\nauthorization: Bearer {other}"),
            Kind::Malformed,
        ),
        ("basic", "authorization: Basic YTpjYW5hcnk=".into(), Kind::Malformed),
        ("bearer of nothing", "authorization: Bearer".into(), Kind::Malformed),
        ("no scheme", format!("authorization: {key}"), Kind::Malformed),
        ("too long", format!("x-api-key: {longest}"), Kind::Malformed),
        ("not ASCII", "x-api-key: clé-canary-clé-canary".into(), Kind::Malformed),
        ("expired key", format!("x-api-key: {}", fixture::EXPIRED_KEY), Kind::Expired),
        ("hostile", "x-api-key: ' OR 1=1; DROP TABLE keys; -- canary".into(), Kind::Invalid),
        (
            "a signature and a key",
            signed("bedrock-converse-colon", &format!("x-api-key: {key}")),
            Kind::Malformed,
        ),
    ] {
        let request = if headers.starts_with("POST") { Request::parse(&headers) } else { request(&headers) };
        refuse(name, &request, kind);
    }
}

#[test]
fn our_tokens() {
    let directory = directory();
    let alice = authenticate(&directory, &request(&format!("x-api-key: {}", fixture::KEY)), NOW).unwrap();
    let issue = |principal: &Principal, random| directory.issue(principal, 600, NOW, [random; 16]).unwrap();
    let token = issue(&alice, 7);
    let bearer = |token: &str| request(&format!("authorization: Bearer {token}"));
    let found = authenticate(&directory, &bearer(&token.access_token), NOW).unwrap();
    assert_eq!((found.class, found.method, &found.proof), (alice.class, Method::OfftakeToken, &token.id));
    assert!(!format!("{token:?}").contains(&token.access_token));
    // Remembered, and still over when it is over.
    let over = authenticate(&directory, &bearer(&token.access_token), NOW.plus_seconds(600));
    assert_eq!(over.unwrap_err().kind(), Kind::Expired);

    let session = issue(&alice.with_method(Method::Session), 8);
    assert_eq!(directory.session(&session.access_token, NOW).unwrap().method, Method::Session);
    let as_call = authenticate(&directory, &bearer(&session.access_token), NOW);
    assert_eq!(as_call.unwrap_err().kind(), Kind::Forbidden);
    assert_eq!(directory.session(&token.access_token, NOW).unwrap_err().kind(), Kind::Forbidden);
    assert_eq!(directory.session(fixture::KEY, NOW).unwrap_err().kind(), Kind::Forbidden);
}

/// A token that shares all but its end with one that was verified and remembered.
#[test]
fn pitfall_80_a_look_alike_of_a_remembered_token_is_refused() {
    let directory = directory();
    for token in [ours(&directory), foreign("EdDSA", Some("ed"), &good_claims())] {
        let good = request(&format!("authorization: Bearer {token}"));
        authenticate(&directory, &good, NOW).unwrap();
        // The first letter of the signature: the last one may have bits that are not used.
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let first = if signature.starts_with('A') { 'B' } else { 'A' };
        for other in
            [format!("{signed}.{first}{}", &signature[1..]), signed.to_owned() + ".", token.clone() + "A"]
        {
            let other = request(&format!("authorization: Bearer {other}"));
            let failure = authenticate(&directory, &other, NOW).unwrap_err();
            assert!(matches!(failure.kind(), Kind::Invalid | Kind::Malformed), "{failure}");
        }
    }
}

#[test]
fn tokens_of_a_named_issuer() {
    for (algorithm, key) in [("EdDSA", "ed"), ("ES256", "ec")] {
        let token = foreign(algorithm, Some(key), &good_claims());
        let bearer = request(&format!("authorization: Bearer {token}"));
        let found = accept(&bearer, "acme/ml/system:serviceaccount:ml:trainer", Method::Jwt);
        assert_eq!(found.proof, "jti-1");
    }
}

#[test]
fn tokens_with_one_fault() {
    let claims = |change: serde_json::Value| {
        let mut claims = good_claims();
        for (name, value) in change.as_object().unwrap() {
            match value.is_null() {
                true => claims.as_object_mut().unwrap().remove(name),
                false => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
            };
        }
        foreign("EdDSA", Some("ed"), &claims)
    };
    let now = NOW.seconds();
    for (name, token, kind) in [
        ("another issuer", claims(json!({"iss": "https://issuer.example/"})), Kind::Invalid),
        ("no issuer", claims(json!({"iss": null})), Kind::Invalid),
        ("another audience", claims(json!({"aud": "other"})), Kind::Invalid),
        ("no audience", claims(json!({"aud": null})), Kind::Invalid),
        ("audience that begins alike", claims(json!({"aud": ["offtake2", "offtak"]})), Kind::Invalid),
        ("expired", claims(json!({"exp": now - 61})), Kind::Expired),
        ("no expiry", claims(json!({"exp": null})), Kind::Malformed),
        ("expiry in words", claims(json!({"exp": "tomorrow"})), Kind::Malformed),
        ("endless expiry", claims(json!({"exp": 1e300})), Kind::Malformed),
        ("not yet", claims(json!({"nbf": now + 61})), Kind::Expired),
        ("issued in the future", claims(json!({"iat": now + 3600})), Kind::Expired),
        ("no subject", claims(json!({"sub": null})), Kind::Invalid),
        ("subject with a line break", claims(json!({"sub": "a\nb"})), Kind::Invalid),
        ("subject of another type", claims(json!({"sub": 7})), Kind::Invalid),
        ("a required claim differs", claims(json!({"environment": "staging"})), Kind::Invalid),
        ("algorithm not pinned", foreign("ES384", Some("ec"), &good_claims()), Kind::Invalid),
        ("none", fixture::unsigned(r#"{"alg":"none"}"#), Kind::Invalid),
        ("None", fixture::unsigned(r#"{"alg":"None","kid":"ed"}"#), Kind::Invalid),
        ("HMAC with the public key", fixture::confused("ed"), Kind::Invalid),
        ("HMAC with the public key, no key named", fixture::confused(""), Kind::Invalid),
        ("key of another algorithm", foreign("EdDSA", Some("ec"), &good_claims()), Kind::Invalid),
        ("unknown key", foreign("EdDSA", Some("../../etc/passwd"), &good_claims()), Kind::Invalid),
        ("no key named, several known", foreign("EdDSA", None, &good_claims()), Kind::Invalid),
        ("crit", fixture::unsigned(r#"{"alg":"EdDSA","kid":"ed","crit":["b64"]}"#), Kind::Malformed),
        ("b64", fixture::unsigned(r#"{"alg":"EdDSA","kid":"ed","b64":false}"#), Kind::Malformed),
        ("alg twice", fixture::unsigned(r#"{"alg":"EdDSA","alg":"none"}"#), Kind::Malformed),
        (
            "keys brought along",
            fixture::unsigned(r#"{"alg":"EdDSA","kid":"x","jwk":{"kty":"OKP"},"jku":"http://canary"}"#),
            Kind::Invalid,
        ),
        ("header is no object", fixture::unsigned("[\"eyJ\"]"), Kind::Invalid),
        ("ours, by another key", fixture::ours_by_another_key(), Kind::Invalid),
    ] {
        refuse(name, &request(&format!("authorization: Bearer {token}")), kind);
    }
    let leeway = claims(json!({"exp": now - 59, "nbf": now + 59}));
    let found = authenticate(&directory(), &request(&format!("authorization: Bearer {leeway}")), NOW);
    assert!(found.is_ok(), "a minute of leeway: {found:?}");
}

#[test]
fn requests_that_real_clients_signed() {
    for (name, who) in [
        ("bedrock-converse-colon", "bob"),
        ("bedrock-converse-stream", "bob"),
        ("bedrock-invoke-percent-space", "bob"),
        ("anthropic-bedrock", "bob"),
        ("anthropic-bedrock-mantle", "bob"),
        ("anthropic-aws", "bob"),
        ("presigned-get", "bob"),
        ("bedrock-api-key", "bob"),
    ] {
        let request = Request::parse(&signed(name, ""));
        let found = accept(&request, &format!("demo/bench/{who}"), Method::SigV4);
        assert_eq!(found.proof, "AKIDEXAMPLE");
        if name == "bedrock-api-key" {
            continue;
        }
        for (part, tampered) in request.tampered() {
            let failure = authenticate(&directory(), &tampered, NOW).expect_err(&format!("{name}: {part}"));
            assert!(
                matches!(failure.kind(), Kind::Invalid | Kind::Malformed | Kind::Skew),
                "{name} {part} {failure}"
            );
        }
    }
}

#[test]
fn temporary_keys_come_with_their_session_token() {
    let temporary = fixture::temporary_directory();
    for name in ["bedrock-converse-arn-session", "anthropic-aws-session", "bedrock-api-key-session"] {
        let request = Request::parse(&signed(name, ""));
        assert_eq!(authenticate(&temporary, &request, NOW).unwrap().subject.as_str(), "bob", "{name}");
        refuse("a token for a lasting key", &request, Kind::Invalid);
        let over = authenticate(&temporary, &request, NOW.plus_seconds(200)).unwrap_err();
        assert_eq!(over.kind(), Kind::Expired, "{name}");
        if name != "bedrock-api-key-session" {
            let mut without = request.clone();
            without.headers.remove("x-amz-security-token");
            assert_eq!(authenticate(&temporary, &without, NOW).unwrap_err().kind(), Kind::Invalid, "{name}");
        }
    }
    let without = Request::parse(&signed("bedrock-converse-colon", ""));
    assert_eq!(authenticate(&temporary, &without, NOW).unwrap_err().kind(), Kind::Invalid);
}

#[test]
fn signatures_with_one_fault() {
    type Change = fn(&mut Request);
    let good = Request::parse(&signed("anthropic-aws", ""));
    let cases: [(&str, Change, Kind); 17] = [
        (
            "unknown access key",
            |r| r.edit("authorization", |v| v.replace("AKIDEXAMPLE", "AKIDOTHER")),
            Kind::Invalid,
        ),
        (
            "a secret as the id",
            |r| r.edit("authorization", |v| v.replace("AKIDEXAMPLE", fixture::AWS_SECRET)),
            Kind::Malformed,
        ),
        (
            "pitfall 57: another service",
            |r| r.edit("authorization", |v| v.replace("aws-external-anthropic", "s3")),
            Kind::Invalid,
        ),
        (
            "another service of ours",
            |r| r.edit("authorization", |v| v.replace("aws-external-anthropic", "bedrock")),
            Kind::Invalid,
        ),
        (
            "another region",
            |r| r.edit("authorization", |v| v.replace("us-east-1", "eu-west-1")),
            Kind::Invalid,
        ),
        (
            "another day",
            |r| r.edit("authorization", |v| v.replace("/20261124/", "/20261123/")),
            Kind::Invalid,
        ),
        (
            "another ending",
            |r| r.edit("authorization", |v| v.replace("aws4_request", "aws5_request")),
            Kind::Malformed,
        ),
        ("no date", |r| drop(r.headers.remove("x-amz-date")), Kind::Malformed),
        ("a date in words", |r| r.edit("x-amz-date", |_| "today".into()), Kind::Malformed),
        (
            "date twice",
            |r| assert!(r.headers.append("x-amz-date", "20261124T090000Z".parse().unwrap())),
            Kind::Malformed,
        ),
        ("an unsigned x-amz header", |r| r.edit("x-amz-target", |_| "Other".into()), Kind::Invalid),
        (
            "the workspace unsigned",
            |r| r.edit("authorization", |v| v.replace("anthropic-workspace-id;", "")),
            Kind::Invalid,
        ),
        ("the host unsigned", |r| r.edit("authorization", |v| v.replace("host;", "")), Kind::Invalid),
        ("a signed header is gone", |r| drop(r.headers.remove("accept")), Kind::Malformed),
        (
            "signed headers out of order",
            |r| r.edit("authorization", |v| v.replace("accept;accept-encoding", "accept-encoding;accept")),
            Kind::Malformed,
        ),
        (
            "no signature",
            |r| r.edit("authorization", |v| v.split(", Signature").next().unwrap().into()),
            Kind::Malformed,
        ),
        ("signature too short", |r| r.edit("authorization", |v| v[..v.len() - 1].into()), Kind::Malformed),
    ];
    for (name, change, kind) in cases {
        let mut request = good.clone();
        change(&mut request);
        refuse(name, &request, kind);
    }
    for (name, value) in
        [("unsigned body", "UNSIGNED-PAYLOAD"), ("streamed body", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")]
    {
        let mut request = good.clone();
        request.edit("x-amz-content-sha256", |_| value.into());
        request.edit("authorization", |v| v.replace(";x-amz-date", ";x-amz-content-sha256;x-amz-date"));
        refuse(name, &request, Kind::Invalid);
    }
}

#[test]
fn clocks() {
    let header = Request::parse(&signed("anthropic-aws", ""));
    for seconds in [-300, 300] {
        assert!(authenticate(&directory(), &header, NOW.plus_seconds(seconds)).is_ok(), "{seconds}");
    }
    for seconds in [-301, 301, 86_400, -86_400 * 365] {
        refuse_at("skewed", &header, NOW.plus_seconds(seconds), Kind::Skew);
    }
    let presigned = Request::parse(&signed("presigned-get", ""));
    assert!(authenticate(&directory(), &presigned, NOW.plus_seconds(899)).is_ok());
    refuse_at("presigned, over", &presigned, NOW.plus_seconds(900), Kind::Expired);
    refuse_at("presigned, ahead", &presigned, NOW.plus_seconds(-301), Kind::Skew);
    let mut longer = presigned.clone();
    longer.query = longer.query.map(|query| query.replace("X-Amz-Expires=900", "X-Amz-Expires=9000"));
    refuse("presigned, made longer", &longer, Kind::Invalid);
    longer.query = longer.query.map(|query| query.replace("X-Amz-Expires=9000", "X-Amz-Expires=604801"));
    refuse("presigned, too long", &longer, Kind::Malformed);
    let mut twice = presigned;
    twice.query = twice.query.map(|query| query + "&X-Amz-Expires=604800");
    refuse("presigned, a parameter twice", &twice, Kind::Malformed);
}

#[test]
fn short_term_keys_are_for_bedrock_calls_only() {
    let good = signed("bedrock-api-key", "");
    let at = |hours: i64| NOW.plus_seconds(hours * 3600);
    assert!(authenticate(&directory(), &Request::parse(&good), at(11)).is_ok());
    refuse_at("over", &Request::parse(&good), at(12), Kind::Expired);
    let token = good.split_once("Bearer ").unwrap().1.lines().next().unwrap().to_owned();
    for (name, other) in [
        ("not base 64", "bedrock-api-key-!!!".to_owned()),
        ("another host", fixture::api_key(&token, "bedrock.amazonaws.com", "evil.example")),
        ("another action", fixture::api_key(&token, "CallWithBearerToken", "ListKeys")),
        ("no version", fixture::api_key(&token, "&Version=1", "")),
    ] {
        refuse(name, &request(&format!("authorization: Bearer {other}")), Kind::Malformed);
    }
    let later = fixture::api_key(&token, "X-Amz-Expires=43200", "X-Amz-Expires=43100");
    refuse("another lifetime", &request(&format!("authorization: Bearer {later}")), Kind::Invalid);
    refuse("cut", &request(&format!("authorization: Bearer {}", flip_last(&token))), Kind::Malformed);
}
