//! The shape of the file, section by section, as it is written; nothing is resolved here.

pub(crate) mod identity;
pub(crate) mod portal;

use crate::problem::{Problem, Problems};
use identity::Identity;
use portal::Portal;
use serde::Deserialize;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// A configuration that parses, with its text for later problems.
#[derive(Debug, Clone)]
pub struct File {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) raw: Raw,
}

type Text = Spanned<String>;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Raw {
    #[serde(default)]
    pub listen: Listen,
    #[serde(default)]
    pub data: Data,
    #[serde(default)]
    pub identity: Identity,
    pub policy: Option<Policy>,
    pub residency: Option<Residency>,
    pub retention: Option<Retention>,
    #[serde(default, rename = "backend")]
    pub backends: Vec<Backend>,
    #[serde(default, rename = "model")]
    pub models: Vec<Model>,
    #[serde(default, rename = "price")]
    pub prices: Vec<Price>,
    #[serde(default, rename = "contract")]
    pub contracts: Vec<Contract>,
    #[serde(default)]
    pub portal: Portal,
    #[serde(default)]
    pub telemetry: Telemetry,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listen {
    pub address: Option<Text>,
    pub body_bytes_max: Option<Spanned<u64>>,
    pub header_bytes_max: Option<Spanned<u64>>,
    pub connections_max: Option<Spanned<u64>>,
    pub tls: Option<Tls>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tls {
    pub certificate: Text,
    pub key: Text,
    pub client_ca: Option<Text>,
    pub client_certificate: Option<Text>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Data {
    pub dir: Option<String>,
    pub durability: Option<Text>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Policy {
    pub files: Spanned<Vec<Text>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Backend {
    pub name: Text,
    pub kind: Text,
    pub base_url: Option<Text>,
    pub key: Option<Text>,
    pub region: Option<Text>,
    pub pool: Option<Text>,
    pub provider: Option<Text>,
    pub silicon: Option<Text>,
    pub profile: Option<Text>,
    pub country: Option<Vec<Text>>,
    pub destinations: Option<Vec<Text>>,
    pub destinations_read: Option<Text>,
    pub destinations_from: Option<Text>,
    pub storage: Option<Vec<Text>>,
    pub retention_none_in: Option<Vec<Text>>,
    pub place_promised: Option<bool>,
    pub vendor: Option<Text>,
    pub processor: Option<Text>,
    pub operator: Option<Text>,
    pub own: Option<bool>,
    pub hardware: Option<Text>,
    pub chips: Option<Text>,
    pub personnel: Option<Vec<String>>,
    pub establishment: Option<Vec<Text>>,
    pub model_file: Option<Text>,
    pub model_sha256: Option<Text>,
    pub threads: Option<Spanned<u64>>,
    pub connect_ms: Option<u64>,
    pub first_byte_ms: Option<u64>,
    pub between_events_ms: Option<u64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Model {
    pub name: Text,
    pub backends: Spanned<Vec<Text>>,
    pub upstream_name: Option<Text>,
    pub output_tokens_max: Option<Spanned<u64>>,
    pub developer: Option<Text>,
    pub filing: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Residency {
    pub country: Option<Text>,
    pub data_class: Option<Vec<Text>>,
    pub subject_country: Option<Vec<Text>>,
    pub sector: Option<Vec<Text>>,
    #[serde(rename = "use")]
    pub uses: Option<Vec<Text>>,
    pub processing: Option<Vec<Text>>,
    pub storage: Option<Vec<Text>>,
    pub control: Option<Spanned<u64>>,
    pub control_within: Option<Vec<Text>>,
    pub catalogues: Option<Vec<Text>>,
    pub catalogue_days_warn: Option<u32>,
    pub catalogue_days_max: Option<u32>,
    pub destinations_days_max: Option<u32>,
    pub withdrawn: Option<Vec<Text>>,
    #[serde(default, rename = "organisation")]
    pub organisations: Vec<ResidencyOrganisation>,
    #[serde(default, rename = "basis")]
    pub bases: Vec<Basis>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResidencyOrganisation {
    pub name: Text,
    pub country: Option<Text>,
    pub data_class: Option<Vec<Text>>,
    pub subject_country: Option<Vec<Text>>,
    pub sector: Option<Vec<Text>>,
    #[serde(rename = "use")]
    pub uses: Option<Vec<Text>>,
    pub processing: Option<Vec<Text>>,
    pub storage: Option<Vec<Text>>,
    pub control: Option<Spanned<u64>>,
    pub control_within: Option<Vec<Text>>,
    pub owners: Option<Vec<Owner>>,
    pub owners_rest_checked: Option<bool>,
    pub owners_source: Option<String>,
    pub owners_date: Option<Text>,
    pub blocked: Option<bool>,
    pub overseer: Option<String>,
    pub people_exported: Option<u64>,
    pub people_exported_sensitive: Option<u64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Owner {
    pub name: String,
    pub country: Text,
    pub share: Text,
    pub listed: Option<bool>,
    pub blocked: Option<bool>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Basis {
    pub id: String,
    pub kind: Text,
    pub party: Option<Text>,
    pub backend: Option<Text>,
    pub organisation: Option<String>,
    pub countries: Option<Vec<Text>>,
    pub from: Option<Text>,
    pub until: Option<Text>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Retention {
    pub key: Text,
    pub country: Text,
    pub days: Option<Spanned<u64>>,
    #[serde(default)]
    pub required: bool,
    #[serde(default)]
    pub keep: Vec<Keep>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keep {
    pub organisation: Text,
    pub team: Option<Text>,
    pub days: Option<Spanned<u64>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Price {
    pub model: Text,
    pub currency: Text,
    pub from: Option<Text>,
    pub input_per_million: Text,
    pub output_per_million: Text,
    pub cache_read_per_million: Option<Text>,
    pub cache_write_5m_per_million: Option<Text>,
    pub cache_write_1h_per_million: Option<Text>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Contract {
    pub file: Text,
    pub organisation: Option<Text>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Telemetry {
    pub log: Option<Text>,
    pub format: Option<Text>,
}

/// The policy files of a folder, by name.
///
/// # Errors
/// When it is no folder that can be read.
pub(crate) fn policies_in(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let paths = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<PathBuf> = paths.collect::<Result<_, _>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "cedar"));
    paths.sort_unstable();
    Ok(paths)
}

impl File {
    /// Reads and parses the file at `path`.
    ///
    /// # Errors
    /// Every mistake that shows without resolving anything, each with its place.
    pub fn read(path: &Path) -> Result<Self, Problems> {
        let text = std::fs::read_to_string(path).map_err(|error| Problems {
            path: path.to_owned(),
            text: String::new(),
            list: vec![
                Problem::whole(format!("cannot read the configuration: {error}"))
                    .hint("give the path of a TOML file, for example `--config offtake.toml`"),
            ],
        })?;
        Self::parse(path, text)
    }

    /// Parses `text` as if it stood in `path`.
    ///
    /// # Errors
    /// As [`File::read`].
    pub fn parse(path: &Path, text: String) -> Result<Self, Problems> {
        match toml::from_str::<Raw>(&text) {
            Ok(raw) => Ok(Self { path: path.to_owned(), text, raw }),
            Err(error) => {
                let message = error.message().replace('\n', ", ");
                let problem = Problem { span: error.span(), message, hint: None, of: None };
                Err(Problems { path: path.to_owned(), text, list: vec![problem] })
            }
        }
    }

    /// Where it was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Every file that this configuration is made of: itself, and those it names.
    pub fn files(&self) -> Vec<PathBuf> {
        let policies = self.raw.policy.iter().flat_map(|policy| policy.files.get_ref());
        // A folder is watched, and what is in it.
        let policies = policies.flat_map(|name| {
            let path = self.base().join(name.get_ref());
            let within = policies_in(&path).unwrap_or_default();
            std::iter::once(path).chain(within)
        });
        let keys = self.raw.identity.issuers.iter().filter_map(|issuer| issuer.jwks.as_ref());
        let deals = self.raw.contracts.iter().map(|contract| &contract.file);
        let catalogues = self.raw.residency.iter().flat_map(|raw| raw.catalogues.iter().flatten());
        let forwarded = self.raw.portal.forwarded.iter().filter_map(|forwarded| forwarded.keys.as_ref());
        let forwarded = forwarded.filter(|keys| !keys.get_ref().contains("://"));
        let tls = self.raw.listen.tls.iter();
        let tls = tls.flat_map(|tls| std::iter::once(&tls.certificate).chain(tls.client_ca.as_ref()));
        let lists = self.raw.backends.iter().any(|backend| backend.destinations_from.is_some());
        let lists = lists.then(|| self.data_dir().join(crate::DESTINATIONS)).into_iter();
        let all = tls.chain(keys).chain(deals).chain(catalogues).chain(forwarded);
        let named = all.map(|name| self.base().join(name.get_ref()));
        std::iter::once(self.path.clone()).chain(policies).chain(named).chain(lists).collect()
    }

    /// What deals call backends' providers and silicon, by backend, where it says.
    pub fn deal_names(&self) -> [HashMap<String, String>; 2] {
        let named = |of: fn(&Backend) -> Option<&Text>| {
            let backends = self.raw.backends.iter();
            backends
                .filter_map(|raw| Some((raw.name.get_ref().clone(), of(raw)?.get_ref().clone())))
                .collect()
        };
        [named(|raw| raw.provider.as_ref()), named(|raw| raw.silicon.as_ref())]
    }

    /// The catalogue files that it names, with their texts.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn catalogues(&self) -> Result<Vec<(String, String)>, Problems> {
        let named = self.raw.residency.iter().flat_map(|raw| raw.catalogues.iter().flatten());
        let read = |name: &Text| {
            let path = self.base().join(name.get_ref());
            std::fs::read_to_string(&path).map(|text| (name.get_ref().clone(), text)).map_err(|error| {
                let message = format!("cannot read the catalogue file `{}`: {error}", path.display());
                let list = vec![Problem::at(name.span(), message)];
                Problems { path: self.path.clone(), text: self.text.clone(), list }
            })
        };
        named.map(read).collect()
    }

    /// The backends whose destination lists are read from a vendor's interface, and where.
    pub fn destinations_from(&self) -> Vec<(String, String)> {
        let pair = |backend: &Backend| {
            let from = backend.destinations_from.as_ref()?.get_ref().clone();
            Some((backend.name.get_ref().clone(), from))
        };
        self.raw.backends.iter().filter_map(pair).collect()
    }

    /// The data directory, relative paths being relative to the file.
    pub fn data_dir(&self) -> PathBuf {
        // Read back from its parts, so that `.` in the file does not trail along.
        self.base().join(self.raw.data.dir.as_deref().unwrap_or("data")).components().collect()
    }

    pub(crate) fn base(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }
}
