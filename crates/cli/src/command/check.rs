//! `offtake check`: what is wrong in a configuration or a deal file, pointing at the line.

use super::answer;
use crate::failure::Failure;
use config::{Environment, File, Problem, Problems};
use std::path::{Path, PathBuf};

/// Say what is wrong in configuration and deal files, pointing at the line
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Configuration (`offtake.toml`) or deal files; facts (`.jsonl`) are held against the deal before them
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Print the JSON Schema of the configuration file and do nothing else
    #[arg(long, exclusive = true)]
    schema: bool,
    /// Print the JSON Schema of deal files and do nothing else
    #[arg(long, exclusive = true)]
    deal_schema: bool,
}

/// Checks each file; the first that cannot be used ends it.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.schema {
        return answer(config::SCHEMA);
    }
    if arguments.deal_schema {
        return answer(contract::DEAL_SCHEMA);
    }
    let mut deals = Vec::new();
    for path in &arguments.files {
        let text = utf8(path, std::fs::read(path).unwrap_or_default())?;
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            facts(&deals, path)?;
        } else if is_deal(&text) {
            deals.push((deal(path, &text)?, path, text));
            version(&deals)?;
        } else {
            File::read(path)?.compile(&Environment, None)?;
        }
        answer(&format!("{}: ok\n", path.display()))?;
    }
    Ok(())
}

/// A deal file says its schema in a line of its own; one that forgot to has parties, which nothing else has.
fn is_deal(text: &str) -> bool {
    let mut lines = text.trim_start_matches('\u{feff}').lines().map(str::trim_start);
    lines.any(|line| {
        line.starts_with("schema") && line.contains("offtake.contract/") || line.starts_with("[[party]]")
    })
}

/// The text of a file, or what is wrong with it and where.
pub fn text(path: &Path) -> Result<String, Failure> {
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::unusable(format!("cannot read `{}`: {error}", path.display())))?;
    utf8(path, bytes)
}

fn utf8(path: &Path, bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        let problem = Problem::at(at..at + 1, "this is not UTF-8").hint("save the file as UTF-8");
        Failure::unusable(Problems { path: path.to_owned(), text, list: vec![problem] })
    })
}

/// Reads a deal file, or says what is wrong with it.
pub fn deal(path: &Path, text: &str) -> Result<contract::Deal, Failure> {
    contract::Deal::parse(text).map_err(|error| fault(path, text, &[error]))
}

/// A deal, and the file it was read from.
type Read<'a> = (contract::Deal, &'a PathBuf, String);

/// Facts, held against the deal that was read last.
fn facts(deals: &[Read<'_>], path: &Path) -> Result<(), Failure> {
    match version(deals)? {
        Some(versions) => super::deal::evaluate::facts(&versions, &[path.to_owned()]).map(|_| ()),
        None => {
            Err(Failure::unusable(format!("`{}` is about a deal; name its file before it", path.display())))
        }
    }
}

/// The deal read last with its other versions, or why this file does not fit them.
fn version(deals: &[Read<'_>]) -> Result<Option<contract::Versions>, Failure> {
    let Some((last, ..)) = deals.last() else { return Ok(None) };
    let of_it = || deals.iter().filter(|(deal, ..)| deal.id.get_ref() == last.id.get_ref());
    let texts: Vec<&str> = of_it().map(|(.., text)| text.as_str()).collect();
    match contract::Versions::parse(&texts) {
        Ok(versions) => Ok(Some(versions)),
        Err((place, error)) => Err(of_it().nth(place).map_or_else(
            || Failure::unusable(&error),
            |(_, path, text)| fault(path, text, std::slice::from_ref(&error)),
        )),
    }
}

/// So many faults of a file are shown; a reader mends them before the others.
const SHOWN_MAX: usize = 50;

/// What is wrong with a file of a deal or of facts, each fault at its line with the mend.
pub fn fault(path: &Path, text: &str, errors: &[contract::Error]) -> Failure {
    let problem = |error: &contract::Error| {
        let hint = (!error.mend.is_empty()).then(|| error.mend.clone());
        Problem { span: error.span.clone(), message: error.to_string(), hint, of: None }
    };
    let mut list: Vec<Problem> = errors.iter().take(SHOWN_MAX).map(problem).collect();
    if errors.len() > SHOWN_MAX {
        list.push(Problem::whole(format!("and {} more", errors.len() - SHOWN_MAX)));
    }
    Failure::unusable(Problems { path: path.to_owned(), text: text.to_owned(), list })
}
