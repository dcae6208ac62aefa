//! The entries of a catalogue as they are written. Each has an id, a source, a day and a confidence.

use crate::{Area, Date, Place, Share};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How sure the source makes us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A document says so, or it is common knowledge.
    High,
    /// Read in excerpts, or remembered.
    Medium,
    /// A hint.
    Low,
}

/// Gives each kind of entry what all have: id, source, day and confidence.
macro_rules! entry {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// What it is referred to by.
            pub id: String,
            $($(#[$field_doc])* pub $field: $type,)*
            /// Where the facts come from; `[K]` is memory.
            pub source: String,
            /// When they were last checked; the file's day when not given.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub checked: Option<Date>,
            /// How sure the source makes us.
            pub confidence: Confidence,
        }

        impl super::Entry for $name {
            fn id(&self) -> &str {
                &self.id
            }

            fn check(&mut self, on: Date) {
                self.checked.get_or_insert(on);
            }
        }
    };
}

entry!(
    /// A vendor's code for a place.
    Region {
        /// `aws`, `azure`, `gcp` or the operator's own word.
        cloud: String,
        /// Where it stands.
        place: Place,
        /// The town or area, for people.
        #[serde(default)]
        city: String,
        /// The account space it belongs to.
        #[serde(default)]
        partition: String,
        /// Who runs it: an operator's id.
        operator: String,
        /// `general`, `restricted`, `announced`, `classified` or `unconfirmed`; the place of the last is not certain.
        status: Status,
        /// Whether an account must switch it on; empty when not.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        opt_in: String,
        /// When it opened, a day or a month.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        opened: String,
        /// Whether Bedrock has an endpoint there, for AWS.
        #[serde(skip_serializing_if = "Option::is_none")]
        bedrock: Option<bool>,
        /// Where data at rest may lie when that is more than `place`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        geography: Vec<Place>,
        /// What a reader should know.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        note: String,
    }
);

/// Whether a region is open, and sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Open to all.
    General,
    /// Open on request.
    Restricted,
    /// Said to come.
    Announced,
    /// For cleared customers.
    Classified,
    /// Its place is not known for certain.
    Unconfirmed,
}

/// Where data at rest lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Storage {
    /// In the endpoint's own region.
    Source,
    /// In the geography of the endpoint's region.
    Resource,
    /// Where the customer's settings say, so the backend must say it too.
    Declared,
}

/// Where a vendor keeps copies to detect abuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Copies {
    /// Wherever the call was processed.
    Destinations,
    /// Where data at rest lies.
    Storage,
}

/// What differs for the models of one developer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// Who processes for the customer instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processor: Option<String>,
    /// The zones that exist for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zones: Option<Vec<String>>,
    /// Whether it is offered for them at all.
    #[serde(default = "yes")]
    pub offered: bool,
}

const fn yes() -> bool {
    true
}

entry!(
    /// A kind of endpoint: where it may process a call. The id is `vendor's interface:key`, such as `bedrock:eu.`.
    Profile {
        /// Who sells it.
        vendor: String,
        /// With whom the customer has the contract to process.
        processor: String,
        /// Who runs the machines, where that is not the region's operator.
        #[serde(skip_serializing_if = "Option::is_none")]
        operator: Option<String>,
        /// Regions, places, groups, `source`, `zone` or `*`.
        processing: Vec<String>,
        /// Also possible, so they count.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        maybe: Vec<String>,
        /// Regions it can be called from; any when empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        sources: Vec<String>,
        /// For `zone`: the zones there are.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        zones: Vec<String>,
        /// Where data at rest lies.
        storage: Storage,
        /// Where copies lie.
        copies: Copies,
        /// Whether the vendor names a place only for some models.
        #[serde(default)]
        promise: bool,
        /// What differs for some developers' models.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        by_developer: BTreeMap<String, Offer>,
        /// What a reader should know.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        note: String,
    }
);

entry!(
    /// Who runs machines, and who controls it. What is left out is unknown.
    Operator {
        /// Its full name.
        name: String,
        /// Where it is established.
        #[serde(skip_serializing_if = "Option::is_none")]
        country: Option<Place>,
        /// A place or group that all staff with access belong to, where that is promised.
        #[serde(skip_serializing_if = "Option::is_none")]
        staff: Option<String>,
        /// Attested qualities of the staff.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        personnel: Vec<String>,
        /// Its ultimate owner.
        #[serde(skip_serializing_if = "Option::is_none")]
        parent: Option<String>,
        /// Where that is established.
        #[serde(skip_serializing_if = "Option::is_none")]
        parent_country: Option<Place>,
        /// Every country whose law reaches it or its owner.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        control: Vec<Place>,
        /// Where its technology comes from.
        #[serde(skip_serializing_if = "Option::is_none")]
        technology: Option<Place>,
        /// Countries in which it has an establishment.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        establishment: Vec<Place>,
    }
);

entry!(
    /// Who trained models.
    Developer {
        /// Its full name.
        name: String,
        /// Where it is established.
        place: Place,
        /// Words in the names of its models.
        words: Vec<String>,
        /// Whether anyone can run its models.
        #[serde(default)]
        open: bool,
    }
);

/// A member of a group: a place or group, for good or for a time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Member {
    /// For good.
    Always(String),
    /// For a time; both ends belong to it.
    Dated(Spell),
}

/// A place or group, for a time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Spell {
    /// The place or group.
    pub place: String,
    /// The first day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// The last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

entry!(
    /// Countries that rules speak of together.
    Group {
        /// What they are.
        name: String,
        /// The members.
        members: Vec<Member>,
        /// Parts of members that are not.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        except: Vec<Place>,
    }
);

/// A word that requests, rules and the register use.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// The word.
    pub id: String,
    /// What it means.
    pub about: String,
    /// For data: the classes that the same data also belong to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub implies: Vec<String>,
    /// For a basis: whose paper it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub party: Option<Party>,
    /// For a basis: all that it can ever cover; anything when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Place>,
}

impl super::Entry for Term {
    fn id(&self) -> &str {
        &self.id
    }

    fn check(&mut self, _on: Date) {}
}

/// Whose paper a basis is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Party {
    /// Whoever processes for the customer.
    Processor,
    /// Whoever runs the machines.
    Operator,
    /// The customer itself.
    Caller,
}

entry!(
    /// A rule, with what makes it apply and what satisfies it.
    Rule {
        /// Whose law it is; `-` for terms and technical rules.
        jurisdiction: String,
        /// Its name.
        name: String,
        /// The first day it does anything.
        #[serde(skip_serializing_if = "Option::is_none")]
        in_force: Option<Date>,
        /// The last.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Date>,
        /// Spans of days on which it did nothing; both ends belong to them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        suspended: Vec<(Date, Date)>,
        /// `in_force`, `scheduled`, `unsettled`, `draft` or `guidance`.
        status: String,
        /// What it does on the whole: `deny`, `deny_unless_basis`, `oblige`, `record` or `advise`.
        default: String,
        /// In a sentence.
        requires: String,
        /// `D`: a document was read. `K`: memory.
        #[serde(default)]
        basis: String,
        /// What it does, exactly.
        #[serde(default, rename = "clause")]
        clauses: Vec<Clause>,
    }
);

/// What a clause does to a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Refuses it, unless a line of `lawful` holds.
    Deny,
    /// Lets it, with duties.
    Oblige,
    /// Lets it, and puts that the rule was in play on record.
    Record,
    /// Lets it, and says what is good practice.
    Advise,
}

/// One part of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// What it does.
    pub effect: Effect,
    /// It applies when all of one of these holds.
    pub when: Vec<When>,
    /// It is satisfied when all of one of these holds.
    #[serde(default)]
    pub lawful: Vec<Need>,
    /// The duties it attaches.
    #[serde(default)]
    pub oblige: Vec<String>,
    /// In words, where nothing satisfies it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What would make it lawful, where that cannot be told from `lawful`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

/// Conditions on a request and a route, all of which must hold. An empty list asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// The caller's or the data subjects' country is one of these.
    #[serde(skip_serializing_if = "Area::is_empty")]
    pub jurisdiction: Area,
    /// The data subjects' country is one of these.
    #[serde(skip_serializing_if = "Area::is_empty")]
    pub subject: Area,
    /// The data are of one of these classes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<String>,
    /// Some data are not public.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub above_public: bool,
    /// It is for one of these sectors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sector: Vec<String>,
    /// It is for one of these uses.
    #[serde(rename = "use", skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<String>,
    /// The caller is established in one of these.
    #[serde(skip_serializing_if = "Area::is_empty")]
    pub caller: Area,
    /// The caller is a blocked party itself.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub blocked: bool,
    /// Who owns the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owned: Option<Owned>,
    /// The model is of one of these developers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub developer: Vec<String>,
    /// The organisation runs the machines itself, or does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own: Option<bool>,
    /// The machines are one of `own`, `rented`, `vendor`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hardware: Vec<String>,
    /// The machines hold one of these classes of chip.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chips: Vec<String>,
    /// The law of one of these reaches the operator or its owner.
    #[serde(skip_serializing_if = "Area::is_empty")]
    pub control: Area,
    /// The law of some country beside these does.
    #[serde(skip_serializing_if = "Area::is_empty")]
    pub control_outside: Area,
    /// The call or its data may reach one of these.
    #[serde(skip_serializing_if = "Area::is_empty")]
    pub reaches: Area,
    /// They may reach a place beside these.
    #[serde(skip_serializing_if = "Area::is_empty")]
    pub reaches_outside: Area,
    /// From this day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// Until this day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

/// How much of the caller certain owners have.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Owned {
    /// Owners in these places.
    #[serde(default, skip_serializing_if = "Area::is_empty")]
    pub inside: Area,
    /// Owners in no such place.
    #[serde(default, skip_serializing_if = "Area::is_empty")]
    pub outside: Area,
    /// Owners on an export-control list.
    #[serde(default)]
    pub listed: bool,
    /// Blocked owners.
    #[serde(default)]
    pub blocked: bool,
    /// They have more than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over: Option<Share>,
    /// They have this much or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Share>,
    /// What it means that nobody declared who owns the caller.
    #[serde(default)]
    pub undeclared: Undeclared,
}

/// What it means that nobody declared who owns the caller.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Undeclared {
    /// It counts against the caller.
    #[default]
    Applies,
    /// Nobody is presumed to be owned so.
    Passes,
}

/// What makes a route lawful, all of which must hold. It looks at the route, the caller and the register only: never at
/// what a request adds, so that a request that says more is never allowed more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Need {
    /// Processing stays in these, or is covered.
    #[serde(skip_serializing_if = "Area::is_empty")]
    pub processing: Area,
    /// Storage and copies stay in these, or are covered.
    #[serde(skip_serializing_if = "Area::is_empty")]
    pub storage: Area,
    /// Neither reaches these, unless covered.
    #[serde(skip_serializing_if = "Area::is_empty")]
    pub avoid: Area,
    /// Kinds of basis that cover other places.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub covered: Vec<String>,
    /// One of these kinds of basis is in the register.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub basis: Vec<String>,
    /// The operator has an establishment in one of these.
    #[serde(skip_serializing_if = "Area::is_empty")]
    pub establishment: Area,
    /// The staff have one of these qualities.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub personnel: Vec<String>,
    /// Operator, owner and everyone whose law reaches them are of these.
    #[serde(skip_serializing_if = "Area::is_empty")]
    pub control: Area,
    /// The operator is of one of these.
    #[serde(skip_serializing_if = "Area::is_empty")]
    pub operator: Area,
    /// No place, operator or owner is of these.
    #[serde(skip_serializing_if = "Area::is_empty")]
    pub none_in: Area,
    /// The caller is established in one of these.
    #[serde(skip_serializing_if = "Area::is_empty")]
    pub caller: Area,
    /// The caller is not owned so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_owned: Option<Owned>,
    /// The model has a filing number.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub filing: bool,
    /// The caller has named who oversees.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub overseer: bool,
    /// All places are known.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub located: bool,
    /// Data of at most so many people leave in a year.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub people_max: Option<u64>,
    /// Sensitive data of at most so many people leave in a year.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensitive_max: Option<u64>,
    /// From this day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// Until this day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}
