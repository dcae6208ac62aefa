//! Temporary AWS keys: issued for a web identity, known again by their session token, good for signatures only.
#![cfg(test)]

mod fixture;
mod wire;

use fixture::{NOW, directory, foreign, good_claims};
use http::{HeaderMap, HeaderValue};
use identity::{
    Assumed, Authentication, Directory, Failure, Head, Kind, Signer, StsRequest, ToSign, WebIdentity,
};
use units::Timestamp;
use wire::{Request, flip_last};

fn web_identity(role: &str, token: &str) -> WebIdentity {
    let form = format!(
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn:aws:iam::000000000000:role/{role}\
         &RoleSessionName=test&WebIdentityToken={token}"
    );
    match StsRequest::from_form(form.as_bytes()).unwrap() {
        StsRequest::Assume(request) => request,
        StsRequest::CallerIdentity => panic!("another request"),
    }
}

fn assume(directory: &Directory) -> Assumed {
    let token = foreign("EdDSA", Some("ed"), &good_claims());
    directory.assume(&web_identity("cluster", &token), NOW, [5; 16]).unwrap()
}

fn call(
    signer: &Signer<'_>,
    directory: &Directory,
    now: Timestamp,
    change: impl FnOnce(&mut HeaderMap),
) -> Result<String, Failure> {
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("h"));
    let request = ToSign { method: "POST", path: "/model/m%3A0/converse", query: None, headers, body: b"{}" };
    let mut headers = signer.sign(request, now).unwrap();
    change(&mut headers);
    let head = Head { method: "POST", path: "/model/m%3A0/converse", query: None, headers: &headers };
    match directory.authenticate(&head, now)? {
        Authentication::AwaitsBody(pending) => {
            let principal = pending.finish(b"{}")?;
            Ok(format!("{principal} {} {}", principal.method, principal.proof))
        }
        Authentication::Known(_) => panic!("not by a signature"),
    }
}

fn signer(assumed: &Assumed) -> Signer<'_> {
    Signer {
        id: &assumed.key.id,
        secret: &assumed.key.secret,
        session_token: Some(&assumed.key.session_token),
        region: "us-east-1",
        service: "bedrock",
    }
}

#[test]
fn a_temporary_key_signs_calls_until_it_ends() {
    let issuing = directory();
    let assumed = assume(&issuing);
    let (id, secret) = (&assumed.key.id, &assumed.key.secret);
    assert!(id.starts_with("ASIA") && id.len() == 20 && secret.len() == 40, "{id}");
    assert_eq!((assumed.provider.as_str(), assumed.audience.as_str()), ("https://issuer.example", "offtake"));
    assert!(!format!("{assumed:?}").contains(secret));
    // Another replica with the same token key knows it, without having heard of it; twice, from memory.
    let other = directory();
    for _ in 0..2 {
        let who = call(&signer(&assumed), &other, NOW, |_| {});
        assert_eq!(who, Ok(format!("acme/ml/system:serviceaccount:ml:trainer sigv4 {id}")));
    }
    call(&signer(&assumed), &other, NOW.plus_seconds(3599), |_| {}).unwrap();
    let over = call(&signer(&assumed), &other, NOW.plus_seconds(3600), |_| {}).unwrap_err();
    assert_eq!(over.kind(), Kind::Expired);
}

#[test]
fn a_temporary_key_with_one_fault_is_refused() {
    let issuing = directory();
    let assumed = assume(&issuing);
    let good = signer(&assumed);
    let own_id = format!("ASIA{}", "A".repeat(16));
    let (secret, token) = (flip_last(&assumed.key.secret), flip_last(&assumed.key.session_token));
    let elsewhere = {
        let mut builder = Directory::builder();
        builder.add_token_key(b"another token key of 32 bytes !!").unwrap();
        builder.add_issuer(fixture::issuer("cluster")).unwrap();
        assume(&builder.build())
    };
    for (name, signing) in [
        ("another secret", Signer { secret: &secret, ..good }),
        ("another id", Signer { id: &own_id, ..good }),
        ("a lasting key's id", Signer { id: "AKIDEXAMPLE", ..good }),
        ("no session token", Signer { session_token: None, ..good }),
        ("a session token with one letter changed", Signer { session_token: Some(&token), ..good }),
        (
            "one of our own tokens as session token",
            Signer { session_token: Some(&fixture::ours(&issuing)), ..good },
        ),
        ("another plane's key", signer(&elsewhere)),
    ] {
        let failure = call(&signing, &issuing, NOW, |_| {}).expect_err(name);
        assert_eq!(failure.kind(), Kind::Invalid, "{name}: {failure}");
        assert!(!failure.to_string().contains(&assumed.key.session_token[20..40]), "{name}: {failure}");
    }
    let twice = call(&good, &issuing, NOW, |headers| {
        headers.append("x-amz-security-token", HeaderValue::from_str(&assumed.key.session_token).unwrap());
    });
    assert_eq!(twice.unwrap_err().kind(), Kind::Malformed, "session token twice");
    // A session token goes over the wire with every call: alone it proves nobody.
    for header in ["authorization: Bearer ", "x-api-key: "] {
        let request = format!("POST / HTTP/1.1\nhost: h\n{header}{}\n\n", assumed.key.session_token);
        let failure = issuing.authenticate(&Request::parse(&request).head(), NOW).unwrap_err();
        assert_eq!(failure.kind(), Kind::Invalid, "{header}");
    }
}

#[test]
fn a_role_is_a_rule_and_nothing_more() {
    let directory = directory();
    let token = foreign("EdDSA", Some("ed"), &good_claims());
    for (role, token, kind) in [
        ("elsewhere", token.clone(), Kind::Invalid),
        ("path/cluster2", token.clone(), Kind::Invalid),
        ("cluster", fixture::KEY.to_owned(), Kind::Malformed),
        ("cluster", fixture::ours(&directory), Kind::Invalid),
        ("cluster", fixture::confused("ed"), Kind::Invalid),
    ] {
        let failure = directory.assume(&web_identity(role, &token), NOW, [5; 16]).expect_err(role);
        assert_eq!(failure.kind(), kind, "{role}: {failure}");
    }
    let unsigned = Directory::builder().build().assume(&web_identity("cluster", &token), NOW, [5; 16]);
    assert_eq!(unsigned.unwrap_err(), Failure::NoTokenKey);
}
