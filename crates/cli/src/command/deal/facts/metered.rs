//! From batches in the books to facts.
//!
//! A batch never changes, and batches have an order. A fact of a flow is of the batches of one day, one set of
//! attributes and one day of posting; its id names the first and last of them. So the file of facts itself says how
//! far it is: the next time only later batches are looked at, and nothing is ever corrected. A level (how many
//! customers) is worked out anew for every day that is over, and a day whose figure changed gets a fact that
//! replaces the old one.

use crate::eligible::attributes;
use aws_lc_rs::digest::{SHA256, digest};
use contract::Decimal;
use contract::fact::{Entry, Fact, Line};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use store::Batch;
use units::{Currency, Organisation, Timestamp};

const DAY_SECONDS: i64 = 86_400;
const WINDOW_DAYS: i64 = 30;
const CUSTOMERS: &str = "active_customers";
const CHIP_HOURS: &str = "chip_hours";

/// What is asked of the books.
#[derive(Debug)]
pub struct Asked {
    pub organisation: Option<Organisation>,
    pub currency: Option<Currency>,
    pub provider: HashMap<String, String>,
    pub silicon: HashMap<String, String>,
}

/// The books, the facts on record, and those to add.
#[derive(Debug)]
pub struct Metered<'a> {
    asked: Asked,
    /// What the data directory is called.
    name: String,
    batches: Vec<&'a Batch>,
    /// Which books these are, and which part of them: what the ids of their facts begin with.
    prefix: String,
    known: Vec<Fact>,
    pub facts: Vec<Fact>,
}

/// What the batches of one fact have in common: the day posted, the day of the calls, and the attributes.
type Key = (i64, i64, BTreeMap<String, String>);

impl<'a> Metered<'a> {
    /// What is asked of these batches, oldest first, beside these lines.
    pub fn new(asked: Asked, name: String, batches: &'a [Batch], lines: Vec<Entry>) -> Result<Self, String> {
        let plane = batches.first().map(|batch| batch.id.to_string()).unwrap_or_default();
        let plane: String = plane.chars().take(12).collect();
        let part = format!("{:?} {:?}", asked.organisation, asked.currency);
        let prefix = format!("books-{plane}-{:08x}-", word(&part) >> 32);
        let facts = lines.into_iter().filter_map(|entry| match entry.line {
            Line::Fact(fact) => Some(fact),
            _ => None,
        });
        let of_plane = |fact: &Fact, start: &str| fact.id.as_ref().is_some_and(|id| id.starts_with(start));
        let known: Vec<Fact> = facts.filter(|fact| of_plane(fact, &format!("books-{plane}-"))).collect();
        if known.iter().any(|fact| !of_plane(fact, &prefix)) {
            return Err(
                "these facts are of another organisation or currency of the same books: add to a file of \
                        their own, or ask for the same"
                    .to_owned(),
            );
        }
        let wanted = |batch: &&Batch| {
            asked.organisation.as_ref().is_none_or(|one| *one == batch.key.organisation)
                && asked.currency.is_none_or(|one| one == batch.key.currency)
        };
        let batches: Vec<&Batch> = batches.iter().filter(wanted).collect();
        let currencies: BTreeSet<Currency> = batches.iter().map(|batch| batch.key.currency).collect();
        if currencies.len() > 1 {
            let named: Vec<String> = currencies.iter().map(Currency::to_string).collect();
            return Err(format!("the books are in {}: say which with `--currency`", named.join(" and ")));
        }
        Ok(Self { asked, name, batches, prefix, known, facts: Vec::new() })
    }

    /// How many batches were asked for.
    pub fn batches(&self) -> usize {
        self.batches.len()
    }

    /// What they come to, with the currency.
    pub fn total(&self) -> String {
        let sum: i128 = self.batches.iter().map(|batch| batch.totals.amount.pico()).sum();
        format!("{} {}", units::format_decimal(sum, 12, 2), self.unit())
    }

    fn unit(&self) -> String {
        self.batches.first().map(|batch| batch.key.currency.to_string()).unwrap_or_default()
    }

    /// Facts of what was spent, as `metric`, of the batches after those on record.
    pub fn flow(&mut self, metric: &str, attributed: bool) -> Result<(), String> {
        let unit = self.unit();
        self.flow_of((metric, &unit), attributed, |batch, _| Some(batch.totals.amount.pico()))
    }

    /// Facts of the chip-hours that calls took, by the tokens that a chip of their backend serves an hour.
    pub fn chip_hours(&mut self, tokens_an_hour: &HashMap<String, u64>) -> Result<(), String> {
        self.flow_of((CHIP_HOURS, CHIP_HOURS), true, |batch, backend| {
            let tokens = i128::from(batch.totals.tokens.total());
            let an_hour = i128::from(*tokens_an_hour.get(backend)?);
            tokens.checked_mul(units::PICO_PER_UNIT)?.checked_div(an_hour)
        })
    }

    /// Facts of a flow: what each batch comes to, in 10⁻¹² of the unit; a batch that comes to none is left out.
    fn flow_of(
        &mut self,
        (metric, unit): (&str, &str),
        attributed: bool,
        value: impl Fn(&Batch, &str) -> Option<i128>,
    ) -> Result<(), String> {
        let after = self.known.iter().filter(|fact| fact.metric == metric);
        let after =
            after.filter_map(|fact| fact.id.as_deref()?.rsplit_once('-')?.1.parse::<u64>().ok()).max();
        let mut groups: BTreeMap<Key, Vec<&Batch>> = BTreeMap::new();
        for batch in self.batches.iter().filter(|batch| after.is_none_or(|after| batch.leaf > after)) {
            let attributes = if attributed { self.attributes(batch) } else { BTreeMap::new() };
            groups.entry((day(batch.posted_at), day(batch.key.day), attributes)).or_default().push(batch);
        }
        for ((_, effective, attributes), batches) in groups {
            let (Some(first), Some(last)) = (batches.first(), batches.last()) else { continue };
            let mut values = batches.iter().filter_map(|one| value(one, one.key.backend.as_str()));
            let sum = values.try_fold(0_i128, i128::checked_add);
            let sum = sum.ok_or_else(|| "the sum is too large".to_owned())?;
            if sum == 0 {
                continue;
            }
            let (from, to) = (first.leaf, last.leaf);
            let source = format!("books of {}, batches {from} to {to}", self.name);
            let times = (start(effective), last.posted_at);
            let mut fact = Fact::new(metric, Decimal::from_pico(sum), unit, times, &source);
            let key = word(&format!("{metric} {effective} {attributes:?}"));
            fact.attributes = attributes;
            fact.id = Some(format!("{}{key:016x}-{from}-{to}", self.prefix));
            self.facts.push(fact);
        }
        Ok(())
    }

    /// What rules select on.
    fn attributes(&self, batch: &Batch) -> BTreeMap<String, String> {
        let key = &batch.key;
        let backend = key.backend.as_str();
        let provider = self.asked.provider.get(backend).map(String::as_str);
        let silicon = self.asked.silicon.get(backend).map(String::as_str);
        let call = (key.organisation.as_str(), key.model.as_str());
        let mut all = attributes((backend, key.region.as_str()), (provider, silicon), call);
        all.insert("team".to_owned(), key.team.to_string());
        all
    }

    /// For every day that is over, how many organisations came to `least` in the 30 days that end with it.
    pub fn active_customers(&mut self, least: Decimal) {
        let Some(newest) = self.batches.iter().map(|batch| batch.posted_at).max() else { return };
        let mut spend: BTreeMap<i64, BTreeMap<&Organisation, i128>> = BTreeMap::new();
        let mut posted: BTreeMap<i64, Timestamp> = BTreeMap::new();
        for batch in &self.batches {
            let effective = day(batch.key.day);
            let sum = spend.entry(effective).or_default().entry(&batch.key.organisation).or_default();
            *sum = sum.saturating_add(batch.totals.amount.pico());
            let last = posted.entry(effective).or_insert(batch.posted_at);
            *last = (*last).max(batch.posted_at);
        }
        let Some(first) = spend.keys().next().copied() else { return };
        let standing = self.standing(CUSTOMERS);
        let least = least.money(Currency::USD).pico();
        let mut recorded = Timestamp::from_micros(i64::MIN);
        let mut facts = Vec::new();
        for at in first..day(newest) {
            recorded = recorded.max(start(at + 1)).max(posted.get(&at).copied().unwrap_or(recorded));
            let count = active(&spend, at, least);
            let old = standing.get(&at);
            if old.is_some_and(|old| old.value == count) {
                continue;
            }
            // A figure that changed is known from the batch that changed it, of which only the newest is certain.
            let recorded = if old.is_some() { newest } else { recorded };
            facts.push(self.customers(at, count, recorded, old));
        }
        self.facts.extend(facts);
    }

    fn customers(&self, at: i64, count: Decimal, recorded: Timestamp, old: Option<&Fact>) -> Fact {
        let source = format!("books of {}, {WINDOW_DAYS} days to the end of it", self.name);
        let mut fact = Fact::new(CUSTOMERS, count, "customers", (start(at), recorded), &source);
        fact.replaces = old.and_then(|old| old.id.clone());
        let key = word(&format!("{CUSTOMERS} {at} {count} {:?}", fact.replaces));
        fact.id = Some(format!("{}{key:016x}-{CUSTOMERS}-{}", self.prefix, start(at).date()));
        fact
    }

    /// The facts of a level that no other replaces, by their day.
    fn standing(&self, metric: &str) -> HashMap<i64, Fact> {
        let replaced: HashSet<&String> =
            self.known.iter().filter_map(|fact| fact.replaces.as_ref()).collect();
        let stands =
            |fact: &&Fact| fact.metric == metric && fact.id.as_ref().is_none_or(|id| !replaced.contains(id));
        self.known.iter().filter(stands).map(|fact| (day(fact.effective_at), fact.clone())).collect()
    }
}

/// How many came to at least this much in the days that end with `at`.
fn active(spend: &BTreeMap<i64, BTreeMap<&Organisation, i128>>, at: i64, least: i128) -> Decimal {
    let mut sums: BTreeMap<&Organisation, i128> = BTreeMap::new();
    for (organisation, amount) in spend.range(at - WINDOW_DAYS + 1..=at).flat_map(|(_, day)| day) {
        let sum = sums.entry(*organisation).or_default();
        *sum = sum.saturating_add(*amount);
    }
    let count = sums.values().filter(|sum| **sum >= least).count();
    Decimal::from_pico(i128::try_from(count).unwrap_or(0) * units::PICO_PER_UNIT)
}

const fn day(moment: Timestamp) -> i64 {
    moment.seconds().div_euclid(DAY_SECONDS)
}

const fn start(day: i64) -> Timestamp {
    Timestamp::from_seconds(day.saturating_mul(DAY_SECONDS))
}

/// The first 64 bits of the SHA-256.
fn word(text: &str) -> u64 {
    digest(&SHA256, text.as_bytes()).as_ref().first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::TransferId;
    use store::{BatchKey, Totals};
    use units::{Money, TokenCounts};

    /// Batch `leaf`: a day of January 2027 posted on a day, an organisation, a backend, cents.
    fn batch(
        leaf: u8,
        (called, posted): (i64, i64),
        (organisation, backend): (&str, &str),
        cents: i128,
    ) -> Batch {
        let at = |day: i64| Timestamp::from_seconds(1_798_761_600 + (day - 1) * DAY_SECONDS);
        let amount = Money::from_pico(cents * 10_000_000_000, Currency::USD);
        let key = BatchKey {
            day: at(called),
            organisation: organisation.parse().unwrap(),
            team: "team".parse().unwrap(),
            model: "claude".parse().unwrap(),
            backend: backend.parse().unwrap(),
            region: "eu-central-1".parse().unwrap(),
            currency: Currency::USD,
            price: units::PriceId(1),
        };
        let totals = Totals {
            calls: 1,
            attempts: 1,
            tokens: TokenCounts { output: 250, ..TokenCounts::default() },
            amount,
        };
        let posted_at = at(posted).plus_seconds(i64::from(leaf) + 60);
        Batch {
            id: TransferId([leaf; 16]),
            leaf: u64::from(leaf),
            sealed: 0,
            key,
            first: 0,
            last: 0,
            totals,
            root: [0; 32],
            event_first: at(called),
            event_last: at(called),
            posted_at,
        }
    }

    /// The lines that these batches add to a book.
    fn add(book: &mut String, batches: &[Batch]) -> usize {
        let asked = Asked {
            organisation: None,
            currency: None,
            provider: [("bedrock".to_owned(), "aws".to_owned())].into(),
            silicon: [("bedrock".to_owned(), "trainium2".to_owned())].into(),
        };
        let known = contract::fact::read(book).unwrap();
        let mut metered = Metered::new(asked, "data".to_owned(), batches, known).unwrap();
        metered.flow(contract::fact::LIST_SPEND, true).unwrap();
        metered.flow("revenue", false).unwrap();
        metered.chip_hours(&[("bedrock".to_owned(), 1_000)].into()).unwrap();
        metered.active_customers("1".parse().unwrap());
        for fact in &metered.facts {
            book.push_str(&(fact.to_line() + "\n"));
        }
        metered.facts.len()
    }

    fn facts(book: &str, metric: &str) -> Vec<Fact> {
        let lines = contract::fact::read(book).unwrap().into_iter();
        let facts = lines.filter_map(|entry| match entry.line {
            Line::Fact(fact) => Some(fact),
            _ => None,
        });
        facts.filter(|fact| fact.metric == metric).collect()
    }

    fn sum(book: &str, metric: &str) -> i128 {
        facts(book, metric).iter().map(|fact| fact.value.money(Currency::USD).pico()).sum()
    }

    #[test]
    fn batches_are_facts_once() {
        let batches = [
            batch(0, (1, 1), ("acme", "bedrock"), 120),
            batch(1, (1, 1), ("acme", "bedrock"), 30),
            batch(2, (1, 1), ("beta", "direct"), 40),
            batch(3, (1, 2), ("acme", "bedrock"), 5),
            batch(4, (2, 2), ("beta", "direct"), 70),
            batch(5, (3, 3), ("beta", "direct"), 0),
        ];
        for cut in 0..=batches.len() {
            let mut book = String::new();
            add(&mut book, &batches[..cut]);
            add(&mut book, &batches);
            let after = book.clone();
            assert_eq!(add(&mut book, &batches), 0, "{cut}");
            assert_eq!(book, after);
            // Three batches of 250 tokens at the backend whose rate is known, at 1,000 an hour.
            assert_eq!(sum(&book, "chip_hours"), 3 * units::PICO_PER_UNIT / 4);
            let all: i128 = batches.iter().map(|batch| batch.totals.amount.pico()).sum();
            assert_eq!(sum(&book, "list_spend"), all, "{cut}");
            assert_eq!(sum(&book, "revenue"), all, "{cut}");
        }
        let mut book = String::new();
        add(&mut book, &batches);
        let spend = facts(&book, "list_spend");
        assert_eq!(spend.len(), 4, "a fact for each day of calls, day of posting and set of attributes");
        assert_eq!(spend[0].attributes["provider"], "aws");
        assert_eq!(spend[0].attributes["silicon"], "trainium2");
        assert_eq!(spend[1].attributes["provider"], "direct");
        assert!(spend.iter().all(|fact| fact.effective_at <= fact.recorded_at));
    }

    #[test]
    fn customers_are_counted_for_days_that_are_over_and_corrected_by_late_batches() {
        let mut batches = vec![
            batch(0, (1, 1), ("acme", "bedrock"), 120),
            batch(1, (1, 1), ("beta", "direct"), 60),
            batch(2, (2, 3), ("beta", "direct"), 40),
            batch(3, (4, 4), ("acme", "bedrock"), 1),
        ];
        let mut book = String::new();
        add(&mut book, &batches);
        let counts = |book: &str| {
            let all = facts(book, CUSTOMERS);
            let gone: HashSet<_> = all.iter().filter_map(|fact| fact.replaces.clone()).collect();
            let stands = all.into_iter().filter(|fact| !gone.contains(fact.id.as_ref().unwrap()));
            let mut days: Vec<_> =
                stands.map(|fact| (fact.effective_at.date(), fact.value.to_string())).collect();
            days.sort();
            days.into_iter().map(|(_, count)| count).collect::<Vec<_>>()
        };
        assert_eq!(counts(&book), ["1", "2", "2"], "the fourth is not over");
        batches.push(batch(4, (1, 5), ("beta", "direct"), 40));
        assert_eq!(add(&mut book, &batches), 4, "spend, revenue, the first corrected, the fourth");
        assert_eq!(counts(&book), ["2", "2", "2", "2"]);
        assert_eq!(add(&mut book, &batches), 0);
        let thirty_one = batch(5, (32, 33), ("acme", "bedrock"), 0);
        batches.push(thirty_one);
        add(&mut book, &batches);
        assert_eq!(counts(&book).last().map(String::as_str), Some("0"), "30 days later it is over");
    }

    #[test]
    fn another_part_of_the_same_books_needs_a_file_of_its_own() {
        let batches = [batch(0, (1, 1), ("acme", "bedrock"), 120)];
        let mut book = String::new();
        add(&mut book, &batches);
        let asked = Asked {
            organisation: "acme".parse().ok(),
            currency: None,
            provider: HashMap::new(),
            silicon: HashMap::new(),
        };
        let known = contract::fact::read(&book).unwrap();
        assert!(Metered::new(asked, "data".to_owned(), &batches, known).is_err());
    }
}
