//! What must hold of every page, whatever the view.
#![expect(clippy::expect_used, reason = "helpers of tests")]

#[path = "../examples/preview/sample.rs"]
mod sample;

#[path = "../examples/preview/people.rs"]
mod people;

use portal::{CallRow, FRAGMENTS, Overview, PageOptions, UsageContext, UsageFilter, asset, fragment, page};
use serde_json::Value;
use units::{Currency, Money};

fn views() -> [(&'static str, Overview); 5] {
    [
        ("empty", sample::empty()),
        ("few", sample::few()),
        ("busy", sample::busy()),
        ("bare", sample::bare()),
        ("hostile", sample::hostile()),
    ]
}

fn context() -> UsageContext {
    UsageContext {
        as_of: sample::at("2026-11-24"),
        visitor: sample::visitor(sample::HOSTILE, sample::HOSTILE),
        older: None,
    }
}

/// Every page there is, with its name.
fn pages() -> Vec<(String, String)> {
    let filter = UsageFilter {
        account: Some(sample::HOSTILE.to_owned()),
        model: Some("claude-demo".to_owned()),
        ..UsageFilter::default()
    };
    let plain = PageOptions { playground: false, live: false };
    let mut pages = Vec::new();
    for (name, view) in views() {
        pages.push((name.to_owned(), page(&view, &PageOptions::default())));
        pages.push((format!("{name}, plain"), page(&view, &plain)));
        pages.push((format!("{name}, usage"), portal::usage_page(&view.recent, &filter, &context())));
    }
    for (name, (access, residency)) in [("people", people::usual()), ("hostile people", people::hostile())] {
        pages.push((format!("{name}, access"), portal::access_page(&access)));
        pages.push((format!("{name}, residency"), portal::residency_page(&residency)));
    }
    let word = sample::HOSTILE;
    pages.push(("message".to_owned(), portal::message_page(word, word, Some(("/login", word)))));
    pages
}

/// Start tags of a page, each as its name and its attributes. Good enough for HTML that maud wrote: every
/// attribute is in double quotes and holds no raw `"`.
fn tags(html: &str) -> Vec<(&str, Vec<(&str, &str)>)> {
    let mut found = Vec::new();
    for part in
        html.split('<').skip(1).filter(|part| part.starts_with(|letter: char| letter.is_ascii_alphabetic()))
    {
        let name_end = part.find([' ', '>']).expect("a tag ends");
        let (name, mut rest) = part.split_at(name_end);
        let mut attributes = Vec::new();
        while let Some(inside) = rest.strip_prefix(' ') {
            let end = inside.find(['=', ' ', '>']).expect("an attribute ends");
            let (attribute, tail) = inside.split_at(end);
            let quoted = tail.strip_prefix("=\"").map(|tail| tail.split_once('"').expect("a value ends"));
            let (value, tail) = quoted.unwrap_or(("", tail));
            attributes.push((attribute, value));
            rest = tail;
        }
        assert!(rest.starts_with('>'), "odd tag `{part}`");
        found.push((name, attributes));
    }
    found
}

fn attribute<'a>(attributes: &[(&str, &'a str)], name: &str) -> Option<&'a str> {
    attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

#[test]
fn nothing_is_inline() {
    for (name, html) in pages() {
        for (tag, attributes) in tags(&html) {
            assert_ne!(tag, "style", "{name}");
            assert!(tag != "script" || attribute(&attributes, "src").is_some(), "{name}: inline script");
            for (attribute, value) in attributes {
                assert!(attribute != "style" && !attribute.starts_with("on"), "{name}: {tag} {attribute}");
                let address = matches!(attribute, "href" | "src");
                assert!(!address || value.starts_with(['/', '#']), "{name}: {value}");
            }
        }
        assert_eq!(html.matches("<script").count(), html.matches("></script>").count(), "{name}");
    }
}

#[test]
fn hostile_text_stays_text() {
    for (name, html) in pages() {
        assert!(!html.contains("<script>") && !html.contains("<img"), "{name}");
    }
    let html = page(&sample::hostile(), &PageOptions::default());
    let escaped = "&lt;script&gt;alert(1)&lt;/script&gt;&quot;";
    assert!(html.matches(escaped).count() > 50, "the hostile text should be shown, as text");
}

#[test]
fn every_file_a_page_asks_for_is_there() {
    for (name, html) in pages() {
        for (_, attributes) in tags(&html) {
            let address =
                attribute(&attributes, "href").or_else(|| attribute(&attributes, "src")).unwrap_or("");
            if address.starts_with("/assets/") {
                let file = asset(address).unwrap_or_else(|| panic!("{name}: no {address}"));
                assert!(!file.bytes.is_empty() && file.etag.starts_with('"'), "{address}");
            }
        }
    }
    assert!(asset("/assets/stream.js").is_some(), "imported by playground.js");
    assert!(asset("/assets/../Cargo.toml").is_none());
    let (css, js) = (asset("/assets/portal.css").unwrap(), asset("/assets/live.js").unwrap());
    assert!(css.content_type.starts_with("text/css") && js.content_type.starts_with("text/javascript"));
    assert_ne!(css.etag, js.etag);
}

#[test]
fn scripts_are_small_and_bring_no_policy_down() {
    let scripts = ["theme", "live", "stream", "playground"];
    let texts = scripts.map(|name| asset(&format!("/assets/{name}.js")).unwrap().bytes);
    let lines: usize = texts.iter().map(|text| text.iter().filter(|byte| **byte == b'\n').count()).sum();
    assert!(lines < 450, "{lines} lines of script");
    for text in texts.map(|text| std::str::from_utf8(text).unwrap()) {
        for banned in ["eval(", "new Function", ".style.", "http://", "https://"] {
            assert!(!text.contains(banned), "{banned}");
        }
    }
    let policy = portal::content_security_policy();
    assert!(policy.starts_with("default-src 'self';") && !policy.contains("unsafe"), "{policy}");
}

/// Values of the `<data>` elements, which are the exact figures.
fn exact(html: &str) -> Vec<String> {
    let data = tags(html).into_iter().filter(|(tag, _)| *tag == "data");
    data.filter_map(|(_, attributes)| attribute(&attributes, "value").map(str::to_owned)).collect()
}

#[test]
fn figures_are_exact_and_the_same_as_in_json() {
    for (name, view) in views() {
        let shown = exact(&page(&view, &PageOptions::default()));
        let json: Value = serde_json::from_str(&portal::overview_json(&view)).unwrap();
        let mut figures = Vec::new();
        amounts(&json, &mut figures);
        assert!(figures.len() > 1, "{name}");
        for figure in figures {
            assert!(shown.contains(&figure), "{name}: {figure} is in the JSON and not on the page");
        }
        for number in [view.spend.calls, view.spend.tokens.total()] {
            assert!(shown.contains(&number.to_string()), "{name}: {number}");
        }
    }
}

/// Every amount in the JSON but the chart's points, which are drawn and not written.
fn amounts(json: &Value, found: &mut Vec<String>) {
    const NAMES: [&str; 9] = [
        "amount",
        "charge",
        "balance",
        "total",
        "drawn",
        "remaining",
        "even_pace",
        "input_per_million",
        "output_per_million",
    ];
    match json {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if NAMES.contains(&name.as_str()) => found.push(text.clone()),
                    other => amounts(other, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| amounts(value, found)),
        _ => {}
    }
}

#[test]
fn json_has_no_money_as_a_number() {
    let json: Value = serde_json::from_str(&portal::overview_json(&sample::busy())).unwrap();
    assert_eq!(json["commitment"]["total"], "1200000.00");
    assert_eq!(json["spend"]["total"]["currency"], "USD");
    assert_eq!(json["ledger"]["accounts"][4]["balance"], "0.000000000001");
    assert_eq!(json["deal"]["figures"][0]["basis"]["kind"], "derived");
    assert!(json["models"][2]["price"].is_null());
}

#[test]
fn figures_lead_to_their_records() {
    let view = sample::busy();
    let html = page(&view, &PageOptions::default());
    let links: Vec<&str> = tags(&html)
        .into_iter()
        .filter(|(tag, _)| *tag == "a")
        .filter_map(|(_, attributes)| attribute(&attributes, "href"))
        .collect();
    for wanted in [
        "/usage",
        "/usage?state=unrated",
        "/usage?state=open",
        "/usage?commitment=demo-commitment",
        "/usage?model=claude-haiku",
        "/usage?day=2027-04-18",
        "/usage?account=revenue%3Arounding",
    ] {
        assert!(links.contains(&wanted), "{wanted}");
    }
    for row in &view.recent {
        assert!(links.contains(&format!("/usage?request={}", row.request_id).as_str()));
        let transfer = row.transfer.as_ref().map(|transfer| format!("/usage?transfer={transfer}"));
        assert!(transfer.is_none_or(|wanted| links.contains(&wanted.as_str())));
    }
}

#[test]
fn fragments_are_parts_of_the_page() {
    for (name, view) in views() {
        let html = page(&view, &PageOptions::default());
        let all: Value = serde_json::from_str(&portal::fragments_json(&view)).unwrap();
        for part in FRAGMENTS {
            let alone = fragment(part, &view).unwrap();
            assert!(html.contains(&alone), "{name}: {part}");
            assert_eq!(all[part], alone, "{name}: {part}");
            assert!(html.contains(&format!("id=\"{part}\"")), "{name}: {part}");
        }
        assert_eq!(fragment("playground", &view), None, "a question being typed is not replaced");
    }
}

#[test]
fn ids_are_unique() {
    for (name, view) in views().into_iter().filter(|(name, _)| *name != "hostile") {
        let html = page(&view, &PageOptions::default());
        let mut ids: Vec<&str> =
            tags(&html).into_iter().filter_map(|(_, attributes)| attribute(&attributes, "id")).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "{name}");
    }
}

#[test]
fn empty_states_say_what_to_do() {
    let empty = page(&sample::empty(), &PageOptions::default());
    assert!(empty.contains("No calls yet") && empty.contains("offtake ask"));
    let bare = page(&sample::bare(), &PageOptions::default());
    for words in
        ["No commitment", "No deal", "no price", "Nothing posted yet", "3 calls", "Nothing priced yet"]
    {
        assert!(bare.contains(words), "{words}");
    }
    let quiet = portal::usage_page(&[], &UsageFilter::default(), &context());
    assert!(quiet.contains("No records"));
}

#[test]
fn a_sliver_of_the_term_gets_a_chart_of_its_own() {
    let zoomed = |view: &Overview| fragment("commitment", view).unwrap().contains("Since the first call");
    assert!(zoomed(&sample::few()));
    assert!(!zoomed(&sample::empty()), "there is no first call");
    assert!(!zoomed(&sample::busy()), "five months of twelve can be seen");
    let html = fragment("commitment", &sample::few()).unwrap();
    assert!(html.contains("Burn-down of Demo commitment: 0.0033 USD of 50.00 USD drawn by 24 Nov 2026"));
}

#[test]
fn dots_are_drawn_while_they_can_be_told_apart() {
    let dots = |view: &Overview| fragment("commitment", view).unwrap().matches("class=\"dot\"").count();
    let mut view = sample::few();
    assert_eq!(dots(&view), 10, "five calls, on two canvases");
    let commitment = view.commitment.as_mut().unwrap();
    let (at, drawn) = commitment.points[4];
    commitment.points[3] = (at.plus_seconds(-4), drawn);
    assert_eq!(dots(&view), 0, "the last two calls would touch");
}

#[test]
fn less_than_a_cent_is_on_pace() {
    for (drawn, pace, words) in [
        ("0", "0", "on pace"),
        ("0", "0.004", "title=\"0.004 USD behind, exactly\">on pace"),
        ("0.014", "0.0041", "title=\"0.0099 USD ahead, exactly\">on pace"),
        ("0", "0.01", "$0.01</data> behind"),
        ("0.02", "0.01", "$0.01</data> ahead"),
    ] {
        let mut view = sample::empty();
        let commitment = view.commitment.as_mut().unwrap();
        (commitment.drawn, commitment.even_pace) = (sample::usd(drawn), sample::usd(pace));
        let html = fragment("commitment", &view).unwrap();
        assert!(html.contains(words), "{drawn} against {pace}: {html}");
    }
}

#[test]
fn a_deal_leads_with_its_main_figures_and_speaks_in_words() {
    let mut view = sample::few();
    let html = fragment("deal", &view).unwrap();
    let (shown, folded) = html.split_once("<details").unwrap();
    assert!(shown.contains("deal-new_money") && shown.contains("deal-capacity_ceiling_gw"));
    assert!(folded.contains("4 more figures") && folded.contains("deal-term_years"));
    assert!(html.contains(">at signing<") && html.contains(">gw_online &gt;= 3.0 for 30 days<"), "{html}");
    view.deal.as_mut().unwrap().figures.retain(|figure| figure.id == "term_years");
    assert!(!fragment("deal", &view).unwrap().contains("<details"), "nothing leads, nothing is folded");
}

#[test]
fn books_that_do_not_balance_say_so() {
    let mut view = sample::few();
    view.ledger.sums_to_zero = false;
    view.ledger.accounts[0].balance = sample::usd("-0.0032");
    let html = fragment("ledger", &view).unwrap();
    assert!(html.contains("do not sum to zero") && html.contains("value=\"0.0001\""), "{html}");
}

#[test]
fn the_usage_page_adds_up_its_rows() {
    let rows: Vec<CallRow> = sample::few().recent;
    let sum =
        rows.iter().filter_map(|row| row.charge).try_fold(Money::zero(Currency::USD), Money::checked_add);
    let older = rows.last().map(|row| row.request_id);
    let filter = UsageFilter { model: Some("claude-demo".to_owned()), ..UsageFilter::default() };
    let html = portal::usage_page(&rows, &filter, &UsageContext { older, ..context() });
    assert!(exact(&html).contains(&sum.unwrap().to_decimal()));
    assert!(html.contains("Calls on this page"));
    let next = format!("/usage?model=claude-demo&amp;before={}", older.unwrap());
    assert!(html.contains(&next));
    assert!(rows.iter().all(|row| filter.admits(row)));
    let before = UsageFilter { before: older.map(|id| id.to_string()), ..filter };
    assert!(!rows.iter().any(|row| before.admits(row)));
}

#[test]
fn call_json_is_what_the_playground_reads() {
    let rows = sample::busy().recent;
    let call = |state: &str| {
        let row = rows.iter().find(|row| row.state == state).unwrap();
        serde_json::from_str::<Value>(&portal::call_json(row)).unwrap()
    };
    assert_eq!(call("settled")["charge"], "0.018437500001");
    assert_eq!(call("settled")["currency"], "USD");
    assert!(call("unrated")["charge"].is_null() && call("open")["transfer"].is_null());
}

#[test]
fn every_form_that_changes_something_sends_its_token() {
    let mut forms = 0;
    for (name, html) in pages() {
        for form in html.split("<form").skip(1).map(|rest| rest.split("</form>").next().unwrap()) {
            let posts = form.split('>').next().unwrap().contains("method=\"post\"");
            forms += usize::from(posts);
            assert_eq!(form.contains("name=\"csrf\" value=\"a-token\""), posts, "{name}: {form}");
        }
    }
    assert!(forms > 10, "{forms}");
}

#[test]
fn what_somebody_may_not_do_is_not_offered() {
    let (mut access, _) = people::usual();
    assert!(portal::access_page(&access).contains("/access/revoke"));
    access.visitor.revokes = false;
    assert!(!portal::access_page(&access).contains("/access/revoke"));
    let mut view = sample::busy();
    assert!(page(&view, &PageOptions::default()).contains("href=\"/access\""));
    (view.visitor.sees_access, view.visitor.sees_money, view.visitor.logs_out) = (false, false, false);
    let html = page(&view, &PageOptions::default());
    for hidden in [
        "href=\"/access\"",
        "id=\"ledger\"",
        "id=\"deal\"",
        "id=\"commitment\"",
        "id=\"spend\"",
        "id=\"figures\"",
        "/logout",
        "#ledger",
    ] {
        assert!(!html.contains(hidden), "{hidden}");
    }
    assert!(fragment("ledger", &view).is_none() && !portal::fragments_json(&view).contains("\"ledger\""));
}

#[test]
fn the_map_is_as_near_as_its_places_allow() {
    let view_box = |codes: &[&str]| {
        let (_, mut residency) = people::usual();
        residency.places.retain(|place| codes.contains(&place.code.as_str()));
        let html = portal::residency_page(&residency);
        html.split("viewBox=\"").nth(2).unwrap().split('"').next().unwrap().to_owned()
    };
    let width = |codes: &[&str]| view_box(codes).split(' ').nth(2).unwrap().parse::<u32>().unwrap();
    assert_eq!((width(&["DE", "FR"]), width(&["DE", "US"]), width(&[])), (277, 415, 830));
    let (_, residency) = people::usual();
    let html = portal::residency_page(&residency);
    assert!(html.contains("Germany: 1,204 calls ran here; paris may"));
    assert!(html.contains("France: 12 calls may have run here"));
    assert!(html.contains("nothing may now") && html.contains("Canada, QC"));
}
