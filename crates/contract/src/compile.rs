//! Reads every expression of a deal file, so that a deal that loads can be evaluated: names lead somewhere and
//! units fit. A fault has its place in the file, not in the expression.

use crate::deal::{Cause, Commitment, Deal, Tranche, When};
use crate::error::Error;
use crate::predicate::{Condition, Covenant, Formula, Metric, Named, Selector, Vocabulary};
use toml::Spanned;

impl Deal {
    /// The metric of this name, as conditions know it.
    pub fn metric(&self, name: &str) -> Option<Metric> {
        vocabulary(self).metrics().iter().find(|metric| &*metric.name == name).cloned()
    }
}

/// The names a deal's expressions may use.
pub(crate) fn vocabulary(deal: &Deal) -> Vocabulary {
    let mut names = Vocabulary::new(deal.currency, deal.period());
    for (name, metric) in &deal.metrics {
        match is_flow(deal, name) {
            true => names.flow(name, metric.kind.kind()),
            false => names.level(name, metric.kind.kind()),
        }
    }
    for party in deal.parties.get_ref() {
        names.clause(Named::Party, party.id.get_ref());
    }
    for tranche in &deal.tranches {
        names.clause(Named::Tranche, tranche.id.get_ref());
    }
    for commitment in &deal.commitments {
        names.clause(Named::Commitment, commitment.id.get_ref());
    }
    for capacity in &deal.capacity {
        names.clause(Named::Capacity, capacity.id.get_ref());
    }
    for covenant in &deal.covenants {
        names.clause(Named::Covenant, covenant.id.get_ref());
    }
    names
}

/// Whether a metric's facts add up: it says so, or it is what a commitment counts.
pub(crate) fn is_flow(deal: &Deal, metric: &str) -> bool {
    let declared = deal.metrics.get(metric).is_some_and(|metric| metric.flow);
    declared || deal.commitments.iter().any(|commitment| commitment.measure.as_deref() == Some(metric))
}

/// Reads the expressions of `deal`, which was read from `text`.
pub(crate) fn compile(deal: &mut Deal, text: &str) -> Result<(), Error> {
    let reader = Reader { text, names: vocabulary(deal) };
    for tranche in &mut deal.tranches {
        reader.tranche(tranche)?;
    }
    for commitment in &mut deal.commitments {
        reader.commitment(commitment)?;
    }
    for covenant in &mut deal.covenants {
        covenant.parsed = Some(reader.read(&covenant.rule, |text| Covenant::parse(text, &reader.names))?);
    }
    for watch in &mut deal.watch {
        watch.condition = Some(reader.condition(watch.on_track.get_ref(), watch.on_track.span())?);
    }
    for reclaim in &mut deal.reclaims {
        reader.cause(&mut reclaim.when)?;
    }
    if let Some(termination) = &mut deal.termination {
        if let Some(leave) = &mut termination.customer_convenience {
            leave.formula = leave.fee.as_ref().map(|fee| reader.formula(fee)).transpose()?;
        }
        for cause in termination.vendor_cause.iter_mut().chain(&mut termination.customer_cause) {
            reader.cause(cause)?;
        }
        for cost in &mut termination.exit {
            cost.formula = Some(reader.formula(&cost.cost)?);
        }
    }
    Ok(())
}

struct Reader<'a> {
    text: &'a str,
    names: Vocabulary,
}

impl Reader<'_> {
    fn tranche(&self, tranche: &mut Tranche) -> Result<(), Error> {
        if let When::Text(text) = tranche.when.get_ref() {
            tranche.condition = Some(self.condition(text, tranche.when.span())?);
        }
        for step in &mut tranche.vests {
            step.condition = Some(self.condition(step.when.get_ref(), step.when.span())?);
        }
        Ok(())
    }

    fn commitment(&self, commitment: &mut Commitment) -> Result<(), Error> {
        for rule in &mut commitment.eligible {
            rule.selector = Some(self.read(&rule.condition, Selector::parse)?);
        }
        Ok(())
    }

    /// A sentence that is no expression is for people.
    fn cause(&self, cause: &mut Cause) -> Result<(), Error> {
        if Condition::is_expression(cause.text.get_ref()) {
            cause.condition = Some(self.condition(cause.text.get_ref(), cause.text.span())?);
        }
        Ok(())
    }

    fn formula(&self, written: &Spanned<String>) -> Result<Formula, Error> {
        self.read(written, |text| Formula::parse(text, &self.names))
    }

    fn condition(&self, written: &str, span: std::ops::Range<usize>) -> Result<Condition, Error> {
        Condition::parse(written, &self.names).map_err(|fault| fault.in_file(self.text, span, written))
    }

    fn read<T>(
        &self,
        written: &Spanned<String>,
        parse: impl Fn(&str) -> Result<T, crate::predicate::Fault>,
    ) -> Result<T, Error> {
        parse(written.get_ref()).map_err(|fault| fault.in_file(self.text, written.span(), written.get_ref()))
    }
}
