//! What facts say about growth and volatility, and what becomes of the forecast.

use super::{deal, near, settings};
use contract::Versions;
use contract::fact::Facts;
use forecast::{Forecast, History, project};

const DEAL: &str = "schema = \"offtake.contract/1\"\nid = \"d\"\nversion = 1\nknown_from = 2026-01-01\n\
    effective = { from = 2026-01-01, to = 2028-01-01 }\ncurrency = \"USD\"\n\
    [[party]]\nid = \"v\"\nroles = [\"vendor\"]\n[[party]]\nid = \"c\"\nroles = [\"customer\"]\n\
    [[commitment]]\nid = \"c\"\nschedule = [{ y = 1, min = \"120e6\" }, { y = 2, min = \"160e6\" }]\n";

fn forecast(months: &[(&str, f64)]) -> Forecast {
    let versions = Versions::parse(&[DEAL]).unwrap();
    let line = |(day, amount): &(&str, f64)| {
        format!(
            "{{\"metric\":\"list_spend\",\"value\":\"{amount:.2}\",\"unit\":\"USD\",\"effective_at\":\"{day}\",\"recorded_at\":\"{day}\",\"source\":\"bill\"}}\n"
        )
    };
    let text: String = months.iter().map(line).collect();
    let facts = Facts::read(&versions, &[("facts", &text)]).unwrap();
    let scenario = super::scenario("[demand]\nvolatility = 0.3\n");
    let deal = versions.all().next().unwrap();
    project(deal, &scenario, &History::new(&facts), &settings(2_000), &|_| ()).unwrap()
}

#[test]
fn months_in_the_term_are_known_and_the_rest_starts_from_them() {
    let days: Vec<String> =
        (0..14).map(|month| format!("20{}-{:02}-28", 25 + (month + 3) / 12, (month + 3) % 12 + 1)).collect();
    // From April 2025: growing by 3 % a month, with a wobble of one in a hundred.
    let spend =
        |month: usize| 8e6 * 1.03_f64.powi(month as i32) * if month.is_multiple_of(2) { 1.01 } else { 0.99 };
    let months: Vec<(&str, f64)> =
        days.iter().enumerate().map(|(month, day)| (day.as_str(), spend(month))).collect();
    let forecast = forecast(&months);
    let fit = forecast.history.as_ref().unwrap();
    // The first fact is of the 28th: its month is not a whole one. The last month is not over.
    assert_eq!((fit.months[0].month.as_str(), fit.months.len()), ("2025-05", 12));
    let moves = fit.moves.as_ref().unwrap();
    near("growth", moves.growth.estimate, 12.0 * 1.03_f64.ln(), 0.10);
    assert!(moves.growth.error > 0.0 && moves.volatility.estimate > 0.02 && moves.r_squared > 0.97);
    assert_eq!(forecast.run.simulated_from, "2026-05-01");
    let known: Vec<bool> = forecast.months.iter().map(|month| month.known).collect();
    assert_eq!(known.iter().filter(|known| **known).count(), 4);
    let april = &forecast.months[3];
    assert_eq!(april.drawn.p5, april.drawn.p95);
    near("drawn by April", april.drawn.mean, (9..13).map(spend).sum(), 1e-9);
    assert!(forecast.months[4].drawn.p5 < forecast.months[4].drawn.p95);
}

#[test]
fn too_little_history_is_said_plainly() {
    let short =
        forecast(&[("2026-01-01", 9e6), ("2026-02-01", 9.5e6), ("2026-03-01", 9.7e6), ("2026-04-01", 1.0)]);
    let fit = short.history.as_ref().unwrap();
    assert!(fit.moves.is_none());
    near("level", fit.level, (9e6 + 9.5e6 + 9.7e6) / 3.0, 1e-9);
    assert!(
        short.notes.iter().any(|note| note.starts_with("3 whole months of list spend are too few")),
        "{:?}",
        short.notes
    );
    let none =
        project(&deal(1, ""), &super::scenario(""), &History::default(), &settings(100), &|_| ()).unwrap();
    assert_eq!(none.history, None);
}
