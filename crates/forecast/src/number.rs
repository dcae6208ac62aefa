//! Eight paths side by side as one number that contract rules are computed in.
//!
//! The rules are compiled apart from the market's wide registers, so these are plain loops over eight numbers,
//! with truths as bits: what any compiler makes fast. The market hands over through memory ([`stored`]).

use contract::{Number, Ratio, YearRules};
use sampling::{GROUPS, LANES, Lanes, Vector, at_most_bits};
use std::ops::{Add, BitAnd, BitOr, Div, Mul, Not, Sub};

/// An array, lane by lane, in a loop that every compiler unrolls.
macro_rules! each {
    ($of:expr, $lane:ident => $value:expr) => {{
        let mut lanes = [$of; LANES];
        for $lane in 0..LANES {
            lanes[$lane] = $value;
        }
        lanes
    }};
}

/// Eight numbers, one a path, as the contract's rules see them.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(transparent)]
pub struct Eight(pub Lanes);

/// Eight truths: all bits set, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Truths([u64; LANES]);

impl Eight {
    /// The same number on every path.
    #[inline(always)]
    pub const fn splat(number: f64) -> Self {
        Self(Lanes::splat(number))
    }
}

impl Truths {
    /// One where it is true, else nothing.
    pub fn ones(self) -> Lanes {
        Eight::select(self, Eight::splat(1.0), Eight::splat(0.0)).0
    }
}

macro_rules! operator {
    ($($trait:ident $method:ident $op:tt),*) => {$(
        impl $trait for Eight {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(Lanes(each!(0.0, lane => self.0.0[lane] $op other.0.0[lane])))
            }
        }
    )*};
}

operator!(Add add +, Sub sub -, Mul mul *, Div div /);

impl BitAnd for Truths {
    type Output = Self;

    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        Self(each!(0, lane => self.0[lane] & other.0[lane]))
    }
}

impl BitOr for Truths {
    type Output = Self;

    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        Self(each!(0, lane => self.0[lane] | other.0[lane]))
    }
}

impl Not for Truths {
    type Output = Self;

    #[inline(always)]
    fn not(self) -> Self {
        Self(each!(0, lane => !self.0[lane]))
    }
}

impl Number for Eight {
    type Mask = Truths;

    #[inline(always)]
    fn of(exact: Ratio) -> Self {
        Self::splat(exact.to_f64())
    }

    #[inline(always)]
    fn at_most(self, other: Self) -> Truths {
        Truths(each!(0, lane => if self.0.0[lane] <= other.0.0[lane] { u64::MAX } else { 0 }))
    }

    #[inline(always)]
    fn select(mask: Truths, yes: Self, no: Self) -> Self {
        Self(Lanes(each!(0.0, lane => {
            let (yes, no) = (yes.0.0[lane].to_bits(), no.0.0[lane].to_bits());
            f64::from_bits(yes & mask.0[lane] | no & !mask.0[lane])
        })))
    }

    #[inline(always)]
    fn least(self, other: Self) -> Self {
        Self(Lanes(each!(0.0, lane => {
            let (a, b) = (self.0.0[lane], other.0.0[lane]);
            if a < b { a } else { b }
        })))
    }

    #[inline(always)]
    fn most(self, other: Self) -> Self {
        Self(Lanes(each!(0.0, lane => {
            let (a, b) = (self.0.0[lane], other.0.0[lane]);
            if a > b { a } else { b }
        })))
    }
}

/// The 64 paths of a block, as conditions see them: a condition's tree is walked once for all of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Many(pub [Lanes; GROUPS]);

/// 64 truths, bit by bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bits(u64);

impl Many {
    /// The same number on every path.
    #[inline(always)]
    pub const fn splat(number: f64) -> Self {
        Self([Lanes::splat(number); GROUPS])
    }

    /// Both, path by path.
    #[inline(always)]
    pub(crate) fn with(self, other: Self, both: impl Fn(f64, f64) -> f64) -> Self {
        let mut out = self;
        for (out, other) in out.0.iter_mut().zip(&other.0) {
            for lane in 0..LANES {
                out.0[lane] = both(out.0[lane], other.0[lane]);
            }
        }
        out
    }
}

/// By eight bits: one where a bit is set, else nothing.
static ONES: [[f64; LANES]; 256] = {
    let mut ones = [[0.0; LANES]; 256];
    let mut bits = 0;
    while bits < 256 {
        let mut lane = 0;
        while lane < LANES {
            if bits >> lane & 1 == 1 {
                ones[bits][lane] = 1.0;
            }
            lane += 1;
        }
        bits += 1;
    }
    ones
};

impl Bits {
    /// One where it is true, else nothing, for the paths of a group.
    pub fn ones(self, group: usize) -> Lanes {
        let bits = self.0.to_le_bytes()[group];
        Lanes(ONES[usize::from(bits)])
    }
}

macro_rules! many_operator {
    ($($trait:ident $method:ident $op:tt),*) => {$(
        impl $trait for Many {
            type Output = Self;

            fn $method(self, other: Self) -> Self {
                self.with(other, |a, b| a $op b)
            }
        }
    )*};
}

many_operator!(Add add +, Sub sub -, Mul mul *, Div div /);

impl BitAnd for Bits {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOr for Bits {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Not for Bits {
    type Output = Self;

    fn not(self) -> Self {
        Self(!self.0)
    }
}

impl Number for Many {
    type Mask = Bits;

    fn of(exact: Ratio) -> Self {
        Self::splat(exact.to_f64())
    }

    fn at_most(self, other: Self) -> Bits {
        let mut bits = 0;
        for (group, (a, b)) in self.0.iter().zip(&other.0).enumerate() {
            bits |= u64::from(at_most_bits(a, b)) << (group * LANES);
        }
        Bits(bits)
    }

    fn select(mask: Bits, yes: Self, no: Self) -> Self {
        let mut out = no;
        for (group, (out, yes)) in out.0.iter_mut().zip(&yes.0).enumerate() {
            for lane in 0..LANES {
                if mask.0 >> (group * LANES + lane) & 1 == 1 {
                    out.0[lane] = yes.0[lane];
                }
            }
        }
        out
    }

    fn least(self, other: Self) -> Self {
        self.with(other, |a, b| if a < b { a } else { b })
    }

    fn most(self, other: Self) -> Self {
        self.with(other, |a, b| if a > b { a } else { b })
    }
}

/// What stands in registers, in memory.
#[inline(always)]
pub(crate) fn stored<V: Vector<Stored = Lanes>>(value: V) -> Lanes {
    let mut lanes = Lanes::ZERO;
    value.store(&mut lanes);
    lanes
}

/// The same rules for eight paths side by side.
pub(crate) fn many(rules: &YearRules<f64>) -> YearRules<Eight> {
    let share = |(share, most): &(f64, Option<f64>)| (Eight::splat(*share), most.map(Eight::splat));
    YearRules {
        minimum: Eight::splat(rules.minimum),
        eligible: rules.eligible.iter().map(share).collect(),
        keep: Eight::splat(rules.keep),
        keep_over: Eight::splat(rules.keep_over),
        carry: share(&rules.carry),
        make_good: Eight::splat(rules.make_good),
        grace: Eight::splat(rules.grace),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bits hold what comparing number by number says, in the order of the paths.
    #[test]
    fn bits_are_the_comparisons() {
        let numbers = [0.0, -0.0, 1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.0 + f64::EPSILON, -3.5];
        let at = |path: usize, by: usize| numbers[(path * by + path / 8) % 8];
        let many = |by: usize| {
            let group = |group: usize| Lanes(std::array::from_fn(|lane| at(group * LANES + lane, by)));
            Many(std::array::from_fn(group))
        };
        for (one, other) in [(1, 3), (5, 7), (1, 1)] {
            let bits = many(one).at_most(many(other));
            for group in 0..GROUPS {
                let expected = std::array::from_fn(|lane| {
                    let path = group * LANES + lane;
                    f64::from(u8::from(at(path, one) <= at(path, other)))
                });
                assert_eq!(bits.ones(group), Lanes(expected), "{group}");
            }
        }
    }
}
