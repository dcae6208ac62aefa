//! What moves between the parties, as data: each payment, charge, credit and accrual with its date, its sides and
//! the clause it comes from. Posting it to anybody's books is another room's work.
//!
//! What stays true: a year's list spend is its charge, its discount and what does not count; a shortfall is
//! accrued when its year is over; what was paid stays paid. A sum of flows of a kind is the evaluation's own number.

mod circle;

pub use circle::{Circle, Net, Total, circle};

use crate::day::Day;
use crate::deal::{Commitment, Deal, Tranche};
use crate::evaluate::{CommitmentStatus, Evaluation, State, TrancheStatus};
use crate::settle::YearSettlement;
use units::Money;

/// Something that moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// When: of a year that is not over, the day asked about.
    pub date: Day,
    /// When it is to be paid, where that is later.
    pub due: Option<Day>,
    /// Who gives; nothing where the deal does not say.
    pub from: Option<String>,
    /// Who receives.
    pub to: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// How much.
    pub amount: Money,
    /// The tranche, the commitment or the share of revenue it comes from.
    pub clause: String,
    /// The contract year, counted from 1.
    pub year: Option<u32>,
    /// Whether it may still change: its year is not over.
    pub open: bool,
}

/// What a flow is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A tranche was paid.
    Tranche,
    /// A tranche is released, or a part of it vested, and not paid yet.
    TrancheDue,
    /// A tranche was given in the giver's own stock or warrants; no money moved.
    Stock,
    /// Such a tranche is released, or a part of it vested, and not given yet.
    StockDue,
    /// A prepayment was paid.
    Prepayment,
    /// A prepayment is released and not paid yet.
    PrepaymentDue,
    /// A prepayment is used up by what is due under its commitment.
    Drawdown,
    /// Eligible spend after discounts; at list price in years whose minimum is not stated.
    Charge,
    /// List spend that does not count, paid apart.
    Uncounted,
    /// What discounts took off the list price.
    Discount,
    /// What a year fell short of its minimum.
    Shortfall,
    /// Credit that a paid shortfall gives.
    Credit,
    /// Credit used against spend above the minimum.
    CreditUsed,
    /// Credit lost.
    CreditExpired,
    /// A share of revenue.
    RevenueShare,
}

impl Kind {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tranche => "tranche",
            Self::TrancheDue => "tranche_due",
            Self::Stock => "stock",
            Self::StockDue => "stock_due",
            Self::Prepayment => "prepayment",
            Self::PrepaymentDue => "prepayment_due",
            Self::Drawdown => "drawdown",
            Self::Charge => "charge",
            Self::Uncounted => "uncounted",
            Self::Discount => "discount",
            Self::Shortfall => "shortfall",
            Self::Credit => "credit",
            Self::CreditUsed => "credit_used",
            Self::CreditExpired => "credit_expired",
            Self::RevenueShare => "revenue_share",
        }
    }

    /// The roles of who gives and who receives.
    pub const fn roles(self) -> (&'static str, &'static str) {
        match self {
            Self::Tranche | Self::TrancheDue | Self::Stock | Self::StockDue => ("investor", "issuer"),
            Self::Drawdown | Self::Discount | Self::Credit | Self::CreditUsed => ("vendor", "customer"),
            _ => ("customer", "vendor"),
        }
    }
}

impl Flow {
    /// Who gives and who receives, called by their roles where the deal does not name them.
    pub fn sides(&self) -> (&str, &str) {
        let (giver, receiver) = self.kind.roles();
        (self.from.as_deref().unwrap_or(giver), self.to.as_deref().unwrap_or(receiver))
    }
}

/// All flows of an evaluation of `deal`, by date. `deal` is the version that was evaluated
/// ([`Versions::known_at`](crate::Versions::known_at)).
pub fn flows(deal: &Deal, evaluation: &Evaluation) -> Vec<Flow> {
    let today = Day::of(evaluation.as_of);
    let mut flows = Vec::new();
    for (tranche, status) in deal.tranches.iter().zip(&evaluation.tranches) {
        tranche_flows(deal, tranche, status, today, &mut flows);
    }
    for (commitment, status) in deal.commitments.iter().zip(&evaluation.commitments) {
        let sides = payer_and_payee(deal, commitment);
        for year in &status.years {
            year_flows(&Year { commitment, year, today, sides: &sides }, &mut flows);
        }
        flows.extend(unscheduled(deal, status, today, &sides));
        drawdowns(deal, evaluation, status, today, &mut flows);
    }
    for (clause, status) in deal.revenue_shares.iter().zip(&evaluation.revenue_shares) {
        let Some(amount) = status.due.filter(|due| !due.is_zero()) else { continue };
        flows.push(Flow {
            date: today,
            due: None,
            from: party(deal, clause.payer.as_ref(), "customer"),
            to: party(deal, clause.payee.as_ref(), "vendor"),
            kind: Kind::RevenueShare,
            amount,
            clause: status.id.clone(),
            year: None,
            open: !status.capped,
        });
    }
    flows.sort_by(|one, other| {
        (one.date, &one.clause, one.year, one.kind).cmp(&(other.date, &other.clause, other.year, other.kind))
    });
    flows
}

/// Who spends under a commitment and who is paid; nothing where the deal does not say.
pub fn payer_and_payee(deal: &Deal, commitment: &Commitment) -> (Option<String>, Option<String>) {
    let payer = party(deal, commitment.payer.as_ref(), "customer");
    (payer, party(deal, commitment.payee.as_ref(), "vendor"))
}

/// The party a clause names, or the only one with that role.
fn party(deal: &Deal, named: Option<&toml::Spanned<String>>, role: &str) -> Option<String> {
    named.map(|name| name.get_ref().as_str()).or_else(|| deal.party_with(role)).map(str::to_owned)
}

/// What paying a tranche is, and what owing it.
fn tranche_kinds(tranche: &Tranche) -> (Kind, Kind) {
    match tranche.instrument.as_deref() {
        Some("stock" | "warrant") => (Kind::Stock, Kind::StockDue),
        instrument if tranche.draws.is_some() || instrument == Some("prepayment") => {
            (Kind::Prepayment, Kind::PrepaymentDue)
        }
        _ => (Kind::Tranche, Kind::TrancheDue),
    }
}

fn tranche_flows(deal: &Deal, tranche: &Tranche, status: &TrancheStatus, today: Day, flows: &mut Vec<Flow>) {
    let facility = tranche.facility.as_ref();
    let facility = deal.facilities.iter().find(|clause| Some(&clause.id) == facility);
    let (paid, due) = tranche_kinds(tranche);
    let (giver, receiver) = paid.roles();
    let from = tranche.from.as_ref().or(facility.and_then(|clause| clause.investor.as_ref()));
    let to = tranche.to.as_ref().or(facility.and_then(|clause| clause.issuer.as_ref()));
    let flow = |date: Day, kind: Kind, amount: Money| Flow {
        date,
        due: None,
        from: party(deal, from, giver),
        to: party(deal, to, receiver),
        kind,
        amount,
        clause: status.id.clone(),
        year: None,
        open: kind == due,
    };
    flows.extend(status.payments.iter().map(|(at, amount)| flow(Day::of(*at), paid, *amount)));
    // Paid in part, the rest stays due; disputed, nothing is.
    let binding = matches!(status.state, State::Signed | State::Resolved | State::Funded);
    let released = status.signed_at.filter(|_| binding);
    let left =
        status.vested.unwrap_or(status.amount).checked_sub(status.funded).ok().filter(|left| left.pico() > 0);
    if let Some((at, left)) = released.zip(left) {
        flows.push(flow(Day::of(at).min(today), due, left));
    }
}

/// A contract year of a commitment.
struct Year<'a> {
    commitment: &'a Commitment,
    year: &'a YearSettlement,
    today: Day,
    sides: &'a (Option<String>, Option<String>),
}

impl Year<'_> {
    /// A flow from payer to payee, or back; nothing where there is nothing.
    fn flow(&self, kind: Kind, amount: Money, back: bool) -> Option<Flow> {
        let (payer, payee) = self.sides.clone();
        let (from, to) = if back { (payee, payer) } else { (payer, payee) };
        let year = self.year;
        let date = if year.open { self.today } else { year.to };
        let days = self.commitment.shortfall.as_ref().and_then(|clause| clause.invoice_days);
        let due = days.filter(|_| kind == Kind::Shortfall).map(|days| date.plus_days(days));
        let clause = self.commitment.id.get_ref().clone();
        (!amount.is_zero()).then_some(Flow {
            date,
            due,
            from,
            to,
            kind,
            amount,
            clause,
            year: Some(year.year),
            open: year.open,
        })
    }
}

fn year_flows(of: &Year<'_>, flows: &mut Vec<Flow>) {
    let year = of.year;
    flows.extend(of.flow(Kind::Charge, year.charge, false));
    flows.extend(of.flow(Kind::Uncounted, year.uncounted, false));
    let discount = year.counted.checked_sub(year.charge).ok();
    flows.extend(discount.and_then(|discount| of.flow(Kind::Discount, discount, true)));
    if year.open {
        return;
    }
    flows.extend(of.flow(Kind::Shortfall, year.shortfall, false));
    flows.extend(of.flow(Kind::Credit, year.credit_out, true));
    flows.extend(of.flow(Kind::CreditUsed, year.credit_used, true));
    let lost = year.credit_in.checked_sub(year.credit_used).ok();
    flows.extend(lost.and_then(|lost| of.flow(Kind::CreditExpired, lost, false)));
}

/// What counted in years without a stated minimum: no discount can be told there.
fn unscheduled(
    deal: &Deal,
    status: &CommitmentStatus,
    today: Day,
    sides: &(Option<String>, Option<String>),
) -> Option<Flow> {
    let mut scheduled = status.years.iter().map(|year| year.counted);
    let amount = scheduled.try_fold(status.drawn, |left, counted| left.checked_sub(counted).ok())?;
    let end = deal.period().to.filter(|end| *end <= today);
    (!amount.is_zero()).then(|| Flow {
        date: end.unwrap_or(today),
        due: None,
        from: sides.0.clone(),
        to: sides.1.clone(),
        kind: Kind::Charge,
        amount,
        clause: status.id.clone(),
        year: None,
        open: end.is_none(),
    })
}

/// What is due of each closed year uses up what was prepaid, in the deal's order of tranches.
fn drawdowns(
    deal: &Deal,
    evaluation: &Evaluation,
    status: &CommitmentStatus,
    today: Day,
    flows: &mut Vec<Flow>,
) {
    let prepaid = deal
        .tranches
        .iter()
        .zip(&evaluation.tranches)
        .filter(|(tranche, _)| tranche.draws.as_ref().is_some_and(|id| *id.get_ref() == status.id));
    let mut left: Vec<(&Tranche, Money)> =
        prepaid.map(|(tranche, status)| (tranche, status.funded)).collect();
    for year in status.years.iter().filter(|year| !year.open || year.from <= today) {
        let mut due = if year.open { year.charge } else { year.cash };
        for (tranche, balance) in &mut left {
            let used = if balance.pico() < due.pico() { *balance } else { due };
            if used.pico() <= 0 {
                continue;
            }
            // Neither can fail: `used` is no more than either.
            due = due.checked_sub(used).unwrap_or(due);
            *balance = balance.checked_sub(used).unwrap_or(*balance);
            flows.push(Flow {
                date: if year.open { today } else { year.to },
                due: None,
                from: party(deal, tranche.to.as_ref(), "vendor"),
                to: party(deal, tranche.from.as_ref(), "customer"),
                kind: Kind::Drawdown,
                amount: used,
                clause: tranche.id.get_ref().clone(),
                year: Some(year.year),
                open: year.open,
            });
        }
    }
}
