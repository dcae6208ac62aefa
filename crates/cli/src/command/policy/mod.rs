//! `offtake policy`: who may call what, where it may run, and why. One file a verb; none reads a secret.

mod catalogue;
mod destinations;
mod explain;
mod prove;
mod test;

use crate::failure::Failure;
use config::{File, Snapshot};
use geography::Date;
use std::path::PathBuf;
use units::{Clock as _, SystemClock};

/// Who may call what, where it may run, and why
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Say whether a call may run, where, and by which rules
    Explain(explain::Arguments),
    /// What is known of regions, endpoints, operators, countries and rules
    Catalogue(catalogue::Arguments),
    /// Show that no request of a class may leave a geography, or one that may
    Prove(prove::Arguments),
    /// Read the destination lists of backends from the vendor's interface, as a running plane does
    Destinations(destinations::Arguments),
    /// Hold the policies to examples of what they should decide
    Test(test::Arguments),
    /// What policies may speak about, as a Cedar schema
    Schema,
}

/// Does what is asked.
pub fn run(verb: &Verb) -> Result<(), Failure> {
    match verb {
        Verb::Explain(arguments) => explain::run(arguments),
        Verb::Catalogue(arguments) => catalogue::run(arguments),
        Verb::Prove(arguments) => prove::run(arguments),
        Verb::Destinations(arguments) => destinations::run(arguments),
        Verb::Test(arguments) => test::run(arguments),
        Verb::Schema => super::answer(::policy::SCHEMA),
    }
}

/// Which configuration to look at.
#[derive(Debug, clap::Args)]
pub struct Source {
    /// The configuration file
    #[arg(long, default_value = "offtake.toml")]
    config: PathBuf,
}

impl Source {
    fn snapshot(&self) -> Result<Snapshot, Failure> {
        Ok(File::read(&self.config)?.compile_without_secrets()?)
    }
}

/// The day asked for, else today.
fn day(on: Option<&str>) -> Result<Date, Failure> {
    match on {
        Some(text) => text.parse().map_err(Failure::unusable),
        None => Ok(Date::of(SystemClock.now())),
    }
}
