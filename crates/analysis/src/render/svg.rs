//! A drawing as SVG; colours come from the page's style sheet.

use super::html::escape;
use crate::drawing::{Anchor, Drawing, Ink, Shape};
use std::fmt::{Result, Write as _};

/// The drawing, called `title` for those who cannot see it.
pub(super) fn svg(out: &mut String, drawing: &Drawing, title: &str) -> Result {
    let (width, height) = (drawing.width, drawing.height);
    let title = escape(title);
    writeln!(out, "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{title}\">")?;
    drawing.shapes.iter().try_for_each(|shape| one(out, shape))?;
    writeln!(out, "</svg>")
}

fn one(out: &mut String, shape: &Shape) -> Result {
    match shape {
        Shape::Rectangle { x, y, width, height, ink } => writeln!(
            out,
            "<rect class=\"{}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>",
            fill(*ink)
        ),
        Shape::Area { points, ink } => {
            writeln!(out, "<polygon class=\"{}\" points=\"{}\"/>", fill(*ink), path(points))
        }
        Shape::Line { points, width, ink } => writeln!(
            out,
            "<polyline class=\"line {}\" stroke-width=\"{width}\" points=\"{}\"/>",
            stroke(*ink),
            path(points)
        ),
        Shape::Text { x, y, size, anchor, text, ink } => writeln!(
            out,
            "<text class=\"{}\" x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" text-anchor=\"{}\">{}</text>",
            fill(*ink),
            match anchor {
                Anchor::Start => "start",
                Anchor::Middle => "middle",
                Anchor::End => "end",
            },
            escape(text)
        ),
    }
}

fn path(points: &[(f64, f64)]) -> String {
    points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect::<Vec<_>>().join(" ")
}

fn fill(ink: Ink) -> String {
    format!("fill-{}", name(ink))
}

fn stroke(ink: Ink) -> String {
    format!("stroke-{}", name(ink))
}

fn name(ink: Ink) -> String {
    match ink {
        Ink::Text => "text".to_owned(),
        Ink::Faint => "faint".to_owned(),
        Ink::Grid => "grid".to_owned(),
        Ink::BandOuter => "outer".to_owned(),
        Ink::BandInner => "inner".to_owned(),
        Ink::Median => "median".to_owned(),
        Ink::Panel => "panel".to_owned(),
        Ink::Series(index) => format!("s{}", index % 4),
    }
}
