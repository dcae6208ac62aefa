//! A map of the world with places on it: where inference ran, and where it may run.

use crate::show;
use crate::view::PlaceMark;
use maud::{Markup, html};

/// The outlines of land, as the data of one path. See `data/places.tsv` for where they are from.
const LAND: &str = include_str!("../../data/land.txt");
const PLACES: &str = include_str!("../../data/places.tsv");
/// Two labels are this far apart, or the later one is left out; every place is in the table.
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
    let mut labelled: Vec<(i32, i32)> = Vec::new();
    let mut has_room = |x: i32, y: i32| {
        let free = labelled.iter().all(|(lx, ly)| (x - lx).abs() > APART.0 || (y - ly).abs() > APART.1);
        if free {
            labelled.push((x, y));
        }
        free
    };
    html! {
        svg class="chart world" viewBox="100 0 830 410" role="img" aria-label="Map of where inference ran and may run" {
            path class="land" d=(LAND.trim_end()) {}
            @for (place, spot) in &on_it {
                g class=(kind(place)) {
                    title { (spot.name) ": " (told(place)) }
                    circle class="may" cx=(spot.x) cy=(spot.y) {}
                    circle class="ran" cx=(spot.x) cy=(spot.y) {}
                    @if has_room(spot.x, spot.y) {
                        text class="middle" x=(spot.x) y=(spot.y - 11) { (place.code) }
                    }
                }
            }
        }
    }
}

fn kind(place: &PlaceMark) -> String {
    let ran = match (place.calls, place.certain) {
        (0, _) => "not-ran",
        (_, true) => "did-run",
        (_, false) => "may-have-run",
    };
    format!("spot {ran}{}", if place.backends.is_empty() { "" } else { " open" })
}

/// What the map says of a place, in words.
pub(crate) fn told(place: &PlaceMark) -> String {
    let calls = match (place.calls, place.certain) {
        (0, _) => "nothing ran here".to_owned(),
        (calls, true) => format!("{} ran here", show::counted(calls, "call")),
        (calls, false) => format!("{} may have run here", show::counted(calls, "call")),
    };
    if place.backends.is_empty() {
        return format!("{calls}; nothing may now");
    }
    format!("{calls}; {} may", place.backends.join(", "))
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
