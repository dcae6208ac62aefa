//! What the books of all parties should hold after an evaluation: one line for each amount, with its accounts.
//!
//! This is the one place that knows what a flow of a deal is in accounts; every line of the giver's books has its
//! mirror in the receiver's.

use super::chart::{Chart, Place};
use contract::flow::{Flow, Kind, flows, payer_and_payee};
use contract::{Day, Deal, Evaluation, Ratio, YearSettlement};
use std::collections::BTreeMap;
use std::sync::Arc;
use units::{Money, MoneyError, Timestamp};

/// What names a line through all evaluations.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub clause: Arc<str>,
    pub year: Option<u32>,
    /// The day of a payment: each day's are a line.
    pub day: Option<Day>,
    pub code: &'static str,
    pub debit: Place,
    pub credit: Place,
}

/// What it should hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target {
    /// In 10⁻¹²; below nothing the sides change places.
    pub pico: i128,
    /// When that happened.
    pub at: Timestamp,
    /// Whether it may change without anything having been wrong.
    pub open: bool,
}

/// Debit and credit in one party's books.
type Legs = (Chart, Chart);

/// Where lines are collected.
pub(super) struct Targets<'a> {
    deal: &'a Deal,
    /// The fair value of what tranches bring, where it is not what is paid.
    fair_values: &'a BTreeMap<String, Money>,
    lines: BTreeMap<Key, Target>,
    /// Between giver and receiver: given above the fair value got.
    concessions: BTreeMap<(Arc<str>, Arc<str>), i128>,
    /// Between payee and payer: earned under commitments.
    earned: BTreeMap<(Arc<str>, Arc<str>), i128>,
}

/// What a line is about.
#[derive(Clone, Copy)]
struct About<'a> {
    clause: &'a str,
    year: Option<u32>,
    day: Option<Day>,
    code: &'static str,
    at: Timestamp,
    open: bool,
}

/// All lines, by their names.
pub(super) fn targets(
    deal: &Deal,
    evaluation: &Evaluation,
    fair_values: &BTreeMap<String, Money>,
) -> Result<BTreeMap<Key, Target>, MoneyError> {
    let mut targets = Targets {
        deal,
        fair_values,
        lines: BTreeMap::new(),
        concessions: BTreeMap::new(),
        earned: BTreeMap::new(),
    };
    let years: BTreeMap<(&str, u32), &YearSettlement> = evaluation
        .commitments
        .iter()
        .flat_map(|status| status.years.iter().map(|year| ((status.id.as_str(), year.year), year)))
        .collect();
    for flow in flows(deal, evaluation) {
        let year = flow.year.and_then(|year| years.get(&(flow.clause.as_str(), year)));
        targets.flow(&flow, year.copied())?;
    }
    let now = evaluation.as_of;
    for (commitment, status) in deal.commitments.iter().zip(&evaluation.commitments) {
        let sides = sides(deal, commitment);
        targets.rounding(&status.id, &status.years, &sides)?;
        if now >= deal.period().from.start() {
            for year in status.years.iter().filter(|year| !year.minimum.is_zero()) {
                targets.memo(&status.id, year, &sides, now)?;
            }
        }
    }
    targets.amortise(now)?;
    targets.lines.retain(|_, target| target.pico != 0);
    Ok(targets.lines)
}

/// Payer and payee, called by their roles where the deal does not name them.
fn sides(deal: &Deal, commitment: &contract::deal::Commitment) -> (Arc<str>, Arc<str>) {
    let (payer, payee) = payer_and_payee(deal, commitment);
    let (customer, vendor) = Kind::Charge.roles();
    (payer.map_or(customer.into(), Into::into), payee.map_or(vendor.into(), Into::into))
}

/// The accounts of a flow in the giver's and the receiver's books. `due` says where what is due stands.
const fn legs(kind: Kind, issued: Chart, (due_from, due_to): Legs) -> [Legs; 2] {
    use Chart as C;
    match kind {
        Kind::Tranche => [(C::EquityHolding, C::Cash), (C::Cash, issued)],
        Kind::TrancheDue => [(C::EquityHolding, C::Payable), (C::Receivable, issued)],
        Kind::Stock => [(C::CustomerConsideration, C::OwnEquity), (C::EquityHolding, C::VendorConsideration)],
        Kind::StockDue => [(C::CustomerConsideration, C::Payable), (C::Receivable, C::VendorConsideration)],
        Kind::Prepayment => [(C::Prepaid, C::Cash), (C::Cash, C::ContractLiability)],
        Kind::PrepaymentDue => [(C::Prepaid, C::Payable), (C::Receivable, C::ContractLiability)],
        Kind::Drawdown => [(C::ContractLiability, due_from), (due_to, C::Prepaid)],
        Kind::Charge | Kind::Uncounted => [(C::Expense, due_to), (due_from, C::Revenue)],
        Kind::Discount => [(C::ContraRevenue, C::Revenue), (C::Expense, C::DiscountReceived)],
        Kind::Shortfall => [(C::ShortfallExpense, due_to), (due_from, C::Shortfall)],
        Kind::Credit => [(C::Shortfall, C::MakeGood), (C::CreditHeld, C::ShortfallExpense)],
        Kind::CreditUsed => [(C::MakeGood, due_from), (due_to, C::CreditHeld)],
        Kind::CreditExpired => [(C::CreditLost, C::CreditHeld), (C::MakeGood, C::Breakage)],
        Kind::RevenueShare => [(C::ShareExpense, due_to), (due_from, C::ShareIncome)],
    }
}

impl Targets<'_> {
    fn flow(&mut self, flow: &Flow, year: Option<&YearSettlement>) -> Result<(), MoneyError> {
        let (from, to) = flow.sides();
        let sides = (from.into(), to.into());
        let paid = matches!(flow.kind, Kind::Tranche | Kind::Stock | Kind::Prepayment);
        let about = About {
            clause: &flow.clause,
            year: flow.year,
            day: paid.then_some(flow.date),
            code: flow.kind.word(),
            at: flow.date.start(),
            open: flow.open,
        };
        let due =
            if flow.open { (Chart::Unbilled, Chart::Accrued) } else { (Chart::Receivable, Chart::Payable) };
        let legs = legs(flow.kind, self.issued(&flow.clause), due);
        let pico = flow.amount.pico();
        match flow.kind {
            Kind::Charge => self.charge(&about, &sides, pico, (legs, due), year),
            Kind::Shortfall => {
                self.earn(&sides, pico)?;
                self.both(&about, &sides, pico, legs)
            }
            Kind::Stock => {
                add(self.concessions.entry(sides.clone()).or_insert(0), pico)?;
                self.both(&about, &sides, pico, legs)
            }
            Kind::Tranche => self.tranche(&about, &sides, pico, legs),
            _ => self.both(&about, &sides, pico, legs),
        }
    }

    /// What the issuer gives for a tranche.
    fn issued(&self, clause: &str) -> Chart {
        let tranche = self.deal.tranches.iter().find(|tranche| tranche.id.get_ref() == clause);
        let note = tranche.is_some_and(|tranche| {
            tranche.convertible.is_some() || tranche.instrument.as_deref() == Some("convertible-note")
        });
        if note { Chart::Notes } else { Chart::OwnEquity }
    }

    /// A charge, the part above the year's minimum in accounts of its own.
    fn charge(
        &mut self,
        about: &About<'_>,
        sides: &(Arc<str>, Arc<str>),
        pico: i128,
        (legs, due): ([Legs; 2], Legs),
        year: Option<&YearSettlement>,
    ) -> Result<(), MoneyError> {
        let over = year.map_or(0, |year| year.overage.pico());
        let within = pico.checked_sub(over).ok_or(MoneyError::TooLarge)?;
        self.earn(sides, pico)?;
        self.both(about, sides, within, legs)?;
        let legs = [(Chart::OverageExpense, due.1), (due.0, Chart::Overage)];
        self.both(&About { code: "overage", ..*about }, sides, over, legs)
    }

    fn earn(&mut self, (payer, payee): &(Arc<str>, Arc<str>), pico: i128) -> Result<(), MoneyError> {
        add(self.earned.entry((payee.clone(), payer.clone())).or_insert(0), pico)
    }

    /// A payment for equity: at its fair value, where that is told, and the difference as what it is. Paid above
    /// it, something was given to the customer; below it, the customer pays for capacity with its stock.
    fn tranche(
        &mut self,
        about: &About<'_>,
        sides: &(Arc<str>, Arc<str>),
        pico: i128,
        legs: [Legs; 2],
    ) -> Result<(), MoneyError> {
        let tranche = self.deal.tranches.iter().find(|tranche| tranche.id.get_ref() == about.clause);
        let whole = tranche.map_or(Ratio::ZERO, |tranche| tranche.amount.get_ref().ratio());
        let fair = self.fair_values.get(about.clause).map(|fair| {
            let share = Ratio::new(fair.pico(), units::PICO_PER_UNIT) / whole;
            (Ratio::whole(pico) * share).round_half_even().ok_or(MoneyError::TooLarge)
        });
        let given = pico.checked_sub(fair.unwrap_or(Ok(pico))?).ok_or(MoneyError::TooLarge)?;
        add(self.concessions.entry(sides.clone()).or_insert(0), given)?;
        let paid_in_cash = if given < 0 { pico } else { pico - given };
        self.both(about, sides, paid_in_cash, legs)?;
        let about = About { code: "consideration", ..*about };
        if given < 0 {
            let legs =
                [(Chart::EquityHolding, Chart::ContractLiability), (Chart::PrepaidCapacity, legs[1].1)];
            return self.both(&about, sides, -given, legs);
        }
        let legs = [(Chart::CustomerConsideration, Chart::Cash), (Chart::Cash, Chart::VendorConsideration)];
        self.both(&about, sides, given, legs)
    }

    /// What was given comes off revenue in proportion to what was earned of all that is promised.
    fn amortise(&mut self, now: Timestamp) -> Result<(), MoneyError> {
        let promised = self.promised();
        let ends = self.deal.period().to;
        for (sides, given) in std::mem::take(&mut self.concessions) {
            let earned = self.earned.get(&sides).copied().unwrap_or(0).max(0);
            let Some(all) = promised.get(&sides).filter(|all| **all > 0) else { continue };
            let share = Ratio::new(earned, *all).min(Ratio::ONE);
            let off = (Ratio::whole(given) * share).round_half_even().ok_or(MoneyError::TooLarge)?;
            let about = About {
                clause: self.deal.id.get_ref(),
                year: None,
                day: None,
                code: "amortisation",
                at: ends.map_or(now, |end| end.start().min(now)),
                open: true,
            };
            let legs = if off < 0 {
                [(Chart::ContractLiability, Chart::Revenue), (Chart::Expense, Chart::PrepaidCapacity)]
            } else {
                [
                    (Chart::ContraRevenue, Chart::CustomerConsideration),
                    (Chart::VendorConsideration, Chart::DiscountReceived),
                ]
            };
            self.both(&about, &sides, off.abs(), legs)?;
        }
        Ok(())
    }

    /// What is promised to each payee by each payer, where the deal says it.
    fn promised(&self) -> BTreeMap<(Arc<str>, Arc<str>), i128> {
        let mut promised = BTreeMap::new();
        for (commitment, terms) in self.deal.commitments.iter().zip(self.deal.commitment_terms()) {
            let minimums: i128 = terms.minimums.iter().map(|minimum| minimum.pico()).sum();
            let (payer, payee) = sides(self.deal, commitment);
            *promised.entry((payee, payer)).or_insert(0) += terms.total.map_or(minimums, Money::pico);
        }
        promised
    }

    /// What rounding took from what is due, or added: since the first year, to the nearest 10⁻¹².
    fn rounding(
        &mut self,
        clause: &str,
        years: &[YearSettlement],
        sides: &(Arc<str>, Arc<str>),
    ) -> Result<(), MoneyError> {
        let (mut exact, mut before) = (Ratio::ZERO, 0);
        for year in years.iter().filter(|year| !year.open) {
            exact = exact + year.residue;
            let sum = exact.round_half_even().ok_or(MoneyError::TooLarge)?;
            let about = About {
                clause,
                year: Some(year.year),
                day: None,
                code: "rounding",
                at: year.to.start(),
                open: false,
            };
            let legs = [(Chart::Expense, Chart::RoundingExpense), (Chart::Rounding, Chart::Revenue)];
            self.both(&about, sides, sum - before, legs)?;
            before = sum;
        }
        Ok(())
    }

    /// A year of the commitment's own ledger, in both books: granted, drawn, what is left.
    fn memo(
        &mut self,
        clause: &str,
        year: &YearSettlement,
        (payer, payee): &(Arc<str>, Arc<str>),
        now: Timestamp,
    ) -> Result<(), MoneyError> {
        let [minimum, carried, charge, over] =
            [year.minimum, year.carried_in, year.charge, year.overage].map(Money::pico);
        let carried = carried.min(minimum);
        let drawn = charge.checked_sub(over).ok_or(MoneyError::TooLarge)?;
        let short = if year.open { 0 } else { year.shortfall.pico() };
        // What a year is let off; and halves are rounded each on its own, so the parts may differ from the whole by one.
        let rest = if year.open { 0 } else { minimum - carried - drawn - short };
        let left = if rest.abs() > 1 { "forgiven" } else { "rounding" };
        let first = self.deal.period().from.start();
        let (begins, ends) = (year.from.start(), if year.open { now } else { year.to.start() });
        let rows = [
            ("granted", "remaining", "granted", minimum, first),
            ("carried", "carried", "remaining", carried, begins),
            ("drawn", "drawn", "remaining", drawn, ends),
            ("over", "over", "granted", over, ends),
            ("short", "short", "remaining", short, ends),
            (left, left, "remaining", rest, ends),
        ];
        for party in [payer, payee] {
            let place = |part: &str| Place {
                party: party.clone(),
                chart: Chart::Commitment,
                with: Some(format!("{clause}:y{}:{part}", year.year).into()),
            };
            for (code, debit, credit, pico, at) in rows {
                let about = About {
                    clause,
                    year: Some(year.year),
                    day: None,
                    code,
                    at,
                    open: year.open && at == ends,
                };
                self.line(&about, (place(debit), place(credit)), pico)?;
            }
        }
        Ok(())
    }

    /// A line in the giver's books, and its mirror in the receiver's.
    fn both(
        &mut self,
        about: &About<'_>,
        (giver, receiver): &(Arc<str>, Arc<str>),
        pico: i128,
        legs: [Legs; 2],
    ) -> Result<(), MoneyError> {
        for ((debit, credit), party, other) in [(legs[0], giver, receiver), (legs[1], receiver, giver)] {
            let place = |chart: Chart| Place {
                party: party.clone(),
                chart,
                with: (chart != Chart::Cash).then(|| other.clone()),
            };
            self.line(about, (place(debit), place(credit)), pico)?;
        }
        Ok(())
    }

    fn line(
        &mut self,
        about: &About<'_>,
        (debit, credit): (Place, Place),
        pico: i128,
    ) -> Result<(), MoneyError> {
        let About { clause, year, day, code, at, open } = *about;
        let key = Key { clause: clause.into(), year, day, code, debit, credit };
        let target = self.lines.entry(key).or_insert(Target { pico: 0, at, open });
        target.at = target.at.max(at);
        add(&mut target.pico, pico)
    }
}

fn add(sum: &mut i128, pico: i128) -> Result<(), MoneyError> {
    *sum = sum.checked_add(pico).ok_or(MoneyError::TooLarge)?;
    Ok(())
}
