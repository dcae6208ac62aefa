//! What loads, and how each fault is told: its line, what is wrong there, and the mend.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use contract::deal::{Binding, Total, When};
use contract::{Deal, report, starting};

const LEAST: &str = r#"schema = "offtake.contract/1"
id = "least"
version = 1
known_from = 2026-04-20T00:00:00Z
effective = { from = 2026-04-20 }
currency = "USD"
[[party]]
id = "a"
"#;

/// A deal with the mandatory fields and then some.
const FULL: &str = r#"schema = "offtake.contract/1"
id = "full"
version = 2
known_from = 2026-04-20
effective = { from = 2026-04-20, to = 2029-04-20 }
currency = "EUR"
binding = "contract"
[[party]]
id = "cloud"
[[party]]
id = "lab"
related = [{ party = "cloud", as = "shareholder" }]
[metric.arr]
kind = "money"
source = "attested"
[[facility]]
id = "milestones"
at_most = "10e6"
investor = "cloud"
[[tranche]]
id = "T1"
amount = "6e6"
facility = "milestones"
when = "at_signing"
[[tranche]]
id = "T2"
amount = "4e6"
facility = "milestones"
when = "arr >= 40e6"
after = ["T1"]
window = { from = 2026-07-01, to = 2027-06-30 }
[[commitment]]
id = "spend"
payer = "lab"
total = "60e6"
schedule = [{ y = 1, min = "10e6" }, { y = 2, min = "20e6" }, { y = 3, min = "30e6" }]
excess = { carry = "1.0", expires_after_years = 1 }
discounts = [{ upto_year_min = true, rate = "0.10" }, { above = true, rate = "0.15" }]
[[capacity]]
id = "power"
unit = "GW"
ceiling = "1.5"
"#;

#[test]
fn the_mandatory_fields_are_enough() {
    let deal = Deal::parse(LEAST).unwrap();
    assert_eq!((deal.name(), deal.binding, deal.period().to), ("least", Binding::Contract, None));
    assert!(Deal::parse(FULL).is_ok());
}

#[test]
fn each_mandatory_field_is_missed_by_name() {
    for field in ["schema", "id", "version", "known_from", "effective", "currency", "party"] {
        let lines: Vec<&str> = LEAST.lines().collect();
        let kept = lines.iter().enumerate().filter(|(place, line)| match field {
            "party" => *place < 6,
            "id" => !(*place < 6 && line.starts_with("id")),
            _ => !line.starts_with(field),
        });
        let text: String = kept.map(|(_, line)| format!("{line}\n")).collect();
        let error = Deal::parse(&text).unwrap_err();
        assert_eq!(error.to_string(), format!("missing field `{field}`"));
        assert_eq!(error.mend, format!("add `{field}`"));
        assert!(error.place(&text).is_some(), "{field} has a place");
    }
}

/// Putting `new` for `old` in [`FULL`] is a fault in the line that holds `at`.
#[track_caller]
fn check(old: &str, new: &str, at: &str, message: &str, mend: &str) {
    assert_eq!(FULL.matches(old).count(), 1, "`{old}` is there once");
    let text = FULL.replacen(old, new, 1);
    let error = Deal::parse(&text).unwrap_err();
    assert_eq!((error.to_string().as_str(), error.mend.as_str()), (message, mend));
    let place = error.place(&text).unwrap();
    assert!(place.text.contains(at), "the place is `{}`", place.text);
    assert_eq!(text.lines().nth(place.line - 1), Some(place.text));
}

#[test]
fn names_that_are_not_known() {
    check(
        "investor = \"cloud\"",
        "invester = \"cloud\"",
        "invester",
        "unknown field `invester`, expected one of `id`, `at_most`, `title`, `investor`, `issuer`, `note`, `source`, `assumed`",
        "did you mean `investor`?",
    );
    check("payer = \"lab\"", "payer = \"labs\"", "labs", "there is no party `labs`", "did you mean `lab`?");
    check(
        "payer = \"lab\"",
        "payer = \"nobody\"",
        "nobody",
        "there is no party `nobody`",
        "there is `cloud`, `lab`",
    );
    check("after = [\"T1\"]", "after = [\"T9\"]", "T9", "there is no tranche `T9`", "did you mean `T1`?");
    check(
        "contract/1\"",
        "contract/9\"",
        "schema",
        "there is no schema `offtake.contract/9`",
        "write `offtake.contract/1`",
    );
    check(
        "id = \"lab\"",
        "id = \"cloud\"",
        "id = \"cloud\"",
        "there is a second party `cloud`",
        "give it an `id` of its own",
    );
    check("id = \"lab\"", "id = \" \"", "id = \" \"", "an `id` cannot be empty", "name it");
}

#[test]
fn numbers_that_cannot_be() {
    let quotes = "invalid type: integer `4`, expected a decimal number in quotes, such as \"4e9\"";
    check("amount = \"4e6\"", "amount = 4", "amount = 4", quotes, "put it in quotes, so that it stays exact");
    check(
        "amount = \"4e6\"",
        "amount = \"4 bn\"",
        "4 bn",
        "`4 bn` is not a decimal number such as `3.00`",
        "write digits, with a point or an exponent if need be",
    );
    check(
        "amount = \"4e6\"",
        "amount = \"1e-13\"",
        "1e-13",
        "`1e-13` has more than 12 decimal places",
        "round it to twelve places",
    );
    check(
        "amount = \"4e6\"",
        "amount = \"0\"",
        "\"0\"",
        "an amount is `0`",
        "leave the clause out when there is nothing",
    );
    check(
        "rate = \"0.10\"",
        "rate = \"10\"",
        "rate = \"10\"",
        "a share is `10`",
        "a share lies between \"0\" and \"1\"",
    );
    check(
        "rate = \"0.10\"",
        "rate = \"1\"",
        "rate = \"1\"",
        "a discount up to the minimum is `1`",
        "no spend could ever reach the minimum",
    );
    check(
        "currency = \"EUR\"",
        "currency = \"euro\"",
        "euro",
        "`euro` is not a currency code such as `USD`",
        "write its three capital letters",
    );
    check(
        "expires_after_years = 1",
        "expires_after_years = 2",
        "excess",
        "`expires_after_years` is `2`",
        "what is carried counts in the next year only; write `1`",
    );
}

#[test]
fn parts_that_exceed_their_whole() {
    check(
        "amount = \"4e6\"",
        "amount = \"5e6\"",
        "at_most",
        "its tranches add up to 11000000.00 EUR, more than 10000000.00 EUR",
        "lower a tranche or raise the ceiling",
    );
    check(
        "min = \"10e6\"",
        "min = \"11e6\"",
        "total",
        "the minimums add up to 61000000.00 EUR, more than 60000000.00 EUR",
        "lower a minimum or raise the total",
    );
}

#[test]
fn days_and_years_out_of_order() {
    check(
        "to = 2029-04-20",
        "to = 2026-04-20",
        "effective",
        "`2026-04-20` does not come after `2026-04-20`",
        "`to` is the first day after the term",
    );
    check(
        "to = 2027-06-30",
        "to = 2026-06-30",
        "window",
        "`2026-06-30` does not come after `2026-07-01`",
        "put the earlier day first",
    );
    check(
        "y = 2",
        "y = 4",
        "schedule",
        "the next contract year is `4`",
        "years count up from 1; write `y = 2`",
    );
    check(
        "to = 2029-04-20",
        "to = 2028-04-20",
        "schedule",
        "this contract year begins after the term's end",
        "the term has 2 contract years",
    );
    check(
        "from = 2026-07-01",
        "from = 2026-02-30",
        "2026-02-30",
        "invalid date, expected day between 01 and 28",
        "write a day of the calendar, such as `2026-04-20`",
    );
    check(
        "from = 2026-07-01",
        "from = 09:00:00",
        "window",
        "`09:00:00` is not a date such as `2026-04-20`",
        "write a day of the calendar, such as `2026-04-20`",
    );
    check(
        "known_from = 2026-04-20",
        "known_from = 2026-04-20T09:00:00",
        "known_from",
        "`2026-04-20T09:00:00` does not say how far it is from UTC",
        "end it with `Z`, or with its offset such as `+02:00`",
    );
}

#[test]
fn clauses_that_contradict_each_other() {
    check(
        "when = \"at_signing\"",
        "when = \"arr >= 1\"\nafter = [\"T2\"]",
        "T1",
        "this tranche waits, by way of `after` or `when`, for itself",
        "break the circle",
    );
    check(
        "above = true",
        "upto_year_min = true",
        "discounts",
        "there is a second discount for the same spend",
        "keep one for each side of the minimum",
    );
    check(
        "above = true, ",
        "",
        "discounts",
        "a discount holds up to the year's minimum or above it",
        "write either `upto_year_min = true` or `above = true`",
    );
    check(
        "when = \"arr >= 40e6\"",
        "when = \"\"",
        "when",
        "a condition cannot be empty",
        "write `at_signing` when there is none",
    );
    let no_size = FULL.replacen("total = \"60e6\"\n", "", 1);
    let start = no_size.find("schedule").unwrap();
    let end = start + no_size[start..].find('\n').unwrap();
    let error = Deal::parse(&no_size.replace(&no_size[start..end], "")).unwrap_err();
    assert_eq!(error.to_string(), "a commitment says how much: `total`, `schedule` or both");
}

#[test]
fn text_that_is_no_toml_has_its_place() {
    for (text, line) in [("schema = ", 1), ("a = 1\nb = \"", 2), ("a = 1\na = 2", 2), ("\u{feff}[[[", 1)] {
        let error = Deal::parse(text).unwrap_err();
        assert_eq!(error.place(text).map(|place| place.line), Some(line), "{text}: {error}");
    }
}

#[test]
fn what_is_of_another_shape_has_its_mend() {
    let variant = "unknown variant `other`, expected `contract` or `loi`";
    check("binding = \"contract\"", "binding = \"other\"", "other", variant, "write `contract` or `loi`");
    let date = "write a day of the calendar, such as `2026-04-20`";
    check("from = 2026-07-01", "from = \"July\"", "July", "`July` is not a date such as `2026-04-20`", date);
    check("from = 2026-07-01", "from = 7", "from = 7", "`7` is not a date such as `2026-04-20`", date);
    let offset = "`2026-04-20T10:00:00` does not say how far it is from UTC";
    check(
        "known_from = 2026-04-20",
        "known_from = 2026-04-20T10:00:00",
        "known_from",
        offset,
        "end it with `Z`, or with its offset such as `+02:00`",
    );
    check(
        "version = 2",
        "version = \"2\"",
        "version",
        "invalid type: string \"2\", expected u32",
        "write a whole number, without quotes",
    );
    check("id = \"T1\"", "id = \"T1\"\nid = \"T1\"", "id", "duplicate key", "keep one of them");
    for text in ["schema 1", "a = [1, 2", "party = 5"] {
        let error = Deal::parse(&format!("{text}\n{LEAST}")).unwrap_err();
        assert!(!error.mend.is_empty(), "{text}: {error}");
    }
}

#[test]
fn dates_may_stand_in_quotes_and_days_as_their_first_moment() {
    let plain = Deal::parse(FULL).unwrap();
    for (old, new) in [
        ("known_from = 2026-04-20", "known_from = \"2026-04-20T02:00:00+02:00\""),
        ("from = 2026-04-20, to = 2029-04-20", "from = \"2026-04-20\", to = 2029-04-20T00:00:00Z"),
        ("from = 2026-07-01, to = 2027-06-30", "from = \"2026-07-01\", to = \"2027-06-30\""),
    ] {
        let deal = Deal::parse(&FULL.replacen(old, new, 1)).unwrap();
        assert_eq!((deal.known_from, deal.period()), (plain.known_from, plain.period()), "{new}");
        assert_eq!(deal.tranches[1].window, plain.tranches[1].window, "{new}");
    }
    assert!(Deal::parse(&FULL.replacen("to = 2029-04-20", "to = 2029-04-20T01:00:00Z", 1)).is_err());
}

#[test]
fn a_floor_is_not_an_exact_total() {
    let floor = FULL.replacen("total = \"60e6\"", "total = { at_least = \"5e6\" }", 1);
    let total = Deal::parse(&floor).unwrap().commitments[0].total.clone().unwrap();
    assert_eq!(*total.get_ref(), Total::AtLeast("5e6".parse().unwrap()));
    check(
        "total = \"60e6\"",
        "total = { at_leats = \"5e6\" }",
        "at_leats",
        "unknown field `at_leats`, expected `at_least`",
        "did you mean `at_least`?",
    );
}

#[test]
fn a_deal_without_money_or_spend_reports_what_is_missing() {
    let report = report(&Deal::parse(LEAST).unwrap());
    assert!(report.figures.is_empty(), "nothing is invented: {:?}", report.figures);
    for figure in ["new_money", "prior_money", "term_years", "spend_commitment", "capacity_ceiling_gw"] {
        assert!(
            report.notes.iter().any(|note| note.starts_with(&format!("`{figure}` is left out"))),
            "{figure}"
        );
    }
    for text in [
        contract::render::terminal(&report),
        contract::render::markdown(&report),
        contract::render::html(&report),
    ] {
        assert!(text.contains("least") && text.contains("left out"));
    }
}

#[test]
fn a_letter_of_intent_binds_nobody() {
    let report = report(&Deal::parse(&FULL.replacen("\"contract\"", "\"loi\"", 1)).unwrap());
    assert!(report.notes[0].starts_with("This is a letter of intent"));
    assert!(report.tranches.iter().all(|line| line.state.word() == "draft"));
}

#[test]
fn what_a_file_says_cannot_break_out_of_a_page() {
    let hostile = LEAST.replacen(
        "id = \"least\"",
        "id = \"x\"\ntitle = \"<script>alert(1)</script>|`\\u001b[31m\\n# h\"",
        1,
    );
    let report = report(&Deal::parse(&hostile).unwrap());
    assert!(!contract::render::html(&report).contains("<script"));
    assert!(!contract::render::markdown(&report).contains("<script"));
    assert!(!contract::render::terminal(&report).contains('\u{1b}'));
    assert!(contract::render::terminal(&report).starts_with("<script>alert(1)</script>|` [31m # h\n═"));
}

#[test]
fn a_template_starts_when_it_is_told_to() {
    let demo =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../presets/demo-commitment.toml"))
            .unwrap();
    let text = starting(&demo, "2024-02-29".parse().unwrap()).unwrap();
    assert!(text.contains("effective = { from = 2024-02-29, to = 2025-02-28 }"), "{text}");
    assert!(text.starts_with("# The demo organisation's own commitment"));
    let deal = Deal::parse(&text).unwrap();
    assert_eq!(deal.known_from.date(), "2024-02-29");
    assert_ne!(deal.hash, Deal::parse(&demo).unwrap().hash, "another term is another contract");
    let terms = deal.commitment_terms().remove(0);
    assert_eq!(terms.minimum(1).unwrap().to_decimal(), "50.00");
    assert_eq!(terms.minimum(2), None);
}

/// The sample of the term-sheet language, kept beside the repository.
#[test]
fn the_sample_term_sheet_loads() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/reference/contracts/termsheet.toml");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: no sample");
        return;
    };
    let deal = Deal::parse(&text).unwrap();
    assert_eq!(*deal.tranches[0].when.get_ref(), When::AtSigning);
    assert_eq!(
        *deal.tranches[1].when.get_ref(),
        When::Text("arr_usd @ quarter_end(2026-06-30) >= 40e9".to_owned())
    );
    let terms = deal.commitment_terms().remove(0);
    let sum: i128 = terms.minimums.iter().map(|minimum| minimum.pico()).sum();
    assert_eq!((terms.minimums.len(), Some(sum)), (10, terms.total.map(|total| total.pico())));
    assert_eq!((terms.rules.len(), terms.make_good), (3, "0.50".parse().unwrap()));
    let figures = report(&deal).figures;
    let spend = figures.iter().find(|figure| figure.id == "spend_commitment").unwrap();
    assert_eq!((spend.value().as_str(), spend.quantity.bound.name()), ("100000000000", "exactly"));
}
