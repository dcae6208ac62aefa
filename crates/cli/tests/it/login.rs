//! Logging in to the portal, and every way in which somebody is not let in.

use crate::provider::{Provider, Signer, challenge, form, now};
use crate::support::*;
use serde_json::{Value, json};

/// People reach it over TLS that ends in front of it.
const PORTAL: &str = "
[portal]
address = \"https://portal.example\"
[portal.login]
issuer = \"@ISSUER@\"
client_id = \"portal\"
client_secret = \"env:VENDOR_KEY\"
terminal_client_id = \"terminal\"
algorithms = [\"ES256\"]
organisation = \"demo\"
team_claim = \"department\"
subject_claim = \"email\"
role = [
  { role = \"viewer\", required = { groups = \"staff\" } },
  { role = \"compliance\", required = { groups = \"audit\" } },
  { role = \"admin\", required = { groups = \"platform\" } },
]
";

const SESSION: &str = "__Host-offtake-session";
const LOGIN: &str = "__Host-offtake-login";

struct World {
    provider: Provider,
    signer: Signer,
    home: Home,
    plane: Plane,
}

/// A login that was begun: what the browser took along, and what the provider was told.
struct Begun {
    cookie: String,
    said: std::collections::HashMap<String, String>,
}

impl World {
    fn new() -> Self {
        let (provider, signer) = (Provider::start(), Signer::new("key-1"));
        provider.put("/keys", 200, &signer.set());
        let home = Home::new(&config(&provider.url));
        let plane = home.serve();
        Self { provider, signer, home, plane }
    }

    fn get(&self, path: &str, cookie: &str) -> Answer {
        self.plane.send(&ask(path, cookie))
    }

    fn post(&self, path: &str, cookie: &str, body: &str) -> Answer {
        self.plane.send(&Ask { method: "POST".into(), body: body.into(), ..ask(path, cookie) })
    }

    fn begin(&self, to: &str) -> Begun {
        let answer = self.get(&format!("/login?to={to}"), "");
        assert_eq!(answer.status, 303, "{answer:?}");
        let address = answer.header("location").unwrap();
        let (endpoint, query) = address.split_once('?').unwrap();
        assert_eq!(endpoint, format!("{}/auth", self.provider.url));
        Begun { cookie: cookie(&answer, LOGIN).unwrap(), said: form(query) }
    }

    /// What an id token has to say.
    fn claims(&self, begun: &Begun) -> Value {
        json!({
            "iss": self.provider.url, "aud": "portal", "sub": "1", "email": "ada@acme.example",
            "department": "ml", "groups": ["staff"], "nonce": begun.said["nonce"],
            "iat": now(), "exp": now() + 300,
        })
    }

    fn will_give(&self, token: &str) {
        let answer = json!({"access_token": "a", "token_type": "Bearer", "id_token": token});
        self.provider.put("/token", 200, &answer.to_string());
    }

    fn callback(&self, begun: &Begun) -> Answer {
        self.get(&format!("/login/callback?code=c-1&state={}", begun.said["state"]), &begun.cookie)
    }

    /// The cookie of somebody who is in these groups.
    fn logged_in(&self, groups: &[&str]) -> String {
        let begun = self.begin("/");
        let mut claims = self.claims(&begun);
        claims["groups"] = json!(groups);
        self.will_give(&self.signer.token(&claims));
        let answer = self.callback(&begun);
        assert_eq!(answer.status, 303, "{}", text(&answer.body));
        cookie(&answer, SESSION).unwrap()
    }

    /// What this person's forms send along.
    fn csrf(&self, session: &str) -> String {
        let page = text(&self.get("/usage", session).body);
        let (_, rest) = page.split_once("name=\"csrf\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }
}

fn config(issuer: &str) -> String {
    usual("http://127.0.0.1:1", "") + &PORTAL.replace("@ISSUER@", issuer)
}

fn ask(path: &str, cookie: &str) -> Ask {
    let ask = Ask::get(path).with("host", "portal.example");
    if cookie.is_empty() { ask } else { ask.with("cookie", cookie) }
}

/// The cookie as a browser would send it back.
fn cookie(answer: &Answer, name: &str) -> Option<String> {
    let set = answer.headers.iter().filter(|(header, _)| header == "set-cookie");
    let mut set = set.filter_map(|(_, value)| value.split(';').next());
    set.find(|pair| pair.starts_with(&format!("{name}=")) && !pair.ends_with('=')).map(str::to_owned)
}

#[test]
fn a_person_logs_in_and_out() {
    let world = World::new();
    let turned_away = world.get("/usage?model=echo", "");
    assert_eq!(
        (turned_away.status, turned_away.header("location")),
        (303, Some("/login?to=%2Fusage%3Fmodel%3Decho"))
    );
    let begun = world.begin("%2Fusage%3Fmodel%3Decho");
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "portal"),
        ("redirect_uri", "https://portal.example/login/callback"),
        ("scope", "openid profile email"),
        ("code_challenge_method", "S256"),
        ("tenant", "1"),
    ] {
        assert_eq!(begun.said[name], value);
    }
    world.will_give(&world.signer.token(&world.claims(&begun)));
    let answer = world.callback(&begun);
    assert_eq!((answer.status, answer.header("location")), (303, Some("/usage?model=echo")));
    let set: Vec<_> = answer.headers.iter().filter(|(name, _)| name == "set-cookie").collect();
    assert!(set[0].1.ends_with("; Path=/; Max-Age=28800; HttpOnly; SameSite=Lax; Secure"), "{set:?}");
    assert!(set[1].1.starts_with(&format!("{LOGIN}=; ")), "the login's own cookie is over: {set:?}");
    // Only whoever began the login has the verifier, and the code is bound to it.
    let asked = world.provider.asked("/token").pop().unwrap();
    assert_eq!(challenge(&asked.form["code_verifier"]), begun.said["code_challenge"]);
    assert_eq!(asked.form["redirect_uri"], "https://portal.example/login/callback");
    assert_eq!(asked.form["code"], "c-1");
    assert!(asked.authorization.unwrap().starts_with("Basic ") && !asked.form.contains_key("client_secret"));

    let session = cookie(&answer, SESSION).unwrap();
    let page = world.get("/usage", &session);
    assert_eq!(page.status, 200);
    assert!(text(&page.body).contains("demo/ml/ada@acme.example"));
    assert_eq!(page.header("strict-transport-security"), Some("max-age=31536000"));
    // Whoever is logged in plays in their own name.
    let origin = ask("/api/session", &session).with("origin", "https://portal.example");
    let given = world.plane.send(&Ask { method: "POST".into(), ..origin.with("x-offtake-csrf", "1") });
    assert_eq!(given.status, 200, "{}", text(&given.body));

    let out = world.post("/logout", &session, &format!("csrf={}", world.csrf(&session)));
    assert_eq!((out.status, out.header("location")), (303, Some("/logged-out")));
    assert!(cookie(&out, SESSION).is_none(), "and the browser's is over");
    assert_eq!(world.get("/usage", &session).status, 303, "a copy of the cookie is of no use");
    assert_eq!(world.get("/logged-out", "").status, 200);
    let log = world.plane.log();
    assert!(log.contains("logged in") && !log.contains(VENDOR_KEY) && !log.contains(&session));
}

#[test]
fn an_answer_that_is_not_this_logins_logs_nobody_in() {
    let world = World::new();
    let (begun, other) = (world.begin("/"), world.begin("/"));
    let state = &begun.said["state"];
    world.will_give(&world.signer.token(&world.claims(&begun)));
    let mut changed = begun.cookie.clone().into_bytes();
    let middle = changed.len() / 2;
    changed[middle] = if changed[middle] == b'A' { b'B' } else { b'A' };
    let changed = text(&changed);
    let twice = format!("{}; {}", begun.cookie, other.cookie);
    for (why, query, cookie) in [
        ("another login's state", format!("code=c&state={}", other.said["state"]), begun.cookie.as_str()),
        ("another browser", format!("code=c&state={state}"), &other.cookie),
        ("no browser", format!("code=c&state={state}"), ""),
        ("a changed cookie", format!("code=c&state={state}"), &changed),
        ("two cookies", format!("code=c&state={state}"), &twice),
        ("no state", "code=c".to_owned(), &begun.cookie),
        ("an empty state", "code=c&state=".to_owned(), &begun.cookie),
        ("two states", format!("code=c&state={state}&state={state}"), &begun.cookie),
        ("no code", format!("state={state}"), &begun.cookie),
        ("another provider", format!("code=c&state={state}&iss=https%3A%2F%2Fevil.example"), &begun.cookie),
        ("a refusal", format!("error=access_denied&state={state}"), &begun.cookie),
    ] {
        let answer = world.get(&format!("/login/callback?{query}"), cookie);
        assert_eq!(answer.status, 403, "{why}");
        assert!(super::login::cookie(&answer, SESSION).is_none(), "{why}");
    }
    assert!(world.provider.asked("/token").is_empty(), "no code was given to anybody");
    // It is still good once, and no more than once.
    assert_eq!(world.callback(&begun).status, 303);
    let again = world.callback(&begun);
    assert_eq!(again.status, 403, "a replay");
    assert_eq!(world.provider.asked("/token").len(), 1, "a code is exchanged once");
}

#[test]
fn an_id_token_with_one_fault_logs_nobody_in() {
    let world = World::new();
    let foreign = Signer::new("key-1");
    let other = Signer::new("key-2");
    let refused = |why: &str, token: &dyn Fn(&Value) -> String| {
        let begun = world.begin("/");
        world.will_give(&token(&world.claims(&begun)));
        let answer = world.callback(&begun);
        assert_eq!(answer.status, 502, "{why}");
        assert!(cookie(&answer, SESSION).is_none(), "{why}");
        assert!(!text(&answer.body).contains("nonce") && !text(&answer.body).contains("key"), "{why} leaks");
    };
    for (claim, value) in [
        ("nonce", json!("another login's")),
        ("nonce", Value::Null),
        ("aud", json!("another client")),
        ("aud", json!(["portal", "another client"])),
        ("azp", json!("another client")),
        ("iss", json!(format!("{}/", world.provider.url))),
        ("exp", json!(now() - 61)),
        ("exp", Value::Null),
        ("iat", json!(now() + 600)),
        ("email", Value::Null),
        ("email_verified", json!(false)),
        ("department", json!(7)),
    ] {
        refused(claim, &|claims| {
            let mut claims = claims.clone();
            claims[claim] = value.clone();
            world.signer.token(&claims)
        });
    }
    for (why, header) in [
        ("no algorithm", json!({"alg": "none"})),
        ("confusion", json!({"alg": "HS256", "kid": "key-1"})),
        ("not pinned", json!({"alg": "ES384", "kid": "key-1"})),
        ("an extension", json!({"alg": "ES256", "kid": "key-1", "crit": ["exp"]})),
    ] {
        refused(why, &|claims| world.signer.token_under(&header, claims));
    }
    refused("a foreign key", &|claims| foreign.token(claims));
    refused("a key that is not known", &|claims| other.token(claims));
    refused("no token", &|_| String::new());
    refused("half a token", &|claims| world.signer.token(claims)[..80].to_owned());
    assert_eq!(world.get("/usage", "").status, 303);
    // Nothing of this keeps anybody else out.
    world.logged_in(&["staff"]);
}

#[test]
fn keys_that_are_rolled_are_fetched_again() {
    let world = World::new();
    world.logged_in(&["staff"]);
    let next = Signer::new("key-2");
    world.provider.put("/keys", 200, &next.set());
    // Keys are not asked for at any rate that strangers choose.
    std::thread::sleep(std::time::Duration::from_millis(5_200));
    let begun = world.begin("/");
    world.will_give(&next.token(&world.claims(&begun)));
    assert_eq!(world.callback(&begun).status, 303);
    let fetched = world.provider.asked("/keys").len();
    assert_eq!(fetched, 2);
    for n in 0..5 {
        let begun = world.begin("/");
        world.will_give(&Signer::new(&format!("made-up-{n}")).token(&world.claims(&begun)));
        assert_eq!(world.callback(&begun).status, 502);
    }
    assert!(world.provider.asked("/keys").len() <= fetched + 1);
}

#[test]
fn nobody_is_sent_elsewhere() {
    let world = World::new();
    for to in [
        "https%3A%2F%2Fevil.example",
        "%2F%2Fevil.example",
        "%2F%5Cevil.example",
        "%2F%09%2Fevil.example",
        "javascript%3Aalert(1)",
        "%2Flogin",
        "%2Fx%0d%0aset-cookie%3A%20x%3D1",
        "",
    ] {
        let begun = world.begin(to);
        world.will_give(&world.signer.token(&world.claims(&begun)));
        let answer = world.callback(&begun);
        assert_eq!((answer.status, answer.header("location")), (303, Some("/")), "{to}");
    }
}

#[test]
fn without_a_session_there_is_nothing_to_see() {
    let world = World::new();
    let session = world.logged_in(&["platform"]);
    let (_, name) = session.split_once('=').unwrap();
    let mut changed = name.to_owned().into_bytes();
    changed[3] = if changed[3] == b'A' { b'B' } else { b'A' };
    let wrong = [
        String::new(),
        format!("{SESSION}={}", text(&changed)),
        format!("{SESSION}="),
        format!("{SESSION}={name}x"),
        format!("{session}; {session}"),
        format!("offtake-session={name}"),
        format!("__Secure-offtake-session={name}"),
    ];
    for cookie in &wrong {
        for path in ["/", "/usage", "/access", "/residency", "/nothing"] {
            assert_eq!(world.get(path, cookie).status, 303, "{path} {cookie}");
        }
        for path in ["/api/overview", "/api/access", "/api/events", "/fragments", "/api/usage/req_1"] {
            assert_eq!(world.get(path, cookie).status, 401, "{path} {cookie}");
        }
        for path in ["/logout", "/access/revoke", "/api/session"] {
            assert_eq!(world.post(path, cookie, "csrf=x").status, 401, "{path} {cookie}");
        }
    }
    assert_eq!(world.get("/assets/portal.css", "").status, 200, "for the pages that say so");
    // By the portal's own name only, whatever else is shown.
    for host in ["evil.example", "portal.example.evil.example", "127.0.0.1", "portal.example:443", ""] {
        for path in ["/", "/login", "/usage", "/assets/portal.css"] {
            let asked = Ask::get(path).with("host", host).with("cookie", &session);
            assert_eq!(world.plane.send(&asked).status, 403, "{host} {path}");
        }
    }
    let two = ask("/usage", &session).with("host", "evil.example");
    assert_eq!(world.plane.send(&two).status, 403, "two hosts");
    // A call needs the proof of a call.
    let call = Wire::Messages.ask("echo", false, "").without("authorization").with("cookie", &session);
    assert_eq!(world.plane.send(&call).status, 401);
}

#[test]
fn what_changes_something_comes_from_the_portals_own_page() {
    let world = World::new();
    let (session, other) = (world.logged_in(&["platform"]), world.logged_in(&["platform"]));
    let (own, foreign) = (world.csrf(&session), world.csrf(&other));
    assert_ne!(own, foreign);
    for csrf in ["", "x", &foreign, &own[1..], &format!("{own}&csrf={own}")] {
        assert_eq!(world.post("/logout", &session, &format!("csrf={csrf}")).status, 403, "{csrf}");
    }
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://portal.example"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let body = format!("csrf={own}").into_bytes();
        let asked = Ask { method: "POST".into(), body, ..ask("/logout", &session) }.with(name, value);
        assert_eq!(world.plane.send(&asked).status, 403, "{name}: {value}");
    }
    assert_eq!(world.get(&format!("/logout?csrf={own}"), &session).status, 404, "reading changes nothing");
    assert_eq!(world.get("/usage", &session).status, 200, "still logged in");
    assert_eq!(world.post("/logout", &session, &format!("csrf={own}")).status, 303);
}

#[test]
fn roles_say_what_is_seen_and_done() {
    let world = World::new();
    let begun = world.begin("/");
    let mut claims = world.claims(&begun);
    claims["groups"] = json!(["visitors"]);
    world.will_give(&world.signer.token(&claims));
    let nobody = world.callback(&begun);
    assert_eq!(nobody.status, 403, "known, and without a role");
    assert!(cookie(&nobody, SESSION).is_none() && text(&nobody.body).contains("ada@acme.example"));

    let [viewer, audit, admin] =
        [&["staff"][..], &["audit"], &["platform"]].map(|groups| world.logged_in(groups));
    assert_eq!(world.get("/access", &viewer).status, 403);
    assert_eq!(world.get("/access", &audit).status, 200);
    let seen = world.get("/api/overview", &viewer).json();
    assert_eq!((&seen["deal"], &seen["ledger"]["accounts"]), (&Value::Null, &json!([])));

    // Ending a key is for admins, at once, and for good.
    let call = Wire::Messages.ask("echo", false, "");
    assert_eq!(world.plane.send(&call).status, 200);
    let page = text(&world.get("/access", &admin).body);
    let (_, rest) = page.split_once("name=\"key\" value=\"").unwrap();
    let handle = rest.split('"').next().unwrap();
    assert!(!text(&world.get("/access", &audit).body).contains(handle));
    for (who, status) in [(&viewer, 403), (&audit, 403)] {
        let body = format!("csrf={}&key={handle}&reason=x", world.csrf(who));
        assert_eq!(world.post("/access/revoke", who, &body).status, status);
    }
    assert_eq!(world.post("/access/revoke", &admin, &format!("key={handle}")).status, 403, "no csrf");
    let body = |handle: &str| format!("csrf={}&key={handle}&reason=it+leaked", world.csrf(&admin));
    assert_eq!(world.post("/access/revoke", &admin, &body("0123456789abcdef")).status, 404);
    assert_eq!(world.plane.send(&call).status, 200);
    assert_eq!(world.post("/access/revoke", &admin, &body(handle)).status, 303);
    let refused = world.plane.send(&call);
    assert_eq!(refused.status, 401, "{}", text(&refused.body));
    assert!(text(&refused.body).contains("the key was revoked"));
    let page = text(&world.get("/access", &admin).body);
    assert!(page.contains("it leaked") && page.contains("revoked"));

    // Neither a new configuration nor a restart brings it back.
    let World { home, plane, provider, .. } = world;
    home.configure(&(config(&provider.url) + "\n# the same\n"));
    eventually("the configuration was reloaded", || plane.log().contains("was reloaded"));
    assert_eq!(plane.send(&call).status, 401);
    plane.stop();
    let plane = home.serve();
    assert_eq!(plane.send(&call).status, 401);
    let record = std::fs::read_to_string(home.data().join("revoked.jsonl")).unwrap();
    let record: Value = serde_json::from_str(record.trim()).unwrap();
    assert_eq!((&record["by"], &record["reason"]), (&json!("demo/ml/ada@acme.example"), &json!("it leaked")));
    assert!(!record.to_string().contains(CALLER_KEY));
}

#[test]
fn a_changed_configuration_ends_what_it_no_longer_gives() {
    let world = World::new();
    let session = world.logged_in(&["staff"]);
    assert_eq!(world.get("/usage", &session).status, 200);
    let less = config(&world.provider.url).replace("groups = \"staff\"", "groups = \"owners\"");
    world.home.configure(&less);
    eventually("the role is gone", || world.get("/usage", &session).status == 403);
    let elsewhere = config(&world.provider.url).replace("client_id = \"portal\"", "client_id = \"another\"");
    world.home.configure(&elsewhere);
    eventually("the session is over", || world.get("/usage", &session).status == 303);
    world.home.configure(&usual("http://127.0.0.1:1", ""));
    eventually("it is for this machine only", || {
        let page = world.get("/usage", &session);
        page.status == 403 && text(&page.body).contains("this machine")
    });
}

#[test]
fn a_provider_that_cannot_be_asked_keeps_nobody_out_who_is_in() {
    let world = World::new();
    let session = world.logged_in(&["staff"]);
    world.provider.put("/token", 500, "oops");
    let begun = world.begin("/");
    assert_eq!(world.callback(&begun).status, 502);
    assert_eq!(world.get("/usage", &session).status, 200);
    let down = Home::new(&config(&nobody()));
    let plane = down.serve();
    assert_eq!(plane.send(&ask("/login", "")).status, 502);
    assert_eq!(plane.send(&ask("/usage", "")).status, 303);
    // One that speaks for somebody else, or names addresses it has no business with.
    for wrong in
        [json!({"issuer": "https://login.example"}), json!({"token_endpoint": "http://10.0.0.1/token"})]
    {
        let provider = Provider::start();
        provider.describe(wrong);
        let home = Home::new(&config(&provider.url));
        assert_eq!(home.serve().send(&ask("/login", "")).status, 502);
    }
}

#[test]
fn a_terminal_gets_a_token_for_an_id_token_of_its_own() {
    let world = World::new();
    let about = world.plane.send(&Ask::get("/login/terminal")).json();
    assert_eq!(about["client_id"], "terminal");
    let exchange = |token: &str| {
        let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange";
        let kind = "urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aid_token";
        let body = format!("grant_type={grant}&subject_token_type={kind}&subject_token={token}");
        let asked = Ask { method: "POST".into(), body: body.into(), ..Ask::get("/login/token") };
        world.plane.send(&asked)
    };
    let claims = |name: &str, value: Value| {
        let mut claims = json!({
            "iss": world.provider.url, "aud": "terminal", "sub": "1", "email": "ada@acme.example",
            "department": "ml", "groups": ["staff"], "iat": now(), "exp": now() + 300,
        });
        claims[name] = value;
        world.signer.token(&claims)
    };
    let given = exchange(&claims("extra", json!(1)));
    assert_eq!(given.status, 200, "{}", text(&given.body));
    assert_eq!(given.json()["principal"], "demo/ml/ada@acme.example");
    let token = given.json()["access_token"].as_str().unwrap().to_owned();
    let call = Wire::Messages.ask("echo", false, "").without("authorization");
    let answer = world.plane.send(&call.with("authorization", &format!("Bearer {token}")));
    assert_eq!(answer.status, 200);
    // Its caller sees the record of it, and nobody else's.
    let path = format!("/api/usage/{}", answer.request_id());
    let seen = |bearer: &str| {
        world.plane.send(&Ask::get(&path).with("authorization", &format!("Bearer {bearer}"))).status
    };
    eventually("it is on record", || seen(&token) == 200);
    assert_eq!((seen(CALLER_KEY), seen("wrong-key-12345")), (404, 401));
    for (wrong, status) in [
        (claims("aud", json!("portal")), 401),
        (claims("exp", json!(now() - 100)), 401),
        (claims("groups", json!([])), 403),
        (Signer::new("key-1").token(&json!({"iss": world.provider.url, "aud": "terminal"})), 401),
        (String::new(), 401),
    ] {
        assert_eq!(exchange(&wrong).status, status);
    }
}

// ── the terminal itself ─────────────────────────────────────────────────────────────────────────────────────

/// A plane that a terminal on this machine logs in to, and what the provider gives when asked for a token.
fn terminal_world() -> (Provider, Signer, Home, Plane) {
    let (provider, signer) = (Provider::start(), Signer::new("key-1"));
    provider.put("/keys", 200, &signer.set());
    let begun = json!({
        "device_code": "d-1", "user_code": "WDJB-MJHT", "verification_uri": format!("{}/go", provider.url),
        "verification_uri_complete": format!("{}/go?c=1", provider.url), "expires_in": 60, "interval": 1,
    });
    provider.put("/device", 200, &begun.to_string());
    let home = Home::new(&config(&provider.url));
    let plane = home.serve();
    (provider, signer, home, plane)
}

fn give(provider: &Provider, signer: &Signer, refresh: &str) {
    let claims = json!({
        "iss": provider.url, "aud": "terminal", "sub": "1", "email": "ada@acme.example", "department": "ml",
        "groups": ["staff"], "iat": now(), "exp": now() + 300,
    });
    let answer = json!({"access_token": "a", "id_token": signer.token(&claims), "refresh_token": refresh});
    provider.put("/token", 200, &answer.to_string());
}

fn offtake(home: &Home, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = home.command();
    command.env_remove("XDG_CONFIG_HOME").env_remove("OFFTAKE_TOKEN").env_remove("OFFTAKE_URL");
    let output = command.args(arguments).output().unwrap();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

#[test]
fn a_terminal_logs_in_and_stays_logged_in() {
    use std::os::unix::fs::PermissionsExt as _;
    let (provider, signer, home, plane) = terminal_world();
    let url = format!("http://{}", plane.address);
    provider.put("/token", 400, r#"{"error":"authorization_pending"}"#);
    let (code, said) = std::thread::scope(|scope| {
        let login = scope.spawn(|| offtake(&home, &["login", "--url", &url]));
        eventually("the terminal asks", || !provider.asked("/token").is_empty());
        give(&provider, &signer, "r-1");
        login.join().unwrap()
    });
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(&format!("Open {}/go?c=1", provider.url)) && said.contains("WDJB-MJHT"), "{said}");
    assert!(said.contains("Logged in as demo/ml/ada@acme.example"), "{said}");
    let asked = provider.asked("/device").pop().unwrap();
    assert_eq!((asked.form["client_id"].as_str(), asked.authorization), ("terminal", None));
    assert_eq!(asked.form["scope"], "openid profile email offline_access");

    let path = home.path().join(".config/offtake/logins.json");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    let ask = || offtake(&home, &["ask", "Hello?", "--model", "echo", "--url", &url, "--json"]);
    let (code, said) = ask();
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(home.usage()[0]["principal"], "demo/ml/ada@acme.example");

    // Shortly before it ends, it is asked for again; what brings the next one is kept.
    let kept = || serde_json::from_slice::<Value>(&std::fs::read(&path).unwrap()).unwrap()[&url].clone();
    let age = |until: i64| {
        let mut login = kept();
        login["until"] = json!(until);
        std::fs::write(&path, json!({ (url.as_str()): login }).to_string()).unwrap();
    };
    let first = kept();
    age(now() + 30);
    give(&provider, &signer, "r-2");
    assert_eq!(ask().0, Some(0));
    assert_eq!(provider.asked("/token").pop().unwrap().form["refresh_token"], "r-1");
    assert_eq!(kept()["refresh_token"], "r-2");
    assert_ne!(kept()["access_token"], first["access_token"]);

    // A key helper gives the same token, refreshed while ten minutes of it are left; a narrower one where that is asked for.
    let helper = |more: &[&str]| {
        let (code, said) = offtake(&home, &[&["token", "--url", &url], more].concat());
        assert_eq!(code, Some(0), "{said}");
        said.trim().to_owned()
    };
    assert_eq!(helper(&[]), kept()["access_token"]);
    age(now() + 500);
    give(&provider, &signer, "r-3");
    assert_eq!(
        (helper(&[]), &kept()["refresh_token"]),
        (kept()["access_token"].as_str().unwrap().to_owned(), &json!("r-3"))
    );
    let narrow = helper(&["--scope", "CountTokens"]);
    let call = |token: &str| {
        let ask = Wire::Messages.ask("echo", false, "").without("authorization");
        plane.send(&ask.with("authorization", &format!("Bearer {token}"))).status
    };
    assert_eq!((call(&narrow), call(&helper(&[]))), (403, 200));

    // What the provider no longer refreshes is over, and says what to do.
    age(0);
    provider.put("/token", 400, r#"{"error":"invalid_grant"}"#);
    let (code, said) = ask();
    assert_eq!(code, Some(1));
    assert!(said.contains("invalid_grant") && said.contains(&format!("offtake login --url {url}")), "{said}");
    assert!(offtake(&home, &["token", "--url", &url]).1.contains("the login at"));
    assert_eq!(offtake(&home, &["login", "--url", &url, "--forget"]).0, Some(0));
    assert!(kept().is_null());
    assert!(!plane.log().contains("r-1"));
}

#[test]
fn a_terminal_that_is_not_let_in_keeps_nothing() {
    let (provider, _signer, home, plane) = terminal_world();
    let url = format!("http://{}", plane.address);
    for (status, answer, said) in [
        (400, json!({"error": "access_denied"}), "refused in the browser"),
        (400, json!({"error": "expired_token"}), "nobody confirmed in time"),
        (400, json!({"error": "invalid_client"}), "invalid_client"),
        (200, json!({"access_token": "a"}), "gave no id token"),
        (200, json!({"id_token": Signer::new("key-1").token(&json!({}))}), "gave no token"),
    ] {
        provider.put("/token", status, &answer.to_string());
        let (code, told) = offtake(&home, &["login", "--url", &url]);
        assert_eq!(code, Some(1), "{told}");
        assert!(told.contains(said), "{told}");
    }
    provider.put(
        "/device",
        200,
        &json!({"device_code": "d", "user_code": "x", "verification_uri": "http://evil.example/\u{1b}[2J"})
            .to_string(),
    );
    let (code, told) = offtake(&home, &["login", "--url", &url]);
    assert_eq!((code, told.contains("cannot be trusted")), (Some(1), true), "{told}");
    for elsewhere in [nobody(), "http://plane.example".to_owned(), "plane".to_owned()] {
        assert_eq!(offtake(&home, &["login", "--url", &elsewhere]).0, Some(1), "{elsewhere}");
    }
    assert!(!home.path().join(".config/offtake/logins.json").exists());
}
