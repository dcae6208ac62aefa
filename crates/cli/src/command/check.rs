//! `offtake check`: what is wrong in a configuration or a deal file, pointing at the line.

use super::answer;
use crate::failure::Failure;
use config::{Environment, File, Problem, Problems};
use std::path::{Path, PathBuf};

/// Say what is wrong in configuration and deal files, pointing at the line
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Configuration (`offtake.toml`) or deal files
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Print the JSON Schema of the configuration file and do nothing else
    #[arg(long, exclusive = true)]
    schema: bool,
}

/// Checks each file; the first that cannot be used ends it.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.schema {
        return answer(config::SCHEMA);
    }
    for path in &arguments.files {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        if is_deal(&text) {
            deal(path, &text)?;
        } else {
            File::read(path)?.compile(&Environment, None)?;
        }
        answer(&format!("{}: ok\n", path.display()))?;
    }
    Ok(())
}

/// A deal file says its schema in a line of its own.
fn is_deal(text: &str) -> bool {
    text.lines().any(|line| line.trim_start().starts_with("schema") && line.contains("offtake.contract/"))
}

/// Reads a deal file, or says what is wrong with it.
pub fn deal(path: &Path, text: &str) -> Result<contract::Deal, Failure> {
    contract::Deal::parse(text).map_err(|error| {
        let hint = (!error.mend.is_empty()).then(|| error.mend.clone());
        let problem = Problem { span: error.span.clone(), message: error.to_string(), hint };
        let problems = Problems { path: path.to_owned(), text: text.to_owned(), list: vec![problem] };
        Failure::unusable(problems)
    })
}
