//! Every deal that comes with the product can be forecast under every scenario that does.

use contract::Deal;
use forecast::render::{Style, write};
use forecast::{Design, History, Scenario, Settings, project, scenario};
use std::fs;
use std::path::Path;

#[test]
fn every_preset_goes_through_every_scenario() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut deals = 0;
    for entry in fs::read_dir(root.join("presets")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let Ok(deal) = Deal::parse(&text) else { continue };
        deals += 1;
        let forecasts: Vec<_> = scenario::NAMES
            .iter()
            .map(|name| {
                let settings = Settings {
                    paths: 256,
                    seed: 1,
                    design: Design::Sobol,
                    sensitivity_paths: u64::from(*name == "base"),
                };
                let scenario = Scenario::parse(scenario::own(name).unwrap()).unwrap();
                project(&deal, &scenario, &History::default(), &settings, &|_| ()).unwrap()
            })
            .collect();
        for forecast in &forecasts {
            let json = serde_json::to_value(forecast).unwrap();
            assert_numbers(&json, &format!("{}", path.display()));
            for milestone in &forecast.milestones {
                let by: Vec<f64> = milestone.by_year.iter().map(|by| by.probability).collect();
                assert!(by.is_sorted(), "{}: {} is released and taken back", path.display(), milestone.id);
            }
            let minimums: f64 =
                forecast.commitments.iter().flat_map(|c| &c.years).map(|year| year.minimum).sum();
            assert!((minimums - forecast.totals.minimums).abs() <= 1e-6 * minimums);
        }
        for style in [Style::Text, Style::Markdown] {
            let text = write(&forecasts, style);
            assert!(text.contains("What it comes to") && !text.contains("NaN") && !text.contains("inf "));
        }
    }
    assert!(deals >= 2, "only {deals} presets could be read");
}

/// No figure is no number, unless it is said to be none (`null`) in a place that allows it.
fn assert_numbers(value: &serde_json::Value, at: &str) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                let path = format!("{at}.{name}");
                let open = ["mean", "error", "deviation", "p25", "p75", "first", "total", "probability"];
                assert!(!(value.is_null() && open[..7].contains(&name.as_str())), "{path} is no number");
                assert_numbers(value, &path);
            }
        }
        serde_json::Value::Array(parts) => parts.iter().for_each(|part| assert_numbers(part, at)),
        _ => {}
    }
}
