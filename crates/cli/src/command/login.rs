//! `offtake login`: log in from a terminal, in any browser (OAuth 2.0 device authorization grant, RFC 8628).

use crate::failure::Failure;
use crate::people::provider::Description;
use crate::people::{fetch, printable};
use crate::place;
use crate::terminal::{self, error_of, word};
use http::StatusCode;
use serde_json::Value;
use std::time::{Duration, Instant};

/// Log in to a plane from this terminal
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The plane's address; the running demo's when not given
    #[arg(long, env = "OFFTAKE_URL")]
    url: Option<String>,
    /// Forget the login instead
    #[arg(long)]
    forget: bool,
}

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// How long to wait between two questions, in seconds, where the provider does not say; and how much longer when it says
/// that this is too often.
const INTERVAL: u64 = 5;

/// Logs in, or forgets the login.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let url = arguments.url.clone().or_else(|| place::demo_variables().get("OFFTAKE_URL").cloned());
    let url = url.ok_or_else(|| Failure::unusable("which plane? give --url (OFFTAKE_URL)"))?;
    if arguments.forget {
        let known = terminal::forget(&url)?;
        say(if known { "The login is forgotten." } else { "There was no login." });
        return Ok(());
    }
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::failed)?;
    runtime.block_on(login(&url))
}

async fn login(url: &str) -> Result<(), Failure> {
    let about = fetch::get(&format!("{}/login/terminal", terminal::plane(url)), None).await;
    let about = about.map_err(|why| Failure::failed(format!("no terminal can log in there: {why}")))?;
    let about: Value = serde_json::from_slice(&about)
        .map_err(|_| Failure::failed(format!("{url} does not answer as a plane does")))?;
    let needed =
        |name| word(&about, name).ok_or_else(|| Failure::failed(format!("{url} does not say `{name}`")));
    let (issuer, client) = (needed("issuer")?, needed("client_id")?);
    // Not what the plane says of it: the provider describes itself.
    let description = Description::read(issuer).await.map_err(Failure::failed)?;
    let device = description.device_authorization_endpoint.as_deref();
    let device = device.ok_or_else(|| Failure::failed(format!("{issuer} knows no login for terminals")))?;
    let scopes =
        about.get("scopes").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let scope = scopes.chain(["offline_access"]).collect::<Vec<_>>().join(" ");
    let asked = fetch::post_form(device, None, &[("client_id", client), ("scope", &scope)]).await;
    let (status, begun) = asked.map_err(Failure::failed)?;
    if status != StatusCode::OK {
        return Err(Failure::failed(format!("{issuer} refused: {}", error_of(&begun))));
    }
    invite(&begun)?;
    let answer = wait(&description.token_endpoint, client, &begun).await?;
    let id_token = word(&answer, "id_token");
    let id_token = id_token.ok_or_else(|| Failure::failed(format!("{issuer} gave no id token")))?;
    let refresh = word(&answer, "refresh_token").map(str::to_owned);
    let lasting = refresh.is_some();
    let login = terminal::exchanged(url, (issuer, client), id_token, refresh).await?;
    say(&format!("Logged in as {}.", login.principal));
    if !lasting {
        say("The provider gave nothing to refresh it by: the login lasts an hour.");
    }
    terminal::keep(url, login)
}

/// Says where to go, and the code to compare.
fn invite(begun: &Value) -> Result<(), Failure> {
    let needed =
        |name| word(begun, name).ok_or_else(|| Failure::failed(format!("the provider gave no `{name}`")));
    let code = printable(needed("user_code")?);
    match word(begun, "verification_uri_complete") {
        Some(address) => say(&format!("Open {}\nand confirm the code {code}", shown(address)?)),
        None => say(&format!("Open {}\nand enter the code {code}", shown(needed("verification_uri")?)?)),
    }
    Ok(())
}

/// An address fit for a terminal: nothing in it can move the cursor.
fn shown(address: &str) -> Result<&str, Failure> {
    let plain = address.bytes().all(|byte| byte.is_ascii_graphic());
    if plain && config::Origin::of(address).is_some() {
        return Ok(address);
    }
    Err(Failure::failed("the provider gave an address that cannot be trusted"))
}

/// Asks until somebody has confirmed, refused, or let the code run out.
async fn wait(endpoint: &str, client: &str, begun: &Value) -> Result<Value, Failure> {
    let seconds = |name| begun.get(name).and_then(Value::as_u64);
    let mut interval = seconds("interval").unwrap_or(INTERVAL).max(1);
    let lasts = Duration::from_secs(seconds("expires_in").unwrap_or(600).min(3_600));
    let code =
        word(begun, "device_code").ok_or_else(|| Failure::failed("the provider gave no `device_code`"))?;
    let fields = [("grant_type", DEVICE), ("device_code", code), ("client_id", client)];
    let started = Instant::now();
    while started.elapsed() < lasts {
        tokio::time::sleep(Duration::from_secs(interval)).await;
        let (status, answer) = match fetch::post_form(endpoint, None, &fields).await {
            Ok(answer) => answer,
            // RFC 8628, 3.5: when it does not answer, ask less often.
            Err(_) => {
                interval += INTERVAL;
                continue;
            }
        };
        match (status, word(&answer, "error").unwrap_or_default()) {
            (StatusCode::OK, _) => return Ok(answer),
            (_, "authorization_pending") => {}
            (_, "slow_down") => interval += INTERVAL,
            (_, "access_denied") => return Err(Failure::failed("the login was refused in the browser")),
            (_, "expired_token") => break,
            _ => return Err(Failure::failed(format!("{endpoint} answered {status}: {}", error_of(&answer)))),
        }
    }
    Err(Failure::failed("nobody confirmed in time: begin again"))
}

#[expect(clippy::print_stderr, reason = "what is said to the person at the terminal is no answer")]
fn say(text: &str) {
    eprintln!("{text}");
}
