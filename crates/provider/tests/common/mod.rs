//! Where the recorded vectors are, and streams cut in every way.

#![allow(dead_code, reason = "each test file uses its own part")]

use provider::{Event, Malformed, StreamDecoder, Wire};
use std::path::{Path, PathBuf};

/// The folder of recorded vectors, or nothing (and a word about it) where it is absent.
pub fn vectors() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    let folder = std::env::var_os("OFFTAKE_VECTORS").map_or(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no vectors");
    None
}

/// The files below a folder whose name ends so, in order.
pub fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(end) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Recorded events, one a line, as the server-sent events they were.
pub fn as_sse(wire: Wire, lines: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        if wire == Wire::AnthropicMessages {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            out.extend_from_slice(format!("event: {}\n", value["type"].as_str().unwrap()).as_bytes());
        }
        out.extend_from_slice(format!("data: {line}\n\n").as_bytes());
    }
    if wire == Wire::OpenAiChat {
        out.extend_from_slice(b"data: [DONE]\n\n");
    }
    out
}

/// The events of a stream that arrives in chunks of `size` bytes, and how it ended.
pub fn decode(wire: Wire, bytes: &[u8], size: usize) -> (Vec<Event>, Result<(), Malformed>) {
    let mut decoder = StreamDecoder::new(wire);
    let mut events = Vec::new();
    for chunk in bytes.chunks(size.max(1)) {
        match decoder.push(chunk) {
            Ok(more) => events.extend(more),
            Err(error) => return (events, Err(error)),
        }
    }
    (events, decoder.finish())
}
