//! `offtake deal facts import`: bills one already has, as facts of spend.

use super::{store, table};
use crate::command::{answer, deal};
use crate::failure::Failure;
use aws_lc_rs::digest::{Context, SHA256};
use config::{Problem, Problems};
use contract::Deal;
use focus::{BillIs, Import, Known, Named, Options, Outcome, Place, Summary};
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::HashSet;
use std::fs::File;
use std::io::{Read, Seek as _};
use std::path::{Path, PathBuf};
use units::{Clock as _, SystemClock, Timestamp};

/// Bills one already has: FOCUS exports (1.0 to 1.4) as facts of spend at list price
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Cost and Usage exports (.csv, .csv.gz, .parquet), or folders of them; all parts of a bill together
    #[arg(required = true)]
    exports: Vec<PathBuf>,
    /// The file of facts to add to; they go to standard output without it
    #[arg(long, alias = "facts")]
    out: Option<PathBuf>,
    /// Show what this deal's rules make of the bill, and refuse another currency than its own
    #[arg(long)]
    deal: Option<PathBuf>,
    /// What the deal's rules call the provider, where that is not the vendor's own short name (`aws`, `microsoft`,
    /// `google`, …)
    #[arg(long)]
    provider: Option<String>,
    /// When the bill became known, where that is not now: facts are never known before it
    #[arg(long, value_name = "TIME")]
    recorded_at: Option<Timestamp>,
    /// Count charges without a list cost at their effective cost, and say so in their attribute `basis`
    #[arg(long)]
    fill_list_cost: bool,
    /// What a bill is that covers days of an earlier one; judged by its rows when not said
    #[arg(long, value_enum)]
    bill_is: Option<Is>,
    /// Read and report, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Report as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Is {
    /// A newer edition: it says anew what the days it covers cost
    Edition,
    /// A further part: it adds to them
    Part,
}

/// Imports the bills.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let deal = arguments.deal.as_deref().map(deal::read).transpose()?;
    let before = arguments.out.as_deref().map_or_else(|| Ok(String::new()), store::read)?;
    let known = Known::read(&before).map_err(|faults| {
        store::faults(arguments.out.as_deref().unwrap_or(Path::new("")), &before, faults)
    })?;
    let mut skipped = Vec::new();
    let import = read(arguments, deal.as_ref(), known, &mut skipped)?;
    let outcome = import.finish(deal.as_ref()).map_err(|fault| failure(&arguments.exports[0], fault))?;
    if let Some(out) =
        arguments.out.as_deref().filter(|_| !arguments.dry_run && outcome.summary.facts.written > 0)
    {
        store::add(out, &before, outcome.facts())?;
    }
    report(arguments, &outcome, &skipped)
}

/// Reads all exports, in order.
fn read(
    arguments: &Arguments,
    deal: Option<&Deal>,
    known: Known,
    skipped: &mut Vec<String>,
) -> Result<Import, Failure> {
    let options = Options {
        provider: arguments.provider.clone(),
        fill_list_cost: arguments.fill_list_cost,
        recorded_at: recorded_at(arguments)?,
        currency: deal.map(|deal| deal.currency),
        bill_is: arguments.bill_is.map(|is| match is {
            Is::Edition => BillIs::Edition,
            Is::Part => BillIs::Part,
        }),
    };
    let mut import = Import::new(options, known);
    let mut given = HashSet::new();
    for path in exports(&arguments.exports)? {
        let sha256 = sha256(&path).map_err(|error| unreadable(&path, &error))?;
        let name = path.display().to_string();
        if let Some(recorded) = import.knows(&sha256) {
            skipped.push(format!("{name} is on record since {recorded}: not read again"));
        } else if !given.insert(sha256.clone()) {
            skipped.push(format!("{name} is the same file as one before it: read once"));
        } else {
            read_one(&mut import, &path, Named { name, sha256 })?;
        }
    }
    Ok(import)
}

fn recorded_at(arguments: &Arguments) -> Result<Timestamp, Failure> {
    let now = SystemClock.now();
    match arguments.recorded_at {
        Some(said) if said > now => {
            Err(Failure::unusable(format!("`--recorded-at {said}` lies ahead: it is {now} now")))
        }
        said => Ok(said.unwrap_or(now)),
    }
}

/// The files given, and those in folders given, in order.
fn exports(given: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in given {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        folder(path, &mut files).map_err(|error| unreadable(path, &error))?;
        if files.len() == before {
            let folder = path.display();
            return Err(Failure::unusable(format!("there is no .csv, .csv.gz or .parquet in `{folder}`")));
        }
    }
    Ok(files)
}

fn folder(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    entries.sort_unstable();
    for entry in entries {
        let name = entry.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        if entry.is_dir() {
            folder(&entry, files)?;
        } else if [".csv", ".csv.gz", ".parquet"].iter().any(|end| name.ends_with(end)) {
            files.push(entry);
        }
    }
    Ok(())
}

fn read_one(import: &mut Import, path: &Path, named: Named) -> Result<(), Failure> {
    let mut file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let bytes = file.metadata().map_err(|error| unreadable(path, &error))?.len();
    let bar = bar(bytes, &named.name);
    let mut magic = [0; 4];
    let is_parquet = file.read_exact(&mut magic).is_ok() && &magic == b"PAR1";
    file.rewind().map_err(|error| unreadable(path, &error))?;
    let done = if is_parquet {
        import.parquet(named, file, |rows, total| {
            bar.set_position(rows.saturating_mul(bytes).checked_div(total).unwrap_or(bytes));
        })
    } else {
        import.csv(named, bar.wrap_read(file))
    };
    bar.finish_and_clear();
    done.map_err(|fault| failure(path, fault))
}

/// A bar on standard error for a file that takes a while; nothing where that is no terminal.
fn bar(bytes: u64, name: &str) -> ProgressBar {
    if bytes < 16 << 20 {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec} {eta}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(bytes).with_style(style.progress_chars("=> ")).with_message(name.to_owned())
}

fn sha256(path: &Path) -> std::io::Result<String> {
    let (mut file, mut context) = (File::open(path)?, Context::new(&SHA256));
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            length => context.update(&buffer[..length]),
        }
    }
    Ok(context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::unusable(format!("cannot read `{}`: {error}", path.display()))
}

/// A fault of an export, shown where it stands.
fn failure(path: &Path, fault: focus::Fault) -> Failure {
    let message = match fault.place {
        Place::Row(row) => format!("row {row}: {fault}"),
        _ => fault.to_string(),
    };
    let hint = (!fault.mend.is_empty()).then(|| fault.mend.clone());
    let (text, span) = match fault.place {
        // The lines before it were read and forgotten; empty ones in their place keep the count.
        Place::Line(line) => {
            let before = "\n".repeat(usize::try_from(line.number.saturating_sub(1)).unwrap_or(0));
            let span = before.len() + line.span.start..before.len() + line.span.end;
            (before + &line.text, Some(span))
        }
        _ => (String::new(), None),
    };
    Failure::unusable(Problems {
        path: path.to_owned(),
        text,
        list: vec![Problem { span, message, hint, of: None }],
    })
}

fn report(arguments: &Arguments, outcome: &Outcome, skipped: &[String]) -> Result<(), Failure> {
    let to = match &arguments.out {
        _ if arguments.dry_run => "would be added".to_owned(),
        Some(out) => format!("added to {}", out.display()),
        None => "on standard output".to_owned(),
    };
    let text = if arguments.json {
        json(&outcome.summary, skipped)?
    } else {
        table::text(&outcome.summary, skipped, &to)
    };
    if arguments.out.is_some() || arguments.dry_run {
        return answer(&text);
    }
    super::complain(&text);
    outcome.facts().try_for_each(|fact| answer(&format!("{}\n", fact.to_line())))
}

fn json(summary: &Summary, skipped: &[String]) -> Result<String, Failure> {
    let mut summary = summary.clone();
    summary.notes.extend_from_slice(skipped);
    serde_json::to_string_pretty(&summary).map(|text| text + "\n").map_err(Failure::failed)
}
