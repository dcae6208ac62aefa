//! `offtake evidence export`: a period's calls as a signed bundle, beside a running plane or without one.

use crate::archive;
use crate::command::books::Books;
use crate::failure::Failure;
use crate::observed;
use crate::signing;
use evidence::{Context, SigningKey, write};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use units::{Clock as _, SystemClock, Timestamp};

/// Write a period's calls, and what decided them, as one signed file
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    books: Books,
    /// Calls admitted at or after this: a date (its start, UTC) or a time in RFC 3339
    #[arg(long)]
    from: String,
    /// And before this
    #[arg(long)]
    to: String,
    /// Where to write it [default: the terminal]
    #[arg(long, short, value_name = "FILE", visible_alias = "out")]
    output: Option<PathBuf>,
    /// The private key that seals it: Ed25519 in PEM [default: `evidence-key.pem` in the data directory, made at first use]
    #[arg(long, value_name = "KEYFILE")]
    key: Option<PathBuf>,
}

/// Writes the bundle, and says what is in it.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let data = arguments.books.data()?;
    let (from, to) = (moment("from", &arguments.from)?, moment("to", &arguments.to)?);
    if from >= to {
        return Err(Failure::unusable(format!("`--from {from}` is not before `--to {to}`")));
    }
    let key = key(arguments, &data)?;
    let observed = observed::load(&data)?;
    let context = Context {
        from,
        to,
        made_at: SystemClock.now(),
        software: concat!("offtake ", env!("CARGO_PKG_VERSION")),
        key: &key,
        catalogue: &|version| archive::catalogue(&data, version),
        configuration: &|version| archive::configuration(&data, version),
        observation: &|vendor_request| observed.get(vendor_request).cloned(),
    };
    let progress = progress();
    let mut count = |records| progress.set_position(records);
    let written = match &arguments.output {
        None => write(&data, &context, &mut BufWriter::new(std::io::stdout().lock()), &mut count),
        Some(path) => whole(path, |file| write(&data, &context, file, &mut count)),
    };
    progress.finish_and_clear();
    let written = written.map_err(Failure::failed)?;
    // Standard error may be closed; what was asked for is done.
    let _ = writeln!(
        std::io::stderr(),
        "{} calls in {} batches, sealed by {}",
        written.records,
        written.batches,
        key.public()
    );
    Ok(())
}

fn moment(name: &str, text: &str) -> Result<Timestamp, Failure> {
    text.parse().map_err(|error| Failure::unusable(format!("--{name}: {error}")))
}

fn key(arguments: &Arguments, data: &Path) -> Result<SigningKey, Failure> {
    let path = arguments.key.clone().unwrap_or_else(|| data.join("evidence-key.pem"));
    if arguments.key.is_none() && !path.exists() {
        signing::make(&path)?;
    }
    SigningKey::from_pkcs8(&signing::read(&path)?).ok_or_else(|| signing::no_key(&path))
}

/// Writes a file whole, or leaves what was there.
fn whole<T>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<T, evidence::Error>,
) -> Result<T, evidence::Error> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let made = std::fs::File::create(&new).map_err(evidence::Error::from).and_then(|file| {
        let mut file = BufWriter::new(file);
        let written = write(&mut file)?;
        file.flush()?;
        file.get_ref().sync_all()?;
        Ok(written)
    });
    let made = made.and_then(|made| {
        std::fs::rename(&new, path)?;
        Ok(made)
    });
    if made.is_err() {
        // What is half written is of no use; that it cannot be removed changes nothing.
        let _ = std::fs::remove_file(&new);
    }
    made
}

/// Shown on a terminal only.
fn progress() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {pos} calls, {per_sec}");
    ProgressBar::no_length().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}
