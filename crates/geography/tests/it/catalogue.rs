//! The catalogue: what is built in, what an operator's file changes, and what is wrong with one.

use crate::support::CATALOGUE;
use geography::Catalogue;

#[test]
fn what_is_built_in_is_whole() {
    let clouds = |cloud: &str| CATALOGUE.region.iter().filter(|region| region.cloud == cloud).count();
    assert_eq!((clouds("aws"), clouds("azure"), clouds("gcp")), (48, 75, 46));
    assert_eq!(CATALOGUE.profile.iter().count(), 20);
    for region in CATALOGUE.region.iter() {
        assert!(!region.source.is_empty() && region.checked.is_some(), "{}", region.id);
    }
    for rule in CATALOGUE.rule.iter() {
        assert!(
            !rule.source.is_empty() && rule.checked.is_some() && !rule.requires.is_empty(),
            "{}",
            rule.id
        );
    }
}

/// Names that mislead: each is what a region is called, and the country that it stands in.
#[test]
fn a_name_is_not_a_place() {
    for (code, place) in [
        ("eu-west-2", "GB"),
        ("eu-central-2", "CH"),
        ("eu-isoe-west-1", "GB"),
        ("europe-west2", "GB"),
        ("europe-west6", "CH"),
        ("norwayeast", "NO"),
        ("asia-south1", "IN"),
        ("asia-south2", "IN"),
        ("southeastasia3", "MY"),
        ("ap-southeast-6", "NZ"),
        ("ca-central-1", "CA-QC"),
    ] {
        assert_eq!(CATALOGUE.region.get(code).unwrap().place.to_string(), place, "{code}");
    }
}

#[test]
fn an_operators_file_adds_and_replaces_by_id() {
    let own = r#"
schema = 1
checked = "2026-12-01"
region = [
  { id = "fra-1", cloud = "acme", place = "DE", operator = "acme-dc", status = "general", source = "lease", confidence = "high" },
  { id = "denmarkeast", cloud = "azure", place = "DK", operator = "microsoft", status = "general", source = "portal", confidence = "high" },
]
[[operator]]
id = "acme-dc"
name = "Acme Datacentres GmbH"
country = "DE"
control = ["DE"]
source = "company register"
confidence = "high"
"#;
    let both = Catalogue::with(&[("own.toml", own)]).unwrap();
    assert_eq!(both.region.iter().count(), CATALOGUE.region.iter().count() + 1);
    let denmark = both.region.sourced().iter().find(|sourced| sourced.entry.id == "denmarkeast").unwrap();
    assert_eq!((denmark.origin.as_str(), denmark.entry.source.as_str()), ("own.toml", "portal"));
    assert_eq!(denmark.entry.checked, Some("2026-12-01".parse().unwrap()));
    assert_eq!(both.region.sourced().first().unwrap().origin, "built in");
    assert_ne!(both.version, CATALOGUE.version);
    assert_eq!(both.checked.to_string(), "2026-12-01");
}

#[test]
fn mistakes_say_where_and_how_to_mend_them() {
    let head = "schema = 1\nchecked = \"2026-12-01\"\n";
    let rule = |clause: &str| {
        format!(
            "{head}[[rule]]\nid = \"own.rule\"\njurisdiction = \"DE\"\nname = \"n\"\nstatus = \"in_force\"\ndefault = \"deny\"\nrequires = \"r\"\nsource = \"s\"\nconfidence = \"high\"\n[[rule.clause]]\neffect = \"deny\"\n{clause}\n"
        )
    };
    for (text, line, said, mend) in [
        (format!("{head}[[regoin]]\nid = \"x\"\n"), 3, "unknown field `regoin`", ""),
        ("schema = 2\nchecked = \"2026-12-01\"\n".to_owned(), 1, "schema 2", "schema = 1"),
        ("schema = 1\nchecked = \"yesterday\"\n".to_owned(), 2, "yesterday", ""),
        (rule("when = [{ jurisdiction = [\"UK\"] }]"), 14, "`UK`", "GB"),
        (rule("when = [{ data = [\"helth\"] }]"), 14, "no class of data `helth`", "health"),
        (rule("when = [{ sector = [\"finanse\"] }]"), 14, "no sector `finanse`", "finance"),
        (rule("when = [{}]\nlawful = [{ basis = [\"DFP\"] }]"), 15, "no kind of basis `DFP`", "DPF"),
        (
            format!(
                "{head}[[group]]\nid = \"G\"\nname = \"n\"\nmembers = [\"G\"]\nsource = \"s\"\nconfidence = \"low\"\n"
            ),
            4,
            "in itself",
            "",
        ),
        (
            format!(
                "{head}region = [{{ id = \"r\", cloud = \"c\", place = \"DE\", operator = \"nobody\", status = \"general\", source = \"s\", confidence = \"low\" }}]\n"
            ),
            3,
            "no operator `nobody`",
            "aws",
        ),
    ] {
        let error = Catalogue::with(&[("own.toml", &text)]).unwrap_err();
        assert!(error.message.contains(said), "{said}: {error:?}");
        assert!(error.mend.contains(mend), "{mend}: {error:?}");
        assert_eq!((error.file.as_str(), error.line), ("own.toml", Some(line)), "{error}");
    }
}
