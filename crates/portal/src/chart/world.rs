//! A map of the world with places on it: where inference ran, and where it may run.

use crate::show;
use crate::view::PlaceMark;
use maud::{Markup, html};

/// The outlines of land, as the data of one path. See `data/places.tsv` for where they are from.
const LAND: &str = include_str!("../../data/land.txt");
const PLACES: &str = include_str!("../../data/places.tsv");
/// The part of the map that has land in it.
const LEFT: i32 = 100;
const WIDTH: i32 = 830;
const HEIGHT: i32 = 410;
/// Two labels are this far apart, or the later one is left out; every place is in the table. In pixels of the whole map,
/// which the closer views enlarge.
const APART: (i32, i32) = (30, 17);

/// A place of the map.
struct Spot<'a> {
    x: i32,
    y: i32,
    name: &'a str,
}

fn spot(code: &str) -> Option<Spot<'static>> {
    let mut lines = PLACES.lines().filter(|line| !line.starts_with('#'));
    let line = lines.find(|line| line.split('\t').next() == Some(code))?;
    let mut fields = line.split('\t').skip(1);
    Some(Spot { x: fields.next()?.parse().ok()?, y: fields.next()?.parse().ok()?, name: fields.next()? })
}

/// The country's name; the code itself where it has none here.
pub(crate) fn name(code: &str) -> String {
    let country = code.split('-').next().unwrap_or(code);
    let found = spot(country).map_or_else(|| country.to_owned(), |spot| spot.name.to_owned());
    match code.split_once('-') {
        Some((_, part)) => format!("{found}, {part}"),
        None => found,
    }
}

/// The map; nothing where no place is on it.
pub(crate) fn map(places: &[PlaceMark]) -> Markup {
    let on_it = places.iter().filter_map(|place| {
        let country = place.code.split('-').next().unwrap_or(&place.code);
        spot(country).map(|spot| (place, spot))
    });
    let on_it: Vec<(&PlaceMark, Spot<'_>)> = on_it.collect();
    let (class, view_box) = window(&on_it);
    let near: i32 = class.rsplit('-').next().and_then(|near| near.parse().ok()).unwrap_or(1);
    let mut labelled: Vec<(i32, i32)> = Vec::new();
    let mut has_room = |x: i32, y: i32| {
        let apart = |one: i32, other: i32, least: i32| (one - other).abs() * near > least;
        let free = labelled.iter().all(|(lx, ly)| apart(x, *lx, APART.0) || apart(y, *ly, APART.1));
        if free {
            labelled.push((x, y));
        }
        free
    };
    html! {
        svg class=(class) viewBox=(view_box) role="img" aria-label="Map of where inference ran and may run" {
            path class="land" d=(LAND.trim_end()) {}
            @for (place, spot) in &on_it {
                g class=(kind(place)) {
                    title { (spot.name) ": " (told(place)) }
                    circle class="may" cx=(spot.x) cy=(spot.y) {}
                    circle class="ran" cx=(spot.x) cy=(spot.y) {}
                    @if has_room(spot.x, spot.y) {
                        text class="middle" x=(spot.x) y=(spot.y) dy="-1em" { (place.code) }
                    }
                }
            }
        }
    }
}

fn kind(place: &PlaceMark) -> String {
    let ran = match (place.ran, place.perhaps) {
        (0, 0) => "not-ran",
        (0, _) => "may-have-run",
        _ => "did-run",
    };
    format!("spot {ran}{}", if place.backends.is_empty() { "" } else { " open" })
}

/// What the map says of a place, in words.
fn told(place: &PlaceMark) -> String {
    let mut parts = Vec::new();
    if place.ran > 0 {
        parts.push(format!("{} ran here", show::counted(place.ran, "call")));
    }
    if place.perhaps > 0 {
        parts.push(format!("{} may have run here", show::counted(place.perhaps, "call")));
    }
    if parts.is_empty() {
        parts.push("nothing ran here".to_owned());
    }
    match place.backends.as_slice() {
        [] => parts.push("nothing may now".to_owned()),
        backends => parts.push(format!("{} may", backends.join(", "))),
    }
    parts.join("; ")
}

/// The part of the map that holds every spot, in one of three sizes: its class and its view box.
fn window(spots: &[(&PlaceMark, Spot<'_>)]) -> (&'static str, String) {
    let bounds = |of: fn(&Spot<'_>) -> i32| {
        let all = spots.iter().map(|(_, spot)| of(spot));
        (all.clone().min().unwrap_or(0), all.max().unwrap_or(0))
    };
    let ((left, right), (top, bottom)) = (bounds(|spot| spot.x), bounds(|spot| spot.y));
    let whole = (LEFT, 0, WIDTH, HEIGHT);
    let fits = |(width, height): (i32, i32)| right - left <= width * 3 / 4 && bottom - top <= height * 3 / 4;
    let around = |width: i32, height: i32| {
        let x = ((left + right - width) / 2).clamp(LEFT, LEFT + WIDTH - width);
        (x, ((top + bottom - height) / 2).clamp(0, HEIGHT - height), width, height)
    };
    let (class, (x, y, width, height)) = match spots {
        [] => ("chart world near-1", whole),
        _ if fits((277, 137)) => ("chart world near-3", around(277, 137)),
        _ if fits((415, 205)) => ("chart world near-2", around(415, 205)),
        _ => ("chart world near-1", whole),
    };
    (class, format!("{x} {y} {width} {height}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_place_on_the_map() {
        let lines: Vec<&str> = PLACES.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(lines.len() > 200);
        for line in lines {
            let code = line.split('\t').next().unwrap();
            let spot = spot(code).unwrap_or_else(|| panic!("{line}"));
            assert!((0..=960).contains(&spot.x) && (0..=460).contains(&spot.y), "{line}");
        }
        assert_eq!(
            (name("DE").as_str(), name("CA-QC").as_str(), name("XX").as_str()),
            ("Germany", "Canada, QC", "XX")
        );
        assert!(LAND.starts_with('M') && LAND.trim_end().ends_with('z'));
    }
}
