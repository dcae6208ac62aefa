//! Internal rates of return of many paths with evenly spaced flows: a polynomial's root in the discount
//! factor of a step. Rates of dated flows are `finance::returns`'.

/// The yearly rate at which flows, the first now and one a step of `dt` years, are worth nothing together.
/// Nothing when they do not change sign, or change it more than once and so have no one answer.
pub(crate) fn rate(flows: &[f64], dt: f64) -> Option<f64> {
    let signs = flows.iter().filter(|flow| **flow != 0.0).map(|flow| *flow > 0.0);
    let changes = signs.clone().zip(signs.skip(1)).filter(|(before, after)| before != after).count();
    if changes != 1 {
        return None;
    }
    let value = |factor: f64| flows.iter().rev().fold(0.0, |sum, flow| flow + factor * sum);
    // From a yearly rate of 1,000 % to one of −99.9 %.
    let (mut low, mut high) = (power(11.0, -dt), power(0.001, -dt));
    let (first, last) = (value(low), value(high));
    if (first > 0.0) == (last > 0.0) {
        return None;
    }
    for _ in 0..80 {
        let middle = (low * high).sqrt();
        if (value(middle) > 0.0) == (first > 0.0) {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(power((low * high).sqrt(), -1.0 / dt) - 1.0)
}

fn power(base: f64, exponent: f64) -> f64 {
    sampling::exp(sampling::ln(base) * exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loan_has_its_rate_and_odd_flows_have_none() {
        let monthly = power(1.08, 1.0 / 12.0) - 1.0;
        let payment = 100.0 * monthly / (1.0 - power(1.0 + monthly, -24.0));
        let mut flows = vec![-100.0];
        flows.extend([payment; 24]);
        assert!((rate(&flows, 1.0 / 12.0).unwrap() - 0.08).abs() < 1e-9);
        assert_eq!(rate(&[1.0, 2.0], 1.0), None);
        assert_eq!(rate(&[-1.0, 3.0, -2.0], 1.0), None);
    }
}
