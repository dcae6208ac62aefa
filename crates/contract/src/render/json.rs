//! The report for programs. Numbers are decimal strings, so that nothing is lost on the way.

use crate::deal::Binding;
use crate::report::{Basis, Figure, MinimumLine, Report, TrancheLine};
use serde::Serialize;

#[derive(Serialize)]
struct Document<'a> {
    deal: Deal<'a>,
    figures: Vec<Line<'a>>,
    tranches: Vec<Tranche<'a>>,
    minimums: Vec<Minimum<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct Deal<'a> {
    id: &'a str,
    title: &'a str,
    version: u32,
    hash: &'a str,
    known_from: String,
    from: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    currency: String,
    binding: &'static str,
    parties: Vec<Party<'a>>,
}

#[derive(Serialize)]
struct Party<'a> {
    name: &'a str,
    roles: &'a str,
}

#[derive(Serialize)]
struct Line<'a> {
    id: &'static str,
    label: &'static str,
    value: String,
    unit: String,
    bound: &'static str,
    #[serde(flatten)]
    basis: Known<'a>,
}

#[derive(Serialize)]
struct Tranche<'a> {
    id: &'a str,
    title: &'a str,
    amount: String,
    state: &'static str,
    condition: &'a str,
    #[serde(flatten)]
    basis: Known<'a>,
}

#[derive(Serialize)]
struct Minimum<'a> {
    commitment: &'a str,
    year: u32,
    from: String,
    to: String,
    minimum: String,
}

#[derive(Serialize)]
#[serde(tag = "basis", rename_all = "lowercase")]
enum Known<'a> {
    Reported { source: &'a str },
    Derived { formula: &'a str },
    Assumed { why: &'a str },
}

impl<'a> From<&'a Basis> for Known<'a> {
    fn from(basis: &'a Basis) -> Self {
        match basis {
            Basis::Reported { source } => Self::Reported { source },
            Basis::Derived { formula } => Self::Derived { formula },
            Basis::Assumed { why } => Self::Assumed { why },
        }
    }
}

/// One JSON document, indented.
pub fn json(report: &Report) -> String {
    let document = Document {
        deal: deal(report),
        figures: report.figures.iter().map(line).collect(),
        tranches: report.tranches.iter().map(tranche).collect(),
        minimums: report.minimums.iter().map(minimum).collect(),
        notes: &report.notes,
    };
    // Strings and numbers only: there is nothing in it that could fail to serialise.
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

fn deal(report: &Report) -> Deal<'_> {
    let head = &report.head;
    Deal {
        id: &head.id,
        title: &head.title,
        version: head.version,
        hash: &head.hash,
        known_from: head.known_from.to_string(),
        from: head.period.from.to_string(),
        to: head.period.to.map(|to| to.to_string()),
        currency: head.currency.to_string(),
        binding: match head.binding {
            Binding::Contract => "contract",
            Binding::Loi => "loi",
        },
        parties: head.parties.iter().map(|(name, roles)| Party { name, roles }).collect(),
    }
}

fn line(figure: &Figure) -> Line<'_> {
    Line {
        id: figure.id,
        label: figure.label,
        value: figure.value(),
        unit: figure.quantity.unit.name(),
        bound: figure.quantity.bound.name(),
        basis: (&figure.basis).into(),
    }
}

fn tranche(line: &TrancheLine) -> Tranche<'_> {
    Tranche {
        id: &line.id,
        title: &line.title,
        amount: line.quantity.plain(),
        state: line.state.word(),
        condition: &line.condition,
        basis: (&line.basis).into(),
    }
}

fn minimum(line: &MinimumLine) -> Minimum<'_> {
    Minimum {
        commitment: &line.commitment,
        year: line.year,
        from: line.days.0.to_string(),
        to: line.days.1.to_string(),
        minimum: line.quantity.plain(),
    }
}
