//! What is wrong with a file, shown where it stands.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

/// One mistake: where, what, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Bytes of the file it is about; none when it is about the whole file.
    pub span: Option<Range<usize>>,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
    /// Another file that it is about, with its text: one that this file names.
    pub of: Option<(PathBuf, String)>,
}

impl Problem {
    /// A mistake at these bytes.
    pub fn at(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span: Some(span), message: message.into(), hint: None, of: None }
    }

    /// A mistake of the whole file.
    pub fn whole(message: impl Into<String>) -> Self {
        Self { span: None, message: message.into(), hint: None, of: None }
    }

    /// The same, of another file with this text; the bytes are then its.
    #[must_use]
    pub fn of(mut self, path: PathBuf, text: impl Into<String>) -> Self {
        self.of = Some((path, text.into()));
        self
    }

    /// With the mend.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// All mistakes found in one file, with its text so that lines can be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    /// The file.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// What is wrong, in file order.
    pub list: Vec<Problem>,
}

impl std::error::Error for Problems {}

impl fmt::Display for Problems {
    /// Each as: `error: message`, then `--> file:line:column`, the line, carets, and the mend.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.list.iter().enumerate() {
            if index > 0 {
                writeln!(out)?;
            }
            write!(out, "error: {}", problem.message)?;
            self.show_place(out, problem)?;
            if let Some(hint) = &problem.hint {
                write!(out, "\n  = help: {hint}")?;
            }
        }
        Ok(())
    }
}

impl Problems {
    fn show_place(&self, out: &mut fmt::Formatter<'_>, problem: &Problem) -> fmt::Result {
        let (path, text) = problem.of.as_ref().map_or((&self.path, &self.text), |(path, text)| (path, text));
        let path = path.display();
        let Some(span) = &problem.span else { return write!(out, "\n --> {path}") };
        let start = floor_char(text, span.start);
        let before = text.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |index| index + 1);
        let line = text.get(line_start..).unwrap_or_default().lines().next().unwrap_or_default();
        let number = before.matches('\n').count() + 1;
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        let end = floor_char(text, span.end.clamp(start, line_start + line.len().max(start - line_start)));
        let width = text.get(start..end).unwrap_or_default().chars().count().max(1);
        let gutter = " ".repeat(number.to_string().len());
        let indent = " ".repeat(column - 1);
        let carets = "^".repeat(width);
        write!(
            out,
            "\n{gutter}--> {path}:{number}:{column}\n{gutter} |\n{number} | {}\n{gutter} | {indent}{carets}",
            masked(line)
        )
    }
}

/// The line with stars for what may be a secret that was written in the place of a reference: what is wrong is shown in
/// logs, too.
fn masked(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let (mut name, mut rest) = (String::new(), line);
    while let Some(open) = rest.find(['"', '\'']) {
        let (before, quoted) = rest.split_at(open);
        let quote = if quoted.starts_with('"') { '"' } else { '\'' };
        let inner = quoted.get(1..).unwrap_or_default();
        let value = inner.split(quote).next().unwrap_or_default();
        if let Some((left, _)) = before.rsplit_once('=') {
            let last = |character: char| !(character.is_alphanumeric() || character == '_');
            name = left.trim_end().rsplit(last).next().unwrap_or_default().to_owned();
        }
        let secret = name.ends_with("secret") || name == "key" || name.ends_with("_key");
        let reference = ["env:", "file:", "sha256:"].iter().any(|kind| value.starts_with(kind));
        shown += before;
        shown.push(quote);
        if secret && !reference {
            shown.extend(std::iter::repeat_n('*', value.chars().count()));
        } else {
            shown += value;
        }
        let after = inner.get(value.len()..).unwrap_or_default();
        rest = after.strip_prefix(quote).inspect(|_| shown.push(quote)).unwrap_or(after);
    }
    shown + rest
}

fn floor_char(text: &str, index: usize) -> usize {
    let index = index.min(text.len());
    (0..=index).rev().find(|place| text.is_char_boundary(*place)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_at_the_text() {
        let text = "[data]\ndir = 7\n".to_owned();
        let problem = Problem::at(13..14, "expected a string").hint("write `dir = \"./data\"`");
        let problems = Problems { path: "offtake.toml".into(), text, list: vec![problem] };
        let shown = "error: expected a string\n --> offtake.toml:2:7\n  |\n2 | dir = 7\n  |       ^\n  = help: write `dir = \"./data\"`";
        assert_eq!(problems.to_string(), shown);
    }

    #[test]
    fn a_secret_is_never_shown() {
        for (line, shown) in [
            ("secret = \"hunter2\"", "secret = \"*******\""),
            ("key = { a = 1 }, client_secret='hé' # x", "key = { a = 1 }, client_secret='**' # x"),
            ("token_key = \"half", "token_key = \"****"),
            ("secret = \"env:NAME\"", "secret = \"env:NAME\""),
            ("name = \"k\", secret = \"s\", team = \"t\"", "name = \"k\", secret = \"*\", team = \"t\""),
            ("keys = \"keys.json\"", "keys = \"keys.json\""),
        ] {
            assert_eq!(masked(line), shown);
        }
    }

    #[test]
    fn survives_any_span() {
        let text = "é = 1".to_owned();
        for start in 0..9 {
            for end in start..9 {
                let list = vec![Problem::at(start..end, "m")];
                assert!(Problems { path: "f".into(), text: text.clone(), list }.to_string().contains("f:1:"));
            }
        }
    }
}
