//! The books in tables: the circle of money, and what each account of each party holds.

use super::{Books, moment};
use crate::failure::Failure;
use analysis::Document;
use analysis::document::{Block, Column, Table};
use contract::flow::{Net, Total};
use settlement::deal_posting::{Class, Entry, Place};
use std::collections::BTreeMap;
use units::Money;

pub fn document(books: &Books) -> Result<Document, Failure> {
    let evaluation = &books.evaluation;
    let (contract, currency) = (&evaluation.contract, books.ledgers.currency());
    let subtitle = vec![
        format!(
            "As of {}, as known at {}. Amounts are in {currency}.",
            moment(evaluation.as_of),
            moment(evaluation.known_at)
        ),
        format!("Contract `{}`, version {}, {}.", contract.id, contract.version, contract.hash),
    ];
    let mut blocks = circle(books);
    for party in books.ledgers.parties().iter().filter(|party| books.shows(party)) {
        blocks.push(Block::Heading(1, format!("The books of {party}")));
        blocks.extend(accounts(books, party)?.map(Block::Table));
        blocks.extend(commitments(books, party)?.map(Block::Table));
    }
    blocks.extend(corrections(books));
    let legend = "What is due stays a receivable: no fact says that an invoice was paid. A commitment's ledger moves \
                  no money.";
    let title = format!("{}: the ledgers of the parties", contract.title);
    Ok(Document { title, subtitle, blocks, legend: legend.to_owned() })
}

fn circle(books: &Books) -> Vec<Block> {
    if books.circle.totals.is_empty() {
        return vec![Block::Text("Nothing has moved yet.".to_owned())];
    }
    let total = |total: &Total| {
        let what = total.kind.word().replace('_', " ");
        vec![total.from.clone(), total.to.clone(), what, grouped(total.amount)]
    };
    let net = |of: &Net| {
        let amounts = [of.invested, of.raised, of.spent, of.earned, of.net].map(grouped);
        [of.party.clone()].into_iter().chain(amounts).collect()
    };
    let mut nets = vec![Column::words("party")];
    nets.extend(["invested", "raised", "spent", "earned", "net"].map(Column::numbers));
    let totals = ["from", "to", "what"].map(Column::words).into_iter().chain([Column::numbers("amount")]);
    vec![
        Block::Heading(1, "Who gave whom what".to_owned()),
        table(totals.collect(), books.circle.totals.iter().map(total).collect()),
        Block::Heading(1, "Where that leaves each".to_owned()),
        table(nets, books.circle.parties.iter().map(net).collect()),
    ]
}

fn table(columns: Vec<Column>, rows: Vec<Vec<String>>) -> Block {
    Block::Table(Table { caption: String::new(), columns, rows })
}

/// What each account holds: on its side, and nothing where nothing is left.
fn accounts(books: &Books, party: &str) -> Result<Option<Table>, Failure> {
    let mut columns: Vec<Column> = ["code", "account", "with"].map(Column::words).into();
    columns.extend(["debit", "credit"].map(Column::numbers));
    let (mut rows, mut sides) = (Vec::new(), [Money::zero(books.ledgers.currency()); 2]);
    for (place, balance) in books.accounts().filter(|(place, _)| &*place.party == party && !is_memo(place)) {
        let net = balance.net().map_err(Failure::failed)?;
        if net.is_zero() {
            continue;
        }
        let side = usize::from(net.pico() < 0);
        let amount = Money::from_pico(net.pico().abs(), net.currency());
        sides[side] = sides[side].checked_add(amount).map_err(Failure::failed)?;
        let mut row = vec![place.chart.code().to_string(), place.chart.name().to_owned()];
        row.extend([place.with.as_deref().unwrap_or_default().to_owned(), String::new(), String::new()]);
        row[3 + side] = grouped(amount);
        rows.push(row);
    }
    if rows.is_empty() {
        return Ok(None);
    }
    let [debit, credit] = sides.map(grouped);
    rows.push(vec![String::new(), "sum".to_owned(), String::new(), debit, credit]);
    Ok(Some(Table { caption: String::new(), columns, rows }))
}

fn is_memo(place: &Place) -> bool {
    place.chart.class() == Class::Memo
}

/// The ledger of commitments, a row a year; the granted stand on the other side of all else.
fn commitments(books: &Books, party: &str) -> Result<Option<Table>, Failure> {
    const PARTS: [&str; 7] = ["granted", "carried", "drawn", "over", "short", "forgiven", "remaining"];
    let mut rows: BTreeMap<(&str, u32), BTreeMap<&str, Money>> = BTreeMap::new();
    for (place, balance) in books.accounts().filter(|(place, _)| &*place.party == party && is_memo(place)) {
        let mut names = place.with.as_deref().unwrap_or_default().rsplitn(3, ':');
        let (part, year, clause) = (names.next(), names.next(), names.next());
        let (Some(part), Some(year), Some(clause)) = (part, year, clause) else { continue };
        let year = year.trim_start_matches('y').parse().unwrap_or(0);
        let net = balance.net().map_err(Failure::failed)?;
        rows.entry((clause, year)).or_default().insert(part, net);
    }
    let used: Vec<&str> =
        PARTS.into_iter().filter(|part| rows.values().any(|parts| parts.contains_key(part))).collect();
    let shown = |((clause, year), parts): ((&str, u32), BTreeMap<&str, Money>)| {
        let amount = |name: &&str| {
            parts.get(*name).map_or_else(String::new, |net| match *name {
                "granted" => grouped(Money::from_pico(-net.pico(), net.currency())),
                _ => grouped(*net),
            })
        };
        [clause.to_owned(), year.to_string()].into_iter().chain(used.iter().map(amount)).collect()
    };
    let mut columns = vec![Column::words("commitment"), Column::numbers("year")];
    columns.extend(used.iter().map(|part| Column::numbers(part)));
    let rows: Vec<Vec<String>> = rows.into_iter().map(shown).collect();
    Ok((!rows.is_empty()).then(|| Table { caption: "220 commitments".to_owned(), columns, rows }))
}

fn corrections(books: &Books) -> Vec<Block> {
    let row = |entry: &Entry| {
        let place = |place: &Place| format!("{} {}", place.chart.code(), place.chart.name());
        let transfer = &entry.transfer;
        let mut row = vec![transfer.posted_at.date(), transfer.event_at.date(), entry.party().to_owned()];
        row.extend([
            format!("{} {}", transfer.code, entry.clause),
            place(&entry.debit),
            place(&entry.credit),
        ]);
        row.push(grouped(transfer.amount));
        row
    };
    let corrected = books.entries().filter(|entry| entry.transfer.corrects.is_some() && !entry.is_memo());
    let rows: Vec<Vec<String>> = corrected.map(row).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let columns = ["posted", "event", "party", "what", "debit", "credit"].map(Column::words);
    let columns = columns.into_iter().chain([Column::numbers("amount")]).collect();
    vec![Block::Heading(1, "Corrections".to_owned()), table(columns, rows)]
}

/// Exact, thousands apart.
fn grouped(amount: Money) -> String {
    let text = amount.to_decimal();
    let (whole, places) = text.find('.').map_or((text.as_str(), ""), |point| text.split_at(point));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{places}")
}
