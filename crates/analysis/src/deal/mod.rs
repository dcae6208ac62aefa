//! The analysis of one deal: who is really buying what, what each side may be owed, what to watch, what to take
//! from it. It chooses and words; every number comes from the deal file, its evaluation or its forecast.

mod buying;
mod outcome;
mod standing;
mod taking;

use crate::document::{Block, Column, Document, Table, Tile};
use contract::deal::Binding;
use contract::{Basis, Deal, Evaluation, Figure, Report};
use forecast::Forecast;

/// What an analysis is made from.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// The deal.
    pub deal: &'a Deal,
    /// Its figures.
    pub report: &'a Report,
    /// Where it stands.
    pub evaluation: &'a Evaluation,
    /// Where it may end up; the first is the one that the text speaks of. None when it was not forecast.
    pub forecasts: &'a [Forecast],
}

/// The figures that a reader looks for first.
const TILES: [&str; 6] = [
    "new_money",
    "total_exposure",
    "spend_commitment",
    "multiple_of_new_money",
    "capacity_ceiling_gw",
    "spend_per_gw_year",
];

const LEGEND: &str = "reported: a public source or the file says so · derived: it follows, by the formula · assumed: a \
                      guess, for the reason given. Forecasts are what follows from the scenario's assumptions, not a \
                      promise; nothing here is investment, accounting or legal advice.";

impl Sources<'_> {
    /// The deal's analysis.
    pub fn document(&self) -> Document {
        let mut blocks = Vec::new();
        if self.report.head.binding == Binding::Loi {
            blocks.push(Block::Warning("A letter of intent: nobody is bound by it.".to_owned()));
        }
        blocks.extend(self.tiles());
        blocks.extend(buying::blocks(self));
        blocks.extend(outcome::owed(self));
        blocks.extend(outcome::forecast(self));
        blocks.extend(standing::blocks(self));
        blocks.extend(standing::watch(self));
        blocks.extend(taking::blocks(self));
        blocks.extend(self.figures());
        blocks.extend(self.notes());
        let head = &self.report.head;
        Document {
            title: head.title.clone(),
            subtitle: contract::render::subtitle(head),
            blocks,
            legend: LEGEND.to_owned(),
        }
    }

    fn figure(&self, id: &str) -> Option<&Figure> {
        self.report.figures.iter().find(|figure| figure.id == id)
    }

    /// A figure as shown, when there is one.
    fn shown(&self, id: &str) -> Option<String> {
        self.figure(id).map(|figure| figure.quantity.shown())
    }

    /// What people call a party.
    fn name(&self, id: &str) -> String {
        let found = self.deal.parties.get_ref().iter().find(|party| party.id.get_ref() == id);
        found.map_or_else(|| id.to_owned(), |party| party.name().to_owned())
    }

    /// The parties of a role.
    fn with_role(&self, role: &str) -> Vec<String> {
        let parties = self.deal.parties.get_ref().iter();
        parties
            .filter(|party| party.roles.iter().any(|own| own == role))
            .map(|party| party.name().to_owned())
            .collect()
    }

    fn tiles(&self) -> Option<Block> {
        let tiles: Vec<Tile> = TILES
            .iter()
            .filter_map(|id| self.figure(id))
            .map(|figure| Tile {
                label: figure.label.to_owned(),
                value: figure.quantity.shown(),
                basis: figure.basis.word().to_owned(),
            })
            .collect();
        (!tiles.is_empty()).then_some(Block::Tiles(tiles))
    }

    /// Every figure of the deal file, with how it is known.
    fn figures(&self) -> Vec<Block> {
        let mut rows: Vec<Vec<String>> = Vec::new();
        for figure in &self.report.figures {
            rows.push(vec![figure.label.to_owned(), figure.quantity.shown(), known(&figure.basis)]);
        }
        for line in &self.report.tranches {
            rows.push(vec![line.name(), line.quantity.shown(), known(&line.basis)]);
        }
        for line in &self.report.minimums {
            let name = format!("{}, year {}, from {}", line.commitment, line.year, line.days.0);
            rows.push(vec![name, line.quantity.shown(), String::new()]);
        }
        if rows.is_empty() {
            return Vec::new();
        }
        let columns =
            vec![Column::words("figure"), Column::numbers("value"), Column::words("how it is known")];
        let table = Table { caption: String::new(), columns, rows };
        vec![Block::Heading(1, "The figures".to_owned()), Block::Table(table)]
    }

    fn notes(&self) -> Vec<Block> {
        let mut notes = self.report.notes.clone();
        if let Some(forecast) = self.forecasts.first() {
            notes.extend(forecast.notes.iter().cloned());
        }
        if notes.is_empty() {
            return Vec::new();
        }
        vec![Block::Heading(1, "Notes".to_owned()), Block::List(notes)]
    }
}

/// `derived: $4 bn (2023) + $4 bn (2024)`.
fn known(basis: &Basis) -> String {
    format!("{}: {}", basis.word(), basis.text())
}
