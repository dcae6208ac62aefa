//! Areas: places and groups of places, as rules and people write them, with the days on which a group holds a place.

use crate::place::listed;
use crate::{Date, Place, PlaceError};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A place in a group, for good or for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stay {
    pub place: Place,
    pub from: Option<Date>,
    pub until: Option<Date>,
}

/// A group with all groups in it resolved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Members {
    pub stays: Vec<Stay>,
    pub except: Vec<Place>,
}

impl Members {
    fn contains(&self, place: Place, on: Date) -> bool {
        let excepted = self.except.iter().any(|part| place.is_in(*part));
        !excepted
            && self.stays.iter().any(|stay| place.is_in(stay.place) && on.is_within(stay.from, stay.until))
    }
}

/// All groups by id.
pub(crate) type Groups = BTreeMap<String, Arc<Members>>;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Place(Place),
    Group(Arc<Members>),
}

/// Places and groups; all of them together. An empty one asks for nothing where it stands in a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Area {
    words: Vec<Arc<str>>,
    parts: Vec<Part>,
}

/// A word that is no place and no group.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is no country and no group of countries")]
pub struct AreaError {
    /// The word.
    pub word: String,
    /// What to write instead.
    pub mend: String,
}

impl Area {
    pub(crate) fn new(
        words: impl IntoIterator<Item = impl AsRef<str>>,
        groups: &Groups,
    ) -> Result<Self, AreaError> {
        let words = words.into_iter().map(|word| Arc::from(word.as_ref())).collect();
        let mut area = Self { words, parts: Vec::new() };
        area.resolve(groups)?;
        Ok(area)
    }

    /// Finds out what the words mean.
    pub(crate) fn resolve(&mut self, groups: &Groups) -> Result<(), AreaError> {
        self.parts.clear();
        for word in &self.words {
            let part = match groups.get(&**word) {
                Some(members) => Part::Group(Arc::clone(members)),
                None => Part::Place(word.parse().map_err(|error| unknown(word, &error, groups))?),
            };
            self.parts.push(part);
        }
        Ok(())
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether all of `place` lies in it on this day.
    pub fn contains(&self, place: Place, on: Date) -> bool {
        self.parts.iter().any(|part| match part {
            Part::Place(own) => place.is_in(*own),
            Part::Group(members) => members.contains(place, on),
        })
    }

    /// Every place that was written, or may ever be in a group that was: everywhere that the words may mean.
    pub fn spread(&self) -> impl Iterator<Item = Place> + '_ {
        self.words.iter().zip(&self.parts).flat_map(|(word, part)| match part {
            Part::Place(place) => vec![*place],
            // A group that is named like a place holds that name for a member that is not named; here all are.
            Part::Group(members) => members
                .stays
                .iter()
                .map(|stay| stay.place)
                .filter(|place| place.to_string() != **word)
                .collect(),
        })
    }

    /// Every place that the words or their groups name.
    pub(crate) fn written(&self) -> impl Iterator<Item = Place> + '_ {
        self.parts.iter().flat_map(|part| match part {
            Part::Place(place) => vec![*place],
            Part::Group(members) => {
                members.stays.iter().map(|stay| stay.place).chain(members.except.iter().copied()).collect()
            }
        })
    }
}

fn unknown(word: &str, error: &PlaceError, groups: &Groups) -> AreaError {
    let mend = match error {
        PlaceError::UnitedKingdom => "write `GB`".to_owned(),
        PlaceError::Unknown(_) => {
            format!("write an ISO 3166 code such as `DE`, or one of {}", listed(groups.keys(), ", "))
        }
    };
    AreaError { word: word.chars().take(40).collect(), mend }
}

impl Hash for Area {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.words.hash(state);
    }
}

impl fmt::Display for Area {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&listed(&self.words, ", "))
    }
}

impl<'de> Deserialize<'de> for Area {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let words = Vec::<String>::deserialize(from)?;
        Ok(Self { words: words.into_iter().map(Arc::from).collect(), parts: Vec::new() })
    }
}

impl Serialize for Area {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.words.iter().map(|word| &**word))
    }
}
