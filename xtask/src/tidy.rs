//! `cargo xtask tidy`: house rules that a machine can hold.
//!
//! The list of allowed edges *is* the architecture: a new one is a decision, with a record in docs/decisions.

use crate::run::{cargo, root};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each room and the rooms it may use, from the ground up: no room uses one that stands below it in this list.
const EDGES: [(&str, &[&str]); 29] = [
    ("units", &[]),
    ("identity", &["units"]),
    ("policy", &["units", "identity"]),
    ("provider", &["units"]),
    ("meter", &["units", "provider"]),
    ("upstream", &["units"]),
    ("embedded", &[]),
    ("journal", &["units"]),
    ("price", &["units"]),
    ("ledger", &["units"]),
    ("geography", &["units"]),
    ("contract", &["units"]),
    ("finance", &["units", "contract"]),
    ("actus", &[]),
    ("sampling", &[]),
    ("forecast", &["units", "contract", "finance", "sampling"]),
    ("focus", &["units", "contract"]),
    ("analysis", &["units", "contract", "finance", "forecast"]),
    ("retention", &[]),
    ("config", &["units", "identity", "policy", "price", "contract", "geography"]),
    ("store", &["units", "ledger"]),
    ("telemetry", &["units"]),
    (
        "gateway",
        &[
            "units",
            "identity",
            "policy",
            "provider",
            "meter",
            "upstream",
            "embedded",
            "journal",
            "price",
            "geography",
            "config",
            "telemetry",
        ],
    ),
    ("settlement", &["units", "journal", "price", "ledger", "contract", "store"]),
    ("evidence", &["units", "journal", "ledger", "geography", "store", "settlement"]),
    ("portal", &["units"]),
    (
        "cli",
        &[
            "units",
            "identity",
            "policy",
            "config",
            "contract",
            "analysis",
            "evidence",
            "actus",
            "finance",
            "focus",
            "forecast",
            "geography",
            "embedded",
            "gateway",
            "journal",
            "ledger",
            "portal",
            "price",
            "retention",
            "settlement",
            "store",
            "telemetry",
            "upstream",
        ],
    ),
    ("bench", &[]),
    ("xtask", &[]),
];

/// Rooms that do no I/O: none of these words stands in their code.
const PURE: [&str; 16] = [
    "units",
    "identity",
    "policy",
    "provider",
    "meter",
    "price",
    "ledger",
    "contract",
    "portal",
    "geography",
    "finance",
    "actus",
    "sampling",
    "forecast",
    "focus",
    "analysis",
];
const IMPURE_WORDS: [&str; 6] =
    ["std::fs", "std::net", "tokio::", "std::process", "SystemTime::now", "Instant::now"];

/// Checks all rules and names every breach.
pub fn tidy() -> Result<(), String> {
    let mut breaches = Vec::new();
    edges(&mut breaches);
    sources(&mut breaches);
    providers(&mut breaches);
    if breaches.is_empty() { Ok(()) } else { Err(breaches.join("\n")) }
}

fn edges(breaches: &mut Vec<String>) {
    let rooms: BTreeSet<&str> = EDGES.iter().map(|(room, _)| *room).collect();
    for (room, allowed) in EDGES {
        let folder = folder(room);
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
        if manifest.is_empty() {
            breaches.push(format!("{room}: no manifest in {}", folder.display()));
        }
        for used in dependencies(&manifest).filter(|used| rooms.contains(used)) {
            if !allowed.contains(&used) {
                breaches.push(format!("{room}: the edge to `{used}` is not allowed (xtask/src/tidy.rs)"));
            }
        }
    }
    let on_disk = fs::read_dir(root().join("crates")).into_iter().flatten().flatten();
    for entry in on_disk.filter(|entry| entry.path().is_dir()) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !rooms.contains(name.as_str()) {
            breaches.push(format!("{name}: a room that is not in the list of edges"));
        }
    }
}

fn folder(room: &str) -> PathBuf {
    match room {
        "bench" | "xtask" => root().join(room),
        _ => root().join("crates").join(room),
    }
}

/// The names under `[dependencies]`; what tests use is their own affair.
fn dependencies(manifest: &str) -> impl Iterator<Item = &str> {
    manifest
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .filter(|name| !name.is_empty())
}

fn sources(breaches: &mut Vec<String>) {
    for (room, _) in EDGES {
        let mut files = Vec::new();
        rust_files(&folder(room).join("src"), &mut files);
        for file in files {
            let text = fs::read_to_string(&file).unwrap_or_default();
            let name = file.strip_prefix(root()).unwrap_or(&file).display();
            if !text.starts_with("//!") {
                breaches.push(format!("{name}: does not open by saying what it is for (`//!`)"));
            }
            let shipped = text.split("#[cfg(test)]").next().unwrap_or_default();
            let code = shipped.lines().filter(|line| !line.trim_start().starts_with("//"));
            let code = code.collect::<Vec<_>>().join("\n");
            // A file of nothing but tests, and the one clock at the rim.
            let exempt = text.contains("#[test]") && !text.contains("#[cfg(test)]")
                || file.ends_with("units/src/time.rs");
            let pure = PURE.contains(&room) && !exempt;
            for word in IMPURE_WORDS.iter().filter(|word| pure && code.contains(**word)) {
                breaches.push(format!("{name}: `{word}` in a pure room"));
            }
            if room != "telemetry" && code.contains("prometheus_client") {
                breaches.push(format!("{name}: only telemetry names metrics"));
            }
            if room != "store" && code.contains("rusqlite") {
                breaches.push(format!("{name}: only store knows SQL"));
            }
        }
    }
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Two TLS providers in one graph panic at run time, so the second one is kept out of what is built.
fn providers(breaches: &mut Vec<String>) {
    let mut tree = cargo();
    tree.args(["tree", "--offline", "--workspace", "--prefix", "none", "--format", "{p}"]);
    let Ok(output) = tree.output() else { return };
    if String::from_utf8_lossy(&output.stdout).lines().any(|package| package.starts_with("ring v")) {
        breaches.push("`ring` beside aws-lc-rs; `cargo tree -i ring` says where it comes from".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_house_is_tidy() {
        assert_eq!(tidy(), Ok(()));
    }

    #[test]
    fn a_room_stands_above_all_it_uses() {
        for (index, (room, allowed)) in EDGES.iter().enumerate() {
            for used in *allowed {
                let place = EDGES.iter().position(|(other, _)| other == used);
                assert!(place.is_some_and(|place| place < index), "{room} uses {used}");
            }
        }
    }

    #[test]
    fn dependencies_are_read_from_their_section_only() {
        let manifest = "[lints]\nworkspace = true\n\n[dependencies]\nunits.workspace = true\nhttp = \"1\"\n\n[dev-dependencies]\nbench = 1\n";
        assert_eq!(dependencies(manifest).collect::<Vec<_>>(), ["units", "http"]);
    }
}
