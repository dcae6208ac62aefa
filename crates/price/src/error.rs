//! Why a price cannot be had or used.

use units::{Currency, DecimalError, ModelName, Timestamp};

/// What is wrong with a price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// The same model and date, but other rates.
    #[error(
        "`{model}` already has another price {}: prices are dated, never edited: add a new [[price]] with `from`",
        dated(*from)
    )]
    Edited {
        /// The model.
        model: ModelName,
        /// The date both prices claim.
        from: Option<Timestamp>,
    },
    /// A model is sold in one currency.
    #[error("`{model}` is priced in {known}, so it cannot also be priced in {given}")]
    Currency {
        /// The model.
        model: ModelName,
        /// What its other prices are in.
        known: Currency,
        /// What this one is in.
        given: Currency,
    },
    /// A rate below zero.
    #[error("`{0}` is below zero: a price cannot be")]
    Negative(String),
    /// Not a decimal number, or finer than a price per token can hold.
    #[error(transparent)]
    Decimal(#[from] DecimalError),
    /// The charge does not fit 128 bits.
    #[error("the charge is too large")]
    TooLarge,
}

fn dated(from: Option<Timestamp>) -> String {
    from.map_or_else(|| "from the beginning".to_owned(), |from| format!("from {from}"))
}
