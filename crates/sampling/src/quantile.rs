//! The quantile of numbers one has kept.

/// The number that a share `p` of `numbers` is at most, interpolated between the two next to it, as NumPy
/// does by default. Reorders them; no number when there are none.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rank lies from nothing to a count of numbers in memory"
)]
pub fn quantile(numbers: &mut [f64], p: f64) -> f64 {
    let Some(last) = numbers.len().checked_sub(1) else { return f64::NAN };
    let rank = p.clamp(0.0, 1.0) * last as f64;
    let whole = rank as usize;
    let (_, low, above) = numbers.select_nth_unstable_by(whole, f64::total_cmp);
    let low = *low;
    let high = above.iter().copied().min_by(f64::total_cmp).unwrap_or(low);
    low + (high - low) * (rank - whole as f64)
}
