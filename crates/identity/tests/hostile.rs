//! Hostile bytes on every path that reads a proof: nobody is let in, nothing panics, nothing of it is echoed raw.
#![cfg(test)]

mod fixture;
mod wire;

use fixture::{NOW, directory, good_claims, signed};
use http::HeaderValue;
use identity::{Authentication, Directory, TokenRequest};
use proptest::prelude::*;
use std::sync::LazyLock;
use wire::Request;

static DIRECTORY: LazyLock<Directory> = LazyLock::new(directory);

/// Refused, with texts that a log can hold on one line.
fn check(request: &Request) -> Result<(), TestCaseError> {
    let failure = match DIRECTORY.authenticate(&request.head(), NOW) {
        Ok(Authentication::AwaitsBody(pending)) => pending.finish(&request.body).err(),
        Ok(Authentication::Known(_)) => None,
        Err(failure) => Some(failure),
    };
    let Some(failure) = failure else { return Err(TestCaseError::fail("let in")) };
    for text in [failure.to_string(), failure.public()] {
        prop_assert!(text.len() < 300 && !text.chars().any(char::is_control), "{}", text);
    }
    Ok(())
}

fn with(header: &'static str, value: &[u8]) -> Option<Request> {
    let mut request = Request::parse("POST /v1/messages HTTP/1.1\nhost: h\n\n{}");
    request.headers.insert(header, HeaderValue::from_bytes(value).ok()?);
    Some(request)
}

proptest! {
    #[test]
    fn pitfall_76_bytes_in_any_credential_header(
        value in prop::collection::vec(any::<u8>(), 0..200),
        place in 0_usize..4,
    ) {
        let header = ["authorization", "x-api-key", "api-key", "x-goog-api-key"][place];
        let schemes = [&b""[..], b"Bearer ", b"AWS4-HMAC-SHA256 ", b"Bearer bedrock-api-key-"];
        for scheme in schemes {
            if let Some(request) = with(header, &[scheme, &value].concat()) {
                check(&request)?;
            }
        }
    }

    #[test]
    fn a_signature_cut_and_joined_anywhere(from in 0_usize..400, to in 0_usize..400, extra in "[ -~]{0,12}") {
        let mut request = Request::parse(&signed("bedrock-converse-colon", ""));
        let value = request.headers["authorization"].to_str().unwrap().to_owned();
        let (from, to) = (from.min(value.len()), to.min(value.len()));
        let changed = format!("{}{extra}{}", &value[..from], &value[to..]);
        prop_assume!(changed.replace(' ', "") != value.replace(' ', ""));
        request.edit("authorization", |_| changed);
        check(&request)?;
    }

    #[test]
    fn a_presigned_query_with_anything_in_it(extra in "[ -~]{1,40}", at in 0_usize..300) {
        let mut request = Request::parse(&signed("presigned-get", ""));
        let query = request.query.take().unwrap();
        let at = at.min(query.len());
        request.query = Some(format!("{}{extra}{}", &query[..at], &query[at..]));
        // Empty pairs change nothing that is signed.
        prop_assume!(!extra.bytes().all(|byte| byte == b'&'));
        check(&request)?;
    }

    #[test]
    fn tokens_with_any_header_and_claims(header in "[ -~]{0,60}", alg in "[A-Za-z0-9]{1,6}", kid in "[ -~]{0,20}") {
        let named = serde_json::json!({"alg": alg, "kid": kid}).to_string();
        for header in [header, named] {
            let token = fixture::unsigned(&header);
            if let Some(request) = with("authorization", format!("Bearer {token}").as_bytes()) {
                check(&request)?;
            }
        }
    }

    #[test]
    fn exchange_bodies(body in prop::collection::vec(any::<u8>(), 0..300)) {
        for request in [TokenRequest::from_json(&body), TokenRequest::from_form(&body)].into_iter().flatten() {
            prop_assert!(DIRECTORY.exchange(&request, NOW, [0; 16]).is_err());
        }
    }
}

/// Deep nesting in a payload is refused, not recursed into.
#[test]
fn claims_nested_deeply() {
    let mut claims = good_claims();
    let token = {
        claims["deep"] = serde_json::Value::Null;
        let text = claims.to_string().replace("\"deep\":null", &format!("\"deep\":{}", "[".repeat(5_000)));
        fixture::unsigned_text(r#"{"alg":"EdDSA","kid":"ed"}"#, &text)
    };
    let request = with("authorization", format!("Bearer {token}").as_bytes()).unwrap();
    assert!(check(&request).is_ok());
}
