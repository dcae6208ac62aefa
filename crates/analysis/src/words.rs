//! Numbers of a forecast as people read them: three figures, and the unit.

/// An amount such as `$1.23 bn`; `currency` is its code.
pub(crate) fn money(amount: f64, currency: &str) -> String {
    if !amount.is_finite() {
        return "unknown".to_owned();
    }
    let sign = if amount < 0.0 { "−" } else { "" };
    let symbol = match currency {
        "USD" => "$".to_owned(),
        "EUR" => "€".to_owned(),
        "GBP" => "£".to_owned(),
        code => format!("{code} "),
    };
    let size = amount.abs();
    let (scaled, word) = scale(size);
    format!("{sign}{symbol}{}{word}", figures(scaled))
}

/// The unit that amounts as large as `most` are shown in: its size and its name, such as `$ bn`.
pub(crate) fn unit(most: f64, currency: &str) -> (f64, String) {
    let symbol = if currency == "USD" { "$" } else { currency };
    let (scaled, word) = scale(most.abs());
    (if scaled > 0.0 { most.abs() / scaled } else { 1.0 }, format!("{symbol}{word}"))
}

fn scale(size: f64) -> (f64, &'static str) {
    let words = [(1e9, " bn"), (1e6, " m"), (1e3, " k")];
    let fitting = words.into_iter().find(|(unit, _)| size >= *unit * 0.9995);
    fitting.map_or((size, ""), |(unit, word)| (size / unit, word))
}

/// Three figures at most, without zeros at the end of a fraction.
pub(crate) fn figures(number: f64) -> String {
    if !number.is_finite() {
        return "—".to_owned();
    }
    let places = match number.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        _ => 2,
    };
    let text = format!("{number:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A share as a percentage.
pub(crate) fn percent(share: f64) -> String {
    let hundred = share * 100.0;
    match hundred {
        little if little > 0.0 && little < 0.1 => "< 0.1 %".to_owned(),
        nearly if nearly > 99.9 && nearly < 100.0 => "> 99.9 %".to_owned(),
        _ => format!("{} %", figures(hundred).replace('-', "−")),
    }
}

/// Words in a row: `a`, `a and b`, `a, b and c`.
pub(crate) fn row(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        for (amount, shown) in [
            (1.234e9, "$1.23 bn"),
            (99.96e9, "$100 bn"),
            (999.9e6, "$1 bn"),
            (-1.5e6, "−$1.5 m"),
            (0.0, "$0"),
            (12.5, "$12.5"),
        ] {
            assert_eq!(money(amount, "USD"), shown);
        }
        assert_eq!(money(5e6, "CHF"), "CHF 5 m");
        assert_eq!(money(f64::NAN, "USD"), "unknown");
        let shares = [0.0, 0.0004, 0.125, 0.9995, 1.0, -0.064].map(percent);
        assert_eq!(shares, ["0 %", "< 0.1 %", "12.5 %", "> 99.9 %", "100 %", "−6.4 %"]);
        assert_eq!(unit(2.5e10, "USD"), (1e9, "$ bn".to_owned()));
    }
}
