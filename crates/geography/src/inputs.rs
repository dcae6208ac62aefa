//! What a decision is about: the data, the people and the caller; and what a request may add to that.

use crate::area::AreaError;
use crate::catalogue::{Catalogue, Entries, Term};
use crate::{Area, Date, Place, Share};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The class of data that anyone may see.
pub(crate) const PUBLIC: &str = "public";

/// What is asked of a route. Every part only ever narrows what is lawful; two together narrow as each does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Restrictions {
    /// Classes of data.
    pub data: BTreeSet<Arc<str>>,
    /// Countries of the people that the data is about.
    pub subjects: BTreeSet<Place>,
    /// Sectors it is for.
    pub sectors: BTreeSet<Arc<str>>,
    /// Uses it is for.
    pub uses: BTreeSet<Arc<str>>,
    /// Processing stays in each of these.
    pub processing: Vec<Area>,
    /// Storage stays in each of these.
    pub storage: Vec<Area>,
    /// How much of a route must be under control: 0 its place, 1 also operator and staff, 2 also the owner, 3 also the
    /// technology.
    pub control: u8,
    /// Whose control: of each of these, beside what holds for the caller. Asks for nothing at level 0.
    pub control_within: Vec<Area>,
}

/// The most that a level of control can be.
pub const CONTROL_MAX: u8 = 3;

/// A restriction that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InputError {
    /// What is wrong, with the text in question.
    pub message: String,
    /// What to write instead.
    pub mend: String,
}

impl From<AreaError> for InputError {
    fn from(error: AreaError) -> Self {
        Self { message: error.to_string(), mend: error.mend }
    }
}

impl Restrictions {
    /// Both together.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.data.extend(other.data.iter().cloned());
        self.subjects.extend(&other.subjects);
        self.sectors.extend(other.sectors.iter().cloned());
        self.uses.extend(other.uses.iter().cloned());
        self.processing.extend(other.processing.iter().cloned());
        self.storage.extend(other.storage.iter().cloned());
        self.control = self.control.max(other.control);
        self.control_within.extend(other.control_within.iter().cloned());
        self
    }

    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds what `text` says of `field`: `data-class`, `subject-country`, `sector`, `use`, `processing`, `storage`,
    /// `control` or `control-within`; lists are separated by commas.
    ///
    /// # Errors
    /// When the field or one of its words is not known: a restriction that is misspelt must not be dropped.
    pub fn add(&mut self, catalogue: &Catalogue, field: &str, text: &str) -> Result<(), InputError> {
        let words: Vec<String> =
            text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect();
        if words.is_empty() {
            return Err(InputError {
                message: format!("`{field}` is empty"),
                mend: "leave it out".to_owned(),
            });
        }
        match field {
            "data-class" => known(&catalogue.data, "class of data", words, &mut self.data),
            "sector" => known(&catalogue.sector, "sector", words, &mut self.sectors),
            "use" => known(&catalogue.uses, "use", words, &mut self.uses),
            "subject-country" => {
                for word in words {
                    let place = word.parse().map_err(|error: crate::PlaceError| InputError {
                        message: error.to_string(),
                        mend: "write ISO 3166 codes such as `DE`, separated by commas".to_owned(),
                    })?;
                    self.subjects.insert(place);
                }
                Ok(())
            }
            "processing" => catalogue.area(words).map(|area| self.processing.push(area)).map_err(Into::into),
            "storage" => catalogue.area(words).map(|area| self.storage.push(area)).map_err(Into::into),
            "control-within" => {
                catalogue.area(words).map(|area| self.control_within.push(area)).map_err(Into::into)
            }
            "control" => self.add_control(text.trim()),
            _ => Err(InputError {
                message: format!("`{}` is no restriction", field.chars().take(40).collect::<String>()),
                mend: format!("write one of {}", FIELDS.join(", ")),
            }),
        }
    }

    /// Adds what `text` says: `data-class=health; processing=EEA`, the fields of [`Restrictions::add`].
    ///
    /// # Errors
    /// As [`Restrictions::add`].
    pub fn add_all(&mut self, catalogue: &Catalogue, text: &str) -> Result<(), InputError> {
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let (field, words) = part.split_once('=').unwrap_or((part, ""));
            self.add(catalogue, field.trim(), words)?;
        }
        Ok(())
    }

    fn add_control(&mut self, text: &str) -> Result<(), InputError> {
        let level = text.parse().ok().filter(|level| *level <= CONTROL_MAX);
        let level = level.ok_or_else(|| InputError {
            message: format!("`{}` is no level of control", text.chars().take(40).collect::<String>()),
            mend: "write 0 (place), 1 (and operator), 2 (and owner) or 3 (and technology)".to_owned(),
        })?;
        self.control = self.control.max(level);
        Ok(())
    }
}

/// The fields of [`Restrictions::add`].
pub const FIELDS: [&str; 8] =
    ["data-class", "subject-country", "sector", "use", "processing", "storage", "control", "control-within"];

fn known(
    terms: &Entries<Term>,
    what: &str,
    words: Vec<String>,
    into: &mut BTreeSet<Arc<str>>,
) -> Result<(), InputError> {
    if let Some(word) = words.iter().find(|word| terms.get(word).is_none()) {
        let word: String = word.chars().take(40).collect();
        let mend = format!("write one of {}", terms.ids());
        return Err(InputError { message: format!("there is no {what} `{word}`"), mend });
    }
    into.extend(words.into_iter().map(Arc::from));
    Ok(())
}

/// Who has a share of the caller, directly or through others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Its name.
    pub name: String,
    /// Where it has its headquarters.
    pub country: Place,
    /// How much it owns.
    pub share: Share,
    /// Whether it is on an export-control list.
    pub listed: bool,
    /// Whether it is a blocked party.
    pub blocked: bool,
}

/// What was declared of who owns the caller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Ownership {
    /// Nothing: a value of its own, that each rule decides on.
    #[default]
    Undeclared,
    /// This, once for the organisation.
    Declared {
        /// The owners that were named.
        owners: Vec<Owner>,
        /// That somebody checked the rest: no part of it counts for any rule.
        rest_checked: bool,
        /// Where it comes from.
        source: String,
        /// When it was so.
        date: Option<Date>,
    },
}

/// What is known of the organisation that calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// Its name.
    pub organisation: Option<String>,
    /// Where it is established.
    pub country: Option<Place>,
    /// Who owns it.
    pub ownership: Ownership,
    /// In whose hands a route must be where control is asked for; the countries of caller and data subjects when none,
    /// members of the EEA standing for each other.
    pub hands: Option<Area>,
    /// Whether it is a blocked party itself.
    pub blocked: bool,
    /// Who oversees what AI decides.
    pub overseer: Option<String>,
    /// Of how many people data leave the country in a year.
    pub people: Option<u64>,
    /// Of how many people sensitive data do.
    pub people_sensitive: Option<u64>,
}

/// All that a decision is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inputs {
    /// The caller.
    pub caller: Caller,
    /// What is asked, by everyone who may ask.
    pub asked: Restrictions,
}

impl Inputs {
    /// The countries whose law is in play: the caller's and the data subjects'.
    pub fn jurisdictions(&self) -> impl Iterator<Item = Place> + '_ {
        self.asked.subjects.iter().copied().chain(self.caller.country)
    }

    /// Whether some of the data may not be seen by everyone; so it is when nobody says what they are.
    pub fn above_public(&self) -> bool {
        self.asked.data.is_empty() || self.asked.data.iter().any(|class| &**class != PUBLIC)
    }
}
