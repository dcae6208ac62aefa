//! `offtake serve`: the access plane.

use crate::failure::Failure;
use crate::plane::Plane;
use std::path::PathBuf;

/// Run the access plane
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The configuration file
    #[arg(long, default_value = "offtake.toml")]
    config: PathBuf,
}

/// Serves until it is told to stop.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let file = config::File::read(&arguments.config)?;
    let plane = Plane::prepare(&file)?;
    plane.run(|_plane, _address| Ok(None))
}
