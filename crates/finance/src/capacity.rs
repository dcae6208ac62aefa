//! What a spend commitment buys, in power: the price of a gigawatt-year, and how much power it pays for.
//!
//! A commitment is a floor and a capacity a ceiling; dividing one by the other says what the full capacity would
//! cost if it ran from the first day, and nothing about what was agreed.

use contract::Ratio;

/// Hours of a year of 365 days.
const HOURS_A_YEAR: i128 = 8_760;
/// Kilowatts of a gigawatt.
const KILOWATTS_A_GIGAWATT: i128 = 1_000_000;

/// Spend ÷ (years × gigawatts): money for a gigawatt-year if all of it ran from the first day.
pub fn per_gigawatt_year(spend: Ratio, years: Ratio, gigawatts: Ratio) -> Ratio {
    spend / (years * gigawatts)
}

/// A price of a gigawatt-year as one of a kilowatt-hour.
pub fn per_kilowatt_hour(per_gigawatt_year: Ratio) -> Ratio {
    per_gigawatt_year / Ratio::whole(HOURS_A_YEAR * KILOWATTS_A_GIGAWATT)
}

/// The average gigawatts that a spend pays for over its years, at another deal's price of a gigawatt-year.
pub fn gigawatts_funded(spend: Ratio, years: Ratio, per_gigawatt_year: Ratio) -> Ratio {
    spend / (years * per_gigawatt_year)
}
