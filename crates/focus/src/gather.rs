//! Rows gathered into groups: all rows of one file, day and set of attributes become one sum.
//!
//! Memory grows with the groups, not with the rows.

use crate::cell::Row;
use crate::charge::{Charge, LeftOut, content};
use crate::check::Checks;
use crate::column::Column;
use crate::fault::{Fault, Place, Problem};
use crate::known::{Known, Scope};
use crate::moment::Day;
use crate::number::{Number, Sum};
use std::collections::{BTreeMap, HashMap, HashSet};
use units::{Currency, Timestamp};

/// How an import is to be done.
#[derive(Debug, Clone)]
pub struct Options {
    /// The name that the deal's rules have for the provider; the vendor's own short name when not said.
    pub provider: Option<String>,
    /// Whether a charge without a list cost counts at its effective cost.
    pub fill_list_cost: bool,
    /// When the facts are put on record.
    pub recorded_at: Timestamp,
    /// The only currency that will do, where a deal says one.
    pub currency: Option<Currency>,
    /// What a bill is that shares days with an earlier one; judged by its rows when not said.
    pub bill_is: Option<BillIs>,
}

/// What a bill is that shares days with an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BillIs {
    /// A newer edition: it says anew what the days it covers cost.
    Edition,
    /// A further part: it adds to them.
    Part,
}

/// A file by name and content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// What to call it.
    pub name: String,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// A set of attributes.
#[derive(Debug)]
pub(crate) struct Kind {
    pub attributes: BTreeMap<String, String>,
}

/// The rows of one file, day and set of attributes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Group {
    pub sum: Sum,
    pub rows: u64,
    pub first: u64,
    /// A sum over the rows that does not depend on their order.
    pub content: u64,
    /// The least identity among them.
    pub mark: u64,
}

/// What was left out for one reason.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Left {
    pub rows: u64,
    pub billed: Sum,
    pub effective: Sum,
}

/// A file that was read.
#[derive(Debug)]
pub(crate) struct Source {
    pub named: Named,
    pub version: &'static str,
    pub rows: u64,
    /// Whether it is text, whose places are lines, or Parquet, whose places are rows.
    pub text: bool,
    pub wanting: Vec<&'static str>,
    /// The bill it is of; known at the end.
    pub bill: String,
    /// Whether amounts came as doubles.
    pub doubles: bool,
}

/// An import under way.
#[derive(Debug)]
pub struct Import {
    pub(crate) options: Options,
    pub(crate) known: Known,
    /// For each standing fact the file that has its mark, where one has.
    pub(crate) seen: Vec<Option<usize>>,
    pub(crate) currency: Option<Currency>,
    pub(crate) sources: Vec<Source>,
    pub(crate) kinds: Vec<Kind>,
    /// By what a row says, and by the attributes that come of it.
    by_key: HashMap<Box<[u8]>, usize>,
    by_attributes: HashMap<BTreeMap<String, String>, usize>,
    pub(crate) groups: HashMap<(usize, usize, Day), Group>,
    /// The days that the bill covers, by one kind of each scope.
    pub(crate) covered: HashSet<(usize, Day)>,
    pub(crate) scopes: Vec<Scope>,
    scope_of: HashMap<Scope, usize>,
    kind_scope: Vec<usize>,
    pub(crate) left: BTreeMap<LeftOut, Left>,
    pub(crate) checks: Checks,
    key: Vec<u8>,
}

impl Import {
    /// An import beside what is known.
    pub fn new(options: Options, known: Known) -> Self {
        let seen = vec![None; known.standing.len()];
        Self {
            options,
            known,
            seen,
            currency: None,
            sources: Vec::new(),
            kinds: Vec::new(),
            by_key: HashMap::new(),
            by_attributes: HashMap::new(),
            groups: HashMap::new(),
            covered: HashSet::new(),
            scopes: Vec::new(),
            scope_of: HashMap::new(),
            kind_scope: Vec::new(),
            left: BTreeMap::new(),
            checks: Checks::default(),
            key: Vec::new(),
        }
    }

    /// When this file was put on record by an earlier import; such a file need not be read again.
    pub fn knows(&self, sha256: &str) -> Option<Timestamp> {
        self.known.file(sha256)
    }

    /// Begins a file.
    pub(crate) fn begin(&mut self, source: Source) {
        self.sources.push(source);
    }

    /// Takes one row of the file last begun.
    pub(crate) fn row(&mut self, row: &impl Row, number: u64) -> Result<(), Fault> {
        let charge = Charge::read(row, self.options.fill_list_cost)?;
        self.admit(row, &charge)?;
        let kind = self.kind(&charge);
        self.covered.insert((self.kind_scope[kind], charge.day));
        let file = self.sources.len().saturating_sub(1);
        for known in self.known.marks.get(&charge.identity).into_iter().flatten() {
            self.seen[*known].get_or_insert(file);
        }
        if let Some(source) = self.sources.last_mut() {
            source.rows += 1;
        }
        match charge.list {
            Ok(list) => self.count(row, &charge, (kind, list), number),
            Err(reason) => self.leave(reason, &charge),
        }
    }

    /// Refuses what cannot be counted beside the rows before it, or not yet.
    fn admit(&mut self, row: &impl Row, charge: &Charge<'_>) -> Result<(), Fault> {
        let currency = row.currency(Column::BillingCurrency)?;
        let fault = match (self.currency, self.options.currency) {
            (_, Some(deal)) if deal != currency => {
                let problem = Problem::NotTheDeals { found: currency.to_string(), deal: deal.to_string() };
                Fault::of(problem).mend("import it for a deal in that currency, into facts of its own")
            }
            (Some(before), _) if before != currency => {
                let problem = Problem::Mixed { found: currency.to_string(), before: before.to_string() };
                Fault::of(problem).mend("import the charges of each currency from a file of their own")
            }
            _ => {
                self.currency = Some(currency);
                let recorded = self.options.recorded_at;
                if charge.day.start() <= recorded {
                    return Ok(());
                }
                let begins = charge.day.start().date();
                let problem = Problem::Early { begins, recorded: recorded.to_string() };
                Fault::of(problem).mend("import the bill when it has come, or say a later `--recorded-at`")
            }
        };
        Err(fault)
    }

    /// The set of attributes of a charge.
    fn kind(&mut self, charge: &Charge<'_>) -> usize {
        charge.texts.key(&mut self.key);
        if let Some(known) = self.by_key.get(self.key.as_slice()) {
            return *known;
        }
        let attributes = charge.texts.attributes(self.options.provider.as_deref());
        let kind = match self.by_attributes.get(&attributes) {
            Some(known) => *known,
            None => {
                let scope = Scope::of(&attributes);
                let next = self.scopes.len();
                let scope_at = *self.scope_of.entry(scope.clone()).or_insert(next);
                if scope_at == next {
                    self.scopes.push(scope);
                }
                self.kind_scope.push(scope_at);
                self.by_attributes.insert(attributes.clone(), self.kinds.len());
                self.kinds.push(Kind { attributes });
                self.kinds.len() - 1
            }
        };
        self.by_key.insert(self.key.clone().into_boxed_slice(), kind);
        kind
    }

    fn count(
        &mut self,
        row: &impl Row,
        charge: &Charge<'_>,
        (kind, list): (usize, Number),
        number: u64,
    ) -> Result<(), Fault> {
        let too_large = || Fault::of(Problem::TooLarge);
        let sum = list.sum().ok_or_else(too_large)?;
        let file = self.sources.len().saturating_sub(1);
        let group = self.groups.entry((file, kind, charge.day)).or_insert(Group {
            sum: Sum::default(),
            rows: 0,
            first: number,
            content: 0,
            mark: u64::MAX,
        });
        group.sum = group.sum.plus(sum).ok_or_else(too_large)?;
        group.rows += 1;
        group.content = group.content.wrapping_add(content(charge.identity, sum));
        group.mark = group.mark.min(charge.identity).max(1);
        let priced = matches!(charge.texts.category, "usage" | "purchase");
        if priced && charge.texts.class.is_empty() && !charge.texts.filled {
            let source = self.sources.last();
            self.checks.row(row, list, || source.map(|source| source.place(number)).unwrap_or_default())?;
        }
        Ok(())
    }

    fn leave(&mut self, reason: LeftOut, charge: &Charge<'_>) -> Result<(), Fault> {
        let too_large = || Fault::of(Problem::TooLarge);
        let left = self.left.entry(reason).or_default();
        let add = |sum: Sum, cost: Number| cost.sum().and_then(|cost| sum.plus(cost)).ok_or_else(too_large);
        left.rows += 1;
        left.billed = add(left.billed, charge.billed)?;
        left.effective = add(left.effective, charge.effective)?;
        Ok(())
    }
}

impl Source {
    /// A place in the file, in words.
    pub(crate) fn place(&self, number: u64) -> String {
        format!("{}, {} {number}", self.named.name, if self.text { "line" } else { "row" })
    }
}

/// A fault of a row, at its place in Parquet.
pub(crate) fn at_row(fault: Fault, row: u64) -> Fault {
    match fault.place {
        Place::Whole => fault.at(Place::Row(row)),
        _ => fault,
    }
}
