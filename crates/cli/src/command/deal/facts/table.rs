//! What an import came to, for a terminal.

use focus::Summary;
use std::fmt::Write as _;

/// The summary as text; `out` is where the facts went.
pub fn text(summary: &Summary, skipped: &[String], out: &str) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = head(&mut text, summary, out);
    let _ = amounts(&mut text, summary);
    let _ = commitments(&mut text, summary);
    let _ = remarks(&mut text, summary, skipped);
    text
}

fn head(text: &mut String, summary: &Summary, out: &str) -> std::fmt::Result {
    let versions: std::collections::BTreeSet<&str> = summary.files.iter().map(|file| file.version).collect();
    let versions: Vec<&str> = versions.into_iter().collect();
    if let (Some(from), Some(to), Some(currency)) = (&summary.from, &summary.to, &summary.currency) {
        let files = summary.files.len();
        writeln!(
            text,
            "{} rows of FOCUS {} in {files} file{}, charges from {from} to {to}, {currency}",
            summary.rows,
            versions.join(" and "),
            if files == 1 { "" } else { "s" },
        )?;
    }
    let facts = summary.facts;
    write!(text, "{} facts {out}", facts.written)?;
    let of_those =
        [(facts.replaced, "replace one that differs"), (facts.withdrawn, "take back one that is gone")];
    for (count, what) in of_those.into_iter().filter(|(count, _)| *count > 0) {
        write!(text, ", {count} of them {what}")?;
    }
    writeln!(text, "; {} on record already", facts.known)
}

fn amounts(text: &mut String, summary: &Summary) -> std::fmt::Result {
    if !summary.charges.is_empty() {
        writeln!(text, "\n{:<44} {:>10} {:>20}", "FACTS", "ROWS", "AT LIST PRICE")?;
        for line in &summary.charges {
            let what = format!("{}, {}, {}", line.provider, line.channel, line.charge);
            writeln!(text, "{what:<44} {:>10} {:>20}", line.rows, cents(&line.list_cost))?;
        }
        writeln!(text, "{:<55} {:>20}", "together", cents(&summary.list_cost))?;
    }
    if !summary.left_out.is_empty() {
        writeln!(text, "\n{:<44} {:>10} {:>20} {:>20}", "NO FACTS", "ROWS", "BILLED", "EFFECTIVE")?;
        for line in &summary.left_out {
            let what = line.reason.replace('_', " ");
            let (billed, effective) = (cents(&line.billed_cost), cents(&line.effective_cost));
            writeln!(text, "{what:<44} {:>10} {billed:>20} {effective:>20}", line.rows)?;
            writeln!(text, "  {}", line.why)?;
        }
    }
    Ok(())
}

fn commitments(text: &mut String, summary: &Summary) -> std::fmt::Result {
    for commitment in summary.commitments.iter().flatten() {
        let name = format!("COMMITMENT {}", commitment.commitment);
        writeln!(text, "\n{name:<55} {:>20} {:>20}", "AT LIST PRICE", "COUNTED")?;
        for (number, rule) in (1..).zip(&commitment.rules) {
            let what = format!("{number}. {}", rule.rule);
            writeln!(text, "{what:<55} {:>20} {:>20}", cents(&rule.list_cost), cents(&rule.counted))?;
            if let Some(cap) = &rule.cap_of_year_min {
                writeln!(text, "   at most {cap} of the year's minimum counts")?;
            }
        }
        for (what, sum) in [("no rule", &commitment.no_rule), ("outside the term", &commitment.outside_term)]
        {
            if sum != "0.00" {
                writeln!(text, "{what:<55} {:>20} {:>20}", cents(sum), "0.00")?;
            }
        }
    }
    Ok(())
}

fn remarks(text: &mut String, summary: &Summary, skipped: &[String]) -> std::fmt::Result {
    let mut lines: Vec<String> = skipped.to_vec();
    for beside in &summary.beside {
        lines.push(match beside.this_is {
            focus::BillIs::Edition => format!("a newer edition of `{}`: it says its days anew", beside.file),
            focus::BillIs::Part => format!("a further part beside `{}`: it adds to it", beside.file),
        });
    }
    for breach in &summary.checks {
        lines.push(format!(
            "{} does not hold in {} rows, first in {}",
            breach.rule, breach.rows, breach.first
        ));
    }
    lines.extend(summary.notes.iter().cloned());
    if !lines.is_empty() {
        writeln!(text)?;
    }
    lines.iter().try_for_each(|line| writeln!(text, "note: {line}"))
}

/// Decimal text to two places, half to even; the exact one is in `--json`.
fn cents(amount: &str) -> String {
    let Ok(pico) = units::parse_decimal(amount, 12) else { return amount.to_owned() };
    let unit = 10_000_000_000;
    let (whole, rest) = (pico.div_euclid(unit), pico.rem_euclid(unit));
    let up = rest * 2 > unit || rest * 2 == unit && whole % 2 != 0;
    units::format_decimal(whole + i128::from(up), 2, 2)
}
