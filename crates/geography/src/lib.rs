//! Where inference may lawfully run: regions, routes, jurisdictions and their rules; pure.
//!
//! Engineering, not legal advice. A [`Catalogue`] holds what is known, with sources and dates; [`Catalogue::route`] turns
//! what a configuration declares into a [`Route`]; [`lawful`] holds routes to the rules for a request. What is not known
//! is never lawful where a rule asks for it; what a request adds only ever takes routes away.

mod area;
mod catalogue;
mod condition;
mod date;
mod inputs;
mod lawful;
mod need;
mod place;
mod prove;
mod register;
mod residency;
mod route;
mod share;

pub use area::{Area, AreaError};
pub use catalogue::*;
pub use date::{Date, DateError};
pub use inputs::{CONTROL_MAX, Caller, FIELDS, InputError, Inputs, Owner, Ownership, Restrictions};
pub use lawful::{Admitted, Law, Lawful, Obligation, Refused, lawful};
pub use place::{Place, PlaceError, Places, is_elsewhere};
pub use prove::{CounterExample, Proof};
pub use register::{Basis, Register};
pub use residency::{Declaration, Key, Residency, Settings};
pub use route::{Declared, Gap, Route};
pub use share::{Share, ShareError};
