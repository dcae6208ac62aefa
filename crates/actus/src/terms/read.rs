//! Reads terms by their ACTUS names, in the shape of the public test cases: numbers may stand in quotes.

use super::fields::Fields;
use super::{
    Base, ContractType, Dividend, Exercisable, Fee, FeeBasis, Interest, Offtake, OptionType, Penalty,
    Prepayment, Principal, Reset, Role, Scaling, Terms, Trade,
};
use crate::conventions::{BusinessDay, Calendar, Conventions, DayCount, Period};
use crate::error::Error;
use jiff::civil::DateTime;
use serde_json::{Map, Value};

/// Terms that say something about a contract and change nothing in its schedule.
const SILENT: [&str; 15] = [
    "contractID",
    "contractDealDate",
    "contractPerformance",
    "counterpartyID",
    "creatorID",
    "seniority",
    "clearingHouse",
    "deliverySettlement",
    "fixingDays",
    "fixingPeriod",
    "gracePeriod",
    "delinquencyPeriod",
    "delinquencyRate",
    "marketValueObserved",
    "nonPerformingDate",
];

impl Terms {
    /// Reads terms from an object of ACTUS names.
    ///
    /// # Errors
    /// The first term that is missing for the contract type as such, can't be read, or is no term at all. Terms
    /// that only certain schedules need are looked for when the schedule is derived.
    pub fn read(object: &Map<String, Value>) -> Result<Self, Error> {
        let fields = Fields::new(object);
        let contract_type = contract_type(&fields)?;
        let missing = |term| Error::Missing { term, contract: contract_type.code() };
        let principal = principal(&fields)?;
        let terms = Self {
            contract_type,
            role: role(&fields)?.ok_or_else(|| missing("contractRole"))?,
            status_date: fields.time("statusDate")?.ok_or_else(|| missing("statusDate"))?,
            conventions: conventions(&fields, &principal)?,
            currency: fields.text("currency")?,
            settlement_currency: fields.text("settlementCurrency")?,
            underlying: underlying(&fields)?,
            principal,
            interest: interest(&fields)?,
            reset: reset(&fields)?,
            scaling: scaling(&fields)?,
            fee: fee(&fields)?,
            trade: trade(&fields, contract_type)?,
            prepayment: prepayment(&fields)?,
            notice: fields.period("xDayNotice")?.unwrap_or(Period::NONE),
            dividend: dividend(&fields)?,
            option: option(&fields)?,
            offtake: offtake(&fields)?,
        };
        for name in SILENT {
            fields.value(name);
        }
        fields.nothing_else()?;
        terms.in_order()?;
        Ok(terms)
    }

    /// Refuses dates that contradict each other.
    fn in_order(&self) -> Result<(), Error> {
        let after =
            |term, date: Option<DateTime>, earlier: Option<DateTime>, name: &str| match (date, earlier) {
                (Some(date), Some(earlier)) if date <= earlier => {
                    Err(Error::refused(term, format!("is {date}, and should be after `{name}`, {earlier}")))
                }
                _ => Ok(()),
            };
        let Principal { exchange, maturity, amortisation, .. } = self.principal;
        let purchase = self.trade.purchase.map(|(date, _)| date);
        let termination = self.trade.termination.map(|(date, _)| date);
        after("maturityDate", maturity, exchange, "initialExchangeDate")?;
        after("amortizationDate", amortisation, exchange, "initialExchangeDate")?;
        after("capitalizationEndDate", self.interest.capitalisation_end, exchange, "initialExchangeDate")?;
        after("terminationDate", termination, purchase, "purchaseDate")
    }
}

fn contract_type(fields: &Fields<'_>) -> Result<ContractType, Error> {
    const EXPECTED: &str = "one of `PAM`, `LAM`, `NAM`, `ANN`, `CLM`, `UMP`, `STK`, `OPTNS`, `OFF`";
    let parse = |text: &str| {
        Some(match text {
            "PAM" => ContractType::Pam,
            "LAM" => ContractType::Lam,
            "NAM" => ContractType::Nam,
            "ANN" => ContractType::Ann,
            "CLM" => ContractType::Clm,
            "UMP" => ContractType::Ump,
            "STK" => ContractType::Stk,
            "OPTNS" => ContractType::Optns,
            "OFF" => ContractType::Off,
            _ => return None,
        })
    };
    let found = fields.parsed("contractType", EXPECTED, parse)?;
    found.ok_or(Error::Missing { term: "contractType", contract: "an instrument" })
}

fn role(fields: &Fields<'_>) -> Result<Option<Role>, Error> {
    fields.parsed("contractRole", "a role such as `RPA` (holds the claim) or `RPL` (owes)", |text| match text
    {
        "RPA" | "LG" | "BUY" | "RFL" | "COL" | "CNO" | "OBL" | "UDL" | "UDLP" => Some(Role::Claim),
        "RPL" | "ST" | "SEL" | "PFL" | "GUA" | "UDLM" => Some(Role::Obligation),
        _ => None,
    })
}

fn conventions(fields: &Fields<'_>, principal: &Principal) -> Result<Conventions, Error> {
    const DAY_COUNTS: &str = "one of `AA`, `A360`, `A365`, `A336`, `30E360`, `30E360ISDA`, `28E336`, `B252`";
    const SHIFTS: &str = "one of `NOS`, `SCF`, `SCMF`, `CSF`, `CSMF`, `SCP`, `SCMP`, `CSP`, `CSMP`";
    Ok(Conventions {
        day_count: fields.parsed("dayCountConvention", DAY_COUNTS, DayCount::parse)?.unwrap_or_default(),
        business_day: fields.parsed("businessDayConvention", SHIFTS, BusinessDay::parse)?.unwrap_or_default(),
        calendar: fields.parsed("calendar", "`NC` or `MF`", calendar)?.unwrap_or_default(),
        end_of_month: fields.parsed("endOfMonthConvention", "`SD` or `EOM`", end_of_month)?.unwrap_or(false),
        maturity: principal.maturity,
    })
}

fn calendar(text: &str) -> Option<Calendar> {
    match text {
        "NC" => Some(Calendar::NoHolidays),
        "MF" => Some(Calendar::MondayToFriday),
        _ => None,
    }
}

fn end_of_month(text: &str) -> Option<bool> {
    match text {
        "SD" => Some(false),
        "EOM" => Some(true),
        _ => None,
    }
}

/// The underlying: named outright, or the one in `contractStructure`.
fn underlying(fields: &Fields<'_>) -> Result<Option<String>, Error> {
    let named = fields.text("marketObjectCode")?;
    let inside = fields
        .value("contractStructure")
        .and_then(Value::as_array)
        .and_then(|parts| {
            parts.iter().find(|part| part.get("referenceRole").is_some_and(|role| role == "UDL"))
        })
        .and_then(|part| part.get("object")?.get("marketObjectCode")?.as_str());
    Ok(named.or(inside.map(str::to_owned)))
}

fn principal(fields: &Fields<'_>) -> Result<Principal, Error> {
    Ok(Principal {
        exchange: fields.time("initialExchangeDate")?,
        maturity: fields.time("maturityDate")?,
        amortisation: fields.time("amortizationDate")?,
        notional: fields.amount("notionalPrincipal")?,
        premium: fields.number_or("premiumDiscountAtIED", 0.0)?,
        redemption: fields
            .recurrence("cycleAnchorDateOfPrincipalRedemption", "cycleOfPrincipalRedemption")?,
        redemption_amount: fields.amount("nextPrincipalRedemptionPayment")?,
    })
}

fn interest(fields: &Fields<'_>) -> Result<Interest, Error> {
    let base = |text: &str| match text {
        "NT" => Some(Base::Notional),
        "NTIED" => Some(Base::AtExchange),
        "NTL" => Some(Base::Lagged),
        _ => None,
    };
    let end_of_cycle = |text: &str| (text == "E").then_some(());
    fields.parsed(
        "cyclePointOfInterestPayment",
        "`E`: interest in advance is not supported",
        end_of_cycle,
    )?;
    Ok(Interest {
        rate: fields.number("nominalInterestRate")?,
        accrued: fields.number("accruedInterest")?,
        payment: fields.recurrence("cycleAnchorDateOfInterestPayment", "cycleOfInterestPayment")?,
        capitalisation_end: fields.time("capitalizationEndDate")?,
        base: fields.parsed("interestCalculationBase", "`NT`, `NTIED` or `NTL`", base)?.unwrap_or_default(),
        base_amount: fields.amount("interestCalculationBaseAmount")?,
        base_fixing: fields
            .recurrence("cycleAnchorDateOfInterestCalculationBase", "cycleOfInterestCalculationBase")?,
    })
}

fn reset(fields: &Fields<'_>) -> Result<Reset, Error> {
    let start_of_cycle = |text: &str| (text == "B").then_some(());
    fields.parsed("cyclePointOfRateReset", "`B`: fixing in arrears is not supported", start_of_cycle)?;
    Ok(Reset {
        recurrence: fields.recurrence("cycleAnchorDateOfRateReset", "cycleOfRateReset")?,
        code: fields.text("marketObjectCodeOfRateReset")?,
        multiplier: fields.number_or("rateMultiplier", 1.0)?,
        spread: fields.number_or("rateSpread", 0.0)?,
        next_rate: fields.number("nextResetRate")?,
        life_floor: fields.number_or("lifeFloor", f64::NEG_INFINITY)?,
        life_cap: fields.number_or("lifeCap", f64::INFINITY)?,
        period_floor: fields.number_or("periodFloor", f64::NEG_INFINITY)?,
        period_cap: fields.number_or("periodCap", f64::INFINITY)?,
    })
}

fn scaling(fields: &Fields<'_>) -> Result<Scaling, Error> {
    const EXPECTED: &str = "one of `000`, `I00`, `0N0`, `IN0`";
    // The cases write the letter O where the dictionary has a nought; both are read.
    let effect = |text: &str| match text.replace('O', "0").as_str() {
        "000" => Some((false, false)),
        "I00" => Some((true, false)),
        "0N0" => Some((false, true)),
        "IN0" => Some((true, true)),
        _ => None,
    };
    let (interest, notional) = fields.parsed("scalingEffect", EXPECTED, effect)?.unwrap_or((false, false));
    Ok(Scaling {
        interest,
        notional,
        recurrence: fields.recurrence("cycleAnchorDateOfScalingIndex", "cycleOfScalingIndex")?,
        code: fields.text("marketObjectCodeOfScalingIndex")?,
        index_at_deal: fields.number("scalingIndexAtContractDealDate")?,
        interest_multiplier: fields.number_or("interestScalingMultiplier", 1.0)?,
        notional_multiplier: fields.number_or("notionalScalingMultiplier", 1.0)?,
    })
}

fn fee(fields: &Fields<'_>) -> Result<Fee, Error> {
    let basis = |text: &str| match text {
        "A" => Some(FeeBasis::Amount),
        "N" => Some(FeeBasis::Notional),
        _ => None,
    };
    Ok(Fee {
        recurrence: fields.recurrence("cycleAnchorDateOfFee", "cycleOfFee")?,
        basis: fields
            .parsed("feeBasis", "`A` (an amount) or `N` (of the notional)", basis)?
            .unwrap_or_default(),
        rate: fields.number("feeRate")?,
        accrued: fields.number("feeAccrued")?,
    })
}

fn trade(fields: &Fields<'_>, contract_type: ContractType) -> Result<Trade, Error> {
    let priced = |date: Option<DateTime>, price: Option<f64>, term| match (date, price) {
        (Some(date), Some(price)) => Ok(Some((date, price))),
        (Some(_), None) => Err(Error::Missing { term, contract: contract_type.code() }),
        (None, _) => Ok(None),
    };
    let (bought, paid) = (fields.time("purchaseDate")?, fields.number("priceAtPurchaseDate")?);
    let (sold, received) = (fields.time("terminationDate")?, fields.number("priceAtTerminationDate")?);
    Ok(Trade {
        purchase: priced(bought, paid, "priceAtPurchaseDate")?,
        termination: priced(sold, received, "priceAtTerminationDate")?,
    })
}

fn prepayment(fields: &Fields<'_>) -> Result<Prepayment, Error> {
    let effect = |text: &str| match text {
        "N" => Some(false),
        "A" | "M" => Some(true),
        _ => None,
    };
    let rate = fields.number_or("penaltyRate", 0.0)?;
    let penalty = |text: &str| match text {
        "O" => Some(Penalty::None),
        "A" => Some(Penalty::Amount(rate)),
        "R" => Some(Penalty::Notional(rate)),
        "I" => Some(Penalty::Differential),
        _ => None,
    };
    // `N` is "no penalty" in the dictionary and "of the notional" in the specification: which, must be said.
    const PENALTIES: &str = "`O` (none), `A` (an amount), `R` (of the notional) or `I` (rate differential)";
    Ok(Prepayment {
        allowed: fields.parsed("prepaymentEffect", "`N`, `A` or `M`", effect)?.unwrap_or(false),
        penalty: fields.parsed("penaltyType", PENALTIES, penalty)?.unwrap_or_default(),
    })
}

fn dividend(fields: &Fields<'_>) -> Result<Dividend, Error> {
    let mut recurrence = fields.recurrence("cycleAnchorDateOfDividendPayment", "cycleOfDividendPayment")?;
    let newer = fields.recurrence("cycleAnchorDateOfDividend", "cycleOfDividend")?;
    recurrence.anchor = recurrence.anchor.or(newer.anchor);
    recurrence.cycle = recurrence.cycle.or(newer.cycle);
    Ok(Dividend {
        recurrence,
        next: fields.number("nextDividendPaymentAmount")?,
        code: fields.text("marketObjectCodeOfDividends")?,
    })
}

fn option(fields: &Fields<'_>) -> Result<Exercisable, Error> {
    let option_type = |text: &str| match text {
        "C" => Some(OptionType::Call),
        "P" => Some(OptionType::Put),
        "CP" => Some(OptionType::CallPut),
        _ => None,
    };
    let early = |text: &str| match text {
        "E" => Some(false),
        "A" | "B" => Some(true),
        _ => None,
    };
    Ok(Exercisable {
        option_type: fields.parsed("optionType", "`C`, `P` or `CP`", option_type)?,
        strike: fields.amount("optionStrike1")?,
        put_strike: fields.amount("optionStrike2")?,
        early: fields.parsed("optionExerciseType", "`E`, `A` or `B`", early)?.unwrap_or(false),
        settlement: fields.period("settlementPeriod")?.unwrap_or(Period::NONE),
        exercised: fields.time("exerciseDate")?,
        due: fields.number_or("exerciseAmount", 0.0)?,
    })
}

fn offtake(fields: &Fields<'_>) -> Result<Offtake, Error> {
    let discounts = fields.amounts("arrayDiscount")?;
    if let Some(discount) = discounts.iter().find(|discount| **discount >= 1.0) {
        return Err(Error::refused("arrayDiscount", format!("has {discount}, and should be below 1")));
    }
    let period = fields.period("cycleOfUsage")?;
    if period.is_some_and(Period::is_zero) {
        return Err(Error::refused("cycleOfUsage", "is no time at all"));
    }
    Ok(Offtake {
        minimums: fields.amounts("arrayMinimum")?,
        discounts,
        usage: fields.amounts("arrayUsage")?,
        period,
    })
}
