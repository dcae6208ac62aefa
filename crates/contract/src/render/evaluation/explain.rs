//! One tranche explained: why it stands where it does, as a tree in words that ends in lines of facts.

use super::words;
use crate::evaluate::{Evaluation, Node, TrancheStatus};
use crate::render::plain;
use std::fmt::Write as _;

/// Why a tranche stands where it does, as text for a terminal.
pub fn explain(evaluation: &Evaluation, status: &TrancheStatus) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, evaluation, status);
    out
}

fn write(out: &mut String, evaluation: &Evaluation, status: &TrancheStatus) -> std::fmt::Result {
    let name = words::name(&status.id, status.title.as_ref());
    writeln!(out, "{}, {}: {}", plain(&name), words::amount(status.amount), words::state(status))?;
    writeln!(out, "{}\n{}\n", words::asked(evaluation), plain(&words::version(evaluation)))?;
    let condition = if status.condition == "at_signing" { "the signature" } else { &status.condition };
    writeln!(out, "Released by: {}", plain(condition))?;
    for step in &status.trace {
        let at = step.at.map_or_else(String::new, |at| format!("{}: ", words::moment(at)));
        writeln!(out, "• {at}{}", plain(&step.what))?;
        for fact in &step.facts {
            writeln!(out, "    – {}", plain(&words::reference(fact)))?;
        }
        if step.more > 0 {
            writeln!(out, "    – and {} more lines", step.more)?;
        }
        if let Some(proof) = &step.proof {
            node(out, proof, 1)?;
        }
    }
    Ok(())
}

fn node(out: &mut String, part: &Node, depth: usize) -> std::fmt::Result {
    let indent = "    ".repeat(depth);
    writeln!(out, "{indent}{} is {}, at {}", plain(&part.text), part.value, words::moment(part.at))?;
    for fact in &part.facts {
        writeln!(out, "{indent}  – {}", plain(&words::reference(fact)))?;
    }
    if part.more > 0 {
        writeln!(out, "{indent}  – and {} more lines", part.more)?;
    }
    for missing in &part.missing {
        writeln!(out, "{indent}  – no fact of {}", plain(missing))?;
    }
    part.parts.iter().try_for_each(|part| node(out, part, depth + 1))
}
