//! Observations of metrics as known at one moment, which is moved forward: corrections take the place of what they
//! correct, and of two levels at one moment the later known holds.

use super::needs::{Needs, Slice};
use crate::fact::{Fact, Facts, LIST_SPEND, Line};
use crate::ratio::Ratio;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Included};
use std::rc::Rc;
use units::Timestamp;

/// One observation: which line it is, and its value in 10⁻¹².
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub place: usize,
    pub value: i128,
}

/// One metric's observations.
#[derive(Debug, Clone, Default)]
pub(super) struct Series {
    flow: bool,
    at: BTreeMap<Timestamp, Vec<Seen>>,
    /// By moment, the sum of all until then; from `stale` on behind. Nothing where a sum does not fit.
    sums: Vec<(Timestamp, Option<i128>)>,
    stale: Option<Timestamp>,
}

impl Series {
    fn put(&mut self, at: Timestamp, seen: Seen) {
        let moment = self.at.entry(at).or_default();
        moment.push(seen);
        if self.stale.is_some() || self.sums.last().is_some_and(|(last, _)| *last > at) {
            return self.outdate(at);
        }
        // Facts mostly come in the order they were so: then only the last sum is touched.
        let here = match self.sums.pop_if(|(last, _)| *last == at) {
            Some((_, sum)) if self.flow => sum.and_then(|sum| sum.checked_add(seen.value)),
            _ => {
                let before = self.sums.last().map_or(Some(0), |(_, sum)| *sum);
                before.zip(value(moment, self.flow)).and_then(|(sum, value)| sum.checked_add(value))
            }
        };
        self.sums.push((at, here));
    }

    fn take(&mut self, at: Timestamp, place: usize) {
        if let Some(seen) = self.at.get_mut(&at) {
            seen.retain(|seen| seen.place != place);
            if seen.is_empty() {
                self.at.remove(&at);
            }
            self.outdate(at);
        }
    }

    /// Sums from `at` on are no longer right.
    fn outdate(&mut self, at: Timestamp) {
        self.stale = Some(self.stale.map_or(at, |stale| stale.min(at)));
    }

    fn settle(&mut self) {
        let Some(from) = self.stale.take() else { return };
        self.sums.truncate(self.sums.partition_point(|(at, _)| *at < from));
        let mut sum = self.sums.last().map_or(Some(0), |(_, sum)| *sum);
        for (at, seen) in self.at.range(from..) {
            sum = sum.zip(value(seen, self.flow)).and_then(|(sum, value)| sum.checked_add(value));
            self.sums.push((*at, sum));
        }
    }

    /// The last moment with an observation after `after` and no later than `until`, and its value.
    pub fn latest(&self, after: Timestamp, until: Timestamp) -> Option<(Timestamp, Ratio)> {
        if after >= until {
            return None;
        }
        let (at, seen) = self.at.range((Excluded(after), Included(until))).next_back()?;
        Some((*at, number(value(seen, self.flow)?)))
    }

    /// The sum after `after` and no later than `until`; nothing when nothing is known.
    pub fn sum(&self, after: Timestamp, until: Timestamp) -> Option<Ratio> {
        if self.sums.is_empty() {
            return None;
        }
        self.total(after, until).map(number)
    }

    /// The sum after `after` and no later than `until`, in 10⁻¹²; zero when there is nothing, and nothing when it
    /// does not fit.
    pub fn total(&self, after: Timestamp, until: Timestamp) -> Option<i128> {
        let until_then = |moment: Timestamp| {
            let count = self.sums.partition_point(|(at, _)| *at <= moment);
            count.checked_sub(1).map_or(Some(0), |last| self.sums[last].1)
        };
        until_then(until.max(after))?.checked_sub(until_then(after)?)
    }

    /// The first moment of all, no later than `until`.
    pub fn first(&self, until: Timestamp) -> Option<Timestamp> {
        self.at.keys().next().copied().filter(|first| *first <= until)
    }

    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        self.at.range((Excluded(after), std::ops::Bound::Unbounded)).next().map(|(at, _)| *at)
    }

    /// The lines read between two moments, both included: of levels the one that holds at each.
    pub fn read(&self, from: Timestamp, to: Timestamp) -> Vec<usize> {
        if from > to {
            return Vec::new();
        }
        let moments = self.at.range(from..=to).map(|(_, seen)| seen);
        let kept = moments.flat_map(|seen| if self.flow { &seen[..] } else { &seen[seen.len() - 1..] });
        kept.map(|seen| seen.place).collect()
    }

    /// All lines no later than `until`, the last first.
    pub fn backwards(&self, until: Timestamp) -> impl Iterator<Item = (Timestamp, Seen)> {
        self.at.range(..=until).rev().flat_map(|(at, seen)| seen.iter().rev().map(|seen| (*at, *seen)))
    }
}

/// What a metric is at a moment: of flows all together, of levels the one known last.
fn value(seen: &[Seen], flow: bool) -> Option<i128> {
    if flow {
        return seen.iter().try_fold(0_i128, |sum, seen| sum.checked_add(seen.value));
    }
    seen.last().map(|seen| seen.value)
}

fn number(pico: i128) -> Ratio {
    Ratio::new(pico, units::PICO_PER_UNIT)
}

/// Metrics that count list spend by weight, each with the weight of every line.
pub(super) type Measures<'a> = BTreeMap<&'a str, Rc<[Ratio]>>;

/// The series that something needs, as known at a moment.
#[derive(Debug, Clone)]
pub(super) struct Stock<'a> {
    facts: &'a Facts,
    series: BTreeMap<&'a str, Series>,
    /// Places of the lines to come, in the order they were put on record.
    coming: std::iter::Peekable<std::vec::IntoIter<usize>>,
    /// Metrics that count list spend by weight, each with the weight of every line.
    measures: Measures<'a>,
    /// Places of lines to come that are corrected already.
    gone: BTreeSet<usize>,
    /// Parts of list spend, each with the lines that belong to it.
    slices: BTreeMap<Slice<'a>, (Rc<[bool]>, Series)>,
}

impl<'a> Stock<'a> {
    /// Of all that is needed, with nothing known yet; `belongs` says of which slice a line of spend is.
    pub fn new(
        facts: &'a Facts,
        needs: Needs<'a>,
        measures: &Measures<'a>,
        belongs: impl Fn(&Slice<'a>, usize, &Fact) -> bool,
    ) -> Self {
        let flow = |flow: bool| Series { flow, ..Series::default() };
        let series: BTreeMap<&str, Series> =
            needs.metrics.iter().map(|(name, adds)| (*name, flow(*adds))).collect();
        let measured = measures.keys().any(|name| series.contains_key(name));
        let places = facts.lines().iter().enumerate().filter(|(_, known)| {
            let wanted = |fact: &Fact| {
                series.contains_key(fact.metric.as_str()) || (measured && fact.metric == LIST_SPEND)
            };
            known.fact().is_some_and(wanted)
        });
        let places: Vec<usize> = places.map(|(place, _)| place).collect();
        let slices = needs.slices.into_iter().map(|slice| {
            let lines = facts.lines().iter().enumerate().map(|(place, known)| {
                let spend = known.fact().filter(|fact| fact.metric == LIST_SPEND);
                spend.is_some_and(|fact| belongs(&slice, place, fact))
            });
            let lines: Rc<[bool]> = lines.collect();
            (slice, (lines, flow(true)))
        });
        Self {
            facts,
            series,
            coming: places.into_iter().peekable(),
            measures: measures.clone(),
            gone: BTreeSet::new(),
            slices: slices.collect(),
        }
    }

    /// When the next line was put on record.
    pub fn next_record(&mut self) -> Option<Timestamp> {
        let place = *self.coming.peek()?;
        Some(self.facts.lines()[place].entry.line.recorded_at())
    }

    /// Learns all that was put on record until `known`; gives the earliest moment that anything changed at.
    pub fn learn(&mut self, known: Timestamp) -> Option<Timestamp> {
        let mut earliest: Option<Timestamp> = None;
        while self.next_record().is_some_and(|recorded| recorded <= known) {
            let Some(place) = self.coming.next() else { break };
            let changed = self.add(place);
            earliest = Some(earliest.map_or(changed, |earliest| earliest.min(changed)));
        }
        let slices = self.slices.values_mut().map(|(_, series)| series);
        self.series.values_mut().chain(slices).for_each(Series::settle);
        earliest
    }

    fn add(&mut self, place: usize) -> Timestamp {
        let known = &self.facts.lines()[place];
        let Some(fact) = known.fact() else { return Timestamp::from_micros(i64::MAX) };
        let mut changed = fact.effective_at;
        let old = fact.replaces.as_deref().and_then(|id| self.facts.place_of(id));
        if let Some(old) = old
            && let Line::Fact(before) = &self.facts.lines()[old].entry.line
        {
            changed = changed.min(before.effective_at);
            for name in self.series_of(before) {
                self.edit(name, |series| series.take(before.effective_at, old));
            }
            self.slices_of(old).for_each(|series| series.take(before.effective_at, old));
            // Of lines put on record together, a correction may come before what it corrects.
            if old > place {
                self.gone.insert(old);
            }
        }
        if self.gone.contains(&place) {
            return changed;
        }
        let (at, value) = (fact.effective_at, known.value.pico());
        for name in self.series_of(fact) {
            let counted = match self.measures.get(name).and_then(|weights| weights.get(place)) {
                Some(weight) => (Ratio::whole(value) * *weight).round_half_even(),
                None => Some(value),
            };
            if let Some(value) = counted {
                self.edit(name, |series| series.put(at, Seen { place, value }));
            }
        }
        self.slices_of(place).for_each(|series| series.put(at, Seen { place, value }));
        changed
    }

    /// The slices that a line belongs to.
    fn slices_of(&mut self, place: usize) -> impl Iterator<Item = &mut Series> {
        let belongs = move |lines: &[bool]| lines.get(place).copied().unwrap_or(false);
        self.slices.values_mut().filter_map(move |(lines, series)| belongs(lines).then_some(series))
    }

    /// The series that a fact belongs to.
    fn series_of(&self, fact: &'a Fact) -> Vec<&'a str> {
        let measures = self.measures.keys().copied().filter(|_| fact.metric == LIST_SPEND);
        measures.chain([fact.metric.as_str()]).collect()
    }

    fn edit(&mut self, name: &str, change: impl FnOnce(&mut Series)) {
        if let Some(series) = self.series.get_mut(name) {
            change(series);
        }
    }

    pub fn series(&self, metric: &str) -> Option<&Series> {
        self.series.get(metric)
    }

    pub fn slice<'s>(&'s self, slice: &Slice<'s>) -> Option<&'s Series> {
        self.slices.get(slice).map(|(_, series)| series)
    }

    pub const fn facts(&self) -> &'a Facts {
        self.facts
    }
}

/// The lines of a metric that stand at `known`: counting, on record by then, and not corrected by then.
pub(super) fn standing<'a>(facts: &'a Facts, metric: &str, known: Timestamp) -> Vec<(usize, &'a Fact)> {
    let lines = facts.lines().iter().take_while(|line| line.entry.line.recorded_at() <= known).enumerate();
    let facts_of =
        lines.filter_map(|(place, line)| Some((place, line.fact().filter(|fact| fact.metric == metric)?)));
    let mut counting: Vec<(usize, &Fact)> = facts_of.collect();
    let corrected = counting.iter().filter_map(|(_, fact)| facts.place_of(fact.replaces.as_deref()?));
    let corrected: BTreeSet<usize> = corrected.collect();
    counting.retain(|(place, _)| !corrected.contains(place));
    counting
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever comes and goes in whatever order, a sum is the sum.
        #[test]
        fn sums_are_kept(flow: bool, steps in prop::collection::vec((0_i64..20, -50_i128..50, any::<bool>()), 0..40), after in -1_i64..20, until in 0_i64..21) {
            let mut series = Series { flow, ..Series::default() };
            let mut left: Vec<(i64, Seen)> = Vec::new();
            for (place, (at, value, take)) in steps.into_iter().enumerate() {
                if take && !left.is_empty() {
                    let (at, seen) = left.remove(place % left.len());
                    series.take(Timestamp::from_seconds(at), seen.place);
                } else {
                    let seen = Seen { place, value };
                    series.put(Timestamp::from_seconds(at), seen);
                    left.push((at, seen));
                }
                if place % 3 == 0 {
                    series.settle();
                }
            }
            series.settle();
            let mut last: BTreeMap<i64, i128> = BTreeMap::new();
            for (at, seen) in left.iter().filter(|(at, _)| *at > after && *at <= until) {
                let sum = last.entry(*at).or_insert(0);
                *sum = if flow { *sum + seen.value } else { seen.value };
            }
            let expected = (!left.is_empty()).then(|| number(last.values().sum()));
            let moments = (Timestamp::from_seconds(after), Timestamp::from_seconds(until));
            prop_assert_eq!(series.sum(moments.0, moments.1), if after > until { expected.map(|_| Ratio::ZERO) } else { expected });
        }
    }
}
