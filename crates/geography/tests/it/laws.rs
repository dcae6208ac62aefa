//! What holds whatever is asked: more restrictions never allow more, and what is not known is never lawful.

use crate::support::{CATALOGUE, Path, Said, TODAY};
use geography::{Catalogue, Inputs, Law, Places, Register, Restrictions, Route, lawful};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn words(of: impl Iterator<Item = String>) -> impl Strategy<Value = BTreeSet<String>> {
    let all: Vec<String> = of.collect();
    let most = all.len().min(4);
    proptest::sample::subsequence(all, 0..=most).prop_map(|words| words.into_iter().collect())
}

/// What a request may add, as a header says it: field and text.
fn narrowing() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let areas = ["EEA", "EU", "DE", "US", "CN", "IN", "GB", "EU-adequate", "US,CA", "KR,JP"];
    let one = prop_oneof![
        words(CATALOGUE.data.iter().map(|term| term.id.clone()))
            .prop_map(|words| ("data-class", joined(&words))),
        words(CATALOGUE.sector.iter().map(|term| term.id.clone()))
            .prop_map(|words| ("sector", joined(&words))),
        words(CATALOGUE.uses.iter().map(|term| term.id.clone())).prop_map(|words| ("use", joined(&words))),
        words(geography::Place::countries().map(|place| place.to_string()))
            .prop_map(|words| ("subject-country", joined(&words))),
        proptest::sample::select(areas.to_vec()).prop_map(|area| ("processing", area.to_owned())),
        proptest::sample::select(areas.to_vec()).prop_map(|area| ("storage", area.to_owned())),
        proptest::sample::select(areas.to_vec()).prop_map(|area| ("control-within", area.to_owned())),
        (0..=3_u8).prop_map(|level| ("control", level.to_string())),
    ];
    proptest::collection::vec(one, 0..5)
}

fn joined(words: &BTreeSet<String>) -> String {
    words.iter().cloned().collect::<Vec<_>>().join(",")
}

fn restrictions(parts: &[(&str, String)]) -> Restrictions {
    let mut all = Restrictions::default();
    for (field, text) in parts.iter().filter(|(_, text)| !text.is_empty()) {
        all.add(&CATALOGUE, field, text).unwrap();
    }
    all
}

/// Routes of every kind: in-region, profiles, worldwide, own, and one of which nothing is known.
fn routes() -> Vec<Route> {
    let path = |name: &str, region: &str, profile: &str, model: &str| Path {
        name: name.into(),
        region: Some(region.into()),
        profile: (!profile.is_empty()).then(|| profile.into()),
        model: Some(model.into()),
        place_promised: true,
        ..Path::default()
    };
    let mut paths = vec![
        path("paris", "eu-west-3", "", "llama"),
        path("paris-eu", "eu-west-3", "eu.", "claude"),
        path("virginia-us", "us-east-1", "us.", "claude"),
        path("mumbai-apac", "ap-south-1", "apac.", "claude"),
        path("world", "eu-west-3", "global.", "llama"),
        path("brandenburg", "eusc-de-east-1", "", "llama"),
        path("ningxia", "cn-northwest-1", "", "qwen"),
        path("seoul", "asia-northeast3", "", "gemini"),
        path("nowhere", "nowhere-1", "", "strange"),
    ];
    for country in ["DE", "CN", "US"] {
        let own = Path { own: true, country: vec![country.parse().unwrap()], ..Path::default() };
        paths.push(Path { name: format!("own-{country}"), ..own });
    }
    paths.iter().map(Path::route).collect()
}

fn papers() -> Register {
    let all = [
        "DPA:aws",
        "DPF:aws",
        "SCC:aws",
        "contract:aws:SG",
        "BAA:aws",
        "PIA::US",
        "PIPL-assessment",
        "sandbox",
    ];
    Said { bases: Some(all.iter().map(ToString::to_string).collect()), ..Said::default() }.register()
}

fn names(inputs: &Inputs, routes: &[Route], register: &Register) -> BTreeSet<String> {
    let on = TODAY.parse().unwrap();
    let law =
        Law { catalogue: &CATALOGUE, register, on, catalogue_days_max: None, destinations_days_max: None };
    lawful(&law, inputs, routes).lawful.into_iter().map(|route| route.backend.to_string()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_request_that_says_more_is_never_allowed_more(
        country in proptest::option::of(proptest::sample::select(vec!["FR", "DE", "GB", "US", "CN", "IN", "KR", "SG", "CA", "RU"])),
        class in proptest::sample::select(vec!["public", "non_personal", "personal", "health", "payment", "itar"]),
        base in narrowing(),
        more in narrowing(),
    ) {
        let said = Said { country: country.map(str::to_owned), data: Some(vec![class.into()]), ..Said::default() };
        let mut inputs = said.inputs();
        inputs.asked = inputs.asked.clone().and(&restrictions(&base));
        let (routes, register) = (routes(), papers());
        let before = names(&inputs, &routes, &register);
        inputs.asked = inputs.asked.clone().and(&restrictions(&more));
        let after = names(&inputs, &routes, &register);
        // Where nobody knew whose law is in play nothing is lawful, and a subject's country says it: the one fact that helps.
        let lawless = country.is_none() && restrictions(&base).subjects.is_empty();
        prop_assert!(lawless || after.is_subset(&before), "{:?} after {:?}", after, before);
    }

    #[test]
    fn what_is_not_known_is_never_lawful_above_public(country in proptest::sample::select(vec!["FR", "US", "SG"]), more in narrowing()) {
        let said = Said { country: Some(country.to_owned()), data: Some(vec!["non_personal".into()]), ..Said::default() };
        let mut inputs = said.inputs();
        inputs.asked = inputs.asked.clone().and(&restrictions(&more));
        let (routes, register) = (routes(), papers());
        let lawful = names(&inputs, &routes, &register);
        for route in routes.iter().filter(|route| !route.gaps.is_empty() || route.reach() == Places::Unknown) {
            prop_assert!(!lawful.contains(route.backend.as_str()), "{}", route.backend);
        }
    }

    #[test]
    fn a_limit_on_places_is_kept(country in proptest::sample::select(vec!["FR", "US", "SG"]), area in proptest::sample::select(vec!["EEA", "US", "DE", "CN", "IN"])) {
        let said = Said {
            country: Some(country.to_owned()),
            data: Some(vec!["public".into()]),
            processing: Some(vec![area.to_owned()]),
            storage: Some(vec![area.to_owned()]),
            ..Said::default()
        };
        let (routes, register) = (routes(), papers());
        let lawful = names(&said.inputs(), &routes, &register);
        let within = CATALOGUE.area([area]).unwrap();
        for route in routes.iter().filter(|route| lawful.contains(route.backend.as_str())) {
            let reach = route.reach();
            prop_assert!(matches!(reach, Places::Known(_)), "{}", route.backend);
            prop_assert!(reach.known().all(|place| within.contains(place, TODAY.parse().unwrap())), "{}", route.backend);
        }
    }
}

#[test]
fn the_hash_names_the_lawful_set() {
    let said =
        Said { country: Some("FR".into()), data: Some(vec!["non_personal".into()]), ..Said::default() };
    let (routes, register) = (routes(), papers());
    let decide = |routes: &[Route], catalogue: &Catalogue| {
        let on = TODAY.parse().unwrap();
        let law =
            Law { catalogue, register: &register, on, catalogue_days_max: None, destinations_days_max: None };
        lawful(&law, &said.inputs(), routes).hash
    };
    let whole = decide(&routes, &CATALOGUE);
    assert_eq!(whole.len(), 64);
    assert_eq!(whole, decide(&routes, &CATALOGUE));
    assert_ne!(whole, decide(&routes[1..], &CATALOGUE));
    let newer = Catalogue::with(&[("own.toml", "schema = 1\nchecked = \"2026-11-30\"\n")]).unwrap();
    assert_ne!(whole, decide(&routes, &newer), "evidence names the catalogue that was used");
}
