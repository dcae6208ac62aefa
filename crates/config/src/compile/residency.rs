//! From what the file says of places, operators, organisations and papers to the residency that serves.

use super::{Compiler, Text};
use crate::file;
use crate::snapshot::{Backend, BackendKind, Model};
use geography::{
    Area, Basis, Caller, Catalogue, Date, Declaration, Declared, Entries, Entry, Owner, Ownership, Place,
    Register, Residency, Restrictions, Settings,
};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use toml::Spanned;
use units::ModelName;

/// Stands for a destination list that was not read yet: no region, so nobody knows where calls go.
const UNREAD: &str = "not read yet";

/// A catalogue is warned of when it is older, in days, and the file says nothing else.
const CATALOGUE_DAYS_WARN: u32 = 180;

/// What is restricted, in the plane's section or an organisation's: the same fields in both.
struct Asked<'a> {
    data_class: &'a Option<Vec<Text>>,
    subject_country: &'a Option<Vec<Text>>,
    sector: &'a Option<Vec<Text>>,
    uses: &'a Option<Vec<Text>>,
    processing: &'a Option<Vec<Text>>,
    storage: &'a Option<Vec<Text>>,
    control: &'a Option<Spanned<u64>>,
}

/// Reads the fields of [`Asked`] off a section.
macro_rules! asked {
    ($raw:expr) => {
        Asked {
            data_class: &$raw.data_class,
            subject_country: &$raw.subject_country,
            sector: &$raw.sector,
            uses: &$raw.uses,
            processing: &$raw.processing,
            storage: &$raw.storage,
            control: &$raw.control,
        }
    };
}

impl Compiler<'_> {
    /// The built-in catalogue with the operator's files over it.
    pub(super) fn catalogue(&mut self) -> Option<Catalogue> {
        let names = self.file.raw.residency.as_ref().and_then(|raw| raw.catalogues.as_ref());
        let names = names.map(Vec::as_slice).unwrap_or_default();
        let mut files = Vec::new();
        for name in names {
            files.push((name.get_ref().as_str(), self.include(name, "catalogue")?));
        }
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        match Catalogue::with(&files) {
            Ok(catalogue) => Some(catalogue),
            Err(error) => {
                let at = names.iter().find(|name| *name.get_ref() == error.file);
                let message = error.to_string();
                match at {
                    Some(at) => {
                        self.problem(at, message).hint = (!error.mend.is_empty()).then_some(error.mend)
                    }
                    None => self.problems.push(crate::Problem::whole(message)),
                }
                None
            }
        }
    }

    pub(super) fn residency(
        &mut self,
        catalogue: Catalogue,
        models: &HashMap<ModelName, Arc<Model>>,
        policy: Option<&policy::Policy>,
    ) -> Option<Residency> {
        let always = self.file.raw.residency.is_some();
        let raw = self.file.raw.residency.clone().unwrap_or_default();
        self.place_of(raw.country.as_ref())?;
        let mut asked = self.asked(&asked!(raw), &catalogue)?;
        if always && asked.data.is_empty() {
            // What nobody calls anything else is held to be about people.
            asked.data.insert("personal".into());
        }
        let hands = self.area(&raw.control_within, &catalogue)?;
        let mut organisations = BTreeMap::new();
        for organisation in &raw.organisations {
            let declaration = self.organisation(organisation, &catalogue)?;
            if organisations.insert(organisation.name.get_ref().clone(), declaration).is_some() {
                let message = format!("there is a second organisation `{}`", organisation.name.get_ref());
                self.problem(&organisation.name, message);
            }
        }
        let register = self.register(&raw, &catalogue)?;
        let policies = self.attached(policy, &catalogue)?;
        let routes = models.values().map(|model| (model.name.clone(), routes(model, &catalogue))).collect();
        Some(Residency::new(Settings {
            always,
            catalogue,
            register,
            asked,
            hands,
            organisations,
            policies,
            routes,
            catalogue_days_warn: Some(raw.catalogue_days_warn.unwrap_or(CATALOGUE_DAYS_WARN).into()),
            catalogue_days_max: raw.catalogue_days_max.map(Into::into),
            destinations_days_max: raw.destinations_days_max.map(Into::into),
        }))
    }

    /// What policies ask of the calls that they permit: `@residency("data-class=health; processing=EEA")`.
    fn attached(
        &mut self,
        policy: Option<&policy::Policy>,
        catalogue: &Catalogue,
    ) -> Option<BTreeMap<String, Restrictions>> {
        let mut attached = BTreeMap::new();
        for (id, text) in policy.map(|policy| policy.annotated("residency")).unwrap_or_default() {
            let mut asked = Restrictions::default();
            if let Err(error) = asked.add_all(catalogue, &text) {
                let files = self.file.raw.policy.as_ref().map(|raw| raw.files.span()).unwrap_or_default();
                let message = format!("policy `{id}`: `@residency(\"{text}\")`: {}", error.message);
                self.problems.push(crate::Problem::at(files, message).hint(error.mend));
                return None;
            }
            attached.insert(id, asked);
        }
        Some(attached)
    }

    fn asked(&mut self, raw: &Asked<'_>, catalogue: &Catalogue) -> Option<Restrictions> {
        let mut asked = Restrictions::default();
        let lists = [
            ("data-class", raw.data_class),
            ("subject-country", raw.subject_country),
            ("sector", raw.sector),
            ("use", raw.uses),
        ];
        let mut sound = true;
        for (field, words) in lists {
            for word in words.iter().flatten() {
                if let Err(error) = asked.add(catalogue, field, word.get_ref()) {
                    self.problem(word, error.message).hint = Some(error.mend);
                    sound = false;
                }
            }
        }
        if let Some(control) = raw.control
            && let Err(error) = asked.add(catalogue, "control", &control.get_ref().to_string())
        {
            self.problem(control, error.message).hint = Some(error.mend);
            sound = false;
        }
        asked.processing.extend(self.area(raw.processing, catalogue)?);
        asked.storage.extend(self.area(raw.storage, catalogue)?);
        sound.then_some(asked)
    }

    fn organisation(
        &mut self,
        raw: &file::ResidencyOrganisation,
        catalogue: &Catalogue,
    ) -> Option<Declaration> {
        let asked = self.asked(&asked!(raw), catalogue)?;
        let caller = Caller {
            organisation: Some(raw.name.get_ref().clone()),
            country: self.place_of(raw.country.as_ref())?,
            ownership: self.ownership(raw)?,
            hands: self.area(&raw.control_within, catalogue)?,
            blocked: raw.blocked.unwrap_or(false),
            overseer: raw.overseer.clone(),
            people: raw.people_exported,
            people_sensitive: raw.people_exported_sensitive,
        };
        Some(Declaration { caller, asked })
    }

    fn ownership(&mut self, raw: &file::ResidencyOrganisation) -> Option<Ownership> {
        let Some(owners) = &raw.owners else {
            if raw.owners_rest_checked.is_some() || raw.owners_source.is_some() || raw.owners_date.is_some() {
                self.problem(&raw.name, "there are no `owners` that this could be about").hint =
                    Some("write `owners = []` where nobody has to be named".to_owned());
                return None;
            }
            return Some(Ownership::Undeclared);
        };
        let (Some(source), Some(date)) = (&raw.owners_source, &raw.owners_date) else {
            self.problem(&raw.name, "`owners` need `owners_source` and `owners_date`").hint =
                Some("say where the shares come from and when they were so".to_owned());
            return None;
        };
        let date = Some(self.parsed::<Date>(date)?);
        let mut list = Vec::new();
        let mut sum = Some(geography::Share::ZERO);
        for owner in owners {
            let share: geography::Share = self.parsed(&owner.share)?;
            sum = sum.and_then(|sum| sum.plus(share));
            if sum.is_none() {
                self.problem(&owner.share, "the owners have more than the whole together");
                return None;
            }
            list.push(Owner {
                name: owner.name.clone(),
                country: self.parsed(&owner.country)?,
                share,
                listed: owner.listed.unwrap_or(false),
                blocked: owner.blocked.unwrap_or(false),
            });
        }
        let rest_checked = raw.owners_rest_checked.unwrap_or(false);
        Some(Ownership::Declared { owners: list, rest_checked, source: source.clone(), date })
    }

    fn register(&mut self, raw: &file::Residency, catalogue: &Catalogue) -> Option<Register> {
        let mut register = Register::default();
        let mut sound = true;
        for kind in raw.withdrawn.iter().flatten() {
            sound &= self.word(kind, "kind of basis", &catalogue.basis);
            register.withdrawn.insert(kind.get_ref().clone());
        }
        for basis in &raw.bases {
            sound &= self.word(&basis.kind, "kind of basis", &catalogue.basis);
            let party = catalogue.basis.get(basis.kind.get_ref()).and_then(|kind| kind.party);
            match &basis.party {
                Some(party) => sound &= self.operator(party, catalogue),
                None if matches!(party, Some(geography::Party::Processor | geography::Party::Operator)) => {
                    let message = format!("a `{}` is a paper with somebody", basis.kind.get_ref());
                    let hint = format!("say with whom as `party`: one of {}, self", catalogue.operator.ids());
                    self.problem(&basis.kind, message).hint = Some(hint);
                    sound = false;
                }
                None => {}
            }
            if let Some(backend) = &basis.backend {
                sound &= self.is_backend(backend);
            }
            register.bases.push(Basis {
                id: basis.id.clone(),
                kind: basis.kind.get_ref().clone(),
                party: text(basis.party.as_ref()),
                backend: text(basis.backend.as_ref()),
                organisation: basis.organisation.clone(),
                countries: self.places(&basis.countries)?,
                from: self.date(basis.from.as_ref())?,
                until: self.date(basis.until.as_ref())?,
            });
        }
        sound.then_some(register)
    }

    /// What the file declares of a backend.
    pub(super) fn declared(
        &mut self,
        raw: &file::Backend,
        kind: &BackendKind,
        catalogue: &Catalogue,
    ) -> Option<Declared> {
        let in_process = matches!(kind, BackendKind::Embedded { .. } | BackendKind::Echo);
        let here = self.file.raw.residency.as_ref().and_then(|raw| raw.country.as_ref());
        // A mistake in it is told once, with its section.
        let here = here.and_then(|word| word.get_ref().parse().ok());
        let mut country = self.places(&raw.country)?;
        let in_catalogue =
            raw.region.as_ref().is_some_and(|code| catalogue.region.get(code.get_ref()).is_some());
        if let (true, Some(Some(first))) = (in_catalogue, raw.country.as_ref().map(|all| all.first())) {
            self.problem(first, "the catalogue knows where this backend's `region` is").hint = Some(
                "leave `country` out, or change the region's entry in a catalogue of your own".to_owned(),
            );
        }
        if in_process && country.is_empty() {
            country.extend(here);
        }
        for list in [&raw.destinations, &raw.storage, &raw.retention_none_in] {
            self.regions(list, catalogue);
        }
        for name in [&raw.operator, &raw.processor, &raw.vendor].into_iter().flatten() {
            self.operator(name, catalogue);
        }
        if let Some(name) = &raw.profile
            && catalogue.profile_of(name.get_ref()).is_none()
        {
            self.problem(name, format!("there is no profile `{}`", name.get_ref())).hint =
                Some(format!("write one of {}", catalogue.profile.ids()));
        }
        if let Some(hardware) = &raw.hardware {
            self.one_of(hardware, "kind of hardware", &["own", "rented", "vendor"]);
        }
        if let Some(chips) = &raw.chips {
            self.one_of(chips, "class of chips", &["3a090", "none"]);
        }
        let (destinations, destinations_read) = match &raw.destinations_from {
            Some(from) => self.read_destinations(raw, from)?,
            None => (texts(&raw.destinations), self.date(raw.destinations_read.as_ref())?),
        };
        Some(Declared {
            region: text(raw.region.as_ref()),
            profile: text(raw.profile.as_ref()),
            home: here.or_else(|| country.first().copied()),
            country,
            destinations,
            destinations_read,
            storage: texts(&raw.storage),
            retention_none_in: texts(&raw.retention_none_in),
            place_promised: raw.place_promised.unwrap_or(false),
            vendor: text(raw.vendor.as_ref()),
            processor: text(raw.processor.as_ref()),
            operator: text(raw.operator.as_ref()),
            own: raw.own.unwrap_or(in_process),
            hardware: text(raw.hardware.as_ref()),
            // What runs in this process runs on its processor.
            chips: text(raw.chips.as_ref()).or_else(|| in_process.then(|| "none".to_owned())),
            personnel: raw.personnel.clone().unwrap_or_default(),
            establishment: self.places(&raw.establishment)?,
            developer: None,
            filing: None,
        })
    }

    /// The list that was read from the vendor's interface last; a list of nothing known while none was.
    fn read_destinations(&mut self, raw: &file::Backend, from: &Text) -> Option<(Vec<String>, Option<Date>)> {
        if raw.destinations.is_some() || raw.destinations_read.is_some() {
            let message = "the list is read from the vendor, or written here: not both";
            self.problem(from, message).hint =
                Some("leave `destinations` and `destinations_read` out".to_owned());
            return None;
        }
        if crate::destinations::region_of(from.get_ref()).is_none() {
            self.problem(from, "this is no address of `GetInferenceProfile`").hint =
                Some("write `https://bedrock.REGION.amazonaws.com/inference-profiles/ID`".to_owned());
            return None;
        }
        let path = self.file.data_dir().join(crate::DESTINATIONS);
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let lists: crate::Destinations = serde_json::from_str(&text).unwrap_or_default();
        let list = lists.get(raw.name.get_ref()).filter(|list| list.from == *from.get_ref());
        // It is part of what the version of a configuration stands for.
        self.read.push(list.map(|list| list.sha256.clone()).unwrap_or_default());
        Some(match list {
            Some(list) => (list.regions.clone(), list.read_at.get(..10).and_then(|day| day.parse().ok())),
            None => (vec![UNREAD.to_owned()], None),
        })
    }

    // ── words ───────────────────────────────────────────────────────────────────────────────────────────

    /// Whether the word is an id of these.
    pub(super) fn word<T: Entry>(&mut self, word: &Text, what: &str, of: &Entries<T>) -> bool {
        let known = of.get(word.get_ref()).is_some();
        if !known {
            self.problem(word, format!("there is no {what} `{}`", word.get_ref())).hint =
                Some(format!("write one of {}", of.ids()));
        }
        known
    }

    fn operator(&mut self, name: &Text, catalogue: &Catalogue) -> bool {
        name.get_ref() == "self" || self.word(name, "operator", &catalogue.operator)
    }

    fn is_backend(&mut self, name: &Text) -> bool {
        let known = self.file.raw.backends.iter().any(|backend| backend.name.get_ref() == name.get_ref());
        if !known {
            self.unknown_backend(name);
        }
        known
    }

    /// Regions of the catalogue, places or groups.
    fn regions(&mut self, words: &Option<Vec<Text>>, catalogue: &Catalogue) {
        for word in words.iter().flatten() {
            if catalogue.region.get(word.get_ref()).is_some() {
                continue;
            }
            if catalogue.area([word.get_ref()]).is_err() {
                let message =
                    format!("`{}` is no region of the catalogue, no country and no group", word.get_ref());
                self.problem(word, message).hint =
                    Some("add the region in a catalogue of your own (`residency.catalogues`)".to_owned());
            }
        }
    }

    /// The area that the words mean; nothing where nothing is written. None where one of them means nothing.
    fn area(&mut self, words: &Option<Vec<Text>>, catalogue: &Catalogue) -> Option<Option<Area>> {
        let Some(words) = words.as_ref().filter(|words| !words.is_empty()) else { return Some(None) };
        for word in words {
            if let Err(error) = catalogue.area([word.get_ref()]) {
                let geography::AreaError { mend, .. } = error.clone();
                self.problem(word, error.to_string()).hint = Some(mend);
                return None;
            }
        }
        catalogue.area(words.iter().map(|word| word.get_ref())).ok().map(Some)
    }

    fn places(&mut self, words: &Option<Vec<Text>>) -> Option<Vec<Place>> {
        words.iter().flatten().map(|word| self.parsed(word)).collect()
    }

    fn place_of(&mut self, word: Option<&Text>) -> Option<Option<Place>> {
        word.map_or(Some(None), |word| self.parsed(word).map(Some))
    }

    fn date(&mut self, word: Option<&Text>) -> Option<Option<Date>> {
        word.map_or(Some(None), |word| self.parsed(word).map(Some))
    }
}

/// The routes of a model, in order of preference.
fn routes(model: &Model, catalogue: &Catalogue) -> Vec<geography::Route> {
    let route = |backend: &Arc<Backend>| {
        let declared = Declared {
            developer: model.developer.clone(),
            filing: model.filing.clone(),
            ..backend.declared.clone()
        };
        catalogue.route(backend.name.clone(), &declared, &model.upstream_name)
    };
    model.backends.iter().map(route).collect()
}

fn text(text: Option<&Text>) -> Option<String> {
    text.map(|text| text.get_ref().clone())
}

fn texts(texts: &Option<Vec<Text>>) -> Vec<String> {
    texts.iter().flatten().map(|text| text.get_ref().clone()).collect()
}
