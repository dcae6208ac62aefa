//! An evaluation for programs. Numbers are decimal strings, so that nothing is lost on the way.

use super::words;
use crate::deal::{Binding, ExitKind};
use crate::evaluate::trace::day;
use crate::evaluate::{
    self as at, CapacityStatus, CommitmentStatus, CovenantStatus, Evaluation, Exit, ExitItem, PriceStatus,
    Reference, RevenueShareStatus, Right, TrancheStatus, WatchStatus,
};
use crate::fact::{Line, Signoff};
use crate::ratio::Ratio;
use crate::settle::YearSettlement;
use serde::Serialize;
use serde_json::{Map, Value, json as value};

/// The evaluation as indented JSON, with a line end.
pub fn json(evaluation: &Evaluation) -> String {
    // Text and numbers in quotes cannot fail to serialise.
    let mut out = serde_json::to_string_pretty(&document(evaluation)).unwrap_or_default();
    out.push('\n');
    out
}

#[derive(Serialize)]
struct Document {
    contract: Value,
    as_of: String,
    known_at: String,
    tranches: Vec<Value>,
    commitments: Vec<Value>,
    revenue_shares: Vec<Value>,
    price_protection: Vec<Value>,
    capacity: Vec<Value>,
    covenants: Vec<Value>,
    watch: Vec<Value>,
    rights: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    termination: Option<Value>,
    ignored: Vec<Value>,
    notes: Vec<Value>,
}

fn document(evaluation: &Evaluation) -> Document {
    let ignored = evaluation.ignored.iter().map(|(reference, why)| {
        let mut fields = reference_fields(reference);
        fields.insert("reason".to_owned(), (*why).into());
        Value::Object(fields)
    });
    Document {
        contract: contract(&evaluation.contract),
        as_of: day(evaluation.as_of),
        known_at: day(evaluation.known_at),
        tranches: evaluation.tranches.iter().map(tranche).collect(),
        commitments: evaluation.commitments.iter().map(commitment).collect(),
        revenue_shares: evaluation.revenue_shares.iter().map(revenue_share).collect(),
        price_protection: evaluation.price_protection.iter().map(price).collect(),
        capacity: evaluation.capacity.iter().map(capacity).collect(),
        covenants: evaluation.covenants.iter().map(covenant).collect(),
        watch: evaluation.watch.iter().map(watch).collect(),
        rights: evaluation.rights.iter().map(right).collect(),
        termination: evaluation.exit.as_ref().map(termination),
        ignored: ignored.collect(),
        notes: evaluation
            .notes
            .iter()
            .map(|note| value!({ "clause": note.clause, "what": note.what }))
            .collect(),
    }
}

/// An object without what is not there.
fn object(fields: Value) -> Value {
    match fields {
        Value::Object(mut fields) => {
            fields.retain(|_, value| !value.is_null());
            Value::Object(fields)
        }
        other => other,
    }
}

fn contract(contract: &at::Contract) -> Value {
    object(value!({
        "id": contract.id,
        "title": contract.title,
        "version": contract.version,
        "hash": contract.hash,
        "known_from": day(contract.known_from),
        "from": contract.period.from.to_string(),
        "to": contract.period.to.map(|to| to.to_string()),
        "currency": contract.currency.as_str(),
        "binding": match contract.binding {
            Binding::Contract => "contract",
            Binding::Loi => "loi",
        },
    }))
}

fn tranche(status: &TrancheStatus) -> Value {
    object(value!({
        "id": status.id,
        "title": status.title,
        "state": status.state.word(),
        "unknown": status.unknown.then_some(true),
        "amount": status.amount.to_decimal(),
        "funded": status.funded.to_decimal(),
        "vested": status.vested.map(units::Money::to_decimal),
        "condition": status.condition,
        "true_at": status.true_at.map(day),
        "met_at": status.met_at.map(day),
        "signed_at": status.signed_at.map(day),
        "trace": steps(&status.trace),
    }))
}

fn commitment(status: &CommitmentStatus) -> Value {
    let total = status.total.map(|(total, _)| total.to_decimal());
    object(value!({
        "id": status.id,
        "title": status.title,
        "total": total,
        "total_is_floor": status.total.and_then(|(_, floor)| floor.then_some(true)),
        "years": status.years.iter().map(year).collect::<Vec<_>>(),
        "drawn": status.drawn.to_decimal(),
        "remaining": status.remaining.to_decimal(),
        "outside": status.outside.to_decimal(),
        "trace": steps(&status.trace),
    }))
}

fn year(year: &YearSettlement) -> Value {
    object(value!({
        "year": year.year,
        "from": year.from.to_string(),
        "to": year.to.to_string(),
        "open": year.open.then_some(true),
        "minimum": year.minimum.to_decimal(),
        "carried_in": year.carried_in.to_decimal(),
        "counted": year.counted.to_decimal(),
        "charge": year.charge.to_decimal(),
        "overage": year.overage.to_decimal(),
        "shortfall": year.shortfall.to_decimal(),
        "credit_in": year.credit_in.to_decimal(),
        "credit_used": year.credit_used.to_decimal(),
        "credit_out": year.credit_out.to_decimal(),
        "excess_out": year.excess_out.to_decimal(),
        "cash": year.cash.to_decimal(),
        "uncounted": year.uncounted.to_decimal(),
    }))
}

fn revenue_share(status: &RevenueShareStatus) -> Value {
    object(value!({
        "id": status.id,
        "title": status.title,
        "revenue": status.revenue.map(units::Money::to_decimal),
        "due": status.due.map(units::Money::to_decimal),
        "cap": status.cap.map(units::Money::to_decimal),
        "capped": status.capped,
        "trace": steps(&status.trace),
    }))
}

fn price(status: &PriceStatus) -> Value {
    let number = |number: Ratio| number.to_decimal(12, 0);
    object(value!({
        "commitment": status.commitment,
        "clause": status.clause,
        "state": status.state.word(),
        "agreed": status.agreed.and_then(number),
        "seen": status.seen.and_then(number),
        "since": status.since.map(|since| since.to_string()),
        "owed": status.owed.map(units::Money::to_decimal),
        "trace": steps(&status.trace),
    }))
}

fn capacity(status: &CapacityStatus) -> Value {
    let number = |number: Ratio| number.to_decimal(12, 0);
    let years: Map<String, Value> =
        status.year_relief.iter().map(|(year, share)| (year.to_string(), number(*share).into())).collect();
    object(value!({
        "id": status.id,
        "title": status.title,
        "unit": status.unit,
        "state": status.state.word(),
        "granted": status.due.map(|due| due.to_string()),
        "ceiling": status.ceiling.map(|ceiling| ceiling.to_string()),
        "online": status.online.and_then(number),
        "late_since": status.late_since.map(|since| since.to_string()),
        "late_days": status.late_days,
        "relief": number(status.relief),
        "year_relief": (!years.is_empty()).then_some(years),
        "used": status.used.and_then(number),
        "take_or_pay": status.take_or_pay.map(|taken| object(value!({
            "unused": number(taken.unused), "owed": taken.owed.map(units::Money::to_decimal),
        }))),
        "burst": status.burst.map(|burst| value!({ "days": burst.days, "beyond": burst.beyond })),
        "trace": steps(&status.trace),
    }))
}

fn covenant(status: &CovenantStatus) -> Value {
    object(value!({
        "id": status.id,
        "title": status.title,
        "rule": status.rule,
        "state": status.state.word(),
        "severity": match status.severity {
            crate::deal::Severity::Block => "block",
            crate::deal::Severity::Report => "report",
        },
        "since": status.since.map(day),
        "cure_until": status.cure_until.map(day),
        "trace": steps(&status.trace),
    }))
}

fn watch(status: &WatchStatus) -> Value {
    object(value!({
        "id": status.id,
        "title": status.title,
        "metric": status.metric,
        "reading": status.reading.and_then(|(_, value)| value.to_decimal(12, 0)),
        "effective_at": status.reading.map(|(at, _)| day(at)),
        "condition": status.condition,
        "state": words::on_track(status),
        "trace": steps(&status.trace),
    }))
}

fn right(right: &Right) -> Value {
    value!({
        "id": right.id,
        "side": right.side.word(),
        "state": match right.arisen {
            Some(true) => "arisen",
            Some(false) => "not_arisen",
            None => "unknown",
        },
        "trace": steps(&right.trace),
    })
}

fn termination(exit: &Exit) -> Value {
    object(value!({
        "after": exit.convenience.map(|(after, _)| after.to_string()),
        "notice_days": exit.convenience.map(|(_, notice)| notice),
        "costs": exit.costs.iter().map(exit_item).collect::<Vec<_>>(),
        "switching": exit.total(ExitKind::Switching).map(units::Money::to_decimal),
        "termination": exit.total(ExitKind::Termination).map(units::Money::to_decimal),
    }))
}

fn exit_item(item: &ExitItem) -> Value {
    object(value!({
        "id": item.id,
        "kind": item.kind.word(),
        "amount": item.amount.map(units::Money::to_decimal),
        "waived": item.waived.map(units::Money::to_decimal),
        "formula": item.formula,
        "trace": steps(&item.trace),
    }))
}

fn steps(steps: &[at::Step]) -> Vec<Value> {
    let step = |step: &at::Step| {
        // A step names all lines it rests on, also those that its proof has read.
        let read = step.proof.iter().flat_map(at::Node::all_facts);
        let mut all: Vec<Value> = Vec::new();
        for fact in step.facts.iter().chain(read).map(|reference| Value::Object(reference_fields(reference)))
        {
            if !all.contains(&fact) {
                all.push(fact);
            }
        }
        object(value!({
            "at": step.at.map(day),
            "what": step.what,
            "facts": (!all.is_empty()).then_some(all),
            "more_facts": (step.more > 0).then_some(step.more),
            "proof": step.proof.as_ref().map(node),
        }))
    };
    steps.iter().map(step).collect()
}

fn node(node: &at::Node) -> Value {
    object(value!({
        "text": node.text,
        "at": day(node.at),
        "value": node.value,
        "facts": (!node.facts.is_empty()).then(|| references(&node.facts)),
        "more_facts": (node.more > 0).then_some(node.more),
        "missing": (!node.missing.is_empty()).then_some(&node.missing),
        "parts": (!node.parts.is_empty()).then(|| node.parts.iter().map(self::node).collect::<Vec<_>>()),
    }))
}

fn references(references: &[Reference]) -> Vec<Value> {
    references.iter().map(|reference| Value::Object(reference_fields(reference))).collect()
}

/// Where a line stands and what it says, without its signature.
fn reference_fields(reference: &Reference) -> Map<String, Value> {
    let says = match &reference.line {
        Line::Fact(fact) => value!({
            "metric": fact.metric,
            "value": fact.value.to_string(),
            "unit": fact.unit,
            "effective_at": day(fact.effective_at),
            "recorded_at": day(fact.recorded_at),
            "source": fact.source,
            "url": fact.url,
            "document_sha256": fact.document_sha256,
            "attestor": fact.attestor,
        }),
        Line::Signoff(Signoff { tranche, by, decision, recorded_at, .. }) => value!({
            "signoff": tranche,
            "by": by,
            "decision": decision.word(),
            "recorded_at": day(*recorded_at),
        }),
        Line::Funded(funded) => value!({
            "funded": funded.tranche,
            "amount": funded.amount.to_string(),
            "recorded_at": day(funded.recorded_at),
        }),
    };
    let mut fields = Map::new();
    fields.insert("file".to_owned(), reference.file.clone().into());
    fields.insert("line".to_owned(), reference.number.into());
    fields.insert("id".to_owned(), reference.line.id().into());
    if let Value::Object(says) = says {
        fields.extend(says);
    }
    fields.retain(|_, value| !value.is_null());
    fields
}
