//! `cargo xtask demo`: build, fetch the model once, become `offtake demo`.

use crate::run::{build_offtake, command, has, root, run};
use std::os::unix::process::CommandExt as _;

/// Sets everything up and replaces this process by the demo, so that a signal reaches it.
pub fn demo(arguments: &[String]) -> Result<(), String> {
    eprintln!("[1/3] building offtake (a few minutes the first time)");
    let offtake = build_offtake(&[])?;
    eprintln!("[2/3] looking for the demo's model");
    if let Err(why) = fetch_model() {
        eprintln!("      {why}\n      the demo starts without it: only the model `echo` will answer");
    }
    eprintln!("[3/3] starting the demo");
    let error = command(&offtake.to_string_lossy()).arg("demo").args(arguments).exec();
    Err(format!("`{}` could not be started: {error}", offtake.display()))
}

/// Fetches the model where it is not cached; says why it cannot be had.
pub fn fetch_model() -> Result<(), String> {
    if !has("python3") {
        return Err("python3 is needed to fetch the model's package".to_owned());
    }
    run(command("python3").arg(root().join("xtask/fetch_model.py")))
        .map_err(|_| "the model cannot be had now (see above)".to_owned())
}
