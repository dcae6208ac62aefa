//! Bills come again: the same file, another cut of it, a newer edition, a further part.

use crate::support::*;
use focus::{BillIs, Options};

fn recorded(at: &str) -> Options {
    Options { recorded_at: at.parse().unwrap(), ..options() }
}

#[test]
fn the_same_rows_are_on_record_already() {
    let sheet = Sheet::plain().row("ListCost=1;ResourceId=a").row("ListCost=2;ChargePeriodStart=2026-10-06");
    let mut book = String::new();
    assert_eq!(import(&mut book, &[&sheet.csv()]).facts.len(), 2);
    let before = book.clone();
    let (text, less) = (sheet.csv(), sheet.without("Tags").csv());
    for text in [text.replace('\n', "\r\n"), text, less] {
        let again = import_with(&mut book, &[&text], recorded("2026-11-26T00:00:00Z")).unwrap();
        assert!(again.facts.is_empty());
        assert_eq!(book, before, "nothing is written, so nothing is recorded anew");
    }
}

#[test]
fn two_equal_rows_are_two() {
    let sheet = Sheet::plain().row("ListCost=4").row("ListCost=4");
    let mut book = String::new();
    import(&mut book, &[&sheet.csv()]);
    assert_eq!(total(&book), cents(800));
    // In two files at once as well: neither is an edition of the other.
    let (mut book, one) = (String::new(), Sheet::plain().row("ListCost=4"));
    import(&mut book, &[&one.csv(), &one.csv().replace('\n', "\r\n")]);
    assert_eq!(total(&book), cents(800));
}

#[test]
fn a_changed_row_replaces_and_keeps_both_times() {
    let sheet = |cost: &str| Sheet::plain().row(&format!("ListCost={cost};ResourceId=a")).csv();
    let mut book = String::new();
    let first = import_with(&mut book, &[&sheet("10")], recorded("2026-11-02T00:00:00Z")).unwrap();
    let second = import_with(&mut book, &[&sheet("12")], recorded("2026-11-05T00:00:00Z")).unwrap();
    let (old, new) = (&first.facts[0], &second.facts[0]);
    assert_eq!(new.replaces, old.id);
    assert_eq!(new.effective_at, old.effective_at);
    assert_eq!(new.recorded_at, "2026-11-05".parse().unwrap());
    assert_eq!(second.summary.facts.replaced, 1);
    assert_eq!(total(&book), cents(1200));
    // And back: a third fact, not the first again.
    import_with(&mut book, &[&sheet("10").replace('\n', "\r\n")], recorded("2026-11-06T00:00:00Z")).unwrap();
    assert_eq!(total(&book), cents(1000));
    assert_eq!(standing(&book)[0].replaces, new.id);
}

#[test]
fn a_month_to_date_grows() {
    let day = |sheet: Sheet, day: u32, cost: u32| {
        sheet.row(&format!("ListCost={cost};ResourceId=a;ChargePeriodStart=2026-10-{day:02}T05:00:00Z"))
    };
    let early = (1..=20).fold(Sheet::plain(), |sheet, at| day(sheet, at, 10));
    // The twentieth was not over then; the third was corrected.
    let late = (1..=31).fold(Sheet::plain(), |sheet, at| {
        day(
            sheet,
            at,
            match at {
                3 => 11,
                20 => 24,
                _ => 10,
            },
        )
    });
    let mut book = String::new();
    import(&mut book, &[&early.csv()]);
    let outcome = import(&mut book, &[&late.csv()]);
    assert_eq!(outcome.summary.facts.written, 13);
    assert_eq!(outcome.summary.facts.replaced, 2);
    assert_eq!(outcome.summary.facts.known, 18);
    assert_eq!(outcome.summary.beside[0].this_is, BillIs::Edition);
    assert_eq!(total(&book), cents(1000 * 29 + 1100 + 2400));
    // A file of the last days alone says nothing of the first.
    let tail = (25..=31).fold(Sheet::plain(), |sheet, at| day(sheet, at, 10));
    assert!(import(&mut book, &[&tail.csv()]).facts.is_empty());
    // Last month's file again, after the newer one: it is on record, and not read.
    assert!(import(&mut book, &[&early.csv()]).facts.is_empty());
    assert_eq!(total(&book), cents(1000 * 29 + 1100 + 2400));
}

#[test]
fn what_an_edition_no_longer_has_is_taken_back() {
    let row =
        |sheet: Sheet, name: &str| sheet.row(&format!("ListCost=5;ResourceId={name};ServiceName={name}"));
    let all = ["a", "b", "c"].into_iter().fold(Sheet::plain(), row);
    let fewer = ["a", "b"].into_iter().fold(Sheet::plain(), row);
    let mut book = String::new();
    import(&mut book, &[&all.csv()]);
    let outcome = import(&mut book, &[&fewer.csv()]);
    assert_eq!((outcome.summary.facts.written, outcome.summary.facts.withdrawn), (1, 1));
    assert_eq!(outcome.facts[0].value, contract::Decimal::ZERO);
    assert_eq!(total(&book), cents(1000));
    // It comes back.
    import(&mut book, &[&all.csv().replace('\n', "\r\n")]);
    assert_eq!(total(&book), cents(1500));
    import(&mut book, &[&fewer.csv().replace('\n', "\r\n")]);
    assert_eq!(total(&book), cents(1000));
}

#[test]
fn names_that_come_late_change_the_attributes_and_not_the_sum() {
    let sheet = |issuer: &str| {
        (1..=9).fold(Sheet::plain(), |sheet, at| {
            sheet.row(&format!(
                "ListCost=5;ResourceId=r{at};InvoiceIssuerName={issuer};Tags={{\"i\":\"{issuer}\"}}"
            ))
        })
    };
    let mut book = String::new();
    import(&mut book, &[&sheet("").csv()]);
    import(&mut book, &[&sheet("CloudCo Ltd").csv()]);
    assert_eq!(total(&book), cents(4500));
    assert_eq!(standing(&book).iter().filter(|fact| fact.value != contract::Decimal::ZERO).count(), 1);
}

#[test]
fn parts_one_after_the_other_add_up() {
    let part = |from: u32| {
        (from..from + 8).fold(Sheet::plain(), |sheet, at| sheet.row(&format!("ListCost=3;ResourceId=r{at}")))
    };
    let (mut book, parts) = (String::new(), [part(0).csv(), part(8).csv(), part(16).csv()]);
    for text in &parts {
        import(&mut book, &[text]);
    }
    assert_eq!(total(&book), cents(300 * 24));
    // Each of them again, and all at once in another dress: nothing new.
    for text in &parts {
        assert!(import(&mut book, &[text]).facts.is_empty());
    }
    let dressed: Vec<String> = parts.iter().map(|text| text.replace('\n', "\r\n")).collect();
    let dressed: Vec<&str> = dressed.iter().map(String::as_str).collect();
    assert!(import(&mut book, &dressed).facts.is_empty());
    assert_eq!(total(&book), cents(300 * 24));
}

#[test]
fn what_can_be_either_is_asked() {
    let rows = |names: std::ops::Range<u32>| {
        names.fold(Sheet::plain(), |sheet, at| {
            sheet.row(&format!("ListCost=3;ResourceId=r{at};ServiceName=s{at}"))
        })
    };
    let mut book = String::new();
    import(&mut book, &[&rows(0..10).csv()]);
    let before = book.clone();
    let next = rows(7..20).csv();
    let fault = import_with(&mut book, &[&next], options()).unwrap_err();
    assert!(fault.to_string().contains("3 of 10 rows looked for of `part-0.csv`"), "{fault}");
    assert_eq!(book, before);
    for (is, sum) in [(BillIs::Edition, 13), (BillIs::Part, 23)] {
        let mut book = before.clone();
        import_with(&mut book, &[&next], Options { bill_is: Some(is), ..options() }).unwrap();
        assert_eq!(total(&book), cents(300 * sum), "{is:?}");
    }
}

#[test]
fn accounts_and_months_are_bills_of_their_own() {
    let mut book = String::new();
    for row in [
        "ListCost=1;SubAccountId=a",
        "ListCost=1;SubAccountId=b",
        "ListCost=1;BillingAccountId=other",
        "ListCost=1;BillingPeriodStart=2026-11-01;ChargeClass=Correction",
    ] {
        import(&mut book, &[&Sheet::plain().row(row).csv()]);
    }
    assert_eq!(total(&book), cents(400));
}

#[test]
fn a_correction_is_not_recorded_before_what_it_corrects() {
    let sheet = |cost: &str| Sheet::plain().row(&format!("ListCost={cost}")).csv();
    let mut book = String::new();
    import_with(&mut book, &[&sheet("1")], recorded("2026-11-05T00:00:00Z")).unwrap();
    let fault = import_with(&mut book, &[&sheet("2")], recorded("2026-11-04T00:00:00Z")).unwrap_err();
    assert!(fault.to_string().contains("put on record at 2026-11-05"), "{fault}");
}

#[test]
fn other_lines_of_the_file_are_left_alone() {
    let other = r#"{"metric":"list_spend","value":"9","unit":"USD","effective_at":"2026-10-05","recorded_at":"2026-10-06","source":"by hand"}"#;
    let mut book = format!(
        "{other}\n{}\n",
        r#"{"signoff":"T1","by":"a:cfo","decision":"accept","recorded_at":"2026-10-06"}"#
    );
    import(&mut book, &[&Sheet::plain().row("ListCost=1").csv()]);
    assert!(book.starts_with(other));
    assert_eq!(book.lines().count(), 3);
}
