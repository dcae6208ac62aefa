//! The exponential, the natural logarithm and the normal quantile, the same to the bit on every processor.
//!
//! The standard library asks the system's libm for the first two, and libms differ in the last bit. These
//! are polynomials, written once for one number and for many at a time; their error is about one unit in
//! the last place. Tails of the quantile are Wichura's AS 241 (1988).

use crate::vector::{Vector, Word};
use std::f64::consts::{LN_2, LOG2_E};

/// 1.5 · 2⁵²: adding it to a small number rounds that to a whole one in its lowest bits.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// ln 2 in two parts, the first with trailing zeros, so that small multiples of it are exact.
const LN_2_HIGH: f64 = 0.693_147_180_559_890_3;
const LN_2_LOW: f64 = 5.497_923_018_708_371e-14;

/// (eʳ − 1 − r) / r² for |r| ≤ ln 2 / 2, lowest power first.
const EXP: [f64; 10] = [
    0.500_000_000_000_000_1,
    0.166_666_666_666_666_7,
    0.041_666_666_666_620_63,
    0.008_333_333_333_325_544,
    0.001_388_888_891_894_119_1,
    0.000_198_412_698_768_661_75,
    2.480_151_863_875_375_8e-5,
    2.755_725_283_153_541_7e-6,
    2.762_133_974_738_188e-7,
    2.510_627_545_232_911_5e-8,
];

/// (ln((1 + s) / (1 − s)) / s − 2) / s² in powers of s², as in Sun's fdlibm.
const LN: [f64; 7] = [
    6.666_666_666_666_735e-1,
    3.999_999_999_940_942e-1,
    2.857_142_874_366_239e-1,
    2.222_219_843_214_978_4e-1,
    1.818_357_216_161_805e-1,
    1.531_383_769_920_937_3e-1,
    1.479_819_860_511_658_6e-1,
];

/// The quantile over p − ½ in powers of w − 2.5, where w = −ln(4p(1 − p)) is at most [`CENTRE_MOST`].
const CENTRE: [f64; 21] = [
    4.246_626_934_029_34,
    0.697_604_048_798_108,
    -0.011_815_238_760_327_626,
    -0.003_543_193_025_826_490_3,
    0.000_617_304_967_640_676_7,
    -1.413_104_709_031_450_4e-5,
    -9.663_659_509_186_338e-6,
    1.354_039_449_687_822e-6,
    3.794_840_984_173_454e-8,
    -3.072_007_388_751_779e-8,
    2.566_273_483_217_826_7e-9,
    3.383_253_369_807_792_7e-10,
    -8.798_650_184_397_614e-11,
    2.569_867_449_864_053_6e-12,
    1.519_347_484_658_921e-12,
    -2.135_716_547_466_118_5e-13,
    -8.983_217_906_290_24e-15,
    5.142_771_811_265_612e-15,
    -2.869_677_547_710_928e-16,
    -6.009_706_074_509_02e-17,
    7.186_142_624_673_046e-18,
];
const CENTRE_MOST: f64 = 5.0;

/// AS 241 where r = √−ln p is at most 5, in powers of r − 1.6.
const TAIL: [[f64; 8]; 2] = [
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        2.417_807_251_774_506e-1,
        2.272_384_498_926_918_4e-2,
        7.745_450_142_783_414e-4,
    ],
    [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        6.897_673_349_851e-1,
        1.481_039_764_274_800_8e-1,
        1.519_866_656_361_645_7e-2,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
];

/// AS 241 beyond, in powers of r − 5.
const FAR_TAIL: [[f64; 8]; 2] = [
    [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        2.965_605_718_285_048_7e-1,
        2.653_218_952_657_612_4e-2,
        1.242_660_947_388_078_4e-3,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    [
        1.0,
        5.998_322_065_558_88e-1,
        1.369_298_809_227_358e-1,
        1.487_536_129_085_061_5e-2,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_7e-15,
    ],
];

/// e to the power of `x`: nothing below −745.2, infinite above 709.78.
#[inline(always)]
#[must_use]
pub fn exp<V: Vector>(x: V) -> V {
    let x = V::splat(710.0).least(x);
    let x = V::splat(-746.0).most(x);
    let rounded = x.mul_add(V::splat(LOG2_E), V::splat(ROUND));
    let whole = rounded - V::splat(ROUND);
    let r = whole.mul_add(V::splat(-LN_2_LOW), whole.mul_add(V::splat(-LN_2_HIGH), x));
    let power = (r * r).mul_add(horner(&EXP, r), r) + V::splat(1.0);
    // In two steps: neither 2^1024 nor 2^-1023 is a normal number.
    let half = whole.mul_add(V::splat(0.5), V::splat(ROUND));
    let rest = whole - (half - V::splat(ROUND)) + V::splat(ROUND);
    power * power_of_two(half) * power_of_two(rest)
}

/// Two to the whole number in the lowest bits of a sum with [`ROUND`].
#[inline(always)]
fn power_of_two<V: Vector>(rounded: V) -> V {
    V::from_bits(rounded.to_bits().left(52).plus(V::Word::splat(1.0f64.to_bits())))
}

/// The natural logarithm of `x`; no number below nothing, minus infinity at nothing.
#[inline(always)]
#[must_use]
pub fn ln<V: Vector>(x: V) -> V {
    const TWO_TO_54: f64 = 18_014_398_509_481_984.0;
    let (zero, infinity) = (V::splat(0.0), V::splat(f64::INFINITY));
    let small = x.below(V::splat(f64::MIN_POSITIVE));
    let value = ln_normal(V::select(small, x * V::splat(TWO_TO_54), x));
    let value = value - V::select(small, V::splat(54.0 * LN_2), zero);
    let value = V::select(x.below(infinity), value, x);
    let edge = V::select(x.at_most(zero) & zero.at_most(x), zero - infinity, V::splat(f64::NAN));
    V::select(zero.below(x), value, edge)
}

/// [`ln`] of a normal number above nothing.
#[inline(always)]
pub(crate) fn ln_normal<V: Vector>(x: V) -> V {
    let (f, exponent) = split(x);
    let half_square = f * f * V::splat(0.5);
    let s = f / (f + V::splat(2.0));
    let z = s * s;
    let rest = z.mul_add(horner(&LN, z), half_square);
    let low = s.mul_add(rest, exponent * V::splat(LN_2_LOW));
    exponent.mul_add(V::splat(LN_2_HIGH), f - (half_square - low))
}

/// A normal number above nothing as (1 + first) · 2^second, with 1 + first from √½ to √2.
#[inline(always)]
fn split<V: Vector>(x: V) -> (V, V) {
    const ROOT: u64 = 0x3fe6_a09e_667f_3bcd;
    /// Takes a whole number into its lowest bits.
    const TWO_TO_52: f64 = 4_503_599_627_370_496.0;
    let word = V::Word::splat;
    let bits = x.to_bits().plus(word(1.0f64.to_bits() - ROOT));
    let mantissa = bits.and(word(u64::MAX >> 12)).plus(word(ROOT));
    let exponent = bits.right(52).or(word(TWO_TO_52.to_bits()));
    (V::from_bits(mantissa) - V::splat(1.0), V::from_bits(exponent) - V::splat(TWO_TO_52 + 1023.0))
}

/// The standard normal quantile: the number that a normal one is at most with probability `p`. Infinite at 0
/// and 1, no number outside.
#[inline(always)]
#[must_use]
pub fn inverse_normal<V: Vector>(p: V) -> V {
    // Nothing in the middle, more towards either end, below nothing if `p` is no probability.
    let weight = V::splat(0.0) - ln_normal(p * V::splat(4.0) * (V::splat(1.0) - p));
    let middle = p - V::splat(0.5);
    let centre = middle * horner(&CENTRE, weight - V::splat(CENTRE_MOST / 2.0));
    let outside = !(V::splat(0.0).at_most(weight) & weight.at_most(V::splat(CENTRE_MOST)));
    if V::any(outside) { centre.patch(outside, p, tail) } else { centre }
}

/// The quantile of a normal number `p` above nothing and below 0.075.
#[inline(always)]
pub(crate) fn lower_tail<V: Vector>(p: V) -> V {
    let r = (V::splat(0.0) - ln_normal(p)).sqrt();
    let x = r - V::splat(1.6);
    let value = V::splat(0.0) - horner(&TAIL[0], x) / horner(&TAIL[1], x);
    let far = V::splat(5.0).below(r);
    if V::any(far) { value.patch(far, p, far_tail) } else { value }
}

/// The quantile outside the middle.
#[cold]
#[inline(never)]
fn tail(p: f64) -> f64 {
    let outside = if p > 0.5 { 1.0 - p } else { p };
    let value = if outside > 1e-11 { lower_tail(outside) } else { far_tail(outside) };
    if p > 0.5 { -value } else { value }
}

/// The quantile of a `p` below 10⁻¹¹.
#[cold]
#[inline(never)]
fn far_tail(p: f64) -> f64 {
    let r = (-ln(p)).sqrt();
    let x = r - 5.0;
    if r < f64::INFINITY { -(horner(&FAR_TAIL[0], x) / horner(&FAR_TAIL[1], x)) } else { -r }
}

/// A polynomial, lowest power first.
#[inline(always)]
fn horner<V: Vector, const N: usize>(coefficients: &[f64; N], x: V) -> V {
    let mut at = N - 1;
    let mut value = V::splat(coefficients[at]);
    while at > 0 {
        at -= 1;
        value = value.mul_add(x, V::splat(coefficients[at]));
    }
    value
}
