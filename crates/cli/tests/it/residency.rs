//! Serving within the law: no attempt ever leaves the lawful set, a call that has none is refused in its own protocol, and
//! the record says what was decided, claimed and observed.

use crate::support::*;
use std::sync::{Arc, Mutex};

/// The caller's organisation, established in Germany, and papers for what AWS processes.
pub const LAW: &str = r#"
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
"#;

fn away(name: &str, url: &str, region: &str) -> String {
    backend(name, "anthropic", url, &format!("region = \"{region}\""))
}

const ECHO: &str = "[[backend]]\nname = \"here\"\nkind = \"echo\"\n";

fn model_at(backends: &[&str]) -> String {
    format!("[[model]]\nname = \"claude\"\nbackends = {backends:?}\nupstream_name = \"llama\"\n")
}

#[test]
fn a_call_goes_where_it_lawfully_may_and_the_record_says_so() {
    let vendor = Vendor::start();
    let config =
        [HEAD, LAW, &away("virginia", &vendor.url(), "us-east-1"), ECHO, &model_at(&["virginia", "here"])];
    let home = Home::new(&config.concat());
    let plane = home.serve();
    for stream in [false, true] {
        let answer = plane.send(&Wire::Messages.ask("claude", stream, ""));
        assert_eq!((answer.status, answer.header("x-offtake-backend")), (200, Some("here")), "{answer:?}");
        assert_eq!(answer.header("x-offtake-obligations"), Some("disclose_ai,mark_output"));
    }
    // What is counted is sent as well.
    let count = Ask { path: "/v1/messages/count_tokens".into(), ..Wire::Messages.ask("claude", false, "") };
    let body = text(&count.body).replace("\"max_tokens\":1000,", "").replace(",\"stream\":false", "");
    assert_eq!(plane.send(&Ask { body: body.into(), ..count }).header("x-offtake-backend"), Some("here"));
    plane.stop();
    assert_eq!(vendor.meter().total.calls, 0);
    for call in home.usage() {
        assert_eq!(
            (&call["residency"], &call["attempts"][0]["claimed"]),
            (&"lawful".into(), &"DE".into()),
            "{call}"
        );
        assert_eq!(call["attempts"][0]["observed"], "unavailable");
        for field in ["catalogue", "lawful_set"] {
            assert_eq!(call[field].as_str().map(str::len), Some(64), "{field}: {call}");
        }
        assert_eq!(call["snapshot"].as_str().map(str::len), Some(16));
    }
    home.is_sound();
}

#[test]
fn failover_never_leaves_the_lawful_set() {
    let vendor = Vendor::start();
    let backends =
        [away("paris", &nobody(), "eu-west-3"), away("virginia", &vendor.url(), "us-east-1")].concat();
    let home = Home::new(&[HEAD, LAW, &backends, &model_at(&["virginia", "paris"])].concat());
    let plane = home.serve();
    for (wire, stream) in Wire::ALL.into_iter().flat_map(|wire| [(wire, false), (wire, true)]) {
        let answer = plane.send(&wire.ask("claude", stream, ""));
        assert!(matches!(answer.status, 502 | 503), "{wire:?}: {answer:?}");
    }
    plane.stop();
    assert_eq!(vendor.meter().total.calls, 0);
    let attempts: Vec<_> = home.usage().iter().map(|call| call["backend"].clone()).collect();
    assert!(attempts.iter().all(|backend| backend == "paris") && attempts.len() == 8, "{attempts:?}");
}

/// When the vendor is overloaded and no other lawful backend is left, its own words pass as they are.
#[test]
fn the_last_lawful_backends_refusal_is_passed_on() {
    let vendor = Vendor::start();
    let backends =
        [away("paris", &vendor.url(), "eu-west-3"), away("virginia", &nobody(), "us-east-1")].concat();
    let home = Home::new(&[HEAD, LAW, &backends, &model_at(&["paris", "virginia"])].concat());
    let plane = home.serve();
    vendor.next(&["status=529"]);
    let answer = plane.send(&Wire::Messages.ask("claude", false, ""));
    assert_eq!((answer.status, answer.header("x-offtake-backend")), (529, Some("paris")), "{answer:?}");
    plane.stop();
}

#[test]
fn an_empty_set_is_a_refusal_that_names_the_rule_and_the_mend() {
    let vendor = Vendor::start();
    let home = Home::new(
        &[HEAD, LAW, &away("virginia", &vendor.url(), "us-east-1"), &model_at(&["virginia"])].concat(),
    );
    let plane = home.serve();
    for wire in Wire::ALL {
        let answer = plane.send(&wire.ask("claude", false, ""));
        assert_eq!(
            (answer.status, answer.header("x-offtake-decision")),
            (403, Some("residency")),
            "{answer:?}"
        );
        let said = text(&answer.body);
        for part in ["eu.gdpr.transfer", "virginia", "US", "DPF", "`aws`"] {
            assert!(said.contains(part), "{wire:?}: {part}: {said}");
        }
        assert!(
            ["permission_error", "AccessDeniedException"].contains(&wire.error_type(&answer).as_str()),
            "{said}"
        );
    }
    let metrics = text(&plane.send(&Ask::get("/metrics")).body);
    assert!(metrics.contains("offtake_refusals_total{code=\"residency\"} 4"), "{metrics}");
    let log = plane.log();
    assert!(log.contains("no lawful backend: eu.gdpr.transfer"), "{log}");
    plane.stop();
    assert_eq!((vendor.meter().total.calls, home.usage().len()), (0, 0));
}

#[test]
fn headers_only_ever_take_backends_away() {
    let vendor = Vendor::start();
    let backends =
        [away("paris", &vendor.url(), "eu-west-3"), away("virginia", &vendor.url(), "us-east-1")].concat();
    let home = Home::new(&[HEAD, LAW, &backends, ECHO, &model_at(&["paris", "virginia", "here"])].concat());
    let plane = home.serve();
    let ask = |headers: &[(&str, &str)]| {
        let ask = Wire::Messages.ask("claude", false, "");
        plane.send(&headers.iter().fold(ask, |ask, (name, value)| ask.with(name, value)))
    };
    for (headers, backend) in [
        (&[][..], "paris"),
        (&[("x-offtake-data-class", "public")], "paris"),
        (&[("x-offtake-processing", "DE")], "here"),
        (&[("x-offtake-processing", "EEA"), ("x-offtake-processing", "DE,US")], "here"),
        (&[("x-offtake-data-class", "health")], "here"),
        (&[("x-offtake-control", "2")], "here"),
    ] {
        let answer = ask(headers);
        assert_eq!((answer.status, answer.header("x-offtake-backend")), (200, Some(backend)), "{headers:?}");
    }
    assert_eq!(ask(&[("x-offtake-processing", "US")]).status, 403);
    for (name, value, said) in [
        ("x-offtake-data-class", "helth", "personal"),
        ("x-offtake-subject-country", "UK", "GB"),
        ("x-offtake-processing", "Europe", "EEA"),
        ("x-offtake-control", "7", "3"),
        ("x-offtake-sector", "", "empty"),
    ] {
        let answer = ask(&[(name, value)]);
        let body = text(&answer.body);
        assert_eq!(answer.status, 400, "{name}: {body}");
        assert!(body.contains(name) && body.contains(said), "{body}");
    }
    plane.stop();
    assert!(
        home.usage().iter().any(|call| call["residency"] == "lawful:DPA-1"),
        "papers are named on record"
    );
}

/// The vendor says where it ran (`usage.inference_geo`): held against the claim, streamed and not.
#[test]
fn what_is_observed_elsewhere_than_claimed_is_an_incident() {
    let vendor = Vendor::start();
    let law = LAW.replace("country = \"DE\"\nowners", "country = \"US\"\nowners");
    let backends =
        [away("paris", &vendor.url(), "eu-west-3"), away("virginia", &vendor.url(), "us-east-1")].concat();
    let more = "[[model]]\nname = \"us\"\nbackends = [\"virginia\"]\nupstream_name = \"llama\"\n";
    let home = Home::new(&[HEAD, &law, &backends, &model_at(&["paris"]), more].concat());
    let plane = home.serve();
    for (model, stream) in [("claude", false), ("claude", true), ("us", false)] {
        assert_eq!(plane.send(&Wire::Messages.ask(model, stream, "")).status, 200, "{model}");
    }
    let metrics = text(&plane.send(&Ask::get("/metrics")).body);
    assert!(metrics.contains("offtake_ran_elsewhere_total 2"), "{metrics}");
    assert!(plane.log().contains("ran elsewhere than was claimed"), "{}", plane.log());
    plane.stop();
    let told: Vec<_> = home.usage().iter().map(|call| call["attempts"][0].clone()).collect();
    let told: Vec<_> = told
        .iter()
        .map(|one| (one["claimed"].clone(), one["observed"].clone(), one["ran_elsewhere"].clone()))
        .collect();
    let paris = ("FR".into(), "us".into(), true.into());
    assert_eq!(told, [paris.clone(), paris, ("US".into(), "us".into(), false.into())]);
}

/// A policy that permits a call may say what its data are.
#[test]
fn a_policy_narrows_what_it_permits() {
    let vendor = Vendor::start();
    let policy = "[policy]\nfiles = [\"p.cedar\"]\n";
    let home = Home::new(
        &[HEAD, policy, &away("paris", &vendor.url(), "eu-west-3"), ECHO, &model_at(&["paris", "here"])]
            .concat(),
    );
    let cedar = "@id(\"ward\") @residency(\"processing=US\") permit (principal, action, resource);";
    std::fs::write(home.path().join("p.cedar"), cedar).unwrap();
    let plane = home.serve();
    let answer = plane.send(&Wire::Messages.ask("claude", false, ""));
    assert_eq!(answer.status, 403, "{answer:?}");
    assert!(text(&answer.body).contains("tenant.processing"), "{answer:?}");
    plane.stop();
}

/// What is claimed of a vendor that lets each request choose is asked for in each, and a request that asks for another
/// place is refused.
#[test]
fn a_claim_that_rests_on_the_request_is_in_the_request() {
    let vendor = Vendor::start();
    let geo = backend(
        "anthropic",
        "anthropic",
        &vendor.url(),
        "profile = \"anthropic:inference_geo=us\"\nstorage = [\"US\"]",
    );
    let home = Home::new(
        &[HEAD, &LAW.replace("country = \"DE\"", "country = \"US\""), &geo, &model_at(&["anthropic"])]
            .concat(),
    );
    let plane = home.serve();
    for wire in Wire::ALL {
        assert_eq!(plane.send(&wire.ask("claude", false, "")).status, 200, "{wire:?}");
        let sent: serde_json::Value = serde_json::from_slice(&vendor.last().body).unwrap();
        assert_eq!((&sent["inference_geo"], &sent["model"]), (&"us".into(), &"llama".into()), "{wire:?}");
    }
    let ask = Wire::Messages.ask("claude", false, "");
    let asking = |geo: &str| {
        let body = text(&ask.body).replacen('{', &format!("{{{geo},"), 1);
        plane.send(&Ask { body: body.into(), ..ask.clone() })
    };
    assert_eq!(asking(r#""inference_geo":"us""#).status, 200);
    let calls = vendor.meter().total.calls;
    for elsewhere in [
        r#""inference_geo":"global""#,
        r#""inference\u005fgeo":"global""#,
        r#""inference_geo":null"#,
        r#""inference_geo":"us","inference_geo":"global""#,
    ] {
        let refused = asking(elsewhere);
        assert_eq!(refused.status, 400, "{elsewhere}: {refused:?}");
        assert!(text(&refused.body).contains("inference_geo"), "{refused:?}");
    }
    assert_eq!(vendor.meter().total.calls, calls);
    plane.stop();
    assert!(
        home.usage().iter().all(|call| call["outcome"] == "failed" || call["attempts"][0]["claimed"] == "US")
    );
}

/// AWS's interface that says where an inference profile goes; the list can be changed.
fn profiles(list: Arc<Mutex<Vec<&'static str>>>) -> String {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url =
        format!("http://{}/inference-profiles/eu.anthropic.claude-v1:0", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut buffer) = (stream.unwrap(), [0; 4096]);
            let read = stream.read(&mut buffer).unwrap();
            let head = text(&buffer[..read]).to_ascii_lowercase();
            let signed = head.starts_with("get /inference-profiles/eu.anthropic.claude-v1:0 ")
                && head.contains("authorization: aws4-hmac-sha256 credential=akid/")
                && head.contains("/us-east-1/bedrock/aws4_request")
                && head.contains("host;x-amz-date");
            let arn = |region: &&str| {
                format!(r#"{{"modelArn":"arn:aws:bedrock:{region}::foundation-model/anthropic.claude"}}"#)
            };
            let models: Vec<String> = list.lock().unwrap().iter().map(arn).collect();
            let body = format!(
                r#"{{"inferenceProfileName":"EU","status":"ACTIVE","type":"SYSTEM_DEFINED","models":[{}]}}"#,
                models.join(",")
            );
            let status = if signed { "200 OK" } else { "403 Forbidden" };
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    url
}

#[test]
fn a_destination_list_is_read_from_the_vendor_and_a_changed_one_is_judged_anew() {
    let vendor = Vendor::start();
    let list = Arc::new(Mutex::new(vec!["eu-west-3", "eu-central-1"]));
    let from = format!("region = \"eu-central-1\"\ndestinations_from = \"{}\"", profiles(Arc::clone(&list)));
    let config = [HEAD, LAW, &backend("eu", "anthropic", &vendor.url(), &from), &model_at(&["eu"])];
    let home = Home::new(&config.concat());
    // Nobody knows yet where it goes: closed, whatever the catalogue says of the profile.
    let explain = || {
        let output =
            home.run(&["policy", "explain", "--principal", "demo/bench/x", "--model", "claude", "--json"]);
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    assert_eq!(explain()["decision"], "deny");
    let mut command = home.serve_command();
    command.env("AWS_ACCESS_KEY_ID", "AKID").env("AWS_SECRET_ACCESS_KEY", "secret of aws");
    let plane = home.start(command).unwrap();
    let status = || plane.send(&Wire::Messages.ask("claude", false, "")).status;
    eventually("the list is read", || status() == 200);
    assert_eq!(
        (&explain()["decision"], &home.usage()[0]["attempts"][0]["claimed"]),
        (&"permit".into(), &"DE,FR".into())
    );
    // AWS adds a region: the backend is closed as soon as that is known.
    list.lock().unwrap().push("us-east-1");
    let read = || {
        let mut command = home.command();
        command.env("AWS_ACCESS_KEY_ID", "AKID").env("AWS_SECRET_ACCESS_KEY", "secret of aws");
        command.args(["policy", "destinations", "--json", "--config"]).arg(home.config()).output().unwrap()
    };
    let output = read();
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &said["backends"][0]["changed"]), (Some(0), &true.into()), "{said}");
    eventually("it is closed", || status() == 403);
    // What lists no region may go anywhere: the last list stays, and grows old.
    list.lock().unwrap().clear();
    let output = read();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("may process anywhere"), "{}", text(&output.stdout));
    assert_eq!(explain()["decision"], "deny");
    *list.lock().unwrap() = vec!["eu-central-1"];
    assert!(read().status.success());
    eventually("it is open again", || status() == 200);
    plane.stop();
    assert!(!everything(&home.data()).contains("secret of aws"));
}

fn everything(folder: &std::path::Path) -> String {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_file()).map(|path| text(&std::fs::read(path).unwrap())).collect()
}
