//! What a condition is true of: facts as known at one time, whoever holds them.

use crate::number::Number;
use crate::predicate::calendar::next_midnight;
use crate::predicate::proof::Read;
use crate::predicate::state::{State, Stream};
use crate::predicate::vocabulary::Metric;
use crate::ratio::Ratio;
use units::Timestamp;

/// An observation: what a metric was, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation<N> {
    /// When it was so.
    pub effective_at: Timestamp,
    /// What it was: money in whole units of currency, power in gigawatts, yes as one and no as zero.
    pub value: N,
}

/// Facts as known at one time. Restated facts are gone from it; of two at one moment the later known holds.
/// Where several cases lie side by side, the moments are the same in all; a case without a value has none
/// that compares (`NaN`), and is unknown.
pub trait World<N: Number> {
    /// The last observation of a metric effective after `after` and no later than `until`.
    fn latest(&self, metric: &Metric, after: Timestamp, until: Timestamp) -> Option<Observation<N>>;

    /// The sum of the facts of a metric effective after `after` and no later than `until`; zero when there are
    /// none though the metric is known, nothing when it is not known at all.
    fn sum(&self, metric: &Metric, after: Timestamp, until: Timestamp) -> Option<N>;

    /// The first moment after `after` at which a fact of the metric is effective.
    fn next(&self, metric: &Metric, after: Timestamp) -> Option<Timestamp>;

    /// The answer to a question about the deal's own state, as [`State`] says; nothing when it is not known.
    fn state(&self, _state: &State, _at: Timestamp) -> Option<N> {
        None
    }

    /// The first moment after `after` at which that answer may change; each midnight when not known better.
    fn next_state(&self, _state: &State, after: Timestamp) -> Option<Timestamp> {
        next_midnight(after)
    }

    /// The facts that answer was made from, for a proof.
    fn state_reads(&self, _state: &State, _at: Timestamp) -> Vec<Read> {
        Vec::new()
    }

    /// What a stream of amounts is worth at `at`, discounted at an annual rate:
    /// [`present_value`](crate::predicate::present_value) does it.
    fn present_value(&self, _stream: Stream, _rate: Ratio, _at: Timestamp) -> Option<N> {
        None
    }
}
