//! Every number a scenario may set: its name, its unit, what it is without being set, and what it may be.
//!
//! A parameter that no file sets is neutral: nothing moves, nothing happens. So a scenario of three lines is a
//! model of three lines, and each number that shapes a forecast stands in a file, with its reason beside it.

/// One number or word of a scenario.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Where it stands, such as `demand.volatility`; `*` stands for a name of the file's own.
    pub path: &'static str,
    /// What it is counted in.
    pub unit: &'static str,
    /// What it may be, and what it is when nobody sets it.
    pub kind: Kind,
    /// What it says.
    pub about: &'static str,
}

/// What a parameter may be.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A number between two others.
    Number {
        /// When nobody sets it; nothing where it is then worked out or unknown.
        neutral: Option<f64>,
        /// The least it may be.
        min: f64,
        /// The most.
        max: f64,
    },
    /// One of some words, the first when nobody sets it.
    Choice(&'static [&'static str]),
    /// Yes or no; no when nobody sets it.
    Switch,
    /// Any words.
    Text,
    /// Shares, none when nobody sets them.
    Shares,
}

const fn number(
    path: &'static str,
    unit: &'static str,
    range: (f64, f64, f64),
    about: &'static str,
) -> Parameter {
    let kind = Kind::Number { neutral: Some(range.0), min: range.1, max: range.2 };
    Parameter { path, unit, kind, about }
}

/// A number with no neutral value: worked out, or unknown, when nobody sets it.
const fn open(path: &'static str, unit: &'static str, range: (f64, f64), about: &'static str) -> Parameter {
    Parameter { path, unit, kind: Kind::Number { neutral: None, min: range.0, max: range.1 }, about }
}

const fn choice(path: &'static str, words: &'static [&'static str], about: &'static str) -> Parameter {
    Parameter { path, unit: "word", kind: Kind::Choice(words), about }
}

const fn switch(path: &'static str, about: &'static str) -> Parameter {
    Parameter { path, unit: "yes or no", kind: Kind::Switch, about }
}

const fn text(path: &'static str, about: &'static str) -> Parameter {
    Parameter { path, unit: "text", kind: Kind::Text, about }
}

const fn correlation(path: &'static str) -> Parameter {
    number(path, "correlation", (0.0, -1.0, 1.0), "between the monthly moves of the two")
}

/// The factors that move together, in the order in which their correlation is taken apart.
pub const FACTORS: [&str; 6] = ["demand", "price", "elasticity", "capacity", "equity", "power"];

/// The most a volatility may be, a year.
const WILD: f64 = 5.0;
/// The most an amount of money or a level may be.
const HUGE: f64 = 1e18;

/// All parameters.
pub const PARAMETERS: &[Parameter] = &[
    number("horizon.years", "years", (10.0, 1.0, 40.0), "how far to look when a deal has no end"),
    number("horizon.step_months", "months", (1.0, 1.0, 12.0), "length of a step: 1, 2, 3, 4, 6 or 12"),
    number(
        "schedule.first_over_last",
        "share",
        (1.0, 0.0, 1.0),
        "where a deal states only a total: the first year's minimum over the last's, rising in a straight line",
    ),
    open("demand.start_per_month", "currency a month", (0.0, HUGE), "list spend a month now"),
    number(
        "demand.start_over_minimum",
        "share",
        (1.0, 0.0, 100.0),
        "list spend a year now, over what the first year's minimum takes; used when nothing better is known",
    ),
    choice(
        "demand.curve",
        &["flat", "exponential", "logistic", "bass"],
        "the shape in which demand at constant prices grows",
    ),
    number("demand.growth", "a year", (0.0, -0.999_999, 100.0), "growth of the exponential curve"),
    number("demand.cap", "multiple", (1.0, 0.001, 1e6), "demand at saturation over demand now"),
    number("demand.innovation", "a year", (0.03, 0.0, 10.0), "Bass: those who start by themselves"),
    number("demand.imitation", "a year", (0.4, 0.0, 20.0), "Bass: those who follow others"),
    number("demand.midpoint", "years", (5.0, -50.0, 100.0), "logistic: when half of the rise is done"),
    number("demand.speed", "a year", (1.0, 0.0, 50.0), "logistic: how steep"),
    number("demand.volatility", "a square root of a year", (0.0, 0.0, WILD), "of log demand"),
    number("demand.jump.per_year", "a year", (0.0, 0.0, 50.0), "how often demand jumps"),
    number("demand.jump.mean", "log", (0.0, -5.0, 5.0), "the mean jump"),
    number("demand.jump.sd", "log", (0.0, 0.0, 5.0), "its standard deviation"),
    choice("demand.regime.start", &["base", "boom", "bust"], "the climate now"),
    number("demand.regime.boom_growth", "log a year", (0.0, -5.0, 5.0), "added to growth in a boom"),
    number("demand.regime.bust_growth", "log a year", (0.0, -5.0, 5.0), "added to growth in a bust"),
    number("demand.regime.base_to_boom", "a year", (0.0, 0.0, 50.0), "how often the one becomes the other"),
    number("demand.regime.base_to_bust", "a year", (0.0, 0.0, 50.0), "how often the one becomes the other"),
    number("demand.regime.boom_to_base", "a year", (0.0, 0.0, 50.0), "how often the one becomes the other"),
    number("demand.regime.bust_to_base", "a year", (0.0, 0.0, 50.0), "how often the one becomes the other"),
    number(
        "demand.history_fades",
        "years",
        (2.0, 0.01, 100.0),
        "how long the growth seen in history lasts before the curve's takes over",
    ),
    number(
        "demand.growth_doubt",
        "log a year",
        (0.5, 0.0, 10.0),
        "standard deviation of the curve's growth as a guess; history counts by how much surer it is",
    ),
    number(
        "demand.own_months",
        "months",
        (12.0, 0.0, 1e4),
        "how many months of history the scenario's own volatility is worth",
    ),
    number("price.frontier_share", "share", (1.0, 0.0, 1.0), "of list spend now, on models at the frontier"),
    number("price.frontier.decline", "a year", (0.0, -10.0, 0.999_999), "share that a price loses each year"),
    number("price.frontier.volatility", "a square root of a year", (0.0, 0.0, WILD), "of the log price"),
    number("price.commodity.fall_now", "times a year", (1.0, 0.01, 1e4), "a price falls to one over this"),
    number("price.commodity.fall_later", "times a year", (1.0, 0.01, 1e4), "the same, once it has slowed"),
    number("price.commodity.slows_over", "years", (2.0, 0.01, 100.0), "how long until two thirds slower"),
    number("price.commodity.volatility", "a square root of a year", (0.0, 0.0, WILD), "of the log price"),
    number("price.reversion", "a year", (0.0, 0.0, 50.0), "how fast prices come back to their trend"),
    number("elasticity.mean", "elasticity", (-1.0, -10.0, 0.0), "of tokens to their price"),
    number("elasticity.volatility", "a square root of a year", (0.0, 0.0, WILD), "of the elasticity itself"),
    number("elasticity.reversion", "a year", (0.0, 0.0, 50.0), "how fast it comes back to its mean"),
    open("capacity.ceiling_gw", "GW", (0.0, 1e4), "the most there will be; the deal's own where it says"),
    number("capacity.start_share", "share of the ceiling", (0.0, 0.0, 1.0), "online at the start"),
    number("capacity.ramp_years", "years", (1.0, 0.01, 40.0), "until all of it is planned to be online"),
    number("capacity.delay_months", "months", (0.0, 0.0, 240.0), "by how much the plan is late, median"),
    number("capacity.delay_volatility", "a square root of a year", (0.0, 0.0, WILD), "of the log delay"),
    number("capacity.delay_reversion", "a year", (0.0, 0.0, 50.0), "how fast delays come back to the median"),
    switch("capacity.limits_spend", "whether nobody can spend more than what is online serves"),
    open("capacity.spend_per_gw_year", "currency", (1.0, HUGE), "list spend a year that a gigawatt serves"),
    number("capacity.spend_per_gw_growth", "a year", (0.0, -0.999_999, 10.0), "its growth"),
    number(
        "equity.start_over_issue",
        "multiple",
        (1.0, 0.0, 1e4),
        "the issuer's value now over the issue price",
    ),
    open("equity.start", "currency", (0.0, HUGE), "the issuer's value now"),
    open("equity.share_price", "currency", (0.0, HUGE), "what one of its shares costs now, for warrants"),
    number("equity.growth", "a year", (0.0, -0.999_999, 100.0), "expected growth of that value"),
    number("equity.volatility", "a square root of a year", (0.0, 0.0, WILD), "of its logarithm"),
    number(
        "power.growth",
        "a year",
        (0.0, -0.999_999, 10.0),
        "of the price of power, and of what goes with it",
    ),
    number("power.volatility", "a square root of a year", (0.0, 0.0, WILD), "of its logarithm"),
    number("power.share_of_cost", "share", (0.0, 0.0, 1.0), "of the vendor's cost that moves with it"),
    number(
        "revenue.over_list_spend",
        "multiple",
        (1.0, 0.0, 1e4),
        "the customer's own revenue over its list spend",
    ),
    correlation("correlation.demand-price"),
    correlation("correlation.demand-elasticity"),
    correlation("correlation.demand-capacity"),
    correlation("correlation.demand-equity"),
    correlation("correlation.demand-power"),
    correlation("correlation.price-elasticity"),
    correlation("correlation.price-capacity"),
    correlation("correlation.price-equity"),
    correlation("correlation.price-power"),
    correlation("correlation.elasticity-capacity"),
    correlation("correlation.elasticity-equity"),
    correlation("correlation.elasticity-power"),
    correlation("correlation.capacity-equity"),
    correlation("correlation.capacity-power"),
    correlation("correlation.equity-power"),
    number(
        "value.margin",
        "share",
        (0.0, -10.0, 1.0),
        "of what the vendor is paid for usage, after serving it",
    ),
    number(
        "value.rate.vendor",
        "a year",
        (0.0, -0.999, 10.0),
        "the vendor's and the investor's discount rate",
    ),
    number("value.rate.customer", "a year", (0.0, -0.999, 10.0), "the customer's discount rate"),
    number(
        "self_host.cost_over_list",
        "share",
        (1.0, 0.0, 1e3),
        "cost of own machines at full load over the list price of the same tokens",
    ),
    number("self_host.utilisation", "share", (1.0, 0.001, 1.0), "of own machines, as one would run them"),
    number("lock_in.share", "share", (1.0, 0.0, 1.0), "of the customer's compute spend, with this vendor"),
    Parameter {
        path: "lock_in.others",
        unit: "shares",
        kind: Kind::Shares,
        about: "the other vendors' shares of that spend",
    },
    number(
        "lock_in.portable",
        "share",
        (0.0, 0.0, 1.0),
        "of the spend that other vendors or own machines could serve",
    ),
    number(
        "lock_in.requalify",
        "share of a year's spend",
        (0.0, 0.0, 10.0),
        "cost of moving what is not portable",
    ),
    text("event.*.title", "what people call it"),
    text("event.*.region", "where it happens"),
    number("event.*.per_year", "a year", (0.0, 0.0, 50.0), "how likely it is to happen"),
    open("event.*.at_year", "years", (0.0, 100.0), "when it happens for certain, from the start"),
    number("event.*.from_year", "years", (0.0, 0.0, 100.0), "not before"),
    number("event.*.until_year", "years", (100.0, 0.0, 100.0), "not after"),
    switch("event.*.repeats", "whether it can happen again"),
    number("event.*.geo", "loading", (0.0, -3.0, 3.0), "how much more likely it is in a tense world"),
    number("event.*.months", "months", (0.0, 0.0, 480.0), "how long its effects last; 0 for good"),
    number(
        "event.*.size",
        "multiple",
        (1.0, 0.0, 100.0),
        "its mean size: all effects are taken that many times",
    ),
    number(
        "event.*.size_sd",
        "multiple",
        (0.0, 0.0, 100.0),
        "the standard deviation of its size, cut off at zero",
    ),
    number("event.*.demand", "log", (0.0, -20.0, 20.0), "change of demand"),
    number("event.*.lost", "share", (0.0, 0.0, 1.0), "of spend that cannot be served or goes elsewhere"),
    number("event.*.lost_portable", "share", (0.0, 0.0, 1.0), "of the portable spend that goes elsewhere"),
    number("event.*.price_frontier", "log", (0.0, -20.0, 20.0), "change of the frontier price"),
    number("event.*.price_commodity", "log", (0.0, -20.0, 20.0), "change of the commodity price"),
    number("event.*.capacity_months", "months", (0.0, 0.0, 240.0), "added to the delay of capacity"),
    number("event.*.capacity_lost", "share", (0.0, 0.0, 1.0), "of capacity"),
    number("event.*.equity", "log", (0.0, -20.0, 20.0), "change of the issuer's value"),
    number("event.*.cost", "log", (0.0, -20.0, 20.0), "change of the vendor's cost of serving"),
    choice(
        "metric.*.driver",
        &["constant", "demand", "list_spend", "revenue", "capacity", "equity", "event"],
        "what a metric of the deal moves with",
    ),
    text("metric.*.event", "the event whose having happened it counts, for the driver `event`"),
    open(
        "metric.*.start",
        "the metric's unit",
        (-HUGE, HUGE),
        "its value now; the driver's own when not set",
    ),
    number("metric.*.growth", "a year", (0.0, -0.999_999, 100.0), "growth of its own beside the driver's"),
    number("metric.*.growth_sd", "log a year", (0.0, 0.0, 5.0), "how unsure that growth is: one draw a path"),
    number("metric.*.loading", "exponent", (1.0, -10.0, 10.0), "how strongly it follows its driver"),
    open("metric.*.cap", "the metric's unit", (-HUGE, HUGE), "the most it can be"),
];

/// The parameter at `path`, with names of the file's own allowed for `*`.
pub fn find(path: &str) -> Option<&'static Parameter> {
    PARAMETERS.iter().find(|parameter| fits(parameter.path, path))
}

fn fits(pattern: &str, path: &str) -> bool {
    let (mut left, mut right) = (pattern.split('.'), path.split('.'));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return true,
            (Some(expected), Some(given)) if expected == "*" || expected == given => {}
            _ => return false,
        }
    }
}

/// The keys that may stand in the table `table` (empty for the file itself), for those who mistype one.
pub fn keys_in(table: &str) -> Vec<&'static str> {
    let depth = if table.is_empty() { 0 } else { table.split('.').count() };
    let inside = |parameter: &&Parameter| {
        let head: Vec<&str> = parameter.path.split('.').take(depth).collect();
        depth == 0 || (head.len() == depth && fits(&head.join("."), table))
    };
    let mut keys: Vec<&str> = PARAMETERS
        .iter()
        .filter(inside)
        .filter_map(|parameter| parameter.path.split('.').nth(depth))
        .collect();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_parameter_stands_once_and_its_neutral_value_is_allowed() {
        let mut seen = BTreeSet::new();
        for parameter in PARAMETERS {
            assert!(seen.insert(parameter.path), "{} stands twice", parameter.path);
            assert!(!parameter.about.is_empty() && !parameter.unit.is_empty());
            if let Kind::Number { neutral, min, max } = parameter.kind {
                assert!(min < max, "{}", parameter.path);
                assert!(neutral.is_none_or(|neutral| (min..=max).contains(&neutral)), "{}", parameter.path);
            }
        }
    }

    #[test]
    fn own_names_stand_for_stars() {
        assert!(find("event.my-own.per_year").is_some());
        assert!(find("event.per_year").is_none());
        assert!(keys_in("event.my-own").contains(&"lost"));
        assert!(keys_in("").contains(&"demand"));
        assert_eq!(keys_in("demand.jump"), ["per_year", "mean", "sd"]);
    }
}
