//! `ledger verify`: read every byte of the journal, make all books from it again, and compare each row stored.

use crate::{Books, Error};
use journal::Reader;
use ledger::merkle::Hash;
use std::fmt;
use std::path::Path;
use std::time::Duration;
use store::{AccountRow, Applied, Batch, DrawnPoint, Position, Rollup, Settlement};
use units::Money;

/// How often the journal's end is looked at again before what follows it counts as damage: beside a running
/// plane a record may be half written for a moment.
const TAIL_LOOKS: u32 = 5;
const TAIL_PAUSE: Duration = Duration::from_millis(20);

/// What was found sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Frames of the journal.
    pub frames: u64,
    /// Calls that ended.
    pub records: u64,
    /// Calls still open.
    pub open_calls: u64,
    /// Calls that await a price.
    pub unrated_calls: u64,
    /// Batches, the leaves of the tree.
    pub batches: u64,
    /// Transfers.
    pub transfers: u64,
    /// The root of the tree over all batches.
    pub root: Hash,
    /// Debits less credits over all accounts, for each currency: zero.
    pub sums: Vec<Money>,
    /// How far the stored books are; none when there are none. They may be behind the journal, which makes up
    /// for it when a plane runs.
    pub stored: Option<Applied>,
}

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Where: file and byte, or table and row.
    pub place: String,
    /// What.
    pub what: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.place, self.what)
    }
}

/// What verifying came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All is as it was written, and adds up.
    Sound(Verified),
    /// The first thing that is not.
    Damaged(Damage),
}

/// Checks the journal and the stored books in the data directory `data`, beside a running plane or without.
///
/// # Errors
/// When something cannot be read, which says nothing about whether it is sound.
pub fn verify(data: &Path) -> Result<Verdict, Error> {
    match check(data) {
        Ok(verified) => Ok(Verdict::Sound(verified)),
        Err(error) => damage(error).map(Verdict::Damaged),
    }
}

/// Tells damage from what merely cannot be read.
fn damage(error: Error) -> Result<Damage, Error> {
    let table = |table: &str, row: &str| format!("{}, table {table}, {row}", store::FILE);
    Ok(match error {
        Error::Journal(journal::Error::Damaged { what, place }) => {
            Damage { place: place.to_string(), what: what.to_owned() }
        }
        Error::Store(store::Error::Damaged { what, table: name, row }) => {
            Damage { place: table(name, &row), what }
        }
        Error::Store(store::Error::DamagedLog { path, offset }) => Damage {
            place: format!("{} at byte {offset}", path.display()),
            what: "is not what was written".to_owned(),
        },
        Error::Journal(error) => return Err(error.into()),
        Error::Store(error) => return Err(error.into()),
        Error::Ahead { .. } | Error::Differs { .. } => {
            Damage { place: table("applied", "row 1"), what: error.to_string() }
        }
        other => Damage { place: "the journal".to_owned(), what: other.to_string() },
    })
}

fn check(data: &Path) -> Result<Verified, Error> {
    store::check_log(data)?;
    // The store's view is taken first, so the journal is never behind it.
    let stored = store::Reader::open(data)?;
    let applied = match &stored {
        Some(reader) => {
            reader.check_file()?;
            reader.applied()?
        }
        None => None,
    };
    let mut compared = Comparison { stored: stored.as_ref(), applied, batches: 0, transfers: 0, met: false };
    let mut reader = Reader::open(data);
    let mut books = Books::default();
    read_all(&mut reader, &mut books, &mut compared)?;
    for look in 1.. {
        match reader.check_tail() {
            Ok(()) => break,
            Err(error) if look == TAIL_LOOKS => return Err(error.into()),
            Err(_) => std::thread::sleep(TAIL_PAUSE),
        }
        read_all(&mut reader, &mut books, &mut compared)?;
    }
    if let Some(applied) = applied.filter(|_| !compared.met) {
        return Err(Error::Ahead { stored: applied.sealed, last: books.last() });
    }
    if compared.applied.is_none() {
        compared.check_empty()?;
    }
    summary(&books, applied)
}

fn read_all(reader: &mut Reader, books: &mut Books, compared: &mut Comparison<'_>) -> Result<(), Error> {
    while let Some(entry) = reader.next_entry()? {
        if let Some(settlement) = books.apply(entry)? {
            compared.settlement(books, &settlement)?;
        }
    }
    Ok(())
}

fn summary(books: &Books, stored: Option<Applied>) -> Result<Verified, Error> {
    let seq = books.last();
    let sums = books.balances.sums().map_err(|_| Error::TooLarge { seq })?;
    if sums.values().any(|sum| !sum.is_zero()) {
        return Err(Error::Inconsistent { seq, what: "is where the accounts stop summing to zero" });
    }
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    Ok(Verified {
        frames: seq,
        records: books.records,
        open_calls: count(books.open_calls()),
        unrated_calls: count(books.unrated_calls().map(|(_, calls)| calls).sum()),
        batches: books.tree.size(),
        transfers: count(books.balances.transfers()),
        root: books.tree.root(),
        sums: sums.into_values().collect(),
        stored,
    })
}

/// Holds the stored books against the journal's as they grow.
struct Comparison<'a> {
    stored: Option<&'a store::Reader>,
    applied: Option<Applied>,
    batches: u64,
    transfers: u64,
    /// Whether the journal has come to where the stored books are.
    met: bool,
}

impl Comparison<'_> {
    fn settlement(&mut self, books: &Books, settlement: &Settlement) -> Result<(), Error> {
        let (Some(reader), Some(applied)) = (self.stored, self.applied) else { return Ok(()) };
        let sealed = settlement.applied.sealed;
        if self.met {
            return Ok(());
        }
        if sealed > applied.sealed {
            return Err(Error::Differs { sealed: applied.sealed });
        }
        for batch in &settlement.batches {
            reader.check(batch)?;
            self.batches += 1;
        }
        for transfer in &settlement.transfers {
            reader.check(transfer)?;
            self.transfers += 1;
        }
        if sealed == applied.sealed {
            self.met = true;
            reader.check(&settlement.applied)?;
            self.check_state(reader, books)?;
        }
        Ok(())
    }

    /// What is stored as it is now: accounts, rollups, positions; and that there is nothing else.
    fn check_state(&self, reader: &store::Reader, books: &Books) -> Result<(), Error> {
        let (mut accounts, mut rollups, mut positions, mut points) = (0, 0, 0, 0);
        for (account, balance) in books.balances.accounts() {
            reader.check(&AccountRow { account: account.clone(), balance: *balance })?;
            accounts += 1;
        }
        for (key, totals) in &books.rollups {
            reader.check(&Rollup { key: key.clone(), totals: *totals })?;
            rollups += 1;
        }
        for commitment in books.commitments.iter().filter(|commitment| commitment.granted) {
            reader.check(&commitment.position)?;
            positions += 1;
            for (hour, amount) in &commitment.points {
                let amount = Money::from_pico(*amount, commitment.position.total.currency());
                let commitment = commitment.position.commitment.clone();
                reader.check(&DrawnPoint { commitment, hour: *hour, amount })?;
                points += 1;
            }
        }
        reader.check_count::<Batch>(self.batches)?;
        reader.check_count::<ledger::Transfer>(self.transfers)?;
        reader.check_count::<AccountRow>(accounts)?;
        reader.check_count::<Rollup>(rollups)?;
        reader.check_count::<Position>(positions)?;
        reader.check_count::<DrawnPoint>(points)?;
        reader.check_count::<Applied>(1)?;
        Ok(())
    }

    /// Books that say nothing was settled hold nothing.
    fn check_empty(&self) -> Result<(), Error> {
        let Some(reader) = self.stored else { return Ok(()) };
        reader.check_count::<Batch>(0)?;
        reader.check_count::<ledger::Transfer>(0)?;
        reader.check_count::<AccountRow>(0)?;
        reader.check_count::<Rollup>(0)?;
        reader.check_count::<Position>(0)?;
        reader.check_count::<DrawnPoint>(0)?;
        Ok(())
    }
}
