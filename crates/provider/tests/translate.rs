//! Requests from one wire to another: what is carried, warned of, or refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

mod common;

use common::vectors;
use provider::{
    Block, CacheMark, Content, Conversation, Encoded, Invalid, Unsupported, Wire, decode_request,
    encode_request,
};
use serde_json::{Value, json};

const WIRES: [Wire; 4] =
    [Wire::AnthropicMessages, Wire::OpenAiChat, Wire::BedrockConverse, Wire::BedrockInvoke];

fn read(wire: Wire, body: &Value) -> Result<Conversation, Invalid> {
    let from_path = matches!(wire, Wire::BedrockConverse | Wire::BedrockInvoke).then_some("m");
    decode_request(wire, &serde_json::to_vec(body).unwrap(), from_path)
}

fn written(wire: Wire, conversation: &Conversation) -> Result<(Value, Vec<String>), Unsupported> {
    let Encoded { body, warnings } = encode_request(wire, conversation, "up", Some(1024))?;
    Ok((serde_json::from_slice(&body).unwrap(), warnings))
}

/// The body in the other wire, and the warnings.
fn translated(from: Wire, body: &Value, to: Wire) -> (Value, Vec<String>) {
    written(to, &read(from, body).unwrap()).unwrap()
}

/// A turn of parallel tool calls and their results, in Anthropic's words.
fn tool_turns() -> Value {
    json!({
        "model": "m", "max_tokens": 100,
        "system": [{"type": "text", "text": "be brief", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
        "tools": [{
            "name": "weather", "description": "tells it",
            "input_schema": {"type": "object", "properties": {"z": {"type": "string"}, "a": {"type": "number"}}},
            "cache_control": {"type": "ephemeral"},
        }],
        "tool_choice": {"type": "tool", "name": "weather"},
        "messages": [
            {"role": "user", "content": "Paris and Oslo?"},
            {"role": "assistant", "content": [
                {"type": "text", "text": "Both."},
                {"type": "tool_use", "id": "t1", "name": "weather", "input": {"z": "Paris", "a": 1.50}},
                {"type": "tool_use", "id": "t2", "name": "weather", "input": {}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "t2", "is_error": true, "content": "no such place"},
                {"type": "tool_result", "tool_use_id": "t1", "content": [
                    {"type": "text", "text": "sunny"},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                ], "cache_control": {"type": "ephemeral"}},
                {"type": "text", "text": "Well?"},
            ]},
        ],
    })
}

#[test]
fn tools_round_trip_through_each_wire_that_can_hold_them() {
    let conversation = read(Wire::AnthropicMessages, &tool_turns()).unwrap();
    for wire in [Wire::AnthropicMessages, Wire::BedrockConverse, Wire::BedrockInvoke] {
        let (body, warnings) = written(wire, &conversation).unwrap();
        assert_eq!(warnings, Vec::<String>::new(), "{wire:?}");
        let mut back = read(wire, &body).unwrap();
        back.model.clone_from(&conversation.model);
        assert_eq!(back, conversation, "{wire:?}");
    }
}

#[test]
fn pitfall_46_schemas_and_arguments_keep_their_own_text() {
    let body =
        serde_json::to_string(&tool_turns()).unwrap().replace("{}", r#"{"n":9007199254740993, "z":1,"a":2}"#);
    let conversation = decode_request(Wire::AnthropicMessages, body.as_bytes(), None).unwrap();
    for wire in WIRES {
        let encoded = encode_request(wire, &conversation, "up", None).unwrap();
        let text = String::from_utf8(encoded.body.to_vec()).unwrap().replace('\\', "");
        assert!(text.contains(r#"{"n":9007199254740993, "z":1,"a":2}"#), "{wire:?}: {text}");
    }
}

#[test]
fn pitfall_47_shuffled_parallel_results_keep_their_ids() {
    let call = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let result = |id: &str| json!({"role": "tool", "tool_call_id": id, "content": format!("of {id}")});
    let body = |results: [&str; 3]| {
        let mut messages = vec![
            json!({"role": "user", "content": "go"}),
            json!({"role": "assistant", "content": null, "tool_calls": [call("a"), call("b"), call("c")]}),
        ];
        messages.extend(results.map(result));
        json!({"model": "m", "messages": messages})
    };
    let by_id = |results: [&str; 3]| {
        let (sent, _) = translated(Wire::OpenAiChat, &body(results), Wire::AnthropicMessages);
        let turns = sent["messages"].as_array().unwrap().clone();
        assert_eq!(turns.len(), 3, "all results stand in one turn");
        let mut found: Vec<(String, String)> = turns[2]["content"]
            .as_array()
            .unwrap()
            .iter()
            .map(|block| (block["tool_use_id"].to_string(), block["content"][0]["text"].to_string()))
            .collect();
        found.sort();
        found
    };
    let expected = by_id(["a", "b", "c"]);
    assert_eq!(expected.len(), 3);
    assert!(expected.iter().all(|(id, text)| text.contains(id.trim_matches('"'))));
    assert_eq!(by_id(["c", "a", "b"]), expected);
    assert_eq!(by_id(["b", "c", "a"]), expected);
}

#[test]
fn pitfall_48_errors_and_images_in_results_are_carried_or_warned_of() {
    let (converse, warnings) = translated(Wire::AnthropicMessages, &tool_turns(), Wire::BedrockConverse);
    assert!(warnings.is_empty());
    let results = &converse["messages"][2]["content"];
    assert_eq!(results[0]["toolResult"]["status"], "error");
    assert_eq!(results[1]["toolResult"]["content"][1]["image"]["source"]["bytes"], "AAAA");

    let (chat, warnings) = translated(Wire::AnthropicMessages, &tool_turns(), Wire::OpenAiChat);
    let messages = chat["messages"].as_array().unwrap();
    let roles: Vec<&str> = messages.iter().map(|message| message["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["system", "user", "assistant", "tool", "tool", "user"]);
    assert_eq!(messages[3]["tool_call_id"], "t2");
    assert_eq!(messages[5]["content"][1]["image_url"]["url"], "data:image/png;base64,AAAA");
    assert!(
        warnings.iter().any(|warning| warning.contains("messages[2].content[0].is_error")),
        "{warnings:?}"
    );
    assert!(
        warnings.iter().any(|warning| warning.contains("media of `messages[2].content[1]`")),
        "{warnings:?}"
    );
}

#[test]
fn pitfall_49_cache_marks_in_equal_cache_marks_out() {
    let mut body = tool_turns();
    body["cache_control"] = json!({"type": "ephemeral"}); // on the last block
    let conversation = read(Wire::AnthropicMessages, &body).unwrap();
    assert_eq!(conversation.cache_marks(), 4);
    let marks = |text: &str| text.matches("cache_control").count() + text.matches("cachePoint").count();
    for wire in [Wire::AnthropicMessages, Wire::BedrockConverse, Wire::BedrockInvoke] {
        let (sent, _) = written(wire, &conversation).unwrap();
        assert_eq!(marks(&sent.to_string()), 4, "{wire:?}");
        assert_eq!(sent.to_string().matches("1h").count(), 1, "{wire:?} keeps the lifetime");
    }
    let (sent, warnings) = written(Wire::OpenAiChat, &conversation).unwrap();
    assert_eq!(marks(&sent.to_string()), 0);
    assert!(warnings.iter().any(|warning| warning.contains("cache_control")), "{warnings:?}");

    let chat = json!({"model": "m", "messages": [{"role": "user", "content": [
        {"type": "text", "text": "a", "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}},
        {"type": "text", "text": "b", "cache_control": {"type": "ephemeral"}},
    ]}]});
    let conversation = read(Wire::OpenAiChat, &chat).unwrap();
    let marks: Vec<_> = conversation.messages[0].blocks.iter().map(|block| block.cache).collect();
    assert_eq!(marks, [Some(CacheMark::Hour), Some(CacheMark::FiveMinutes)]);
}

#[test]
fn pitfall_51_an_unknown_lifetime_is_refused_by_its_field() {
    let mut body = tool_turns();
    body["tools"][0]["cache_control"]["ttl"] = "30m".into();
    let invalid = read(Wire::AnthropicMessages, &body).unwrap_err();
    assert_eq!(invalid.field, "tools[0].cache_control.ttl");
}

#[test]
fn pitfall_45_thinking_is_replayed_signed_or_left_out_with_a_warning() {
    let thinking = |signature: Option<&str>| {
        let mut block = json!({"type": "thinking", "thinking": "hm"});
        if let Some(signature) = signature {
            block["signature"] = signature.into();
        }
        json!({"model": "m", "max_tokens": 1, "messages": [
            {"role": "user", "content": "q"},
            {"role": "assistant", "content": [block, {"type": "redacted_thinking", "data": "ZZ"}, {"type": "text", "text": "a"}]},
            {"role": "user", "content": "q2"},
        ]})
    };
    let blocks = |wire: Wire, body: &Value| {
        let (sent, warnings) = translated(Wire::AnthropicMessages, body, wire);
        (sent["messages"][1]["content"].clone(), warnings)
    };
    let (signed, warnings) = blocks(Wire::AnthropicMessages, &thinking(Some("sig")));
    assert_eq!((signed[0]["signature"].as_str(), warnings.len()), (Some("sig"), 0));
    let (signed, _) = blocks(Wire::BedrockConverse, &thinking(Some("sig")));
    assert_eq!(signed[0]["reasoningContent"]["reasoningText"]["signature"], "sig");
    let (unsigned, warnings) = blocks(Wire::AnthropicMessages, &thinking(None));
    assert_eq!(unsigned[0]["type"], "redacted_thinking");
    assert!(warnings[0].contains("messages[1].content[0]"), "{warnings:?}");
    let (chat, warnings) = blocks(Wire::OpenAiChat, &thinking(Some("sig")));
    assert_eq!((chat, warnings.len()), (json!("a"), 2));
}

#[test]
fn what_cannot_be_said_is_refused_by_its_field() {
    let check = |from: Wire, change: Value, to: Wire, field: &str| {
        let mut body = match from {
            Wire::OpenAiChat => json!({"model": "m", "messages": [{"role": "user", "content": "q"}]}),
            Wire::BedrockConverse => json!({"messages": [{"role": "user", "content": [{"text": "q"}]}]}),
            _ => json!({"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "q"}]}),
        };
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let found = match read(from, &body) {
            Err(invalid) => invalid.field,
            Ok(conversation) => written(to, &conversation).expect_err(field).field,
        };
        assert_eq!(found, field, "{change}");
    };
    let (anthropic, chat, converse) = (Wire::AnthropicMessages, Wire::OpenAiChat, Wire::BedrockConverse);
    check(anthropic, json!({"tomorrow": 1}), chat, "tomorrow");
    check(anthropic, json!({"inference_geo": "us"}), chat, "inference_geo");
    check(anthropic, json!({"mcp_servers": [1]}), chat, "mcp_servers");
    check(
        anthropic,
        json!({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}),
        chat,
        "tools[0].type",
    );
    check(
        anthropic,
        json!({"messages": [{"role": "user", "content": [{"type": "x"}]}]}),
        chat,
        "messages[0].content[0].type",
    );
    check(anthropic, json!({"messages": [{"role": "robot", "content": ""}]}), chat, "messages[0].role");
    check(anthropic, json!({"messages": []}), chat, "messages");
    check(anthropic, json!({"temperature": "warm"}), chat, "temperature");
    check(chat, json!({"n": 2}), anthropic, "n");
    check(chat, json!({"frequency_penalty": 0.5}), anthropic, "frequency_penalty");
    check(chat, json!({"response_format": {"type": "json_object"}}), anthropic, "response_format.type");
    check(chat, json!({"api_base": "http://evil"}), anthropic, "api_base");
    check(chat, json!({"parallel_tool_calls": false}), converse, "parallel_tool_calls");
    check(converse, json!({"guardrailConfig": {}}), anthropic, "guardrailConfig");
    check(
        converse,
        json!({"messages": [{"role": "user", "content": [{"video": {}}]}]}),
        anthropic,
        "messages[0].content[0]",
    );
    let broken = json!({"messages": [
        {"role": "user", "content": "q"},
        {"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{\"cut"}}]},
        {"role": "tool", "tool_call_id": "a", "content": "r"}]});
    check(chat, broken, anthropic, "messages[1].content[0]");
}

#[test]
fn sampling_and_limits_are_carried() {
    let chat = json!({"model": "m", "messages": [{"role": "developer", "content": "s"}, {"role": "user", "content": "q"}],
        "max_completion_tokens": 7, "temperature": 0.5, "top_p": 0.9, "seed": 3, "stop": "END", "stream": true,
        "stream_options": {"include_usage": true}, "user": "u", "frequency_penalty": 0,
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}, "strict": true}}});
    let (sent, warnings) = translated(Wire::OpenAiChat, &chat, Wire::AnthropicMessages);
    let expected = json!({"model": "up", "max_tokens": 7, "system": [{"type": "text", "text": "s"}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "q"}]}],
        "temperature": 0.5, "top_p": 0.9, "stop_sequences": ["END"], "stream": true,
        "output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}});
    assert_eq!(sent, expected);
    assert_eq!(warnings.len(), 2, "`user` and `seed`: {warnings:?}");

    let conversation =
        read(Wire::OpenAiChat, &json!({"model": "m", "messages": [{"role": "user", "content": "q"}]}))
            .unwrap();
    assert_eq!(written(Wire::AnthropicMessages, &conversation).unwrap().0["max_tokens"], 1024);
    let refused = encode_request(Wire::AnthropicMessages, &conversation, "up", None).unwrap_err();
    assert_eq!(refused.field, "max_tokens");
    let (chat, _) = written(Wire::OpenAiChat, &conversation).unwrap();
    assert_eq!(chat, json!({"model": "up", "messages": [{"role": "user", "content": "q"}]}));
}

#[test]
fn a_text_only_converse_is_read() {
    let body = json!({"messages": [{"role": "user", "content": [{"text": "q"}, {"cachePoint": {"type": "default", "ttl": "1h"}}]}],
        "system": [{"text": "s"}], "inferenceConfig": {"maxTokens": 5, "temperature": 0.0, "stopSequences": ["x"]},
        "additionalModelRequestFields": {"top_k": 4}});
    let conversation = read(Wire::BedrockConverse, &body).unwrap();
    assert_eq!(conversation.model, "m");
    let block = Block { content: Content::Text("q".to_owned()), cache: Some(CacheMark::Hour) };
    assert_eq!(conversation.messages[0].blocks, [block]);
    assert_eq!((conversation.max_tokens, conversation.top_k), (Some(5), Some(4)));
    let (back, _) = written(Wire::BedrockConverse, &conversation).unwrap();
    assert_eq!(back, body);
}

#[test]
fn what_changes_no_meaning_is_named_when_it_is_left_out() {
    let check = |from: Wire, body: &Value, named: &[&str]| {
        let warnings = read(from, body).unwrap().warnings;
        assert_eq!(warnings.len(), named.len(), "{warnings:?}");
        for name in named {
            assert!(
                warnings.iter().any(|warning| warning.contains(&format!("`{name}`"))),
                "{name}: {warnings:?}"
            );
        }
    };
    // What a coding agent sends.
    let agent = json!({"model": "m", "max_tokens": 1, "metadata": {"user_id": "u"}, "thinking": {"type": "adaptive"},
        "context_management": {"edits": []}, "output_config": {"effort": "high"}, "stream": true,
        "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral", "ttl": "1h", "scope": "global"}}],
        "tools": [{"name": "t", "input_schema": {"type": "object"}, "eager_input_streaming": true}],
        "messages": [
            {"role": "user", "content": "q"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "t", "input": {}, "caller": {"type": "direct"}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "r"}]}]});
    let named = [
        "messages[1].content[0].caller",
        "tools[0].eager_input_streaming",
        "output_config.effort",
        "metadata",
        "context_management",
    ];
    check(Wire::AnthropicMessages, &agent, &named);
    let chat = json!({"model": "m", "store": true, "messages": [
        {"role": "user", "name": "n", "content": [{"type": "image_url", "image_url": {"url": "http://x/y.png", "detail": "low"}}]},
        {"role": "assistant", "content": "a", "reasoning_content": "hm"}]});
    let named = [
        "messages[0].name",
        "messages[0].content[0].image_url.detail",
        "messages[1].reasoning_content",
        "store",
    ];
    check(Wire::OpenAiChat, &chat, &named);
}

#[test]
fn a_body_however_deep_or_wide_is_read_or_refused() {
    let deep = 100_000;
    let nested = |open: &str, close: &str, wrap: (&str, &str)| {
        format!("{}{}{}{}", wrap.0, open.repeat(deep), close.repeat(deep), wrap.1)
    };
    let open = r#"{"type":"tool_result","tool_use_id":"a","content":["#;
    let wrap = (r#"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":["#, "]}]}");
    let refused =
        decode_request(Wire::AnthropicMessages, nested(open, "]}", wrap).as_bytes(), None).unwrap_err();
    assert_eq!(refused.field, "messages[0].content[0].content[0].type");
    let open = r#"{"toolResult":{"toolUseId":"a","content":["#;
    let wrap = (r#"{"messages":[{"role":"user","content":["#, "]}]}");
    let body = nested(open, "]}}", wrap);
    assert!(decode_request(Wire::BedrockConverse, body.as_bytes(), Some("m")).is_err());
    assert!(provider::head(Wire::BedrockConverse, body.as_bytes()).is_ok());
    let wide = format!("{{{}\"messages\":[1],\"model\":\"m\"}}", "\"model\":\"m\",".repeat(deep));
    assert_eq!(provider::head(Wire::OpenAiChat, wide.as_bytes()).unwrap_err().field, "model");
}

/// The recorded translations of another gateway: what it sent is read back with our own reader, and what we
/// send must mean the same. Turns are merged first, since it sends parallel results as turns of their own.
///
/// Two differ by intent. `cache_control.completions`: it drops the images of tool results, we send them in
/// the message that follows; it keeps its own cache marks on this wire, we say in a warning that they went.
/// `system_message.bedrock`: it moves an instruction that stands between turns to the top, we leave it there.
#[test]
fn recorded_translations_mean_the_same() {
    let Some(folder) = vectors() else { return };
    let folder = folder.join("agentgateway+agentgateway/requests");
    let (mut same, mut differ) = (0, Vec::new());
    for (part, from) in [("messages", Wire::AnthropicMessages), ("completions", Wire::OpenAiChat)] {
        for path in common::files(&folder.join(part), ".snap") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let (stem, to) = match name.strip_suffix(".snap").unwrap().split_once('.').unwrap() {
                (stem, "anthropic") => (stem, Wire::AnthropicMessages),
                (stem, "bedrock") => (stem, Wire::BedrockConverse),
                (stem, "completions") => (stem, Wire::OpenAiChat),
                _ => continue,
            };
            let body = std::fs::read(path.with_file_name(format!("{stem}.json"))).unwrap();
            let snap = std::fs::read_to_string(&path).unwrap();
            let theirs: Value = serde_json::from_str(snap.splitn(3, "---\n").nth(2).unwrap()).unwrap();
            let Ok(theirs) = read(to, &theirs["request"]) else { continue };
            let Ok(conversation) = decode_request(from, &body, None) else { continue };
            let Ok((ours, _)) = written(to, &conversation) else { continue };
            let (ours, theirs) = (merged(read(to, &ours).unwrap()), merged(theirs));
            if ours == theirs {
                same += 1;
            } else {
                differ.push(format!("{part}/{name}"));
                println!("{part}/{name}\n  ours   {ours:?}\n  theirs {theirs:?}");
            }
        }
    }
    assert_eq!(differ, ["messages/cache_control.completions.snap", "messages/system_message.bedrock.snap"]);
    assert_eq!(same, 25);
}

/// System and turns, texts joined and neighbours of one role made one turn.
fn merged(conversation: Conversation) -> Vec<(String, Vec<Content>)> {
    let system = ("system".to_owned(), conversation.system);
    let turns =
        conversation.messages.into_iter().map(|message| (message.role.word().to_owned(), message.blocks));
    let mut out: Vec<(String, Vec<Content>)> = Vec::new();
    for (role, blocks) in std::iter::once(system).chain(turns) {
        let blocks = blocks.into_iter().map(|block| block.content);
        match out.last_mut() {
            Some((last, all)) if *last == role => all.extend(blocks),
            _ => out.push((role, blocks.collect())),
        }
    }
    out
}
