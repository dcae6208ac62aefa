//! Proofs of AWS's security token service: read with care, sent only where the configuration says, good once.
#![cfg(test)]

mod fixture;
mod wire;

use fixture::NOW;
use identity::{
    AwsRule, Directory, Failure, Kind, Pattern, Rule, Signer, StsProof, TokenRequest, UsedProofs,
    make_sts_proof,
};
use serde_json::{Value, json};
use units::Timestamp;

const ADDRESS: &str = "https://sts.eu-west-1.amazonaws.com";
const SERVER: &str = "offtake.acme.example";

fn rule(name: &str, allowed: &[(&str, &str)], subject: &str) -> AwsRule {
    AwsRule {
        name: name.into(),
        accounts: vec!["123456789012".into()],
        allowed: allowed.iter().map(|(claim, text)| ((*claim).into(), vec![Pattern::new(*text)])).collect(),
        organisation: Rule::Fixed("acme".into()),
        team: Rule::Fixed("ml".into()),
        subject: Rule::parse(subject).unwrap(),
        scope: None,
    }
}

fn directory() -> Directory {
    let mut builder = Directory::builder();
    builder.add_token_key(&[1; 32]).unwrap();
    builder.believe_sts(SERVER, vec!["https://sts.amazonaws.com".into(), format!("{ADDRESS}/")]);
    builder
        .add_aws_rule(rule(
            "trainers",
            &[("arn", "arn:aws:sts::123456789012:assumed-role/trainer/*")],
            "{session}",
        ))
        .unwrap();
    builder.add_aws_rule(rule("people", &[("kind", "user")], "{name}")).unwrap();
    builder.build()
}

fn signer() -> Signer<'static> {
    Signer {
        id: "AKIDEXAMPLE",
        secret: fixture::AWS_SECRET,
        session_token: Some("canary"),
        region: "eu-west-1",
        service: "sts",
    }
}

const QUESTION: &str = "Action=GetCallerIdentity&Version=2011-06-15";

/// As the room makes it, with the question in the query.
fn written() -> Value {
    let mut proof: Value =
        serde_json::from_str(&make_sts_proof(signer(), ADDRESS, SERVER, NOW).unwrap()).unwrap();
    assert_eq!((&proof["body"], &proof["url"]), (&QUESTION.into(), &format!("{ADDRESS}/").into()));
    proof["body"] = "".into();
    proof["url"] = format!("{ADDRESS}/?{QUESTION}").into();
    proof
}

fn request(proof: &str) -> TokenRequest {
    let body = json!({
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token": proof,
        "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
    });
    TokenRequest::from_json(body.to_string().as_bytes()).unwrap()
}

fn read(proof: &str, now: Timestamp) -> Result<StsProof, Failure> {
    directory().read_sts_proof(&request(proof), now)
}

/// As a presigned URL, such as EKS's clients make.
fn presigned() -> Value {
    let query = "Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20261124%2Feu-west-1%2Fsts%2Faws4_request&X-Amz-Date=20261124T090000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host%3Bx-offtake-server&X-Amz-Signature=";
    json!({
        "url": format!("{ADDRESS}/?{query}{}", "a".repeat(64)), "method": "GET",
        "headers": [{"key": "host", "value": "sts.eu-west-1.amazonaws.com"}, {"key": "x-offtake-server", "value": SERVER}],
    })
}

#[test]
fn a_good_proof_goes_to_the_configured_address_as_it_was_signed() {
    let proof = read(&written().to_string(), NOW).unwrap();
    assert_eq!((proof.address.as_str(), proof.method, proof.body), (ADDRESS, "POST", ""));
    assert_eq!(proof.headers["host"], "sts.eu-west-1.amazonaws.com");
    assert_eq!(proof.headers.len(), 6, "{:?}", proof.headers.keys());
    assert!(!format!("{proof:?}{:?}", proof.headers).contains("canary"));
    // Encoded once more, as Google's libraries do.
    let encoded: String = written().to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
    assert_eq!(read(&encoded, NOW).unwrap(), proof);
    // With the question in the body, as AWS's own clients write it.
    let mut in_body = written();
    in_body["url"] = format!("{ADDRESS}/").into();
    in_body["body"] = QUESTION.into();
    assert_eq!(read(&in_body.to_string(), NOW).unwrap().body, "Action=GetCallerIdentity&Version=2011-06-15");
    let presigned = read(&presigned().to_string(), NOW.plus_seconds(899)).unwrap();
    assert_eq!(presigned.method, "GET");
}

#[test]
fn proofs_with_one_fault() {
    type Change = fn(&mut Value);
    fn header(proof: &mut Value, name: &str, value: &str) {
        for header in proof["headers"].as_array_mut().unwrap() {
            if header["key"] == name {
                header["value"] = value.into();
            }
        }
    }
    fn add(proof: &mut Value, name: &str, value: &str) {
        proof["headers"].as_array_mut().unwrap().push(json!({"key": name, "value": value}));
    }
    fn edit(proof: &mut Value, from: &str, to: &str) {
        let text = proof.to_string();
        assert!(text.contains(from), "{from}");
        *proof = serde_json::from_str(&text.replace(from, to)).unwrap();
    }
    let cases: [(&str, Change, Kind); 27] = [
        ("another server", |p| header(p, "x-offtake-server", "other"), Kind::Invalid),
        (
            "the server in another case",
            |p| header(p, "x-offtake-server", "Offtake.acme.example"),
            Kind::Invalid,
        ),
        (
            "no server",
            |p| p["headers"].as_array_mut().unwrap().retain(|h| h["key"] != "x-offtake-server"),
            Kind::Invalid,
        ),
        ("the server unsigned", |p| edit(p, ";x-offtake-server", ""), Kind::Invalid),
        ("host not signed", |p| edit(p, "content-type;host;", "content-type;"), Kind::Invalid),
        ("another host", |p| header(p, "host", "sts.amazonaws.com"), Kind::Invalid),
        ("an address that the proof names", |p| edit(p, ADDRESS, "https://evil.example"), Kind::Invalid),
        (
            "an address that begins alike",
            |p| edit(p, "amazonaws.com/?", "amazonaws.com.evil.example/?"),
            Kind::Invalid,
        ),
        (
            "another user at the address",
            |p| edit(p, "https://sts", "https://sts@evil.example/sts"),
            Kind::Invalid,
        ),
        ("another path", |p| edit(p, "amazonaws.com/?", "amazonaws.com/other?"), Kind::Invalid),
        ("another scheme", |p| edit(p, "https://sts", "http://sts"), Kind::Invalid),
        ("another action", |p| edit(p, "Action=GetCallerIdentity", "Action=AssumeRole"), Kind::Malformed),
        (
            "the action twice",
            |p| edit(p, "Action=GetCallerIdentity", "Action=GetCallerIdentity&Action=AssumeRole"),
            Kind::Malformed,
        ),
        ("a parameter smuggled", |p| edit(p, "Version=", "RoleArn=x&Version="), Kind::Malformed),
        ("another version", |p| edit(p, "2011-06-15", "2009-06-15"), Kind::Malformed),
        ("another method", |p| p["method"] = "PUT".into(), Kind::Malformed),
        ("a body beside the query", |p| p["body"] = "Action=AssumeRole".into(), Kind::Malformed),
        ("a header smuggled", |p| add(p, "x-amz-target", "Other"), Kind::Malformed),
        ("transfer-encoding", |p| add(p, "transfer-encoding", "chunked"), Kind::Malformed),
        ("a header twice", |p| add(p, "Host", "evil.example"), Kind::Malformed),
        (
            "a line break in a header",
            |p| header(p, "x-amz-security-token", "a\r\nx-amz-target: Other"),
            Kind::Malformed,
        ),
        (
            "signed for another service",
            |p| edit(p, "/sts/aws4_request", "/bedrock/aws4_request"),
            Kind::Invalid,
        ),
        ("signed for another day", |p| edit(p, "/20261124/", "/20261123/"), Kind::Invalid),
        ("not signed", |p| header(p, "authorization", ""), Kind::Malformed),
        (
            "signed by another algorithm",
            |p| edit(p, "AWS4-HMAC-SHA256 ", "AWS4-ECDSA-P256-SHA256 "),
            Kind::Malformed,
        ),
        ("a signature too short", |p| edit(p, "Signature=", "Signature=a,X="), Kind::Malformed),
        ("a field more", |p| p["extra"] = 1.into(), Kind::Malformed),
    ];
    for (name, change, kind) in cases {
        let mut proof = written();
        change(&mut proof);
        let failure = read(&proof.to_string(), NOW).expect_err(name);
        assert_eq!(failure.kind(), kind, "{name}: {failure}");
        assert!(!format!("{failure} {failure:?} {}", failure.public()).contains("canary"), "{name}");
    }
    let long = written().to_string().replace("canary", &"a".repeat(17_000));
    assert_eq!(read(&long, NOW).unwrap_err().kind(), Kind::Malformed);
    for (seconds, kind) in [(300, Kind::Expired), (-301, Kind::Skew), (86_400, Kind::Expired)] {
        let failure = read(&written().to_string(), NOW.plus_seconds(seconds)).unwrap_err();
        assert_eq!(failure.kind(), kind, "{seconds}");
    }
    let mut both = presigned();
    add(&mut both, "authorization", "AWS4-HMAC-SHA256 Credential=a");
    let mut longer = presigned();
    edit(&mut longer, "X-Amz-Expires=900", "X-Amz-Expires=901");
    for wrong in [both, longer] {
        assert_eq!(read(&wrong.to_string(), NOW).unwrap_err().kind(), Kind::Malformed);
    }
    let nowhere = Directory::builder().build().read_sts_proof(&request(&written().to_string()), NOW);
    assert_eq!(nowhere.unwrap_err().kind(), Kind::Request);
}

#[test]
fn a_proof_counts_once() {
    let used = UsedProofs::new(NOW.plus_seconds(-10));
    let proof = read(&written().to_string(), NOW).unwrap();
    used.take(&proof, NOW).unwrap();
    assert!(matches!(used.take(&proof, NOW), Err(Failure::Replayed(_))));
    // Something that is not signed was changed: the same proof still.
    let mut other = written();
    other["headers"].as_array_mut().unwrap().push(json!({"key": "user-agent", "value": "x"}));
    assert!(used.take(&read(&other.to_string(), NOW).unwrap(), NOW).is_err());
    let next = make_sts_proof(signer(), ADDRESS, SERVER, NOW.plus_seconds(1)).unwrap();
    used.take(&read(&next, NOW).unwrap(), NOW).unwrap();
    // What was used before this process began is not known, so nothing from then counts.
    let later = UsedProofs::new(NOW);
    assert!(later.take(&proof, NOW).is_err());
}

fn answer(arn: &str, account: &str) -> String {
    format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
         <Arn>{arn}</Arn><UserId>AROAEXAMPLE:x</UserId><Account>{account}</Account></GetCallerIdentityResult>\
         <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
    )
}

#[test]
fn what_aws_says_decides_who_it_is() {
    let who = |answer: &str, change: Value| -> Result<String, Failure> {
        let mut body = json!({
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token": "x",
            "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
        });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let request = TokenRequest::from_json(body.to_string().as_bytes()).unwrap();
        let directory = directory();
        let issued = directory.exchange_sts(&request, answer, NOW, [2; 16])?;
        let text = format!("POST / HTTP/1.1\nhost: h\nauthorization: Bearer {}\n\n", issued.access_token);
        match directory.authenticate(&wire::Request::parse(&text).head(), NOW)? {
            identity::Authentication::Known(principal) => Ok(principal.to_string()),
            identity::Authentication::AwaitsBody(_) => panic!("a token is no signature"),
        }
    };
    let role = answer("arn:aws:sts::123456789012:assumed-role/trainer/i-0abc", "123456789012");
    let user = answer("arn:aws:iam::123456789012:user/staff/ada", "123456789012");
    assert_eq!(who(&role, json!({})), Ok("acme/ml/i-0abc".into()));
    assert_eq!(who(&user, json!({})), Ok("acme/ml/ada".into()));
    assert_eq!(who(&user, json!({"audience": "people", "scope": "InvokeModel"})), Ok("acme/ml/ada".into()));
    for (name, answer, change) in [
        ("another account", answer("arn:aws:iam::123456789013:user/ada", "123456789013"), json!({})),
        (
            "an account that the ARN is not of",
            answer("arn:aws:iam::123456789013:user/ada", "123456789012"),
            json!({}),
        ),
        (
            "another role",
            answer("arn:aws:sts::123456789012:assumed-role/trainer2/x", "123456789012"),
            json!({}),
        ),
        (
            "a role whose session looks like one",
            answer("arn:aws:sts::123456789012:assumed-role/a/trainer/x", "123456789012"),
            json!({}),
        ),
        ("the rule of others", role.clone(), json!({"audience": "people"})),
        ("another organisation", user.clone(), json!({"organization_id": "evil"})),
        ("an answer with two", role + &user, json!({})),
        ("no answer", "<ErrorResponse/>".into(), json!({})),
        ("an escape in a name", user.replace("ada", "a&amp;da"), json!({})),
    ] {
        assert!(who(&answer, change).is_err(), "{name}");
    }
}
