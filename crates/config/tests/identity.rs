//! `[identity]` as people write it: what compiles, and what is said of each mistake.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use config::{Environment, File, Snapshot};
use identity::{Keys, Source};
use std::path::Path;

fn compile(text: &str) -> Result<Snapshot, String> {
    let file = File::parse(Path::new("offtake.toml"), text.to_owned()).map_err(|error| error.to_string())?;
    file.compile(&Environment, Some(&[7; 32])).map_err(|error| error.to_string())
}

const ISSUER: &str = r#"
[[identity.issuer]]
name = "github"
issuer = "https://token.actions.githubusercontent.com"
audience = "offtake"
algorithms = ["RS256"]
discovery = true
organisation = "acme"
team = "{repository_owner}"
"#;

#[test]
fn keys_are_fetched_where_the_file_says() {
    let snapshot =
        compile(&format!("{ISSUER}jwks_max_age_seconds = 60\nallow = {{ repository = \"acme/*\" }}\n"))
            .unwrap();
    let issuer = snapshot.directory.issuers().next().unwrap();
    let source = Source::Issuer("https://token.actions.githubusercontent.com".to_owned());
    assert_eq!(issuer.keys, Keys::Fetched { source, seconds_max: 60 });
    assert_eq!(issuer.allowed.len(), 1);
    let by_address = ISSUER.replace("discovery = true", "jwks_url = \"http://127.0.0.1:9/keys\"");
    let snapshot = compile(&by_address).unwrap();
    let source = Source::Address("http://127.0.0.1:9/keys".to_owned());
    assert!(snapshot.directory.sources().contains_key(&source));
}

#[test]
fn mistakes_are_said_where_they_are() {
    let key = "[[identity.key]]\nname = \"k\"\norganisation = \"a\"\nteam = \"b\"\n";
    let aws =
        "[[identity.aws]]\nname = \"r\"\naccounts = [\"123456789012\"]\norganisation = \"a\"\nteam = \"b\"\n";
    let sts = "[identity.sts]\nserver = \"plane\"\n";
    for (text, said) in [
        (ISSUER.replace("discovery = true", ""), "needs one of `jwks`, `jwks_url` and `discovery = true`"),
        (
            ISSUER.replace("discovery = true", "discovery = false"),
            "needs one of `jwks`, `jwks_url` and `discovery = true`",
        ),
        (
            format!("{ISSUER}jwks_url = \"https://a.example\"\n"),
            "needs one of `jwks`, `jwks_url` and `discovery = true`",
        ),
        (
            ISSUER.replace("discovery = true", "jwks_url = \"http://a.example\""),
            "no address that can be trusted",
        ),
        (ISSUER.replace("https://", "http://"), "no address that can be trusted"),
        (ISSUER.replace("RS256", "HS256"), "is symmetric"),
        (ISSUER.replace("RS256", "none"), "is no algorithm"),
        (format!("{ISSUER}jwks_max_age_seconds = 0\n"), "outside 1 to 2592000"),
        (format!("{ISSUER}team_claim = \"x\"\n"), "needs one of `team` and `team_claim`"),
        (
            ISSUER.replace("{repository_owner}", "{repository_owner"),
            "has a brace without a claim and its end",
        ),
        (ISSUER.replace("{repository_owner}", "{a}{b}"), "two claims touch"),
        (format!("{ISSUER}allow = {{ repository = [] }}\n"), "nothing would be allowed"),
        (format!("{ISSUER}scope = \"admin\"\n"), "`admin` is no word of a scope"),
        (format!("{ISSUER}{}", ISSUER.replace("github", "again").replace("again", "github")), "repeats"),
        (key.to_owned(), "needs one of `secret` and `sha256`"),
        (format!("{key}sha256 = \"abc\"\n"), "not a SHA-256"),
        (format!("{key}sha256 = \"{}\"\nexpires = \"soon\"\n", "a".repeat(64)), "soon"),
        (format!("{key}sha256 = \"{}\"\nscope = \"\"\n", "a".repeat(64)), "a scope names something"),
        (aws.to_owned(), "needs `[identity.sts]`"),
        (format!("{sts}{}", aws.replace("123456789012", "1234")), "those have twelve digits"),
        (format!("{sts}{}", aws.replace("\"123456789012\"", "")), "`accounts` is empty"),
        (format!("{sts}addresses = [\"http://sts.example\"]\n"), "no address that can be trusted"),
        ("[identity.sts]\nserver = \"a b\"\n".to_owned(), "is no name that a proof can be signed for"),
        ("[identity.token]\nlifetime_seconds = 5\n".to_owned(), "outside 60 to 43200"),
    ] {
        let error = compile(&text).unwrap_err();
        assert!(error.contains(said), "{text}\n{error}");
    }
    for good in [
        format!(
            "{key}sha256 = \"{}\"\nexpires = \"2027-01-01\"\nscope = \"InvokeModel model:claude-*\"\n",
            "a".repeat(64)
        ),
        format!("{sts}{aws}allow = {{ arn = [\"arn:aws:iam::123456789012:role/*\"] }}\n"),
        "[identity.token]\nlifetime_seconds = 900\n".to_owned(),
    ] {
        compile(&good).unwrap_or_else(|error| panic!("{good}\n{error}"));
    }
}
