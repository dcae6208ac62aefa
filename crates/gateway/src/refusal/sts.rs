//! The words of AWS's security token service: answers and refusals in its XML.
//!
//! Source: <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html> and its common errors.

use super::Refusal;
use crate::Body;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use identity::{Assumed, Failure, Kind, Lack, Principal, WebIdentity};
use units::RequestId;

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// The temporary key, as its client reads it.
pub(crate) fn assumed(asked: &WebIdentity, given: &Assumed, request: RequestId) -> Response<Body> {
    let Assumed { key, principal, provider, audience } = given;
    let (account, role, session) = (asked.account(), asked.rule(), &asked.session);
    // Whole seconds, as AWS writes them.
    let expires = key.expires.to_string();
    let expires = expires.split('.').next().unwrap_or_default();
    let name = key.id.strip_prefix("ASIA").unwrap_or(&key.id);
    let parts = [
        element("SubjectFromWebIdentityToken", principal.subject.as_str()),
        element("Audience", audience),
        element("Provider", provider),
        format!(
            "<AssumedRoleUser>{}{}</AssumedRoleUser>",
            element("Arn", &format!("arn:aws:sts::{account}:assumed-role/{role}/{session}")),
            element("AssumedRoleId", &format!("AROA{name}:{session}")),
        ),
        format!(
            "<Credentials>{}{}{}{}</Credentials>",
            element("AccessKeyId", &key.id),
            element("SecretAccessKey", &key.secret),
            element("SessionToken", &key.session_token),
            element("Expiration", &format!("{expires}Z")),
        ),
    ];
    answer("AssumeRoleWithWebIdentity", &parts.concat(), request)
}

/// Who signed a request, as its client reads it: nobody's AWS account, so its number is nought.
pub(crate) fn caller(principal: &Principal, request: RequestId) -> Response<Body> {
    let Principal { team, subject, .. } = principal;
    let parts = [
        element("Arn", &format!("arn:aws:sts::000000000000:assumed-role/{team}/{subject}")),
        element("UserId", &principal.to_string()),
        element("Account", "000000000000"),
    ];
    answer("GetCallerIdentity", &parts.concat(), request)
}

fn answer(action: &str, result: &str, request: RequestId) -> Response<Body> {
    let text = format!(
        "<{action}Response xmlns=\"{NAMESPACE}\"><{action}Result>{result}</{action}Result>\
         <ResponseMetadata><RequestId>{request}</RequestId></ResponseMetadata></{action}Response>"
    );
    xml(StatusCode::OK, text, request)
}

/// The refusal, as an AWS client reads it.
pub(crate) fn refused(refusal: &Refusal, request: RequestId) -> Response<Body> {
    let (status, code) = match refusal {
        Refusal::Identity(failure) => code(failure),
        _ => (StatusCode::BAD_REQUEST, "ValidationError"),
    };
    let kind = if status.is_server_error() { "Receiver" } else { "Sender" };
    let text = format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>{kind}</Type>{}{}</Error>\
         <RequestId>{request}</RequestId></ErrorResponse>",
        element("Code", code),
        element("Message", &refusal.to_string()),
    );
    let mut response = xml(status, text, request);
    response.headers_mut().insert("x-offtake-decision", HeaderValue::from_static(refusal.code()));
    response
}

fn code(failure: &Failure) -> (StatusCode, &'static str) {
    let bad = StatusCode::BAD_REQUEST;
    match failure {
        Failure::Request { code, .. } => (bad, code),
        Failure::Keys(lacking) if lacking.lack != Lack::NoSuchKey => (bad, "IDPCommunicationError"),
        Failure::Expired { what: "token", .. } => (bad, "ExpiredTokenException"),
        Failure::Expired { .. } => (StatusCode::FORBIDDEN, "ExpiredToken"),
        Failure::Unknown { what: "access key", .. } => (StatusCode::FORBIDDEN, "InvalidClientTokenId"),
        Failure::Unknown { what: "issuer rule", .. } | Failure::Claim { .. } | Failure::Forbidden(_) => {
            (StatusCode::FORBIDDEN, "AccessDenied")
        }
        Failure::Missing => (StatusCode::FORBIDDEN, "MissingAuthenticationToken"),
        Failure::Skew(_) | Failure::Scope(_) | Failure::Unsigned(_) | Failure::Body(_) => {
            (StatusCode::FORBIDDEN, "SignatureDoesNotMatch")
        }
        _ if failure.kind() == Kind::Unavailable => (StatusCode::FORBIDDEN, "AccessDenied"),
        _ => (bad, "InvalidIdentityToken"),
    }
}

fn xml(status: StatusCode, text: String, request: RequestId) -> Response<Body> {
    let mut response = Response::new(Body::full(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::from_str(&request.to_string()) {
        headers.insert("x-amzn-requestid", id.clone());
        headers.insert("x-offtake-request-id", id);
    }
    response
}

fn element(name: &str, text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<{name}>{escaped}</{name}>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_has_its_word() {
        let at = units::Timestamp::from_seconds(0);
        for (failure, word) in [
            (Failure::Request { code: "InvalidAction", about: "x" }, "400 InvalidAction"),
            (Failure::Expired { what: "token", at }, "400 ExpiredTokenException"),
            (Failure::Expired { what: "access key", at }, "403 ExpiredToken"),
            (Failure::Signature("x".into()), "400 InvalidIdentityToken"),
            (Failure::Malformed("x"), "400 InvalidIdentityToken"),
            (Failure::Unknown { what: "issuer rule", name: "x".into() }, "403 AccessDenied"),
            (Failure::Claim { claim: "a".into(), rule: "b".into() }, "403 AccessDenied"),
            (Failure::Missing, "403 MissingAuthenticationToken"),
            (Failure::NoTokenKey, "403 AccessDenied"),
        ] {
            let (status, found) = code(&failure);
            assert_eq!(format!("{} {found}", status.as_u16()), word, "{failure}");
        }
    }

    #[test]
    fn what_is_written_is_escaped() {
        assert_eq!(element("Arn", "a<b>&c"), "<Arn>a&lt;b&gt;&amp;c</Arn>");
    }
}
