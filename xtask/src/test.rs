//! `cargo xtask test`: installs what the tests need, then runs all of them, each part with its time.

use crate::run::{build_offtake, cargo, command, has, root, run};
use crate::{demo, tidy};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Instant;

type Part = (&'static str, fn() -> Result<(), String>);

const PARTS: [Part; 5] =
    [("format", format), ("lint", lint), ("tidy", tidy::tidy), ("rust", rust), ("clients", clients)];

/// Runs the parts named, or all.
pub fn test(wanted: &[String]) -> Result<(), String> {
    if let Some(unknown) = wanted.iter().find(|name| !PARTS.iter().any(|(part, _)| part == name)) {
        return Err(format!("there is no part `{unknown}`; the parts are format, lint, tidy, rust, clients"));
    }
    for (name, part) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            eprintln!("── {name}");
            let started = Instant::now();
            part()?;
            eprintln!("── {name}: passed in {} s", started.elapsed().as_secs());
        }
    }
    Ok(())
}

fn format() -> Result<(), String> {
    run(cargo().args(["fmt", "--all", "--check"]))
}

fn lint() -> Result<(), String> {
    run(cargo().args(["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]))
}

/// Unit, property and fault tests. The model is fetched first: tests that need it say so when it is missing.
fn rust() -> Result<(), String> {
    if let Err(why) = demo::fetch_model() {
        eprintln!("{why}");
    }
    if has("cargo-nextest") {
        return run(cargo().args(["nextest", "run", "--workspace", "--no-fail-fast"]));
    }
    run(cargo().args(["test", "--workspace", "--no-fail-fast"]))
}

/// Real SDKs and a real browser against the running binary.
fn clients() -> Result<(), String> {
    let offtake = build_offtake(&[])?;
    browser();
    let python = environment()?;
    let artifacts = root().join("artifacts");
    let mut pytest = command(&python.to_string_lossy());
    pytest.args(["-m", "pytest", "-q", "tests/clients"]);
    run(pytest.env("OFFTAKE_BIN", offtake).env("OFFTAKE_ARTIFACTS", artifacts))
}

/// Chromium, from the system's packages where there is apt; elsewhere says what is missing.
fn browser() {
    if ["chromium", "chromium-browser", "google-chrome"].iter().any(|name| has(name)) {
        return;
    }
    if !has("apt-get") {
        eprintln!("no Chromium and no apt: install Chromium to run the browser test; it is skipped");
        return;
    }
    eprintln!("installing Chromium");
    let mut update = command("apt-get");
    // An old list may still do.
    let _ = run(update.args(["update", "-q"]).stdout(Stdio::null()));
    let mut install = command("apt-get");
    let installed = run(install
        .args(["install", "-q", "-y", "--no-install-recommends", "chromium"])
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdout(Stdio::null()));
    if let Err(why) = installed {
        eprintln!("{why}: the browser test is skipped");
    }
}

/// A Python environment of the tests' own, with the vendors' SDKs.
fn environment() -> Result<PathBuf, String> {
    let home = root().join("target/clients");
    let (python, wanted) = (home.join("bin/python"), root().join("tests/clients/requirements.txt"));
    let stamp = home.join("requirements.txt");
    let same = std::fs::read(&stamp).ok().zip(std::fs::read(&wanted).ok()).is_some_and(|(a, b)| a == b);
    if same && python.exists() {
        return Ok(python);
    }
    eprintln!("installing the SDKs that the tests use");
    run(command("python3").args(["-m", "venv"]).arg(&home))?;
    let mut pip = command(&python.to_string_lossy());
    run(pip.args(["-m", "pip", "install", "-q", "--disable-pip-version-check", "-r"]).arg(&wanted))?;
    std::fs::copy(&wanted, &stamp).map_err(|error| error.to_string())?;
    Ok(python)
}
