//! Who is really buying what: the circle of money between the parties, in words and as a picture.

use super::Sources;
use crate::document::{Arrow, Block, Chart, Flow};
use crate::words::{figures, percent, row};
use contract::{Bound, PromiseKind, Quantity, Ratio};
use finance::circularity::Circle;
use std::collections::BTreeMap;

/// The vendor's margin on what it sells, where the deal says nothing: an assumption of the analysis.
const MARGIN: (i128, i128) = (35, 100);

pub(super) fn blocks(sources: &Sources<'_>) -> Vec<Block> {
    let mut blocks = vec![Block::Heading(1, "Who is really buying what".to_owned())];
    let sentences = sentences(sources);
    if sentences.is_empty() {
        let text =
            "The deal file states neither money put in nor spend promised, so there is no circle to show.";
        blocks.push(Block::Text(text.to_owned()));
        return blocks;
    }
    blocks.extend(sentences.into_iter().map(Block::Text));
    let flow = circle(sources);
    if flow.arrows.iter().any(|arrow| arrow.size > 0.0) && flow.parties.len() > 1 {
        blocks.push(Block::Chart(Chart::Flow(flow)));
    }
    blocks
}

fn sentences(sources: &Sources<'_>) -> Vec<String> {
    let (customer, vendor) = (row(&sources.with_role("customer")), row(&sources.with_role("vendor")));
    let mut said = Vec::new();
    let (money, spend) = (sources.figure("new_money"), sources.figure("spend_commitment"));
    if let Some(spend) = spend {
        let years = sources.shown("term_years").map_or_else(String::new, |years| format!(" over {years}"));
        said.push(format!("{customer} promises to buy {} from {vendor}{years}.", spend.quantity.shown()));
    }
    if let Some(money) = money {
        let put =
            sources.shown("prior_money").map_or_else(String::new, |prior| format!(", after {prior} before"));
        let investor = row(&sources.with_role("investor"));
        said.push(format!("{investor} puts in {}{put}.", money.quantity.shown()));
    }
    if let (Some(money), Some(spend)) = (money, spend) {
        said.extend(circular(sources, &money.quantity, &spend.quantity));
    } else if spend.is_some() {
        said.push(
            "No money goes the other way in this file: it is a purchase, and its price is the discount."
                .to_owned(),
        );
    }
    if let Some(price) = sources.shown("spend_per_gw_year") {
        said.push(format!(
            "Were the granted capacity there from the first day to the last, the promised spend would pay {price}; a \
             floor on spend and a ceiling on capacity are two different promises."
        ));
    }
    said
}

/// The circle: how much of the purchase the money put in pays, and what is left when it has gone round.
fn circular(sources: &Sources<'_>, money: &Quantity, spend: &Quantity) -> Vec<String> {
    let margin = Ratio::new(MARGIN.0, MARGIN.1);
    let circle = Circle {
        cash: money.number,
        equity: money.number,
        spend: spend.number,
        cost: spend.number - spend.number * margin,
    };
    let multiple = figures((spend.number / money.number).to_f64());
    let gross = spend.number * margin;
    let per_new = figures((gross / money.number).to_f64());
    let surplus = Quantity { number: circle.vendor_surplus(), bound: Bound::Exactly, ..*spend };
    let whole = match sources.figure("total_exposure").filter(|_| sources.figure("prior_money").is_some()) {
        Some(all) => format!(
            ", and {} of all {} put in",
            figures((gross / all.quantity.number).to_f64()),
            all.quantity.bare()
        ),
        None => String::new(),
    };
    vec![
        format!(
            "The promised spend is {multiple} times the new money, so up to {} of the purchase is paid for with money \
             that came from the other side. At a margin of {} (assumed) the gross profit on it is {per_new} times the \
             new money{whole}: where that is near one, it is the stake that has to pay the investor.",
            percent(circle.prefunded_share().to_f64()),
            percent(margin.to_f64()),
        ),
        format!(
            "If the stake is worth what is paid for it, no price is conceded and {} stays with the vendor; each unit \
             by which it is worth less is a discount to the customer, each by which it is worth more makes the \
             purchase dearer (ASC 606-10-32-25 and 32-21). `offtake deal accounting` computes it for a fair value.",
            surplus.bare(),
        ),
    ]
}

/// Money in one way, spend the other: each pair of parties and each kind of promise is one arrow.
fn circle(sources: &Sources<'_>) -> Flow {
    let promises = contract::promises(sources.deal);
    let mut sums: BTreeMap<(String, String, PromiseKind), Quantity> = BTreeMap::new();
    let mut parties: Vec<String> = Vec::new();
    for promise in promises {
        let (Some(from), Some(to)) = (promise.from, promise.to) else { continue };
        let (from, to) = (sources.name(&from), sources.name(&to));
        for party in [&from, &to] {
            if !parties.contains(party) {
                parties.push(party.clone());
            }
        }
        let amount = Quantity::money(promise.amount, promise.bound);
        let entry = sums.entry((from, to, promise.kind));
        entry.and_modify(|sum| *sum = sum.plus(amount)).or_insert(amount);
    }
    let place = |name: &String| parties.iter().position(|party| party == name).unwrap_or(0);
    let arrows = sums.iter().map(|((from, to, kind), sum)| Arrow {
        from: place(from),
        to: place(to),
        what: kind.word().to_owned(),
        size: sum.number.to_f64(),
        amount: sum.shown(),
    });
    Flow { title: "Who has promised whom what".to_owned(), arrows: arrows.collect(), parties }
}
