//! The parts of the view, one function each.

use super::inputs::{Inputs, amount, is_unconditional, is_warrant};
use super::{
    AllocationView, Assumptions, LeaseView, Obligations, Part, ScheduleYear, ShortfallLine, TrancheView,
    WarrantView, WarrantWorth,
};
use crate::Error;
use crate::accounting::{
    Allocation, Exchange, FinancingFacts, InReturn, LeaseFacts, Question, TrancheFacts, Treatment,
    VestOnPurchase, allocate, amortise, booking, breakage, citation, customer_entry, financing,
    price_per_unit, purchase_obligation, remaining_performance_obligation, revenue_entry, screen, shortfall,
    vendor_entry,
};
use contract::deal::{Becomes, Binding, Capacity, Commitment, MetricKind, Tranche};
use contract::{Day, Deal, Decimal, Ratio};

/// Usage that the revenue entry is shown for, and the shortfall where no usage is given.
const SAMPLE: Ratio = Ratio::whole(100);

pub(super) fn allocation(deal: &Deal, inputs: &Inputs) -> Result<Part<AllocationView>, Error> {
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
    let transferred = inputs.contract_years().last().map_or(inputs.period.from, |(_, _, to)| to);
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

pub(super) fn schedule(
    inputs: &Inputs,
    shown: Option<&AllocationView>,
) -> Result<Part<Vec<ScheduleYear>>, Error> {
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
    let years = years.map(|((year, from, to), line)| ScheduleYear { year, from, to, line });
    Ok(Part::Shown(years.collect()))
}

pub(super) fn tranches(deal: &Deal) -> Vec<TrancheView> {
    let bound = deal.binding == Binding::Contract;
    let tranche = |tranche: &Tranche| {
        let met = is_unconditional(tranche);
        TrancheView {
            id: tranche.id.get_ref().clone(),
            amount: tranche.amount.get_ref().ratio(),
            booking: booking(&TrancheFacts { met, signed: met && bound, unconditional: met && bound }),
        }
    };
    deal.tranches.iter().filter(|tranche| !is_warrant(tranche)).map(tranche).collect()
}

pub(super) fn shortfalls(
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

pub(super) fn warrants(
    deal: &Deal,
    assumed: &Assumptions,
    inputs: &Inputs,
) -> Result<Part<Vec<WarrantView>>, Error> {
    let citations = [citation::EQUITY_TO_CUSTOMER, citation::VEST_ON_PURCHASE];
    let filed: Vec<&Tranche> = deal.tranches.iter().filter(|tranche| is_warrant(tranche)).collect();
    let given = assumed.warrant_value.map(Decimal::ratio);
    if filed.is_empty() {
        if given.is_none() {
            return Ok(Part::Missing {
                what: "The file has no warrant",
                give: "give --warrant-value AMOUNT, its grant-date fair value, and --warrant-purchases AMOUNT",
            });
        }
        let worth = worth(given, assumed.warrant_purchases.map(Decimal::ratio).or(inputs.spend.value))?;
        return Ok(Part::Shown(vec![WarrantView { id: None, terms: None, worth, citations }]));
    }
    let alone = filed.len() == 1;
    let view = |tranche: &&Tranche| {
        let terms = vesting(deal, tranche);
        let purchases = assumed.warrant_purchases.map(Decimal::ratio).or(terms.map(|terms| terms.purchases));
        let worth = if alone {
            worth(given, purchases)?
        } else {
            Part::Missing { what: "The file has several warrants", give: "value each in a file of its own" }
        };
        Ok(WarrantView { id: Some(tranche.id.get_ref().clone()), terms, worth, citations })
    };
    filed.iter().map(view).collect::<Result<_, _>>().map(Part::Shown)
}

/// The terms of a warrant that vests on purchases in money.
fn vesting(deal: &Deal, tranche: &Tranche) -> Option<VestOnPurchase> {
    let on = tranche.vests_on.as_ref()?;
    let metric = deal.metrics.get(on.metric.get_ref())?;
    let (shares, strike) =
        (tranche.shares.as_ref()?.get_ref().ratio(), tranche.strike.as_ref()?.get_ref().ratio());
    let at_once = on.at_once.as_ref().map_or(Ratio::ZERO, |share| share.get_ref().ratio());
    // A share of whole shares is a whole number of them, whatever its decimals.
    let immediate = Ratio::whole((shares * at_once).round_half_even()?);
    let purchases = on.full_at.get_ref().ratio();
    (metric.kind == MetricKind::Money).then_some(VestOnPurchase { shares, strike, immediate, purchases })
}

fn worth(fair_value: Option<Ratio>, purchases: Option<Ratio>) -> Result<Part<WarrantWorth>, Error> {
    let Some(fair_value) = fair_value else {
        let what = "Its grant-date fair value is not known";
        return Ok(Part::Missing { what, give: "give --warrant-value AMOUNT" });
    };
    let Some(purchases) = purchases else {
        let what = "The purchases in money that vest it are not known";
        return Ok(Part::Missing { what, give: "give --warrant-purchases AMOUNT" });
    };
    let discount = VestOnPurchase::discount(fair_value, purchases)?;
    Ok(Part::Shown(WarrantWorth { fair_value, purchases, discount }))
}

pub(super) fn leases(deal: &Deal, assumed: &Assumptions) -> Result<Part<Vec<LeaseView>>, Error> {
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

pub(super) fn obligations(inputs: &Inputs, schedule: Option<&Vec<ScheduleYear>>) -> Part<Obligations> {
    let ends = inputs.contract_years().map(|(_, _, to)| to);
    let due: Vec<(Day, Ratio)> = ends.zip(inputs.fixed.iter().copied()).collect();
    if due.is_empty() {
        return Part::Missing {
            what: "What is due in which year is not known",
            give: "give --spend AMOUNT and --term YEARS",
        };
    }
    let remaining = match schedule {
        Some(years) => {
            let net =
                |((day, fixed), year): (&(Day, Ratio), &ScheduleYear)| (*day, *fixed - year.line.amortised);
            let expected: Vec<(Day, Ratio)> = due.iter().zip(years).map(net).collect();
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
