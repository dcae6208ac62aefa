//! Routes: a backend and a model, with all that is known of where a call goes, who runs it, and what is not known.
//!
//! What a configuration declares goes before what the catalogue says. Nothing is guessed: what neither says is unknown,
//! and every unknown fact carries the mend that would make it known.

use crate::catalogue::{Catalogue, Copies, Operator, Profile, Region, Status, Storage};
use crate::{Date, Place, Places};
use std::collections::BTreeSet;
use units::BackendName;

/// What a configuration says of a backend for one model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declared {
    /// The vendor's code of the endpoint's region, or the operator's own word.
    pub region: Option<String>,
    /// The kind of endpoint: a profile's id such as `bedrock:eu.`, or its key alone where only one has it.
    pub profile: Option<String>,
    /// The countries it processes in, where the region is not in the catalogue.
    pub country: Vec<Place>,
    /// The destination list that the vendor's interface gave for this account: regions.
    pub destinations: Vec<String>,
    /// When that list was read.
    pub destinations_read: Option<Date>,
    /// Where data at rest lies: regions, places or groups.
    pub storage: Vec<String>,
    /// Regions in which it was verified that no copies are kept.
    pub retention_none_in: Vec<String>,
    /// That the vendor names a place for this model.
    pub place_promised: bool,
    /// Who sells it, by id.
    pub vendor: Option<String>,
    /// With whom the contract to process is, by id.
    pub processor: Option<String>,
    /// Who runs the machines, by id.
    pub operator: Option<String>,
    /// The organisation runs the machines itself.
    pub own: bool,
    /// The country of the organisation that runs the plane, for machines of its own.
    pub home: Option<Place>,
    /// `own`, `rented` or `vendor`.
    pub hardware: Option<String>,
    /// The export-control class of the chips: `3a090`, or `none`.
    pub chips: Option<String>,
    /// Attested qualities of the staff, such as `us-persons`.
    pub personnel: Vec<String>,
    /// Countries in which the operator has an establishment.
    pub establishment: Vec<Place>,
    /// Who trained the model, by id.
    pub developer: Option<String>,
    /// The model's filing number with an authority.
    pub filing: Option<String>,
}

/// A fact that nobody knows, and how to make it known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// What is not known.
    pub what: String,
    /// What to write where.
    pub mend: String,
}

/// A way that a call may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The backend.
    pub backend: BackendName,
    /// Where the call may be processed.
    pub processing: Places,
    /// Where it is kept at rest.
    pub storage: Places,
    /// Where copies of it may be kept to detect abuse.
    pub copies: Places,
    /// Who sells it.
    pub vendor: Option<String>,
    /// With whom the contract to process is.
    pub processor: Option<String>,
    /// Who runs the machines.
    pub operator: Option<String>,
    /// Where the operator is established.
    pub operator_country: Option<Place>,
    /// Whom the staff belong to: a place or group.
    pub staff: Option<String>,
    /// Attested qualities of the staff.
    pub personnel: Vec<String>,
    /// Who owns the operator.
    pub parent: Option<String>,
    /// Where that is established.
    pub parent_country: Option<Place>,
    /// Every country whose law reaches operator or owner; empty when unknown.
    pub control: Vec<Place>,
    /// Where the technology comes from.
    pub technology: Option<Place>,
    /// Where the operator has establishments.
    pub establishment: BTreeSet<Place>,
    /// Whether the organisation runs the machines itself.
    pub own: bool,
    /// `own`, `rented` or `vendor`.
    pub hardware: String,
    /// The class of its chips, where it is known.
    pub chips: Option<String>,
    /// Who trained the model.
    pub developer: Option<String>,
    /// Where its developer is established.
    pub model_origin: Option<Place>,
    /// The model's filing number.
    pub filing: Option<String>,
    /// When the destination list was read; none when it is the catalogue's.
    pub destinations_read: Option<Date>,
    /// Whether the destinations are a list that was read.
    pub listed: bool,
    /// What is not known.
    pub gaps: Vec<Gap>,
}

impl Route {
    /// Where the call or any copy of it may be.
    pub fn reach(&self) -> Places {
        self.processing.clone().and(&self.storage).and(&self.copies)
    }

    /// `processing DE,FR; storage FR; copies DE,FR`: the claim, for the record.
    pub fn claim(&self) -> String {
        format!("processing {}; storage {}; copies {}", self.processing, self.storage, self.copies)
    }
}

/// What is being put together.
struct Draft<'a> {
    catalogue: &'a Catalogue,
    declared: &'a Declared,
    region: Option<&'a Region>,
    profile: Option<&'a Profile>,
    developer: Option<String>,
    gaps: Vec<Gap>,
}

impl Catalogue {
    /// The route to `backend` for a model that the vendor calls `model`.
    pub fn route(&self, backend: BackendName, declared: &Declared, model: &str) -> Route {
        let developer =
            declared.developer.clone().or_else(|| self.developer_of(model).map(|one| one.id.clone()));
        let region = declared.region.as_deref().and_then(|code| self.region.get(code));
        let mut draft =
            Draft { catalogue: self, declared, region, profile: None, developer, gaps: Vec::new() };
        draft.profile = draft.find_profile(model);
        let (processing, destinations) = draft.processing();
        let storage = draft.storage(&processing);
        let copies = draft.copies(&processing, destinations);
        let operator = draft.operator();
        draft.check_operator(operator.as_ref());
        draft.finish(backend, [processing, storage, copies], operator.as_ref())
    }

    /// The profile of that id, or the only one with that key.
    pub fn profile_of(&self, name: &str) -> Option<&Profile> {
        let by_key = || {
            let mut all =
                self.profile.iter().filter(|one| one.id.split_once(':').is_some_and(|(_, key)| key == name));
            all.next().filter(|_| all.next().is_none())
        };
        self.profile.get(name).or_else(by_key)
    }
}

impl<'a> Draft<'a> {
    fn gap(&mut self, what: impl Into<String>, mend: impl Into<String>) -> Places {
        self.gaps.push(Gap { what: what.into(), mend: mend.into() });
        Places::Unknown
    }

    fn find_profile(&mut self, model: &str) -> Option<&'a Profile> {
        if let Some(name) = &self.declared.profile {
            let found = self.catalogue.profile_of(name);
            if found.is_none() {
                self.gap(
                    format!("the kind of endpoint `{name}`"),
                    "`offtake policy catalogue list` shows those there are",
                );
            }
            return found;
        }
        match self.region?.cloud.as_str() {
            "aws" => self.catalogue.profile.get(&format!("bedrock:{}", bedrock_key(self.catalogue, model)?)),
            "gcp" => self.catalogue.profile.get("vertex:locations/region"),
            _ => None,
        }
    }

    /// The offer for this model's developer, where it differs.
    fn offer(&self) -> Option<&'a crate::catalogue::Offer> {
        self.profile?.by_developer.get(self.developer.as_deref()?)
    }

    /// Where calls go, and the regions that these places are.
    fn processing(&mut self) -> (Places, Vec<String>) {
        if !self.declared.destinations.is_empty() {
            let regions = self.declared.destinations.clone();
            return (self.regions(&regions, "destination"), regions);
        }
        let Some(profile) = self.profile else { return (self.processing_without_profile(), Vec::new()) };
        if profile.promise && !self.declared.place_promised {
            let what = format!(
                "where `{}` processes this model: the vendor names a place only for some",
                profile.id
            );
            return (
                self.gap(
                    what,
                    "set `place_promised = true` when the model is in the vendor's residency table",
                ),
                Vec::new(),
            );
        }
        if self.offer().is_some_and(|offer| !offer.offered) {
            let what = format!("where `{}` processes this model: it is not offered for it", profile.id);
            return (self.gap(what, "set `profile` to the kind of endpoint that serves it"), Vec::new());
        }
        let source = self.declared.region.as_deref().unwrap_or_default();
        if !profile.sources.is_empty() && !profile.sources.iter().any(|one| one == source) {
            let what = format!(
                "where `{}` goes from `{source}`: it is not known to be called from there",
                profile.id
            );
            return (
                self.gap(what, "set `destinations` to the list that the vendor gives for this account"),
                Vec::new(),
            );
        }
        let words: Vec<String> = profile.processing.iter().chain(&profile.maybe).cloned().collect();
        if words.iter().any(|word| word == "*") {
            return (Places::Everywhere, Vec::new());
        }
        let mut places = Places::Known(BTreeSet::new());
        let mut regions = Vec::new();
        for word in words {
            let region = if word == "source" { source.to_owned() } else { word };
            let found = match region.as_str() {
                "zone" => self.zone(profile),
                "" => self.gap("the endpoint's region", "set `region` to the vendor's code for it"),
                code => self.regions(&[code.to_owned()], "region"),
            };
            places = places.and(&found);
            regions.push(region);
        }
        (places, regions)
    }

    fn processing_without_profile(&mut self) -> Places {
        if !self.declared.country.is_empty() {
            return Places::Known(self.declared.country.iter().copied().collect());
        }
        match self.region {
            Some(region) if region.cloud == "azure" => {
                let mend = "set `profile` to `foundry:Standard`, `foundry:DataZoneStandard` or `foundry:GlobalStandard`";
                self.gap("the type of deployment, which decides where it processes", mend)
            }
            Some(region) if matches!(region.cloud.as_str(), "aws" | "gcp") => {
                self.gap("where this profile goes: its name does not say", "set `profile` or `destinations`")
            }
            Some(region) => self.regions(std::slice::from_ref(&region.id), "region"),
            None => {
                let mend = "set `region` to a region of the catalogue, or `country` to where it processes";
                self.gap("where it processes", mend)
            }
        }
    }

    /// The places of regions, of which each may also be a place or a group.
    fn regions(&mut self, words: &[String], what: &str) -> Places {
        let mut places = BTreeSet::new();
        for word in words {
            match self.catalogue.region.get(word) {
                Some(region) if region.status == Status::Unconfirmed => {
                    let mend = "confirm its country in a catalogue file of your own";
                    return self.gap(format!("the place of {what} `{word}` for certain"), mend);
                }
                Some(region) => {
                    places.insert(region.place);
                }
                None => match self.catalogue.area([word]) {
                    Ok(area) => places.extend(area.spread()),
                    Err(_) => {
                        let mend = "add the region to a catalogue file of your own";
                        return self.gap(format!("where {what} `{word}` is"), mend);
                    }
                },
            }
        }
        Places::Known(places)
    }

    /// The zone that the endpoint's region lies in.
    fn zone(&mut self, profile: &Profile) -> Places {
        let offered =
            self.offer().and_then(|offer| offer.zones.clone()).unwrap_or_else(|| profile.zones.clone());
        let place = self.region.map(|region| region.place);
        for zone in &offered {
            if let (Some(place), Ok(area)) = (place, self.catalogue.area([zone]))
                && area.spread().any(|one| place.is_in(one))
            {
                return Places::Known(area.spread().collect());
            }
        }
        let what = format!("which data zone it is: the zones for this model are {}", offered.join(", "));
        self.gap(what, "set `region` to the resource's region")
    }

    fn storage(&mut self, processing: &Places) -> Places {
        if !self.declared.storage.is_empty() {
            let words = self.declared.storage.clone();
            return self.regions(&words, "storage");
        }
        let mend = "set `storage` to where the vendor keeps data at rest";
        match (self.profile.map(|profile| profile.storage), self.region) {
            (Some(Storage::Source), Some(region)) => {
                let code = region.id.clone();
                self.regions(&[code], "region")
            }
            (Some(Storage::Resource), Some(region)) if region.geography.is_empty() => {
                Places::one(region.place)
            }
            (Some(Storage::Resource), Some(region)) => {
                Places::Known(region.geography.iter().copied().collect())
            }
            (None, _) if self.declared.own => processing.clone(),
            _ => self.gap("where data is stored", mend),
        }
    }

    fn copies(&mut self, processing: &Places, regions: Vec<String>) -> Places {
        let at_destinations = self.profile.is_some_and(|profile| profile.copies == Copies::Destinations);
        if !at_destinations {
            return Places::Known(BTreeSet::new());
        }
        let Places::Known(_) = processing else { return processing.clone() };
        let kept: Vec<String> =
            regions.into_iter().filter(|region| !self.declared.retention_none_in.contains(region)).collect();
        self.regions(&kept, "destination")
    }

    fn operator(&self) -> Option<Operator> {
        let from_profile = || self.profile.and_then(|profile| profile.operator.clone());
        let from_region = || self.region.map(|region| region.operator.clone());
        let id = self
            .declared
            .operator
            .clone()
            .or_else(|| if self.declared.own { None } else { from_profile().or_else(from_region) });
        id.and_then(|id| self.catalogue.operator.get(&id).cloned())
    }

    fn check_operator(&mut self, operator: Option<&Operator>) {
        if self.declared.own && self.declared.operator.is_none() {
            if self.declared.home.is_none() {
                self.gap("who runs the plane's own machines", "set `country` in `[residency]`");
            }
            return;
        }
        match operator {
            None => {
                let mend = "set `operator` to an operator of the catalogue, or `own = true`";
                self.gap("who runs it", mend);
            }
            Some(operator) if operator.control.is_empty() || operator.country.is_none() => {
                let mend = "add `country` and `control` to the operator in a catalogue file of your own";
                self.gap(format!("who controls `{}`", operator.id), mend);
            }
            Some(_) => {}
        }
    }

    fn finish(self, backend: BackendName, places: [Places; 3], operator: Option<&Operator>) -> Route {
        let [processing, storage, copies] = places;
        let own = self.declared.own;
        let home = if own { self.declared.home } else { None };
        let by_developer = self.offer().and_then(|offer| offer.processor.clone());
        let profile = self.profile;
        let id = operator.map(|operator| operator.id.clone());
        let ours = own.then(|| "self".to_owned());
        let developer = self.developer.as_deref().and_then(|id| self.catalogue.developer.get(id));
        let declared = self.declared;
        let part = operator;
        let mut personnel = part.map(|one| one.personnel.clone()).unwrap_or_default();
        personnel.extend(declared.personnel.iter().cloned());
        let mut establishment: BTreeSet<Place> =
            part.map(|one| one.establishment.iter().copied().collect()).unwrap_or_default();
        establishment.extend(declared.establishment.iter().copied().chain(home));
        Route {
            backend,
            processing,
            storage,
            copies,
            vendor: declared
                .vendor
                .clone()
                .or_else(|| profile.map(|one| one.vendor.clone()))
                .or_else(|| id.clone()),
            processor: (declared.processor.clone())
                .or(by_developer)
                .or_else(|| profile.map(|one| one.processor.clone()))
                .or_else(|| ours.clone())
                .or_else(|| id.clone()),
            operator: id.or(ours),
            operator_country: part.and_then(|one| one.country).or(home),
            staff: part.and_then(|one| one.staff.clone()).or_else(|| home.map(|home| home.to_string())),
            personnel,
            parent: part.and_then(|one| one.parent.clone()),
            parent_country: part.and_then(|one| one.parent_country).or(home),
            control: part.map_or_else(|| home.into_iter().collect(), |one| one.control.clone()),
            technology: part.and_then(|one| one.technology).or(home),
            establishment,
            own,
            hardware: declared
                .hardware
                .clone()
                .unwrap_or_else(|| if own { "own" } else { "vendor" }.to_owned()),
            chips: declared.chips.clone(),
            developer: self.developer.clone(),
            model_origin: developer.map(|one| one.place),
            filing: declared.filing.clone(),
            destinations_read: declared.destinations_read,
            listed: !declared.destinations.is_empty(),
            gaps: self.gaps,
        }
    }
}

/// Which Bedrock profile a model id or ARN is: its prefix, or `region` for a bare id. None for an application's own
/// profile, whose name says nothing.
fn bedrock_key(catalogue: &Catalogue, model: &str) -> Option<String> {
    if model.contains("application-inference-profile") || model.contains("prompt-router") {
        return None;
    }
    let name = model.rsplit('/').next().unwrap_or(model);
    let keys = catalogue.profile.iter().filter_map(|profile| profile.id.strip_prefix("bedrock:"));
    let prefix = keys.filter(|key| key.ends_with('.')).find(|key| name.starts_with(*key));
    Some(prefix.map_or_else(|| "region".to_owned(), str::to_owned))
}
