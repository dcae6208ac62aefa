//! One file becomes one immutable [`Snapshot`], or problems that point at the line.
//!
//! Two steps. [`File::read`] parses and checks what can be checked without secrets, so that reading verbs can
//! use a configuration whose secrets they may not see. [`File::compile`] resolves the secrets and builds what
//! serving needs: the directory of identities, the policy, models with their backends, prices, commitments.
//! A request reads exactly one snapshot.

mod compile;
mod destinations;
mod file;
mod portal;
mod problem;
mod secret;
mod snapshot;

pub use compile::VirtualKeys;
pub use destinations::{DESTINATIONS, DestinationList, Destinations, region_of};
pub use file::File;
pub use portal::{Forwarded, KeySource, Login, Origin, Portal};
pub use problem::{Problem, Problems};
pub use secret::{Environment, Secret, SecretError, SecretRef, Secrets};
pub use snapshot::{Backend, BackendKind, Commitment, Keep, Limits, Model, ModelFile, Retention, Snapshot};

/// The published JSON Schema of the configuration file.
pub const SCHEMA: &str = include_str!("../schema.json");
