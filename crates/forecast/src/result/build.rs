//! From what the paths come to, to what the forecast says.

use super::statistics::{Fan, SHARES, Statistics, digits};
use super::*;
use crate::engine::tally::{SERIES, Series, Whole, series, wholes, year_place};
use crate::engine::{SENSITIVITY_GROUPS, SENSITIVITY_OUTPUTS, SETS, Walked};
use crate::plan::{TranchePlan, When};
use crate::scenario::parameter::{Kind, PARAMETERS, find};
use crate::scenario::{Setting, Value};
use sampling::Sensitivity;

pub(super) fn forecast(
    deal: &Deal,
    scenario: &Scenario,
    plan: &Plan,
    walked: &Walked,
    drivers: Option<&[Sensitivity]>,
    settings: &Settings,
) -> Forecast {
    let statistics = Statistics::new(plan, walked);
    let whole = |whole: Whole| statistics.whole(whole as usize);
    let minimums: f64 = plan.commitments.iter().flat_map(|terms| &terms.minimums).sum();
    let snap = Snap::new(plan);
    Forecast {
        deal: head(deal, plan),
        scenario: Named {
            id: scenario.id.clone(),
            title: scenario.title.clone(),
            note: scenario.note.clone(),
            extends: scenario.extends.clone(),
        },
        run: run(plan, scenario, &statistics, settings),
        history: plan.fit.clone(),
        notes: plan.notes.clone(),
        totals: Totals {
            minimums,
            drawn: whole(Whole::Drawn),
            list_spend: whole(Whole::List),
            cash: whole(Whole::Cash),
            shortfall: whole(Whole::Shortfall),
            shortfall_probability: digits(
                1.0 - walked.fans.wholes.share_below(Whole::Shortfall as usize, minimums * 1e-9),
            ),
            credit_expired: whole(Whole::Expired),
            released: snap.summary(whole(Whole::Released)),
            revenue_shared: whole(Whole::Shared),
            equity_held: whole(Whole::Holding),
        },
        commitments: (0..plan.commitments.len()).map(|place| commitment(plan, &statistics, place)).collect(),
        milestones: (0..plan.tranches.len()).map(|place| milestone(plan, &statistics, place)).collect(),
        revenue_shares: (0..plan.shares.len()).map(|place| share(plan, &statistics, place)).collect(),
        parties: value::parties(plan, &statistics),
        discount: Discount { price: whole(Whole::PriceDiscount), effective: whole(Whole::EffectiveDiscount) },
        self_host: self_host(scenario, &statistics),
        lock_in: lock_in::of(deal, scenario, plan, &statistics),
        capacity: capacity(plan, &statistics),
        events: happenings(plan, &statistics),
        drivers: drivers.map_or_else(Vec::new, |sums| self::drivers(plan, sums)),
        months: months(plan, &statistics, &snap),
        assumptions: assumptions(scenario),
    }
}

fn head(deal: &Deal, plan: &Plan) -> Head {
    Head {
        id: deal.id.get_ref().clone(),
        title: deal.name().to_owned(),
        version: deal.version,
        hash: deal.hash.clone(),
        currency: deal.currency.to_string(),
        from: plan.time.period.from.to_string(),
        to: plan.time.to.to_string(),
        open_ended: deal.period().to.is_none(),
    }
}

fn run(plan: &Plan, scenario: &Scenario, statistics: &Statistics<'_>, settings: &Settings) -> Run {
    let names = ["discounted demand at each contract year's end", "the issuer's value over what is expected"];
    let seen = statistics.seen();
    let control = |(place, name): (usize, &str)| Control {
        name: name.to_owned(),
        expected: digits(statistics.expected[place]),
        seen: digits(seen[place]),
    };
    let from = plan.now.checked_sub(1).map_or(plan.time.period.from, |last| plan.time.ends[last]);
    let drivers = settings.sensitivity_paths;
    Run {
        paths: engine::rounded(settings.paths),
        sets: SETS,
        fan_paths: statistics.walked.fan_paths,
        sensitivity_paths: if drivers == 0 { 0 } else { engine::rounded(drivers) },
        seed: settings.seed,
        design: if settings.design == Design::Sobol { "sobol" } else { "random" }.to_owned(),
        steps: plan.time.steps(),
        step_months: scenario.number("horizon.step_months"),
        simulated_from: from.to_string(),
        controls: names.into_iter().enumerate().map(control).collect(),
        seconds: None,
        paths_per_second: None,
    }
}

fn commitment(plan: &Plan, statistics: &Statistics<'_>, place: usize) -> Commitment {
    let terms = &plan.commitments[place];
    Commitment {
        id: terms.id.clone(),
        schedule_assumed: terms.assumed_schedule,
        list_spend_per_month: digits(terms.start_per_month),
        eligible_shares: terms.shares.clone(),
        years: (0..plan.time.years()).map(|year| self::year(plan, statistics, place, year)).collect(),
    }
}

fn year(plan: &Plan, statistics: &Statistics<'_>, place: usize, year: usize) -> Year {
    let at = year_place(plan, place, year);
    let number = year as u32 + 1;
    let (from, to) = plan.time.period.year(number).unwrap_or((plan.time.period.from, plan.time.to));
    let terms = &plan.commitments[place];
    let histogram = wholes(plan) + at;
    let fans = &statistics.walked.fans.wholes;
    let probability = statistics.mean(|set| set.years[at].short.sum());
    let shortfall = statistics.mean(|set| set.years[at].shortfall.sum());
    let where_short = (probability.mean > 0.0).then(|| {
        let quantile = |share: f64| fans.quantile_of_positive(histogram, share).unwrap_or(0.0);
        Fan::new(shortfall.mean / probability.mean, quantile)
    });
    let keep = terms.rules.get(year).map_or(1.0, |rules| rules.keep);
    Year {
        year: number,
        from: from.to_string(),
        to: to.to_string(),
        minimum: digits(terms.minimums[year]),
        break_even_list_spend: digits(terms.minimums[year] / keep),
        shortfall_probability: probability,
        shortfall,
        shortfall_where: where_short,
        counted: statistics.mean(|set| set.years[at].counted.sum()),
        charge: statistics.mean(|set| set.years[at].charge.sum()),
        cash: statistics.mean(|set| set.years[at].cash.sum()),
        credit_expired: statistics.mean(|set| set.years[at].expired.sum()),
        excess_out: statistics.mean(|set| set.years[at].excess.sum()),
        minimum_relief: statistics.mean(|set| set.years[at].relief.sum()),
    }
}

fn milestone(plan: &Plan, statistics: &Statistics<'_>, place: usize) -> Milestone {
    let (tranche, count) = (&plan.tranches[place], plan.tranches.len());
    let rows: Vec<usize> = (0..=plan.time.steps()).map(|row| row * count + place).collect();
    let counts: Vec<f64> = rows.iter().map(|at| statistics.total(|set| set.released[*at].sum())).collect();
    let unknown = matches!(tranche.when, When::Unknown);
    let years = (0..plan.time.years()).filter_map(|year| {
        let step = plan.time.year.iter().rposition(|of| *of == year)?;
        let probability = digits(counts[..=step + 1].iter().sum::<f64>() / statistics.count());
        Some(ByYear { year: year as u32 + 1, by: plan.time.ends[step].to_string(), probability })
    });
    Milestone {
        id: tranche.id.clone(),
        title: tranche.title.clone(),
        amount: tranche.amount,
        when: said(plan, tranche),
        unknown,
        probability: (!unknown)
            .then(|| statistics.mean(|set| rows.iter().map(|at| set.released[*at].sum()).sum())),
        by_year: if unknown { Vec::new() } else { years.collect() },
        when_released: if unknown { Vec::new() } else { hits(plan, statistics, &counts) },
    }
}

fn share(plan: &Plan, statistics: &Statistics<'_>, place: usize) -> Share {
    let (share, count) = (&plan.shares[place], plan.shares.len());
    let paid = |step: usize| move |set: &engine::tally::Tally| set.shared[step * count + place].sum();
    let steps = plan.time.steps();
    let of_year = |year: usize| {
        let steps = (0..steps).filter(|step| plan.time.year[*step] == year);
        digits(steps.map(|step| statistics.total(paid(step))).sum::<f64>() / statistics.count())
    };
    Share {
        id: share.id.clone(),
        title: share.title.clone(),
        payer: share.payer.clone(),
        payee: share.payee.clone(),
        share: share.share,
        cap: Some(share.cap).filter(|cap| cap.is_finite()),
        paid: statistics.mean(|set| (0..steps).map(|step| paid(step)(set)).sum()),
        capped_probability: statistics.mean(|set| set.capped[place].sum()),
        by_year: (0..plan.time.years()).map(of_year).collect(),
    }
}

fn said(plan: &Plan, tranche: &TranchePlan) -> String {
    match &tranche.when {
        When::Signing => "at_signing".to_owned(),
        When::Step(step) => plan.time.ends[*step].to_string(),
        When::Met(condition) => condition.text().to_owned(),
        When::Unknown => "unknown".to_owned(),
    }
}

/// The days by which something has happened on shares of all paths; `counts` are by step, signing first.
pub(super) fn hits(plan: &Plan, statistics: &Statistics<'_>, counts: &[f64]) -> Vec<Hit> {
    let day = |row: usize| row.checked_sub(1).map_or(plan.time.period.from, |step| plan.time.ends[step]);
    let by = |share: f64| {
        let mut so_far = 0.0;
        let row = counts.iter().position(|count| {
            so_far += count;
            so_far >= share * statistics.count()
        });
        Hit { share, by: row.map(|row| day(row).to_string()) }
    };
    SHARES.into_iter().map(by).collect()
}

fn self_host(scenario: &Scenario, statistics: &Statistics<'_>) -> SelfHost {
    let utilisation = scenario.number("self_host.utilisation");
    let place = Whole::SelfHost as usize;
    SelfHost {
        cost_over_list: scenario.number("self_host.cost_over_list"),
        break_even_utilisation: statistics.whole(place),
        utilisation,
        cheaper_probability: digits(statistics.walked.fans.wholes.share_below(place, utilisation)),
    }
}

fn capacity(plan: &Plan, statistics: &Statistics<'_>) -> Option<Capacity> {
    let capacity = plan.market.capacity.as_ref()?;
    let years = (0..plan.time.years()).filter_map(|year| {
        let step = plan.time.year.iter().rposition(|of| *of == year)?;
        let fan = |series: Series| statistics.step(step, series as usize, self::series(plan));
        let share =
            |place: usize| digits(statistics.total(|set| set.beyond[step][place].sum()) / statistics.count());
        Some(CapacityYear {
            year: year as u32 + 1,
            at: plan.time.ends[step].to_string(),
            planned_gw: digits(capacity.planned((step + 1) as f64 * plan.time.dt * 12.0)),
            online_gw: fan(Series::Online),
            needed_gw: fan(Series::Needed),
            short_probability: share(0),
            beyond_grant_probability: share(1),
        })
    });
    Some(Capacity {
        granted_gw: capacity.ceiling,
        peak_needed_gw: statistics.whole(Whole::PeakNeeded as usize),
        peak_short_gw: statistics.whole(Whole::PeakShort as usize),
        limits_spend: capacity.limits,
        years: years.collect(),
    })
}

/// The sums that tranches can add up to: a quantile of what is released is one of them.
struct Snap(Vec<f64>);

impl Snap {
    /// More tranches than this have sums without number.
    const TRANCHES_MAX: usize = 12;

    fn new(plan: &Plan) -> Self {
        let mut sums = vec![0.0];
        let amounts = plan.tranches.iter().filter(|tranche| tranche.kind != crate::plan::Kind::Given);
        for tranche in amounts {
            let with: Vec<f64> = sums.iter().map(|sum| sum + tranche.amount).collect();
            sums.extend(with);
            sums.sort_by(f64::total_cmp);
            sums.dedup();
        }
        if plan.tranches.len() > Self::TRANCHES_MAX {
            sums.clear();
        }
        Self(sums)
    }

    /// The sum nearest to a quantile.
    fn to(&self, quantile: f64) -> f64 {
        let near = self.0.iter().min_by(|a, b| (*a - quantile).abs().total_cmp(&(*b - quantile).abs()));
        near.copied().unwrap_or(quantile)
    }

    fn fan(&self, fan: Fan) -> Fan {
        let Fan { mean, p5, p25, p50, p75, p95 } = fan;
        let [p5, p25, p50, p75, p95] = [p5, p25, p50, p75, p95].map(|quantile| self.to(quantile));
        Fan { mean, p5, p25, p50, p75, p95 }
    }

    fn summary(&self, whole: Summary) -> Summary {
        let [p5, p25, p50, p75, p95] =
            [whole.p5, whole.p25, whole.p50, whole.p75, whole.p95].map(|quantile| self.to(quantile));
        Summary { p5, p25, p50, p75, p95, ..whole }
    }
}

fn happenings(plan: &Plan, statistics: &Statistics<'_>) -> Vec<Happening> {
    let happening = |(place, event): (usize, &crate::plan::Event)| Happening {
        id: event.id.clone(),
        title: event.title.clone(),
        region: (!event.region.is_empty()).then(|| event.region.clone()),
        probability: digits(statistics.total(|set| set.happened[place] as f64) / statistics.count()),
        times: digits(statistics.total(|set| set.times[place] as f64) / statistics.count()),
    };
    plan.events.iter().enumerate().map(happening).collect()
}

fn drivers(plan: &Plan, sums: &[Sensitivity]) -> Vec<Drivers> {
    let outputs = SENSITIVITY_OUTPUTS.iter().map(|whole| match whole {
        Whole::Drawn => "drawn".to_owned(),
        Whole::Shortfall => "shortfall".to_owned(),
        Whole::PresentCash => "present value of what is due".to_owned(),
        _ => "released".to_owned(),
    });
    let parties = plan.parties.iter().map(|party| format!("value with equity: {}", party.id));
    let drivers = |(of, sum): (String, &Sensitivity)| {
        let indices = sum.indices();
        // Where nothing varies, nothing drives.
        let number = |index: f64| if index.is_finite() { digits(index) } else { 0.0 };
        let groups = SENSITIVITY_GROUPS.iter().zip(indices);
        let driver = |(group, index): (&&str, sampling::Index)| Driver {
            group: (*group).to_owned(),
            first: number(index.first),
            total: number(index.total),
        };
        Drivers { of, groups: groups.map(driver).collect() }
    };
    outputs.chain(parties).zip(sums).map(drivers).collect()
}

fn months(plan: &Plan, statistics: &Statistics<'_>, snap: &Snap) -> Vec<Month> {
    let row = series(plan);
    let granted = plan.market.capacity.is_some();
    let minimum = |year: usize| plan.commitments.iter().map(|terms| terms.minimums[year]).sum::<f64>();
    let months_of = |year: usize| -> f64 {
        plan.time
            .year
            .iter()
            .zip(&plan.time.months)
            .filter(|(of, _)| **of == year)
            .map(|(_, months)| months)
            .sum()
    };
    let mut pace = 0.0;
    let month = |step: usize| {
        let year = plan.time.year[step];
        pace += minimum(year) * plan.time.months[step] / months_of(year);
        let fan = |series: Series| statistics.step(step, series as usize, row);
        let net = |(place, party): (usize, &crate::plan::PartyPlan)| Net {
            party: party.id.clone(),
            so_far: statistics.step(step, SERIES + place, row),
        };
        Month {
            to: plan.time.ends[step].to_string(),
            year: year as u32 + 1,
            known: step < plan.now,
            pace: digits(pace),
            drawn: fan(Series::Drawn),
            list_spend: fan(Series::List),
            cash: fan(Series::Cash),
            released: snap.fan(fan(Series::Released)),
            online_gw: granted.then(|| fan(Series::Online)),
            needed_gw: granted.then(|| fan(Series::Needed)),
            issuer_value: fan(Series::Equity),
            net: plan.parties.iter().enumerate().map(net).collect(),
        }
    };
    (0..plan.time.steps()).map(month).collect()
}

/// What is set, and what of the rest is not named after the file's own things.
fn assumptions(scenario: &Scenario) -> Vec<Assumption> {
    let fixed = PARAMETERS.iter().map(|parameter| parameter.path).filter(|path| !path.contains('*'));
    let own = scenario
        .settings
        .keys()
        .map(String::as_str)
        .filter(|path| !PARAMETERS.iter().any(|p| p.path == *path));
    let assumption = |path: &str| {
        let parameter = find(path)?;
        let setting = scenario.settings.get(path);
        let value = match (setting.map(|setting: &Setting| &setting.value), parameter.kind) {
            (Some(Value::Number(number)), _) => Set::Number(*number),
            (Some(Value::Text(text)), _) => Set::Text(text.clone()),
            (Some(Value::Switch(on)), _) => Set::Switch(*on),
            (Some(Value::Shares(shares)), _) => Set::Shares(shares.clone()),
            (None, Kind::Number { neutral, .. }) => neutral.map_or(Set::Open(None), Set::Number),
            (None, Kind::Choice(words)) => Set::Text(words.first().copied().unwrap_or("").to_owned()),
            (None, Kind::Switch) => Set::Switch(false),
            (None, Kind::Text) => Set::Text(String::new()),
            (None, Kind::Shares) => Set::Shares(Vec::new()),
        };
        Some(Assumption {
            path: path.to_owned(),
            value,
            unit: parameter.unit.to_owned(),
            from: setting.map_or_else(|| "neutral".to_owned(), |setting| setting.from.clone()),
            reason: setting.map_or_else(String::new, |setting| setting.reason.clone()),
            about: parameter.about.to_owned(),
        })
    };
    fixed.chain(own).filter_map(assumption).collect()
}
