//! The accounting view of deal files: what it takes from the file, what it asks for, and what it refuses.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use contract::{Deal, Decimal, Ratio};
use finance::Error;
use finance::accounting::{Assumptions, Classification, Form, Part, Question, Treatment, View, view};

/// A deal from 20 April 2026 for so many years, with these clauses.
fn deal(years: u32, clauses: &str) -> Deal {
    let text = format!(
        "schema = \"offtake.contract/1\"\nid = \"d\"\nversion = 1\nknown_from = 2026-04-20T00:00:00Z\n\
         effective = {{ from = 2026-04-20, to = {}-04-20 }}\ncurrency = \"USD\"\n\
         [[party]]\nid = \"cloud\"\nroles = [\"vendor\", \"investor\"]\n\
         [[party]]\nid = \"lab\"\nroles = [\"customer\", \"issuer\"]\n{clauses}",
        2026 + years
    );
    Deal::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

const RAMP: &str = r#"
[[tranche]]
id = "T1"
amount = "5000"
when = "at_signing"
[[commitment]]
id = "spend"
schedule = [{ y = 1, min = "200" }, { y = 2, min = "300" }, { y = 3, min = "500" }]
shortfall = { settle = "pay", becomes = "credit", share = "0.5" }
"#;

fn decimal(text: &str) -> Option<Decimal> {
    Some(text.parse().unwrap())
}

fn w(number: i128) -> Ratio {
    Ratio::whole(number)
}

fn of(deal: &Deal, assumed: &Assumptions) -> View {
    view(deal, assumed).unwrap()
}

/// What a part lacks.
fn lacks<T: std::fmt::Debug>(part: &Part<T>) -> &'static str {
    match part {
        Part::Missing { give, .. } => give,
        Part::Shown(part) => panic!("{part:?}"),
    }
}

#[test]
fn the_file_is_asked_first_and_what_it_lacks_is_named() {
    let bare = of(&deal(3, ""), &Assumptions::default());
    assert!(lacks(&bare.allocation).contains("--fair-value AMOUNT"));
    assert!(lacks(&bare.obligations).contains("--spend AMOUNT"));
    assert!(lacks(&bare.leases).contains("[[capacity]]"));
    assert!(lacks(&bare.warrants).contains("--warrant-value AMOUNT"));
    assert!(lacks(&bare.shortfall).contains("[[commitment]]"));
    for (fair_value, cash, missing) in
        [(decimal("1"), None, "--cash"), (decimal("1"), decimal("1"), "--spend")]
    {
        let half = of(&deal(3, ""), &Assumptions { fair_value, cash, ..Assumptions::default() });
        assert!(lacks(&half.allocation).contains(missing));
    }
    let endless = Deal::parse(
        "schema = \"offtake.contract/1\"\nid = \"d\"\nversion = 1\nknown_from = 2026-04-20T00:00:00Z\n\
         effective = { from = 2026-04-20 }\ncurrency = \"USD\"\n[[party]]\nid = \"p\"\n",
    )
    .unwrap();
    let given = Assumptions {
        fair_value: decimal("4"),
        cash: decimal("5"),
        spend: decimal("100"),
        ..Assumptions::default()
    };
    assert!(lacks(&of(&endless, &given).schedule).contains("--term YEARS"));
    let spread = of(&endless, &Assumptions { years: Some(4), ..given });
    let years = spread.schedule.shown().unwrap();
    assert_eq!((years.len(), years[3].to.to_string().as_str()), (4, "2030-04-20"));
    assert_eq!(years[3].line.amortised, Ratio::new(1, 4));
}

#[test]
fn the_concession_follows_the_stated_minimums() {
    let all = of(&deal(3, RAMP), &Assumptions { fair_value: decimal("4990"), ..Assumptions::default() });
    let allocation = &all.allocation.shown().unwrap().allocation;
    assert_eq!((allocation.concession, allocation.transaction_price), (w(10), w(990)));
    let taken_off: Vec<Ratio> =
        all.schedule.shown().unwrap().iter().map(|year| year.line.amortised).collect();
    assert_eq!(taken_off, [w(2), w(3), w(5)]);
    let owed = all.obligations.shown().unwrap();
    assert_eq!(owed.purchase.next[..3], [w(200), w(300), w(500)]);
    assert_eq!(owed.remaining.shown().unwrap().total, w(990));
    assert!(all.tranches[0].booking.booked);
}

#[test]
fn a_larger_expected_spend_keeps_the_shape_and_the_fixed_obligation() {
    let assumed =
        Assumptions { fair_value: decimal("4990"), spend: decimal("2000"), ..Assumptions::default() };
    let all = of(&deal(3, RAMP), &assumed);
    let revenues: Vec<Ratio> = all.schedule.shown().unwrap().iter().map(|year| year.line.revenue).collect();
    assert_eq!(revenues, [w(400), w(600), w(1000)]);
    assert_eq!(all.allocation.shown().unwrap().allocation.effective_discount, Ratio::new(1, 200));
    assert_eq!(all.obligations.shown().unwrap().purchase.total, w(1000), "only minimums are owed");
}

#[test]
fn obligations_are_counted_from_the_day_given() {
    let assumed = Assumptions { as_of: Some("2027-04-20".parse().unwrap()), ..Assumptions::default() };
    let all = of(&deal(3, RAMP), &assumed);
    let owed = all.obligations.shown().unwrap();
    assert_eq!((owed.purchase.total, owed.purchase.next[0]), (w(800), w(300)));
    assert!(lacks(&owed.remaining).contains("allocation"));
}

#[test]
fn a_shortfall_is_shown_both_ways_and_the_agreed_one_is_marked() {
    let sample = of(&deal(3, RAMP), &Assumptions::default());
    let lines = sample.shortfall.shown().unwrap();
    assert_eq!((lines[0].treatment, lines[0].agreed), (Treatment::Forfeit, Some(false)));
    assert_eq!((lines[1].treatment, lines[1].agreed), (Treatment::Credit(Ratio::new(1, 2)), Some(true)));
    assert_eq!((lines[1].year.cash, lines[1].year.liability), (w(100), w(50)));
    let assumed = Assumptions {
        used: decimal("260"),
        year: Some(2),
        breakage: decimal("0.25"),
        ..Assumptions::default()
    };
    let second = of(&deal(3, RAMP), &assumed);
    let line = &second.shortfall.shown().unwrap()[1];
    assert_eq!((line.year.shortfall, line.year.revenue, line.year.liability), (w(40), w(280), w(20)));
    assert_eq!(line.breakage.unwrap().expected, w(5));
    let beyond = of(&deal(3, RAMP), &Assumptions { year: Some(4), ..assumed });
    assert!(lacks(&beyond.shortfall).contains("--year"));
}

#[test]
fn grants_are_screened_by_their_clause_and_by_answers() {
    let clauses = r#"
[[capacity]]
id = "pool"
unit = "GW"
identified_asset = { named_site = false, vendor_may_substitute = true }
[[capacity]]
id = "pod"
unit = "GW"
identified_asset = { named_site = true, vendor_may_substitute = false }
[[capacity]]
id = "tokens"
unit = "tokens_per_minute"
input = 1000
"#;
    let deal = deal(3, clauses);
    let classes = |answers: &[(&str, Question, bool)]| {
        let answers = answers.iter().map(|(grant, question, yes)| ((*grant).to_owned(), *question, *yes));
        let all = of(&deal, &Assumptions { answers: answers.collect(), ..Assumptions::default() });
        let leases = all.leases.shown().unwrap();
        leases.iter().map(|lease| (lease.screen.classification, lease.stated)).collect::<Vec<_>>()
    };
    use Classification::{Lease, Service, ServiceByDefault};
    assert_eq!(classes(&[]), [(Service, true), (ServiceByDefault, true), (Service, false)]);
    let control = [
        ("pod", Question::Share, true),
        ("pod", Question::Benefits, true),
        ("pod", Question::Direction, true),
    ];
    assert_eq!(classes(&control)[1].0, Lease);
    let shared = [control[0], control[1], control[2], ("pod", Question::Share, false)];
    assert_eq!(classes(&shared)[1].0, Service, "the later answer holds");
    let unknown =
        Assumptions { answers: vec![("hall".to_owned(), Question::Asset, true)], ..Assumptions::default() };
    assert!(matches!(view(&deal, &unknown), Err(Error::Unknown { .. })));
}

#[test]
fn stock_is_given_as_stock_and_warrants_stand_apart() {
    let clauses = r#"
[metric.purchases]
kind = "money"
source = "attested"
flow = true
period = "quarter"
attestor = "cloud"
[[tranche]]
id = "stock"
amount = "350"
instrument = "stock"
from = "cloud"
to = "lab"
when = 2026-05-01
[[tranche]]
id = "warrant"
amount = "1"
instrument = "warrant"
from = "cloud"
to = "lab"
shares = "60"
strike = "1.50"
when = "at_signing"
vests_on = { metric = "purchases", full_at = "1000", at_once = "0.166666666667" }
[[commitment]]
id = "spend"
total = "11900"
"#;
    let assumed =
        Assumptions { fair_value: decimal("0"), warrant_value: decimal("300"), ..Assumptions::default() };
    let all = of(&deal(5, clauses), &assumed);
    let shown = all.allocation.shown().unwrap();
    assert_eq!((shown.exchange.given, shown.exchange.form), (w(350), Form::OwnShares));
    assert_eq!(shown.allocation.effective_discount, Ratio::new(1, 34));
    assert_eq!(all.tranches.len(), 1, "a warrant is no tranche of money");
    let warrant = &all.warrants.shown().unwrap()[0];
    assert_eq!(
        (warrant.terms.unwrap().immediate, warrant.terms.unwrap().purchases_per_share()),
        (w(10), w(20))
    );
    assert_eq!(warrant.worth.shown().unwrap().discount, Ratio::new(3, 10));
}

#[test]
fn a_letter_of_intent_books_nothing() {
    let text = "\n[[tranche]]\nid = \"T1\"\namount = \"5\"\nwhen = \"at_signing\"\n";
    let mut letter = deal(1, text);
    letter.binding = contract::deal::Binding::Loi;
    let all = of(&letter, &Assumptions::default());
    assert!(!all.tranches[0].booking.booked);
    assert!(all.notes[0].contains("letter of intent") && all.notes[0].contains("606-10-25-1"));
}

#[test]
fn parameters_out_of_range_are_refused() {
    let all = |assumed: Assumptions| view(&deal(3, RAMP), &assumed).is_err();
    assert!(all(Assumptions { years: Some(0), ..Assumptions::default() }));
    assert!(all(Assumptions { fair_value: decimal("-1"), ..Assumptions::default() }));
    assert!(all(Assumptions { fair_value: decimal("1"), spend: decimal("0"), ..Assumptions::default() }));
    assert!(all(Assumptions { breakage: decimal("1"), ..Assumptions::default() }));
    assert!(all(Assumptions {
        warrant_value: decimal("1"),
        warrant_purchases: decimal("0"),
        ..Assumptions::default()
    }));
}
