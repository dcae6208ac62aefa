//! What the pages show, gathered from the books' rollups, the settler's view and the configuration.

use crate::eligible::{Eligible, eligible};
use crate::pages::{Sources, now};
use crate::people::{Looker, Way};
use crate::sight::Sight;
use contract::{Basis as DealBasis, burn_down};
use gateway::Live;
use identity::Owner;
use policy::Action;
use portal::{
    AccountLine, Basis, BasisKind, CallRow, CommitmentView, DaySpend, DealFigure, DealView, LedgerView,
    ListPrice, ModelCard, ModelSpend, Overview, SpendSummary, Starter, TrancheView, UsageContext,
    UsageFilter, Visitor,
};
use settlement::{CallView, Counts, Filter, State, Status};
use std::collections::{BTreeMap, HashSet, VecDeque};
use store::{DrawnPoint, Position, Reader};
use units::{Currency, Money, Organisation, PICO_PER_UNIT, RequestId, Timestamp, TokenCounts};

/// Why a page cannot be made.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

const RECENT: usize = 12;
const USAGE_PAGE: usize = 200;

/// Whom the playground acts as, where there is one: whoever is known, else whom the configuration names.
pub fn player(sources: &Sources, looker: &Looker) -> Option<Owner> {
    if looker.owner.is_some() {
        return looker.owner.clone();
    }
    let (organisation, team, subject) = sources.live()?.snapshot.portal.playground.clone()?;
    Some(Owner { organisation, team, subject })
}

/// Who is looking, in words, and what they may do.
pub fn visitor(sources: &Sources, looker: &Looker) -> Visitor {
    let sight = Sight::new(sources, looker);
    let (organisation, principal) = match player(sources, looker) {
        Some(owner) => (owner.organisation.to_string(), owner.to_string()),
        None => ("Offtake".to_owned(), "read only".to_owned()),
    };
    Visitor {
        organisation,
        principal,
        csrf: sources.people.sessions.csrf(&looker.binding()),
        logs_out: matches!(looker.way, Way::Session(_)),
        sees_money: sight.may_anywhere(Action::ViewSpend),
        sees_access: sight.may_anywhere(Action::ViewAudit),
        revokes: sight.may_anywhere(Action::ManageContract),
        trouble: sources.refusal().filter(|_| sight.operates()),
    }
}

/// The first page's figures, as of now.
pub fn overview(sources: &Sources, looker: &Looker) -> Result<Overview, Error> {
    let live = sources.live().ok_or("the plane is stopping")?;
    let (status, as_of) = (sources.watch.status(), now(sources));
    let books = Reader::open(&sources.data)?;
    let visitor = visitor(sources, looker);
    let sight = Sight::new(sources, looker);
    let money = visitor.sees_money;
    let recent = || status.recent.iter().filter(|call| sight.sees_call(call));
    Ok(Overview {
        as_of,
        visitor,
        models: models(&live, as_of),
        spend: spend(books.as_ref(), &status, &sight)?,
        commitment: match &books {
            Some(books) if money => commitment((books, &sight), &live, &status.recent, as_of)?,
            _ => None,
        },
        deal: money.then(|| deal(&live)).flatten(),
        ledger: ledger(books.as_ref().filter(|_| money), &sight)?,
        recent: recent().take(RECENT).map(row).collect(),
        starters: starters(sources, &live),
    })
}

/// The usage records that a figure is made of, newest first.
pub fn usage(sources: &Sources, looker: &Looker, filter: &UsageFilter) -> Result<String, Error> {
    let books = Reader::open(&sources.data)?;
    let sight = Sight::new(sources, looker);
    let selects = selection(sources, books.as_ref(), filter)?;
    let mut rows = VecDeque::new();
    let mut older = false;
    for call in settlement::usage(&sources.data, Filter::default()) {
        let call = call?;
        let found = row(&call);
        if !sight.sees_call(&call) || !selects.admits(&call) || !filter.admits(&found) {
            continue;
        }
        rows.push_back(found);
        if rows.len() > USAGE_PAGE {
            rows.pop_front();
            older = true;
        }
    }
    let rows: Vec<CallRow> = rows.into_iter().rev().collect();
    let context = UsageContext {
        as_of: now(sources),
        visitor: visitor(sources, looker),
        older: rows.last().filter(|_| older).map(|row| row.request_id),
    };
    Ok(portal::usage_page(&rows, filter, &context))
}

/// One call, from the latest ones where it is among them; one that `looker` does not see is none. Without a looker the
/// one who asks has to be told apart by the caller in the row.
pub fn call(sources: &Sources, looker: Option<&Looker>, id: &str) -> Result<Option<CallRow>, Error> {
    let Ok(id) = id.parse::<RequestId>() else { return Ok(None) };
    let shown = |call: &CallView| looker.is_none_or(|looker| Sight::new(sources, looker).sees_call(call));
    let status = sources.watch.status();
    if let Some(call) = status.recent.iter().find(|call| call.request_id() == id) {
        return Ok(Some(call).filter(|call| shown(call)).map(row));
    }
    let filter = Filter { request: Some(id), ..Filter::default() };
    let found = settlement::usage(&sources.data, filter).next().transpose()?;
    Ok(found.as_ref().filter(|call| shown(call)).map(row))
}

/// What counts towards a commitment, by the configuration that serves; nothing where all does.
fn counts(live: &Live, commitment: &str) -> Option<Counts> {
    let (deal, clause) = commitment.split_once('/')?;
    let contract = live.snapshot.contracts.iter().find(|one| one.deal.id.get_ref() == deal)?;
    let clause = contract.deal.commitments.iter().find(|one| one.id.get_ref() == clause)?;
    match eligible(&live.snapshot, clause, contract.organisation.as_ref()?) {
        Eligible::By(counts) => Some(counts),
        Eligible::All | Eligible::Undecided => None,
    }
}

/// The share of a call's charge that counts, in 10⁻¹².
fn share(counts: &Counts, call: &CallView) -> i128 {
    counts.get(&(call.backend().clone(), call.model().clone())).copied().unwrap_or(0)
}

/// Which calls a ledger account or a commitment is made of.
struct Selection {
    organisation: Option<String>,
    /// What counts towards the commitment, where not all does.
    counts: Option<Counts>,
    term: Option<(Timestamp, Timestamp)>,
    settled: bool,
}

impl Selection {
    fn admits(&self, call: &CallView) -> bool {
        self.organisation.as_ref().is_none_or(|one| call.organisation().as_str() == one)
            && self.counts.as_ref().is_none_or(|counts| share(counts, call) > 0)
            && self.term.is_none_or(|(from, to)| from <= call.at() && call.at() < to)
            && (!self.settled || call.transfer().is_some())
    }
}

fn selection(sources: &Sources, books: Option<&Reader>, filter: &UsageFilter) -> Result<Selection, Error> {
    let mut selection = Selection { organisation: None, counts: None, term: None, settled: false };
    let account = filter.account.as_deref();
    selection.settled = account.is_some() || filter.commitment.is_some();
    if let Some(organisation) = account.and_then(|account| account.strip_prefix("receivable:")) {
        selection.organisation = Some(organisation.to_owned());
    }
    let of_account = account.and_then(|account| account.strip_prefix("commitment:")?.rsplit_once(':'));
    let wanted = filter.commitment.as_deref().or_else(|| of_account.map(|(commitment, _part)| commitment));
    if let (Some(wanted), Some(books)) = (wanted, books) {
        let position = books.positions()?.into_iter().find(|position| *position.commitment == *wanted);
        if let Some(position) = position {
            selection.organisation = Some(position.organisation.to_string());
            selection.term = Some((position.from, position.to));
            selection.counts = sources.live().and_then(|live| counts(&live, &position.commitment));
        }
    }
    Ok(selection)
}

fn models(live: &Live, as_of: Timestamp) -> Vec<ModelCard> {
    let million = |rate: i128, currency| Money::from_pico(rate.saturating_mul(1_000_000), currency);
    let card = |name| {
        let model = live.snapshot.models.get(name)?;
        let backend = model.backends.first()?;
        let price = live.prices.at(name, as_of).map(|price| ListPrice {
            input_per_million: million(price.rates.input, price.currency),
            output_per_million: million(price.rates.output, price.currency),
        });
        Some(ModelCard {
            name: name.to_string(),
            backend: backend.name.to_string(),
            kind: backend.kind.as_str().to_owned(),
            region: backend.region.to_string(),
            price,
            available: live.is_available(model),
        })
    };
    live.snapshot.model_order.iter().filter_map(card).collect()
}

/// Calls that are not in the books (without a price, open, pending), for whoever sees all of them; else those among the
/// latest that they see.
fn unsettled(status: &Status, sight: &Sight<'_>, whole: bool) -> (u64, u64, u64) {
    if whole {
        let unrated = status.unrated.iter().map(|(_model, calls)| *calls).sum();
        return (unrated, status.open_calls, status.pending);
    }
    let theirs = status.recent.iter().filter(|call| sight.may(Action::ViewSpend, call.organisation()));
    let (mut unrated, mut open, mut pending) = (0, 0, 0);
    for state in theirs.map(CallView::state) {
        match state {
            State::Unrated => unrated += 1,
            State::Open => open += 1,
            State::Pending => pending += 1,
            _ => {}
        }
    }
    (unrated, open, pending)
}

fn spend(books: Option<&Reader>, status: &Status, sight: &Sight<'_>) -> Result<SpendSummary, Error> {
    let chosen = |organisation: &Organisation| sight.may(Action::ViewSpend, organisation);
    let by_model = books.map(|books| books.spend_by_model(&chosen)).transpose()?.unwrap_or_default();
    let by_day = books.map(|books| books.spend_by_day(&chosen)).transpose()?.unwrap_or_default();
    let all = books.map(Reader::organisations).transpose()?.unwrap_or_default();
    let whole = sight.is_whole(Action::ViewSpend, &all);
    // One page shows one currency: that of the first model; the ledger shows every one.
    let currency = by_model.first().map_or(Currency::USD, |first| first.totals.amount.currency());
    let in_it = |amount: Money| amount.currency() == currency;
    let mut total = Money::zero(currency);
    let (mut calls, mut tokens) = (0_u64, TokenCounts::default());
    for figures in &by_model {
        if in_it(figures.totals.amount) {
            total = total.checked_add(figures.totals.amount)?;
        }
        calls = calls.saturating_add(figures.totals.calls);
        tokens = tokens.checked_add(&figures.totals.tokens).unwrap_or(tokens);
    }
    let (unrated, open, pending) = unsettled(status, sight, whole);
    Ok(SpendSummary {
        total,
        calls: calls + pending + unrated,
        tokens,
        by_model: by_model
            .into_iter()
            .filter(|figures| in_it(figures.totals.amount))
            .map(|figures| ModelSpend {
                model: figures.model.to_string(),
                calls: figures.totals.calls,
                tokens: figures.totals.tokens,
                charge: figures.totals.amount,
            })
            .collect(),
        by_day: by_day
            .into_iter()
            .filter(|figures| in_it(figures.totals.amount))
            .map(|figures| DaySpend { date: figures.day.date(), charge: figures.totals.amount })
            .collect(),
        unrated_calls: unrated,
        open_calls: open,
    })
}

fn commitment(
    (books, sight): (&Reader, &Sight<'_>),
    live: &Live,
    recent: &[CallView],
    as_of: Timestamp,
) -> Result<Option<CommitmentView>, Error> {
    let theirs = |position: &Position| sight.may(Action::ViewSpend, &position.organisation);
    let Some(position) = books.positions()?.into_iter().find(theirs) else { return Ok(None) };
    let drawn = books.drawn_points(&position.commitment)?;
    let counts = counts(live, &position.commitment);
    let points = curve(&drawn, &draws(&position, recent, counts.as_ref()), as_of)?;
    let mut days: BTreeMap<contract::Day, Money> = BTreeMap::new();
    for point in &drawn {
        let day = days.entry(contract::Day::of(point.hour)).or_insert(Money::zero(point.amount.currency()));
        *day = day.checked_add(point.amount)?;
    }
    let deal =
        live.snapshot.contracts.iter().find(|contract| {
            position.commitment.split('/').next() == Some(contract.deal.id.get_ref().as_str())
        });
    let days: Vec<_> = days.into_iter().collect();
    let projection = deal.and_then(|contract| {
        let terms = contract.deal.commitment_terms().into_iter().next()?;
        let burn = burn_down(&terms, &days, as_of).ok()?;
        burn.projection.map(|projection| match projection.reaches_target {
            Some(at) => format!("At the pace so far, all of it is drawn by {}.", at.date()),
            None => format!("At the pace so far, {} is drawn by the end.", projection.at_end),
        })
    });
    Ok(Some(CommitmentView {
        id: position.commitment.to_string(),
        title: deal
            .map_or_else(|| position.commitment.to_string(), |contract| contract.deal.name().to_owned()),
        total: position.total,
        drawn: position.drawn,
        remaining: position.total.checked_sub(position.drawn)?,
        from: position.from,
        to: position.to,
        points,
        even_pace: even_pace(&position, as_of),
        projection,
    }))
}

/// When the latest settled calls drew on the commitment, and how much, oldest first.
fn draws(position: &Position, recent: &[CallView], counts: Option<&Counts>) -> Vec<(Timestamp, Money)> {
    let drew = |call: &&CallView| {
        call.organisation() == &position.organisation
            && call.transfer().is_some()
            && (position.from..position.to).contains(&call.at())
    };
    let draw = |call: &CallView| {
        let charge = call.charge?;
        let part = |share: i128| charge.pico().checked_mul(share).map(|part| part / PICO_PER_UNIT);
        let drawn = counts.map_or(Some(charge.pico()), |counts| part(share(counts, call)))?;
        Some((call.at(), Money::from_pico(drawn, charge.currency())))
    };
    let mut draws: Vec<_> = recent.iter().filter(drew).filter_map(draw).collect();
    draws.retain(|(_at, charge)| charge.currency() == position.total.currency());
    draws.sort_by_key(|(at, _charge)| *at);
    draws
}

/// What was drawn by when. The books keep it by the hour, so an hour counts when it has ended; the last hour is
/// taken apart into its calls, as far as the latest ones reach back. Nothing drawn is no curve.
fn curve(
    drawn: &[DrawnPoint],
    latest: &[(Timestamp, Money)],
    as_of: Timestamp,
) -> Result<Vec<(Timestamp, Money)>, units::MoneyError> {
    let Some((last, before)) = drawn.split_last() else { return Ok(Vec::new()) };
    let mut sum = Money::zero(last.amount.currency());
    let mut points = Vec::with_capacity(drawn.len() + latest.len() + 1);
    for point in before {
        sum = sum.checked_add(point.amount)?;
        points.push((point.hour.plus_seconds(3_600).min(as_of), sum));
    }
    let all = sum.checked_add(last.amount)?;
    let calls = latest.iter().filter(|(at, _charge)| *at >= last.hour && *at <= as_of);
    let known =
        calls.clone().try_fold(Money::zero(all.currency()), |sum, (_, charge)| sum.checked_add(*charge))?;
    // Calls that the latest ones do not reach back to were before them.
    sum = all.checked_sub(known)?;
    for (at, charge) in calls {
        sum = sum.checked_add(*charge)?;
        points.push((*at, sum));
    }
    points.push((as_of, all));
    Ok(points)
}

/// The share of the total that the elapsed share of the term would have drawn.
fn even_pace(position: &Position, as_of: Timestamp) -> Money {
    let term = i128::from(position.to.micros() - position.from.micros()).max(1);
    let elapsed = i128::from(as_of.micros() - position.from.micros()).clamp(0, term);
    // In thousandths of a currency unit first, so that the product fits whatever the total is.
    let pico = position.total.pico() / 1_000_000_000 * elapsed / term * 1_000_000_000;
    Money::from_pico(pico, position.total.currency())
}

/// The first deal that is only shown: nobody's charges draw it down.
fn deal(live: &Live) -> Option<DealView> {
    let shown = live.snapshot.contracts.iter().find(|contract| contract.organisation.is_none())?;
    let report = contract::report(&shown.deal);
    Some(DealView {
        title: report.head.title.clone(),
        figures: report
            .figures
            .iter()
            .map(|figure| DealFigure {
                id: figure.id.to_owned(),
                label: figure.label.to_owned(),
                value: figure.quantity.shown(),
                basis: basis(&figure.basis),
            })
            .collect(),
        tranches: report
            .tranches
            .iter()
            .filter_map(|tranche| {
                let amount = tranche.quantity.number.to_decimal(12, 0)?;
                Some(TrancheView {
                    id: tranche.id.clone(),
                    title: tranche.name(),
                    amount: Money::parse(&amount, report.head.currency).ok()?,
                    state: tranche.state.word().to_owned(),
                    condition: tranche.condition.clone(),
                    basis: basis(&tranche.basis),
                })
            })
            .collect(),
    })
}

fn basis(basis: &DealBasis) -> Basis {
    let kind = match basis {
        DealBasis::Reported { .. } => BasisKind::Reported,
        DealBasis::Derived { .. } => BasisKind::Derived,
        DealBasis::Assumed { .. } => BasisKind::Assumed,
    };
    Basis { kind, note: basis.text().to_owned() }
}

/// Everyone's accounts for whoever sees all; else those of the organisations they see. The proof is of all of them.
fn ledger(books: Option<&Reader>, sight: &Sight<'_>) -> Result<LedgerView, Error> {
    let rows = books.map(Reader::accounts).transpose()?.unwrap_or_default();
    let all = books.map(Reader::organisations).transpose()?.unwrap_or_default();
    let whole = sight.is_whole(Action::ViewSpend, &all);
    let own = if whole { HashSet::new() } else { accounts_of(books, &all, sight)? };
    let mut sums: BTreeMap<Currency, Money> = BTreeMap::new();
    let mut accounts = Vec::with_capacity(rows.len());
    for row in rows {
        let balance = row.balance.net()?;
        let sum = sums.entry(balance.currency()).or_insert(Money::zero(balance.currency()));
        *sum = sum.checked_add(balance)?;
        let account = row.account.to_string();
        let named = account.rsplit_once(':').filter(|_| account.starts_with("commitment:"));
        if whole || own.contains(named.map_or(account.as_str(), |(commitment, _part)| commitment)) {
            accounts.push(AccountLine { account, balance });
        }
    }
    Ok(LedgerView { accounts, part: !whole, sums_to_zero: sums.values().all(|sum| sum.is_zero()) })
}

/// The accounts that belong to an organisation by name, of those that `sight` shows; a commitment's without its parts.
fn accounts_of(
    books: Option<&Reader>,
    all: &[Organisation],
    sight: &Sight<'_>,
) -> Result<HashSet<String>, Error> {
    let seen = |organisation: &Organisation| sight.may(Action::ViewSpend, organisation);
    let names = |one: &Organisation| [format!("receivable:{one}"), format!("credit:{one}")];
    let mut accounts: HashSet<String> = all.iter().filter(|one| seen(one)).flat_map(names).collect();
    let positions = books.map(Reader::positions).transpose()?.unwrap_or_default();
    let theirs = positions.iter().filter(|position| seen(&position.organisation));
    accounts.extend(theirs.map(|position| format!("commitment:{}", position.commitment)));
    Ok(accounts)
}

/// A call as pages and `usage list` show it.
pub fn row(call: &CallView) -> CallRow {
    CallRow {
        request_id: call.request_id(),
        at: call.at(),
        principal: format!("{}/{}/{}", call.organisation(), call.team(), call.subject()),
        model: call.model().to_string(),
        backend: call.backend().to_string(),
        region: call.region().to_string(),
        tokens: call.tokens(),
        charge: call.charge,
        transfer: call.transfer().map(|id| id.to_string()),
        state: call.state().as_str().to_owned(),
    }
}

fn starters(sources: &Sources, live: &Live) -> Vec<Starter> {
    let address = sources.address().unwrap_or(live.snapshot.listen);
    let offtake = crate::place::own_name();
    let model = live.snapshot.model_order.first().map_or("MODEL", |model| model.as_str());
    let starter = |label: &str, command: String| Starter { label: label.to_owned(), command };
    vec![
        starter("Ask from a terminal", format!("{offtake} ask \"What is the capital of France?\"")),
        starter(
            "Call it as any SDK does",
            format!(
                "curl http://{address}/v1/messages -H \"authorization: Bearer $OFFTAKE_TOKEN\" -H 'content-type: application/json' -d '{{\"model\":\"{model}\",\"max_tokens\":60,\"messages\":[{{\"role\":\"user\",\"content\":\"Say hello.\"}}]}}'"
            ),
        ),
        starter("See what it cost", format!("{offtake} usage list --data {}", live.snapshot.data.display())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(text: &str) -> Money {
        Money::parse(text, Currency::USD).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_curve_shows_nothing_before_it_was_drawn() {
        let hour = |hour, amount| DrawnPoint { commitment: "c".into(), hour: at(hour), amount: usd(amount) };
        let drawn = [hour("2026-11-25T08:00:00Z", "1"), hour("2026-11-25T10:00:00Z", "5")];
        let latest = [(at("2026-11-25T10:20:00Z"), usd("1.5")), (at("2026-11-25T10:30:00Z"), usd("2"))];
        let as_of = at("2026-11-25T10:40:00Z");
        let expected = [
            (at("2026-11-25T09:00:00Z"), usd("1")),
            (at("2026-11-25T10:20:00Z"), usd("4")),
            (at("2026-11-25T10:30:00Z"), usd("6")),
            (as_of, usd("6")),
        ];
        assert_eq!(curve(&drawn, &latest, as_of).unwrap(), expected);
        assert_eq!(curve(&drawn, &[], as_of).unwrap(), [expected[0], expected[3]]);
        assert_eq!(curve(&[], &[], as_of).unwrap(), []);
    }
}
