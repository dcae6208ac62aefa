//! The way in and out: logging in and out, what a terminal needs to log in, and what people are told who may not enter.

use super::Sources;
use super::answer::{JSON, body, error, message, plain, redirect};
use crate::people::login::{Refused, Sent};
use crate::people::session::set_cookie;
use crate::people::{Looker, Unknown, Way, form};
use config::{Login, Origin, Portal};
use gateway::Body;
use http::{HeaderMap, Response, StatusCode};
use identity::{CallerKind, Method, Principal};
use serde_json::json;

/// How long a terminal's token lasts, in seconds.
const TOKEN_SECONDS: i64 = 3_600;

/// A login, if the request is for one.
pub async fn login(
    sources: &Sources,
    portal: &Portal,
    (headers, path, query): (&HeaderMap, &str, &str),
) -> Option<Response<Body>> {
    let (login, address) = (portal.login.as_ref()?, portal.address.as_ref()?);
    let now = super::now(sources);
    let sent = match path {
        "/login" => {
            let to = form::decode(query).unwrap_or_default();
            sources.people.begin(login, address, form::field(&to, "to"), now).await
        }
        "/login/callback" => sources.people.finish(login, address, (headers, query), now).await,
        "/login/terminal" => return Some(terminal(sources, login).await),
        "/logged-out" => return Some(logged_out(sources, login).await),
        _ => return None,
    };
    Some(match sent {
        Ok(Sent { to, cookies }) => redirect(&to, &cookies),
        Err(refused) => not_logged_in(address, &refused),
    })
}

fn not_logged_in(address: &Origin, refused: &Refused) -> Response<Body> {
    tracing::info!(why = refused.why, "nobody was logged in");
    let code = if refused.elsewhere { StatusCode::BAD_GATEWAY } else { StatusCode::FORBIDDEN };
    let mut response = message(code, refused.title, &refused.text, Some(("/login", "Log in again")));
    if let Ok(over) = set_cookie(address, "login", "", 0).parse() {
        response.headers_mut().append(http::header::SET_COOKIE, over);
    }
    response
}

/// What `offtake login` needs to know; nothing of it is secret.
async fn terminal(sources: &Sources, login: &Login) -> Response<Body> {
    let Some(client) = &login.terminal_client_id else {
        return error(
            StatusCode::NOT_FOUND,
            "no terminal may log in here ([portal.login] terminal_client_id)",
        );
    };
    match sources.people.has_device_flow(login, super::now(sources)).await {
        Ok(()) => {
            let about = json!({ "issuer": login.issuer, "client_id": client, "scopes": login.scopes });
            body(JSON, about.to_string())
        }
        Err(why) => {
            tracing::warn!(why, "no terminal can log in");
            error(StatusCode::BAD_GATEWAY, "the provider cannot be asked, or knows no login for terminals")
        }
    }
}

/// One of our tokens for a terminal's id token (RFC 8693).
pub async fn exchange(sources: &Sources, portal: &Portal, text: &str) -> Response<Body> {
    let Some(login) = portal.login.as_ref().filter(|login| login.terminal_client_id.is_some()) else {
        return error(StatusCode::NOT_FOUND, "no terminal may log in here");
    };
    let fields = form::decode(text).unwrap_or_default();
    let field = |name| form::field(&fields, name);
    if field("grant_type") != "urn:ietf:params:oauth:grant-type:token-exchange"
        || field("subject_token_type") != "urn:ietf:params:oauth:token-type:id_token"
    {
        return error(StatusCode::BAD_REQUEST, "send the form of a token exchange with an id token");
    }
    let person = sources.people.terminal(login, field("subject_token"), super::now(sources)).await;
    let person = match person {
        Ok(person) => person,
        Err(unknown) => {
            let (code, title, text) = words(&unknown);
            tracing::info!(%unknown, "a terminal was refused");
            return error(code, &format!("{title}: {text}"));
        }
    };
    let principal = Principal::new(person, Method::OfftakeToken, "terminal").of_kind(CallerKind::User);
    match sources.issue(&principal, TOKEN_SECONDS) {
        Ok(issued) => {
            let token = json!({
                "access_token": issued.access_token,
                "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
                "token_type": "Bearer",
                "expires_in": issued.expires_in,
                "principal": principal.to_string(),
            });
            body(JSON, token.to_string())
        }
        Err(failure) => {
            tracing::error!(%failure, "no token was issued");
            error(StatusCode::INTERNAL_SERVER_ERROR, "no token could be issued; the log says why")
        }
    }
}

/// Ends the session.
pub fn logout(sources: &Sources, portal: &Portal, looker: &Looker) -> Response<Body> {
    let (Way::Session(handle), Some(address)) = (&looker.way, &portal.address) else {
        return plain(StatusCode::NOT_FOUND, "there is no session to end\n");
    };
    sources.people.sessions.end(handle);
    tracing::info!(person = looker.owner.as_ref().map(tracing::field::display), "logged out");
    redirect("/logged-out", &[set_cookie(address, "session", "", 0)])
}

async fn logged_out(sources: &Sources, login: &Login) -> Response<Body> {
    let text = format!(
        "Your session here has ended. If others use this computer, also log out at {}.",
        login.issuer.trim_start_matches("https://").trim_start_matches("http://")
    );
    let elsewhere = sources.people.end_session_endpoint(login, super::now(sources)).await;
    let link =
        elsewhere.as_deref().map_or(("/login", "Log in again"), |address| (address, "Log out there too"));
    message(StatusCode::OK, "You are logged out", &text, Some(link))
}

/// What somebody is told who sees nothing: for a program in words, for a person as a page, or as the way to log in.
pub fn turned_away(unknown: &Unknown, path_and_query: &str, for_program: bool) -> Response<Body> {
    if let (Unknown::LogIn, false) = (unknown, for_program) {
        return redirect(&format!("/login?{}", form::encode(&[("to", path_and_query)])), &[]);
    }
    if !matches!(unknown, Unknown::LogIn) {
        tracing::info!(%unknown, "a look at the portal was refused");
    }
    let (code, title, text) = words(unknown);
    if for_program { error(code, &format!("{title}: {text}")) } else { message(code, title, &text, None) }
}

fn words(unknown: &Unknown) -> (StatusCode, &'static str, String) {
    match unknown {
        Unknown::LogIn => (StatusCode::UNAUTHORIZED, "Log in first", "there is no session".to_owned()),
        Unknown::Refused(_) => (
            StatusCode::UNAUTHORIZED,
            "Nobody known",
            "This portal is reached through an access proxy that signs who you are, and no such signature was good."
                .to_owned(),
        ),
        Unknown::NoRole(owner) => (
            StatusCode::FORBIDDEN,
            "Nobody has given you a role here",
            format!("You are {}. Whoever runs this portal can let you in.", owner.subject),
        ),
        Unknown::Later(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Not right now",
            "Who you are cannot be checked at the moment, because the signer's keys cannot be had. Try again soon."
                .to_owned(),
        ),
    }
}
