//! The exact bytes clients see: whole answers, streams, errors, lists and counts of each wire.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use provider::{
    Answer, Content, Error, ErrorKind, Event, Meta, StopReason, StreamEncoder, Wire, decode_error,
    encode_answer, encode_count, encode_error, encode_model, encode_models, error_type_header,
};
use serde_json::{Value, json};
use units::{Timestamp, TokenCounts};

const KINDS: [ErrorKind; 12] = [
    ErrorKind::InvalidRequest,
    ErrorKind::Authentication,
    ErrorKind::Permission,
    ErrorKind::NotFound,
    ErrorKind::TooLarge,
    ErrorKind::RateLimited,
    ErrorKind::Overloaded,
    ErrorKind::Timeout,
    ErrorKind::UpstreamUnavailable,
    ErrorKind::UpstreamMalformed,
    ErrorKind::Internal,
    ErrorKind::StorageFull,
];

fn meta() -> Meta {
    Meta {
        request_id: "req_01JD".to_owned(),
        model: "claude-demo".to_owned(),
        created: Timestamp::from_seconds(1_764_000_000),
        latency_ms: 12,
    }
}

fn answer() -> Answer {
    Answer {
        blocks: vec![Content::Text("Hi".to_owned()).into()],
        stop: StopReason::StopSequence,
        stop_sequence: Some("END".to_owned()),
        usage: TokenCounts { input: 3, cache_read: 2, output: 1, ..TokenCounts::default() },
        ..Answer::default()
    }
}

fn value(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn whole_answers() {
    let usage = json!({"input_tokens": 3, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 2, "output_tokens": 1});
    let anthropic = json!({"id": "msg_01JD", "type": "message", "role": "assistant", "model": "claude-demo",
        "content": [{"type": "text", "text": "Hi"}], "stop_reason": "stop_sequence", "stop_sequence": "END", "usage": usage});
    assert_eq!(value(&encode_answer(Wire::AnthropicMessages, &answer(), &meta())), anthropic);
    assert_eq!(value(&encode_answer(Wire::BedrockInvoke, &answer(), &meta())), anthropic);
    let chat = json!({"id": "chatcmpl-01JD", "object": "chat.completion", "created": 1_764_000_000, "model": "claude-demo",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi", "refusal": null}, "logprobs": null, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6,
            "prompt_tokens_details": {"cached_tokens": 2}, "completion_tokens_details": {"reasoning_tokens": 0}}});
    assert_eq!(value(&encode_answer(Wire::OpenAiChat, &answer(), &meta())), chat);
    let converse = json!({"output": {"message": {"role": "assistant", "content": [{"text": "Hi"}]}}, "stopReason": "stop_sequence",
        "usage": {"inputTokens": 3, "outputTokens": 1, "totalTokens": 6, "cacheReadInputTokens": 2, "cacheWriteInputTokens": 0},
        "metrics": {"latencyMs": 12}});
    assert_eq!(value(&encode_answer(Wire::BedrockConverse, &answer(), &meta())), converse);
}

#[test]
fn an_anthropic_stream_to_the_byte() {
    let mut encoder = StreamEncoder::new(Wire::AnthropicMessages, meta(), false);
    let bytes: Vec<u8> = answer().events().iter().flat_map(|event| encoder.event(event)).collect();
    let expected = r#"event: message_start
data: {"type":"message_start","message":{"id":"msg_01JD","type":"message","role":"assistant","model":"claude-demo","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":3,"cache_creation_input_tokens":0,"cache_read_input_tokens":2,"output_tokens":0}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"END"},"usage":{"input_tokens":3,"cache_creation_input_tokens":0,"cache_read_input_tokens":2,"output_tokens":1}}

event: message_stop
data: {"type":"message_stop"}

"#;
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
}

#[test]
fn an_openai_stream_ends_with_usage_then_done() {
    let data = |include_usage| {
        let mut encoder = StreamEncoder::new(Wire::OpenAiChat, meta(), include_usage);
        let bytes: Vec<u8> = answer().events().iter().flat_map(|event| encoder.event(event)).collect();
        let text = String::from_utf8(bytes).unwrap();
        text.split_terminator("\n\n")
            .map(|event| event.strip_prefix("data: ").unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let with = data(true);
    assert_eq!(with.len(), 5);
    assert_eq!(value(with[0].as_bytes())["choices"][0]["delta"], json!({"role": "assistant", "content": ""}));
    assert_eq!(value(with[2].as_bytes())["choices"][0]["finish_reason"], "stop");
    let usage = value(with[3].as_bytes());
    assert_eq!((&usage["choices"], &usage["usage"]["total_tokens"]), (&json!([]), &json!(6)));
    assert_eq!(with[4], "[DONE]");
    let without = data(false);
    assert_eq!(without.len(), 4);
    assert!(without.iter().all(|data| !data.contains("usage")));
}

#[test]
fn errors_in_each_wires_own_words() {
    let error = |kind, field: Option<&str>| Error {
        kind,
        message: "no".to_owned(),
        field: field.map(str::to_owned),
        request_id: "req_01JD".to_owned(),
    };
    assert_eq!(
        value(&encode_error(Wire::AnthropicMessages, &error(ErrorKind::InvalidRequest, Some("max_tokens")))),
        json!({"type": "error", "error": {"type": "invalid_request_error", "message": "max_tokens: no"}, "request_id": "req_01JD"})
    );
    assert_eq!(
        value(&encode_error(Wire::OpenAiChat, &error(ErrorKind::InvalidRequest, Some("max_tokens")))),
        json!({"error": {"message": "no", "type": "invalid_request_error", "param": "max_tokens", "code": null}})
    );
    assert_eq!(
        value(&encode_error(Wire::BedrockConverse, &error(ErrorKind::Permission, None))),
        json!({"message": "no"})
    );
    for kind in KINDS {
        let word = error_type_header(Wire::BedrockConverse, kind).unwrap();
        assert!(word.ends_with("Exception"), "{word}");
        assert_eq!(error_type_header(Wire::AnthropicMessages, kind), None);
    }
}

#[test]
fn pitfall_59_vendor_errors_keep_their_kind() {
    let check = |wire, status, body: &str, kind: ErrorKind, message: &str| {
        let error = decode_error(wire, status, body.as_bytes());
        assert_eq!((error.kind, error.message.as_str()), (kind, message), "{status} {body}");
    };
    let (anthropic, chat) = (Wire::AnthropicMessages, Wire::OpenAiChat);
    let body = |word: &str| {
        format!(r#"{{"type":"error","error":{{"type":"{word}","message":"m"}},"request_id":"r"}}"#)
    };
    check(anthropic, 400, &body("invalid_request_error"), ErrorKind::InvalidRequest, "m");
    check(anthropic, 401, &body("authentication_error"), ErrorKind::Authentication, "m");
    check(anthropic, 413, &body("request_too_large"), ErrorKind::TooLarge, "m");
    check(anthropic, 429, &body("rate_limit_error"), ErrorKind::RateLimited, "m");
    check(anthropic, 529, &body("overloaded_error"), ErrorKind::Overloaded, "m");
    check(anthropic, 500, &body("api_error"), ErrorKind::UpstreamUnavailable, "m");
    check(anthropic, 529, &body("tomorrow_error"), ErrorKind::Overloaded, "m");
    check(
        anthropic,
        502,
        "<html>Bad gateway</html>",
        ErrorKind::UpstreamUnavailable,
        "<html>Bad gateway</html>",
    );
    check(anthropic, 504, "", ErrorKind::Timeout, "no message");
    let body = r#"{"error":{"message":"m","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#;
    check(chat, 429, body, ErrorKind::RateLimited, "m");
    check(
        chat,
        404,
        r#"{"error":{"message":"m","type":"invalid_request_error","code":"model_not_found"}}"#,
        ErrorKind::NotFound,
        "m",
    );
    check(chat, 400, r#"{"error":"m"}"#, ErrorKind::InvalidRequest, "m");
    check(chat, 503, r#"{"error":{"message":"m","code":503}}"#, ErrorKind::Overloaded, "m");
    check(Wire::BedrockConverse, 429, r#"{"message":"m"}"#, ErrorKind::RateLimited, "m");
    check(Wire::BedrockInvoke, 403, r#"{"Message":"m"}"#, ErrorKind::Permission, "m");
}

#[test]
fn anthropic_errors_come_back_as_they_went_out() {
    for kind in KINDS {
        let error = Error { kind, message: "m".to_owned(), field: None, request_id: "r".to_owned() };
        let read = decode_error(Wire::AnthropicMessages, 500, &encode_error(Wire::AnthropicMessages, &error));
        let expected = match kind {
            ErrorKind::StorageFull => ErrorKind::Overloaded,
            ErrorKind::UpstreamMalformed | ErrorKind::Internal => ErrorKind::UpstreamUnavailable,
            kind => kind,
        };
        assert_eq!(read.kind, expected);
    }
}

#[test]
fn pitfall_88_lists_of_models_and_counts() {
    let created = Timestamp::from_seconds(0);
    let list = value(&encode_models(Wire::AnthropicMessages, &["a", "b"], created));
    assert_eq!(
        (&list["first_id"], &list["last_id"], &list["has_more"]),
        (&json!("a"), &json!("b"), &json!(false))
    );
    assert_eq!(list["data"][1]["type"], "model");
    let empty = value(&encode_models(Wire::AnthropicMessages, &[], created));
    assert_eq!(empty, json!({"data": [], "has_more": false, "first_id": null, "last_id": null}));
    let list = value(&encode_models(Wire::OpenAiChat, &["a"], created));
    assert_eq!(
        list,
        json!({"object": "list", "data": [{"id": "a", "object": "model", "created": 0, "owned_by": "offtake"}]})
    );
    assert_eq!(value(&encode_model(Wire::OpenAiChat, "a", created))["object"], "model");
    assert_eq!(encode_count(Wire::AnthropicMessages, 7), br#"{"input_tokens":7}"#);
    assert_eq!(encode_count(Wire::BedrockConverse, 7), br#"{"inputTokens":7}"#);
}

#[test]
fn bedrocks_last_event_tells_usage_and_latency() {
    for wire in [Wire::BedrockConverse, Wire::BedrockInvoke] {
        let mut encoder = StreamEncoder::new(wire, meta(), false);
        let events = answer().events();
        let (end, rest) = events.split_last().unwrap();
        rest.iter().for_each(|event| drop(encoder.event(event)));
        encoder.set_latency_ms(345);
        assert_eq!(*end, Event::End);
        let mut parser = provider::FrameParser::new();
        let frames = parser.push(&encoder.event(end)).unwrap();
        let provider::Frame::Event { payload, .. } = frames.last().unwrap() else { panic!("{frames:?}") };
        let payload = value(payload);
        if wire == Wire::BedrockConverse {
            assert_eq!(
                (&payload["metrics"]["latencyMs"], &payload["usage"]["totalTokens"]),
                (&json!(345), &json!(6))
            );
        } else {
            assert!(payload["bytes"].is_string());
        }
    }
}
