//! Correlated factors from independent ones, by Cholesky's decomposition.

use crate::error::Error;
use crate::lanes::Lanes;
use crate::paths::GROUPS;
use crate::row::Row;
use crate::vector::Vector;
use crate::wide::Wide;

/// A correlation matrix, decomposed.
#[derive(Debug, Clone, PartialEq)]
pub struct Correlation {
    factors: usize,
    /// Row by row, up to the diagonal.
    lower: Vec<f64>,
}

impl Correlation {
    /// Factors that have nothing to do with each other.
    #[must_use]
    pub fn independent(factors: usize) -> Self {
        let row = |row: usize| (0..=row).map(move |column| f64::from(u8::from(row == column)));
        Self { factors, lower: (0..factors).flat_map(row).collect() }
    }

    /// Decomposes a matrix.
    ///
    /// # Errors
    /// When it is not square or not symmetric, has a diagonal other than one or a number beyond one, or is
    /// not positive definite: then the error names the first factor that contradicts the ones before.
    pub fn new(matrix: &[Vec<f64>]) -> Result<Self, Error> {
        check(matrix)?;
        let factors = matrix.len();
        let mut rows: Vec<Vec<f64>> = Vec::with_capacity(factors);
        for (at, line) in matrix.iter().enumerate() {
            let mut row: Vec<f64> = Vec::with_capacity(at + 1);
            for (column, above) in rows.iter().enumerate() {
                let known: f64 = above.iter().zip(&row).take(column).map(|(a, b)| a * b).sum();
                row.push((line[column] - known) / above[column]);
            }
            let left = 1.0 - row.iter().map(|x| x * x).sum::<f64>();
            if left <= 1e-12 {
                return Err(Error::NotPositiveDefinite { factor: at + 1, left });
            }
            row.push(left.sqrt());
            rows.push(row);
        }
        Ok(Self { factors, lower: rows.concat() })
    }

    /// How many factors there are.
    #[must_use]
    pub fn factors(&self) -> usize {
        self.factors
    }

    /// Row `factor` of the lower triangle, up to the diagonal.
    #[inline(always)]
    #[must_use]
    pub fn row(&self, factor: usize) -> &[f64] {
        let start = factor * (factor + 1) / 2;
        &self.lower[start..=start + factor]
    }

    /// Correlates independent numbers of many paths, one line a factor, in place.
    #[inline(always)]
    pub(crate) fn correlate<V: Wide>(&self, numbers: &mut [[Lanes; GROUPS]]) {
        for factor in (0..self.factors).rev() {
            let mut sum = Row::<V, GROUPS>::splat(0.0);
            for (weight, number) in self.row(factor).iter().zip(&*numbers) {
                sum = Row::load(number).mul_add(Row::splat(*weight), sum);
            }
            sum.store(&mut numbers[factor]);
        }
    }

    /// Correlates independent numbers, one a factor, in place.
    pub fn apply(&self, numbers: &mut [f64]) {
        for factor in (0..self.factors.min(numbers.len())).rev() {
            let parts = self.row(factor).iter().zip(&*numbers);
            numbers[factor] = parts.fold(0.0, |sum, (weight, number)| weight.mul_add(*number, sum));
        }
    }
}

fn check(matrix: &[Vec<f64>]) -> Result<(), Error> {
    let wanted = matrix.len();
    for (row, line) in matrix.iter().enumerate() {
        if line.len() != wanted {
            return Err(Error::Shape { row: row + 1, found: line.len(), wanted });
        }
    }
    for (row, line) in matrix.iter().enumerate() {
        for (column, value) in line.iter().enumerate() {
            let why = match () {
                () if row == column && *value != 1.0 => "a factor's correlation with itself is 1",
                () if !(-1.0..=1.0).contains(value) => "it must lie from -1 to 1",
                () if *value != matrix[column][row] => "it must be the same both ways",
                () => continue,
            };
            return Err(Error::Entry { row: row + 1, column: column + 1, value: *value, why });
        }
    }
    Ok(())
}
