//! Laws: of three-valued logic, of reading and writing, of knowledge and of time.

use crate::world::{Facts, at, vocabulary};
use contract::predicate::{Condition, Covenant, Formula, Kleene, Selector};
use contract::{Number, Ratio};
use proptest::prelude::*;
use proptest::sample::select;
use units::Timestamp;

const ALL: [Kleene<bool>; 3] = [Kleene::YES, Kleene::NO, Kleene::UNKNOWN];
const DAY: i64 = 86_400;

#[test]
fn kleene_s_logic() {
    for a in ALL {
        assert_eq!(a.negated().negated(), a);
        assert_eq!((a.and(a), a.or(a)), (a, a));
        assert_eq!((a.and(Kleene::YES), a.or(Kleene::NO)), (a, a));
        assert_eq!((a.and(Kleene::NO), a.or(Kleene::YES)), (Kleene::NO, Kleene::YES));
        for b in ALL {
            assert_eq!((a.and(b), a.or(b)), (b.and(a), b.or(a)));
            assert_eq!(a.and(b).negated(), a.negated().or(b.negated()));
            assert_eq!(a.implies(b), b.negated().implies(a.negated()));
            assert_eq!((a.and(a.or(b)), a.or(a.and(b))), (a, a));
            assert!(!(a.and(b).yes && a.and(b).no));
            for c in ALL {
                assert_eq!(a.and(b.and(c)), a.and(b).and(c));
                assert_eq!(a.and(b.or(c)), a.and(b).or(a.and(c)));
            }
        }
    }
}

/// A number of money, whose reading may depend on later observations or, with `@`, not.
fn money(fixed: bool) -> BoxedStrategy<String> {
    let day = (1_u32..28).prop_map(|day| format!("2027-01-{day:02}"));
    let on = day.prop_map(|day| format!("arr_usd @ {day}"));
    if fixed {
        return prop_oneof![on, Just("arr_usd @ month_end(2027-01-09)".to_owned())].boxed();
    }
    let window = select(vec!["3 days", "1 week", "1 month", "month", "quarter", "contract_year"]);
    let aggregate = (select(vec!["sum", "avg", "min", "max", "last"]), window.clone());
    prop_oneof![
        Just("arr_usd".to_owned()),
        on,
        Just("arr_usd @ (as_of - 2 days)".to_owned()),
        aggregate.prop_map(|(name, window)| format!("{name}(arr_usd, {window})")),
        window.prop_map(|window| format!("sum(list_spend, {window})")),
    ]
    .boxed()
}

fn comparison(fixed: bool) -> impl Strategy<Value = String> {
    let sides = (money(fixed), money(fixed), 0_u8..8);
    let sum = sides.prop_flat_map(move |(one, other, mark)| {
        prop_oneof![
            Just(one.clone()),
            Just(format!("{one} + {other}")),
            Just(format!("{one} - ({other} - {mark})")),
            Just(format!("2 * {one} / 4")),
            Just(format!("({one} - {other}) * 2 - -({mark} / 2)")),
            Just(format!("-{one}")),
        ]
    });
    let marks = (0_u8..8).prop_map(|mark| mark.to_string());
    let signs = select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let compared = (sum, signs, marks).prop_map(|(sum, sign, mark)| format!("{sum} {sign} {mark}"));
    let among = money(fixed).prop_map(|one| format!("{one} in [1, 3, 5]"));
    prop_oneof![4 => compared, 1 => among]
}

fn truth(fixed: bool) -> impl Strategy<Value = String> {
    let leaf = if fixed {
        comparison(true).boxed()
    } else {
        let lasting = comparison(false).prop_flat_map(|inner| {
            select(vec!["2 days", "1 week", "1 month"])
                .prop_map(move |length| format!("{inner} for {length}"))
        });
        let other = select(vec!["in_default(labco)", "as_of >= 2027-01-12", "true", "ipo", "released(T1)"]);
        prop_oneof![4 => comparison(false), 2 => lasting, 1 => other.prop_map(str::to_owned)].boxed()
    };
    leaf.prop_recursive(3, 12, 2, |inner| {
        let pair = (inner.clone(), inner.clone());
        let joined = (pair, select(vec!["and", "or", "=>"]));
        prop_oneof![
            inner.prop_map(|inner| format!("not ({inner})")),
            joined.prop_map(|((one, other), sign)| format!("({one}) {sign} {other}")),
        ]
    })
}

/// Observations of small whole numbers, on days of January 2027 and around it.
fn observations() -> impl Strategy<Value = Vec<(&'static str, i64, i128)>> {
    let metric = select(vec!["arr_usd", "arr_usd", "list_spend", "ipo"]);
    prop::collection::vec((metric, -40_i64..60, 0_i128..8), 0..12)
}

fn moment(half_days: i64) -> Timestamp {
    at("2027-01-01").plus_seconds(half_days * DAY / 2)
}

fn world<N: Number>(observed: &[(&str, i64, i128)]) -> Facts<N> {
    let mut facts = Facts::new();
    for (metric, day, value) in observed {
        facts.add(metric, moment(*day), N::of(Ratio::whole(*value)));
    }
    facts
}

fn read(text: &str) -> Condition {
    Condition::parse(text, &vocabulary()).unwrap_or_else(|fault| panic!("{text}: {fault} {:?}", fault.range))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_written_reads_back(text in truth(false)) {
        let condition = read(&text);
        let again = read(&condition.to_string());
        prop_assert_eq!(&again, &condition, "{} became {}", text, again.text());
        prop_assert_eq!(again.to_string(), condition.to_string());
    }

    /// Whole numbers below 2⁵³ are exact in both; only a quarter of one is divided.
    #[test]
    fn exact_and_floating_numbers_decide_alike(text in truth(false), observed in observations(), half in -40_i64..80) {
        let text = text.replace("avg", "max");
        let condition = read(&text);
        let exact = condition.truth(&world::<Ratio>(&observed), moment(half));
        let near = condition.in_numbers::<f64>().truth(&world::<f64>(&observed), moment(half));
        prop_assert_eq!((exact.yes, exact.no), (near.yes, near.no), "{}", text);
    }

    #[test]
    fn knowledge_only_decides(text in truth(true), observed in observations(), more in observations(), half in -40_i64..80) {
        let known: Vec<_> = observed.iter().map(|(metric, day, _)| (*metric, *day / 2)).collect();
        let new = more.into_iter().filter(|(metric, day, _)| !known.contains(&(*metric, *day / 2)));
        let condition = read(&text);
        let before = condition.truth(&world::<Ratio>(&observed), moment(half));
        let all: Vec<_> = observed.iter().copied().chain(new).collect();
        let after = condition.truth(&world::<Ratio>(&all), moment(half));
        prop_assert!(before.known().is_none() || before == after, "{}: {:?} became {:?}", text, before, after);
    }

    #[test]
    fn a_truth_stays_until_its_next_change(text in truth(false), observed in observations()) {
        let (condition, facts) = (read(&text), world::<Ratio>(&observed));
        let mut next = condition.next_change(&facts, moment(-60));
        let mut truth = condition.truth(&facts, moment(-60));
        for quarter in -119..300_i64 {
            // Six hours at a time, so that no change lies between a moment and the next unseen.
            let now = at("2027-01-01").plus_seconds(quarter * DAY / 4);
            if let Some(change) = next.filter(|change| *change <= now) {
                prop_assert_eq!(change, now, "{} changes between", text);
                truth = condition.truth(&facts, now);
                next = condition.next_change(&facts, now);
            }
            prop_assert_eq!(condition.truth(&facts, now), truth, "{} at {}", text, now);
        }
    }

    /// A `for` of days is its condition at every moment of them.
    #[test]
    fn for_is_every_moment(text in comparison(false), days in 1_i64..9, observed in observations(), half in -30_i64..80) {
        let facts = world::<Ratio>(&observed);
        let inner = read(&text);
        let lasting = read(&format!("{text} for {days} days"));
        let each = (0..=days * 4).map(|quarter| inner.truth(&facts, moment(half).plus_seconds(-quarter * DAY / 4)));
        let all = each.reduce(Kleene::and).unwrap_or(Kleene::UNKNOWN);
        prop_assert_eq!(lasting.truth(&facts, moment(half)), all, "{}", lasting);
    }

    #[test]
    fn a_proof_says_what_the_kernel_says(text in truth(false), observed in observations(), half in -40_i64..80) {
        let (condition, facts) = (read(&text), world::<Ratio>(&observed));
        let (proof, truth) = (condition.prove(&facts, moment(half)), condition.truth(&facts, moment(half)));
        prop_assert_eq!(proof.value, contract::predicate::Value::Truth(truth));
        prop_assert!(truth.known().is_some() || !proof.waits_for().is_empty(), "{}", proof);
        for read in proof.all_reads() {
            prop_assert!(read.from <= read.to && read.to <= moment(half), "{}", proof);
        }
    }

    #[test]
    fn what_held_once_was_true_then(text in truth(false), observed in observations(), from in -40_i64..40, length in 0_i64..40) {
        let (condition, facts) = (read(&text), world::<Ratio>(&observed));
        let (from, to) = (moment(from), moment(from + length));
        let held = condition.held(&facts, from, to);
        let each = (0..=length * 2).map(|quarter| condition.truth(&facts, from.plus_seconds(quarter * DAY / 4)));
        prop_assert_eq!(held.truth, each.reduce(Kleene::or).unwrap_or(Kleene::NO), "{}", text);
        prop_assert_eq!(held.first.map(|first| condition.truth(&facts, first).yes), held.truth.yes.then_some(true));
    }

    #[test]
    fn garbage_is_refused_in_peace(text in "\\PC{0,60}") {
        let _ = Condition::parse(&text, &vocabulary()).map(|condition| condition.to_string());
        let _ = (Selector::parse(&text), Formula::parse(&text, &vocabulary()), Covenant::parse(&text, &vocabulary()));
    }

    /// Words of the language in any order: what reads reads back, and is evaluated and proved in peace.
    #[test]
    fn soup_is_refused_in_peace(words in prop::collection::vec(select(WORDS.to_vec()), 0..14), observed in observations()) {
        let text = words.join(" ");
        match Condition::parse(&text, &vocabulary()) {
            Ok(condition) => {
                prop_assert_eq!(&read(&condition.to_string()), &condition);
                condition.prove(&world::<Ratio>(&observed), moment(9)).lines();
            }
            Err(fault) => prop_assert!(text.get(fault.range.clone()).is_some(), "{} {:?}", text, fault),
        }
        if let Ok(selector) = Selector::parse(&text) {
            prop_assert_eq!(Selector::parse(&selector.to_string()), Ok(selector));
        }
        let _ = (Formula::parse(&text, &vocabulary()), Covenant::parse(&text, &vocabulary()));
    }
}

const WORDS: [&str; 40] = [
    "arr_usd",
    "list_spend",
    "ipo",
    "customers",
    "x.y",
    "sum",
    "min",
    "pv",
    "quarter_end",
    "in_default",
    "labco",
    "(",
    ")",
    "[",
    "]",
    ",",
    "and",
    "or",
    "not",
    "in",
    "=>",
    "==",
    ">=",
    "<",
    "+",
    "-",
    "*",
    "/",
    "@",
    "for",
    "3",
    "0",
    "2.5e3",
    "30 days",
    "1 month",
    "2027-01-09",
    "\"a\"",
    "as_of",
    "rate=",
    "5%",
];
