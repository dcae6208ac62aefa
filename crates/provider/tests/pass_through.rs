//! Bodies in the vendor's own protocol: read once, spliced, otherwise byte for byte the caller's.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use bytes::Bytes;
use proptest::prelude::*;
use provider::{
    Wire, count_head, head, invoke_to_messages, messages_to_invoke, with_model, with_model_and_usage,
};
use serde_json::{Value, json};

fn body(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

#[test]
fn the_head_says_what_admission_needs() {
    let text = r#" {"messages" : [{"role":"user","content":"hi"}], "model":"cl\u0061ude","max_tokens":9,"stream":true,
        "system":"s","tools":[] ,"tomorrow":{"model":"x"}}"#;
    let read = head(Wire::AnthropicMessages, text.as_bytes()).unwrap();
    assert_eq!(read.model.as_deref(), Some("claude"));
    assert!(read.stream);
    assert_eq!(read.max_tokens, Some(9));
    let prompt = r#"[{"role":"user","content":"hi"}]"#.len() + r#""s""#.len() + "[]".len();
    assert_eq!(read.prompt_bytes, prompt);

    let chat = br#"{"model":"m","messages":[1],"max_tokens":1,"max_completion_tokens":2,"stream_options":{"include_usage":true}}"#;
    let read = head(Wire::OpenAiChat, chat).unwrap();
    assert_eq!((read.max_tokens, read.include_usage, read.stream), (Some(2), true, false));

    let converse = br#"{"messages":[1],"inferenceConfig":{"maxTokens":5}}"#;
    assert_eq!(head(Wire::BedrockConverse, converse).unwrap().max_tokens, Some(5));

    let invoke =
        br#"{"anthropic_version":"bedrock-2023-05-31","anthropic_beta":["a"],"max_tokens":1,"messages":[1]}"#;
    assert_eq!(head(Wire::BedrockInvoke, invoke).unwrap().betas, ["a"]);
}

#[test]
fn a_wrong_body_is_refused_by_its_field() {
    let check = |wire, text: &str, field: &str, words: &str| {
        let invalid = head(wire, text.as_bytes()).expect_err(text);
        assert_eq!(invalid.field, field, "{text}: {invalid}");
        assert!(invalid.message.contains(words), "{text}: {invalid}");
    };
    let (anthropic, chat) = (Wire::AnthropicMessages, Wire::OpenAiChat);
    check(anthropic, "", "body", "line 1 column 0");
    check(anthropic, "{\"model\":\n\"m\",}", "body", "line 2");
    check(anthropic, "[]", "body", "object");
    check(anthropic, r#"{"model":"m"} x"#, "body", "trailing");
    check(anthropic, r#"{"max_tokens":1,"messages":[1]}"#, "model", "required");
    check(anthropic, r#"{"model":"","max_tokens":1,"messages":[1]}"#, "model", "required");
    check(anthropic, r#"{"model":7,"max_tokens":1,"messages":[1]}"#, "model", "string");
    check(anthropic, r#"{"model":"m","messages":[1]}"#, "max_tokens", "required");
    check(anthropic, r#"{"model":"m","max_tokens":0,"messages":[1]}"#, "max_tokens", "at least 1");
    check(anthropic, r#"{"model":"m","max_tokens":-1,"messages":[1]}"#, "max_tokens", "at least 1");
    check(anthropic, r#"{"model":"m","max_tokens":"5","messages":[1]}"#, "max_tokens", "whole");
    check(anthropic, r#"{"model":"m","max_tokens":1}"#, "messages", "required");
    check(anthropic, r#"{"model":"m","max_tokens":1,"messages":[ ]}"#, "messages", "at least one");
    check(anthropic, r#"{"model":"m","max_tokens":1,"messages":"hi"}"#, "messages", "list");
    check(anthropic, r#"{"model":"m","max_tokens":1,"messages":[1],"stream":1}"#, "stream", "true or false");
    check(anthropic, r#"{"model":"a","max_tokens":1,"messages":[1],"m\u006fdel":"b"}"#, "model", "twice");
    check(chat, r#"{"model":"m","messages":[1],"stream_options":7}"#, "stream_options", "object");
    check(Wire::BedrockInvoke, r#"{"max_tokens":1,"messages":[1]}"#, "anthropic_version", "required");
    let broken = [b"{\"model\":\"".as_slice(), &[0xff], b"\"}"].concat();
    let invalid = head(chat, &broken).unwrap_err();
    assert!(invalid.message.contains("UTF-8") && invalid.message.contains("10"), "{invalid}");
    assert!(count_head(anthropic, br#"{"model":"m","messages":[1]}"#).is_ok());
}

#[test]
fn pitfall_43_only_the_model_name_differs() {
    let text = "{ \"model\" :\t\"claude-bench\" , \"max_tokens\": 1.0e1,\"messages\":[{\"signature\":\"E\\u00e9==\"}],\"n\":9007199254740993}";
    let text = text.replace("1.0e1", "10");
    let body = body(&text);
    let head = head(Wire::AnthropicMessages, &body).unwrap();
    let sent = with_model(&body, &head, "claude-sonnet-4-5");
    assert_eq!(sent, text.replace("claude-bench", "claude-sonnet-4-5"));
    assert_eq!(with_model(&body, &head, "claude-sonnet-4-5"), sent, "pitfall 52: same body, same bytes");
    assert_eq!(
        with_model(&body, &head, "claude-bench").as_ptr(),
        body.as_ptr(),
        "nothing to change, no copy"
    );
    let quoted = with_model(&body, &head, "a\"b");
    assert_eq!(serde_json::from_slice::<Value>(&quoted).unwrap()["model"], "a\"b");
}

#[test]
fn pitfall_18_a_stream_always_asks_for_usage() {
    let check = |text: &str, expected: &str, strip: bool| {
        let body = body(text);
        let head = head(Wire::OpenAiChat, &body).unwrap();
        let (sent, strips) = with_model_and_usage(&body, &head, "up");
        assert_eq!((std::str::from_utf8(&sent).unwrap(), strips), (expected, strip));
    };
    check(r#"{"model":"m","messages":[1]}"#, r#"{"model":"up","messages":[1]}"#, false);
    check(
        r#"{"model":"m","messages":[1],"stream":true,"stream_options":{"include_usage":true}}"#,
        r#"{"model":"up","messages":[1],"stream":true,"stream_options":{"include_usage":true}}"#,
        false,
    );
    check(
        r#"{ "messages":[1],"model":"m","stream":true}"#,
        r#"{ "stream_options":{"include_usage":true},"messages":[1],"model":"up","stream":true}"#,
        true,
    );
    check(
        r#"{"model":"m","messages":[1],"stream":true,"stream_options":{"include_obfuscation":false,"include_usage":false}}"#,
        r#"{"model":"up","messages":[1],"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false}}"#,
        true,
    );
    check(
        r#"{"model":"m","messages":[1],"stream":true,"stream_options":null}"#,
        r#"{"model":"up","messages":[1],"stream":true,"stream_options":{"include_usage":true}}"#,
        true,
    );
}

#[test]
fn invoke_and_messages_differ_in_their_own_members_only() {
    let invoke = body(
        r#"{"anthropic_version":"bedrock-2023-05-31", "max_tokens":1,"messages":[ 1 ],"anthropic_beta":["b"]}"#,
    );
    let read = head(Wire::BedrockInvoke, &invoke).unwrap();
    let messages = invoke_to_messages(&invoke, &read, "claude", true);
    assert_eq!(messages, r#"{"model":"claude","stream":true, "max_tokens":1,"messages":[ 1 ]}"#);

    let read = head(Wire::AnthropicMessages, &messages).unwrap();
    let back = messages_to_invoke(&messages, &read, &["b"]);
    let expected = r#"{"anthropic_version":"bedrock-2023-05-31","anthropic_beta":["b"], "max_tokens":1,"messages":[ 1 ]}"#;
    assert_eq!(back, expected);
}

#[test]
fn bedrocks_count_envelope_is_taken_off() {
    let converse = br#"{"input":{"converse":{"messages":[ 1 ]}}}"#;
    assert_eq!(
        provider::counted_input(converse).unwrap(),
        (Wire::BedrockConverse, body(r#"{"messages":[ 1 ]}"#))
    );
    let invoke = br#"{"input":{"invokeModel":{"body":"e30="}}}"#;
    assert_eq!(provider::counted_input(invoke).unwrap(), (Wire::BedrockInvoke, body("{}")));
    assert_eq!(provider::counted_input(br#"{"input":{}}"#).unwrap_err().field, "input");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[^\u{0}]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z\"\\\\]{0,6}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Every splice is the change it names and no other, wherever the members stand.
    #[test]
    fn splices_change_what_they_name(
        extra in prop::collection::btree_map("[a-z]{1,5}_x", any_json(), 0..5),
        model in "[^\u{0}]{1,12}",
        upstream in "[^\u{0}]{1,12}",
        pretty in any::<bool>(),
        options in prop_oneof![Just(None), Just(Some(json!({}))), Just(Some(json!({"include_usage": false, "z": 1})))],
    ) {
        let mut value = json!({"model": model, "messages": [{"role": "user"}], "stream": true, "max_tokens": 3,
            "anthropic_version": "v", "anthropic_beta": ["b"]});
        let object = value.as_object_mut().unwrap();
        object.extend(extra);
        if let Some(options) = options {
            object.insert("stream_options".to_owned(), options);
        }
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let bytes = body(&text);

        let head = head(Wire::OpenAiChat, &bytes).unwrap();
        let sent: Value = serde_json::from_slice(&with_model(&bytes, &head, &upstream)).unwrap();
        let mut expected = value.clone();
        expected["model"] = upstream.clone().into();
        prop_assert_eq!(&sent, &expected);

        let (asked, strips) = with_model_and_usage(&bytes, &head, &upstream);
        let asked: Value = serde_json::from_slice(&asked).unwrap();
        let mut wanted = expected.clone();
        wanted["stream_options"]["include_usage"] = true.into();
        prop_assert!(strips);
        prop_assert_eq!(&asked, &wanted);

        let head = provider::head(Wire::BedrockInvoke, &bytes).unwrap();
        let sent: Value = serde_json::from_slice(&invoke_to_messages(&bytes, &head, &upstream, true)).unwrap();
        let members = expected.as_object_mut().unwrap();
        members.remove("anthropic_version");
        members.remove("anthropic_beta");
        prop_assert_eq!(&sent, &expected);
    }

    /// No input makes the readers panic.
    #[test]
    fn rubbish_is_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for wire in [Wire::AnthropicMessages, Wire::OpenAiChat, Wire::BedrockConverse, Wire::BedrockInvoke] {
            let _ = head(wire, &bytes);
            let _ = provider::decode_request(wire, &bytes, None);
            let _ = provider::decode_response(wire, &bytes);
            let _ = provider::decode_error(wire, 500, &bytes);
            let _ = provider::StreamDecoder::new(wire).push(&bytes);
        }
    }
}

/// What reading a head costs; run with `--release -- --ignored --nocapture`.
#[test]
#[ignore = "measures speed"]
fn a_head_costs_little() {
    for kilobytes in [1, 10, 100] {
        let text = "word ".repeat(kilobytes * 200);
        let body = body(&format!(
            r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"user","content":"{text}"}}]}}"#
        ));
        let begun = std::time::Instant::now();
        const TIMES: u32 = 10_000;
        for _ in 0..TIMES {
            let head = head(Wire::AnthropicMessages, &body).unwrap();
            std::hint::black_box(with_model(&body, &head, "claude-sonnet-4-5"));
        }
        println!("{kilobytes} kB: {:?}", begun.elapsed() / TIMES);
    }
}
