//! What conditions are asked of: a deal's facts as known at one moment, and its own state at any before.

use super::Context;
use super::capacity;
use super::needs::{Calls, Slice};
use super::series::{Series, Stock};
use super::spend::remaining;
use super::trace::just_before;
use crate::advance::{Position, YearPosition};
use crate::day::Day;
use crate::deal::Deal;
use crate::error::Error;
use crate::fact::{Facts, LIST_SPEND, Line};
use crate::predicate::{
    Condition, Covenant, Metric, Observation, Read, State, Stream, Window, World, present_value,
};
use crate::ratio::Ratio;
use crate::settle::{YearSettlement, settle};
use units::{Money, MoneyError, PICO_PER_UNIT, Timestamp};

/// The first moment there is.
pub(super) const EVER: Timestamp = Timestamp::from_micros(i64::MIN);
const DAY: i64 = 86_400;

/// A deal seen from one moment of knowledge.
#[derive(Clone, Copy)]
pub(super) struct Sight<'s, 'a> {
    pub context: &'s Context<'a>,
    pub stock: &'s Stock<'a>,
    /// The version of the deal whose clauses are asked about.
    pub deal: &'a Deal,
}

impl World<Ratio> for Sight<'_, '_> {
    fn latest(&self, metric: &Metric, after: Timestamp, until: Timestamp) -> Option<Observation<Ratio>> {
        let (effective_at, value) = self.stock.series(&metric.name)?.latest(after, until)?;
        Some(Observation { effective_at, value })
    }

    fn sum(&self, metric: &Metric, after: Timestamp, until: Timestamp) -> Option<Ratio> {
        self.stock.series(&metric.name)?.sum(after, until)
    }

    fn next(&self, metric: &Metric, after: Timestamp) -> Option<Timestamp> {
        self.stock.series(&metric.name)?.next(after)
    }

    fn state(&self, state: &State, at: Timestamp) -> Option<Ratio> {
        match state {
            State::InDefault(party) => Some(self.notice("in_default", Some(party), at)),
            State::Sanctions => Some(self.notice("sanctions", None, at)),
            State::ForceMajeure => Some(self.notice("force_majeure", None, at)),
            State::ExportControl => Some(self.notice("export_control", None, at)),
            State::ChangeOfControl(party) => Some(self.notice("change_of_control", Some(party), at)),
            State::Released(id) => {
                Some(truth(self.context.deeds.get(id.as_str()).and_then(|deed| deed.released), at))
            }
            State::Met(id) => Some(truth(self.context.deeds.get(id.as_str()).and_then(|deed| deed.met), at)),
            State::PaymentDefault => Some(self.lasting("payment_default", at).unwrap_or(Ratio::ZERO)),
            State::CapacityLate(grant) => self.capacity_late(grant.as_deref(), at),
            State::ResidencyBreach => Some(self.residency_breach(at)),
            State::CovenantBreach(id) => {
                self.breach(id, at).map(|since| since.map_or(Ratio::ZERO, |since| days(since, at)))
            }
            State::Remaining(_) => self.total(|commitment| self.remaining(commitment, at)),
            State::ClawbackDiscounts => self.total(|commitment| self.discounts_given(commitment, at)),
            State::ClawbackCredits => self.total(|commitment| self.credits_given(commitment, at)),
            State::Drawn(id) => self.drawn(id.as_deref(), at),
            State::PortabilityTestedShare(window) => self.last("portability_tested_share", None, *window, at),
            State::SiliconShare(silicon, window) => self.share("silicon", silicon, *window, at),
            State::ProviderShare(provider, window) => self.share("provider", provider, *window, at),
        }
    }

    fn next_state(&self, state: &State, after: Timestamp) -> Option<Timestamp> {
        let midnight = || Some(Day::of(after).plus_days(1).start());
        let notice = |metric: &str| self.stock.series(metric).and_then(|series| series.next(after));
        match state {
            State::InDefault(_) => notice("in_default"),
            State::Sanctions => notice("sanctions"),
            State::ForceMajeure => notice("force_majeure"),
            State::ExportControl => notice("export_control"),
            State::ChangeOfControl(_) => notice("change_of_control"),
            State::Released(id) => self.context.deeds.get(id.as_str())?.released.filter(|at| *at > after),
            State::Met(id) => self.context.deeds.get(id.as_str())?.met.filter(|at| *at > after),
            _ => midnight(),
        }
    }

    fn state_reads(&self, state: &State, at: Timestamp) -> Vec<Read> {
        self.reads(state, at)
    }

    fn present_value(&self, stream: Stream, rate: Ratio, at: Timestamp) -> Option<Ratio> {
        let Stream::RemainingMinimums = stream;
        let mut due = Vec::new();
        for commitment in 0..self.context.spend.terms.len() {
            let years = self.years(commitment, at).ok()?;
            let open = years.iter().filter(|year| year.open);
            due.extend(open.map(|year| (year.to.start(), units_of(year.shortfall))));
        }
        let worth = present_value(due, rate, at);
        worth.is_some().then_some(worth)
    }
}

impl<'a> Sight<'_, 'a> {
    pub fn facts(&self) -> &'a Facts {
        self.stock.facts()
    }

    fn series(&self, metric: &str) -> Option<&Series> {
        self.stock.series(metric)
    }

    /// The last fact of a metric about a party (or about nobody in particular), and when it was so.
    fn about(
        &self,
        metric: &str,
        name: &str,
        whom: Option<&str>,
        at: Timestamp,
    ) -> Option<(Timestamp, Ratio)> {
        let mut found = self.series(metric)?.backwards(at);
        let (at, seen) = found.find(|(_, seen)| match &self.facts().lines()[seen.place].entry.line {
            Line::Fact(fact) => {
                whom.is_none() || fact.attributes.get(name).is_none_or(|who| Some(who.as_str()) == whom)
            }
            _ => false,
        })?;
        Some((at, Ratio::new(seen.value, PICO_PER_UNIT)))
    }

    /// Whether notice was given of something, and not taken back: silence means no.
    fn notice(&self, metric: &str, party: Option<&String>, at: Timestamp) -> Ratio {
        match self.about(metric, "party", party.map(String::as_str), at) {
            Some((_, value)) if value.is_positive() => Ratio::ONE,
            _ => Ratio::ZERO,
        }
    }

    /// Days that something has lasted: what the last fact says and the days since; none when it says none.
    fn lasting(&self, metric: &str, at: Timestamp) -> Option<Ratio> {
        let (since, value) = self.about(metric, "", None, at)?;
        Some(if value.is_positive() { value + days(since, at) } else { value })
    }

    /// The last fact of a share within a window.
    fn last(
        &self,
        metric: &str,
        about: Option<(&str, &str)>,
        window: Window,
        at: Timestamp,
    ) -> Option<Ratio> {
        let after = window.after(at, self.deal.period())?;
        let (name, whom) = about.map_or(("", None), |(name, whom)| (name, Some(whom)));
        let (since, value) = self.about(metric, name, whom, at)?;
        (since > after).then_some(value)
    }

    /// A share as facts state it, or of the spend within a window whose attribute is known.
    fn share(&self, attribute: &'static str, whom: &str, window: Window, at: Timestamp) -> Option<Ratio> {
        let metric = if attribute == "silicon" { "silicon_share" } else { "provider_share" };
        if let Some(stated) = self.last(metric, Some((attribute, whom)), window, at) {
            return Some(stated);
        }
        let after = window.after(at, self.deal.period())?;
        let spend =
            |whom| self.stock.slice(&Slice::With(attribute, whom))?.total(after, at).map(Ratio::whole);
        let (whole, part) = (spend(None)?, spend(Some(whom))?);
        whole.is_positive().then(|| part / whole)
    }

    fn capacity_late(&self, grant: Option<&str>, at: Timestamp) -> Option<Ratio> {
        let grants =
            self.deal.capacity.iter().filter(|clause| grant.is_none_or(|id| clause.id.get_ref() == id));
        let late = grants.map(|clause| capacity::late_since(clause, self, at));
        late.map(|since| Some(since?.map_or(Ratio::ZERO, |since| days(since.start(), at))))
            .try_fold(Ratio::ZERO, |most, late| Some(most.max(late?)))
    }

    fn residency_breach(&self, at: Timestamp) -> Ratio {
        if let Some(stated) = self.lasting("residency_breach", at) {
            return stated;
        }
        let rules =
            self.deal.covenants.iter().filter(|clause| matches!(clause.parsed, Some(Covenant::Calls(_))));
        let since = rules.filter_map(|clause| self.breach(clause.id.get_ref(), at)?).min();
        since.map_or(Ratio::ZERO, |since| days(since, at))
    }

    /// Since when a covenant has been in breach: nothing when it is not, and no answer when that is not known.
    pub fn breach(&self, id: &str, at: Timestamp) -> Option<Option<Timestamp>> {
        let covenant = self.deal.covenants.iter().find(|covenant| covenant.id.get_ref() == id)?;
        match covenant.parsed.as_ref()? {
            Covenant::Calls(rule) => Some(self.stock.slice(&Slice::Against(Calls(rule)))?.first(at)),
            Covenant::Deal(rule) => {
                let now = rule.truth(self, at);
                now.known()?;
                Some(now.no.then(|| self.broken_since(rule, at)))
            }
        }
    }

    /// Since when a rule that is broken at `at` has been so.
    fn broken_since(&self, rule: &Condition, at: Timestamp) -> Timestamp {
        let mut since = None;
        let mut moment = self.deal.period().from.start().min(at);
        loop {
            match rule.truth(self, moment).no {
                true => since = since.or(Some(moment)),
                false => since = None,
            }
            match rule.next_change(self, moment) {
                Some(next) if next <= at && next > moment => moment = next,
                _ => return since.unwrap_or(at),
            }
        }
    }

    fn total(&self, of: impl Fn(usize) -> Result<Money, Error>) -> Option<Ratio> {
        let amounts = (0..self.context.spend.terms.len()).map(of);
        amounts
            .map(|amount| amount.ok().map(units_of))
            .try_fold(Ratio::ZERO, |sum, amount| Some(sum + amount?))
    }

    /// What is charged under a commitment by `at`, in contract years that have begun by then.
    fn position(&self, commitment: usize, at: Timestamp) -> Result<Position, Error> {
        let terms = &self.context.spend.terms[commitment];
        let mut position = Position::opening(terms.currency);
        for year in 1.. {
            let Some((from, to)) = terms.period.year(year).filter(|(from, _)| from.start() <= at) else {
                break;
            };
            let (after, until) = (just_before(from.start()), at.min(just_before(to.start())));
            let list = |rule: usize| {
                let slice = self.stock.slice(&Slice::Rule(commitment, rule));
                let sum = slice.and_then(|series| series.total(after, until));
                sum.map(|pico| Money::from_pico(pico, terms.currency)).ok_or(MoneyError::TooLarge)
            };
            let rules = 0..terms.rules.len();
            let charged = YearPosition {
                list: rules.map(list).collect::<Result<_, _>>()?,
                unmatched: list(terms.rules.len())?,
            };
            position.years.insert(year, charged);
        }
        Ok(position)
    }

    fn years(&self, commitment: usize, at: Timestamp) -> Result<Vec<YearSettlement>, Error> {
        settle(&self.context.spend.terms[commitment], &self.position(commitment, at)?, Day::of(at))
    }

    fn remaining(&self, commitment: usize, at: Timestamp) -> Result<Money, Error> {
        let position = self.position(commitment, at)?;
        remaining(&self.context.spend.terms[commitment], &self.years(commitment, at)?, &position)
    }

    /// What all discounts so far come to: list spend that counted, less what it cost.
    fn discounts_given(&self, commitment: usize, at: Timestamp) -> Result<Money, Error> {
        let zero = Money::zero(self.deal.currency);
        self.years(commitment, at)?
            .iter()
            .try_fold(zero, |sum, year| Ok(sum.checked_add(year.counted)?.checked_sub(year.charge)?))
    }

    fn credits_given(&self, commitment: usize, at: Timestamp) -> Result<Money, Error> {
        let zero = Money::zero(self.deal.currency);
        self.years(commitment, at)?.iter().try_fold(zero, |sum, year| Ok(sum.checked_add(year.credit_used)?))
    }

    fn drawn(&self, id: Option<&str>, at: Timestamp) -> Option<Ratio> {
        let terms = self.context.spend.terms.iter().enumerate();
        let named = terms.filter(|(_, terms)| id.is_none_or(|id| terms.id == id));
        let drawn =
            named.map(|(place, terms)| Some(units_of(self.position(place, at).ok()?.drawn(terms).ok()?)));
        drawn.into_iter().try_fold(Ratio::ZERO, |sum, drawn| Some(sum + drawn?))
    }

    /// The facts that the answer to a question was made from.
    fn reads(&self, state: &State, at: Timestamp) -> Vec<Read> {
        let read = |metric: &str, from, to| Read { metric: metric.to_owned(), from, to };
        let single = |metric: &str, about: Option<(Timestamp, Ratio)>| {
            about.map(|(at, _)| read(metric, at, at)).into_iter().collect()
        };
        let notice = |metric: &str, party: Option<&String>| {
            single(metric, self.about(metric, "party", party.map(String::as_str), at))
        };
        let spend = |from: Timestamp| vec![read(LIST_SPEND, from, at)];
        match state {
            State::InDefault(party) => notice("in_default", Some(party)),
            State::Sanctions => notice("sanctions", None),
            State::ForceMajeure => notice("force_majeure", None),
            State::ExportControl => notice("export_control", None),
            State::ChangeOfControl(party) => notice("change_of_control", Some(party)),
            State::PaymentDefault => notice("payment_default", None),
            State::PortabilityTestedShare(_) => notice("portability_tested_share", None),
            State::Released(_) | State::Met(_) => Vec::new(),
            State::CapacityLate(grant) => {
                let grants = self.deal.capacity.iter();
                let named = grants.filter(|clause| grant.as_ref().is_none_or(|id| clause.id.get_ref() == id));
                let metrics = named.filter_map(|clause| clause.metric.as_ref());
                metrics.flat_map(|metric| notice(metric.get_ref(), None)).collect()
            }
            State::ResidencyBreach => match self.about("residency_breach", "", None, at) {
                Some(stated) => single("residency_breach", Some(stated)),
                None => {
                    self.broken(None, at).map(|since| read(LIST_SPEND, since, since)).into_iter().collect()
                }
            },
            State::CovenantBreach(id) => {
                self.broken(Some(id), at).map(|since| read(LIST_SPEND, since, since)).into_iter().collect()
            }
            State::Remaining(_) | State::ClawbackDiscounts | State::ClawbackCredits | State::Drawn(_) => {
                spend(self.deal.period().from.start())
            }
            State::SiliconShare(whom, window) | State::ProviderShare(whom, window) => {
                let silicon = matches!(state, State::SiliconShare(..));
                let (metric, name) =
                    if silicon { ("silicon_share", "silicon") } else { ("provider_share", "provider") };
                let Some(after) = window.after(at, self.deal.period()) else { return Vec::new() };
                match self.about(metric, name, Some(whom), at).filter(|(since, _)| *since > after) {
                    Some(stated) => single(metric, Some(stated)),
                    None => spend(Timestamp::from_micros(after.micros().saturating_add(1))),
                }
            }
        }
    }

    /// When the first call was against a covenant, or against any.
    fn broken(&self, id: Option<&String>, at: Timestamp) -> Option<Timestamp> {
        let named = self.deal.covenants.iter().filter(|clause| id.is_none_or(|id| clause.id.get_ref() == id));
        let rules = named.filter_map(|clause| match &clause.parsed {
            Some(Covenant::Calls(rule)) => Some(Slice::Against(Calls(rule))),
            _ => None,
        });
        rules.filter_map(|slice| self.stock.slice(&slice)?.first(at)).min()
    }
}

fn truth(since: Option<Timestamp>, at: Timestamp) -> Ratio {
    if since.is_some_and(|since| since <= at) { Ratio::ONE } else { Ratio::ZERO }
}

/// Days between two moments.
fn days(from: Timestamp, to: Timestamp) -> Ratio {
    Ratio::new((to.seconds() - from.seconds()).into(), DAY.into())
}

/// An amount in whole units of currency.
pub(super) fn units_of(amount: Money) -> Ratio {
    Ratio::new(amount.pico(), PICO_PER_UNIT)
}
