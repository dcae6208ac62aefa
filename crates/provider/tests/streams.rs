//! Streams: cut anywhere they read the same; cut off they are not an end; errors stay errors on every wire.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

mod common;

use common::{as_sse, decode, files, vectors};
use provider::{
    Answer, BlockKind, Content, Delta, ErrorKind, Event, Gather, Malformed, Meta, StopReason, StreamDecoder,
    StreamEncoder, StripUsage, Wire, WrapChunks,
};
use units::{Timestamp, TokenCounts};

const WIRES: [Wire; 4] =
    [Wire::AnthropicMessages, Wire::OpenAiChat, Wire::BedrockConverse, Wire::BedrockInvoke];

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
        id: "id".to_owned(),
        model: "m".to_owned(),
        blocks: vec![
            Content::Thinking { text: "höm 🦀".to_owned(), signature: Some("c2ln".to_owned()) }.into(),
            Content::Text("日本語 \"quoted\" \\ \n".to_owned()).into(),
            Content::ToolUse {
                id: "t1".to_owned(),
                name: "f".to_owned(),
                arguments: r#"{"b":1,"a":[1.50]}"#.to_owned(),
            }
            .into(),
            Content::ToolUse { id: "t2".to_owned(), name: "g".to_owned(), arguments: "{}".to_owned() }.into(),
        ],
        stop: StopReason::ToolUse,
        stop_sequence: None,
        usage: TokenCounts {
            input: 7,
            cache_read: 100,
            cache_write_5m: 20,
            cache_write_1h: 3,
            output: 40,
            reasoning: 5,
        },
    }
}

fn encode(wire: Wire, events: &[Event]) -> Vec<u8> {
    let mut encoder = StreamEncoder::new(wire, meta(), true);
    events.iter().flat_map(|event| encoder.event(event)).collect()
}

fn gather(events: &[Event]) -> (Answer, Option<(ErrorKind, String)>, bool) {
    let mut gather = Gather::default();
    events.iter().for_each(|event| gather.event(event));
    gather.finish()
}

/// What a wire can hold of the answer: its own losses, and no others.
fn as_seen_on(wire: Wire, mut answer: Answer) -> Answer {
    answer.id.clear();
    answer.model.clear();
    match wire {
        Wire::OpenAiChat => {
            // No signatures, one lifetime of cache writes.
            answer.usage.cache_write_5m += std::mem::take(&mut answer.usage.cache_write_1h);
            for block in &mut answer.blocks {
                if let Content::Thinking { signature, .. } = &mut block.content {
                    *signature = None;
                }
            }
        }
        Wire::BedrockConverse => answer.usage.reasoning = 0,
        Wire::AnthropicMessages | Wire::BedrockInvoke => {}
    }
    answer
}

#[test]
fn pitfall_01_one_byte_at_a_time_is_the_whole() {
    for wire in WIRES {
        let bytes = encode(wire, &answer().events());
        let whole = decode(wire, &bytes, bytes.len());
        assert_eq!(decode(wire, &bytes, 1), whole, "{wire:?}");
        assert_eq!(decode(wire, &bytes, 7), whole, "{wire:?}");
        whole.1.unwrap();
    }
}

#[test]
fn pitfall_46_arguments_are_equal_streamed_and_not() {
    for wire in WIRES {
        let (events, end) = decode(wire, &encode(wire, &answer().events()), 64);
        end.unwrap();
        let (mut streamed, failed, ended) = gather(&events);
        assert!(ended && failed.is_none(), "{wire:?}");
        let mut whole =
            provider::decode_response(wire, &provider::encode_answer(wire, &answer(), &meta())).unwrap();
        for answer in [&mut streamed, &mut whole] {
            answer.id.clear();
            answer.model.clear();
        }
        assert_eq!(streamed, whole, "{wire:?}");
        assert_eq!(streamed, as_seen_on(wire, answer()), "{wire:?}");
    }
}

#[test]
fn pitfall_03_a_stream_cut_anywhere_is_truncated() {
    for wire in WIRES {
        let bytes = encode(wire, &answer().events());
        for cut in 0..bytes.len() {
            let (events, end) = decode(wire, &bytes[..cut], usize::MAX);
            // OpenAI's and SSE's last line feed is not needed to know the end; nothing shorter is.
            if end.is_ok() {
                assert!(matches!(events.last(), Some(Event::End)), "{wire:?} at {cut}");
                panic!("{wire:?} cut at {cut} of {} reads as a clean end", bytes.len());
            }
            assert_eq!(end, Err(Malformed::Truncated), "{wire:?} at {cut}");
        }
    }
}

#[test]
fn pitfall_02_58_a_failure_is_told_at_every_event_in_each_wire() {
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
    let events = answer().events();
    for wire in WIRES {
        for at in 0..events.len() - 1 {
            let kind = KINDS[at % KINDS.len()];
            let mut cut = events[..at].to_vec();
            cut.push(Event::Failed { kind, message: "it broke".to_owned() });
            let bytes = encode(wire, &cut);
            assert!(!String::from_utf8_lossy(&bytes).contains("[DONE]"), "{wire:?}");
            let (read, end) = decode(wire, &bytes, 3);
            end.unwrap();
            match read.last() {
                Some(Event::Failed { message, .. }) => assert_eq!(message, "it broke", "{wire:?}"),
                other => panic!("{wire:?} at {at}: {other:?}"),
            }
            assert!(!read.contains(&Event::End));
        }
    }
}

#[test]
fn pitfall_58_each_exception_type_is_a_failure_of_its_kind() {
    let check = |word: &str, kind: ErrorKind| {
        // The exception as botocore's model names it, framed by the encoder's own writer.
        let mut encoder = StreamEncoder::new(Wire::BedrockConverse, meta(), false);
        let bytes = encoder.event(&Event::Failed { kind, message: "m".to_owned() });
        assert!(String::from_utf8_lossy(&bytes).contains(word), "{word}");
        let mut decoder = StreamDecoder::new(Wire::BedrockConverse);
        match decoder.push(&bytes).unwrap().as_slice() {
            [Event::Failed { kind: read, .. }] => assert_eq!(*read, kind, "{word}"),
            other => panic!("{other:?}"),
        }
    };
    check("validationException", ErrorKind::InvalidRequest);
    check("throttlingException", ErrorKind::RateLimited);
    check("serviceUnavailableException", ErrorKind::Overloaded);
    check("modelStreamErrorException", ErrorKind::UpstreamMalformed);
}

#[test]
fn pitfall_18_the_usage_chunk_is_stripped_and_nothing_else() {
    let stream = |include_usage| {
        let mut encoder = StreamEncoder::new(Wire::OpenAiChat, meta(), include_usage);
        answer().events().iter().flat_map(|event| encoder.event(event)).collect::<Vec<u8>>()
    };
    let (with, without) = (stream(true), stream(false));
    // Our own encoder writes `usage: null` beside content when asked, as the vendor does; that stays.
    let expected = String::from_utf8(with.clone()).unwrap();
    let expected: String =
        expected.split_inclusive("\n\n").filter(|event| !event.contains("\"choices\":[]")).collect();
    assert!(expected.len() < with.len());
    for size in [1, 2, 50, with.len()] {
        let mut strip = StripUsage::new();
        let mut out: Vec<u8> = with.chunks(size).flat_map(|chunk| strip.push(chunk).unwrap()).collect();
        out.extend(strip.finish());
        assert_eq!(String::from_utf8(out).unwrap(), expected, "chunks of {size}");
    }
    let mut strip = StripUsage::new();
    assert_eq!(strip.push(&without).unwrap(), without);
}

#[test]
fn anthropic_events_wrapped_for_bedrock_keep_their_json() {
    let sse = encode(Wire::AnthropicMessages, &answer().events());
    let mut wrap = WrapChunks::new();
    let frames: Vec<u8> = sse.chunks(11).flat_map(|chunk| wrap.push(chunk).unwrap()).collect();
    assert_eq!(decode(Wire::BedrockInvoke, &frames, 5), decode(Wire::AnthropicMessages, &sse, 5));

    let mut wrap = WrapChunks::new();
    let error = b"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}\n\n";
    let (events, _) = decode(Wire::BedrockInvoke, &wrap.push(error).unwrap(), 4);
    assert_eq!(events, [Event::Failed { kind: ErrorKind::Overloaded, message: "busy".to_owned() }]);
}

#[test]
fn a_block_only_its_vendor_knows_is_left_out_without_a_gap() {
    let mut events = answer().events();
    let foreign = [
        Event::BlockStart { index: 0, block: BlockKind::Foreign("server_tool_use".to_owned()) },
        Event::Delta { index: 0, delta: Delta::ToolArguments("{\"lost\":1}".to_owned()) },
        Event::BlockStop { index: 0 },
    ];
    for event in &mut events {
        if let Event::BlockStart { index, .. } | Event::Delta { index, .. } | Event::BlockStop { index } =
            event
        {
            *index += 1;
        }
    }
    events.splice(1..1, foreign);
    for wire in WIRES {
        assert_eq!(encode(wire, &events), encode(wire, &answer().events()), "{wire:?}");
    }
}

#[test]
fn openai_servers_own_ways_are_read() {
    let check = |chunks: &[&str], blocks: &[BlockKind], text: &str| {
        let stream: String = chunks.iter().map(|chunk| format!("data: {chunk}\r\n\r\n")).collect();
        let (events, end) = decode(Wire::OpenAiChat, stream.as_bytes(), 1);
        end.unwrap();
        let starts: Vec<BlockKind> = events
            .iter()
            .filter_map(|event| match event {
                Event::BlockStart { block, .. } => Some(block.clone()),
                _ => None,
            })
            .collect();
        assert_eq!(starts, blocks);
        let all: String = events
            .iter()
            .filter_map(|event| match event {
                Event::Delta {
                    delta: Delta::Text(t) | Delta::Thinking(t) | Delta::ToolArguments(t), ..
                } => Some(t.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(all, text);
    };
    let tool = |id: &str, name: &str| BlockKind::ToolUse { id: id.to_owned(), name: name.to_owned() };
    check(
        &[
            r#"{"choices":[{"delta":{"role":"assistant","content":""}}]}"#,
            r#"{"choices":[{"delta":{"reasoning_content":"hm"}}]}"#,
            r#"{"choices":[{"delta":{"content":"so"}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":""}}]}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":1,"function":{"name":"g","arguments":"[]"}}]}}]}"#,
            r#"{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#,
            "[DONE]",
        ],
        &[BlockKind::Thinking, BlockKind::Text, tool("a", "f"), tool("call_1", "g")],
        "hmso{}[]",
    );
}

#[test]
fn recorded_anthropic_streams_read_the_same_in_any_chunks() {
    let Some(folder) = vectors() else { return };
    let mut streams: Vec<(String, Vec<u8>)> = Vec::new();
    for path in files(&folder.join("anthropics+anthropic-sdk-python"), "") {
        let name = path.display().to_string();
        if name.ends_with(".txt") || name.ends_with(".sse") {
            // Some recordings stop at the last line; a live stream ends its last event.
            let bytes = [std::fs::read(path).unwrap(), b"\n\n".to_vec()].concat();
            streams.push((name, bytes));
        }
    }
    for path in files(&folder.join("vercel+ai/anthropic"), ".chunks.txt") {
        let lines = std::fs::read_to_string(&path).unwrap();
        streams.push((path.display().to_string(), as_sse(Wire::AnthropicMessages, &lines)));
    }
    assert!(streams.len() >= 41, "{}", streams.len());
    for (name, bytes) in streams {
        let whole = decode(Wire::AnthropicMessages, &bytes, usize::MAX);
        assert_eq!(decode(Wire::AnthropicMessages, &bytes, 1), whole, "{name}");
        if name.contains("spliced-message-start") {
            assert!(matches!(whole.1, Err(Malformed::Shape(_))), "pitfall 4: two answers glued together");
            continue;
        }
        whole.1.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(matches!(whole.0.first(), Some(Event::Start { .. })), "{name}");
        assert_eq!(whole.0.last(), Some(&Event::End), "{name}");
    }
}

#[test]
fn recorded_openai_streams_read_the_same_in_any_chunks() {
    let Some(folder) = vectors() else { return };
    for path in files(&folder.join("vercel+ai/openai/chat"), ".chunks.txt") {
        let bytes = as_sse(Wire::OpenAiChat, &std::fs::read_to_string(&path).unwrap());
        let whole = decode(Wire::OpenAiChat, &bytes, usize::MAX);
        assert_eq!(decode(Wire::OpenAiChat, &bytes, 1), whole, "{}", path.display());
        whole.1.unwrap();
        let (answer, failed, ended) = gather(&whole.0);
        assert!(ended && failed.is_none() && answer.usage.output > 0, "{}", path.display());
    }
}

#[test]
fn recorded_bedrock_streams_are_read() {
    let Some(folder) = vectors() else { return };
    let folder = folder.join("agentgateway+agentgateway/response");
    let check = |name: &str, wire: Wire, text: &str, usage: (u64, u64)| {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let whole = decode(wire, &bytes, usize::MAX);
        assert_eq!(decode(wire, &bytes, 1), whole, "{name}");
        whole.1.unwrap_or_else(|error| panic!("{name}: {error}"));
        let (answer, failed, ended) = gather(&whole.0);
        assert!(ended && failed.is_none(), "{name}");
        assert!(format!("{:?}", answer.blocks).contains(text), "{name}: {:?}", answer.blocks);
        assert_eq!((answer.usage.input, answer.usage.output), usage, "{name}");
    };
    check("bedrock/basic.bin", Wire::BedrockConverse, "Text", (15, 142));
    check("bedrock/reasoning.bin", Wire::BedrockConverse, "Thinking", (18, 46));
    check("bedrock/tool.bin", Wire::BedrockConverse, "ToolUse", (150, 45));
    check("detect/bedrock-basic.bin", Wire::BedrockConverse, "Text", (15, 142));
    // Another vendor's model behind invoke: its chunks are not Anthropic events, and are no clean end.
    let nova = std::fs::read(folder.join("detect/bedrock-invoke.bin")).unwrap();
    assert!(matches!(decode(Wire::BedrockInvoke, &nova, 64).1, Err(Malformed::Shape(_))));
    let broken = std::fs::read(folder.join("detect/bedrock-broken.bin")).unwrap();
    assert!(decode(Wire::BedrockConverse, &broken, 64).1.is_err());
}

#[test]
fn recorded_bedrock_events_agree_with_their_whole_answers() {
    let Some(folder) = vectors() else { return };
    for path in files(&folder.join("vercel+ai/amazon-bedrock"), ".json") {
        let body = std::fs::read(&path).unwrap();
        if path.to_string_lossy().contains("reranking") {
            continue;
        }
        let answer = provider::decode_response(Wire::BedrockConverse, &body).unwrap();
        assert!(answer.usage.total() > 0 && !answer.blocks.is_empty(), "{}", path.display());
    }
}

#[test]
fn vendor_frames_good_and_broken() {
    let Some(folder) = vectors() else { return };
    let mut checked = 0;
    for (part, good) in [
        ("smithy-lang+smithy-rs/eventstream", None),
        ("smithy-lang+smithy-typescript/eventstream/encoded/positive", Some(true)),
        ("smithy-lang+smithy-typescript/eventstream/encoded/negative", Some(false)),
    ] {
        for path in files(&folder.join(part), "") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let good = good.unwrap_or(name.starts_with("valid_"));
            let bytes = std::fs::read(&path).unwrap();
            let mut parser = provider::FrameParser::new();
            let read: Result<usize, Malformed> =
                bytes.chunks(1).map(|byte| parser.push(byte).map(|frames| frames.len())).sum();
            match read {
                // These frames say nothing of events, which our reader also requires; the framing was fine.
                Err(Malformed::Frame(message)) if good => {
                    assert!(message.contains("message type"), "{name}: {message}");
                }
                Err(_) => assert!(!good, "{name}"),
                // A length that was corrupted upward waits for bytes that never come.
                Ok(frames) => assert!(!good && frames == 0 && parser.is_mid_frame(), "{name}"),
            }
            checked += 1;
        }
    }
    assert_eq!(checked, 11 + 9);
}
