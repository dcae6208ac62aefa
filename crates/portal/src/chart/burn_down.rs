//! A commitment's burn-down: what has been drawn against an even pace, over the whole term and, while that
//! is still only a sliver of it, since the first call.

use super::{CENTI, Canvas, Frame, TimeTick, axis_money, money_ticks, money_top, px, share, time_ticks};
use crate::show;
use crate::view::CommitmentView;
use maud::{Markup, html};
use std::fmt::Write as _;
use units::{Money, Timestamp};

/// Below this part of the term, the data gets a second chart of its own.
const SLIVER: i64 = 20;
/// Dots are drawn while they can still be told apart.
const DOTS_MAX: usize = 20;
/// A dot with its rim.
const DOT_WIDTH: i128 = 8 * CENTI;
const SHORTEST_SECONDS: i64 = 60;

/// What is drawn: a stretch of time, a height, and the steps of the curve within them.
struct Plot<'a> {
    view: &'a CommitmentView,
    as_of: Timestamp,
    from: Timestamp,
    to: Timestamp,
    most: i128,
    /// Where the even pace begins.
    pace_from: Timestamp,
}

/// The whole term.
pub(crate) fn term(view: &CommitmentView, as_of: Timestamp, canvas: Canvas) -> Markup {
    let most = view.total.pico().max(view.drawn.pico());
    let plot = Plot { view, as_of, from: view.from, to: view.to, most, pace_from: view.from };
    let mut ticks = money_ticks(most);
    ticks.retain(|tick| most - tick > most / 10);
    ticks.push(view.total.pico());
    drawing(&plot, canvas, "term", &ticks)
}

/// Since the first call; nothing when there is none, or when the chart of the term shows it well enough.
pub(crate) fn zoom(view: &CommitmentView, as_of: Timestamp, canvas: Canvas) -> Option<Markup> {
    let (first, _) = *view.points.first()?;
    let term_seconds = view.to.seconds() - view.from.seconds();
    let seen_seconds = (as_of.seconds() - first.seconds()).max(SHORTEST_SECONDS);
    if seen_seconds > term_seconds / SLIVER {
        return None;
    }
    let most = money_top(view.drawn.pico());
    let from = first.plus_seconds(-(seen_seconds / 16).max(2));
    let to = first.plus_seconds(seen_seconds + seen_seconds / 20);
    let plot = Plot { view, as_of, from, to, most, pace_from: first };
    Some(drawing(&plot, canvas, "zoom", &money_ticks(most)))
}

/// The chart in one paragraph, for those who do not see it.
pub(crate) fn summary(view: &CommitmentView, as_of: Timestamp) -> String {
    let mut text = format!(
        "Burn-down of {}: {} of {} drawn by {}, {} remaining until {}. An even pace would have drawn {} by now.",
        view.title,
        view.drawn,
        view.total,
        show::day_text(&as_of.date()),
        view.remaining,
        show::day_text(&view.to.date()),
        view.even_pace,
    );
    if let Some(projection) = &view.projection {
        // Writing to a String cannot fail.
        let _ = write!(text, " {projection}");
    }
    text
}

fn drawing(plot: &Plot<'_>, canvas: Canvas, kind: &str, ticks: &[i128]) -> Markup {
    let currency = plot.view.total.currency();
    let ticks: Vec<Money> = ticks.iter().map(|tick| Money::from_pico(*tick, currency)).collect();
    let frame = Frame::inside(canvas, &ticks);
    let id = format!("{kind}-{}", canvas.name);
    let curve = plot.curve(frame);
    let title = if kind == "zoom" { "Drawn since the first call" } else { "Drawn over the whole term" };
    html! {
        svg class={ "chart " (canvas.name) } viewBox=(canvas.view_box()) role="img"
            aria-labelledby={ (id) "-title " (id) "-desc" } {
            title id={ (id) "-title" } { (title) }
            desc id={ (id) "-desc" } { (summary(plot.view, plot.as_of)) }
            (plot.amounts(frame, &ticks))
            (plot.times(frame, canvas))
            path class="area" d={ (curve.path) "V" (px(frame.base)) "H" (px(curve.start)) "Z" } {}
            (plot.pace(frame))
            @if kind == "term" { (plot.remaining(frame)) }
            path class="drawn" d=(curve.path) {}
            @if kind == "zoom" { (curve.dots()) }
            (plot.now(frame, kind))
        }
    }
}

/// A step of the curve: where it is, when it was, and what was drawn by then.
type Dot = (i128, i128, Timestamp, Money);

/// The drawn curve as a path of level stretches and steps.
struct Curve {
    path: String,
    start: i128,
    dots: Vec<Dot>,
}

impl Curve {
    /// Calls in a burst would be a smear of dots; the steps show them better.
    fn dots_are_apart(&self) -> bool {
        let touch = |(last, next): (&Dot, &Dot)| next.0 - last.0 < DOT_WIDTH && last.1 - next.1 < DOT_WIDTH;
        self.dots.len() <= DOTS_MAX && !self.dots.iter().zip(self.dots.iter().skip(1)).any(touch)
    }

    fn dots(&self) -> Markup {
        html! {
            @if self.dots_are_apart() {
                @for (x, y, at, drawn) in &self.dots {
                    circle class="dot" cx=(px(*x)) cy=(px(*y)) r="3" {
                        title { (show::clock_text(*at)) " UTC: " (drawn) " drawn" }
                    }
                }
            }
        }
    }
}

impl Plot<'_> {
    fn x(&self, frame: Frame, at: Timestamp) -> i128 {
        frame.x(at.micros().into(), self.from.micros().into(), self.to.micros().into())
    }

    /// Steps that would fall on the same pixel become one, the last.
    fn curve(&self, frame: Frame) -> Curve {
        let start = self.x(frame, self.from);
        let mut dots: Vec<Dot> = Vec::new();
        for (at, drawn) in self.view.points.iter().filter(|(at, _)| *at <= self.as_of) {
            let (x, y) = (self.x(frame, *at), frame.y(drawn.pico(), self.most));
            if dots.last().is_some_and(|last| x / CENTI == last.0 / CENTI) {
                dots.pop();
            }
            dots.push((x, y, *at, *drawn));
        }
        let mut path = format!("M{} {}", px(start), px(frame.base));
        for (x, y, _, _) in &dots {
            let _ = write!(path, "H{}V{}", px(*x), px(*y));
        }
        let _ = write!(path, "H{}", px(self.x(frame, self.as_of)));
        Curve { path, start, dots }
    }

    fn amounts(&self, frame: Frame, ticks: &[Money]) -> Markup {
        html! {
            line class="axis" x1=(px(frame.left)) x2=(px(frame.right)) y1=(px(frame.base)) y2=(px(frame.base)) {}
            @for tick in ticks {
                @let y = frame.y(tick.pico(), self.most);
                @let whole = *tick == self.view.total;
                line class=(if whole { "whole" } else { "grid" })
                    x1=(px(frame.left)) x2=(px(frame.right)) y1=(px(y)) y2=(px(y)) {}
                text class="end" x=(px(frame.left - 800)) y=(px(y + 400)) {
                    (axis_money(*tick))
                }
            }
            text class="end" x=(px(frame.left - 800)) y=(px(frame.base + 400)) { "0" }
        }
    }

    fn times(&self, frame: Frame, canvas: Canvas) -> Markup {
        let ticks = time_ticks(self.from, self.to, canvas.labels);
        let place = |tick: &TimeTick| {
            let x = self.x(frame, tick.at);
            (x, if x > frame.right - 1_600 { "end" } else { "middle" })
        };
        html! {
            @for tick in &ticks {
                @let (x, anchor) = place(tick);
                line class="axis" x1=(px(x)) x2=(px(x)) y1=(px(frame.base)) y2=(px(frame.base + 500)) {}
                text class=(anchor) x=(px(x)) y=(px(frame.base + 2_000)) { (tick.label) }
            }
        }
    }

    /// The even pace: a straight line to the full amount at the term's end, as much of it as fits.
    fn pace(&self, frame: Frame) -> Markup {
        let total = self.view.total.pico();
        let term = i128::from(self.view.to.micros()) - i128::from(self.view.from.micros());
        let shown = i128::from(self.to.micros()) - i128::from(self.pace_from.micros());
        let reached = share(shown, term, total);
        let (start, width) = (self.x(frame, self.pace_from), frame.right - self.x(frame, self.pace_from));
        let (x, y) = if reached > self.most {
            (start + share(self.most, reached, width), frame.top)
        } else {
            (frame.right, frame.y(reached, self.most))
        };
        html! { path class="pace" d={ "M" (px(start)) " " (px(frame.base)) "L" (px(x)) " " (px(y)) } {} }
    }

    /// A line from the curve up to the whole, with what is left written on it.
    fn remaining(&self, frame: Frame) -> Markup {
        let view = self.view;
        let x = self.x(frame, self.as_of);
        let (high, low) = (frame.y(view.total.pico(), self.most), frame.y(view.drawn.pico(), self.most));
        if low - high < 4_000 {
            return html! {};
        }
        let (anchor, offset) = if x * 2 > frame.right { ("left-text end", -900) } else { ("left-text", 900) };
        html! {
            line class="left" x1=(px(x)) x2=(px(x)) y1=(px(high)) y2=(px(low)) {}
            text class=(anchor) x=(px(x + offset)) y=(px(high + 1_900)) { (show::short_money(view.remaining, 12)) " left" }
        }
    }

    fn now(&self, frame: Frame, kind: &str) -> Markup {
        let x = self.x(frame, self.as_of);
        let y = frame.y(self.view.drawn.pico(), self.most);
        let anchor = match x {
            x if x > frame.right - 2_500 => "today-text end",
            x if x < frame.left + 2_500 => "today-text",
            _ => "today-text middle",
        };
        let top = if kind == "zoom" { frame.top } else { y };
        html! {
            line class="today" x1=(px(x)) x2=(px(x)) y1=(px(top)) y2=(px(frame.base)) {}
            text class=(anchor) x=(px(x)) y=(px(frame.top - 900)) {
                (if kind == "zoom" { "Now" } else { "Today" })
            }
            circle class="head" cx=(px(x)) cy=(px(y)) r="4.5" {
                title { (self.view.drawn) " drawn" }
            }
        }
    }
}
