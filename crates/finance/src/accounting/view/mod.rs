//! The accounting view of a deal: what its file says, joined with the parameters that it does not.
//!
//! What cannot be told is [`Part::Missing`], with the parameter that would tell it. Nothing is guessed but the
//! even spread of an undisclosed schedule, and that is named as assumed.

mod inputs;
mod parts;

use super::allocation::{Allocation, Exchange, Form};
use super::amortisation::Amortisation;
use super::citation::Citation;
use super::financing::Financing;
use super::journal::Entry;
use super::lease::{LeaseScreen, Question};
use super::obligation::PurchaseObligation;
use super::shortfall::{Breakage, ShortfallYear, Treatment};
use super::tranche::Booking;
use super::warrant::VestOnPurchase;
use crate::Error;
use contract::{Day, Deal, Decimal, Ratio};
use inputs::Inputs;
use units::Currency;

/// What every such view says of itself.
pub const DISCLAIMER: &str = "Parameterised analysis, never a claim about undisclosed terms";

/// What a deal file does not say. Amounts are in whole units of the deal's currency.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Assumptions {
    /// The fair value at inception of the equity received.
    pub fair_value: Option<Decimal>,
    /// What is paid for it; the file's tranches that no condition stands before, when not said.
    pub cash: Option<Decimal>,
    /// In which form; as the file says, when not said.
    pub form: Option<Form>,
    /// Expected spend; the commitments' totals when not said.
    pub spend: Option<Decimal>,
    /// Contract years; those of the file when not said.
    pub years: Option<u32>,
    /// The day that obligations are counted from; the deal's first when not said.
    pub as_of: Option<Day>,
    /// Net usage in the contract year `year`.
    pub used: Option<Decimal>,
    /// The contract year of `used`, from 1; the first when not said.
    pub year: Option<u32>,
    /// The share of a credit that will never be used.
    pub breakage: Option<Decimal>,
    /// The grant-date fair value of a warrant that vests on purchases.
    pub warrant_value: Option<Decimal>,
    /// The purchases that vest it; what the file says when not said.
    pub warrant_purchases: Option<Decimal>,
    /// Answers to the lease screen: grant, question, yes or no.
    pub answers: Vec<(String, Question, bool)>,
}

/// A parameter as it was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Its value; nothing when it is not known.
    pub value: Option<Ratio>,
    /// Where it comes from.
    pub basis: String,
}

/// A part of the view, or what it lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part<T> {
    /// There it is.
    Shown(T),
    /// It cannot be told.
    Missing {
        /// What is not known, as a sentence without its stop.
        what: &'static str,
        /// What to add to the command or to the file.
        give: &'static str,
    },
}

impl<T> Part<T> {
    /// What is shown.
    pub const fn shown(&self) -> Option<&T> {
        match self {
            Self::Shown(part) => Some(part),
            Self::Missing { .. } => None,
        }
    }
}

/// The signed allocation with what follows at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllocationView {
    /// Both sides.
    pub exchange: Exchange,
    /// What they come to.
    pub allocation: Allocation,
    /// The effective price of a gigawatt-year by power grant, if its ceiling ran from the first day.
    pub per_gigawatt_year: Vec<(String, Ratio)>,
    /// At closing in both books, and for each 100 of usage served.
    pub journal: Vec<Entry>,
    /// Time between payment and service.
    pub financing: Financing,
}

/// One contract year of the amortisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScheduleYear {
    /// From 1.
    pub year: u32,
    /// Its first day.
    pub from: Day,
    /// The first day after it.
    pub to: Day,
    /// Its amounts.
    pub line: Amortisation,
}

/// A tranche and whether it is booked at signing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrancheView {
    /// Its id.
    pub id: String,
    /// How much.
    pub amount: Ratio,
    /// Whether it is in the books.
    pub booking: Booking,
}

/// A year below its minimum, under one treatment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortfallLine {
    /// The commitment's id.
    pub commitment: String,
    /// What the customer gets for a shortfall.
    pub treatment: Treatment,
    /// Whether the file says that this is what was agreed; nothing when it does not say.
    pub agreed: Option<bool>,
    /// What it comes to: for the usage given, or for each 100 of shortfall.
    pub year: ShortfallYear,
    /// Expected breakage on what stays owed.
    pub breakage: Option<Breakage>,
}

/// A warrant that vests on purchases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WarrantView {
    /// Its id; nothing when it stands in no file.
    pub id: Option<String>,
    /// Its terms, where the file states shares, strike, and purchases in money.
    pub terms: Option<VestOnPurchase>,
    /// What it comes to.
    pub worth: Part<WarrantWorth>,
    /// What this rests on.
    pub citations: [Citation; 2],
}

/// A warrant as a discount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WarrantWorth {
    /// Its grant-date fair value.
    pub fair_value: Ratio,
    /// The purchases that vest it.
    pub purchases: Ratio,
    /// What it takes off each unit of revenue.
    pub discount: Ratio,
}

/// A capacity grant through the lease screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseView {
    /// Its id.
    pub grant: String,
    /// Whether the file has an `identified_asset` clause for it.
    pub stated: bool,
    /// The answers and the result.
    pub screen: LeaseScreen,
}

/// What both sides still owe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obligations {
    /// Counted from the end of this day.
    pub as_of: Day,
    /// The buyer's purchase obligation.
    pub purchase: PurchaseObligation,
    /// The vendor's remaining performance obligation, where the transaction price is known.
    pub remaining: Part<PurchaseObligation>,
}

/// The whole view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The currency of every amount.
    pub currency: Currency,
    /// What it was computed from.
    pub parameters: Vec<Parameter>,
    /// What a reader must know before anything else.
    pub notes: Vec<String>,
    /// Who is buying what.
    pub allocation: Part<AllocationView>,
    /// The concession over the contract years.
    pub schedule: Part<Vec<ScheduleYear>>,
    /// Tranches but warrants, booked or not.
    pub tranches: Vec<TrancheView>,
    /// A year below its minimum.
    pub shortfall: Part<Vec<ShortfallLine>>,
    /// Warrants that vest on purchases.
    pub warrants: Part<Vec<WarrantView>>,
    /// Each capacity grant.
    pub leases: Part<Vec<LeaseView>>,
    /// What is still owed.
    pub obligations: Part<Obligations>,
}

/// The accounting view of `deal` under these assumptions.
///
/// # Errors
/// When a parameter is out of its range, an answer names no capacity grant of the deal, or a number does not fit.
pub fn view(deal: &Deal, assumed: &Assumptions) -> Result<View, Error> {
    let inputs = Inputs::new(deal, assumed)?;
    let allocation = parts::allocation(deal, &inputs)?;
    let schedule = parts::schedule(&inputs, allocation.shown())?;
    Ok(View {
        currency: deal.currency,
        parameters: inputs.parameters(),
        notes: inputs::notes(deal, &inputs),
        obligations: parts::obligations(&inputs, schedule.shown()),
        shortfall: parts::shortfalls(deal, assumed, &inputs)?,
        warrants: parts::warrants(deal, assumed, &inputs)?,
        leases: parts::leases(deal, assumed)?,
        tranches: parts::tranches(deal),
        allocation,
        schedule,
    })
}
