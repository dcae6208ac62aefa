//! What one version of the configuration means: read-only, shared by every request it serves.

use crate::{Portal, Secret};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use units::{BackendName, ModelName, Organisation, Region, Team};

/// One immutable view of the configuration.
#[derive(Debug)]
pub struct Snapshot {
    /// A hash of all that was read, the referenced files included.
    pub version: u64,
    /// What of it an auditor may see: policies, and the sections that say where calls go. No key, and nobody's identity.
    pub disclosed: serde_json::Value,
    /// Where the plane listens.
    pub listen: SocketAddr,
    /// How connections are encrypted; none for plain HTTP. None also where secrets are not read.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// Bounds on what a client may send.
    pub limits: Limits,
    /// The data directory.
    pub data: PathBuf,
    /// Whether a frame is on disk before the caller goes on.
    pub durable_strictly: bool,
    /// Who can prove to be whom.
    pub directory: Arc<identity::Directory>,
    /// Who may do what.
    pub policy: policy::Policy,
    /// Where calls may lawfully run.
    pub residency: geography::Residency,
    /// Whose prompts and answers are kept; nobody's when none.
    pub retention: Option<Retention>,
    /// Every backend, in file order.
    pub backends: Vec<Arc<Backend>>,
    /// Every model by name.
    pub models: HashMap<ModelName, Arc<Model>>,
    /// The models' names in file order.
    pub model_order: Vec<ModelName>,
    /// The prices that the file gives.
    pub prices: Vec<price::Price>,
    /// The deals, with the organisation whose charges draw them down.
    pub contracts: Vec<Commitment>,
    /// The portal.
    pub portal: Portal,
    /// `debug`, `info`, `warn` or a filter such as `gateway=debug,info`.
    pub log: String,
    /// Logs as JSON lines.
    pub log_json: bool,
}

/// Whose prompts and answers are kept, and how.
#[derive(Debug)]
pub struct Retention {
    /// What they are encrypted by.
    pub key: Secret,
    /// Where they lie, as a route whose storage rules can be asked of.
    pub place: geography::Route,
    /// Whether a call that cannot be kept is refused.
    pub required: bool,
    /// Whose, the first that fits counts.
    pub keep: Vec<Keep>,
    /// For how many days a policy that permits a call wants it kept, by the policy's id.
    pub policies: BTreeMap<String, i64>,
}

/// Somebody whose prompts and answers are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keep {
    /// The organisation.
    pub organisation: Organisation,
    /// The team; all of them when none.
    pub team: Option<Team>,
    /// For so many days.
    pub days: i64,
}

impl Retention {
    /// For how many days a call of this team is kept that these policies permit, the longest of them; none where it is not.
    pub fn days(&self, organisation: &Organisation, team: &Team, policies: &[Arc<str>]) -> Option<i64> {
        let fits = |keep: &&Keep| {
            keep.organisation == *organisation && keep.team.as_ref().is_none_or(|known| known == team)
        };
        let of_team = self.keep.iter().find(fits).map(|keep| keep.days);
        policies.iter().filter_map(|id| self.policies.get(&**id).copied()).chain(of_team).max()
    }
}

/// Bounds on what a client may send.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of a request body.
    pub body_bytes_max: usize,
    /// Bytes of a request's head.
    pub header_bytes_max: usize,
    /// Connections at a time.
    pub connections_max: usize,
}

/// A place a call can be sent to.
#[derive(Debug)]
pub struct Backend {
    /// Its name.
    pub name: BackendName,
    /// What it is.
    pub kind: BackendKind,
    /// Where it runs, in the operator's words.
    pub region: Region,
    /// What deals call its provider, where that is not its own name.
    pub provider: Option<String>,
    /// The silicon it runs on, where that is said.
    pub silicon: Option<String>,
    /// What is declared of where it goes, who runs it and what is kept.
    pub declared: geography::Declared,
    /// How long to wait for a connection.
    pub connect: Duration,
    /// How long to wait for the first byte of an answer.
    pub first_byte: Duration,
    /// How long a stream may be silent.
    pub between_events: Duration,
}

/// The kinds of backend.
#[derive(Debug, Clone)]
pub enum BackendKind {
    /// Speaks the Anthropic Messages protocol.
    Anthropic {
        /// `scheme://host[:port][/prefix]`, without the `/v1`.
        base_url: String,
        /// Its key; none for a server that asks for none.
        key: Option<Secret>,
    },
    /// Speaks the OpenAI chat protocol.
    OpenAi {
        /// With the `/v1`, as SDKs take it.
        base_url: String,
        /// Its key; none for a server that asks for none.
        key: Option<Secret>,
    },
    /// A model file run in this process.
    Embedded {
        /// Where the GGUF file is.
        model: ModelFile,
        /// What its bytes hash to, as 64 hexadecimal digits; checked before it is used.
        sha256: Option<String>,
        /// Threads to run it on; all cores when not given.
        threads: Option<usize>,
    },
    /// Answers with what it was asked; for tests.
    Echo,
}

/// Where a model's file is to be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelFile {
    /// On this machine.
    Path(PathBuf),
    /// On a model hub: fetched once, verified, and kept in the user's cache.
    Hub {
        /// `OWNER/REPOSITORY`.
        repository: String,
        /// The file in it.
        file: String,
    },
}

impl BackendKind {
    /// The word used in configuration files.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Anthropic { .. } => "anthropic",
            Self::OpenAi { .. } => "openai",
            Self::Embedded { .. } => "embedded",
            Self::Echo => "echo",
        }
    }
}

/// A model that callers can ask for.
#[derive(Debug)]
pub struct Model {
    /// The name callers use.
    pub name: ModelName,
    /// Where it can be had, in order of preference.
    pub backends: Vec<Arc<Backend>>,
    /// What the backends call it.
    pub upstream_name: Arc<str>,
    /// The most a call may ask for; asked of a backend where the client's protocol lets it be left out.
    pub output_tokens_max: Option<u64>,
    /// Who trained it, where that is declared.
    pub developer: Option<String>,
    /// Its filing number with an authority.
    pub filing: Option<String>,
}

/// A deal and whose charges draw it down.
#[derive(Debug, Clone)]
pub struct Commitment {
    /// The terms.
    pub deal: Arc<contract::Deal>,
    /// Whose charges count; none for a deal that is only shown.
    pub organisation: Option<Organisation>,
}
