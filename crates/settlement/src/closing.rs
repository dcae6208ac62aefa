//! Closing contract years: what a year comes to beyond its calls, posted when it is over.
//!
//! A year closes with the first `Sealed` frame after its end, so the journal alone says when. What is posted is the
//! difference to what was posted before: charges that come late are settled again, with the year's end as their event
//! time, and name what they correct.

use crate::Error;
use crate::commitment::Commitment;
use crate::fold::Books;
use crate::posting::{Adjustment, Side};
use crate::seal::Making;
use crate::terms::Terms;
use contract::{CommitmentTerms, Day, Position, YearPosition, YearSettlement, settle};
use journal::{Seq, TermsAdded};
use ledger::{Transfer, TransferId};
use std::collections::BTreeMap;
use units::{Money, MoneyError, Timestamp};

/// How far a commitment's years are closed.
#[derive(Debug)]
pub(crate) struct Closing {
    pub terms: Terms,
    settled: CommitmentTerms,
    /// How many years are closed.
    closed: u32,
    /// Whether something was charged in a closed year since.
    late: bool,
    /// By year and code: what was posted, and the last transfer of it.
    posted: BTreeMap<(u32, &'static str), (i128, TransferId)>,
}

impl Closing {
    /// The end of contract year `year`, where it has a minimum.
    fn end(&self, year: u32) -> Option<Timestamp> {
        self.settled.minimum(year)?;
        self.settled.period.year(year).map(|(_, end)| end.start())
    }

    /// How many years are over at `at`.
    fn over(&self, at: Timestamp) -> u32 {
        let ended = (self.closed + 1..).take_while(|year| self.end(*year).is_some_and(|end| end <= at));
        ended.last().unwrap_or(self.closed)
    }

    /// Notes that something was charged in this hour.
    pub fn charged(&mut self, hour: Timestamp) {
        self.late |= self.end(self.closed).is_some_and(|end| hour < end);
    }
}

impl Books {
    /// Whether a `Sealed` frame at `now` would close a contract year.
    pub fn closes_by(&self, now: Timestamp) -> bool {
        let closes = |closing: &Closing| closing.late || closing.over(now) > closing.closed;
        self.commitments.iter().any(|one| one.granted && one.closing.as_ref().is_some_and(closes))
    }

    pub(crate) fn add_terms(&mut self, seq: Seq, added: &TermsAdded) -> Result<(), Error> {
        let known = self.commitments.iter_mut().find(|one| one.position.commitment == added.commitment);
        let Some(known) = known else {
            return Err(Error::Inconsistent { seq, what: "says terms of a commitment that is not known" });
        };
        let terms = Terms::read(added, known.position.total.currency());
        match &known.closing {
            Some(closing) if closing.terms == terms => {}
            Some(_) => return Err(Error::Inconsistent { seq, what: "says other terms of a commitment" }),
            None => {
                let settled = terms.of_position(&known.position);
                let posted = BTreeMap::new();
                known.closing = Some(Closing { terms, settled, closed: 0, late: false, posted });
            }
        }
        Ok(())
    }

    /// Closes the years that are over, and settles again those that something was charged in since.
    pub(crate) fn close_years(&mut self, making: &mut Making) -> Result<(), Error> {
        for index in 0..self.commitments.len() {
            let Some(commitment) = self.commitments.get_mut(index).filter(|one| one.granted) else {
                continue;
            };
            let set = close(commitment, making.seq, making.at)?;
            if !set.is_empty() {
                self.post(set, making)?;
            }
        }
        Ok(())
    }
}

fn close(commitment: &mut Commitment, seq: Seq, at: Timestamp) -> Result<Vec<Transfer>, Error> {
    let Some(mut closing) = commitment.closing.take() else { return Ok(Vec::new()) };
    let over = closing.over(at);
    let mut set = Vec::new();
    if closing.late || over > closing.closed {
        let too_large = |_| Error::TooLarge { seq };
        let position = position(commitment, &closing.settled).map_err(too_large)?;
        // A clock that went back opens nothing again.
        let as_of = closing.end(over).unwrap_or(at);
        for year in
            settle(&closing.settled, &position, Day::of(as_of)).map_err(|_| Error::TooLarge { seq })?
        {
            if !year.open {
                set.extend(year_set(commitment, &mut closing, &year, (seq, at)).map_err(too_large)?);
            }
        }
        (closing.closed, closing.late) = (over, false);
    }
    commitment.closing = Some(closing);
    Ok(set)
}

/// What was charged, by contract year.
fn position(commitment: &Commitment, terms: &CommitmentTerms) -> Result<Position, MoneyError> {
    let mut years: BTreeMap<u32, i128> = BTreeMap::new();
    for (hour, amount) in &commitment.points {
        let Some(year) = terms.year_of(Day::of(*hour)) else { continue };
        let sum = years.entry(year).or_insert(0);
        *sum = sum.checked_add(*amount).ok_or(MoneyError::TooLarge)?;
    }
    let nothing = Money::zero(terms.currency);
    let of_year =
        |pico| YearPosition { list: vec![Money::from_pico(pico, terms.currency)], unmatched: nothing };
    let years = years.into_iter().map(|(year, pico)| (year, of_year(pico))).collect();
    Ok(Position { years, outside: nothing })
}

/// What has to be posted so that the books hold what a closed year comes to.
fn year_set(
    commitment: &Commitment,
    closing: &mut Closing,
    year: &YearSettlement,
    (seq, posted_at): (Seq, Timestamp),
) -> Result<Vec<Transfer>, MoneyError> {
    let discount = year.counted.checked_sub(year.charge)?;
    let lapsed = year.credit_in.checked_sub(year.credit_used)?;
    let rows = [
        ("discount", (Side::Discount, Side::Receivable), discount),
        ("overage", (Side::Usage, Side::Overage), year.overage),
        ("shortfall", (Side::Receivable, Side::Shortfall), year.shortfall),
        ("credit", (Side::Shortfall, Side::Credit), year.credit_out),
        ("credit_used", (Side::Credit, Side::Receivable), year.credit_used),
        ("credit_lapsed", (Side::Credit, Side::Breakage), lapsed),
    ];
    let mut set = Vec::new();
    for (code, sides, wanted) in rows {
        let before = closing.posted.get(&(year.year, code)).copied();
        let held = Money::from_pico(before.map_or(0, |(held, _)| held), wanted.currency());
        let adjustment = Adjustment {
            position: &commitment.position,
            year: year.year,
            code,
            sides,
            amount: wanted.checked_sub(held)?,
            event_at: year.to.start(),
            posted_at,
            sealed: seq,
            corrects: before.map(|(_, last)| last),
        };
        if let Some(transfer) = adjustment.transfer()? {
            closing.posted.insert((year.year, code), (wanted.pico(), transfer.id));
            set.push(transfer);
        }
    }
    Ok(set)
}
