//! Text to tokens, each with its bytes.

use crate::day::Day;
use crate::predicate::fault::{Fault, Problem};
use std::ops::Range;

/// One word, number or sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// Digits, with a point or an exponent if need be.
    Number(String),
    /// A calendar day.
    Date(Day),
    /// What stood in quotes.
    Text(String),
    /// A name or a word of the language.
    Name(String),
    /// What stood in backticks: a name, whatever its letters.
    Quoted(String),
    /// A sign.
    Sign(&'static str),
    /// Nothing more.
    End,
}

/// What a sign may be written as, and the sign it is; longer ones first.
const SIGNS: [(&str, &str); 30] = [
    ("=>", "=>"),
    ("==", "=="),
    ("!=", "!="),
    ("≠", "!="),
    ("<=", "<="),
    ("≤", "<="),
    (">=", ">="),
    ("≥", ">="),
    ("&&", "and"),
    ("||", "or"),
    ("<", "<"),
    (">", ">"),
    ("=", "="),
    ("!", "not"),
    ("+", "+"),
    ("-", "-"),
    ("−", "-"),
    ("*", "*"),
    ("×", "*"),
    ("/", "/"),
    ("÷", "/"),
    ("(", "("),
    (")", ")"),
    ("[", "["),
    ("]", "]"),
    (",", ","),
    ("@", "@"),
    ("%", "%"),
    ("$", "$"),
    ("⇒", "=>"),
];

/// The tokens of `text`, the last of them [`Token::End`].
pub(crate) fn tokens(text: &str) -> Result<Vec<(Token, Range<usize>)>, Fault> {
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        let rest = &text[at..];
        let Some(first) = rest.chars().next() else {
            found.push((Token::End, at..at));
            return Ok(found);
        };
        let (token, length) = match first {
            '0'..='9' => number(rest, at)?,
            '"' | '\'' => quoted(rest, at, first)?,
            '`' => backticked(rest, at)?,
            _ if is_first(first) => {
                let length = name_length(rest);
                (word(&rest[..length]), length)
            }
            _ => sign(rest, at)?,
        };
        found.push((token, at..at + length));
        at += length;
    }
}

/// Whether `text` can stand as a name without quotes.
pub(crate) fn is_name(text: &str) -> bool {
    text.chars().next().is_some_and(is_first) && name_length(text) == text.len() && !RESERVED.contains(&text)
}

/// Words that are no names.
pub(crate) const RESERVED: [&str; 7] = ["and", "or", "not", "in", "for", "true", "false"];

fn word(text: &str) -> Token {
    match text {
        "and" => Token::Sign("and"),
        "or" => Token::Sign("or"),
        "not" => Token::Sign("not"),
        _ => Token::Name(text.to_owned()),
    }
}

fn is_first(letter: char) -> bool {
    letter == '_' || letter.is_alphabetic()
}

fn is_inner(letter: char) -> bool {
    letter == '_' || letter.is_alphanumeric()
}

/// A name goes on over letters and digits, and over a point or a hyphen between two of them: `sku.family`,
/// `us-east-2`.
fn name_length(text: &str) -> usize {
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let next = letters.peek().is_some_and(|(_, next)| is_inner(*next));
        if !(is_inner(letter) || at > 0 && next && matches!(letter, '.' | '-')) {
            return at;
        }
    }
    text.len()
}

fn number(rest: &str, at: usize) -> Result<(Token, usize), Fault> {
    if let Some(found) = date(rest, at)? {
        return Ok(found);
    }
    let bytes = rest.as_bytes();
    let digits = |from: usize| {
        let tail = bytes.iter().skip(from);
        from + tail.take_while(|byte| byte.is_ascii_digit() || **byte == b'_').count()
    };
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') && is_digit(end + 1) {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let signed = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        if is_digit(signed) {
            end = digits(signed);
        }
    }
    Ok((Token::Number(rest[..end].replace(['_', '+'], "")), end))
}

/// `2026-06-30`, and nothing longer.
fn date(rest: &str, at: usize) -> Result<Option<(Token, usize)>, Fault> {
    let shape = |text: &str| {
        text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
    };
    let Some(text) = rest.get(..10).filter(|text| shape(text)) else { return Ok(None) };
    let tail = rest[10..].chars().take_while(|letter| is_inner(*letter) || *letter == ':').count();
    if tail > 0 {
        let problem = Problem::Use("a condition speaks of days, not of times of day".to_owned());
        return Err(Fault::new(at..at + 10 + tail, problem, format!("write `{text}`")));
    }
    match text.parse() {
        Ok(day) => Ok(Some((Token::Date(day), 10))),
        Err(_) => {
            let problem = Problem::Use(format!("`{text}` is not a day of the calendar"));
            Err(Fault::new(at..at + 10, problem, "write year, month and day, such as `2026-06-30`"))
        }
    }
}

fn quoted(rest: &str, at: usize, quote: char) -> Result<(Token, usize), Fault> {
    let mut text = String::new();
    let mut letters = rest.char_indices().skip(1);
    while let Some((offset, letter)) = letters.next() {
        match letter {
            _ if letter == quote => return Ok((Token::Text(text), offset + 1)),
            '\\' => match letters.next() {
                Some((_, escaped)) if matches!(escaped, '\\' | '"' | '\'') => text.push(escaped),
                _ => {
                    let problem = Problem::Use("a backslash stands before a quote or another one".to_owned());
                    return Err(Fault::new(at + offset..at + offset + 1, problem, "double it"));
                }
            },
            _ => text.push(letter),
        }
    }
    let problem = Problem::Expected { wanted: format!("a closing `{quote}`"), found: "the end".to_owned() };
    Err(Fault::new(at..at + rest.len(), problem, "close the quote"))
}

fn backticked(rest: &str, at: usize) -> Result<(Token, usize), Fault> {
    match rest[1..].find('`') {
        Some(length) if length > 0 => Ok((Token::Quoted(rest[1..=length].to_owned()), length + 2)),
        _ => {
            let problem =
                Problem::Expected { wanted: "a name between backticks".to_owned(), found: "none".to_owned() };
            Err(Fault::new(at..at + 1, problem, "close the backtick after the name"))
        }
    }
}

fn sign(rest: &str, at: usize) -> Result<(Token, usize), Fault> {
    if let Some((written, sign)) = SIGNS.iter().find(|(written, _)| rest.starts_with(written)) {
        return Ok((Token::Sign(sign), written.len()));
    }
    let letter: String = rest.chars().take(1).collect();
    let problem =
        Problem::Expected { wanted: "a value or an operator".to_owned(), found: format!("`{letter}`") };
    Err(Fault::new(at..at + letter.len(), problem, "remove it, or put text in quotes"))
}
