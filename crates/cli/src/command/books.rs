//! Which books a reading verb reads: by configuration or by data directory. No secret is resolved for it.

use crate::failure::Failure;
use crate::place;
use std::path::PathBuf;

/// Which books to read
#[derive(Debug, clap::Args)]
pub struct Books {
    /// The configuration whose data directory to read
    #[arg(long, conflicts_with = "data")]
    config: Option<PathBuf>,
    /// The data directory to read; the last demo's when neither is given
    #[arg(long)]
    data: Option<PathBuf>,
}

impl Books {
    /// The configuration, where one was given.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn configuration(&self) -> Result<Option<config::File>, Failure> {
        self.config.as_ref().map(|path| config::File::read(path).map_err(Failure::from)).transpose()
    }

    /// The data directory.
    pub fn data(&self) -> Result<PathBuf, Failure> {
        let data = match (&self.config, &self.data) {
            (Some(config), _) => config::File::read(config)?.data_dir(),
            (None, Some(data)) => data.clone(),
            (None, None) => place::last_demo(),
        };
        if data.is_dir() {
            return Ok(data);
        }
        Err(Failure::unusable(format!(
            "there is no data directory `{}`; give --config or --data",
            data.display()
        )))
    }
}
