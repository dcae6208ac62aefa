//! What a promise to spend is worth to the one who makes it: present value, break-even, reserved units, a part
//! year, an early exit.
//!
//! Present values need powers and are `f64`; years are paid at their end, the first one year from now.

use crate::rating::ceiling;
use contract::{Day, Ratio};

/// Minutes of a day.
const MINUTES_A_DAY: i128 = 1_440;
const TOKENS_A_MILLION: i128 = 1_000_000;

/// The factor by which money at the end of each of `years` years counts today.
pub fn discount_factors(rate: f64, years: usize) -> Vec<f64> {
    let year = 1.0 / (1.0 + rate);
    std::iter::successors(Some(year), |factor| Some(factor * year)).take(years).collect()
}

/// Σ amount × factor; the curve is the payer's own.
pub fn present_value(amounts: &[f64], factors: &[f64]) -> f64 {
    amounts.iter().zip(factors).map(|(amount, factor)| amount * factor).sum()
}

/// The present value of take-or-pay: Σ share × minimum × factor, a year at a time.
pub fn take_or_pay(years: &[(Ratio, Ratio)], factors: &[f64]) -> f64 {
    let amounts: Vec<f64> = years.iter().map(|(share, minimum)| (*share * *minimum).to_f64()).collect();
    present_value(&amounts, factors)
}

/// The list usage at which a minimum is just met: minimum ÷ (1 − discount).
pub fn break_even_usage(minimum: Ratio, discount: Ratio) -> Ratio {
    minimum / (Ratio::ONE - discount)
}

/// A commitment beside paying list prices on demand, as present values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// List usage, paid as it comes.
    pub on_demand: f64,
    /// The larger of minimum and discounted usage, each year.
    pub committed: f64,
    /// What committing saves; below nothing it costs more.
    pub saving: f64,
}

/// Compares a commitment of `minimum` a year at `discount` with list prices, for this list usage a year.
pub fn compare(list_usage: &[Ratio], minimum: Ratio, discount: Ratio, factors: &[f64]) -> Comparison {
    let usage: Vec<f64> = list_usage.iter().map(|list| list.to_f64()).collect();
    let due = |list: &Ratio| (*list * (Ratio::ONE - discount)).max(minimum).to_f64();
    let due: Vec<f64> = list_usage.iter().map(due).collect();
    let (on_demand, committed) = (present_value(&usage, factors), present_value(&due, factors));
    Comparison { on_demand, committed, saving: on_demand - committed }
}

/// The utilisation at which a reserved unit costs what its tokens would on demand; above one it never does.
/// `tokens_per_minute` is what the unit serves, `price` what it costs for `days`, `per_million` the price on
/// demand.
pub fn unit_break_even(price: Ratio, days: Ratio, tokens_per_minute: Ratio, per_million: Ratio) -> Ratio {
    let millions = tokens_per_minute * days * Ratio::new(MINUTES_A_DAY, TOKENS_A_MILLION);
    price / (millions * per_million)
}

/// How many units serve this many tokens a minute: rounded up.
pub fn units_needed(tokens_per_minute: Ratio, tokens_per_minute_unit: Ratio) -> Ratio {
    ceiling(tokens_per_minute / tokens_per_minute_unit)
}

/// The part of a yearly amount that falls on `days` of the year's `days_of`.
pub fn prorated(amount: Ratio, days: Ratio, days_of: Ratio) -> Ratio {
    amount * days / days_of
}

/// What is still due when the fees of a period stay below what was committed for it; exact, to be rounded once.
pub fn true_up(committed: Ratio, fees: Ratio) -> Ratio {
    (committed - fees).max(Ratio::ZERO)
}

/// What kind of charge a piece of an exit is. Regulation (EU) 2023/2854 treats them differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitKind {
    /// For moving to another provider: forbidden for EU customers from 12 January 2027 (article 29).
    Switching,
    /// For ending before the term: stays lawful, listed apart.
    Termination,
}

/// One piece of what an exit costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExitPiece {
    /// What for.
    pub what: &'static str,
    /// Of which kind.
    pub kind: ExitKind,
    /// How much.
    pub amount: f64,
}

/// The terms of leaving early.
#[derive(Debug, Clone, PartialEq)]
pub struct Exit {
    /// The minimums of the years that are left.
    pub remaining: Vec<Ratio>,
    /// The rate that the contract discounts them at.
    pub rate: f64,
    /// The share of their present value that is due.
    pub fee_share: Ratio,
    /// Spend so far, after discount.
    pub net_spend: Ratio,
    /// The discount that is clawed back; nothing when none is.
    pub discount: Ratio,
    /// What the contract asks for moving: transfer, assistance.
    pub switching_charges: Ratio,
    /// Whether the customer is in the EU.
    pub eu_customer: bool,
}

/// The discount that was granted on spend that came to `net` after it: net × d ÷ (1 − d).
pub fn clawback(net: Ratio, discount: Ratio) -> Ratio {
    net * discount / (Ratio::ONE - discount)
}

/// Whether Regulation (EU) 2023/2854 forbids switching charges on this day: from 12 January 2027.
pub fn switching_is_free(day: Day) -> bool {
    "2027-01-12".parse::<Day>().is_ok_and(|since| day >= since)
}

/// What leaving on `day` costs, piece by piece.
pub fn exit_cost(exit: &Exit, day: Day) -> Vec<ExitPiece> {
    let remaining: Vec<(Ratio, Ratio)> =
        exit.remaining.iter().map(|minimum| (exit.fee_share, *minimum)).collect();
    let fee = take_or_pay(&remaining, &discount_factors(exit.rate, remaining.len()));
    let free = exit.eu_customer && switching_is_free(day);
    let charges = if free { 0.0 } else { exit.switching_charges.to_f64() };
    let piece = |what, kind, amount| ExitPiece { what, kind, amount };
    vec![
        piece("share of the remaining minimums' present value", ExitKind::Termination, fee),
        piece(
            "discounts clawed back",
            ExitKind::Termination,
            clawback(exit.net_spend, exit.discount).to_f64(),
        ),
        piece("charges for switching", ExitKind::Switching, charges),
    ]
}
