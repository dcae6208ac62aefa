//! Clauses beside commitments and tranches: shares of revenue, warrants, what converts, what late capacity gives; each
//! against what it comes to by hand.

use super::{deal, near, run, scenario};
use sampling::closed;

const SPEND: &str =
    "[[commitment]]\nid = \"s\"\nschedule = [{ y = 1, min = \"1\" }, { y = 2, min = \"1\" }]\n";

#[test]
fn a_share_of_revenue_is_paid_until_its_cap_in_its_window() {
    let clause = |cap: &str, window: &str| {
        format!(
            "{SPEND}[metric.revenue]\nkind = \"money\"\nsource = \"attested\"\nattestor = \"c\"\nflow = true\n\
             [[revenue_share]]\nid = \"r\"\npayer = \"c\"\npayee = \"v\"\nof = \"revenue\"\nshare = \"0.2\"\n{cap}{window}"
        )
    };
    let scenario = scenario("[demand]\nstart_per_month = 100.0\n[revenue]\nover_list_spend = 3.0\n");
    // 60 a month.
    let (none, early) = ("", "window = { from = 2026-03-01, to = 2026-12-31 }\n");
    for (cap, window, paid, capped, by_year) in [
        ("", none, 1_440.0, 0.0, [720.0, 720.0]),
        ("cap = \"900\"\n", none, 900.0, 1.0, [720.0, 180.0]),
        ("cap = \"900\"\n", early, 600.0, 0.0, [600.0, 0.0]),
    ] {
        let forecast = run(&deal(2, &clause(cap, window)), &scenario, 1);
        let [share] = forecast.revenue_shares.as_slice() else { panic!("{:?}", forecast.revenue_shares) };
        near("paid", share.paid.mean, paid, 1e-9);
        near("in all", forecast.totals.revenue_shared.p50, paid, 0.02);
        assert_eq!(share.capped_probability.mean, capped);
        near("year 1", share.by_year[0], by_year[0], 1e-9);
        assert!((share.by_year[1] - by_year[1]).abs() < 1e-6, "{:?}", share.by_year);
        let value = |id: &str| forecast.parties.iter().find(|party| party.id == id).unwrap().value.mean;
        // Serving costs the vendor what it is paid for usage: what is left is the share.
        near("vendor", value("v"), paid, 1e-9);
        near("customer", value("c"), -2_400.0 - paid, 1e-9);
    }
}

fn warrant(more: &str) -> String {
    format!(
        "{SPEND}[metric.price]\nkind = \"price\"\nsource = \"market\"\n\
         [metric.bought]\nkind = \"money\"\nsource = \"attested\"\nattestor = \"v\"\nflow = true\n\
         [[tranche]]\nid = \"w\"\namount = \"150\"\ninstrument = \"warrant\"\nfrom = \"v\"\nto = \"c\"\n\
         shares = \"10\"\nstrike = \"15\"\nwhen = \"at_signing\"\n{more}"
    )
}

#[test]
fn a_warrant_is_a_call_on_the_givers_value() {
    for (volatility, price) in [(0.0, 20.0), (0.0, 12.0), (0.5, 20.0), (0.5, 12.0)] {
        let scenario = scenario(&format!(
            "[demand]\nstart_per_month = 1.0\n[equity]\nshare_price = {price}\nvolatility = {volatility}\n"
        ));
        let forecast = run(&deal(2, &warrant("")), &scenario, 65_536);
        let wanted = match volatility {
            0.0 => 10.0 * f64::max(price - 15.0, 0.0),
            _ => 10.0 * closed::call(price, 15.0, volatility * 2.0_f64.sqrt()),
        };
        let held = forecast.totals.equity_held.mean;
        assert!((held - wanted).abs() <= 0.005 * wanted, "{volatility} {price}: {held}, not {wanted}");
        // What one holds, the other has given.
        let holds = |id: &str| {
            let party = forecast.parties.iter().find(|party| party.id == id).unwrap();
            party.value_with_equity.mean - party.value.mean
        };
        assert!((holds("c") + holds("v")).abs() < 1e-6 * wanted.max(1.0));
    }
}

#[test]
fn what_vests_with_purchases_vests_in_proportion() {
    let more = "vests_on = { metric = \"bought\", full_at = \"1200\", at_once = \"0.25\" }\n";
    let scenario = scenario("[demand]\nstart_per_month = 50.0\n[equity]\nshare_price = 20.0\n");
    let forecast = run(&deal(3, &warrant(more)), &scenario, 1);
    let years: Vec<f64> = forecast.milestones[0].by_year.iter().map(|by| by.probability).collect();
    for (seen, wanted) in years.iter().zip([0.25 + 0.75 * 0.5, 1.0, 1.0]) {
        near("vested", *seen, wanted, 1e-9);
    }
    near("held", forecast.totals.equity_held.mean, 50.0, 1e-9);
    // Of what nobody says anything, only what vests at once does.
    let unknown = warrant(more).replace(
        "kind = \"money\"\nsource = \"attested\"\nattestor = \"v\"\nflow = true",
        "kind = \"count\"\nsource = \"market\"",
    );
    let forecast = run(&deal(3, &unknown), &scenario, 1);
    near("at once", forecast.totals.equity_held.mean, 12.5, 1e-9);
    assert!(forecast.notes.iter().any(|note| note.contains("no more of it vests")), "{:?}", forecast.notes);
}

#[test]
fn what_converts_does_at_the_cap_or_the_discount() {
    let note = |terms: &str| {
        format!(
            "{SPEND}[[tranche]]\nid = \"n\"\namount = \"100\"\nfrom = \"v\"\nto = \"c\"\nwhen = \"at_signing\"\n\
             convertible = {{ rate = \"0.1\", {terms} }}\n"
        )
    };
    let owed = 121.0;
    for (terms, value, wanted) in [
        ("discount = \"0.2\"", 1_000.0, owed / 0.8),
        ("discount = \"0.2\", cap = \"500\"", 1_000.0, owed * 2.0),
        ("discount = \"0.2\", cap = \"5000\"", 1_000.0, owed / 0.8),
        ("maturity = 2027-01-01", 1_000.0, 110.0),
    ] {
        let scenario = scenario(&format!("[demand]\nstart_per_month = 1.0\n[equity]\nstart = {value}\n"));
        let forecast = run(&deal(2, &note(terms)), &scenario, 1);
        near(terms, forecast.totals.equity_held.mean, wanted, 1e-9);
    }
    // What is lent after it would have fallen due converts at once; money does not get lost.
    let late = note("maturity = 2026-06-30").replace("when = \"at_signing\"", "when = 2027-03-01");
    let flat = scenario("[demand]\nstart_per_month = 1.0\n[equity]\nstart = 1000.0\n");
    near("late", run(&deal(2, &late), &flat, 1).totals.equity_held.mean, 100.0, 1e-9);
    // From when it falls due it moves with the issuer.
    let scenario = scenario("[demand]\nstart_per_month = 1.0\n[equity]\nstart = 1000.0\ngrowth = 0.5\n");
    let forecast = run(&deal(2, &note("maturity = 2027-01-01")), &scenario, 1);
    near("moves", forecast.totals.equity_held.mean, 110.0 * 1.5, 1e-9);
}

#[test]
fn late_capacity_lowers_the_minimum_by_what_was_not_there() {
    let grant = "[[commitment]]\nid = \"s\"\nschedule = [{ y = 1, min = \"1200\" }, { y = 2, min = \"1200\" }]\n\
        [[capacity]]\nid = \"g\"\nunit = \"GW\"\nceiling = \"2\"\n\
        ramp = [{ by = 2026-06-30, at_least = \"1\" }, { by = 2026-12-31, at_least = \"2\" }]\n";
    let late = "late = { per_week = \"0.005 of monthly fee\", cap = \"0.10\", relief = \"reduce_year_min_pro_rata\" }\n";
    let scenario = |months: f64| {
        scenario(&format!(
            "[demand]\nstart_per_month = 1.0\n[capacity]\nstart_share = 0.0\ndelay_months = {months}\n"
        ))
    };
    let relief = |rest: &str, months: f64| {
        let forecast = run(&deal(2, &format!("{grant}{rest}")), &scenario(months), 1);
        let year = |year: usize| {
            let year = &forecast.commitments[0].years[year];
            (year.minimum_relief.mean, year.shortfall.mean)
        };
        [year(0), year(1)]
    };
    assert_eq!(relief("", 3.0).map(|year| year.0), [0.0, 0.0], "nothing is given where nothing is agreed");
    let [(first, short), (second, _)] = relief(late, 0.0);
    assert!(
        first.abs() < 5.0 && second.abs() < 5.0 && (short - 1_188.0).abs() < 5.0,
        "{first} {second} {short}"
    );
    // Three months late: what comes each month, in months of 365.25 / 12 days, beside what was due.
    let month = |days: f64| days * 12.0 / 365.25;
    let (june, december) = (month(180.0), month(364.0));
    let planned = |at: f64| if at < june { at / june } else { 1.0 + (at - june) / (december - june) };
    let missing = |due: f64, at: f64| f64::max(due - planned(at - 3.0), 0.0) / due;
    let wanted = (missing(1.0, 7.0) + missing(1.0, 8.0)) * 31.0 / 365.0 * 1_200.0;
    let then = (missing(2.0, 13.0) * 31.0 + missing(2.0, 14.0) * 28.0) / 365.0 * 1_200.0;
    let [(first, short), (second, _)] = relief(late, 3.0);
    near("first", first, wanted, 1e-9);
    near("second", second, then, 1e-9);
    near("short", short, 1_200.0 - first - 12.0, 1e-9);
}
