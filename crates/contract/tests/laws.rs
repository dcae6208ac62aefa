//! Laws of evaluation, for any facts: what becomes known later changes no earlier answer, the order of lines put
//! on record together does not matter, money is conserved, and the exact and the fast kernel agree.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use contract::fact::Facts;
use contract::render::evaluation;
use contract::{Ratio, Versions, YearRules, evaluate};
use proptest::prelude::*;
use support::*;
use units::PICO_PER_UNIT;

fn deal() -> String {
    format!(
        "schema = \"offtake.contract/1\"\nid = \"d\"\nversion = 1\nknown_from = 2026-01-01\n\
         effective = {{ from = 2026-01-01, to = 2029-01-01 }}\ncurrency = \"USD\"\n\
         [[party]]\nid = \"cloud\"\n[[party]]\nid = \"lab\"\n\
         [metric.arr_usd]\nkind = \"money\"\nsource = \"metered\"\n\
         [[tranche]]\nid = \"T1\"\namount = \"50\"\nwhen = \"at_signing\"\n\
         [[tranche]]\nid = \"T2\"\namount = \"50\"\nwhen = \"arr_usd >= 50\"\n\
         window = {{ from = 2026-02-01, to = 2027-06-30 }}\nsignoff = {{ need = [\"cloud:cfo\"], within_days = 20, silence = \"dispute\" }}\n\
         [[tranche]]\nid = \"T3\"\namount = \"50\"\nwhen = \"arr_usd >= 70 for 30 days or sum(list_spend, 90 days) >= 150\"\nafter = [\"T2\"]\n\
         [[commitment]]\nid = \"c\"\ntotal = \"360\"\n\
         schedule = [{{ y = 1, min = \"100\" }}, {{ y = 2, min = \"120\" }}, {{ y = 3, min = \"140\" }}]\n\
         excess = {{ carry = \"0.5\", cap_of_next_min = \"0.25\" }}\n\
         shortfall = {{ settle = \"pay\", becomes = \"credit\", share = \"0.5\" }}\n\
         eligible = [{{ where = 'channel == \"market\"', weight = \"0.7\", cap_of_year_min = \"0.3\" }}, {{ where = 'provider == \"cloud\"', weight = \"1\" }}]\n\
         discounts = [{{ upto_year_min = true, rate = \"0.1\" }}, {{ above = true, rate = \"0.15\" }}]\n\
         [signoff]\nkeys = {{ \"cloud:cfo\" = \"{}\" }}\n",
        public("cloud:cfo"),
    )
}

fn day(number: u32) -> String {
    let start: contract::Day = "2026-01-01".parse().unwrap();
    start.plus_days(number).to_string()
}

/// Lines of all kinds over three years: what it is, its value, when it was so and how much later on record.
fn lines() -> impl Strategy<Value = Vec<(u32, String)>> {
    let one = (0_u8..8, 1_u32..120, 0_u32..1000, 0_u32..100).prop_map(|(kind, value, effective, lag)| {
        let (at, recorded) = (day(effective), day(effective + lag));
        let fact = |metric: &str, value: u32, attributes: &str| {
            format!(r#"{{"metric":"{metric}","value":"{value}","unit":"USD","effective_at":"{at}","recorded_at":"{recorded}","source":"x","attributes":{{{attributes}}}}}"#)
        };
        let line = match kind {
            0..=2 => fact("arr_usd", value, ""),
            3..=4 => fact("list_spend", value, r#""provider":"cloud","channel":"direct""#),
            5 => fact("list_spend", value, r#""channel":"market""#),
            6 => signoff("T2", "cloud:cfo", "accept", &recorded),
            _ => signoff("T2", "cloud:cfo", if value < 30 { "dispute" } else { "accept" }, &recorded),
        };
        (effective + lag, line)
    });
    prop::collection::vec(one, 0..25)
}

/// The whole answer, in words and numbers, but for which line of the file a fact stands in.
fn answer(lines: &[String], as_of: u32, known: u32) -> serde_json::Value {
    let deal = Versions::parse(&[&deal()]).unwrap();
    let facts = Facts::read(&deal, &[("f", &lines.join("\n"))]).unwrap();
    let (as_of, known) = (day(as_of).parse().unwrap(), day(known).parse().unwrap());
    let evaluation = evaluate(&deal, &facts, as_of, known).unwrap();
    let text = evaluation::json(&evaluation);
    let kept: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("\"line\":")).collect();
    serde_json::from_str(&kept.join("\n").replace(",\n        }", "\n        }"))
        .unwrap_or_else(|_| text.into())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Facts that come on record after `known_at` change nothing: replaying a log up to a moment is the answer
    /// that was given live.
    #[test]
    fn knowledge_is_monotone(lines in lines(), as_of in 0_u32..1200, known in 0_u32..1200) {
        let all: Vec<String> = lines.iter().map(|(_, line)| line.clone()).collect();
        let then: Vec<String> = lines.iter().filter(|(recorded, _)| *recorded <= known).map(|(_, line)| line.clone()).collect();
        prop_assert_eq!(answer(&all, as_of, known), answer(&then, as_of, known));
    }

    #[test]
    fn order_in_the_file_does_not_matter(
        (lines, shuffled) in lines().prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle())),
        at in 0_u32..1200,
    ) {
        let bare = |lines: &[(u32, String)]| lines.iter().map(|(_, line)| line.clone()).collect::<Vec<_>>();
        prop_assert_eq!(answer(&bare(&lines), at, at), answer(&bare(&shuffled), at, at));
    }

    #[test]
    fn spend_is_conserved(lines in lines(), at in 0_u32..1200) {
        let lines: Vec<String> = lines.into_iter().map(|(_, line)| line).collect();
        let moment = day(at);
        let evaluation = support::at(&deal(), &lines, &moment, &moment);
        let status = &evaluation.commitments[0];
        let minimums: i128 = status.years.iter().map(|year| year.minimum.pico()).sum();
        prop_assert!(minimums <= 360 * PICO_PER_UNIT);
        let (mut all, mut drawn) = (status.outside.pico(), 0);
        for year in &status.years {
            all += year.counted.pico() + year.uncounted.pico();
            drawn += year.counted.pico();
            prop_assert!(year.cash.pico() >= 0 && year.credit_used.pico() <= year.credit_in.pico());
        }
        prop_assert_eq!(drawn, status.drawn.pico());
        let stated: i128 = evaluation_spend(&lines, &moment);
        prop_assert_eq!(all, stated);
    }

    /// The forecast's numbers follow the same rules as the books'.
    #[test]
    fn exact_and_fast_kernels_agree(list in prop::collection::vec(0_i128..400, 2), excess in 0_i128..60, credit in 0_i128..60, year in 1_u32..=3, grace in 50_i128..=100) {
        let deal = deal().replace("excess =", &format!("grace = \"{grace}e-2\"\nexcess ="));
        let terms = Versions::parse(&[&deal]).unwrap().known_at("2026-01-01".parse().unwrap()).commitment_terms().remove(0);
        let exact = YearRules::new(&terms, year, |money| Ratio::new(money.pico(), PICO_PER_UNIT));
        let fast = YearRules::new(&terms, year, |money| Ratio::new(money.pico(), PICO_PER_UNIT).to_f64());
        let ratios: Vec<Ratio> = list.iter().map(|list| Ratio::whole(*list)).collect();
        let floats: Vec<f64> = ratios.iter().map(|list| list.to_f64()).collect();
        let one = exact.settle(&ratios, Ratio::whole(excess), Ratio::whole(credit));
        let two = fast.settle(&floats, Ratio::whole(excess).to_f64(), Ratio::whole(credit).to_f64());
        // Exactly at the mark, where what is due jumps, a rounding may decide.
        let need = exact.minimum.to_f64() - Ratio::whole(excess).to_f64();
        prop_assume!((need * Ratio::new(grace, 100).to_f64() - two.charge).abs() > 1e-9 || grace == 100);
        for (exact, fast) in [
            (one.counted, two.counted),
            (one.charge, two.charge),
            (one.overage, two.overage),
            (one.shortfall, two.shortfall),
            (one.credit_used, two.credit_used),
            (one.credit_out, two.credit_out),
            (one.excess_out, two.excess_out),
        ] {
            prop_assert!((exact.to_f64() - fast).abs() < 1e-9, "{exact:?} and {fast}");
        }
    }
}

/// All spend effective and on record by a day.
fn evaluation_spend(lines: &[String], moment: &str) -> i128 {
    let text = lines.join("\n");
    let at = moment.parse().unwrap();
    let facts = contract::fact::read(&text).unwrap().into_iter().filter_map(|entry| match entry.line {
        contract::fact::Line::Fact(fact) if fact.metric == "list_spend" => Some(fact),
        _ => None,
    });
    let known = facts.filter(|fact| fact.recorded_at <= at && fact.effective_at <= at);
    known.map(|fact| fact.value.money(units::Currency::USD).pico()).sum()
}
