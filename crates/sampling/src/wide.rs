//! Runs a task in the widest registers this processor has; all `unsafe` code of this room.
//!
//! A [`Kernel`] can only be had from [`Kernel::available`], which asks the processor, and the types that stand
//! for registers can only be had from [`Kernel::run`]: so no instruction runs where it is missing. All of
//! them round as IEEE 754 says, so every kernel gives the same bits.
#![expect(unsafe_code, reason = "vector instructions, behind the processor check")]

use crate::lanes::{Lanes, Words};
use crate::paths::GROUPS;
use crate::vector::{Vector, Word};

/// A piece of work over several paths side by side.
pub trait Task {
    /// What comes out.
    type Output;

    /// Does the work in vectors of kind `V`. Mark this and all it calls in its inner loops
    /// `#[inline(always)]`: what is not inlined is slow, though right.
    fn run<V: Wide>(self) -> Self::Output;
}

/// A [`Vector`] that takes its numbers from [`Lanes`].
pub trait Wide: Vector<Stored = Lanes, Word: Word<Stored = Words>> {
    /// Of the 64 numbers of a table those at `places`, of which the lowest six bits count.
    fn pick(table: [Self; GROUPS], places: [Self::Word; GROUPS]) -> [Self; GROUPS];
}

impl Wide for Lanes {
    #[inline(always)]
    fn pick(table: [Self; GROUPS], places: [Words; GROUPS]) -> [Self; GROUPS] {
        let mut picked = table;
        for (lanes, places) in picked.iter_mut().zip(places) {
            for (lane, place) in lanes.0.iter_mut().zip(places.0) {
                *lane = table[(place >> 3 & 7) as usize].0[(place & 7) as usize];
            }
        }
        picked
    }
}

/// Bit by bit, whether a number of `a` is at most that of `b`; untrue where either is no number. For code that is not
/// worth a kernel: it uses what every processor of its kind has.
#[inline]
#[must_use]
pub fn at_most_bits(a: &Lanes, b: &Lanes) -> u8 {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_mm_cmple_pd, _mm_loadu_pd, _mm_movemask_pd};
        let mut bits = 0;
        for (pair, (a, b)) in a.0.as_chunks::<2>().0.iter().zip(b.0.as_chunks::<2>().0).enumerate() {
            // SAFETY: every x86-64 processor has SSE2, and each chunk holds the two numbers that are read.
            let both =
                unsafe { _mm_movemask_pd(_mm_cmple_pd(_mm_loadu_pd(a.as_ptr()), _mm_loadu_pd(b.as_ptr()))) };
            bits |= u8::try_from(both).unwrap_or(0) << (2 * pair);
        }
        bits
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let flags = a.0.iter().zip(&b.0).enumerate();
        flags.fold(0, |bits, (lane, (a, b))| bits | u8::from(a <= b) << lane)
    }
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
    use super::{Task, Wide};
    use crate::lanes::{LANES, Lanes, Words};
    use crate::paths::GROUPS;
    use crate::vector::{Vector, Word};
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
            // behind a reference, 64 bytes long and as aligned, or as said there.
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
        type Word = OneWord;
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
        fn to_bits(self) -> OneWord {
            OneWord(known!(_mm512_castpd_si512(self.0)))
        }

        #[inline(always)]
        fn from_bits(bits: OneWord) -> Self {
            Self(known!(_mm512_castsi512_pd(bits.0)))
        }

        #[inline(always)]
        fn patch(self, mask: OneMask, from: Self, f: fn(f64) -> f64) -> Self {
            let (mut lanes, mut sources) = (Lanes::ZERO, Lanes::ZERO);
            self.store(&mut lanes);
            from.store(&mut sources);
            for lane in (0..LANES).filter(|lane| mask.0 >> lane & 1 == 1) {
                lanes.0[lane] = f(sources.0[lane]);
            }
            Self::load(&lanes)
        }
    }

    impl Wide for One {
        #[inline(always)]
        fn pick(table: [Self; GROUPS], places: [OneWord; GROUPS]) -> [Self; GROUPS] {
            let mut picked = table;
            for (one, OneWord(place)) in picked.iter_mut().zip(places) {
                // Of each sixteen one by the lowest four bits, then by the next bit, then by the last.
                one.0 = known!({
                    let of = |at: usize| _mm512_permutex2var_pd(table[at].0, place, table[at + 1].0);
                    let (next, last) = (_mm512_set1_epi64(16), _mm512_set1_epi64(32));
                    let next = _mm512_test_epi64_mask(place, next);
                    let low = _mm512_mask_blend_pd(next, of(0), of(2));
                    let high = _mm512_mask_blend_pd(next, of(4), of(6));
                    _mm512_mask_blend_pd(_mm512_test_epi64_mask(place, last), low, high)
                });
            }
            picked
        }
    }

    #[derive(Clone, Copy)]
    pub struct OneWord(__m512i);

    impl Word for OneWord {
        type Stored = Words;

        #[inline(always)]
        fn splat(word: u64) -> Self {
            Self(known!(_mm512_set1_epi64(word.cast_signed())))
        }

        #[inline(always)]
        fn count(first: u64) -> Self {
            Self::load(&Words([0, 1, 2, 3, 4, 5, 6, 7])).plus(Self::splat(first))
        }

        #[inline(always)]
        fn load(stored: &Words) -> Self {
            Self(known!(_mm512_load_si512(stored.0.as_ptr().cast())))
        }

        #[inline(always)]
        fn plus(self, other: Self) -> Self {
            Self(known!(_mm512_add_epi64(self.0, other.0)))
        }

        #[inline(always)]
        fn and(self, other: Self) -> Self {
            Self(known!(_mm512_and_si512(self.0, other.0)))
        }

        #[inline(always)]
        fn or(self, other: Self) -> Self {
            Self(known!(_mm512_or_si512(self.0, other.0)))
        }

        #[inline(always)]
        fn xor(self, other: Self) -> Self {
            Self(known!(_mm512_xor_si512(self.0, other.0)))
        }

        #[inline(always)]
        fn left(self, bits: u32) -> Self {
            Self(known!(_mm512_sllv_epi64(self.0, Self::splat(bits.into()).0)))
        }

        #[inline(always)]
        fn right(self, bits: u32) -> Self {
            Self(known!(_mm512_srlv_epi64(self.0, Self::splat(bits.into()).0)))
        }

        #[inline(always)]
        fn product(self, other: Self) -> Self {
            Self(known!(_mm512_mul_epu32(self.0, other.0)))
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

    impl Vector for Two {
        type Mask = TwoMask;
        type Word = TwoWord;
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
            let [a, b] = self.0;
            Self(known!([_mm256_sqrt_pd(a), _mm256_sqrt_pd(b)]))
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
        fn to_bits(self) -> TwoWord {
            let [a, b] = self.0;
            TwoWord(known!([_mm256_castpd_si256(a), _mm256_castpd_si256(b)]))
        }

        #[inline(always)]
        fn from_bits(bits: TwoWord) -> Self {
            let [a, b] = bits.0;
            Self(known!([_mm256_castsi256_pd(a), _mm256_castsi256_pd(b)]))
        }

        #[inline(always)]
        fn patch(self, mask: TwoMask, from: Self, f: fn(f64) -> f64) -> Self {
            let [mut lanes, mut sources, mut here] = [Lanes::ZERO; 3];
            self.store(&mut lanes);
            from.store(&mut sources);
            Self(mask.0).store(&mut here);
            for lane in (0..LANES).filter(|lane| here.0[*lane].to_bits() != 0) {
                lanes.0[lane] = f(sources.0[lane]);
            }
            Self::load(&lanes)
        }
    }

    impl Wide for Two {
        #[inline(always)]
        fn pick(table: [Self; GROUPS], places: [TwoWord; GROUPS]) -> [Self; GROUPS] {
            let mut stored = [Lanes::ZERO; GROUPS];
            for (stored, two) in stored.iter_mut().zip(table) {
                two.store(stored);
            }
            let mut picked = table;
            for (two, place) in picked.iter_mut().zip(places) {
                let [low, high] = place.and(TwoWord::splat(63)).0;
                // No place is beyond the 64 numbers.
                two.0 = known!({
                    let table = stored.as_ptr().cast();
                    [_mm256_i64gather_pd::<8>(table, low), _mm256_i64gather_pd::<8>(table, high)]
                });
            }
            picked
        }
    }

    #[derive(Clone, Copy)]
    pub struct TwoWord([__m256i; 2]);

    macro_rules! words {
        ($($method:ident $instruction:ident),*) => {$(
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                let (a, b) = (self.0, other.0);
                Self(known!([$instruction(a[0], b[0]), $instruction(a[1], b[1])]))
            }
        )*};
    }

    impl Word for TwoWord {
        type Stored = Words;

        #[inline(always)]
        fn splat(word: u64) -> Self {
            Self([known!(_mm256_set1_epi64x(word.cast_signed())); 2])
        }

        #[inline(always)]
        fn count(first: u64) -> Self {
            Self::load(&Words([0, 1, 2, 3, 4, 5, 6, 7])).plus(Self::splat(first))
        }

        #[inline(always)]
        fn load(stored: &Words) -> Self {
            let halves: &[[u64; LANES / 2]] = stored.0.as_chunks().0;
            let load = |half: usize| known!(_mm256_load_si256(halves[half].as_ptr().cast()));
            Self([load(0), load(1)])
        }

        words!(
            plus _mm256_add_epi64,
            and _mm256_and_si256,
            or _mm256_or_si256,
            xor _mm256_xor_si256,
            product _mm256_mul_epu32
        );

        #[inline(always)]
        fn left(self, bits: u32) -> Self {
            let ([a, b], [bits, _]) = (self.0, Self::splat(bits.into()).0);
            Self(known!([_mm256_sllv_epi64(a, bits), _mm256_sllv_epi64(b, bits)]))
        }

        #[inline(always)]
        fn right(self, bits: u32) -> Self {
            let ([a, b], [bits, _]) = (self.0, Self::splat(bits.into()).0);
            Self(known!([_mm256_srlv_epi64(a, bits), _mm256_srlv_epi64(b, bits)]))
        }
    }
}
