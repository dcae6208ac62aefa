//! Text to tokens and back: byte-level byte-pair encoding with the `smollm` pre-tokenizer.
//!
//! Everything comes from the file's metadata. Plain text never becomes a control token, whatever it
//! spells: [`Tokenizer::encode`] knows only ordinary tokens, and the chat template's control tokens are
//! found apart, with [`Tokenizer::next_control`]. Bytes the vocabulary has no token for are dropped, as
//! the reference tokenizers do. Encoding takes O(n log n) time, also for one endless word.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io::{Read, Seek};

use crate::gguf::{Gguf, LoadError, Value};
use crate::letters::{is_letter, is_number};

/// Vocabulary, merges and special tokens of a model.
#[derive(Debug)]
pub(crate) struct Tokenizer {
    of_byte: [Option<u32>; 256],
    /// Two neighbours that merge: the earlier in the list the sooner, and what they become.
    merges: HashMap<(u32, u32), Merge, std::hash::BuildHasherDefault<PairHasher>>,
    control: Vec<(String, u32)>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    end_of_turn: Vec<u32>,
    pub(crate) eos: u32,
    pub(crate) bos: Option<u32>,
    pub(crate) add_bos: bool,
}

#[derive(Debug, Clone, Copy)]
struct Merge {
    rank: u32,
    token: u32,
}

const NORMAL: i64 = 1;
const CONTROL: i64 = 3;
const USER_DEFINED: i64 = 4;
/// Names under which files list tokens that end a turn, besides the one named as end of sequence.
const END_OF_TURN: [&str; 4] = ["<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<end_of_turn>"];

impl Tokenizer {
    /// Takes the vocabulary out of `file`.
    pub(crate) fn read<R: Read + Seek>(file: &mut Gguf<R>) -> Result<Tokenizer, LoadError> {
        let (model, pre) = (file.text("tokenizer.ggml.model")?, file.text("tokenizer.ggml.pre")?);
        if (model, pre) != ("gpt2", "smollm") {
            return Err(LoadError::Unsupported(format!("tokenizer `{model}` with pre-tokenizer `{pre}`")));
        }
        let tokens = file.take_texts("tokenizer.ggml.tokens")?;
        let merges = file.take_texts("tokenizer.ggml.merges")?;
        let Some(Value::Ints(kinds)) = file.get("tokenizer.ggml.token_type") else {
            return Err(LoadError::Missing("tokenizer.ggml.token_type".into()));
        };
        if kinds.len() != tokens.len() || u32::try_from(tokens.len()).is_err() {
            return Err(LoadError::Damaged("tokens and token types differ in number".into()));
        }
        let mut tokenizer = Tokenizer {
            of_byte: [None; 256],
            merges: HashMap::default(),
            control: Vec::new(),
            bytes: Vec::new(),
            ends: Vec::new(),
            end_of_turn: Vec::new(),
            eos: special(file, "tokenizer.ggml.eos_token_id", tokens.len())?
                .ok_or_else(|| LoadError::Missing("tokenizer.ggml.eos_token_id".into()))?,
            bos: special(file, "tokenizer.ggml.bos_token_id", tokens.len())?,
            add_bos: file.get("tokenizer.ggml.add_bos_token") == Some(&Value::Bool(true)),
        };
        let ids = tokenizer.take_vocabulary(&tokens, kinds)?;
        tokenizer.take_merges(&merges, &ids)?;
        tokenizer.end_of_turn.push(tokenizer.eos);
        tokenizer.end_of_turn.extend(special(file, "tokenizer.ggml.eot_token_id", tokens.len())?);
        Ok(tokenizer)
    }

    fn take_vocabulary<'a>(
        &mut self,
        tokens: &'a [String],
        kinds: &[i64],
    ) -> Result<HashMap<&'a str, u32>, LoadError> {
        let byte_of = byte_of_char();
        let mut ids = HashMap::with_capacity(tokens.len());
        for ((id, token), kind) in (0u32..).zip(tokens).zip(kinds) {
            match *kind {
                CONTROL | USER_DEFINED if token.is_empty() => {
                    return Err(LoadError::Damaged(format!("control token {id} is empty")));
                }
                CONTROL | USER_DEFINED => {
                    self.control.push((token.clone(), id));
                    if END_OF_TURN.contains(&token.as_str()) {
                        self.end_of_turn.push(id);
                    }
                    if *kind == USER_DEFINED {
                        self.bytes.extend(token.bytes());
                    }
                }
                NORMAL => {
                    ids.insert(token.as_str(), id);
                    let before = self.bytes.len();
                    for c in token.chars() {
                        let byte = usize::try_from(u32::from(c)).ok().and_then(|c| *byte_of.get(c)?);
                        self.bytes.push(byte.ok_or_else(|| {
                            LoadError::Damaged(format!("token {id} is not byte-level text"))
                        })?);
                    }
                    if let [byte] = self.bytes[before..] {
                        self.of_byte[usize::from(byte)] = Some(id);
                    }
                }
                _ => {}
            }
            self.ends.push(self.bytes.len());
        }
        Ok(ids)
    }

    fn take_merges(&mut self, merges: &[String], ids: &HashMap<&str, u32>) -> Result<(), LoadError> {
        self.merges.reserve(merges.len());
        let mut joined = String::new();
        for (rank, merge) in (0u32..).zip(merges) {
            let known = merge.split_once(' ').and_then(|(left, right)| {
                joined.clear();
                joined.push_str(left);
                joined.push_str(right);
                Some((*ids.get(left)?, *ids.get(right)?, *ids.get(joined.as_str())?))
            });
            let (left, right, token) =
                known.ok_or_else(|| LoadError::Damaged(format!("merge {rank} names unknown tokens")))?;
            self.merges.entry((left, right)).or_insert(Merge { rank, token });
        }
        Ok(())
    }

    /// Tokens of plain text, appended to `tokens`.
    pub(crate) fn encode(&self, text: &str, tokens: &mut Vec<u32>) {
        for word in words(text) {
            self.encode_word(word, tokens);
        }
    }

    fn encode_word(&self, word: &str, tokens: &mut Vec<u32>) {
        let mut chain = Chain::new(word.bytes().filter_map(|b| self.of_byte[usize::from(b)]).collect());
        // The heap holds (rank, place, right neighbour's end): what went stale is skipped when it surfaces.
        let mut heap = BinaryHeap::new();
        let consider = |chain: &Chain, at: usize, heap: &mut BinaryHeap<Reverse<_>>| {
            if let Some((left, right)) = chain.pair(at)
                && let Some(merge) = self.merges.get(&(left, right))
            {
                heap.push(Reverse((merge.rank, at, left, right, merge.token)));
            }
        };
        for at in 0..chain.tokens.len() {
            consider(&chain, at, &mut heap);
        }
        while let Some(Reverse((_, at, left, right, token))) = heap.pop() {
            if chain.pair(at) != Some((left, right)) {
                continue;
            }
            chain.merge(at, token);
            consider(&chain, at, &mut heap);
            if let Some(before) = chain.before(at) {
                consider(&chain, before, &mut heap);
            }
        }
        tokens.extend(chain.tokens.iter().flatten());
    }

    /// The first control token spelled out in `text`: where, how long, and which. At one place the longest wins.
    pub(crate) fn next_control(&self, text: &str) -> Option<(usize, usize, u32)> {
        let found = self.control.iter().filter_map(|(name, id)| Some((text.find(name)?, name.len(), *id)));
        found.min_by_key(|(at, length, _)| (*at, Reverse(*length)))
    }

    /// Whether a control token, or a beginning of one that reaches the end, stands at the start of `text`.
    pub(crate) fn may_start_control(&self, text: &str) -> bool {
        self.control.iter().any(|(name, _)| text.starts_with(name.as_str()) || name.starts_with(text))
    }

    /// The control token's own text, as the template knows it.
    pub(crate) fn control_text(&self, token: u32) -> &str {
        self.control.iter().find(|(_, id)| *id == token).map_or("", |(name, _)| name)
    }

    /// The bytes a token stands for; a control token stands for none.
    pub(crate) fn decode(&self, token: u32) -> &[u8] {
        let Ok(at) = usize::try_from(token) else { return &[] };
        let start = if at == 0 { 0 } else { self.ends.get(at - 1).copied().unwrap_or_default() };
        self.ends.get(at).map_or(&[], |end| &self.bytes[start..*end])
    }

    pub(crate) fn ends_turn(&self, token: u32) -> bool {
        self.end_of_turn.contains(&token)
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }
}

fn special<R: Read + Seek>(file: &Gguf<R>, key: &str, tokens: usize) -> Result<Option<u32>, LoadError> {
    match file.get(key) {
        None => Ok(None),
        Some(Value::Int(id)) => match u32::try_from(*id) {
            Ok(id) if usize::try_from(id).is_ok_and(|id| id < tokens) => Ok(Some(id)),
            _ => Err(LoadError::Damaged(format!("`{key}` is not a token"))),
        },
        Some(_) => Err(LoadError::Damaged(format!("`{key}` is not a whole number"))),
    }
}

/// The byte that each character of a vocabulary's spelling stands for: printable Latin-1 is itself, the
/// other bytes take the characters from U+0100 on in order.
fn byte_of_char() -> [Option<u8>; 324] {
    let mut table = [None; 324];
    let mut next = 256;
    for byte in 0..=255u8 {
        let printable = matches!(byte, 33..=126 | 161..=172 | 174..=255);
        let at = if printable { usize::from(byte) } else { next };
        next += usize::from(!printable);
        table[at] = Some(byte);
    }
    table
}

/// A word's tokens as a chain of neighbours; a merged-away place is `None`.
struct Chain {
    tokens: Vec<Option<u32>>,
    next: Vec<usize>,
    previous: Vec<usize>,
}

impl Chain {
    fn new(tokens: Vec<u32>) -> Chain {
        let places = tokens.len();
        Chain {
            tokens: tokens.into_iter().map(Some).collect(),
            next: (1..=places).collect(),
            previous: (0..places).map(|at| at.wrapping_sub(1)).collect(),
        }
    }

    fn pair(&self, at: usize) -> Option<(u32, u32)> {
        let left = self.tokens[at]?;
        Some((left, (*self.tokens.get(self.next[at])?)?))
    }

    fn before(&self, at: usize) -> Option<usize> {
        Some(self.previous[at]).filter(|before| *before < at)
    }

    fn merge(&mut self, at: usize, token: u32) {
        let gone = self.next[at];
        self.tokens[at] = Some(token);
        self.tokens[gone] = None;
        self.next[at] = self.next[gone];
        if let Some(previous) = self.previous.get_mut(self.next[at]) {
            *previous = at;
        }
    }
}

/// The pieces that are encoded by themselves: each number character alone, and between them
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s`.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (word, after) = rest.split_at(word_length(rest));
        rest = after;
        (!word.is_empty()).then_some(word)
    })
}

fn word_length(text: &str) -> usize {
    const CONTRACTIONS: [&str; 7] = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];
    if let Some(found) = CONTRACTIONS.iter().find(|c| text.starts_with(**c)) {
        return found.len();
    }
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return 0 };
    if is_number(first) {
        return first.len_utf8();
    }
    let (lead, head) = match (first, chars.next()) {
        (' ', Some(second)) if !second.is_whitespace() && !is_number(second) => (1, second),
        _ => (0, first),
    };
    let run = |member: &dyn Fn(char) -> bool| {
        text[lead..].find(|c| !member(c)).map_or(text.len(), |length| lead + length)
    };
    if is_letter(head) {
        return run(&is_letter);
    }
    if !head.is_whitespace() {
        return run(&|c| !c.is_whitespace() && !is_letter(c) && !is_number(c));
    }
    // Of white space before a word the last character stays with the word; before a number all goes.
    let space = run(&char::is_whitespace);
    let last = text[..space].chars().next_back().map_or(0, char::len_utf8);
    match text[space..].chars().next() {
        Some(next) if !is_number(next) && space > last => space - last,
        _ => space,
    }
}

/// Multiplies and folds: the keys are pairs of token numbers from the file, few and looked up constantly.
#[derive(Debug, Default, Clone, Copy)]
struct PairHasher(u64);

impl std::hash::Hasher for PairHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = (self.0.rotate_left(29) ^ u64::from(number)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_where_the_pattern_says() {
        let check = |text: &str, expected: &[&str]| {
            assert_eq!(words(text).collect::<Vec<_>>(), expected, "{text:?}");
        };
        check("", &[]);
        check("Hello world", &["Hello", " world"]);
        check("it's we'll 'tis", &["it", "'s", " we", "'ll", " '", "tis"]);
        check("in 2024 x12", &["in", " ", "2", "0", "2", "4", " x", "1", "2"]);
        check("a   b", &["a", "  ", " b"]);
        check("a\n\nb\tc", &["a", "\n", "\n", "b", "\t", "c"]);
        check("a  \n 7", &["a", "  \n ", "7"]);
        check("end  ", &["end", "  "]);
        check(" !? ok", &[" !?", " ok"]);
        check("né ½ किताब", &["né", " ", "½", " क", "ि", "त", "ा", "ब"]);
    }
}
