//! Recorded sessions with Bedrock: real frames out of cassettes, and events recorded one a line.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

mod common;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::{decode, files, vectors};
use provider::{Event, Gather, Wire};

/// The base64 bodies of a cassette, each with the address it answered. Enough YAML for these files.
fn binaries(yaml: &str) -> Vec<(String, Vec<u8>)> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let (mut uri, mut found) = (String::new(), Vec::new());
    let mut lines = yaml.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(address) = line.trim().strip_prefix("uri: ") {
            address.clone_into(&mut uri);
        }
        if !line.ends_with("!!binary |") || !line.contains("string:") {
            continue;
        }
        let mut text = String::new();
        while let Some(more) = lines.next_if(|next| next.trim().is_empty() || indent(next) > indent(line)) {
            text.push_str(more.trim());
        }
        found.push((uri.clone(), STANDARD.decode(text).unwrap()));
    }
    found
}

#[test]
fn pitfall_01_real_bedrock_streams_in_any_chunks() {
    let Some(folder) = vectors() else { return };
    let mut streams = 0;
    for path in files(&folder.join("pydantic+pydantic-ai/test_bedrock"), ".yaml") {
        for (uri, bytes) in binaries(&std::fs::read_to_string(&path).unwrap()) {
            if !uri.ends_with("/converse-stream") {
                continue;
            }
            let name = path.display();
            let whole = decode(Wire::BedrockConverse, &bytes, usize::MAX);
            assert_eq!(decode(Wire::BedrockConverse, &bytes, 1), whole, "{name}");
            whole.1.unwrap_or_else(|error| panic!("{name}: {error}"));
            let mut gather = Gather::default();
            whole.0.iter().for_each(|event| gather.event(event));
            let (answer, failed, ended) = gather.finish();
            assert!(ended || failed.is_some(), "{name}");
            assert!(failed.is_some() || answer.usage.output > 0, "{name}: {answer:?}");
            streams += 1;
        }
    }
    println!("{streams} streams");
    assert!(streams >= 9, "{streams}");
}

#[test]
fn events_recorded_one_a_line_are_read() {
    let Some(folder) = vectors() else { return };
    let header =
        |name: &'static str, value: &str| Header::new(name, HeaderValue::String(value.to_owned().into()));
    for path in files(&folder.join("vercel+ai/amazon-bedrock"), ".chunks.txt") {
        let mut bytes = Vec::new();
        for line in std::fs::read_to_string(&path).unwrap().lines().filter(|line| !line.is_empty()) {
            let event: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap();
            for (kind, payload) in event {
                let headers = vec![header(":message-type", "event"), header(":event-type", &kind)];
                let message = Message::new_from_parts(headers, payload.to_string());
                write_message_to(&message, &mut bytes).unwrap();
            }
        }
        let whole = decode(Wire::BedrockConverse, &bytes, usize::MAX);
        assert_eq!(decode(Wire::BedrockConverse, &bytes, 1), whole, "{}", path.display());
        // Some recordings lack the usage; without it nothing can be charged, so that is no end.
        let has_usage = whole.0.iter().any(|event| matches!(event, Event::Usage(_)));
        assert_eq!(whole.1.is_ok(), has_usage, "{}", path.display());
        assert_eq!(whole.0.last() == Some(&Event::End), has_usage, "{}", path.display());
        // Blocks come one after the other, each opened once.
        let mut open = None;
        for event in &whole.0 {
            match event {
                Event::BlockStart { index, .. } => {
                    assert_eq!(open.replace(*index), None, "{}", path.display())
                }
                Event::Delta { index, .. } => assert_eq!(open, Some(*index), "{}", path.display()),
                Event::BlockStop { index } => assert_eq!(open.take(), Some(*index), "{}", path.display()),
                _ => {}
            }
        }
    }
}
