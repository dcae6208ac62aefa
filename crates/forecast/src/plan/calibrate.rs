//! History's say in what demand does next.

use super::market::{Market, log_level};
use crate::history::{Fit, History};
use crate::scenario::Scenario;

/// Lets the growth and volatility seen weigh against the scenario's, each by how sure it is.
pub(super) fn apply(market: &mut Market, scenario: &Scenario, fit: Option<&Fit>) {
    let Some(moves) = fit.and_then(|fit| fit.moves.as_ref()) else { return };
    let doubt = scenario.number("demand.growth_doubt");
    let (guess, seen) = (log_level(scenario, 1.0), moves.growth.estimate);
    let weight = doubt * doubt / (doubt * doubt + moves.growth.error * moves.growth.error).max(1e-300);
    let fades = scenario.number("demand.history_fades");
    let extra = weight * (seen - guess) * fades;
    for (level, year) in market.level.iter_mut().zip(&market.years) {
        *level += extra * (1.0 - sampling::exp(-year / fades));
    }
    let (own, months) = (scenario.number("demand.own_months"), moves.moves as f64);
    let (guess, seen) = (market.demand_volatility, moves.volatility.estimate);
    market.demand_volatility =
        ((own * guess * guess + months * seen * seen) / (own + months).max(1e-9)).sqrt();
}

/// What a reader must know about the history.
pub(super) fn note(history: &History, fit: Option<&Fit>) -> Option<String> {
    match fit {
        None if history.spend.is_empty() => None,
        None => Some(
            "The facts hold no whole month of list spend: the scenario's numbers stand alone.".to_owned(),
        ),
        Some(fit) if fit.moves.is_none() => Some(format!(
            "{} whole months of list spend are too few to tell growth and volatility from ({} are needed, none without spend): only the level is taken from them.",
            fit.months.len(),
            crate::history::MONTHS_MIN
        )),
        Some(_) => None,
    }
}
