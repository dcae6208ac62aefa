//! The world that a path's conditions are true of: metrics at the end of each step so far, and the deal's own
//! state. Facts from before the simulation are in it too, the same on every path.

use crate::number::Many;
use crate::plan::Plan;
use contract::Number as _;
use contract::predicate::{Metric, Observation, State, World};
use sampling::{GROUPS, Lanes};
use units::Timestamp;

/// The paths of a block up to the end of a step.
pub(crate) struct Path<'a> {
    pub plan: &'a Plan,
    /// By step and metric: its value at the end of it; for flows what came in it.
    pub metrics: &'a [[Lanes; GROUPS]],
    /// The last step that is over.
    pub step: usize,
    /// By tranche: one where it is released, else nothing.
    pub released: &'a [[Lanes; GROUPS]],
    /// Drawn down so far, by commitment.
    pub drawn: &'a [[Lanes; GROUPS]],
    /// Days by which capacity is late.
    pub late: [Lanes; GROUPS],
}

impl Path<'_> {
    fn place(&self, metric: &Metric) -> Option<usize> {
        self.plan.metrics.iter().position(|plan| plan.slot == metric.slot)
    }

    fn at(&self, step: usize, metric: usize) -> Many {
        Many(self.metrics[step * self.plan.metrics.len() + metric])
    }

    /// The simulated steps that are over and whose end lies after one moment and no later than another.
    fn steps(&self, after: Timestamp, until: Timestamp) -> std::ops::Range<usize> {
        let (moments, first) = (&self.plan.time.moments, self.plan.now);
        let mut to = (self.step + 1).max(first);
        while to > first && moments[to - 1] > until {
            to -= 1;
        }
        let mut from = to;
        while from > first && moments[from - 1] > after {
            from -= 1;
        }
        from..to
    }
}

impl World<Many> for Path<'_> {
    fn latest(&self, metric: &Metric, after: Timestamp, until: Timestamp) -> Option<Observation<Many>> {
        let place = self.place(metric)?;
        let (moments, first) = (&self.plan.time.moments, self.plan.now);
        let mut step = self.step + 1;
        while step > first && moments[step - 1] > until {
            step -= 1;
        }
        if step > first {
            let effective_at = moments[step - 1];
            let value = self.at(step - 1, place);
            return (effective_at > after).then_some(Observation { effective_at, value });
        }
        let history = &self.plan.metrics[place].history;
        let (effective_at, value) = history.iter().rev().find(|(at, _)| *at > after && *at <= until)?;
        Some(Observation { effective_at: *effective_at, value: Many::splat(*value) })
    }

    fn sum(&self, metric: &Metric, after: Timestamp, until: Timestamp) -> Option<Many> {
        let place = self.place(metric)?;
        let history = self.plan.metrics[place].history.iter();
        let before: f64 = history.filter(|(at, _)| *at > after && *at <= until).map(|(_, value)| value).sum();
        let steps = self.steps(after, until);
        Some(steps.fold(Many::splat(before), |sum, step| sum + self.at(step, place)))
    }

    fn next(&self, metric: &Metric, after: Timestamp) -> Option<Timestamp> {
        let place = self.place(metric)?;
        let history = self.plan.metrics[place].history.iter().map(|(at, _)| *at);
        let simulated = self.plan.time.moments.get(self.plan.now..=self.step).unwrap_or(&[]);
        let first = simulated.partition_point(|at| *at <= after);
        history.chain(simulated.get(first).copied()).find(|at| *at > after)
    }

    fn state(&self, state: &State, _at: Timestamp) -> Option<Many> {
        match state {
            State::Released(id) | State::Met(id) => {
                let mut parts =
                    self.plan.tranches.iter().zip(self.released).filter(|(plan, _)| plan.of == *id);
                let first = Many(*parts.next()?.1);
                Some(parts.fold(first, |all, (_, part)| all.least(Many(*part))))
            }
            State::Drawn(None) => {
                Some(self.drawn.iter().fold(Many::splat(0.0), |sum, drawn| sum + Many(*drawn)))
            }
            State::Drawn(Some(id)) => {
                let place = self.plan.commitments.iter().position(|commitment| commitment.id == *id)?;
                Some(Many(self.drawn[place]))
            }
            State::CapacityLate(_) => Some(Many(self.late)),
            // Parties are taken to perform; a scenario in which they do not is another deal.
            State::InDefault(_)
            | State::Sanctions
            | State::ForceMajeure
            | State::ChangeOfControl(_)
            | State::PaymentDefault
            | State::ResidencyBreach => Some(Many::splat(0.0)),
            _ => None,
        }
    }

    fn next_state(&self, _state: &State, after: Timestamp) -> Option<Timestamp> {
        let moments = self.plan.time.moments.get(self.plan.now..=self.step).unwrap_or(&[]);
        moments.get(moments.partition_point(|at| *at <= after)).copied()
    }
}
