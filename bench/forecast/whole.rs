//! A whole forecast on one core: the Amazon-Anthropic preset under the base scenario, ten years of months, six
//! factors and events, every contract year settled, milestones, every party's money, all results.
//!
//!     cargo run --release -p bench --example whole -- PATHS

use contract::Deal;
use forecast::{Design, History, Scenario, Settings, project, scenario};
use sampling::Kernel;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let paths = std::env::args().nth(1).unwrap_or_else(|| "1000000".to_owned()).parse()?;
    let deal = Deal::parse(include_str!("../../presets/amazon-anthropic-2026.toml"))?;
    let base = Scenario::parse(scenario::own("base").unwrap_or_default())?;
    let settings = Settings { paths, seed: 1, design: Design::Sobol, sensitivity_paths: 0 };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let cpu = bench::cpu::micros(std::process::id())?;
    let history = History::default();
    let forecast = pool.install(|| project(&deal, &base, &history, &settings, &|_| ()).map_err(Box::new))?;
    let cpu = (bench::cpu::micros(std::process::id())? - cpu) as f64 / 1e6;
    println!(
        "{{\"paths\":{},\"cpu_seconds\":{cpu},\"kernel\":\"{}\",\"cash\":{},\"error\":{}}}",
        forecast.run.paths,
        Kernel::best().name(),
        forecast.totals.cash.mean,
        forecast.totals.cash.error
    );
    Ok(())
}
