//! `offtake token`: a short-lived token from the identity that is at hand, on standard output and nothing else there, so
//! that a coding agent can have it as its key helper. It is kept until it is about to end, and then made anew.

pub mod aws;
mod kept;
mod proof;

use super::answer;
use crate::failure::Failure;
use crate::people::fetch;
use crate::place;
use crate::terminal;
use http::StatusCode;
use kept::{Kept, LEFT_SECONDS};
use proof::Proof;
use serde_json::{Value, json};
use std::path::PathBuf;
use units::{Clock as _, SystemClock, Timestamp};

/// Print a short-lived token from the identity at hand
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The plane's address; the running demo's when not given
    #[arg(long, env = "OFFTAKE_URL")]
    url: Option<String>,
    /// A file with an issuer's token; where one is found by itself is said in the documentation
    #[arg(long, env = "OFFTAKE_IDENTITY_TOKEN_FILE", value_name = "FILE")]
    identity_token_file: Option<PathBuf>,
    /// Prove yourself by AWS credentials, through AWS's security token service
    #[arg(long, conflicts_with = "identity_token_file")]
    aws: bool,
    /// The plane's name in such a proof; the host of its address when not given
    #[arg(long, env = "OFFTAKE_SERVER", value_name = "NAME")]
    server: Option<String>,
    /// The rule of the plane to be known by; the first that fits when not given
    #[arg(long, env = "OFFTAKE_RULE", value_name = "NAME")]
    rule: Option<String>,
    /// What the token may be used for at most, such as `InvokeModel model:claude-*`
    #[arg(long)]
    scope: Option<String>,
    /// Make a new one, whatever is kept
    #[arg(long)]
    fresh: bool,
    /// Print one JSON object with the token and when it ends
    #[arg(long)]
    json: bool,
}

/// Prints a token.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let demo = place::demo_variables();
    let url = arguments.url.clone().or_else(|| demo.get("OFFTAKE_URL").cloned()).ok_or_else(|| {
        Failure::unusable("give the plane's address: --url or OFFTAKE_URL; no running demo was found")
    })?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::failed)?;
    let (token, until) = runtime.block_on(token(arguments, url.trim_end_matches('/')))?;
    if arguments.json {
        return answer(&format!("{}\n", json!({ "token": token, "expires": until.to_string() })));
    }
    answer(&format!("{token}\n"))
}

/// A token of the plane at `url`, and when it ends.
async fn token(arguments: &Arguments, url: &str) -> Result<(String, Timestamp), Failure> {
    let proof = match logged_in(arguments, url).await? {
        Some(login) if arguments.scope.is_none() => return Ok(login),
        Some((token, _)) => Proof::Login { token },
        None => Proof::find(arguments.identity_token_file.as_deref(), arguments.aws).await?,
    };
    let server = arguments.server.clone().unwrap_or_else(|| host(url).to_owned());
    let rule = arguments.rule.as_deref().or(proof.rule());
    let (wanted, scope) = (rule.unwrap_or_default(), arguments.scope.as_deref().unwrap_or_default());
    let kept = Kept::at(&[url, &proof.who(), &server, wanted, scope]);
    let now = SystemClock.now();
    if let Some(kept) = kept.read(now).filter(|_| !arguments.fresh) {
        return Ok(kept);
    }
    let subject = proof.subject(&server, now).map_err(Failure::failed)?;
    let mut fields = vec![
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token_type", proof.kind()),
        ("subject_token", &subject),
    ];
    fields.extend(rule.map(|rule| ("audience", rule)));
    fields.extend(arguments.scope.as_deref().map(|scope| ("scope", scope)));
    let address = format!("{url}/v1/oauth/token");
    let (status, answer) = fetch::post_form(&address, None, &fields).await.map_err(Failure::failed)?;
    let text = |name: &str| answer.get(name).and_then(Value::as_str);
    let seconds = answer.get("expires_in").and_then(Value::as_i64);
    let (StatusCode::OK, Some(token), Some(seconds)) = (status, text("access_token"), seconds) else {
        let why = text("error_description").or(text("error")).unwrap_or("no token in the answer");
        return Err(Failure::failed(format!("{url} gives no token for {proof}: {why}")));
    };
    let until = now.plus_seconds(seconds);
    if let Err(error) = kept.write(token, (now, until)) {
        tracing::debug!(%error, "the token was not kept; the next one is made anew");
    }
    Ok((token.to_owned(), until))
}

/// The token of whoever logged in at this plane, unless another proof or a rule is named.
async fn logged_in(arguments: &Arguments, url: &str) -> Result<Option<(String, Timestamp)>, Failure> {
    let named = arguments.aws || arguments.identity_token_file.is_some() || arguments.rule.is_some();
    if named || Proof::is_in_the_environment() {
        return Ok(None);
    }
    terminal::token(url, if arguments.fresh { i64::MAX } else { LEFT_SECONDS }).await
}

/// `host[:port]` of an address.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}
