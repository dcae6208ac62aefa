//! What a condition reads, itself or by asking for the deal's state: metrics, and slices of spend that are kept
//! apart so that a question about them costs no walk over all spend.

use crate::deal::Deal;
use crate::fact::{Fact, LIST_SPEND};
use crate::predicate::{Covenant, Metric, Selector, State};
use crate::terms::CommitmentTerms;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// A part of list spend.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Slice<'a> {
    /// Of a commitment, by place, what its rule of that place admits; past the last, what none does.
    Rule(usize, usize),
    /// What has this attribute, and with this value where one is named.
    With(&'static str, Option<&'a str>),
    /// What is against this rule of every call.
    Against(Calls<'a>),
}

/// A rule of every call; two are the same when they are written the same.
#[derive(Debug, Clone, Copy)]
pub(super) struct Calls<'a>(pub &'a Selector);

impl PartialEq for Calls<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Calls<'_> {}

impl PartialOrd for Calls<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Calls<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.text().cmp(other.0.text())
    }
}

impl Slice<'_> {
    /// Whether a line belongs to it, given the place of the rule of a commitment that admits that line.
    pub fn holds(&self, fact: &Fact, rule: impl Fn(usize) -> usize) -> bool {
        match self {
            Self::Rule(commitment, place) => rule(*commitment) == *place,
            Self::With(attribute, None) => fact.attributes.contains_key(*attribute),
            Self::With(attribute, Some(value)) => {
                fact.attributes.get(*attribute).is_some_and(|found| found == value)
            }
            Self::Against(Calls(rule)) => rule.admits(&fact.attributes).no,
        }
    }
}

/// All that something reads.
#[derive(Debug, Clone, Default)]
pub(super) struct Needs<'a> {
    /// Each with whether it is a flow.
    pub metrics: BTreeSet<(&'a str, bool)>,
    pub slices: BTreeSet<Slice<'a>>,
}

impl<'a> Needs<'a> {
    /// Metrics, each with whether it is a flow, and the answers to questions about `deal`, whose spend counts
    /// as `terms` say.
    pub fn of(deal: &'a Deal, terms: &[CommitmentTerms], metrics: &'a [Metric], states: &'a [State]) -> Self {
        let mut needs = Self::default();
        needs.read(metrics);
        let (mut seen, mut asked): (BTreeSet<&str>, Vec<&State>) = (BTreeSet::new(), states.iter().collect());
        while let Some(state) = asked.pop() {
            let State::CovenantBreach(id) = state else {
                needs.state(deal, terms, state);
                continue;
            };
            let covenant = deal.covenants.iter().find(|covenant| covenant.id.get_ref() == id);
            match covenant.and_then(|covenant| covenant.parsed.as_ref()) {
                Some(Covenant::Deal(rule)) if seen.insert(id) => {
                    needs.read(rule.metrics());
                    asked.extend(rule.states());
                }
                Some(Covenant::Calls(rule)) => needs.against(rule),
                _ => {}
            }
        }
        needs
    }

    /// A metric as well.
    pub fn and(mut self, metric: &'a str, flow: bool) -> Self {
        self.metrics.insert((metric, flow));
        self
    }

    /// What says how much capacity `deal` gives, and what excuses that there is too little.
    pub fn lateness(deal: &'a Deal) -> Self {
        let grants = deal.capacity.iter().flat_map(|grant| grant.metric.iter().chain(&grant.used));
        let names = grants.map(|metric| metric.get_ref().as_str());
        let names = names.chain(["force_majeure", "export_control", "sanctions"]);
        Self { metrics: names.map(|name| (name, false)).collect(), slices: BTreeSet::new() }
    }

    /// What another reads as well.
    pub fn extend(&mut self, other: Self) {
        self.metrics.extend(other.metrics);
        self.slices.extend(other.slices);
    }

    fn read(&mut self, metrics: &'a [Metric]) {
        self.metrics.extend(metrics.iter().map(|metric| (&*metric.name, metric.flow)));
    }

    fn level(&mut self, name: &'a str) {
        self.metrics.insert((name, false));
    }

    fn state(&mut self, deal: &'a Deal, terms: &[CommitmentTerms], state: &'a State) {
        match state {
            State::InDefault(_) => self.level("in_default"),
            State::Sanctions => self.level("sanctions"),
            State::ForceMajeure => self.level("force_majeure"),
            State::ExportControl => self.level("export_control"),
            State::ChangeOfControl(_) => self.level("change_of_control"),
            State::PaymentDefault => self.level("payment_default"),
            State::PortabilityTestedShare(_) => self.level("portability_tested_share"),
            State::Released(_) | State::Met(_) | State::CovenantBreach(_) => {}
            State::CapacityLate(_) => self.extend(Self::lateness(deal)),
            State::ResidencyBreach => {
                self.level("residency_breach");
                for covenant in &deal.covenants {
                    if let Some(Covenant::Calls(rule)) = &covenant.parsed {
                        self.against(rule);
                    }
                }
            }
            State::Remaining(_) | State::ClawbackDiscounts | State::ClawbackCredits | State::Drawn(_) => {
                self.metrics.insert((LIST_SPEND, true));
                for (place, terms) in terms.iter().enumerate() {
                    self.slices.extend((0..=terms.rules.len()).map(|rule| Slice::Rule(place, rule)));
                }
            }
            State::SiliconShare(silicon, _) => self.share("silicon_share", "silicon", silicon),
            State::ProviderShare(provider, _) => self.share("provider_share", "provider", provider),
        }
    }

    fn share(&mut self, metric: &'a str, attribute: &'static str, value: &'a str) {
        self.metrics.extend([(metric, false), (LIST_SPEND, true)]);
        self.slices.extend([Slice::With(attribute, None), Slice::With(attribute, Some(value))]);
    }

    fn against(&mut self, rule: &'a Selector) {
        self.metrics.insert((LIST_SPEND, true));
        self.slices.insert(Slice::Against(Calls(rule)));
    }
}
