//! The tap against whole answers, recorded streams, cuts and rubbish.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use meter::{Metered, Observed, Part, Source, Tap, usage_of_answer};
use provider::{
    Answer, Content, ErrorKind, Event, Malformed, Meta, StopReason, StreamDecoder, StreamEncoder, Wire,
};
use std::path::{Path, PathBuf};
use units::{Timestamp, TokenCounts};

const BYTES: [Wire; 2] = [Wire::AnthropicMessages, Wire::OpenAiChat];

fn meta() -> Meta {
    let created = Timestamp::from_seconds(0);
    Meta { request_id: "req_1".to_owned(), model: "claude-demo".to_owned(), created, latency_ms: 1 }
}

fn answer() -> Answer {
    let call = |id: &str, arguments: &str| Content::ToolUse {
        id: id.to_owned(),
        name: "f".to_owned(),
        arguments: arguments.to_owned(),
    };
    Answer {
        blocks: vec![
            Content::Thinking { text: "hm".to_owned(), signature: Some("s".to_owned()) }.into(),
            Content::Text("Bonjour à tous, \"usage\": {\"input_tokens\": 9} 🦀".to_owned()).into(),
            call("a", r#"{"usage":{"output_tokens":999}}"#).into(),
            call("b", "{}").into(),
        ],
        stop: StopReason::ToolUse,
        usage: TokenCounts {
            input: 5,
            cache_read: 6,
            cache_write_5m: 7,
            cache_write_1h: 0,
            output: 30,
            reasoning: 4,
        },
        ..Answer::default()
    }
}

fn stream(wire: Wire) -> Vec<u8> {
    let mut encoder = StreamEncoder::new(wire, meta(), true);
    answer().events().iter().flat_map(|event| encoder.event(event)).collect()
}

fn tapped(wire: Wire, bytes: &[u8], size: usize) -> (Metered, u32, Option<Malformed>) {
    let mut tap = Tap::new(wire, true);
    let (mut events, mut malformed) = (0, None);
    for chunk in bytes.chunks(size) {
        let observed = tap.observe(chunk);
        events += observed.events;
        malformed = malformed.or(observed.malformed);
    }
    (tap.finish(), events, malformed)
}

#[test]
fn pitfall_15_streamed_and_not_give_the_same_record() {
    for wire in BYTES {
        let body = provider::encode_answer(wire, &answer(), &meta());
        let whole = usage_of_answer(wire, &body).unwrap();
        assert_eq!(whole.tokens, answer().usage, "{wire:?}");
        for size in [1, 3, 64, usize::MAX] {
            let (streamed, _, malformed) = tapped(wire, &stream(wire), size);
            assert_eq!(malformed, None);
            assert_eq!(streamed, whole, "{wire:?} in chunks of {size}");
        }
        let mut tap = Tap::new(wire, false);
        body.chunks(9).for_each(|chunk| assert_eq!(tap.observe(chunk), Observed::default()));
        assert_eq!(tap.finish(), whole, "{wire:?}");

        let mut tap = Tap::new(wire, true);
        answer().events().iter().for_each(|event| tap.observe_event(event));
        assert_eq!(tap.finish().tokens, whole.tokens, "{wire:?}, by canonical events");
    }
}

#[test]
fn the_terminal_event_is_told_before_it_is_sent() {
    for wire in BYTES {
        let bytes = stream(wire);
        let mark: &[u8] = if wire == Wire::OpenAiChat { b"data: [DONE]" } else { b"event: message_stop" };
        let begins = bytes.windows(mark.len()).position(|part| part == mark).unwrap();
        for cut in 0..=bytes.len() {
            let mut tap = Tap::new(wire, true);
            let (first, second) = (tap.observe(&bytes[..cut]), tap.observe(&bytes[cut..]));
            let told = match (first.terminal_at, second.terminal_at) {
                (Some(at), None) => at,
                // An event that began in the first chunk is told at the second one's beginning.
                (None, Some(at)) => cut.max(begins).max(cut + at),
                other => panic!("{wire:?} at {cut}: {other:?}"),
            };
            assert_eq!(
                told,
                begins.max(if first.terminal_at.is_some() { 0 } else { cut }),
                "{wire:?} at {cut}"
            );
            // Whatever is told late, the event's blank line was never sent before.
            assert!(first.terminal_at.is_some() || cut < bytes.len() - 1, "{wire:?} at {cut}");
        }
    }
}

#[test]
fn pitfall_16_cumulative_usage_is_not_added() {
    let stream = "event: message_start\n\
        data: {\"type\":\"message_start\",\"message\":{\"id\":\"i\",\"model\":\"m\",\"usage\":{\"input_tokens\":43,\"output_tokens\":1,\
        \"cache_creation_input_tokens\":10,\"cache_creation\":{\"ephemeral_5m_input_tokens\":4,\"ephemeral_1h_input_tokens\":6}}}}\n\n\
        data: {\"type\":\"message_delta\",\"delta\":{},\"usage\":{\"output_tokens\":20}}\n\n\
        data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":25,\"input_tokens\":61,\
        \"cache_creation_input_tokens\":10}}\n\n\
        data: {\"type\":\"message_stop\"}\n\n";
    let (metered, events, _) = tapped(Wire::AnthropicMessages, stream.as_bytes(), 10);
    let expected =
        TokenCounts { input: 61, cache_write_5m: 4, cache_write_1h: 6, output: 25, ..TokenCounts::default() };
    assert_eq!(
        (metered.tokens, metered.source, metered.complete, events),
        (expected, Source::Reported, true, 4)
    );
    assert_eq!(metered.model.as_deref(), Some("m"));
    assert_eq!(metered.vendor_request_id.as_deref(), Some("i"));
}

#[test]
fn pitfall_06_a_call_cut_off_is_charged_for_what_arrived() {
    let start = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"i\",\"model\":\"m\",\
        \"usage\":{\"input_tokens\":43,\"output_tokens\":1}}}\n\n";
    let delta = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":\
        {\"type\":\"text_delta\",\"text\":\"0123456789\"}}\n\n";
    let counted =
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":50}}\n\n";
    let check = |parts: &[&str], output: u64, source: Source| {
        let mut tap = Tap::new(Wire::AnthropicMessages, true);
        parts.iter().for_each(|part| drop(tap.observe(part.as_bytes())));
        let (tokens, from) = tap.so_far();
        assert_eq!((tokens.input, tokens.output, from), (43, output, source));
        let metered = tap.finish();
        assert_eq!((metered.tokens, metered.source, metered.complete), (tokens, from, false));
    };
    check(&[start], 1, Source::Reported);
    check(&[start, delta], 3, Source::Estimated);
    check(&[start, delta, delta], 5, Source::Estimated);
    check(&[start, delta, counted], 50, Source::Reported);
    check(&[start, delta, counted, delta], 50, Source::Estimated);

    let chunk = |text: &str| {
        format!(
            "data: {{\"id\":\"c\",\"model\":\"m\",\"choices\":[{{\"delta\":{text}}}],\"usage\":null}}\n\n"
        )
    };
    let mut tap = Tap::new(Wire::OpenAiChat, true);
    tap.observe(chunk("{\"role\":\"assistant\",\"content\":\"\"}").as_bytes());
    tap.observe(chunk("{\"content\":\"01234567\"}").as_bytes());
    let call = "{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"01234567\"}}]}";
    tap.observe(chunk(call).as_bytes());
    assert_eq!(tap.so_far().0.output, 4);
}

#[test]
fn pitfall_02_an_error_event_ends_the_stream() {
    let check = |wire, text: &str, kind: ErrorKind| {
        let mut tap = Tap::new(wire, true);
        let observed = tap.observe(text.as_bytes());
        assert_eq!(observed.terminal_at, Some(0), "{text}");
        let metered = tap.finish();
        assert_eq!(metered.error.as_ref().map(|failure| failure.kind), Some(kind), "{text}");
        assert!(!metered.complete);
    };
    check(
        Wire::AnthropicMessages,
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n",
        ErrorKind::Overloaded,
    );
    check(
        Wire::OpenAiChat,
        "data: {\"error\":{\"message\":\"slow down\",\"type\":\"rate_limit_error\",\"code\":null}}\n\n",
        ErrorKind::RateLimited,
    );
}

#[test]
fn rubbish_and_absurd_counts_are_told() {
    let check = |wire, data: &str, words: &str| {
        let mut tap = Tap::new(wire, true);
        let observed = tap.observe(format!("data: {data}\n\n").as_bytes());
        let message = observed.malformed.expect(data).to_string();
        assert!(message.contains(words), "{data}: {message}");
        assert_eq!(tap.observe(b"data: rubbish\n\n").malformed, None, "told once");
        assert_eq!(tap.finish().error.unwrap().kind, ErrorKind::UpstreamMalformed);
    };
    let (anthropic, chat) = (Wire::AnthropicMessages, Wire::OpenAiChat);
    check(anthropic, "<html>", "expected value");
    check(anthropic, r#"{"type":"message_delta","usage":{"output_tokens":-1}}"#, "-1");
    check(chat, r#"{"choices":[],"usage":{"prompt_tokens":99999999999999999999}}"#, "invalid");
    check(
        chat,
        r#"{"choices":[],"usage":{"prompt_tokens":1,"prompt_tokens_details":{"cached_tokens":2}}}"#,
        "less than",
    );
    assert!(usage_of_answer(anthropic, b"{}").is_err());
    assert!(usage_of_answer(chat, b"[1,2").is_err());
}

fn vectors() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    let folder = std::env::var_os("OFFTAKE_VECTORS").map_or(beside, Into::into);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no vectors");
    None
}

/// Recorded events, one a line, as the server-sent events they were; other recordings as they are.
fn recorded(wire: Wire, path: &Path) -> Vec<u8> {
    let text = std::fs::read_to_string(path).unwrap();
    if !path.to_string_lossy().ends_with(".chunks.txt") {
        return format!("{text}\n\n").into_bytes();
    }
    let end = if wire == Wire::OpenAiChat { "data: [DONE]\n\n" } else { "" };
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let events: String = lines.map(|line| format!("data: {line}\r\n\r\n")).collect();
    format!("{events}{end}").into_bytes()
}

#[test]
fn recorded_streams_meter_as_they_decode() {
    let Some(folder) = vectors() else { return };
    let mut checked = 0;
    for (part, wire) in [
        ("anthropics+anthropic-sdk-python/streaming", Wire::AnthropicMessages),
        ("anthropics+anthropic-sdk-python/fable-fallback", Wire::AnthropicMessages),
        ("vercel+ai/anthropic", Wire::AnthropicMessages),
        ("vercel+ai/openai/chat", Wire::OpenAiChat),
    ] {
        for entry in std::fs::read_dir(folder.join(part)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() || path.extension().is_some_and(|end| end == "json") {
                continue;
            }
            let bytes = recorded(wire, &path);
            let (whole, events, malformed) = tapped(wire, &bytes, usize::MAX);
            assert_eq!(malformed, None, "{}", path.display());
            assert_eq!(tapped(wire, &bytes, 1), (whole.clone(), events, None), "{}", path.display());
            assert!(whole.complete && whole.source == Source::Reported, "{}", path.display());
            if path.ends_with("spliced-message-start.chunks.txt") {
                continue; // two answers glued together are read as an error
            }
            let mut decoder = StreamDecoder::new(wire);
            let mut tap = Tap::new(wire, true);
            decoder.push(&bytes).unwrap().iter().for_each(|event| tap.observe_event(event));
            // Other models' shares are beyond the answer's own usage, which the decoder reads.
            if whole.parts.is_empty() {
                assert_eq!(tap.finish().tokens, whole.tokens, "{}", path.display());
            }
            checked += 1;
        }
    }
    assert!(checked >= 42, "{checked}");
}

#[test]
fn pitfall_16_recorded_input_count_revised_late() {
    let Some(folder) = vectors() else { return };
    let check = |name: &str, input: u64, output: u64| {
        let bytes = recorded(Wire::AnthropicMessages, &folder.join("vercel+ai/anthropic").join(name));
        let metered = tapped(Wire::AnthropicMessages, &bytes, 100).0;
        assert_eq!((metered.tokens.input, metered.tokens.output), (input, output), "{name}");
    };
    check("anthropic-message-delta-input-tokens.chunks.txt", 61, 2);
    check("duplicate-message-start.chunks.txt", 17, 227);
}

#[test]
fn pitfall_21_a_fallback_gives_each_model_its_part() {
    let Some(folder) = vectors() else { return };
    let wire = Wire::AnthropicMessages;
    let bytes = recorded(wire, &folder.join("vercel+ai/anthropic/anthropic-fallback.chunks.txt"));
    let metered = tapped(wire, &bytes, 100).0;
    let part = |model: &str, input, output| Part {
        model: model.to_owned(),
        tokens: TokenCounts { input, output, ..TokenCounts::default() },
    };
    assert_eq!(metered.parts, [part("claude-fable-5", 408, 0), part("claude-opus-4-8", 412, 264)]);
    assert_eq!(metered.tokens, TokenCounts { input: 820, output: 264, ..TokenCounts::default() });
}

/// Recorded cassettes hold the same question streamed and not, and every shape of usage there is.
#[test]
fn recorded_whole_answers_are_metered() {
    let Some(folder) = vectors() else { return };
    let mut checked = 0;
    for entry in std::fs::read_dir(folder.join("vercel+ai/anthropic")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "json") {
            continue;
        }
        let metered = usage_of_answer(Wire::AnthropicMessages, &std::fs::read(&path).unwrap()).unwrap();
        assert!(metered.tokens.input_total() > 0, "{}", path.display());
        checked += 1;
    }
    assert!(checked >= 25, "{checked}");
}

/// What a content event of a pass-through stream costs; run with `--release -- --ignored --nocapture`.
#[test]
#[ignore = "measures speed"]
fn a_content_event_costs_well_under_a_microsecond() {
    for wire in BYTES {
        let delta = if wire == Wire::OpenAiChat {
            "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\
             \"delta\":{\"content\":\" token\"},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}\n\n"
        } else {
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":\
             {\"type\":\"text_delta\",\"text\":\" token\"}}\n\n"
        };
        let mut tap = Tap::new(wire, true);
        tap.observe(
            stream(wire)
                .split_inclusive(|byte| *byte == b'\n')
                .take(3)
                .collect::<Vec<_>>()
                .concat()
                .as_slice(),
        );
        let begun = std::time::Instant::now();
        const EVENTS: u32 = 1_000_000;
        (0..EVENTS).for_each(|_| drop(tap.observe(delta.as_bytes())));
        println!("{wire:?}: {:?} an event", begun.elapsed() / EVENTS);
        assert!(begun.elapsed() / EVENTS < std::time::Duration::from_micros(1));
    }
}

#[test]
fn a_canonical_failure_is_kept() {
    let mut tap = Tap::new(Wire::BedrockConverse, true);
    tap.observe_event(&Event::Failed { kind: ErrorKind::Timeout, message: "m".to_owned() });
    let metered = tap.finish();
    assert!(!metered.complete && metered.error.is_some());
}
