//! JSON read field by field and written in order.
//!
//! Reading keeps what is not looked at as raw text, so tool schemas and arguments cross unchanged (key
//! order and numbers included), and remembers which fields nobody took, so nothing is lost silently.

use crate::error::Invalid;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// A value and where it stands.
#[derive(Clone)]
pub(crate) struct Value<'a> {
    pub path: String,
    pub raw: &'a str,
}

impl<'a> Value<'a> {
    /// A whole document.
    pub fn document(body: &'a [u8]) -> Result<Self, Invalid> {
        let text = utf8(body)?;
        let raw: &RawValue = serde_json::from_str(text).map_err(|error| not_json(&error))?;
        Ok(Self { path: String::new(), raw: raw.get() })
    }

    /// As `T`, or an error that names the field and says that it should be `what`.
    pub fn read<T: DeserializeOwned>(&self, what: &str) -> Result<T, Invalid> {
        serde_json::from_str(self.raw).map_err(|_| self.wrong(format!("should be {what}")))
    }

    pub fn text(&self) -> Result<String, Invalid> {
        self.read("a string")
    }

    pub fn is_text(&self) -> bool {
        self.raw.starts_with('"')
    }

    pub fn list(&self) -> Result<Vec<Value<'a>>, Invalid> {
        let items: Vec<&RawValue> =
            serde_json::from_str(self.raw).map_err(|_| self.wrong("should be a list".to_owned()))?;
        let at = |(index, raw): (usize, &'a RawValue)| Value {
            path: format!("{}[{index}]", self.path),
            raw: raw.get(),
        };
        Ok(items.into_iter().enumerate().map(at).collect())
    }

    pub fn object(&self) -> Result<Object<'a>, Invalid> {
        let Fields(fields) =
            serde_json::from_str(self.raw).map_err(|_| self.wrong("should be an object".to_owned()))?;
        Ok(Object { path: self.path.clone(), fields })
    }

    pub fn wrong(&self, message: impl Into<String>) -> Invalid {
        let field = if self.path.is_empty() { "body" } else { &self.path };
        Invalid::new(field, message)
    }
}

/// An object whose fields are taken one by one; what is left at the end was not understood.
pub(crate) struct Object<'a> {
    pub path: String,
    fields: Vec<(Cow<'a, str>, &'a str)>,
}

impl<'a> Object<'a> {
    /// The path of a field of this object.
    pub fn at(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// The field `name`; null counts as absent. The last of several counts, as in most readers.
    pub fn take(&mut self, name: &str) -> Option<Value<'a>> {
        let mut found = None;
        self.fields.retain(|(key, raw)| {
            if key == name {
                found = Some(*raw);
            }
            key != name
        });
        let path = self.at(name);
        found.filter(|raw| *raw != "null").map(|raw| Value { path, raw })
    }

    pub fn need(&mut self, name: &str) -> Result<Value<'a>, Invalid> {
        self.take(name).ok_or_else(|| self.wrong(name, "is required"))
    }

    pub fn text(&mut self, name: &str) -> Result<Option<String>, Invalid> {
        self.take(name).map(|value| value.text()).transpose()
    }

    pub fn need_text(&mut self, name: &str) -> Result<String, Invalid> {
        self.need(name)?.text()
    }

    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, Invalid> {
        self.take(name).map(|value| value.read("true or false")).transpose()
    }

    pub fn whole(&mut self, name: &str) -> Result<Option<u64>, Invalid> {
        self.take(name).map(|value| value.read("a whole number, not negative")).transpose()
    }

    pub fn number(&mut self, name: &str) -> Result<Option<f64>, Invalid> {
        self.take(name).map(|value| value.read("a number")).transpose()
    }

    pub fn object(&mut self, name: &str) -> Result<Option<Object<'a>>, Invalid> {
        self.take(name).map(|value| value.object()).transpose()
    }

    pub fn list(&mut self, name: &str) -> Result<Vec<Value<'a>>, Invalid> {
        Ok(self.take(name).map(|value| value.list()).transpose()?.unwrap_or_default())
    }

    /// Drops fields that change no meaning, and says which of them were there.
    pub fn drop_with_warning(&mut self, names: &[&str], warnings: &mut Vec<String>) {
        for name in names {
            if self.take(name).is_some() {
                warnings.push(format!("`{}` has no equal at this model and was left out", self.at(name)));
            }
        }
    }

    /// Ends the reading: a field nobody took is one we would lose.
    pub fn finish(self) -> Result<(), Invalid> {
        match self.fields.iter().find(|(_, raw)| *raw != "null") {
            None => Ok(()),
            Some((name, _)) => {
                Err(self.wrong(name, "is not supported for this model; remove it or choose another model"))
            }
        }
    }

    /// The names nobody took.
    pub fn rest(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|(name, _)| name.as_ref())
    }

    pub fn wrong(&self, name: &str, message: &str) -> Invalid {
        Invalid::new(self.at(name), message)
    }
}

pub(crate) fn utf8(body: &[u8]) -> Result<&str, Invalid> {
    std::str::from_utf8(body).map_err(|error| {
        Invalid::new("body", format!("is not UTF-8: the byte at offset {} is wrong", error.valid_up_to()))
    })
}

pub(crate) fn not_json(error: &serde_json::Error) -> Invalid {
    Invalid::new("body", format!("is not valid JSON: {error}"))
}

struct Fields<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'de> serde::Deserialize<'de> for Fields<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Fields<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(Name(key)) = map.next_key()? {
                    fields.push((key, map.next_value::<&'de RawValue>()?.get()));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// JSON to be written; fields keep their order, so the same value always gives the same bytes (pitfall 52).
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Flag(bool),
    Whole(u64),
    Signed(i64),
    Real(f64),
    Text(String),
    /// JSON text that was valid when it was read.
    Raw(String),
    List(Vec<Json>),
    Object(Vec<(&'static str, Json)>),
}

/// An object with these fields.
pub(crate) fn object<const N: usize>(fields: [(&'static str, Json); N]) -> Json {
    Json::Object(fields.into())
}

impl Json {
    /// The object with one more field.
    pub fn with(mut self, name: &'static str, value: impl Into<Json>) -> Self {
        if let Self::Object(fields) = &mut self {
            fields.push((name, value.into()));
        }
        self
    }

    /// The object with one more field, when there is a value for it.
    pub fn with_some(self, name: &'static str, value: Option<impl Into<Json>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        self.write(&mut out);
        out
    }

    pub fn to_text(&self) -> String {
        // INVARIANT: every part written is text.
        String::from_utf8(self.to_bytes()).unwrap_or_default()
    }

    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Flag(flag) => out.extend_from_slice(if *flag { b"true" } else { b"false" }),
            Self::Whole(number) => out.extend_from_slice(number.to_string().as_bytes()),
            Self::Signed(number) => out.extend_from_slice(number.to_string().as_bytes()),
            Self::Real(number) if number.is_finite() => {
                out.extend_from_slice(format!("{number:?}").as_bytes());
            }
            Self::Real(_) => out.extend_from_slice(b"null"),
            Self::Text(text) => write_text(text, out),
            Self::Raw(raw) => out.extend_from_slice(raw.as_bytes()),
            Self::List(items) => write_list(items, out),
            Self::Object(fields) => write_object(fields, out),
        }
    }
}

fn write_list(items: &[Json], out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        item.write(out);
    }
    out.push(b']');
}

fn write_object(fields: &[(&'static str, Json)], out: &mut Vec<u8>) {
    out.push(b'{');
    for (index, (name, value)) in fields.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_text(name, out);
        out.push(b':');
        value.write(out);
    }
    out.push(b'}');
}

/// Writes a JSON string.
pub(crate) fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut plain_from = 0;
    for (index, byte) in text.bytes().enumerate() {
        let escaped = match byte {
            b'"' => "\\\"".to_owned(),
            b'\\' => "\\\\".to_owned(),
            b'\n' => "\\n".to_owned(),
            b'\r' => "\\r".to_owned(),
            b'\t' => "\\t".to_owned(),
            0..=0x1f => format!("\\u{byte:04x}"),
            _ => continue,
        };
        out.extend_from_slice(&text.as_bytes()[plain_from..index]);
        out.extend_from_slice(escaped.as_bytes());
        plain_from = index + 1;
    }
    out.extend_from_slice(&text.as_bytes()[plain_from..]);
    out.push(b'"');
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Json {
    fn from(number: u64) -> Self {
        Self::Whole(number)
    }
}

impl From<f64> for Json {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

impl From<bool> for Json {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Vec<Json>> for Json {
    fn from(items: Vec<Json>) -> Self {
        Self::List(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_text_reads_back() {
        for text in ["", "plain", "a\"b\\c\n\r\t\u{1}\u{7f}é漢🦀", "\u{0}"] {
            let bytes = Json::from(text).to_bytes();
            assert_eq!(serde_json::from_slice::<String>(&bytes).unwrap(), text);
        }
        let all = object([("n", Json::Real(1e-7)), ("i", Json::Real(f64::NAN)), ("s", Json::Signed(-3))]);
        assert_eq!(all.to_bytes(), br#"{"n":1e-7,"i":null,"s":-3}"#);
    }

    #[test]
    fn fields_are_taken_once_and_the_rest_is_known() {
        let document = Value::document(br#"{"\u0061":1,"b":null,"c":{"d":"x"}}"#).unwrap();
        let mut object = document.object().unwrap();
        assert_eq!(object.whole("a").unwrap(), Some(1));
        assert!(object.take("a").is_none() && object.take("b").is_none());
        assert_eq!(object.rest().collect::<Vec<_>>(), ["c"]);
        let mut inner = object.object("c").unwrap().unwrap();
        assert_eq!(inner.whole("d").unwrap_err().field, "c.d");
        assert!(object.finish().is_ok());
    }
}
