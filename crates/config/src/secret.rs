//! Secrets: by reference in the file, resolved once, never shown.

use std::fmt;
use std::path::{Path, PathBuf};

/// A resolved secret; it has no way to be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one place that sends or hashes it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("<secret>")
    }
}

/// Where a secret is kept: `env:NAME` or `file:PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// An environment variable.
    Env(String),
    /// A file; one trailing line break is dropped.
    File(PathBuf),
}

/// Why a secret cannot be had. Says where it was looked for, never what it is.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Not one of the two forms; the text is not repeated, for it may be the secret itself.
    #[error("a secret is given by reference")]
    Inline,
    /// The variable is missing or empty.
    #[error("the environment variable `{0}` is not set or is empty")]
    Unset(String),
    /// The file cannot be read or is empty.
    #[error("the secret file `{}` cannot be read or is empty", .0.display())]
    Unreadable(PathBuf),
}

impl SecretRef {
    /// Reads `env:NAME` or `file:PATH`; a relative path is relative to `base`.
    ///
    /// # Errors
    /// [`SecretError::Inline`] for anything else.
    pub fn parse(text: &str, base: &Path) -> Result<Self, SecretError> {
        match text.split_once(':') {
            Some(("env", name)) if !name.is_empty() => Ok(Self::Env(name.to_owned())),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(base.join(path))),
            _ => Err(SecretError::Inline),
        }
    }
}

/// What can turn a reference into a secret.
pub trait Secrets {
    /// The secret behind a reference.
    ///
    /// # Errors
    /// When it is not there.
    fn resolve(&self, reference: &SecretRef) -> Result<Secret, SecretError>;

    /// Whether what it gives are the secrets, and not something that stands for them.
    fn are_read(&self) -> bool {
        true
    }
}

/// The process's environment and files.
#[derive(Debug, Clone, Copy, Default)]
pub struct Environment;

impl Secrets for Environment {
    fn resolve(&self, reference: &SecretRef) -> Result<Secret, SecretError> {
        match reference {
            SecretRef::Env(name) => {
                let value = std::env::var(name).unwrap_or_default();
                if value.is_empty() { Err(SecretError::Unset(name.clone())) } else { Ok(Secret::new(value)) }
            }
            SecretRef::File(path) => {
                let text = std::fs::read_to_string(path).unwrap_or_default();
                let secret = text.strip_suffix('\n').unwrap_or(&text);
                let secret = secret.strip_suffix('\r').unwrap_or(secret);
                if secret.is_empty() {
                    return Err(SecretError::Unreadable(path.clone()));
                }
                Ok(Secret::new(secret))
            }
        }
    }
}

/// Nothing is read: each reference stands for itself, long enough for any use and good for none.
pub(crate) struct Unread;

impl Secrets for Unread {
    fn resolve(&self, reference: &SecretRef) -> Result<Secret, SecretError> {
        Ok(Secret::new(format!("nobody's secret, standing in for {reference:?}")))
    }

    fn are_read(&self) -> bool {
        false
    }
}
