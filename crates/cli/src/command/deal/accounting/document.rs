//! The accounting view in words and tables.

use super::write::{Block, Document};
use contract::{Deal, Ratio};
use finance::accounting::{
    AllocationView, Citation, Classification, DISCLAIMER, Direction, Entry, Form, LeaseView, Obligations,
    Part, PurchaseObligation, ScheduleYear, ShortfallLine, Side, Treatment, View, WarrantView, citation,
};

/// The whole document.
pub fn document(deal: &Deal, view: &View) -> Document {
    let mut lead = vec![Block::Text(format!("{DISCLAIMER}. Amounts are in {}.", view.currency))];
    if !view.notes.is_empty() {
        lead.push(Block::List(view.notes.clone()));
    }
    let sections = vec![
        ("Parameters", parameters(view)),
        ("Who is buying what", part(&view.allocation, |allocation| who(view, allocation))),
        ("The concession by contract year", part(&view.schedule, |years| schedule(years))),
        ("Tranches", tranches(view)),
        ("A year below its minimum", part(&view.shortfall, |lines| shortfalls(lines))),
        ("Warrants that vest on purchases", part(&view.warrants, |all| warrants(all))),
        ("Lease or service", part(&view.leases, |leases| screens(leases))),
        ("What is still owed", part(&view.obligations, obligations)),
    ];
    Document { title: format!("{}: the accounting view", deal.name()), lead, sections }
}

fn part<T>(part: &Part<T>, show: impl Fn(&T) -> Vec<Block>) -> Vec<Block> {
    match part {
        Part::Shown(part) => show(part),
        Part::Missing { what, give } => vec![Block::Text(missing(what, give))],
    }
}

fn missing(what: &str, give: &str) -> String {
    format!("{what}: {give}.")
}

/// Two places, thousands apart; a dash where there is no number.
fn money(amount: Ratio) -> String {
    grouped(amount.to_decimal(2, 2))
}

/// All places there are, thousands apart.
fn exact(number: Ratio) -> String {
    grouped(number.to_decimal(12, 0))
}

fn grouped(text: Option<String>) -> String {
    let Some(text) = text else { return "–".to_owned() };
    let (whole, places) = text.find('.').map_or((text.as_str(), ""), |point| text.split_at(point));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{places}")
}

fn percent(share: Ratio) -> String {
    let text = (share * Ratio::whole(100)).to_decimal(6, 2);
    text.map_or_else(|| "–".to_owned(), |text| text + " %")
}

fn rests_on(citations: &[Citation]) -> Block {
    Block::List(citations.iter().map(Citation::to_string).collect())
}

fn parameters(view: &View) -> Vec<Block> {
    let row = |parameter: &finance::accounting::Parameter| {
        let value = parameter.value.map_or_else(|| "not known".to_owned(), exact);
        vec![parameter.name.to_owned(), value, parameter.basis.clone()]
    };
    vec![Block::Table(vec!["parameter", "value", "from"], view.parameters.iter().map(row).collect())]
}

fn who(view: &View, part: &AllocationView) -> Vec<Block> {
    let allocation = &part.allocation;
    let form = match part.exchange.form {
        Form::Cash => "",
        Form::OwnShares => " in its own shares",
    };
    let verdict = match allocation.direction {
        Direction::PayableToCustomer => {
            "above nothing: consideration payable to the customer, a price concession"
        }
        Direction::None => "nothing: an investment at fair value, and no concession",
        Direction::FromCustomer => {
            "below nothing: non-cash consideration from the customer, which pays with cheap stock"
        }
    };
    let sentence = format!(
        "The vendor gives {}{form} and gets equity worth {}. The difference d is {verdict}.",
        money(part.exchange.given),
        money(part.exchange.received)
    );
    let mut rows = vec![
        vec!["d = given − fair value received".to_owned(), money(allocation.concession)],
        vec!["committed spend".to_owned(), money(part.exchange.committed_spend)],
        vec!["transaction price".to_owned(), money(allocation.transaction_price)],
        vec!["effective discount".to_owned(), percent(allocation.effective_discount)],
        vec![
            "effective price of 1.00 at agreed prices".to_owned(),
            (Ratio::ONE - allocation.effective_discount).to_decimal(6, 2).unwrap_or_default(),
        ],
    ];
    for (grant, price) in &part.per_gigawatt_year {
        let label = format!("effective price of a GW-year, `{grant}` at its ceiling from the first day");
        rows.push(vec![label, money(*price)]);
    }
    let financing = if part.financing.significant {
        format!(
            "Time value: up to {} days lie between closing and service; a financing component has to be judged ({}; {}).",
            part.financing.days, part.financing.citation.us_gaap, part.financing.citation.ifrs
        )
    } else {
        format!("Time value: {}.", part.financing.reason)
    };
    let mut blocks = vec![Block::Text(sentence), Block::Table(vec!["figure", "amount"], rows)];
    blocks.extend(part.journal.iter().map(journal));
    blocks.push(Block::Text(format!(
        "The entry for usage is for each 100.00 {} served at agreed prices. {financing}",
        view.currency
    )));
    blocks.push(rests_on(&allocation.citations));
    blocks
}

fn journal(entry: &Entry) -> Block {
    let row = |line: &finance::accounting::Line| {
        let amount = money(Ratio::new(line.amount.pico(), units::PICO_PER_UNIT));
        let (debit, credit) = match line.side {
            Side::Debit => (amount, String::new()),
            Side::Credit => (String::new(), amount),
        };
        vec![entry.what.to_owned(), format!("{} {}", line.account.code(), line.account.name()), debit, credit]
    };
    Block::Table(vec!["entry", "account", "debit", "credit"], entry.lines.iter().map(row).collect())
}

fn schedule(years: &[ScheduleYear]) -> Vec<Block> {
    let row = |year: &ScheduleYear| {
        let line = &year.line;
        let amounts =
            [line.revenue, line.opening, line.amortised, line.revenue - line.amortised, line.closing];
        let head = [year.year.to_string(), year.from.to_string(), year.to.to_string()];
        head.into_iter().chain(amounts.map(money)).collect()
    };
    let head =
        vec!["year", "from", "to", "committed revenue", "opening", "taken off", "net revenue", "closing"];
    let text = "In proportion to the committed revenue; below nothing it is a contract liability and adds to \
                revenue. A new estimate spreads what is left over what is left, and closed years stay.";
    vec![
        Block::Text(text.to_owned()),
        Block::Table(head, years.iter().map(row).collect()),
        rests_on(&[citation::PAYABLE_WHEN, citation::ESTIMATE]),
    ]
}

fn tranches(view: &View) -> Vec<Block> {
    if view.tranches.is_empty() {
        return vec![Block::Text(
            "The file has no tranche of money or stock: add a [[tranche]] for what is given or still to come.".to_owned(),
        )];
    }
    let row = |tranche: &finance::accounting::TrancheView| {
        let booked = if tranche.booking.booked { "booked" } else { "not booked" };
        vec![tranche.id.clone(), money(tranche.amount), booked.to_owned(), tranche.booking.reason.to_owned()]
    };
    let text = "At signing, without facts. A probability may weigh a tranche in a forecast, never in the books; a \
                right to invest later at a fixed price is an instrument of its own.";
    vec![
        Block::Table(vec!["tranche", "amount", "books", "because"], view.tranches.iter().map(row).collect()),
        Block::Text(text.to_owned()),
        rests_on(&[citation::PAYABLE_WHEN, citation::DERIVATIVE]),
    ]
}

fn shortfalls(lines: &[ShortfallLine]) -> Vec<Block> {
    let row = |line: &ShortfallLine| {
        let treatment = match line.treatment {
            Treatment::Forfeit => "forfeited".to_owned(),
            Treatment::Credit(share) => format!("{} becomes credit", percent(share)),
        };
        let agreed = match line.agreed {
            Some(true) => "yes",
            Some(false) => "no",
            None => "not stated",
        };
        let year = &line.year;
        let amounts = [year.shortfall, year.cash, year.revenue, year.liability].map(money);
        let head = [line.commitment.clone(), treatment, agreed.to_owned()];
        head.into_iter().chain(amounts).collect()
    };
    let mut blocks = vec![Block::Table(
        vec!["commitment", "shortfall", "agreed", "shortfall due", "invoiced", "revenue", "liability"],
        lines.iter().map(row).collect(),
    )];
    let broken: Vec<String> = lines.iter().filter_map(broken).collect();
    if broken.is_empty() {
        let text = "Expected breakage, in proportion to the credit used: give --breakage SHARE. A year's own \
                    figures instead of each 100 of shortfall: give --used AMOUNT.";
        blocks.push(Block::Text(text.to_owned()));
    } else {
        blocks.push(Block::List(broken));
    }
    blocks.push(rests_on(&[citation::STAND_READY, citation::BREAKAGE]));
    blocks
}

fn broken(line: &ShortfallLine) -> Option<String> {
    let breakage = line.breakage?;
    Some(format!(
        "`{}`: of the liability of {} breakage of {} is expected, so each 1.00 of credit used is {} of revenue",
        line.commitment,
        money(breakage.liability),
        money(breakage.expected),
        (Ratio::ONE + breakage.for_each).to_decimal(6, 2)?
    ))
}

fn warrants(all: &[WarrantView]) -> Vec<Block> {
    let mut blocks: Vec<Block> = all.iter().flat_map(warrant).collect();
    blocks.extend(all.first().map(|warrant| rests_on(&warrant.citations)));
    blocks
}

fn warrant(warrant: &WarrantView) -> Vec<Block> {
    let mut rows = Vec::new();
    if let Some(terms) = &warrant.terms {
        rows.push(vec!["shares".to_owned(), exact(terms.shares)]);
        rows.push(vec!["strike".to_owned(), exact(terms.strike)]);
        rows.push(vec!["vested at once".to_owned(), percent(terms.immediate_share())]);
        rows.push(vec!["purchases for each further share".to_owned(), money(terms.purchases_per_share())]);
    }
    if let Part::Shown(worth) = &warrant.worth {
        rows.push(vec!["grant-date fair value".to_owned(), money(worth.fair_value)]);
        rows.push(vec!["purchases that vest it".to_owned(), money(worth.purchases)]);
        rows.push(vec!["taken off each unit of revenue".to_owned(), percent(worth.discount)]);
    }
    let mut blocks = Vec::new();
    blocks.extend(warrant.id.as_ref().map(|id| Block::Text(format!("`{id}`, given by the vendor:"))));
    if !rows.is_empty() {
        blocks.push(Block::Table(vec!["figure", "amount"], rows));
    }
    if let Part::Missing { what, give } = &warrant.worth {
        blocks.push(Block::Text(missing(what, give)));
    }
    blocks
}

fn screens(leases: &[LeaseView]) -> Vec<Block> {
    let mut blocks = Vec::new();
    for lease in leases {
        let verdict = match lease.screen.classification {
            Classification::Lease => "a lease",
            Classification::Service => "a service",
            Classification::ServiceByDefault => "a service by default",
        };
        blocks.push(Block::Text(format!("`{}` is {verdict}: {}.", lease.grant, lease.screen.reason)));
        let row = |answered: &finance::accounting::Answered| {
            let cited = answered.question.citation();
            let basis = format!("{}; {}", cited.us_gaap, cited.ifrs);
            vec![answered.question.text().to_owned(), answered.answer.name().to_owned(), basis]
        };
        let rows = lease.screen.answers.iter().map(row).collect();
        blocks.push(Block::Table(vec!["question", "answer", "rests on"], rows));
        blocks.extend(open(lease).map(Block::Text));
    }
    blocks.push(rests_on(&[citation::LEASE, citation::LEASE_SUBSTITUTION]));
    blocks
}

/// How to answer what is open.
fn open(lease: &LeaseView) -> Option<String> {
    if lease.screen.open.is_empty() {
        return None;
    }
    let clause = if lease.stated { "" } else { "The file has no `identified_asset` clause for it. " };
    let answers: Vec<String> = lease
        .screen
        .open
        .iter()
        .map(|question| format!("`--answer {}.{}=yes`", lease.grant, question.name()))
        .collect();
    Some(format!("{clause}Open: give {} (or `=no`).", answers.join(", ")))
}

fn obligations(part: &Obligations) -> Vec<Block> {
    let row = |name: &str, table: &PurchaseObligation| {
        let amounts = table.next.iter().chain([&table.later, &table.total]).map(|amount| money(*amount));
        [name.to_owned()].into_iter().chain(amounts).collect::<Vec<String>>()
    };
    let mut rows = vec![row("buyer: purchase obligation", &part.purchase)];
    rows.extend(part.remaining.shown().map(|table| row("vendor: remaining performance", table)));
    let head = vec!["side", "year 1", "year 2", "year 3", "year 4", "year 5", "later", "total"];
    let text =
        format!("Counted from {}, by years ahead; each contract year falls due at its end.", part.as_of);
    let mut blocks = vec![Block::Text(text), Block::Table(head, rows)];
    if let Part::Missing { what, give } = &part.remaining {
        blocks.push(Block::Text(missing(what, give)));
    }
    blocks.push(rests_on(&[citation::PURCHASE_OBLIGATION, citation::REMAINING]));
    blocks
}
