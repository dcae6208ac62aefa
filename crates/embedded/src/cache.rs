//! What attention remembers of a sequence: the keys and values of every position in every layer.
//!
//! Grows as positions come. A row of a pass writes its own position before any row reads it.

use std::sync::RwLock;

use crate::arith::{LANES, Lanes};
use crate::model::Shape;

/// One sequence's memory.
#[derive(Debug)]
pub(crate) struct Cache {
    pub layers: Vec<RwLock<Vec<Head>>>,
}

/// Keys and values of one key head, in the layout of [`Attention`](crate::arith::Attention).
#[derive(Debug, Default, Clone)]
pub(crate) struct Head {
    pub keys: Vec<Lanes>,
    pub values: Vec<Lanes>,
}

impl Cache {
    pub(crate) fn new(layers: usize, shape: &Shape) -> Cache {
        Cache { layers: (0..layers).map(|_| RwLock::new(vec![Head::default(); shape.key_heads])).collect() }
    }
}

impl Head {
    /// Stores numbers `from..` of the key at `position`, of `width` numbers in all.
    pub(crate) fn put_key(&mut self, position: usize, width: usize, from: usize, numbers: &[f32]) {
        let tile = position / LANES * width;
        if self.keys.len() < tile + width {
            self.keys.resize(tile + width, [0.0; LANES]);
        }
        for (lanes, number) in self.keys[tile + from..].iter_mut().zip(numbers) {
            lanes[position % LANES] = *number;
        }
    }

    /// Stores numbers `from..` of the value at `position`, of `width` numbers in all; both are multiples of 16.
    pub(crate) fn put_value(&mut self, position: usize, width: usize, from: usize, numbers: &[f32]) {
        let parts = width / LANES;
        let filled = (position / LANES + 1) * LANES * parts;
        if self.values.len() < filled {
            self.values.resize(filled, [0.0; LANES]);
        }
        let start = position * parts + from / LANES;
        for (lanes, numbers) in self.values[start..].iter_mut().zip(numbers.as_chunks().0) {
            *lanes = *numbers;
        }
    }
}
