//! What a number, or several side by side, can do: so that each formula is written once.
//!
//! `f64` is one number, [`Lanes`] eight of them in plain loops; `wide.rs` has eight in the registers of the
//! processor at hand, and [`Row`] several of any of these. All give the same bits: every operation is one
//! that IEEE 754 fixes.

use crate::lanes::{LANES, Lanes, Mask, Words, each};
use std::ops::{Add, AddAssign, BitAnd, BitOr, Div, Mul, Not, Sub};

/// One number or several that are computed with alike. Mark what is generic over it `#[inline(always)]`:
/// what is not inlined into [`crate::Kernel::run`] is not compiled for the wider registers.
pub trait Vector:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + AddAssign
{
    /// The answer to a comparison.
    type Mask: Copy + BitAnd<Output = Self::Mask> + BitOr<Output = Self::Mask> + Not<Output = Self::Mask>;
    /// The bits of the numbers.
    type Word: Word;
    /// As many numbers, in memory.
    type Stored;

    /// The same number everywhere.
    fn splat(x: f64) -> Self;

    /// From memory.
    fn load(stored: &Self::Stored) -> Self;

    /// Into memory.
    fn store(self, stored: &mut Self::Stored);

    /// The bits.
    fn to_bits(self) -> Self::Word;

    /// From bits.
    fn from_bits(bits: Self::Word) -> Self;

    /// `self · by + plus`, rounded once.
    #[must_use]
    fn mul_add(self, by: Self, plus: Self) -> Self;

    /// The square root.
    #[must_use]
    fn sqrt(self) -> Self;

    /// Whether this is at most `other`; untrue where either is no number.
    fn at_most(self, other: Self) -> Self::Mask;

    /// Whether this is below `other`; untrue where either is no number.
    fn below(self, other: Self) -> Self::Mask;

    /// `yes` where the mask holds, `no` elsewhere.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;

    /// Whether the mask holds anywhere.
    fn any(mask: Self::Mask) -> bool;

    /// The smaller; `other` where either is no number.
    #[must_use]
    fn least(self, other: Self) -> Self;

    /// The larger; `other` where either is no number.
    #[must_use]
    fn most(self, other: Self) -> Self;

    /// `f` of the numbers of `from` where the mask holds, this elsewhere; one by one, for what is rare.
    #[must_use]
    fn patch(self, mask: Self::Mask, from: Self, f: fn(f64) -> f64) -> Self;
}

/// Words of 64 bits, one for each number of a [`Vector`].
pub trait Word: Copy {
    /// As many words, in memory.
    type Stored;

    /// The same word everywhere.
    fn splat(word: u64) -> Self;

    /// `first` and the ones after it.
    fn count(first: u64) -> Self;

    /// From memory.
    fn load(stored: &Self::Stored) -> Self;

    /// The sum, without carry beyond.
    #[must_use]
    fn plus(self, other: Self) -> Self;

    /// The bits in both.
    #[must_use]
    fn and(self, other: Self) -> Self;

    /// The bits in either.
    #[must_use]
    fn or(self, other: Self) -> Self;

    /// The bits in one of both.
    #[must_use]
    fn xor(self, other: Self) -> Self;

    /// Shifted up.
    #[must_use]
    fn left(self, bits: u32) -> Self;

    /// Shifted down.
    #[must_use]
    fn right(self, bits: u32) -> Self;

    /// The product of the lower halves.
    #[must_use]
    fn product(self, other: Self) -> Self;
}

/// The middle of the cell of width 2⁻⁵² that random bits fall in: above nothing and below one.
#[inline(always)]
pub(crate) fn unit<V: Vector>(bits: V::Word) -> V {
    let one = V::Word::splat(1.0f64.to_bits());
    V::from_bits(bits.right(12).or(one)) - V::splat(1.0 - f64::EPSILON / 2.0)
}

impl Vector for f64 {
    type Mask = bool;
    type Word = u64;
    type Stored = Self;

    #[inline(always)]
    fn splat(x: f64) -> Self {
        x
    }

    #[inline(always)]
    fn load(stored: &Self) -> Self {
        *stored
    }

    #[inline(always)]
    fn store(self, stored: &mut Self) {
        *stored = self;
    }

    #[inline(always)]
    fn to_bits(self) -> u64 {
        f64::to_bits(self)
    }

    #[inline(always)]
    fn from_bits(bits: u64) -> Self {
        f64::from_bits(bits)
    }

    #[inline(always)]
    fn mul_add(self, by: Self, plus: Self) -> Self {
        f64::mul_add(self, by, plus)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }

    #[inline(always)]
    fn at_most(self, other: Self) -> bool {
        self <= other
    }

    #[inline(always)]
    fn below(self, other: Self) -> bool {
        self < other
    }

    #[inline(always)]
    fn select(mask: bool, yes: Self, no: Self) -> Self {
        if mask { yes } else { no }
    }

    #[inline(always)]
    fn any(mask: bool) -> bool {
        mask
    }

    #[inline(always)]
    fn least(self, other: Self) -> Self {
        if self < other { self } else { other }
    }

    #[inline(always)]
    fn most(self, other: Self) -> Self {
        if self > other { self } else { other }
    }

    #[inline(always)]
    fn patch(self, mask: bool, from: Self, f: fn(f64) -> f64) -> Self {
        if mask { f(from) } else { self }
    }
}

impl Word for u64 {
    type Stored = Self;

    #[inline(always)]
    fn splat(word: u64) -> Self {
        word
    }

    #[inline(always)]
    fn count(first: u64) -> Self {
        first
    }

    #[inline(always)]
    fn load(stored: &u64) -> Self {
        *stored
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        self & other
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        self | other
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        self ^ other
    }

    #[inline(always)]
    fn left(self, bits: u32) -> Self {
        self << bits
    }

    #[inline(always)]
    fn right(self, bits: u32) -> Self {
        self >> bits
    }

    #[inline(always)]
    fn product(self, other: Self) -> Self {
        (self & 0xffff_ffff) * (other & 0xffff_ffff)
    }
}

/// Functions over plain loops, inlined where the processor has all their instructions in any case. On x86-64
/// it has no fused multiply-add, and nobody looks for speed: there they are called, which keeps code small.
macro_rules! plain {
    ($(fn $name:ident $arguments:tt $(-> $answer:ty)? $body:block)*) => {$(
        #[cfg_attr(any(target_feature = "fma", not(target_arch = "x86_64")), inline(always))]
        #[cfg_attr(not(any(target_feature = "fma", not(target_arch = "x86_64"))), inline(never))]
        fn $name $arguments $(-> $answer)? $body
    )*};
}

impl Vector for Lanes {
    type Mask = Mask;
    type Word = Words;
    type Stored = Self;

    plain! {
        fn splat(x: f64) -> Self {
            Lanes::splat(x)
        }

        fn load(stored: &Self) -> Self {
            *stored
        }

        fn store(self, stored: &mut Self) {
            *stored = self;
        }

        fn to_bits(self) -> Words {
            Words(each!(lane => self.0[lane].to_bits()))
        }

        fn from_bits(bits: Words) -> Self {
            Lanes(each!(lane => f64::from_bits(bits.0[lane])))
        }

        fn mul_add(self, by: Self, plus: Self) -> Self {
            Lanes::mul_add(self, by, plus)
        }

        fn sqrt(self) -> Self {
            self.map(f64::sqrt)
        }

        fn at_most(self, other: Self) -> Mask {
            Lanes::at_most(self, other)
        }

        fn below(self, other: Self) -> Mask {
            Lanes::below(self, other)
        }

        fn select(mask: Mask, yes: Self, no: Self) -> Self {
            Lanes::select(mask, yes, no)
        }

        fn any(mask: Mask) -> bool {
            mask.any()
        }

        fn least(self, other: Self) -> Self {
            Lanes::least(self, other)
        }

        fn most(self, other: Self) -> Self {
            Lanes::most(self, other)
        }

        fn patch(mut self, mask: Mask, from: Self, f: fn(f64) -> f64) -> Self {
            for (lane, here) in mask.lanes().into_iter().enumerate() {
                if here {
                    self.0[lane] = f(from.0[lane]);
                }
            }
            self
        }
    }
}

impl Words {
    #[inline(always)]
    fn both(self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self {
        Self(each!(lane => f(self.0[lane], other.0[lane])))
    }
}

impl Word for Words {
    type Stored = Self;

    plain! {
        fn splat(word: u64) -> Self {
            Self([word; LANES])
        }

        fn count(first: u64) -> Self {
            Self(each!(lane => first.wrapping_add(lane)))
        }

        fn load(stored: &Self) -> Self {
            *stored
        }

        fn plus(self, other: Self) -> Self {
            self.both(other, u64::plus)
        }

        fn and(self, other: Self) -> Self {
            self.both(other, u64::and)
        }

        fn or(self, other: Self) -> Self {
            self.both(other, u64::or)
        }

        fn xor(self, other: Self) -> Self {
            self.both(other, u64::xor)
        }

        fn left(self, bits: u32) -> Self {
            Self(each!(lane => self.0[lane] << bits))
        }

        fn right(self, bits: u32) -> Self {
            Self(each!(lane => self.0[lane] >> bits))
        }

        fn product(self, other: Self) -> Self {
            self.both(other, u64::product)
        }
    }
}
