//! `offtake deal explain`: why a tranche stands where it does, in words that end in lines of facts.

use super::evaluate::Moment;
use crate::command::answer;
use crate::failure::Failure;
use contract::render::evaluation;
use std::path::PathBuf;

/// Why a tranche stands where it does, down to the facts
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The deal file
    file: PathBuf,
    /// The tranche
    tranche: String,
    /// The file of an amendment; may be given several times
    #[arg(long, value_name = "FILE")]
    amended: Vec<PathBuf>,
    #[command(flatten)]
    moment: Moment,
}

/// Writes the reasons.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut files = vec![arguments.file.clone()];
    files.extend(arguments.amended.iter().cloned());
    let evaluated = arguments.moment.evaluate(&files)?;
    let Some(status) = evaluated.tranches.iter().find(|status| status.id == arguments.tranche) else {
        let known: Vec<String> = evaluated.tranches.iter().map(|status| format!("`{}`", status.id)).collect();
        let known =
            if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
        return Err(Failure::unusable(format!("the deal has no tranche `{}`; {known}", arguments.tranche)));
    };
    answer(&evaluation::explain(&evaluated, status))
}
