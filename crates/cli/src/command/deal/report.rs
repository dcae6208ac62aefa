//! `offtake deal report`: a deal's analysis as a document: who is really buying what, what each side may be owed,
//! what to watch, what to take from it.

use super::evaluate::{facts, versions};
use super::forecast::{bar, read, with_mend};
use super::write::{Format, bytes, write};
use crate::failure::Failure;
use analysis::Sources;
use contract::evaluate;
use forecast::{Design, Forecast, History, Settings, project};
use std::path::PathBuf;
use units::{Clock as _, SystemClock, Timestamp};

/// The analysis of a deal: who is really buying what, and every figure reported, derived or assumed
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The deal file, such as `presets/amazon-anthropic-2026.toml`, and the files of its amendments
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Facts, one JSON object a line; may be given several times
    #[arg(long, value_name = "FACTS")]
    facts: Vec<PathBuf>,
    /// The moment asked about, a date or a time; now when not said
    #[arg(long, value_name = "DATE")]
    as_of: Option<Timestamp>,
    /// What was put on record later is not known; now when not said
    #[arg(long, value_name = "TIME")]
    known_at: Option<Timestamp>,
    /// A scenario, by name or file; may be given several times, the first being the one that the text speaks of
    #[arg(long, value_name = "SCENARIO", default_value = "base")]
    scenario: Vec<String>,
    /// About how many paths a scenario; 0 leaves the forecast out
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(0..=100_000_000))]
    paths: u64,
    /// What the random numbers hang on: the same seed gives the same answer, bit for bit
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How to write it; for programs, the figures alone (`deal evaluate` and `deal forecast` have the rest)
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Where to write it, instead of the terminal
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Writes the analysis.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let versions = versions(&arguments.files)?;
    let facts = facts(&versions, &arguments.facts)?;
    let now = SystemClock.now();
    let (as_of, known_at) = (arguments.as_of.unwrap_or(now), arguments.known_at.unwrap_or(now));
    let deal = versions.known_at(known_at);
    let report = contract::report(deal);
    if matches!(arguments.format, Format::Json) {
        return bytes(contract::render::json(&report).as_bytes(), arguments.out.as_deref());
    }
    let evaluation = evaluate(&versions, &facts, as_of, known_at).map_err(Failure::failed)?;
    let forecasts = match arguments.paths {
        0 => Vec::new(),
        paths => forecasts(arguments, paths, deal, &History::new(&facts))?,
    };
    let sources = Sources { deal, report: &report, evaluation: &evaluation, forecasts: &forecasts };
    write(&sources.document(), arguments.format, arguments.out.as_deref())
}

fn forecasts(
    arguments: &Arguments,
    paths: u64,
    deal: &contract::Deal,
    history: &History,
) -> Result<Vec<Forecast>, Failure> {
    let scenarios = arguments.scenario.iter().map(|name| read(name)).collect::<Result<Vec<_>, _>>()?;
    // A tenth of the paths shows what drives a deal to a percent or two, which is all that bars can show.
    let settings = Settings {
        paths,
        seed: arguments.seed,
        design: Design::Sobol,
        sensitivity_paths: paths.div_ceil(10),
    };
    let bar = bar(settings.work() * scenarios.len() as u64);
    let one = |scenario| {
        project(deal, scenario, history, &settings, &|paths| bar.inc(paths))
            .map_err(|error| Failure::unusable(with_mend(&error)))
    };
    let forecasts = scenarios.iter().map(one).collect();
    bar.finish_and_clear();
    forecasts
}
