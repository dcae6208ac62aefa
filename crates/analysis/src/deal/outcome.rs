//! What each side may be owed, and where the deal may end up: the forecast in tables and pictures.

use super::Sources;
use crate::document::{Bar, Bars, Block, Chart, Column, Fan, Table};
use crate::words::{figures, money, percent, unit};
use forecast::{Forecast, Summary};

/// What each side is owed if the worst, the median, the best happens.
pub(super) fn owed(sources: &Sources<'_>) -> Vec<Block> {
    let mut blocks = vec![Block::Heading(1, "What each side may be owed".to_owned())];
    let Some(forecast) = sources.forecasts.first() else {
        let text =
            "Not forecast: run it with `--paths` above zero to see the worst, the median and the best case.";
        blocks.push(Block::Text(text.to_owned()));
        return blocks;
    };
    let currency = &forecast.deal.currency;
    let columns = vec![
        Column::words("over the whole term"),
        Column::numbers("low, 1 in 20"),
        Column::numbers("median"),
        Column::numbers("high, 1 in 20"),
    ];
    let line = |what: String, sum: &Summary| {
        let amounts = [sum.p5, sum.p50, sum.p95].map(|amount| money(amount, currency));
        std::iter::once(what).chain(amounts).collect::<Vec<String>>()
    };
    let totals = &forecast.totals;
    let mut rows = vec![
        line("due under the commitments".to_owned(), &totals.cash),
        line("of which for nothing: shortfall".to_owned(), &totals.shortfall),
        line("tranches released".to_owned(), &totals.released),
        line("shares of revenue paid".to_owned(), &totals.revenue_shared),
    ];
    rows.retain(|row| row.iter().skip(1).any(|cell| cell != &money(0.0, currency)));
    for party in &forecast.parties {
        let rate = percent(party.rate);
        rows.push(line(format!("{}: present value of its cash at {rate}", party.name), &party.value));
        if party.value_with_equity != party.value {
            rows.push(line(
                format!("{}: with what its stake is worth", party.name),
                &party.value_with_equity,
            ));
        }
    }
    let caption = format!("{}, {} paths", forecast.scenario.title, forecast.run.paths);
    blocks.push(Block::Table(Table { caption, columns, rows }));
    blocks.extend(scenarios(sources.forecasts));
    blocks
}

/// Scenarios side by side.
fn scenarios(forecasts: &[Forecast]) -> Option<Block> {
    let columns = vec![
        Column::words("scenario"),
        Column::numbers("drawn, median"),
        Column::numbers("chance of a shortfall"),
        Column::numbers("shortfall, mean"),
        Column::numbers("released, mean"),
        Column::numbers("effective discount"),
    ];
    let row = |forecast: &Forecast| {
        let currency = &forecast.deal.currency;
        vec![
            forecast.scenario.title.clone(),
            money(forecast.totals.drawn.p50, currency),
            percent(worst_year(forecast)),
            money(forecast.totals.shortfall.mean, currency),
            money(forecast.totals.released.mean, currency),
            percent(forecast.discount.effective.mean),
        ]
    };
    let rows: Vec<Vec<String>> = forecasts.iter().map(row).collect();
    let caption = "Scenarios (the chance is that of the likeliest year to fall short)".to_owned();
    (rows.len() > 1).then_some(Block::Table(Table { caption, columns, rows }))
}

/// The chance of a shortfall in the year where it is largest.
pub(super) fn worst_year(forecast: &Forecast) -> f64 {
    let years = forecast.commitments.iter().flat_map(|commitment| &commitment.years);
    years.map(|year| year.shortfall_probability.mean).fold(0.0, f64::max)
}

/// Fans, chances and drivers.
pub(super) fn forecast(sources: &Sources<'_>) -> Vec<Block> {
    let Some(forecast) = sources.forecasts.first() else { return Vec::new() };
    let mut blocks = vec![Block::Heading(1, "Where it may end up".to_owned())];
    if !forecast.scenario.note.is_empty() {
        blocks.push(Block::Text(forecast.scenario.note.clone()));
    }
    if !forecast.commitments.is_empty() {
        blocks.push(Block::Chart(Chart::Fan(burn_down(forecast))));
        blocks.push(Block::Chart(Chart::Fan(cash(forecast))));
    }
    blocks.extend(years(forecast));
    blocks.extend(milestones(forecast));
    blocks.extend(capacity(forecast));
    blocks.extend(drivers(forecast));
    blocks
}

fn five(fan: &forecast::Fan, size: f64) -> [f64; 5] {
    // A quantile of nothing is no number; a chart shows nothing there.
    [fan.p5, fan.p25, fan.p50, fan.p75, fan.p95]
        .map(|value| if value.is_finite() { value / size } else { 0.0 })
}

fn burn_down(forecast: &Forecast) -> Fan {
    let months = &forecast.months;
    let most = months.iter().map(|month| month.drawn.p95.max(month.pace)).fold(0.0, f64::max);
    let (size, unit) = unit(most, &forecast.deal.currency);
    Fan {
        title: "Drawn down so far, beside an even pace to the minimums".to_owned(),
        unit,
        times: months.iter().map(|month| short(&month.to)).collect(),
        quantiles: months.iter().map(|month| five(&month.drawn, size)).collect(),
        lines: vec![("pace".to_owned(), months.iter().map(|month| month.pace / size).collect())],
    }
}

fn cash(forecast: &Forecast) -> Fan {
    let months = &forecast.months;
    let most = months.iter().map(|month| month.cash.p95).fold(0.0, f64::max);
    let (size, unit) = unit(most, &forecast.deal.currency);
    Fan {
        title: "Due by month, a shortfall at a contract year's end included".to_owned(),
        unit,
        times: months.iter().map(|month| short(&month.to)).collect(),
        quantiles: months.iter().map(|month| five(&month.cash, size)).collect(),
        lines: Vec::new(),
    }
}

/// `2027-04` of `2027-04-20`.
fn short(day: &str) -> String {
    day.get(..7).unwrap_or(day).to_owned()
}

fn years(forecast: &Forecast) -> Vec<Block> {
    let currency = &forecast.deal.currency;
    let table = |commitment: &forecast::Commitment| {
        let columns = vec![
            Column::words("year"),
            Column::words("until"),
            Column::numbers("minimum"),
            Column::numbers("counted, mean"),
            Column::numbers("chance of a shortfall"),
            Column::numbers("its mean"),
            Column::numbers("list spend that meets it"),
        ];
        let rows = commitment.years.iter().map(|year| {
            vec![
                year.year.to_string(),
                year.to.clone(),
                money(year.minimum, currency),
                money(year.counted.mean, currency),
                percent(year.shortfall_probability.mean),
                money(year.shortfall.mean, currency),
                money(year.break_even_list_spend, currency),
            ]
        });
        let assumed = if commitment.schedule_assumed { ", its minimums assumed" } else { "" };
        Block::Table(Table {
            caption: format!("{} by contract year{assumed}", commitment.id),
            columns,
            rows: rows.collect(),
        })
    };
    forecast.commitments.iter().map(table).collect()
}

fn milestones(forecast: &Forecast) -> Option<Block> {
    let bars: Vec<Bar> = forecast
        .milestones
        .iter()
        .filter_map(|milestone| {
            let chance = milestone.probability?.mean;
            let name = if milestone.title.is_empty() { &milestone.id } else { &milestone.title };
            let half = milestone.when_released.iter().find(|hit| (hit.share - 0.5).abs() < 1e-9);
            let by =
                half.and_then(|hit| hit.by.as_ref()).map_or_else(String::new, |by| format!(", half by {by}"));
            let amount = format!("{}{by}", percent(chance));
            Some(Bar { label: name.clone(), pieces: vec![("released".to_owned(), chance, amount)] })
        })
        .collect();
    let title = "Chance that each tranche is released in the term".to_owned();
    (!bars.is_empty()).then_some(Block::Chart(Chart::Bars(Bars { title, bars })))
}

fn capacity(forecast: &Forecast) -> Option<Block> {
    let capacity = forecast.capacity.as_ref()?;
    let columns = vec![
        Column::words("year"),
        Column::numbers("planned, GW"),
        Column::numbers("online, median"),
        Column::numbers("needed, median"),
        Column::numbers("needed, high"),
        Column::numbers("chance of too little"),
    ];
    let rows = capacity.years.iter().map(|year| {
        vec![
            year.year.to_string(),
            figures(year.planned_gw),
            figures(year.online_gw.p50),
            figures(year.needed_gw.p50),
            figures(year.needed_gw.p95),
            percent(year.short_probability),
        ]
    });
    let caption = format!(
        "Power needed beside {} GW granted, at each contract year's end",
        figures(capacity.granted_gw)
    );
    Some(Block::Table(Table { caption, columns, rows: rows.collect() }))
}

fn drivers(forecast: &Forecast) -> Vec<Block> {
    let bars = forecast.drivers.iter().map(|drivers| {
        let mut groups: Vec<_> = drivers.groups.iter().filter(|group| group.total > 0.001).collect();
        groups.sort_by(|one, other| other.total.total_cmp(&one.total));
        let bars = groups.into_iter().map(|group| Bar {
            label: group.group.clone(),
            pieces: vec![("total".to_owned(), group.total.max(0.0), percent(group.total.clamp(0.0, 1.0)))],
        });
        let title =
            format!("What drives {}: the share of its variance that each group has a part in", drivers.of);
        Bars { title, bars: bars.collect() }
    });
    bars.filter(|bars| !bars.bars.is_empty()).map(|bars| Block::Chart(Chart::Bars(bars))).collect()
}
