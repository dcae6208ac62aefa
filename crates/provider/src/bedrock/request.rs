//! Converse's request body, to and from the canonical conversation.

use crate::conversation::{
    Block, CacheMark, Content, Conversation, Media, Message, Role, Thinking, Tool, ToolChoice,
};
use crate::encoded::{Encoded, Notes};
use crate::error::{Invalid, Unsupported};
use crate::json::{Json, Object, Value, object};

/// Fields that steer the vendor's own service and change nothing about the conversation.
const SERVICE_FIELDS: [&str; 5] = [
    "requestMetadata",
    "performanceConfig",
    "serviceTier",
    "additionalModelResponseFieldPaths",
    "projectIdentifier",
];

/// Reads a body; the model stands in the path.
pub(crate) fn decode(body: &[u8], model_from_path: Option<&str>) -> Result<Conversation, Invalid> {
    let mut fields = Value::document(body)?.object()?;
    let mut conversation = Conversation {
        model: model_from_path.unwrap_or_default().to_owned(),
        system: blocks(&fields.list("system")?)?,
        messages: fields.need("messages")?.list()?.iter().map(message).collect::<Result<_, _>>()?,
        ..Conversation::default()
    };
    if let Some(mut inference) = fields.object("inferenceConfig")? {
        conversation.max_tokens = inference.whole("maxTokens")?;
        conversation.temperature = inference.number("temperature")?;
        conversation.top_p = inference.number("topP")?;
        conversation.stop =
            inference.list("stopSequences")?.iter().map(Value::text).collect::<Result<_, _>>()?;
        inference.finish()?;
    }
    if let Some(config) = fields.object("toolConfig")? {
        read_tool_config(config, &mut conversation)?;
    }
    if let Some(more) = fields.object("additionalModelRequestFields")? {
        read_additional(more, &mut conversation)?;
    }
    fields.drop_with_warning(&SERVICE_FIELDS, &mut conversation.warnings);
    fields.finish()?;
    Ok(conversation)
}

fn message(value: &Value<'_>) -> Result<Message, Invalid> {
    let mut fields = value.object()?;
    let role = fields.need("role")?;
    let role = match role.text()?.as_str() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        _ => return Err(role.wrong("should be `user` or `assistant`")),
    };
    let message = Message { role, blocks: blocks(&fields.need("content")?.list()?)? };
    fields.finish()?;
    Ok(message)
}

/// Blocks; a cache point stands after what it marks, so the mark goes onto the block before it.
fn blocks(values: &[Value<'_>]) -> Result<Vec<Block>, Invalid> {
    let mut blocks: Vec<Block> = Vec::new();
    for value in values {
        let mut fields = value.object()?;
        if let Some(point) = fields.object("cachePoint")? {
            let mark = cache_mark(point)?;
            let Some(last) = blocks.last_mut() else {
                return Err(value.wrong("a cache point needs a block before it"));
            };
            last.cache = Some(mark);
        } else {
            blocks.push(block(&mut fields)?.into());
        }
        fields.finish()?;
    }
    Ok(blocks)
}

fn cache_mark(mut fields: Object<'_>) -> Result<CacheMark, Invalid> {
    fields.take("type");
    let mark = match fields.text("ttl")?.as_deref() {
        None | Some("5m") => CacheMark::FiveMinutes,
        Some("1h") => CacheMark::Hour,
        Some(_) => return Err(fields.wrong("ttl", "should be `5m` or `1h`")),
    };
    fields.finish()?;
    Ok(mark)
}

fn block(fields: &mut Object<'_>) -> Result<Content, Invalid> {
    if let Some(text) = fields.text("text")? {
        return Ok(Content::Text(text));
    }
    if let Some(mut image) = fields.object("image")? {
        let format = image.need_text("format")?;
        let media = source(&image.need("source")?, &format!("image/{format}"))?;
        return Ok(Content::Image(media));
    }
    if let Some(mut document) = fields.object("document")? {
        let format = document.text("format")?.unwrap_or_else(|| "txt".to_owned());
        let name = document.text("name")?;
        let media = source(&document.need("source")?, media_type(&format))?;
        document.finish()?;
        return Ok(Content::Document { media, name });
    }
    if let Some(mut call) = fields.object("toolUse")? {
        let (id, name) = (call.need_text("toolUseId")?, call.need_text("name")?);
        let arguments = call.take("input").map_or("{}", |input| input.raw).to_owned();
        call.finish()?;
        return Ok(Content::ToolUse { id, name, arguments });
    }
    if let Some(result) = fields.object("toolResult")? {
        return tool_result(result);
    }
    match fields.take("reasoningContent") {
        Some(value) => reasoning(&value),
        None => Err(Invalid::new(fields.path.clone(), "this kind of block is not supported for this model")),
    }
}

fn source(value: &Value<'_>, media_type: &str) -> Result<Media, Invalid> {
    let mut fields = value.object()?;
    if let Some(text) = fields.text("text")? {
        return Ok(Media::Text(text));
    }
    let Some(data) = fields.text("bytes")? else {
        return Err(value.wrong("only `bytes` and `text` are supported for this model"));
    };
    Ok(Media::Base64 { media_type: media_type.to_owned(), data })
}

fn tool_result(mut fields: Object<'_>) -> Result<Content, Invalid> {
    let mut content = Vec::new();
    for value in fields.need("content")?.list()? {
        let mut inner = value.object()?;
        match inner.take("json") {
            // JSON results are text everywhere else.
            Some(json) => content.push(Block::text(json.raw)),
            // The depth of a body is bounded.
            None if inner.take("toolResult").is_some() => {
                return Err(value.wrong("a tool result cannot hold another"));
            }
            None => content.push(block(&mut inner)?.into()),
        }
    }
    let id = fields.need_text("toolUseId")?;
    let is_error = fields.text("status")?.as_deref() == Some("error");
    fields.take("type");
    fields.finish()?;
    Ok(Content::ToolResult { id, content, is_error })
}

/// Thinking, of a request or of an answer.
pub(crate) fn reasoning(value: &Value<'_>) -> Result<Content, Invalid> {
    let mut fields = value.object()?;
    if let Some(data) = fields.text("redactedContent")? {
        return Ok(Content::RedactedThinking(data));
    }
    let mut text = fields.need("reasoningText")?.object()?;
    Ok(Content::Thinking { text: text.need_text("text")?, signature: text.text("signature")? })
}

pub(crate) fn reasoning_json(text: &str, signature: Option<&str>) -> Json {
    let text = object([("text", text.into())]).with_some("signature", signature);
    object([("reasoningContent", object([("reasoningText", text)]))])
}

fn read_tool_config(mut fields: Object<'_>, conversation: &mut Conversation) -> Result<(), Invalid> {
    for value in fields.need("tools")?.list()? {
        let mut tool = value.object()?;
        if let Some(point) = tool.object("cachePoint")? {
            let mark = cache_mark(point)?;
            let Some(last) = conversation.tools.last_mut() else {
                return Err(value.wrong("a cache point needs a tool before it"));
            };
            last.cache = Some(mark);
            continue;
        }
        let mut spec = tool.need("toolSpec")?.object()?;
        let mut schema = spec.need("inputSchema")?.object()?;
        conversation.tools.push(Tool {
            name: spec.need_text("name")?,
            description: spec.text("description")?,
            schema: schema.need("json")?.raw.to_owned(),
            strict: spec.flag("strict")?,
            cache: None,
        });
        spec.finish()?;
    }
    if let Some(mut choice) = fields.object("toolChoice")? {
        let any = choice.take("any").map(|_| ToolChoice::Any);
        let auto = choice.take("auto").map(|_| ToolChoice::Auto);
        let tool = choice.object("tool")?.map(|mut tool| tool.need_text("name")).transpose()?;
        conversation.tool_choice = tool.map(ToolChoice::Tool).or(any).or(auto);
        choice.finish()?;
    }
    fields.finish()
}

/// The fields of the model's own protocol that Converse has no name for.
fn read_additional(mut fields: Object<'_>, conversation: &mut Conversation) -> Result<(), Invalid> {
    conversation.top_k = fields.whole("top_k")?;
    if let Some(mut thinking) = fields.object("thinking")?.or(fields.object("reasoning_config")?) {
        conversation.thinking = match thinking.need_text("type")?.as_str() {
            "enabled" => thinking.whole("budget_tokens")?.map(Thinking::Budget),
            "adaptive" => Some(Thinking::Adaptive),
            _ => None,
        };
        thinking.finish()?;
    }
    fields.drop_with_warning(&["anthropic_beta"], &mut conversation.warnings);
    fields.finish()
}

/// Writes a body; the model goes into the path.
pub(crate) fn encode(conversation: &Conversation) -> Result<Encoded, Unsupported> {
    let mut notes = Notes::from(conversation);
    if conversation.seed.is_some() {
        notes.left_out("seed", "sampling here cannot be seeded");
    }
    if conversation.parallel_tools == Some(false) {
        return Err(Unsupported::new("parallel_tool_calls", "this protocol cannot forbid parallel calls"));
    }
    if conversation.output_schema.is_some() {
        return Err(Unsupported::new("response_format", "this backend takes no answer schema"));
    }
    let mut messages = Vec::new();
    for (index, message) in conversation.messages.iter().enumerate() {
        let content = blocks_json(&format!("messages[{index}].content"), &message.blocks, &mut notes)?;
        messages.push(object([("role", message.role.word().into()), ("content", content.into())]));
    }
    let system = blocks_json("system", &conversation.system, &mut notes)?;
    let body = object([("messages", messages.into())])
        .with_some("system", (!system.is_empty()).then_some(system))
        .with_some("inferenceConfig", inference_json(conversation))
        .with_some("toolConfig", tool_config_json(conversation)?)
        .with_some("additionalModelRequestFields", additional_json(conversation));
    Ok(Encoded { body: body.to_bytes().into(), warnings: notes.warnings })
}

fn blocks_json(path: &str, blocks: &[Block], notes: &mut Notes) -> Result<Vec<Json>, Unsupported> {
    let mut out = Vec::new();
    for (at, block) in blocks.iter().enumerate() {
        let path = format!("{path}[{at}]");
        out.extend(block_json(&path, &block.content, notes)?);
        out.extend(block.cache.map(cache_point));
    }
    Ok(out)
}

fn cache_point(mark: CacheMark) -> Json {
    let ttl = (mark == CacheMark::Hour).then_some("1h");
    object([("cachePoint", object([("type", "default".into())]).with_some("ttl", ttl))])
}

fn block_json(path: &str, content: &Content, notes: &mut Notes) -> Result<Option<Json>, Unsupported> {
    Ok(Some(match content {
        Content::Text(text) => object([("text", text.as_str().into())]),
        Content::Image(media) => object([("image", media_json(path, media)?)]),
        Content::Document { media, name } => {
            let name = name.as_deref().unwrap_or("document");
            object([("document", media_json(path, media)?.with("name", name))])
        }
        Content::ToolUse { id, name, arguments } => {
            let call = object([("toolUseId", id.as_str().into()), ("name", name.as_str().into())])
                .with("input", crate::encoded::arguments_object(path, arguments)?);
            object([("toolUse", call)])
        }
        Content::ToolResult { id, content, is_error } => {
            let inner = blocks_json(&format!("{path}.content"), content, notes)?;
            let result = object([("toolUseId", id.as_str().into()), ("content", inner.into())])
                .with_some("status", is_error.then_some("error"));
            object([("toolResult", result)])
        }
        Content::Thinking { signature: None, .. } => {
            notes.left_out(path, "thinking without a signature is not accepted back");
            return Ok(None);
        }
        Content::Thinking { text, signature } => reasoning_json(text, signature.as_deref()),
        Content::RedactedThinking(data) => {
            object([("reasoningContent", object([("redactedContent", data.as_str().into())]))])
        }
        Content::Foreign(word) => {
            return Err(Unsupported::new(path, format!("`{word}` is another vendor's")));
        }
    }))
}

fn media_json(path: &str, media: &Media) -> Result<Json, Unsupported> {
    match media {
        Media::Base64 { media_type, data } => {
            let format = format_word(media_type)
                .ok_or_else(|| Unsupported::new(path, format!("`{media_type}` is not accepted here")))?;
            let source = object([("bytes", data.as_str().into())]);
            Ok(object([("format", format.into()), ("source", source)]))
        }
        Media::Text(text) => {
            let source = object([("text", text.as_str().into())]);
            Ok(object([("format", "txt".into()), ("source", source)]))
        }
        Media::Url(_) => Err(Unsupported::new(path, "this vendor fetches nothing by address")),
    }
}

const FORMATS: [(&str, &str); 13] = [
    ("png", "image/png"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("pdf", "application/pdf"),
    ("csv", "text/csv"),
    ("html", "text/html"),
    ("txt", "text/plain"),
    ("md", "text/markdown"),
    ("doc", "application/msword"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xls", "application/vnd.ms-excel"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
];

fn media_type(format: &str) -> &'static str {
    FORMATS.iter().find(|(word, _)| *word == format).map_or("application/octet-stream", |(_, media)| media)
}

fn format_word(media_type: &str) -> Option<&'static str> {
    FORMATS.iter().find(|(_, media)| *media == media_type).map(|(word, _)| *word)
}

fn inference_json(conversation: &Conversation) -> Option<Json> {
    let stop: Vec<Json> = conversation.stop.iter().map(|stop| stop.as_str().into()).collect();
    let json = object([])
        .with_some("maxTokens", conversation.max_tokens)
        .with_some("temperature", conversation.temperature)
        .with_some("topP", conversation.top_p)
        .with_some("stopSequences", (!stop.is_empty()).then_some(stop));
    (json != object([])).then_some(json)
}

fn tool_config_json(conversation: &Conversation) -> Result<Option<Json>, Unsupported> {
    if conversation.tools.is_empty() {
        return Ok(None);
    }
    let choice = match &conversation.tool_choice {
        None => None,
        Some(ToolChoice::Auto) => Some(object([("auto", object([]))])),
        Some(ToolChoice::Any) => Some(object([("any", object([]))])),
        Some(ToolChoice::Tool(name)) => Some(object([("tool", object([("name", name.as_str().into())]))])),
        Some(ToolChoice::None) => {
            return Err(Unsupported::new("tool_choice", "this protocol cannot forbid tool calls"));
        }
    };
    let mut tools = Vec::new();
    for tool in &conversation.tools {
        let spec = object([("name", tool.name.as_str().into())])
            .with_some("description", tool.description.as_deref())
            .with("inputSchema", object([("json", Json::Raw(tool.schema.clone()))]))
            .with_some("strict", tool.strict);
        tools.push(object([("toolSpec", spec)]));
        tools.extend(tool.cache.map(cache_point));
    }
    Ok(Some(object([("tools", tools.into())]).with_some("toolChoice", choice)))
}

fn additional_json(conversation: &Conversation) -> Option<Json> {
    let thinking = conversation.thinking.map(|thinking| match thinking {
        Thinking::Budget(budget) => object([("type", "enabled".into()), ("budget_tokens", budget.into())]),
        Thinking::Adaptive => object([("type", "adaptive".into())]),
    });
    let json = object([]).with_some("top_k", conversation.top_k).with_some("thinking", thinking);
    (json != object([])).then_some(json)
}
