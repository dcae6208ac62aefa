//! The report as one HTML page that needs nothing else: no script, font or image from anywhere.

use super::{LEGEND, condition, parties, parts, term, version};
use crate::deal::Binding;
use crate::ratio::Ratio;
use crate::report::{Basis, Figure, Report, TrancheLine};
use std::fmt::{Result, Write as _};

/// The figures a reader looks for first.
const TILES: [&str; 6] = [
    "new_money",
    "total_exposure",
    "spend_commitment",
    "multiple_of_new_money",
    "capacity_ceiling_gw",
    "spend_per_gw_year",
];

/// What the money-in bar is made of, with each piece's style.
const STACK: [(&str, &str); 3] =
    [("prior_money", "prior"), ("money_at_signing", "signing"), ("money_on_milestones", "milestones")];

/// A whole HTML page.
pub fn html(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = page(&mut out, report);
    out
}

fn page(out: &mut String, report: &Report) -> Result {
    let title = escape(&report.head.title);
    write!(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")?;
    writeln!(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
    writeln!(out, "<title>{title}</title>\n<style>\n{}</style>\n</head>", include_str!("report.css"))?;
    writeln!(out, "<body>\n<main>\n<header>\n<h1>{title}</h1>")?;
    for line in [parties(&report.head), term(&report.head), version(&report.head)] {
        writeln!(out, "<p>{}</p>", escape(&line))?;
    }
    if report.head.binding == Binding::Loi {
        writeln!(out, "<p class=\"warn\">A letter of intent: nobody is bound by it.</p>")?;
    }
    writeln!(out, "</header>")?;
    tiles(out, &report.figures)?;
    bars(out, &report.figures)?;
    for (title, figures) in parts(&report.figures) {
        table(out, title, &["Figure", "Value", "How it is known"])?;
        for figure in figures {
            row(out, &escape(figure.label), &figure.quantity.shown(), &known(&figure.basis))?;
        }
        end_table(out)?;
    }
    tranches(out, &report.tranches)?;
    minimums(out, report)?;
    notes(out, &report.notes)?;
    writeln!(out, "<footer>{}</footer>\n</main>\n</body>\n</html>", escape(LEGEND))
}

fn tiles(out: &mut String, figures: &[Figure]) -> Result {
    let shown: Vec<&Figure> = TILES.iter().filter_map(|id| find(figures, id)).collect();
    if shown.is_empty() {
        return Ok(());
    }
    writeln!(out, "<dl class=\"tiles\">")?;
    for figure in shown {
        let (value, word) = (escape(&figure.quantity.shown()), figure.basis.word());
        writeln!(out, "<div class=\"tile\"><dt>{}</dt><dd>{value}</dd>", escape(figure.label))?;
        writeln!(out, "<dd class=\"how\"><span class=\"badge {word}\">{word}</span></dd></div>")?;
    }
    writeln!(out, "</dl>")
}

/// Money in beside spend promised, to one scale.
fn bars(out: &mut String, figures: &[Figure]) -> Result {
    let pieces: Vec<(&Figure, &str)> =
        STACK.iter().filter_map(|(id, style)| Some((find(figures, id)?, *style))).collect();
    let Some(spend) = find(figures, "spend_commitment").filter(|_| !pieces.is_empty()) else { return Ok(()) };
    let money_in = pieces.iter().fold(Ratio::ZERO, |sum, (figure, _)| sum + figure.quantity.number);
    let scale = Ratio::whole(100) / spend.quantity.number.max(money_in);
    writeln!(out, "<h2>Money in and spend promised, to one scale</h2>\n<div class=\"card bars\">")?;
    bar(out, "Money in", &pieces, scale)?;
    bar(out, "Spend promised", &[(spend, "spend")], scale)?;
    writeln!(out, "<ul class=\"key\">")?;
    for (figure, style) in pieces.iter().copied().chain([(spend, "spend")]) {
        let (label, value) = (escape(figure.label), escape(&figure.quantity.shown()));
        let mark = format!(
            "<svg aria-hidden=\"true\"><rect class=\"{style}\" width=\"100%\" height=\"100%\"/></svg>"
        );
        writeln!(out, "<li>{mark}{label}: {value}</li>")?;
    }
    writeln!(out, "</ul>\n</div>")
}

fn bar(out: &mut String, label: &str, pieces: &[(&Figure, &str)], scale: Ratio) -> Result {
    writeln!(out, "<p>{label}</p>\n<svg role=\"img\" aria-label=\"{label}\">")?;
    let mut start = Ratio::ZERO;
    for (figure, style) in pieces {
        let wide = figure.quantity.number * scale;
        let (x, width) = (percent(start), percent(wide));
        let title = format!("{}: {}", figure.label, figure.quantity.shown());
        writeln!(
            out,
            "<rect class=\"{style}\" x=\"{x}%\" width=\"{width}%\" height=\"100%\"><title>{}</title></rect>",
            escape(&title)
        )?;
        start = start + wide;
    }
    writeln!(out, "</svg>")
}

fn percent(number: Ratio) -> String {
    number.to_decimal(3, 0).unwrap_or_default()
}

fn find<'a>(figures: &'a [Figure], id: &str) -> Option<&'a Figure> {
    figures.iter().find(|figure| figure.id == id)
}

fn tranches(out: &mut String, lines: &[TrancheLine]) -> Result {
    if lines.is_empty() {
        return Ok(());
    }
    table(out, "Tranches", &["Tranche", "Amount", "State and condition, before any fact is known"])?;
    for line in lines {
        let how = format!("<code>{}</code><br>{}", escape(&condition(line)), known(&line.basis));
        row(out, &escape(&line.name()), &line.quantity.shown(), &how)?;
    }
    end_table(out)
}

fn minimums(out: &mut String, report: &Report) -> Result {
    if report.minimums.is_empty() {
        return Ok(());
    }
    table(out, "Yearly minimums", &["Commitment and year", "Minimum", "Days"])?;
    for line in &report.minimums {
        let name = format!("{}, year {}", escape(&line.commitment), line.year);
        let days = format!("{} up to {}", line.days.0, line.days.1);
        row(out, &name, &line.quantity.shown(), &days)?;
    }
    end_table(out)
}

fn notes(out: &mut String, notes: &[String]) -> Result {
    if notes.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h2>Notes</h2>\n<ul class=\"notes\">")?;
    for note in notes {
        writeln!(out, "<li>{}</li>", escape(note))?;
    }
    writeln!(out, "</ul>")
}

fn table(out: &mut String, title: &str, columns: &[&str]) -> Result {
    let columns: String = columns.iter().map(|column| format!("<th scope=\"col\">{column}</th>")).collect();
    writeln!(out, "<h2>{title}</h2>\n<div class=\"card\"><table>\n<thead><tr>{columns}</tr></thead>\n<tbody>")
}

/// One row; `name` and `how` are HTML already.
fn row(out: &mut String, name: &str, value: &str, how: &str) -> Result {
    write!(out, "<tr><th scope=\"row\">{name}</th><td class=\"value\">{}</td>", escape(value))?;
    writeln!(out, "<td class=\"how\">{how}</td></tr>")
}

fn end_table(out: &mut String) -> Result {
    writeln!(out, "</tbody>\n</table></div>")
}

fn known(basis: &Basis) -> String {
    let word = basis.word();
    format!("<span class=\"badge {word}\">{word}</span> {}", escape(basis.text()))
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
    }
    safe
}
