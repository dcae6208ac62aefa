//! Tranches from facts: the worked example E09, and what each state takes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use contract::fact::Facts;
use contract::render::evaluation;
use contract::{State, Versions};
use support::*;

/// The deal of E09, in whole dollars.
fn e09() -> String {
    let tranche = |id: &str, when: &str| {
        format!(
            "[[tranche]]\nid = \"{id}\"\namount = \"5e9\"\nwhen = \"{when}\"\n\
             window = {{ from = 2026-04-20, to = 2027-06-30 }}\nsignoff = {{ need = [\"cloud:cfo\"] }}\n"
        )
    };
    format!(
        "schema = \"offtake.contract/1\"\nid = \"e09\"\nversion = 1\nknown_from = 2026-04-20\n\
         effective = {{ from = 2026-04-20, to = 2036-04-20 }}\ncurrency = \"USD\"\n\
         [[party]]\nid = \"cloud\"\n[[party]]\nid = \"lab\"\n\
         [metric.arr_usd]\nkind = \"money\"\nsource = \"attested\"\nattestor = \"lab-auditor\"\n\
         [metric.trainium_gw]\nkind = \"power_gw\"\nsource = \"metered\"\n\
         [[tranche]]\nid = \"T1\"\namount = \"5e9\"\nwhen = \"at_signing\"\n{}{}{}{}\
         [signoff]\nkeys = {{ \"cloud:cfo\" = \"{}\", \"lab:cfo\" = \"{}\", \"lab-auditor\" = \"{}\" }}\n",
        tranche("T2", "arr_usd @ 2026-06-30 >= 40e9"),
        tranche("T3", "arr_usd @ 2026-09-30 >= 50e9"),
        tranche("T4", "trainium_gw @ 2026-12-31 >= 1.0").replace("to = 2027-06-30", "to = 2026-12-31"),
        tranche("T5", "arr_usd @ 2027-06-30 >= 100e9"),
        public("cloud:cfo"),
        public("lab:cfo"),
        public("lab-auditor"),
    )
}

fn e09_facts() -> Vec<String> {
    vec![
        arr("30000000000", "2026-03-31", "2026-04-20"),
        arr("41000000000", "2026-06-30", "2026-07-20"),
        arr("38500000000", "2026-06-30", "2026-09-01"),
        arr("55000000000", "2026-09-30", "2026-10-20"),
        r#"{"metric":"trainium_gw","value":0.9,"unit":"GW","effective_at":"2026-12-31","recorded_at":"2027-01-10","source":"meter"}"#.to_owned(),
        signoff("T2", "cloud:cfo", "accept", "2026-07-25"),
        signoff("T3", "cloud:cfo", "accept", "2026-10-28"),
        funded("T1", "5e9", "2026-04-20"),
    ]
}

#[test]
fn e09_states_by_knowledge_date() {
    for (known, states_then) in [
        ("2026-07-22", ["funded", "met", "open", "open", "open"]),
        ("2026-08-01", ["funded", "signed", "open", "open", "open"]),
        ("2026-09-15", ["funded", "disputed", "open", "open", "open"]),
        ("2026-11-01", ["funded", "disputed", "signed", "open", "open"]),
        ("2027-02-01", ["funded", "disputed", "signed", "lapsed", "open"]),
    ] {
        let evaluation = at(&e09(), &e09_facts(), known, known);
        let found: Vec<&str> = evaluation.tranches.iter().map(|status| status.state.word()).collect();
        assert_eq!(found, states_then, "known at {known}");
        assert!(evaluation.tranches[4].unknown, "no fact of June 2027 is known at {known}");
    }
}

#[test]
fn e09_a_later_restatement_changes_nothing_known_before() {
    let before = e09_facts()[..2].to_vec();
    let (with, without) = (
        at(&e09(), &e09_facts(), "2026-08-15", "2026-07-22"),
        at(&e09(), &before, "2026-08-15", "2026-07-22"),
    );
    assert_eq!(states(&with)[1..], states(&without)[1..]);
}

fn tranche<'a>(evaluation: &'a contract::Evaluation, id: &str) -> &'a contract::TrancheStatus {
    evaluation.tranches.iter().find(|status| status.id == id).unwrap()
}

#[test]
fn a_trace_leads_to_its_facts() {
    let facts = e09_facts();
    let evaluation = at(&e09(), &facts, "2026-08-01", "2026-08-01");
    let json: serde_json::Value = serde_json::from_str(&evaluation::json(&evaluation)).unwrap();
    let trace = json["tranches"][1]["trace"].to_string();
    assert!(trace.contains("\"line\":2") && trace.contains("\"line\":6"), "{trace}");
    assert!(trace.contains("41000000000"), "{trace}");
    let explained = evaluation::explain(&evaluation, tranche(&evaluation, "T2"));
    assert!(explained.contains("line 2") && explained.contains("cloud:cfo accepts"), "{explained}");
    let after = at(&e09(), &facts, "2026-09-15", "2026-09-15");
    let trace = evaluation::explain(&after, tranche(&after, "T2"));
    assert!(
        trace.contains("line 2") && trace.contains("line 3"),
        "both what it rested on and what came: {trace}"
    );
}

#[test]
fn a_signoff_may_name_the_contract_it_is_about() {
    let hash = contract::hash(&e09()).unwrap();
    for named in [hash.clone(), format!("sha256:{hash}")] {
        let line = format!(
            r#"{{"signoff":"T2","by":"cloud:cfo","decision":"accept","recorded_at":"2026-07-25","contract":"{named}"}}"#
        );
        let facts = [arr("41000000000", "2026-06-30", "2026-07-20"), signed(&line, "cloud:cfo")];
        assert_eq!(tranche(&at(&e09(), &facts, "2026-08-01", "2026-08-01"), "T2").state, State::Signed);
    }
}

/// A tranche of this condition, in a deal with a covenant over calls and a commitment of 100 a year.
fn asking(condition: &str) -> String {
    format!(
        "schema = \"offtake.contract/1\"\nid = \"d\"\nversion = 1\nknown_from = 2026-04-20\n\
         effective = {{ from = 2026-04-20, to = 2036-04-20 }}\ncurrency = \"USD\"\n\
         [[party]]\nid = \"cloud\"\n[[party]]\nid = \"lab\"\n\
         [metric.gw]\nkind = \"power_gw\"\nsource = \"metered\"\n\
         [[capacity]]\nid = \"grant\"\nunit = \"GW\"\nmetric = \"gw\"\nramp = [{{ by = 2026-05-01, at_least = \"1\" }}]\n\
         [[covenant]]\nid = \"eu\"\nrule = 'region == \"eu\"'\nseverity = \"report\"\n\
         [[commitment]]\nid = \"c\"\nschedule = [{{ y = 1, min = \"100\" }}, {{ y = 2, min = \"100\" }}]\n\
         [[tranche]]\nid = \"T\"\namount = \"5\"\nwhen = \"{condition}\"\n"
    )
}

#[test]
fn what_a_condition_asks_of_the_deal_leads_to_its_facts() {
    let notice = |metric: &str, value: &str, unit: &str, attributes: &str| {
        format!(
            r#"{{"metric":"{metric}","value":"{value}","unit":"{unit}","effective_at":"2026-05-10","recorded_at":"2026-05-10","source":"x","attributes":{{{attributes}}}}}"#
        )
    };
    let facts = [
        notice("in_default", "1", "bool", r#""party":"lab""#),
        notice("payment_default", "90", "days", ""),
        notice("portability_tested_share", "0.9", "ratio", ""),
        notice("gw", "0.5", "GW", ""),
        spend("60", "2026-05-09", r#""region":"us","silicon":"trainium","provider":"cloud""#),
        spend("40", "2026-05-08", r#""region":"eu","silicon":"other","provider":"cloud""#),
    ];
    for (condition, lines) in [
        ("in_default(lab)", &[1][..]),
        ("payment_default > 60 days", &[2]),
        ("portability_tested_share(30 days) >= 0.6", &[3]),
        ("capacity_late(grant) > 5 days", &[4]),
        ("covenant_breach(eu) > 5 days", &[5]),
        ("residency_breach > 5 days", &[5]),
        ("silicon_share(trainium, 30 days) >= 50%", &[5, 6]),
        ("provider_share(cloud, quarter) == 1", &[6]),
        ("drawn >= 100", &[5, 6]),
        ("remaining_minimums <= 100", &[5, 6]),
        ("pv(remaining_minimums, 0.05) <= 100", &[5, 6]),
    ] {
        let evaluation = at(&asking(condition), &facts, "2026-05-20", "2026-05-20");
        let status = tranche(&evaluation, "T");
        assert_eq!(status.state, State::Signed, "{}", evaluation::explain(&evaluation, status));
        let proof = status.trace[0].proof.as_ref().unwrap();
        let mut found: Vec<usize> = proof.all_facts().iter().map(|fact| fact.number).collect();
        found.sort_unstable();
        assert_eq!(found, lines, "{condition}");
    }
}

#[test]
fn what_is_corrected_at_the_moment_it_is_put_on_record_never_counts() {
    let line = |value: &str, names: &str| {
        spend(value, "2026-05-08", r#""region":"eu""#).replacen('{', &format!("{{{names},"), 1)
    };
    let facts = [
        line("90", r#""id":"first""#),
        line("80", r#""id":"a","replaces":"first""#),
        line("20", r#""id":"b","replaces":"a""#),
    ];
    for (condition, state) in [
        ("sum(list_spend, contract_year) == 20", State::Signed),
        ("sum(list_spend, contract_year) > 20", State::Open),
        ("drawn == 20", State::Signed),
    ] {
        for turn in 0..3 {
            let mut facts = facts.to_vec();
            facts.rotate_left(turn);
            let evaluation = at(&asking(condition), &facts, "2026-05-20", "2026-05-20");
            assert_eq!(tranche(&evaluation, "T").state, state, "{condition}");
            assert_eq!(evaluation.commitments[0].drawn.to_decimal(), "20.00");
        }
    }
}

#[test]
fn conditions_over_much_spend_are_followed_day_by_day() {
    let start: contract::Day = "2026-04-21".parse().unwrap();
    let facts: Vec<String> = (0..3_000_u32)
        .map(|day| spend("0.01", &start.plus_days(day).to_string(), r#""region":"eu","silicon":"trainium""#))
        .collect();
    for (condition, first) in [
        ("drawn >= 20", "2031-10-11"),
        ("silicon_share(trainium, 30 days) >= 1 and drawn >= 10", "2029-01-14"),
        ("sum(list_spend, contract_year) >= 3.65", "2028-04-18"),
    ] {
        let evaluation = at(&asking(condition), &facts, "2035-01-01", "2035-01-01");
        let met = tranche(&evaluation, "T").true_at.map(|at| at.date());
        assert_eq!(met.as_deref(), Some(first), "{condition}");
    }
}

/// E09 with `old` replaced by `new`, and these facts beside its own: the state of a tranche at a moment.
#[track_caller]
fn check(old: &str, new: &str, more: &[String], known: &str, id: &str, state: State) {
    assert!(e09().contains(old), "{old}");
    let facts = [e09_facts(), more.to_vec()].concat();
    let evaluation = at(&e09().replace(old, new), &facts, known, known);
    let status = tranche(&evaluation, id);
    assert_eq!(status.state, state, "{}", evaluation::explain(&evaluation, status));
}

#[test]
fn a_dispute_lasts_until_it_is_settled() {
    let dispute = signoff("T3", "lab:cfo", "dispute", "2026-10-29");
    let check = |more: &[String], known: &str, state| check("", "", more, known, "T3", state);
    check(std::slice::from_ref(&dispute), "2026-11-01", State::Disputed);
    let settled = [dispute, signoff("T3", "lab:cfo", "accept", "2026-11-05")];
    check(&settled, "2026-11-01", State::Disputed);
    check(&settled, "2026-11-06", State::Resolved);
    // A restatement needs agreement that came after it.
    let anew = [signoff("T2", "cloud:cfo", "accept", "2026-09-20")];
    self::check("", "", &anew, "2026-09-15", "T2", State::Disputed);
    self::check("", "", &anew, "2026-09-21", "T2", State::Resolved);
}

#[test]
fn money_paid_is_never_taken_back() {
    let paid = [funded("T2", "5e9", "2026-08-10")];
    let facts = [e09_facts(), paid.to_vec()].concat();
    let before = at(&e09(), &facts, "2026-08-20", "2026-08-20");
    assert_eq!(tranche(&before, "T2").state, State::Funded);
    let after = at(&e09(), &facts, "2026-09-15", "2026-09-15");
    let status = tranche(&after, "T2");
    assert_eq!((status.state, status.funded.to_decimal().as_str()), (State::Disputed, "5000000000.00"));
    let ignore = "signoff = { need = [\"cloud:cfo\"] }\n";
    let evaluation = at(
        &e09().replace(ignore, &format!("restatement = \"ignore\"\n{ignore}")),
        &facts,
        "2026-09-15",
        "2026-09-15",
    );
    assert_eq!(tranche(&evaluation, "T2").state, State::Funded);
}

#[test]
fn silence_speaks_when_the_deal_says_so() {
    let need = "need = [\"cloud:cfo\"] }\n[[tranche]]\nid = \"T4\"";
    let with =
        |silence: &str| need.replacen(" }", &format!(", within_days = 5, silence = \"{silence}\" }}"), 1);
    check(need, &with("accept"), &[], "2026-10-24", "T3", State::Met);
    check(need, &with("accept"), &[], "2026-10-26", "T3", State::Signed);
    check(need, &with("dispute"), &[], "2026-10-26", "T3", State::Disputed);
    check(need, &with("dispute"), &[], "2026-10-29", "T3", State::Resolved);
}

#[test]
fn a_tranche_waits_for_those_before_it() {
    let after = "id = \"T3\"\namount = \"5e9\"";
    check(after, &format!("{after}\nafter = [\"T2\"]"), &[], "2026-11-01", "T3", State::Signed);
    let waits = format!("{after}\nafter = [\"T5\"]");
    check(after, &waits, &[], "2026-11-01", "T3", State::Open);
    let evaluation = at(&e09().replace(after, &waits), &e09_facts(), "2026-11-01", "2026-11-01");
    assert!(!tranche(&evaluation, "T3").unknown, "its own condition is known");
}

#[test]
fn evidence_and_signatures_are_asked_for() {
    let signoff_clause = "signoff = { need = [\"cloud:cfo\"] }\n[[tranche]]\nid = \"T4\"";
    let evidence = format!("evidence = {{ min = 1, kinds = [\"auditor-letter\"] }}\n{signoff_clause}");
    check(signoff_clause, &evidence, &[], "2026-11-01", "T3", State::Open);
    let letter = arr("55000000000", "2026-09-30", "2026-10-21")
        .replace("\"source\"", "\"evidence_kind\":\"auditor-letter\",\"source\"");
    let unsigned = letter.split(",\"signature\"").next().unwrap().to_owned() + "}";
    check(signoff_clause, &evidence, std::slice::from_ref(&unsigned), "2026-11-01", "T3", State::Open);
    check(signoff_clause, &evidence, &[signed(&unsigned, "lab-auditor")], "2026-11-01", "T3", State::Signed);
    // What nobody signed does not count, and says so.
    let bare: Vec<String> = e09_facts()
        .iter()
        .map(|line| line.split(",\"signature\"").next().unwrap().trim_end_matches('}').to_owned() + "}")
        .collect();
    let evaluation = at(&e09(), &bare, "2026-11-01", "2026-11-01");
    let status = tranche(&evaluation, "T3");
    assert_eq!((status.state, status.unknown), (State::Open, true));
    let why = evaluation::explain(&evaluation, status);
    assert!(why.contains("does not count: it is not signed by the metric's attestor"), "{why}");
    assert!(evaluation.ignored.len() >= 4);
}

#[test]
fn what_is_not_in_force_is_a_draft() {
    let evaluation = at(&e09(), &[], "2026-04-19", "2026-05-01");
    assert!(evaluation.tranches.iter().all(|status| status.state == State::Draft));
    let evaluation = at(&e09(), &[], "2026-05-01", "2026-04-19");
    assert!(evaluation.tranches.iter().all(|status| status.state == State::Draft));
    let evaluation = at(&e09(), &[], "2026-04-20", "2026-04-20");
    assert_eq!(states(&evaluation)[0], ("T1", "signed"), "from the first day");
    let loi = e09().replace("currency", "binding = \"loi\"\ncurrency");
    let evaluation = at(&loi, &e09_facts()[..7], "2026-11-01", "2026-11-01");
    assert!(evaluation.tranches.iter().all(|status| status.state == State::Draft));
}

#[test]
fn calendar_tranches_and_parts_that_vest() {
    let more = "[[tranche]]\nid = \"C\"\namount = \"10e9\"\nwhen = 2026-07-01\n\
                [[tranche]]\nid = \"V\"\namount = \"8\"\nwhen = \"at_signing\"\n\
                vests = [{ when = \"arr_usd >= 35e9\", share = \"0.25\" }, { when = \"arr_usd >= 50e9\", share = \"0.75\" }]\n\
                [[tranche]]\nid = \"P\"\namount = \"6\"\nwhen = \"at_signing\"\n\
                vests_on = { metric = \"list_spend\", full_at = \"100\", at_once = \"0.5\" }\n[signoff]";
    let deal = e09().replace("[signoff]", more);
    let facts = [e09_facts(), vec![spend("10", "2026-05-01", ""), spend("30", "2026-06-01", "")]].concat();
    let look = |known: &str| {
        let evaluation = at(&deal, &facts, known, known);
        let vested = |id: &str| tranche(&evaluation, id).vested.map(|vested| vested.to_decimal());
        (tranche(&evaluation, "C").state, vested("V"), vested("P"))
    };
    let money = |text: &str| Some(text.to_owned());
    assert_eq!(look("2026-05-15"), (State::Open, money("0.00"), money("3.30")));
    assert_eq!(look("2026-07-22"), (State::Signed, money("2.00"), money("4.20")));
    assert_eq!(look("2026-11-01"), (State::Signed, money("8.00"), money("4.20")));
}

#[test]
fn an_amendment_is_known_from_its_moment_on() {
    let first = e09();
    let second = first
        .replace("version = 1\nknown_from = 2026-04-20", "version = 2\nknown_from = 2026-08-15")
        .replace(
            "amount = \"5e9\"\nwhen = \"arr_usd @ 2026-09-30 >= 50e9\"",
            "amount = \"7e9\"\nwhen = \"arr_usd @ 2026-09-30 >= 60e9\"",
        );
    let deal = Versions::parse(&[&second, &first]).unwrap();
    let text = e09_facts().join("\n");
    let facts = Facts::read(&deal, &[("facts.jsonl", &text)]).unwrap();
    let look = |known: &str| {
        let known = known.parse().unwrap();
        let evaluation = contract::evaluate(&deal, &facts, known, known).unwrap();
        (evaluation.contract.version, tranche(&evaluation, "T2").state, tranche(&evaluation, "T3").state)
    };
    assert_eq!(look("2026-08-01"), (1, State::Signed, State::Open));
    assert_eq!(look("2026-08-20"), (2, State::Signed, State::Open), "what was signed stays signed");
    assert_eq!(look("2026-11-01"), (2, State::Disputed, State::Open), "55 are not 60");
}

#[test]
fn versions_that_overlap_are_refused() {
    let first = e09();
    for (from, to, said) in [
        ("version = 1", "version = 1", "there is a second version `1`"),
        (
            "version = 1",
            "version = 2",
            "version 2 overlaps version 1, which is known from 2026-04-20T00:00:00.000000Z",
        ),
        ("id = \"e09\"\nversion = 1", "id = \"e10\"\nversion = 2", "there is no version of this deal `e10`"),
        (
            "version = 1\nknown_from = 2026-04-20",
            "version = 2\namends = \"00\"\nknown_from = 2026-04-21",
            "there is no version with the hash `00`",
        ),
    ] {
        let second = first.replace(from, to);
        let (place, error) = Versions::parse(&[&first, &second]).unwrap_err();
        assert_eq!((place, error.to_string().as_str()), (1, said));
        assert!(error.place(&second).is_some() && !error.mend.is_empty());
    }
    for before in ["", "sha256:"] {
        let head = "version = 1\nknown_from = 2026-04-20";
        let hash = contract::hash(&first).unwrap();
        let amends = format!("version = 2\namends = \"{before}{hash}\"\nknown_from = 2026-04-21");
        assert!(Versions::parse(&[&first, &first.replace(head, &amends)]).is_ok());
    }
}

#[test]
fn windows_have_a_grace_and_offers_an_end() {
    let window = "to = 2026-12-31 }";
    check(window, window, &[], "2027-01-01", "T4", State::Lapsed);
    let grace = "to = 2026-12-31, grace_days = 20 }";
    check(window, grace, &[], "2027-01-01", "T4", State::Open);
    // What comes in by then is of a day in the window.
    let gw = r#"{"metric":"trainium_gw","value":"1.1","unit":"GW","effective_at":"2026-12-31","recorded_at":"2027-01-12","source":"meter"}"#;
    check(window, grace, &[gw.to_owned()], "2027-01-13", "T4", State::Met);
    check(window, grace, &[], "2027-01-22", "T4", State::Lapsed);
    let late = gw.replace("2026-12-31", "2027-01-05");
    check(window, grace, &[late], "2027-01-22", "T4", State::Lapsed);
    let after = "id = \"T3\"\namount = \"5e9\"";
    let expires = format!("{after}\nexpires = 2026-10-25");
    check(after, &expires, &[], "2026-10-24", "T3", State::Met);
    check(after, &expires, &[], "2026-10-25", "T3", State::Lapsed);
    check(after, &expires, &[], "2026-11-01", "T3", State::Lapsed);
    check(after, &format!("{after}\nexpires = 2026-10-29"), &[], "2026-11-01", "T3", State::Signed);
}

#[test]
fn conditions_ask_for_the_deals_own_state() {
    let when = "arr_usd @ 2026-09-30 >= 50e9";
    check(when, "released(T2)", &[], "2026-07-24", "T3", State::Open);
    check(when, "released(T2)", &[], "2026-07-26", "T3", State::Met);
    let default = |value: &str, day: &str| {
        format!(
            r#"{{"metric":"in_default","value":{value},"unit":"bool","effective_at":"{day}","recorded_at":"{day}","source":"notice","attributes":{{"party":"lab"}}}}"#
        )
    };
    let facts = [default("1", "2026-09-01"), default("0", "2026-10-25")];
    let asks = "arr_usd >= 50e9 and not in_default(lab)";
    check(when, asks, &facts, "2026-10-22", "T3", State::Open);
    check(when, asks, &facts, "2026-10-26", "T3", State::Met);
    check(when, &asks.replace("lab", "cloud"), &facts, "2026-10-22", "T3", State::Met);
}

#[test]
fn spend_that_counts_is_a_metric() {
    let more = "[metric.eligible]\nkind = \"money\"\nsource = \"metered\"\n\
                [[tranche]]\nid = \"S\"\namount = \"1\"\nwhen = \"sum(eligible, contract_year) >= 100\"\n\
                [[commitment]]\nid = \"c\"\ntotal = \"1000\"\nmeasure = \"eligible\"\n\
                eligible = [{ where = 'channel == \"market\"', weight = \"0.5\" }, { where = 'provider == \"cloud\"', weight = \"1\" }]\n[signoff]";
    let deal = e09().replace("[signoff]", more);
    let facts = [
        spend("100", "2026-05-01", r#""channel":"market""#),
        spend("900", "2026-05-02", r#""channel":"other""#),
        spend("49", "2026-05-03", r#""provider":"cloud""#),
        spend("1", "2026-05-04", r#""provider":"cloud""#),
    ];
    for (count, state) in [(3, State::Open), (4, State::Signed)] {
        let evaluation = at(&deal, &facts[..count], "2026-06-01", "2026-06-01");
        let status = tranche(&evaluation, "S");
        assert_eq!(status.state, state);
        assert!(!status.unknown);
    }
}
