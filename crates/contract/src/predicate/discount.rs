//! Present values without floating point, so that the same amounts give the same fee on every machine.
//!
//! A factor is (1 + rate)⁻ᵗ with t in years: whole years to the anniversary, then days of 365. It is computed
//! in integers of 10⁻¹⁸, each step rounded, and good to some 16 places. An irrational number has to be rounded
//! somewhere; here it is once, in the factor, and once more in each amount.

use crate::predicate::calendar::{day_of, years_and_days};
use crate::ratio::Ratio;
use units::{PICO_PER_UNIT, Timestamp};

/// One, in the integers that factors are computed in.
const ONE: i128 = 1_000_000_000_000_000_000;
/// More terms than any series here needs before its terms are nothing.
const TERMS_MAX: i128 = 20_000;

/// What one unit due at `due` is worth at `at`, at an annual rate, to eighteen places. What is already due is
/// worth itself. [`Ratio::NONE`] for a rate of minus one or less, or one out of all bounds.
pub fn discount_factor(rate: Ratio, at: Timestamp, due: Timestamp) -> Ratio {
    factor(rate, at, due).map_or(Ratio::NONE, |factor| Ratio::new(factor, ONE))
}

/// What `payments`, each with its moment, are worth at `at`, each rounded half to even to twelve places.
/// [`Ratio::NONE`] when it does not fit.
pub fn present_value(
    payments: impl IntoIterator<Item = (Timestamp, Ratio)>,
    rate: Ratio,
    at: Timestamp,
) -> Ratio {
    let worth = |(due, amount): (Timestamp, Ratio)| {
        let pico = (amount * Ratio::whole(PICO_PER_UNIT)).round_half_even()?;
        scaled(pico, factor(rate, at, due)?)
    };
    let mut sum: i128 = 0;
    for payment in payments {
        match worth(payment).and_then(|worth| sum.checked_add(worth)) {
            Some(more) => sum = more,
            None => return Ratio::NONE,
        }
    }
    Ratio::new(sum, PICO_PER_UNIT)
}

fn factor(rate: Ratio, at: Timestamp, due: Timestamp) -> Option<i128> {
    let growth = (Ratio::ONE + rate) * Ratio::whole(ONE);
    let growth = growth.round_half_even().filter(|growth| *growth > 0)?;
    if day_of(due) <= day_of(at) {
        return Some(ONE);
    }
    let (years, days) = years_and_days(day_of(at), day_of(due));
    let yearly = Ratio::new(ONE, growth) * Ratio::whole(ONE);
    let mut worth = ONE;
    for _ in 0..years {
        worth = scaled(worth, yearly.round_half_even()?)?;
    }
    let stub = logarithm(growth)?.checked_mul(i128::from(days))? / 365;
    scaled(worth, exponential(-stub)?)
}

/// `a` × `b` ÷ [`ONE`], rounded half to even.
fn scaled(a: i128, b: i128) -> Option<i128> {
    // In two parts, so that the product of two numbers of eighteen places fits.
    let (whole, rest) = (a.div_euclid(ONE), a.rem_euclid(ONE));
    let small = Ratio::new(rest.checked_mul(b)?, ONE).round_half_even()?;
    whole.checked_mul(b)?.checked_add(small)
}

/// ln x = 2 (z + z³/3 + z⁵/5 + …) with z = (x − 1) / (x + 1).
fn logarithm(x: i128) -> Option<i128> {
    let z = (Ratio::new(x - ONE, x + ONE) * Ratio::whole(ONE)).round_half_even()?;
    let square = scaled(z, z)?;
    let (mut power, mut sum) = (z, 0);
    for odd in (1..TERMS_MAX).step_by(2) {
        sum += power / odd;
        power = scaled(power, square)?;
        if power == 0 {
            break;
        }
    }
    Some(2 * sum)
}

/// eˣ = 1 + x + x²/2! + …
fn exponential(x: i128) -> Option<i128> {
    let (mut term, mut sum) = (ONE, 0_i128);
    for next in 1..TERMS_MAX {
        sum = sum.checked_add(term)?;
        term = scaled(term, x)? / next;
        if term == 0 {
            break;
        }
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn moment(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn whole_years_discount_as_the_worked_example_does() {
        // E19: three minimums of 100 at the end of each year, 8 %.
        let due = ["2027-06-30", "2028-06-30", "2029-06-30"];
        let payments = due.map(|due| (moment(due), Ratio::whole(100)));
        let worth = present_value(payments, Ratio::new(8, 100), moment("2026-06-30"));
        assert_eq!(worth.to_decimal(6, 6).as_deref(), Some("257.709699"));
    }

    #[test]
    fn what_is_due_is_worth_itself_and_a_total_loss_nothing_known() {
        let (at, due) = (moment("2026-06-30"), moment("2026-06-30"));
        assert_eq!(discount_factor(Ratio::new(8, 100), at, due), Ratio::ONE);
        assert_eq!(discount_factor(Ratio::whole(-1), at, moment("2027-06-30")), Ratio::NONE);
        assert_eq!(present_value([(due, Ratio::NONE)], Ratio::ZERO, at), Ratio::NONE);
    }

    proptest! {
        #[test]
        fn factors_are_the_power_law(basis_points in -5_000_i128..40_000, days in 1_u32..8_000) {
            let at = crate::Day::of(moment("2025-03-01"));
            let (rate, due) = (Ratio::new(basis_points, 10_000), at.plus_days(days));
            let exact = discount_factor(rate, at.start(), due.start()).to_f64();
            let (years, rest) = years_and_days(day_of(at.start()), day_of(due.start()));
            let time = years as f64 + rest as f64 / 365.0;
            let near = (1.0 + rate.to_f64()).powf(-time);
            prop_assert!((exact - near).abs() <= 1e-13 * near.max(1.0), "{exact} {near}");
        }
    }
}
