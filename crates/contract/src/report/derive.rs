//! From clauses to figures. Each figure names its source, its formula with the numbers put in, or its reason.

use super::quantity::{Bound, Quantity, Unit};
use super::{Basis, Figure};
use crate::day::Period;
use crate::deal::{Commitment, Deal, Total, Tranche, When};
use crate::ratio::Ratio;
use units::Currency;

/// The figures found, in reading order, sentences on what they are made of, and on those that are missing.
pub(super) struct Derived {
    pub figures: Vec<Figure>,
    pub parts: Vec<String>,
    pub missing: Vec<String>,
    /// Figures left out for want of one of those.
    follow: Vec<String>,
}

impl Derived {
    pub(super) fn get(&self, id: &str) -> Option<Quantity> {
        self.figures.iter().find(|figure| figure.id == id).map(|figure| figure.quantity)
    }

    fn put(&mut self, id: &'static str, label: &'static str, quantity: Quantity, basis: Basis) {
        self.figures.push(Figure { id, label, quantity, basis });
    }

    /// A sum of clauses: one clause alone keeps its own basis, several are named with theirs in a note.
    fn sum(&mut self, id: &'static str, label: &'static str, pieces: &[Piece]) {
        let Some((first, rest)) = pieces.split_first() else { return };
        let quantity = rest.iter().fold(first.quantity, |sum, piece| sum.plus(piece.quantity));
        if rest.is_empty() {
            return self.put(id, label, quantity, first.basis.clone());
        }
        let formula = pieces.iter().map(Piece::text).collect::<Vec<_>>().join(" + ");
        let known = pieces.iter().map(|piece| {
            let (text, basis) = (piece.text(), &piece.basis);
            format!("{text}, {}: {}", basis.word(), basis.text())
        });
        self.parts.push(format!("`{id}` is the sum of {}.", known.collect::<Vec<_>>().join("; ")));
        self.put(id, label, quantity, Basis::Derived { formula });
    }

    /// A figure made of two others, left out when one of them is.
    fn combine(
        &mut self,
        figure: (&'static str, &'static str),
        parts: [&'static str; 2],
        how: How,
        proviso: &str,
    ) {
        let (id, label) = figure;
        let [left, right] = parts;
        let (Some(a), Some(b)) = (self.get(left), self.get(right)) else {
            self.follow.push(format!("`{id}`"));
            return;
        };
        let (quantity, sign) = match how {
            How::Sum => (a.plus(b), '+'),
            How::Product(unit) => (a.times(b, unit), '×'),
            How::Quotient(unit) => (a.over(b, unit), '÷'),
            // A part's share of its whole grows with the part, so it has the part's bound.
            How::Share => (Quantity { bound: a.bound, ..a.over(b, Unit::Percent).hundredfold() }, '÷'),
        };
        if !quantity.number.is_some() {
            self.missing.push(format!("`{id}` is left out: it is too large to compute exactly."));
            return;
        }
        let formula = format!("{left} {sign} {right} = {} {sign} {}{proviso}", a.shown(), b.shown());
        self.put(id, label, quantity, Basis::Derived { formula });
    }
}

#[derive(Clone, Copy)]
enum How {
    Sum,
    Product(Unit),
    Quotient(Unit),
    Share,
}

/// One clause's part in a sum.
struct Piece {
    name: String,
    quantity: Quantity,
    basis: Basis,
}

impl Piece {
    fn text(&self) -> String {
        let guess = if matches!(self.basis, Basis::Assumed { .. }) { ", assumed" } else { "" };
        format!("{} ({}{guess})", self.quantity.shown(), self.name)
    }
}

pub(super) fn figures(deal: &Deal) -> Derived {
    let mut derived =
        Derived { figures: Vec::new(), parts: Vec::new(), missing: Vec::new(), follow: Vec::new() };
    money_in(deal, &mut derived);
    spend(deal, &mut derived);
    capacity(deal, &mut derived);
    if !derived.follow.is_empty() {
        let figures = derived.follow.join(", ");
        derived.missing.push(format!("Left out with them, for want of an input: {figures}."));
    }
    derived
}

fn money_in(deal: &Deal, derived: &mut Derived) {
    derived.sum("money_at_signing", "Money at signing", &at_signing(deal));
    derived.sum("money_on_milestones", "Money on milestones", &on_milestones(deal));
    match (derived.get("money_at_signing"), derived.get("money_on_milestones")) {
        (None, None) => {
            derived.missing.push("`new_money` is left out: the deal puts no money in.".to_owned())
        }
        (Some(_), Some(_)) => {
            let parts = ["money_at_signing", "money_on_milestones"];
            derived.combine(("new_money", "New money"), parts, How::Sum, "");
        }
        (Some(only), None) => {
            let formula = format!("money_at_signing = {}", only.shown());
            derived.put("new_money", "New money", only, Basis::Derived { formula });
        }
        (None, Some(only)) => {
            let formula = format!("money_on_milestones = {}", only.shown());
            derived.put("new_money", "New money", only, Basis::Derived { formula });
        }
    }
    let prior = deal.investments.iter().map(|investment| Piece {
        name: investment.year.to_string(),
        quantity: Quantity::money(deal.money(*investment.amount.get_ref()), Bound::Exactly),
        basis: Basis::of(investment.source.as_ref(), investment.assumed.as_ref()),
    });
    derived.sum("prior_money", "Money put in before", &prior.collect::<Vec<_>>());
    if derived.get("prior_money").is_none() {
        derived.missing.push("`prior_money` is left out: no earlier investment is stated.".to_owned());
    }
    if derived.get("new_money").is_none() && derived.get("prior_money").is_none() {
        return;
    }
    let parts = ["prior_money", "money_at_signing"];
    derived.combine(("exposure_at_signing", "Money in once signed"), parts, How::Sum, "");
    derived.combine(("total_exposure", "Total exposure"), ["prior_money", "new_money"], How::Sum, "");
    let share = ("milestone_share_of_new_money", "Milestones' share of new money");
    derived.combine(share, ["money_on_milestones", "new_money"], How::Share, "");
}

fn piece_of(deal: &Deal, tranche: &Tranche, bound: Bound) -> Piece {
    Piece {
        name: tranche.title.clone().unwrap_or_else(|| tranche.id.get_ref().clone()),
        quantity: Quantity::money(deal.money(*tranche.amount.get_ref()), bound),
        basis: Basis::of(tranche.source.as_ref(), tranche.assumed.as_ref()),
    }
}

fn signs(tranche: &&Tranche) -> bool {
    *tranche.when.get_ref() == When::AtSigning
}

fn at_signing(deal: &Deal) -> Vec<Piece> {
    deal.tranches.iter().filter(signs).map(|tranche| piece_of(deal, tranche, Bound::Exactly)).collect()
}

/// Ceilings of facilities, less what of them is paid at signing, and conditional tranches outside of any.
fn on_milestones(deal: &Deal) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for facility in &deal.facilities {
        let mut left = Quantity::money(deal.money(*facility.at_most.get_ref()), Bound::AtMost);
        let inside = deal.tranches.iter().filter(|tranche| tranche.facility.as_ref() == Some(&facility.id));
        for tranche in inside.filter(signs) {
            left.number = left.number - tranche.amount.get_ref().ratio();
        }
        let name = facility.title.clone().unwrap_or_else(|| facility.id.get_ref().clone());
        let basis = Basis::of(facility.source.as_ref(), facility.assumed.as_ref());
        pieces.push(Piece { name, quantity: left, basis });
    }
    let outside = deal.tranches.iter().filter(|tranche| tranche.facility.is_none() && !signs(tranche));
    pieces.extend(outside.map(|tranche| piece_of(deal, tranche, Bound::AtMost)));
    pieces
}

fn spend(deal: &Deal, derived: &mut Derived) {
    if let Some(years) = term(deal.period()) {
        let effective = deal.effective.get_ref();
        let basis = Basis::of(effective.source.as_ref(), effective.assumed.as_ref());
        let quantity = Quantity { number: years, unit: Unit::Years, bound: Bound::Exactly };
        derived.put("term_years", "Term", quantity, basis);
    } else {
        derived.missing.push("`term_years` is left out: the deal has no end.".to_owned());
    }
    let promised = deal.commitments.iter().map(|commitment| promise(deal, commitment));
    derived.sum("spend_commitment", "Spend committed", &promised.collect::<Vec<_>>());
    if derived.get("spend_commitment").is_none() {
        derived.missing.push("`spend_commitment` is left out: nobody commits to spend.".to_owned());
        return;
    }
    let per_year = How::Quotient(Unit::MoneyPerYear(deal.currency));
    let parts = ["spend_commitment", "term_years"];
    derived.combine(("spend_per_year", "Spend a year, on average"), parts, per_year, "");
    for (figure, money) in [
        (("multiple_of_new_money", "Spend over new money"), "new_money"),
        (("multiple_of_total_exposure", "Spend over total exposure"), "total_exposure"),
    ] {
        derived.combine(figure, ["spend_commitment", money], How::Quotient(Unit::Multiple), "");
    }
}

fn promise(deal: &Deal, commitment: &Commitment) -> Piece {
    let stated = commitment.total.as_ref().map(|total| *total.get_ref());
    let scheduled =
        commitment.schedule.iter().fold(Ratio::ZERO, |sum, year| sum + year.get_ref().min.ratio());
    let (number, bound) = match stated {
        Some(Total::Exactly(amount)) => (amount.ratio(), Bound::Exactly),
        Some(Total::AtLeast(amount)) => (amount.ratio(), Bound::AtLeast),
        None => (scheduled, Bound::AtLeast),
    };
    let basis = match stated {
        Some(_) => Basis::of(commitment.source.as_ref(), commitment.assumed.as_ref()),
        None => Basis::Derived { formula: format!("sum of {} yearly minimums", commitment.schedule.len()) },
    };
    Piece {
        name: commitment.title.clone().unwrap_or_else(|| commitment.id.get_ref().clone()),
        quantity: Quantity { number, unit: Unit::Money(deal.currency), bound },
        basis,
    }
}

/// The term in years: whole ones, and the last one's days over the days that year would have had.
fn term(period: Period) -> Option<Ratio> {
    let (years, to) = (period.years()?, period.to?);
    let last = period.from.plus_years(years.checked_sub(1)?);
    let part = Ratio::new(last.days_until(to).into(), last.days_until(period.from.plus_years(years)).into());
    Some(Ratio::whole((years - 1).into()) + part)
}

fn capacity(deal: &Deal, derived: &mut Derived) {
    let power = deal.capacity.iter().filter(|grant| grant.unit == "GW").filter_map(|grant| {
        let quantity = Quantity::of(*grant.ceiling.as_ref()?.get_ref(), Unit::Gigawatts, Bound::AtMost);
        let name = grant.title.clone().unwrap_or_else(|| grant.id.get_ref().clone());
        let basis = Basis::of(grant.source.as_ref(), grant.assumed.as_ref());
        Some(Piece { name, quantity, basis })
    });
    derived.sum("capacity_ceiling_gw", "Capacity", &power.collect::<Vec<_>>());
    if derived.get("capacity_ceiling_gw").is_none() {
        derived
            .missing
            .push("`capacity_ceiling_gw` is left out: no power is granted up to a ceiling.".to_owned());
        return;
    }
    let years = How::Product(Unit::GigawattYears);
    derived.combine(
        ("capacity_gw_years", "Gigawatt-years"),
        ["capacity_ceiling_gw", "term_years"],
        years,
        ", if all of it ran from day one",
    );
    per_gigawatt_year(deal.currency, derived);
}

fn per_gigawatt_year(currency: Currency, derived: &mut Derived) {
    let per = How::Quotient(Unit::MoneyPerGwYear(currency));
    derived.combine(
        ("spend_per_gw_year", "Spend per gigawatt-year"),
        ["spend_per_year", "capacity_ceiling_gw"],
        per,
        ", if all of it ran from day one",
    );
}
