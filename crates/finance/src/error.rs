//! Why a figure could not be computed.

/// Why a figure could not be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Divided by nothing, or too large for 128 bits.
    #[error("{0} is no number: it divides by nothing, or does not fit 128 bits")]
    NoNumber(&'static str),
    /// A parameter outside its range.
    #[error("{what} {must}")]
    Parameter {
        /// Which.
        what: &'static str,
        /// What it has to be, as the end of a sentence.
        must: &'static str,
    },
    /// A grant, or something else that is named, that is not in the deal.
    #[error("there is no {what} `{name}` in this deal")]
    Unknown {
        /// What kind of thing.
        what: &'static str,
        /// The name as given.
        name: String,
    },
}
