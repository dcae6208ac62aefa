//! Commitments from facts of list spend: the worked examples E04, E05, E07 and E19, and what is open.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use contract::render::evaluation;
use contract::{CommitmentStatus, Evaluation, Ratio};
use support::*;

/// A deal from 2026-04-20 with one commitment of these yearly minimums in millions.
fn deal(minimums: &[&str], clauses: &str) -> String {
    let years: Vec<String> =
        (1..).zip(minimums).map(|(y, min): (u32, _)| format!("{{ y = {y}, min = \"{min}\" }}")).collect();
    format!(
        "schema = \"offtake.contract/1\"\nid = \"d\"\nversion = 1\nknown_from = 2026-04-20\n\
         effective = {{ from = 2026-04-20, to = {}-04-20 }}\ncurrency = \"USD\"\n[[party]]\nid = \"p\"\n\
         [[commitment]]\nid = \"c\"\nschedule = [{}]\n{clauses}",
        2026 + minimums.len(),
        years.join(", ")
    )
}

/// One line of spend a year.
fn yearly(usage: &[&str]) -> Vec<String> {
    (2026..).zip(usage).map(|(year, list): (u32, _)| spend(list, &format!("{year}-12-01"), "")).collect()
}

fn only(evaluation: &Evaluation) -> &CommitmentStatus {
    assert_eq!(evaluation.commitments.len(), 1);
    &evaluation.commitments[0]
}

/// A column of the JSON answer, as exact decimals of whole units rounded to twelve places.
#[track_caller]
fn column(evaluation: &Evaluation, name: &str, expected: &[&str]) {
    let json: serde_json::Value = serde_json::from_str(&evaluation::json(evaluation)).unwrap();
    let years = json["commitments"][0]["years"].as_array().unwrap();
    let found: Vec<String> = years.iter().map(|year| year[name].as_str().unwrap().to_owned()).collect();
    let exact = |text: &&str| {
        let (num, den) = text.split_once('/').unwrap_or((text, "1"));
        let part = |text: &str| text.parse::<contract::Decimal>().unwrap().ratio();
        (part(num) / part(den)).to_decimal(12, 2).unwrap()
    };
    assert_eq!(found, expected.iter().map(exact).collect::<Vec<_>>(), "{name}");
}

#[test]
fn e04_ten_years_from_facts() {
    let minimums = ["4e9", "6e9", "8e9", "9e9", "10e9", "11e9", "12e9", "13e9", "13.5e9", "13.5e9"];
    let discounts =
        r#"discounts = [{ upto_year_min = true, rate = "0.10" }, { above = true, rate = "0.15" }]"#;
    let usage = ["5e9", "6e9", "7e9", "11e9", "12e9", "12e9", "11e9", "15e9", "16e9", "20e9"];
    let evaluation = at(&deal(&minimums, discounts), &yearly(&usage), "2036-04-20", "2036-04-20");
    column(&evaluation, "shortfall", &["0", "600e6", "1700e6", "0", "0", "200e6", "2100e6", "0", "0", "0"]);
    let charge = [
        "40250e6/9",
        "5400e6",
        "6300e6",
        "9850e6",
        "96800e6/9",
        "10800e6",
        "9900e6",
        "121250e6/9",
        "14350e6",
        "17750e6",
    ];
    column(&evaluation, "charge", &charge);
    let cash = [
        "40250e6/9",
        "6000e6",
        "8000e6",
        "9850e6",
        "96800e6/9",
        "11000e6",
        "12000e6",
        "121250e6/9",
        "14350e6",
        "17750e6",
    ];
    column(&evaluation, "cash", &cash);
    let status = only(&evaluation);
    assert!(status.years.iter().all(|year| !year.open));
    assert_eq!(status.drawn.to_decimal(), "115000000000.00");
    assert_eq!(status.remaining.to_decimal(), "0.00");
    assert_eq!(status.trace.len(), 10, "each year leads to its lines");
}

#[test]
fn e05_carry_forward_and_make_good() {
    let carry = deal(&["100", "100", "100"], r#"excess = { carry = "1.0" }"#);
    let evaluation = at(&carry, &yearly(&["130", "80", "150"]), "2029-04-20", "2029-04-20");
    column(&evaluation, "cash", &["130", "80", "150"]);
    column(&evaluation, "carried_in", &["0", "30", "10"]);
    column(&evaluation, "excess_out", &["30", "10", "0"]);
    let good =
        deal(&["100", "100", "100"], r#"shortfall = { settle = "pay", becomes = "credit", share = "1.0" }"#);
    let evaluation = at(&good, &yearly(&["80", "130", "100"]), "2029-04-20", "2029-04-20");
    column(&evaluation, "cash", &["100", "110", "100"]);
    column(&evaluation, "credit_in", &["0", "20", "0"]);
    column(&evaluation, "credit_used", &["0", "20", "0"]);
    column(&evaluation, "credit_out", &["20", "0", "0"]);
}

#[test]
fn e07_marketplace_spend_from_facts() {
    let rules = r#"eligible = [
        { where = 'channel == "marketplace"', weight = "1.0", cap_of_year_min = "0.25" },
        { where = 'provider == "vendor" and sku.family != "support"', weight = "1.0" }]"#;
    let facts = [
        spend("4e6", "2026-05-01", r#""channel":"marketplace","provider":"other","sku":{"family":"data"}"#),
        spend("6.5e6", "2026-05-01", r#""provider":"vendor","channel":"direct","sku":{"family":"compute"}"#),
        spend("1e6", "2026-05-01", r#""provider":"vendor","sku.family":"support","channel":"direct""#),
        spend("7", "2026-05-01", ""),
    ];
    let evaluation = at(&deal(&["10e6"], rules), &facts, "2027-04-20", "2027-04-20");
    column(&evaluation, "counted", &["9e6"]);
    column(&evaluation, "shortfall", &["1e6"]);
    column(&evaluation, "cash", &["10e6"]);
    column(&evaluation, "uncounted", &["2500007"]);
    let rest = only(&evaluation).trace.iter().find(|step| step.what.contains("does not count")).unwrap();
    assert_eq!(rest.facts.iter().map(|fact| fact.number).collect::<Vec<_>>(), [3, 4]);
}

#[test]
fn open_years_show_their_position_so_far() {
    let deal = deal(&["100", "100", "100"], r#"excess = { carry = "1.0" }"#);
    let facts = yearly(&["130", "40"]);
    let evaluation = at(&deal, &facts, "2028-01-01", "2028-01-01");
    let status = only(&evaluation);
    assert_eq!(status.years.iter().map(|year| year.open).collect::<Vec<_>>(), [false, true, true]);
    column(&evaluation, "carried_in", &["0", "30", "0"]);
    column(&evaluation, "counted", &["130", "40", "0"]);
    assert_eq!(
        (status.drawn.to_decimal(), status.remaining.to_decimal()),
        ("170.00".to_owned(), "130.00".to_owned())
    );
    let json = evaluation::json(&evaluation);
    assert_eq!(json.matches("\"open\": true").count(), 2);
    // What came on record later, or was so later, is not there yet.
    assert_eq!(only(&at(&deal, &facts, "2026-11-30", "2028-01-01")).drawn.to_decimal(), "0.00");
    assert_eq!(only(&at(&deal, &facts, "2028-01-01", "2026-11-30")).drawn.to_decimal(), "0.00");
}

#[test]
fn a_corrected_bill_counts_once() {
    let line = |value: &str, more: &str, recorded: &str| {
        format!(
            r#"{{"metric":"list_spend","value":"{value}","unit":"USD","effective_at":"2026-05-01","recorded_at":"{recorded}","source":"bill",{more}}}"#
        )
    };
    let facts = [
        line("100", r#""id":"b1""#, "2026-06-01"),
        line("100", r#""id":"b2""#, "2026-06-01"),
        line("100", r#""id":"b2""#, "2026-06-01"),
        line("70", r#""id":"b3","replaces":"b1""#, "2026-07-01"),
    ];
    let deal = deal(&["1000"], "");
    assert_eq!(only(&at(&deal, &facts, "2026-08-01", "2026-06-15")).drawn.to_decimal(), "200.00");
    assert_eq!(only(&at(&deal, &facts, "2026-08-01", "2026-08-01")).drawn.to_decimal(), "170.00");
    assert_eq!(only(&at(&deal, &facts, "2026-04-30", "2026-08-01")).drawn.to_decimal(), "0.00");
}

#[test]
fn a_floor_alone_is_drawn_down() {
    let text = deal(&["1"], "")
        .replace("schedule = [{ y = 1, min = \"1\" }]", "total = { at_least = \"100\" }")
        .replace("2027-04-20", "2036-04-20");
    let evaluation = at(&text, &yearly(&["30", "20"]), "2028-06-01", "2028-06-01");
    let status = only(&evaluation);
    assert!(status.years.is_empty(), "no year is scheduled");
    assert_eq!(
        (status.drawn.to_decimal(), status.remaining.to_decimal()),
        ("50.00".to_owned(), "50.00".to_owned())
    );
    let loi = text.replace("currency", "binding = \"loi\"\ncurrency");
    let evaluation = at(&loi, &yearly(&["30"]), "2028-06-01", "2028-06-01");
    assert_eq!(only(&evaluation).remaining.to_decimal(), "0.00", "a letter of intent binds nobody");
}

/// Three years of 100 remain, 240 net was spent at a discount of a fifth.
#[test]
fn e19_what_leaving_costs() {
    let clauses = "discounts = [{ upto_year_min = true, rate = \"0.20\" }]\n[termination]\n\
         customer_convenience = { after = 2027-04-20, notice_days = 180, fee = \"0.50 * pv(remaining_minimums, rate=0.08) + clawback(discounts)\" }\n\
         exit = [{ id = \"egress\", kind = \"switching\", cost = \"25\" }]\n";
    let text = deal(&["240", "100", "100", "100"], clauses);
    let evaluation = at(&text, &yearly(&["300"]), "2027-04-20", "2027-04-20");
    let exit = evaluation.exit.unwrap();
    let fee = exit.costs[0].amount.unwrap();
    let expected = Ratio::new(188_854_849, 1_000_000);
    let off = Ratio::new(fee.pico(), units::PICO_PER_UNIT) - expected;
    assert!(off < Ratio::new(1, 1_000_000) && Ratio::ZERO - off < Ratio::new(1, 1_000_000), "{fee}");
    assert_eq!((exit.costs[0].kind.word(), exit.costs[1].kind.word()), ("termination", "switching"));
    assert_eq!(exit.costs[1].amount.unwrap().to_decimal(), "25.00");
    // Regulation (EU) 2023/2854: nothing for switching, from 12 January 2027, for a customer in the Union.
    let union = text.replace("id = \"p\"", "id = \"p\"\nroles = [\"customer\"]\ncountry = \"DE\"");
    for (day, cost) in [("2027-01-11", "25.00"), ("2027-01-12", "0.00")] {
        let exit = at(&union, &[], day, day).exit.unwrap();
        assert_eq!(exit.costs[1].amount.unwrap().to_decimal(), cost, "{day}");
        assert!(!exit.costs[0].amount.unwrap().is_zero(), "leaving early may still cost");
    }
}

const SUPPLY: &str = r#"[metric.gw]
kind = "power_gw"
source = "metered"
[metric.revenue]
kind = "money"
source = "metered"
flow = true
[[capacity]]
id = "trn"
unit = "GW"
ceiling = "2"
metric = "gw"
ramp = [{ by = 2026-06-30, at_least = "1.0" }]
late = { per_week = "0.005 of monthly fee", cap = "0.02", excused_by = ["force_majeure"], relief = "reduce_year_min_pro_rata" }
[[covenant]]
id = "residency"
rule = 'tenant.region == "EU" => serve.region in ["eu-west-1"]'
severity = "block"
cure_days = 30
[[covenant]]
id = "silicon"
rule = 'silicon_share("trainium", 90 days) >= 0.5'
severity = "report"
[[revenue_share]]
id = "royalty"
of = "revenue"
share = "0.2"
cap = "30"
[termination]
vendor_cause = ["payment_default > 60 days", "the board says so"]
customer_cause = ["capacity_late > 2 weeks"]
"#;

fn online(gw: &str, at: &str) -> String {
    format!(
        r#"{{"metric":"gw","value":"{gw}","unit":"MW","effective_at":"{at}","recorded_at":"{at}","source":"meter"}}"#
    )
}

#[test]
fn late_capacity_gives_relief() {
    let text = deal(&["365"], SUPPLY);
    let facts = [online("500", "2026-06-15"), online("1000", "2026-07-29")];
    let look = |day: &str| at(&text, &facts, day, day);
    assert_eq!(look("2026-06-30").capacity[0].state.word(), "not_due");
    let late = look("2026-07-16");
    let status = &late.capacity[0];
    assert_eq!((status.state.word(), status.late_days), ("late", 15));
    assert_eq!(status.late_since.unwrap().to_string(), "2026-07-01");
    assert_eq!(status.relief, Ratio::new(1, 100), "two weeks");
    assert_eq!(late.rights[2].arisen, Some(true), "later than two weeks");
    let after = look("2026-09-01");
    assert_eq!((after.capacity[0].state.word(), after.capacity[0].late_days), ("on_time", 28));
    assert_eq!(after.capacity[0].relief, Ratio::new(2, 100), "four weeks, and its cap");
    // Half of it was missing on 28 of 365 days.
    assert_eq!(only(&after).years[0].minimum.to_decimal(), "351.00");
    assert_eq!(
        (after.rights[0].arisen, after.rights[1].arisen, after.rights[2].arisen),
        (Some(false), None, Some(false))
    );
    let excuse = |value: u8, day: &str| {
        format!(
            r#"{{"metric":"force_majeure","value":{value},"unit":"","effective_at":"{day}","recorded_at":"{day}","source":"notice"}}"#
        )
    };
    let excused = [facts.to_vec(), vec![excuse(1, "2026-07-08"), excuse(0, "2026-08-08")]].concat();
    assert_eq!(at(&text, &excused, "2026-09-01", "2026-09-01").capacity[0].late_days, 7);
    assert_eq!(at(&text, &[], "2026-09-01", "2026-09-01").capacity[0].state.word(), "unknown");
}

#[test]
fn covenants_hold_are_breached_or_unknown() {
    let text = deal(&["365"], SUPPLY);
    let call = |tenant: &str, region: &str, silicon: &str, day: &str| {
        spend(
            "10",
            day,
            &format!(r#""tenant.region":"{tenant}","serve.region":"{region}","silicon":"{silicon}""#),
        )
    };
    let look = |facts: &[String]| {
        let evaluation = at(&text, facts, "2026-07-01", "2026-07-01");
        let found = evaluation.covenants.iter();
        found
            .map(|status| (status.state.word(), status.cure_until.map(|until| until.date())))
            .collect::<Vec<_>>()
    };
    assert_eq!(look(&[]), [("unknown", None), ("unknown", None)]);
    let (good, us) =
        (call("EU", "eu-west-1", "trainium", "2026-06-01"), call("US", "us-east-1", "gpu", "2026-06-01"));
    assert_eq!(look(&[good.clone(), us.clone()]), [("holds", None), ("holds", None)]);
    let bad = call("EU", "us-east-1", "gpu", "2026-06-10");
    assert_eq!(
        look(&[good.clone(), us, bad]),
        [("breached", Some("2026-07-10".to_owned())), ("breached", None)]
    );
    assert_eq!(look(&[good, spend("1", "2026-06-01", "")])[0], ("unknown", None));
}

#[test]
fn a_revenue_share_stops_at_its_cap() {
    let text = deal(&["365"], SUPPLY);
    let revenue = |value: &str, day: &str| {
        format!(
            r#"{{"metric":"revenue","value":"{value}","unit":"USD","effective_at":"{day}","recorded_at":"{day}","source":"books"}}"#
        )
    };
    let facts = [revenue("100", "2026-05-01"), revenue("100", "2026-08-01")];
    let look = |day: &str| {
        let status = at(&text, &facts, day, day).revenue_shares.remove(0);
        (status.due.map(|due| due.to_decimal()), status.capped)
    };
    assert_eq!(look("2026-04-30"), (None, false));
    assert_eq!(look("2026-06-01"), (Some("20.00".to_owned()), false));
    assert_eq!(look("2026-09-01"), (Some("30.00".to_owned()), true));
}
