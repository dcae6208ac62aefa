//! What is refused: at which bytes, in which words, with which mend.

use crate::world::vocabulary;
use contract::predicate::{Condition, Covenant, Fault, Formula, Selector};

/// The text with the bytes of its fault marked: `arr_usd > «3 GW»`.
fn marked(text: &str, fault: &Fault) -> String {
    let (start, end) = (fault.range.start, fault.range.end);
    format!("{}«{}»{}", &text[..start], &text[start..end], &text[end..])
}

fn refused<T: std::fmt::Debug>(
    read: impl Fn(&str) -> Result<T, Fault>,
    expected: &str,
    problem: &str,
    mend: &str,
) {
    let text = expected.replace(['«', '»'], "");
    let fault = read(&text).expect_err(&text);
    assert_eq!(
        (marked(&text, &fault).as_str(), fault.to_string().as_str(), fault.mend.as_str()),
        (expected, problem, mend)
    );
}

fn check(expected: &str, problem: &str, mend: &str) {
    refused(|text| Condition::parse(text, &vocabulary()), expected, problem, mend);
}

#[test]
fn kinds_that_do_not_fit() {
    let both = "put power on both sides, such as `3 GW`";
    check("«trainium_gw_online > arr_usd»", "`>` does not fit power and money", both);
    check("«trainium_gw_online > 3e9 USD»", "`>` does not fit power and money", both);
    let both = "put money on both sides, such as `40e9`";
    check("«arr_usd + customers» > 3", "`+` does not fit money and a count", both);
    check("arr_usd in [1, «3 GW»]", "`in` does not fit money and power", both);
    let text = "write the number without quotes";
    check("«arr_usd >= \"40e9\"»", "`>=` does not fit money and text", text);
    check("arr_usd not in [«\"a\"»]", "`not in` does not fit money and text", text);
    let length = "say of what it is a number, such as `30 days`";
    check("«payment_default > 60»", "`>` does not fit a duration and a number", length);
    let scalar = "`*` takes a number, a count or a ratio on its right";
    check("«arr_usd * trainium_gw_online» > 3", "`*` does not fit money and power", scalar);
    check(
        "«as_of > 3»",
        "`>` does not fit a date and a number",
        "put a date on both sides, such as `2027-01-01`",
    );
    let alone = "write it alone, or after `not`";
    check("«ipo == true»", "what is true or false is not compared", alone);
    check("«in_default(labco) > 3»", "what is true or false is not compared", alone);
    check("«ipo» + 1 > 3", "`ipo` is yes or no, not a number", "only numbers are computed with");
    check("arr_usd + «ipo» > 3", "`ipo` is yes or no, not a number", "only numbers are computed with");
    let mend = "compare it with something, such as `arr_usd >= 40e9`";
    check("«arr_usd»", "`arr_usd` is money, not a condition", mend);
    check("arr_usd @ «3» > 3", "`3` is a number, not a date", "write a day, such as `2026-06-30`");
    let mend = "add days, weeks, months, quarters or years to a day";
    check("as_of + «arr_usd» > 2026-01-01", "expected a duration, found `arr_usd`", mend);
    check("arr_usd > «40 EUR»", "the deal is in USD, not in EUR", "write the amount in USD");
    check("arr_usd / «0» > 3", "nothing is divided by zero", "write 1000");
}

#[test]
fn names_that_lead_nowhere() {
    check("«arr_us» >= 40e9", "there is no metric `arr_us`", "did you mean `arr_usd`?");
    let declare = "declare it as `[metric.power]`; text stands in quotes";
    check("«power» > money", "there is no metric `power`", declare);
    let minus = "declare it as a `[metric]`; to subtract, put spaces around `-`";
    check("«arr_usd-customers» > 3", "there is no metric `arr_usd-customers`", minus);
    check("«summ»(arr_usd, 3 days) > 3", "there is no function `summ`", "did you mean `sum`?");
    let all = "there is `sum`, `avg`, `min`, `max`, `last`, `month_end`, `quarter_end`, `year_end`, `pv`, \
               `in_default`, `sanctions`, `force_majeure`, `export_control`, `change_of_control`, `released`, \
               `met`, `payment_default`, `capacity_late`, `residency_breach`, `covenant_breach`, \
               `remaining_minimums`, `clawback`, `drawn`, `portability_tested_share`, `silicon_share`, \
               `provider_share`";
    check("1 < «frobnicate»(arr_usd)", "there is no function `frobnicate`", all);
    check("in_default(«lab»)", "there is no party `lab`", "did you mean `labco`?");
    check("in_default(«anthropic»)", "there is no party `anthropic`", "there is `labco`, `cloud-co`");
    check("released(«T9»)", "there is no tranche `T9`", "did you mean `T1`?");
    check(
        "clawback(«discount») > 3",
        "there is no kind of claw-back `discount`",
        "did you mean `discounts`?",
    );
    let one = "`remaining_minimums` is the one there is";
    check("pv(«arr_usd», rate=0.1) > 3", "there is no stream of amounts `arr_usd`", one);
}

#[test]
fn shapes_that_do_not_read() {
    let go_on = "go on, or take the last word away";
    check("«»", "expected a value, found the end", go_on);
    check("arr_usd > 3 and«»", "expected a value, found the end", go_on);
    check("«and» arr_usd > 3", "expected a value, found `and`", "write a condition on both sides");
    check("«(»arr_usd > 3", "expected `)`, found the end", "close this bracket");
    check("sum«(»arr_usd, 3 days > 3", "expected `)`, found the end", "close this bracket");
    check("(arr_usd > 3 «]»", "expected `)`, found `]`", "write an operator before it, or `)`");
    let open = "remove it, or open a bracket before";
    check("arr_usd > 3«)»", "expected an operator or the end, found `)`", open);
    let join = "join two conditions with `and` or `or`, and put text in quotes";
    check("ipo «customers» > 3", "expected an operator or the end, found `customers`", join);
    check("arr_usd «=» 3", "expected an operator, found `=`", "write `==` to compare");
    let pair = "compare each pair, joined with `and`";
    check("1 < arr_usd «<» 3", "expected `and`, `or` or the end, found `<`", pair);
    check(
        "arr_usd in «3»",
        "expected a list, found `3`",
        "put the values in square brackets, with commas between",
    );
    check("arr_usd > «\"abc»", "expected a closing `\"`, found the end", "close the quote");
    check(
        "arr_usd > «`»abc",
        "expected a name between backticks, found none",
        "close the backtick after the name",
    );
    check("arr_usd «#» 3", "expected a value or an operator, found `#`", "remove it, or put text in quotes");
    check("«in» > 3", "expected a value, found `in`", "put a name that is also a word in backticks: `in`");
}

#[test]
fn lengths_windows_and_numbers() {
    let how_long = "say how long, such as `30 days`";
    check("arr_usd >= 40e9 for«»", "expected a duration, found the end", how_long);
    check("arr_usd >= 40e9 for «days»", "expected a duration, found `days`", how_long);
    let units = "expected `days`, `weeks`, `months`, `quarters` or `years`, found the end";
    check("arr_usd >= 40e9 for 30«»", units, how_long);
    let whole = "write a whole number from 1 to 36525";
    check("arr_usd > 3 for «0 days»", "`0` is no length of time", whole);
    check("arr_usd > 3 for «1.5 days»", "`1.5` is no length of time", whole);
    check(
        "(«arr_usd > 3 for 3 days») for 3 days",
        "one `for` cannot stand inside another",
        "keep the longer one",
    );
    check("arr_usd > 3 «dais»", "expected an operator or a unit, found `dais`", "did you mean `days`?");
    check(
        "arr_usd > 3 «andd» arr_usd < 4",
        "expected an operator or a unit, found `andd`",
        "did you mean `and`?",
    );
    let digits = "write digits, with a point or an exponent";
    check("arr_usd > «1e-13»", "`1e-13` has more than 12 decimal places", digits);
    check("arr_usd > «1e99»", "`1e99` is too large", digits);
    let day = "write year, month and day, such as `2026-06-30`";
    check("arr_usd @ «2026-02-30» > 3", "`2026-02-30` is not a day of the calendar", day);
    let time = "a condition speaks of days, not of times of day";
    check("arr_usd @ «2026-06-30T00:00:00Z» > 3", time, "write `2026-06-30`");
    let window = "write a duration such as `30 days`, or `month`, `quarter`, `year`, `contract_year`";
    check("sum(arr_usd, «30») > 3", "expected a window, found `30`", window);
    let usage = "write `sum(METRIC, 30 days)`, `contract_year`, `quarter` or `month`";
    check("«sum(arr_usd)» > 3", "`sum` reads one metric over one window", usage);
    let inside = "name one metric here, and compute outside";
    check("min(«customers > 3», 3 days) > 2", "expected a metric, found `customers > 3`", inside);
    let rate = "a rate of `-1` leaves nothing to discount";
    check("pv(remaining_minimums, rate=«-1») > 3", rate, "a rate lies above −100 %");
}

#[test]
fn flows_have_no_level() {
    let (problem, mend) = (
        "`list_spend` is a flow: its facts only add up",
        "say over which time, such as `sum(list_spend, contract_year)`",
    );
    check("«list_spend» > 3", problem, mend);
    check("avg(«list_spend», 3 days) > 3", problem, mend);
    check("«list_spend» @ 2026-06-30 > 3", problem, mend);
    check(
        "list_spent > 3".replace("list_spent", "«list_spent»").as_str(),
        "there is no metric `list_spent`",
        "did you mean `list_spend`?",
    );
}

#[test]
fn questions_asked_wrongly() {
    let (problem, mend) = ("`in_default` is not asked like this", "write `in_default(PARTY)`");
    check("«in_default»", problem, mend);
    check("«in_default(labco, T1)»", problem, mend);
    check("«in_default(party=labco)»", problem, mend);
    let mend = "write `silicon_share(SILICON, 30 days)`";
    check("«silicon_share(trainium)» > 0.5", "`silicon_share` is not asked like this", mend);
}

#[test]
fn selectors_and_formulas() {
    let select = |expected, problem, mend| refused(Selector::parse, expected, problem, mend);
    select(
        "tier == «3»",
        "expected an attribute, or text in quotes, found `3`",
        "attributes are text: write \"3\"",
    );
    select("«tier > \"3\"»", "attributes are text, and `>` orders numbers", "use `==`, `!=` or `in`");
    let quotes = "take the quotes off its name";
    select("«\"a\" == \"b\"»", "expected an attribute on one side, found `\"a\" == \"b\"`", quotes);
    select("region in [«eu»]", "expected text in quotes, found `eu`", "write \"eu\"");
    select("«\"a\"» in [\"a\"]", "expected an attribute, found `\"a\"`", "write its name without quotes");
    let amount = |expected, problem, mend| {
        refused(|text| Formula::parse(text, &vocabulary()), expected, problem, mend)
    };
    let money = "compute an amount here";
    amount("«payment_default»", "`payment_default` is a duration, not an amount of money", money);
    amount("«arr_usd > 3»", "`arr_usd > 3` is yes or no, not an amount of money", money);
    // A rule that speaks of the deal has no attributes.
    let mend = "declare it as `[metric.region]`; text stands in quotes";
    refused(
        |text| Covenant::parse(text, &vocabulary()),
        "arr_usd > 3 => «region» == \"EU\"",
        "there is no metric `region`",
        mend,
    );
}

#[test]
fn bounds_hold() {
    let parse = |text: &str| Condition::parse(text, &vocabulary());
    assert_eq!(
        parse(&"(".repeat(200)).unwrap_err().to_string(),
        "brackets and operators nest at most 40 deep"
    );
    let many = vec!["ipo"; 300].join(" and ");
    assert_eq!(parse(&many).unwrap_err().to_string(), "an expression has at most 250 parts");
    let long = format!("ipo{}", " ".repeat(4_000));
    assert_eq!(parse(&long).unwrap_err().to_string(), "an expression has at most 4,000 bytes");
    assert!(parse(&vec!["ipo"; 100].join(" and ")).is_ok());
}

#[test]
fn a_fault_is_found_again_in_its_file() {
    let file = "[[tranche]]\nid = \"T2\"\nwhen = \"arr_us >= 40e9\"\n";
    let span = file.find("\"arr_us").unwrap()..file.rfind('\n').unwrap();
    let text = "arr_us >= 40e9";
    let fault = Condition::parse(text, &vocabulary()).unwrap_err();
    let error = fault.clone().in_file(file, span.clone(), text);
    assert_eq!(error.span.clone().map(|span| &file[span]), Some("arr_us"));
    let place = error.place(file).unwrap();
    assert_eq!((place.line, place.column), (3, 9));
    // With escapes between, the whole value is meant.
    assert_eq!(fault.in_file(file, span.clone(), "arr_us  >= 40e9").span, Some(span));
}
