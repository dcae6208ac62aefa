//! What each person sees in the portal: their own calls, with a role their own organisation, by policy others; and what
//! they may end.

use crate::provider::{Signer, now};
use crate::support::*;
use serde_json::{Value, json};

/// Any secret that the plane's environment has.
const ACME_KEY: &str = VENDOR_KEY;
const DEAL: &str = r#"schema = "offtake.contract/1"
id = "ppa"
version = 1
known_from = 2020-01-01T00:00:00Z
effective = { from = 2020-01-01, to = 2030-01-01 }
currency = "USD"
[[party]]
id = "customer"
roles = ["customer"]
[[party]]
id = "vendor"
roles = ["vendor"]
[[commitment]]
id = "spend"
payer = "customer"
payee = "vendor"
total = "1000.00"
"#;
const OPEN: &str = "permit (principal, action in Offtake::Action::\"Use\", resource);\n";

struct World {
    home: Home,
    plane: Plane,
    signer: Signer,
}

/// The organisations `demo` and `acme`, each with a key and a call, and people of either by `department`.
fn world(policy: &str) -> World {
    let (home, signer) = (Home::new(""), Signer::new("k"));
    std::fs::write(home.path().join("keys.json"), signer.set()).unwrap();
    std::fs::write(home.path().join("who.cedar"), policy).unwrap();
    std::fs::write(home.path().join("deal.toml"), DEAL).unwrap();
    home.configure(
        &(usual("http://127.0.0.1:1", "")
            + r#"
[[identity.key]]
name = "theirs"
secret = "env:VENDOR_KEY"
organisation = "acme"
team = "web"
subject = "app"
[policy]
files = ["who.cedar"]
[[contract]]
file = "deal.toml"
organisation = "acme"
[portal]
address = "https://portal.example"
[portal.forwarded]
kind = "jwt"
header = "x-assertion"
issuer = "https://proxy.example"
audience = "portal"
keys = "keys.json"
organisation_claim = "company"
team = "people"
subject_claim = "email"
role = [
  { role = "viewer", required = { groups = "viewer" } },
  { role = "finops", required = { groups = "finops" } },
  { role = "compliance", required = { groups = "compliance" } },
  { role = "admin", required = { groups = "admin" } },
]
"#),
    );
    let plane = home.serve();
    for key in [CALLER_KEY, ACME_KEY] {
        let mut ask = Wire::Messages.ask("echo", false, "");
        ask.headers.retain(|(name, _)| name != "x-api-key" && name != "authorization");
        assert_eq!(plane.send(&ask.with("x-api-key", key)).status, 200);
    }
    let all = World { home, plane, signer };
    eventually("both calls are settled", || {
        let rows = all.home.usage();
        rows.len() == 2 && rows.iter().all(|row| row["state"] == "settled")
    });
    all
}

impl World {
    fn look(&self, company: &str, role: &str, path: &str) -> Answer {
        let claims = json!({
            "iss": "https://proxy.example", "aud": "portal", "sub": "1", "email": "ada", "company": company,
            "groups": [role], "iat": now(), "exp": now() + 120,
        });
        let ask =
            Ask::get(path).with("host", "portal.example").with("x-assertion", &self.signer.token(&claims));
        self.plane.send(&ask)
    }

    fn overview(&self, company: &str, role: &str) -> Value {
        self.look(company, role, "/api/overview").json()
    }

    /// The callers on a page, of those that called.
    fn callers(&self, company: &str, role: &str, path: &str) -> Vec<&'static str> {
        let answer = self.look(company, role, path);
        let page = text(&answer.body);
        ["acme/web/app", "demo/bench"].into_iter().filter(|caller| page.contains(caller)).collect()
    }
}

#[test]
fn a_role_is_one_in_its_own_organisation() {
    let world = world(OPEN);
    for (company, role, usage, spends) in [
        ("acme", "viewer", vec![], false),
        ("acme", "finops", vec!["acme/web/app"], true),
        ("acme", "compliance", vec!["acme/web/app"], false),
        ("acme", "admin", vec!["acme/web/app"], true),
        ("demo", "finops", vec!["demo/bench"], true),
        ("globex", "admin", vec![], true),
    ] {
        assert_eq!(world.callers(company, role, "/usage"), usage, "{company} {role}");
        let view = world.overview(company, role);
        assert_eq!(view["spend"].is_object(), spends, "{company} {role}");
        assert_eq!(view["recent"].as_array().unwrap().len(), usage.len(), "{company} {role}");
        if spends {
            assert_eq!(view["spend"]["calls"], usage.len(), "{company} {role}");
            let whole = view["ledger"]["accounts"].as_array().unwrap().iter().all(|account| {
                let name = account["account"].as_str().unwrap();
                name.contains(company) || (company == "acme" && name.starts_with("commitment:ppa/"))
            });
            assert!(whole, "{company}: {}", view["ledger"]);
            assert_eq!(view["commitment"].is_object(), company == "acme", "{company} {role}");
        }
    }
    // One call is a row of the same kind.
    let rows = world.home.usage();
    let id = |caller: &str| {
        let row = rows.iter().find(|row| row["organisation"] == caller).unwrap();
        format!("/api/usage/{}", row["request_id"].as_str().unwrap())
    };
    assert_eq!(world.look("acme", "finops", &id("acme")).status, 200);
    assert_eq!(world.look("acme", "finops", &id("demo")).status, 404);
    assert_eq!(world.look("acme", "viewer", &id("acme")).status, 404, "not their own");
}

#[test]
fn the_audit_is_of_their_own_organisation() {
    let world = world(OPEN);
    assert_eq!(world.look("acme", "viewer", "/access").status, 403);
    assert_eq!(world.look("acme", "finops", "/api/access").status, 403);
    let keys = |company: &str| {
        let view = world.look(company, "compliance", "/api/access").json();
        let names = view["credentials"].as_array().unwrap().iter().map(|row| row["name"].clone());
        Value::Array(names.collect())
    };
    assert_eq!(
        (keys("acme"), keys("demo"), keys("globex")),
        (json!(["theirs"]), json!(["bench"]), json!([]))
    );
    eventually("both ways are seen", || {
        let ran = |company: &str, role: &str| {
            world.look(company, role, "/api/residency").json()["ran"].as_array().unwrap().len()
        };
        (ran("acme", "compliance"), ran("globex", "admin"), ran("acme", "viewer")) == (1, 0, 0)
    });
    // "May this run?" is answered of one's own organisation.
    let ask = |who: &str| {
        let path = format!("/residency?principal={who}%2Fweb%2Fapp&model=echo");
        text(&world.look("acme", "viewer", &path).body)
    };
    assert!(ask("acme").contains("It may run"));
    assert!(ask("demo").contains("what `demo` may do is not yours to see"));
}

#[test]
fn a_policy_opens_what_a_role_does_not() {
    let all = r#"
@id("platform") permit (principal is Offtake::User, action in [Offtake::Action::"ViewSpend", Offtake::Action::"ViewAudit"], resource)
when { principal.team == "people" && principal.organisation == "demo" };
@id("ends") permit (principal, action == Offtake::Action::"ManageContract", resource == Offtake::Organisation::"acme")
when { principal.organisation == "demo" };
"#;
    let world = world(&(OPEN.to_owned() + all));
    let both = vec!["acme/web/app", "demo/bench"];
    assert_eq!(world.callers("demo", "viewer", "/usage"), both);
    assert_eq!(world.callers("acme", "admin", "/usage"), Vec::<&str>::new(), "policies alone decide now");
    let view = world.overview("demo", "viewer");
    assert_eq!((&view["spend"]["calls"], &view["ledger"]["part"]), (&json!(2), &json!(false)), "{view}");
    assert_eq!(world.callers("demo", "viewer", "/access"), both);

    // A key is ended by whoever may end keys of its organisation, not of their own.
    let page = text(&world.look("demo", "viewer", "/access").body);
    let field = |name: &str, nth: usize| {
        let rest = page.split(&format!("name=\"{name}\" value=\"")).nth(nth + 1)?;
        Some(rest.split('"').next()?.to_owned())
    };
    let (csrf, key) = (field("csrf", 0).unwrap(), field("key", 0).unwrap());
    assert_eq!(field("key", 1), None, "demo's own key is not theirs to end");
    let claims = json!({
        "iss": "https://proxy.example", "aud": "portal", "sub": "1", "email": "ada", "company": "demo",
        "groups": ["viewer"], "iat": now(), "exp": now() + 120,
    });
    let ask = Ask {
        method: "POST".into(),
        body: format!("csrf={csrf}&key={key}&reason=x").into(),
        ..Ask::get("/access/revoke")
    };
    let ask = ask.with("host", "portal.example").with("x-assertion", &world.signer.token(&claims));
    assert_eq!(world.plane.send(&ask.with("origin", "https://portal.example")).status, 303);
    let mut ask = Wire::Messages.ask("echo", false, "");
    ask.headers.retain(|(name, _)| name != "x-api-key" && name != "authorization");
    assert_eq!(world.plane.send(&ask.with("x-api-key", ACME_KEY)).status, 401);
    let told = text(&world.look("demo", "viewer", "/access").body);
    assert!(told.contains("acme/web/app") && told.contains("Revoked"), "{told}");
}

#[test]
fn a_commitment_is_drawn_by_what_is_eligible() {
    let home = Home::new("");
    let rules =
        "eligible = [\n  { where = 'provider == \"aws\" and model == \"echo\"', weight = \"0.5\" },\n]\n";
    std::fs::write(home.path().join("deal.toml"), DEAL.to_owned() + rules).unwrap();
    let config = usual("http://127.0.0.1:1", "")
        + "[[backend]]\nname = \"cloud\"\nkind = \"echo\"\nprovider = \"aws\"\n"
        + "[[model]]\nname = \"elsewhere\"\nbackends = [\"echo\"]\n"
        + &price("elsewhere")
        + "[[contract]]\nfile = \"deal.toml\"\norganisation = \"demo\"\n";
    home.configure(&config.replacen("backends = [\"echo\"]", "backends = [\"cloud\"]", 1));
    let plane = home.serve();
    let charge = |model: &str| {
        let answer = plane.send(&Wire::Messages.ask(model, false, ""));
        assert_eq!(answer.status, 200, "{}", text(&answer.body));
    };
    charge("echo");
    charge("elsewhere");
    let view = || plane.send(&Ask::get("/api/overview").with("host", &plane.address.to_string())).json();
    eventually("both are settled", || {
        let rows = home.usage();
        rows.len() == 2 && rows.iter().all(|row| row["state"] == "settled")
    });
    let rows = home.usage();
    let of = |model: &str| pico(&rows.iter().find(|row| row["model"] == model).unwrap()["charge"]);
    let drawn = view()["commitment"]["drawn"].clone();
    assert_eq!(pico(&drawn), of("echo") / 2, "{drawn}: half of one, nothing of the other");
    // The calls behind the figure are those that count.
    let page =
        plane.send(&Ask::get("/usage?commitment=ppa%2Fspend").with("host", &plane.address.to_string()));
    let page = text(&page.body);
    assert!(page.contains("model=echo") && !page.contains("model=elsewhere"), "{page}");
    plane.stop();
    let verified = home.run(&["ledger", "verify"]);
    assert!(verified.status.success(), "{}", text(&verified.stderr));
    let capped = rules.replace("weight = \"0.5\"", "weight = \"0.5\", cap_of_year_min = \"0.25\"");
    std::fs::write(home.path().join("deal.toml"), DEAL.replace("ppa", "ppd") + &capped).unwrap();
    let plane = home.serve();
    assert!(plane.log().contains("caps of its rules"), "{}", plane.log());
    plane.stop();
    // Where nothing is eligible, and that may be for want of a name, it is said.
    std::fs::write(
        home.path().join("deal.toml"),
        DEAL.replace("ppa", "ppc") + &rules.replace("aws", "azure"),
    )
    .unwrap();
    let plane = home.serve();
    assert!(plane.log().contains("no backend's calls are eligible"), "{}", plane.log());
    plane.stop();
    // A rule that asks for the team cannot be told here: all is drawn, and that is said.
    let by_team = rules.replace("model == \"echo\"", "team == \"bench\"");
    std::fs::write(home.path().join("deal.toml"), DEAL.replace("ppa", "ppb") + &by_team).unwrap();
    let plane = home.serve();
    assert!(plane.log().contains("ask what calls do not tell"), "{}", plane.log());
}
