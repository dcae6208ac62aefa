//! The identity that a load balancer or an access proxy sends along: believed when it is signed by the configured key for
//! this portal, and otherwise as good as none.

use crate::provider::{Provider, Signer, now};
use crate::support::*;
use serde_json::{Value, json};

const ARN: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/front/50dc6c495c0c9188";
const KEY: &str = "12345678-1234-1234-1234-123456789012";
const AUDIENCE: &str = "/projects/1234/global/backendServices/5678";

fn config(forwarded: &str) -> String {
    let common = "
organisation = \"demo\"
team = \"people\"
subject_claim = \"email\"
role = [{ role = \"admin\", required = { email = \"ada@acme.example\" } }, { role = \"viewer\" }]
";
    usual("http://127.0.0.1:1", "")
        + "[portal]\naddress = \"https://portal.example\"\n[portal.forwarded]\n"
        + forwarded
        + common
}

fn look(plane: &Plane, path: &str, headers: &[(&str, &str)]) -> Answer {
    let asked = Ask::get(path).with("host", "portal.example");
    plane.send(&headers.iter().fold(asked, |asked, (name, value)| asked.with(name, value)))
}

fn status(plane: &Plane, header: &str, token: &str) -> u16 {
    look(plane, "/usage", &[(header, token)]).status
}

fn claims(issuer: &str, audience: &str) -> Value {
    json!({
        "iss": issuer, "aud": audience, "sub": "1", "email": "ada@acme.example", "iat": now(), "exp": now() + 120,
    })
}

fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    claims[name] = value;
    claims
}

#[test]
fn a_signed_identity_lets_somebody_in_and_nothing_else_does() {
    let (keys, signer) = (Provider::start(), Signer::new("iap-1"));
    keys.put("/keys", 200, &signer.set());
    let forwarded =
        format!("kind = \"google-iap\"\naudience = \"{AUDIENCE}\"\nkeys = \"{}/keys\"\n", keys.url);
    let home = Home::new(&config(&forwarded));
    let plane = home.serve();
    let header = "x-goog-iap-jwt-assertion";
    let good = claims("https://cloud.google.com/iap", AUDIENCE);
    let page = look(&plane, "/usage", &[(header, &signer.token(&good))]);
    assert_eq!(page.status, 200);
    assert!(text(&page.body).contains("demo/people/ada@acme.example"));
    assert!(!text(&page.body).contains("action=\"/logout\""), "there is no session here to end");
    let token = signer.token(&good);
    for (why, headers) in [
        ("nothing", vec![]),
        ("only words", vec![("x-goog-authenticated-user-email", "accounts.google.com:ada@acme.example")]),
        ("another proxy's header", vec![("x-amzn-oidc-data", token.as_str())]),
        ("no signature", vec![(header, "ada@acme.example")]),
        ("empty", vec![(header, "")]),
        ("twice", vec![(header, token.as_str()), (header, &token)]),
        ("as a bearer", vec![("authorization", token.as_str())]),
        ("as a cookie", vec![("cookie", token.as_str())]),
    ] {
        let answer = look(&plane, "/usage", &headers);
        assert_eq!(answer.status, 401, "{why}");
        assert_eq!(look(&plane, "/api/overview", &headers).status, 401, "{why}");
    }
    let foreign = Signer::new("iap-1");
    let unknown = Signer::new("iap-2");
    for (why, wrong) in [
        ("a foreign key", foreign.token(&good)),
        ("an unknown key", unknown.token(&good)),
        ("no algorithm", signer.token_under(&json!({"alg": "none", "kid": "iap-1"}), &good)),
        ("confusion", signer.token_under(&json!({"alg": "HS256", "kid": "iap-1"}), &good)),
        ("another service", signer.token(&with(&good, "aud", json!(format!("{AUDIENCE}9"))))),
        ("no audience", signer.token(&with(&good, "aud", Value::Null))),
        ("another issuer", signer.token(&with(&good, "iss", json!("https://cloud.google.com/iap/")))),
        ("expired", signer.token(&with(&good, "exp", json!(now() - 61)))),
        ("from the future", signer.token(&with(&good, "iat", json!(now() + 600)))),
        ("no name", signer.token(&with(&good, "email", Value::Null))),
        ("too long", signer.token(&with(&good, "note", json!("x".repeat(20_000))))),
    ] {
        assert_eq!(status(&plane, header, &wrong), 401, "{why}");
    }
    assert_eq!(status(&plane, header, &token), 200);
    assert!(keys.asked("/keys").len() <= 2, "keys are not asked for at any rate that strangers choose");

    // It changes something only from the portal's own page.
    let page = text(&look(&plane, "/access", &[(header, &token)]).body);
    let field = |name: &str| {
        let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let revoke = |body: String, origin: &str| {
        let asked = Ask { method: "POST".into(), body: body.into(), ..Ask::get("/access/revoke") };
        let asked = asked.with("host", "portal.example").with(header, &token).with("origin", origin);
        plane.send(&asked).status
    };
    let own = "https://portal.example";
    assert_eq!(revoke(format!("key={}", field("key")), own), 403);
    let body = format!("csrf={}&key={}&reason=x", field("csrf"), field("key"));
    assert_eq!(revoke(body.clone(), "https://evil.example"), 403);
    let other = signer.token(&with(&good, "email", json!("eve@acme.example")));
    assert_eq!(look(&plane, "/access", &[(header, &other)]).status, 403, "a viewer");
    assert_eq!(revoke(body, own), 303);
}

#[test]
fn a_load_balancers_keys_are_asked_for_by_name_and_address_of_the_configuration() {
    let (keys, signer) = (Provider::start(), Signer::new(KEY));
    keys.put(&format!("/{KEY}"), 200, &signer.pem());
    let forwarded = format!(
        "kind = \"aws-alb\"\nissuer = \"https://login.example\"\nsigner = \"{ARN}\"\naudience = \"alb-client\"\nkeys = \"{}\"\n",
        keys.url
    );
    let home = Home::new(&config(&forwarded));
    let plane = home.serve();
    let header = "x-amzn-oidc-data";
    let head = json!({
        "typ": "JWT", "kid": KEY, "alg": "ES256", "iss": "https://login.example", "client": "alb-client",
        "signer": ARN, "exp": now() + 120,
    });
    let person = json!({"sub": "1", "email": "ada@acme.example"});
    assert_eq!(status(&plane, header, &signer.padded(&head, &person)), 200);
    assert_eq!(keys.asked(&format!("/{KEY}")).len(), 1);
    for (why, wrong) in [
        ("another balancer", with(&head, "signer", json!(ARN.replace("front", "back")))),
        ("no signer", with(&head, "signer", Value::Null)),
        ("another client", with(&head, "client", json!("other"))),
        ("another issuer", with(&head, "iss", json!("https://evil.example"))),
        ("expired", with(&head, "exp", json!(now() - 61))),
        ("never ends", with(&head, "exp", Value::Null)),
        ("nobody's key", with(&head, "kid", json!("00000000-0000-0000-0000-000000000000"))),
        ("a path", with(&head, "kid", json!("../keys"))),
        ("an address", with(&head, "kid", json!("https://evil.example/key"))),
    ] {
        assert!(matches!(status(&plane, header, &signer.padded(&wrong, &person)), 401 | 503), "{why}");
    }
    assert_eq!(status(&plane, header, &signer.token_under(&head, &person)), 200, "padded or not");
    let foreign = Signer::new(KEY);
    assert_eq!(status(&plane, header, &foreign.padded(&head, &person)), 401);
    // Asked for once each, and never for what is no name.
    assert_eq!(keys.asked("/00000000-0000-0000-0000-000000000000").len(), 1);
    assert!(keys.asked("/keys").is_empty() && keys.asked("/../keys").is_empty());
}

#[test]
fn other_proxies_and_keys_from_a_file() {
    let signer = Signer::new("k");
    for (kind, header, more) in [
        ("cloudflare-access", "cf-access-jwt-assertion", "algorithms = [\"ES256\"]"),
        ("azure", "x-ms-token-aad-id-token", "algorithms = [\"ES256\"]"),
        ("jwt", "x-assertion", "header = \"X-Assertion\""),
    ] {
        let issuer = "https://acme.cloudflareaccess.example";
        let forwarded = format!(
            "kind = \"{kind}\"\nissuer = \"{issuer}\"\naudience = \"app-1\"\nkeys = \"keys.json\"\n{more}\n"
        );
        let home = Home::new("");
        std::fs::write(home.path().join("keys.json"), signer.set()).unwrap();
        home.configure(&config(&forwarded));
        let plane = home.serve();
        let good = claims(issuer, "app-1");
        assert_eq!(status(&plane, header, &signer.token(&good)), 200, "{kind}");
        assert_eq!(status(&plane, header, &signer.token(&with(&good, "aud", json!(["x", "app-1"])))), 200);
        assert_eq!(status(&plane, header, &signer.token(&with(&good, "aud", json!("app-2")))), 401, "{kind}");
        assert_eq!(look(&plane, "/usage", &[]).status, 401, "{kind}");
        // Keys that are replaced count at once, and the old ones no longer.
        let next = Signer::new("k");
        std::fs::write(home.path().join("keys.json"), next.set()).unwrap();
        eventually("the new key counts", || status(&plane, header, &next.token(&good)) == 200);
        assert_eq!(status(&plane, header, &signer.token(&good)), 401, "{kind}");
    }
}

#[test]
fn keys_that_cannot_be_had_are_no_reason_to_believe() {
    let signer = Signer::new("k");
    let forwarded =
        format!("kind = \"google-iap\"\naudience = \"{AUDIENCE}\"\nkeys = \"{}/keys\"\n", nobody());
    let home = Home::new(&config(&forwarded));
    let plane = home.serve();
    let token = signer.token(&claims("https://cloud.google.com/iap", AUDIENCE));
    assert_eq!(status(&plane, "x-goog-iap-jwt-assertion", &token), 503);
}

#[test]
fn a_header_that_is_not_good_is_never_passed_over() {
    let (provider, signer) = (Provider::start(), Signer::new("k"));
    provider.put("/keys", 200, &signer.set());
    let both = config(&format!(
        "kind = \"google-iap\"\naudience = \"{AUDIENCE}\"\nkeys = \"{}/keys\"\n",
        provider.url
    )) + &format!(
        "[portal.login]\nissuer = \"{}\"\nclient_id = \"portal\"\norganisation = \"acme\"\nteam = \"people\"\nrole = [{{ role = \"viewer\" }}]\n",
        provider.url
    );
    let home = Home::new(&both);
    let plane = home.serve();
    assert_eq!(look(&plane, "/usage", &[]).status, 303, "without the header they log in");
    let header = "x-goog-iap-jwt-assertion";
    assert_eq!(status(&plane, header, "forged"), 401);
    assert_eq!(status(&plane, header, &signer.token(&claims("https://cloud.google.com/iap", AUDIENCE))), 200);
}

#[test]
fn what_is_wrong_with_a_portal_is_told_with_its_line() {
    let signer = Signer::new("k");
    let full = "kind = \"jwt\"\nheader = \"x-a\"\nissuer = \"https://i.example\"\naudience = \"a\"\nkeys = \"keys.json\"\n";
    for (from, to, said) in [
        ("kind = \"jwt\"", "kind = \"nginx\"", "`nginx` is no kind of access proxy"),
        ("header = \"x-a\"\n", "", "a forwarded identity of `jwt` needs `header`"),
        ("header = \"x-a\"", "header = \"x a\"", "`x a` is no name of a header"),
        ("audience = \"a\"\n", "", "a forwarded identity of `jwt` needs `audience`"),
        ("keys = \"keys.json\"", "keys = \"none.json\"", "cannot read the key set file"),
        ("keys = \"keys.json\"", "keys = \"http://keys.example\"", "is no address that can be trusted"),
        ("kind = \"jwt\"", "kind = \"aws-alb\"", "a forwarded identity of `aws-alb` needs `signer`"),
        ("audience = \"a\"", "audience = \"a\"\nsigner = \"x\"", "only `aws-alb` names a signer"),
        ("audience = \"a\"", "audience = \"a\"\nalgorithms = [\"HS256\"]", "`HS256` is no algorithm"),
        ("audience = \"a\"", "audience = \"a\"\nalgorithms = []", "`algorithms` is empty"),
        ("audience = \"a\"", "audience = \"a\"\nalgorithms = [\"EdDSA\"]", "no key of the set fits"),
    ] {
        let home = Home::new(&config(&full.replace(from, to)));
        std::fs::write(home.path().join("keys.json"), signer.set()).unwrap();
        let output = home.run_check();
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{to}: {told}");
        assert!(told.contains(said) && told.contains("offtake.toml:"), "{to}: {told}");
    }
    let login = "[portal]\n@ADDRESS@\n[portal.login]\nissuer = \"https://login.example\"\nclient_id = \"x\"\nteam = \"t\"\n@MORE@\n";
    let address = "address = \"https://portal.example\"";
    for (address, more, said) in [
        ("", "organisation = \"o\"\nrole = [{ role = \"viewer\" }]", "the portal needs an address"),
        (
            "address = \"http://portal.example\"",
            "organisation = \"o\"",
            "is no address that people can be sent to",
        ),
        (
            "address = \"https://portal.example/x\"",
            "organisation = \"o\"",
            "is no address that people can be sent to",
        ),
        (address, "organisation = \"o\"", "nobody would have a role"),
        (address, "role = [{ role = \"viewer\" }]", "needs one of `organisation` and `organisation_claim`"),
        (address, "organisation = \"o\"\nrole = [{ role = \"boss\" }]", "`boss` is no role"),
        (address, "organisation = \"o\"\nsession_hours = 1000", "`1000` is outside 1 to 168"),
        (address, "organisation = \"o\"\nscopes = [\"email\"]", "the scopes of a login need `openid`"),
        (address, "organisation = \"o\"\nclient_secret = \"hunter2\"", "a secret is given by reference"),
    ] {
        let text_of = login.replace("@ADDRESS@", address).replace("@MORE@", more);
        let output = Home::new(&(usual("http://127.0.0.1:1", "") + &text_of)).run_check();
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{more}: {told}");
        assert!(told.contains(said), "{more}: {told}");
    }
}
