//! The project's own commands, `cargo xtask …`: each does all its own set-up.
//!
//! No dependencies, so that it builds in a second on a fresh machine.

mod demo;
mod run;
mod test;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask demo [-- ARGS]   set everything up and start the plane (ARGS go to `offtake demo`)
cargo xtask test [PART …]    install what tests need and run them all, or the parts named:
                             format, lint, tidy, rust, clients
cargo xtask tidy             check the house rules: edges between rooms, headers, dependencies
cargo xtask bench [-- ARGS]  compare the plane with a bare proxy (ARGS go to bench/run.py)";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let verb = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.skip_while(|argument| argument == "--").collect();
    let done = match verb.as_str() {
        "demo" => demo::demo(&rest),
        "test" => test::test(&rest),
        "tidy" => tidy::tidy(),
        "bench" => run::run(run::command("python3").arg(run::root().join("bench/run.py")).args(&rest)),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
