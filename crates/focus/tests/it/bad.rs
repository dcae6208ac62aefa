//! Files that cannot be used: each is refused at its line, with the mend, and no fact comes of it.

use crate::support::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use focus::{Fault, Import, Known, Options, Place};
use std::io::Write as _;

fn refused(bytes: &[u8], options: Options) -> Fault {
    let mut import = Import::new(options, Known::default());
    import.csv(named("bill.csv", bytes), bytes).expect_err("refused")
}

/// What is said, at which line, about which text.
fn check(text: &str, says: &str, line: u64, about: &str) {
    let fault = refused(text.as_bytes(), options());
    let shown = fault.to_string();
    assert!(shown.contains(says), "{shown:?} does not say {says:?}");
    assert!(!fault.mend.is_empty(), "no mend: {shown}");
    let Place::Line(place) = &fault.place else { panic!("no line: {fault:?}") };
    assert_eq!(place.number, line, "{shown}");
    assert_eq!(&place.text[place.span.clone()], about, "{shown}");
}

#[test]
fn values_that_their_columns_cannot_have() {
    for (row, says, about) in [
        ("ListCost=12,50", "`ListCost` is `12,50`, which is no decimal number", "\"12,50\""),
        ("ListCost=$3", "`ListCost` is `$3`", "$3"),
        ("BilledCost=many", "`BilledCost` is `many`", "many"),
        ("ChargePeriodStart=10/05/2026", "which is no time", "10/05/2026"),
        ("ChargePeriodStart=", "`ChargePeriodStart` is empty", ""),
        ("BillingPeriodStart=October", "`BillingPeriodStart` is `October`", "October"),
        ("ChargeCategory=Rebate", "which is no charge category", "Rebate"),
        ("BillingCurrency=dollars", "which is no currency code", "dollars"),
        ("BillingCurrency=EUR", "this charge is in EUR, and those before it in USD", "EUR"),
        (
            "ChargePeriodStart=2026-12-05T00:00:00Z",
            "begins on 2026-12-05, after 2026-11-25T09",
            "2026-12-05T00:00:00Z",
        ),
    ] {
        check(&Sheet::plain().row("").row(row).csv(), says, 3, about);
    }
}

#[test]
fn another_currency_than_the_deals() {
    let options = Options { currency: "EUR".parse().ok(), ..options() };
    let fault = refused(Sheet::plain().row("").csv().as_bytes(), options);
    assert_eq!(fault.to_string(), "this bill is in USD, and the deal in EUR");
    assert!(matches!(fault.place, Place::Line(line) if line.number == 2));
}

#[test]
fn columns_that_are_missing_or_twice() {
    for column in ["ListCost", "BillingCurrency", "ChargePeriodStart", "ProviderName"] {
        let text = Sheet::plain().without(column).row("").csv();
        let header = text.lines().next().unwrap().to_owned();
        check(&text, &format!("`{column}"), 1, &header);
    }
    let text = Sheet::new(&[V1_0, "ListCost"], "").row("").csv();
    check(&text, "the column `ListCost` stands twice", 1, text.lines().next().unwrap());
}

#[test]
fn another_kind_of_file() {
    for (text, says) in [
        (
            "identity/LineItemId,bill/PayerAccountId,lineItem/UnblendedCost\n1,2,3\n",
            "AWS Cost and Usage Report",
        ),
        ("BilledCost;ListCost;ProviderName\n1;2;x\n", "not separated by commas"),
        ("\u{1}\u{2}binary", "no FOCUS Cost and Usage export"),
        ("{\"not\": \"csv\"}\n", "no FOCUS Cost and Usage export"),
    ] {
        let fault = refused(text.as_bytes(), options());
        assert!(fault.to_string().contains(says), "{fault}");
        assert!(!fault.mend.is_empty(), "{fault}");
    }
    assert_eq!(refused(b"", options()).to_string(), "the file is empty");
    assert!(refused(b"\xff\xfeB\0i\0", options()).to_string().contains("not UTF-8"));
}

#[test]
fn rows_that_do_not_fit_the_header() {
    let text = Sheet::plain().row("").csv();
    let cut = &text[..text.len() - 20];
    let fault = refused(cut.as_bytes(), options());
    assert!(
        fault.to_string().contains("42 fields, and the header has 43")
            || fault.to_string().contains("fields"),
        "{fault}"
    );
    let more = format!("{}{},more\n", text, text.lines().nth(1).unwrap());
    assert!(matches!(refused(more.as_bytes(), options()).place, Place::Line(line) if line.number == 3));
    let mut latin = text.into_bytes();
    let at = latin.windows(8).position(|some| some == b"Machines").unwrap();
    latin[at] = 0xe9;
    assert!(refused(&latin, options()).to_string().contains("not UTF-8"));
}

#[test]
fn a_quote_left_open_is_noticed_before_memory_is_full() {
    let mut text = Sheet::plain().row("").csv();
    text.push_str("\"open,");
    text.push_str(&"x".repeat(9 << 20));
    assert!(refused(text.as_bytes(), options()).to_string().contains("a quote was left open"));
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn gzip_cut_off_or_damaged() {
    let text = (0..500).fold(Sheet::plain(), |sheet, at| sheet.row(&format!("ResourceId=r-{at}"))).csv();
    let whole = gzip(&text);
    let mut import = Import::new(options(), Known::default());
    import.csv(named("bill.csv.gz", &whole), whole.as_slice()).unwrap();
    assert_eq!(import.finish(None).unwrap().summary.rows, 500);

    let cut = refused(&whole[..whole.len() / 2], options());
    assert!(cut.to_string().contains("ends before its end") || cut.to_string().contains("fields"), "{cut}");
    let mut damaged = whole.clone();
    let at = damaged.len() - 6;
    damaged[at] ^= 0xff;
    assert!(refused(&damaged, options()).to_string().contains("damaged"));
    // Files put one after the other are one file of gzip.
    let (first, second) = text.split_at(text.len() / 3);
    let joined = [gzip(first), gzip(second)].concat();
    let mut import = Import::new(options(), Known::default());
    import.csv(named("bill.csv.gz", &joined), joined.as_slice()).unwrap();
    assert_eq!(import.finish(None).unwrap().summary.rows, 500);
}

#[test]
fn what_is_unusual_and_right() {
    let mut sheet = Sheet::plain().row("ListCost=1").row("ListCost=2");
    sheet.rows[0].insert("ChargeDescription".to_owned(), "two\nlines, \"quoted\"".to_owned());
    let plain = sheet.csv();
    let crlf = plain.replace('\n', "\r\n");
    let mark = format!("\u{feff}{plain}");
    let (header, rest) = plain.split_once('\n').unwrap();
    let quoted = format!("\"{}\"\n{rest}", header.replace(',', "\",\""));
    let nulls = plain.replace(",,", ",NULL,").replace(",,", ",NULL,");
    let no_end = plain.trim_end().to_owned();
    for (what, text) in [
        ("plain", plain.clone()),
        ("crlf", crlf),
        ("mark", mark),
        ("quoted", quoted),
        ("nulls", nulls),
        ("no end", no_end),
    ] {
        let mut book = String::new();
        let outcome = import(&mut book, &[&text]);
        assert_eq!(outcome.facts.len(), 1, "{what}");
        assert_eq!(total(&book), cents(300), "{what}");
        assert!(
            outcome.facts[0].source.starts_with("part-0.csv, line 2 and 1 more; bill "),
            "{what}: {}",
            outcome.facts[0].source
        );
    }
    // A line is counted where it begins, also after line breaks in quotes.
    let bad = sheet.row("ListCost=x").csv();
    check(&bad, "`ListCost` is `x`", 5, "x");
}
