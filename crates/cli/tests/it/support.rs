//! A plane as a process, the vendors' double behind it, and a client that says how far an answer came.
//!
//! The plane is the real binary with a configuration of its own in a directory of its own; it listens on a port
//! that the system gives and says so in its log. The client writes bytes to a socket, so that a test can send
//! what no library would, hang up anywhere, and see whether an answer ended as its framing said.

use aws_smithy_eventstream::frame::read_message_from;
use bench::double::{Double, Reading, Running};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// What the caller proves itself with, and what the plane proves itself to the vendor with: canaries that must
/// show up nowhere else.
pub const CALLER_KEY: &str = "canary-caller-7f3a91";
pub const VENDOR_KEY: &str = "canary-vendor-c04e58";

/// A wait that only a hanging plane uses up.
const PATIENCE: Duration = Duration::from_secs(40);

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

// ── the client ──────────────────────────────────────────────────────────────────────────────────────────────

/// A request, as bytes can say it.
#[derive(Debug, Clone)]
pub struct Ask {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Ask {
    pub fn get(path: &str) -> Self {
        Self { method: "GET".to_owned(), path: path.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    /// With the caller's key.
    pub fn post(path: &str, body: impl Into<Vec<u8>>) -> Self {
        let ask = Self { method: "POST".to_owned(), body: body.into(), ..Self::get(path) };
        ask.with("content-type", "application/json").with("authorization", &format!("Bearer {CALLER_KEY}"))
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(had, _)| had != name);
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let Self { method, path, headers, body } = self;
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: plane\r\nconnection: close\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if method != "GET" {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        [head.as_bytes(), b"\r\n", body].concat()
    }
}

/// A request that was sent, and its answer as far as it came.
pub struct Exchange {
    stream: TcpStream,
    raw: Vec<u8>,
}

impl Exchange {
    pub fn open(address: SocketAddr, ask: &Ask) -> Self {
        Self::try_open(address, ask).unwrap()
    }

    /// As [`Exchange::open`], for a plane that may be gone.
    pub fn try_open(address: SocketAddr, ask: &Ask) -> std::io::Result<Self> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // A plane that refuses a large body may have closed before all of it was sent.
        let _ = stream.write_all(&ask.bytes());
        Ok(Self { stream, raw: Vec::new() })
    }

    /// Reads on; false at the end.
    pub fn read(&mut self) -> bool {
        let mut buffer = [0; 64 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(0) => false,
            Ok(count) => {
                self.raw.extend_from_slice(&buffer[..count]);
                true
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => panic!("no answer: it hangs"),
            Err(_reset) => false,
        }
    }

    /// Reads until the body holds `needle` so many times.
    pub fn read_until(&mut self, needle: &str, times: usize) {
        while text(&self.answer().body).matches(needle).count() < times {
            assert!(self.read(), "the answer ended before {times} of `{needle}`: {}", text(&self.raw));
        }
    }

    /// What has come so far.
    pub fn answer(&self) -> Answer {
        Answer::parse(&self.raw)
    }

    /// Reads to the end.
    pub fn finish(mut self) -> Answer {
        while self.read() {}
        self.answer()
    }

    /// Closes the connection.
    pub fn hang_up(self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

/// An answer, or what there is of one.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// 0 when not even the head came.
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The body ended as its framing said.
    pub whole: bool,
}

impl Answer {
    fn parse(raw: &[u8]) -> Self {
        let Some(end) = raw.windows(4).position(|four| four == b"\r\n\r\n") else { return Self::default() };
        let head = text(&raw[..end]);
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap().parse().unwrap();
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let mut answer = Self { status, headers, ..Self::default() };
        let rest = &raw[end + 4..];
        (answer.body, answer.whole) = match answer.header("content-length") {
            Some(length) => (rest.to_vec(), rest.len() == length.parse::<usize>().unwrap()),
            None if answer.header("transfer-encoding").is_some() => unchunk(rest),
            None => (rest.to_vec(), true),
        };
        answer
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(has, _)| has == name).map(|(_, value)| value.as_str())
    }

    pub fn request_id(&self) -> &str {
        self.header("x-offtake-request-id").unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

fn unchunk(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(line) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(&text(&rest[..line]), 16).unwrap();
        if size == 0 {
            return (body, true);
        }
        rest = &rest[line + 2..];
        body.extend_from_slice(&rest[..size.min(rest.len())]);
        rest = rest.get(size + 2..).unwrap_or_default();
    }
    (body, false)
}

// ── the wires ───────────────────────────────────────────────────────────────────────────────────────────────

/// What a client may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    Messages,
    Chat,
    Converse,
    Invoke,
}

/// How a stream ended, as its own protocol says.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    Clean,
    /// The error's type.
    Error(String),
    /// Without a word.
    Silent,
}

impl Wire {
    pub const ALL: [Self; 4] = [Self::Messages, Self::Chat, Self::Converse, Self::Invoke];

    /// A small question. `orders` reach the double where the wire has a place for a user's id.
    pub fn ask(self, model: &str, stream: bool, orders: &str) -> Ask {
        let messages = json!([{"role": "user", "content": "What is it? "}]);
        let body = match self {
            Self::Messages => json!({"model": model, "max_tokens": 1000, "stream": stream,
                "messages": messages, "metadata": {"user_id": orders}}),
            Self::Chat => json!({"model": model, "stream": stream, "messages": messages, "user": orders}),
            Self::Converse => json!({"messages": [{"role": "user", "content": [{"text": "What is it? "}]}]}),
            Self::Invoke => json!({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 1000,
                "messages": messages, "metadata": {"user_id": orders}}),
        };
        Ask::post(&self.path(model, stream), body.to_string())
    }

    pub fn path(self, model: &str, stream: bool) -> String {
        let verb = match (self, stream) {
            (Self::Messages, _) => return "/v1/messages".to_owned(),
            (Self::Chat, _) => return "/v1/chat/completions".to_owned(),
            (Self::Converse, false) => "converse",
            (Self::Converse, true) => "converse-stream",
            (Self::Invoke, false) => "invoke",
            (Self::Invoke, true) => "invoke-with-response-stream",
        };
        format!("/model/{model}/{verb}")
    }

    /// The type of an error that is in this wire's own shape.
    pub fn error_type(self, answer: &Answer) -> String {
        let body = answer.json();
        let (kind, message) = match self {
            Self::Messages => {
                assert_eq!(body["type"], "error", "{body}");
                (body["error"]["type"].as_str(), &body["error"]["message"])
            }
            Self::Chat => {
                assert!(
                    body["error"].get("code").is_some() && body["error"].get("param").is_some(),
                    "{body}"
                );
                (body["error"]["type"].as_str(), &body["error"]["message"])
            }
            Self::Converse | Self::Invoke => (answer.header("x-amzn-errortype"), &body["message"]),
        };
        assert!(message.as_str().is_some_and(|message| !message.is_empty()), "{self:?}: {body}");
        assert!(!answer.request_id().is_empty(), "{self:?}: no request id");
        kind.unwrap_or_else(|| panic!("{self:?}: no error of this wire: {answer:?}")).to_owned()
    }

    /// How the stream ended.
    pub fn end(self, body: &[u8]) -> End {
        match self {
            Self::Messages => anthropic_end(&text(body)),
            Self::Chat => chat_end(&text(body)),
            Self::Converse | Self::Invoke => frames_end(self, body),
        }
    }
}

/// The server-sent events of a body, read as the protocol says: name and data, dispatched by an empty line.
pub fn events(body: &str) -> Vec<(String, String)> {
    let (mut done, mut name, mut data) = (Vec::new(), String::new(), Vec::new());
    for line in body.split('\n') {
        if let Some(text) = line.strip_prefix("event: ") {
            text.clone_into(&mut name);
        } else if let Some(text) = line.strip_prefix("data: ") {
            data.push(text);
        } else if line.is_empty() && !data.is_empty() {
            done.push((std::mem::take(&mut name), std::mem::take(&mut data).join("\n")));
        }
    }
    done
}

fn parsed(data: &str) -> Value {
    serde_json::from_str(data).unwrap_or_else(|error| panic!("a client cannot read `{data}`: {error}"))
}

fn anthropic_end(body: &str) -> End {
    let mut end = End::Silent;
    for (name, data) in events(body) {
        let data = parsed(&data);
        assert_eq!(data["type"], name.as_str(), "the SDK goes by the event's name");
        end = match name.as_str() {
            "message_stop" => End::Clean,
            "error" => End::Error(data["error"]["type"].as_str().unwrap().to_owned()),
            _ => End::Silent,
        };
    }
    end
}

fn chat_end(body: &str) -> End {
    let mut end = End::Silent;
    for (_, data) in events(body) {
        if data == "[DONE]" {
            assert_eq!(end, End::Silent, "no clean end after an error");
            return End::Clean;
        }
        if let Some(kind) = parsed(&data)["error"]["type"].as_str() {
            end = End::Error(kind.to_owned());
        }
    }
    end
}

fn frames_end(wire: Wire, mut body: &[u8]) -> End {
    let mut end = End::Silent;
    while !body.is_empty() {
        let Ok(message) = read_message_from(&mut body) else { return End::Silent };
        let header = |name: &str| {
            let header = message.headers().iter().find(|header| header.name().as_str() == name);
            header.and_then(|header| header.value().as_string().ok().map(|text| text.as_str().to_owned()))
        };
        end = match (header(":message-type").as_deref(), header(":event-type").as_deref()) {
            (Some("exception"), _) => End::Error(header(":exception-type").unwrap()),
            (_, Some("metadata")) => End::Clean,
            (_, Some("chunk")) if wire == Wire::Invoke => {
                let chunk: Value = serde_json::from_slice(message.payload()).unwrap();
                let inner = decode_base64(chunk["bytes"].as_str().unwrap());
                if text(&inner).contains("message_stop") { End::Clean } else { End::Silent }
            }
            _ => End::Silent,
        };
    }
    end
}

pub fn decode_base64(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
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
