//! OpenAI's chat request body, to and from the canonical conversation.

use crate::conversation::{
    Block, CacheMark, Content, Conversation, Media, Message, OutputSchema, Role, Tool, ToolChoice,
};
use crate::encoded::{Encoded, Notes};
use crate::error::{Invalid, Unsupported};
use crate::json::{Json, Object, Value, object};

/// Fields that steer the vendor's own service, or hint at effort, and change nothing about the conversation.
const SERVICE_FIELDS: [&str; 11] = [
    "user",
    "metadata",
    "store",
    "service_tier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "prompt_cache_options",
    "safety_identifier",
    "verbosity",
    "reasoning_effort",
    "prediction",
];

/// Fields that ask for nothing when they have this value, as raw JSON.
const NEUTRAL: [(&str, &[&str]); 8] = [
    ("n", &["1"]),
    ("logprobs", &["false"]),
    ("frequency_penalty", &["0", "0.0"]),
    ("presence_penalty", &["0", "0.0"]),
    ("logit_bias", &["{}"]),
    ("modalities", &["[\"text\"]"]),
    ("functions", &["[]"]),
    ("top_logprobs", &["0"]),
];

/// Reads a body.
pub(crate) fn decode(body: &[u8]) -> Result<Conversation, Invalid> {
    let mut fields = Value::document(body)?.object()?;
    let mut conversation = Conversation {
        model: fields.need_text("model")?,
        tools: fields.list("tools")?.iter().map(tool).collect::<Result<_, _>>()?,
        tool_choice: fields.take("tool_choice").map(|value| tool_choice(&value)).transpose()?,
        parallel_tools: fields.flag("parallel_tool_calls")?,
        temperature: fields.number("temperature")?,
        top_p: fields.number("top_p")?,
        top_k: fields.whole("top_k")?,
        seed: fields.take("seed").map(|value| value.read("a whole number")).transpose()?,
        stop: fields.take("stop").map(|value| stop(&value)).transpose()?.unwrap_or_default(),
        stream: fields.flag("stream")?.unwrap_or(false),
        ..Conversation::default()
    };
    let limits = (fields.whole("max_tokens")?, fields.whole("max_completion_tokens")?);
    conversation.max_tokens = limits.1.or(limits.0);
    if let Some(mut options) = fields.object("stream_options")? {
        conversation.include_usage = options.flag("include_usage")?.unwrap_or(false);
        options.take("include_obfuscation");
        options.finish()?;
    }
    if let Some(format) = fields.object("response_format")? {
        conversation.output_schema = response_format(format)?;
    }
    for value in fields.need("messages")?.list()? {
        read_message(&value, &mut conversation)?;
    }
    for (name, neutral) in NEUTRAL {
        if let Some(value) = fields.take(name)
            && !neutral.contains(&value.raw)
        {
            return Err(value.wrong("is not supported for this model; remove it"));
        }
    }
    fields.drop_with_warning(&SERVICE_FIELDS, &mut conversation.warnings);
    fields.finish()?;
    Ok(conversation)
}

/// Adds a message; the leading instructions are the system prompt, and neighbours of one role become one
/// turn, so that results of parallel calls stand together (pitfall 47).
fn read_message(value: &Value<'_>, conversation: &mut Conversation) -> Result<(), Invalid> {
    let mut fields = value.object()?;
    let warnings = &mut conversation.warnings;
    fields.drop_with_warning(&["name"], warnings);
    let role = fields.need("role")?;
    let (role, blocks) = match role.text()?.as_str() {
        "system" | "developer" => (Role::System, parts(&fields.need("content")?, warnings)?),
        "user" => (Role::User, parts(&fields.need("content")?, warnings)?),
        "assistant" => (Role::Assistant, assistant_blocks(&mut fields, warnings)?),
        "tool" => {
            let id = fields.need_text("tool_call_id")?;
            let content = parts(&fields.need("content")?, warnings)?;
            (Role::User, vec![Content::ToolResult { id, content, is_error: false }.into()])
        }
        _ => return Err(role.wrong("should be `system`, `developer`, `user`, `assistant` or `tool`")),
    };
    fields.finish()?;
    if role == Role::System && conversation.messages.is_empty() {
        conversation.system.extend(blocks);
        return Ok(());
    }
    match conversation.messages.last_mut() {
        Some(last) if last.role == role => last.blocks.extend(blocks),
        _ => conversation.messages.push(Message { role, blocks }),
    }
    Ok(())
}

fn assistant_blocks(fields: &mut Object<'_>, warnings: &mut Vec<String>) -> Result<Vec<Block>, Invalid> {
    // Thinking comes back without a signature here, so no vendor accepts it as its own.
    fields.drop_with_warning(&["reasoning_content", "reasoning", "annotations", "audio"], warnings);
    let mut blocks =
        fields.take("content").map(|value| parts(&value, warnings)).transpose()?.unwrap_or_default();
    blocks.extend(fields.text("refusal")?.map(Block::text));
    // A turn of tool calls often has an empty text beside them, which other vendors refuse.
    blocks.retain(|block| !matches!(&block.content, Content::Text(text) if text.is_empty()));
    for call in fields.list("tool_calls")? {
        blocks.push(tool_call(&call)?.into());
    }
    Ok(blocks)
}

/// A tool call of a request or of an answer.
pub(crate) fn tool_call(value: &Value<'_>) -> Result<Content, Invalid> {
    let mut fields = value.object()?;
    if let Some(word) = fields.take("type")
        && word.text()? != "function"
    {
        return Err(word.wrong("only `function` calls are supported for this model"));
    }
    let mut function = fields.need("function")?.object()?;
    Ok(Content::ToolUse {
        id: fields.need_text("id")?,
        name: function.need_text("name")?,
        arguments: function
            .text("arguments")?
            .filter(|text| !text.trim().is_empty())
            .unwrap_or("{}".to_owned()),
    })
}

/// Content: a string, or a list of parts.
fn parts(value: &Value<'_>, warnings: &mut Vec<String>) -> Result<Vec<Block>, Invalid> {
    if value.is_text() {
        return Ok(vec![Block::text(value.text()?)]);
    }
    value.list()?.iter().map(|value| part(value, warnings)).collect()
}

fn part(value: &Value<'_>, warnings: &mut Vec<String>) -> Result<Block, Invalid> {
    let mut fields = value.object()?;
    let cache = fields.object("cache_control")?.or(fields.object("prompt_cache_breakpoint")?);
    let cache = cache.map(cache_mark).transpose()?;
    let word = fields.need("type")?;
    let content = match word.text()?.as_str() {
        "text" => Content::Text(fields.need_text("text")?),
        "refusal" => Content::Text(fields.need_text("refusal")?),
        "image_url" => {
            let mut image = fields.need("image_url")?.object()?;
            image.drop_with_warning(&["detail"], warnings);
            let url = image.need_text("url")?;
            image.finish()?;
            Content::Image(media(url))
        }
        "file" => {
            let mut file = fields.need("file")?.object()?;
            let name = file.text("filename")?;
            let data = file.need_text("file_data")?;
            file.finish()?;
            Content::Document { media: media(data), name }
        }
        other => return Err(word.wrong(format!("`{other}` parts are not supported for this model"))),
    };
    fields.finish()?;
    Ok(Block { content, cache })
}

/// A mark as this wire writes it, and as gateways before us let it through (`cache_control`). Its longest
/// lifetime is nearest to our hour, everything shorter to five minutes.
fn cache_mark(mut fields: Object<'_>) -> Result<CacheMark, Invalid> {
    Ok(match fields.text("ttl")?.as_deref() {
        Some("1h" | "12h") => CacheMark::Hour,
        _ => CacheMark::FiveMinutes,
    })
}

/// A `data:` address is the data itself.
fn media(url: String) -> Media {
    let inline = url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
    match inline {
        Some((media_type, data)) => {
            Media::Base64 { media_type: media_type.to_owned(), data: data.to_owned() }
        }
        None => Media::Url(url),
    }
}

fn tool(value: &Value<'_>) -> Result<Tool, Invalid> {
    let mut fields = value.object()?;
    let word = fields.need("type")?;
    if word.text()? != "function" {
        return Err(word.wrong("only `function` tools are supported for this model"));
    }
    let cache = fields.object("cache_control")?.map(cache_mark).transpose()?;
    let mut function = fields.need("function")?.object()?;
    let tool = Tool {
        name: function.need_text("name")?,
        description: function.text("description")?,
        schema: function
            .take("parameters")
            .map_or(r#"{"type":"object","properties":{}}"#, |raw| raw.raw)
            .to_owned(),
        strict: function.flag("strict")?,
        cache,
    };
    function.finish()?;
    fields.finish()?;
    Ok(tool)
}

fn tool_choice(value: &Value<'_>) -> Result<ToolChoice, Invalid> {
    if value.is_text() {
        return match value.text()?.as_str() {
            "auto" => Ok(ToolChoice::Auto),
            "required" => Ok(ToolChoice::Any),
            "none" => Ok(ToolChoice::None),
            _ => Err(value.wrong("should be `auto`, `none`, `required` or a function")),
        };
    }
    let mut fields = value.object()?;
    let Some(mut function) = fields.object("function")? else {
        return Err(value.wrong("should be `auto`, `none`, `required` or a function"));
    };
    Ok(ToolChoice::Tool(function.need_text("name")?))
}

fn stop(value: &Value<'_>) -> Result<Vec<String>, Invalid> {
    if value.is_text() {
        return Ok(vec![value.text()?]);
    }
    value.list()?.iter().map(Value::text).collect()
}

fn response_format(mut fields: Object<'_>) -> Result<Option<OutputSchema>, Invalid> {
    let word = fields.need("type")?;
    match word.text()?.as_str() {
        "text" => Ok(None),
        "json_schema" => {
            let mut inner = fields.need("json_schema")?.object()?;
            inner.take("strict");
            inner.take("description");
            let output =
                OutputSchema { name: inner.text("name")?, schema: inner.need("schema")?.raw.to_owned() };
            inner.finish()?;
            Ok(Some(output))
        }
        _ => Err(word.wrong("should be `text` or `json_schema` for this model")),
    }
}

/// Writes a body; a stream always asks for the usage chunk (pitfall 18).
pub(crate) fn encode(conversation: &Conversation, upstream_model: &str) -> Result<Encoded, Unsupported> {
    let mut notes = Notes::from(conversation);
    if conversation.cache_marks() > 0 {
        notes.left_out("cache_control", "this vendor caches by itself");
    }
    if conversation.thinking.is_some() {
        notes.left_out("thinking", "how much this model thinks is its own choice");
    }
    if conversation.top_k.is_some() {
        notes.left_out("top_k", "this protocol has no such setting");
    }
    let mut messages = Vec::new();
    if !conversation.system.is_empty() {
        messages.push(message_json("system", "system", &conversation.system)?);
    }
    for (index, message) in conversation.messages.iter().enumerate() {
        push_turn(&format!("messages[{index}]"), message, &mut messages, &mut notes)?;
    }
    let stop: Vec<Json> = conversation.stop.iter().map(|stop| stop.as_str().into()).collect();
    let body = object([("model", upstream_model.into()), ("messages", messages.into())])
        .with_some("tools", tools_json(&conversation.tools))
        .with_some("tool_choice", conversation.tool_choice.as_ref().map(tool_choice_json))
        .with_some(
            "parallel_tool_calls",
            conversation.parallel_tools.filter(|_| !conversation.tools.is_empty()),
        )
        .with_some("max_tokens", conversation.max_tokens)
        .with_some("temperature", conversation.temperature)
        .with_some("top_p", conversation.top_p)
        .with_some("seed", conversation.seed.map(Json::Signed))
        .with_some("stop", (!stop.is_empty()).then_some(stop))
        .with_some("response_format", conversation.output_schema.as_ref().map(response_format_json))
        .with_some("stream", conversation.stream.then_some(true))
        .with_some("stream_options", conversation.stream.then(|| object([("include_usage", true.into())])));
    Ok(Encoded { body: body.to_bytes().into(), warnings: notes.warnings })
}

fn message_json(path: &str, role: &'static str, blocks: &[Block]) -> Result<Json, Unsupported> {
    Ok(object([("role", role.into()), ("content", content_json(path, blocks)?)]))
}

/// Content: one text as a string, anything else as parts.
fn content_json(path: &str, blocks: &[Block]) -> Result<Json, Unsupported> {
    if let [Block { content: Content::Text(text), .. }] = blocks {
        return Ok(text.as_str().into());
    }
    let part = |(at, block): (usize, &Block)| part_json(&format!("{path}.content[{at}]"), &block.content);
    Ok(Json::List(blocks.iter().enumerate().map(part).collect::<Result<_, _>>()?))
}

fn part_json(path: &str, content: &Content) -> Result<Json, Unsupported> {
    match content {
        Content::Text(text) => Ok(object([("type", "text".into()), ("text", text.as_str().into())])),
        Content::Image(media) => {
            let url = data_url(path, media)?;
            Ok(object([("type", "image_url".into()), ("image_url", object([("url", url.into())]))]))
        }
        Content::Document { media: Media::Text(text), .. } => {
            Ok(object([("type", "text".into()), ("text", text.as_str().into())]))
        }
        Content::Document { media: Media::Url(_), .. } => {
            Err(Unsupported::new(path, "this vendor fetches no documents by address"))
        }
        Content::Document { media, name } => {
            let file = object([("filename", name.as_deref().unwrap_or("document").into())])
                .with("file_data", data_url(path, media)?);
            Ok(object([("type", "file".into()), ("file", file)]))
        }
        _ => Err(Unsupported::new(path, "this kind of block cannot stand here")),
    }
}

fn data_url(path: &str, media: &Media) -> Result<String, Unsupported> {
    match media {
        Media::Base64 { media_type, data } => Ok(format!("data:{media_type};base64,{data}")),
        Media::Url(url) => Ok(url.clone()),
        Media::Text(_) => Err(Unsupported::new(path, "text is no image")),
    }
}

/// One canonical turn as this wire's messages: tool results first, each its own message, then the rest.
fn push_turn(
    path: &str,
    turn: &Message,
    messages: &mut Vec<Json>,
    notes: &mut Notes,
) -> Result<(), Unsupported> {
    if turn.role == Role::Assistant {
        messages.push(assistant_json(path, &turn.blocks, notes)?);
        return Ok(());
    }
    let mut rest = Vec::new();
    for (at, block) in turn.blocks.iter().enumerate() {
        match &block.content {
            Content::ToolResult { id, content, is_error } => {
                let at = format!("{path}.content[{at}]");
                if *is_error {
                    notes.left_out(&format!("{at}.is_error"), "tool messages carry no flag, only their text");
                }
                let (text, media): (Vec<Block>, Vec<Block>) =
                    content.iter().cloned().partition(|block| matches!(block.content, Content::Text(_)));
                if !media.is_empty() {
                    notes
                        .warnings
                        .push(format!("the media of `{at}` follow its message, which holds only text"));
                    rest.push(Block::text(format!("The result of tool call {id} also holds:")));
                    rest.extend(media);
                }
                let text = if text.is_empty() { vec![Block::text("")] } else { text };
                messages.push(object([
                    ("role", "tool".into()),
                    ("tool_call_id", id.as_str().into()),
                    ("content", content_json(&at, &text)?),
                ]));
            }
            _ => rest.push(block.clone()),
        }
    }
    if !rest.is_empty() {
        messages.push(message_json(path, turn.role.word(), &rest)?);
    }
    Ok(())
}

fn assistant_json(path: &str, blocks: &[Block], notes: &mut Notes) -> Result<Json, Unsupported> {
    let mut text = Vec::new();
    let mut calls = Vec::new();
    for (at, block) in blocks.iter().enumerate() {
        match &block.content {
            Content::ToolUse { id, name, arguments } => calls.push(tool_call_json(id, name, arguments)),
            Content::Thinking { .. } | Content::RedactedThinking(_) => {
                notes.left_out(
                    &format!("{path}.content[{at}]"),
                    "thinking is another vendor's and is not replayed",
                );
            }
            _ => text.push(block.clone()),
        }
    }
    let content = if text.is_empty() { Json::Null } else { content_json(path, &text)? };
    Ok(object([("role", "assistant".into()), ("content", content)])
        .with_some("tool_calls", (!calls.is_empty()).then_some(calls)))
}

/// A tool call of a request or of an answer.
pub(crate) fn tool_call_json(id: &str, name: &str, arguments: &str) -> Json {
    let function = object([("name", name.into()), ("arguments", arguments.into())]);
    object([("id", id.into()), ("type", "function".into()), ("function", function)])
}

fn tools_json(tools: &[Tool]) -> Option<Json> {
    let one = |tool: &Tool| {
        let function = object([("name", tool.name.as_str().into())])
            .with_some("description", tool.description.as_deref())
            .with("parameters", Json::Raw(tool.schema.clone()))
            .with_some("strict", tool.strict);
        object([("type", "function".into()), ("function", function)])
    };
    (!tools.is_empty()).then(|| Json::List(tools.iter().map(one).collect()))
}

fn tool_choice_json(choice: &ToolChoice) -> Json {
    match choice {
        ToolChoice::Auto => "auto".into(),
        ToolChoice::Any => "required".into(),
        ToolChoice::None => "none".into(),
        ToolChoice::Tool(name) => {
            object([("type", "function".into()), ("function", object([("name", name.as_str().into())]))])
        }
    }
}

fn response_format_json(output: &OutputSchema) -> Json {
    let inner = object([("name", output.name.as_deref().unwrap_or("answer").into())])
        .with("schema", Json::Raw(output.schema.clone()))
        .with("strict", true);
    object([("type", "json_schema".into()), ("json_schema", inner)])
}
