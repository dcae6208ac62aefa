//! What holds for any transfers, and the tree against RFC 6962's own vectors.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use ledger::merkle::{self, Hash, Tree};
use ledger::{Account, Balances, Posted, Transfer, TransferId, post};
use proptest::prelude::*;
use units::{Currency, Money, Timestamp};

fn transfers() -> impl Strategy<Value = Vec<Transfer>> {
    let one = (0_u8..40, 0_u8..5, 0_u8..5, -2_i64..1_000_000, any::<bool>());
    prop::collection::vec(one, 0..60).prop_map(|all| all.into_iter().map(transfer).collect())
}

fn transfer((id, debit, credit, pico, euro): (u8, u8, u8, i64, bool)) -> Transfer {
    let currency = if euro { "EUR".parse().unwrap() } else { Currency::USD };
    Transfer {
        id: TransferId([id; 16]),
        debit: Account::new(format!("account:{debit}")),
        credit: Account::new(format!("account:{credit}")),
        amount: Money::from_pico(pico.into(), currency),
        code: "test".into(),
        event_at: Timestamp::from_seconds(1),
        posted_at: Timestamp::from_seconds(2),
        batch: None,
        corrects: None,
    }
}

fn accounts(balances: &Balances) -> Vec<(Account, ledger::Balance)> {
    balances.accounts().map(|(account, balance)| (account.clone(), *balance)).collect()
}

proptest! {
    #[test]
    fn every_currency_sums_to_zero_at_every_instant(all in transfers(), cut in 1_usize..5) {
        let mut balances = Balances::default();
        for set in all.chunks(cut) {
            let before = accounts(&balances);
            if post(&mut balances, set) != Ok(Posted::New) {
                prop_assert_eq!(accounts(&balances), before);
            }
            prop_assert!(balances.sums().unwrap().values().all(|sum| sum.is_zero()));
        }
    }

    #[test]
    fn posting_twice_changes_nothing(all in transfers()) {
        let mut balances = Balances::default();
        let mut posted = Vec::new();
        for one in &all {
            if post(&mut balances, std::slice::from_ref(one)).is_ok() {
                posted.push(one.clone());
            }
        }
        let before = accounts(&balances);
        for one in posted.iter().rev() {
            prop_assert_eq!(post(&mut balances, std::slice::from_ref(one)), Ok(Posted::Already));
        }
        prop_assert_eq!(accounts(&balances), before);
    }

    #[test]
    fn pitfall_69_the_order_of_transfers_makes_no_difference(all in transfers(), seed in any::<u64>()) {
        let mut distinct: Vec<Transfer> = Vec::new();
        for one in all {
            let fine = one.amount.pico() > 0 && one.debit != one.credit;
            if fine && distinct.iter().all(|other| other.id != one.id) {
                distinct.push(one);
            }
        }
        let fold = |all: &[Transfer]| {
            let mut balances = Balances::default();
            for one in all {
                post(&mut balances, std::slice::from_ref(one)).unwrap();
            }
            accounts(&balances)
        };
        let ordered = fold(&distinct);
        let mix = |one: &Transfer| seed.wrapping_mul(u64::from(one.id.0[0]) * 2 + 1) >> 7;
        distinct.sort_by_key(mix);
        prop_assert_eq!(fold(&distinct), ordered);
    }

    #[test]
    fn every_leaf_is_proved_and_nothing_else(size in 1_usize..70, pick in any::<usize>(), flip in 0_usize..256) {
        let leaves: Vec<Hash> = (0..size).map(|n| merkle::leaf(&[&n.to_be_bytes()])).collect();
        let root = merkle::root(&leaves);
        prop_assert_eq!(root, reference(&leaves));
        let index = pick % size;
        let path = merkle::Levels::new(leaves.clone()).path(index).unwrap();
        let (at, total) = (u64::try_from(index).unwrap(), u64::try_from(size).unwrap());
        let leaf = leaves[index];
        prop_assert!(merkle::verify_inclusion(&leaf, at, total, &path, &root));
        let mut other = leaf;
        other[flip / 8] ^= 1 << (flip % 8);
        prop_assert!(!merkle::verify_inclusion(&other, at, total, &path, &root));
        prop_assert!(!merkle::verify_inclusion(&leaf, at, total, &path, &other));
        prop_assert!(!merkle::verify_inclusion(&leaf, total, total, &path, &root));
        let mut longer = path.clone();
        longer.push(leaf);
        prop_assert!(!merkle::verify_inclusion(&leaf, at, total, &longer, &root));
        for wrong in (0..total).filter(|wrong| *wrong != at) {
            prop_assert!(!merkle::verify_inclusion(&leaf, wrong, total, &path, &root));
        }
    }
}

/// RFC 6962 section 2.1 to the letter, over leaf hashes.
fn reference(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => sha(&[]),
        [one] => *one,
        many => {
            let mut left = 1;
            while left * 2 < many.len() {
                left *= 2;
            }
            let mut bytes = vec![1];
            bytes.extend(reference(&many[..left]));
            bytes.extend(reference(&many[left..]));
            sha(&bytes)
        }
    }
}

fn sha(bytes: &[u8]) -> Hash {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref().try_into().unwrap()
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// The leaves and roots that the Certificate Transparency project tests its implementations of RFC 6962 with.
#[test]
fn the_roots_are_those_of_certificate_transparency() {
    let leaves =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
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
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let mut tree = Tree::default();
    assert_eq!(tree.root().to_vec(), hex(empty));
    for (leaf, root) in leaves.iter().zip(roots) {
        tree.push(merkle::leaf(&[&hex(leaf)]));
        assert_eq!(tree.root().to_vec(), hex(root), "{} leaves", tree.size());
    }
}

#[test]
fn a_leaf_in_parts_is_the_leaf_in_one() {
    assert_eq!(merkle::leaf(&[b"ab", b"", b"c"]), merkle::leaf(&[b"abc"]));
}
