//! `offtake deal evaluate`: where a deal stands, from facts, at a moment and as known at a moment.

use crate::command::{answer, check};
use crate::failure::Failure;
use contract::fact::Facts;
use contract::render::evaluation;
use contract::{Evaluation, Versions, evaluate};
use std::path::PathBuf;
use units::{Clock as _, SystemClock, Timestamp};

/// Where a deal stands: tranches, contract years, capacity, covenants, each with its reasons
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The deal file, and the files of its amendments
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    moment: Moment,
    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// For programs; the same as `--format json`
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

/// What is known, and which moment is asked about.
#[derive(Debug, clap::Args)]
pub struct Moment {
    /// Facts, one JSON object a line; may be given several times
    #[arg(long, value_name = "FACTS")]
    facts: Vec<PathBuf>,
    /// The moment asked about, a date or a time; now when not said
    #[arg(long, value_name = "DATE")]
    as_of: Option<Timestamp>,
    /// What was put on record later is not known; now when not said
    #[arg(long, value_name = "TIME")]
    known_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// Markdown
    Md,
    /// For programs
    Json,
}

/// Writes where the deal stands.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let evaluated = arguments.moment.evaluate(&arguments.files)?;
    let format = if arguments.json { Format::Json } else { arguments.format };
    answer(&match format {
        Format::Text => evaluation::terminal(&evaluated),
        Format::Md => evaluation::markdown(&evaluated),
        Format::Json => evaluation::json(&evaluated),
    })
}

impl Moment {
    /// The deal in `files` at this moment.
    pub fn evaluate(&self, files: &[PathBuf]) -> Result<Evaluation, Failure> {
        let deal = versions(files)?;
        let facts = facts(&deal, &self.facts)?;
        let now = SystemClock.now();
        let (as_of, known_at) = (self.as_of.unwrap_or(now), self.known_at.unwrap_or(now));
        evaluate(&deal, &facts, as_of, known_at).map_err(Failure::failed)
    }
}

/// The deal and its amendments, or what is wrong with them and where.
pub fn versions(files: &[PathBuf]) -> Result<Versions, Failure> {
    let texts = files.iter().map(|path| check::text(path)).collect::<Result<Vec<_>, _>>()?;
    let bare: Vec<&str> = texts.iter().map(String::as_str).collect();
    Versions::parse(&bare).map_err(|(place, error)| check::fault(&files[place], &texts[place], &[error]))
}

/// The facts in `files`, held against the deal, or what is wrong with them and where: then none is used.
pub fn facts(deal: &Versions, files: &[PathBuf]) -> Result<Facts, Failure> {
    let texts = files.iter().map(|path| check::text(path)).collect::<Result<Vec<_>, _>>()?;
    let names: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    let pairs: Vec<(&str, &str)> =
        names.iter().zip(&texts).map(|(name, text)| (name.as_str(), text.as_str())).collect();
    Facts::read(deal, &pairs).map_err(|faults| {
        let of = |file: usize| {
            faults.iter().filter(move |(place, _)| *place == file).map(|(_, error)| error.clone())
        };
        let shown = files.iter().enumerate().filter_map(|(place, path)| {
            let list: Vec<contract::Error> = of(place).collect();
            (!list.is_empty()).then(|| check::fault(path, &texts[place], &list).to_string())
        });
        Failure::unusable(shown.collect::<Vec<_>>().join("\n"))
    })
}
