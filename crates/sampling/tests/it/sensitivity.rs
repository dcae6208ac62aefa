//! Sobol indices against Ishigami's function, whose are known.

use sampling::{Correlation, Design, Lanes, Paths, Sensitivity, closed::normal_probability, sensitivity};
use std::f64::consts::PI;

/// From its variance in closed form, a = 7, b = 0.1.
const FIRST: [f64; 3] = [0.313_905_191_147_811_5, 0.442_411_144_790_040_9, 0.0];
const TOTAL: [f64; 3] = [0.557_588_855_209_959_1, 0.442_411_144_790_040_9, 0.243_683_664_062_147_7];

fn ishigami(design: Design, blocks: u32) -> Sensitivity {
    let paths = Paths::new(1, Correlation::independent(3), design, 7).unwrap();
    sensitivity(3, blocks, |block, second| {
        let mut shocks = [[Lanes::ZERO; 8]; 3];
        paths.fill(block, second, &mut shocks);
        std::array::from_fn(|group| {
            let [x, y, z] =
                [0, 1, 2].map(|at| shocks[at][group].map(|n| PI * (2.0 * normal_probability(n) - 1.0)));
            let sine = |x: Lanes| x.map(f64::sin);
            sine(x) + sine(y) * sine(y) * 7.0 + z * z * z * z * sine(x) * 0.1
        })
    })
}

fn check(design: Design, blocks: u32, tolerance: f64) {
    let indices = ishigami(design, blocks).indices();
    for ((index, first), total) in indices.iter().zip(FIRST).zip(TOTAL) {
        assert!((index.first - first).abs() < tolerance, "{index:?}, not {first}");
        assert!((index.total - total).abs() < tolerance, "{index:?}, not {total}");
    }
}

#[test]
fn ishigamis_indices_come_out() {
    check(Design::Sobol, 1024, 0.002);
    check(Design::Random, 1024, 0.02);
}

#[test]
fn what_changes_nothing_has_no_share() {
    let none = sensitivity(2, 4, |_, _| [Lanes::splat(3.0); 8]).indices();
    assert!(none.iter().all(|index| index.first.is_nan() && index.total.is_nan()));
}
