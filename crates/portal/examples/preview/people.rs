//! Who may call what, and where: pages to look at and to test with.

use super::sample::{HOSTILE, at, visitor};
use portal::{
    AccessView, Allowed, CallerRow, Choices, CredentialRow, CredentialState, IssuerRow, PersonRow, PlaceMark,
    QUESTION_FIELDS, Question, RanRow, Reason, RefusalRow, ResidencyView, RevocationRow, RouteRow, Ruling,
};

fn credential(name: &str, state: CredentialState, handle: Option<&str>) -> CredentialRow {
    CredentialRow {
        name: name.to_owned(),
        proof: "virtual-key".to_owned(),
        caller: format!("acme/ml/{name}"),
        allowed: Allowed::Some(vec!["claude-demo".to_owned(), "llama".to_owned()]),
        last_used: Some(at("2026-11-24")),
        calls: 1_204,
        expires: Some(at("2026-12-31")),
        state,
        handle: handle.map(str::to_owned),
    }
}

/// With `text` wherever somebody else writes something.
pub fn access(text: &str) -> AccessView {
    let own = || text.to_owned();
    AccessView {
        as_of: at("2026-11-24"),
        visitor: visitor(text, text),
        policies: true,
        credentials: vec![
            credential(text, CredentialState::Active, Some("0123456789abcdef")),
            credential("old", CredentialState::Expired, None),
            CredentialRow {
                allowed: Allowed::All(12),
                last_used: None,
                calls: 0,
                expires: None,
                ..credential("leaked", CredentialState::Revoked, None)
            },
        ],
        callers: vec![CallerRow {
            caller: own(),
            proof: "jwt".to_owned(),
            allowed: Allowed::Some(Vec::new()),
            last_used: Some(at("2026-11-23")),
            calls: 1,
        }],
        more_callers: 17,
        issuers: vec![IssuerRow {
            name: own(),
            issuer: own(),
            audience: own(),
            callers: own(),
            required: vec![own()],
        }],
        people: vec![PersonRow { person: own(), roles: vec!["admin".to_owned()], until: at("2026-11-25") }],
        revocations: vec![RevocationRow {
            at: "2026-11-24T10:00:00Z".to_owned(),
            key: own(),
            of: own(),
            by: own(),
            reason: own(),
        }],
    }
}

fn reason(text: &str) -> Reason {
    let [backend, rule, source, reason, mend] = [(); 5].map(|()| text.to_owned());
    Reason { backend, rule, source, reason, mend }
}

fn place(code: &str, ran: u64, perhaps: u64, backends: &[&str]) -> PlaceMark {
    let backends = backends.iter().map(|name| (*name).to_owned()).collect();
    PlaceMark { code: code.to_owned(), ran, perhaps, backends }
}

/// With `text` wherever somebody else writes something.
pub fn residency(text: &str) -> ResidencyView {
    let own = || text.to_owned();
    let route = |reasons| RouteRow { model: own(), backend: own(), claim: own(), operator: own(), reasons };
    ResidencyView {
        as_of: at("2026-11-24"),
        visitor: visitor(text, text),
        organisation: own(),
        asked: false,
        catalogue: own(),
        checked: "2026-11-24".to_owned(),
        warning: Some(own()),
        places: vec![
            place("DE", 1_204, 0, &["paris"]),
            place("FR", 0, 12, &[text]),
            place("US", 40, 2, &[]),
            place("CA-QC", 0, 0, &["montreal"]),
            place(text, 1, 0, &[]),
        ],
        audited: true,
        ran: vec![RanRow {
            organisation: own(),
            backend: own(),
            region: own(),
            claimed: own(),
            observed: own(),
            answered: false,
            calls: 7,
            last: Some(at("2026-11-24")),
        }],
        routes: vec![route(Vec::new()), route(vec![reason(text)])],
        refusals: vec![RefusalRow {
            at: at("2026-11-24"),
            request: own(),
            caller: own(),
            model: own(),
            rules: vec![own(), own()],
            reason: own(),
        }],
        question: Question {
            principal: own(),
            model: own(),
            fields: QUESTION_FIELDS.iter().map(|(name, _, _)| ((*name).to_owned(), own())).collect(),
        },
        answer: Some(Ruling {
            permit: false,
            authorisation: own(),
            decided: true,
            lawful: vec![(own(), own(), own())],
            refused: vec![reason(text)],
            duties: vec![(own(), own())],
            hash: own(),
        }),
        trouble: Some((own(), own())),
        choices: Choices { models: vec![own()], words: vec![("sector".to_owned(), vec![(own(), own())])] },
    }
}

/// As somebody's company would look.
pub fn usual() -> (AccessView, ResidencyView) {
    (access("acme/ml/grace"), residency("acme"))
}

/// With hostile text in it.
pub fn hostile() -> (AccessView, ResidencyView) {
    (access(HOSTILE), residency(HOSTILE))
}
