//! Catalogues: what is known of regions, endpoints, operators, countries and rules, with sources. Versioned data.
//!
//! What is built in comes from `data/`; an operator's file adds entries, or replaces them by id, and every entry says
//! which file it came from. The version is a hash of all texts in their order, so equal versions decide alike.

mod entry;
mod error;
mod group;

pub use entry::{
    Clause, Confidence, Copies, Developer, Effect, Group, Member, Need, Offer, Operator, Owned, Party,
    Profile, Region, Rule, Spell, Status, Storage, Term, Undeclared, When,
};
pub use error::CatalogueError;

use crate::area::{AreaError, Groups};
use crate::{Area, Date};
use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What all kinds of entry have.
pub trait Entry {
    /// What it is referred to by.
    fn id(&self) -> &str;
    /// Gives it the day of its file where it has none of its own.
    fn check(&mut self, on: Date);
}

/// An entry and the file it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sourced<T> {
    /// The entry.
    #[serde(flatten)]
    pub entry: T,
    /// `built in`, or the file's name as given.
    pub origin: String,
}

/// Entries of one kind, in the order in which they were first written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Entries<T>(Vec<Sourced<T>>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Entry> Entries<T> {
    /// The entry of that id.
    pub fn get(&self, id: &str) -> Option<&T> {
        self.iter().find(|entry| entry.id() == id)
    }

    /// All ids, separated by commas: what a mend may name.
    pub fn ids(&self) -> String {
        crate::place::listed(self.iter().map(Entry::id), ", ")
    }

    /// All entries.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|sourced| &sourced.entry)
    }

    /// All entries with the file that each came from.
    pub fn sourced(&self) -> &[Sourced<T>] {
        &self.0
    }

    fn merge(&mut self, entries: Vec<T>, origin: &str, checked: Date) {
        for mut entry in entries {
            entry.check(checked);
            let sourced = Sourced { origin: origin.to_owned(), entry };
            match self.0.iter_mut().find(|old| old.entry.id() == sourced.entry.id()) {
                Some(old) => *old = sourced,
                None => self.0.push(sourced),
            }
        }
    }
}

/// A catalogue file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: u64,
    checked: Date,
    #[serde(default)]
    region: Vec<Region>,
    #[serde(default)]
    profile: Vec<Profile>,
    #[serde(default)]
    operator: Vec<Operator>,
    #[serde(default)]
    developer: Vec<Developer>,
    #[serde(default)]
    group: Vec<Group>,
    #[serde(default)]
    data: Vec<Term>,
    #[serde(default)]
    sector: Vec<Term>,
    #[serde(default, rename = "use")]
    uses: Vec<Term>,
    #[serde(default)]
    basis: Vec<Term>,
    #[serde(default)]
    obligation: Vec<Term>,
    #[serde(default)]
    rule: Vec<Rule>,
}

/// In an order in which each file needs only what stands before it.
const BUILT_IN: [(&str, &str); 7] = [
    ("groups.toml", include_str!("../../data/groups.toml")),
    ("operators.toml", include_str!("../../data/operators.toml")),
    ("developers.toml", include_str!("../../data/developers.toml")),
    ("regions.toml", include_str!("../../data/regions.toml")),
    ("profiles.toml", include_str!("../../data/profiles.toml")),
    ("terms.toml", include_str!("../../data/terms.toml")),
    ("rules.toml", include_str!("../../data/rules.toml")),
];

/// All that is known, under one version.
#[derive(Debug, Clone, Serialize)]
pub struct Catalogue {
    /// A hash of all that was read: 64 hexadecimal digits.
    pub version: String,
    /// The newest day on which a file of it was checked.
    pub checked: Date,
    /// Vendors' codes for places.
    pub region: Entries<Region>,
    /// Kinds of endpoint.
    pub profile: Entries<Profile>,
    /// Who runs machines.
    pub operator: Entries<Operator>,
    /// Who trained models.
    pub developer: Entries<Developer>,
    /// Groups of countries.
    pub group: Entries<Group>,
    /// Classes of data.
    pub data: Entries<Term>,
    /// Sectors.
    pub sector: Entries<Term>,
    /// Uses.
    #[serde(rename = "use")]
    pub uses: Entries<Term>,
    /// Kinds of basis.
    pub basis: Entries<Term>,
    /// Duties.
    pub obligation: Entries<Term>,
    /// Rules, in the order in which a refusal names them.
    pub rule: Entries<Rule>,
    #[serde(skip)]
    pub(crate) groups: Groups,
}

impl Catalogue {
    /// What is built in.
    ///
    /// # Errors
    /// Never in a build whose tests passed: a mistake in the built-in files.
    pub fn built_in() -> Result<Self, CatalogueError> {
        Self::with(&[])
    }

    /// What is built in, with the operator's files (name and text) over it in their order.
    ///
    /// # Errors
    /// When a file is not a catalogue, or names a place, group, operator or word that does not exist; says where.
    pub fn with(files: &[(&str, &str)]) -> Result<Self, CatalogueError> {
        let mut catalogue = Self::empty();
        let mut hash = Context::new(&SHA256);
        let built_in = BUILT_IN.iter().map(|(name, text)| (*name, *text, "built in"));
        for (name, text, origin) in built_in.chain(files.iter().map(|(name, text)| (*name, *text, *name))) {
            hash.update(text.as_bytes());
            hash.update(&[0]);
            catalogue.merge(name, text, origin)?;
            catalogue.resolve().map_err(|wrong| CatalogueError::found(name, text, wrong))?;
        }
        catalogue.version = hex(hash.finish().as_ref());
        Ok(catalogue)
    }

    fn empty() -> Self {
        Self {
            version: String::new(),
            checked: Date::of(units::Timestamp::from_micros(i64::MIN)),
            region: Entries::default(),
            profile: Entries::default(),
            operator: Entries::default(),
            developer: Entries::default(),
            group: Entries::default(),
            data: Entries::default(),
            sector: Entries::default(),
            uses: Entries::default(),
            basis: Entries::default(),
            obligation: Entries::default(),
            rule: Entries::default(),
            groups: Groups::new(),
        }
    }

    fn merge(&mut self, name: &str, text: &str, origin: &str) -> Result<(), CatalogueError> {
        let file: File = toml::from_str(text).map_err(|error| CatalogueError::syntax(name, text, &error))?;
        if file.schema != 1 {
            return Err(CatalogueError::schema(name, file.schema));
        }
        let checked = file.checked;
        self.checked = self.checked.max(checked);
        self.region.merge(file.region, origin, checked);
        self.profile.merge(file.profile, origin, checked);
        self.operator.merge(file.operator, origin, checked);
        self.developer.merge(file.developer, origin, checked);
        self.group.merge(file.group, origin, checked);
        self.data.merge(file.data, origin, checked);
        self.sector.merge(file.sector, origin, checked);
        self.uses.merge(file.uses, origin, checked);
        self.basis.merge(file.basis, origin, checked);
        self.obligation.merge(file.obligation, origin, checked);
        self.rule.merge(file.rule, origin, checked);
        Ok(())
    }

    /// Finds what each word means.
    fn resolve(&mut self) -> Result<(), Wrong> {
        self.groups = group::resolve(&self.group)?;
        for region in self.region.iter() {
            known(&self.operator, "operator", std::slice::from_ref(&region.operator))?;
        }
        for profile in self.profile.iter() {
            self.knows_places_of(profile)?;
        }
        for rule in self.rule.iter() {
            self.knows_words_of(rule)?;
        }
        for sourced in &mut self.rule.0 {
            for clause in &mut sourced.entry.clauses {
                for area in clause.areas() {
                    area.resolve(&self.groups)?;
                }
            }
        }
        Ok(())
    }

    fn knows_places_of(&self, profile: &Profile) -> Result<(), Wrong> {
        known(&self.operator, "operator", profile.operator.as_slice())?;
        let words = profile.processing.iter().chain(&profile.maybe).chain(&profile.sources);
        for word in words.filter(|word| !matches!(word.as_str(), "source" | "zone" | "*")) {
            if self.region.get(word).is_none() {
                self.area([word])?;
            }
        }
        Ok(())
    }

    fn knows_words_of(&self, rule: &Rule) -> Result<(), Wrong> {
        for clause in &rule.clauses {
            for when in &clause.when {
                known(&self.data, "class of data", &when.data)?;
                known(&self.sector, "sector", &when.sector)?;
                known(&self.uses, "use", &when.uses)?;
                known(&self.developer, "developer", &when.developer)?;
            }
            for need in &clause.lawful {
                known(&self.basis, "kind of basis", &need.basis)?;
                known(&self.basis, "kind of basis", &need.covered)?;
            }
            known(&self.obligation, "obligation", &clause.oblige)?;
        }
        Ok(())
    }

    /// The area that these words mean.
    ///
    /// # Errors
    /// When one is no place and no group.
    pub fn area(&self, words: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Area, AreaError> {
        Area::new(words, &self.groups)
    }

    /// The developer of a model by the name that a vendor gives it.
    pub fn developer_of(&self, model: &str) -> Option<&Developer> {
        let name = model.to_ascii_lowercase();
        self.developer
            .iter()
            .find(|developer| developer.words.iter().any(|word| name.contains(word.as_str())))
    }
}

/// A word of a file that means nothing, and the mend.
#[derive(Debug)]
struct Wrong {
    word: String,
    message: String,
    mend: String,
}

impl From<AreaError> for Wrong {
    fn from(error: AreaError) -> Self {
        Self { message: error.to_string(), word: error.word, mend: error.mend }
    }
}

fn known<T: Entry>(entries: &Entries<T>, what: &str, words: &[String]) -> Result<(), Wrong> {
    match words.iter().find(|word| entries.get(word).is_none()) {
        None => Ok(()),
        Some(word) => Err(Wrong {
            word: word.clone(),
            message: format!("there is no {what} `{word}`"),
            mend: format!("add it to the catalogue, or write one of {}", entries.ids()),
        }),
    }
}

impl Clause {
    fn areas(&mut self) -> Vec<&mut Area> {
        let mut areas = Vec::new();
        for when in &mut self.when {
            let When {
                jurisdiction,
                subject,
                caller,
                control,
                control_outside,
                reaches,
                reaches_outside,
                ..
            } = when;
            areas.extend([jurisdiction, subject, caller, control, control_outside, reaches, reaches_outside]);
            areas.extend(when.owned.iter_mut().flat_map(Owned::areas));
        }
        for need in &mut self.lawful {
            let Need {
                processing, storage, avoid, establishment, control, operator, none_in, caller, ..
            } = need;
            areas.extend([processing, storage, avoid, establishment, control, operator, none_in, caller]);
            areas.extend(need.not_owned.iter_mut().flat_map(Owned::areas));
        }
        areas
    }
}

impl Owned {
    const fn areas(&mut self) -> [&mut Area; 2] {
        [&mut self.inside, &mut self.outside]
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Deny => "deny",
            Self::Oblige => "oblige",
            Self::Record => "record",
            Self::Advise => "advise",
        })
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
