//! Evidence: a bundle proves what it says, without the plane; nothing in it can be changed, left out, added or moved, not
//! even by whoever seals it; and a review is answered by the configuration as it is.

use crate::residency::LAW;
use crate::support::*;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ledger::merkle;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Output;

const PROMPT: &str = "KEPT-OUT-OF-EVIDENCE";
const POLICY: &str = "@id(\"all\") permit (principal, action, resource);\n";

/// A plane's home with calls of two configurations, ended and refused, and their bundle.
fn exported() -> (Home, PathBuf, Output) {
    let vendor = Vendor::start();
    let more = "region = \"eu-central-1\"";
    let config = usual(&vendor.url(), more) + "[policy]\nfiles = [\"policy.cedar\"]\n" + LAW;
    let home = Home::new(&config);
    std::fs::write(home.path().join("policy.cedar"), POLICY).unwrap();
    for round in 0..2 {
        let plane = home.serve();
        for (wire, model) in [(Wire::Messages, "echo"), (Wire::Chat, "echo"), (Wire::Messages, "claude")] {
            for stream in [false, true] {
                assert_eq!(plane.send(&wire.ask(model, stream, PROMPT)).status, 200);
            }
        }
        vendor.next(&["status=500"]);
        plane.send(&Wire::Messages.ask("claude", false, PROMPT));
        plane.stop();
        home.configure(&format!("{config}# {round}\n"));
    }
    let bundle = home.path().join("bundle.jsonl");
    let output = export(&home, &bundle, "2020-01-01", "2100-01-01");
    assert!(output.status.success(), "{}", text(&output.stderr));
    (home, bundle, output)
}

fn export(home: &Home, to: &Path, from: &str, until: &str) -> Output {
    home.run(&["evidence", "export", "--from", from, "--to", until, "--output", to.to_str().unwrap()])
}

fn verify(home: &Home, bundle: &Path, more: &[&str]) -> (i32, Value, String) {
    let mut command = home.command();
    command.args(["evidence", "verify"]).arg(bundle).args(more).arg("--json");
    // Offline: neither a configuration nor books are near.
    let output = command.current_dir("/").output().unwrap();
    let said = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code().unwrap(), said, text(&output.stderr))
}

fn lines(bundle: &Path) -> Vec<String> {
    std::fs::read_to_string(bundle).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn a_bundle_proves_a_period_without_the_plane() {
    let (home, bundle, output) = exported();
    let (code, said, errors) = verify(&home, &bundle, &[]);
    assert_eq!((code, &said["ok"]), (0, &json!(true)), "{said} {errors}");
    assert_eq!((&said["records"], home.usage().len()), (&json!(14), 14));
    assert_eq!((&said["booked"], &said["whole_batches"]), (&json!(14), &said["batches"]));
    assert_eq!((&said["unknown_configurations"], &said["unknown_catalogues"]), (&json!([]), &json!([])));
    assert_eq!(said["books"]["root"], root(&home.verify().1));
    // Held to the key that the export named, and to another.
    let sealed = text(&output.stderr);
    let key = sealed.trim().rsplit(' ').next().unwrap();
    assert_eq!(verify(&home, &bundle, &["--key", key]).1["key_pinned"], true);
    let other = format!("ed25519:{}", STANDARD.encode([7; 32]));
    let (code, said, _) = verify(&home, &bundle, &["--key", &other]);
    assert_eq!((code, said["ok"].as_bool()), (1, Some(false)), "{said}");
    assert!(said["what"].as_str().unwrap().contains("another key"), "{said}");
    // What decided is in it: both configurations, their policy, and the catalogue. What was asked is not.
    let all = std::fs::read_to_string(&bundle).unwrap();
    let count = |kind: &str| all.lines().filter(|line| line.starts_with(&format!("{{\"{kind}\""))).count();
    assert_eq!((count("configuration"), count("catalogue"), count("record")), (2, 1, 14));
    assert!(all.contains("@id(\\\"all\\\") permit"));
    for secret in [PROMPT, "What is it?", CALLER_KEY, VENDOR_KEY, "env:VENDOR_KEY"] {
        assert!(!all.contains(secret), "{secret}");
    }
    let record: Value =
        serde_json::from_str(all.lines().find(|line| line.starts_with("{\"record\"")).unwrap()).unwrap();
    let call = &record["record"]["call"];
    assert_eq!((&call["decision"], &call["proof"]), (&json!("permit:all"), &json!("bench")), "{call}");
    assert_eq!(call["attempts"][0]["place_observed"], "unavailable");
}

fn root(verdict: &str) -> Value {
    json!(verdict.split("root ").nth(1).unwrap().split_whitespace().next().unwrap())
}

#[test]
fn part_of_the_past_is_proven_as_part() {
    let (home, bundle, _) = exported();
    let at = home.usage()[7]["at"].as_str().unwrap().to_owned();
    for (from, to, calls) in [("2020-01-01", &*at, 7), (&*at, "2100-01-01", 7)] {
        assert!(export(&home, &bundle, from, to).status.success());
        let (code, said, errors) = verify(&home, &bundle, &[]);
        assert_eq!((code, &said["records"]), (0, &json!(calls)), "{errors}");
    }
    // Nothing happened then, which is proven as well; beside a running plane, too.
    let plane = home.serve();
    assert!(export(&home, &bundle, "2020-01-01", "2020-01-02").status.success());
    assert_eq!(verify(&home, &bundle, &[]).1["records"], 0);
    plane.stop();
    for (from, to, what) in
        [("2026-02-30", "2027-01-01", "--from"), ("2027-01-01", "2026-01-01", "is not before")]
    {
        let output = export(&home, &bundle, from, to);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(what), "{}", text(&output.stderr));
    }
}

#[test]
fn what_is_changed_is_found() {
    let (home, bundle, _) = exported();
    let good = std::fs::read(&bundle).unwrap();
    let lines = lines(&bundle);
    let bad = home.path().join("bad.jsonl");
    let refused = |what: &str, bytes: &[u8]| {
        std::fs::write(&bad, bytes).unwrap();
        let (code, said, errors) = verify(&home, &bad, &[]);
        assert_eq!((code, said["ok"].as_bool()), (1, Some(false)), "{what}: {said} {errors}");
        assert!(errors.contains("proves nothing"), "{what}: {errors}");
    };
    // One byte in every part of the file.
    for place in (0..40).map(|part| good.len() * part / 40) {
        let mut bytes = good.clone();
        bytes[place] ^= 4;
        refused(&format!("byte {place}"), &bytes);
    }
    let joined = |lines: &[String]| (lines.join("\n") + "\n").into_bytes();
    for place in 0..lines.len() {
        let without = [&lines[..place], &lines[place + 1..]].concat();
        refused(&format!("without line {place}"), &joined(&without));
        let twice = [&lines[..=place], &lines[place..]].concat();
        refused(&format!("line {place} twice"), &joined(&twice));
    }
    let mut moved = lines.clone();
    moved.swap(lines.len() - 2, lines.len() - 3);
    refused("moved", &joined(&moved));
    refused("cut off", &good[..good.len() / 2]);
    refused("its last byte", &good[..good.len() - 1]);
    refused("more", &[&good[..], b"{}\n"].concat());
    refused("empty", b"");
    refused("no evidence", b"hello\n");
}

/// Seals lines anew, as whoever holds a key can.
fn seal(lines: &[String]) -> String {
    let key = Ed25519KeyPair::generate().unwrap();
    let leaves: Vec<merkle::Hash> = lines.iter().map(|line| merkle::leaf(&[line.as_bytes()])).collect();
    let root: String = merkle::root(&leaves).iter().map(|byte| format!("{byte:02x}")).collect();
    let name = format!("ed25519:{}", STANDARD.encode(key.public_key()));
    let signed = format!(
        "{{\"key\":\"{name}\",\"lines\":{},\"root\":\"{root}\",\"schema\":\"offtake.evidence/1\"}}",
        lines.len()
    );
    let signature = STANDARD.encode(key.sign(signed.as_bytes()));
    let seal = json!({ "seal": { "lines": lines.len(), "root": root, "key": name, "signature": signature } });
    format!("{}\n{seal}\n", lines.join("\n"))
}

/// A line, what is done to it, and how that is told.
type Bent<'a> = (usize, &'a dyn Fn(&mut Value), &'a str);

#[test]
fn not_even_the_sealer_can_bend_it() {
    let (home, bundle, _) = exported();
    let mut lines = lines(&bundle);
    lines.pop();
    let bad = home.path().join("bad.jsonl");
    let said = |lines: &[String]| {
        std::fs::write(&bad, seal(lines)).unwrap();
        verify(&home, &bad, &[]).1
    };
    assert_eq!(said(&lines)["ok"], true, "{}", said(&lines));
    let record = lines.iter().position(|line| line.starts_with("{\"record\"")).unwrap();
    let batch = lines.iter().position(|line| line.starts_with("{\"batch\"")).unwrap();
    let edited = |place: usize, edit: &dyn Fn(&mut Value)| {
        let mut value: Value = serde_json::from_str(&lines[place]).unwrap();
        edit(&mut value);
        let mut lines = lines.clone();
        lines[place] = value.to_string();
        said(&lines)["what"].as_str().unwrap_or("sound").to_owned()
    };
    let cases: [Bent; 8] = [
        (record, &|v| v["record"]["call"]["subject"] = "eve".into(), "is not what its frames say"),
        (
            record,
            &|v| v["record"]["call"]["attempts"][0]["place_observed"] = "DE".into(),
            "is not what its frames say",
        ),
        (record, &|v| v["record"]["books"][0]["charge"] = "0".into(), "come to"),
        (record, &|v| v["record"]["books"][0]["leaf"] = 99.into(), "is not leaf 99"),
        (record, &|v| v["record"]["books"] = json!([]), "left out"),
        (batch, &|v| v["batch"]["amount"] = "0".into(), "is not in the books"),
        (batch, &|v| v["batch"]["team"] = "other".into(), "another name"),
        (0, &|v| v["header"]["books_root"] = "00".repeat(32).into(), "is not in the books"),
    ];
    for (place, edit, what) in cases {
        let found = edited(place, edit);
        assert!(found.contains(what), "{what}: {found}");
    }
    let mut without = lines.clone();
    without.remove(record);
    assert!(said(&without)["what"].as_str().unwrap().contains("left out"), "{}", said(&without));
}

#[test]
fn a_review_is_answered_by_the_configuration_as_it_is() {
    let vendor = Vendor::start();
    let plain = usual(&vendor.url(), "region = \"eu-central-1\"\nprofile = \"bedrock:eu.\"");
    let home = Home::new(&plain);
    let pack = |more: &[&str]| {
        let output = home.run(&[&["evidence", "pack"], more].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let answers: Value = serde_json::from_str(&pack(&["--json"])).unwrap();
    let state = |answers: &Value, ccm: &str| {
        let controls = answers["controls"].as_array().unwrap();
        controls.iter().find(|control| control["ccm"].as_str().unwrap().contains(ccm)).unwrap()["state"]
            .clone()
    };
    assert_eq!((state(&answers, "IAM-05"), state(&answers, "DSP-19")), (json!("partly"), json!("partly")));
    let processor = &answers["processors"][0];
    assert_eq!((&processor["backend"], &processor["models"]), (&json!("anthropic"), &json!(["claude"])));
    assert!(processor["processing"].as_array().unwrap().contains(&json!("DE")), "{processor}");
    let bill = &answers["sbom"];
    assert_eq!((&bill["bomFormat"], &bill["specVersion"]), (&json!("CycloneDX"), &json!("1.6")));
    assert!(
        bill["components"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["purl"].as_str().is_some_and(|purl| purl.starts_with("pkg:cargo/tokio@")))
    );
    assert!(!answers.to_string().contains("env:VENDOR_KEY"));
    // Another configuration, another answer.
    std::fs::write(home.path().join("policy.cedar"), POLICY).unwrap();
    home.configure(&(plain + "[policy]\nfiles = [\"policy.cedar\"]\n[residency]\ncountry = \"DE\"\n[[residency.basis]]\nid = \"DPA-7\"\nkind = \"DPA\"\nparty = \"aws\"\n"));
    let changed: Value = serde_json::from_str(&pack(&["--format", "json"])).unwrap();
    assert_eq!((state(&changed, "IAM-05"), state(&changed, "DSP-19")), (json!("met"), json!("met")));
    assert_ne!(changed["configuration"], answers["configuration"]);
    assert_eq!(changed["papers"][0]["id"], "DPA-7");
    let page = pack(&["--format", "html"]);
    for (form, part) in [
        (pack(&[]), "| anthropic |"),
        (page, "<html"),
        (pack(&["--format", "text"]), "Processors and sub-processors"),
    ] {
        assert!(form.contains(part) && form.contains("DPA-7"), "{part}");
    }
}

/// A vendor that answers every call as Bedrock's own front does: with an id in a header.
fn bedrock() -> (String, std::thread::JoinHandle<()>) {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = std::thread::spawn(move || {
        for number in 0..2 {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut head, mut buffer) = (Vec::new(), [0; 4096]);
            while !text(&head).contains("\"messages\"") {
                let read = stream.read(&mut buffer).unwrap();
                head.extend_from_slice(&buffer[..read]);
            }
            let body = r#"{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":2}}"#;
            write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-amzn-requestid: aws-{number}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )
            .unwrap();
        }
    });
    (url, serving)
}

#[test]
fn an_audit_trail_tells_afterwards_where_calls_ran() {
    let (url, serving) = bedrock();
    let at = "region = \"eu-central-1\"\nprofile = \"bedrock:eu.\"";
    let home = Home::new(&(usual(&url, at) + LAW));
    let plane = home.serve();
    for _ in 0..2 {
        assert_eq!(plane.send(&Wire::Messages.ask("claude", false, "")).status, 200);
    }
    plane.stop();
    serving.join().unwrap();
    let observed =
        || home.usage().iter().map(|call| call["attempts"][0]["observed"].clone()).collect::<Vec<_>>();
    assert_eq!(observed(), ["unavailable", "unavailable"]);
    let event = |id: &str, region: &str| {
        format!(
            r#"{{"eventSource":"bedrock.amazonaws.com","eventID":"e-{id}","eventTime":"2026-11-01T00:00:00Z","requestID":"{id}","additionalEventData":{{"inferenceRegion":"{region}"}}}}"#
        )
    };
    let trail = |events: &[String]| format!("{{\"Records\":[{}]}}", events.join(","));
    let folder = home.path().join("AWSLogs/1/CloudTrail");
    std::fs::create_dir_all(&folder).unwrap();
    let zipped = std::fs::File::create(folder.join("a.json.gz")).unwrap();
    let mut zipped = flate2::write::GzEncoder::new(zipped, flate2::Compression::default());
    std::io::Write::write_all(
        &mut zipped,
        trail(&[event("aws-0", "eu-west-3"), event("other", "eu-west-3")]).as_bytes(),
    )
    .unwrap();
    zipped.finish().unwrap();
    std::fs::write(folder.join("readme.txt"), "not of the trail").unwrap();
    let import = |path: &Path| {
        let output = home.run(&["evidence", "import", path.to_str().unwrap(), "--json"]);
        let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code().unwrap(), said, text(&output.stderr))
    };
    let logs = home.path().join("AWSLogs");
    for known in [0, 1] {
        let (code, said, errors) = import(&logs);
        assert_eq!((code, &said["matched"], &said["unmatched"]), (0, &json!(1), &json!(1)), "{errors}");
        assert_eq!(said["known"], known, "what is imported twice counts once");
    }
    assert_eq!(observed(), ["FR", "unavailable"]);
    let plane = home.serve();
    let ran = || {
        let asked = Ask::get("/api/residency").with("host", &plane.address.to_string());
        let page = plane.send(&asked).json();
        let row =
            |row: &Value| (row["observed"].as_str().unwrap().to_owned(), row["calls"].as_u64().unwrap());
        let mut rows: Vec<(String, u64)> = page["ran"].as_array().unwrap().iter().map(row).collect();
        rows.sort();
        rows
    };
    assert_eq!(ran(), [(String::new(), 1), ("FR".to_owned(), 1)], "before the plane was started");
    // One that ran where it should not have: told, and in every later answer.
    std::fs::write(folder.join("b.json"), trail(&[event("aws-1", "us-east-1")])).unwrap();
    let (code, said, errors) = import(&folder.join("b.json"));
    assert_eq!((code, &said["mismatches"][0]["observed"]), (1, &json!("US")), "{errors}");
    assert!(errors.contains("ran elsewhere"), "{errors}");
    assert_eq!(home.usage()[1]["attempts"][0]["ran_elsewhere"], true);
    assert_eq!(ran(), [("FR".to_owned(), 1), ("US".to_owned(), 1)], "while it runs");
    plane.stop();
    let bundle = home.path().join("bundle.jsonl");
    assert!(export(&home, &bundle, "2020-01-01", "2100-01-01").status.success());
    let (code, said, _) = verify(&home, &bundle, &[]);
    assert_eq!((code, &said["observed"], &said["mismatches"]), (0, &json!(2), &json!(1)), "{said}");
    // A file that is none changes nothing.
    std::fs::write(folder.join("c.json"), "{\"Records\":").unwrap();
    let (code, _, errors) = import(&logs);
    assert!(code == 2 && errors.contains("c.json") && errors.contains("audit trail"), "{errors}");
    assert_eq!(observed(), ["FR", "US"]);
}
