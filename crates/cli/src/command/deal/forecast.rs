//! `offtake deal forecast`: where a deal ends up under scenarios, by simulated paths through its own rules.

use super::evaluate::{facts, versions};
use crate::command::answer;
use crate::failure::Failure;
use config::{Problem, Problems};
use forecast::render::{Style, write};
use forecast::{Design, Forecast, History, Scenario, Settings, project, scenario};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use units::{Clock as _, SystemClock};

/// Where a deal ends up: burn-down, shortfalls, milestones, values, and what drives them
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The deal file, and the files of its amendments
    #[arg(required_unless_present_any = ["list", "show"])]
    files: Vec<PathBuf>,
    /// Facts, one JSON object a line; may be given several times
    #[arg(long, value_name = "FACTS")]
    facts: Vec<PathBuf>,
    /// A scenario: one of the binary's own, or a file; may be given several times
    #[arg(long, value_name = "SCENARIO", default_value = "base")]
    scenario: Vec<String>,
    /// About how many paths
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    paths: u64,
    /// What the random numbers hang on: the same seed gives the same answer, bit for bit
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Paths in each run of the analysis of what drives the deal; 0 leaves it out
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(0..=10_000_000))]
    driver_paths: u64,
    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// For programs; the same as `--format json`
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// List the binary's own scenarios and do nothing else
    #[arg(long, exclusive = true)]
    list: bool,
    /// Print one of the binary's own scenarios, to begin one's own from, and do nothing else
    #[arg(long, exclusive = true, value_name = "SCENARIO")]
    show: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// Markdown
    Md,
    /// For programs
    Json,
}

/// Writes where the deal ends up.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.list {
        return answer(&list());
    }
    if let Some(name) = &arguments.show {
        return answer(scenario::own(name).ok_or_else(|| unknown(name))?);
    }
    let scenarios = arguments.scenario.iter().map(|name| read(name)).collect::<Result<Vec<_>, _>>()?;
    let deal = versions(&arguments.files)?;
    let history = History::new(&facts(&deal, &arguments.facts)?);
    let settings = Settings {
        paths: arguments.paths,
        seed: arguments.seed,
        design: Design::Sobol,
        sensitivity_paths: arguments.driver_paths,
    };
    let deal = deal.known_at(SystemClock.now());
    let bar = bar(settings.work() * scenarios.len() as u64);
    let mut forecasts = Vec::new();
    for scenario in &scenarios {
        let start = Instant::now();
        let done = |paths: u64| bar.inc(paths);
        let forecast = project(deal, scenario, &history, &settings, &done);
        let mut forecast = forecast.map_err(|error| Failure::unusable(with_mend(&error)))?;
        timed(&mut forecast, &settings, start.elapsed());
        forecasts.push(forecast);
    }
    bar.finish_and_clear();
    let format = if arguments.json { Format::Json } else { arguments.format };
    answer(&match format {
        Format::Text => write(&forecasts, Style::Text),
        Format::Md => write(&forecasts, Style::Markdown),
        Format::Json => json(&forecasts)?,
    })
}

fn timed(forecast: &mut Forecast, settings: &Settings, took: Duration) {
    let seconds = took.as_secs_f64();
    forecast.run.seconds = Some((seconds * 1e3).round() / 1e3);
    forecast.run.paths_per_second = Some((settings.work() as f64 / seconds.max(1e-9)).round());
}

fn json(forecasts: &[Forecast]) -> Result<String, Failure> {
    let mut text = serde_json::to_string_pretty(&serde_json::json!({ "forecasts": forecasts }))
        .map_err(Failure::failed)?;
    text.push('\n');
    Ok(text)
}

/// A bar on a terminal; nothing anywhere else.
pub fn bar(paths: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(paths);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {human_pos}/{human_len} paths, {eta} left") {
        bar.set_style(style);
    }
    bar
}

/// A scenario by its name, or from a file.
pub fn read(name: &str) -> Result<Scenario, Failure> {
    if let Some(text) = scenario::own(name) {
        return parse(Path::new(name), text);
    }
    let path = Path::new(name);
    let looks_like_a_file = name.contains(['/', '\\', '.']) || path.exists();
    if !looks_like_a_file {
        return Err(unknown(name));
    }
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::unusable(format!("cannot read `{}`: {error}", path.display())))?;
    parse(path, &text)
}

fn unknown(name: &str) -> Failure {
    let near = match scenario::nearest(name) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there is {}; any other name is a file's", scenario::NAMES.join(", ")),
    };
    Failure::unusable(format!("there is no scenario `{name}`; {near}"))
}

/// Reads a scenario file, or says what is wrong with it and where.
pub fn parse(path: &Path, text: &str) -> Result<Scenario, Failure> {
    Scenario::parse(text).map_err(|error| {
        let hint = (!error.mend.is_empty()).then(|| error.mend.clone());
        let problem = Problem { span: error.span.clone(), message: error.to_string(), hint, of: None };
        let list = vec![problem];
        Failure::unusable(Problems { path: path.to_owned(), text: text.to_owned(), list })
    })
}

/// What is wrong, and the mend.
pub fn with_mend(error: &forecast::Error) -> String {
    if error.mend.is_empty() { error.to_string() } else { format!("{error}; {}", error.mend) }
}

fn list() -> String {
    let line = |name: &&str| {
        let about = scenario::own(name).and_then(|text| Scenario::parse(text).ok());
        let about = about.map_or_else(String::new, |scenario| scenario.note);
        format!("{name:<26}{about}\n")
    };
    scenario::NAMES.iter().map(line).collect()
}
