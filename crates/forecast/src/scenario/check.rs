//! What a scenario may not contradict itself in, across its parameters.

use super::Scenario;
use super::parameter::FACTORS;
use crate::error::{Error, Problem, nearest};
use std::ops::Range;

pub(super) fn check(scenario: &Scenario) -> Result<(), Error> {
    step(scenario)?;
    correlations(scenario)?;
    shares(scenario)?;
    metrics(scenario)
}

fn span(scenario: &Scenario, path: &str) -> Range<usize> {
    scenario.settings.get(path).map_or(0..0, |setting| setting.span.clone())
}

fn step(scenario: &Scenario) -> Result<(), Error> {
    let path = "horizon.step_months";
    let months = scenario.number(path);
    if [1.0, 2.0, 3.0, 4.0, 6.0, 12.0].contains(&months) {
        return Ok(());
    }
    let problem = Problem::Clause(format!("a step of {months} months does not divide a year"));
    Err(Error::at(span(scenario, path), problem, "write 1, 2, 3, 4, 6 or 12"))
}

fn correlations(scenario: &Scenario) -> Result<(), Error> {
    let rows: Vec<Vec<f64>> = (0..FACTORS.len())
        .map(|row| (0..FACTORS.len()).map(|column| scenario.correlation(row, column)).collect())
        .collect();
    let Err(error) = sampling::Correlation::new(&rows) else { return Ok(()) };
    let place = scenario
        .settings
        .iter()
        .filter(|(path, _)| path.starts_with("correlation."))
        .map(|(_, setting)| setting.span.clone())
        .max_by_key(|span| span.start);
    let factors = FACTORS.join(", ");
    let problem = Problem::Clause(format!("{error} (the factors are, in order: {factors})"));
    Err(Error::at(place.unwrap_or(0..0), problem, "bring a correlation nearer to 0"))
}

fn shares(scenario: &Scenario) -> Result<(), Error> {
    let sum = scenario.number("lock_in.share") + scenario.shares("lock_in.others").iter().sum::<f64>();
    if sum <= 1.0 + 1e-9 {
        return Ok(());
    }
    let problem = Problem::Clause(format!("the vendors' shares add up to {sum}, more than 1"));
    Err(Error::at(span(scenario, "lock_in.others"), problem, "lower `lock_in.share` or one of `others`"))
}

fn metrics(scenario: &Scenario) -> Result<(), Error> {
    let events = scenario.names("event");
    for name in scenario.names("metric") {
        let path = format!("metric.{name}.event");
        let event = scenario.word(&path);
        if scenario.word(&format!("metric.{name}.driver")) != "event" || events.contains(event) {
            continue;
        }
        let mend = match nearest(event, events.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("write `event = \"…\"` in `metric.{name}`, and describe it in `event.…`"),
        };
        let problem = Problem::Unknown { what: "event", name: event.to_owned() };
        return Err(Error::at(span(scenario, &path), problem, mend));
    }
    Ok(())
}
