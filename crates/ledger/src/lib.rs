//! Post: double entry, append only, zero-sum; and the Merkle tree that proves it.
//!
//! A transfer moves an amount above zero from one account's credit to another's debit. Linked transfers post
//! all or none, a transfer posted again changes nothing, and every currency sums to zero at every instant.
//! [`merkle`] is the tree of RFC 6962, with which anyone can check that a record is in the books.
//!
//! Absent on purpose: tokens, calls, prices, storage, and any way to change or take back a transfer.

mod balance;
pub mod merkle;
mod post;
mod transfer;

pub use balance::{Balance, Balances};
pub use post::{Posted, Rejection, post};
pub use transfer::{Account, Transfer, TransferId};
