//! Random numbers by address: Philox 4x32 with ten rounds (Salmon, Moraes, Dror, Shaw: "Parallel random
//! numbers: as easy as 1, 2, 3", 2011).
//!
//! There is no state to carry along: the number at (stream, path, dimension) is the same whoever asks, in
//! whatever order, on whatever thread.

use crate::lanes::{LANES, Lanes};
use crate::vector::Vector;

const MULTIPLIERS: [u32; 2] = [0xd251_1f53, 0xcd9e_8d57];
const WEYL: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];

/// The four random words at `counter` under `key`.
#[inline(always)]
#[must_use]
pub fn philox4x32(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let ([mut a, mut b, mut c, mut d], [mut k, mut l]) = (counter, key);
    for _ in 0..10 {
        let (low, high) = (wide(MULTIPLIERS[0], a), wide(MULTIPLIERS[1], c));
        (a, b, c, d) = (high.1 ^ b ^ k, high.0, low.1 ^ d ^ l, low.0);
        (k, l) = (k.wrapping_add(WEYL[0]), l.wrapping_add(WEYL[1]));
    }
    [a, b, c, d]
}

/// The low and the high word of a product.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "takes a product apart")]
fn wide(a: u32, b: u32) -> (u32, u32) {
    let product = u64::from(a) * u64::from(b);
    (product as u32, (product >> 32) as u32)
}

/// The random numbers of one seed. Streams from `u32::MAX - 15` on are this room's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Random {
    key: [u32; 2],
}

impl Random {
    /// Those of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let (low, high) = split(seed);
        Self { key: [low, high] }
    }

    /// 64 random bits at an address.
    #[inline(always)]
    #[must_use]
    pub fn bits(&self, stream: u32, path: u64, dimension: u32) -> u64 {
        let (low, high) = split(path);
        let words = philox4x32([low, high, dimension >> 1, stream], self.key);
        let [a, b, c, d] = words.map(u64::from);
        if dimension & 1 == 0 { a | b << 32 } else { c | d << 32 }
    }

    /// A number above nothing and below one, evenly spread, in steps of 2⁻⁵².
    #[inline(always)]
    #[must_use]
    pub fn uniform(&self, stream: u32, path: u64, dimension: u32) -> f64 {
        f64::unit(&self.bits(stream, path, dimension), 0)
    }

    /// [`Random::uniform`] of eight paths from `path` on.
    #[inline(always)]
    #[must_use]
    pub fn lanes(&self, stream: u32, path: u64, dimension: u32) -> Lanes {
        let mut lanes = [0.0; LANES];
        for (lane, path) in lanes.iter_mut().zip(path..) {
            *lane = self.uniform(stream, path, dimension);
        }
        Lanes(lanes)
    }

    /// [`Random::uniform`] of one path, dimension after dimension from `first` on.
    #[inline(always)]
    pub fn fill(&self, stream: u32, path: u64, first: u32, out: &mut [f64]) {
        for (out, dimension) in out.iter_mut().zip(first..) {
            *out = self.uniform(stream, path, dimension);
        }
    }
}

#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "takes a number apart")]
fn split(number: u64) -> (u32, u32) {
    (number as u32, (number >> 32) as u32)
}
