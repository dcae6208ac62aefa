//! What Sobol points through a bridge are worth: the variance of an answer against that of random paths.

use sampling::{BLOCK, Correlation, Design, GROUPS, LANES, Lanes, Paths};

const STEPS: usize = 120;
const FACTORS: usize = 6;
const PATHS: usize = 4096;
/// The variance of a linear scramble varies much from one to the next, so fewer say little.
const REPLICATES: u64 = 100;

fn correlation() -> Correlation {
    let rows = [
        [1.0, 0.3, -0.2, 0.1, 0.2, 0.0],
        [0.3, 1.0, -0.1, 0.2, 0.1, 0.0],
        [-0.2, -0.1, 1.0, 0.0, 0.0, 0.1],
        [0.1, 0.2, 0.0, 1.0, 0.2, 0.0],
        [0.2, 0.1, 0.0, 0.2, 1.0, 0.0],
        [0.0, 0.0, 0.1, 0.0, 0.0, 1.0],
    ];
    Correlation::new(&rows.map(Vec::from)).unwrap()
}

/// Present value of ten years' spend and of its yearly shortfalls below 10, and whether it comes to 100;
/// the spend is demand times price, from the shocks of both in each month.
fn payoff(shocks: impl Iterator<Item = [f64; 2]>) -> [f64; 3] {
    let (mut demand, mut price, mut year, mut all) = (0.0, 0.0, 0.0, 0.0);
    let mut answer = [0.0; 3];
    for (month, [one, two]) in (1..).zip(shocks) {
        demand += 0.03 - 0.005 + 0.10 * one;
        price += -0.02 - 0.0032 + 0.08 * two;
        let (spend, discount) = (0.8 * f64::exp(demand + price), (-0.08 * f64::from(month) / 12.0).exp());
        year += spend;
        all += spend;
        answer[0] += spend * discount;
        if all > 100.0 {
            answer[2] = 1.0;
        }
        if month % 12 == 0 {
            answer[1] += (10.0 - year).max(0.0) * discount;
            year = 0.0;
        }
    }
    answer.map(|sum| sum / PATHS as f64)
}

fn add(sums: &mut [f64; 3], parts: [f64; 3]) {
    sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
}

fn by_paths(design: Design, seed: u64) -> [f64; 3] {
    let paths = Paths::new(STEPS, correlation(), design, seed).unwrap();
    let (mut shocks, mut sums) = (vec![[Lanes::ZERO; GROUPS]; STEPS * FACTORS], [0.0; 3]);
    for block in 0..(PATHS / BLOCK) as u32 {
        paths.fill(block, 0, &mut shocks);
        for path in 0..BLOCK {
            let shock = |at: usize| shocks[at][path / LANES].0[path % LANES];
            add(&mut sums, payoff((0..STEPS).map(|step| [shock(FACTORS * step), shock(FACTORS * step + 2)])));
        }
    }
    sums
}

/// Mean and variance of each answer over the replicates.
fn replicated(design: Design) -> [(f64, f64); 3] {
    let answers: Vec<[f64; 3]> =
        (0..REPLICATES).map(|replicate| by_paths(design, 1000 + replicate)).collect();
    std::array::from_fn(|at| {
        let mean = answers.iter().map(|answer| answer[at]).sum::<f64>() / REPLICATES as f64;
        let squares = answers.iter().map(|answer| (answer[at] - mean).powi(2));
        (mean, squares.sum::<f64>() / (REPLICATES - 1) as f64)
    })
}

/// Measured: 51, 104 and 5.8. The seeds are fixed, so the answer is too.
#[test]
fn a_bridge_of_sobol_points_is_worth_many_times_its_paths() {
    let (random, bridged) = (replicated(Design::Random), replicated(Design::Sobol));
    for ((random, bridged), least) in random.into_iter().zip(bridged).zip([30.0, 60.0, 4.0]) {
        let times = random.1 / bridged.1;
        println!("{} and {}: {times}", random.0, bridged.0);
        assert!(times > least, "{times} instead of {least}");
        // And both give the same answer, within four standard errors of the random paths.
        assert!((random.0 - bridged.0).abs() < 4.0 * (random.1 / REPLICATES as f64).sqrt());
    }
}
