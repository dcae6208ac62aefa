//! The only SQL: books kept in SQLite.
//!
//! All of it can be made anew from the journal, so a commit need not be durable at once, only whole. One
//! settlement is one transaction; batches and transfers are inserted once and never changed; balances, rollups
//! and positions are stored as they are after it. Pages read rollups and positions, never scans.
//!
//! Absent on purpose: a row per call, arithmetic, and any decision about what to book.

mod cell;
mod error;
mod read;
mod record;
mod row;
mod schema;
mod wal;
mod write;

pub use error::Error;
pub use read::{DayFigures, ModelFigures, Reader};
pub use record::Record;
pub use row::{
    AccountRow, Applied, Batch, BatchKey, DrawnPoint, Position, Rollup, RollupKey, Settlement, Totals,
};
pub use schema::{FILE, file};
pub use wal::check_log;
pub use write::Store;
