//! Internal rates of return of many paths with evenly spaced flows: a polynomial's root in the discount
//! factor of a step. Rates of dated flows are `finance::returns`'.

/// How finely rates are searched.
const PLACES: usize = 64;

/// The yearly rate, from −99 % to 1,000 %, at which flows, the first now and one a step of `dt` years, are
/// worth nothing together. Nothing where there is none, or more than one.
pub(crate) fn rate(flows: &[f64], dt: f64) -> Option<f64> {
    let value = |factor: f64| flows.iter().rev().fold(0.0, |sum, flow| flow + factor * sum);
    let (first, last) = (power(11.0, -dt), power(0.01, -dt));
    let step = power(last / first, 1.0 / PLACES as f64);
    let places = std::iter::successors(Some(first), |factor| Some(factor * step)).take(PLACES + 1);
    let signs: Vec<(f64, bool)> = places.map(|factor| (factor, value(factor) > 0.0)).collect();
    let mut changes = signs.windows(2).filter(|pair| pair[0].1 != pair[1].1);
    let (Some([(low, sign), (high, _)]), None) = (changes.next(), changes.next()) else { return None };
    let (mut low, mut high) = (*low, *high);
    for _ in 0..40 {
        let middle = (low * high).sqrt();
        if (value(middle) > 0.0) == *sign {
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
        // Worth nothing at 0 % and at 100 %.
        assert_eq!(rate(&[-1.0, 3.0, -2.0], 1.0), None);
        // Several changes of sign, and still one rate.
        let odd = 1.0 / (1.0 + rate(&[-100.0, 60.0, -10.0, 80.0], 1.0).unwrap());
        assert!((-100.0 + odd * (60.0 + odd * (-10.0 + odd * 80.0))).abs() < 1e-9);
    }
}
