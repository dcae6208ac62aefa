//! Anthropic's request body, to and from the canonical conversation.

use crate::conversation::{
    Block, CacheMark, Content, Conversation, Media, Message, OutputSchema, Role, Thinking, Tool, ToolChoice,
};
use crate::encoded::{Encoded, Notes};
use crate::error::{Invalid, Unsupported};
use crate::json::{Json, Object, Value, object};

/// Fields that steer the vendor's own service and change nothing about the conversation.
const SERVICE_FIELDS: [&str; 7] = [
    "metadata",
    "service_tier",
    "speed",
    "context_management",
    "diagnostics",
    "user_profile_id",
    "anthropic_beta",
];

/// Reads a body. The model may stand in the path instead (Bedrock invoke).
pub(crate) fn decode(body: &[u8], model_from_path: Option<&str>) -> Result<Conversation, Invalid> {
    let mut fields = Value::document(body)?.object()?;
    let mut warnings = Vec::new();
    let mut conversation = Conversation {
        model: match model_from_path {
            Some(model) => model.to_owned(),
            None => fields.need_text("model")?,
        },
        system: fields
            .take("system")
            .map(|value| blocks(&value, &mut warnings))
            .transpose()?
            .unwrap_or_default(),
        messages: messages(&fields.need("messages")?, &mut warnings)?,
        tools: fields
            .list("tools")?
            .iter()
            .map(|value| tool(value, &mut warnings))
            .collect::<Result<_, _>>()?,
        max_tokens: fields.whole("max_tokens")?,
        temperature: fields.number("temperature")?,
        top_p: fields.number("top_p")?,
        top_k: fields.whole("top_k")?,
        stop: fields.list("stop_sequences")?.iter().map(Value::text).collect::<Result<_, _>>()?,
        stream: fields.flag("stream")?.unwrap_or(false),
        warnings,
        ..Conversation::default()
    };
    if let Some(choice) = fields.object("tool_choice")? {
        read_tool_choice(choice, &mut conversation)?;
    }
    if let Some(thinking) = fields.object("thinking")? {
        conversation.thinking = read_thinking(thinking, &mut conversation.warnings)?;
    }
    if let Some(config) = fields.object("output_config")? {
        read_output_config(config, &mut conversation)?;
    }
    // A mark on the whole request means: on the last block.
    let mark = fields.take("cache_control").map(|value| cache_mark(&value)).transpose()?;
    if let (Some(mark), Some(last)) =
        (mark, conversation.messages.last_mut().and_then(|m| m.blocks.last_mut()))
    {
        last.cache = last.cache.or(Some(mark));
    }
    fields.take("anthropic_version");
    fields.drop_with_warning(&SERVICE_FIELDS, &mut conversation.warnings);
    fields.finish()?;
    Ok(conversation)
}

fn messages(value: &Value<'_>, warnings: &mut Vec<String>) -> Result<Vec<Message>, Invalid> {
    let one = |value: &Value<'_>| {
        let mut fields = value.object()?;
        let role = fields.need("role")?;
        let role = match role.text()?.as_str() {
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "system" => Role::System,
            _ => return Err(role.wrong("should be `user` or `assistant`")),
        };
        let message = Message { role, blocks: blocks(&fields.need("content")?, warnings)? };
        fields.finish()?;
        Ok(message)
    };
    value.list()?.iter().map(one).collect()
}

/// Content: a string, or a list of blocks.
fn blocks(value: &Value<'_>, warnings: &mut Vec<String>) -> Result<Vec<Block>, Invalid> {
    if value.is_text() {
        return Ok(vec![Block::text(value.text()?)]);
    }
    value.list()?.iter().map(|value| block(value, warnings)).collect()
}

/// One block of a request.
fn block(value: &Value<'_>, warnings: &mut Vec<String>) -> Result<Block, Invalid> {
    let mut fields = value.object()?;
    let cache = fields.take("cache_control").map(|value| cache_mark(&value)).transpose()?;
    let word = fields.need("type")?;
    let content = match word.text()?.as_str() {
        "text" => {
            // Citations are the vendor's notes on a text it wrote; the text stands without them.
            fields.drop_with_warning(&["citations"], warnings);
            Content::Text(fields.need_text("text")?)
        }
        "image" => Content::Image(media(&fields.need("source")?)?),
        "document" => document(&mut fields)?,
        "tool_use" => {
            fields.drop_with_warning(&["caller"], warnings);
            Content::ToolUse {
                id: fields.need_text("id")?,
                name: fields.need_text("name")?,
                arguments: fields.take("input").map_or("{}", |input| input.raw).to_owned(),
            }
        }
        "tool_result" => Content::ToolResult {
            id: fields.need_text("tool_use_id")?,
            content: fields
                .take("content")
                .map(|value| result_blocks(&value, warnings))
                .transpose()?
                .unwrap_or_default(),
            is_error: fields.flag("is_error")?.unwrap_or(false),
        },
        "thinking" => {
            Content::Thinking { text: fields.need_text("thinking")?, signature: fields.text("signature")? }
        }
        "redacted_thinking" => Content::RedactedThinking(fields.need_text("data")?),
        other => return Err(word.wrong(format!("`{other}` blocks are not supported for this model"))),
    };
    fields.finish()?;
    Ok(Block { content, cache })
}

/// The content of a tool result, which holds no further results: the depth of a body is bounded.
fn result_blocks(value: &Value<'_>, warnings: &mut Vec<String>) -> Result<Vec<Block>, Invalid> {
    if !value.is_text() {
        for inner in value.list()? {
            let word = inner.object()?.need("type")?;
            if word.text()? == "tool_result" {
                return Err(word.wrong("a tool result cannot hold another"));
            }
        }
    }
    blocks(value, warnings)
}

fn document(fields: &mut Object<'_>) -> Result<Content, Invalid> {
    let name = fields.text("title")?;
    if let Some(mut citations) = fields.object("citations")?
        && citations.flag("enabled")? == Some(true)
    {
        return Err(citations.wrong("enabled", "citations are not supported for this model"));
    }
    Ok(Content::Document { media: media(&fields.need("source")?)?, name })
}

fn media(value: &Value<'_>) -> Result<Media, Invalid> {
    let mut fields = value.object()?;
    let word = fields.need("type")?;
    let media = match word.text()?.as_str() {
        "base64" => {
            Media::Base64 { media_type: fields.need_text("media_type")?, data: fields.need_text("data")? }
        }
        "url" => Media::Url(fields.need_text("url")?),
        "text" => {
            fields.take("media_type");
            Media::Text(fields.need_text("data")?)
        }
        other => return Err(word.wrong(format!("a `{other}` source is not supported for this model"))),
    };
    fields.finish()?;
    Ok(media)
}

fn cache_mark(value: &Value<'_>) -> Result<CacheMark, Invalid> {
    let mut fields = value.object()?;
    fields.take("type");
    let mark = match fields.text("ttl")?.as_deref() {
        None | Some("5m") => CacheMark::FiveMinutes,
        Some("1h") => CacheMark::Hour,
        Some(_) => return Err(fields.wrong("ttl", "should be `5m` or `1h`")),
    };
    // Newer members of a cache mark (its scope) say who shares the cache, which is the vendor's affair.
    Ok(mark)
}

fn tool(value: &Value<'_>, warnings: &mut Vec<String>) -> Result<Tool, Invalid> {
    let mut fields = value.object()?;
    if let Some(word) = fields.take("type")
        && word.text()? != "custom"
    {
        return Err(word.wrong("tools that the vendor runs itself are not supported for this model"));
    }
    let tool = Tool {
        name: fields.need_text("name")?,
        description: fields.text("description")?,
        schema: fields.need("input_schema")?.raw.to_owned(),
        strict: fields.flag("strict")?,
        cache: fields.take("cache_control").map(|value| cache_mark(&value)).transpose()?,
    };
    // How arguments are streamed, who may call, and examples do not change what the tool is.
    let hints = ["eager_input_streaming", "allowed_callers", "input_examples", "defer_loading"];
    fields.drop_with_warning(&hints, warnings);
    fields.finish()?;
    Ok(tool)
}

fn read_tool_choice(mut fields: Object<'_>, conversation: &mut Conversation) -> Result<(), Invalid> {
    let word = fields.need("type")?;
    conversation.tool_choice = Some(match word.text()?.as_str() {
        "auto" => ToolChoice::Auto,
        "any" => ToolChoice::Any,
        "none" => ToolChoice::None,
        "tool" => ToolChoice::Tool(fields.need_text("name")?),
        _ => return Err(word.wrong("should be `auto`, `any`, `tool` or `none`")),
    });
    if fields.flag("disable_parallel_tool_use")? == Some(true) {
        conversation.parallel_tools = Some(false);
    }
    fields.finish()
}

fn read_thinking(mut fields: Object<'_>, warnings: &mut Vec<String>) -> Result<Option<Thinking>, Invalid> {
    let word = fields.need("type")?;
    let thinking = match word.text()?.as_str() {
        "disabled" => None,
        "enabled" => {
            let budget = fields.whole("budget_tokens")?;
            Some(Thinking::Budget(budget.ok_or_else(|| fields.wrong("budget_tokens", "is required"))?))
        }
        "adaptive" => Some(Thinking::Adaptive),
        other => return Err(word.wrong(format!("`{other}` is not supported for this model"))),
    };
    fields.drop_with_warning(&["display", "between_tools"], warnings);
    fields.finish()?;
    Ok(thinking)
}

fn read_output_config(mut fields: Object<'_>, conversation: &mut Conversation) -> Result<(), Invalid> {
    if let Some(mut format) = fields.object("format")? {
        let word = format.need("type")?;
        if word.text()? != "json_schema" {
            return Err(word.wrong("should be `json_schema`"));
        }
        let schema = format.need("schema")?.raw.to_owned();
        conversation.output_schema = Some(OutputSchema { name: None, schema });
        format.finish()?;
    }
    fields.drop_with_warning(&["effort"], &mut conversation.warnings);
    fields.finish()
}

/// Writes a body. `max_tokens_default` stands in where the caller set no limit, since this wire wants one.
pub(crate) fn encode(
    conversation: &Conversation,
    upstream_model: &str,
    max_tokens_default: Option<u64>,
) -> Result<Encoded, Unsupported> {
    let mut notes = Notes::from(conversation);
    let max_tokens = conversation.max_tokens.or(max_tokens_default);
    let max_tokens = max_tokens.ok_or_else(|| Unsupported::new("max_tokens", "this model needs a limit"))?;
    if conversation.seed.is_some() {
        notes.left_out("seed", "sampling here cannot be seeded");
    }
    let messages = conversation.messages.iter().enumerate();
    let messages = messages.map(|(index, message)| message_json(index, message, &mut notes));
    let messages = messages.collect::<Result<Vec<_>, _>>()?;
    let system = conversation.system.iter().enumerate();
    let system = system.map(|(index, block)| block_json(&format!("system[{index}]"), block, &mut notes));
    let system = system.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect::<Vec<_>>();
    let stop: Vec<Json> = conversation.stop.iter().map(|stop| stop.as_str().into()).collect();
    let body = object([("model", upstream_model.into()), ("max_tokens", max_tokens.into())])
        .with_some("system", (!system.is_empty()).then_some(system))
        .with("messages", messages)
        .with_some("tools", tools_json(&conversation.tools))
        .with_some("tool_choice", tool_choice_json(conversation))
        .with_some("temperature", conversation.temperature)
        .with_some("top_p", conversation.top_p)
        .with_some("top_k", conversation.top_k)
        .with_some("stop_sequences", (!stop.is_empty()).then_some(stop))
        .with_some("thinking", conversation.thinking.map(thinking_json))
        .with_some("output_config", conversation.output_schema.as_ref().map(output_config_json))
        .with_some("stream", conversation.stream.then_some(true));
    Ok(Encoded { body: body.to_bytes().into(), warnings: notes.warnings })
}

fn message_json(index: usize, message: &Message, notes: &mut Notes) -> Result<Json, Unsupported> {
    let blocks = message.blocks.iter().enumerate();
    let blocks =
        blocks.map(|(at, block)| block_json(&format!("messages[{index}].content[{at}]"), block, notes));
    let blocks: Vec<Json> = blocks.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
    Ok(object([("role", message.role.word().into()), ("content", blocks.into())]))
}

/// A block, or nothing where it must be left out.
fn block_json(path: &str, block: &Block, notes: &mut Notes) -> Result<Option<Json>, Unsupported> {
    let json = match &block.content {
        Content::Text(text) => object([("type", "text".into()), ("text", text.as_str().into())]),
        Content::Image(media) => object([("type", "image".into()), ("source", source_json(media))]),
        Content::Document { media, name } => {
            object([("type", "document".into()), ("source", source_json(media))])
                .with_some("title", name.as_deref())
        }
        Content::ToolUse { id, name, arguments } => object([
            ("type", "tool_use".into()),
            ("id", id.as_str().into()),
            ("name", name.as_str().into()),
            ("input", crate::encoded::arguments_object(path, arguments)?),
        ]),
        Content::ToolResult { id, content, is_error } => {
            tool_result_json(path, (id, content, *is_error), notes)?
        }
        Content::Thinking { text, signature: Some(signature) } => object([
            ("type", "thinking".into()),
            ("thinking", text.as_str().into()),
            ("signature", signature.as_str().into()),
        ]),
        Content::Thinking { signature: None, .. } => {
            notes.left_out(path, "thinking without a signature is not accepted back");
            return Ok(None);
        }
        Content::RedactedThinking(data) => {
            object([("type", "redacted_thinking".into()), ("data", data.as_str().into())])
        }
        Content::Foreign(word) => {
            return Err(Unsupported::new(path, format!("`{word}` is another vendor's")));
        }
    };
    Ok(Some(json.with_some("cache_control", block.cache.map(cache_json))))
}

fn tool_result_json(
    path: &str,
    (id, content, is_error): (&str, &[Block], bool),
    notes: &mut Notes,
) -> Result<Json, Unsupported> {
    let inner = content.iter().enumerate();
    let inner = inner.map(|(at, block)| block_json(&format!("{path}.content[{at}]"), block, notes));
    let inner: Vec<Json> = inner.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
    Ok(object([("type", "tool_result".into()), ("tool_use_id", id.into()), ("content", inner.into())])
        .with_some("is_error", is_error.then_some(true)))
}

fn source_json(media: &Media) -> Json {
    match media {
        Media::Base64 { media_type, data } => object([
            ("type", "base64".into()),
            ("media_type", media_type.as_str().into()),
            ("data", data.as_str().into()),
        ]),
        Media::Url(url) => object([("type", "url".into()), ("url", url.as_str().into())]),
        Media::Text(text) => object([
            ("type", "text".into()),
            ("media_type", "text/plain".into()),
            ("data", text.as_str().into()),
        ]),
    }
}

fn cache_json(mark: CacheMark) -> Json {
    let ttl = match mark {
        CacheMark::FiveMinutes => None,
        CacheMark::Hour => Some("1h"),
    };
    object([("type", "ephemeral".into())]).with_some("ttl", ttl)
}

fn tools_json(tools: &[Tool]) -> Option<Json> {
    let one = |tool: &Tool| {
        object([("name", tool.name.as_str().into())])
            .with_some("description", tool.description.as_deref())
            .with("input_schema", Json::Raw(tool.schema.clone()))
            .with_some("strict", tool.strict)
            .with_some("cache_control", tool.cache.map(cache_json))
    };
    (!tools.is_empty()).then(|| Json::List(tools.iter().map(one).collect()))
}

fn tool_choice_json(conversation: &Conversation) -> Option<Json> {
    let one_at_a_time = conversation.parallel_tools == Some(false);
    let choice = match &conversation.tool_choice {
        None if !one_at_a_time || conversation.tools.is_empty() => return None,
        None | Some(ToolChoice::Auto) => object([("type", "auto".into())]),
        Some(ToolChoice::Any) => object([("type", "any".into())]),
        Some(ToolChoice::None) => return Some(object([("type", "none".into())])),
        Some(ToolChoice::Tool(name)) => object([("type", "tool".into()), ("name", name.as_str().into())]),
    };
    Some(choice.with_some("disable_parallel_tool_use", one_at_a_time.then_some(true)))
}

fn thinking_json(thinking: Thinking) -> Json {
    match thinking {
        Thinking::Budget(budget) => object([("type", "enabled".into()), ("budget_tokens", budget.into())]),
        Thinking::Adaptive => object([("type", "adaptive".into())]),
    }
}

fn output_config_json(output: &OutputSchema) -> Json {
    let format = object([("type", "json_schema".into()), ("schema", Json::Raw(output.schema.clone()))]);
    object([("format", format)])
}
