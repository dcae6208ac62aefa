//! Scrambled Sobol points, each computed from its index alone.
//!
//! Direction numbers are those of Joe and Kuo (`data/README.md`). The scramble is Matoušek's random linear
//! one with a digital shift: each dimension's digits are multiplied by a random lower triangular matrix and
//! then shifted. It keeps every balance property of the points, makes each of them evenly distributed, and
//! has the variance of Owen's nested scramble (Owen 2003), for nothing: it is done once, to the directions.

use crate::error::Error;
use crate::lanes::Words;
use crate::paths::GROUPS;
use crate::random::Random;
use crate::vector::{Word, unit};
use crate::wide::Wide;

/// How many dimensions there are direction numbers for: all primitive polynomials up to degree 14.
pub const DIMENSIONS: usize = 1867;

/// A record is the polynomial in two bytes and, in twelve, the bits of m₂, m₃, … between the highest and
/// the lowest, packed; lowest byte and bit first.
const TABLE: &[u8; 14 * (DIMENSIONS - 1)] = include_bytes!("../data/joe-kuo-6.bin");
/// Of an index: so there are 2³² points.
const BITS: usize = 32;
/// Of an index within a block of 64 points.
const LOW_BITS: usize = 6;
/// The stream of [`Random`] that scrambles.
const SCRAMBLE: u32 = u32::MAX;

/// The points of one scramble, in some of the dimensions.
#[derive(Debug, Clone)]
pub struct Sobol {
    /// By bit of the index, lowest first, and dimension.
    directions: Vec<u64>,
    shifts: Vec<u64>,
}

impl Sobol {
    /// Points in some of the [`DIMENSIONS`] (from 0), as scrambled by `seed`. Coordinate n is that of the nth
    /// dimension given.
    ///
    /// # Errors
    /// When a dimension is beyond the table.
    pub fn scrambled(dimensions: impl IntoIterator<Item = usize>, seed: u64) -> Result<Self, Error> {
        let dimensions: Vec<usize> = dimensions.into_iter().collect();
        let mut sobol = Self::plain(dimensions.iter().copied())?;
        let random = Random::new(seed);
        for (at, dimension) in dimensions.iter().enumerate() {
            let random = |digit| random.bits(SCRAMBLE, *dimension as u64, digit);
            let mut columns = [0; BITS];
            for (column, digit) in columns.iter_mut().zip(0..) {
                let one = 1 << (63 - digit);
                *column = one | random(digit) & (one - 1);
            }
            for direction in sobol.directions.iter_mut().skip(at).step_by(dimensions.len()) {
                *direction = multiply(&columns, *direction);
            }
            sobol.shifts[at] = random(64);
        }
        Ok(sobol)
    }

    /// The points as they are, not scrambled: the first lies at the origin.
    ///
    /// # Errors
    /// As [`Sobol::scrambled`].
    pub fn plain(dimensions: impl IntoIterator<Item = usize>) -> Result<Self, Error> {
        let dimensions: Vec<usize> = dimensions.into_iter().collect();
        let mut directions = vec![0; BITS * dimensions.len()];
        for (at, dimension) in dimensions.iter().enumerate() {
            if *dimension >= DIMENSIONS {
                return Err(Error::Size { what: "dimensions", found: dimension + 1, most: DIMENSIONS });
            }
            for (bit, number) in direction_numbers(*dimension).into_iter().enumerate() {
                directions[bit * dimensions.len() + at] = number;
            }
        }
        Ok(Self { directions, shifts: vec![0; dimensions.len()] })
    }

    /// How many dimensions a point has.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.shifts.len()
    }

    /// Coordinate `at` of point `index`: above nothing and below one, in steps of 2⁻⁵².
    #[must_use]
    pub fn point(&self, index: u32, at: usize) -> f64 {
        let bits = (0..BITS).filter(|bit| index >> bit & 1 == 1);
        unit(bits.fold(self.shifts[at], |digits, bit| digits ^ self.direction(bit, at)))
    }

    /// The digits of the first point of block `block` of 64, in every dimension.
    #[inline(always)]
    pub(crate) fn start(&self, block: u32, digits: &mut Vec<u64>) {
        digits.clear();
        digits.extend_from_slice(&self.shifts);
        for bit in (LOW_BITS..BITS).filter(|bit| block >> (bit - LOW_BITS) & 1 == 1) {
            let directions = &self.directions[bit * self.dimensions()..];
            for (digits, direction) in digits.iter_mut().zip(directions) {
                *digits ^= direction;
            }
        }
    }

    /// What differs between the 64 points of a block in coordinate `at`.
    pub(crate) fn block(&self, at: usize) -> Block {
        let directions: [u64; LOW_BITS] = std::array::from_fn(|bit| self.direction(bit, at));
        Block::new(directions)
    }

    fn direction(&self, bit: usize, at: usize) -> u64 {
        self.directions[bit * self.dimensions() + at]
    }
}

/// How the 64 points of a block lie in one dimension: one in each 64th of the unit interval. The stratum of a
/// point is in the six highest digits; the digits below say where in it the point lies, shifted down to the
/// mantissa of a number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block {
    /// By the three lowest bits of the stratum, and by the three above: what it adds to the digits within.
    within: [Words; 2],
    /// By the three lowest bits of the index, and by the three above: what it adds to the stratum.
    stratum: [Words; 2],
}

impl Block {
    fn new(directions: [u64; LOW_BITS]) -> Self {
        let mut basis = directions;
        // Until the nth has of the strata's bits the nth alone.
        for bit in 0..LOW_BITS {
            let digit = 1 << (58 + bit);
            if let Some(pivot) = (bit..LOW_BITS).find(|at| basis[*at] & digit != 0) {
                basis.swap(bit, pivot);
            }
            for at in (0..LOW_BITS).filter(|at| *at != bit) {
                if basis[at] & digit != 0 {
                    basis[at] ^= basis[bit];
                }
            }
        }
        let within = basis.map(within);
        let stratum = directions.map(|direction| direction >> 58);
        Self {
            within: [sums(&within[..3]), sums(&within[3..])],
            stratum: [sums(&stratum[..3]), sums(&stratum[3..])],
        }
    }

    /// The stratum of the block's first point, and the digits within a stratum of the point in the first one;
    /// `start` are the digits of the first point.
    #[inline(always)]
    pub(crate) fn first(&self, start: u64) -> (u64, u64) {
        let stratum = start >> 58;
        (stratum, within(start) ^ self.digits(stratum))
    }

    #[inline(always)]
    fn digits(&self, stratum: u64) -> u64 {
        self.within[0].0[(stratum & 7) as usize] ^ self.within[1].0[(stratum >> 3) as usize]
    }

    /// Where in their strata the points in the first and the last one lie, the latter counted from the end,
    /// as bits of which the highest 52 count; `first` as from [`Block::first`].
    #[inline(always)]
    pub(crate) fn ends(&self, first: u64) -> [u64; 2] {
        [first << 12, !(first ^ self.digits(63)) << 12]
    }

    /// Where the points in the eight strata of `group` lie in them, less one half.
    #[inline(always)]
    pub(crate) fn places<V: Wide>(&self, first: u64, group: usize) -> V {
        let group = V::Word::splat(first ^ self.within[1].0[group] | 1.0f64.to_bits());
        V::from_bits(V::Word::load(&self.within[0]).xor(group)) - V::splat(1.5)
    }

    /// The strata of the points, eight by eight, given that of the block's first.
    #[inline(always)]
    pub(crate) fn strata<W: Word<Stored = Words>>(&self, first: u64) -> [W; GROUPS] {
        let low = W::load(&self.stratum[0]);
        let mut strata = [low; GROUPS];
        for (strata, high) in strata.iter_mut().zip(self.stratum[1].0) {
            *strata = low.xor(W::splat(first ^ high));
        }
        strata
    }
}

/// The digits below those of the stratum, in the place of a mantissa.
#[inline(always)]
fn within(digits: u64) -> u64 {
    digits << 6 >> 12
}

/// By bit, the sum without carry of the words whose bits are set.
fn sums(words: &[u64]) -> Words {
    let set = |at: usize| words.iter().enumerate().filter(move |(bit, _)| at >> bit & 1 == 1);
    Words(std::array::from_fn(|at| set(at).fold(0, |sum, (_, word)| sum ^ word)))
}

/// A lower triangular matrix, given by its columns, times digits, highest first.
fn multiply(columns: &[u64; BITS], digits: u64) -> u64 {
    let set = columns.iter().enumerate().filter(|(digit, _)| digits >> (63 - digit) & 1 == 1);
    set.fold(0, |product, (_, column)| product ^ column)
}

/// The directions of the bits of an index, the highest digit in the highest bit.
fn direction_numbers(dimension: usize) -> [u64; BITS] {
    let Some(at) = dimension.checked_sub(1) else {
        return std::array::from_fn(|bit| 1 << (63 - bit));
    };
    let record = &TABLE[14 * at..14 * (at + 1)];
    let polynomial = u32::from(record[0]) | u32::from(record[1]) << 8;
    // The first number is one; from the second on they have a bit, two bits, and so on.
    let mut packed = record[2..].iter().rev().fold(0u128, |bits, byte| bits << 8 | u128::from(*byte));
    let degree = polynomial.ilog2() as usize;
    let mut numbers = [0u64; BITS];
    for bit in 0..BITS {
        numbers[bit] = if bit < degree {
            #[expect(clippy::cast_possible_truncation, reason = "at most 13 bits")]
            let middle = (packed & ((1 << bit) - 1)) as u64;
            packed >>= bit;
            (middle << 1 | 1) << (63 - bit)
        } else {
            let terms = (1..degree).filter(|term| polynomial >> (degree - term) & 1 == 1);
            let oldest = numbers[bit - degree];
            terms.fold(oldest ^ oldest >> degree, |sum, term| sum ^ numbers[bit - term])
        };
    }
    numbers
}
