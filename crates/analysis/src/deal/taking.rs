//! What an enterprise buyer, a start-up and an investor should take from a deal. Each sentence stands on a figure
//! of this document; where the figure is missing, so is the sentence.

use super::Sources;
use super::outcome::worst_year;
use crate::document::Block;
use crate::words::{figures, money, percent};
use forecast::Forecast;

pub(super) fn blocks(sources: &Sources<'_>) -> Vec<Block> {
    let Some(forecast) = sources.forecasts.first() else { return Vec::new() };
    let parts = [
        ("For an enterprise buyer", buyer(sources, forecast)),
        ("For a start-up", start_up(forecast)),
        ("For an investor", investor(sources, forecast)),
    ];
    let mut blocks = vec![Block::Heading(1, "What to take from it".to_owned())];
    for (title, said) in parts {
        if !said.is_empty() {
            blocks.push(Block::Heading(2, title.to_owned()));
            blocks.push(Block::List(said));
        }
    }
    blocks
}

fn buyer(sources: &Sources<'_>, forecast: &Forecast) -> Vec<String> {
    let currency = &forecast.deal.currency;
    let mut said = Vec::new();
    if forecast.totals.minimums > 0.0 {
        let chance = worst_year(forecast);
        let advice = match chance {
            chance if chance > 0.25 => {
                "ask for carry-forward, a make-good credit or a flatter ramp before a larger discount"
            }
            chance if chance > 0.05 => "a make-good credit or carry-forward is worth asking for",
            _ => "the minimums are safe in this scenario: the price is what is left to bargain for",
        };
        said.push(format!(
            "The likeliest year to fall short does so with a chance of {}; a shortfall costs {} on average over the \
             term: {advice}.",
            percent(chance),
            money(forecast.totals.shortfall.mean, currency),
        ));
    }
    let price = &forecast.discount.price;
    if forecast.totals.cash.mean > 0.0 {
        said.push(format!(
            "Shortfalls counted, what is drawn costs {} on average, and {} in the worst twentieth of cases: compare \
             offers by this, not by the discount on paper.",
            beside_list(price.mean),
            beside_list(price.p5),
        ));
    }
    let lock = &forecast.lock_in;
    said.push(format!(
        "Lock-in index {} (0 free, 1 captive), with {} of spend assumed portable{}; keep a passing replay on a second \
         provider, since only tested traffic can leave.",
        figures(lock.index),
        percent(lock.portable),
        lock.portability_tested_share.map_or_else(
            || "; no portability test is among the facts".to_owned(),
            |share| format!(" and {} of traffic tested", percent(share))
        ),
    ));
    if let Some(exit) = lock.moving.first() {
        said.push(format!("Leaving after the first contract year costs {}.", money(exit.total, currency)));
    }
    if sources.figure("new_money").is_some() {
        said.push(
            "A vendor that owns a part of its customer earns twice from the same tokens: ask what happens to your \
             prices and your capacity if the two part ways."
                .to_owned(),
        );
    }
    said
}

/// What something costs, given the share that is off its list price.
fn beside_list(off: f64) -> String {
    match off {
        off if off > 0.0005 => format!("{} less than list price", percent(off)),
        off if off < -0.0005 => format!("{} more than list price", percent(-off)),
        _ => "list price".to_owned(),
    }
}

fn start_up(forecast: &Forecast) -> Vec<String> {
    let own = &forecast.self_host;
    let mut said = vec![format!(
        "Own machines cost {} of the list price at full load; against this deal's price they pay from {} utilisation \
         (assumed reach: {}), which is so on {} of all paths.",
        percent(own.cost_over_list),
        percent(own.break_even_utilisation.p50),
        percent(own.utilisation),
        percent(own.cheaper_probability),
    )];
    let price =
        forecast.drivers.iter().flat_map(|drivers| &drivers.groups).find(|group| group.group == "price");
    said.extend(price.map(|price| match price.total.clamp(0.0, 1.0) {
        share if share > 0.05 => format!(
            "Token prices have a part in {} of what is uncertain here: sign short while they fall, and commit to spend \
             rather than to tokens.",
            percent(share),
        ),
        _ => "Volume, not token prices, is what is uncertain here: a promise is safe only as far as demand is, so promise \
              a share of what you can foresee and buy the rest as you go."
            .to_owned(),
    }));
    if let Some(capacity) = &forecast.capacity {
        let short = capacity.years.iter().map(|year| year.short_probability).fold(0.0, f64::max);
        said.push(format!(
            "Large deals book capacity first: in the tightest year {} of paths need more power than is online, and \
             those without a reservation wait.",
            percent(short),
        ));
    }
    said
}

fn investor(sources: &Sources<'_>, forecast: &Forecast) -> Vec<String> {
    let currency = &forecast.deal.currency;
    let mut said = Vec::new();
    for party in forecast.parties.iter().filter(|party| party.roles.iter().any(|role| role == "investor")) {
        let Some(multiple) = &party.multiple else { continue };
        let rate = |rate: Option<f64>| rate.map_or_else(|| "no single rate".to_owned(), percent);
        said.push(format!(
            "{}: {} times its money at the median with its stake ({} to {}); its cash alone returns {} a year, with \
             the stake {}, and its present value is {} on average ({} with the stake).",
            party.name,
            figures(multiple.p50),
            figures(multiple.p5),
            figures(multiple.p95),
            rate(party.return_on_cash.of_means),
            rate(party.return_with_equity.of_means),
            money(party.value.mean, currency),
            money(party.value_with_equity.mean, currency),
        ));
    }
    if let Some(multiple) = sources.shown("multiple_of_new_money") {
        said.push(format!(
            "{multiple} is revenue over money put in, not profit over it: read it with the margin, and count revenue \
             that one's own money pays for apart from revenue that customers bring."
        ));
    }
    if !sources.evaluation.watch.is_empty() {
        said.push("The signals above say earlier than earnings whether the floor is met by demand or by the balance sheet.".to_owned());
    }
    said
}
