//! Settle: the journal folded into charges, postings and positions.
//!
//! [`Books`] is the fold, pure and the same however often and in whatever pieces the journal is read; a
//! [`Settler`] follows a running plane's journal with it, seals what is pending and keeps the stored books;
//! [`usage`], [`verify`] and [`balance`] read beside it. What was settled is decided by the journal alone: the
//! store can be deleted and is made again, byte for byte.
//!
//! Absent on purpose: SQL, prices of its own, and any row per call.

mod balance;
mod begin;
mod closing;
mod commitment;
pub mod deal_posting;
mod error;
mod fold;
mod line;
mod posting;
mod proof;
mod run;
mod seal;
mod terms;
mod usage;
mod verify;
mod view;

pub use balance::balance;
pub use begin::{Commitment, Known, announce, close_unfinished};
pub use commitment::Counts;
pub use error::Error;
pub use fold::Books;
pub use posting::{batch_id, batch_leaf};
pub use proof::{Booked, Call, Proofs, Proven, calls, proofs, record_leaf};
pub use run::{Settler, Status, Watch};
pub use terms::Terms;
pub use usage::{Calls, Filter, usage};
pub use verify::{Damage, Verdict, Verified, verify};
pub use view::{AttemptView, CallView, State};
