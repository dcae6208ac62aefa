//! A plane as a process, and the vendors' double behind it.
//!
//! The plane is the real binary with a configuration of its own in a directory of its own; it listens on a port
//! that the system gives and says so in its log.

pub use crate::client::*;
use bench::double::{Double, Reading, Running};
use serde_json::Value;
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// What the caller proves itself with, and what the plane proves itself to the vendor with: canaries that must
/// show up nowhere else.
pub const CALLER_KEY: &str = "canary-caller-7f3a91";
pub const VENDOR_KEY: &str = "canary-vendor-c04e58";

/// A wait that only a hanging plane uses up.
pub const PATIENCE: Duration = Duration::from_secs(40);

// ── the vendor ──────────────────────────────────────────────────────────────────────────────────────────────

/// The double, at work in the background.
pub struct Vendor {
    double: Running,
    _runtime: tokio::runtime::Runtime,
}

impl Vendor {
    pub fn start() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        // On every wire the same question is three tokens.
        let when = vec![(String::new(), "input=3".to_owned())];
        let double = Double { key: VENDOR_KEY.to_owned(), when, ..Double::default() };
        let double = runtime.block_on(double.start("127.0.0.1:0".parse().unwrap())).unwrap();
        Self { double, _runtime: runtime }
    }

    pub fn url(&self) -> String {
        self.double.url()
    }

    pub fn meter(&self) -> Reading {
        self.double.meter()
    }

    pub fn last(&self) -> bench::double::Last {
        self.double.last().unwrap()
    }

    /// Orders for the next calls, one a call.
    pub fn next(&self, orders: &[&str]) {
        self.double.next(orders).unwrap();
    }

    /// All input and output tokens it has counted.
    pub fn tokens(&self) -> (u64, u64) {
        let total = self.meter().total;
        let input = total.input_tokens
            + total.cache_read_tokens
            + total.cache_write_5m_tokens
            + total.cache_write_1h_tokens;
        (input, total.output_tokens)
    }
}

/// An address where nobody listens.
pub fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

// ── the plane ───────────────────────────────────────────────────────────────────────────────────────────────

/// Listening and identity: the part of a configuration that every test has.
pub const HEAD: &str = r#"
[listen]
address = "127.0.0.1:0"
[data]
dir = "data"
[[identity.key]]
name = "bench"
secret = "env:BENCH_KEY"
organisation = "demo"
team = "bench"
"#;

/// A backend with its own lines of configuration.
pub fn backend(name: &str, kind: &str, url: &str, more: &str) -> String {
    let url = if kind == "openai" { format!("{url}/v1") } else { url.to_owned() };
    format!(
        "[[backend]]\nname = \"{name}\"\nkind = \"{kind}\"\nbase_url = \"{url}\"\nkey = \"env:VENDOR_KEY\"\n{more}\n"
    )
}

/// A model at these backends.
pub fn model(name: &str, backends: &[&str]) -> String {
    format!("[[model]]\nname = \"{name}\"\nbackends = {backends:?}\nupstream_name = \"{name}-upstream\"\n")
}

/// A price of 3 for a million input tokens and 15 for a million of output.
pub fn price(model: &str) -> String {
    format!(
        "[[price]]\nmodel = \"{model}\"\ncurrency = \"USD\"\ninput_per_million = \"3.00\"\noutput_per_million = \"15.00\"\n"
    )
}

/// The models `claude` and `gpt` at a vendor of each kind, and `echo`; `more` goes into both backends.
pub fn usual(url: &str, more: &str) -> String {
    [
        HEAD,
        &backend("anthropic", "anthropic", url, more),
        &backend("openai", "openai", url, more),
        "[[backend]]\nname = \"echo\"\nkind = \"echo\"\n",
        &model("claude", &["anthropic"]),
        &model("gpt", &["openai"]),
        "[[model]]\nname = \"echo\"\nbackends = [\"echo\"]\n",
        &price("claude"),
        &price("gpt"),
        &price("echo"),
    ]
    .concat()
}

/// A configuration file with its data directory beside it.
pub struct Home {
    dir: TempDir,
}

impl Home {
    pub fn new(config: &str) -> Self {
        let home = Self { dir: tempfile::tempdir().unwrap() };
        home.configure(config);
        home
    }

    pub fn configure(&self, config: &str) {
        std::fs::write(self.config(), config).unwrap();
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn config(&self) -> PathBuf {
        self.path().join("offtake.toml")
    }

    pub fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// The binary, with no secret in its environment.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_offtake"));
        command.env_remove("BENCH_KEY").env_remove("VENDOR_KEY").env("HOME", self.path());
        command.env_remove("XDG_CACHE_HOME").env_remove("XDG_DATA_HOME");
        command
    }

    /// `offtake serve`, with the secrets.
    pub fn serve_command(&self) -> Command {
        let mut command = self.command();
        command.arg("serve").arg("--config").arg(self.config());
        command.env("BENCH_KEY", CALLER_KEY).env("VENDOR_KEY", VENDOR_KEY);
        command
    }

    /// Starts the plane and waits until it is ready.
    pub fn serve(&self) -> Plane {
        self.try_serve().unwrap_or_else(|log| panic!("the plane did not start:\n{log}"))
    }

    /// As [`Home::serve`]; its log when it ended instead.
    pub fn try_serve(&self) -> Result<Plane, String> {
        self.start(self.serve_command())
    }

    /// Starts the plane by this command.
    pub fn start(&self, mut command: Command) -> Result<Plane, String> {
        let log = self.path().join("log");
        let file = File::options().create(true).append(true).open(&log).unwrap();
        let old = std::fs::read_to_string(&log).unwrap().len();
        let child = command.stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        let mut plane = Plane { child, log, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        loop {
            let said = plane.log()[old..].to_owned();
            if let Some(address) = said.lines().find_map(address_in) {
                plane.address = address;
                break;
            }
            if plane.child.try_wait().unwrap().is_some() {
                return Err(plane.log()[old..].to_owned());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        eventually("the plane is ready", || plane.send(&Ask::get("/readyz")).status == 200);
        Ok(plane)
    }

    /// Runs a verb with `--config`, without any secret.
    pub fn run(&self, verb: &[&str]) -> Output {
        self.command().args(verb).arg("--config").arg(self.config()).output().unwrap()
    }

    /// `check`, with the secrets.
    pub fn run_check(&self) -> Output {
        let mut command = self.command();
        command.env("BENCH_KEY", CALLER_KEY).env("VENDOR_KEY", VENDOR_KEY);
        command.arg("check").arg(self.config()).output().unwrap()
    }

    /// Every call on record, oldest first.
    pub fn usage(&self) -> Vec<Value> {
        let output = self.run(&["usage", "list", "--json"]);
        assert!(output.status.success(), "usage list: {}", text(&output.stderr));
        let lines = text(&output.stdout);
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The one call on record.
    pub fn only_call(&self) -> Value {
        let mut calls = self.usage();
        assert_eq!(calls.len(), 1, "{calls:?}");
        calls.remove(0)
    }

    /// `ledger verify`: its exit code, and what it said.
    pub fn verify(&self) -> (i32, String) {
        let output = self.run(&["ledger", "verify"]);
        (output.status.code().unwrap(), text(&output.stdout) + &text(&output.stderr))
    }

    /// Asserts that the books are sound.
    pub fn is_sound(&self) {
        let (code, said) = self.verify();
        assert_eq!(code, 0, "{said}");
    }
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let line = line.contains("listening").then_some(line)?;
    let at = line.find("127.0.0.1:")?;
    let end = line[at..].find(|c: char| !(c.is_ascii_digit() || ".:".contains(c)));
    line[at..].get(..end.unwrap_or(line.len() - at))?.parse().ok()
}

/// A plane at work. Killed when it is dropped.
pub struct Plane {
    child: Child,
    log: PathBuf,
    pub address: SocketAddr,
}

impl Plane {
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Sends a request and reads the whole answer, or what there is of it.
    pub fn send(&self, ask: &Ask) -> Answer {
        Exchange::open(self.address, ask).finish()
    }

    /// Begins an exchange.
    pub fn open(&self, ask: &Ask) -> Exchange {
        Exchange::open(self.address, ask)
    }

    /// Asks it to stop, without waiting.
    pub fn terminate(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    }

    /// Asks it to stop and waits until it has.
    pub fn stop(mut self) {
        self.terminate();
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}: {}", self.log());
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Resident memory, in bytes.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }
}

impl Drop for Plane {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until something is so.
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The tokens of a record: input of all kinds, and output.
pub fn tokens(call: &Value) -> (u64, u64) {
    let tokens = &call["tokens"];
    let input = ["input", "cache_read", "cache_write_5m", "cache_write_1h"];
    (input.iter().map(|kind| tokens[kind].as_u64().unwrap()).sum(), tokens["output"].as_u64().unwrap())
}

/// What so many tokens cost at the price of these tests, as the books write it: exact, in 10⁻¹².
pub fn charge(input: u64, output: u64) -> u128 {
    u128::from(input) * 3_000_000 + u128::from(output) * 15_000_000
}

/// A decimal amount as a count of 10⁻¹².
pub fn pico(amount: &Value) -> u128 {
    let amount = amount.as_str().unwrap();
    let (whole, part) = amount.split_once('.').unwrap_or((amount, ""));
    format!("{whole}{part:0<12}").parse().unwrap()
}
