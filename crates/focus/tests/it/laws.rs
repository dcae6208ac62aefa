//! What holds of any bill.

use crate::support::*;
use proptest::prelude::*;

/// A row by what tells it from others, and its list cost in 10⁻⁶.
#[derive(Debug, Clone)]
struct Charge {
    day: u32,
    hour: u32,
    service: u32,
    account: u32,
    micros: i64,
}

fn charges(most: usize) -> impl Strategy<Value = Vec<Charge>> {
    let one = (1..4_u32, 0..24_u32, 0..3_u32, 0..2_u32, prop_oneof![Just(0), -999_999..9_999_999_i64]);
    let one =
        one.prop_map(|(day, hour, service, account, micros)| Charge { day, hour, service, account, micros });
    prop::collection::vec(one, 1..most)
}

/// The rows as CSV; each has a resource of its own, so that none is like another.
fn csv<'a>(rows: impl IntoIterator<Item = (usize, &'a Charge)>) -> String {
    let sheet = rows.into_iter().fold(Sheet::plain(), |sheet, (at, row)| {
        let Charge { day, hour, service, account, micros } = row;
        let cost = units::format_decimal(i128::from(*micros), 6, 0);
        sheet.row(&format!(
            "ListCost={cost};ResourceId=r{at};ServiceName=s{service};SubAccountId=a{account};ChargePeriodStart=2026-10-{day:02}T{hour:02}:00:00Z"
        ))
    });
    sheet.csv()
}

fn sum(rows: &[Charge]) -> i128 {
    rows.iter().map(|row| i128::from(row.micros) * 1_000_000).sum()
}

/// What facts say, whatever line they came from.
fn said(book: &str) -> Vec<(Option<String>, String)> {
    let mut said: Vec<_> = standing(book).into_iter().map(|fact| (fact.id, fact.value.to_string())).collect();
    said.sort();
    said
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn facts_add_up_to_the_rows_and_a_second_import_adds_nothing(rows in charges(40)) {
        let (mut book, text) = (String::new(), csv(rows.iter().enumerate()));
        import(&mut book, &[&text]);
        prop_assert_eq!(total(&book), sum(&rows));
        prop_assert!(import(&mut book, &[&text]).facts.is_empty());
        prop_assert!(import(&mut book, &[&text.replace('\n', "\r\n")]).facts.is_empty());
    }

    #[test]
    fn the_order_of_rows_does_not_matter(rows in charges(40), seed in any::<u64>()) {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|at| (*at as u64 + 1).wrapping_mul(seed | 1).rotate_left(17));
        let (mut one, mut other) = (String::new(), String::new());
        import(&mut one, &[&csv(rows.iter().enumerate())]);
        import(&mut other, &[&csv(order.into_iter().map(|at| (at, &rows[at])))]);
        prop_assert_eq!(said(&one), said(&other));
    }

    #[test]
    fn a_file_cut_in_two_is_the_whole(rows in charges(40), cut in 0_usize..40) {
        let cut = cut.min(rows.len());
        let numbered: Vec<(usize, &Charge)> = rows.iter().enumerate().collect();
        let (first, second) = (csv(numbered[..cut].iter().copied()), csv(numbered[cut..].iter().copied()));
        let (mut at_once, mut in_turn) = (String::new(), String::new());
        import(&mut at_once, &[&first, &second]);
        import(&mut in_turn, &[&first]);
        import(&mut in_turn, &[&second]);
        prop_assert_eq!(total(&at_once), sum(&rows));
        prop_assert_eq!(total(&in_turn), sum(&rows));
        // Then the whole, as a newer edition of both.
        let whole = csv(numbered);
        prop_assert!(import(&mut at_once, &[&whole]).facts.is_empty());
        prop_assert!(import(&mut in_turn, &[&whole]).facts.is_empty());
    }

    #[test]
    fn an_edition_says_anew_what_its_days_cost(rows in charges(40), changes in prop::collection::vec(any::<Option<i32>>(), 40)) {
        let mut newer = rows.clone();
        for (row, change) in newer.iter_mut().zip(&changes) {
            row.micros = change.map_or(row.micros, i64::from);
        }
        let mut book = String::new();
        import(&mut book, &[&csv(rows.iter().enumerate())]);
        import(&mut book, &[&csv(newer.iter().enumerate())]);
        // A fact of nothing keeps no mark, so a row that cost nothing before is new: the sum is the newer one's
        // all the same.
        prop_assert_eq!(total(&book), sum(&newer));
        prop_assert!(import(&mut book, &[&csv(newer.iter().enumerate()).replace('\n', "\r\n")]).facts.is_empty());
    }
}
