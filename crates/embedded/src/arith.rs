//! The arithmetic of a forward pass in plain safe loops, each with one fixed order of its float operations.
//!
//! The vector kernels (`kernel.rs`) run these very bodies, compiled for wider registers, and replace only
//! the matrix tile, whose integer sums are exact and whose float order is the one written here. No fused
//! multiply-add anywhere: so every machine gives the same logits, bit for bit.

use crate::weights::{Q4, Q8};

/// Rows of a matrix that lie interleaved, one to a lane.
pub(crate) const LANES: usize = 16;
/// Numbers that share a scale.
pub(crate) const BLOCK: usize = 32;

/// One number for each interleaved row.
pub(crate) type Lanes = [f32; LANES];

/// 32 activations as whole numbers of 15 bits with one scale: `128 * high + low`.
///
/// With 8 bits, as llama.cpp has them, this model's answers wander off: "What is the capital of France?"
/// is a near tie that rounding decides wrongly. 15 bits follow the unquantised pass.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[repr(C, align(16))]
pub(crate) struct Activations {
    /// Four signed bytes each, from -127 to 127, the first lowest.
    pub high: [i32; 8],
    /// Four signed bytes each, from -64 to 63.
    pub low: [i32; 8],
    pub scale: f32,
    /// `scale` times `sum`: what a weight's offset is multiplied with.
    pub shift: f32,
    pub sum: i32,
}

/// 127 · 128.
const LARGEST: f32 = 16256.0;

/// 1.5 · 2²³: adding it to a small number rounds that to a whole one (ties to even) in its lowest bits.
const ROUND: f32 = 12_582_912.0;

#[inline(always)]
pub(crate) fn quantise(numbers: &[f32; BLOCK]) -> Activations {
    let mut largest = [0.0f32; LANES];
    for half in numbers.chunks_exact(LANES) {
        for (most, x) in largest.iter_mut().zip(half) {
            *most = if x.abs() > *most { x.abs() } else { *most };
        }
    }
    let largest = fold(largest, |a, b| if a > b { a } else { b });
    // Below this the inverse would overflow; such numbers add nothing.
    if largest < 1e-30 || !largest.is_finite() {
        return Activations::default();
    }
    let (scale, inverse) = (largest / LARGEST, LARGEST / largest);
    let (mut high, mut low, mut sum) = ([0; BLOCK], [0; BLOCK], 0);
    for i in 0..BLOCK {
        let whole = (numbers[i] * inverse + ROUND).to_bits().cast_signed() - ROUND.to_bits().cast_signed();
        high[i] = (whole + 64) >> 7;
        low[i] = whole - high[i] * 128;
        sum += whole;
    }
    Activations { high: pack(&high), low: pack(&low), scale, shift: scale * float(sum), sum }
}

#[inline(always)]
fn pack(bytes: &[i32; BLOCK]) -> [i32; 8] {
    let mut quads = [0; 8];
    for (quad, [a, b, c, d]) in quads.iter_mut().zip(bytes.as_chunks().0) {
        *quad = (a & 255) | (b & 255) << 8 | (c & 255) << 16 | d << 24;
    }
    quads
}

/// The whole numbers of quad `at`.
#[inline(always)]
fn quad(activations: &Activations, at: usize) -> [i32; 4] {
    let (high, low) = (activations.high[at], activations.low[at]);
    std::array::from_fn(|i| {
        let up = 24 - 8 * i;
        (high << up >> 24) * 128 + (low << up >> 24)
    })
}

/// The nearest float, ties to even.
#[inline(always)]
#[expect(clippy::cast_precision_loss, reason = "rounds to nearest, as every kernel's conversion does")]
fn float(whole: i32) -> f32 {
    whole as f32
}

/// A finite half-precision number, exactly.
#[inline(always)]
pub(crate) fn half(bits: u16) -> f32 {
    const TWO_TO_112: f32 = f32::from_bits(0x7780_0000);
    let magnitude = f32::from_bits(u32::from(bits & 0x7fff) << 13) * TWO_TO_112;
    f32::from_bits(magnitude.to_bits() | u32::from(bits & 0x8000) << 16)
}

/// Products of 16 rows of Q4_1 weights with one token's activations.
#[inline(always)]
pub(crate) fn tile_q4(weights: &[Q4], token: &[Activations]) -> Lanes {
    let (mut scaled, mut shifted) = ([0.0; LANES], [0.0; LANES]);
    for (block, activations) in weights.iter().zip(token) {
        let mut sums = [0i32; LANES];
        for (at, line) in block.lines.iter().enumerate() {
            let (low, high) = (quad(activations, at), quad(activations, at + 4));
            for (sum, four) in sums.iter_mut().zip(line) {
                *sum += dot(four & 0x0f0f_0f0f, low) + dot(four >> 4 & 0x0f0f_0f0f, high);
            }
        }
        for lane in 0..LANES {
            scaled[lane] += float(sums[lane]) * (half(block.scales[lane]) * activations.scale);
            shifted[lane] += half(block.offsets[lane]) * activations.shift;
        }
    }
    std::array::from_fn(|lane| scaled[lane] + shifted[lane])
}

/// Products of 16 rows of Q8_0 weights with one token's activations.
#[inline(always)]
pub(crate) fn tile_q8(weights: &[Q8], token: &[Activations]) -> Lanes {
    let mut scaled = [0.0; LANES];
    for (block, activations) in weights.iter().zip(token) {
        // The weights are stored with 128 added.
        let mut sums = [-128 * activations.sum; LANES];
        for (at, line) in block.lines.iter().enumerate() {
            let quad = quad(activations, at);
            for (sum, four) in sums.iter_mut().zip(line) {
                *sum += dot(*four, quad);
            }
        }
        for lane in 0..LANES {
            scaled[lane] += float(sums[lane]) * (half(block.scales[lane]) * activations.scale);
        }
    }
    scaled
}

/// Four unsigned bytes times four whole numbers.
#[inline(always)]
fn dot(bytes: u32, quad: [i32; 4]) -> i32 {
    let w = bytes.cast_signed();
    (w & 255) * quad[0] + (w >> 8 & 255) * quad[1] + (w >> 16 & 255) * quad[2] + (w >> 24 & 255) * quad[3]
}

/// `x` over its root mean square, times `gain`, quantised.
#[inline(always)]
pub(crate) fn normalise(x: &[f32], gain: &[f32], epsilon: f32, out: &mut [Activations]) {
    let mut squares = [0.0; LANES];
    for part in x.chunks_exact(LANES) {
        for (sum, x) in squares.iter_mut().zip(part) {
            *sum += x * x;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a model's width is small")]
    let mean = fold(squares, |a, b| a + b) / x.len() as f32;
    let factor = 1.0 / (mean + epsilon).sqrt();
    for ((out, x), gain) in out.iter_mut().zip(x.as_chunks::<BLOCK>().0).zip(gain.as_chunks::<BLOCK>().0) {
        let mut normal = *x;
        for (x, gain) in normal.iter_mut().zip(gain) {
            *x = *x * factor * gain;
        }
        *out = quantise(&normal);
    }
}

/// SwiGLU: `gate / (1 + e^-gate) * up`, quantised.
#[inline(always)]
pub(crate) fn gate(gate: &[f32], up: &[f32], out: &mut [Activations]) {
    for ((out, gate), up) in out.iter_mut().zip(gate.as_chunks::<BLOCK>().0).zip(up.as_chunks::<BLOCK>().0) {
        let mut gated = *up;
        for (x, gate) in gated.iter_mut().zip(gate) {
            *x *= gate / (1.0 + exp(-gate));
        }
        *out = quantise(&gated);
    }
}

/// One head's attention of one token over the `length` positions up to and with its own.
pub(crate) struct Attention<'a> {
    /// Scaled by the root of the head's width.
    pub query: &'a [f32],
    /// 16 positions to a tile: for each number of the key, that of each position.
    pub keys: &'a [Lanes],
    /// The numbers of each position's value, 16 together, up to a whole number of tiles.
    pub values: &'a [Lanes],
    pub length: usize,
    /// Room for a score a position; what was in it does not matter.
    pub scores: &'a mut Vec<f32>,
    /// As wide as the query.
    pub out: &'a mut [Activations],
}

#[inline(always)]
pub(crate) fn attend(task: Attention<'_>) {
    let Attention { query, keys, values, length, scores, out } = task;
    let width = query.len();
    scores.clear();
    for tile in keys.chunks_exact(width).take(length.div_ceil(LANES)) {
        // Four sums in turn, so that an addition need not wait for the one before.
        let [mut a, mut b, mut c, mut d] = [[0.0; LANES]; 4];
        for (four, q) in tile.as_chunks::<4>().0.iter().zip(query.as_chunks::<4>().0) {
            add_scaled(&mut a, &four[0], q[0]);
            add_scaled(&mut b, &four[1], q[1]);
            add_scaled(&mut c, &four[2], q[2]);
            add_scaled(&mut d, &four[3], q[3]);
        }
        let mut joined = [0.0; LANES];
        for lane in 0..LANES {
            joined[lane] = (a[lane] + b[lane]) + (c[lane] + d[lane]);
        }
        scores.extend_from_slice(&joined);
    }
    let total = soften(scores, length);
    let parts = width / LANES;
    for (at, out) in out.iter_mut().enumerate() {
        // Four sums in turn again. Spelled out, so that they stay in registers.
        let [mut a, mut b, mut c, mut d] = [[[0.0; LANES]; 2]; 4];
        for (four, weights) in values.chunks_exact(4 * parts).zip(scores.as_chunks::<4>().0) {
            for (i, value) in (0..2).map(|i| (i, &four[2 * at + i..])) {
                add_scaled(&mut a[i], &value[0], weights[0]);
                add_scaled(&mut b[i], &value[parts], weights[1]);
                add_scaled(&mut c[i], &value[2 * parts], weights[2]);
                add_scaled(&mut d[i], &value[3 * parts], weights[3]);
            }
        }
        let mut mixed = [0.0; BLOCK];
        for (i, mixed) in mixed.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
            for lane in 0..LANES {
                mixed[lane] = ((a[i][lane] + b[i][lane]) + (c[i][lane] + d[i][lane])) / total;
            }
        }
        *out = quantise(&mixed);
    }
}

#[inline(always)]
fn add_scaled(sum: &mut Lanes, lanes: &Lanes, factor: f32) {
    for (sum, x) in sum.iter_mut().zip(lanes) {
        *sum += x * factor;
    }
}

/// Softmax without the division: scores become weights, and their total is returned. Those past `length`
/// become nothing.
#[inline(always)]
fn soften(scores: &mut [f32], length: usize) -> f32 {
    scores[length..].fill(f32::NEG_INFINITY);
    let mut most = [f32::NEG_INFINITY; LANES];
    for part in scores.chunks_exact(LANES) {
        for (most, x) in most.iter_mut().zip(part) {
            *most = if *x > *most { *x } else { *most };
        }
    }
    let most = fold(most, |a, b| if a > b { a } else { b });
    for x in scores.iter_mut() {
        *x = exp(*x - most);
    }
    scores[length..].fill(0.0);
    let mut totals = [0.0; LANES];
    for part in scores.chunks_exact(LANES) {
        for (total, x) in totals.iter_mut().zip(part) {
            *total += x;
        }
    }
    fold(totals, |a, b| a + b)
}

/// Halves the lanes until one is left: the one reduction order of all sums across lanes.
#[inline(always)]
fn fold(mut lanes: Lanes, join: impl Fn(f32, f32) -> f32) -> f32 {
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            lanes[i] = join(lanes[i], lanes[i + width]);
        }
        width /= 2;
    }
    lanes[0]
}

/// eˣ to about one unit in the last place, for x clamped to what stays a normal number (Cephes' `expf`).
#[inline(always)]
#[expect(clippy::excessive_precision, reason = "the constants as published")]
pub(crate) fn exp(x: f32) -> f32 {
    let x = if x > 88.0 { 88.0 } else { x };
    let x = if x > -87.0 { x } else { -87.0 };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let rest = x - whole * 0.693_359_375 - whole * -2.121_944_40e-4;
    let mut p = 1.987_569_15e-4;
    for c in [1.398_199_95e-3, 8.333_451_91e-3, 4.166_579_59e-2, 1.666_666_55e-1, 5.000_000_12e-1] {
        p = p * rest + c;
    }
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000));
    (p * rest * rest + rest + 1.0) * power
}
