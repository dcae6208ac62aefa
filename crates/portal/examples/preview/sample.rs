//! Views to look at and to test with: made up, but of the shapes that happen.
#![expect(clippy::expect_used, reason = "sample data, not shipped")]

use portal::{
    AccountLine, Basis, BasisKind, CallRow, CommitmentView, DaySpend, DealFigure, DealView, LedgerView,
    ListPrice, ModelCard, ModelSpend, Overview, SpendSummary, Starter, TrancheView, Visitor,
};
use units::{Currency, Money, RequestId, Timestamp, TokenCounts};

/// Dollars, exact.
pub fn usd(text: &str) -> Money {
    Money::parse(text, Currency::USD).expect("a decimal number")
}

/// A moment.
pub fn at(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn model(name: &str, backend: &str, kind: &str, region: &str, prices: Option<(&str, &str)>) -> ModelCard {
    let price = prices
        .map(|(input, output)| ListPrice { input_per_million: usd(input), output_per_million: usd(output) });
    let [name, backend, kind, region] = [name, backend, kind, region].map(str::to_owned);
    ModelCard { name, backend, kind, region, price, available: true }
}

fn starters() -> Vec<Starter> {
    [
        ("Ask from a terminal", "offtake ask \"What is the capital of France?\""),
        (
            "The Anthropic SDK, unmodified",
            "set -a; . ./data/demo.env; python3 -c 'import anthropic; print(anthropic.AnthropicAWS().messages.create(model=\"claude-demo\", max_tokens=64, messages=[{\"role\":\"user\",\"content\":\"Hello\"}]).content[0].text)'",
        ),
        (
            "Plain HTTP",
            "curl -s $OFFTAKE_URL/v1/chat/completions -H \"authorization: Bearer $OFFTAKE_TOKEN\" -d '{\"model\":\"claude-demo\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}'",
        ),
    ]
    .map(|(label, command)| Starter { label: label.to_owned(), command: command.to_owned() })
    .into()
}

/// The first look: nothing called yet.
/// Somebody who logged in and may do everything.
pub fn visitor(organisation: &str, principal: &str) -> Visitor {
    Visitor {
        organisation: organisation.to_owned(),
        principal: principal.to_owned(),
        csrf: "a-token".to_owned(),
        logs_out: true,
        trouble: None,
        sees_money: true,
        sees_access: true,
        revokes: true,
    }
}

pub fn empty() -> Overview {
    let zero = usd("0");
    Overview {
        as_of: at("2026-11-24T23:06:43Z"),
        visitor: visitor("demo", "you@localhost"),
        models: vec![
            model("claude-demo", "local", "embedded", "local", Some(("3.00", "15.00"))),
            model("echo", "echo", "echo", "local", Some(("1.00", "1.00"))),
        ],
        spend: SpendSummary {
            total: zero,
            calls: 0,
            tokens: TokenCounts::default(),
            by_model: Vec::new(),
            by_day: Vec::new(),
            unrated_calls: 0,
            open_calls: 0,
        },
        commitment: Some(commitment("0", "0.135", Vec::new())),
        deal: Some(deal()),
        ledger: LedgerView { accounts: Vec::new(), part: false, sums_to_zero: true },
        recent: Vec::new(),
        starters: starters(),
    }
}

fn commitment(drawn: &str, even_pace: &str, points: Vec<(Timestamp, Money)>) -> CommitmentView {
    let (total, drawn) = (usd("50"), usd(drawn));
    CommitmentView {
        id: "demo-commitment".to_owned(),
        title: "Demo commitment".to_owned(),
        total,
        drawn,
        remaining: total.checked_sub(drawn).expect("dollars both"),
        from: at("2026-11-23"),
        to: at("2027-11-23"),
        points,
        even_pace: usd(even_pace),
        projection: None,
    }
}

fn basis(kind: BasisKind, note: &str) -> Basis {
    Basis { kind, note: note.to_owned() }
}

/// The shape of the public deal's preset.
pub fn deal() -> DealView {
    use BasisKind::{Assumed, Derived, Reported};
    let figure = |id: &str, label: &str, value: &str, basis: Basis| DealFigure {
        id: id.to_owned(),
        label: label.to_owned(),
        value: value.to_owned(),
        basis,
    };
    let tranche =
        |id: &str, title: &str, amount: &str, state: &str, condition: &str, basis: Basis| TrancheView {
            id: id.to_owned(),
            title: title.to_owned(),
            amount: usd(amount),
            state: state.to_owned(),
            condition: condition.to_owned(),
            basis,
        };
    DealView {
        title: "Amazon and Anthropic, 2026".to_owned(),
        figures: vec![
            figure(
                "new_money",
                "New money",
                "$25 bn",
                basis(Derived, "$5 bn now + up to $20 bn by milestones"),
            ),
            figure(
                "total_exposure",
                "Total exposure",
                "$33 bn",
                basis(Derived, "$25 bn + $4 bn (2023) + $4 bn (2024)"),
            ),
            figure(
                "spend_commitment",
                "Spend on AWS",
                "more than $100 bn over 10 years",
                basis(Reported, "announced 20 April 2026"),
            ),
            figure(
                "multiple_of_new_money",
                "Spend per dollar of new money",
                "4.0 ×",
                basis(Derived, "$100 bn ÷ $25 bn"),
            ),
            figure(
                "spend_per_year",
                "Spend per year",
                "$10 bn on average",
                basis(Derived, "$100 bn ÷ 10 years"),
            ),
            figure(
                "capacity_ceiling_gw",
                "Capacity",
                "up to 5 GW",
                basis(Reported, "announced 20 April 2026"),
            ),
            figure(
                "money_at_signing",
                "Money at signing",
                "$5 bn",
                basis(Reported, "announced 20 April 2026: $5 bn now"),
            ),
            figure(
                "money_on_milestones",
                "Money on milestones",
                "up to $20 bn",
                basis(Reported, "up to $20 bn more, tied to commercial milestones"),
            ),
            figure(
                "term_years",
                "Term",
                "10 years",
                basis(Reported, "“over the next ten years”; the end is ten years after the announcement"),
            ),
            figure(
                "gigawatt_years",
                "Gigawatt-years",
                "up to 50 GW-years",
                basis(Derived, "capacity × term = up to 5 GW × 10 years, if all of it ran from day one"),
            ),
        ],
        tranches: vec![
            tranche(
                "signing",
                "At signing",
                "5000000000",
                "funded",
                "at_signing",
                basis(Reported, "company statement"),
            ),
            tranche(
                "benchmarks",
                "Model benchmarks",
                "7000000000",
                "met",
                "A frontier benchmark index of at least 80 for two quarters",
                basis(Assumed, "milestones are undisclosed"),
            ),
            tranche(
                "revenue",
                "AWS revenue contribution",
                "7000000000",
                "open",
                "Trailing twelve months of AWS spend of at least $8 bn by the end of 2028",
                basis(Assumed, "milestones are undisclosed"),
            ),
            tranche(
                "adoption",
                "Enterprise adoption",
                "3000000000",
                "open",
                "At least 500,000 business customers by the end of 2029; the metric is not known yet",
                basis(Assumed, "milestones are undisclosed"),
            ),
            tranche(
                "capacity",
                "Capacity in use",
                "3000000000",
                "open",
                "gw_online >= 3.0 for 30 days",
                basis(Assumed, "milestones are undisclosed"),
            ),
        ],
    }
}

fn call(nth: u32, model: &str, charge: Option<&str>, state: &str) -> CallRow {
    let when = at("2026-11-24T23:02:11.482Z").plus_seconds(i64::from(nth) * 37);
    let (backend, region) = if model == "echo" { ("echo", "local") } else { ("local", "local") };
    CallRow {
        request_id: RequestId::new(when, u128::from(nth + 7).pow(18) << 3),
        at: when,
        principal: "platform/ci@demo".to_owned(),
        model: model.to_owned(),
        backend: backend.to_owned(),
        region: region.to_owned(),
        tokens: TokenCounts {
            input: 38 + u64::from(nth),
            output: 12 * u64::from(nth + 1),
            ..TokenCounts::default()
        },
        charge: charge.map(usd),
        transfer: charge.map(|_| format!("tr_{:032x}", 0x9f3c_77a1_u128.pow(2) * u128::from(nth + 11))),
        state: state.to_owned(),
    }
}

/// Minutes after the first call.
pub fn few() -> Overview {
    let charges = ["0.000294", "0.000477", "0.00066", "0.000843", "0.001026"];
    let mut recent: Vec<CallRow> =
        (0..5).zip(charges).map(|(nth, charge)| call(nth, "claude-demo", Some(charge), "settled")).collect();
    let points = [(0, "0.000294"), (1, "0.000771"), (2, "0.001431"), (3, "0.002274"), (4, "0.0033")]
        .map(|(nth, drawn)| (recent[nth].at, usd(drawn)))
        .into();
    recent[3].state = "interrupted".to_owned();
    recent.reverse();
    let tokens = TokenCounts { input: 200, output: 180, ..TokenCounts::default() };
    let mut commitment = commitment("0.0033", "0.268814", points);
    commitment.projection = Some(
        "At the pace of the last five minutes, 346.90 USD would be drawn by 23 Nov 2027; too little data to rely on.".to_owned(),
    );
    Overview {
        spend: SpendSummary {
            total: usd("0.0033"),
            calls: 5,
            tokens,
            by_model: vec![ModelSpend {
                model: "claude-demo".to_owned(),
                calls: 5,
                tokens,
                charge: usd("0.0033"),
            }],
            by_day: vec![DaySpend { date: "2026-11-24".to_owned(), charge: usd("0.0033") }],
            unrated_calls: 0,
            open_calls: 1,
        },
        commitment: Some(commitment),
        ledger: books(&[("organisation:demo:usage", "-0.0033"), ("revenue:claude-demo", "0.0033")]),
        recent,
        ..empty()
    }
}

fn books(lines: &[(&str, &str)]) -> LedgerView {
    let accounts = lines
        .iter()
        .map(|(account, balance)| AccountLine { account: (*account).to_owned(), balance: usd(balance) })
        .collect();
    LedgerView { accounts, part: false, sums_to_zero: true }
}

/// Five months in, with several models, some without a price.
pub fn busy() -> Overview {
    let as_of = at("2027-04-18T14:31:09Z");
    let mut drawn = 0_i128;
    let points: Vec<(Timestamp, Money)> = (0..1_400_i64)
        .map(|step| {
            let growth = i128::from(step % 41 + 4) * i128::from(step + 300);
            drawn += growth * 13_471_113_577;
            (at("2026-11-23").plus_seconds(step * 9_036 + 3_600), Money::from_pico(drawn, Currency::USD))
        })
        .collect();
    let drawn = points.last().expect("many points").1;
    let total = usd("1200000");
    let usage = |input, output, cache_read| TokenCounts {
        input,
        output,
        cache_read,
        cache_write_5m: input / 9,
        ..TokenCounts::default()
    };
    let line = |model: &str, calls, tokens, charge: Money| ModelSpend {
        model: model.to_owned(),
        calls,
        tokens,
        charge,
    };
    let part = |percent: i128| Money::from_pico(drawn.pico() / 100 * percent, Currency::USD);
    let by_day = (0..60)
        .map(|back: i64| {
            let money =
                Money::from_pico(i128::from((back * 7 + 3) % 11 + 5) * 312_345_678_901_234, Currency::USD);
            DaySpend { date: as_of.plus_seconds((back - 59) * 86_400).date(), charge: money }
        })
        .collect();
    let states = ["settled", "open", "unrated", "settled", "undelivered", "failed", "settled"];
    let mut recent: Vec<CallRow> = (0..)
        .zip(states)
        .map(|(nth, state)| {
            let charge = (!matches!(state, "open" | "unrated" | "failed")).then_some("0.018437500001");
            let names = ["claude-sonnet", "claude-haiku", "gpt-oss-120b"];
            let mut row = call(nth, names[usize::try_from(nth).expect("small") % 3], charge, state);
            row.at = as_of.plus_seconds(i64::from(nth) * 3 - 40);
            row.backend = "bedrock-eu".to_owned();
            row.region = "eu-central-1".to_owned();
            row.principal = "system:serviceaccount:payments:reconciler".to_owned();
            row.tokens = usage(1_204 + u64::from(nth), 811, 48_000);
            row
        })
        .collect();
    recent.reverse();
    let mut models = vec![
        model("claude-sonnet", "bedrock-eu", "anthropic", "eu-central-1", Some(("3.00", "15.00"))),
        model("claude-haiku", "bedrock-eu", "anthropic", "eu-central-1", Some(("1.00", "5.00"))),
        model("gpt-oss-120b", "vllm-fra", "openai", "eu-central-1", None),
        model("llama-70b", "vllm-dub", "openai", "eu-west-1", Some(("0.725", "0.725"))),
    ];
    models[3].available = false;
    Overview {
        as_of,
        visitor: visitor("Nordwind Logistik", "finance/a.kaya@nordwind.example"),
        models,
        spend: SpendSummary {
            total: drawn,
            calls: 18_204_551,
            tokens: usage(41_220_118_440, 9_880_440_129, 210_440_118_001),
            by_model: vec![
                line(
                    "claude-sonnet",
                    9_120_440,
                    usage(30_220_118_440, 7_880_440_129, 200_440_118_001),
                    part(81),
                ),
                line(
                    "claude-haiku",
                    8_904_111,
                    usage(11_000_000_000, 2_000_000_000, 10_000_000_000),
                    part(19),
                ),
                line("gpt-oss-120b", 180_000, usage(900_000, 412_000, 0), usd("0")),
            ],
            by_day,
            unrated_calls: 180_000,
            open_calls: 12,
        },
        commitment: Some(CommitmentView {
            title: "Committed spend, year 1".to_owned(),
            total,
            drawn,
            remaining: total.checked_sub(drawn).expect("dollars both"),
            points,
            even_pace: usd("482103.481923515981"),
            projection: Some(
                "At the pace of the last 30 days the commitment is drawn down by 2 Sep 2027, 82 days early."
                    .to_owned(),
            ),
            ..commitment("0", "0", Vec::new())
        }),
        ledger: books(&[
            ("customer:nordwind:commitment", "-120000"),
            ("customer:nordwind:prepaid", "119999.5"),
            ("revenue:claude-haiku:eu-central-1", "0.25"),
            ("revenue:claude-sonnet:eu-central-1", "0.249999999999"),
            ("revenue:rounding", "0.000000000001"),
        ]),
        recent,
        ..empty()
    }
}

/// No price, no commitment, no deal: a gateway alone.
pub fn bare() -> Overview {
    let mut recent: Vec<CallRow> = (0..3).map(|nth| call(nth, "claude-bench", None, "unrated")).collect();
    recent.reverse();
    let tokens = TokenCounts { input: 117, output: 72, ..TokenCounts::default() };
    Overview {
        models: vec![model("claude-bench", "vendor", "anthropic", "us-east-1", None)],
        spend: SpendSummary {
            calls: 3,
            tokens,
            by_model: vec![ModelSpend {
                model: "claude-bench".to_owned(),
                calls: 3,
                tokens,
                charge: usd("0"),
            }],
            unrated_calls: 3,
            ..empty().spend
        },
        commitment: None,
        deal: None,
        recent,
        ..empty()
    }
}

/// Every text hostile: what is escaped here is escaped everywhere.
pub const HOSTILE: &str = "<script>alert(1)</script>\"'&<img src=x onerror=alert(2)>";

/// [`busy`] with [`HOSTILE`] in every text a view holds.
pub fn hostile() -> Overview {
    let bad = || HOSTILE.to_owned();
    let mut view = busy();
    view.visitor = visitor(HOSTILE, HOSTILE);
    for model in &mut view.models {
        (model.name, model.backend, model.kind, model.region) = (bad(), bad(), bad(), bad());
    }
    for line in &mut view.spend.by_model {
        line.model = bad();
    }
    for day in &mut view.spend.by_day {
        day.date = bad();
    }
    if let Some(commitment) = &mut view.commitment {
        (commitment.id, commitment.title, commitment.projection) = (bad(), bad(), Some(bad()));
    }
    if let Some(deal) = &mut view.deal {
        deal.title = bad();
        for figure in &mut deal.figures {
            (figure.id, figure.label, figure.value, figure.basis.note) = (bad(), bad(), bad(), bad());
        }
        for tranche in &mut deal.tranches {
            (tranche.id, tranche.title, tranche.state) = (bad(), bad(), bad());
            (tranche.condition, tranche.basis.note) = (bad(), bad());
        }
    }
    for line in &mut view.ledger.accounts {
        line.account = bad();
    }
    for row in &mut view.recent {
        (row.principal, row.model, row.backend, row.region) = (bad(), bad(), bad(), bad());
        (row.transfer, row.state) = (Some(bad()), bad());
    }
    for starter in &mut view.starters {
        (starter.label, starter.command) = (bad(), bad());
    }
    view
}
