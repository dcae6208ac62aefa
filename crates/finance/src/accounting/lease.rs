//! Whether a capacity grant is a lease: five questions, a table that decides, and a reasoned default.
//!
//! A dedicated cluster can be a lease, token throughput is not. Whatever the answers leave open falls to
//! "service", because control has to be shown; but a substitution right that nobody can judge is presumed not to
//! be substantive, as the standards say.

use super::citation::{self, Citation};
use contract::Ratio;

/// What is known about a grant; what is not known is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LeaseFacts {
    /// A named site or pod, or one that is physically apart.
    pub named: Option<bool>,
    /// The vendor may put another in its place, throughout.
    pub may_substitute: Option<bool>,
    /// The vendor gains by doing so.
    pub gains_by_substitution: Option<bool>,
    /// The share of the asset's capacity that is granted; one for the whole of it.
    pub share: Option<Ratio>,
    /// The customer gets substantially all the economic benefits.
    pub benefits: Option<bool>,
    /// The customer directs the use.
    pub directs: Option<bool>,
}

/// A question of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Is there a named or physically distinct asset?
    Asset,
    /// Has the vendor a substantive right to substitute it?
    Substitution,
    /// Is the grant substantially all of the asset?
    Share,
    /// Does the customer get substantially all the benefits?
    Benefits,
    /// Does the customer direct the use?
    Direction,
}

impl Question {
    /// In the order they are asked.
    pub const ALL: [Self; 5] =
        [Self::Asset, Self::Substitution, Self::Share, Self::Benefits, Self::Direction];

    /// Its short name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Asset => "asset",
            Self::Substitution => "substitution",
            Self::Share => "share",
            Self::Benefits => "benefits",
            Self::Direction => "direction",
        }
    }

    /// As asked.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Asset => "Is a site or pod named, or physically distinct?",
            Self::Substitution => "Can the vendor replace it throughout, and gain by it?",
            Self::Share => "Is the grant substantially all (90 %) of its capacity?",
            Self::Benefits => "Does the customer get substantially all economic benefits?",
            Self::Direction => "Does the customer direct how and for what it is used?",
        }
    }

    /// What it rests on.
    pub const fn citation(self) -> Citation {
        match self {
            Self::Asset => citation::LEASE_ASSET,
            Self::Substitution => citation::LEASE_SUBSTITUTION,
            Self::Share => citation::LEASE_PORTION,
            Self::Benefits => citation::LEASE_BENEFITS,
            Self::Direction => citation::LEASE_DIRECTION,
        }
    }
}

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Yes,
    /// No.
    No,
    /// Nothing is known.
    Unknown,
}

impl Answer {
    /// As a word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "not known",
        }
    }
}

impl From<Option<bool>> for Answer {
    fn from(known: Option<bool>) -> Self {
        match known {
            Some(true) => Self::Yes,
            Some(false) => Self::No,
            None => Self::Unknown,
        }
    }
}

/// A question with its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// The question.
    pub question: Question,
    /// Its answer.
    pub answer: Answer,
}

/// What a grant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Classification {
    /// It has a lease: priced apart, its minimums are a lease liability.
    Lease,
    /// It is a service.
    Service,
    /// It is taken for a service because nothing known makes it a lease.
    ServiceByDefault,
}

/// The result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseScreen {
    /// All five, in order.
    pub answers: [Answered; 5],
    /// What it is.
    pub classification: Classification,
    /// Why.
    pub reason: &'static str,
    /// What decided.
    pub citation: Citation,
    /// The questions whose answer could change the result.
    pub open: Vec<Question>,
}

/// A row of the table: one answer each that it asks for, in the order of [`Question::ALL`]; none fits any.
struct Row {
    asks: [Option<Answer>; 5],
    gives: Classification,
    reason: &'static str,
    citation: Citation,
}

const YES: Option<Answer> = Some(Answer::Yes);
const NO: Option<Answer> = Some(Answer::No);

/// The first row that fits decides.
const TABLE: [Row; 7] = [
    Row {
        asks: [NO, None, None, None, None],
        gives: Classification::Service,
        reason: "no asset is identified: the grant is capacity from a pool",
        citation: citation::LEASE_ASSET,
    },
    Row {
        asks: [None, YES, None, None, None],
        gives: Classification::Service,
        reason: "the vendor has a substantive right to substitute the asset",
        citation: citation::LEASE_SUBSTITUTION,
    },
    Row {
        asks: [None, None, NO, None, None],
        gives: Classification::Service,
        reason: "the grant is a share of an asset, not substantially all of it",
        citation: citation::LEASE_PORTION,
    },
    Row {
        asks: [None, None, None, NO, None],
        gives: Classification::Service,
        reason: "others get a substantial part of the economic benefits",
        citation: citation::LEASE_BENEFITS,
    },
    Row {
        asks: [None, None, None, None, NO],
        gives: Classification::Service,
        reason: "the vendor directs the use",
        citation: citation::LEASE_DIRECTION,
    },
    Row {
        asks: [YES, None, YES, YES, YES],
        gives: Classification::Lease,
        reason: "an identified asset whose use the customer controls, with no substantive right to substitute it",
        citation: citation::LEASE,
    },
    Row {
        asks: [None; 5],
        gives: Classification::ServiceByDefault,
        reason: "nothing known gives the customer control of an identified asset; answers to the open questions \
                 may change this",
        citation: citation::LEASE,
    },
];

/// From here on a share is substantially all.
const SUBSTANTIALLY_ALL: (i128, i128) = (9, 10);

/// Asks the five questions of what is known about a grant.
pub fn screen(facts: &LeaseFacts) -> LeaseScreen {
    let substitution = match (facts.may_substitute, facts.gains_by_substitution) {
        (Some(true), Some(true)) => Answer::Yes,
        (Some(false), _) | (_, Some(false)) => Answer::No,
        _ => Answer::Unknown,
    };
    let all = Ratio::new(SUBSTANTIALLY_ALL.0, SUBSTANTIALLY_ALL.1);
    let answers = [
        facts.named.into(),
        substitution,
        facts.share.map(|share| share >= all).into(),
        facts.benefits.into(),
        facts.directs.into(),
    ];
    let fits = |row: &&Row| {
        row.asks.iter().zip(&answers).all(|(asked, given)| asked.is_none_or(|asked| asked == *given))
    };
    let row = TABLE.iter().find(fits).unwrap_or(&TABLE[TABLE.len() - 1]);
    let pairs = || Question::ALL.into_iter().zip(answers);
    let open = pairs().filter(|(_, answer)| *answer == Answer::Unknown).map(|(question, _)| question);
    LeaseScreen {
        answers: [0, 1, 2, 3, 4]
            .map(|place| Answered { question: Question::ALL[place], answer: answers[place] }),
        classification: row.gives,
        reason: row.reason,
        citation: row.citation,
        open: if row.gives == Classification::Service { Vec::new() } else { open.collect() },
    }
}
