//! The accounting view of a deal: what its file says, joined with the parameters that it does not.
//!
//! What cannot be told is [`Part::Missing`], with the parameter that would tell it. Nothing is guessed but the
//! even spread of an undisclosed schedule, and that is named as assumed.

use super::allocation::{Allocation, Exchange, Form, InReturn, allocate, price_per_unit};
use super::amortisation::{Amortisation, amortise};
use super::financing::{Financing, FinancingFacts, financing};
use super::journal::{Entry, customer_entry, revenue_entry, vendor_entry};
use super::lease::{LeaseFacts, LeaseScreen, Question, screen};
use super::obligation::{PurchaseObligation, purchase_obligation, remaining_performance_obligation};
use super::shortfall::{Breakage, ShortfallYear, Treatment, breakage, shortfall};
use super::tranche::{Booking, TrancheFacts, booking};
use super::warrant::VestOnPurchase;
use super::{Citation, citation};
use crate::{Error, sum};
use contract::deal::{Becomes, Binding, Capacity, Commitment, Total, When};
use contract::{CommitmentTerms, Day, Deal, Decimal, Period, Ratio};
use units::{Currency, Money, PICO_PER_UNIT};

/// What every such view says of itself.
pub const DISCLAIMER: &str = "Parameterised analysis, never a claim about undisclosed terms";

/// Usage that the revenue entry is shown for, and the shortfall where no usage is given.
const SAMPLE: Ratio = Ratio::whole(100);

/// What a deal file does not say. Amounts are in whole units of the deal's currency.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Assumptions {
    /// The fair value at inception of the equity received.
    pub fair_value: Option<Decimal>,
    /// What is paid for it; what is due at signing when not said.
    pub cash: Option<Decimal>,
    /// In which form.
    pub form: Form,
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
    /// The purchases that vest it; the expected spend when not said.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WarrantView {
    /// Its grant-date fair value.
    pub fair_value: Ratio,
    /// The purchases that vest it.
    pub purchases: Ratio,
    /// What it takes off each unit of revenue.
    pub discount: Ratio,
    /// What this rests on.
    pub citations: [Citation; 2],
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
    /// Tranches, booked or not.
    pub tranches: Vec<TrancheView>,
    /// A year below its minimum.
    pub shortfall: Part<Vec<ShortfallLine>>,
    /// Warrants that vest on purchases.
    pub warrant: Part<WarrantView>,
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
    let allocation = allocation(deal, &inputs)?;
    let schedule = schedule(&inputs, allocation.shown())?;
    Ok(View {
        currency: deal.currency,
        parameters: inputs.parameters(),
        notes: notes(deal, &inputs),
        obligations: obligations(&inputs, schedule.shown()),
        shortfall: shortfalls(deal, assumed, &inputs)?,
        warrant: warrant(assumed, &inputs)?,
        leases: leases(deal, assumed)?,
        tranches: tranches(deal),
        allocation,
        schedule,
    })
}

/// An amount and where it comes from.
struct Known {
    value: Option<Ratio>,
    basis: &'static str,
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
struct Inputs {
    period: Period,
    as_of: Day,
    form: Form,
    cash: Known,
    fair_value: Known,
    spend: Known,
    years: Known,
    /// Expected spend by contract year, and whether the file states its shape.
    revenues: Vec<Ratio>,
    shape_stated: bool,
}

impl Inputs {
    fn new(deal: &Deal, assumed: &Assumptions) -> Result<Self, Error> {
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
            form: assumed.form,
            cash: Known::new(
                assumed.cash,
                at_signing(deal),
                "the file's tranches at signing",
                "the file has no tranche at signing; give --cash AMOUNT",
            ),
            fair_value: Known::new(assumed.fair_value, None, "", "not disclosed; give --fair-value AMOUNT"),
            spend,
            years,
            revenues,
            shape_stated,
        })
    }

    fn parameters(&self) -> Vec<Parameter> {
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

    /// The contract years with their expected spend.
    fn contract_years(&self) -> impl Iterator<Item = (u32, Day, Day, Ratio)> {
        let years = (1..).zip(&self.revenues);
        years.filter_map(|(year, revenue)| {
            let (from, to) = self.period.year(year)?;
            Some((year, from, to, *revenue))
        })
    }
}

fn amount(money: Money) -> Ratio {
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

fn at_signing(deal: &Deal) -> Option<Ratio> {
    let signed = deal.tranches.iter().filter(|tranche| *tranche.when.get_ref() == When::AtSigning);
    let amounts: Vec<Ratio> = signed.map(|tranche| tranche.amount.get_ref().ratio()).collect();
    (!amounts.is_empty()).then(|| sum(amounts))
}

fn notes(deal: &Deal, inputs: &Inputs) -> Vec<String> {
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
    notes
}

fn allocation(deal: &Deal, inputs: &Inputs) -> Result<Part<AllocationView>, Error> {
    let missing = |what, give| Ok(Part::Missing { what, give });
    let Some(received) = inputs.fair_value.value else {
        return missing(
            "The fair value of the equity at contract inception is not disclosed",
            "give --fair-value AMOUNT (0 where no equity is received)",
        );
    };
    let Some(given) = inputs.cash.value else {
        return missing("What the vendor gives at signing is not known", "give --cash AMOUNT");
    };
    let Some(committed_spend) = inputs.spend.value else {
        return missing("The committed spend is not known", "give --spend AMOUNT");
    };
    let exchange = Exchange { given, form: inputs.form, received, committed_spend };
    let allocation = allocate(&exchange, InReturn::Nothing)?;
    let journal = vec![
        vendor_entry(&exchange, &allocation, deal.currency)?,
        revenue_entry(&allocation, SAMPLE, deal.currency)?,
        customer_entry(&exchange, &allocation, deal.currency)?,
    ];
    let transferred = inputs.contract_years().last().map_or(inputs.period.from, |(_, _, to, _)| to);
    let financing = financing(&FinancingFacts {
        paid: inputs.period.from,
        transferred,
        customer_decides_when: false,
        other_reason: false,
    });
    let per_gigawatt_year = per_gigawatt_year(deal, inputs, &allocation);
    Ok(Part::Shown(AllocationView { exchange, allocation, per_gigawatt_year, journal, financing }))
}

fn per_gigawatt_year(deal: &Deal, inputs: &Inputs, allocation: &Allocation) -> Vec<(String, Ratio)> {
    let Some(years) = inputs.years.value else { return Vec::new() };
    let power = deal.capacity.iter().filter(|grant| grant.unit == "GW");
    let price = |grant: &Capacity| {
        let units = grant.ceiling.as_ref()?.get_ref().ratio() * years;
        let price = price_per_unit(allocation, units);
        price.is_some().then(|| (grant.id.get_ref().clone(), price))
    };
    power.filter_map(price).collect()
}

fn schedule(inputs: &Inputs, shown: Option<&AllocationView>) -> Result<Part<Vec<ScheduleYear>>, Error> {
    let Some(view) = shown else {
        return Ok(Part::Missing {
            what: "Without an allocation there is nothing to amortise",
            give: "see the allocation",
        });
    };
    if inputs.revenues.is_empty() {
        return Ok(Part::Missing { what: "The deal has no end to spread over", give: "give --term YEARS" });
    }
    let lines = amortise(view.allocation.reduction, &inputs.revenues)?;
    let years = inputs.contract_years().zip(lines);
    let years = years.map(|((year, from, to, _), line)| ScheduleYear { year, from, to, line });
    Ok(Part::Shown(years.collect()))
}

fn tranches(deal: &Deal) -> Vec<TrancheView> {
    let bound = deal.binding == Binding::Contract;
    let tranche = |tranche: &contract::deal::Tranche| {
        let met = *tranche.when.get_ref() == When::AtSigning;
        TrancheView {
            id: tranche.id.get_ref().clone(),
            amount: tranche.amount.get_ref().ratio(),
            booking: booking(&TrancheFacts { met, signed: met && bound, unconditional: met && bound }),
        }
    };
    deal.tranches.iter().map(tranche).collect()
}

fn shortfalls(
    deal: &Deal,
    assumed: &Assumptions,
    inputs: &Inputs,
) -> Result<Part<Vec<ShortfallLine>>, Error> {
    if deal.commitments.is_empty() {
        return Ok(Part::Missing {
            what: "The deal promises no spend",
            give: "add a [[commitment]] to the file",
        });
    }
    let year = assumed.year.unwrap_or(1);
    let mut lines = Vec::new();
    for (commitment, terms) in deal.commitments.iter().zip(deal.commitment_terms()) {
        let place = usize::try_from(year).ok().and_then(|year| year.checked_sub(1));
        let spread = place.and_then(|place| inputs.revenues.get(place)).copied();
        // Only where there is one commitment is the whole spend its own.
        let minimum = terms.minimum(year).map(amount).or(spread.filter(|_| deal.commitments.len() == 1));
        let (minimum, used) = match (assumed.used, minimum) {
            (None, _) => (SAMPLE, Ratio::ZERO),
            (Some(used), Some(minimum)) => (minimum, used.ratio()),
            (Some(_), None) => {
                let what = "The minimum of that contract year is not known";
                return Ok(Part::Missing {
                    what,
                    give: "give --spend AMOUNT and --term YEARS, or another --year",
                });
            }
        };
        for (treatment, agreed) in treatments(commitment) {
            let year = shortfall(minimum, used, treatment);
            let share = assumed.breakage.filter(|_| year.liability.is_positive());
            let breakage = share.map(|share| breakage(year.liability, share.ratio())).transpose()?;
            let commitment = commitment.id.get_ref().clone();
            lines.push(ShortfallLine { commitment, treatment, agreed, year, breakage });
        }
    }
    Ok(Part::Shown(lines))
}

/// With and without make-good, and which of them was agreed.
fn treatments(commitment: &Commitment) -> [(Treatment, Option<bool>); 2] {
    let clause = commitment.shortfall.as_ref();
    let credit = clause.map(|clause| clause.becomes == Becomes::Credit);
    let share =
        clause.and_then(|clause| clause.share.as_ref()).map_or(Ratio::ONE, |share| share.get_ref().ratio());
    [(Treatment::Forfeit, credit.map(|credit| !credit)), (Treatment::Credit(share), credit)]
}

fn warrant(assumed: &Assumptions, inputs: &Inputs) -> Result<Part<WarrantView>, Error> {
    let Some(fair_value) = assumed.warrant_value.map(Decimal::ratio) else {
        return Ok(Part::Missing {
            what: "No warrant that vests on purchases is given",
            give: "give --warrant-value AMOUNT, its grant-date fair value, and --warrant-purchases AMOUNT",
        });
    };
    let Some(purchases) = assumed.warrant_purchases.map(Decimal::ratio).or(inputs.spend.value) else {
        let what = "The purchases that vest the warrant are not known";
        return Ok(Part::Missing { what, give: "give --warrant-purchases AMOUNT" });
    };
    let discount = VestOnPurchase::discount(fair_value, purchases)?;
    let citations = [citation::EQUITY_TO_CUSTOMER, citation::VEST_ON_PURCHASE];
    Ok(Part::Shown(WarrantView { fair_value, purchases, discount, citations }))
}

fn leases(deal: &Deal, assumed: &Assumptions) -> Result<Part<Vec<LeaseView>>, Error> {
    let known = |name: &String| deal.capacity.iter().any(|grant| grant.id.get_ref() == name);
    if let Some((name, ..)) = assumed.answers.iter().find(|(name, ..)| !known(name)) {
        return Err(Error::Unknown { what: "capacity grant", name: name.clone() });
    }
    if deal.capacity.is_empty() {
        return Ok(Part::Missing {
            what: "The deal grants no capacity",
            give: "add a [[capacity]] to the file",
        });
    }
    let lease = |grant: &Capacity| LeaseView {
        grant: grant.id.get_ref().clone(),
        stated: grant.identified_asset.is_some(),
        screen: screen(&facts(grant, &assumed.answers)),
    };
    Ok(Part::Shown(deal.capacity.iter().map(lease).collect()))
}

/// What the file's clause says, and what the answers add or put in its place.
fn facts(grant: &Capacity, answers: &[(String, Question, bool)]) -> LeaseFacts {
    let clause = grant.identified_asset.as_ref();
    let mut facts = LeaseFacts {
        named: clause.map(|clause| clause.named_site),
        may_substitute: clause.map(|clause| clause.vendor_may_substitute),
        ..LeaseFacts::default()
    };
    // Throughput of a model is served from a fleet: there is no thing to point at.
    if clause.is_none() && (grant.model.is_some() || grant.unit == "tokens_per_minute") {
        facts.named = Some(false);
    }
    for (_, question, yes) in answers.iter().filter(|(name, ..)| name == grant.id.get_ref()) {
        match question {
            Question::Asset => facts.named = Some(*yes),
            Question::Substitution => {
                (facts.may_substitute, facts.gains_by_substitution) = (Some(*yes), Some(*yes));
            }
            Question::Share => facts.share = Some(if *yes { Ratio::ONE } else { Ratio::ZERO }),
            Question::Benefits => facts.benefits = Some(*yes),
            Question::Direction => facts.directs = Some(*yes),
        }
    }
    facts
}

fn obligations(inputs: &Inputs, schedule: Option<&Vec<ScheduleYear>>) -> Part<Obligations> {
    let due: Vec<(Day, Ratio)> = inputs.contract_years().map(|(_, _, to, revenue)| (to, revenue)).collect();
    if due.is_empty() {
        return Part::Missing {
            what: "What is due in which year is not known",
            give: "give --spend AMOUNT and --term YEARS",
        };
    }
    let remaining = match schedule {
        Some(years) => {
            let net = |year: &ScheduleYear| (year.to, year.line.revenue - year.line.amortised);
            let expected: Vec<(Day, Ratio)> = years.iter().map(net).collect();
            Part::Shown(remaining_performance_obligation(&expected, inputs.as_of))
        }
        None => Part::Missing {
            what: "Without an allocation the transaction price is not known",
            give: "see the allocation",
        },
    };
    let purchase = purchase_obligation(&due, inputs.as_of);
    Part::Shown(Obligations { as_of: inputs.as_of, purchase, remaining })
}
