//! Bridges and correlations: what must hold exactly.

use proptest::prelude::*;
use sampling::{Bridge, Correlation, Error};

/// The covariance of a bridge's points is that of a walk: as many units as the earlier has steps.
#[test]
fn a_bridge_has_the_covariance_of_a_walk() {
    for steps in [1, 2, 3, 7, 12, 120, 121] {
        let bridge = Bridge::new(steps);
        let column = |nth: usize| {
            let mut normals = vec![0.0; steps];
            normals[nth] = 1.0;
            let mut path = vec![0.0; steps];
            bridge.build(&normals, &mut path);
            path
        };
        let columns: Vec<Vec<f64>> = (0..steps).map(column).collect();
        for i in 0..steps {
            for j in 0..=i {
                let found: f64 = columns.iter().map(|column| column[i] * column[j]).sum();
                assert!((found - (j + 1) as f64).abs() < 1e-12, "{steps} steps, {i} and {j}: {found}");
            }
        }
    }
}

#[test]
fn a_bridge_sets_the_end_first_and_each_step_once() {
    for steps in 1..=130 {
        let order: Vec<usize> = Bridge::new(steps).order().collect();
        assert_eq!(order[0], steps - 1);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..steps).collect::<Vec<_>>());
    }
    assert_eq!(Bridge::new(8).order().collect::<Vec<_>>(), [7, 3, 1, 5, 0, 2, 4, 6]);
    assert_eq!(Bridge::new(0).steps(), 0);
}

proptest! {
    /// Any correlations that come from vectors are taken, and come back from the decomposition.
    #[test]
    fn a_correlation_comes_back(vectors in prop::collection::vec(prop::collection::vec(-1.0..1.0f64, 8), 1..7)) {
        let size = |a: &[f64]| a.iter().map(|x| x * x).sum::<f64>().sqrt();
        prop_assume!(vectors.iter().all(|vector| size(vector) > 0.5));
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>() / size(a) / size(b);
        let of = |i: usize, j: usize| {
            if i == j { 1.0 } else { dot(&vectors[i.min(j)], &vectors[i.max(j)]) }
        };
        let count = vectors.len();
        let rows: Vec<Vec<f64>> = (0..count).map(|i| (0..count).map(|j| of(i, j)).collect()).collect();
        if let Ok(correlation) = Correlation::new(&rows) {
            for (i, row) in rows.iter().enumerate() {
                for (j, wanted) in row.iter().enumerate() {
                    let parts = correlation.row(i).iter().zip(correlation.row(j));
                    prop_assert!((parts.map(|(a, b)| a * b).sum::<f64>() - wanted).abs() < 1e-12);
                }
            }
        }
    }
}

fn check_refused(rows: &[&[f64]], message: &str) {
    let rows: Vec<Vec<f64>> = rows.iter().map(|row| row.to_vec()).collect();
    assert_eq!(Correlation::new(&rows).unwrap_err().to_string(), message);
}

#[test]
fn impossible_correlations_are_refused_by_name() {
    check_refused(&[&[1.0, 0.5], &[0.5]], "row 2 of the correlation matrix has 1 numbers instead of 2");
    check_refused(
        &[&[1.0, 0.5], &[0.4, 1.0]],
        "the correlation of factors 1 and 2 is `0.5`, which cannot be: it must be the same both ways",
    );
    check_refused(
        &[&[0.9]],
        "the correlation of factors 1 and 1 is `0.9`, which cannot be: a factor's correlation with itself is 1",
    );
    check_refused(
        &[&[1.0, 1.5], &[1.5, 1.0]],
        "the correlation of factors 1 and 2 is `1.5`, which cannot be: it must lie from -1 to 1",
    );
    check_refused(
        &[&[1.0, 0.0, 1.0], &[0.0, 1.0, 0.0], &[1.0, 0.0, 1.0]],
        "the correlations contradict each other: those of factor 3 with the ones before it leave it a variance \
         of `0`",
    );
    let rows = [vec![1.0, 0.9, -0.9], vec![0.9, 1.0, 0.9], vec![-0.9, 0.9, 1.0]];
    assert!(matches!(
        Correlation::new(&rows),
        Err(Error::NotPositiveDefinite { factor: 3, left }) if left < -15.0
    ));
    let nan = [vec![1.0, f64::NAN], vec![f64::NAN, 1.0]];
    assert!(Correlation::new(&nan).is_err());
}
