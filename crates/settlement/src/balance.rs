//! `ledger balance`: every account, from the stored books or, without them, from the journal.

use crate::{Books, Error};
use journal::Reader;
use std::path::Path;
use store::AccountRow;

/// Every account of the data directory `data`, by name.
///
/// # Errors
/// When what is stored cannot be read or is damaged.
pub fn balance(data: &Path) -> Result<Vec<AccountRow>, Error> {
    if let Some(stored) = store::Reader::open(data)? {
        return Ok(stored.accounts()?);
    }
    let mut reader = Reader::open(data);
    let mut books = Books::default();
    while let Some(entry) = reader.next_entry()? {
        books.apply(entry)?;
    }
    let row = |(account, balance): (&ledger::Account, &ledger::Balance)| AccountRow {
        account: account.clone(),
        balance: *balance,
    };
    Ok(books.balances().accounts().map(row).collect())
}
