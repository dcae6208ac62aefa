//! One configuration's residency: what is asked of whom, remembered sets, and proofs over all requests.

use crate::support::{CATALOGUE, Path, Said, TODAY};
use geography::{Declaration, Residency, Restrictions, Settings};
use std::collections::{BTreeMap, HashMap};
use std::time::Instant;
use units::{ModelName, Organisation, Timestamp};

fn path(name: &str, region: &str, model: &str) -> Path {
    Path { name: name.into(), region: Some(region.into()), model: Some(model.into()), ..Path::default() }
}

fn settings(paths: &[Path]) -> Settings {
    let said = Said { country: Some("FR".into()), ..Said::default() }.inputs();
    let papers = Said { bases: Some(vec!["DPA:aws".into()]), ..Said::default() };
    let mut asked = Restrictions::default();
    asked.add(&CATALOGUE, "data-class", "personal").unwrap();
    Settings {
        always: true,
        catalogue: CATALOGUE.clone(),
        register: papers.register(),
        asked,
        hands: None,
        organisations: BTreeMap::from([(
            "acme".into(),
            Declaration { caller: said.caller, asked: Restrictions::default() },
        )]),
        policies: BTreeMap::from([("health".into(), narrowed(&[("data-class", "health")]))]),
        routes: HashMap::from([(model(), paths.iter().map(Path::route).collect())]),
        catalogue_days_warn: Some(100),
        catalogue_days_max: None,
        destinations_days_max: None,
    }
}

fn model() -> ModelName {
    ModelName::new("m").unwrap()
}

fn now() -> Timestamp {
    TODAY.parse().unwrap()
}

fn narrowed(parts: &[(&str, &str)]) -> Restrictions {
    let mut narrowing = Restrictions::default();
    parts.iter().for_each(|(field, text)| narrowing.add(&CATALOGUE, field, text).unwrap());
    narrowing
}

/// The lawful backends for a call of `organisation`.
fn backends(residency: &Residency, organisation: &str, parts: &[(&str, &str)]) -> Option<Vec<String>> {
    let organisation = Organisation::new(organisation).unwrap();
    let lawful = residency.lawful(&organisation, &model(), &narrowed(parts), now())?;
    Some(lawful.lawful.iter().map(|route| route.backend.to_string()).collect())
}

#[test]
fn what_is_asked_comes_from_everyone_who_may_ask() {
    let mut settings =
        settings(&[path("paris", "eu-west-3", "llama"), path("virginia", "us-east-1", "llama")]);
    let labels = Declaration { asked: narrowed(&[("data-class", "public")]), ..Declaration::default() };
    settings.organisations.insert("labels-its-own".into(), labels);
    let residency = Residency::new(settings);
    for (organisation, parts, expected) in [
        // Nothing said: the default class, held to the law of the organisation's country.
        ("acme", &[][..], vec!["paris"]),
        // A header that says less than the configuration changes nothing.
        ("acme", &[("data-class", "public")], vec!["paris"]),
        ("acme", &[("processing", "US,FR")], vec!["paris"]),
        ("acme", &[("processing", "US")], vec![]),
        // An organisation may name classes of its own instead of the default.
        ("labels-its-own", &[], vec!["paris", "virginia"]),
        ("labels-its-own", &[("data-class", "personal"), ("subject-country", "DE")], vec!["paris"]),
        // Nobody knows whose law a stranger's personal data are under.
        ("stranger", &[], vec![]),
        ("stranger", &[("subject-country", "DE")], vec!["paris"]),
    ] {
        let expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(backends(&residency, organisation, parts), Some(expected), "{organisation} {parts:?}");
    }
}

#[test]
fn where_it_is_not_configured_only_a_call_that_asks_is_held_to_it() {
    let mut settings =
        settings(&[path("paris", "eu-west-3", "llama"), path("virginia", "us-east-1", "llama")]);
    settings.always = false;
    settings.asked = Restrictions::default();
    let residency = Residency::new(settings);
    assert_eq!(backends(&residency, "stranger", &[]), None);
    assert_eq!(backends(&residency, "stranger", &[("processing", "US")]), Some(vec!["virginia".to_owned()]));
}

#[test]
fn an_old_catalogue_is_warned_of() {
    let residency = Residency::new(settings(&[]));
    assert_eq!(residency.warning("2027-03-04".parse().unwrap()), None);
    assert!(residency.warning("2027-03-05".parse().unwrap()).unwrap().contains("101 days"));
}

#[test]
fn a_proof_tries_every_caller_and_country_or_shows_who_may_leave() {
    let within = CATALOGUE.area(["EEA"]).unwrap();
    let on = TODAY.parse().unwrap();
    let eu = [path("paris", "eu-west-3", "llama"), path("frankfurt", "eu-central-1", "eu.meta.llama3")];
    let frankfurt = Path { destinations: vec!["eu-central-1".into(), "eu-west-3".into()], ..eu[1].clone() };
    let proof = Residency::new(settings(&[eu[0].clone(), frankfurt])).prove("personal", &within, on);
    assert_eq!(proof.counter_example, None);
    // Two callers; every country, two zones, a province, occupied regions, and none.
    assert!(proof.requests > 500 && proof.routes > 500, "{proof:?}");
    // The catalogue's own list reaches GB and CH.
    let proof = Residency::new(settings(&eu)).prove("personal", &within, on);
    let left = proof.counter_example.unwrap();
    assert_eq!((left.backend.as_str(), left.outside.as_str()), ("frankfurt", "CH,GB"));
    // Every organisation that says whose data it is about is held, but a country whose law says nothing lets it go.
    let proof =
        Residency::new(settings(&[path("virginia", "us-east-1", "llama")])).prove("personal", &within, on);
    let left = proof.counter_example.unwrap();
    assert!(left.organisation.is_none() && left.subject.is_some(), "{left:?}");
    // A limit of the plane's own closes that.
    let mut closed = settings(&[path("virginia", "us-east-1", "llama"), path("paris", "eu-west-3", "llama")]);
    closed.asked = closed.asked.and(&narrowed(&[("processing", "EEA"), ("storage", "EEA")]));
    assert_eq!(Residency::new(closed).prove("personal", &within, on).counter_example, None);
}

/// The reduction is sound: a request that says more never leaves where the proof says none does.
#[test]
fn a_proof_holds_for_requests_it_did_not_try() {
    let within = CATALOGUE.area(["EEA", "EU-adequate", "US"]).unwrap();
    let on = TODAY.parse().unwrap();
    let residency = Residency::new(settings(&[
        path("paris", "eu-west-3", "llama"),
        path("virginia", "us-east-1", "llama"),
    ]));
    assert_eq!(residency.prove("health", &within, on).counter_example, None);
    for sector in CATALOGUE.sector.iter() {
        for class in CATALOGUE.data.iter() {
            let said =
                [("data-class", "health"), ("data-class", class.id.as_str()), ("sector", sector.id.as_str())];
            let narrowing = narrowed(&[&said[..], &[("subject-country", "DE,US")]].concat());
            let lawful = residency.decide(Some("acme"), &model(), &narrowing, on);
            for route in &lawful.lawful {
                assert!(route.processing.known().all(|place| within.contains(place, on)), "{said:?}");
            }
        }
    }
}

/// `cargo test --release -p geography -- --ignored --nocapture`.
#[test]
#[ignore = "measures; needs a release build"]
fn a_lawful_set_is_looked_up_not_worked_out_again() {
    let paths: Vec<Path> =
        (0..100).map(|n| path(&format!("b{n}"), ["eu-west-3", "us-east-1"][n % 2], "llama")).collect();
    let residency = Residency::new(settings(&paths));
    let names: Vec<Organisation> = (0..1_000).map(|n| Organisation::new(format!("o{n}")).unwrap()).collect();
    let narrowing = narrowed(&[("subject-country", "DE")]);
    let begun = Instant::now();
    names.iter().for_each(|name| drop(residency.lawful(name, &model(), &narrowing, now()).unwrap()));
    println!("worked out, 100 backends: {:.1} µs", begun.elapsed().as_secs_f64() * 1e3);
    for (what, narrowing) in [("with a header", narrowing), ("without", Restrictions::default())] {
        let mut best = f64::MAX;
        for _ in 0..50 {
            let begun = Instant::now();
            names.iter().for_each(|name| {
                drop(std::hint::black_box(residency.lawful(name, &model(), &narrowing, now()).unwrap()));
            });
            best = best.min(begun.elapsed().as_secs_f64() * 1e6 / 1_000.0);
        }
        println!("remembered, {what}: {best:.3} µs");
        assert!(best < 1.0, "{best:.3} µs");
    }
    let begun = Instant::now();
    let proof = residency.prove("personal", &CATALOGUE.area(["EEA", "US"]).unwrap(), TODAY.parse().unwrap());
    println!("proof over {} requests: {:.0} ms", proof.requests, begun.elapsed().as_secs_f64() * 1e3);
}
