//! `offtake deal`: what a deal file says and what follows from it. One file a verb; none needs a configuration.

mod accounting;
mod compare;
pub mod evaluate;
mod explain;
mod facts;
mod forecast;
mod ledger;
mod new;
mod report;
mod sign;
pub mod write;

use super::check;
use crate::failure::Failure;
use contract::Deal;
use std::path::Path;

/// What a deal file says, and what follows from it
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    Evaluate(evaluate::Arguments),
    Explain(explain::Arguments),
    Accounting(Box<accounting::Arguments>),
    Forecast(forecast::Arguments),
    Ledger(ledger::Arguments),
    New(new::Arguments),
    #[command(subcommand)]
    Facts(facts::Verb),
    Report(report::Arguments),
    Compare(compare::Arguments),
    Sign(sign::Arguments),
}

/// Does what is asked of the deal.
pub fn run(verb: &Verb) -> Result<(), Failure> {
    match verb {
        Verb::Evaluate(arguments) => evaluate::run(arguments),
        Verb::Explain(arguments) => explain::run(arguments),
        Verb::Accounting(arguments) => accounting::run(arguments),
        Verb::Forecast(arguments) => forecast::run(arguments),
        Verb::Ledger(arguments) => ledger::run(arguments),
        Verb::New(arguments) => new::run(arguments),
        Verb::Facts(verb) => facts::run(verb),
        Verb::Report(arguments) => report::run(arguments),
        Verb::Compare(arguments) => compare::run(arguments),
        Verb::Sign(arguments) => sign::run(arguments),
    }
}

/// The deal in `file`, or what is wrong with it and where.
fn read(file: &Path) -> Result<Deal, Failure> {
    check::deal(file, &check::text(file)?)
}
