//! Several paths side by side as one number that contract rules are computed in.

use contract::{Number, Ratio, YearRules};
use sampling::Vector;
use std::ops::{Add, Div, Mul, Sub};

/// Several numbers, one a path, as the contract's rules see them.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(transparent)]
pub struct Many<V>(pub V);

impl<V: Vector> Many<V> {
    /// The same number on every path.
    #[inline(always)]
    pub fn splat(number: f64) -> Self {
        Self(V::splat(number))
    }
}

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
        Self::splat(exact.to_f64())
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
}

/// The same rules for several paths side by side.
pub(crate) fn many<V: Vector>(rules: &YearRules<f64>) -> YearRules<Many<V>> {
    let share = |(share, most): &(f64, Option<f64>)| (Many::splat(*share), most.map(Many::splat));
    YearRules {
        minimum: Many::splat(rules.minimum),
        eligible: rules.eligible.iter().map(share).collect(),
        keep: Many::splat(rules.keep),
        keep_over: Many::splat(rules.keep_over),
        carry: share(&rules.carry),
        make_good: Many::splat(rules.make_good),
    }
}
