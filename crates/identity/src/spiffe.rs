//! SPIFFE: workloads that TLS proved by a client certificate, and the rules that say who they are.
//!
//! The certificate itself was checked when its connection was made, against the bundle that the operator named; here is
//! only what it says. Source: the SPIFFE ID and X.509-SVID standards.

use crate::claims;
use crate::failure::{Failure, clean};
use crate::issuer::Naming;
use crate::principal::{CallerKind, Method, Principal};
use crate::rule::{self, Pattern, Rule};
use crate::scope::Scope;
use serde_json::{Value, json};

/// The longest SPIFFE id, in bytes.
const ID_BYTES_MAX: usize = 2048;

/// What a verified client certificate says of its holder: the URIs among its subject alternative names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Certificate {
    /// The URIs, as they stand there.
    pub uris: Vec<String>,
}

/// Who the workloads of a trust domain are. Several rules may name one domain; the first that fits speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpiffeRule {
    /// The rule's name.
    pub name: String,
    /// The trust domain, exactly.
    pub trust_domain: String,
    /// What must fit one of its patterns: `path`, `name`, `id`, or a segment of the path such as `/segments/1`.
    pub allowed: Vec<(String, Vec<Pattern>)>,
    /// The organisation of its callers.
    pub organisation: Rule,
    /// Their team.
    pub team: Rule,
    /// Their name.
    pub subject: Rule,
    /// Whether they are people or programs.
    pub kind: CallerKind,
    /// What its callers may do at most; none for everything.
    pub scope: Option<Scope>,
}

/// Whom a certificate speaks for.
///
/// # Errors
/// When it names no workload, or none that a rule knows.
pub fn principal(rules: &[SpiffeRule], certificate: &Certificate) -> Result<Principal, Failure> {
    let id = match certificate.uris.as_slice() {
        [id] => id,
        [] => return Err(Failure::Malformed("the client certificate has no SPIFFE id")),
        _ => return Err(Failure::Malformed("the client certificate has more than one URI")),
    };
    let said = said(id).ok_or(Failure::Malformed("the client certificate's URI is no SPIFFE id"))?;
    let fits = |known: &&SpiffeRule| {
        claims::text(&said, "trust_domain") == Some(&known.trust_domain)
            && rule::unmet(&[], &known.allowed, &said).is_none()
    };
    let unknown = || Failure::Unknown { what: "SPIFFE id", name: clean(id) };
    let found = rules.iter().find(fits).ok_or_else(unknown)?;
    let SpiffeRule { name, organisation, team, subject, .. } = found;
    let owner = Naming { name, organisation, team, subject }.owner(&said)?;
    Ok(Principal::new(owner, Method::Mtls, clean(id)).of_kind(found.kind).within(found.scope.clone()))
}

/// The parts of a SPIFFE id (SPIFFE ID, section 2), if it is one that a workload can have.
fn said(id: &str) -> Option<Value> {
    let rest = id.strip_prefix("spiffe://").filter(|_| id.len() <= ID_BYTES_MAX)?;
    let (domain, name) = rest.split_once('/')?;
    if !is_trust_domain(domain) {
        return None;
    }
    let segments: Vec<&str> = name.split('/').collect();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let good = |segment: &&str| !matches!(*segment, "" | "." | "..") && segment.bytes().all(plain);
    segments.iter().all(good).then(|| {
        json!({ "id": id, "trust_domain": domain, "path": format!("/{name}"), "name": name, "segments": segments })
    })
}

/// Whether this can name a trust domain.
pub fn is_trust_domain(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte);
    !text.is_empty() && text.len() <= 255 && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(name: &str, allowed: &[(&str, &str)], team: &str) -> SpiffeRule {
        let pattern = |(claim, text): &(&str, &str)| ((*claim).to_owned(), vec![Pattern::new(*text)]);
        SpiffeRule {
            name: name.into(),
            trust_domain: "acme.example".into(),
            allowed: allowed.iter().map(pattern).collect(),
            organisation: Rule::Fixed("acme".into()),
            team: Rule::parse(team).unwrap(),
            subject: Rule::Claim("name".into()),
            kind: CallerKind::Workload,
            scope: None,
        }
    }

    fn who(rules: &[SpiffeRule], uris: &[&str]) -> String {
        let certificate = Certificate { uris: uris.iter().map(|uri| (*uri).to_owned()).collect() };
        match principal(rules, &certificate) {
            Ok(principal) => format!("{principal} by {} {}", principal.method, principal.proof),
            Err(failure) => failure.to_string(),
        }
    }

    #[test]
    fn rules_say_who_a_workload_is() {
        let rules = [
            rule("batch", &[("path", "/ns/prod/sa/batch-*")], "batch"),
            rule("pods", &[("/segments/0", "ns"), ("/segments/2", "sa")], "{/segments/1}"),
        ];
        for (id, found) in [
            (
                "spiffe://acme.example/ns/prod/sa/batch-1",
                "acme/batch/ns/prod/sa/batch-1 by mtls spiffe://acme.example/ns/prod/sa/batch-1",
            ),
            (
                "spiffe://acme.example/ns/dev/sa/web",
                "acme/dev/ns/dev/sa/web by mtls spiffe://acme.example/ns/dev/sa/web",
            ),
            ("spiffe://acme.example/web", "SPIFFE id `spiffe://acme.example/web` is not in the directory"),
            (
                "spiffe://other.example/ns/dev/sa/web",
                "SPIFFE id `spiffe://other.example/ns/dev/sa/web` is not in the directory",
            ),
        ] {
            assert_eq!(who(&rules, &[id]), found);
        }
    }

    #[test]
    fn what_is_no_workloads_id_is_nobodys() {
        let rules = [rule("all", &[], "all")];
        for id in [
            "spiffe://acme.example",
            "spiffe://acme.example/",
            "spiffe://acme.example/a/",
            "spiffe://acme.example//a",
            "spiffe://acme.example/a/../b",
            "spiffe://acme.example/./a",
            "spiffe://ACME.example/a",
            "SPIFFE://acme.example/a",
            "spiffe://acme.example/a%2Fb",
            "spiffe://acme.example/a?b",
            "spiffe://acme.example/a#b",
            "spiffe://user@acme.example/a",
            "spiffe://acme.example:443/a",
            "spiffe:///a",
            "https://acme.example/a",
            "spiffe://acme.example/ä",
            &format!("spiffe://acme.example/{}", "a".repeat(2048)),
        ] {
            assert!(who(&rules, &[id]).contains("no SPIFFE id"), "{id}: {}", who(&rules, &[id]));
        }
        assert!(who(&rules, &[]).contains("has no SPIFFE id"));
        let twice = ["spiffe://acme.example/a", "spiffe://acme.example/b"];
        assert!(who(&rules, &twice).contains("more than one"));
    }
}
