//! What each party has promised another, before any fact is known: the circle of money as the deal file draws it.

use crate::deal::{Deal, Total, Tranche, When};
use crate::report::Bound;
use toml::Spanned;
use units::Money;

/// Something promised, or given before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// Who gives; nothing where the deal does not say.
    pub from: Option<String>,
    /// Who receives.
    pub to: Option<String>,
    /// What it is.
    pub kind: PromiseKind,
    /// How much.
    pub amount: Money,
    /// Whether that is the amount itself or a limit.
    pub bound: Bound,
}

/// What is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PromiseKind {
    /// Money put in before this deal.
    Prior,
    /// Money put in at signing or on a day.
    Investment,
    /// Money put in when a condition is met.
    Conditional,
    /// Shares, or a right to them, that the vendor gives its customer.
    Stock,
    /// Money paid ahead for spend.
    Prepayment,
    /// Spend.
    Spend,
}

impl PromiseKind {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Prior => "invested before",
            Self::Investment => "investment",
            Self::Conditional => "investment on conditions",
            Self::Stock => "stock",
            Self::Prepayment => "prepayment",
            Self::Spend => "spend",
        }
    }
}

/// Everything promised, in the file's order: a facility by its ceiling, not by its tranches.
pub fn promises(deal: &Deal) -> Vec<Promise> {
    let mut all: Vec<Promise> = Vec::new();
    let mut add = |sides: [Option<String>; 2], kind, amount, bound| {
        let [from, to] = sides;
        all.push(Promise { from, to, kind, amount, bound });
    };
    for clause in &deal.investments {
        let sides = deal.sides([clause.investor.as_ref(), clause.issuer.as_ref()], ["investor", "issuer"]);
        add(sides, PromiseKind::Prior, deal.money(*clause.amount.get_ref()), Bound::Exactly);
    }
    for clause in deal.tranches.iter().filter(|clause| clause.facility.is_none()) {
        let kind = kind(clause);
        let roles =
            if kind == PromiseKind::Prepayment { ["customer", "vendor"] } else { ["investor", "issuer"] };
        let bound = if kind == PromiseKind::Conditional { Bound::AtMost } else { Bound::Exactly };
        let sides = deal.sides([clause.from.as_ref(), clause.to.as_ref()], roles);
        add(sides, kind, deal.money(*clause.amount.get_ref()), bound);
    }
    for clause in &deal.facilities {
        let sides = deal.sides([clause.investor.as_ref(), clause.issuer.as_ref()], ["investor", "issuer"]);
        add(sides, PromiseKind::Conditional, deal.money(*clause.at_most.get_ref()), Bound::AtMost);
    }
    for clause in &deal.commitments {
        let sides = deal.sides([clause.payer.as_ref(), clause.payee.as_ref()], ["customer", "vendor"]);
        let Some(total) = clause.total.as_ref().map(|total| *total.get_ref()) else { continue };
        let bound = if matches!(total, Total::AtLeast(_)) { Bound::AtLeast } else { Bound::Exactly };
        add(sides, PromiseKind::Spend, deal.money(total.amount()), bound);
    }
    all
}

fn kind(tranche: &Tranche) -> PromiseKind {
    match tranche.instrument.as_deref() {
        _ if tranche.draws.is_some() => PromiseKind::Prepayment,
        Some("prepayment") => PromiseKind::Prepayment,
        Some("warrant" | "stock") => PromiseKind::Stock,
        _ if matches!(tranche.when.get_ref(), When::Text(_)) => PromiseKind::Conditional,
        _ => PromiseKind::Investment,
    }
}

impl Deal {
    /// The two parties of a clause: those it names, or the only ones with these roles.
    fn sides(&self, named: [Option<&Spanned<String>>; 2], roles: [&str; 2]) -> [Option<String>; 2] {
        let [from, to] = named.map(|name| name.map(|name| name.get_ref().as_str()));
        [from.or(self.party_with(roles[0])), to.or(self.party_with(roles[1]))].map(|id| id.map(str::to_owned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_circle_of_a_public_deal() {
        let deal = Deal::parse(include_str!("../../../presets/amazon-anthropic-2026.toml")).unwrap();
        let told: Vec<(String, &str, String, Bound)> = promises(&deal)
            .into_iter()
            .map(|promise| {
                let sides = [promise.from, promise.to].map(Option::unwrap_or_default).join(" to ");
                (sides, promise.kind.word(), promise.amount.to_decimal(), promise.bound)
            })
            .collect();
        let way = |from: &str, to: &str| format!("{from} to {to}");
        let (put, back) = (way("amazon", "anthropic"), way("anthropic", "amazon"));
        let bn = |billions: u32| format!("{billions}000000000.00");
        assert_eq!(
            told,
            [
                (put.clone(), "invested before", bn(4), Bound::Exactly),
                (put.clone(), "invested before", bn(4), Bound::Exactly),
                (put.clone(), "investment", bn(5), Bound::Exactly),
                (put, "investment on conditions", bn(20), Bound::AtMost),
                (back, "spend", bn(100), Bound::AtLeast),
            ]
        );
    }
}
