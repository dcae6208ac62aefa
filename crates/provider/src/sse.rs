//! Server-sent events, read as the bytes arrive.
//!
//! Bytes become text only when a whole event is there, so a character split across chunks stays whole
//! (pitfall 1). An event has a bounded size.

use crate::error::Malformed;

/// The largest event accepted, in bytes: far above any real one.
pub const EVENT_LIMIT: usize = 16 * 1024 * 1024;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct SseEvent {
    /// The `event` field, where there is one.
    pub name: Option<String>,
    /// The `data` lines, joined by line feeds.
    pub data: String,
}

/// Reads events from chunks cut anywhere.
#[derive(Debug, Default)]
pub(crate) struct SseParser {
    /// What has arrived of the current line.
    line: Vec<u8>,
    name: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
}

impl SseParser {
    /// A parser at the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// The events completed by these bytes.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<SseEvent>, Malformed> {
        let mut events = Vec::new();
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.line.extend_from_slice(&rest[..end]);
            rest = &rest[end + 1..];
            let line = std::mem::take(&mut self.line);
            self.take_line(line.strip_suffix(b"\r").unwrap_or(&line), &mut events)?;
        }
        self.line.extend_from_slice(rest);
        if self.line.len() + self.data.len() > EVENT_LIMIT {
            return Err(Malformed::TooLarge { limit: EVENT_LIMIT });
        }
        Ok(events)
    }

    fn take_line(&mut self, line: &[u8], events: &mut Vec<SseEvent>) -> Result<(), Malformed> {
        if line.is_empty() {
            events.extend(self.end_event()?);
            return Ok(());
        }
        let (field, value) = match line.iter().position(|byte| *byte == b':') {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &b""[..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => {
                if self.has_data {
                    self.data.push(b'\n');
                }
                self.has_data = true;
                self.data.extend_from_slice(value);
            }
            b"event" => self.name = value.to_vec(),
            _ => {} // comments, ids and retry hints say nothing about the answer
        }
        Ok(())
    }

    fn end_event(&mut self) -> Result<Option<SseEvent>, Malformed> {
        let (name, data) = (std::mem::take(&mut self.name), std::mem::take(&mut self.data));
        if !std::mem::take(&mut self.has_data) {
            return Ok(None);
        }
        let text = |bytes: Vec<u8>| {
            String::from_utf8(bytes).map_err(|_| Malformed::Frame("an event is not UTF-8".to_owned()))
        };
        let name = if name.is_empty() { None } else { Some(text(name)?) };
        Ok(Some(SseEvent { name, data: text(data)? }))
    }
}

/// One event as bytes.
pub(crate) fn write_event(name: Option<&str>, data: &[u8], out: &mut Vec<u8>) {
    if let Some(name) = name {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(name.as_bytes());
        out.push(b'\n');
    }
    out.extend_from_slice(b"data: ");
    out.extend_from_slice(data);
    out.extend_from_slice(b"\n\n");
}
