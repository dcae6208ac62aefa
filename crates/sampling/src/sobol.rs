//! Scrambled Sobol points, each computed from its index alone.
//!
//! Direction numbers are those of Joe and Kuo (`data/README.md`). The scramble is Matoušek's random linear
//! one with a digital shift: each dimension's digits are multiplied by a random lower triangular matrix and
//! then shifted. It keeps every balance property of the points, makes each of them evenly distributed, and
//! has the variance of Owen's nested scramble (Owen 2003), for nothing: it is done once, to the directions.

use crate::error::Error;
use crate::lanes::{LANES, Lanes};
use crate::random::Random;
use crate::vector::Vector;

/// How many dimensions there are direction numbers for: all primitive polynomials up to degree 14.
pub const DIMENSIONS: usize = 1867;

/// A record is the polynomial in two bytes and, in twelve, the bits of m₂, m₃, … between the highest and
/// the lowest, packed; lowest byte and bit first.
const TABLE: &[u8; 14 * (DIMENSIONS - 1)] = include_bytes!("../data/joe-kuo-6.bin");
/// Of an index: so there are 2³² points.
const BITS: usize = 32;
/// The stream of [`Random`] that scrambles.
const SCRAMBLE: u32 = u32::MAX;

/// The points of one scramble, in some of the dimensions.
#[derive(Debug, Clone)]
pub struct Sobol {
    dimensions: usize,
    /// Bit of the index by bit, lowest first, the direction of each dimension.
    directions: Vec<u64>,
    shifts: Vec<u64>,
}

impl Sobol {
    /// Points of `dimensions` dimensions from dimension `first` (from 0) on, as scrambled by `seed`.
    ///
    /// # Errors
    /// When there is no dimension, or more than [`DIMENSIONS`].
    pub fn scrambled(first: usize, dimensions: usize, seed: u64) -> Result<Self, Error> {
        let mut sobol = Self::plain(first, dimensions)?;
        let random = Random::new(seed);
        for (at, dimension) in (first..first + dimensions).enumerate() {
            let random = |digit| random.bits(SCRAMBLE, dimension as u64, digit);
            let columns: [u64; BITS] = std::array::from_fn(|digit| {
                let one = 1 << (63 - digit);
                one | random(digit as u32) & (one - 1)
            });
            for direction in sobol.directions.iter_mut().skip(at).step_by(dimensions) {
                *direction = multiply(&columns, *direction);
            }
            sobol.shifts[at] = random(BITS as u32);
        }
        Ok(sobol)
    }

    /// The points as they are, not scrambled: the first lies at the origin.
    ///
    /// # Errors
    /// As [`Sobol::scrambled`].
    pub fn plain(first: usize, dimensions: usize) -> Result<Self, Error> {
        if dimensions == 0 || first + dimensions > DIMENSIONS {
            return Err(Error::Size { what: "dimensions", found: first + dimensions, most: DIMENSIONS });
        }
        let mut directions = vec![0; BITS * dimensions];
        for at in 0..dimensions {
            let numbers = direction_numbers(first + at);
            for (bit, number) in numbers.into_iter().enumerate() {
                directions[bit * dimensions + at] = number;
            }
        }
        Ok(Self { dimensions, directions, shifts: vec![0; dimensions] })
    }

    /// How many dimensions a point has.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// Coordinate `dimension` of point `index`: above nothing and below one, in steps of 2⁻⁵².
    #[must_use]
    pub fn point(&self, index: u32, dimension: usize) -> f64 {
        f64::unit(&self.digits(index, dimension), 0)
    }

    /// [`Sobol::point`] of eight points from `index` on.
    #[must_use]
    pub fn lanes(&self, index: u32, dimension: usize) -> Lanes {
        let mut lanes = [0.0; LANES];
        for (lane, index) in lanes.iter_mut().zip(index..) {
            *lane = self.point(index, dimension);
        }
        Lanes(lanes)
    }

    fn digits(&self, index: u32, dimension: usize) -> u64 {
        let mut digits = self.shifts[dimension];
        let mut left = index;
        while left != 0 {
            digits ^= self.directions[left.trailing_zeros() as usize * self.dimensions + dimension];
            left &= left - 1;
        }
        digits
    }
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
    let mut packed = record[2..].iter().rev().fold(0u128, |bits, byte| bits << 8 | u128::from(*byte));
    let degree = polynomial.ilog2() as usize;
    let mut numbers = [0u64; BITS];
    for bit in 0..BITS {
        numbers[bit] = if bit < degree {
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
