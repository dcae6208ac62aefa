//! The accounting view for programs: amounts as exact decimal strings in whole units of the deal's currency,
//! rounded to twelve places where they have no end; shares as decimals.

use contract::{Deal, Ratio};
use finance::accounting::{
    AllocationView, Citation, Classification, DISCLAIMER, Direction, Entry, Form, LeaseView, Obligations,
    Parameter, Part, PurchaseObligation, ScheduleYear, ShortfallLine, Side, TrancheView, Treatment, View,
    WarrantView, WarrantWorth,
};
use serde_json::{Value, json};

/// The whole view.
pub fn write(deal: &Deal, view: &View) -> Value {
    json!({
        "deal": { "id": deal.id.get_ref(), "version": deal.version, "hash": deal.hash },
        "disclaimer": DISCLAIMER,
        "currency": view.currency.as_str(),
        "notes": view.notes,
        "parameters": list(&view.parameters, parameter),
        "allocation": part(&view.allocation, allocation),
        "amortisation": part(&view.schedule, |years| list(years, year)),
        "tranches": list(&view.tranches, tranche),
        "shortfall": part(&view.shortfall, |lines| list(lines, shortfall)),
        "warrants": part(&view.warrants, |all| list(all, warrant)),
        "leases": part(&view.leases, |leases| list(leases, lease)),
        "obligations": part(&view.obligations, obligations),
    })
}

fn list<T>(all: &[T], write: impl Fn(&T) -> Value) -> Value {
    all.iter().map(write).collect()
}

fn part<T>(part: &Part<T>, write: impl Fn(&T) -> Value) -> Value {
    match part {
        Part::Shown(part) => write(part),
        Part::Missing { what, give } => json!({ "missing": what, "give": give }),
    }
}

fn money(amount: Ratio) -> Option<String> {
    amount.to_decimal(12, 2)
}

fn share(share: Ratio) -> Option<String> {
    share.to_decimal(12, 0)
}

fn cited(citation: &Citation) -> Value {
    json!({ "us_gaap": citation.us_gaap, "ifrs": citation.ifrs, "says": citation.says })
}

fn parameter(parameter: &Parameter) -> Value {
    json!({ "name": parameter.name, "value": parameter.value.and_then(share), "from": parameter.basis })
}

fn allocation(view: &AllocationView) -> Value {
    let allocation = &view.allocation;
    let per_gigawatt_year =
        list(&view.per_gigawatt_year, |(grant, price)| json!({ "capacity": grant, "price": money(*price) }));
    json!({
        "given": money(view.exchange.given),
        "form": match view.exchange.form { Form::Cash => "cash", Form::OwnShares => "own_shares" },
        "fair_value": money(view.exchange.received),
        "committed_spend": money(view.exchange.committed_spend),
        "d": money(allocation.concession),
        "direction": match allocation.direction {
            Direction::PayableToCustomer => "payable_to_customer",
            Direction::None => "none",
            Direction::FromCustomer => "from_customer",
        },
        "transaction_price": money(allocation.transaction_price),
        "effective_discount": share(allocation.effective_discount),
        "effective_price_per_unit": share(Ratio::ONE - allocation.effective_discount),
        "effective_price_per_gw_year": per_gigawatt_year,
        "journal": list(&view.journal, entry),
        "financing": {
            "significant": view.financing.significant,
            "days": view.financing.days,
            "reason": view.financing.reason,
            "citation": cited(&view.financing.citation),
        },
        "citations": list(&allocation.citations, cited),
    })
}

fn entry(entry: &Entry) -> Value {
    let line = |line: &finance::accounting::Line| {
        json!({
            "code": line.account.code(),
            "account": line.account.name(),
            "side": match line.side { Side::Debit => "debit", Side::Credit => "credit" },
            "amount": line.amount.to_decimal(),
        })
    };
    json!({ "what": entry.what, "lines": list(&entry.lines, line), "citation": cited(&entry.citation) })
}

fn year(year: &ScheduleYear) -> Value {
    json!({
        "year": year.year,
        "from": year.from.to_string(),
        "to": year.to.to_string(),
        "revenue": money(year.line.revenue),
        "opening": money(year.line.opening),
        "amortised": money(year.line.amortised),
        "net_revenue": money(year.line.revenue - year.line.amortised),
        "closing": money(year.line.closing),
    })
}

fn tranche(tranche: &TrancheView) -> Value {
    json!({
        "id": tranche.id,
        "amount": money(tranche.amount),
        "booked": tranche.booking.booked,
        "reason": tranche.booking.reason,
        "citation": cited(&tranche.booking.citation),
    })
}

fn shortfall(line: &ShortfallLine) -> Value {
    let (treatment, credited) = match line.treatment {
        Treatment::Forfeit => ("forfeit", Ratio::ZERO),
        Treatment::Credit(share) => ("credit", share),
    };
    let breakage = line.breakage.map(|breakage| {
        json!({
            "expected": money(breakage.expected),
            "rights_expected_used": money(breakage.rights),
            "for_each_unit_used": share(breakage.for_each),
        })
    });
    json!({
        "commitment": line.commitment,
        "treatment": treatment,
        "credit_share": share(credited),
        "agreed": line.agreed,
        "shortfall": money(line.year.shortfall),
        "cash": money(line.year.cash),
        "revenue": money(line.year.revenue),
        "contract_liability": money(line.year.liability),
        "breakage": breakage,
        "citation": cited(&line.year.citation),
    })
}

fn warrant(warrant: &WarrantView) -> Value {
    let terms = warrant.terms.map(|terms| {
        json!({
            "shares": share(terms.shares),
            "strike": money(terms.strike),
            "share_at_once": share(terms.immediate_share()),
            "purchases": money(terms.purchases),
            "purchases_per_further_share": money(terms.purchases_per_share()),
        })
    });
    let worth = |worth: &WarrantWorth| {
        json!({
            "fair_value": money(worth.fair_value),
            "purchases": money(worth.purchases),
            "discount": share(worth.discount),
        })
    };
    json!({
        "id": warrant.id,
        "terms": terms,
        "worth": part(&warrant.worth, worth),
        "citations": list(&warrant.citations, cited),
    })
}

fn lease(lease: &LeaseView) -> Value {
    let answer = |answered: &finance::accounting::Answered| {
        json!({
            "question": answered.question.name(),
            "text": answered.question.text(),
            "answer": answered.answer.name(),
            "citation": cited(&answered.question.citation()),
        })
    };
    json!({
        "capacity": lease.grant,
        "classification": match lease.screen.classification {
            Classification::Lease => "lease",
            Classification::Service => "service",
            Classification::ServiceByDefault => "service_by_default",
        },
        "reason": lease.screen.reason,
        "clause_stated": lease.stated,
        "answers": list(&lease.screen.answers, answer),
        "open": list(&lease.screen.open, |question| question.name().into()),
        "citation": cited(&lease.screen.citation),
    })
}

fn obligations(part_of: &Obligations) -> Value {
    json!({
        "as_of": part_of.as_of.to_string(),
        "purchase_obligation": table(&part_of.purchase),
        "remaining_performance_obligation": part(&part_of.remaining, table),
    })
}

fn table(table: &PurchaseObligation) -> Value {
    json!({
        "next": list(&table.next, |amount| money(*amount).into()),
        "later": money(table.later),
        "total": money(table.total),
        "citation": cited(&table.citation),
    })
}
