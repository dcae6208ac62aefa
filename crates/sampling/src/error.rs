//! What can be wrong with what a simulation is asked for.

/// Why a generator cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A matrix that is not square.
    #[error("row {row} of the correlation matrix has {found} numbers instead of {wanted}")]
    Shape {
        /// Counted from 1.
        row: usize,
        /// How many numbers it has.
        found: usize,
        /// How many rows there are.
        wanted: usize,
    },
    /// A diagonal that is not one, a pair that differs, or a number outside −1 to 1.
    #[error("the correlation of factors {row} and {column} is `{value}`, which cannot be: {why}")]
    Entry {
        /// Counted from 1.
        row: usize,
        /// Counted from 1.
        column: usize,
        /// What stands there.
        value: f64,
        /// What must hold.
        why: &'static str,
    },
    /// Correlations that contradict each other.
    #[error(
        "the correlations contradict each other: those of factor {factor} with the ones before it leave it \
         a variance of `{left}`"
    )]
    NotPositiveDefinite {
        /// The first factor that does not fit, counted from 1.
        factor: usize,
        /// What the ones before leave it; must be above nothing.
        left: f64,
    },
    /// A size of nothing, or one too large.
    #[error("`{what}` must be from 1 to {most}, not `{found}`")]
    Size {
        /// What was asked for.
        what: &'static str,
        /// How much of it.
        found: usize,
        /// The most there can be.
        most: usize,
    },
    /// A probability or parameter outside its range.
    #[error("`{what}` cannot be `{found}`")]
    Range {
        /// What was asked for.
        what: &'static str,
        /// Its value.
        found: f64,
    },
}
