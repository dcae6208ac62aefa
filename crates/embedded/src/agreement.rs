//! All kernels agree with the plain one, bit for bit.

use proptest::prelude::*;

use crate::arith::{Activations, Attention, BLOCK, LANES, exp, half, quantise};
use crate::kernel::{Kernel, Multiply, Task};
use crate::weights::{Data, Matrix, Q4, Q8};

/// A stream of numbers from a seed.
struct Numbers(u64);

impl Numbers {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 ^ self.0 >> 29
    }

    fn word(&mut self) -> u32 {
        u32::try_from(self.bits() >> 32).unwrap()
    }

    /// A finite half-precision number.
    fn half(&mut self) -> u16 {
        u16::try_from(self.bits() >> 48).unwrap() & 0xbbff
    }

    fn floats(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| half(self.half())).collect()
    }

    fn activations(&mut self, count: usize) -> Vec<Activations> {
        (0..count).map(|_| quantise(self.floats(BLOCK).as_slice().try_into().unwrap())).collect()
    }

    fn matrix(&mut self, q4: bool, groups: usize, blocks: usize) -> Matrix {
        let count = groups * blocks;
        let data = if q4 {
            Data::Q4(
                (0..count)
                    .map(|_| Q4 {
                        lines: std::array::from_fn(|_| std::array::from_fn(|_| self.word())),
                        scales: std::array::from_fn(|_| self.half()),
                        offsets: std::array::from_fn(|_| self.half()),
                    })
                    .collect(),
            )
        } else {
            Data::Q8(
                (0..count)
                    .map(|_| Q8 {
                        lines: std::array::from_fn(|_| std::array::from_fn(|_| self.word())),
                        scales: std::array::from_fn(|_| self.half()),
                    })
                    .collect(),
            )
        };
        Matrix { rows: groups * LANES, blocks, data }
    }
}

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|x| x.to_bits()).collect()
}

fn agree<T: PartialEq + std::fmt::Debug>(mut run: impl FnMut(Kernel) -> T) {
    let results: Vec<_> = Kernel::available().into_iter().map(|kernel| (kernel, run(kernel))).collect();
    let (_, plain) = results.last().unwrap();
    for (kernel, result) in &results {
        assert_eq!(result, plain, "{}", kernel.name());
    }
}

fn check_multiply(seed: u64, q4: bool, groups: usize, blocks: usize, tokens: usize) {
    let mut numbers = Numbers(seed);
    let matrix = numbers.matrix(q4, groups, blocks);
    let activations = numbers.activations(tokens * blocks);
    agree(|kernel| {
        let mut out = vec![f32::NAN; tokens * groups * LANES];
        kernel.run(Task::Multiply(Multiply {
            matrix: &matrix,
            groups: 0..groups,
            tokens: &activations,
            out: &mut out,
        }));
        assert!(out.iter().all(|x| x.is_finite()));
        bits(&out)
    });
}

fn check_attend(seed: u64, length: usize, width: usize) {
    let mut numbers = Numbers(seed);
    let query = numbers.floats(width);
    let keys: Vec<_> = (0..length.div_ceil(LANES) * width)
        .map(|_| numbers.floats(LANES).as_slice().try_into().unwrap())
        .collect();
    let values: Vec<_> = (0..length.next_multiple_of(LANES) * width / LANES)
        .map(|_| numbers.floats(LANES).as_slice().try_into().unwrap())
        .collect();
    agree(|kernel| {
        let mut out = vec![Activations::default(); width / BLOCK];
        kernel.run(Task::Attend(Attention {
            query: &query,
            keys: &keys,
            values: &values,
            length,
            scores: &mut vec![9.0; 3],
            out: &mut out,
        }));
        out
    });
}

fn check_rest(seed: u64, blocks: usize) {
    let mut numbers = Numbers(seed);
    let (x, y) = (numbers.floats(blocks * BLOCK), numbers.floats(blocks * BLOCK));
    agree(|kernel| {
        let mut normal = vec![Activations::default(); blocks];
        let mut gated = normal.clone();
        kernel.run(Task::Normalise { x: &x, gain: &y, epsilon: 1e-5, out: &mut normal });
        kernel.run(Task::Gate { gate: &x, up: &y, out: &mut gated });
        (normal, gated)
    });
}

proptest! {
    #[test]
    fn kernels_agree_bit_for_bit(
        seed: u64, q4: bool, groups in 1..4usize, blocks in 1..5usize, tokens in 1..9usize, length in 1..70usize
    ) {
        check_multiply(seed, q4, groups, blocks, tokens);
        check_attend(seed, length, blocks * BLOCK);
        check_rest(seed, blocks);
    }
}

#[test]
fn products_are_right() {
    // One row of ones in lane 3: the product is the sum of the activations.
    let mut block = Q4 { lines: [[0; LANES]; 4], scales: [0x3c00; LANES], offsets: [0; LANES] };
    for line in &mut block.lines {
        line[3] = 0x1111_1111;
    }
    let numbers: [f32; BLOCK] = std::array::from_fn(|i| if i % 2 == 0 { 1.0 } else { -0.25 });
    let matrix = Matrix { rows: LANES, blocks: 1, data: Data::Q4(vec![block]) };
    let mut out = [0.0; LANES];
    let tokens = [quantise(&numbers)];
    let task = Multiply { matrix: &matrix, groups: 0..1, tokens: &tokens, out: &mut out };
    Kernel::best().run(Task::Multiply(task));
    assert!((out[3] - 12.0).abs() < 1e-3 && out[2] == 0.0, "{out:?}");
}

#[test]
fn exp_is_close() {
    for i in -860..880i16 {
        let x = f32::from(i) / 10.0;
        let exact = f64::from(x).exp();
        assert!((f64::from(exp(x)) / exact - 1.0).abs() < 2e-7, "e^{x}");
    }
    assert!(exp(f32::NEG_INFINITY) < 1e-37);
}

#[test]
fn halves_are_exact() {
    for (bits, expected) in [
        (0x3c00, 1.0),
        (0xc000, -2.0),
        (0x0001, 2f32.powi(-24)),
        (0x7bff, 65504.0),
        (0x8000, -0.0),
        (0x3555, 0.333_251_95),
    ] {
        assert_eq!(half(bits).to_bits(), f32::to_bits(expected), "{bits:#x}");
    }
}
