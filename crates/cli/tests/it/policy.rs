//! `offtake policy`: the page on residency as written, decisions as JSON, catalogues, proofs, and what is told of mistakes.

use crate::support::*;
use serde_json::Value;
use std::path::Path;
use std::process::Output;

/// The whole configuration of the page on residency, and the list that AWS gives for the account.
fn shown() -> (String, String) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/residency.md");
    let page = std::fs::read_to_string(page).unwrap();
    let block = |from: &str| page.split_once(from).unwrap().1.split_once("```").unwrap().0.to_owned();
    let destinations = page.lines().filter(|line| line.starts_with("destinations")).take(2);
    (block("```toml\n# offtake.toml\n"), destinations.collect::<Vec<_>>().join("\n"))
}

fn explain(home: &Home, more: &[&str]) -> Value {
    let verb = [
        "policy",
        "explain",
        "--principal",
        "acme/web/app",
        "--model",
        "claude",
        "--on",
        "2026-11-24",
        "--json",
    ];
    let output = home.run(&[&verb[..], more].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// `backend rule` for every reason, in the order told.
fn refused(decided: &Value) -> Vec<String> {
    let refused = decided["refused"].as_array().unwrap();
    for one in refused {
        for field in ["backend", "rule", "source", "reason", "mend"] {
            assert!(one[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {one}");
        }
    }
    let word = |one: &Value, field: &str| one[field].as_str().unwrap().to_owned();
    refused.iter().map(|one| format!("{} {}", word(one, "backend"), word(one, "rule"))).collect()
}

fn prove(home: &Home, within: &str) -> (Option<i32>, Value) {
    let output = home.run(&["policy", "prove", "--class", "personal", "--within", within, "--json"]);
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn the_page_on_residency_is_true() {
    let (config, destinations) = shown();
    let home = Home::new(&config);
    let decided = explain(&home, &[]);
    assert_eq!(decided["decision"], "permit");
    assert_eq!(decided["lawful"], serde_json::json!(["frankfurt"]));
    assert_eq!(
        refused(&decided),
        ["paris-eu tenant.processing", "paris-global route.unbounded"],
        "{decided}"
    );
    assert_eq!(prove(&home, "EEA").0, Some(0));
    // With the account's own list the profile is lawful too, and the proof still holds.
    home.configure(&config.replace("profile = \"eu.\"", &format!("profile = \"eu.\"\n{destinations}")));
    assert_eq!(explain(&home, &[])["lawful"], serde_json::json!(["paris-eu", "frankfurt"]));
    let (code, proof) = prove(&home, "EEA");
    assert_eq!(
        (code, &proof["proven"], &proof["method"]),
        (Some(0), &true.into(), &"exhaustive".into()),
        "{proof}"
    );
    let (code, proof) = prove(&home, "DE");
    assert_eq!((code, &proof["proven"]), (Some(1), &false.into()));
    assert_eq!(proof["counter_example"]["backend"], "paris-eu", "{proof}");
}

/// Decisions that come out of a configuration as its user would write it.
#[test]
fn what_a_call_says_takes_backends_away() {
    let (config, _) = shown();
    let home = Home::new(&config.replace("processing = [\"EEA\"]\nstorage = [\"EEA\"]\n", ""));
    assert_eq!(explain(&home, &[])["lawful"], serde_json::json!(["paris-eu", "frankfurt"]));
    for (more, lawful) in [
        (&["--processing", "DE"][..], &["frankfurt"][..]),
        (&["--data-class", "public"], &["paris-eu", "frankfurt"]),
        (&["--data-class", "health", "--subject-country", "DE"], &[]),
        (&["--control", "2"], &[]),
    ] {
        let decided = explain(&home, more);
        assert_eq!(decided["lawful"], serde_json::json!(lawful), "{more:?}: {decided}");
        assert_eq!(decided["decision"], if lawful.is_empty() { "deny" } else { "permit" }, "{more:?}");
    }
    let decided = explain(&home, &["--data-class", "health", "--subject-country", "DE"]);
    let mends: Vec<&str> =
        decided["refused"].as_array().unwrap().iter().map(|one| one["mend"].as_str().unwrap()).collect();
    assert!(mends.iter().any(|mend| mend.contains("C5-type2") && mend.contains("`aws`")), "{mends:?}");
    // An obligation goes with a lawful call, with its rule; policies and versions are named.
    let decided = explain(&home, &[]);
    assert_eq!(decided["obligations"][0]["id"], "disclose_ai");
    assert_eq!(decided["obligations"][0]["rule"], "eu.aiact.art50");
    assert_eq!(decided["catalogue"].as_str().map(str::len), Some(64));
    assert_eq!(
        (&decided["policies"], &decided["authorisation"]),
        (&serde_json::json!([]), &"not evaluated".into())
    );
}

#[test]
fn an_old_catalogue_is_warned_of_then_refused_as_configured() {
    let (config, _) = shown();
    let home = Home::new(&config.replace(
        "country = \"DE\"\n",
        "country = \"DE\"\ncatalogue_days_warn = 30\ncatalogue_days_max = 60\n",
    ));
    let on = |day: &str| {
        let verb =
            ["policy", "explain", "--principal", "acme/web/app", "--model", "claude", "--json", "--on", day];
        serde_json::from_slice::<Value>(&home.run(&verb).stdout).unwrap()
    };
    assert_eq!(
        (&on("2026-12-24")["warning"], &on("2026-12-24")["decision"]),
        (&Value::Null, &"permit".into())
    );
    let warned = on("2026-12-25");
    assert!(warned["warning"].as_str().unwrap().contains("31 days ago"), "{warned}");
    assert_eq!(warned["decision"], "permit");
    let refused = on("2027-01-24");
    assert_eq!(
        (&refused["decision"], &refused["refused"][0]["rule"]),
        (&"deny".into(), &"route.unknown".into())
    );
}

#[test]
fn who_may_and_where_are_both_told() {
    let (config, _) = shown();
    let home = Home::new(&format!("{config}\n[policy]\nfiles = [\"p.cedar\"]\n"));
    std::fs::write(
        home.path().join("p.cedar"),
        "@id(\"web\") permit (principal in Offtake::Team::\"acme/web\", action, resource);",
    )
    .unwrap();
    let decided = explain(&home, &[]);
    assert_eq!((&decided["decision"], &decided["policies"]), (&"permit".into(), &serde_json::json!(["web"])));
    let verb = ["policy", "explain", "--principal", "acme/sales/x", "--model", "claude", "--json"];
    let output = home.run(&verb);
    let decided: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&decided["decision"], &decided["policies"]),
        (&"deny".into(), &serde_json::json!([])),
        "{decided}"
    );
    assert!(decided["reason"].as_str().unwrap().contains("acme/sales/x"), "{decided}");
}

#[test]
fn mistakes_are_told_with_the_mend() {
    let home = Home::new(&shown().0);
    let told = |verb: &[&str], said: &[&str]| {
        let output: Output = home.run(verb);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{verb:?}: {error}");
        assert!(said.iter().all(|said| error.contains(said)), "{verb:?}: {error}");
    };
    let explain = ["policy", "explain", "--principal", "acme/web/app", "--model"];
    told(&[&explain[..], &["clod"]].concat(), &["`clod`", "`claude`"]);
    told(&[&explain[..], &["claude", "--data-class", "helth"]].concat(), &["`helth`", "health"]);
    told(&[&explain[..], &["claude", "--subject-country", "UK"]].concat(), &["`GB`"]);
    told(&[&explain[..], &["claude", "--sector", "finanse"]].concat(), &["`finanse`", "finance"]);
    told(&[&explain[..], &["claude", "--processing", "Europe"]].concat(), &["`Europe`", "EEA"]);
    told(&["policy", "prove", "--class", "personal", "--within", "EUU"], &["`EUU`", "EEA"]);
    told(&["policy", "prove", "--class", "persnal", "--within", "EU"], &["`persnal`", "personal"]);
    home.configure(&shown().0.replace("profile = \"eu.\"", "profile = \"europe.\""));
    told(&[&explain[..], &["claude"]].concat(), &["offtake.toml:", "`europe.`", "bedrock:eu."]);
}

#[test]
fn catalogues_are_listed_and_compared() {
    let home = Home::new("");
    let list = |verb: &[&str]| {
        let output = home.command().args(["policy", "catalogue"]).args(verb).output().unwrap();
        assert!(output.status.success(), "{verb:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    assert!(list(&[]).contains("eu-west-2") && list(&["list"]).contains("route.unbounded"));
    let earlier = list(&["list", "--json"]);
    let listed: Value = serde_json::from_str(&earlier).unwrap();
    assert_eq!(
        (listed["region"].as_array().unwrap().len(), listed["rule"].as_array().unwrap().len()),
        (169, 70)
    );
    assert_eq!(listed["rule"][0]["origin"], "built in");
    std::fs::write(home.path().join("earlier.json"), &earlier).unwrap();
    let earlier = home.path().join("earlier.json").display().to_string();
    assert!(list(&["diff", &earlier]).contains("no difference"));
    let own = r#"
schema = 1
checked = "2026-12-01"
region = [{ id = "fra-1", cloud = "acme", place = "DE", operator = "delos", status = "general", source = "lease", confidence = "high" }]
"#;
    let path = home.path().join("own.toml").display().to_string();
    std::fs::write(&path, own).unwrap();
    let changes: Value = serde_json::from_str(&list(&["diff", &path, "--json"])).unwrap();
    assert_eq!(
        changes["changes"],
        serde_json::json!([{ "change": "added", "kind": "region", "id": "fra-1", "fields": {} }])
    );
    assert_ne!(changes["from"], changes["to"]);
    std::fs::write(&path, own.replace("\"DE\"", "\"Germany\"")).unwrap();
    let output = home.command().args(["policy", "catalogue", "diff", &path]).output().unwrap();
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("own.toml:4") && error.contains("Germany"), "{error}");
}

/// The page on policy: its policies, its examples, and what they come to.
#[test]
fn the_page_on_policy_is_true() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/policy.md");
    let page = std::fs::read_to_string(page).unwrap();
    let blocks = |kind: &str| {
        let opening = format!("```{kind}\n");
        page.split(&opening)
            .skip(1)
            .map(|rest| rest.split_once("```").unwrap().0.to_owned())
            .collect::<Vec<_>>()
    };
    let cedar = blocks("cedar");
    let config = usual("http://127.0.0.1:9", "").replace("name = \"gpt\"", "name = \"small\"")
        + "[policy]\nfiles = [\"policies.cedar\"]\n";
    let home = Home::new(&config.replace("model = \"gpt\"", "model = \"small\""));
    // Every policy that it shows fits the schema.
    std::fs::write(home.path().join("policies.cedar"), cedar.concat()).unwrap();
    let output = home.run_check();
    assert!(output.status.success(), "{}", text(&output.stderr));
    std::fs::write(home.path().join("policies.cedar"), &cedar[0]).unwrap();
    std::fs::create_dir(home.path().join("policies")).unwrap();
    let examples = blocks("toml").into_iter().find(|block| block.contains("[[example]]")).unwrap();
    let file = home.path().join("policies/examples.toml");
    std::fs::write(&file, examples.split_once("\n").unwrap().1).unwrap();
    let test = |more: &[&str]| {
        let mut command = home.command();
        command.current_dir(home.path()).args(["policy", "test", "--config", "offtake.toml"]).args(more);
        command.output().unwrap()
    };
    let shown = blocks("console").into_iter().find(|block| block.contains("policy test")).unwrap();
    let shown = shown.split_once("\n").unwrap().1.replace(":2)", ":1)").replace(":9)", ":8)");
    let output = test(&["policies/examples.toml"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), shown), "{}", text(&output.stderr));
    // A directory, for programs; and what does not hold.
    let wrong = examples.replace("expect = \"allow\"", "expect = \"deny\"").replace("[\"ml-small\"]", "[]");
    std::fs::write(&file, wrong).unwrap();
    let output = test(&["policies", "--json"]);
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (output.status.code(), said["failed"].as_u64(), said["passed"].as_u64()),
        (Some(1), Some(1), Some(1))
    );
    let differs = said["examples"][0]["differs"].to_string();
    assert!(differs.contains("expected deny, found allow") && differs.contains("ml-small"), "{differs}");
    for (written, what) in [
        ("[[example]]\nname = \"x\"\nprincipal = \"a/b/c\"\nexpect = \"maybe\"\n", "examples.toml:4: "),
        ("[[example]]\nname = \"x\"\nprincipal = \"a/b/c\"\nexpect = \"deny\"\n", "write one of `model`"),
        (
            "[[example]]\nname = \"x\"\nprincipal = \"a/b/c\"\nexpect = \"deny\"\nmodel = \"none\"\n",
            "there is no model `none`",
        ),
        (
            "[[example]]\nname = \"x\"\nprincipal = \"a/b/c\"\nexpect = \"deny\"\nmodel = \"claude\"\naction = \"Fly\"\n",
            "`InvokeModel`",
        ),
        (
            "[[example]]\nname = \"x\"\nprincipal = \"a/b/c\"\nexpect = \"deny\"\nmodel = \"claude\"\ncall = { data_class = \"secret\" }\n",
            "data-class",
        ),
        ("", "no `[[example]]`"),
    ] {
        std::fs::write(&file, written).unwrap();
        let output = test(&["policies"]);
        assert_eq!(output.status.code(), Some(2), "{written}");
        assert!(text(&output.stderr).contains(what), "{what}: {}", text(&output.stderr));
    }
    assert!(
        text(&home.command().args(["policy", "schema"]).output().unwrap().stdout)
            .contains("namespace Offtake")
    );
}

#[test]
fn a_backend_that_a_policy_forbids_gets_no_call() {
    let vendor = Vendor::start();
    let config = [
        HEAD,
        &backend("first", "anthropic", &vendor.url(), ""),
        "[[backend]]\nname = \"echo\"\nkind = \"echo\"\n[policy]\nfiles = [\"p.cedar\"]\n",
        &model("claude", &["first", "echo"]),
        &model("away", &["first"]),
    ];
    let home = Home::new(&config.concat());
    let policies = "@id(\"all\") permit (principal, action, resource);\n\
        @id(\"not-first\") forbid (principal in Offtake::Team::\"demo/bench\", action, resource == Offtake::Backend::\"first\");";
    std::fs::write(home.path().join("p.cedar"), policies).unwrap();
    let plane = home.serve();
    for wire in Wire::ALL {
        let answer = plane.send(&wire.ask("claude", false, ""));
        assert_eq!((answer.status, answer.header("x-offtake-backend")), (200, Some("echo")), "{answer:?}");
        let answer = plane.send(&wire.ask("away", false, ""));
        assert_eq!(answer.status, 403);
        assert!(text(&answer.body).contains("not-first"), "{answer:?}");
    }
    plane.stop();
    assert_eq!(vendor.meter().total.calls, 0);
    let explained =
        home.run(&["policy", "explain", "--principal", "demo/bench/x", "--model", "claude", "--json"]);
    let explained: Value = serde_json::from_slice(&explained.stdout).unwrap();
    assert_eq!(explained["lawful"], serde_json::json!(["echo"]));
    assert_eq!(refused(&explained), ["first deny:not-first"]);
}
