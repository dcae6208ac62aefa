//! What drives an answer: Sobol indices of groups of factors, by pick and freeze.
//!
//! Two independent sets of paths, and for each group a third that takes this group from the second set and
//! the rest from the first: groups + 2 runs. First order after Saltelli (2010), total after Jansen (1999).

use crate::lanes::Lanes;
use crate::moments::{ExactSum, Moments};
use crate::paths::GROUPS;

/// What one group explains of the variance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Index {
    /// The share that goes if this group alone is known.
    pub first: f64,
    /// The share that stays if all but this group are known.
    pub total: f64,
}

/// Sums from which the indices of one answer are made. Merging in any order gives the same.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sensitivity {
    all: Moments,
    paths: u64,
    groups: Vec<GroupSums>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct GroupSums {
    /// Of changes; of changes times the second set's answer; of squared changes.
    change: ExactSum,
    product: ExactSum,
    square: ExactSum,
}

impl Sensitivity {
    /// For `groups` groups.
    #[must_use]
    pub fn new(groups: usize) -> Self {
        Self { groups: vec![GroupSums::default(); groups], ..Self::default() }
    }

    /// Adds the answers of some paths: from the `first` set, from the `second`, and for each group from the
    /// first with that group of the second.
    pub fn add(&mut self, first: &[Lanes], second: &[Lanes], mixed: &[impl AsRef<[Lanes]>]) {
        self.all.add_lanes(first);
        self.all.add_lanes(second);
        self.paths += (first.len() * crate::LANES) as u64;
        for (sums, mixed) in self.groups.iter_mut().zip(mixed) {
            let [mut change, mut product, mut square] = [Lanes::ZERO; 3];
            for ((a, b), mixed) in first.iter().zip(second).zip(mixed.as_ref()) {
                let difference = *mixed - *a;
                change += difference;
                product = difference.mul_add(*b, product);
                square = difference.mul_add(difference, square);
            }
            sums.change.add(change.sum());
            sums.product.add(product.sum());
            sums.square.add(square.sum());
        }
    }

    /// Adds what another has seen.
    pub fn merge(&mut self, other: &Self) {
        self.all.merge(&other.all);
        self.paths += other.paths;
        for (sums, more) in self.groups.iter_mut().zip(&other.groups) {
            sums.change.merge(&more.change);
            sums.product.merge(&more.product);
            sums.square.merge(&more.square);
        }
    }

    /// The index of each group; no numbers when the answer does not vary.
    #[must_use]
    pub fn indices(&self) -> Vec<Index> {
        let whole = self.all.variance() * self.paths as f64;
        let index = |sums: &GroupSums| {
            // The second set's answers are taken from their mean: less noise for the same expectation.
            let product = sums.product.value() - self.all.mean() * sums.change.value();
            Index { first: product / whole, total: sums.square.value() / (2.0 * whole) }
        };
        self.groups.iter().map(index).collect()
    }
}

/// Runs `model` on `blocks` blocks of paths for each set. It is given a block and the groups (bit by bit) to
/// take from the second set, as [`crate::Paths::fill`] takes factors, and answers with one number a path.
pub fn sensitivity(
    groups: usize,
    blocks: u32,
    mut model: impl FnMut(u32, u64) -> [Lanes; GROUPS],
) -> Sensitivity {
    let mut sums = Sensitivity::new(groups);
    for block in 0..blocks {
        let (first, second) = (model(block, 0), model(block, u64::MAX));
        let mixed: Vec<_> = (0..groups).map(|group| model(block, 1 << group)).collect();
        sums.add(&first, &second, &mixed);
    }
    sums
}
