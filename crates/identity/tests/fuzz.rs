//! Fuzz targets for what strangers send: AWS signatures, tokens, the token endpoint and the STS endpoint. Each starts from a
//! corpus (recorded requests, and `corpus/`) and changes it at random from a fixed seed; nothing may panic, and nobody may be
//! let in as somebody else. `OFFTAKE_FUZZ_CASES=1000000 OFFTAKE_FUZZ_SEED=7 cargo test --release -p identity --test fuzz`
//! looks further than every test run does. What it finds goes into `corpus/`.
#![cfg(test)]

mod fixture;
mod wire;

use fixture::{NOW, directory, foreign, good_claims, ours};
use http::{HeaderMap, HeaderName, HeaderValue};
use identity::{Authentication, Directory, StsRequest, TokenRequest};
use std::path::Path;
use wire::Request;

/// Numbers by xorshift64*, the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }
}

/// Pieces that parsers stumble over.
const PIECES: [&[u8]; 24] = [
    b"",
    b"\0",
    b"\n",
    b"\r\n",
    b"%",
    b"%2F",
    b"%00",
    b"..",
    b"//",
    b";",
    b",",
    b"=",
    b"&",
    b" ",
    b"\xff\xfe",
    b"{",
    b"\"",
    b"none",
    b"HS256",
    b"null",
    b"-1",
    b"99999999999999999999",
    b"AWS4-HMAC-SHA256",
    b"UNSIGNED-PAYLOAD",
];

/// A few changes of one of `corpus`, sometimes with a part of another.
fn change(corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = corpus[random.below(corpus.len())].clone();
    for _ in 0..=random.below(4) {
        let (from, to) = (random.below(bytes.len() + 1), random.below(bytes.len() + 1));
        let (from, to) = (from.min(to), from.max(to));
        match random.below(6) {
            0 if from < bytes.len() => bytes[from] ^= 1 << random.below(8),
            1 => drop(bytes.drain(from..to.min(from + 8))),
            2 => drop(bytes.splice(from..from, PIECES[random.below(PIECES.len())].iter().copied())),
            3 => drop(bytes.splice(from..to, PIECES[random.below(PIECES.len())].iter().copied())),
            4 => bytes.extend_from_within(from..to),
            _ => {
                let other = &corpus[random.below(corpus.len())];
                let at = random.below(other.len());
                bytes.truncate(from);
                bytes.extend_from_slice(&other[at..]);
            }
        }
    }
    bytes
}

fn fuzz(corpus: &[Vec<u8>], mut target: impl FnMut(&[u8])) {
    let number = |name: &str, usual: u64| std::env::var(name).map_or(usual, |text| text.parse().unwrap());
    assert!(corpus.len() > 1, "there is no corpus");
    corpus.iter().for_each(|bytes| target(bytes));
    let mut random = Random(number("OFFTAKE_FUZZ_SEED", 1));
    for _ in 0..number("OFFTAKE_FUZZ_CASES", 6_000) {
        target(&change(corpus, &mut random));
    }
}

fn files(folder: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// A request as far as it is one: what HTTP itself refuses never comes here.
fn request(bytes: &[u8]) -> Option<Request> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    let head = head.replace("\n ", " ");
    let mut lines = head.lines();
    let (method, target) = lines.next()?.split_once(' ')?;
    let target = target.strip_suffix(" HTTP/1.1").unwrap_or(target);
    let (path, query) =
        target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query.to_owned())));
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = HeaderValue::from_bytes(value.trim().as_bytes());
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), value) {
            headers.append(name, value);
        }
    }
    Some(Request { method: method.into(), path: path.into(), query, headers, body: body.into() })
}

/// Who is let in; the texts of whoever is not fit on a line of a log.
fn who(directory: &Directory, request: &Request) -> Option<String> {
    let done = directory.authenticate(&request.head(), NOW).and_then(|proof| match proof {
        Authentication::Known(principal) => Ok(principal),
        Authentication::AwaitsBody(pending) => pending.finish(&request.body),
    });
    match done {
        Ok(principal) => Some(principal.to_string()),
        Err(failure) => {
            for text in [failure.to_string(), failure.public()] {
                assert!(text.len() < 400 && !text.chars().any(char::is_control), "{text}");
            }
            None
        }
    }
}

#[test]
fn signatures() {
    let directory = directory();
    let mut let_in = 0;
    fuzz(&files("signed"), |bytes| {
        let Some(request) = request(bytes) else { return };
        if let Some(who) = who(&directory, &request) {
            assert_eq!(who, "demo/bench/bob");
            let_in += 1;
        }
    });
    assert!(let_in > 5, "the corpus itself is good");
}

#[test]
fn tokens() {
    let directory = directory();
    let mut corpus = files("corpus/jwt");
    let algorithms = [("EdDSA", "ed"), ("ES256", "ec")];
    corpus.extend(algorithms.map(|(name, key)| foreign(name, Some(key), &good_claims()).into_bytes()));
    corpus.push(ours(&directory).into_bytes());
    let known = ["acme/ml/system:serviceaccount:ml:trainer", "demo/bench/alice"];
    let mut let_in = 0;
    fuzz(&corpus, |bytes| {
        let Ok(value) = HeaderValue::from_bytes(&[b"Bearer ", bytes].concat()) else { return };
        let mut request = Request::parse("POST /v1/messages HTTP/1.1\nhost: h\n\n{}");
        request.headers.insert("authorization", value);
        if let Some(who) = who(&directory, &request) {
            assert!(known.contains(&who.as_str()), "{who}");
            let_in += 1;
        }
    });
    assert!(let_in > 2, "the corpus itself is good");
}

#[test]
fn the_token_endpoint() {
    let directory = directory();
    let token = foreign("EdDSA", Some("ed"), &good_claims());
    let mut corpus = files("corpus/token");
    for bytes in &mut corpus {
        *bytes = String::from_utf8(bytes.clone()).unwrap().replace("TOKEN", &token).into_bytes();
    }
    let mut given = 0;
    fuzz(&corpus, |bytes| {
        for request in [TokenRequest::from_json(bytes), TokenRequest::from_form(bytes)].into_iter().flatten()
        {
            match directory.exchange(&request, NOW, [7; 16]) {
                Ok(issued) => {
                    let mut request = Request::parse("POST /v1/messages HTTP/1.1\nhost: h\n\n{}");
                    let value = format!("Bearer {}", issued.access_token);
                    request.headers.insert("authorization", HeaderValue::from_str(&value).unwrap());
                    assert_eq!(
                        who(&directory, &request).as_deref(),
                        Some("acme/ml/system:serviceaccount:ml:trainer")
                    );
                    given += 1;
                }
                Err(failure) => assert!(!failure.to_string().chars().any(char::is_control), "{failure}"),
            }
        }
        // AWS's endpoint reads the same kind of form.
        if let Ok(StsRequest::Assume(asked)) = StsRequest::from_form(bytes) {
            assert!(asked.rule().len() + asked.account().len() <= bytes.len());
        }
    });
    assert!(given > 2, "the corpus itself is good: {given}");
}
