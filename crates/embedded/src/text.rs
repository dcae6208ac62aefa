//! The text of an answer as its bytes arrive: characters are given out whole, and nothing that could still
//! become a stop sequence is given out at all.

/// Bytes in, safe text out.
#[derive(Debug)]
pub(crate) struct Text {
    stops: Vec<String>,
    /// The beginning of a character.
    unfinished: Vec<u8>,
    /// Begins where a stop sequence may have begun.
    held: String,
}

/// What has come of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Text to give out, perhaps none.
    Text(String),
    /// The last text to give out, and the stop sequence that came after it.
    Stopped { text: String, stop: String },
}

impl Text {
    pub(crate) fn new(stops: Vec<String>) -> Text {
        let stops = stops.into_iter().filter(|stop| !stop.is_empty()).collect();
        Text { stops, unfinished: Vec::new(), held: String::new() }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) -> Progress {
        self.unfinished.extend_from_slice(bytes);
        self.take_characters();
        // Of several stop sequences the one that is complete first counts, and of these the longest, so
        // that it does not matter how the text was cut into tokens.
        let found = self.stops.iter().filter_map(|stop| {
            let start = self.held.find(stop.as_str())?;
            Some((start + stop.len(), start, stop))
        });
        if let Some((_, start, stop)) = found.min_by_key(|(end, start, _)| (*end, *start)) {
            let stop = stop.clone();
            self.held.truncate(start);
            return Progress::Stopped { text: std::mem::take(&mut self.held), stop };
        }
        let rest = self.held.split_off(self.safe_length());
        Progress::Text(std::mem::replace(&mut self.held, rest))
    }

    /// What was held back, once no more can follow. The beginning of a character is dropped.
    pub(crate) fn finish(&mut self) -> String {
        self.unfinished.clear();
        std::mem::take(&mut self.held)
    }

    /// Moves whole characters to the held text. Bytes that no character can begin with or go on with become
    /// U+FFFD.
    fn take_characters(&mut self) {
        let mut taken = 0;
        for chunk in self.unfinished.utf8_chunks() {
            let at = taken + chunk.valid().len();
            self.held.push_str(chunk.valid());
            taken = at;
            let unfinished = std::str::from_utf8(&self.unfinished[at..]).err();
            if !chunk.invalid().is_empty() && unfinished.is_some_and(|e| e.error_len().is_some()) {
                self.held.push(char::REPLACEMENT_CHARACTER);
                taken = at + chunk.invalid().len();
            }
        }
        self.unfinished.drain(..taken);
    }

    fn safe_length(&self) -> usize {
        let longest = self.stops.iter().map(String::len).max().unwrap_or(0);
        let from = self.held.len().saturating_sub(longest);
        let mut ends = self.held.char_indices().map(|(at, _)| at).filter(|at| *at >= from);
        let begun = ends.find(|at| self.stops.iter().any(|stop| stop.starts_with(&self.held[*at..])));
        begun.unwrap_or(self.held.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pushes `pieces`; `expected` is what each gives, `|` marking the stop, and at the end the rest.
    fn check(stops: &[&str], pieces: &[&[u8]], expected: &[&str]) {
        let mut text = Text::new(stops.iter().map(|s| (*s).to_owned()).collect());
        let mut given: Vec<String> = Vec::new();
        for piece in pieces {
            given.push(match text.push(piece) {
                Progress::Text(text) => text,
                Progress::Stopped { text, stop } => format!("{text}|{stop}"),
            });
        }
        given.push(text.finish());
        assert_eq!(given, expected, "{stops:?} {pieces:?}");
    }

    #[test]
    fn stop_sequences_are_found_across_pieces() {
        check(&[], &[b"a", b"b"], &["a", "b", ""]);
        check(&["END"], &[b"the E", b"N", b"D of"], &["the ", "", "|END", ""]);
        check(&["END"], &[b"the E", b"N", b"T"], &["the ", "", "ENT", ""]);
        check(&["END"], &[b"the EN"], &["the ", "EN"]);
        check(&["aab"], &[b"aa", b"ab"], &["", "a|aab", ""]);
        check(&["\n\n"], &[b"one\n", b"two\n", b"\nthree"], &["one", "\ntwo", "|\n\n", ""]);
        check(&["", "x"], &[b"ax"], &["a|x", ""]);
    }

    #[test]
    fn of_several_stop_sequences_the_first_complete_counts() {
        check(&["abcd", "bc"], &[b"abcd"], &["a|bc", ""]);
        check(&["abcd", "bc"], &[b"ab", b"cd"], &["", "a|bc", ""]);
        check(&["bc", "abc"], &[b"abc"], &["|abc", ""]);
    }

    #[test]
    fn characters_are_given_out_whole() {
        check(&[], &[b"\xf0\x9f", b"\x98", b"\x80!"], &["", "", "\u{1F600}!", ""]);
        check(&[], &[b"a\xc3"], &["a", ""]);
        check(&[], &[b"\xc3(", b"\xa9x"], &["\u{FFFD}(", "\u{FFFD}x", ""]);
        check(&["é"], &[b"caf\xc3", b"\xa9!"], &["caf", "|é", ""]);
    }
}
