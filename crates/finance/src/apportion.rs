//! A rounded total split over lines so that the parts add up to it.

use contract::Ratio;

/// Splits `total` (a count of the smallest unit, such as cents) over `weights` by largest remainder; what ties
/// goes to the earlier line. The parts add up to the total exactly. Nothing when the weights add up to nothing,
/// one is negative, or a product does not fit.
pub fn largest_remainder(total: i128, weights: &[i128]) -> Option<Vec<i128>> {
    let (mut parts, remainders) = floors(total, weights)?;
    let mut order: Vec<usize> = (0..parts.len()).collect();
    // Stable, so that lines with equal remainders stay in order.
    order.sort_by(|a, b| remainders[*b].partial_cmp(&remainders[*a]).unwrap_or(std::cmp::Ordering::Equal));
    hand_out(total, &mut parts, order.into_iter())?;
    Some(parts)
}

/// As [`largest_remainder`], but what is left goes to the first lines, as Numscript does: for comparison with
/// books that were kept so.
pub fn positional(total: i128, weights: &[i128]) -> Option<Vec<i128>> {
    let (mut parts, _) = floors(total, weights)?;
    let order = 0..parts.len();
    hand_out(total, &mut parts, order)?;
    Some(parts)
}

/// Each line's share rounded down, and what was cut off.
fn floors(total: i128, weights: &[i128]) -> Option<(Vec<i128>, Vec<Ratio>)> {
    if total < 0 || weights.iter().any(|weight| *weight < 0) {
        return None;
    }
    let whole = weights.iter().try_fold(0_i128, |sum, weight| sum.checked_add(*weight))?;
    if whole == 0 {
        return None;
    }
    let shares = weights.iter().map(|weight| {
        let product = total.checked_mul(*weight)?;
        let (floor, rest) = (product.checked_div(whole)?, product.checked_rem(whole)?);
        Some((floor, Ratio::new(rest, whole)))
    });
    shares.collect::<Option<Vec<_>>>().map(|shares| shares.into_iter().unzip())
}

fn hand_out(total: i128, parts: &mut [i128], order: impl Iterator<Item = usize>) -> Option<()> {
    let left = usize::try_from(total - parts.iter().sum::<i128>()).ok()?;
    for place in order.take(left) {
        parts[place] += 1;
    }
    Some(())
}
