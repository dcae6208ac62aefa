//! Sums that are exact and do not care who adds when; quantiles.

use proptest::prelude::*;
use sampling::{ExactSum, LANES, Lanes, Moments, quantile};

fn sum(numbers: &[f64]) -> f64 {
    let mut sum = ExactSum::default();
    numbers.iter().for_each(|number| sum.add(*number));
    sum.value()
}

#[test]
fn a_sum_loses_nothing() {
    for (numbers, wanted) in [
        (&[][..], 0.0),
        (&[1e300, 1.0, -1e300], 1.0),
        (&[-1.0], -1.0),
        (&[5e-324, -1.0, 1.0], 5e-324),
        (&[-5e-324], -5e-324),
        (&[0.1; 10], 1.0),
        (&[f64::MAX, f64::MAX, -f64::MAX], f64::MAX),
        (&[1.0, 2f64.powi(-60), -1.0], 2f64.powi(-60)),
        (&[-3.5e10, 3.5e10, -0.125], -0.125),
    ] {
        assert_eq!(sum(numbers), wanted, "{numbers:?}");
    }
    assert!(sum(&[1.0, f64::INFINITY]).is_nan() && sum(&[f64::NAN]).is_nan());
}

fn numbers() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(
        prop_oneof![-1e3..1e3f64, prop::num::f64::NORMAL.prop_map(|x| x.clamp(-1e300, 1e300))],
        0..60,
    )
}

proptest! {
    #[test]
    fn a_sum_is_the_same_in_any_order_and_any_parts(numbers in numbers(), cut in 0..60usize) {
        let cut = cut.min(numbers.len());
        let (mut one, mut two) = (ExactSum::default(), ExactSum::default());
        numbers[cut..].iter().rev().for_each(|number| one.add(*number));
        numbers[..cut].iter().for_each(|number| two.add(*number));
        one.merge(&two);
        prop_assert_eq!(one.value().to_bits(), sum(&numbers).to_bits());
    }

    /// Against whole numbers, whose sums are exact in 128 bits.
    #[test]
    fn a_sum_is_right(numbers in prop::collection::vec(-(1i64 << 53)..1 << 53, 0..200)) {
        let found = sum(&numbers.iter().map(|number| *number as f64).collect::<Vec<_>>());
        let wanted: i128 = numbers.iter().map(|number| i128::from(*number)).sum();
        prop_assert!((found - wanted as f64).abs() <= (wanted as f64).abs() * f64::EPSILON);
    }

    #[test]
    fn moments_merge_in_any_order(numbers in prop::collection::vec(-1e6..1e6f64, 64..200)) {
        let blocks: Vec<Lanes> = numbers.as_chunks::<LANES>().0.iter().map(|lanes| Lanes(*lanes)).collect();
        let of = |blocks: &[Lanes]| {
            let mut moments = Moments::default();
            blocks.iter().for_each(|lanes| moments.add_lanes(&[*lanes]));
            moments
        };
        let (left, right) = blocks.split_at(blocks.len() / 3);
        let (mut forth, mut back) = (of(left), of(right));
        forth.merge(&of(right));
        back.merge(&of(left));
        prop_assert_eq!(forth.mean().to_bits(), back.mean().to_bits());
        prop_assert_eq!(forth.variance().to_bits(), of(&blocks).variance().to_bits());
        let all: Vec<f64> = blocks.iter().flat_map(|lanes| lanes.0).collect();
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        let variance = all.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (all.len() - 1) as f64;
        prop_assert!((forth.variance() / variance - 1.0).abs() < 1e-9);
        prop_assert_eq!(forth.count(), all.len() as u64);
        prop_assert_eq!(forth.range().1, all.iter().copied().fold(f64::NEG_INFINITY, f64::max));
    }
}

/// `numpy.quantile`.
#[test]
fn a_quantile_is_numpys() {
    for (p, wanted) in [(0.0, 1.0), (0.1, 1.6), (0.5, 3.0), (0.95, 36.5), (1.0, 50.0)] {
        let found = quantile(&mut [5.0, 1.0, 50.0, 2.0, 3.0, 4.0, 2.5], p);
        assert!((found - wanted).abs() < 1e-12, "{p}: {found}");
    }
    assert!(quantile(&mut [], 0.5).is_nan());
}
