//! How a verb fails: what is said, and with which exit code.

use std::fmt::Display;
use std::process::ExitCode;

/// A verb that did not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// The thing asked for failed: exit code 1.
    Failed(String),
    /// The command or a file given to it cannot be used: exit code 2.
    Unusable(String),
}

impl Failure {
    /// The thing asked for failed.
    pub fn failed(error: impl Display) -> Self {
        Self::Failed(error.to_string())
    }

    /// The command or a file cannot be used.
    pub fn unusable(error: impl Display) -> Self {
        Self::Unusable(error.to_string())
    }

    /// Says it on standard error.
    #[expect(clippy::print_stderr, reason = "the last word of a command goes to the terminal")]
    pub fn report(&self) -> ExitCode {
        let (text, code) = match self {
            Self::Failed(text) => (text, 1),
            Self::Unusable(text) => (text, 2),
        };
        let prefix = if text.starts_with("error") { "" } else { "error: " };
        eprintln!("{prefix}{text}");
        ExitCode::from(code)
    }
}

impl Display for Failure {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Failed(text) | Self::Unusable(text)) = self;
        out.write_str(text)
    }
}

impl From<config::Problems> for Failure {
    fn from(problems: config::Problems) -> Self {
        Self::unusable(problems)
    }
}
