//! The kernels behind one entry, [`Kernel::run`], which holds all `unsafe` code of this room.
//!
//! A [`Kernel`] can only be had from [`Kernel::available`], which asks the processor: so a vector kernel
//! never runs where its instructions are missing. All kernels run the bodies of `arith.rs`, compiled for
//! the wider registers; written by hand is only the matrix tile. Its integer sums are exact, and its float
//! operations come in the order of `arith::tile_q4` and `arith::tile_q8`, so all kernels agree bit for bit.
#![expect(unsafe_code, reason = "vector instructions: loads, and calls behind the processor check")]

use crate::arith::{self, Activations, Attention, LANES};
use crate::weights::{Data, Matrix};

/// A way of computing that this processor can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kernel(Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Vnni,
}

/// What a kernel computes.
pub(crate) enum Task<'a> {
    Multiply(Multiply<'a>),
    Normalise { x: &'a [f32], gain: &'a [f32], epsilon: f32, out: &'a mut [Activations] },
    Gate { gate: &'a [f32], up: &'a [f32], out: &'a mut [Activations] },
    Attend(Attention<'a>),
}

/// Rows of a matrix times the activations of some tokens.
pub(crate) struct Multiply<'a> {
    pub matrix: &'a Matrix,
    /// In groups of 16 rows.
    pub groups: std::ops::Range<usize>,
    /// Token after token, as many blocks each as a row of the matrix has.
    pub tokens: &'a [Activations],
    /// Token after token, a number for each row of the groups.
    pub out: &'a mut [f32],
}

impl Kernel {
    /// Every kernel this processor can run, the best first.
    pub(crate) fn available() -> Vec<Kernel> {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("f16c");
            let vnni = avx2
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vnni");
            let kinds = [(vnni, Kind::Vnni), (avx2, Kind::Avx2), (true, Kind::Plain)];
            kinds.into_iter().filter(|(runs, _)| *runs).map(|(_, kind)| Kernel(kind)).collect()
        }
        #[cfg(not(target_arch = "x86_64"))]
        vec![Kernel(Kind::Plain)]
    }

    pub(crate) fn best() -> Kernel {
        Kernel::available().first().copied().unwrap_or(Kernel(Kind::Plain))
    }

    /// What the kernel is called in reports.
    pub(crate) fn name(self) -> &'static str {
        match self.0 {
            Kind::Plain => "plain",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "AVX2",
            #[cfg(target_arch = "x86_64")]
            Kind::Vnni => "AVX-512 VNNI",
        }
    }

    /// Computes `task`.
    pub(crate) fn run(self, task: Task<'_>) {
        match self.0 {
            Kind::Plain => plain(task),
            // SAFETY: this kind is only made by `available`, after it saw these features.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => unsafe { x86::avx2(task) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Kind::Vnni => unsafe { x86::vnni(task) },
        }
    }
}

fn plain(task: Task<'_>) {
    let Task::Multiply(task) = task else { return common(task) };
    let blocks = task.matrix.blocks;
    let lines = task.out.chunks_exact_mut(task.groups.len() * LANES);
    for (token, line) in task.tokens.chunks_exact(blocks).zip(lines) {
        for (group, out) in task.groups.clone().zip(line.as_chunks_mut().0) {
            let rows = group * blocks..(group + 1) * blocks;
            *out = match &task.matrix.data {
                Data::Q4(data) => arith::tile_q4(&data[rows], token),
                Data::Q8(data) => arith::tile_q8(&data[rows], token),
            };
        }
    }
}

/// All tasks but [`Task::Multiply`].
#[inline(always)]
fn common(task: Task<'_>) {
    match task {
        Task::Multiply(_) => {}
        Task::Normalise { x, gain, epsilon, out } => arith::normalise(x, gain, epsilon, out),
        Task::Gate { gate, up, out } => arith::gate(gate, up, out),
        Task::Attend(attention) => arith::attend(attention),
    }
}

/// Calls `$tile::<N>(weights, tokens, blocks, out, stride)` for each group of rows and N tokens at a time.
#[cfg(target_arch = "x86_64")]
macro_rules! tiles {
    ($task:expr, $data:expr, $tile:ident) => {{
        let blocks = $task.matrix.blocks;
        let stride = $task.groups.len() * LANES;
        let count = $task.tokens.len() / blocks;
        for (at, group) in $task.groups.enumerate() {
            let weights = &$data[group * blocks..(group + 1) * blocks];
            let mut token = 0;
            while token < count {
                let tokens = &$task.tokens[token * blocks..];
                let out = &mut $task.out[token * stride + at * LANES..];
                token += match count - token {
                    4.. => $tile::<4>(weights, tokens, out, stride),
                    2.. => $tile::<2>(weights, tokens, out, stride),
                    _ => $tile::<1>(weights, tokens, out, stride),
                };
            }
        }
    }};
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Task, common};
    use crate::arith::{Activations, LANES};
    use crate::weights::{Data, Q4, Q8};

    #[target_feature(enable = "avx512f,avx512bw,avx512vnni,avx2,f16c")]
    pub(super) fn vnni(task: Task<'_>) {
        let Task::Multiply(task) = task else { return common(task) };
        match &task.matrix.data {
            Data::Q4(data) => tiles!(task, data, vnni_q4),
            Data::Q8(data) => tiles!(task, data, vnni_q8),
        }
    }

    #[target_feature(enable = "avx2,f16c")]
    pub(super) fn avx2(task: Task<'_>) {
        let Task::Multiply(task) = task else { return common(task) };
        match &task.matrix.data {
            Data::Q4(data) => tiles!(task, data, avx2_q4),
            Data::Q8(data) => tiles!(task, data, avx2_q8),
        }
    }

    #[target_feature(enable = "avx512f")]
    fn load512(line: &[u32; LANES]) -> __m512i {
        // SAFETY: the reference covers 64 bytes; the load needs no alignment.
        unsafe { _mm512_loadu_si512(line.as_ptr().cast()) }
    }

    #[target_feature(enable = "avx512f")]
    fn halves512(halves: &[u16; LANES]) -> __m512 {
        // SAFETY: the reference covers 32 bytes; the load needs no alignment.
        _mm512_cvtph_ps(unsafe { _mm256_loadu_si256(halves.as_ptr().cast()) })
    }

    #[target_feature(enable = "avx512f")]
    fn store512(out: &mut [f32], lanes: __m512) {
        let out: &mut [f32; LANES] = &mut out.as_chunks_mut().0[0];
        // SAFETY: the reference covers 64 bytes; the store needs no alignment.
        unsafe { _mm512_storeu_ps(out.as_mut_ptr(), lanes) }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vnni,avx2,f16c")]
    fn vnni_q4<const N: usize>(
        weights: &[Q4],
        tokens: &[Activations],
        out: &mut [f32],
        stride: usize,
    ) -> usize {
        let blocks = weights.len();
        let tokens: [&[Activations]; N] = std::array::from_fn(|t| &tokens[t * blocks..][..blocks]);
        let nibble = _mm512_set1_epi8(15);
        let (mut scaled, mut shifted) = ([_mm512_setzero_ps(); N], [_mm512_setzero_ps(); N]);
        for (at, block) in weights.iter().enumerate() {
            let mut low = [_mm512_setzero_si512(); 4];
            let mut high = low;
            for (i, line) in block.lines.iter().enumerate() {
                let line = load512(line);
                low[i] = _mm512_and_si512(line, nibble);
                high[i] = _mm512_and_si512(_mm512_srli_epi16::<4>(line), nibble);
            }
            let (scales, offsets) = (halves512(&block.scales), halves512(&block.offsets));
            for t in 0..N {
                let token = &tokens[t][at];
                let (mut tops, mut sums) = (_mm512_setzero_si512(), _mm512_setzero_si512());
                for i in 0..4 {
                    tops = _mm512_dpbusd_epi32(tops, low[i], _mm512_set1_epi32(token.high[i]));
                    sums = _mm512_dpbusd_epi32(sums, low[i], _mm512_set1_epi32(token.low[i]));
                    tops = _mm512_dpbusd_epi32(tops, high[i], _mm512_set1_epi32(token.high[i + 4]));
                    sums = _mm512_dpbusd_epi32(sums, high[i], _mm512_set1_epi32(token.low[i + 4]));
                }
                let sums = _mm512_add_epi32(_mm512_slli_epi32::<7>(tops), sums);
                let factor = _mm512_mul_ps(scales, _mm512_set1_ps(token.scale));
                scaled[t] = _mm512_add_ps(scaled[t], _mm512_mul_ps(_mm512_cvtepi32_ps(sums), factor));
                let shift = _mm512_mul_ps(offsets, _mm512_set1_ps(token.shift));
                shifted[t] = _mm512_add_ps(shifted[t], shift);
            }
        }
        for t in 0..N {
            store512(&mut out[t * stride..], _mm512_add_ps(scaled[t], shifted[t]));
        }
        N
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vnni,avx2,f16c")]
    fn vnni_q8<const N: usize>(
        weights: &[Q8],
        tokens: &[Activations],
        out: &mut [f32],
        stride: usize,
    ) -> usize {
        let blocks = weights.len();
        let tokens: [&[Activations]; N] = std::array::from_fn(|t| &tokens[t * blocks..][..blocks]);
        let mut scaled = [_mm512_setzero_ps(); N];
        for (at, block) in weights.iter().enumerate() {
            let lines: [__m512i; 8] = std::array::from_fn(|i| load512(&block.lines[i]));
            let scales = halves512(&block.scales);
            for t in 0..N {
                let token = &tokens[t][at];
                let (mut tops, mut sums) = (_mm512_setzero_si512(), _mm512_set1_epi32(-128 * token.sum));
                for (line, (high, low)) in lines.iter().zip(token.high.iter().zip(token.low)) {
                    tops = _mm512_dpbusd_epi32(tops, *line, _mm512_set1_epi32(*high));
                    sums = _mm512_dpbusd_epi32(sums, *line, _mm512_set1_epi32(low));
                }
                let sums = _mm512_add_epi32(_mm512_slli_epi32::<7>(tops), sums);
                let factor = _mm512_mul_ps(scales, _mm512_set1_ps(token.scale));
                scaled[t] = _mm512_add_ps(scaled[t], _mm512_mul_ps(_mm512_cvtepi32_ps(sums), factor));
            }
        }
        for t in 0..N {
            store512(&mut out[t * stride..], scaled[t]);
        }
        N
    }

    /// The lanes of half `which` (0 or 1).
    #[target_feature(enable = "avx2")]
    fn load256(line: &[u32; LANES], which: usize) -> __m256i {
        let line: &[u32; 8] = &line.as_chunks().0[which];
        // SAFETY: the reference covers 32 bytes; the load needs no alignment.
        unsafe { _mm256_loadu_si256(line.as_ptr().cast()) }
    }

    #[target_feature(enable = "avx2,f16c")]
    fn halves256(halves: &[u16; LANES], which: usize) -> __m256 {
        let halves: &[u16; 8] = &halves.as_chunks().0[which];
        // SAFETY: the reference covers 16 bytes; the load needs no alignment.
        _mm256_cvtph_ps(unsafe { _mm_loadu_si128(halves.as_ptr().cast()) })
    }

    #[target_feature(enable = "avx2")]
    fn store256(out: &mut [f32], which: usize, lanes: __m256) {
        let out: &mut [f32; 8] = &mut out.as_chunks_mut().0[which];
        // SAFETY: the reference covers 32 bytes; the store needs no alignment.
        unsafe { _mm256_storeu_ps(out.as_mut_ptr(), lanes) }
    }

    #[target_feature(enable = "avx2,f16c")]
    fn avx2_q4<const N: usize>(
        weights: &[Q4],
        tokens: &[Activations],
        out: &mut [f32],
        stride: usize,
    ) -> usize {
        let blocks = weights.len();
        let tokens: [&[Activations]; N] = std::array::from_fn(|t| &tokens[t * blocks..][..blocks]);
        let (nibble, ones) = (_mm256_set1_epi8(15), _mm256_set1_epi16(1));
        for half in 0..2 {
            let (mut scaled, mut shifted) = ([_mm256_setzero_ps(); N], [_mm256_setzero_ps(); N]);
            for (at, block) in weights.iter().enumerate() {
                let (scales, offsets) = (halves256(&block.scales, half), halves256(&block.offsets, half));
                // Eight products of pairs fit 16 bits: 8 * 2 * 15 * 127 = 30480.
                let mut tops = [_mm256_setzero_si256(); N];
                let mut pairs = tops;
                for (i, line) in block.lines.iter().enumerate() {
                    let line = load256(line, half);
                    let low = _mm256_and_si256(line, nibble);
                    let high = _mm256_and_si256(_mm256_srli_epi16::<4>(line), nibble);
                    for t in 0..N {
                        let token = &tokens[t][at];
                        let first = _mm256_maddubs_epi16(low, _mm256_set1_epi32(token.high[i]));
                        let second = _mm256_maddubs_epi16(high, _mm256_set1_epi32(token.high[i + 4]));
                        tops[t] = _mm256_add_epi16(tops[t], _mm256_add_epi16(first, second));
                        let first = _mm256_maddubs_epi16(low, _mm256_set1_epi32(token.low[i]));
                        let second = _mm256_maddubs_epi16(high, _mm256_set1_epi32(token.low[i + 4]));
                        pairs[t] = _mm256_add_epi16(pairs[t], _mm256_add_epi16(first, second));
                    }
                }
                for t in 0..N {
                    let token = &tokens[t][at];
                    let tops = _mm256_slli_epi32::<7>(_mm256_madd_epi16(tops[t], ones));
                    let sums = _mm256_add_epi32(tops, _mm256_madd_epi16(pairs[t], ones));
                    let factor = _mm256_mul_ps(scales, _mm256_set1_ps(token.scale));
                    scaled[t] = _mm256_add_ps(scaled[t], _mm256_mul_ps(_mm256_cvtepi32_ps(sums), factor));
                    let shift = _mm256_mul_ps(offsets, _mm256_set1_ps(token.shift));
                    shifted[t] = _mm256_add_ps(shifted[t], shift);
                }
            }
            for t in 0..N {
                store256(&mut out[t * stride..], half, _mm256_add_ps(scaled[t], shifted[t]));
            }
        }
        N
    }

    #[target_feature(enable = "avx2,f16c")]
    fn avx2_q8<const N: usize>(
        weights: &[Q8],
        tokens: &[Activations],
        out: &mut [f32],
        stride: usize,
    ) -> usize {
        let blocks = weights.len();
        let tokens: [&[Activations]; N] = std::array::from_fn(|t| &tokens[t * blocks..][..blocks]);
        let (top, ones) = (_mm256_set1_epi8(-128), _mm256_set1_epi16(1));
        for half in 0..2 {
            let mut scaled = [_mm256_setzero_ps(); N];
            for (at, block) in weights.iter().enumerate() {
                let scales = halves256(&block.scales, half);
                let mut tops = [_mm256_setzero_si256(); N];
                let mut sums = tops;
                for (i, line) in block.lines.iter().enumerate() {
                    // Back to signed weights: |w| times a with w's sign stays within 16 bits, 2 * 128 * 127.
                    let signed = _mm256_xor_si256(load256(line, half), top);
                    let magnitude = _mm256_abs_epi8(signed);
                    for t in 0..N {
                        let token = &tokens[t][at];
                        let quad = _mm256_sign_epi8(_mm256_set1_epi32(token.high[i]), signed);
                        let pairs = _mm256_maddubs_epi16(magnitude, quad);
                        tops[t] = _mm256_add_epi32(tops[t], _mm256_madd_epi16(pairs, ones));
                        let quad = _mm256_sign_epi8(_mm256_set1_epi32(token.low[i]), signed);
                        let pairs = _mm256_maddubs_epi16(magnitude, quad);
                        sums[t] = _mm256_add_epi32(sums[t], _mm256_madd_epi16(pairs, ones));
                    }
                }
                for t in 0..N {
                    let factor = _mm256_mul_ps(scales, _mm256_set1_ps(tokens[t][at].scale));
                    let sums = _mm256_add_epi32(_mm256_slli_epi32::<7>(tops[t]), sums[t]);
                    let product = _mm256_mul_ps(_mm256_cvtepi32_ps(sums), factor);
                    scaled[t] = _mm256_add_ps(scaled[t], product);
                }
            }
            for t in 0..N {
                store256(&mut out[t * stride..], half, scaled[t]);
            }
        }
        N
    }
}
