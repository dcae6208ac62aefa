//! Evidence: what was called, by whom, by which rules and where it ran, in a signed file that anyone can check without
//! this plane.
//!
//! A bundle is JSON lines: a header, the catalogues and configurations that decided, the batches of the books that hold
//! the calls, the calls, and a seal. The seal signs the Merkle root over all lines before it. Each call carries its two
//! frames of the journal as they were written, from which its leaf in the books follows; each batch carries its path to
//! the root of the books. So nothing can be changed, left out of a batch, or added without it being seen, and a reader
//! who keeps the root of the books from another day can see that the past was not made anew.
//!
//! Absent on purpose: prompts and answers, which no record holds.

mod bundle;
mod error;
mod key;
mod trail;
mod verify;
mod write;

pub use bundle::{Header, SCHEMA, call};
pub use error::Error;
pub use key::{PublicKey, SigningKey};
pub use trail::{Observation, Trail, trail};
pub use verify::{Report, verify};
pub use write::{Context, Written, write};
