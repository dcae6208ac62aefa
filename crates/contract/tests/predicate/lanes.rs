//! Several cases side by side decide as each would alone.

use crate::world::{Facts, at, vocabulary};
use contract::predicate::{Condition, Kleene};
use contract::{Number, Ratio};
use std::ops::{Add, BitAnd, BitOr, Div, Mul, Not, Sub};

#[derive(Debug, Clone, Copy, PartialEq)]
struct Three([f64; 3]);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Which([bool; 3]);

impl Three {
    fn with(self, other: Self, each: impl Fn(f64, f64) -> f64) -> Self {
        Self(std::array::from_fn(|lane| each(self.0[lane], other.0[lane])))
    }
}

macro_rules! lanewise {
    ($($operator:ident $name:ident),*) => {$(
        impl $operator for Three {
            type Output = Self;
            fn $name(self, other: Self) -> Self {
                self.with(other, f64::$name)
            }
        }
    )*};
}
lanewise!(Add add, Sub sub, Mul mul, Div div);

impl BitAnd for Which {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(std::array::from_fn(|lane| self.0[lane] & other.0[lane]))
    }
}
impl BitOr for Which {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(std::array::from_fn(|lane| self.0[lane] | other.0[lane]))
    }
}
impl Not for Which {
    type Output = Self;
    fn not(self) -> Self {
        Self(self.0.map(|lane| !lane))
    }
}

impl Number for Three {
    type Mask = Which;

    fn of(exact: Ratio) -> Self {
        Self([exact.to_f64(); 3])
    }
    fn at_most(self, other: Self) -> Which {
        Which(std::array::from_fn(|lane| self.0[lane] <= other.0[lane]))
    }
    fn select(mask: Which, yes: Self, no: Self) -> Self {
        Self(std::array::from_fn(|lane| if mask.0[lane] { yes.0[lane] } else { no.0[lane] }))
    }
}

#[test]
fn each_case_is_decided_alone() {
    let months = ["2026-06-30", "2026-07-31", "2026-08-31", "2026-09-30"];
    // In the third case the second month is not known.
    let power = [[0.5, 1.5, 2.0], [1.5, 1.5, f64::NAN], [1.5, 0.9, 2.0], [1.5, 1.5, 2.0]];
    let mut together = Facts::<Three>::new();
    let mut alone = [Facts::<f64>::new(), Facts::new(), Facts::new()];
    for (month, row) in months.iter().zip(power) {
        together.add("trainium_gw_online", at(month), Three(row));
        for (lane, facts) in alone.iter_mut().enumerate() {
            facts.add("trainium_gw_online", at(month), row[lane]);
        }
    }
    for text in [
        "trainium_gw_online >= 1.0",
        "trainium_gw_online >= 1.0 for 30 days",
        "trainium_gw_online >= 1.0 for 2 months",
        "avg(trainium_gw_online, quarter) > 1.2 GW",
        "trainium_gw_online in [0.9, 2] or not trainium_gw_online < 1",
        "customers > 3",
    ] {
        let condition = Condition::parse(text, &vocabulary()).unwrap();
        let (lanes, single) = (condition.in_numbers::<Three>(), condition.in_numbers::<f64>());
        for month in months {
            let Kleene { yes, no } = lanes.truth(&together, at(month));
            for (lane, facts) in alone.iter().enumerate() {
                let truth = single.truth(facts, at(month));
                assert_eq!((yes.0[lane], no.0[lane]), (truth.yes, truth.no), "{text} {month} {lane}");
            }
        }
    }
}
