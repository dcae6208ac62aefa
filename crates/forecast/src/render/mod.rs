//! Forecasts as a document: the same deal under one scenario or several, side by side.

mod table;
mod words;

pub use table::Style;

use crate::result::{Forecast, Hit, Party};
use table::Table;
pub(crate) use words::{figures, money};
use words::{percent, spread};

/// Writes forecasts of one deal; the first one's years, parties and drivers are shown in full.
pub fn write(forecasts: &[Forecast], style: Style) -> String {
    let Some(first) = forecasts.first() else { return String::new() };
    let mut out = Out { text: String::new(), style };
    out.head(first, forecasts);
    out.section(
        "What it comes to",
        &format!("Median, and where nine paths in ten lie, in {}.", first.deal.currency),
    );
    out.table(&totals(forecasts));
    if !first.commitments.is_empty() {
        out.section(
            "Year by year",
            &format!("Scenario `{}`; spend is at list price and what counts of it.", first.scenario.id),
        );
        years(first).iter().for_each(|table| out.table(table));
    }
    if !first.milestones.is_empty() {
        out.section(
            "Tranches",
            "How likely each is released by the end, and by when half of all paths have it.",
        );
        out.table(&milestones(forecasts));
    }
    if !first.revenue_shares.is_empty() {
        out.section("Shares of revenue", "Over the whole term, on average.");
        out.table(&shares(forecasts));
    }
    out.section(
        "What it is worth",
        "On the first day, at each party's rate; a median, and where nine paths in ten lie.",
    );
    out.table(&parties(first));
    if let Some(capacity) = power(first) {
        out.section(
            "Power",
            "At the end of each contract year, in gigawatts: medians, and how often more is asked for.",
        );
        out.table(&capacity);
    }
    if !first.drivers.is_empty() {
        out.section(
            "What drives it",
            "The share of each figure's variance that would stay if all but this group were known.",
        );
        out.table(&drivers(first));
    }
    if !first.events.is_empty() {
        out.section("What may happen", "How likely in the term.");
        out.table(&events(forecasts));
    }
    out.notes(forecasts);
    out.text
}

struct Out {
    text: String,
    style: Style,
}

impl Out {
    fn head(&mut self, first: &Forecast, forecasts: &[Forecast]) {
        let title = format!("{}: forecast", first.deal.title);
        match self.style {
            Style::Text => self.text.push_str(&format!("{title}\n")),
            Style::Markdown => self.text.push_str(&format!("# {title}\n\n")),
        }
        let end = if first.deal.open_ended { " (no end is agreed)" } else { "" };
        self.line(&format!(
            "{} to {}{end}; {} paths, seed {}; simulated from {}.",
            first.deal.from, first.deal.to, first.run.paths, first.run.seed, first.run.simulated_from
        ));
        for forecast in forecasts {
            self.line(&format!("{}: {}", forecast.scenario.title, forecast.scenario.note));
        }
        if let Some(fit) = &first.history {
            self.line(&history(fit));
        }
    }

    fn line(&mut self, text: &str) {
        match self.style {
            Style::Text => self.text.push_str(&format!("  {text}\n")),
            Style::Markdown => self.text.push_str(&format!("{text}\n\n")),
        }
    }

    fn section(&mut self, title: &str, about: &str) {
        match self.style {
            Style::Text => self.text.push_str(&format!("\n{title}\n  {about}\n\n")),
            Style::Markdown => self.text.push_str(&format!("\n## {title}\n\n{about}\n\n")),
        }
    }

    fn table(&mut self, table: &Table) {
        self.text.push_str(&table.write(self.style));
    }

    fn notes(&mut self, forecasts: &[Forecast]) {
        let mut notes: Vec<&String> = forecasts.iter().flat_map(|forecast| &forecast.notes).collect();
        let mut seen = std::collections::BTreeSet::new();
        notes.retain(|note| seen.insert(*note));
        self.section(
            "To know",
            "Every number of the scenario, with its reason, is in the JSON under `assumptions`.",
        );
        for note in notes {
            self.text.push_str(&match self.style {
                Style::Text => format!("  · {note}\n"),
                Style::Markdown => format!("- {note}\n"),
            });
        }
    }
}

fn history(fit: &crate::history::Fit) -> String {
    let span = fit.months.first().zip(fit.months.last());
    let span = span.map_or_else(String::new, |(a, b)| format!(", {} to {}", a.month, b.month));
    let Some(moves) = &fit.moves else {
        return format!(
            "History: {} whole months{span}; {} a month now.",
            fit.months.len(),
            money(fit.level)
        );
    };
    format!(
        "History: {} whole months{span}; {} a month now, growing {} a year (± {}), volatility {} (± {}), a straight line explains {} of it.",
        fit.months.len(),
        money(fit.level),
        percent(sampling::exp(moves.growth.estimate) - 1.0),
        percent(moves.growth.error),
        percent(moves.volatility.estimate),
        percent(moves.volatility.error),
        percent(moves.r_squared),
    )
}

fn totals(forecasts: &[Forecast]) -> Table {
    let mut table = Table::headed(headed("", forecasts));
    let mut row = |name: &str, cell: &dyn Fn(&Forecast) -> String| {
        table.row(std::iter::once(name.to_owned()).chain(forecasts.iter().map(cell)).collect());
    };
    row("Minimums", &|f| money(f.totals.minimums));
    row("Drawn down", &|f| spread(&f.totals.drawn, money));
    row("Due under the commitments", &|f| spread(&f.totals.cash, money));
    row("Some year falls short", &|f| percent(f.totals.shortfall_probability));
    row("Shortfalls", &|f| spread(&f.totals.shortfall, money));
    row("Shortfalls, mean", &|f| {
        format!("{} ± {}", money(f.totals.shortfall.mean), money(f.totals.shortfall.error))
    });
    row("Tranches released", &|f| spread(&f.totals.released, money));
    row("Off list prices", &|f| spread(&f.discount.price, percent));
    row("With equity above its value", &|f| spread(&f.discount.effective, percent));
    row("Own machines break even at", &|f| spread(&f.self_host.break_even_utilisation, percent));
    row("Own machines cheaper", &|f| {
        format!("{} at {}", percent(f.self_host.cheaper_probability), percent(f.self_host.utilisation))
    });
    row("Concentration", &|f| {
        format!("{:.0}, lock-in {}", f.lock_in.concentration, figures(f.lock_in.index))
    });
    row("Passed a portability test", &|f| {
        f.lock_in.portability_tested_share.map_or_else(|| "no fact says".to_owned(), percent)
    });
    if forecasts.iter().any(|f| f.capacity.is_some()) {
        row("Most power needed, GW", &|f| {
            f.capacity.as_ref().map_or_else(String::new, |c| spread(&c.peak_needed_gw, figures))
        });
    }
    table
}

fn headed(first: &str, forecasts: &[Forecast]) -> Vec<String> {
    std::iter::once(first.to_owned()).chain(forecasts.iter().map(|f| f.scenario.id.clone())).collect()
}

fn years(forecast: &Forecast) -> Vec<Table> {
    let tables = forecast.commitments.iter().map(|commitment| {
        let mut table = Table::new([
            commitment.id.as_str(),
            "until",
            "minimum",
            "counted",
            "due",
            "short",
            "by, if so",
            "cost to leave",
        ]);
        for (year, moving) in commitment.years.iter().zip(&forecast.lock_in.moving) {
            let relief = year.minimum_relief.mean;
            let less = if relief > 0.0 { format!(" less {}", money(relief)) } else { String::new() };
            table.row(vec![
                format!("year {}", year.year),
                year.to.clone(),
                money(year.minimum) + &less,
                money(year.counted.mean),
                money(year.cash.mean),
                percent(year.shortfall_probability.mean),
                year.shortfall_where.as_ref().map_or_else(|| "–".to_owned(), |fan| money(fan.p50)),
                money(moving.total),
            ]);
        }
        table
    });
    tables.collect()
}

fn shares(forecasts: &[Forecast]) -> Table {
    let mut head = vec!["".to_owned(), "at most".to_owned()];
    head.extend(forecasts.iter().map(|f| f.scenario.id.clone()));
    let mut table = Table::headed(head);
    let Some(first) = forecasts.first() else { return table };
    for (place, share) in first.revenue_shares.iter().enumerate() {
        let who = |party: &Option<String>| party.clone().unwrap_or_else(|| "?".to_owned());
        let name = format!(
            "{}: {} of revenue, {} to {}",
            share.id,
            percent(share.share),
            who(&share.payer),
            who(&share.payee)
        );
        let mut row = vec![name, share.cap.map_or_else(|| "–".to_owned(), money)];
        row.extend(forecasts.iter().map(|forecast| match forecast.revenue_shares.get(place) {
            Some(of) if of.cap.is_some() => {
                format!("{}, cap {}", money(of.paid.mean), percent(of.capped_probability.mean))
            }
            Some(of) => money(of.paid.mean),
            None => "–".to_owned(),
        }));
        table.row(row);
    }
    table
}

fn milestones(forecasts: &[Forecast]) -> Table {
    let mut head = vec!["".to_owned(), "amount".to_owned()];
    head.extend(forecasts.iter().map(|f| f.scenario.id.clone()));
    let mut table = Table::headed(head);
    let Some(first) = forecasts.first() else { return table };
    for (place, milestone) in first.milestones.iter().enumerate() {
        let mut row = vec![format!("{}: {}", milestone.id, milestone.title), money(milestone.amount)];
        row.extend(forecasts.iter().map(|forecast| match forecast.milestones.get(place) {
            Some(of) => match &of.probability {
                Some(probability) => format!("{}, {}", percent(probability.mean), half(&of.when_released)),
                None => "unknown".to_owned(),
            },
            None => String::new(),
        }));
        table.row(row);
    }
    table
}

/// The day by which half of all paths are there.
fn half(hits: &[Hit]) -> String {
    let half = hits.iter().find(|hit| hit.share == 0.5).and_then(|hit| hit.by.clone());
    half.map_or_else(|| "never by half".to_owned(), |day| format!("half by {day}"))
}

fn parties(forecast: &Forecast) -> Table {
    let mut table =
        Table::new(["", "rate", "value, cash", "with equity", "multiple", "return", "money back"]);
    for party in &forecast.parties {
        table.row(vec![
            format!("{} ({})", party.name, party.roles.join(", ")),
            percent(party.rate),
            spread(&party.value, money),
            spread(&party.value_with_equity, money),
            party
                .multiple
                .as_ref()
                .map_or_else(|| "–".to_owned(), |multiple| format!("{}×", figures(multiple.p50))),
            returned(party),
            party.payback.as_ref().map_or_else(|| "–".to_owned(), |payback| half(&payback.by)),
        ]);
    }
    table
}

fn returned(party: &Party) -> String {
    match (party.multiple.is_some(), party.return_with_equity.p50) {
        (true, Some(rate)) => format!("{} a year", percent(rate)),
        _ => "–".to_owned(),
    }
}

fn power(forecast: &Forecast) -> Option<Table> {
    let capacity = forecast.capacity.as_ref()?;
    let mut table =
        Table::new(["", "planned", "online", "needed", "more needed than online", "than granted"]);
    for year in &capacity.years {
        table.row(vec![
            format!("year {}, {}", year.year, year.at),
            figures(year.planned_gw),
            figures(year.online_gw.p50),
            figures(year.needed_gw.p50),
            percent(year.short_probability),
            percent(year.beyond_grant_probability),
        ]);
    }
    Some(table)
}

fn drivers(forecast: &Forecast) -> Table {
    let groups = forecast.drivers.first().map_or_else(Vec::new, |first| first.groups.clone());
    let mut head = vec![String::new()];
    head.extend(groups.iter().map(|driver| driver.group.clone()));
    let mut table = Table::headed(head);
    for drivers in &forecast.drivers {
        let mut row = vec![drivers.of.clone()];
        row.extend(drivers.groups.iter().map(|driver| percent(driver.total)));
        table.row(row);
    }
    table
}

fn events(forecasts: &[Forecast]) -> Table {
    let mut table = Table::headed(headed("", forecasts));
    let mut names: Vec<(&str, &str)> = Vec::new();
    for event in forecasts.iter().flat_map(|forecast| &forecast.events) {
        if !names.iter().any(|(id, _)| *id == event.id) {
            names.push((&event.id, &event.title));
        }
    }
    for (id, title) in names {
        let mut row = vec![title.to_owned()];
        row.extend(forecasts.iter().map(|forecast| {
            let event = forecast.events.iter().find(|event| event.id == id);
            event.map_or_else(|| "–".to_owned(), |event| percent(event.probability))
        }));
        table.row(row);
    }
    table
}
