//! The same data for programs. Money is decimal text with its currency beside it, never a JSON number.

use crate::parts::{FRAGMENTS, is_seen, render};
use crate::view::{Basis, CallRow, CommitmentView, DealView, LedgerView, ModelCard, Overview, SpendSummary};
use serde_json::{Value, json};
use units::{Money, TokenCounts};

/// The body of `/api/overview`.
pub fn overview_json(view: &Overview) -> String {
    json!({
        "as_of": view.as_of.to_string(),
        "organisation": view.visitor.organisation,
        "principal": view.visitor.principal,
        "models": view.models.iter().map(model).collect::<Vec<_>>(),
        "spend": view.visitor.sees_money.then(|| spend(&view.spend)),
        "commitment": view.commitment.as_ref().map(commitment),
        "deal": view.deal.as_ref().map(deal),
        "ledger": ledger(&view.ledger),
        "recent": view.recent.iter().map(call).collect::<Vec<_>>(),
    })
    .to_string()
}

/// One call, the body of `/api/usage/{request_id}`; the playground reads `charge`, `currency` and `state`.
pub fn call_json(row: &CallRow) -> String {
    call(row).to_string()
}

/// The body of `/fragments`: each part's HTML by name, and the moment it is true for.
pub fn fragments_json(view: &Overview) -> String {
    let parts: serde_json::Map<String, Value> = FRAGMENTS
        .iter()
        .filter(|name| is_seen(name, view))
        .map(|name| ((*name).to_owned(), Value::String(render(name, view).into_string())))
        .chain([("as-of".to_owned(), Value::String(crate::show::moment(view.as_of).into_string()))])
        .collect();
    Value::Object(parts).to_string()
}

fn money(amount: Money) -> Value {
    json!({ "amount": amount.to_decimal(), "currency": amount.currency().as_str() })
}

fn tokens(counts: &TokenCounts) -> Value {
    json!({
        "input": counts.input,
        "cache_read": counts.cache_read,
        "cache_write_5m": counts.cache_write_5m,
        "cache_write_1h": counts.cache_write_1h,
        "output": counts.output,
        "reasoning": counts.reasoning,
    })
}

fn model(card: &ModelCard) -> Value {
    json!({
        "name": card.name,
        "backend": card.backend,
        "kind": card.kind,
        "region": card.region,
        "available": card.available,
        "price": card.price.map(|price| json!({
            "input_per_million": price.input_per_million.to_decimal(),
            "output_per_million": price.output_per_million.to_decimal(),
            "currency": price.input_per_million.currency().as_str(),
        })),
    })
}

fn spend(spend: &SpendSummary) -> Value {
    let by_model = spend.by_model.iter().map(|line| {
        json!({
            "model": line.model,
            "calls": line.calls,
            "tokens": tokens(&line.tokens),
            "charge": money(line.charge),
        })
    });
    let by_day = spend.by_day.iter().map(|day| json!({ "date": day.date, "charge": money(day.charge) }));
    json!({
        "total": money(spend.total),
        "calls": spend.calls,
        "tokens": tokens(&spend.tokens),
        "unrated_calls": spend.unrated_calls,
        "open_calls": spend.open_calls,
        "by_model": by_model.collect::<Vec<_>>(),
        "by_day": by_day.collect::<Vec<_>>(),
    })
}

fn commitment(view: &CommitmentView) -> Value {
    let points = view.points.iter().map(|(at, drawn)| json!([at.to_string(), drawn.to_decimal()]));
    json!({
        "id": view.id,
        "title": view.title,
        "currency": view.total.currency().as_str(),
        "total": view.total.to_decimal(),
        "drawn": view.drawn.to_decimal(),
        "remaining": view.remaining.to_decimal(),
        "even_pace": view.even_pace.to_decimal(),
        "from": view.from.to_string(),
        "to": view.to.to_string(),
        "points": points.collect::<Vec<_>>(),
        "projection": view.projection,
    })
}

fn basis(basis: &Basis) -> Value {
    json!({ "kind": basis.kind.as_str(), "note": basis.note })
}

fn deal(view: &DealView) -> Value {
    let figures = view.figures.iter().map(|figure| {
        json!({
            "id": figure.id,
            "label": figure.label,
            "value": figure.value,
            "basis": basis(&figure.basis),
        })
    });
    let tranches = view.tranches.iter().map(|tranche| {
        json!({
            "id": tranche.id,
            "title": tranche.title,
            "amount": money(tranche.amount),
            "state": tranche.state,
            "condition": tranche.condition,
            "basis": basis(&tranche.basis),
        })
    });
    json!({
        "title": view.title,
        "figures": figures.collect::<Vec<_>>(),
        "tranches": tranches.collect::<Vec<_>>(),
    })
}

fn ledger(view: &LedgerView) -> Value {
    let accounts = view.accounts.iter().map(|line| {
        json!({
            "account": line.account,
            "currency": line.balance.currency().as_str(),
            "balance": line.balance.to_decimal(),
        })
    });
    json!({ "accounts": accounts.collect::<Vec<_>>(), "part": view.part, "sums_to_zero": view.sums_to_zero })
}

fn call(row: &CallRow) -> Value {
    json!({
        "request_id": row.request_id.to_string(),
        "at": row.at.to_string(),
        "principal": row.principal,
        "model": row.model,
        "backend": row.backend,
        "region": row.region,
        "tokens": tokens(&row.tokens),
        "charge": row.charge.map(Money::to_decimal),
        "currency": row.charge.map(|charge| charge.currency().as_str().to_owned()),
        "transfer": row.transfer,
        "state": row.state,
    })
}
