//! From the file as written to the snapshot that serves: names resolved, secrets read, everything checked.
//!
//! All mistakes are collected, so that a person mends a file in one go. What is missing is refused here, at the
//! start, and never found out by a request.

mod disclosed;
mod identity;
mod portal;
mod residency;
mod retention;
mod tls;

pub use self::identity::VirtualKeys;

use crate::file::{self, File};
use crate::problem::{Problem, Problems};
use crate::secret::{Secret, SecretRef, Secrets};
use crate::snapshot::{Backend, BackendKind, Commitment, Limits, Model, ModelFile, Snapshot};
use ::identity::Owner;
use std::collections::HashMap;
use std::fmt::Display;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use toml::Spanned;
use units::{ModelName, Region, TokenRates};

type Text = Spanned<String>;

/// What every part of compiling needs: where to look, and where to put mistakes.
struct Compiler<'a> {
    file: &'a File,
    secrets: &'a dyn Secrets,
    problems: Vec<Problem>,
    /// All texts that were read, for the snapshot's version.
    read: Vec<String>,
    /// The policy files among them, by name.
    policies: Vec<(String, String)>,
}

impl File {
    /// Builds the snapshot. `token_key` signs the plane's own tokens where the file names no key for that.
    ///
    /// # Errors
    /// Every mistake, each with its place: unknown names, bad addresses, secrets that cannot be had, prices that
    /// contradict each other, policies and deals that do not load.
    pub fn compile(&self, secrets: &dyn Secrets, token_key: Option<&[u8]>) -> Result<Snapshot, Problems> {
        let mut compiler = Compiler {
            file: self,
            secrets,
            problems: Vec::new(),
            read: vec![self.text.clone()],
            policies: Vec::new(),
        };
        let snapshot = compiler.snapshot(token_key);
        let Compiler { mut problems, .. } = compiler;
        match snapshot {
            Some(snapshot) if problems.is_empty() => Ok(snapshot),
            _ => {
                problems.sort_by_key(|problem| {
                    let of = problem.of.as_ref().map(|(path, _)| path.clone());
                    (of, problem.span.as_ref().map(|span| span.start))
                });
                Err(Problems { path: self.path.clone(), text: self.text.clone(), list: problems })
            }
        }
    }

    /// As [`File::compile`], for verbs that need no secret: whatever stands behind a reference is not read.
    ///
    /// # Errors
    /// As [`File::compile`], secrets left out.
    pub fn compile_without_secrets(&self) -> Result<Snapshot, Problems> {
        self.compile(&crate::secret::Unread, None)
    }

    /// The prices and commitments the file gives, for verbs that need no secret.
    ///
    /// # Errors
    /// As [`File::compile`], for these sections.
    pub fn prices(&self) -> Result<Vec<price::Price>, Problems> {
        let mut compiler = Compiler {
            file: self,
            secrets: &crate::Environment,
            problems: Vec::new(),
            read: Vec::new(),
            policies: Vec::new(),
        };
        let prices = compiler.prices();
        let Compiler { problems, .. } = compiler;
        if problems.is_empty() {
            return Ok(prices);
        }
        Err(Problems { path: self.path.clone(), text: self.text.clone(), list: problems })
    }
}

impl Compiler<'_> {
    fn snapshot(&mut self, token_key: Option<&[u8]>) -> Option<Snapshot> {
        let raw = &self.file.raw;
        let listen = self.listen();
        let limits = self.limits();
        let durable_strictly = self.durability();
        let tls = self.tls();
        let directory = self.directory(token_key);
        let policy = self.policy();
        let catalogue = self.catalogue();
        let backends = self.backends(catalogue.as_ref());
        let (models, model_order) = self.models(&backends, catalogue.as_ref());
        let retention = catalogue.as_ref().and_then(|catalogue| self.retention(catalogue, policy.as_ref()));
        let residency = catalogue.and_then(|catalogue| self.residency(catalogue, &models, policy.as_ref()));
        let prices = self.prices();
        let contracts = raw.contracts.iter().filter_map(|raw| self.contract(raw)).collect();
        let portal = self.portal();
        let log = raw.telemetry.log.as_ref().map_or_else(|| "info".to_owned(), |log| log.get_ref().clone());
        let log_json = raw.telemetry.format.as_ref().is_some_and(|format| {
            self.one_of(format, "log format", &["text", "json"]);
            format.get_ref() == "json"
        });
        Some(Snapshot {
            version: version(&self.read),
            disclosed: disclosed::disclosed(&self.file.text, &self.policies, raw.listen.tls.is_some()),
            listen: listen?,
            tls,
            limits,
            data: self.file.data_dir(),
            durable_strictly,
            directory: Arc::new(directory?),
            policy: policy?,
            residency: residency?,
            retention: retention?,
            backends,
            models,
            model_order,
            prices,
            contracts,
            portal: portal?,
            log,
            log_json,
        })
    }

    fn listen(&mut self) -> Option<SocketAddr> {
        let Some(address) = &self.file.raw.listen.address else {
            return Some(SocketAddr::from(([127, 0, 0, 1], 8787)));
        };
        let parsed = address.get_ref().parse().ok();
        if parsed.is_none() {
            self.problem(address, format!("`{}` is not an address", address.get_ref())).hint =
                Some("write an IP address and a port, such as `127.0.0.1:8787`".to_owned());
        }
        parsed
    }

    fn limits(&mut self) -> Limits {
        let listen = &self.file.raw.listen;
        let mut limit = |given: &Option<Spanned<u64>>, default: usize, most: usize| match given {
            None => default,
            Some(value) => match usize::try_from(*value.get_ref()) {
                Ok(value) if (1..=most).contains(&value) => value,
                _ => {
                    let message = format!("`{}` is outside 1 to {most}", value.get_ref());
                    self.problems.push(Problem::at(value.span(), message));
                    default
                }
            },
        };
        Limits {
            body_bytes_max: limit(&listen.body_bytes_max, 32 << 20, 1 << 30),
            header_bytes_max: limit(&listen.header_bytes_max, 64 << 10, 1 << 20),
            connections_max: limit(&listen.connections_max, 10_000, 1_000_000),
        }
    }

    fn durability(&mut self) -> bool {
        let Some(word) = &self.file.raw.data.durability else { return false };
        self.one_of(word, "durability", &["group", "strict"]);
        word.get_ref() == "strict"
    }

    // ── people ──────────────────────────────────────────────────────────────────────────────────────────

    fn player(
        &mut self,
        raw: &file::portal::PlaygroundIdentity,
    ) -> Option<(units::Organisation, units::Team, units::Subject)> {
        let Owner { organisation, team, subject } = self.owner(&raw.organisation, &raw.team, &raw.subject)?;
        Some((organisation, team, subject))
    }

    // ── policy and contracts ────────────────────────────────────────────────────────────────────────────

    fn policy(&mut self) -> Option<policy::Policy> {
        let Some(raw) = &self.file.raw.policy else { return Some(policy::Policy::open()) };
        let mut files = Vec::new();
        for name in raw.files.get_ref() {
            files.extend(self.policy_files(name)?);
        }
        let parsed = policy::Policy::parse(&files);
        let problem = |error: policy::PolicyError| {
            let file = error.place.and_then(|place| files.get(place));
            let of = file.map(|(name, text)| (self.file.base().join(name), text.clone()));
            let span = if of.is_some() { error.span } else { Some(raw.files.span()) };
            Problem { span, message: error.message, hint: error.mend, of }
        };
        let policy = parsed.map_err(|errors| errors.0.into_iter().map(problem).collect::<Vec<_>>());
        self.policies = files;
        let pools = self.pools();
        let policy = policy.map(|policy| policy.with_pools(pools));
        policy.map_err(|problems| self.problems.extend(problems)).ok()
    }

    /// Which backend is in which pool.
    fn pools(&self) -> HashMap<units::BackendName, String> {
        let pool = |raw: &file::Backend| {
            let name = raw.name.get_ref().parse().ok()?;
            Some((name, raw.pool.as_ref()?.get_ref().clone()))
        };
        self.file.raw.backends.iter().filter_map(pool).collect()
    }

    /// A policy file with its text, or all of a folder.
    fn policy_files(&mut self, name: &Text) -> Option<Vec<(String, String)>> {
        let folder = self.file.base().join(name.get_ref());
        if !folder.is_dir() {
            return Some(vec![(name.get_ref().clone(), self.include(name, "policy")?)]);
        }
        let read = || -> std::io::Result<Vec<(String, String)>> {
            let within = file::policies_in(&folder)?.into_iter();
            let read = within.map(|path| {
                let file = path.file_name().unwrap_or_default().to_string_lossy();
                let text = std::fs::read_to_string(&path)?;
                Ok((format!("{}/{file}", name.get_ref().trim_end_matches('/')), text))
            });
            read.collect()
        };
        match read() {
            Ok(files) if files.is_empty() => {
                self.problem(name, format!("there is no `.cedar` file in `{}`", folder.display()));
                None
            }
            Ok(files) => {
                self.read.extend(files.iter().map(|(_, text)| text.clone()));
                Some(files)
            }
            Err(error) => {
                self.problem(name, format!("cannot read the policies in `{}`: {error}", folder.display()));
                None
            }
        }
    }

    fn contract(&mut self, raw: &file::Contract) -> Option<Commitment> {
        let text = self.include(&raw.file, "deal")?;
        let organisation = match &raw.organisation {
            Some(organisation) => Some(self.name(organisation)?),
            None => None,
        };
        match contract::Deal::parse(&text) {
            Ok(deal) => Some(Commitment { deal: Arc::new(deal), organisation }),
            Err(error) => {
                let problem = Problem { span: error.span.clone(), ..Problem::whole(error.to_string()) };
                let mut problem = problem.of(self.file.base().join(raw.file.get_ref()), text);
                problem.hint = (!error.mend.is_empty()).then_some(error.mend);
                self.problems.push(problem);
                None
            }
        }
    }

    // ── models and prices ───────────────────────────────────────────────────────────────────────────────

    fn backends(&mut self, catalogue: Option<&geography::Catalogue>) -> Vec<Arc<Backend>> {
        let mut backends: Vec<Arc<Backend>> = Vec::new();
        for raw in &self.file.raw.backends {
            let Some(backend) = self.backend(raw, catalogue) else { continue };
            if backends.iter().any(|other| other.name == backend.name) {
                self.problem(&raw.name, format!("there is a second backend `{}`", backend.name));
            }
            backends.push(Arc::new(backend));
        }
        backends
    }

    fn backend(&mut self, raw: &file::Backend, catalogue: Option<&geography::Catalogue>) -> Option<Backend> {
        let name = self.name(&raw.name)?;
        let kind = self.backend_kind(raw)?;
        let region = match &raw.region {
            Some(region) => self.name(region)?,
            None => default_region(&kind)?,
        };
        let millis = |given: Option<u64>, default| Duration::from_millis(given.unwrap_or(default).max(1));
        let declared = self.declared(raw, &kind, catalogue?)?;
        Some(Backend {
            name,
            kind,
            region,
            provider: raw.provider.as_ref().map(|provider| provider.get_ref().clone()),
            silicon: raw.silicon.as_ref().map(|silicon| silicon.get_ref().clone()),
            declared,
            connect: millis(raw.connect_ms, 5_000),
            first_byte: millis(raw.first_byte_ms, 300_000),
            between_events: millis(raw.between_events_ms, 120_000),
        })
    }

    fn backend_kind(&mut self, raw: &file::Backend) -> Option<BackendKind> {
        self.one_of(&raw.kind, "backend kind", &["anthropic", "openai", "embedded", "echo"]);
        let key = match &raw.key {
            Some(key) => Some(self.secret(key)?),
            None => None,
        };
        match raw.kind.get_ref().as_str() {
            "anthropic" => Some(BackendKind::Anthropic { base_url: self.base_url(raw)?, key }),
            "openai" => Some(BackendKind::OpenAi { base_url: self.base_url(raw)?, key }),
            "embedded" => {
                let Some(model_file) = &raw.model_file else {
                    self.problem(&raw.name, "an embedded backend needs `model_file`");
                    return None;
                };
                let threads =
                    raw.threads.as_ref().and_then(|threads| usize::try_from(*threads.get_ref()).ok());
                let sha256 = self.sha256(raw);
                let model = self.model_file(model_file, sha256.is_some())?;
                Some(BackendKind::Embedded { model, sha256, threads })
            }
            "echo" => Some(BackendKind::Echo),
            _ => None,
        }
    }

    /// A path, or `hub:OWNER/REPOSITORY/FILE`. What comes over a network is used only when its hash is known.
    fn model_file(&mut self, text: &Text, hash_known: bool) -> Option<ModelFile> {
        let Some(name) = text.get_ref().strip_prefix("hub:") else {
            return Some(ModelFile::Path(self.file.base().join(text.get_ref())));
        };
        let mut parts = name.splitn(3, '/');
        let plain = |part: &&str| {
            !part.is_empty()
                && part.split('/').all(|step| !matches!(step, "" | "." | ".."))
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte))
        };
        let (owner, repository, file) =
            (parts.next().filter(plain), parts.next().filter(plain), parts.next().filter(plain));
        let (Some(owner), Some(repository), Some(file)) = (owner, repository, file) else {
            self.problem(text, format!("`{}` names no file on a model hub", text.get_ref())).hint =
                Some("write `hub:OWNER/REPOSITORY/FILE.gguf`, or a path".to_owned());
            return None;
        };
        if !hash_known {
            self.problem(text, "a model from a hub needs `model_sha256`").hint =
                Some("the hub's page of the file shows its SHA-256".to_owned());
        }
        Some(ModelFile::Hub { repository: format!("{owner}/{repository}"), file: file.to_owned() })
    }

    fn sha256(&mut self, raw: &file::Backend) -> Option<String> {
        let text = raw.model_sha256.as_ref()?;
        let hash = text.get_ref().to_ascii_lowercase();
        if hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            self.problem(text, "a SHA-256 has 64 hexadecimal digits");
        }
        Some(hash)
    }

    fn base_url(&mut self, raw: &file::Backend) -> Option<String> {
        let Some(url) = &raw.base_url else {
            self.problem(&raw.name, format!("backend `{}` needs `base_url`", raw.name.get_ref()));
            return None;
        };
        let text = url.get_ref().trim_end_matches('/');
        let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
        let plain = |host: &str| !host.is_empty() && !host.contains(['@', '?', '#', ' ']);
        if !host.is_some_and(plain) {
            self.problem(url, format!("`{text}` is not a base address")).hint =
                Some("write `https://host`, with a port or path if need be".to_owned());
            return None;
        }
        Some(text.to_owned())
    }

    fn models(
        &mut self,
        backends: &[Arc<Backend>],
        catalogue: Option<&geography::Catalogue>,
    ) -> (HashMap<ModelName, Arc<Model>>, Vec<ModelName>) {
        let (mut models, mut order) = (HashMap::new(), Vec::new());
        for raw in &self.file.raw.models {
            let Some(model) = self.model(raw, backends) else { continue };
            if let (Some(developer), Some(catalogue)) = (&raw.developer, catalogue) {
                self.word(developer, "developer", &catalogue.developer);
            }
            let name = model.name.clone();
            if models.insert(name.clone(), Arc::new(model)).is_some() {
                self.problem(&raw.name, format!("there is a second model `{name}`"));
            }
            order.push(name);
        }
        (models, order)
    }

    fn model(&mut self, raw: &file::Model, backends: &[Arc<Backend>]) -> Option<Model> {
        let name: ModelName = self.name(&raw.name)?;
        let mut routes = Vec::new();
        for wanted in raw.backends.get_ref() {
            match backends.iter().find(|backend| backend.name.as_str() == wanted.get_ref()) {
                Some(backend) => routes.push(Arc::clone(backend)),
                // Written, but with a mistake of its own, which is told there.
                None if self.file.raw.backends.iter().any(|raw| raw.name.get_ref() == wanted.get_ref()) => {}
                None => self.unknown_backend(wanted),
            }
        }
        if raw.backends.get_ref().is_empty() {
            self.problem(&raw.name, format!("model `{name}` has no backend"));
        }
        let upstream = raw.upstream_name.as_ref().map_or(name.as_str(), |name| name.get_ref().as_str());
        Some(Model {
            backends: routes,
            upstream_name: Arc::from(upstream),
            output_tokens_max: raw.output_tokens_max.as_ref().map(|tokens| *tokens.get_ref()),
            developer: raw.developer.as_ref().map(|developer| developer.get_ref().clone()),
            filing: raw.filing.clone(),
            name,
        })
    }

    fn unknown_backend(&mut self, wanted: &Text) {
        let names = self.file.raw.backends.iter().map(|raw| format!("`{}`", raw.name.get_ref()));
        let known = names.collect::<Vec<_>>().join(", ");
        let hint = if known.is_empty() {
            format!("add a `[[backend]]` with `name = \"{}\"`", wanted.get_ref())
        } else {
            format!("the backends are {known}")
        };
        self.problem(wanted, format!("there is no backend `{}`", wanted.get_ref())).hint = Some(hint);
    }

    fn prices(&mut self) -> Vec<price::Price> {
        let mut book = price::PriceBook::default();
        let mut prices = Vec::new();
        for raw in &self.file.raw.prices {
            let Some(price) = self.price(raw) else { continue };
            match book.add(price.clone()) {
                Ok(_) => prices.push(price),
                Err(error) => drop(self.problem(&raw.model, error.to_string())),
            }
        }
        prices
    }

    fn price(&mut self, raw: &file::Price) -> Option<price::Price> {
        let model: ModelName = self.name(&raw.model)?;
        if !self.file.raw.models.iter().any(|known| known.name.get_ref() == model.as_str()) {
            self.problem(&raw.model, format!("there is no model `{model}` to price"));
        }
        let currency = self.parsed(&raw.currency)?;
        let from = match &raw.from {
            Some(from) => Some(self.parsed(from)?),
            None => None,
        };
        let mut rate = |text: &Text| match price::rate_per_million(text.get_ref()) {
            Ok(rate) => Some(rate),
            Err(error) => {
                self.problem(text, error.to_string());
                None
            }
        };
        let input = rate(&raw.input_per_million)?;
        // What is not given costs what fresh input costs: no kind of token is ever free by omission.
        let mut rate_or_input = |text: &Option<Text>| text.as_ref().map_or(Some(input), &mut rate);
        let cache_read = rate_or_input(&raw.cache_read_per_million)?;
        let cache_write_5m = rate_or_input(&raw.cache_write_5m_per_million)?;
        let cache_write_1h = rate_or_input(&raw.cache_write_1h_per_million)?;
        let output = rate(&raw.output_per_million)?;
        let rates = TokenRates { input, cache_read, cache_write_5m, cache_write_1h, output };
        Some(price::Price::new(model, currency, from, rates))
    }

    // ── small parts ─────────────────────────────────────────────────────────────────────────────────────

    /// Notes a mistake at `text`.
    fn problem<T>(&mut self, text: &Spanned<T>, message: impl Into<String>) -> &mut Problem {
        self.problems.push(Problem::at(text.span(), message));
        let last = self.problems.len() - 1;
        &mut self.problems[last]
    }

    fn built<E: Display>(&mut self, at: &Text, result: Result<(), E>) {
        if let Err(error) = result {
            self.problem(at, error.to_string());
        }
    }

    fn name<T: FromStr<Err = units::NameError>>(&mut self, text: &Text) -> Option<T> {
        self.parsed(text)
    }

    fn parsed<T: FromStr>(&mut self, text: &Text) -> Option<T>
    where
        T::Err: Display,
    {
        match text.get_ref().parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.problem(text, error.to_string());
                None
            }
        }
    }

    fn one_of(&mut self, text: &Text, what: &str, words: &[&str]) {
        if !words.contains(&text.get_ref().as_str()) {
            let listed: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
            self.problem(text, format!("`{}` is no {what}", text.get_ref())).hint =
                Some(format!("write one of {}", listed.join(", ")));
        }
    }

    fn secret(&mut self, text: &Text) -> Option<Secret> {
        let resolved = SecretRef::parse(text.get_ref(), self.file.base())
            .and_then(|reference| self.secrets.resolve(&reference));
        match resolved {
            Ok(secret) => Some(secret),
            Err(error) => {
                self.problem(text, error.to_string()).hint =
                    Some("write `env:NAME` or `file:PATH`, and have it hold the secret".to_owned());
                None
            }
        }
    }

    /// Reads a file that the configuration names, relative to it.
    fn include(&mut self, name: &Text, what: &str) -> Option<String> {
        let path: PathBuf = self.file.base().join(Path::new(name.get_ref()));
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                self.read.push(text.clone());
                Some(text)
            }
            Err(error) => {
                self.problem(name, format!("cannot read the {what} file `{}`: {error}", path.display()));
                None
            }
        }
    }
}

/// Where a backend runs when the file does not say: a vendor's place is unknown, not guessed.
fn default_region(kind: &BackendKind) -> Option<Region> {
    let text = match kind {
        BackendKind::Embedded { .. } | BackendKind::Echo => "local",
        BackendKind::Anthropic { .. } | BackendKind::OpenAi { .. } => "unknown",
    };
    Region::new(text).ok()
}

fn version(texts: &[String]) -> u64 {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    for text in texts {
        context.update(text.as_bytes());
        context.update(&[0]);
    }
    let hash = context.finish();
    hash.as_ref().first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}
