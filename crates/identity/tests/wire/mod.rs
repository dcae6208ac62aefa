//! A request as text, for tests: request line, headers (folded lines join with a space), blank line, body.
#![allow(dead_code, reason = "each test uses its part")]

use http::{HeaderMap, HeaderName, HeaderValue};
use identity::Head;

#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub query: Option<String>,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Request {
    pub fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let head = head.replace("\n ", " ");
        let mut lines = head.lines();
        let (method, target) = lines.next().unwrap().split_once(' ').unwrap();
        let target = target.strip_suffix(" HTTP/1.1").unwrap_or(target);
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (target, None),
        };
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = line.split_once(':').unwrap();
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_bytes(value.trim().as_bytes()).unwrap());
        }
        Self { method: method.into(), path: path.into(), query, headers, body: body.into() }
    }

    pub fn head(&self) -> Head<'_> {
        let (query, headers) = (self.query.as_deref(), &self.headers);
        Head { method: &self.method, path: &self.path, query, headers }
    }

    /// The header's value changed by `change`.
    pub fn edit(&mut self, name: &str, change: impl FnOnce(&str) -> String) {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        let value = change(self.headers.get(&name).map_or("", |value| value.to_str().unwrap()));
        self.headers.insert(name, HeaderValue::from_str(&value).unwrap());
    }

    /// The request with one byte changed in each part that its signature covers, one part at a time.
    pub fn tampered(&self) -> Vec<(String, Self)> {
        let mut all = Vec::new();
        let mut add = |what: &str, change: &dyn Fn(&mut Self)| {
            let mut request = self.clone();
            change(&mut request);
            all.push((what.to_owned(), request));
        };
        add("method", &|request| request.method = "PUT".into());
        add("path", &|request| request.path.push('x'));
        add("query", &|request| request.query = Some(request.query.clone().unwrap_or_default() + "&z=1"));
        add("body", &|request| request.body.push(b' '));
        for name in self.signed_headers() {
            add(&name, &|request| request.edit(&name, flip_last));
        }
        if self.headers.contains_key("authorization") {
            add("signature", &|request| request.edit("authorization", flip_last));
        } else {
            add("signature", &|request| {
                let query = request.query.as_deref().unwrap();
                let (before, after) = query.split_once("X-Amz-Signature=").unwrap();
                request.query = Some(format!("{before}X-Amz-Signature={}", flip_last(after)));
            });
        }
        all
    }

    fn signed_headers(&self) -> Vec<String> {
        let list = match self.headers.get("authorization") {
            Some(value) => value.to_str().unwrap().split_once("SignedHeaders=").unwrap().1.to_owned(),
            None => {
                let query = self.query.as_deref().unwrap();
                query.split_once("X-Amz-SignedHeaders=").unwrap().1.replace("%3B", ";")
            }
        };
        let end = list.find([',', '&']).unwrap();
        list[..end].split(';').map(str::to_owned).collect()
    }
}

/// The text with its last byte changed, within hexadecimal digits where it was one.
pub fn flip_last(text: &str) -> String {
    let mut text = text.to_owned();
    let last = text.pop().unwrap();
    text.push(if last == '0' { '1' } else { '0' });
    text
}
