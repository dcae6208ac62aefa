//! Philox against the known answers of Random123, and what is drawn from it.

use proptest::prelude::*;
use sampling::{Lanes, Random, bernoulli, exponential, inverse_normal, lognormal, philox4x32, poisson};

/// `philox4x32 10` in Random123's `kat_vectors`: counter, key, answer.
const KNOWN: [([u32; 4], [u32; 2], [u32; 4]); 3] = [
    ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
    ([u32::MAX; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
    (
        [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
        [0xa409_3822, 0x299f_31d0],
        [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
    ),
];

#[test]
fn gives_the_known_answers() {
    for (counter, key, answer) in KNOWN {
        assert_eq!(philox4x32(counter, key), answer);
    }
}

proptest! {
    #[test]
    fn a_block_is_its_numbers(seed: u64, stream in 0..1000u32, path in 0..u64::MAX - 8, dimension in 0..u32::MAX - 9) {
        let random = Random::new(seed);
        let mut line = [0.0; 9];
        random.fill(stream, path, dimension, &mut line);
        for (at, uniform) in (dimension..).zip(line) {
            prop_assert_eq!(uniform, random.uniform(stream, path, at));
            prop_assert!(uniform > 0.0 && uniform < 1.0);
        }
        let uniforms = random.uniforms::<Lanes>(stream, path, dimension / 2);
        for (dimension, lanes) in (dimension / 2 * 2..).zip(uniforms) {
            for (path, uniform) in (path..).zip(lanes.0) {
                prop_assert_eq!(uniform, random.uniform(stream, path, dimension));
            }
        }
    }
}

/// Mean and variance of `draw` over 100,000 uniform numbers, each within four standard errors.
fn check(draw: impl Fn(f64) -> f64, mean: f64, variance: f64) {
    let (random, count) = (Random::new(2026), 100_000u32);
    let draws: Vec<f64> = (0..count).map(|path| draw(random.uniform(3, path.into(), 0))).collect();
    let found = draws.iter().sum::<f64>() / f64::from(count);
    let spread = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / f64::from(count);
    assert!((found - mean).abs() < 4.0 * (variance / f64::from(count)).sqrt(), "mean {found}, not {mean}");
    assert!((spread / variance - 1.0).abs() < 0.05, "variance {spread}, not {variance}");
}

#[test]
fn draws_have_their_mean_and_variance() {
    check(|u| u, 0.5, 1.0 / 12.0);
    check(inverse_normal, 0.0, 1.0);
    check(|u| f64::from(u8::from(bernoulli(u, 0.3))), 0.3, 0.21);
    check(|u| exponential(u, 4.0), 0.25, 1.0 / 16.0);
    check(|u| f64::from(poisson(u, 0.05)), 0.05, 0.05);
    check(|u| f64::from(poisson(u, 12.0)), 12.0, 12.0);
    let (mean, square) = ((0.1f64 + 0.02).exp(), 0.04f64.exp());
    check(|u| lognormal(inverse_normal(u), 0.1, 0.2), mean, mean * mean * (square - 1.0));
}
