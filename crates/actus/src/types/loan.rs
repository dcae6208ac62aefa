//! What every loan does: state, accrual, and the payoff and transition of each kind of event.
//!
//! The specification writes accrual into each function; here it comes first, once, so that a payoff reads what has
//! accrued. All amounts in the state are signed like the role, but the redemption amount, which never is.

use super::plan::{Plan, Planned, first_own};
use super::{Context, ann};
use crate::error::Error;
use crate::event::{Event, Kind};
use crate::terms::{Base, ContractType, FeeBasis, Penalty};
use jiff::civil::DateTime;

/// A loan, and the times its amounts depend on.
pub(crate) struct Loan<'a> {
    pub(crate) context: &'a Context<'a>,
    pub(crate) sign: f64,
    pub(crate) exchange: DateTime,
    /// Interest times before the status date matter for what has accrued by then.
    pub(crate) interest_times: Vec<DateTime>,
    /// Redemption times with the end of the redemption, for annuities and equal parts.
    pub(crate) redemption_times: Vec<DateTime>,
    /// When the loan was called, and is to be settled.
    pub(crate) called: Option<(DateTime, DateTime)>,
    fee_times: Vec<DateTime>,
}

/// The state of a loan.
#[derive(Debug, Clone)]
pub(crate) struct State {
    /// Up to when interest and fees have accrued.
    since: DateTime,
    pub(crate) notional: f64,
    pub(crate) rate: f64,
    pub(crate) accrued: f64,
    fee: f64,
    /// What interest is computed on.
    base: f64,
    notional_scale: f64,
    interest_scale: f64,
    /// The amount of each redemption; never negative.
    redemption: f64,
    /// Interest due since a call, set aside until settlement.
    set_aside: f64,
}

impl<'a> Loan<'a> {
    /// A loan until `end`. One that is `open` is still outstanding then; any other is repaid, with its last fee.
    pub(crate) fn new(context: &'a Context<'a>, end: DateTime, open: bool) -> Result<Self, Error> {
        let terms = context.terms;
        let fee_times = if terms.fee.rate.is_some() {
            let mut times = context.series(&terms.fee.recurrence, end)?;
            if !times.is_empty() && !open {
                times.push(end);
            }
            times
        } else {
            Vec::new()
        };
        Ok(Self {
            context,
            sign: terms.role.sign(),
            exchange: terms.exchange()?,
            interest_times: Vec::new(),
            redemption_times: Vec::new(),
            called: None,
            fee_times,
        })
    }

    /// Plans what all loans share: exchange, trade, fees, rate resets, index scaling, prepayments.
    pub(crate) fn plan(&self, plan: &mut Plan<'_>, end: DateTime) -> Result<(), Error> {
        let terms = self.context.terms;
        plan.fixed(Kind::InitialExchange, self.exchange);
        plan.trade();
        for time in &self.fee_times {
            plan.shifted(Kind::Fee, *time);
        }
        self.plan_resets(plan, end)?;
        if terms.scaling.interest || terms.scaling.notional {
            for time in self.context.series(&terms.scaling.recurrence, end)? {
                plan.shifted(Kind::Scaling, time);
            }
        }
        self.plan_prepayments(plan, end)
    }

    fn plan_resets(&self, plan: &mut Plan<'_>, end: DateTime) -> Result<(), Error> {
        let reset = &self.context.terms.reset;
        let mut known = reset.next_rate.is_some();
        for time in self.context.series(&reset.recurrence, end)? {
            let next = known && time > self.context.terms.status_date;
            known &= !next;
            plan.shifted(if next { Kind::ResetFixed } else { Kind::Reset }, time);
            if self.context.terms.contract_type == ContractType::Ann {
                plan.shifted(Kind::RedemptionFixing, time);
            }
        }
        Ok(())
    }

    fn plan_prepayments(&self, plan: &mut Plan<'_>, end: DateTime) -> Result<(), Error> {
        let prepayment = self.context.terms.prepayment;
        for time in self.context.occurred(Kind::Prepayment).into_iter().filter(|time| *time < end) {
            if !prepayment.allowed {
                let reason = format!("allows no prepayment, and one is observed at {time}");
                return Err(Error::refused("prepaymentEffect", reason));
            }
            if prepayment.penalty != Penalty::None {
                plan.fixed(Kind::Penalty, time);
            }
            plan.fixed(Kind::Prepayment, time);
        }
        Ok(())
    }

    /// Plans interest at `times` and at `end`: added to the notional until the capitalisation ends, then paid.
    pub(crate) fn plan_interest(&mut self, plan: &mut Plan<'_>, times: Vec<DateTime>, end: DateTime) {
        let interest = &self.context.terms.interest;
        if interest.rate.is_none() {
            return;
        }
        self.interest_times = times;
        let capitalised = interest.capitalisation_end.map(|until| until.min(end));
        if let Some(until) = capitalised {
            plan.shifted(Kind::Capitalisation, until);
        }
        for time in self.interest_times.iter().copied().chain([end]) {
            match capitalised {
                Some(until) if time < until => plan.shifted(Kind::Capitalisation, time),
                Some(until) if time == until => {}
                _ => plan.shifted(Kind::Interest, time),
            }
        }
    }

    /// Evaluates a plan.
    pub(crate) fn run(&self, plan: Plan<'_>, to: DateTime) -> Result<Vec<Event>, Error> {
        let mut planned = plan.ordered(to);
        planned.retain(|event| {
            event.time >= self.exchange || matches!(event.kind, Kind::Purchase | Kind::Termination)
        });
        let own = first_own(&planned);
        let mut state = self.initial()?;
        let mut events = Vec::with_capacity(planned.len());
        for event in &planned {
            let payoff = self.apply(event, &mut state)?;
            events.push(Event {
                date: event.date,
                kind: event.kind,
                payoff: self.context.settle(payoff, event.time)?,
                notional_principal: state.notional,
                nominal_interest_rate: state.rate,
                accrued_interest: state.accrued,
                exercise: None,
            });
        }
        events.drain(..own);
        Ok(events)
    }

    fn initial(&self) -> Result<State, Error> {
        let terms = self.context.terms;
        let mut state = State {
            since: terms.status_date,
            notional: 0.0,
            rate: 0.0,
            accrued: 0.0,
            fee: 0.0,
            base: 0.0,
            notional_scale: terms.scaling.notional_multiplier,
            interest_scale: terms.scaling.interest_multiplier,
            redemption: 0.0,
            set_aside: 0.0,
        };
        if self.exchange <= terms.status_date {
            let last =
                |times: &[DateTime]| times.iter().rev().find(|time| **time < terms.status_date).copied();
            self.lend(&mut state)?;
            state.accrued = match (terms.interest.accrued, last(&self.interest_times)) {
                (Some(accrued), _) => self.sign * accrued,
                (None, Some(last)) => self.fraction(last, terms.status_date) * state.base * state.rate,
                (None, None) => 0.0,
            };
            state.fee = match (terms.fee.accrued, last(&self.fee_times)) {
                (Some(accrued), _) => accrued,
                (None, Some(last)) => self.fee_accrued(&state, last, terms.status_date),
                (None, None) => 0.0,
            };
            self.fix_first_redemption(&mut state, terms.status_date)?;
        }
        Ok(state)
    }

    /// Sets what is owed from the exchange on.
    fn lend(&self, state: &mut State) -> Result<(), Error> {
        let terms = self.context.terms;
        state.notional = self.sign * terms.notional()?;
        state.rate = terms.interest.rate.unwrap_or(0.0);
        state.base = if self.follows_notional() {
            state.notional
        } else {
            let amount = terms.interest.base_amount;
            self.sign * amount.ok_or_else(|| terms.missing("interestCalculationBaseAmount"))?
        };
        Ok(())
    }

    /// Whether interest is always computed on the notional outstanding. A base that never changes and yet has a
    /// cycle of fixing contradicts itself; the published case that has both follows the notional.
    fn follows_notional(&self) -> bool {
        let terms = self.context.terms;
        let amortises = !self.redemption_times.is_empty();
        match terms.interest.base {
            Base::Notional => true,
            Base::AtExchange => !amortises || terms.interest.base_fixing.cycle.is_some(),
            Base::Lagged => !amortises,
        }
    }

    /// Applies one event to the state and returns its payoff, in the currency of the terms.
    fn apply(&self, event: &Planned, state: &mut State) -> Result<f64, Error> {
        let time = event.time;
        let elapsed = self.fraction(state.since, time);
        if event.kind != Kind::InitialExchange {
            self.accrue(state, time);
        }
        Ok(match event.kind {
            Kind::InitialExchange => self.begin(state, time)?,
            Kind::Redemption => self.redeem(state, event)?,
            Kind::Drawing => self.draw(state, event),
            Kind::Prepayment => self.prepay(state, event),
            Kind::Penalty => self.penalty(state, time, elapsed)?,
            Kind::Fee => self.pay_fee(state),
            Kind::Interest => self.pay_interest(state),
            Kind::Capitalisation => self.capitalise(state),
            Kind::Reset | Kind::ResetFixed => self.reset(state, event)?,
            Kind::RedemptionFixing => {
                state.redemption = ann::payment(self, state, time);
                0.0
            }
            Kind::Scaling => self.scale(state, time)?,
            Kind::BaseFixing => {
                state.base = state.notional;
                0.0
            }
            Kind::Purchase => -self.sign * (self.price(self.context.terms.trade.purchase) + state.accrued),
            Kind::Termination => {
                let payoff = self.sign * (self.price(self.context.terms.trade.termination) + state.accrued);
                close(state);
                payoff
            }
            Kind::Exercise => self.call(state),
            Kind::Maturity | Kind::Settlement => {
                let payoff =
                    state.notional_scale * state.notional + state.interest_scale * state.accrued + state.fee;
                close(state);
                payoff
            }
            Kind::Usage | Kind::TrueUp | Kind::Dividend => 0.0, // never planned for a loan
        })
    }

    fn accrue(&self, state: &mut State, time: DateTime) {
        let called = self.called.is_some_and(|(call, _)| state.since >= call);
        if !called {
            let fraction = self.fraction(state.since, time);
            state.accrued += fraction * state.rate * state.base;
            state.fee += self.fee_accrued(state, state.since, time);
        }
        state.since = time;
    }

    /// The fee that accrues from one time to another.
    fn fee_accrued(&self, state: &State, from: DateTime, to: DateTime) -> f64 {
        let fee = &self.context.terms.fee;
        let Some(rate) = fee.rate else { return 0.0 };
        match fee.basis {
            FeeBasis::Notional => self.fraction(from, to) * state.notional * rate,
            FeeBasis::Amount => {
                let before = self.fee_times.iter().rev().find(|time| **time <= from);
                let after = self.fee_times.iter().find(|time| **time > from);
                match (before, after) {
                    (Some(before), Some(after)) => {
                        self.sign * rate * self.fraction(from, to) / self.fraction(*before, *after)
                    }
                    _ => 0.0,
                }
            }
        }
    }

    pub(crate) fn fraction(&self, from: DateTime, to: DateTime) -> f64 {
        self.context.terms.conventions.fraction(from, to)
    }

    fn price(&self, trade: Option<(DateTime, f64)>) -> f64 {
        trade.map_or(0.0, |(_, price)| price)
    }

    fn begin(&self, state: &mut State, time: DateTime) -> Result<f64, Error> {
        let terms = self.context.terms;
        self.lend(state)?;
        state.since = time;
        let anchor = terms.interest.payment.anchor.filter(|anchor| *anchor < time);
        state.accrued = match (terms.interest.accrued, anchor) {
            (Some(accrued), _) => self.sign * accrued,
            (None, Some(anchor)) => self.fraction(anchor, time) * state.notional * state.rate,
            (None, None) => 0.0,
        };
        self.fix_first_redemption(state, time)?;
        // An account or a call loan is exchanged at par.
        let open_ended = matches!(terms.contract_type, ContractType::Clm | ContractType::Ump);
        let premium = if open_ended { 0.0 } else { terms.principal.premium };
        Ok(-self.sign * (terms.notional()? + premium))
    }

    fn fix_first_redemption(&self, state: &mut State, time: DateTime) -> Result<(), Error> {
        let terms = self.context.terms;
        state.redemption = match (terms.principal.redemption_amount, terms.contract_type) {
            (Some(amount), _) => amount,
            (None, ContractType::Lam) => {
                let left = self.redemption_times.iter().filter(|one| **one > terms.status_date);
                terms.notional()? / left.fold(0.0, |count, _| count + 1.0)
            }
            (None, ContractType::Ann) => ann::payment(self, state, time),
            (None, ContractType::Nam) => return Err(terms.missing("nextPrincipalRedemptionPayment")),
            (None, _) => 0.0,
        };
        Ok(())
    }

    fn redeem(&self, state: &mut State, event: &Planned) -> Result<f64, Error> {
        let due = match self.context.terms.contract_type {
            ContractType::Lam => state.redemption,
            ContractType::Nam | ContractType::Ann => state.redemption - self.sign * state.accrued,
            _ => self.amount(event),
        };
        // What is not owed cannot be repaid.
        let redeemed = self.sign * due.min(self.sign * state.notional);
        let payoff = state.notional_scale * redeemed;
        self.change_notional(state, -redeemed);
        Ok(payoff)
    }

    fn draw(&self, state: &mut State, event: &Planned) -> f64 {
        let drawn = self.sign * self.amount(event);
        self.change_notional(state, drawn);
        -drawn
    }

    fn prepay(&self, state: &mut State, event: &Planned) -> f64 {
        let prepaid = self.sign * self.amount(event).min(self.sign * state.notional);
        self.change_notional(state, -prepaid);
        prepaid
    }

    /// The amount the parties moved at this event.
    fn amount(&self, event: &Planned) -> f64 {
        let same = |kind, time| kind == event.kind && time == event.time;
        self.context.occurrences.iter().filter(|one| same(one.kind, one.time)).map(|one| one.amount).sum()
    }

    fn change_notional(&self, state: &mut State, change: f64) {
        state.notional += change;
        if self.follows_notional() {
            state.base = state.notional;
        }
    }

    fn penalty(&self, state: &State, time: DateTime, elapsed: f64) -> Result<f64, Error> {
        Ok(match self.context.terms.prepayment.penalty {
            Penalty::None => 0.0,
            Penalty::Amount(amount) => self.sign * amount,
            Penalty::Notional(rate) => elapsed * state.notional * rate,
            Penalty::Differential => {
                elapsed * state.notional * (state.rate - self.market_rate(time)?).max(0.0)
            }
        })
    }

    fn pay_fee(&self, state: &mut State) -> f64 {
        let fee = &self.context.terms.fee;
        let due = match fee.basis {
            FeeBasis::Amount => self.sign * fee.rate.unwrap_or(0.0),
            FeeBasis::Notional => state.fee,
        };
        state.fee = 0.0;
        due
    }

    fn pay_interest(&self, state: &mut State) -> f64 {
        let payoff = state.interest_scale * (state.accrued + state.set_aside);
        state.accrued = 0.0;
        state.set_aside = 0.0;
        payoff
    }

    fn capitalise(&self, state: &mut State) -> f64 {
        let accrued = std::mem::take(&mut state.accrued);
        self.change_notional(state, accrued);
        0.0
    }

    fn reset(&self, state: &mut State, event: &Planned) -> Result<f64, Error> {
        let reset = &self.context.terms.reset;
        state.rate = match reset.next_rate {
            Some(known) if event.kind == Kind::ResetFixed => known,
            _ => {
                let wanted = self.market_rate(event.time)? * reset.multiplier + reset.spread;
                let within = wanted.max(state.rate + reset.period_floor).min(state.rate + reset.period_cap);
                within.max(reset.life_floor).min(reset.life_cap)
            }
        };
        Ok(0.0)
    }

    fn market_rate(&self, time: DateTime) -> Result<f64, Error> {
        let terms = self.context.terms;
        let code = terms.reset.code.as_ref().ok_or_else(|| terms.missing("marketObjectCodeOfRateReset"))?;
        self.context.observe(code, time)
    }

    fn scale(&self, state: &mut State, time: DateTime) -> Result<f64, Error> {
        let terms = self.context.terms;
        let scaling = &terms.scaling;
        let code = scaling.code.as_ref().ok_or_else(|| terms.missing("marketObjectCodeOfScalingIndex"))?;
        let at_deal = scaling.index_at_deal.filter(|index| *index != 0.0);
        let at_deal = at_deal.ok_or_else(|| terms.missing("scalingIndexAtContractDealDate"))?;
        let ratio = self.context.observe(code, time)? / at_deal;
        if scaling.interest {
            state.interest_scale = ratio;
        }
        if scaling.notional {
            state.notional_scale = ratio;
        }
        Ok(0.0)
    }

    /// A call stops the accrual. With a notice period what is due is set aside until settlement; without one it is
    /// paid at once and still shows as accrued.
    fn call(&self, state: &mut State) -> f64 {
        if self.called.is_some_and(|(call, settlement)| settlement > call) {
            state.set_aside = std::mem::take(&mut state.accrued);
        }
        0.0
    }
}

fn close(state: &mut State) {
    state.notional = 0.0;
    state.accrued = 0.0;
    state.fee = 0.0;
    state.base = 0.0;
    state.redemption = 0.0;
}
