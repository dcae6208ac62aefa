//! What must hold within one row: FOCUS says so, and the public validator does not look. A row that breaks it is
//! counted all the same, and reported.

use crate::cell::Row;
use crate::column::Column;
use crate::fault::Fault;
use crate::number::Number;
use serde::Serialize;

/// How often something did not hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Breach {
    /// What should hold.
    pub rule: &'static str,
    /// In how many rows it does not.
    pub rows: u64,
    /// The first of them: its file and line.
    pub first: String,
}

const RULES: [&str; 3] = [
    "ListCost = ListUnitPrice × PricingQuantity",
    "ContractedCost = ContractedUnitPrice × PricingQuantity",
    "ListCost ≥ ContractedCost",
];

/// The breaches met so far, by rule.
#[derive(Debug, Default)]
pub(crate) struct Checks([Breach; RULES.len()]);

impl Checks {
    /// Checks a row of use or purchase that corrects nothing; `place` says where it is.
    pub(crate) fn row(
        &mut self,
        row: &impl Row,
        list: Number,
        place: impl FnOnce() -> String + Copy,
    ) -> Result<(), Fault> {
        let number = |column| row.number(column);
        let quantity = number(Column::PricingQuantity)?;
        let contracted = number(Column::ContractedCost)?;
        let product =
            |price: Option<Number>| price.zip(quantity).and_then(|(price, count)| price.times(count));
        let agrees = |cost: Number, price| product(price).and_then(|product| cost.agrees(product));
        let holds = [
            agrees(list, number(Column::ListUnitPrice)?),
            contracted.and_then(|cost| Some((cost, number(Column::ContractedUnitPrice).ok()?))).and_then(
                // A vendor that has no contracted cost says nothing.
                |(cost, price)| if cost.is_zero() { None } else { agrees(cost, price) },
            ),
            contracted
                .filter(|_| !list.is_negative())
                .and_then(|cost| list.is_below(cost))
                .map(|below| !below),
        ];
        for ((breach, rule), holds) in self.0.iter_mut().zip(RULES).zip(holds) {
            if holds == Some(false) {
                if breach.rows == 0 {
                    breach.rule = rule;
                    breach.first = place();
                }
                breach.rows += 1;
            }
        }
        Ok(())
    }

    /// What did not hold.
    pub(crate) fn breaches(&self) -> Vec<Breach> {
        self.0.iter().filter(|breach| breach.rows > 0).cloned().collect()
    }
}
