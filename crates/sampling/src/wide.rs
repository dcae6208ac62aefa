//! Runs a task in the widest registers this processor has; all `unsafe` code of this room.
//!
//! A [`Kernel`] can only be had from [`Kernel::available`], which asks the processor, and the types that stand
//! for registers can only be had from [`Kernel::run`]: so no instruction runs where it is missing. All of
//! them round as IEEE 754 says, so every kernel gives the same bits.
#![expect(unsafe_code, reason = "vector instructions, behind the processor check")]

use crate::lanes::Lanes;
use crate::vector::Vector;

/// A piece of work over several paths side by side.
pub trait Task {
    /// What comes out.
    type Output;

    /// Does the work in vectors of kind `V`. Mark this and all it calls in its inner loops
    /// `#[inline(always)]`: what is not inlined is slow, though right.
    fn run<V: Vector<Stored = Lanes>>(self) -> Self::Output;
}

/// A way of computing that this processor can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kernel(Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Kernel {
    /// Every kernel this processor can run, the best first.
    #[must_use]
    pub fn available() -> Vec<Self> {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            let avx512 = avx2 && is_x86_feature_detected!("avx512f");
            let kinds = [(avx512, Kind::Avx512), (avx2, Kind::Avx2), (true, Kind::Plain)];
            kinds.into_iter().filter(|(runs, _)| *runs).map(|(_, kind)| Self(kind)).collect()
        }
        #[cfg(not(target_arch = "x86_64"))]
        vec![Self(Kind::Plain)]
    }

    /// The best this processor can run.
    #[must_use]
    pub fn best() -> Self {
        Self::available().first().copied().unwrap_or(Self(Kind::Plain))
    }

    /// What the kernel is called in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            Kind::Plain => "plain",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "AVX2",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "AVX-512",
        }
    }

    /// Does the task's work.
    pub fn run<T: Task>(self, task: T) -> T::Output {
        match self.0 {
            Kind::Plain => task.run::<Lanes>(),
            // SAFETY: this kind is only made by `available`, after it saw these features.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => unsafe { x86::avx2(task) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => unsafe { x86::avx512(task) },
        }
    }
}

/// Does the task's work by the best kernel this processor can run.
pub fn widest<T: Task>(task: T) -> T::Output {
    Kernel::best().run(task)
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Task;
    use crate::lanes::{LANES, Lanes, Words};
    use crate::vector::{MANTISSA, ONE, ROOT, UNIT_BIAS, Vector, WHOLE, WHOLE_BIAS};
    use std::arch::x86_64::*;
    use std::ops::{Add, AddAssign, BitAnd, BitOr, Div, Mul, Not, Sub};

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn avx2<T: Task>(task: T) -> T::Output {
        task.run::<Two>()
    }

    #[target_feature(enable = "avx2,fma,avx512f")]
    pub(super) fn avx512<T: Task>(task: T) -> T::Output {
        task.run::<One>()
    }

    /// Instructions of a register type of this module.
    macro_rules! known {
        ($instructions:expr) => {
            // SAFETY: the types of this module are only named in `avx2` and `avx512`, which `Kernel::run`
            // calls when the processor has their instructions; what is read or written in memory is
            // behind a reference, 64 bytes long and as aligned.
            unsafe { $instructions }
        };
    }

    macro_rules! operators {
        ($type:ty, $(|$a:ident, $b:ident| $trait:ident $method:ident $value:expr),*) => {$(
            impl $trait for $type {
                type Output = Self;

                #[inline(always)]
                fn $method(self, other: Self) -> Self {
                    let ($a, $b) = (self.0, other.0);
                    Self(known!($value))
                }
            }
        )*};
    }

    macro_rules! add_assign {
        ($type:ty) => {
            impl AddAssign for $type {
                #[inline(always)]
                fn add_assign(&mut self, other: Self) {
                    *self = *self + other;
                }
            }
        };
    }

    /// Eight numbers in one register of 512 bits.
    #[derive(Clone, Copy)]
    pub struct One(__m512d);

    #[derive(Clone, Copy)]
    pub struct OneMask(__mmask8);

    operators!(One,
        |a, b| Add add _mm512_add_pd(a, b),
        |a, b| Sub sub _mm512_sub_pd(a, b),
        |a, b| Mul mul _mm512_mul_pd(a, b),
        |a, b| Div div _mm512_div_pd(a, b)
    );
    add_assign!(One);

    impl BitAnd for OneMask {
        type Output = Self;

        #[inline(always)]
        fn bitand(self, other: Self) -> Self {
            Self(self.0 & other.0)
        }
    }

    impl BitOr for OneMask {
        type Output = Self;

        #[inline(always)]
        fn bitor(self, other: Self) -> Self {
            Self(self.0 | other.0)
        }
    }

    impl Not for OneMask {
        type Output = Self;

        #[inline(always)]
        fn not(self) -> Self {
            Self(!self.0)
        }
    }

    impl Vector for One {
        type Mask = OneMask;
        type Bits = Words;
        type Stored = Lanes;

        #[inline(always)]
        fn splat(x: f64) -> Self {
            Self(known!(_mm512_set1_pd(x)))
        }

        #[inline(always)]
        fn load(stored: &Lanes) -> Self {
            Self(known!(_mm512_load_pd(stored.0.as_ptr())))
        }

        #[inline(always)]
        fn store(self, stored: &mut Lanes) {
            known!(_mm512_store_pd(stored.0.as_mut_ptr(), self.0));
        }

        #[inline(always)]
        fn mul_add(self, by: Self, plus: Self) -> Self {
            Self(known!(_mm512_fmadd_pd(self.0, by.0, plus.0)))
        }

        #[inline(always)]
        fn sqrt(self) -> Self {
            Self(known!(_mm512_sqrt_pd(self.0)))
        }

        #[inline(always)]
        fn at_most(self, other: Self) -> OneMask {
            OneMask(known!(_mm512_cmp_pd_mask::<_CMP_LE_OQ>(self.0, other.0)))
        }

        #[inline(always)]
        fn below(self, other: Self) -> OneMask {
            OneMask(known!(_mm512_cmp_pd_mask::<_CMP_LT_OQ>(self.0, other.0)))
        }

        #[inline(always)]
        fn select(mask: OneMask, yes: Self, no: Self) -> Self {
            Self(known!(_mm512_mask_blend_pd(mask.0, no.0, yes.0)))
        }

        #[inline(always)]
        fn any(mask: OneMask) -> bool {
            mask.0 != 0
        }

        #[inline(always)]
        fn least(self, other: Self) -> Self {
            Self(known!(_mm512_min_pd(self.0, other.0)))
        }

        #[inline(always)]
        fn most(self, other: Self) -> Self {
            Self(known!(_mm512_max_pd(self.0, other.0)))
        }

        #[inline(always)]
        fn power_of_two(rounded: Self) -> Self {
            Self(known!({
                let exponent = _mm512_slli_epi64::<52>(_mm512_castpd_si512(rounded.0));
                _mm512_castsi512_pd(_mm512_add_epi64(exponent, _mm512_set1_epi64(ONE.cast_signed())))
            }))
        }

        #[inline(always)]
        fn split(self) -> (Self, Self) {
            known!({
                let word = |word: u64| _mm512_set1_epi64(word.cast_signed());
                let bits = _mm512_add_epi64(_mm512_castpd_si512(self.0), word(ONE - ROOT));
                let exponent = _mm512_or_si512(_mm512_srli_epi64::<52>(bits), word(WHOLE));
                let mantissa = _mm512_add_epi64(_mm512_and_si512(bits, word(MANTISSA)), word(ROOT));
                let (exponent, mantissa) = (_mm512_castsi512_pd(exponent), _mm512_castsi512_pd(mantissa));
                (Self(mantissa) - Self::splat(1.0), Self(exponent) - Self::splat(WHOLE_BIAS))
            })
        }

        #[inline(always)]
        fn unit(bits: &Words, flip: u64) -> Self {
            Self(known!({
                let bits = _mm512_load_si512(bits.0.as_ptr().cast());
                let bits = _mm512_xor_si512(bits, _mm512_set1_epi64(flip.cast_signed()));
                let one = _mm512_set1_epi64(ONE.cast_signed());
                _mm512_castsi512_pd(_mm512_or_si512(_mm512_srli_epi64::<12>(bits), one))
            })) - Self::splat(UNIT_BIAS)
        }

        #[inline(always)]
        fn each(self, f: impl Fn(f64) -> f64) -> Self {
            let mut lanes = Lanes::ZERO;
            self.store(&mut lanes);
            Self::load(&lanes.map(f))
        }
    }

    /// Eight numbers in two registers of 256 bits.
    #[derive(Clone, Copy)]
    pub struct Two([__m256d; 2]);

    #[derive(Clone, Copy)]
    pub struct TwoMask([__m256d; 2]);

    operators!(Two,
        |a, b| Add add [_mm256_add_pd(a[0], b[0]), _mm256_add_pd(a[1], b[1])],
        |a, b| Sub sub [_mm256_sub_pd(a[0], b[0]), _mm256_sub_pd(a[1], b[1])],
        |a, b| Mul mul [_mm256_mul_pd(a[0], b[0]), _mm256_mul_pd(a[1], b[1])],
        |a, b| Div div [_mm256_div_pd(a[0], b[0]), _mm256_div_pd(a[1], b[1])]
    );
    add_assign!(Two);
    operators!(TwoMask,
        |a, b| BitAnd bitand [_mm256_and_pd(a[0], b[0]), _mm256_and_pd(a[1], b[1])],
        |a, b| BitOr bitor [_mm256_or_pd(a[0], b[0]), _mm256_or_pd(a[1], b[1])]
    );

    impl Not for TwoMask {
        type Output = Self;

        #[inline(always)]
        fn not(self) -> Self {
            let [a, b] = self.0;
            Self(known!({
                let all = _mm256_castsi256_pd(_mm256_set1_epi64x(-1));
                [_mm256_xor_pd(a, all), _mm256_xor_pd(b, all)]
            }))
        }
    }

    impl Two {
        /// The halves through `f`.
        #[inline(always)]
        fn halves(self, f: impl Fn(__m256d) -> __m256d) -> Self {
            Self([f(self.0[0]), f(self.0[1])])
        }
    }

    #[inline(always)]
    fn word(word: u64) -> __m256i {
        known!(_mm256_set1_epi64x(word.cast_signed()))
    }

    impl Vector for Two {
        type Mask = TwoMask;
        type Bits = Words;
        type Stored = Lanes;

        #[inline(always)]
        fn splat(x: f64) -> Self {
            Self([known!(_mm256_set1_pd(x)); 2])
        }

        #[inline(always)]
        fn load(stored: &Lanes) -> Self {
            let halves: &[[f64; LANES / 2]] = stored.0.as_chunks().0;
            Self(known!([_mm256_load_pd(halves[0].as_ptr()), _mm256_load_pd(halves[1].as_ptr())]))
        }

        #[inline(always)]
        fn store(self, stored: &mut Lanes) {
            let halves: &mut [[f64; LANES / 2]] = stored.0.as_chunks_mut().0;
            known!({
                _mm256_store_pd(halves[0].as_mut_ptr(), self.0[0]);
                _mm256_store_pd(halves[1].as_mut_ptr(), self.0[1]);
            });
        }

        #[inline(always)]
        fn mul_add(self, by: Self, plus: Self) -> Self {
            let (a, b, c) = (self.0, by.0, plus.0);
            Self(known!([_mm256_fmadd_pd(a[0], b[0], c[0]), _mm256_fmadd_pd(a[1], b[1], c[1])]))
        }

        #[inline(always)]
        fn sqrt(self) -> Self {
            self.halves(|half| known!(_mm256_sqrt_pd(half)))
        }

        #[inline(always)]
        fn at_most(self, other: Self) -> TwoMask {
            let (a, b) = (self.0, other.0);
            TwoMask(known!([
                _mm256_cmp_pd::<_CMP_LE_OQ>(a[0], b[0]),
                _mm256_cmp_pd::<_CMP_LE_OQ>(a[1], b[1])
            ]))
        }

        #[inline(always)]
        fn below(self, other: Self) -> TwoMask {
            let (a, b) = (self.0, other.0);
            TwoMask(known!([
                _mm256_cmp_pd::<_CMP_LT_OQ>(a[0], b[0]),
                _mm256_cmp_pd::<_CMP_LT_OQ>(a[1], b[1])
            ]))
        }

        #[inline(always)]
        fn select(mask: TwoMask, yes: Self, no: Self) -> Self {
            let (mask, yes, no) = (mask.0, yes.0, no.0);
            Self(known!([_mm256_blendv_pd(no[0], yes[0], mask[0]), _mm256_blendv_pd(no[1], yes[1], mask[1])]))
        }

        #[inline(always)]
        fn any(mask: TwoMask) -> bool {
            known!(_mm256_movemask_pd(_mm256_or_pd(mask.0[0], mask.0[1])) != 0)
        }

        #[inline(always)]
        fn least(self, other: Self) -> Self {
            let (a, b) = (self.0, other.0);
            Self(known!([_mm256_min_pd(a[0], b[0]), _mm256_min_pd(a[1], b[1])]))
        }

        #[inline(always)]
        fn most(self, other: Self) -> Self {
            let (a, b) = (self.0, other.0);
            Self(known!([_mm256_max_pd(a[0], b[0]), _mm256_max_pd(a[1], b[1])]))
        }

        #[inline(always)]
        fn power_of_two(rounded: Self) -> Self {
            rounded.halves(|half| {
                known!({
                    let exponent = _mm256_slli_epi64::<52>(_mm256_castpd_si256(half));
                    _mm256_castsi256_pd(_mm256_add_epi64(exponent, word(ONE)))
                })
            })
        }

        #[inline(always)]
        fn split(self) -> (Self, Self) {
            let shift = |half| known!(_mm256_add_epi64(_mm256_castpd_si256(half), word(ONE - ROOT)));
            let exponent = self.halves(|half| {
                known!({
                    let exponent = _mm256_srli_epi64::<52>(shift(half));
                    _mm256_castsi256_pd(_mm256_or_si256(exponent, word(WHOLE)))
                })
            });
            let mantissa = self.halves(|half| {
                known!({
                    let mantissa = _mm256_and_si256(shift(half), word(MANTISSA));
                    _mm256_castsi256_pd(_mm256_add_epi64(mantissa, word(ROOT)))
                })
            });
            (mantissa - Self::splat(1.0), exponent - Self::splat(WHOLE_BIAS))
        }

        #[inline(always)]
        fn unit(bits: &Words, flip: u64) -> Self {
            let halves: &[[u64; LANES / 2]] = bits.0.as_chunks().0;
            let unit = |half: &[u64; LANES / 2]| {
                known!({
                    let bits = _mm256_xor_si256(_mm256_load_si256(half.as_ptr().cast()), word(flip));
                    let bits = _mm256_or_si256(_mm256_srli_epi64::<12>(bits), word(ONE));
                    _mm256_castsi256_pd(bits)
                })
            };
            Self([unit(&halves[0]), unit(&halves[1])]) - Self::splat(UNIT_BIAS)
        }

        #[inline(always)]
        fn each(self, f: impl Fn(f64) -> f64) -> Self {
            let mut lanes = Lanes::ZERO;
            self.store(&mut lanes);
            Self::load(&lanes.map(f))
        }
    }
}
