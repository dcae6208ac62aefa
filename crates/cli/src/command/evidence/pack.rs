//! `offtake evidence pack`: what a security and vendor review asks, answered from the configuration as it is.

use super::components::{bill, components};
use super::controls::{Control, controls};
use crate::command::deal::write::{Format, bytes, write};
use crate::failure::Failure;
use analysis::Document;
use analysis::document::{Block, Column, Table, Tile};
use config::{File, Snapshot};
use geography::{Places, Route};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use units::{Clock as _, SystemClock, Timestamp};

/// Answer a security and vendor review from the configuration as it is
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The configuration file; no secret of it is read
    #[arg(long, default_value = "offtake.toml")]
    config: PathBuf,
    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Md)]
    format: Format,
    /// Print one JSON object, with the bill of materials in CycloneDX: the same as `--format json`
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Where to write it, instead of the terminal
    #[arg(long, short, value_name = "FILE", visible_alias = "out")]
    output: Option<PathBuf>,
}

/// Writes the answers.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let snapshot = File::read(&arguments.config)?.compile_without_secrets()?;
    let review = Review::of(&snapshot, SystemClock.now());
    let out = arguments.output.as_deref();
    if arguments.json || matches!(arguments.format, Format::Json) {
        let mut value = serde_json::to_value(&review).map_err(Failure::failed)?;
        value["disclosed"] = snapshot.disclosed;
        value["sbom"] = bill();
        return bytes(format!("{value:#}\n").as_bytes(), out);
    }
    write(&review.document(), arguments.format, out)
}

/// The answers.
#[derive(Debug, Serialize)]
struct Review {
    made_at: String,
    software: &'static str,
    configuration: String,
    catalogue: Catalogue,
    processors: Vec<Processor>,
    papers: Vec<Paper>,
    data_flow: Vec<Step>,
    controls: Vec<Control>,
}

#[derive(Debug, Serialize)]
struct Catalogue {
    version: String,
    checked: String,
    warning: Option<String>,
}

/// A backend, and whose hands data is in there.
#[derive(Debug, Serialize)]
struct Processor {
    backend: String,
    kind: &'static str,
    region: String,
    models: BTreeSet<String>,
    vendor: Option<String>,
    processor: Option<String>,
    /// Who runs the machines, where that is somebody else.
    subprocessor: Option<String>,
    /// Who owns the operator.
    parent: Option<String>,
    operator_country: Option<String>,
    processing: Vec<String>,
    storage: Vec<String>,
    copies: Vec<String>,
    model_developers: BTreeSet<String>,
    /// What is not known, and so counts against the route.
    unknown: BTreeSet<String>,
}

#[derive(Debug, Serialize)]
struct Paper {
    id: String,
    kind: String,
    party: Option<String>,
    backend: Option<String>,
    organisation: Option<String>,
    from: Option<String>,
    until: Option<String>,
}

/// Where data goes, and how long it stays.
#[derive(Debug, Serialize)]
struct Step {
    step: String,
    data: &'static str,
    place: String,
    kept: String,
}

impl Review {
    fn of(snapshot: &Snapshot, now: Timestamp) -> Self {
        let settings = snapshot.residency.settings();
        let processors = processors(snapshot);
        Self {
            made_at: now.to_string(),
            software: concat!("offtake ", env!("CARGO_PKG_VERSION")),
            configuration: format!("{:016x}", snapshot.version),
            catalogue: Catalogue {
                version: settings.catalogue.version.clone(),
                checked: settings.catalogue.checked.to_string(),
                warning: snapshot.residency.warning(geography::Date::of(now)),
            },
            papers: settings.register.bases.iter().map(paper).collect(),
            data_flow: data_flow(snapshot, &processors),
            controls: controls(snapshot),
            processors,
        }
    }
}

fn paper(basis: &geography::Basis) -> Paper {
    Paper {
        id: basis.id.clone(),
        kind: basis.kind.clone(),
        party: basis.party.clone(),
        backend: basis.backend.clone(),
        organisation: basis.organisation.clone(),
        from: basis.from.map(|day| day.to_string()),
        until: basis.until.map(|day| day.to_string()),
    }
}

/// Every backend that a model leads to, in the order of the file.
fn processors(snapshot: &Snapshot) -> Vec<Processor> {
    let mut routes: BTreeMap<&str, Vec<(&str, &Route)>> = BTreeMap::new();
    for model in &snapshot.model_order {
        for route in snapshot.residency.settings().routes.get(model).into_iter().flatten() {
            routes.entry(route.backend.as_str()).or_default().push((model.as_str(), route));
        }
    }
    let processor = |backend: &std::sync::Arc<config::Backend>| {
        let routes = routes.get(backend.name.as_str())?;
        let (_, first) = routes.first()?;
        let elsewhere = first.operator.clone().filter(|_| !first.own && first.operator != first.processor);
        Some(Processor {
            backend: backend.name.to_string(),
            kind: backend.kind.as_str(),
            region: backend.region.to_string(),
            models: routes.iter().map(|(model, _)| (*model).to_owned()).collect(),
            vendor: first.vendor.clone(),
            processor: first.processor.clone(),
            subprocessor: elsewhere,
            parent: first.parent.clone(),
            operator_country: first.operator_country.map(|place| place.to_string()),
            processing: places(&first.processing),
            storage: places(&first.storage),
            // Of a route whose storage nobody knows, no copies are known of, which does not say that there are none.
            copies: places(if first.storage == Places::Unknown { &first.storage } else { &first.copies }),
            model_developers: routes.iter().filter_map(|(_, route)| route.developer.clone()).collect(),
            unknown: routes.iter().flat_map(|(_, route)| &route.gaps).map(|gap| gap.what.clone()).collect(),
        })
    };
    snapshot.backends.iter().filter_map(processor).collect()
}

fn places(places: &Places) -> Vec<String> {
    match places {
        Places::Unknown => vec!["unknown".to_owned()],
        Places::Everywhere => vec!["anywhere".to_owned()],
        Places::Known(known) => known.iter().map(ToString::to_string).collect(),
    }
}

fn data_flow(snapshot: &Snapshot, processors: &[Processor]) -> Vec<Step> {
    let own = "where this plane runs".to_owned();
    let mut steps = vec![Step {
        step: "caller to plane".to_owned(),
        data: "prompt, and the proof of who calls",
        place: format!("{own}, listening on {}", snapshot.listen),
        kept: "in memory, while the call lasts".to_owned(),
    }];
    for one in processors {
        steps.push(Step {
            step: format!("plane to {}", one.backend),
            data: "prompt and answer; not the caller's name or proof",
            place: list(&one.processing),
            kept: format!("at rest: {}; copies to detect abuse: {}", list(&one.storage), list(&one.copies)),
        });
    }
    steps.push(Step {
        step: "journal and books".to_owned(),
        data: "who, model, tokens, charge, decision, places; no prompt and no answer",
        place: format!("{own}, in {}", snapshot.data.display()),
        kept: "until the data directory is removed".to_owned(),
    });
    if let Some(retention) = &snapshot.retention {
        for keep in &retention.keep {
            steps.push(Step {
                step: format!("retention for {}", keep.organisation),
                data: "prompt and answer, encrypted",
                place: format!("{own}: {}", list(&places(&retention.place.storage))),
                kept: format!("{} days, then its key is destroyed", keep.days),
            });
        }
    }
    steps.push(Step {
        step: "logs and metrics".to_owned(),
        data: "what happened to calls; no prompt, no answer, no secret",
        place: own,
        kept: "as the operator's own log system does".to_owned(),
    });
    steps
}

fn list(places: &[String]) -> String {
    if places.is_empty() { "none".to_owned() } else { places.join(", ") }
}

// ── the document ────────────────────────────────────────────────────────────────────────────────────────────

impl Review {
    fn document(&self) -> Document {
        let Catalogue { version, checked, warning } = &self.catalogue;
        let mut blocks = vec![
            Block::Tiles(self.tiles()),
            Block::Heading(1, "Processors and sub-processors".to_owned()),
            self.hands(),
            self.unknown(),
            Block::Heading(1, "Contracts and certificates on file".to_owned()),
            self.on_file(),
            Block::Heading(1, "Where data goes".to_owned()),
            self.flow(),
            Block::Heading(1, "Controls".to_owned()),
            self.asked(),
            Block::Heading(1, "Versions".to_owned()),
            Block::List(vec![
                format!("software: {}", self.software),
                format!("configuration: {}", self.configuration),
                format!("catalogue: {version}, checked {checked}"),
            ]),
            Block::Heading(1, "What the software is built of".to_owned()),
            bill_of_materials(),
        ];
        if let Some(warning) = warning {
            blocks.insert(1, Block::Warning(warning.clone()));
        }
        Document {
            title: "Security and vendor review".to_owned(),
            subtitle: vec![format!("made from the configuration at {}", self.made_at)],
            blocks,
            legend: "Made from the configuration as it is; engineering, not legal advice. `partly`: something is left to \
                     do, or is for a system beside this one."
                .to_owned(),
        }
    }

    fn tiles(&self) -> Vec<Tile> {
        let tile = |label: &str, value: String, basis: &str| Tile {
            label: label.to_owned(),
            value,
            basis: basis.to_owned(),
        };
        let met = self.controls.iter().filter(|control| control.state == "met").count();
        let places: BTreeSet<&String> = self
            .processors
            .iter()
            .flat_map(|one| &one.processing)
            .filter(|place| *place != "unknown")
            .collect();
        vec![
            tile("Backends", self.processors.len().to_string(), "as configured"),
            tile("Places of processing", places.len().to_string(), "as claimed"),
            tile("Controls met", format!("{met} of {}", self.controls.len()), "as configured"),
        ]
    }

    fn hands(&self) -> Block {
        let columns = [
            "backend",
            "models",
            "vendor",
            "processor",
            "sub-processor",
            "owner",
            "processing in",
            "at rest in",
            "copies in",
        ];
        let row = |one: &Processor| {
            let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
            let models: Vec<&str> = one.models.iter().map(String::as_str).collect();
            vec![
                one.backend.clone(),
                models.join(", "),
                word(&one.vendor),
                word(&one.processor),
                word(&one.subprocessor),
                word(&one.parent),
                list(&one.processing),
                list(&one.storage),
                list(&one.copies),
            ]
        };
        table(&columns, self.processors.iter().map(row).collect())
    }

    fn unknown(&self) -> Block {
        let unknown = |one: &Processor| {
            one.unknown.iter().map(|what| format!("{}: {what} is not known", one.backend)).collect::<Vec<_>>()
        };
        let list: Vec<String> = self.processors.iter().flat_map(unknown).collect();
        match list.is_empty() {
            true => Block::Text("All that is asked of these routes is known.".to_owned()),
            false => Block::List(list),
        }
    }

    fn on_file(&self) -> Block {
        if self.papers.is_empty() {
            return Block::Text("None are registered (`[[residency.basis]]`).".to_owned());
        }
        let row = |paper: &Paper| {
            let word = |text: &Option<String>, none: &str| text.clone().unwrap_or_else(|| none.to_owned());
            vec![
                paper.id.clone(),
                paper.kind.clone(),
                word(&paper.party, "the organisation"),
                word(&paper.backend, "all of the party's"),
                word(&paper.organisation, "all"),
                word(&paper.from, "–"),
                word(&paper.until, "–"),
            ]
        };
        let columns = ["number", "kind", "whose", "backend", "for", "from", "until"];
        table(&columns, self.papers.iter().map(row).collect())
    }

    fn flow(&self) -> Block {
        let row = |step: &Step| {
            vec![step.step.clone(), step.data.to_owned(), step.place.clone(), step.kept.clone()]
        };
        table(&["step", "data", "where", "kept"], self.data_flow.iter().map(row).collect())
    }

    fn asked(&self) -> Block {
        let row = |control: &Control| {
            let Control { asked, iso_27001, soc_2, ccm, state, how } = control;
            [asked, state, how.as_str(), iso_27001, soc_2, ccm].map(str::to_owned).to_vec()
        };
        let columns = ["control", "state", "how", "ISO 27001:2022", "SOC 2", "CCM 4 (CAIQ)"];
        table(&columns, self.controls.iter().map(row).collect())
    }
}

fn bill_of_materials() -> Block {
    let others = components().filter(|component| component.checksum.is_some());
    let row = |component: super::components::Component| {
        [component.name, component.version, component.checksum.unwrap_or_default()]
            .map(str::to_owned)
            .to_vec()
    };
    table(&["package", "version", "SHA-256"], others.map(row).collect())
}

fn table(columns: &[&str], rows: Vec<Vec<String>>) -> Block {
    let columns = columns.iter().map(|name| Column::words(name)).collect();
    Block::Table(Table { caption: String::new(), columns, rows })
}
