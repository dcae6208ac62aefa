//! Returns: net present value, internal rate, multiples, payback.
//!
//! Time is counted in days over 365 from a stated day. Net present value and the internal rate need powers and
//! a root, so they are `f64`; multiples and payback are exact in whatever number they are given.

use contract::{Day, Number, Ratio};

/// The internal rate is looked for above this.
pub const RATE_MIN: f64 = -0.999;
/// The internal rate is looked for below this.
pub const RATE_MAX: f64 = 10.0;
/// Steps of ln(1 + rate) that the range is searched in when there may be several roots.
const STEPS: u32 = 2048;

/// Money on a day: received when positive, paid when negative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flow<N> {
    /// When.
    pub day: Day,
    /// How much, in any one unit of money.
    pub amount: N,
}

impl Flow<Ratio> {
    /// The same in floating point, for what needs roots and powers.
    pub fn to_f64(self) -> Flow<f64> {
        Flow { day: self.day, amount: self.amount.to_f64() }
    }
}

/// Net present value on day `from`: Σ amount × (1 + rate)^(−days ÷ 365). Not a number when the rate is −100 %
/// or below.
pub fn npv(rate: f64, from: Day, flows: &[Flow<f64>]) -> f64 {
    present(rate.ln_1p(), &timed(from, flows))
}

/// The internal rates of return of dated flows (XIRR).
#[derive(Debug, Clone, PartialEq)]
pub struct InternalRate {
    /// Every rate between [`RATE_MIN`] and [`RATE_MAX`] at which the net present value crosses nothing, rising.
    /// There are never more than there are changes of sign.
    pub roots: Vec<f64>,
    /// The days on which the flows, netted by day, change their sign.
    pub sign_changes: Vec<Day>,
    /// The modified rate, financed and reinvested at the party's own rate, where the sign changes more than once
    /// and a single internal rate may mislead.
    pub modified: Option<f64>,
}

impl InternalRate {
    /// The internal rate, where there is exactly one.
    pub fn rate(&self) -> Option<f64> {
        match self.roots.as_slice() {
            [rate] => Some(*rate),
            _ => None,
        }
    }
}

/// All internal rates of `flows`; `own_rate` is what the party finances and reinvests at.
pub fn xirr(flows: &[Flow<f64>], own_rate: f64) -> InternalRate {
    let netted = netted(flows);
    let sign_changes = sign_changes(&netted);
    let modified = (sign_changes.len() > 1).then(|| mirr(flows, own_rate, own_rate)).flatten();
    let roots = netted.first().map_or_else(Vec::new, |first| {
        let timed = timed(first.day, &netted);
        // One change of sign has one root at most (Descartes), so that the range need not be searched in steps.
        roots(&timed, if sign_changes.len() > 1 { STEPS } else { 1 })
    });
    InternalRate { roots, sign_changes, modified }
}

/// The modified internal rate: what is paid is financed at one rate, what is received reinvested at another.
/// Nothing when either side is missing or no time passes.
pub fn mirr(flows: &[Flow<f64>], finance_rate: f64, reinvest_rate: f64) -> Option<f64> {
    let netted = netted(flows);
    let (first, last) = (netted.first()?.day, netted.last()?.day);
    let years = years(first, last);
    let side = |paid: bool| {
        let flows = netted.iter().copied().filter(|flow| (flow.amount < 0.0) == paid);
        flows.collect::<Vec<_>>()
    };
    let paid = -npv(finance_rate, first, &side(true));
    let received = npv(reinvest_rate, last, &side(false));
    (paid > 0.0 && received > 0.0 && years > 0.0).then(|| (received / paid).powf(1.0 / years) - 1.0)
}

fn years(from: Day, to: Day) -> f64 {
    f64::from(from.days_until(to)) / 365.0
}

fn timed(from: Day, flows: &[Flow<f64>]) -> Vec<(f64, f64)> {
    flows.iter().map(|flow| (years(from, flow.day), flow.amount)).collect()
}

/// With the rate as ln(1 + rate), which makes each power an exponential.
fn present(log_rate: f64, timed: &[(f64, f64)]) -> f64 {
    timed.iter().map(|(years, amount)| amount * (-log_rate * years).exp()).sum()
}

/// One flow a day, in order, none of them nothing.
fn netted(flows: &[Flow<f64>]) -> Vec<Flow<f64>> {
    let mut sorted = flows.to_vec();
    sorted.sort_by_key(|flow| flow.day);
    let mut days: Vec<Flow<f64>> = Vec::with_capacity(sorted.len());
    for flow in sorted {
        match days.last_mut() {
            Some(last) if last.day == flow.day => last.amount += flow.amount,
            _ => days.push(flow),
        }
    }
    days.retain(|flow| flow.amount != 0.0);
    days
}

fn sign_changes(netted: &[Flow<f64>]) -> Vec<Day> {
    let pairs = netted.iter().zip(netted.iter().skip(1));
    pairs
        .filter(|(before, after)| (before.amount < 0.0) != (after.amount < 0.0))
        .map(|(_, after)| after.day)
        .collect()
}

fn roots(timed: &[(f64, f64)], steps: u32) -> Vec<f64> {
    let (low, high) = (RATE_MIN.ln_1p(), RATE_MAX.ln_1p());
    let at = |step: u32| low + (high - low) * f64::from(step) / f64::from(steps);
    let mut found = Vec::new();
    for step in 0..steps {
        let (from, to) = (at(step), at(step + 1));
        // An end that is a root itself belongs to the step it ends.
        if present(from, timed) * present(to, timed) < 0.0 || present(to, timed) == 0.0 {
            found.push(bisect(timed, from, to).exp_m1());
        }
    }
    found
}

/// The place between `low` and `high` where the sign changes, to the last bit that halving can tell.
fn bisect(timed: &[(f64, f64)], mut low: f64, mut high: f64) -> f64 {
    let rising = present(low, timed) < 0.0;
    loop {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            return high;
        }
        if (present(middle, timed) < 0.0) == rising {
            low = middle;
        } else {
            high = middle;
        }
    }
}

/// What came back for what was paid in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Multiples<N> {
    /// Multiple of invested capital: (distributions + net asset value) ÷ paid in. The same as `tvpi`, under the
    /// name that single deals use.
    pub moic: N,
    /// Distributions ÷ paid in.
    pub dpi: N,
    /// Net asset value ÷ paid in.
    pub rvpi: N,
    /// `dpi` + `rvpi`.
    pub tvpi: N,
}

/// The multiples. For a vendor that invests in its customer the distributions are its contribution margin on the
/// committed revenue; the equity stands apart as net asset value.
pub fn multiples<N: Number>(paid_in: N, distributions: N, net_asset_value: N) -> Multiples<N> {
    let (dpi, rvpi) = (distributions / paid_in, net_asset_value / paid_in);
    let tvpi = dpi + rvpi;
    Multiples { moic: tvpi, dpi, rvpi, tvpi }
}

/// The first day at whose end everything so far adds up to nothing or more.
pub fn payback<N: Number<Mask = bool>>(flows: &[Flow<N>]) -> Option<Day> {
    let mut sorted = flows.to_vec();
    sorted.sort_by_key(|flow| flow.day);
    let mut so_far = N::of(Ratio::ZERO);
    for (place, flow) in sorted.iter().enumerate() {
        so_far = so_far + flow.amount;
        let day_ends = sorted.get(place + 1).is_none_or(|next| next.day != flow.day);
        if day_ends && N::of(Ratio::ZERO).at_most(so_far) {
            return Some(flow.day);
        }
    }
    None
}

/// As [`payback`], each flow discounted to the first at `rate` before it counts.
pub fn discounted_payback(rate: f64, flows: &[Flow<f64>]) -> Option<Day> {
    let first = flows.iter().map(|flow| flow.day).min()?;
    let discounted = |flow: &Flow<f64>| Flow { day: flow.day, amount: npv(rate, first, &[*flow]) };
    payback(&flows.iter().map(discounted).collect::<Vec<_>>())
}
