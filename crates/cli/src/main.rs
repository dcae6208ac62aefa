//! The `offtake` binary: one file a verb.
//!
//! Answers go to standard output, everything else to standard error. Exit codes: 0 done, 1 the thing asked for
//! failed (damaged books, a refused call), 2 the command or a file given to it cannot be used.

mod access;
mod archive;
mod command;
mod destinations;
mod eligible;
mod failure;
mod issuers;
mod keeper;
mod model_file;
mod observed;
mod overview;
mod pages;
mod people;
mod place;
mod plane;
mod reload;
mod residency;
mod seen;
mod sight;
mod signing;
mod terminal;

/// A call is a few dozen small, short-lived pieces of memory, made on one thread and often dropped on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// An AI access plane: who calls which model, where, on what capacity, and which contract pays.
#[derive(Debug, Parser)]
#[command(name = "offtake", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Demo(command::demo::Arguments),
    Serve(command::serve::Arguments),
    Check(command::check::Arguments),
    Ask(command::ask::Arguments),
    Login(command::login::Arguments),
    #[command(subcommand)]
    Usage(command::usage::Verb),
    #[command(subcommand)]
    Ledger(command::ledger::Verb),
    Token(command::token::Arguments),
    #[command(subcommand)]
    Key(command::key::Verb),
    #[command(subcommand)]
    Identity(command::identity::Verb),
    #[command(subcommand)]
    Policy(command::policy::Verb),
    #[command(subcommand)]
    Retention(command::retention::Verb),
    #[command(subcommand)]
    Evidence(command::evidence::Verb),
    #[command(subcommand)]
    Deal(command::deal::Verb),
    Instrument(command::instrument::Arguments),
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers; anything else is a command that cannot be used.
            let _ = error.print();
            return ExitCode::from(u8::from(error.use_stderr()) * 2);
        }
    };
    let done = match arguments.verb {
        Verb::Demo(arguments) => command::demo::run(&arguments),
        Verb::Ask(arguments) => command::ask::run(&arguments),
        Verb::Login(arguments) => command::login::run(&arguments),
        Verb::Usage(verb) => command::usage::run(&verb),
        Verb::Ledger(verb) => command::ledger::run(&verb),
        Verb::Token(arguments) => command::token::run(&arguments),
        Verb::Key(verb) => command::key::run(&verb),
        Verb::Identity(verb) => command::identity::run(&verb),
        Verb::Retention(verb) => command::retention::run(&verb),
        Verb::Evidence(verb) => command::evidence::run(&verb),
        Verb::Policy(verb) => command::policy::run(&verb),
        Verb::Serve(arguments) => command::serve::run(&arguments),
        Verb::Check(arguments) => command::check::run(&arguments),
        Verb::Deal(verb) => command::deal::run(&verb),
        Verb::Instrument(arguments) => command::instrument::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
