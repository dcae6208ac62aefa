//! Retention: nothing is kept unless somebody wants it; what is kept is sealed; what may not lie here is not kept; what is deleted
//! is gone.

use crate::residency::LAW;
use crate::support::*;
use serde_json::Value;
use std::path::Path;
use std::process::Output;

const CANARY: &str = "KEPT-FOR-THE-REGULATOR";
const KEY: &str = "0123456789abcdef0123456789abcdef";

fn keeping(more: &str) -> String {
    format!(
        "[retention]\nkey = \"env:RETENTION_KEY\"\ncountry = \"DE\"\ndays = 7\n{more}\n[[retention.keep]]\norganisation = \"demo\"\nteam = \"bench\"\n"
    )
}

fn serve(home: &Home) -> Plane {
    let mut command = home.serve_command();
    command.env("RETENTION_KEY", KEY);
    home.start(command).unwrap()
}

fn run(home: &Home, verb: &[&str]) -> Output {
    let mut command = home.command();
    command
        .env("RETENTION_KEY", KEY)
        .arg("retention")
        .args(verb)
        .arg("--data")
        .arg(home.data())
        .output()
        .unwrap()
}

fn records(home: &Home) -> u64 {
    let listed: Value = serde_json::from_slice(&run(home, &["list", "--json"]).stdout).unwrap();
    listed["shelves"].as_array().unwrap().iter().map(|shelf| shelf["records"].as_u64().unwrap()).sum()
}

/// Everything below a folder, as one text.
fn everything(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let text = |path: std::path::PathBuf| {
        if path.is_dir() { everything(&path) } else { text(&std::fs::read(path).unwrap_or_default()) }
    };
    entries.map(text).collect()
}

#[test]
fn nothing_is_kept_unless_somebody_wants_it() {
    let vendor = Vendor::start();
    let home = Home::new(&usual(&vendor.url(), ""));
    let plane = home.serve();
    for wire in Wire::ALL {
        for stream in [false, true] {
            plane.send(&wire.ask("claude", stream, CANARY));
        }
    }
    plane.stop();
    assert!(!everything(home.path()).contains(CANARY) && !everything(home.path()).contains("What is it?"));
    assert_eq!(text(&run(&home, &["list"]).stdout), "nothing is kept\n");
}

#[test]
fn what_is_kept_is_sealed_shown_and_deleted_for_good() {
    let vendor = Vendor::start();
    let home = Home::new(&(usual(&vendor.url(), "") + &keeping("")));
    let plane = serve(&home);
    let mut ids = Vec::new();
    for stream in [false, true] {
        for (wire, model) in [(Wire::Messages, "claude"), (Wire::Chat, "claude"), (Wire::Messages, "echo")] {
            let answer = plane.send(&wire.ask(model, stream, ""));
            assert_eq!(answer.status, 200);
            ids.push((answer.header("x-offtake-request-id").unwrap().to_owned(), text(&answer.body)));
        }
    }
    // What was answered before it stops is kept.
    plane.stop();
    assert_eq!(records(&home), 6);
    assert!(!everything(home.path()).contains("What is it?"), "in the clear on disk");
    for (id, answered) in &ids {
        let shown = run(&home, &["show", id, "--key", "env:RETENTION_KEY", "--reason", "case 7"]);
        let shown: Value =
            serde_json::from_slice(&shown.stdout).unwrap_or_else(|_| panic!("{}", text(&shown.stderr)));
        assert!(shown["question"].as_str().unwrap().contains("What is it?"), "{shown}");
        // Not what the HTTP of one version adds around a stream.
        let kept = shown["answer"].as_str().unwrap();
        assert!(!kept.is_empty() && answered.contains(kept.lines().next().unwrap()), "{kept}\n{answered}");
    }
    let other = run(&home, &["show", &ids[0].0, "--key", "env:HOME", "--reason", "x"]);
    assert!(text(&other.stderr).contains("it was kept by another"), "{}", text(&other.stderr));
    let verified = run(&home, &["verify", "--key", "env:RETENTION_KEY", "--json"]);
    let verified: Value = serde_json::from_slice(&verified.stdout).unwrap();
    assert_eq!(
        (&verified["report"]["opened"], verified["report"]["log"].as_array().unwrap().len()),
        (&6.into(), 6)
    );
    assert_eq!(verified["report"]["log"][0]["reason"], "case 7");
    let deleted = run(&home, &["delete", "--organisation", "demo", "--reason", "they asked"]);
    assert!(text(&deleted.stdout).starts_with("6 records"), "{}", text(&deleted.stderr));
    let gone = run(&home, &["show", &ids[0].0, "--key", "env:RETENTION_KEY", "--reason", "x"]);
    assert!(text(&gone.stderr).contains("nothing is kept"), "{}", text(&gone.stderr));
    assert!(text(&run(&home, &["verify"]).stdout).contains("1 shelves deleted and gone, 6 records read"));
    // The log cannot be bent, and says where it was.
    let log = home.data().join("retention/log.jsonl");
    let bent = std::fs::read_to_string(&log).unwrap().replace("case 7", "case 8");
    std::fs::write(&log, bent).unwrap();
    let verified = run(&home, &["verify"]);
    assert_eq!(verified.status.code(), Some(1));
    assert!(text(&verified.stderr).contains("log.jsonl: line 2"), "{}", text(&verified.stderr));
}

#[test]
fn what_may_not_lie_here_is_not_kept() {
    let vendor = Vendor::start();
    let config = |more: &str| usual(&vendor.url(), "region = \"eu-central-1\"") + LAW + &keeping(more);
    let home = Home::new(&config(""));
    let plane = serve(&home);
    let ask = |storage: &str| Wire::Messages.ask("echo", false, "").with("x-offtake-storage", storage);
    assert_eq!(plane.send(&ask("DE")).status, 200);
    eventually("the lawful one is written", || records(&home) == 1);
    plane.stop();
    // Where it has to be kept and may not be, there is no call. The echo's own storage is Germany as well, so ask for less.
    home.configure(&config("required = true").replace("country = \"DE\"\ndays", "country = \"US\"\ndays"));
    let plane = serve(&home);
    let refused = plane.send(&Wire::Messages.ask("echo", false, ""));
    assert_eq!(
        (refused.status, refused.header("x-offtake-decision")),
        (403, Some("retention")),
        "{refused:?}"
    );
    plane.stop();
    home.configure(&config("").replace("country = \"DE\"\ndays", "country = \"US\"\ndays"));
    let plane = serve(&home);
    assert_eq!(plane.send(&Wire::Messages.ask("echo", false, "")).status, 200);
    let metrics = text(&plane.send(&Ask::get("/metrics")).body);
    assert!(metrics.contains("code=\"retention_unlawful\"} 1"), "{metrics}");
    plane.stop();
    assert_eq!((records(&home), vendor.meter().total.calls), (1, 0));
}

#[test]
fn what_has_to_be_kept_and_cannot_be_written_is_no_call() {
    let vendor = Vendor::start();
    let home = Home::new(&(usual(&vendor.url(), "") + &keeping("required = true")));
    // A file where the folder should be: even root cannot write below it.
    std::fs::create_dir_all(home.data()).unwrap();
    std::fs::write(home.data().join("retention"), "in the way").unwrap();
    let plane = serve(&home);
    let ask = || plane.send(&Wire::Messages.ask("claude", false, ""));
    eventually("the next is refused", || ask().status == 503);
    let refused = ask();
    assert!(text(&refused.body).contains("cannot be written"), "{refused:?}");
    let calls = vendor.meter().total.calls;
    assert_eq!(ask().status, 503);
    assert_eq!(vendor.meter().total.calls, calls);
    // Well again by itself.
    std::fs::remove_file(home.data().join("retention")).unwrap();
    eventually("it goes on", || ask().status == 200);
    assert!(plane.log().contains("NOT kept") && !plane.log().contains("What is it?"));
    plane.stop();
}

#[test]
fn what_check_says_of_it() {
    for (written, what) in [
        (keeping("").replace("days = 7", "days = 0"), "outside 1 to 3650"),
        (keeping("").replace("country = \"DE\"", "country = \"Atlantis\""), "Atlantis"),
        (keeping("").split("[[").next().unwrap().to_owned(), "nobody's calls are kept"),
    ] {
        let home = Home::new(&(usual("http://127.0.0.1:9", "") + &written));
        let mut command = home.command();
        command.env("BENCH_KEY", "a key of the bench").env("VENDOR_KEY", "v").env("RETENTION_KEY", KEY);
        let output = command.arg("check").arg(home.config()).output().unwrap();
        assert!(text(&output.stderr).contains(what), "{what}: {}", text(&output.stderr));
    }
}

#[test]
fn a_policy_can_want_it_kept() {
    let vendor = Vendor::start();
    let policies = "@id(\"all\") permit (principal, action, resource);\n\
        @id(\"kept\") @retain(\"90\") permit (principal, action, resource == Offtake::Model::\"claude\");";
    let section = keeping("").split("[[").next().unwrap().to_owned();
    let config = usual(&vendor.url(), "") + &section + "[policy]\nfiles = [\"p.cedar\"]\n";
    let home = Home::new(&config);
    std::fs::write(home.path().join("p.cedar"), policies).unwrap();
    let plane = serve(&home);
    for model in ["claude", "echo"] {
        assert_eq!(plane.send(&Wire::Messages.ask(model, false, "")).status, 200);
    }
    plane.stop();
    assert_eq!(records(&home), 1);
    let check = |policies: &str, config: &str| {
        home.configure(config);
        std::fs::write(home.path().join("p.cedar"), policies).unwrap();
        let mut command = home.command();
        command.env("BENCH_KEY", "a key of the bench").env("VENDOR_KEY", "v").env("RETENTION_KEY", KEY);
        text(&command.arg("check").arg(home.config()).output().unwrap().stderr)
    };
    assert!(check(&policies.replace("90", "forever"), &config).contains("no number of days"));
    assert!(check(policies, &config.replace(&section, "")).contains("there is no `[retention]`"));
}
