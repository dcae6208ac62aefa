//! Random numbers by address: Philox 4x32 with ten rounds (Salmon, Moraes, Dror, Shaw: "Parallel random
//! numbers: as easy as 1, 2, 3", 2011).
//!
//! There is no state to carry along: the number at (stream, path, dimension) is the same whoever asks, in
//! whatever order, on whatever thread.

use crate::vector::{Vector, Word, unit};

const MULTIPLIERS: [u64; 2] = [0xd251_1f53, 0xcd9e_8d57];
const WEYL: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];

/// The four random words at `counter` under `key`.
#[must_use]
pub fn philox4x32(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    philox::<u64>(counter.map(u64::from), key).map(|word| split(word).0)
}

/// [`philox4x32`] of words in the lower halves of wider ones; what comes out above them means nothing.
#[inline(always)]
fn philox<W: Word>([mut a, mut b, mut c, mut d]: [W; 4], [mut k, mut l]: [u32; 2]) -> [W; 4] {
    for _ in 0..10 {
        let first = a.product(W::splat(MULTIPLIERS[0]));
        let second = c.product(W::splat(MULTIPLIERS[1]));
        a = second.right(32).xor(b).xor(W::splat(k.into()));
        c = first.right(32).xor(d).xor(W::splat(l.into()));
        (b, d) = (second, first);
        (k, l) = (k.wrapping_add(WEYL[0]), l.wrapping_add(WEYL[1]));
    }
    [a, b, c, d]
}

/// A word of the lower halves of two, the first lowest.
#[inline(always)]
fn join<W: Word>(low: W, high: W) -> W {
    low.and(W::splat(0xffff_ffff)).or(high.left(32))
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
    #[must_use]
    pub fn bits(&self, stream: u32, path: u64, dimension: u32) -> u64 {
        let [even, odd] = self.pair::<u64>(stream, path, dimension >> 1);
        if dimension & 1 == 0 { even } else { odd }
    }

    /// A number above nothing and below one, evenly spread, in steps of 2⁻⁵².
    #[must_use]
    pub fn uniform(&self, stream: u32, path: u64, dimension: u32) -> f64 {
        unit(self.bits(stream, path, dimension))
    }

    /// [`Random::uniform`] of as many paths as a vector has, from `path` on: of dimension `2 · pair` and of
    /// the next, which come together.
    #[inline(always)]
    #[must_use]
    pub fn uniforms<V: Vector>(&self, stream: u32, path: u64, pair: u32) -> [V; 2] {
        let [even, odd] = self.pair::<V::Word>(stream, path, pair);
        [unit(even), unit(odd)]
    }

    /// [`Random::uniform`] of one path, dimension after dimension from `first` on.
    pub fn fill(&self, stream: u32, path: u64, first: u32, out: &mut [f64]) {
        for (out, dimension) in out.iter_mut().zip(first..) {
            *out = self.uniform(stream, path, dimension);
        }
    }

    #[inline(always)]
    fn pair<W: Word>(&self, stream: u32, path: u64, pair: u32) -> [W; 2] {
        let path = W::count(path);
        let counter = [path, path.right(32), W::splat(pair.into()), W::splat(stream.into())];
        let [a, b, c, d] = philox(counter, self.key);
        [join(a, b), join(c, d)]
    }
}

#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "takes a number apart")]
fn split(number: u64) -> (u32, u32) {
    (number as u32, (number >> 32) as u32)
}
