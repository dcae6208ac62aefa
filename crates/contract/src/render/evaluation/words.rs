//! The words that an evaluation's texts share.

use crate::deal::{Binding, ExitKind};
use crate::evaluate::trace::day;
use crate::evaluate::{
    CapacityStatus, CommitmentStatus, CovenantStatus, Evaluation, Exit, Node, PriceStatus, Reference, Right,
    State, Step, TrancheStatus, WatchStatus,
};
use crate::fact::Line;
use crate::report::{Bound, Quantity};
use crate::settle::YearSettlement;
use units::{Money, Timestamp};

/// An amount for people: `$4.47 bn`, `≈` where it is rounded.
pub(super) fn amount(amount: Money) -> String {
    Quantity::money(amount, Bound::Exactly).shown()
}

pub(super) fn moment(at: Timestamp) -> String {
    day(at)
}

/// `As of 2026-08-01, as known at 2026-08-01`; to the second.
pub(super) fn asked(evaluation: &Evaluation) -> String {
    let second = |at: Timestamp| day(Timestamp::from_seconds(at.seconds()));
    format!("As of {}, as known at {}", second(evaluation.as_of), second(evaluation.known_at))
}

/// Whether a year has begun: before, all it has is its minimum.
pub(super) fn begun(evaluation: &Evaluation, year: &YearSettlement) -> bool {
    year.from.start() <= evaluation.as_of
}

/// `amazon-anthropic-2026, version 1, hash 0123456789ab`.
pub(super) fn version(evaluation: &Evaluation) -> String {
    let contract = &evaluation.contract;
    let hash = contract.hash.get(..12).unwrap_or("");
    let kind = if contract.binding == Binding::Loi { "; a letter of intent, which binds nobody" } else { "" };
    format!("{}, version {}, hash {hash}{kind}", contract.id, contract.version)
}

/// A clause's name and title: `T2, revenue of a year`.
pub(super) fn name(id: &str, title: Option<&String>) -> String {
    match title {
        Some(title) => format!("{id}, {title}"),
        None => id.to_owned(),
    }
}

/// What a state means for a reader who sees only this line.
pub(super) fn state(status: &TrancheStatus) -> String {
    let paid =
        if status.funded.is_zero() { String::new() } else { format!("; {} paid", amount(status.funded)) };
    let more = match status.state {
        State::Draft => ", not in force".to_owned(),
        State::Open if status.unknown => ", a fact is missing".to_owned(),
        State::Open => ", not met yet".to_owned(),
        State::Lapsed => ", its time is over".to_owned(),
        State::Met => ", a sign-off is missing".to_owned(),
        State::Signed if status.vested.is_some() => String::new(),
        State::Signed => ", to be paid".to_owned(),
        State::Disputed | State::Resolved => paid,
        State::Funded if status.funded == status.amount => ", paid in full".to_owned(),
        State::Funded => paid,
    };
    let vested = status.vested.map_or_else(String::new, |vested| format!("; {} vested", amount(vested)));
    format!("{}{more}{vested}", status.state.word())
}

/// `year 3, open`.
pub(super) fn year(year: &YearSettlement) -> String {
    format!("{}{}", year.year, if year.open { ", open" } else { "" })
}

/// The promise and how far it is kept.
pub(super) fn position(status: &CommitmentStatus) -> String {
    let total = match status.total {
        Some((total, true)) => format!(" of at least {}", amount(total)),
        Some((total, false)) => format!(" of {}", amount(total)),
        None => String::new(),
    };
    format!("{} drawn{total}, {} of minimums still to reach", amount(status.drawn), amount(status.remaining))
}

pub(super) fn capacity(status: &CapacityStatus) -> String {
    let unit = &status.unit;
    let online = status.online.and_then(|online| online.to_decimal(3, 0));
    let mut text = status.state.word().replace('_', " ");
    if let Some(due) = status.due {
        text.push_str(&format!("; {due} {unit} due"));
    }
    if let Some(online) = online {
        text.push_str(&format!("; {online} {unit} there"));
    }
    if status.late_days > 0 {
        text.push_str(&format!("; {} days late", status.late_days));
    }
    if status.relief.is_positive() {
        let relief = (status.relief * crate::Ratio::whole(100)).to_decimal(2, 0).unwrap_or_default();
        text.push_str(&format!("; {relief} % of the fee back"));
    }
    if let Some(used) = status.used.and_then(|used| used.to_decimal(3, 0)) {
        text.push_str(&format!("; {used} {unit} in use"));
    }
    if let Some(taken) = status.take_or_pay.filter(|taken| taken.unused.is_positive()) {
        let owed = taken.owed.map_or_else(String::new, |owed| format!(", {}", amount(owed)));
        let unused = taken.unused.to_decimal(3, 0).unwrap_or_default();
        text.push_str(&format!("; {unused} {unit}-days to pay unused{owed}"));
    }
    if let Some(burst) = status.burst.filter(|burst| burst.days > 0) {
        text.push_str(&format!("; {} days above the grant, {} beyond the burst", burst.days, burst.beyond));
    }
    text
}

/// A clause that protects a price: its name, and how it stands.
pub(super) fn price(status: &PriceStatus) -> (String, String) {
    let share = |number: Option<crate::Ratio>| {
        number.and_then(|number| number.to_decimal(6, 0)).unwrap_or_else(|| "?".to_owned())
    };
    let what = match status.clause {
        "mfn" => "best discount of others",
        _ => "list prices",
    };
    let since = status.since.map_or_else(String::new, |since| format!(" since {since}"));
    let owed = status.owed.filter(|owed| !owed.is_zero());
    let owed = owed.map_or_else(String::new, |owed| format!("; {} so far", amount(owed)));
    let state = status.state.word();
    let text =
        format!("{state}{since}; {what} {}, agreed {}{owed}", share(status.seen), share(status.agreed));
    (format!("{}: {}", status.commitment, status.clause), text)
}

pub(super) fn covenant(status: &CovenantStatus) -> String {
    let since = status.since.map_or_else(String::new, |since| format!(" since {}", day(since)));
    let cure =
        status.cure_until.map_or_else(String::new, |until| format!("; may be mended until {}", day(until)));
    format!("{}{since}{cure}", status.state.word())
}

pub(super) fn watch(status: &WatchStatus) -> String {
    let reading = match status.reading {
        Some((at, value)) => {
            format!("{} on {}", value.to_decimal(6, 0).unwrap_or_default(), day(at))
        }
        None => "no reading".to_owned(),
    };
    format!("{reading}; {}: {}", on_track(status).replace('_', " "), status.condition)
}

/// `on_track`, `off_track` or `unknown`.
pub(super) const fn on_track(status: &WatchStatus) -> &'static str {
    match status.on_track {
        Some(true) => "on_track",
        Some(false) => "off_track",
        None => "unknown",
    }
}

pub(super) fn right(right: &Right) -> String {
    let word = match right.arisen {
        Some(true) => "arisen",
        Some(false) => "not arisen",
        None => "unknown",
    };
    format!("{}'s right: {word}", right.side.word())
}

/// What leaving costs, as rows of a label and an amount.
pub(super) fn exit(exit: &Exit) -> Vec<(String, String)> {
    let mut rows: Vec<(String, String)> = exit
        .costs
        .iter()
        .map(|item| {
            let waived =
                item.waived.map_or_else(String::new, |waived| format!(" (instead of {})", amount(waived)));
            let cost = item.amount.map_or_else(|| "unknown".to_owned(), amount);
            (format!("{} ({})", item.id, item.kind.word()), format!("{cost}{waived}"))
        })
        .collect();
    for kind in [ExitKind::Switching, ExitKind::Termination] {
        if let Some(total) = exit.total(kind) {
            rows.push((format!("all of {}", kind.word()), amount(total)));
        }
    }
    rows
}

/// A step in one line, with its lines of facts.
pub(super) fn step(step: &Step) -> String {
    let at = step.at.map_or_else(String::new, |at| format!("{}: ", day(at)));
    let facts = match &step.proof {
        Some(proof) => {
            let all = proof.all_facts();
            let named: Vec<String> = all.iter().take(NAMED).map(|fact| reference(fact)).collect();
            suffix(&named, all.len().saturating_sub(NAMED) + more(proof))
        }
        None => {
            let named: Vec<String> = step.facts.iter().take(NAMED).map(reference).collect();
            suffix(&named, step.facts.len().saturating_sub(NAMED) + step.more)
        }
    };
    format!("{at}{}{facts}", step.what)
}

/// So many lines are named in one sentence.
const NAMED: usize = 4;

fn more(node: &Node) -> usize {
    node.more + node.parts.iter().map(more).sum::<usize>()
}

fn suffix(named: &[String], more: usize) -> String {
    match (named.is_empty(), more) {
        (true, _) => String::new(),
        (false, 0) => format!(" ({})", named.join("; ")),
        (false, more) => format!(" ({}; and {more} more)", named.join("; ")),
    }
}

/// `line 2, a1: arr_usd 41000000000 USD at 2026-06-30, on record 2026-07-20`.
pub(super) fn reference(reference: &Reference) -> String {
    let file = reference.file.as_ref().map_or_else(String::new, |file| format!("{file} "));
    let id = reference.line.id().map_or_else(String::new, |id| format!(", {id}"));
    let says = match &reference.line {
        Line::Fact(fact) => {
            let at = day(fact.effective_at);
            format!(
                "{} {} {} at {at}, on record {}",
                fact.metric,
                fact.value,
                fact.unit,
                day(fact.recorded_at)
            )
        }
        Line::Signoff(signoff) => format!("{}, on record {}", signoff.by, day(signoff.recorded_at)),
        Line::Funded(funded) => format!("{}, on record {}", funded.amount, day(funded.recorded_at)),
    };
    format!("{file}line {}{id}: {says}", reference.number)
}
