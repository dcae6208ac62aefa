//! How values look: money, counts, moments, badges.
//!
//! What stays true: the exact amount is always in the page, as the text itself or as the `value` of a
//! `<data>` element, and a rounded text always says `≈`.

use crate::view::{Basis, BasisKind};
use maud::{Markup, html};
use units::{Currency, Money, PICO_PER_UNIT, Timestamp, format_decimal};

/// An exact amount for a table or a sentence.
pub(crate) fn money(amount: Money) -> Markup {
    html! { data class="num" value=(amount.to_decimal()) { (money_text(amount)) } }
}

/// An amount where room is short: exact if it fits in `room` characters, otherwise rounded, marked as such,
/// and exact in the title. `key` names the figure, so that a live update can tell that it changed.
pub(crate) fn headline(amount: Money, room: usize, key: &str) -> Markup {
    html! {
        data class="num" value=(amount.to_decimal()) data-key=(key) title={ (amount) " exactly" } {
            (short_money(amount, room))
        }
    }
}

/// An amount in about `room` characters, rounded with `≈` where the exact one is longer.
pub(crate) fn short_money(amount: Money, room: usize) -> String {
    if fits(amount, room) { money_text(amount) } else { rounded_text(amount) }
}

/// Whether the exact amount fits in `room` characters.
pub(crate) fn fits(amount: Money, room: usize) -> bool {
    money_text(amount).chars().count() <= room
}

/// `$1,234.50`, `−€0.000105`, `CHF 3.00`: exact.
pub(crate) fn money_text(amount: Money) -> String {
    with_sign(amount, &grouped(&absolute(amount).to_decimal()))
}

/// `≈ $12.35`, `≈ $0.000012`: two places, or two significant digits of what is smaller.
fn rounded_text(amount: Money) -> String {
    let size = amount.pico().unsigned_abs();
    let mut step: u128 = 10_000_000_000; // a cent
    while step > 1 && size < step.saturating_mul(10) {
        step /= 10;
    }
    let near = i128::try_from((size.saturating_add(step / 2)) / step * step).unwrap_or(i128::MAX);
    let text = Money::from_pico(near, amount.currency()).to_decimal();
    format!("≈\u{a0}{}", with_sign(amount, &grouped(&text)))
}

/// Large amounts in words where nothing is lost, `$5 bn`, `$12.5 m`; otherwise as [`money_text`].
pub(crate) fn large_money_text(amount: Money) -> String {
    let size = amount.pico().unsigned_abs();
    for (unit, word) in [(1_000_000_000_u128, "bn"), (1_000_000, "m")] {
        let hundredth = unit * PICO_PER_UNIT.unsigned_abs() / 100;
        if size >= hundredth * 100 && size.is_multiple_of(hundredth) {
            let hundredths = i128::try_from(size / hundredth).unwrap_or(i128::MAX);
            return with_sign(amount, &format!("{}\u{a0}{word}", grouped(&format_decimal(hundredths, 2, 0))));
        }
    }
    money_text(amount)
}

fn absolute(amount: Money) -> Money {
    Money::from_pico(amount.pico().saturating_abs(), amount.currency())
}

fn with_sign(amount: Money, digits: &str) -> String {
    let sign = if amount.pico() < 0 { "−" } else { "" };
    format!("{sign}{}{digits}", symbol(amount.currency()))
}

/// A sign where one is unmistakable here, the code otherwise.
pub(crate) fn symbol(currency: Currency) -> String {
    match currency.as_str() {
        "USD" => "$".to_owned(),
        "EUR" => "€".to_owned(),
        "GBP" => "£".to_owned(),
        code => format!("{code} "),
    }
}

/// Puts thousands separators into the whole part of a decimal number.
pub(crate) fn grouped(decimal: &str) -> String {
    let whole = decimal.find('.').unwrap_or(decimal.len());
    let mut out = String::with_capacity(decimal.len() + whole / 3);
    for (place, digit) in decimal.chars().enumerate() {
        if place > 0 && place < whole && (whole - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// An exact count.
pub(crate) fn count(number: u64) -> Markup {
    html! { data class="num" value=(number) { (grouped(&number.to_string())) } }
}

/// A count where room is short: exact if it fits in `room` characters, otherwise rounded to three digits or
/// more, marked as such, and exact in the title.
pub(crate) fn headline_count(number: u64, room: usize, key: &str) -> Markup {
    let exact = grouped(&number.to_string());
    html! {
        data class="num" value=(number) data-key=(key) title={ (exact) " exactly" } { (short_count(number, room)) }
    }
}

/// A count in at most `room` characters, rounded with `≈` where it is longer.
pub(crate) fn short_count(number: u64, room: usize) -> String {
    let exact = grouped(&number.to_string());
    if exact.len() <= room { exact } else { rounded_count(number) }
}

/// `≈ 271.12 bn`.
fn rounded_count(number: u64) -> String {
    let (unit, word) = [(1_000_000_000_000_u64, "tn"), (1_000_000_000, "bn")]
        .into_iter()
        .find(|(unit, _)| number >= *unit)
        .unwrap_or((1_000_000, "m"));
    let hundredths = i128::from(number.saturating_add(unit / 200) / (unit / 100));
    format!("≈\u{a0}{}\u{a0}{word}", grouped(&format_decimal(hundredths, 2, 0)))
}

/// An exact count with its noun: `1 call`, `2 calls`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(&number.to_string()), if number == 1 { "" } else { "s" })
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The month's short name, from 1.
pub(crate) fn month(number: usize) -> &'static str {
    MONTHS.get(number.wrapping_sub(1)).copied().unwrap_or("?")
}

/// `24 Nov 2026` from `2026-11-24…`; other text is kept as it is.
pub(crate) fn day_text(date: &str) -> String {
    let part = |range| date.get(range).and_then(|text: &str| text.parse::<usize>().ok());
    match (date.get(0..4), part(5..7), part(8..10)) {
        (Some(year), Some(number), Some(day)) => format!("{day} {} {year}", month(number)),
        _ => date.to_owned(),
    }
}

/// `23:06:43`, UTC.
pub(crate) fn clock_text(at: Timestamp) -> String {
    at.to_string().get(11..19).unwrap_or("").to_owned()
}

/// A moment for people, with the exact one for machines. All times are UTC and say so.
pub(crate) fn moment(at: Timestamp) -> Markup {
    html! {
        time datetime=(at) title=(at) { (day_text(&at.date())) ", " (clock_text(at)) " UTC" }
    }
}

/// A day for people.
pub(crate) fn day(at: Timestamp) -> Markup {
    html! { time datetime=(at.date()) { (day_text(&at.date())) } }
}

/// A state's word as a badge; colour only repeats what the word says.
pub(crate) fn state(word: &str) -> Markup {
    let tone = match word {
        "settled" => "good",
        "open" | "closed" => "busy",
        "unrated" | "interrupted" | "undelivered" => "warn",
        "failed" | "unavailable" => "bad",
        _ => "plain",
    };
    badge(tone, word)
}

/// A word in one of five tones: `good`, `busy`, `warn`, `bad`, `plain`.
pub(crate) fn badge(tone: &str, word: &str) -> Markup {
    html! { span class={ "badge " (tone) } { (word) } }
}

/// How a figure is known, with its source, formula or reason beneath.
pub(crate) fn basis(basis: &Basis) -> Markup {
    let verb = match basis.kind {
        BasisKind::Reported => "Source",
        BasisKind::Derived => "Formula",
        BasisKind::Assumed => "Reason",
    };
    html! {
        p class="basis" {
            span class={ "badge basis-" (basis.kind.as_str()) } { (basis.kind.as_str()) }
            @if !basis.note.is_empty() {
                span class="note" { span class="sr" { (verb) ": " } (basis.note) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(text: &str) -> Money {
        Money::parse(text, Currency::USD).unwrap()
    }

    #[test]
    fn money_is_exact_and_rounding_says_so() {
        assert_eq!(money_text(usd("1234567.5")), "$1,234,567.50");
        assert_eq!(money_text(usd("-0.000105")), "−$0.000105");
        assert_eq!(rounded_text(usd("1234.567891")), "≈\u{a0}$1,234.57");
        assert_eq!(rounded_text(usd("0.000123456789")), "≈\u{a0}$0.00012");
        assert_eq!(rounded_text(usd("0.000000000001")), "≈\u{a0}$0.000000000001");
        assert_eq!(money_text(Money::parse("3", "CHF".parse().unwrap()).unwrap()), "CHF 3.00");
    }

    #[test]
    fn large_amounts_lose_nothing() {
        assert_eq!(large_money_text(usd("5000000000")), "$5\u{a0}bn");
        assert_eq!(large_money_text(usd("12500000")), "$12.5\u{a0}m");
        assert_eq!(large_money_text(usd("5000000001")), "$5,000,000,001.00");
        assert_eq!(large_money_text(usd("50")), "$50.00");
    }

    #[test]
    fn counts_round_to_words() {
        assert_eq!(rounded_count(271_120_344_792), "≈\u{a0}271.12\u{a0}bn");
        assert_eq!(rounded_count(1_999_999_999_999), "≈\u{a0}2\u{a0}tn");
        assert_eq!(rounded_count(123_456_789), "≈\u{a0}123.46\u{a0}m");
    }

    #[test]
    fn days_read_naturally() {
        assert_eq!(day_text("2026-11-04"), "4 Nov 2026");
        assert_eq!(day_text("<b>"), "<b>");
    }
}
