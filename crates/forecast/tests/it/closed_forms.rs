//! What has a closed form, said in the scenario format and simulated.

use super::{deal, near, run, scenario};
use contract::{CommitmentTerms, Position, settle};
use sampling::closed;

const YEAR: &str = "[[commitment]]\nid = \"c\"\nschedule = [{ y = 1, min = \"100e6\" }]\n";

#[test]
fn a_single_take_or_pay_year_is_a_put_on_usage() {
    for volatility in [0.1, 0.3, 0.6] {
        let scenario = scenario(&format!(
            "[horizon]\nstep_months = 12\n[demand]\nstart_per_month = 9e6\nvolatility = {volatility}\n"
        ));
        let forecast = run(&deal(1, YEAR), &scenario, 16_384);
        let year = &forecast.commitments[0].years[0];
        let put = closed::put(108e6, 100e6, volatility);
        near("shortfall", year.shortfall.mean, put, 0.003);
        assert!((year.shortfall.mean - put).abs() <= 4.0 * year.shortfall.error.max(put * 1e-4));
        let short = closed::normal_probability(
            ((100.0_f64 / 108.0).ln() + volatility * volatility / 2.0) / volatility,
        );
        near("probability", year.shortfall_probability.mean, short, 0.01);
        let paid = year.cash.mean - year.charge.mean;
        near("what is paid beyond usage", paid, put, 0.003);
    }
}

#[test]
fn the_sum_of_lognormal_months_has_its_mean_and_variance() {
    let volatility = 0.4;
    let scenario = scenario(&format!(
        "[demand]\nstart_per_month = 10e6\ncurve = \"exponential\"\ngrowth = 0.2\nvolatility = {volatility}\n"
    ));
    let forecast =
        run(&deal(2, "[[commitment]]\nid = \"c\"\nschedule = [{ y = 1, min = \"1\" }]\n"), &scenario, 65_536);
    let means: Vec<f64> = (1..=24).map(|month| 10e6 * 1.2_f64.powf(f64::from(month) / 12.0)).collect();
    let covariance = |a: usize, b: usize| volatility * volatility * (a.min(b) + 1) as f64 / 12.0;
    let (mean, variance) = closed::lognormal_sum(&means, covariance);
    let spent = &forecast.totals.list_spend;
    near("mean", spent.mean, mean, 1e-4);
    near("deviation", spent.deviation, variance.sqrt(), 0.01);
    assert!((spent.mean - mean).abs() <= 4.0 * spent.error + mean * 1e-6);
    let control = &forecast.run.controls[0];
    near("control", control.seen, control.expected, 1e-3);
}

#[test]
fn a_milestone_is_a_first_passage_looked_at_monthly() {
    let metric = "[metric.m]\nkind = \"ratio\"\nsource = \"market\"\n\
                  [[tranche]]\nid = \"t\"\namount = \"1e6\"\nwhen = \"m >= 2.0\"\n";
    let (volatility, growth) = (0.5, 0.2);
    let scenario = scenario(&format!(
        "[demand]\nstart_per_month = 1\ncurve = \"exponential\"\ngrowth = {growth}\nvolatility = {volatility}\n\
         [metric.m]\ndriver = \"demand\"\nstart = 1.0\n"
    ));
    let forecast = run(&deal(3, metric), &scenario, 65_536);
    let drift = 1.2_f64.ln() - volatility * volatility / 2.0;
    let milestone = &forecast.milestones[0];
    for (year, by) in milestone.by_year.iter().enumerate().skip(1) {
        let years = (year + 1) as f64;
        let wanted =
            closed::first_passage_observed(2.0_f64.ln(), drift, volatility, years, 12 * (year as u32 + 1));
        near(&format!("by year {}", year + 1), by.probability, wanted, 0.015);
    }
    let always = closed::first_passage(2.0_f64.ln(), drift, volatility, 3.0);
    assert!(milestone.probability.unwrap().mean < always, "looked at once a month, it is seen less often");
}

#[test]
fn one_factor_passing_another_is_margrabes_exercise() {
    let metrics = "[metric.a]\nkind = \"ratio\"\nsource = \"market\"\n[metric.b]\nkind = \"ratio\"\nsource = \"market\"\n\
                   [[tranche]]\nid = \"t\"\namount = \"1e6\"\nwhen = \"a >= b\"\n";
    let (a, b, together) = (0.3_f64, 0.5, 0.6);
    let scenario = scenario(&format!(
        "[horizon]\nstep_months = 12\n[demand]\nstart_per_month = 1\nvolatility = {a}\n[equity]\nstart = 1.0\nvolatility = {b}\n\
         [correlation]\ndemand-equity = {together}\n\
         [metric.a]\ndriver = \"demand\"\nstart = 1.0\n[metric.b]\ndriver = \"equity\"\nstart = 1.1\n"
    ));
    let forecast = run(&deal(1, metrics), &scenario, 65_536);
    let spread = (a * a + b * b - 2.0 * together * a * b).sqrt();
    // That a is exercised against b under the real measure: log a − log b is normal.
    let mean = (1.0_f64 / 1.1).ln() - a * a / 2.0 + b * b / 2.0;
    let wanted = closed::normal_probability(mean / spread);
    near("probability", forecast.milestones[0].probability.unwrap().mean, wanted, 0.003);
    // And the value of the exchange follows from both exercise probabilities (Margrabe 1978).
    let d1 = ((1.0_f64 / 1.1).ln() + spread * spread / 2.0) / spread;
    let value = closed::normal_probability(d1) - 1.1 * closed::normal_probability(d1 - spread);
    near("value", closed::exchange(1.0, 1.1, [a, b], together), value, 1e-9);
}

#[test]
fn capacity_that_limits_spend_sells_the_smaller_of_two() {
    // Online capacity is certain, so what is served is spend less a call on it.
    let power = "[[capacity]]\nid = \"p\"\nunit = \"GW\"\nceiling = \"1\"\n";
    let scenario = scenario(
        "[horizon]\nstep_months = 12\n[demand]\nstart_per_month = 10e6\nvolatility = 0.4\n\
         [capacity]\nstart_share = 1.0\nlimits_spend = true\nspend_per_gw_year = 130e6\n",
    );
    let forecast = run(&deal(1, &format!("{YEAR}{power}")), &scenario, 16_384);
    let wanted = 120e6 - closed::call(120e6, 130e6, 0.4);
    near("served", forecast.totals.list_spend.mean, wanted, 0.002);
}

#[test]
fn without_volatility_the_books_say_the_same_to_the_cent() {
    let schedule = "[[commitment]]\nid = \"c\"\nschedule = [{ y = 1, min = \"90e6\" }, { y = 2, min = \"150e6\" }, { y = 3, min = \"140e6\" }]\n\
                    excess = { carry = \"0.5\", cap_of_next_min = \"0.25\" }\n\
                    shortfall = { settle = \"pay\", becomes = \"credit\", share = \"0.5\", usable_on = \"overage\" }\n\
                    discounts = [{ upto_year_min = true, rate = \"0.10\" }, { above = true, rate = \"0.15\" }]\n";
    let deal = deal(3, schedule);
    let scenario = scenario("[demand]\nstart_per_month = 9e6\ncurve = \"exponential\"\ngrowth = 0.25\n");
    let forecast = run(&deal, &scenario, 1);
    let terms = CommitmentTerms::new(&deal, &deal.commitments[0]);
    let mut position = Position::opening(terms.currency);
    for (month, line) in forecast.months.iter().enumerate() {
        let list: contract::Decimal =
            format!("{:.6}", 9e6 * 1.25_f64.powf((month + 1) as f64 / 12.0)).parse().unwrap();
        let at = line.to.parse::<contract::Day>().unwrap().start().plus_seconds(-1);
        let charge = contract::Charge::of(list.money(terms.currency));
        position = contract::advance(&terms, &position, &charge, at).unwrap().position;
    }
    let settled = settle(&terms, &position, forecast.deal.to.parse().unwrap()).unwrap();
    assert_eq!(settled.len(), 3);
    for (exact, year) in settled.iter().zip(&forecast.commitments[0].years) {
        let number = |money: units::Money| money.pico() as f64 / 1e12;
        for (what, seen, wanted) in [
            ("counted", year.counted.mean, number(exact.counted)),
            ("charge", year.charge.mean, number(exact.charge)),
            ("shortfall", year.shortfall.mean, number(exact.shortfall)),
            ("cash", year.cash.mean, number(exact.cash)),
        ] {
            assert!(
                (seen - wanted).abs() < 0.01 + 1e-9 * wanted,
                "year {} {what}: {seen} {wanted}",
                year.year
            );
        }
        assert!(year.cash.error < 1.0, "nothing varies");
    }
}
