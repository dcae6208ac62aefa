//! An OpenID provider and a source of keys that does as it is told, also what no real one would: it says whatever a test
//! wants an id token to say, signs with whatever key, and remembers what it was asked.

use crate::support::text;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A P-256 key with a name.
pub struct Signer {
    pub name: String,
    pair: EcdsaKeyPair,
}

impl Signer {
    pub fn new(name: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self { name: name.to_owned(), pair }
    }

    fn point(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    pub fn jwk(&self) -> Value {
        let (x, y) = self.point()[1..].split_at(32);
        let [x, y] = [x, y].map(|half| URL_SAFE_NO_PAD.encode(half));
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "kid": self.name, "x": x, "y": y})
    }

    pub fn set(&self) -> String {
        json!({"keys": [self.jwk()]}).to_string()
    }

    /// As AWS publishes the keys of its load balancers.
    pub fn pem(&self) -> String {
        let head = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
        let head = (0..head.len()).step_by(2).map(|at| u8::from_str_radix(&head[at..at + 2], 16).unwrap());
        let der: Vec<u8> = head.chain(self.point().iter().copied()).collect();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der))
    }

    fn sign(&self, signed: &str) -> Vec<u8> {
        self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap().as_ref().to_vec()
    }

    /// A token with these claims.
    pub fn token(&self, claims: &Value) -> String {
        self.token_under(&json!({"alg": "ES256", "kid": self.name}), claims)
    }

    /// As [`Signer::token`], under this header. `none` is not signed, and HS256 by what everybody knows.
    pub fn token_under(&self, header: &Value, claims: &Value) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = match header["alg"].as_str().unwrap() {
            "none" => Vec::new(),
            "HS256" => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, self.set().as_bytes());
                hmac::sign(&key, signed.as_bytes()).as_ref().to_vec()
            }
            _ => self.sign(&signed),
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// As a load balancer makes it: padded.
    pub fn padded(&self, header: &Value, claims: &Value) -> String {
        let signed =
            format!("{}.{}", URL_SAFE.encode(header.to_string()), URL_SAFE.encode(claims.to_string()));
        format!("{signed}.{}", URL_SAFE.encode(self.sign(&signed)))
    }
}

/// A request that the provider was sent.
#[derive(Debug, Clone)]
pub struct Asked {
    pub path: String,
    pub authorization: Option<String>,
    pub form: HashMap<String, String>,
}

#[derive(Default)]
struct State {
    /// What stands at a path.
    at: HashMap<String, (u16, String)>,
    asked: Vec<Asked>,
}

/// A server of fixed answers. It ends with the process.
pub struct Provider {
    pub url: String,
    state: Arc<Mutex<State>>,
}

impl Provider {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let serving = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = Arc::clone(&serving);
                std::thread::spawn(move || answer(stream, &serving));
            }
        });
        let provider = Self { url, state };
        provider.describe(json!({}));
        provider
    }

    /// Its description, with these fields changed.
    #[expect(clippy::needless_pass_by_value, reason = "so that a test writes its change in place")]
    pub fn describe(&self, changed: Value) {
        let url = &self.url;
        let mut description = json!({
            "issuer": url, "authorization_endpoint": format!("{url}/auth?tenant=1"),
            "token_endpoint": format!("{url}/token"), "jwks_uri": format!("{url}/keys"),
            "device_authorization_endpoint": format!("{url}/device"),
        });
        for (name, value) in changed.as_object().unwrap() {
            description[name] = value.clone();
        }
        self.put("/.well-known/openid-configuration", 200, &description.to_string());
    }

    /// From now on this stands at the path.
    pub fn put(&self, path: &str, status: u16, body: &str) {
        self.state.lock().unwrap().at.insert(path.to_owned(), (status, body.to_owned()));
    }

    /// What it was asked at this path.
    pub fn asked(&self, path: &str) -> Vec<Asked> {
        let state = self.state.lock().unwrap();
        state.asked.iter().filter(|asked| asked.path == path).cloned().collect()
    }
}

fn answer(mut stream: TcpStream, state: &Mutex<State>) {
    let mut raw = Vec::new();
    let mut buffer = [0; 16 << 10];
    let (head, body) = loop {
        let Ok(count) = stream.read(&mut buffer) else { return };
        raw.extend_from_slice(&buffer[..count]);
        let Some(end) = raw.windows(4).position(|four| four == b"\r\n\r\n") else {
            if count == 0 {
                return;
            }
            continue;
        };
        let head = text(&raw[..end]);
        let length = header(&head, "content-length").map_or(0, |length| length.parse().unwrap());
        if raw.len() >= end + 4 + length {
            break (head, text(&raw[end + 4..]));
        }
    };
    let path = head.split(' ').nth(1).unwrap().to_owned();
    let (status, answer) = {
        let mut state = state.lock().unwrap();
        let authorization = header(&head, "authorization");
        state.asked.push(Asked { path: path.clone(), authorization, form: form(&body) });
        state.at.get(&path).cloned().unwrap_or((404, "{}".to_owned()))
    };
    let length = answer.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {status} x\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{answer}"
    );
}

fn header(head: &str, name: &str) -> Option<String> {
    let mut fields = head.lines().filter_map(|line| line.split_once(": "));
    fields.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
}

/// The fields of a form or query.
pub fn form(body: &str) -> HashMap<String, String> {
    let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

fn decoded(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let hex: Vec<u8> = bytes.by_ref().take(2).collect();
                u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap()
            }
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(out).unwrap()
}

/// The S256 challenge of a verifier.
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}

/// Now, as tokens have it.
pub fn now() -> i64 {
    i64::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap()
}
