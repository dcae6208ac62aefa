//! What a file says of places, organisations and papers: read into the residency that serves, or told where it is wrong.
#![cfg(test)]

use config::{Environment, File, Problems, Snapshot};
use geography::Restrictions;
use std::path::Path;
use units::{ModelName, Organisation};

const GOOD: &str = r#"
[residency]
country = "DE"
processing = ["EEA", "GB"]
control = 0

[[residency.organisation]]
name = "acme"
country = "FR"
owners = [{ name = "Holding", country = "FR", share = "60%" }]
owners_rest_checked = true
owners_source = "register of companies"
owners_date = "2026-10-01"

[[residency.basis]]
id = "DPA-1"
kind = "DPA"
party = "aws"

[[backend]]
name = "paris"
kind = "anthropic"
base_url = "https://bedrock.example"
region = "eu-west-3"

[[backend]]
name = "world"
kind = "anthropic"
base_url = "https://bedrock.example"
region = "eu-west-3"
profile = "global."

[[backend]]
name = "here"
kind = "echo"

[[model]]
name = "claude"
backends = ["paris", "world", "here"]
upstream_name = "eu.anthropic.claude-sonnet-4-5"
"#;

fn compile(text: &str) -> Result<Snapshot, Problems> {
    File::parse(Path::new("offtake.toml"), text.to_owned())?.compile(&Environment, None)
}

#[test]
fn the_file_becomes_the_residency_that_serves() {
    let snapshot = compile(GOOD).unwrap();
    let (acme, claude) = (Organisation::new("acme").unwrap(), ModelName::new("claude").unwrap());
    let now = "2026-11-24".parse().unwrap();
    let lawful = snapshot.residency.lawful(&acme, &claude, &Restrictions::default(), now).unwrap();
    let names: Vec<&str> = lawful.lawful.iter().map(|route| route.backend.as_str()).collect();
    assert_eq!(names, ["here"]);
    let told: Vec<(&str, &str)> =
        lawful.refused.iter().map(|refused| (refused.backend.as_str(), refused.rule.as_str())).collect();
    assert_eq!(told, [("paris", "tenant.processing"), ("world", "route.unbounded")], "{:#?}", lawful.refused);
    // The prefix of the model's name says which profile it is: CH is in it, and not among the places allowed.
    assert!(lawful.refused[0].reason.contains("CH"), "{:?}", lawful.refused[0]);
}

#[test]
fn without_the_section_nothing_is_asked_of_a_call_that_says_nothing() {
    let text = GOOD.split_once("[[backend]]").unwrap().1;
    let snapshot = compile(&format!("[[backend]]{text}")).unwrap();
    let (acme, claude) = (Organisation::new("acme").unwrap(), ModelName::new("claude").unwrap());
    let now = "2026-11-24".parse().unwrap();
    assert_eq!(snapshot.residency.lawful(&acme, &claude, &Restrictions::default(), now), None);
}

/// A change of the good file, the text that the mistake points at, and the mend.
#[test]
fn mistakes_point_at_their_place_and_say_the_mend() {
    for (from, to, at, said, mend) in [
        ("country = \"DE\"", "country = \"UK\"", "\"UK\"", "`GB`, not `UK`", ""),
        (
            "processing = [\"EEA\", \"GB\"]",
            "processing = [\"Europe\"]",
            "\"Europe\"",
            "no country and no group",
            "EEA",
        ),
        ("control = 0", "control = 4", "4", "level of control", "3"),
        (
            "country = \"FR\"\nowners",
            "sector = [\"bank\"]\nowners",
            "\"bank\"",
            "no sector `bank`",
            "finance",
        ),
        ("share = \"60%\"", "share = \"160%\"", "\"160%\"", "not a share", ""),
        (
            "share = \"60%\" }",
            "share = \"60%\" }, { name = \"b\", country = \"DE\", share = \"41%\" }",
            "\"41%\"",
            "more than the whole",
            "",
        ),
        (
            "owners_source = \"register of companies\"\n",
            "",
            "\"acme\"",
            "`owners_source`",
            "where the shares come from",
        ),
        ("kind = \"DPA\"", "kind = \"DAP\"", "\"DAP\"", "no kind of basis `DAP`", "DPA"),
        ("party = \"aws\"", "party = \"amazon\"", "\"amazon\"", "no operator `amazon`", "aws"),
        ("party = \"aws\"\n", "", "\"DPA\"", "somebody", "party"),
        (
            "profile = \"global.\"",
            "profile = \"europe.\"",
            "\"europe.\"",
            "no profile `europe.`",
            "bedrock:eu.",
        ),
        ("profile = \"global.\"", "operator = \"nobody\"", "\"nobody\"", "no operator `nobody`", "aws"),
        ("profile = \"global.\"", "country = [\"FR\"]", "\"FR\"", "knows where", "leave `country` out"),
        (
            "profile = \"global.\"",
            "destinations = [\"eu-west-9\"]",
            "\"eu-west-9\"",
            "no region",
            "catalogues",
        ),
        ("profile = \"global.\"", "destinations_read = \"today\"", "\"today\"", "not a date", ""),
        ("profile = \"global.\"", "chips = \"fast\"", "\"fast\"", "class of chips", "3a090"),
        (
            "upstream_name",
            "developer = \"antropic\"\nupstream_name",
            "\"antropic\"",
            "no developer `antropic`",
            "anthropic",
        ),
        ("control = 0", "catalogues = [\"no-such.toml\"]", "\"no-such.toml\"", "cannot read", ""),
        ("control = 0", "regoin = 1", "regoin", "unknown field", ""),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let text = GOOD.replacen(from, to, 1);
        let problems = compile(&text).unwrap_err();
        let problem = problems.list.first().unwrap();
        let span = problem.span.clone().unwrap_or_else(|| panic!("{to}: {problem:?}"));
        assert_eq!(&text[span], at, "{to}: {problem:?}");
        assert!(problem.message.contains(said), "{to}: {problem:?}");
        assert!(problem.hint.as_deref().unwrap_or_default().contains(mend), "{to}: {problem:?}");
        assert_eq!(problems.list.len(), 1, "{to}: {:?}", problems.list);
    }
}

/// A policy that permits a call may say what its data are: that narrows as a header does.
#[test]
fn a_policy_may_ask_for_what_a_header_may() {
    let folder = tempfile::tempdir().unwrap();
    let compile = |annotation: &str| {
        let cedar =
            format!("@id(\"ward\") @residency(\"{annotation}\") permit (principal, action, resource);");
        std::fs::write(folder.path().join("p.cedar"), cedar).unwrap();
        let text = format!(
            "[policy]\nfiles = [\"p.cedar\"]\n{}",
            GOOD.replace("processing = [\"EEA\", \"GB\"]", "")
        );
        File::parse(&folder.path().join("offtake.toml"), text)?.compile(&Environment, None)
    };
    let snapshot = compile("data-class=health; subject-country=DE").unwrap();
    let narrowing = snapshot.residency.attached(&["ward".into()], Restrictions::default());
    let (acme, claude) = (Organisation::new("acme").unwrap(), ModelName::new("claude").unwrap());
    let now = "2026-11-24".parse().unwrap();
    let plain = snapshot.residency.lawful(&acme, &claude, &Restrictions::default(), now).unwrap();
    let narrowed = snapshot.residency.lawful(&acme, &claude, &narrowing, now).unwrap();
    assert_eq!((plain.lawful.len(), narrowed.lawful.len()), (2, 1), "{:?}", narrowed.refused);
    assert!(narrowed.refused.iter().any(|refused| refused.rule == "de.sgb5-393"), "{:?}", narrowed.refused);
    assert_eq!(
        snapshot.residency.attached(&["other".into()], Restrictions::default()),
        Restrictions::default()
    );
    let problems = compile("data-class=helth").unwrap_err();
    let problem = problems.list.first().unwrap();
    assert!(problem.message.contains("`ward`") && problem.message.contains("`helth`"), "{problem:?}");
    assert!(problem.hint.as_deref().unwrap_or_default().contains("health"), "{problem:?}");
}
