//! A file of facts: read as it is, added to as a whole.

use crate::failure::Failure;
use config::{Problem, Problems};
use contract::fact::Fact;
use std::fs;
use std::io::Write as _;
use std::path::Path;

/// The text of a file of facts; none where there is no file yet.
pub fn read(path: &Path) -> Result<String, Failure> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(Failure::unusable(format!("cannot read `{}`: {error}", path.display()))),
    }
}

/// What is wrong in a file of facts, at its lines.
pub fn faults(path: &Path, text: &str, faults: Vec<contract::Error>) -> Failure {
    let list = faults.into_iter().map(|fault| {
        let hint = (!fault.mend.is_empty()).then(|| fault.mend.clone());
        Problem { span: fault.span.clone(), message: fault.to_string(), hint, of: None }
    });
    Failure::unusable(Problems { path: path.to_owned(), text: text.to_owned(), list: list.collect() })
}

/// Puts facts after what is in the file. A reader finds all of them or none: they go into a new file that takes the
/// old one's place.
pub fn add(path: &Path, before: &str, facts: impl Iterator<Item = Fact>) -> Result<(), Failure> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let new = path.with_file_name(name);
    let failed = |error: std::io::Error| {
        // What is left of it is of no use; if that cannot be removed either, the first error says more.
        let _ = fs::remove_file(&new);
        Failure::failed(format!("cannot write `{}`: {error}", path.display()))
    };
    write(&new, before, facts).map_err(failed)?;
    if let Ok(metadata) = fs::metadata(path) {
        fs::set_permissions(&new, metadata.permissions()).map_err(failed)?;
    }
    fs::rename(&new, path).map_err(failed)
}

fn write(new: &Path, before: &str, facts: impl Iterator<Item = Fact>) -> std::io::Result<()> {
    let mut out = std::io::BufWriter::with_capacity(1 << 16, fs::File::create_new(new)?);
    out.write_all(before.as_bytes())?;
    if !before.is_empty() && !before.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    for fact in facts {
        writeln!(out, "{}", fact.to_line())?;
    }
    out.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()
}
