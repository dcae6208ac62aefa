//! The presets' figures.
use contract::{Deal, report};

fn preset(name: &str) -> String {
    std::fs::read_to_string(format!("{}/../../presets/{name}.toml", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn figures() {
    let report = report(&Deal::parse(&preset("amazon-anthropic-2026")).unwrap());
    for figure in &report.figures {
        println!(
            "{:30} {:>14} {:12} {:30} {} {}",
            figure.id,
            figure.value(),
            figure.quantity.unit.name(),
            figure.quantity.shown(),
            figure.basis.word(),
            figure.basis.text()
        );
    }
    for note in &report.notes {
        println!("- {note}");
    }
}
