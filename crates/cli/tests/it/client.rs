//! A client that writes bytes to a socket, so that a test can send what no library would, hang up anywhere, and see
//! how far an answer came and whether it ended as its framing said; and the four wires it may speak.

use crate::support::{CALLER_KEY, PATIENCE, text};
use aws_smithy_eventstream::frame::read_message_from;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

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
        let mut head = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        if !headers.iter().any(|(name, _)| name == "host") {
            head.push_str("host: plane\r\n");
        }
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
