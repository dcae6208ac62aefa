//! The same model, written again in Python and with other random numbers, within three standard errors.

use super::settings;
use contract::Deal;
use forecast::{Forecast, History, Mean, Scenario, Summary, project};
use std::collections::BTreeMap;

fn of(summary: &Summary) -> Mean {
    Mean { mean: summary.mean, error: summary.error }
}

fn answers(forecast: &Forecast) -> BTreeMap<String, Mean> {
    let totals = &forecast.totals;
    let [vendor, customer] = forecast.parties.as_slice() else { panic!("two parties") };
    let years = &forecast.commitments[0].years;
    let mut answers = BTreeMap::from([
        ("drawn".to_owned(), of(&totals.drawn)),
        ("cash".to_owned(), of(&totals.cash)),
        ("shortfall".to_owned(), of(&totals.shortfall)),
        ("shortfall_2".to_owned(), years[1].shortfall),
        ("released".to_owned(), of(&totals.released)),
        ("t2".to_owned(), forecast.milestones[1].probability.unwrap()),
        ("t3".to_owned(), forecast.milestones[2].probability.unwrap()),
        ("vendor_value".to_owned(), of(&vendor.value)),
        ("vendor_value_with_equity".to_owned(), of(&vendor.value_with_equity)),
        ("customer_value".to_owned(), of(&customer.value)),
        ("price_discount".to_owned(), of(&forecast.discount.price)),
        ("effective_discount".to_owned(), of(&forecast.discount.effective)),
        ("peak_needed".to_owned(), of(&forecast.capacity.as_ref().unwrap().peak_needed_gw)),
    ]);
    for (number, year) in years.iter().enumerate() {
        answers.insert(format!("short_{}", number + 1), year.shortfall_probability);
    }
    answers
}

#[test]
fn an_independent_model_agrees_within_three_standard_errors() {
    let deal = Deal::parse(include_str!("../golden/deal.toml")).unwrap();
    let scenario = Scenario::parse(include_str!("../golden/scenario.toml")).unwrap();
    let expected: serde_json::Value = serde_json::from_str(include_str!("../golden/expected.json")).unwrap();
    let forecast = project(&deal, &scenario, &History::default(), &settings(60_000), &|_| ()).unwrap();
    let mut compared = 0;
    for (name, seen) in answers(&forecast) {
        let number = |part: &str| expected["means"][&name][part].as_f64().unwrap();
        let (wanted, error) = (number("mean"), number("error").hypot(seen.error));
        let far = (seen.mean - wanted) / error;
        assert!(far.abs() <= 3.0, "{name}: {} instead of {wanted}, {far:.1} standard errors away", seen.mean);
        compared += 1;
    }
    assert_eq!(compared, 17);
}
