//! The head of a request: what admission and routing need, read in one pass without building a tree, and
//! where it stands, so that a body can be sent on byte for byte apart from the few places that must differ.
//!
//! Invariant (pitfalls 43, 52): a splice changes only the members it names; the same body and name always
//! give the same bytes.

use crate::error::Invalid;
use crate::json::{not_json, utf8};
use crate::wire::Wire;
use bytes::Bytes;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::ops::Range;

/// What the pipeline needs to know of a request body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// The model asked for; none on Bedrock, where it stands in the path.
    pub model: Option<String>,
    /// Whether the answer is to be streamed; always false on Bedrock, where the path says so.
    pub stream: bool,
    /// The largest output the caller wants, in tokens.
    pub max_tokens: Option<u64>,
    /// OpenAI: whether the caller asked for the usage chunk.
    pub include_usage: bool,
    /// Bedrock invoke: beta flags that stand in the body.
    pub betas: Vec<String>,
    /// Bytes of messages, system prompt and tools: the base of an estimate of the input.
    pub prompt_bytes: usize,
    members: Members,
}

/// Where the members that are ever spliced stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Members {
    first_key: Option<usize>,
    model: Option<Member>,
    stream: Option<Member>,
    stream_options: Option<Member>,
    anthropic_version: Option<Member>,
    anthropic_beta: Option<Member>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Member {
    /// Where the key's opening quote stands.
    start: usize,
    value: Range<usize>,
}

/// Reads the head of a request for an answer: `model`, `max_tokens` (Anthropic bodies) and `messages` are
/// required.
pub fn head(wire: Wire, body: &[u8]) -> Result<Head, Invalid> {
    let head = count_head(wire, body)?;
    if wire.is_anthropic_body() && head.max_tokens.is_none() {
        return Err(Invalid::new("max_tokens", "is required: a whole number of at least 1"));
    }
    if wire == Wire::BedrockInvoke && head.members.anthropic_version.is_none() {
        return Err(Invalid::new("anthropic_version", "is required, such as `bedrock-2023-05-31`"));
    }
    Ok(head)
}

/// Reads the head of a request to count tokens, where `max_tokens` may be missing.
pub fn count_head(wire: Wire, body: &[u8]) -> Result<Head, Invalid> {
    let text = utf8(body)?;
    let seen: Seen<'_> = serde_json::from_str(text).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => {
            Invalid::new("body", format!("should be a JSON object: {error}"))
        }
        _ => not_json(&error),
    })?;
    if let Some(name) = seen.twice {
        return Err(Invalid::new(name, "stands twice in the body; name it once"));
    }
    seen.head(wire, body)
}

/// The body with another model name; the same bytes in every other place. A body that already has that
/// name, or has none to replace, is returned as it is.
pub fn with_model(body: &Bytes, head: &Head, upstream_model: &str) -> Bytes {
    if head.model.as_deref() == Some(upstream_model) {
        return body.clone();
    }
    splice(body, model_edit(head, upstream_model).into_iter().collect())
}

/// An OpenAI body with another model name that asks for the usage chunk (pitfall 18). The second value says
/// whether the caller did not ask for it, so that [`crate::StripUsage`] must take it out of the answer.
pub fn with_model_and_usage(body: &Bytes, head: &Head, upstream_model: &str) -> (Bytes, bool) {
    if !head.stream || head.include_usage {
        return (with_model(body, head, upstream_model), false);
    }
    let mut edits: Vec<Edit> = model_edit(head, upstream_model).into_iter().collect();
    edits.extend(usage_edit(body, head));
    (splice(body, edits), true)
}

/// A Bedrock invoke body as an Anthropic one: `anthropic_version` and `anthropic_beta` go (the flags are in
/// [`Head::betas`], for the `anthropic-beta` header), `model` and `stream` come; the rest stays as it is.
pub fn invoke_to_messages(body: &Bytes, head: &Head, upstream_model: &str, stream: bool) -> Bytes {
    let members = &head.members;
    let mut first = Vec::from(b"\"model\":");
    crate::json::write_text(upstream_model, &mut first);
    if stream {
        first.extend_from_slice(b",\"stream\":true");
    }
    let own = [&members.anthropic_version, &members.anthropic_beta, &members.model, &members.stream];
    splice(body, replacement(body, head, &own, first))
}

/// An Anthropic body as a Bedrock invoke one: `model` and `stream` go, `anthropic_version` and the flags
/// of the `anthropic-beta` header that the backend knows come.
pub fn messages_to_invoke(body: &Bytes, head: &Head, betas: &[&str]) -> Bytes {
    let members = &head.members;
    let mut first = Vec::from(b"\"anthropic_version\":\"bedrock-2023-05-31\"");
    if !betas.is_empty() {
        first.extend_from_slice(b",\"anthropic_beta\":");
        let flags = betas.iter().map(|flag| crate::json::Json::from(*flag)).collect();
        crate::json::Json::List(flags).write(&mut first);
    }
    splice(body, replacement(body, head, &[&members.model, &members.stream], first))
}

/// One change: these bytes become those.
struct Edit {
    place: Range<usize>,
    text: Vec<u8>,
}

fn model_edit(head: &Head, name: &str) -> Option<Edit> {
    let member = head.members.model.as_ref()?;
    let mut text = Vec::with_capacity(name.len() + 2);
    crate::json::write_text(name, &mut text);
    Some(Edit { place: member.value.clone(), text })
}

fn usage_edit(body: &[u8], head: &Head) -> Option<Edit> {
    const ASK: &[u8] = b"\"include_usage\":true";
    let Some(member) = &head.members.stream_options else {
        let mut text = Vec::from(b"\"stream_options\":{");
        text.extend_from_slice(ASK);
        text.push(b'}');
        return insertion(head, text);
    };
    let options: &str = body.get(member.value.clone()).and_then(|raw| std::str::from_utf8(raw).ok())?;
    // Other options the caller set are kept; only the one answer is ours.
    let mut fields: Vec<Vec<u8>> = vec![ASK.to_vec()];
    if let Ok(Seen { members, .. }) = serde_json::from_str::<Seen<'_>>(options) {
        let others = members.into_iter().filter(|(key, _)| *key != "\"include_usage\"");
        fields.extend(others.map(|(key, value)| [key, ":", value.get()].concat().into_bytes()));
    }
    let text = [b"{".as_slice(), &fields.join(&b','), b"}"].concat();
    Some(Edit { place: member.value.clone(), text })
}

/// Puts members in front of the first one.
fn insertion(head: &Head, mut text: Vec<u8>) -> Option<Edit> {
    let at = head.members.first_key?;
    text.push(b',');
    Some(Edit { place: at..at, text })
}

/// Takes members out and puts others in front. Each member but the first takes the comma before it along,
/// so any set of them can go.
fn replacement(body: &[u8], head: &Head, out: &[&Option<Member>], text: Vec<u8>) -> Vec<Edit> {
    let is_first = |member: &Member| Some(member.start) == head.members.first_key;
    let removal = |member: &Member| {
        let before = body.get(..member.start).unwrap_or_default();
        let comma = before.iter().rposition(|byte| *byte == b',').unwrap_or(member.start);
        let start = if is_first(member) { member.start } else { comma };
        Edit { place: start..member.value.end, text: Vec::new() }
    };
    let mut edits: Vec<Edit> = out.iter().copied().flatten().map(removal).collect();
    let first_goes = out.iter().copied().flatten().any(is_first);
    edits.extend(match head.members.first_key {
        Some(at) if first_goes => Some(Edit { place: at..at, text }),
        _ => insertion(head, text),
    });
    edits
}

fn splice(body: &[u8], mut edits: Vec<Edit>) -> Bytes {
    edits.sort_by_key(|edit| (edit.place.start, edit.place.end));
    let added: usize = edits.iter().map(|edit| edit.text.len()).sum();
    let mut out = Vec::with_capacity(body.len() + added);
    let mut from = 0;
    for edit in edits {
        out.extend_from_slice(body.get(from..edit.place.start).unwrap_or_default());
        out.extend_from_slice(&edit.text);
        from = edit.place.end.max(from);
    }
    out.extend_from_slice(body.get(from..).unwrap_or_default());
    out.into()
}

/// The members of the outermost object, raw, and the name of one that stands there twice.
struct Seen<'a> {
    members: Vec<(&'a str, &'a RawValue)>,
    twice: Option<&'static str>,
}

const KNOWN: [&str; 13] = [
    "model",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "messages",
    "system",
    "tools",
    "anthropic_version",
    "anthropic_beta",
    "inferenceConfig",
    "toolConfig",
    "include_usage",
];

impl<'de> serde::Deserialize<'de> for Seen<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Seen<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Seen<'de>, A::Error> {
                let mut seen = Seen { members: Vec::with_capacity(16), twice: None };
                while let Some(key) = map.next_key::<&'de RawValue>()? {
                    let key = key.get();
                    // Looked for only until one is found: a body of many members costs no more.
                    if let Some(name) = KNOWN.iter().find(|name| is_key(key, name))
                        && seen.twice.is_none()
                        && seen.members.iter().any(|(other, _)| is_key(other, name))
                    {
                        seen.twice = Some(name);
                    }
                    seen.members.push((key, map.next_value()?));
                }
                Ok(seen)
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// Whether a raw key says `name`; an escaped spelling of a name is that name too.
fn is_key(raw: &str, name: &str) -> bool {
    if raw.contains('\\') {
        return serde_json::from_str::<String>(raw).is_ok_and(|key| key == name);
    }
    raw.len() == name.len() + 2 && raw[1..].starts_with(name)
}

impl<'a> Seen<'a> {
    fn get(&self, name: &str) -> Option<&(&'a str, &'a RawValue)> {
        let present = |(_, value): &&(&str, &RawValue)| value.get() != "null";
        self.members.iter().find(|(key, _)| is_key(key, name)).filter(present)
    }

    fn read<T: serde::Deserialize<'a>>(&self, name: &str, what: &str) -> Result<Option<T>, Invalid> {
        let Some((_, value)) = self.get(name) else { return Ok(None) };
        serde_json::from_str(value.get())
            .map(Some)
            .map_err(|_| Invalid::new(name, format!("should be {what}")))
    }

    fn member(&self, name: &str, body: &[u8]) -> Option<Member> {
        let (key, value) = self.members.iter().find(|(key, _)| is_key(key, name))?;
        let start = offset(body, value.get());
        Some(Member { start: offset(body, key), value: start..start + value.get().len() })
    }

    fn head(&self, wire: Wire, body: &[u8]) -> Result<Head, Invalid> {
        let options = self.get("stream_options").map(|(_, raw)| include_usage(raw.get())).transpose()?;
        let member = |name| self.member(name, body);
        Ok(Head {
            model: self.model(wire)?,
            stream: self.read("stream", "true or false")?.unwrap_or(false),
            max_tokens: self.max_tokens(wire)?,
            include_usage: options.unwrap_or(false),
            betas: self.read("anthropic_beta", "a list of strings")?.unwrap_or_default(),
            prompt_bytes: self.prompt_bytes()?,
            members: Members {
                first_key: self.members.first().map(|(key, _)| offset(body, key)),
                model: member("model"),
                stream: member("stream"),
                stream_options: member("stream_options"),
                anthropic_version: member("anthropic_version"),
                anthropic_beta: member("anthropic_beta"),
            },
        })
    }

    fn model(&self, wire: Wire) -> Result<Option<String>, Invalid> {
        if matches!(wire, Wire::BedrockConverse | Wire::BedrockInvoke) {
            return Ok(None);
        }
        let name: Option<String> = self.read("model", "the name of a model, a string")?;
        match name {
            Some(name) if !name.is_empty() => Ok(Some(name)),
            _ => Err(Invalid::new("model", "is required: the name of a model")),
        }
    }

    fn max_tokens(&self, wire: Wire) -> Result<Option<u64>, Invalid> {
        const WHAT: &str = "a whole number of at least 1";
        let (field, limit) = match wire {
            Wire::AnthropicMessages | Wire::BedrockInvoke => ("max_tokens", self.read("max_tokens", WHAT)?),
            Wire::OpenAiChat => match self.read("max_completion_tokens", WHAT)? {
                Some(limit) => ("max_completion_tokens", Some(limit)),
                None => ("max_tokens", self.read("max_tokens", WHAT)?),
            },
            Wire::BedrockConverse => {
                let raw = self.get("inferenceConfig").map(|(_, raw)| raw.get());
                ("inferenceConfig.maxTokens", raw.map(converse_max_tokens).transpose()?.flatten())
            }
        };
        if limit == Some(0) {
            return Err(Invalid::new(field, format!("should be {WHAT}")));
        }
        Ok(limit)
    }

    fn prompt_bytes(&self) -> Result<usize, Invalid> {
        let Some((_, messages)) = self.get("messages") else {
            return Err(Invalid::new("messages", "is required: a list of at least one message"));
        };
        let inner = messages.get().strip_prefix('[').map(str::trim_start);
        if inner.is_none_or(|rest| rest.starts_with(']')) {
            return Err(Invalid::new("messages", "should be a list of at least one message"));
        }
        let others = ["system", "tools", "toolConfig"].into_iter().filter_map(|name| self.get(name));
        Ok(messages.get().len() + others.map(|(_, raw)| raw.get().len()).sum::<usize>())
    }
}

fn include_usage(raw: &str) -> Result<bool, Invalid> {
    #[derive(serde::Deserialize)]
    struct Options {
        include_usage: Option<bool>,
    }
    let options: Options = serde_json::from_str(raw).map_err(|_| {
        Invalid::new("stream_options", "should be an object such as {\"include_usage\": true}")
    })?;
    Ok(options.include_usage.unwrap_or(false))
}

fn converse_max_tokens(raw: &str) -> Result<Option<u64>, Invalid> {
    #[derive(serde::Deserialize)]
    struct InferenceConfig {
        #[serde(rename = "maxTokens")]
        max_tokens: Option<u64>,
    }
    let wrong =
        |_| Invalid::new("inferenceConfig", "should be an object whose `maxTokens` is a whole number");
    serde_json::from_str::<InferenceConfig>(raw).map_err(wrong).map(|config| config.max_tokens)
}

/// Where `part`, a piece of `body`, begins in it.
fn offset(body: &[u8], part: &str) -> usize {
    part.as_ptr().addr().saturating_sub(body.as_ptr().addr())
}
