//! The durable seam between serving and settling: usage records, written before they are acknowledged.
//!
//! A frame is in the operating system's hands (a shared mapping) when [`Journal::append`] returns, so a killed
//! process loses none; a sync thread makes frames durable in groups, so power loss takes at most the commit
//! window. Room on disk is allocated ahead: when it cannot be had, *new* calls are refused and those under
//! way still have a place for their ending. The journal owns usage; every book is a fold over it.
//!
//! Absent on purpose: prices, accounts, SQL, and any way to change a frame.

mod codec;
mod error;
mod frame;
mod map;
mod progress;
mod reader;
mod segment;
mod writer;

pub use error::{Error, Place};
pub use frame::{
    Attempt, Closed, CommitmentAdded, EligibleAdded, Frame, Opened, Outcome, PriceAdded, Sealed, Seq,
    TermsAdded, UsageSource,
};
pub use reader::{Entry, Reader};
pub use writer::{Durability, Journal, OpenCall, Options, Recovered, Unfinished};
