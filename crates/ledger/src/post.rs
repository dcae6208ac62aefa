//! Posting one linked set: all of it, or none.

use crate::balance::fingerprint;
use crate::{Account, Balances, Transfer, TransferId};
use std::collections::BTreeSet;

/// What posting did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posted {
    /// The set entered the books.
    New,
    /// The very same set was there already; nothing changed.
    Already,
}

/// Why a linked set was refused; the books are as before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// An amount of zero or less.
    #[error("transfer {id} moves {amount}, and an amount is above zero")]
    NotPositive {
        /// The transfer.
        id: TransferId,
        /// Its amount.
        amount: units::Money,
    },
    /// Debit and credit of the same account.
    #[error("transfer {id} debits and credits `{account}`")]
    SameAccount {
        /// The transfer.
        id: TransferId,
        /// The account.
        account: Account,
    },
    /// The id was used for another transfer.
    #[error("transfer {id} was posted before with other content")]
    Different {
        /// The transfer.
        id: TransferId,
    },
    /// Twice in one set.
    #[error("transfer {id} is in the set twice")]
    Twice {
        /// The transfer.
        id: TransferId,
    },
    /// Part of the set was posted before, part was not.
    #[error("transfer {id} is linked with others of which some were posted before and some were not")]
    PartlyPosted {
        /// The first one that was not.
        id: TransferId,
    },
    /// It sets something right that was never posted.
    #[error("transfer {id} corrects transfer {corrects}, which is not in the books")]
    NothingToCorrect {
        /// The transfer.
        id: TransferId,
        /// What it names.
        corrects: TransferId,
    },
    /// A balance would not fit 128 bits.
    #[error("transfer {id} makes a balance too large")]
    TooLarge {
        /// The transfer.
        id: TransferId,
    },
}

/// Posts a linked set: all of its transfers, or none and the reason.
///
/// # Errors
/// A [`Rejection`], which leaves the books as they were.
pub fn post(balances: &mut Balances, set: &[Transfer]) -> Result<Posted, Rejection> {
    let known = check(balances, set)?;
    if known == set.len() {
        return Ok(Posted::Already);
    }
    if let Some(new) = set.iter().find(|one| known > 0 && balances.fingerprint(&one.id).is_none()) {
        return Err(Rejection::PartlyPosted { id: new.id });
    }
    if let [single] = set {
        let after = balances.after(single)?;
        apply(balances, single, after);
        return Ok(Posted::New);
    }
    // Dry run first, on a copy of only the accounts that the set touches.
    let mut trial = Balances::default();
    for transfer in set {
        for account in [&transfer.debit, &transfer.credit] {
            trial.set(account, balances.of(account, transfer.amount.currency()));
        }
    }
    for transfer in set {
        let after = trial.after(transfer)?;
        apply(&mut trial, transfer, after);
    }
    for transfer in set {
        let after = balances.after(transfer)?;
        apply(balances, transfer, after);
    }
    Ok(Posted::New)
}

/// How many of the set are posted already, when nothing speaks against it.
fn check(balances: &Balances, set: &[Transfer]) -> Result<usize, Rejection> {
    let mut ids = BTreeSet::new();
    let mut known = 0;
    for transfer in set {
        let id = transfer.id;
        if transfer.amount.pico() <= 0 {
            return Err(Rejection::NotPositive { id, amount: transfer.amount });
        }
        if transfer.debit == transfer.credit {
            return Err(Rejection::SameAccount { id, account: transfer.debit.clone() });
        }
        if let Some(corrects) = transfer.corrects
            && balances.fingerprint(&corrects).is_none()
        {
            return Err(Rejection::NothingToCorrect { id, corrects });
        }
        if !ids.insert(id) {
            return Err(Rejection::Twice { id });
        }
        match balances.fingerprint(&id) {
            Some(posted) if posted == fingerprint(transfer) => known += 1,
            Some(_) => return Err(Rejection::Different { id }),
            None => {}
        }
    }
    Ok(known)
}

fn apply(balances: &mut Balances, transfer: &Transfer, [debit, credit]: [crate::Balance; 2]) {
    let currency = transfer.amount.currency();
    let before = [balances.of(&transfer.debit, currency), balances.of(&transfer.credit, currency)];
    // A wrong number in the books is worse than a stop.
    assert_eq!(
        debit.debits.checked_sub(before[0].debits),
        credit.credits.checked_sub(before[1].credits),
        "a transfer debits what it credits"
    );
    assert!(debit.credits == before[0].credits && credit.debits == before[1].debits, "one side each");
    balances.set(&transfer.debit, debit);
    balances.set(&transfer.credit, credit);
    balances.remember(transfer);
}
