//! The price book: dated, never edited; and charges against plain arithmetic.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use price::{Added, Price, PriceBook, PriceError, rate, rate_per_million};
use proptest::prelude::*;
use units::{Currency, DecimalError, Money, Timestamp, TokenCounts, TokenRates};

fn dated(model: &str, from: Option<&str>, input_per_million: &str) -> Price {
    let rates = TokenRates { input: rate_per_million(input_per_million).unwrap(), ..TokenRates::default() };
    Price::new(model.parse().unwrap(), Currency::USD, from.map(|from| from.parse().unwrap()), rates)
}

fn book(prices: impl IntoIterator<Item = Price>) -> PriceBook {
    let mut book = PriceBook::default();
    for price in prices {
        book.add(price).unwrap();
    }
    book
}

/// Each line of the fixture: the day asked for, and the input price per million that holds, or `none`.
fn check(book: &PriceBook, model: &str, cases: &str) {
    for line in cases.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (day, wanted) = line.split_once(' ').unwrap();
        let found = book.at(&model.parse().unwrap(), day.parse().unwrap());
        let wanted = (wanted.trim() != "none").then(|| rate_per_million(wanted.trim()).unwrap());
        assert_eq!(found.map(|price| price.rates.input), wanted, "{line}");
    }
}

#[test]
fn pitfall_27_the_price_is_the_one_of_its_day_whatever_came_after() {
    let prices = [
        dated("m", Some("2026-03-01"), "2.50"),
        dated("m", None, "3.00"),
        dated("m", Some("2027-01-01"), "1.00"),
    ];
    let cases = "
        1970-01-01                   3.00
        2026-02-28T23:59:59.999999Z  3.00
        2026-03-01                   2.50
        2026-12-31T23:59:59Z         2.50
        2027-01-01                   1.00
        2099-01-01                   1.00";
    check(&book(prices.clone()), "m", cases);
    check(&book(prices.into_iter().rev()), "m", cases);
}

#[test]
fn pitfall_25_26_no_price_is_no_price() {
    let book = book([dated("m", Some("2026-03-01"), "2.50"), dated("other", None, "9.00")]);
    check(&book, "m", "2026-02-28 none\n 2026-03-01 2.50");
    check(&book, "unknown", "2026-03-01 none");
}

#[test]
fn prices_are_never_edited() {
    let mut book = book([dated("m", None, "3.00"), dated("m", Some("2026-03-01"), "2.50")]);
    assert_eq!(book.add(dated("m", None, "3.000")), Ok(Added::AlreadyKnown));
    let before = book.clone();
    for from in [None, Some("2026-03-01")] {
        let refused = book.add(dated("m", from, "9.00")).unwrap_err();
        assert!(matches!(refused, PriceError::Edited { .. }));
        assert!(refused.to_string().ends_with("add a new [[price]] with `from`"), "{refused}");
    }
    let euro = Price::new(
        "m".parse().unwrap(),
        "EUR".parse().unwrap(),
        Some(Timestamp::from_seconds(9)),
        TokenRates::default(),
    );
    assert!(matches!(book.add(euro), Err(PriceError::Currency { .. })));
    assert_eq!(book, before);
}

#[test]
fn a_price_is_named_by_all_it_says() {
    let base = dated("m", None, "3.00");
    assert_eq!(base.id.to_string(), "price_fde182c7ebe48fa8");
    let others = [
        dated("n", None, "3.00"),
        dated("m", Some("1970-01-01"), "3.00"),
        dated("m", None, "3.000001"),
        Price::new("m".parse().unwrap(), "EUR".parse().unwrap(), None, base.rates),
        Price::new(base.model.clone(), base.currency, None, TokenRates { output: 1, ..base.rates }),
    ];
    for other in others {
        assert_ne!(other.id, base.id, "{other:?}");
    }
    assert_eq!(book([base.clone()]).get(base.id), Some(&base));
}

#[test]
fn per_million_is_exact_or_refused() {
    assert_eq!(rate_per_million("3.00"), Ok(3_000_000));
    assert_eq!(rate_per_million("0.000001"), Ok(1));
    assert_eq!(rate_per_million("0"), Ok(0));
    assert!(matches!(rate_per_million("0.0000001"), Err(PriceError::Decimal(DecimalError::TooFine { .. }))));
    assert!(matches!(rate_per_million("-1"), Err(PriceError::Negative(_))));
    assert!(matches!(rate_per_million("3 dollars"), Err(PriceError::Decimal(_))));
}

#[test]
fn pitfall_22_23_each_kind_of_token_has_its_own_rate() {
    let per_million = |text| rate_per_million(text).unwrap();
    let rates = TokenRates {
        input: per_million("3.00"),
        cache_read: per_million("0.30"),
        cache_write_5m: per_million("3.75"),
        cache_write_1h: per_million("6.00"),
        output: per_million("15.00"),
    };
    let price = Price::new("m".parse().unwrap(), Currency::USD, None, rates);
    let cases = [
        (TokenCounts { input: 1_000, ..TokenCounts::default() }, "0.003"),
        (TokenCounts { cache_read: 1_000, ..TokenCounts::default() }, "0.0003"),
        (TokenCounts { cache_write_5m: 1_000, ..TokenCounts::default() }, "0.00375"),
        (TokenCounts { cache_write_1h: 1_000, ..TokenCounts::default() }, "0.006"),
        (TokenCounts { output: 1_000, reasoning: 900, ..TokenCounts::default() }, "0.015"),
        (TokenCounts { input: 7, output: 5, ..TokenCounts::default() }, "0.000096"),
        (TokenCounts::default(), "0"),
    ];
    for (tokens, wanted) in cases {
        assert_eq!(rate(&tokens, &price), Ok(Money::parse(wanted, Currency::USD).unwrap()), "{tokens:?}");
    }
}

#[test]
fn a_charge_that_does_not_fit_is_an_error() {
    let rates = TokenRates { input: i128::MAX, ..TokenRates::default() };
    let price = Price::new("m".parse().unwrap(), Currency::USD, None, rates);
    let one = TokenCounts { input: 1, ..TokenCounts::default() };
    assert_eq!(rate(&one, &price).unwrap().pico(), i128::MAX);
    assert_eq!(rate(&TokenCounts { input: 2, ..one }, &price), Err(PriceError::TooLarge));
}

/// Decimal long multiplication by repeated shifted addition over digits: slow, separate, right.
fn long_multiply(count: u64, rate: u64) -> Vec<u32> {
    let digits = |mut number: u64| {
        let mut digits = Vec::new();
        while number > 0 {
            digits.push(u32::try_from(number % 10).unwrap());
            number /= 10;
        }
        digits
    };
    let (left, right) = (digits(count), digits(rate));
    let mut product = vec![0; left.len() + right.len() + 1];
    for (shift, digit) in left.iter().enumerate() {
        for (place, other) in right.iter().enumerate() {
            product[shift + place] += digit * other;
        }
    }
    carry(product)
}

fn carry(mut digits: Vec<u32>) -> Vec<u32> {
    digits.push(0);
    digits.push(0);
    for place in 0..digits.len() - 1 {
        digits[place + 1] += digits[place] / 10;
        digits[place] %= 10;
    }
    while digits.last() == Some(&0) {
        digits.pop();
    }
    digits
}

fn add(left: &[u32], right: &[u32]) -> Vec<u32> {
    let digit = |digits: &[u32], place: usize| digits.get(place).copied().unwrap_or(0);
    carry((0..left.len().max(right.len())).map(|place| digit(left, place) + digit(right, place)).collect())
}

proptest! {
    #[test]
    fn charges_equal_schoolbook_arithmetic(counts in any::<[u64; 5]>(), rates in any::<[u64; 5]>()) {
        let tokens = TokenCounts {
            input: counts[0], cache_read: counts[1], cache_write_5m: counts[2], cache_write_1h: counts[3],
            output: counts[4], reasoning: counts[4] / 2,
        };
        // A sixteenth of the range, so that the sum of five products fits.
        let rates = rates.map(|rate| rate / 16);
        let [input, cache_read, cache_write_5m, cache_write_1h, output] = rates.map(i128::from);
        let rates_named = TokenRates { input, cache_read, cache_write_5m, cache_write_1h, output };
        let price = Price::new("m".parse().unwrap(), Currency::USD, None, rates_named);
        let wanted = counts.iter().zip(rates).fold(Vec::new(), |sum, (count, rate)| {
            add(&sum, &long_multiply(*count, rate))
        });
        let wanted: String = wanted.iter().rev().map(u32::to_string).collect();
        let charge = rate(&tokens, &price).unwrap().pico().to_string();
        prop_assert_eq!(charge, if wanted.is_empty() { "0".to_owned() } else { wanted });
    }

    #[test]
    fn parts_charge_as_the_whole(one in any::<[u32; 5]>(), two in any::<[u32; 5]>(), rates in any::<[u32; 5]>()) {
        let tokens = |counts: [u32; 5]| {
            let [input, cache_read, cache_write_5m, cache_write_1h, output] = counts.map(u64::from);
            TokenCounts { input, cache_read, cache_write_5m, cache_write_1h, output, reasoning: 0 }
        };
        let [input, cache_read, cache_write_5m, cache_write_1h, output] = rates.map(i128::from);
        let rates = TokenRates { input, cache_read, cache_write_5m, cache_write_1h, output };
        let price = Price::new("m".parse().unwrap(), Currency::USD, None, rates);
        let sum = tokens(one).checked_add(&tokens(two)).unwrap();
        let parts = rate(&tokens(one), &price).unwrap().checked_add(rate(&tokens(two), &price).unwrap());
        prop_assert_eq!(rate(&sum, &price).unwrap(), parts.unwrap());
    }
}
