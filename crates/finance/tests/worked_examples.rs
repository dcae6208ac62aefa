//! The worked examples of the field, each under its number. Those of a contract year (E04, E05, E07) and of
//! milestones (E09) are tests of `contract`, E23 of `actus`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use contract::{Day, Ratio};
use finance::accounting::{
    Account, Breakage, Exchange, Form, InReturn, Side, Treatment, VestOnPurchase, allocate, breakage,
    equity_received, revenue_entry, shortfall, vendor_entry,
};
use finance::apportion::{largest_remainder, positional};
use finance::capacity::{gigawatts_funded, per_gigawatt_year, per_kilowatt_hour};
use finance::circularity::Circle;
use finance::commitment::{
    Exit, ExitKind, break_even_usage, clawback, compare, discount_factors, exit_cost, prorated, take_or_pay,
    true_up, unit_break_even, units_needed,
};
use finance::concentration::{
    Provider, effective_providers, herfindahl, lock_in, portable_share, stuck_shares,
};
use finance::credit::{Grant, draw};
use finance::exposure::{Chance, expected_independent, expected_nested, maximum};
use finance::rating::{
    DatedPrice, Document, Event, Tier, Unused, cap, documents, graduated, graduated_total, package, rated,
    volume,
};
use finance::returns::{Flow, multiples, npv, payback, xirr};
use finance::selfhost::Node;
use units::{Currency, Timestamp};

/// A decimal number, or a fraction such as `1/3`.
fn r(text: &str) -> Ratio {
    let number = |text: &str| text.parse::<contract::Decimal>().unwrap().ratio();
    text.split_once('/').map_or_else(|| number(text), |(num, den)| number(num) / number(den))
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn moment(text: &str) -> Timestamp {
    day(text).start()
}

#[track_caller]
fn near(number: f64, expected: f64, tolerance: f64) {
    assert!((number - expected).abs() < tolerance, "{number} is not {expected}");
}

/// An exact number, as it is printed to six places.
#[track_caller]
fn prints(number: Ratio, expected: &str) {
    assert_eq!(number.to_decimal(6, 0).as_deref(), Some(expected));
}

#[test]
fn e01_a_batch_of_requests_is_rated_in_whole_pico_dollars() {
    let rate = |text| price::rate_per_million(text).unwrap();
    let rates = units::TokenRates {
        input: rate("3.00"),
        cache_read: rate("0.30"),
        cache_write_5m: rate("3.75"),
        output: rate("15.00"),
        ..units::TokenRates::default()
    };
    let price = price::Price::new("m".parse().unwrap(), Currency::USD, None, rates);
    let none = units::TokenCounts::default();
    let lines = [
        (units::TokenCounts { input: 12_345_678, ..none }, 37_037_034_000_000),
        (units::TokenCounts { cache_read: 1_234_567, ..none }, 370_370_100_000),
        (units::TokenCounts { cache_write_5m: 345_678, ..none }, 1_296_292_500_000),
        (units::TokenCounts { output: 456_789, ..none }, 6_851_835_000_000),
    ];
    let mut all = none;
    for (tokens, pico) in lines {
        assert_eq!(price::rate(&tokens, &price).unwrap().pico(), pico, "{tokens:?}");
        all = all.checked_add(&tokens).unwrap();
    }
    let total = price::rate(&all, &price).unwrap();
    assert_eq!((total.pico(), total.to_decimal().as_str()), (45_555_531_600_000, "45.5555316"));
    assert_eq!(Ratio::new(total.pico(), 10_000_000_000).round_half_even(), Some(4_556), "cents");
}

#[test]
fn e02_cents_are_split_by_largest_remainder() {
    let lines = [37_037_034, 370_370, 1_296_293, 6_851_835];
    assert_eq!(largest_remainder(4_556, &lines).unwrap(), [3_704, 37, 130, 685]);
    assert_eq!(positional(4_556, &lines).unwrap(), [3_705, 37, 129, 685]);
    assert_eq!(largest_remainder(100, &[1, 1, 1]).unwrap(), [34, 33, 33]);
    assert_eq!(positional(100, &[1, 1, 1]).unwrap(), [34, 33, 33]);
}

fn tiers(rows: &[(&str, &str, &str)]) -> Vec<Tier> {
    let tier = |(top, rate, flat): &(&str, &str, &str)| Tier {
        up_to: (!top.is_empty()).then(|| r(top)),
        rate: r(rate),
        flat: r(flat),
    };
    rows.iter().map(tier).collect()
}

#[test]
fn e03_tiers_charge_as_published() {
    let steps = tiers(&[("10", "10", "2"), ("20", "5", "3"), ("", "5", "3")]);
    for (units, due) in [("0", "2"), ("1", "12"), ("10", "102"), ("11", "110"), ("12", "115"), ("21", "163")]
    {
        assert_eq!(graduated_total(&steps, r(units), Unused::FirstFlat), r(due), "graduated, {units}");
    }
    assert_eq!(graduated_total(&steps, Ratio::ZERO, Unused::Free), Ratio::ZERO);
    let whole = tiers(&[("100", "2", "10"), ("200", "1", "0"), ("", "0.5", "50")]);
    for (units, due) in [
        ("0", "10"),
        ("1", "12"),
        ("100", "210"),
        ("100.5", "100.5"),
        ("101", "101"),
        ("200", "200"),
        ("300", "200"),
        ("210", "155"),
    ] {
        assert_eq!(volume(&whole, r(units)), r(due), "volume, {units}");
    }
    let shares = tiers(&[("10", "0.01", "200"), ("20", "0.02", "300"), ("", "0.03", "400")]);
    for (amount, due) in
        [("0", "200"), ("1", "200.01"), ("10", "200.1"), ("11", "500.12"), ("12", "500.14"), ("21", "900.33")]
    {
        assert_eq!(graduated_total(&shares, r(amount), Unused::FirstFlat), r(due), "percentage, {amount}");
    }
    assert_eq!(package(r("121"), r("0"), r("10"), r("100")), r("1300"));
    assert_eq!(package(r("121"), r("10"), r("10"), r("100")), r("1200"));
}

#[test]
fn e03_an_invoice_in_between_is_followed_by_the_difference() {
    let steps = tiers(&[("5", "0", "100"), ("10", "0", "50"), ("15", "5", "0"), ("", "1", "0")]);
    let amounts = |from: &str, to: &str| {
        graduated(&steps, r(from), r(to)).iter().map(|line| (line.tier, line.amount)).collect::<Vec<_>>()
    };
    assert_eq!(graduated_total(&steps, r("22"), Unused::Free), r("182"));
    assert_eq!(amounts("0", "12"), [(0, r("100")), (1, r("50")), (2, r("10"))]);
    assert_eq!(amounts("12", "22"), [(2, r("15")), (3, r("7"))]);
    let mut lines = graduated(&steps, r("12"), r("22"));
    cap(&mut lines, r("160"), r("170"));
    let capped: Vec<(Ratio, Ratio)> = lines.iter().map(|line| (line.amount, line.discount)).collect();
    assert_eq!(capped, [(r("10"), r("5")), (r("0"), r("7"))]);
    assert_eq!(true_up(r("1000"), r("100")), r("900"), "a minimum, on the last line");
}

#[test]
fn e06_a_shortfall_is_forfeited_or_kept_as_credit() {
    let (minimum, used) = (r("1000"), r("820"));
    let forfeit = shortfall(minimum, used, Treatment::Forfeit);
    assert_eq!((forfeit.shortfall, forfeit.cash), (r("180"), r("1000")));
    assert_eq!((forfeit.revenue, forfeit.liability), (r("1000"), r("0")));
    let credit = shortfall(minimum, used, Treatment::Credit(Ratio::ONE));
    assert_eq!((credit.cash, credit.revenue, credit.liability), (r("1000"), r("820"), r("180")));
    let expected = breakage(credit.liability, r("0.25")).unwrap();
    let wanted = Breakage { liability: r("180"), expected: r("45"), rights: r("135"), for_each: r("1/3") };
    assert_eq!(expected, wanted);
    assert_eq!(expected.redeem(r("90")), (r("120"), r("60")));
    assert_eq!(expected.redeem(r("135")), (r("180"), r("0")), "all rights used, nothing is owed");
}

#[test]
fn e08_credits_are_drawn_by_priority_expiry_age_and_id() {
    let grant = |id: &str, balance, priority, expires: Option<&str>, created: &str| Grant {
        id: id.to_owned(),
        balance,
        priority,
        expires: expires.map(moment),
        created: moment(created),
    };
    let grants = [
        grant("promo", 50, 1, Some("2026-03-01"), "2026-01-02"),
        grant("prepaid-A", 100, 2, Some("2026-12-31"), "2026-01-01"),
        grant("prepaid-B", 100, 2, Some("2026-06-30"), "2026-01-05"),
        grant("commit", 1000, 3, None, "2026-01-01"),
    ];
    let drawn = draw(&grants, 230, moment("2026-02-01"));
    let burned: Vec<(&str, i128)> = drawn.burned.iter().map(|(id, taken)| (id.as_str(), *taken)).collect();
    assert_eq!(burned, [("promo", 50), ("prepaid-B", 100), ("prepaid-A", 80)]);
    let left: Vec<i128> = drawn.left.iter().map(|grant| grant.balance).collect();
    assert_eq!((left.as_slice(), drawn.uncovered), ([0, 20, 0, 1000].as_slice(), 0));
    let short = draw(&grants[..1], 100, moment("2026-02-01"));
    assert_eq!(short.uncovered, 50, "what no credit covers is invoiced");
    assert_eq!(draw(&grants[..1], 100, moment("2026-03-01")).uncovered, 100, "expired from its day on");
}

/// The flows of E10 in millions: money put in from the given place on, and 35 % of each year's spend at its end.
fn e10_flows(from: usize) -> Vec<Flow<Ratio>> {
    let paid = [
        ("2023-09-25", "-1250"),
        ("2024-03-27", "-2750"),
        ("2024-11-22", "-4000"),
        ("2026-04-20", "-5000"),
        ("2027-04-20", "-5000"),
        ("2028-04-20", "-5000"),
        ("2029-04-20", "-5000"),
        ("2030-04-20", "-5000"),
    ];
    let spend = ["4000", "6000", "8000", "9000", "10000", "11000", "12000", "13000", "13500", "13500"];
    let paid = paid[from..].iter().map(|(on, amount)| Flow { day: day(on), amount: r(amount) });
    let earned = (1..)
        .zip(spend)
        .map(|(year, spend)| Flow { day: day("2026-04-20").plus_years(year), amount: r(spend) * r("0.35") });
    paid.chain(earned).collect()
}

#[test]
fn e10_four_times_is_revenue_and_the_margin_returns_less() {
    let floats = |flows: &[Flow<Ratio>]| flows.iter().map(|flow| flow.to_f64()).collect::<Vec<_>>();
    let (all, new) = (e10_flows(0), e10_flows(3));
    let (spend, margin) = (r("100000"), r("35000"));
    prints(spend / r("25000"), "4");
    prints(spend / r("33000"), "3.030303");
    prints(margin / r("25000"), "1.4");
    let of_all = multiples(r("33000"), margin, r("33000"));
    prints(of_all.dpi, "1.060606");
    prints(of_all.tvpi, "2.060606");
    assert_eq!((of_all.moic, of_all.rvpi), (of_all.tvpi, Ratio::ONE));
    let rate = |flows: &[Flow<Ratio>]| xirr(&floats(flows), 0.10).rate().unwrap();
    for (flows, exact, pyxirr) in [
        (&all, 0.011_210_928_776_753_684, 0.011_210_928_776_748_293),
        (&new, 0.084_264_147_352_095_52, 0.084_264_147_157_147_99),
    ] {
        near(rate(flows), exact, 1e-13); // mpmath, 40 digits
        near(rate(flows), pyxirr, 1e-9); // pyxirr 0.10.8, whose search stops a little earlier
    }
    // pyxirr 0.10.8.
    near(npv(0.10, day("2026-04-20"), &floats(&new)), -1_141.034_840_712_297, 1e-8);
    assert_eq!(payback(&new), Some(day("2034-04-20")));
}

#[test]
fn e11_the_allocation_is_signed() {
    let spend = r("100000");
    let check = |given: &str, received: Ratio, spend: Ratio, form, expected: [&str; 3]| {
        let exchange = Exchange { given: r(given), form, received, committed_spend: spend };
        let allocation = allocate(&exchange, InReturn::Nothing).unwrap();
        let got = (allocation.concession, allocation.transaction_price, allocation.effective_discount);
        assert_eq!(got, (r(expected[0]), r(expected[1]), r(expected[2])), "{exchange:?}");
        (exchange, allocation)
    };
    let at = |fair: &str| equity_received(r("5000"), r("350"), r(fair), Ratio::ZERO);
    let (exchange, allocation) = check("5000", r("4000"), spend, Form::Cash, ["1000", "99000", "1/100"]);
    let journal = vendor_entry(&exchange, &allocation, Currency::USD).unwrap();
    let lines: Vec<(Account, Side, String)> =
        journal.lines.iter().map(|line| (line.account, line.side, line.amount.to_decimal())).collect();
    let wanted = [
        (Account::CustomerConsideration, Side::Debit, "1000.00".to_owned()),
        (Account::EquityHolding, Side::Debit, "4000.00".to_owned()),
        (Account::Cash, Side::Credit, "5000.00".to_owned()),
    ];
    assert_eq!(lines, wanted);
    let served = revenue_entry(&allocation, r("2500"), Currency::USD).unwrap();
    let contra = served.lines.iter().find(|line| line.account == Account::ContraRevenue).unwrap();
    assert_eq!((contra.side, contra.amount.to_decimal().as_str()), (Side::Debit, "25.00"));
    let (_, b) = check("5000", at("800"), spend, Form::Cash, ["-45000/7", "745000/7", "-9/140"]);
    prints(b.effective_discount * r("100"), "-6.428571");
    let (_, b2) = check("5000", at("900"), spend, Form::Cash, ["-55000/7", "755000/7", "-11/140"]);
    prints(b2.effective_discount * r("100"), "-7.857143");
    check("25000", r("25000"), spend, Form::Cash, ["0", "100000", "0"]);
    let (_, d) = check("350", Ratio::ZERO, r("11900"), Form::OwnShares, ["350", "11550", "1/34"]);
    prints(d.effective_discount * r("100"), "2.941176");
}

#[test]
fn e12_warrants_that_vest_on_purchases_are_a_discount() {
    let amd = VestOnPurchase {
        shares: r("160e6"),
        strike: r("0.01"),
        immediate: Ratio::ZERO,
        purchases: r("90e9"),
    };
    assert_eq!(amd.intrinsic(r("164.67")), r("26345600000"));
    assert_eq!(amd.gross(r("600")), r("96000000000"));
    prints(VestOnPurchase::discount(amd.intrinsic(r("164.67")), amd.purchases).unwrap(), "0.292729");
    prints(VestOnPurchase::discount(amd.gross(r("600")), amd.purchases).unwrap(), "1.066667");
    let aoi = VestOnPurchase {
        shares: r("7945399"),
        strike: r("23.6956"),
        immediate: r("1324233"),
        purchases: r("4e9"),
    };
    prints(aoi.immediate_share(), "0.166667");
    prints(aoi.purchases_per_share(), "604.123201");
}

#[test]
fn e13_take_or_pay_and_its_break_even() {
    let factors = discount_factors(0.08, 5);
    near(take_or_pay(&[(Ratio::ONE, r("100")); 5], &factors), 399.271_004, 5e-7);
    assert_eq!(break_even_usage(r("100"), r("0.2")), r("125"));
    let usage = ["60", "80", "100", "120", "140"].map(r);
    let compared = compare(&usage, r("100"), r("0.2"), &factors);
    near(compared.on_demand, 387.011_115, 5e-7);
    near(compared.committed, 407.438_002, 5e-7);
    near(compared.saving, -20.426_887, 5e-7);
}

#[test]
fn e14_a_node_of_ones_own_breaks_even_at_87_percent() {
    let node = Node {
        gpus: r("8"),
        gpu_hour: r("2.50"),
        operations_month: r("6000"),
        input_per_second: r("20000"),
        output_per_second: r("2500"),
        api_input: r("0.30"),
        api_output: r("1.20"),
    };
    let utilisation = r("0.45");
    assert_eq!(node.fixed_month(), r("20600"));
    assert_eq!(node.millions(utilisation), (r("23652"), r("5913/2")));
    assert_eq!(node.api_month(utilisation), r("53217/5"));
    prints(node.break_even_utilisation(), "0.870962");
    prints(node.per_blended_million(utilisation), "0.774189");
    assert_eq!(node.api_per_blended_million(), r("0.4"));
    // Solved for the other side, each gives a node that just breaks even at 45 %.
    let factor = node.break_even_api_factor(utilisation);
    let dearer = Node { api_input: node.api_input * factor, api_output: node.api_output * factor, ..node };
    assert_eq!(dearer.break_even_utilisation(), utilisation);
    let cheaper = Node { gpu_hour: node.break_even_gpu_hour(utilisation), ..node };
    assert_eq!(cheaper.break_even_utilisation(), utilisation);
}

#[test]
fn e15_reserved_units_pay_above_this_utilisation() {
    let month = r("30");
    let one = Ratio::ONE;
    for (price, days, tokens_per_minute, per_million, exact, printed) in [
        ("3800", month, "20000", "5", "95/108", "0.87963"),
        ("1200", month, "2000", "15", "25/27", "0.925926"),
        ("110", one, "30000", "2", "275/216", "1.273148"),
        ("75", one, "25000", "1.25", "5/3", "1.666667"),
    ] {
        let utilisation = unit_break_even(r(price), days, r(tokens_per_minute), r(per_million));
        assert_eq!(utilisation, r(exact), "{price} for {tokens_per_minute}");
        prints(utilisation, printed);
    }
    // docs.x.ai, provisioned throughput: 31,500 input and 12,500 output tokens a minute in a unit of $10 a day.
    let (input, output) = (units_needed(r("100000"), r("31500")), units_needed(r("50000"), r("12500")));
    assert_eq!((input, output, (input + output) * r("10")), (r("4"), r("4"), r("80")));
}

#[test]
fn e16_a_closed_invoice_stays_and_differences_are_documents() {
    let event = |at: &str, quantity: &str, known: &str| Event {
        at: moment(at),
        quantity: r(quantity),
        known_at: moment(known),
    };
    let events = [
        event("2026-10-02", "1000000", "2026-10-02"),
        event("2026-10-20", "2000000", "2026-10-20"),
        event("2026-10-30", "500000", "2026-11-04"),
    ];
    let price = |from: &str, rate: &str, known: &str| DatedPrice {
        from: moment(from),
        rate: r(rate),
        known_at: moment(known),
    };
    let prices = [price("2026-01-01", "3e-6", "2026-01-01"), price("2026-10-15", "2.4e-6", "2026-11-10")];
    let closed = moment("2026-11-01");
    assert_eq!(rated(&events, &prices, closed), r("9"));
    assert_eq!(rated(&events, &prices, moment("2026-11-05")), r("10.5"));
    assert_eq!(rated(&events, &prices, moment("2026-11-11")), r("9"));
    let moments = [closed, moment("2026-11-02"), moment("2026-11-05"), moment("2026-11-11")];
    let wanted = [Document::Invoice(r("9")), Document::Adjustment(r("1.5")), Document::CreditNote(r("-1.5"))];
    assert_eq!(documents(&events, &prices, &moments), wanted);
}

#[test]
fn e17_a_part_year_is_committed_in_part() {
    let days = day("2024-03-05").days_until(day("2025-01-01"));
    assert_eq!(days, 302);
    let committed = prorated(r("1000000"), Ratio::whole(i128::from(days)), r("366"));
    assert_eq!(committed.round_half_even(), Some(825_137));
    assert_eq!(true_up(committed, r("17051")).round_half_even(), Some(808_086));
    assert_eq!(true_up(prorated(r("1000"), r("25"), r("28")), r("800")).round_half_even(), Some(93));
}

#[test]
fn e18_concentration_and_lock_in() {
    let provider = |share, portable| Provider { share: r(share), portable: r(portable) };
    let providers = [provider("0.5", "3/5"), provider("0.3", "4/5"), provider("0.2", "19/20")];
    let index = herfindahl(&providers.map(|provider| provider.share));
    assert_eq!(index, r("3800"));
    prints(effective_providers(index), "2.631579");
    assert_eq!(portable_share(&providers), r("0.73"));
    let stuck = stuck_shares(&providers);
    assert_eq!(stuck, ["0.2", "0.06", "0.01"].map(r));
    assert_eq!(herfindahl(&stuck), r("437"));
    near(lock_in(&providers), 0.166_439, 5e-7);
}

#[test]
fn e19_an_early_exit_piece_by_piece() {
    let exit = Exit {
        remaining: vec![r("100"); 3],
        rate: 0.08,
        fee_share: r("0.5"),
        net_spend: r("240"),
        discount: r("0.2"),
        switching_charges: r("7"),
        eu_customer: true,
    };
    assert_eq!(clawback(r("240"), r("0.2")), r("60"));
    near(take_or_pay(&[(Ratio::ONE, r("100")); 3], &discount_factors(0.08, 3)), 257.709_699, 5e-7);
    let total = |exit: &Exit, on: &str, kind: ExitKind| {
        let pieces = exit_cost(exit, day(on));
        pieces.iter().filter(|piece| piece.kind == kind).map(|piece| piece.amount).sum::<f64>()
    };
    near(exit_cost(&exit, day("2027-01-12"))[0].amount, 128.854_849, 1e-6);
    near(total(&exit, "2027-01-12", ExitKind::Termination), 188.854_849, 1e-6);
    // Regulation (EU) 2023/2854: charged until the day before, free from the day, and only for EU customers.
    near(total(&exit, "2027-01-11", ExitKind::Switching), 7.0, 1e-12);
    near(total(&exit, "2027-01-12", ExitKind::Switching), 0.0, 1e-12);
    let elsewhere = Exit { eu_customer: false, ..exit };
    near(total(&elsewhere, "2027-01-12", ExitKind::Switching), 7.0, 1e-12);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn e20_the_roots_of_rfc_6962() {
    let leaves: [&[u8]; 8] = [
        &[],
        &[0x00],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        &[0x40, 0x41, 0x42, 0x43],
        &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
    ];
    let leaves = leaves.map(|leaf| ledger::merkle::leaf(&[leaf]));
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    for (place, root) in roots.iter().enumerate() {
        assert_eq!(hex(&ledger::merkle::root(&leaves[..=place])), *root);
    }
    let path: Vec<String> =
        ledger::merkle::Levels::new(leaves.to_vec()).path(0).unwrap().iter().map(|hash| hex(hash)).collect();
    let wanted = [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ];
    assert_eq!(path, wanted);
}

#[test]
fn e21_what_a_commitment_buys_in_power() {
    let billion = r("1e9");
    let oracle = per_gigawatt_year(r("300e9"), r("5"), r("4.5"));
    for (spend, years, gigawatts, price, kilowatt_hour, funded) in [
        ("100e9", "10", "5", "2", "0.228311", "0.75"),
        ("100e9", "8", "2", "6.25", "0.71347", "0.9375"),
        ("300e9", "5", "4.5", "13.333333", "1.52207", "4.5"),
    ] {
        let (spend, years) = (r(spend), r(years));
        let each = per_gigawatt_year(spend, years, r(gigawatts));
        prints(each / billion, price);
        prints(per_kilowatt_hour(each), kilowatt_hour);
        prints(gigawatts_funded(spend, years, oracle), funded);
    }
}

#[test]
fn e22_expected_exposure_alone_and_nested() {
    let tranches = ["9/10", "7/10", "1/2", "3/10"].map(|p| Chance { amount: r("5"), probability: r(p) });
    assert_eq!(maximum(r("13"), &tranches), r("33"));
    assert_eq!(expected_independent(r("13"), &tranches), r("25"));
    assert_eq!(expected_nested(r("13"), &tranches), r("9079/400"));
}

#[test]
fn e24_the_circle_is_prefunded_and_the_concession_is_not() {
    for (equity, surplus, concession) in
        [("25000", "35000", "0"), ("50000", "60000", "-1/4"), ("0", "10000", "1/4")]
    {
        let circle = Circle { cash: r("25000"), equity: r(equity), spend: r("100000"), cost: r("65000") };
        assert_eq!(circle.vendor_surplus(), r(surplus), "{equity}");
        assert_eq!(circle.concession(), r(concession), "{equity}");
        assert_eq!(circle.customer_net_cash(), r("75000"));
        assert_eq!(circle.prefunded_share(), r("1/4"));
    }
}
