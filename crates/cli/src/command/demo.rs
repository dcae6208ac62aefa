//! `offtake demo`: all of it on this machine, with nothing to prepare.
//!
//! The demo writes a configuration like any other into its data directory and serves it: what is special is
//! only that it makes the secrets, runs a small issuer of its own that keeps an identity token fresh, and
//! writes down (`demo.env`) what unmodified clients need. It binds loopback only.

use super::issuer::Issuer;
use crate::failure::Failure;
use crate::place;
use crate::plane::Plane;
use config::File;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use units::{Clock as _, SystemClock, Timestamp};

/// Run the plane on this machine with an embedded model and a demo organisation
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where to listen; loopback only
    #[arg(long, default_value = "127.0.0.1:8787")]
    listen: SocketAddr,
    /// Where the journal, the books and the demo's files are kept
    #[arg(long)]
    data: Option<PathBuf>,
    /// The embedded model's file (GGUF); the one in the cache when not given
    #[arg(long)]
    model: Option<PathBuf>,
}

const CONFIG: &str = include_str!("../../assets/demo.toml");
const DEAL: &str = include_str!("../../../../presets/amazon-anthropic-2026.toml");
const COMMITMENT: &str = include_str!("../../../../presets/demo-commitment.toml");
const ACCESS_KEY_ID: &str = "AKIAOFFTAKEDEMO00001";
/// The token in `demo.env` outlives the demo: it is good for the next ones in the same directory.
const TOKEN_SECONDS: i64 = 365 * 86_400;

/// Sets the demo up, says how to use it, and serves.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    if !arguments.listen.ip().is_loopback() {
        return Err(Failure::unusable(format!("the demo binds loopback only, not `{}`", arguments.listen)));
    }
    let data = arguments.data.clone().unwrap_or_else(place::demo_data);
    let data = std::path::absolute(&data).map_err(Failure::failed)?;
    std::fs::create_dir_all(&data)
        .map_err(|error| Failure::failed(format!("cannot create `{}`: {error}", data.display())))?;
    refuse_beside_another(&data)?;
    let model = arguments.model.clone().unwrap_or_else(place::cached_model);
    let has_model = model.is_file();
    if !has_model {
        say(&format!("the model file `{}` is missing: only `echo` will answer", model.display()));
        say("`cargo xtask demo` fetches it; `--model FILE` names another\n");
    }
    let now = SystemClock.now();
    let setup = Setup { data: &data, listen: arguments.listen, model: &model, has_model };
    let issuer = Arc::new(Issuer::open(&data)?);
    setup.write(&issuer, now)?;
    issuer.refresh(now)?;

    let plane = Plane::prepare(&File::read(&data.join("offtake.toml"))?)?;
    plane.run(|plane, address| {
        let token = plane.token("demo", "people", "you", TOKEN_SECONDS)?;
        let variables = setup.variables(address, &token)?;
        write_private(&data.join("demo.env"), &variables)?;
        place::remember_demo(&data);
        say(&welcome(address, &data, has_model));
        Ok(Some(tokio::spawn(issuer.keep_fresh())))
    })
}

struct Setup<'a> {
    data: &'a Path,
    listen: SocketAddr,
    model: &'a Path,
    has_model: bool,
}

impl Setup<'_> {
    /// Writes the configuration, and whatever of the secrets and terms is not there yet.
    fn write(&self, issuer: &Issuer, now: Timestamp) -> Result<(), Failure> {
        let keep = |name: &str, make: fn() -> Result<String, Failure>| {
            let path = self.data.join(name);
            if path.exists() { Ok(()) } else { write_private(&path, &make()?) }
        };
        keep("access-key", place::random_text::<30>)?;
        keep("virtual-key", place::random_text::<24>)?;
        issuer.write_keys(&self.data.join("issuer.jwks.json"))?;
        write(&self.data.join("deal.toml"), DEAL)?;
        let terms = self.data.join("commitment.toml");
        if !terms.exists() {
            let day = contract::Day::of(now);
            write(&terms, &contract::starting(COMMITMENT, day).map_err(Failure::failed)?)?;
        }
        write(&self.data.join("offtake.toml"), &self.config()?)
    }

    /// The template, without the embedded model's sections where there is no model.
    fn config(&self) -> Result<String, Failure> {
        let mut kept = String::new();
        let mut inside = false;
        for line in CONFIG.lines() {
            match line {
                "# >>> model" => inside = true,
                "# <<< model" => inside = false,
                _ if inside && !self.has_model => {}
                _ => writeln!(kept, "{line}").map_err(Failure::failed)?,
            }
        }
        let model = self.model.display().to_string();
        Ok(kept
            .replace("@LISTEN@", &self.listen.to_string())
            .replace("@ACCESS_KEY_ID@", ACCESS_KEY_ID)
            .replace("@MODEL_FILE@", &model.replace('\\', "\\\\").replace('"', "\\\"")))
    }

    /// Everything an unmodified client needs, as `NAME=value` lines.
    fn variables(&self, address: SocketAddr, token: &str) -> Result<String, Failure> {
        let read = |name: &str| {
            let path = self.data.join(name);
            std::fs::read_to_string(&path)
                .map_err(|error| Failure::failed(format!("{}: {error}", path.display())))
        };
        let url = format!("http://{address}");
        let identity_token = self.data.join("identity-token").display().to_string();
        let pairs = [
            ("OFFTAKE_URL", url.clone()),
            ("OFFTAKE_TOKEN", token.to_owned()),
            ("OFFTAKE_VIRTUAL_KEY", read("virtual-key")?),
            ("OFFTAKE_MODEL", if self.has_model { "claude-demo" } else { "echo" }.to_owned()),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", read("access-key")?),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_DEFAULT_REGION", "us-east-1".to_owned()),
            ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", url.clone()),
            ("ANTHROPIC_AWS_BASE_URL", url.clone()),
            ("ANTHROPIC_AWS_WORKSPACE_ID", "wrkspc_demo".to_owned()),
            ("ANTHROPIC_BEDROCK_BASE_URL", url.clone()),
            ("ANTHROPIC_BASE_URL", url.clone()),
            ("ANTHROPIC_IDENTITY_TOKEN_FILE", identity_token),
            ("ANTHROPIC_FEDERATION_RULE_ID", "demo-issuer".to_owned()),
            ("ANTHROPIC_ORGANIZATION_ID", "demo".to_owned()),
            ("OPENAI_BASE_URL", format!("{url}/v1")),
        ];
        Ok(pairs.iter().map(|(name, value)| format!("{name}={}\n", value.trim_end())).collect())
    }
}

/// A second demo in the same place would write over the configuration that the first one serves.
fn refuse_beside_another(data: &Path) -> Result<(), Failure> {
    let Ok(lock) = std::fs::File::open(data.join("lock")) else { return Ok(()) };
    match lock.try_lock() {
        Err(std::fs::TryLockError::WouldBlock) => Err(Failure::failed(format!(
            "`{}` is in use by another offtake process; stop that one, or give another --data",
            data.display()
        ))),
        _ => Ok(()),
    }
}

fn welcome(address: SocketAddr, data: &Path, has_model: bool) -> String {
    let model = if has_model { "claude-demo" } else { "echo" };
    let offtake = place::own_name();
    let env = data.join("demo.env");
    let env = env.display();
    format!(
        "
  Offtake is running: http://{address}   (models: {model}{})

  Try, in another terminal:

    {offtake} ask \"What is the capital of France?\"

    set -a; . {env}; set +a
    curl -s $OFFTAKE_URL/v1/messages -H \"authorization: Bearer $OFFTAKE_TOKEN\" -H 'content-type: application/json' \\
      -d '{{\"model\":\"{model}\",\"max_tokens\":60,\"messages\":[{{\"role\":\"user\",\"content\":\"Say hello.\"}}]}}'

    python3 -c 'from anthropic import AnthropicAWS as A; print(A().messages.create(model=\"{model}\",
      max_tokens=60, messages=[{{\"role\": \"user\", \"content\": \"Say hello.\"}}]).content[0].text)'

  Ctrl-C stops it. Everything it keeps is in {}
",
        if has_model { ", echo" } else { "" },
        data.display()
    )
}

#[expect(clippy::print_stderr, reason = "a command talks to the person at the terminal")]
fn say(text: &str) {
    eprintln!("{text}");
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text)
        .map_err(|error| Failure::failed(format!("cannot write `{}`: {error}", path.display())))
}

/// For the owner's eyes only. Nothing in the demo is worth stealing; the habit is.
fn write_private(path: &Path, text: &str) -> Result<(), Failure> {
    place::write_private(path, text.as_bytes())
        .map_err(|error| Failure::failed(format!("cannot write `{}`: {error}", path.display())))
}
