//! Scenarios: files of numbers that say how the world may go, schema `offtake.scenario/1`.
//!
//! A scenario may extend one of the binary's own ([`NAMES`]) and sets only what differs. Every value keeps
//! which file it is from and why it is so; what no file sets is neutral ([`parameter`]).

mod check;
mod layer;
pub mod parameter;

pub use layer::{Part, SCHEMA, Setting, Value};

use crate::error::{Error, Problem};
use layer::Layer;
use parameter::{Kind, find};
use std::collections::{BTreeMap, BTreeSet};

/// The binary's own scenarios: names and texts.
const OWN: [(&str, &str); 7] = [
    ("base", include_str!("../../../../scenarios/base.toml")),
    ("open-weights-commoditise", include_str!("../../../../scenarios/open-weights-commoditise.toml")),
    ("region-closes", include_str!("../../../../scenarios/region-closes.toml")),
    ("export-controls", include_str!("../../../../scenarios/export-controls.toml")),
    ("competitor-responds", include_str!("../../../../scenarios/competitor-responds.toml")),
    ("hyper-adoption", include_str!("../../../../scenarios/hyper-adoption.toml")),
    ("combined-stress", include_str!("../../../../scenarios/combined-stress.toml")),
];

/// The names of the binary's own scenarios.
pub const NAMES: [&str; 7] = [OWN[0].0, OWN[1].0, OWN[2].0, OWN[3].0, OWN[4].0, OWN[5].0, OWN[6].0];

/// A scenario with everything it extends laid under it.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Its name.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// What it is about.
    pub note: String,
    /// What it extends, the nearest first.
    pub extends: Vec<String>,
    /// What is set, by path.
    pub settings: BTreeMap<String, Setting>,
    /// How the spend is made up; all alike when no file says.
    pub mix: Vec<Part>,
}

/// The text of one of the binary's own scenarios.
pub fn own(name: &str) -> Option<&'static str> {
    OWN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

impl Scenario {
    /// Reads and checks a scenario file and lays it over what it extends.
    ///
    /// # Errors
    /// When the text is no TOML, sets what there is not, or contradicts itself; the error has its place.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut scenario = Self::laid(text, 0)?;
        scenario.settings.retain(|_, setting| setting.value != Value::Text(String::new()));
        check::check(&scenario)?;
        Ok(scenario)
    }

    fn laid(text: &str, depth: usize) -> Result<Self, Error> {
        let layer = Layer::parse(text)?;
        let mut scenario = match layer.extends {
            None => Self {
                id: String::new(),
                title: String::new(),
                note: String::new(),
                extends: Vec::new(),
                settings: BTreeMap::new(),
                mix: vec![Part { share: 1.0, attributes: BTreeMap::new() }],
            },
            Some((name, span)) => {
                let under = own(&name).filter(|_| depth < OWN.len());
                let Some(under) = under else {
                    let mend = match nearest(&name) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("there is {}", NAMES.join(", ")),
                    };
                    return Err(Error::at(span, Problem::Unknown { what: "scenario", name }, mend));
                };
                let mut under = Self::laid(under, depth + 1)?;
                under.extends.insert(0, under.id.clone());
                // The places of what lies under are in another file.
                under.settings.values_mut().for_each(|setting| setting.span = 0..0);
                under
            }
        };
        (scenario.id, scenario.title, scenario.note) = (layer.id, layer.title, layer.note);
        scenario.settings.extend(layer.settings);
        if let Some(mix) = layer.mix {
            scenario.mix = mix;
        }
        Ok(scenario)
    }

    /// A number: as set, or neutral.
    pub fn number(&self, path: &str) -> f64 {
        self.open(path).unwrap_or(0.0)
    }

    /// A number that may be unknown.
    pub fn open(&self, path: &str) -> Option<f64> {
        match (self.settings.get(path).map(|setting| &setting.value), find(path).map(|found| found.kind)) {
            (Some(Value::Number(number)), _) => Some(*number),
            (_, Some(Kind::Number { neutral, .. })) => neutral,
            _ => None,
        }
    }

    /// A word: as set, or the first there is.
    pub fn word(&self, path: &str) -> &str {
        match (self.settings.get(path).map(|setting| &setting.value), find(path).map(|found| found.kind)) {
            (Some(Value::Text(word)), _) => word,
            (_, Some(Kind::Choice(words))) => words.first().copied().unwrap_or(""),
            _ => "",
        }
    }

    /// Whether something is switched on.
    pub fn switch(&self, path: &str) -> bool {
        matches!(self.settings.get(path).map(|setting| &setting.value), Some(Value::Switch(true)))
    }

    /// Shares, none when not set.
    pub fn shares(&self, path: &str) -> &[f64] {
        match self.settings.get(path).map(|setting| &setting.value) {
            Some(Value::Shares(shares)) => shares,
            _ => &[],
        }
    }

    /// Whether any file sets it.
    pub fn sets(&self, path: &str) -> bool {
        self.settings.contains_key(path)
    }

    /// The names of its own that it has in `table` (`event`, `metric`).
    pub fn names(&self, table: &str) -> BTreeSet<&str> {
        let name = |path: &'_ String| -> Option<(usize, usize)> {
            let rest = path.strip_prefix(table)?.strip_prefix('.')?;
            let start = path.len() - rest.len();
            Some((start, start + rest.find('.')?))
        };
        self.settings.keys().filter_map(|path| name(path).map(|(start, end)| &path[start..end])).collect()
    }

    /// How strongly two factors move together, by their places in [`parameter::FACTORS`].
    pub fn correlation(&self, a: usize, b: usize) -> f64 {
        let (first, second) = (a.min(b), a.max(b));
        if first == second {
            return 1.0;
        }
        let name = |place: usize| parameter::FACTORS.get(place).copied().unwrap_or("");
        self.number(&format!("correlation.{}-{}", name(first), name(second)))
    }
}

/// The binary's own scenario whose name differs least from `name`, when it differs little.
pub fn nearest(name: &str) -> Option<&'static str> {
    crate::error::nearest(name, NAMES.into_iter())
}
