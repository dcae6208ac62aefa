//! The pages that show who may call what and where inference ran, against what was really called.

use crate::support::*;
use serde_json::{Value, json};

const LAW: &str = r#"
[residency]
country = "DE"
[[residency.organisation]]
name = "demo"
country = "DE"
owners = []
owners_rest_checked = true
owners_source = "register"
owners_date = "2026-10-01"
[[residency.basis]]
id = "DPA-1"
kind = "DPA"
party = "aws"
[policy]
files = ["bench.cedar"]
"#;
const POLICY: &str = "permit (principal, action, resource) unless { resource.name == \"closed\" };";

fn page(plane: &Plane, path: &str) -> Answer {
    let answer = plane.send(&Ask::get(path).with("host", &plane.address.to_string()));
    assert_eq!(answer.status, 200, "{path}: {}", text(&answer.body));
    answer
}

fn world() -> (Vendor, Home, Plane) {
    let vendor = Vendor::start();
    let at = |name: &str, url: &str, region: &str| {
        backend(name, "anthropic", url, &format!("region = \"{region}\""))
    };
    let config = [
        HEAD,
        LAW,
        &at("paris", &vendor.url(), "eu-west-3"),
        &at("virginia", &nobody(), "us-east-1"),
        &model("claude", &["virginia", "paris"]),
        &model("abroad", &["virginia"]),
        &model("closed", &["paris"]),
    ]
    .concat();
    let home = Home::new("");
    std::fs::write(home.path().join("bench.cedar"), POLICY).unwrap();
    home.configure(&config);
    let plane = home.serve();
    (vendor, home, plane)
}

#[test]
fn what_ran_and_what_was_refused_is_shown_with_its_place_and_rule() {
    let (_vendor, _home, plane) = world();
    let call = |model: &str| plane.send(&Wire::Messages.ask(model, false, "")).status;
    assert_eq!((call("claude"), call("claude"), call("abroad"), call("closed")), (200, 200, 403, 403));
    let mut shown = Value::Null;
    eventually("both calls are on the page", || {
        shown = page(&plane, "/api/residency").json();
        shown["ran"][0]["calls"] == 2
    });
    let ran = &shown["ran"][0];
    assert_eq!(
        (&ran["backend"], &ran["claimed"], &ran["answered"]),
        (&json!("paris"), &json!("FR"), &json!(true))
    );
    let place = |code: &str| {
        let place = shown["places"].as_array().unwrap().iter().find(|place| place["place"] == code).unwrap();
        (place["ran"].clone(), place["may_have_run"].clone(), place["may"].clone())
    };
    // The vendor's word (`inference_geo`) outweighs the claim.
    assert_eq!(ran["observed"], "us");
    assert_eq!(place("US"), (json!(2), json!(0), json!([])));
    assert_eq!(place("FR"), (json!(0), json!(0), json!(["paris"])));
    let refusals: Vec<(&str, &str)> = shown["refusals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["model"].as_str().unwrap(), row["rules"][0].as_str().unwrap()))
        .collect();
    assert_eq!(refusals, [("closed", "policy"), ("abroad", "eu.gdpr.transfer")]);
    let html = text(&page(&plane, "/residency").body);
    for part in ["2 calls ran here", "eu.gdpr.transfer", "demo/bench/bench", "no policy permits"] {
        assert!(html.contains(part), "{part}");
    }

    let access = page(&plane, "/api/access").json();
    let key = &access["credentials"][0];
    assert_eq!((&key["name"], &key["calls"], &key["state"]), (&json!("bench"), &json!(2), &json!("active")));
    assert_eq!(key["models"], json!(["claude", "abroad"]));
    assert!(!text(&page(&plane, "/access").body).contains("/access/revoke"), "nobody is known here");
}

#[test]
fn the_form_is_answered_as_the_verb_and_as_serving() {
    let (_vendor, home, plane) = world();
    for (model, fields, verb) in [
        ("claude", "", &[][..]),
        ("claude", "&data-class=personal%2Chealth", &["--data-class", "personal,health"]),
        ("claude", "&subject-country=US", &["--subject-country", "US"]),
        ("abroad", "", &[]),
        ("abroad", "&processing=EEA", &["--processing", "EEA"]),
        ("closed", "&storage=EEA", &["--storage", "EEA"]),
    ] {
        let path = format!("/api/residency?principal=demo%2Fbench%2Fbench&model={model}{fields}");
        let asked = page(&plane, &path).json();
        let arguments =
            [&["policy", "explain", "--json", "--principal", "demo/bench/bench", "--model", model], verb];
        let told = home.run(&arguments.concat());
        let told: Value =
            serde_json::from_slice(&told.stdout).unwrap_or_else(|_| panic!("{}", text(&told.stderr)));
        let answer = &asked["answer"];
        for same in ["decision", "lawful", "refused", "hash"] {
            assert_eq!(answer[same], told[same], "{model} {fields}: {same}");
        }
        let headers = verb.chunks(2).map(|pair| (pair[0].replace("--", "x-offtake-"), pair[1]));
        let call = Wire::Messages.ask(model, false, "");
        let call = headers.fold(call, |call, (name, value)| call.with(&name, value));
        let served = plane.send(&call).status;
        assert_eq!(served == 200, answer["decision"] == "permit", "{model} {fields}: {served}");
    }
    for (query, said) in [
        ("principal=&model=claude", "who calls is not clear"),
        ("principal=demo&model=none", "there is no such model"),
        ("principal=demo&model=claude&data-class=secrets", "there is no class of data"),
        ("principal=demo&model=claude&processing=Narnia", "Narnia"),
        ("principal=demo&model=claude&model=abroad", "who calls is not clear"),
    ] {
        let html = text(&page(&plane, &format!("/residency?{query}")).body);
        assert!(html.contains("class=\"trouble\"") && html.contains(said), "{query}");
        assert!(!html.contains("class=\"ruling"), "{query}");
    }
}
