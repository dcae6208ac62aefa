//! What the documentation shows is true: its files parse, its commands and options exist, its links lead
//! somewhere, and its tables leave nothing out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use config::{File, Secret, SecretError, SecretRef, Secrets};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A page, its name for messages, and its text.
struct Page {
    path: PathBuf,
    text: String,
}

impl Page {
    fn name(&self) -> String {
        self.path.strip_prefix(root()).unwrap().display().to_string()
    }

    /// The code blocks in this language, and the prose between code blocks when the language is none.
    fn blocks(&self, language: Option<&str>) -> Vec<String> {
        let mut blocks = vec![String::new()];
        let mut inside: Option<&str> = None;
        for line in self.text.lines() {
            if let Some(fence) = line.trim_start().strip_prefix("```") {
                inside = if inside.is_some() { None } else { Some(fence) };
                blocks.push(String::new());
            } else if inside == language {
                let last = blocks.last_mut().unwrap();
                last.push_str(line);
                last.push('\n');
            }
        }
        blocks.retain(|block| !block.is_empty());
        blocks
    }
}

fn pages() -> Vec<Page> {
    let root = root();
    let mut paths: Vec<PathBuf> =
        ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "bench/README.md"]
            .iter()
            .map(|name| root.join(name))
            .collect();
    for folder in ["docs", "docs/decisions"] {
        let entries = fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        paths.extend(entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    }
    let read = |path: PathBuf| Page { text: fs::read_to_string(&path).unwrap(), path };
    paths.into_iter().map(read).collect()
}

fn page(name: &str) -> Page {
    let path = root().join(name);
    Page { text: fs::read_to_string(&path).unwrap(), path }
}

/// Every secret is there, whatever it is called.
struct AnySecret;

impl Secrets for AnySecret {
    fn resolve(&self, _: &SecretRef) -> Result<Secret, SecretError> {
        Ok(Secret::new("0123456789abcdef0123456789abcdef"))
    }
}

#[test]
fn configurations_and_deals_are_as_they_must_be() {
    let (mut whole, mut deals) = (0, 0);
    for page in pages() {
        for block in page.blocks(Some("toml")) {
            let name = page.name();
            if block.contains("offtake.contract/") {
                contract::Deal::parse(&block).unwrap_or_else(|error| panic!("{name}: {error}\n{block}"));
                deals += 1;
                continue;
            }
            // Examples for policies; they are run where policies are tested.
            if block.contains("[[example]]") {
                continue;
            }
            if block.contains("contractType") {
                actus::parse(&block).unwrap_or_else(|fault| panic!("{name}: {fault:?}\n{block}"));
                continue;
            }
            if block.contains("offtake.scenario/") {
                forecast::Scenario::parse(&block).unwrap_or_else(|error| panic!("{name}: {error}\n{block}"));
                continue;
            }
            let file = File::parse(Path::new("offtake.toml"), block.clone());
            let file = file.unwrap_or_else(|problems| panic!("{name}: {problems}"));
            // One that is shown whole, by its name in the first line, would also serve.
            if block.starts_with("# offtake.toml") {
                file.compile(&AnySecret, None).unwrap_or_else(|problems| panic!("{name}: {problems}"));
                whole += 1;
            }
        }
    }
    assert!(whole >= 2 && deals >= 1, "{whole} configurations and {deals} deals are shown");
}

#[test]
fn policies_fit_their_schema() {
    let mut seen = 0;
    for page in pages() {
        for block in page.blocks(Some("cedar")) {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("shown.cedar"), &block).unwrap();
            // With what an annotation may ask of the rest of the configuration.
            let keeps = "[retention]\nkey = \"env:K\"\ncountry = \"DE\"\n[[retention.keep]]\norganisation = \"acme\"\n";
            let text = format!("[policy]\nfiles = [\"shown.cedar\"]\n{keeps}");
            let file = File::parse(&folder.path().join("offtake.toml"), text).unwrap();
            file.compile(&AnySecret, None).unwrap_or_else(|problems| panic!("{}: {problems}", page.name()));
            seen += 1;
        }
    }
    assert!(seen > 0, "no policy is shown");
}

/// The words of a command up to the first argument, and its long options.
fn verb_and_options(command: &str) -> (Vec<&str>, Vec<&str>) {
    let words = command.split_whitespace().skip(1);
    let is_verb = |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase());
    let verb = words.clone().take_while(is_verb).collect();
    let options = words.filter_map(|word| word.strip_prefix("--")).collect();
    (verb, options)
}

/// Every `offtake …` in blocks for a shell and between backticks in prose.
fn commands(page: &Page) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for language in ["sh", "console"] {
        for block in page.blocks(Some(language)) {
            let lines = block.lines().map(|line| line.strip_prefix("$ ").unwrap_or(line).trim());
            found.extend(lines.filter(|line| line.starts_with("offtake ")).map(str::to_owned));
        }
    }
    for block in page.blocks(None) {
        let spans = block.split('`').skip(1).step_by(2);
        found.extend(spans.filter(|span| span.starts_with("offtake ")).map(str::to_owned));
    }
    found
}

#[test]
fn commands_and_their_options_exist() {
    let mut seen = 0;
    for page in pages() {
        for command in commands(&page) {
            let (verb, options) = verb_and_options(&command);
            let output =
                Command::new(env!("CARGO_BIN_EXE_offtake")).args(&verb).arg("--help").output().unwrap();
            let help = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success(), "{}: `{command}`: {help}", page.name());
            for option in options {
                assert!(help.contains(&format!("--{option}")), "{}: `{command}`: --{option}", page.name());
            }
            seen += 1;
        }
    }
    assert!(seen > 20, "only {seen} commands were found");
}

/// The anchor of a heading, as code hosts make it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = kept.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

fn anchors(text: &str) -> BTreeSet<String> {
    let mut fenced = false;
    let mut found = BTreeSet::new();
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        if !fenced && line.starts_with('#') {
            found.insert(anchor(line));
        }
    }
    found
}

#[test]
fn links_lead_somewhere() {
    let mut seen = 0;
    for page in pages() {
        for block in page.blocks(None) {
            let targets = block.split("](").skip(1).filter_map(|rest| rest.split(')').next());
            for target in targets.filter(|target| !target.starts_with("http")) {
                let (file, heading) = target.split_once('#').unwrap_or((target, ""));
                let folder = page.path.parent().unwrap();
                let path = if file.is_empty() { page.path.clone() } else { folder.join(file) };
                assert!(path.exists(), "{}: {target}", page.name());
                if !heading.is_empty() {
                    let text = fs::read_to_string(&path).unwrap();
                    assert!(anchors(&text).contains(heading), "{}: {target}", page.name());
                }
                seen += 1;
            }
        }
    }
    assert!(seen > 40, "only {seen} links were found");
}

#[test]
fn every_field_of_the_configuration_is_described() {
    let text = page("docs/configure.md").text;
    let schema: serde_json::Value = serde_json::from_str(config::SCHEMA).unwrap();
    let tables = schema["$defs"].as_object().unwrap().values();
    for field in tables.filter_map(|table| table["properties"].as_object()).flat_map(|fields| fields.keys()) {
        assert!(
            text.contains(&format!("`{field}`")) || text.contains(&format!("identity.{field}]")),
            "{field}"
        );
    }
}

/// The text literals of a source file that follow `mark`.
fn literals(source: &str, mark: &str) -> BTreeSet<String> {
    let after = source.split(mark).skip(1);
    after
        .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_refusal_code_is_described() {
    let source = fs::read_to_string(root().join("crates/gateway/src/refusal.rs")).unwrap();
    let (_, code) = source.split_once("pub fn code(").unwrap();
    let codes = literals(code.split_once("pub fn kind(").unwrap().0, "=>");
    let text = page("docs/errors.md").text;
    assert!(codes.len() > 10, "{codes:?}");
    for code in codes {
        assert!(text.contains(&format!("| `{code}`")), "{code}");
    }
}

#[test]
fn every_metric_is_described() {
    let source = fs::read_to_string(root().join("crates/telemetry/src/lib.rs")).unwrap();
    let metrics = literals(&source, "registry.register(");
    let text = page("docs/operate.md").text;
    assert!(metrics.len() > 5, "{metrics:?}");
    for metric in metrics {
        assert!(text.contains(&format!("`offtake_{metric}")), "{metric}");
    }
}

/// The list of allowed edges in `xtask`, each room with the rooms it may use.
fn edges() -> Vec<(String, Vec<String>)> {
    let source = fs::read_to_string(root().join("xtask/src/tidy.rs")).unwrap();
    let list = source.split_once("const EDGES").unwrap().1.split_once("= [").unwrap().1;
    let list: String = list.split_once("\n];").unwrap().0.split_whitespace().collect();
    let words = |row: &str| row.split('"').step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let rows = list.split("(\"").skip(1).map(words);
    rows.map(|mut words| (words.remove(0), words)).collect()
}

#[test]
fn the_architecture_shows_the_edges_that_are_held() {
    let text = page("ARCHITECTURE.md").text;
    let edges = edges();
    assert!(edges.len() > 15, "{edges:?}");
    for (room, used) in edges {
        let used: Vec<String> = used.iter().map(|room| format!("`{room}`")).collect();
        let used = if used.is_empty() { "nothing".to_owned() } else { used.join(", ") };
        assert!(text.contains(&format!("| `{room}` | {used} |")), "{room}: {used}");
    }
}
