//! Simulated paths through the contract's rules on one core: ten years of months, six correlated factors, the
//! spend's exponential, every contract year settled, present values, a milestone.
//!
//! `numpy_paths.py` computes the same in NumPy; `run.py` runs both in turn and prints the ratio. This is the
//! least a forecast has to do, not a forecast: that does more (`crates/forecast`).
//!
//!     cargo run --release -p bench --example forecast -- SECONDS [random]

use contract::{CommitmentTerms, Deal, Number, Ratio, YearRules};
use sampling::{BLOCK, Correlation, Design, GROUPS, Kernel, Lanes, Moments, Paths, Task, Vector, Wide, exp};
use std::ops::{Add, Div, Mul, Sub};
use std::time::{Duration, Instant};
use units::Money;

const MONTHS: usize = 120;
const FACTORS: usize = 6;
const CORRELATION: [[f64; FACTORS]; FACTORS] = [
    [1.0, 0.3, -0.2, 0.1, 0.2, 0.0],
    [0.3, 1.0, -0.1, 0.2, 0.1, 0.0],
    [-0.2, -0.1, 1.0, 0.0, 0.0, 0.1],
    [0.1, 0.2, 0.0, 1.0, 0.2, 0.0],
    [0.2, 0.1, 0.0, 0.2, 1.0, 0.0],
    [0.0, 0.0, 0.1, 0.0, 0.0, 1.0],
];
const DRIFT: [f64; FACTORS] = [0.03, 0.02, -0.02, 0.01, 0.005, 0.0];
const DEVIATION: [f64; FACTORS] = [0.10, 0.06, 0.08, 0.04, 0.05, 0.03];
const FIRST_SPEND: f64 = 0.8;
const RATE: f64 = 0.08;
const YEARS: u32 = 10;
/// What list spend comes to when the milestone is met.
const MILESTONE: f64 = 100.0;

/// Several numbers, one a path, as the contract's rules see them.
#[derive(Clone, Copy)]
struct Many<V>(V);

macro_rules! operator {
    ($($trait:ident $method:ident),*) => {$(
        impl<V: Vector> $trait for Many<V> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(self.0.$method(other.0))
            }
        }
    )*};
}

operator!(Add add, Sub sub, Mul mul, Div div);

impl<V: Vector> Number for Many<V> {
    type Mask = V::Mask;

    #[inline(always)]
    fn of(exact: Ratio) -> Self {
        Self(V::splat(exact.to_f64()))
    }

    #[inline(always)]
    fn at_most(self, other: Self) -> V::Mask {
        self.0.at_most(other.0)
    }

    #[inline(always)]
    fn select(mask: V::Mask, yes: Self, no: Self) -> Self {
        Self(V::select(mask, yes.0, no.0))
    }

    #[inline(always)]
    fn least(self, other: Self) -> Self {
        Self(self.0.least(other.0))
    }

    #[inline(always)]
    fn most(self, other: Self) -> Self {
        Self(self.0.most(other.0))
    }

    #[inline(always)]
    fn or_zero(self) -> Self {
        Self(self.0.most(V::splat(0.0)))
    }
}

/// What a run answers with: the present values of cash and shortfalls, and how often the milestone was met.
#[derive(Default)]
struct Answers([Moments; 3]);

struct Blocks<'a> {
    terms: &'a CommitmentTerms,
    paths: &'a Paths,
    first: u32,
    count: u32,
    answers: &'a mut Answers,
}

impl Task for Blocks<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Wide>(self) {
        let amount = |money: Money| Many(V::splat(money.pico() as f64 * 1e-12));
        let rules: Vec<_> = (1..=YEARS).map(|year| YearRules::new(self.terms, year, amount)).collect();
        let mut shocks = vec![[Lanes::ZERO; GROUPS]; MONTHS * FACTORS];
        for block in self.first..self.first + self.count {
            self.paths.fill_in::<V>(block, 0, &mut shocks);
            let [mut cash, mut shortfall, mut met] = [[Lanes::ZERO; GROUPS]; 3];
            let answers = cash.iter_mut().zip(&mut shortfall).zip(&mut met);
            for (group, ((cash, shortfall), met)) in answers.enumerate() {
                let answers = walk::<V>(&rules, &shocks, group);
                answers[0].store(cash);
                answers[1].store(shortfall);
                answers[2].store(met);
            }
            for (moments, block) in self.answers.0.iter_mut().zip([cash, shortfall, met]) {
                moments.add_lanes(&block);
            }
        }
    }
}

/// Eight paths from start to end.
#[inline(always)]
fn walk<V: Wide>(rules: &[YearRules<Many<V>>], shocks: &[[Lanes; GROUPS]], group: usize) -> [V; 3] {
    let zero = V::splat(0.0);
    let mut factors = [zero; FACTORS];
    let [mut all, mut met, mut cash, mut shortfall] = [zero; 4];
    let (mut excess, mut credit) = (Many(zero), Many(zero));
    let months = shocks.as_chunks::<FACTORS>().0.as_chunks::<12>().0;
    for (year, (rules, months)) in rules.iter().zip(months).enumerate() {
        let mut list = zero;
        for shocks in months {
            for at in 0..FACTORS {
                let drift = V::splat(DRIFT[at] - 0.5 * DEVIATION[at] * DEVIATION[at]);
                let shock = V::load(&shocks[at][group]);
                factors[at] = shock.mul_add(V::splat(DEVIATION[at]), factors[at]) + drift;
            }
            let spend = exp(factors[0] + factors[2]) * V::splat(FIRST_SPEND);
            list += spend;
            all += spend;
            met = V::select(all.at_most(V::splat(MILESTONE)), met, V::splat(1.0));
        }
        let settled = rules.settle(&[Many(list)], excess, credit);
        (excess, credit) = (settled.excess_out, settled.credit_out);
        let discount = V::splat((-RATE * (year + 1) as f64).exp());
        let due = settled.charge + settled.shortfall - settled.credit_used;
        cash = due.0.mul_add(discount, cash);
        shortfall = settled.shortfall.0.mul_add(discount, shortfall);
    }
    [cash, shortfall, met]
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let seconds: f64 = arguments.next().unwrap_or_else(|| "2".to_owned()).parse()?;
    let design = if arguments.next().as_deref() == Some("random") { Design::Random } else { Design::Sobol };
    let correlation = Correlation::new(&CORRELATION.map(Vec::from))?;
    let paths = Paths::new(MONTHS, correlation, design, 1)?;
    let deal = Deal::parse(include_str!("deal.toml"))?;
    let terms = CommitmentTerms::new(&deal, &deal.commitments[0]);
    let (kernel, mut answers, mut first) = (Kernel::best(), Answers::default(), 0);
    let (start, limit) = (Instant::now(), Duration::from_secs_f64(seconds));
    let cpu = bench::cpu::micros(std::process::id())?;
    while start.elapsed() < limit {
        kernel.run(Blocks { terms: &terms, paths: &paths, first, count: 256, answers: &mut answers });
        first += 256;
    }
    let cpu = (bench::cpu::micros(std::process::id())? - cpu) as f64 / 1e6;
    let count = u64::from(first) * BLOCK as u64;
    let [cash, shortfall, met] = answers.0.map(|moments| moments.mean());
    println!(
        "{{\"paths\":{count},\"cpu_seconds\":{cpu},\"kernel\":\"{}\",\"means\":[{cash},{shortfall},{met}]}}",
        kernel.name()
    );
    Ok(())
}
