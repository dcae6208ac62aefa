//! Numbers of a forecast as people read them: three figures, with their unit.

use crate::result::Summary;

/// An amount of money: `104 bn`, `3.2 m`, `-450`.
pub(crate) fn money(amount: f64) -> String {
    let size = amount.abs();
    let (by, unit) = match size {
        1e12.. => (1e12, " tn"),
        1e9.. => (1e9, " bn"),
        1e6.. => (1e6, " m"),
        1e4.. => (1e3, " k"),
        _ => (1.0, ""),
    };
    format!("{}{unit}", figures(amount / by))
}

/// Three figures.
pub(crate) fn figures(number: f64) -> String {
    let text = match number.abs() {
        100.0.. => format!("{number:.0}"),
        10.0.. => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    };
    if text.trim_start_matches('-').chars().all(|digit| matches!(digit, '0' | '.')) {
        "0".to_owned()
    } else {
        text
    }
}

/// A share: `37 %`, `0.4 %`.
pub(super) fn percent(share: f64) -> String {
    let hundredths = share * 100.0;
    let places = if hundredths.abs() < 9.95 && hundredths.abs() > 0.0 { 1 } else { 0 };
    let text = format!("{hundredths:.places$}");
    match text.as_str() {
        "-0" | "0.0" | "-0.0" => {
            if share > 0.0 {
                "<0.1 %".to_owned()
            } else {
                "0 %".to_owned()
            }
        }
        _ => format!("{text} %"),
    }
}

/// The median and where nine paths in ten lie.
pub(super) fn spread(summary: &Summary, word: fn(f64) -> String) -> String {
    match summary.p5 == summary.p95 {
        true => word(summary.p50),
        false => format!("{} ({} – {})", word(summary.p50), word(summary.p5), word(summary.p95)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_figures_and_a_unit() {
        for (amount, text) in
            [(1.042e11, "104 bn"), (-3.21e6, "-3.21 m"), (0.0, "0"), (-0.001, "0"), (450.0, "450")]
        {
            assert_eq!(money(amount), text);
        }
        for (share, text) in
            [(0.371, "37 %"), (0.0041, "0.4 %"), (0.0, "0 %"), (1.0, "100 %"), (1e-5, "<0.1 %")]
        {
            assert_eq!(percent(share), text);
        }
    }
}
