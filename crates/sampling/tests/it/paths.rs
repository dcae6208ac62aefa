//! Blocks of shocks against the same, made one number at a time.

use sampling::{
    BLOCK, Bridge, Correlation, DIMENSIONS, Design, GROUPS, Kernel, LANES, Lanes, Paths, Sobol, Task, Wide,
    inverse_normal,
};

fn correlation() -> Correlation {
    let rows = [[1.0, 0.3, -0.2], [0.3, 1.0, -0.1], [-0.2, -0.1, 1.0]];
    Correlation::new(&rows.map(Vec::from)).unwrap()
}

fn filled(paths: &Paths, block: u32, second: u64) -> Vec<[Lanes; GROUPS]> {
    let mut out = vec![[Lanes::ZERO; GROUPS]; paths.steps() * paths.factors()];
    paths.fill(block, second, &mut out);
    out
}

fn shock(out: &[[Lanes; GROUPS]], path: usize, at: usize) -> f64 {
    out[at][path / LANES].0[path % LANES]
}

/// Each path by itself: point, quantile, bridge, differences, correlation.
fn check_against_single_numbers(steps: usize, block: u32, second: u64) {
    let (seed, correlation) = (42, correlation());
    let factors = correlation.factors();
    let paths = Paths::new(steps, correlation.clone(), Design::Sobol, seed).unwrap();
    let out = filled(&paths, block, second);
    let known = DIMENSIONS.min(2 * steps * factors);
    let (sobol, bridge) = (Sobol::scrambled(0..known, seed).unwrap(), Bridge::new(steps));
    let set = |factor: usize| (second >> factor & 1) as usize * steps;
    for path in [0, 1, 7, 8, 30, 63] {
        let index = block * BLOCK as u32 + path as u32;
        let walks: Vec<Vec<f64>> = (0..factors)
            .map(|factor| {
                let dimensions = (0..steps).map(|nth| (set(factor) + nth) * factors + factor);
                let normal = |dimension| inverse_normal(sobol.point(index, dimension));
                let mut walk = vec![0.0; steps];
                bridge.build(&dimensions.map(normal).collect::<Vec<_>>(), &mut walk);
                walk
            })
            .collect();
        for step in 0..steps {
            let before = |walk: &[f64]| step.checked_sub(1).map_or(0.0, |before| walk[before]);
            let mut wanted: Vec<f64> = walks.iter().map(|walk| walk[step] - before(walk)).collect();
            correlation.apply(&mut wanted);
            for (factor, wanted) in wanted.into_iter().enumerate() {
                let found = shock(&out, path, step * factors + factor);
                assert!((found - wanted).abs() < 1e-12, "path {path}, step {step}, factor {factor}");
            }
        }
    }
}

#[test]
fn a_block_is_its_points_bridged_and_correlated() {
    check_against_single_numbers(120, 0, 0);
    check_against_single_numbers(120, 16_383, 0b101);
    check_against_single_numbers(1, 3, 0);
    check_against_single_numbers(2, 1 << 25, 0b111);
    check_against_single_numbers(13, 77, 0b010);
}

struct Fill<'a>(&'a Paths, u32);

impl Task for Fill<'_> {
    type Output = Vec<[Lanes; GROUPS]>;

    #[inline(always)]
    fn run<V: Wide>(self) -> Self::Output {
        let mut out = vec![[Lanes::ZERO; GROUPS]; self.0.steps() * self.0.factors()];
        self.0.fill_in::<V>(self.1, 0b001, &mut out);
        out
    }
}

#[test]
fn every_kernel_fills_the_same_bits() {
    for design in [Design::Random, Design::Sobol] {
        for steps in [1, 7, 120, 700] {
            let paths = Paths::new(steps, correlation(), design, 9).unwrap();
            for block in [0, 5, 999] {
                let wanted = filled(&paths, block, 0b001);
                for kernel in Kernel::available() {
                    assert!(
                        kernel.run(Fill(&paths, block)) == wanted,
                        "{} {design:?} {steps}",
                        kernel.name()
                    );
                }
            }
        }
    }
}

/// Means, variances and correlations over 2^14 paths; steps have nothing to do with each other.
fn check_moments(design: Design, steps: usize, tolerance: f64) {
    let paths = Paths::new(steps, correlation(), design, 1).unwrap();
    let count = 256 * BLOCK;
    let mut sums = vec![[0.0; 6]; steps];
    for block in 0..256 {
        let out = filled(&paths, block, 0);
        for path in 0..BLOCK {
            for (step, sums) in sums.iter_mut().enumerate() {
                let [a, b, c] = [0, 1, 2].map(|factor| shock(&out, path, 3 * step + factor));
                let earlier = shock(&out, path, 3 * (step / 2));
                let parts = [a, b * b, a * b, a * c, b * c, if step == 0 { 0.0 } else { a * earlier }];
                for (sum, part) in sums.iter_mut().zip(parts) {
                    *sum += part / count as f64;
                }
            }
        }
    }
    for (step, sums) in sums.into_iter().enumerate() {
        for (found, wanted) in sums.into_iter().zip([0.0, 1.0, 0.3, -0.2, -0.1, 0.0]) {
            assert!((found - wanted).abs() < tolerance, "{design:?}, step {step}: {found}, not {wanted}");
        }
    }
}

#[test]
fn shocks_are_normal_correlated_and_independent_across_steps() {
    check_moments(Design::Random, 5, 0.03);
    check_moments(Design::Sobol, 5, 0.003);
    // Beyond the table of directions the numbers are random.
    check_moments(Design::Sobol, 700, 0.04);
}

#[test]
fn the_second_set_is_independent_of_the_first() {
    let paths = Paths::new(12, Correlation::independent(2), Design::Sobol, 4).unwrap();
    let (mut first, mut same) = (0.0, 0.0);
    for block in 0..256 {
        let (one, two) = (filled(&paths, block, 0), filled(&paths, block, 0b01));
        for at in 0..12 {
            for path in 0..BLOCK {
                first += shock(&one, path, 2 * at) * shock(&two, path, 2 * at);
                same += f64::from(u8::from(shock(&one, path, 2 * at + 1) == shock(&two, path, 2 * at + 1)));
            }
        }
    }
    let all = f64::from(256 * 12 * 64);
    assert_eq!(same, all);
    assert!((first / all).abs() < 0.01, "{}", first / all);
}
