//! The normal quantile of 64 points of which one lies in each 64th of the unit interval.
//!
//! That is what 64 Sobol points in a row are, in every dimension (`sobol.rs`). Taken in the order of their
//! strata, lane by lane, each has the polynomial of its own stratum: no logarithm, no table look-up, a third
//! of the work. Only the first and the last stratum, where the quantile is endless, take the long way.
//!
//! The polynomials are Taylor's, from the quantile's own equation z″ = z z′², shortened by Chebyshev's.

use crate::elementary::{exp, inverse_normal, lower_tail};
use crate::lanes::{LANES, Lanes};
use crate::paths::GROUPS;
use crate::sobol::Block;
use crate::vector::Vector;
use crate::wide::Wide;
use std::f64::consts::TAU;

/// How many strata there are.
pub(crate) const STRATA: usize = LANES * GROUPS;
/// Terms of a Taylor series: enough for the second stratum, whose series shrinks by three from term to term.
const TERMS: usize = 48;

/// Coefficients of strata that are evaluated together, highest power first; an even number of them.
type Piece<const N: usize> = [Lanes; N];

/// One half of the strata: eight from the end inwards, the next eight, and so on. Nearer the end the quantile
/// bends more and needs more terms; a stratum's polynomial is exact to about 10⁻¹⁵ of it.
#[derive(Debug, Clone)]
struct Half {
    outer: Piece<22>,
    next: Piece<12>,
    inner: Piece<10>,
    middle: Piece<10>,
}

/// The polynomials of all strata.
#[derive(Debug, Clone)]
pub(crate) struct Strata {
    lower: Half,
    upper: Half,
}

impl Strata {
    pub(crate) fn new() -> Self {
        let mut series = [[0.0; TERMS]; STRATA];
        for (stratum, series) in series.iter_mut().enumerate().take(STRATA - 1).skip(1) {
            *series = taylor(stratum);
        }
        Self { lower: Half::new(&series, 0..4), upper: Half::new(&series, 4..8) }
    }

    /// The quantiles of the 64 points of a block in the order of their strata. `first` are the digits of the
    /// point in the first stratum ([`Block::first`]), `ends` the quantiles of those in the first and the last.
    #[inline(always)]
    pub(crate) fn quantiles<V: Wide>(&self, block: &Block, first: u64, ends: [f64; 2]) -> [V; GROUPS] {
        let Self { lower, upper } = self;
        // The longest first, for they take longest.
        let low = polynomial(&lower.outer, block.places::<V>(first, 0));
        let high = polynomial(&upper.outer, block.places::<V>(first, 7));
        [
            V::select(V::load(&FIRST).below(V::splat(1.0)), low, V::splat(ends[0])),
            polynomial(&lower.next, block.places(first, 1)),
            polynomial(&lower.inner, block.places(first, 2)),
            polynomial(&lower.middle, block.places(first, 3)),
            polynomial(&upper.middle, block.places(first, 4)),
            polynomial(&upper.inner, block.places(first, 5)),
            polynomial(&upper.next, block.places(first, 6)),
            V::select(V::load(&LAST).below(V::splat(1.0)), high, V::splat(ends[1])),
        ]
    }
}

/// One in the lane of the first stratum.
const FIRST: Lanes = Lanes([1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
/// One in the lane of the last stratum.
const LAST: Lanes = Lanes([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);

/// The quantile of a number in the first stratum, from its place there (0 to 1).
#[inline(always)]
pub(crate) fn first_stratum<V: Vector>(place: V) -> V {
    lower_tail(place * V::splat(1.0 / STRATA as f64))
}

impl Half {
    /// From the groups of strata that it covers, from the outside in.
    fn new(series: &[[f64; TERMS]; STRATA], groups: std::ops::Range<usize>) -> Self {
        let order: Vec<usize> = if groups.start == 0 { groups.collect() } else { groups.rev().collect() };
        Self {
            outer: piece(series, order[0]),
            next: piece(series, order[1]),
            inner: piece(series, order[2]),
            middle: piece(series, order[3]),
        }
    }
}

fn piece<const N: usize>(series: &[[f64; TERMS]; STRATA], group: usize) -> Piece<N> {
    let mut piece = [Lanes::ZERO; N];
    for lane in 0..LANES {
        let short = shorten(series[LANES * group + lane], N);
        for (power, coefficient) in short.into_iter().take(N).enumerate() {
            piece[N - 1 - power].0[lane] = coefficient;
        }
    }
    piece
}

/// In two chains, of the odd and the even powers, as one alone has the processor wait.
#[inline(always)]
fn polynomial<V: Wide, const N: usize>(piece: &Piece<N>, x: V) -> V {
    let square = x * x;
    let (mut odd, mut even) = (V::load(&piece[0]), V::load(&piece[1]));
    let mut at = 2;
    while at < N {
        odd = odd.mul_add(square, V::load(&piece[at]));
        even = even.mul_add(square, V::load(&piece[at + 1]));
        at += 2;
    }
    odd.mul_add(x, even)
}

/// The quantile in a stratum in powers of t, which runs from −1 at its lower to 1 at its upper edge.
fn taylor(stratum: usize) -> [f64; TERMS] {
    let half_width = 0.5 / STRATA as f64;
    let middle = inverse_normal((2 * stratum + 1) as f64 * half_width);
    let (mut quantile, mut slope, mut square) = ([0.0; TERMS], [0.0; TERMS], [0.0; TERMS]);
    quantile[0] = middle;
    slope[0] = half_width * TAU.sqrt() * exp(middle * middle / 2.0);
    // The nth coefficient of a product is the sum of those whose powers make n.
    let product =
        |a: &[f64; TERMS], b: &[f64; TERMS], n: usize| (0..=n).fold(0.0, |sum, i| sum + a[i] * b[n - i]);
    for n in 0..TERMS - 1 {
        let next = (n + 1) as f64;
        square[n] = product(&slope, &slope, n);
        quantile[n + 1] = slope[n] / next;
        slope[n + 1] = product(&quantile, &square, n) / next;
    }
    quantile
}

/// The first `terms` coefficients of the polynomial in x = t / 2 that is nearest over the stratum: what is
/// beyond is spread over the lower powers by Chebyshev's polynomials, which are small everywhere.
fn shorten(mut series: [f64; TERMS], terms: usize) -> [f64; TERMS] {
    for n in (terms..TERMS).rev() {
        let chebyshev = chebyshev(n);
        let share = series[n] / chebyshev[n];
        for (coefficient, part) in series.iter_mut().zip(chebyshev) {
            *coefficient -= share * part;
        }
    }
    let mut scale = 1.0;
    for coefficient in &mut series {
        *coefficient *= scale;
        scale *= 2.0;
    }
    series
}

/// The coefficients of Chebyshev's nth polynomial.
fn chebyshev(n: usize) -> [f64; TERMS] {
    let (mut before, mut here) = ([0.0; TERMS], [0.0; TERMS]);
    (before[1], here[0]) = (1.0, 1.0);
    for _ in 0..n {
        let mut next = before.map(|coefficient| -coefficient);
        for power in 1..TERMS {
            next[power] += 2.0 * here[power - 1];
        }
        (before, here) = (here, next);
    }
    here
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small whole numbers")]
mod tests {
    use super::*;
    use crate::lanes::Words;
    use crate::sobol::Sobol;

    /// Points of many blocks and dimensions against the quantile of one number.
    #[test]
    fn each_stratum_gives_the_quantile() {
        let (strata, sobol) = (Strata::new(), Sobol::scrambled(0..8, 3).unwrap());
        for number in 0..500 {
            let mut starts = Vec::new();
            sobol.start(number, &mut starts);
            for (at, start) in starts.into_iter().enumerate() {
                let block = sobol.block(at);
                let (stratum, first) = block.first(start);
                let quantiles = strata.quantiles::<Lanes>(&block, first, [0.0; 2]);
                let places: [Words; GROUPS] = block.strata(stratum);
                for point in 0..64 {
                    let uniform = sobol.point(64 * number + point as u32, at);
                    let place = places[point / LANES].0[point % LANES] as usize;
                    assert_eq!(place, (uniform * 64.0) as usize);
                    // A point is cut off at 2⁻⁵²; the digits the quantile is made from are not.
                    if (1..STRATA - 1).contains(&place) {
                        let found = quantiles[place / LANES].0[place % LANES];
                        let wanted = inverse_normal(uniform);
                        let off = (found - wanted).abs() / wanted.abs().max(0.1);
                        assert!(off < 6e-15, "{uniform}: {found} instead of {wanted}, {off:e}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_first_stratum_takes_the_long_way() {
        for place in [1e-16, 1e-9, 1e-3, 0.1, 0.5, 0.999] {
            let (found, wanted): (f64, f64) = (first_stratum(place), inverse_normal(place / 64.0));
            assert!((found / wanted - 1.0).abs() < 2e-15, "{place}: {found} instead of {wanted}");
        }
    }
}
