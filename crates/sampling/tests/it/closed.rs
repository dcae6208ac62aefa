//! Closed forms against published and high-precision values, and against simulation.

use sampling::closed::{
    call, exchange, first_passage, first_passage_observed, lognormal_sum, normal_probability, put,
};
use sampling::{Correlation, Design, GROUPS, LANES, Lanes, Paths, inverse_normal};

fn close(found: f64, wanted: f64, tolerance: f64) {
    assert!((found - wanted).abs() <= tolerance * wanted.abs().max(1e-12), "{found}, not {wanted}");
}

#[test]
fn the_normal_probability_is_right_and_undoes_the_quantile() {
    for (x, wanted) in GOLDEN {
        close(normal_probability(x), wanted, 1e-12);
    }
    for step in 1..1000 {
        let p = f64::from(step) / 1000.0;
        close(normal_probability(inverse_normal(p)), p, 1e-12);
    }
}

/// Hull's standard example: 42, 40, 10 %, 20 %, half a year: a call of 4.76 and a put of 0.81.
#[test]
fn options_have_the_textbook_prices() {
    let (forward, discount) = (42.0 * (0.05f64).exp(), (-0.05f64).exp());
    let deviation = 0.2 * 0.5f64.sqrt();
    close(call(forward, 40.0, deviation) * discount, 4.759_422_392_871_53, 1e-13);
    close(put(forward, 40.0, deviation) * discount, 0.808_599_372_900_09, 1e-12);
    // Giving up a sure amount is a call.
    close(exchange(forward, 40.0, [deviation, 0.0], 0.0), call(forward, 40.0, deviation), 1e-14);
}

/// The mean of `payoff` over 2^16 quasi-random paths of two factors in 12 steps.
fn simulated(payoff: impl Fn([&[f64]; 2]) -> f64) -> f64 {
    let rows = [vec![1.0, 0.4], vec![0.4, 1.0]];
    let paths = Paths::new(12, Correlation::new(&rows).unwrap(), Design::Sobol, 2026).unwrap();
    let mut shocks = vec![[Lanes::ZERO; GROUPS]; 24];
    let mut sum = 0.0;
    for block in 0..1024 {
        paths.fill(block, 0, &mut shocks);
        for path in 0..64 {
            let walk = |factor: usize| -> Vec<f64> {
                let steps = shocks.iter().skip(factor).step_by(2);
                let mut at = 0.0;
                let mut walk = |step: &[Lanes; GROUPS]| {
                    at += step[path / LANES].0[path % LANES] / 12f64.sqrt();
                    at
                };
                steps.map(&mut walk).collect()
            };
            sum += payoff([&walk(0), &walk(1)]);
        }
    }
    sum / 65_536.0
}

#[test]
fn a_take_or_pay_shortfall_is_a_put_on_usage() {
    let sigma: f64 = 0.35;
    let found =
        simulated(|[walk, _]| (90.0 - 100.0 * (sigma * walk[11] - sigma * sigma / 2.0).exp()).max(0.0));
    close(found, put(100.0, 90.0, sigma), 2e-4);
}

#[test]
fn the_right_to_exchange_is_margrabes() {
    let amount = |mean: f64, sigma: f64, walk: &[f64]| mean * (sigma * walk[11] - sigma * sigma / 2.0).exp();
    let found = simulated(|[a, b]| (amount(100.0, 0.3, a) - amount(95.0, 0.2, b)).max(0.0));
    close(found, exchange(100.0, 95.0, [0.3, 0.2], 0.4), 2e-4);
}

#[test]
fn a_milestone_seen_monthly_is_a_first_passage_with_the_barrier_further_off() {
    let (barrier, drift, deviation) = (0.3, 0.1, 0.4);
    let over = |walk: &[f64]| {
        let months = (1..).zip(walk);
        months.map(|(month, walk)| drift * f64::from(month) / 12.0 + deviation * walk).any(|at| at >= barrier)
    };
    let found = simulated(|[walk, _]| f64::from(u8::from(over(walk))));
    close(found, first_passage_observed(barrier, drift, deviation, 1.0, 12), 0.015);
    // By quadrature.
    close(found, 0.449_998_574_764_6, 0.002);
    // Without the correction it would be far too much.
    assert!(first_passage(barrier, drift, deviation, 1.0) > 1.15 * found);
}

#[test]
fn a_year_of_lognormal_months_has_the_moments_of_the_sum() {
    let sigma: f64 = 0.5;
    let means: Vec<f64> = (0..12).map(|month| 10.0 + f64::from(month)).collect();
    let covariance = |i: usize, j: usize| sigma * sigma * (i.min(j) + 1) as f64 / 12.0;
    let (mean, variance) = lognormal_sum(&means, covariance);
    let year = |walk: &[f64]| -> f64 {
        let months = means.iter().zip(walk).enumerate();
        months.map(|(at, (mean, walk))| mean * (sigma * walk - covariance(at, at) / 2.0).exp()).sum()
    };
    close(simulated(|[walk, _]| year(walk)), mean, 1e-4);
    close(simulated(|[walk, _]| (year(walk) - mean).powi(2)), variance, 5e-3);
}

/// From mpmath with 40 digits.
const GOLDEN: [(f64, f64); 12] = [
    (-30.0, 4.906713927148187e-198),
    (-8.5, 9.479534822203318e-18),
    (-7.2, 3.0106279811174334e-13),
    (-5.0, 2.866515718791939e-07),
    (-3.0, 0.0013498980316300946),
    (-2.9, 0.001865813300384038),
    (-2.0, 0.02275013194817921),
    (-0.5, 0.3085375387259869),
    (0.0, 0.5),
    (0.3, 0.6179114221889527),
    (1.0, 0.8413447460685429),
    (4.0, 0.9999683287581669),
];
