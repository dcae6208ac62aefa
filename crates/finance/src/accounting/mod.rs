//! Accounting for a deal in which a vendor and its customer pay each other: ASC 606 and IFRS 15, ASC 842 and
//! IFRS 16, and what surrounds them.
//!
//! Investment and purchase agreement are looked at together, as contracts negotiated as a package
//! ([`citation::COMBINATION`]). Every result names the paragraphs it rests on. Amounts are exact, in whole units of
//! one currency; only journal lines are money, rounded once. This is a parameterised analysis, never a claim
//! about undisclosed terms, and no substitute for the judgement of those who sign the books.

mod allocation;
mod amortisation;
pub mod citation;
mod financing;
mod journal;
mod lease;
mod obligation;
mod shortfall;
mod tranche;
mod view;
mod warrant;

pub use allocation::{
    Allocation, Direction, Exchange, Form, InReturn, allocate, equity_received, price_per_unit,
};
pub use amortisation::{Amortisation, amortise, catch_up, reestimate};
pub use citation::Citation;
pub use financing::{Financing, FinancingFacts, financing, financing_component};
pub use journal::{Account, Entry, Line, Side, customer_entry, revenue_entry, vendor_entry};
pub use lease::{Answer, Answered, Classification, LeaseFacts, LeaseScreen, Question, screen};
pub use obligation::{
    Onerous, PurchaseObligation, onerous, purchase_obligation, remaining_performance_obligation,
};
pub use shortfall::{Breakage, ShortfallYear, Treatment, breakage, shortfall};
pub use tranche::{Booking, TrancheFacts, booking, expected_concession};
pub use view::{
    AllocationView, Assumptions, DISCLAIMER, LeaseView, Obligations, Parameter, Part, ScheduleYear,
    ShortfallLine, TrancheView, View, WarrantView, WarrantWorth, view,
};
pub use warrant::VestOnPurchase;
