//! Brownian paths from the outside in: the end first, then the middle, then the middles between.
//!
//! The first few numbers then decide nearly all of a path, which is what quasi-random points are good at.

use crate::vector::Vector;

/// One step of the construction: what lies at `at`, given what lies at `left` and `right`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Node {
    /// Steps are counted from 0 (the first), the origin is none of them.
    pub at: usize,
    pub left: Option<usize>,
    pub right: Option<usize>,
    pub left_weight: f64,
    pub right_weight: f64,
    pub deviation: f64,
}

impl Node {
    /// Puts the point in its place, given a normal number, from those that are there already.
    #[inline(always)]
    pub(crate) fn set<V: Vector>(&self, normal: V, path: &mut [V::Stored]) {
        let mut point = normal * V::splat(self.deviation);
        if let Some(left) = self.left {
            point = V::load(&path[left]).mul_add(V::splat(self.left_weight), point);
        }
        if let Some(right) = self.right {
            point = V::load(&path[right]).mul_add(V::splat(self.right_weight), point);
        }
        point.store(&mut path[self.at]);
    }
}

/// The order and weights of a bridge over equal steps of variance one.
#[derive(Debug, Clone, PartialEq)]
pub struct Bridge {
    pub(crate) nodes: Vec<Node>,
}

impl Bridge {
    /// A bridge over `steps` steps.
    #[must_use]
    pub fn new(steps: usize) -> Self {
        let mut nodes = Vec::with_capacity(steps);
        if let Some(at) = steps.checked_sub(1) {
            let (left, right, deviation) = (None, None, (steps as f64).sqrt());
            nodes.push(Node { at, left, right, left_weight: 0.0, right_weight: 0.0, deviation });
        }
        // Level by level: intervals between times, where time 0 is the origin.
        let mut open = std::collections::VecDeque::from([(0, steps)]);
        while let Some((from, to)) = open.pop_front() {
            if to - from < 2 {
                continue;
            }
            let middle = (from + to) / 2;
            let (before, after, whole) = ((middle - from) as f64, (to - middle) as f64, (to - from) as f64);
            nodes.push(Node {
                at: middle - 1,
                left: from.checked_sub(1),
                right: Some(to - 1),
                left_weight: after / whole,
                right_weight: before / whole,
                deviation: (before * after / whole).sqrt(),
            });
            open.extend([(from, middle), (middle, to)]);
        }
        Self { nodes }
    }

    /// How many steps it spans.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.nodes.len()
    }

    /// Which step the nth normal number decides, the most important first.
    pub fn order(&self) -> impl Iterator<Item = usize> {
        self.nodes.iter().map(|node| node.at)
    }

    /// The path after each step, from normal numbers in [`Bridge::order`]; its length is the smaller of both.
    pub fn build(&self, normals: &[f64], path: &mut [f64]) {
        for (node, normal) in self.nodes.iter().zip(normals) {
            node.set(*normal, path);
        }
    }
}
