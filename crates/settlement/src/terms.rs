//! What a commitment says about its years: from the deal, through the journal, to the arithmetic of `contract`.

use contract::deal::{self, Binding, Deal};
use contract::{CommitmentTerms, Day, Decimal, Period, Rule};
use journal::TermsAdded;
use std::sync::Arc;
use store::Position;
use units::{Currency, Money, Timestamp};

/// What a commitment says about each of its years: what is owed at least, discounts, what is carried and what
/// comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    minimums: Vec<Money>,
    discounts: [Decimal; 2],
    carry: (Decimal, Option<Decimal>),
    make_good: Decimal,
    grace: Decimal,
}

impl Terms {
    /// The terms of a commitment of `deal` by which this plane can close its years: it binds, there are minimums,
    /// and no rule of eligibility has a cap; those are for an evaluation with facts.
    pub fn of(deal: &Deal, commitment: &deal::Commitment) -> Option<Self> {
        let terms = CommitmentTerms::new(deal, commitment);
        let closes = deal.binding == Binding::Contract
            && commitment.eligible.iter().all(|rule| rule.cap_of_year_min.is_none());
        (closes && !terms.minimums.is_empty()).then(|| Self {
            minimums: terms.minimums.clone(),
            discounts: [terms.discount, terms.discount_overage],
            carry: terms.carry,
            make_good: terms.make_good,
            grace: terms.grace,
        })
    }

    pub(crate) fn read(frame: &TermsAdded, currency: Currency) -> Self {
        let [up_to, above] = frame.discounts;
        Self {
            minimums: frame.minimums.iter().map(|pico| Money::from_pico(*pico, currency)).collect(),
            discounts: [Decimal::from_pico(up_to), Decimal::from_pico(above)],
            carry: (Decimal::from_pico(frame.carry), frame.carry_cap.map(Decimal::from_pico)),
            make_good: Decimal::from_pico(frame.make_good),
            grace: Decimal::from_pico(frame.grace),
        }
    }

    /// As it is written down, for the version of the deal with this hash.
    pub(crate) fn frame(&self, commitment: Arc<str>, contract: Arc<str>, at: Timestamp) -> TermsAdded {
        let pico = |share: Decimal| share.money(Currency::USD).pico();
        TermsAdded {
            at,
            commitment,
            contract,
            minimums: self.minimums.iter().map(|minimum| minimum.pico()).collect(),
            discounts: self.discounts.map(pico),
            carry: pico(self.carry.0),
            carry_cap: self.carry.1.map(pico),
            make_good: pico(self.make_good),
            grace: pico(self.grace),
        }
    }

    /// The terms of the commitment at this position, for [`contract::settle`].
    pub(crate) fn of_position(&self, position: &Position) -> CommitmentTerms {
        let [discount, discount_overage] = self.discounts;
        CommitmentTerms {
            id: position.commitment.to_string(),
            currency: position.total.currency(),
            period: Period { from: Day::of(position.from), to: Some(Day::of(position.to)) },
            total: Some(position.total),
            minimums: self.minimums.clone(),
            rules: vec![Rule { weight: Decimal::ONE, cap_of_year_min: None }],
            discount,
            discount_overage,
            carry: self.carry,
            make_good: self.make_good,
            grace: self.grace,
        }
    }
}
