//! The file and the assumptions, joined: each amount with where it comes from.

use super::{Assumptions, Parameter};
use crate::accounting::{Form, citation};
use crate::{Error, sum};
use contract::deal::{Binding, Commitment, Total, Tranche, When};
use contract::{CommitmentTerms, Day, Deal, Decimal, Period, Ratio};
use units::{Money, PICO_PER_UNIT};

/// An amount and where it comes from.
pub(super) struct Known {
    pub(super) value: Option<Ratio>,
    pub(super) basis: &'static str,
}

impl Known {
    /// What was given, else what the file says, else nothing.
    fn new(
        given: Option<Decimal>,
        filed: Option<Ratio>,
        from_file: &'static str,
        lacking: &'static str,
    ) -> Self {
        match (given.map(Decimal::ratio), filed) {
            (Some(value), _) => Self { value: Some(value), basis: "given" },
            (None, Some(value)) => Self { value: Some(value), basis: from_file },
            (None, None) => Self { value: None, basis: lacking },
        }
    }
}

/// The file and the assumptions, joined.
pub(super) struct Inputs {
    pub(super) period: Period,
    pub(super) as_of: Day,
    pub(super) form: Form,
    pub(super) cash: Known,
    pub(super) fair_value: Known,
    pub(super) spend: Known,
    pub(super) years: Known,
    /// Expected spend by contract year, and whether the file states its shape.
    pub(super) revenues: Vec<Ratio>,
    pub(super) shape_stated: bool,
    /// What is fixed of it, by contract year: the file's minimums, or all of it where none are stated.
    pub(super) fixed: Vec<Ratio>,
}

impl Inputs {
    pub(super) fn new(deal: &Deal, assumed: &Assumptions) -> Result<Self, Error> {
        let period = deal.period();
        let terms = deal.commitment_terms();
        let minimums = minimums(&terms);
        let spend = Known::new(
            assumed.spend,
            total(&terms),
            if is_floor(deal) { "the file's commitments, a floor" } else { "the file's commitments" },
            "the file states no total; give --spend AMOUNT",
        );
        if assumed.years.is_some_and(|years| years == 0 || years > 100) {
            return Err(Error::Parameter { what: "--term", must: "must be from 1 to 100 years" });
        }
        let filed = period.years().map(|years| Ratio::whole(i128::from(years)));
        let years = match assumed.years {
            Some(years) => Known { value: Some(Ratio::whole(i128::from(years))), basis: "given" },
            None => Known::new(None, filed, "the file's term", "the deal has no end; give --term YEARS"),
        };
        let count = assumed.years.or(period.years());
        let shape_stated = sum(minimums.iter().copied()).is_positive() && assumed.years.is_none();
        let revenues = match (spend.value, count) {
            (Some(spend), _) if shape_stated => shaped(spend, &minimums),
            (Some(spend), Some(count)) => {
                shaped(spend, &vec![Ratio::ONE; usize::try_from(count).unwrap_or(0)])
            }
            _ => Vec::new(),
        };
        Ok(Self {
            period: Period { from: period.from, to: if assumed.years.is_some() { None } else { period.to } },
            as_of: assumed.as_of.unwrap_or(period.from),
            form: assumed.form.unwrap_or(if given_as_stock(deal) { Form::OwnShares } else { Form::Cash }),
            cash: Known::new(
                assumed.cash,
                unconditional(deal),
                "the file's tranches without a condition",
                "the file has no tranche without a condition; give --cash AMOUNT",
            ),
            fair_value: Known::new(assumed.fair_value, None, "", "not disclosed; give --fair-value AMOUNT"),
            spend,
            years,
            fixed: if shape_stated { minimums } else { revenues.clone() },
            revenues,
            shape_stated,
        })
    }

    pub(super) fn parameters(&self) -> Vec<Parameter> {
        let named = [
            ("given by the vendor", &self.cash),
            ("fair value of the equity received", &self.fair_value),
            ("committed spend", &self.spend),
            ("contract years", &self.years),
        ];
        let parameter = |(name, known): (&'static str, &Known)| Parameter {
            name,
            value: known.value,
            basis: known.basis.to_owned(),
        };
        named.into_iter().map(parameter).collect()
    }

    /// The contract years, each with its first day and the day after its last.
    pub(super) fn contract_years(&self) -> impl Iterator<Item = (u32, Day, Day)> {
        let years = (1..).zip(&self.revenues).map(|(year, _)| year);
        years.filter_map(|year| self.period.year(year).map(|(from, to)| (year, from, to)))
    }
}

pub(super) fn amount(money: Money) -> Ratio {
    Ratio::new(money.pico(), PICO_PER_UNIT)
}

fn total(terms: &[CommitmentTerms]) -> Option<Ratio> {
    let of = |terms: &CommitmentTerms| {
        let minimums = sum(terms.minimums.iter().map(|minimum| amount(*minimum)));
        terms.total.map(amount).or(minimums.is_positive().then_some(minimums))
    };
    let totals: Vec<Ratio> = terms.iter().filter_map(of).collect();
    (!totals.is_empty()).then(|| sum(totals))
}

/// Minimums by contract year, all commitments together; none when one of them has no schedule.
fn minimums(terms: &[CommitmentTerms]) -> Vec<Ratio> {
    if terms.iter().any(|terms| terms.minimums.is_empty()) {
        return Vec::new();
    }
    let years = terms.iter().map(|terms| terms.minimums.len()).max().unwrap_or(0);
    let of_year = |year: usize| {
        sum(terms.iter().filter_map(|terms| terms.minimums.get(year)).map(|minimum| amount(*minimum)))
    };
    (0..years).map(of_year).collect()
}

fn is_floor(deal: &Deal) -> bool {
    let floor = |commitment: &Commitment| {
        commitment.total.as_ref().is_some_and(|total| matches!(total.get_ref(), Total::AtLeast(_)))
    };
    deal.commitments.iter().any(floor)
}

fn shaped(whole: Ratio, weights: &[Ratio]) -> Vec<Ratio> {
    let all = sum(weights.iter().copied());
    weights.iter().map(|weight| whole * (*weight / all)).collect()
}

/// Tranches that only the calendar stands before. Warrants and what the customer pays ahead are no part of it.
fn given(deal: &Deal) -> impl Iterator<Item = &Tranche> {
    let other = |tranche: &Tranche| matches!(tranche.instrument.as_deref(), Some("warrant" | "prepayment"));
    deal.tranches.iter().filter(move |tranche| is_unconditional(tranche) && !other(tranche))
}

pub(super) fn is_unconditional(tranche: &Tranche) -> bool {
    matches!(tranche.when.get_ref(), When::AtSigning | When::On(_))
}

pub(super) fn is_warrant(tranche: &Tranche) -> bool {
    tranche.instrument.as_deref() == Some("warrant")
}

fn unconditional(deal: &Deal) -> Option<Ratio> {
    let amounts: Vec<Ratio> = given(deal).map(|tranche| tranche.amount.get_ref().ratio()).collect();
    (!amounts.is_empty()).then(|| sum(amounts))
}

fn given_as_stock(deal: &Deal) -> bool {
    let mut given = given(deal).peekable();
    given.peek().is_some() && given.all(|tranche| tranche.instrument.as_deref() == Some("stock"))
}

pub(super) fn notes(deal: &Deal, inputs: &Inputs) -> Vec<String> {
    let mut notes = Vec::new();
    if deal.binding == Binding::Loi {
        notes.push(format!(
            "This is a letter of intent: nobody is bound, so there is no contract to account for yet ({}).",
            citation::CONTRACT.us_gaap
        ));
    }
    if is_floor(deal) && inputs.spend.basis != "given" {
        notes.push("The spend is a floor; a larger one makes the effective discount smaller.".to_owned());
    }
    if !inputs.shape_stated && !inputs.revenues.is_empty() {
        notes.push(
            "No yearly minimums are used: the spend is spread evenly over the years (assumed).".to_owned(),
        );
    }
    if deal.tranches.iter().any(is_warrant) {
        notes.push("Warrants that vest on purchases are no part of d; they stand apart below.".to_owned());
    }
    notes
}
