//! A document for a terminal, as Markdown, as one self-contained HTML page, or on paper (PDF).
//!
//! What stays true: all four say the same, and none computes anything.

mod font;
mod html;
mod markdown;
mod pdf;
mod svg;
mod terminal;

pub use html::html;
pub use markdown::markdown;
pub use pdf::pdf;
pub use terminal::terminal;

/// Text that moves no cursor and starts no line.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// `text` in lines of at most `width`, as `measure` measures; a longer word stands alone.
fn wrap(text: &str, width: f64, measure: impl Fn(&str) -> f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in plain(text).split_whitespace() {
        match lines.last_mut() {
            Some(line) if measure(line) + measure(" ") + measure(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    if lines.is_empty() { vec![String::new()] } else { lines }
}
