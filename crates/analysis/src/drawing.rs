//! Charts as shapes on a canvas, so that a page on a screen and a page on paper show the same picture.

use crate::document::{Bars, Chart, Fan, Flow, shown};

/// A picture: `width` × `height` points, the origin in the upper left corner.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Drawing {
    pub width: f64,
    pub height: f64,
    pub shapes: Vec<Shape>,
}

/// One shape of a picture.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    Rectangle {
        x: f64,
        y: f64,
        width: f64,
        height: f64,
        ink: Ink,
    },
    /// A filled outline.
    Area {
        points: Vec<(f64, f64)>,
        ink: Ink,
    },
    Line {
        points: Vec<(f64, f64)>,
        width: f64,
        ink: Ink,
    },
    Text {
        x: f64,
        y: f64,
        size: f64,
        anchor: Anchor,
        text: String,
        ink: Ink,
    },
}

/// What a shape is drawn in; a renderer knows the colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    Text,
    Faint,
    Grid,
    BandOuter,
    BandInner,
    Median,
    /// Series and pieces, counted round.
    Series(usize),
    Panel,
}

/// Which end of a text stands at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

const WIDTH: f64 = 720.0;
const SIZE: f64 = 11.0;

/// Draws a chart.
pub(crate) fn draw(chart: &Chart) -> Drawing {
    let mut drawing = match chart {
        Chart::Fan(fan) => self::fan(fan),
        Chart::Bars(bars) => self::bars(bars),
        Chart::Flow(flow) => self::flow(flow),
    };
    drawing.shapes.retain(has_a_place);
    drawing
}

/// Whether a shape can be drawn: what is no number has no place.
fn has_a_place(shape: &Shape) -> bool {
    match shape {
        Shape::Rectangle { x, y, width, height, .. } => {
            [x, y, width, height].iter().all(|side| side.is_finite())
        }
        Shape::Area { points, .. } | Shape::Line { points, .. } => {
            points.iter().all(|(x, y)| x.is_finite() && y.is_finite())
        }
        Shape::Text { x, y, .. } => x.is_finite() && y.is_finite(),
    }
}

fn text(x: f64, y: f64, anchor: Anchor, text: impl Into<String>) -> Shape {
    Shape::Text { x, y, size: SIZE, anchor, text: text.into(), ink: Ink::Text }
}

fn faint(x: f64, y: f64, anchor: Anchor, text: impl Into<String>) -> Shape {
    Shape::Text { x, y, size: SIZE - 1.0, anchor, text: text.into(), ink: Ink::Faint }
}

/// Where the values of a fan lie on the canvas.
struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    least: f64,
    most: f64,
    count: f64,
}

impl Frame {
    fn x(&self, place: f64) -> f64 {
        self.left + (self.right - self.left) * place / (self.count - 1.0).max(1.0)
    }

    fn y(&self, value: f64) -> f64 {
        self.bottom - (self.bottom - self.top) * (value - self.least) / (self.most - self.least)
    }

    fn path(&self, values: impl DoubleEndedIterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
        values.map(|(place, value)| (self.x(place), self.y(value))).collect()
    }
}

/// Places 0, 1, 2, … as numbers.
fn places() -> impl Iterator<Item = f64> {
    std::iter::successors(Some(0.0), |place| Some(place + 1.0))
}

fn fan(fan: &Fan) -> Drawing {
    let (height, key) = (300.0, 18.0);
    let known = fan.quantiles.iter().flatten().chain(fan.lines.iter().flat_map(|(_, line)| line));
    let (least, most) =
        known.fold((0.0_f64, 0.0_f64), |(least, most), value| (least.min(*value), most.max(*value)));
    let ticks = ticks(least, most);
    let frame = Frame {
        left: 56.0,
        right: WIDTH - 14.0,
        top: 14.0 + key,
        bottom: height - 26.0,
        least: ticks.first().copied().unwrap_or(0.0).min(least),
        most: ticks.last().copied().unwrap_or(1.0).max(most),
        count: places().nth(fan.times.len()).unwrap_or(0.0),
    };
    let mut shapes = vec![faint(4.0, 12.0, Anchor::Start, fan.unit.clone())];
    for tick in ticks {
        let y = frame.y(tick);
        shapes.push(Shape::Line {
            points: vec![(frame.left, y), (frame.right, y)],
            width: 1.0,
            ink: Ink::Grid,
        });
        shapes.push(faint(frame.left - 6.0, y + 3.5, Anchor::End, shown(tick)));
    }
    let step = fan.times.len().div_ceil(8).max(1);
    for (place, time) in places().zip(&fan.times).step_by(step) {
        shapes.push(faint(frame.x(place), height - 8.0, Anchor::Middle, time.clone()));
    }
    for (low, high, ink) in [(0, 4, Ink::BandOuter), (1, 3, Ink::BandInner)] {
        let mut points = frame.path(quantile(fan, low).into_iter());
        points.extend(frame.path(quantile(fan, high).into_iter().rev()));
        shapes.push(Shape::Area { points, ink });
    }
    shapes.push(Shape::Line {
        points: frame.path(quantile(fan, 2).into_iter()),
        width: 2.0,
        ink: Ink::Median,
    });
    let mut names = vec![("median".to_owned(), Ink::Median), ("25–75 %".to_owned(), Ink::BandInner)];
    names.push(("5–95 %".to_owned(), Ink::BandOuter));
    for (index, (name, values)) in fan.lines.iter().enumerate() {
        let points = frame.path(places().zip(values.iter().copied()).collect::<Vec<_>>().into_iter());
        shapes.push(Shape::Line { points, width: 1.5, ink: Ink::Series(index) });
        names.push((name.clone(), Ink::Series(index)));
    }
    shapes.extend(self::key(&names, frame.left + 60.0, 4.0));
    Drawing { width: WIDTH, height, shapes }
}

fn quantile(fan: &Fan, which: usize) -> Vec<(f64, f64)> {
    places().zip(fan.quantiles.iter().map(|five| five[which])).collect()
}

/// Marks with their names, in a row; `wide` is a rough width of a letter.
fn key(names: &[(String, Ink)], left: f64, top: f64) -> Vec<Shape> {
    let wide = 5.6;
    let mut x = left;
    let mut shapes = Vec::new();
    for (name, ink) in names {
        shapes.push(Shape::Rectangle { x, y: top, width: 10.0, height: 10.0, ink: *ink });
        shapes.push(faint(x + 14.0, top + 9.0, Anchor::Start, name.clone()));
        x += 30.0 + wide * name.chars().map(|_| 1.0).sum::<f64>();
    }
    shapes
}

/// Round values from at most `least` to at least `most`, four to seven of them.
fn ticks(least: f64, most: f64) -> Vec<f64> {
    let span = most - least;
    if !span.is_finite() || span <= 0.0 {
        return vec![0.0, 1.0];
    }
    let rough = span / 5.0;
    let power = 10.0_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|unit| unit * power).find(|step| *step >= rough);
    let step = step.unwrap_or(rough);
    let first = (least / step).floor();
    places().map(|place| (first + place) * step).take_while(|tick| *tick < most + step).collect()
}

fn bars(bars: &Bars) -> Drawing {
    let (left, right, row) = (200.0, WIDTH - 170.0, 26.0);
    let total = |bar: &crate::document::Bar| bar.pieces.iter().map(|(_, size, _)| size.abs()).sum::<f64>();
    let negative = bars.bars.iter().flat_map(|bar| &bar.pieces).any(|(_, size, _)| *size < 0.0);
    let most = bars.bars.iter().map(total).fold(f64::MIN_POSITIVE, f64::max);
    let zero = if negative { left + (right - left) / 2.0 } else { left };
    let scale = (right - zero) / most;
    let mut shapes = Vec::new();
    for (place, bar) in places().zip(&bars.bars) {
        let y = 6.0 + place * row;
        shapes.push(text(left - 8.0, y + 13.0, Anchor::End, bar.label.clone()));
        let (mut x, mut end) = (zero, zero);
        for (index, (_, size, _)) in bar.pieces.iter().enumerate() {
            let width = size.abs() * scale;
            let start = if *size < 0.0 { x - width } else { x };
            shapes.push(Shape::Rectangle { x: start, y, width, height: row - 8.0, ink: Ink::Series(index) });
            x += size.signum() * width;
            end = end.max(start + width);
        }
        let amounts: Vec<&str> = bar.pieces.iter().map(|(_, _, amount)| amount.as_str()).collect();
        shapes.push(faint(end + 6.0, y + 13.0, Anchor::Start, amounts.join(" + ")));
    }
    let mut height = 6.0 + row * places().nth(bars.bars.len()).unwrap_or(0.0);
    if let Some(longest) =
        bars.bars.iter().max_by_key(|bar| bar.pieces.len()).filter(|bar| bar.pieces.len() > 1)
    {
        let pieces = longest.pieces.iter().enumerate();
        let names: Vec<_> = pieces.map(|(index, (name, _, _))| (name.clone(), Ink::Series(index))).collect();
        shapes.extend(key(&names, left, height + 2.0));
        height += 20.0;
    }
    Drawing { width: WIDTH, height, shapes }
}

/// Parties side by side with arrows between neighbours, each as thick as its amount.
fn flow(flow: &Flow) -> Drawing {
    let (box_width, top, row) = (130.0, 10.0, 40.0);
    let columns = places().nth(flow.parties.len()).unwrap_or(1.0).max(2.0);
    let gap = (WIDTH - box_width) / (columns - 1.0);
    let rows = places().nth(flow.arrows.len()).unwrap_or(0.0).max(1.0);
    let height = top * 2.0 + row * rows;
    let lefts: Vec<f64> = places().take(flow.parties.len()).map(|place| place * gap).collect();
    let mut shapes = Vec::new();
    for (left, party) in lefts.iter().zip(&flow.parties) {
        let (x, y) = (*left, top);
        shapes.push(Shape::Rectangle { x, y, width: box_width, height: height - top * 2.0, ink: Ink::Panel });
        shapes.push(text(left + box_width / 2.0, height / 2.0 + 4.0, Anchor::Middle, party.clone()));
    }
    let most = flow.arrows.iter().map(|arrow| arrow.size.abs()).fold(f64::MIN_POSITIVE, f64::max);
    for (place, arrow) in places().zip(&flow.arrows) {
        let (Some(from), Some(to)) = (lefts.get(arrow.from), lefts.get(arrow.to)) else { continue };
        let y = top + row * (place + 0.5) + 7.0;
        let forward = to > from;
        let (start, end) = if forward { (from + box_width, *to) } else { (*from, to + box_width) };
        let half = (arrow.size.abs() / most * 6.0).max(1.0);
        let back = if forward { end - 12.0 } else { end + 12.0 };
        let ink = Ink::Series(usize::from(!forward));
        let points = vec![
            (start, y - half),
            (back, y - half),
            (back, y - half - 4.0),
            (end, y),
            (back, y + half + 4.0),
            (back, y + half),
            (start, y + half),
        ];
        shapes.push(Shape::Area { points, ink });
        let label = format!("{} {}", arrow.what, arrow.amount);
        shapes.push(text(f64::midpoint(start, end), y - half - 5.0, Anchor::Middle, label));
    }
    Drawing { width: WIDTH, height, shapes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_cover() {
        assert_eq!(ticks(0.0, 100.0), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(ticks(-3.0, 7.0), [-4.0, -2.0, 0.0, 2.0, 4.0, 6.0, 8.0]);
        assert_eq!(ticks(0.0, 0.0), [0.0, 1.0]);
        assert_eq!(ticks(0.0, f64::NAN), [0.0, 1.0]);
    }

    #[test]
    fn every_shape_lies_on_the_canvas() {
        let fan = Fan {
            title: "t".to_owned(),
            unit: "$".to_owned(),
            times: (2026..2036).map(|year| year.to_string()).collect(),
            quantiles: (0..10).map(|year| [-1.0, 1.0, 2.0, 3.0, f64::from(year) * 9.0]).collect(),
            lines: vec![("minimum".to_owned(), vec![4.0; 10])],
        };
        let drawing = draw(&Chart::Fan(fan));
        let points = drawing.shapes.iter().flat_map(|shape| match shape {
            Shape::Area { points, .. } | Shape::Line { points, .. } => points.clone(),
            Shape::Rectangle { x, y, width, height, .. } => vec![(*x, *y), (x + width, y + height)],
            Shape::Text { x, y, .. } => vec![(*x, *y)],
        });
        for (x, y) in points {
            assert!((0.0..=drawing.width).contains(&x) && (0.0..=drawing.height).contains(&y), "{x}, {y}");
        }
    }
}
