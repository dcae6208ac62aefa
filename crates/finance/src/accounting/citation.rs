//! The paragraphs that the rules rest on, and what each says in a sentence.

use std::fmt;

/// A place in US GAAP and its counterpart in IFRS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Citation {
    /// FASB codification.
    pub us_gaap: &'static str,
    /// IFRS standard and paragraph, or that there is none.
    pub ifrs: &'static str,
    /// What it says.
    pub says: &'static str,
}

impl fmt::Display for Citation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}; {}: {}", self.us_gaap, self.ifrs, self.says)
    }
}

const fn cite(us_gaap: &'static str, ifrs: &'static str, says: &'static str) -> Citation {
    Citation { us_gaap, ifrs, says }
}

/// Contracts made together are one.
pub const COMBINATION: Citation = cite(
    "ASC 606-10-25-9",
    "IFRS 15.17",
    "contracts made at about the same time with one customer, as a package or with prices that depend on each \
     other, are accounted for as one",
);
/// A contract needs enforceable rights.
pub const CONTRACT: Citation = cite(
    "ASC 606-10-25-1",
    "IFRS 15.9",
    "there is no contract with a customer until the parties have approved it and are bound",
);
/// Non-cash consideration from a customer.
pub const NONCASH: Citation = cite(
    "ASC 606-10-32-21",
    "IFRS 15.66",
    "what a customer gives other than cash is measured at fair value; US GAAP says at contract inception (for \
     shares see ASU 2025-07), IFRS names no date",
);
/// Later moves of the share price.
pub const NONCASH_LATER: Citation = cite(
    "ASC 606-10-32-23",
    "IFRS 15.68",
    "later changes of that value because of its form, such as a share price, do not change the transaction price",
);
/// Consideration payable to a customer.
pub const PAYABLE: Citation = cite(
    "ASC 606-10-32-25",
    "IFRS 15.70",
    "what the vendor pays its customer reduces the transaction price unless it is for something distinct",
);
/// The part for something distinct.
pub const PAYABLE_DISTINCT: Citation = cite(
    "ASC 606-10-32-26",
    "IFRS 15.71",
    "what is paid above the fair value of something distinct reduces the transaction price, and all of it does \
     when that value cannot be reasonably estimated",
);
/// When the reduction is recognised.
pub const PAYABLE_WHEN: Citation = cite(
    "ASC 606-10-32-27",
    "IFRS 15.72",
    "the reduction is recognised at the later of the revenue it belongs to and the promise to pay",
);
/// Fair value.
pub const FAIR_VALUE: Citation = cite(
    "ASC 820-10-35",
    "IFRS 13.9",
    "fair value is an exit price at the date; level of its inputs and any discount for lack of marketability are \
     part of the measurement",
);
/// Vendor equity given to a customer.
pub const EQUITY_TO_CUSTOMER: Citation = cite(
    "ASC 606-10-32-25A; ASC 718-10-30",
    "IFRS 15.70; IFRS 2",
    "a vendor's equity given to its customer is measured at its grant-date fair value and reduces revenue",
);
/// Vesting on purchases.
pub const VEST_ON_PURCHASE: Citation = cite(
    "ASU 2025-04",
    "no counterpart",
    "vesting on purchases is a performance condition, and the constraint on variable consideration does not \
     apply (annual periods beginning after 15 December 2026)",
);
/// Changes of an estimate.
pub const ESTIMATE: Citation = cite(
    "ASC 250-10-45-17",
    "IAS 8.36",
    "a change of an estimate is accounted for from then on; closed periods stay",
);
/// Changes of variable consideration.
pub const VARIABLE: Citation = cite(
    "ASC 606-10-32-14; 32-42 to 32-45",
    "IFRS 15.59; 87 to 90",
    "a change of the transaction price is recognised at once for what is already transferred",
);
/// Unexercised rights.
pub const BREAKAGE: Citation = cite(
    "ASC 606-10-55-46 to 55-49",
    "IFRS 15.B44 to B47",
    "rights a customer pays for and may not use are a contract liability; expected breakage is recognised in \
     proportion to the rights used, otherwise when use is remote",
);
/// Standing ready.
pub const STAND_READY: Citation = cite(
    "ASC 606-10-25-18(e); 25-27(a)",
    "IFRS 15.26(e); 35(a)",
    "standing ready to serve is a promise that is kept over time",
);
/// A significant financing component.
pub const FINANCING: Citation = cite(
    "ASC 606-10-32-15 to 32-18",
    "IFRS 15.60 to 63",
    "the price is adjusted for time value where payment and transfer lie apart; not when it is a year or less, \
     nor when the customer decides when it is served",
);
/// Options and other derivatives.
pub const DERIVATIVE: Citation = cite(
    "ASC 815-10; ASC 321-10",
    "IFRS 9",
    "a right to invest later at a fixed price is an instrument of its own, and valued as such",
);
/// What a lease is.
pub const LEASE: Citation = cite(
    "ASC 842-10-15-2 to 15-4",
    "IFRS 16.9; B9; B31",
    "a contract has a lease when it gives control of the use of an identified asset for a time",
);
/// The identified asset.
pub const LEASE_ASSET: Citation = cite(
    "ASC 842-10-15-9",
    "IFRS 16.B13",
    "an asset is identified by name in the contract, or when it is made available",
);
/// Substitution rights.
pub const LEASE_SUBSTITUTION: Citation = cite(
    "ASC 842-10-15-10 to 15-15",
    "IFRS 16.B14 to B19",
    "no asset is identified when the supplier can replace it throughout and gains by doing so; a customer that \
     cannot readily tell presumes it does not",
);
/// Portions of an asset.
pub const LEASE_PORTION: Citation = cite(
    "ASC 842-10-15-16",
    "IFRS 16.B20",
    "a share of capacity is an identified asset only if it is substantially all of it (here: 90 %)",
);
/// Economic benefits.
pub const LEASE_BENEFITS: Citation = cite(
    "ASC 842-10-15-17 to 15-19",
    "IFRS 16.B21 to B23",
    "the customer gets substantially all the economic benefits of its use",
);
/// Directing the use.
pub const LEASE_DIRECTION: Citation = cite(
    "ASC 842-10-15-20 to 15-26",
    "IFRS 16.B24 to B30",
    "the customer decides how and for what purpose it is used, operates it, or designed it so",
);
/// Remaining performance obligation.
pub const REMAINING: Citation = cite(
    "ASC 606-10-50-13 to 50-15",
    "IFRS 15.120 to 122",
    "the transaction price of promises not yet kept is disclosed with when it is expected as revenue",
);
/// Unconditional purchase obligations.
pub const PURCHASE_OBLIGATION: Citation = cite(
    "ASC 440-10-50-2 to 50-5",
    "IAS 1.114(d)(i)",
    "the fixed part of an unconditional purchase obligation is disclosed in all and for each of the next five \
     years; IFRS asks for unrecognised contractual commitments without a table",
);
/// Onerous contracts.
pub const ONEROUS: Citation = cite(
    "no general rule (ASC 330-10-35-17 for inventory only)",
    "IAS 37.66 to 69",
    "where unavoidable costs exceed the benefits, the lower of fulfilling and leaving is provided for",
);
/// What a customer gets from its vendor.
pub const FROM_VENDOR: Citation = cite(
    "ASC 705-20-25-1",
    "IAS 2.11 by analogy",
    "what a vendor pays its customer reduces the cost of what is bought",
);
