//! From groups of rows to facts, beside the facts that stand.
//!
//! A bill covers some days of some accounts. Where an earlier file covered them too, this one is either a newer
//! edition of it or a further part beside it. An edition holds the rows of the one before (their amounts may
//! differ), a part holds none of them, so the marks of the standing facts tell. An edition says anew what its days
//! cost: what is the same stays as it was recorded, what differs is replaced, what is gone is taken back. A part
//! adds. Days and accounts that a bill does not cover stay as they were.

use crate::fault::{Fault, Problem};
use crate::gather::{BillIs, Group, Import};
use crate::known::{self, Id, Standing, short};
use crate::moment::Day;
use aws_lc_rs::digest::{SHA256, digest};
use contract::Decimal;
use contract::fact::{Fact, LIST_SPEND};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What an import comes to, beside the facts that stand.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub facts: Vec<Planned>,
    /// Of those, how many replace one that differs, and how many only take one back.
    pub replaced: u64,
    pub withdrawn: u64,
    /// How many groups of rows were on record already.
    pub known: u64,
    /// How many amounts were finer than money is here.
    pub rounded: u64,
    /// What the bill was taken for beside each earlier file, by that file's source.
    pub beside: BTreeMap<String, BillIs>,
}

/// A fact to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Planned {
    id: Id,
    /// The rows it is of; none for one that only takes another back.
    part: Option<Part>,
    /// The standing fact that it replaces.
    replaces: Option<usize>,
}

/// A group on its way to a fact.
#[derive(Debug, Clone, Copy)]
struct Part {
    file: usize,
    kind: usize,
    day: Day,
    group: Group,
}

impl Import {
    /// The facts that this import adds.
    pub(crate) fn plan(&mut self) -> Result<Plan, Fault> {
        let mut plan = Plan::default();
        let superseded = self.superseded(&mut plan)?;
        self.name_bills(&superseded);
        let parts = self.parts();
        let (mut old, mut new): (BTreeMap<_, Vec<usize>>, BTreeMap<_, Vec<Part>>) = Default::default();
        for at in superseded {
            let id = self.known.standing[at].id;
            old.entry((self.known.standing[at].day, id.key)).or_default().push(at);
        }
        let mut keys = HashMap::new();
        for part in parts {
            let key = *keys.entry((part.kind, part.day)).or_insert_with(|| self.key_of(part));
            new.entry((part.day, key)).or_default().push(part);
        }
        let both: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).copied().collect();
        for at in both {
            let (old, new) = (old.remove(&at).unwrap_or_default(), new.remove(&at).unwrap_or_default());
            self.settle(at.1, &old, &new, &mut plan)?;
        }
        Ok(plan)
    }

    /// The standing facts that this import says anew.
    fn superseded(&self, plan: &mut Plan) -> Result<Vec<usize>, Fault> {
        let covered: HashSet<_> =
            self.covered.iter().map(|(scope, day)| (&self.scopes[*scope], *day)).collect();
        let shared: Vec<usize> = (0..self.known.standing.len())
            .filter(|at| {
                let standing = &self.known.standing[*at];
                covered.contains(&(&standing.scope, standing.day))
            })
            .collect();
        // By account, month and bill: how many rows were looked for, and how many are here.
        let mut counts: BTreeMap<_, (usize, usize)> = BTreeMap::new();
        let mut name_of = HashMap::new();
        for at in shared.iter().copied().filter(|at| self.known.standing[*at].id.mark != 0) {
            let standing = &self.known.standing[at];
            let count = counts.entry(bill(standing)).or_default();
            count.0 += 1;
            count.1 += usize::from(self.seen[at].is_some());
            name_of.insert(&standing.bill, standing.fact.source.split(", ").next().unwrap_or_default());
        }
        let mut editions = HashSet::new();
        for (bill, (shared, seen)) in counts {
            let file = name_of.get(bill.2).copied().unwrap_or_default();
            let is = self.judge(shared, seen, file)?;
            plan.beside.insert(file.to_owned(), is);
            if is == BillIs::Edition {
                editions.insert(bill);
            }
        }
        let said_anew = |at: &usize| {
            let standing = &self.known.standing[*at];
            // What only takes another back belongs to no edition: it stands for nothing.
            standing.id.mark == 0 || editions.contains(&bill(standing))
        };
        Ok(shared.into_iter().filter(said_anew).collect())
    }

    /// Names the bill that each file is of: the one that most of the rows it shares are of, or else a new one.
    fn name_bills(&mut self, superseded: &[usize]) {
        let mut votes: HashMap<(usize, &str), u64> = HashMap::new();
        for at in superseded {
            let Some(file) = self.seen.get(*at).copied().flatten() else { continue };
            *votes.entry((file, &self.known.standing[*at].bill)).or_default() += 1;
        }
        let bill = |file: usize| {
            let of_it = votes.iter().filter(|((of, _), _)| *of == file);
            of_it.map(|((_, bill), votes)| (*votes, *bill)).max().map(|(_, bill)| bill.to_owned())
        };
        let bills: Vec<Option<String>> = (0..self.sources.len()).map(bill).collect();
        for (source, bill) in self.sources.iter_mut().zip(bills) {
            source.bill = bill.unwrap_or_else(|| short(&source.named.sha256));
        }
    }

    /// Whether this is a newer edition of a bill, or a further part.
    fn judge(&self, shared: usize, seen: usize, earlier: &str) -> Result<BillIs, Fault> {
        if let Some(said) = self.options.bill_is {
            return Ok(said);
        }
        if seen * 3 >= shared * 2 {
            Ok(BillIs::Edition)
        } else if seen * 10 <= shared {
            Ok(BillIs::Part)
        } else {
            let problem = Problem::Unclear { seen, shared, earlier: earlier.to_owned() };
            Err(Fault::of(problem).mend(
                "import all parts of the bill together, or say which: `--bill-is edition` or `--bill-is part`",
            ))
        }
    }

    /// The groups, in the order of their files.
    fn parts(&self) -> Vec<Part> {
        let parts = self.groups.iter().map(|((file, kind, day), group)| Part {
            file: *file,
            kind: *kind,
            day: *day,
            group: *group,
        });
        let mut parts: Vec<Part> = parts.collect();
        parts.sort_unstable_by_key(|part| (part.file, part.kind, part.day));
        parts
    }

    /// Of what a group is: its attributes, day and currency.
    fn key_of(&self, part: Part) -> u64 {
        let mut text = format!("{}\n{}\n", part.day.0, self.unit());
        for (name, value) in &self.kinds[part.kind].attributes {
            text.push_str(&format!("{name}={value}\n"));
        }
        first_word(text.as_bytes())
    }

    fn unit(&self) -> String {
        self.currency.map(|currency| currency.to_string()).unwrap_or_default()
    }

    /// Brings the facts of one key from `old` to `new`.
    fn settle(&mut self, key: u64, old: &[usize], new: &[Part], plan: &mut Plan) -> Result<(), Fault> {
        let pico = |decimal: Decimal| decimal.money(units::Currency::USD).pico();
        let before: i128 = old.iter().map(|at| pico(self.known.standing[*at].fact.value)).sum();
        let after: i128 = new.iter().map(|part| part.group.sum.pico().0).sum();
        let parts = i128::try_from(new.len()).unwrap_or(i128::MAX);
        // Files cut differently round differently, each by less than one.
        if !old.is_empty() && (before - after).abs() <= if before == 0 || after == 0 { 0 } else { parts } {
            plan.known += u64::try_from(new.len()).unwrap_or(0);
            return Ok(());
        }
        let mut old = old.iter().copied();
        for part in new {
            let replaces = old.next();
            if part.group.sum.is_zero() && replaces.is_none() {
                continue;
            }
            plan.rounded += u64::from(!part.group.sum.pico().1);
            plan.replaced += u64::from(replaces.is_some());
            plan.facts.push(self.planned(key, Some(*part), replaces)?);
        }
        for gone in old {
            plan.withdrawn += 1;
            plan.facts.push(self.planned(key, None, Some(gone))?);
        }
        Ok(())
    }

    /// A fact with a name that no other has: of what, of which rows, and in the place of which.
    fn planned(&mut self, key: u64, part: Option<Part>, replaces: Option<usize>) -> Result<Planned, Fault> {
        self.not_backwards(replaces)?;
        let old = replaces.map(|at| self.known.standing[at].id.text());
        let content = part.map_or(0, |part| part.group.content);
        let mut rows = old.map_or(content, |old| first_word(format!("{content:016x} {old}").as_bytes()));
        // The same rows in two files are two facts.
        let file = part.and_then(|part| self.sources.get(part.file)).map_or("", |file| &file.named.sha256);
        while !self.known.ids.insert((key, rows)) {
            rows = first_word(format!("{rows:016x} {file}").as_bytes());
        }
        let mark = part.map_or(0, |part| part.group.mark);
        Ok(Planned { id: Id { key, rows, mark }, part, replaces })
    }

    /// The fact itself.
    pub(crate) fn fact(&self, planned: &Planned) -> Fact {
        let replaced = planned.replaces.and_then(|at| self.known.standing.get(at));
        let mut fact = match (planned.part, replaced) {
            (Some(part), _) => self.fact_of(part),
            (None, Some(gone)) => self.withdrawal(gone),
            // A fact is of rows, or takes another back.
            (None, None) => self.blank(Day(0), ""),
        };
        fact.id = Some(planned.id.text());
        fact.replaces = replaced.map(|replaced| replaced.id.text());
        fact
    }

    fn blank(&self, day: Day, source: &str) -> Fact {
        Fact::new(LIST_SPEND, Decimal::ZERO, &self.unit(), (day.start(), self.options.recorded_at), source)
    }

    fn fact_of(&self, part: Part) -> Fact {
        let source = &self.sources[part.file];
        let more = part.group.rows - 1;
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let place = format!("{}{more}", source.place(part.group.first));
        let mut fact = self.blank(part.day, &known::source(&place, &source.bill));
        fact.value = Decimal::from_pico(part.group.sum.pico().0);
        fact.attributes.clone_from(&self.kinds[part.kind].attributes);
        fact.document_sha256 = Some(source.named.sha256.clone());
        fact
    }

    /// A fact of nothing in the place of one whose rows are gone.
    fn withdrawal(&self, gone: &Standing) -> Fact {
        let mut fact = gone.fact.clone();
        fact.value = Decimal::ZERO;
        fact.recorded_at = self.options.recorded_at;
        // The edition that no longer has it; its first file stands for all.
        if let Some(edition) = self.sources.first() {
            let place = format!("{}, no longer in it", edition.named.name);
            fact.source = known::source(&place, &gone.bill);
            fact.document_sha256 = Some(edition.named.sha256.clone());
        }
        fact
    }

    /// A correction is not known before what it corrects.
    fn not_backwards(&self, replaced: Option<usize>) -> Result<(), Fault> {
        let later = replaced.map(|at| self.known.standing[at].fact.recorded_at);
        match later.filter(|later| *later > self.options.recorded_at) {
            None => Ok(()),
            Some(later) => {
                let recorded = self.options.recorded_at.to_string();
                let problem = Problem::Backwards { recorded, later: later.to_string() };
                Err(Fault::of(problem).mend("say a `--recorded-at` that is not before it"))
            }
        }
    }
}

/// The account's month that a fact is of, and its bill.
fn bill(standing: &Standing) -> (&str, &str, &String) {
    (&standing.scope.account, &standing.scope.period, &standing.bill)
}

/// The first 64 bits of the SHA-256.
fn first_word(text: &[u8]) -> u64 {
    let digest = digest(&SHA256, text);
    digest.as_ref().first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}
