//! 64 paths side by side, eight, one, and the books' exact fractions are the same rules.

use contract::{CommitmentTerms, Decimal, Number, Period, Ratio, Rule, YearRules, YearSums};
use forecast::{Eight, Many};
use proptest::prelude::*;
use sampling::Lanes;
use units::{Currency, Money, PICO_PER_UNIT};

fn share(hundredths: u32) -> Decimal {
    format!("{}e-2", hundredths).parse().unwrap()
}

fn cents(number: i64) -> Money {
    Money::from_pico(i128::from(number) * (PICO_PER_UNIT / 100), "USD".parse::<Currency>().unwrap())
}

fn exact(money: Money) -> Ratio {
    Ratio::new(money.pico(), PICO_PER_UNIT)
}

#[derive(Debug, Clone)]
struct Case {
    terms: CommitmentTerms,
    /// By year, rule and path, in cents.
    list: Vec<Vec<[i64; 8]>>,
}

fn cases() -> impl Strategy<Value = Case> {
    let amount = 0_i64..2_000_000_000_000;
    let rule = (0_u32..=100, proptest::option::of(0_u32..=100));
    let numbers =
        (0_u32..60, 0_u32..60, 0_u32..=100, proptest::option::of(0_u32..=100), 0_u32..=100, 0_u32..=100);
    (
        proptest::collection::vec(amount.clone(), 1..5),
        proptest::collection::vec(rule, 1..4),
        numbers,
        proptest::collection::vec(proptest::collection::vec(proptest::array::uniform8(amount), 3), 4),
    )
        .prop_map(|(minimums, rules, (discount, over, carry, cap, make_good, grace), list)| {
            let rules = rules
                .into_iter()
                .map(|(weight, cap)| Rule { weight: share(weight), cap_of_year_min: cap.map(share) });
            let terms = CommitmentTerms {
                id: "c".to_owned(),
                currency: "USD".parse().unwrap(),
                period: Period {
                    from: "2026-01-01".parse().unwrap(),
                    to: Some("2030-01-01".parse().unwrap()),
                },
                total: None,
                minimums: minimums.into_iter().map(cents).collect(),
                rules: rules.collect(),
                discount: share(discount),
                discount_overage: share(over),
                carry: (share(carry), cap.map(share)),
                make_good: share(make_good),
                grace: share(grace),
            };
            Case { terms, list }
        })
}

fn years<N: Number>(
    case: &Case,
    amount: impl Fn(Money) -> N + Copy,
    list: impl Fn(&[i64; 8]) -> N,
) -> Vec<YearSums<N>> {
    let (mut excess, mut credit) = (N::of(Ratio::ZERO), N::of(Ratio::ZERO));
    let mut all = Vec::new();
    for (year, spent) in (1..).zip(&case.list[..case.terms.minimums.len()]) {
        let spent: Vec<N> = spent.iter().take(case.terms.rules.len()).map(&list).collect();
        let sums = YearRules::new(&case.terms, year, amount).settle(&spent, excess, credit);
        (excess, credit) = (sums.excess_out, sums.credit_out);
        all.push(sums);
    }
    all
}

fn parts<N: Copy>(sums: &YearSums<N>) -> [N; 7] {
    [
        sums.counted,
        sums.charge,
        sums.overage,
        sums.shortfall,
        sums.credit_used,
        sums.credit_out,
        sums.excess_out,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn eight_paths_one_path_and_exact_fractions_agree(case in cases()) {
        let eight = years(&case, |money| Eight::of(exact(money)), |cents| {
            Eight(Lanes(cents.map(|cents| cents as f64 / 100.0)))
        });
        let many = years(&case, |money| Many::of(exact(money)), |cents| {
            let mut block = [Lanes::ZERO; 8];
            block[5] = Lanes(cents.map(|cents| cents as f64 / 100.0));
            Many(block)
        });
        for (eight, many) in eight.iter().zip(&many) {
            for (eight, many) in parts(eight).iter().zip(parts(many)) {
                prop_assert_eq!(eight.0, many.0[5]);
            }
        }
        for path in 0..8 {
            let one = years(&case, |money| exact(money).to_f64(), |cents| cents[path] as f64 / 100.0);
            let books = years(&case, exact, |cents| Ratio::new(i128::from(cents[path]), 100));
            let size: f64 = 1e-9 * (1.0 + case.list.iter().flatten().flatten().map(|c| *c as f64 / 100.0).sum::<f64>());
            for ((eight, one), books) in eight.iter().zip(&one).zip(&books) {
                for ((eight, one), books) in parts(eight).iter().zip(parts(one)).zip(parts(books)) {
                    prop_assert_eq!(eight.0.0[path].to_bits(), one.to_bits());
                    // Grace is a cliff: a year a hair above it in one arithmetic may be below in the other.
                    if case.terms.grace == Decimal::ONE {
                        prop_assert!((one - books.to_f64()).abs() <= size, "{} {}", one, books.to_f64());
                    }
                }
            }
        }
    }

    #[test]
    fn comparisons_and_choices_are_one_paths(a in proptest::array::uniform8(-1e12..1e12_f64), b in proptest::array::uniform8(-1e12..1e12_f64)) {
        let (x, y) = (Eight(Lanes(a)), Eight(Lanes(b)));
        let (mask, least, most) = (x.at_most(y), x.least(y), x.most(y));
        let chosen = Eight::select(mask, x, y);
        for path in 0..8 {
            prop_assert_eq!(chosen.0.0[path], a[path].min(b[path]));
            prop_assert_eq!(least.0.0[path], a[path].min(b[path]));
            prop_assert_eq!(most.0.0[path], a[path].max(b[path]));
        }
        prop_assert_eq!((!mask & mask).ones(), Lanes::ZERO);
        prop_assert_eq!((!mask | mask).ones(), Lanes::splat(1.0));
        let (many, other) = (Many([x.0; 8]), Many([y.0; 8]));
        prop_assert_eq!(many.at_most(other).ones(3), mask.ones());
        prop_assert_eq!((!many.at_most(other) & many.at_most(other)).ones(7), Lanes::ZERO);
        prop_assert_eq!(Many::select(many.at_most(other), many, other).0[6], chosen.0);
        let nothing = Eight::splat(f64::NAN);
        prop_assert_eq!(nothing.at_most(x).ones(), Lanes::ZERO);
    }
}
