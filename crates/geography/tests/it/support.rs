//! Cases as data: a request, a route and what is on file, each side saying only what differs.

use geography::{
    Basis, Caller, Catalogue, Declared, Inputs, Law, Lawful, Owner, Ownership, Place, Register, Restrictions,
    Route, lawful,
};
use serde::Deserialize;
use std::sync::LazyLock;
use units::BackendName;

pub static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::built_in().unwrap());

/// When nothing else is said.
pub const TODAY: &str = "2026-11-24";

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Path {
    pub name: String,
    pub model: Option<String>,
    pub region: Option<String>,
    pub profile: Option<String>,
    pub country: Vec<Place>,
    pub destinations: Vec<String>,
    pub destinations_read: Option<geography::Date>,
    pub storage: Vec<String>,
    pub retention_none_in: Vec<String>,
    pub place_promised: bool,
    pub processor: Option<String>,
    pub operator: Option<String>,
    pub own: bool,
    pub hardware: Option<String>,
    pub chips: Option<String>,
    pub personnel: Vec<String>,
    pub establishment: Vec<Place>,
    pub filing: Option<String>,
}

impl Path {
    pub fn route(&self) -> Route {
        let path = self.clone();
        let declared = Declared {
            home: path.country.first().copied().filter(|_| path.own),
            region: path.region,
            profile: path.profile,
            country: path.country,
            destinations: path.destinations,
            destinations_read: path.destinations_read,
            storage: path.storage,
            retention_none_in: path.retention_none_in,
            place_promised: path.place_promised,
            vendor: None,
            processor: path.processor,
            operator: path.operator,
            own: path.own,
            hardware: path.hardware,
            chips: path.chips,
            personnel: path.personnel,
            establishment: path.establishment,
            developer: None,
            filing: path.filing,
        };
        let name = if self.name.is_empty() { "route" } else { &self.name };
        CATALOGUE.route(BackendName::new(name).unwrap(), &declared, self.model.as_deref().unwrap_or("llama"))
    }
}

/// What a case says; what it leaves out is as in the case it is laid over.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Said {
    pub country: Option<String>,
    pub subject: Option<Vec<String>>,
    pub data: Option<Vec<String>>,
    pub sector: Option<Vec<String>>,
    #[serde(rename = "use")]
    pub uses: Option<Vec<String>>,
    pub processing: Option<Vec<String>>,
    pub storage: Option<Vec<String>>,
    pub control: Option<u8>,
    pub owners: Option<Vec<String>>,
    pub rest_checked: Option<bool>,
    pub undeclared: Option<bool>,
    pub blocked: Option<bool>,
    pub overseer: Option<String>,
    pub people: Option<u64>,
    pub people_sensitive: Option<u64>,
    pub bases: Option<Vec<String>>,
    pub withdrawn: Option<Vec<String>>,
    pub on: Option<String>,
    pub route: Option<Path>,
    pub catalogue_days_max: Option<i64>,
    pub destinations_days_max: Option<i64>,
    /// In an edge of a rule that both refuses and does something milder: it is about refusing.
    pub refuses: Option<bool>,
}

macro_rules! over {
    ($top:ident, $under:ident, $($field:ident),*) => {
        Said { $($field: $top.$field.clone().or_else(|| $under.$field.clone())),* }
    };
}

impl Said {
    pub fn over(&self, under: &Self) -> Self {
        over!(
            self,
            under,
            country,
            subject,
            data,
            sector,
            uses,
            processing,
            storage,
            control,
            owners,
            rest_checked,
            undeclared,
            blocked,
            overseer,
            people,
            people_sensitive,
            bases,
            withdrawn,
            on,
            route,
            catalogue_days_max,
            destinations_days_max,
            refuses
        )
    }

    pub fn inputs(&self) -> Inputs {
        let mut asked = Restrictions { control: self.control.unwrap_or(0), ..Restrictions::default() };
        for (field, words) in [
            ("data-class", &self.data),
            ("subject-country", &self.subject),
            ("sector", &self.sector),
            ("use", &self.uses),
            ("processing", &self.processing),
            ("storage", &self.storage),
        ] {
            if let Some(words) = words {
                asked.add(&CATALOGUE, field, &words.join(",")).unwrap();
            }
        }
        let owners = self.owners.iter().flatten().map(|text| owner(text)).collect();
        let ownership = match self.undeclared {
            Some(true) => Ownership::Undeclared,
            _ => Ownership::Declared {
                owners,
                rest_checked: self.rest_checked.unwrap_or(true),
                source: "register of companies".into(),
                date: None,
            },
        };
        let caller = Caller {
            organisation: Some("acme".into()),
            country: self.country.as_ref().map(|country| country.parse().unwrap()),
            ownership,
            hands: None,
            blocked: self.blocked.unwrap_or(false),
            overseer: self.overseer.clone(),
            people: self.people,
            people_sensitive: self.people_sensitive,
        };
        Inputs { caller, asked }
    }

    pub fn register(&self) -> Register {
        let bases = self.bases.iter().flatten().map(|text| basis(text)).collect();
        Register { bases, withdrawn: self.withdrawn.iter().flatten().cloned().collect() }
    }

    pub fn decide(&self, routes: &[Route]) -> Lawful {
        let register = self.register();
        let law = Law {
            catalogue: &CATALOGUE,
            register: &register,
            on: self.on.as_deref().unwrap_or(TODAY).parse().unwrap(),
            catalogue_days_max: self.catalogue_days_max,
            destinations_days_max: self.destinations_days_max,
        };
        lawful(&law, &self.inputs(), routes)
    }
}

/// `CN 60%`, with `listed` or `blocked` behind it.
fn owner(text: &str) -> Owner {
    let words: Vec<&str> = text.split(' ').collect();
    Owner {
        name: "an owner".into(),
        country: words[0].parse().unwrap(),
        share: words[1].parse().unwrap(),
        listed: words.contains(&"listed"),
        blocked: words.contains(&"blocked"),
    }
}

/// `kind:party:places`.
fn basis(text: &str) -> Basis {
    let parts: Vec<&str> = text.split(':').collect();
    let places = parts.get(2).copied().unwrap_or_default();
    let kind = parts[0].to_owned();
    assert!(CATALOGUE.basis.get(&kind).is_some(), "{kind}");
    Basis {
        id: format!("{kind}-1"),
        kind,
        party: parts.get(1).filter(|party| !party.is_empty()).map(|party| (*party).to_owned()),
        backend: None,
        organisation: None,
        countries: places
            .split(',')
            .filter(|place| !place.is_empty())
            .map(|place| place.parse().unwrap())
            .collect(),
        from: None,
        until: None,
    }
}

/// The rules that refuse this backend, in the order told.
pub fn rules_against<'a>(decided: &'a Lawful, backend: &str) -> Vec<&'a str> {
    let of = decided.refused.iter().filter(|refused| refused.backend.as_str() == backend);
    of.map(|refused| refused.rule.as_str()).collect()
}
