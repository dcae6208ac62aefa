//! The books for programs: money as exact decimal strings, times in RFC 3339.

use super::{Books, moment};
use crate::failure::Failure;
use contract::flow::Net;
use ledger::Balance;
use serde_json::{Value, json};
use settlement::deal_posting::{Class, Entry, Place};

pub fn write(books: &Books) -> Result<String, Failure> {
    let evaluation = &books.evaluation;
    let contract = &evaluation.contract;
    let total = |total: &contract::flow::Total| {
        json!({
            "from": total.from, "to": total.to, "kind": total.kind.word(), "amount": total.amount.to_decimal(),
        })
    };
    let parties = books.ledgers.parties();
    let parties = parties.iter().filter(|party| books.shows(party)).map(|party| self::party(books, party));
    let known: Vec<String> = books.known.iter().copied().map(moment).collect();
    let answer = json!({
        "contract": { "id": contract.id, "version": contract.version, "hash": contract.hash },
        "as_of": moment(evaluation.as_of),
        "known_at": known.last(),
        "looked_at": known,
        "currency": contract.currency.to_string(),
        "flows": books.circle.totals.iter().map(total).collect::<Vec<_>>(),
        "net": books.circle.parties.iter().map(net).collect::<Vec<_>>(),
        "parties": parties.collect::<Result<Vec<_>, _>>()?,
        "entries": books.entries().map(entry).collect::<Vec<_>>(),
    });
    Ok(serde_json::to_string_pretty(&answer).map_err(Failure::failed)? + "\n")
}

fn net(of: &Net) -> Value {
    let Net { party, invested, raised, spent, earned, net } = of;
    json!({
        "party": party, "invested": invested.to_decimal(), "raised": raised.to_decimal(),
        "spent": spent.to_decimal(), "earned": earned.to_decimal(), "net": net.to_decimal(),
    })
}

fn party(books: &Books, party: &str) -> Result<Value, Failure> {
    let accounts = books.accounts().filter(|(place, _)| &*place.party == party);
    let (mut money, mut memo) = (Vec::new(), Vec::new());
    for (place, balance) in accounts {
        let list = if place.chart.class() == Class::Memo { &mut memo } else { &mut money };
        list.push(account(place, balance)?);
    }
    let sum = |of_memo: bool| {
        let sum = books.ledgers.sum(party, |place| (place.chart.class() == Class::Memo) == of_memo);
        sum.map(units::Money::to_decimal).map_err(Failure::failed)
    };
    Ok(json!({
        "party": party, "accounts": money, "sum": sum(false)?, "commitments": memo, "commitments_sum": sum(true)?,
    }))
}

fn account(place: &Place, balance: Balance) -> Result<Value, Failure> {
    let net = balance.net().map_err(Failure::failed)?;
    let mut account = name(place);
    account["class"] = place.chart.class().word().into();
    account["debits"] = balance.debits.to_decimal().into();
    account["credits"] = balance.credits.to_decimal().into();
    account["balance"] = net.to_decimal().into();
    Ok(account)
}

fn name(place: &Place) -> Value {
    json!({ "code": place.chart.code(), "account": place.chart.name(), "with": place.with })
}

fn entry(entry: &Entry) -> Value {
    let transfer = &entry.transfer;
    json!({
        "id": transfer.id.to_string(),
        "party": entry.party(),
        "ledger": if entry.is_memo() { "commitments" } else { "money" },
        "kind": &*transfer.code,
        "clause": entry.clause,
        "year": entry.year,
        "open": entry.open,
        "event_at": moment(transfer.event_at),
        "posted_at": moment(transfer.posted_at),
        "debit": name(&entry.debit),
        "credit": name(&entry.credit),
        "amount": transfer.amount.to_decimal(),
        "corrects": transfer.corrects.map(|id| id.to_string()),
    })
}
