//! `offtake deal accounting`: how the parties account for a deal, under parameters that the file does not say.

mod document;
mod json;
mod write;

use crate::command::answer;
use crate::failure::Failure;
use contract::{Day, Decimal};
use finance::accounting::{Assumptions, Form, Question, view};
use std::path::PathBuf;

/// How the parties account for a deal. Parameterised analysis, never a claim about undisclosed terms
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The deal file, such as `presets/amazon-anthropic-2026.toml`
    file: PathBuf,
    /// Fair value, at contract inception, of the equity the vendor receives; 0 where it receives none
    #[arg(long, value_name = "AMOUNT")]
    fair_value: Option<Decimal>,
    /// What the vendor gives for it [default: the file's tranches that no condition stands before]
    #[arg(long, value_name = "AMOUNT")]
    cash: Option<Decimal>,
    /// In which form the vendor gives it [default: as the file says]
    #[arg(long, value_enum)]
    given: Option<Given>,
    /// Expected spend over the term [default: the file's commitments]
    #[arg(long, value_name = "AMOUNT")]
    spend: Option<Decimal>,
    /// Contract years, with the spend spread evenly over them [default: the file's term and yearly minimums]
    #[arg(long, value_name = "YEARS")]
    term: Option<u32>,
    /// The day that obligations are counted from [default: the deal's first]
    #[arg(long, value_name = "DATE")]
    as_of: Option<Day>,
    /// Spend after discounts in one contract year, to settle that year
    #[arg(long, value_name = "AMOUNT")]
    used: Option<Decimal>,
    /// Which contract year `--used` is for [default: 1]
    #[arg(long, value_name = "YEAR", requires = "used", value_parser = clap::value_parser!(u32).range(1..))]
    year: Option<u32>,
    /// The share of a make-good credit that is expected never to be used, such as 0.25
    #[arg(long, value_name = "SHARE")]
    breakage: Option<Decimal>,
    /// Grant-date fair value of a vendor's warrant that vests on purchases
    #[arg(long, value_name = "AMOUNT")]
    warrant_value: Option<Decimal>,
    /// The purchases that vest it in full [default: what the file says]
    #[arg(long, value_name = "AMOUNT", requires = "warrant_value")]
    warrant_purchases: Option<Decimal>,
    /// An answer to the lease screen: GRANT.QUESTION=yes or =no, where QUESTION is asset, substitution, share,
    /// benefits or direction; may be given several times
    #[arg(long, value_name = "ANSWER", value_parser = lease_answer)]
    answer: Vec<(String, Question, bool)>,
    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Text, conflicts_with = "json")]
    format: Format,
    /// The same as `--format json`
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Given {
    /// Money
    Cash,
    /// The vendor's own shares, at fair value
    Shares,
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

fn lease_answer(text: &str) -> Result<(String, Question, bool), String> {
    let shape = || "write it as `GRANT.QUESTION=yes` or `=no`".to_owned();
    let (asked, given) = text.split_once('=').ok_or_else(shape)?;
    let (grant, name) = asked.rsplit_once('.').ok_or_else(shape)?;
    let question = Question::ALL.into_iter().find(|question| question.name() == name);
    let question = question.ok_or_else(|| {
        let known = Question::ALL.map(Question::name).join("`, `");
        format!("there is no question `{name}`; there are `{known}`")
    })?;
    match given {
        "yes" => Ok((grant.to_owned(), question, true)),
        "no" => Ok((grant.to_owned(), question, false)),
        _ => Err(shape()),
    }
}

/// Writes the accounting view of the deal in the file.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let deal = super::read(&arguments.file)?;
    let assumed = Assumptions {
        fair_value: arguments.fair_value,
        cash: arguments.cash,
        form: arguments.given.map(|given| match given {
            Given::Cash => Form::Cash,
            Given::Shares => Form::OwnShares,
        }),
        spend: arguments.spend,
        years: arguments.term,
        as_of: arguments.as_of,
        used: arguments.used,
        year: arguments.year,
        breakage: arguments.breakage,
        warrant_value: arguments.warrant_value,
        warrant_purchases: arguments.warrant_purchases,
        answers: arguments.answer.clone(),
    };
    let view = view(&deal, &assumed).map_err(Failure::unusable)?;
    answer(&match (arguments.json, arguments.format) {
        (true, _) | (_, Format::Json) => format!("{}\n", json::write(&deal, &view)),
        (_, Format::Md) => document::document(&deal, &view).markdown(),
        (_, Format::Text) => document::document(&deal, &view).text(),
    })
}
