//! Observe: what a model call used, read from the events in passing.
//!
//! The tap never changes a byte. On a pass-through stream it looks at each event's kind and parses only the
//! few that speak of usage, the end or an error; content is measured without parsing, for the estimate that
//! a cut-off call is charged by. Invariants: a cumulative count replaces the earlier one (pitfall 16), the
//! same answer gives the same record streamed and not (pitfall 15), and the charge of a cut-off call is
//! never below what the vendor had reported.

mod estimate;
mod metered;
mod scan;
mod tap;

pub use metered::{Failure, Metered, Part, Source, usage_of_answer};
pub use tap::{Observed, Tap};
