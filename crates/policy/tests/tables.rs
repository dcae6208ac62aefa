//! Decisions as tables: policies, then who asks for what and what comes out.
#![cfg(test)]

use identity::{CallerKind, Method, Owner, Principal, Role};
use policy::{Action, Policy, Resource};
use std::collections::BTreeSet;
use std::collections::HashMap;
use units::{BackendName, ModelName, Organisation, Subject, Team};

/// `organisation/team/subject`, where `|` separates when a part has a slash of its own.
fn principal(text: &str, method: Method) -> Principal {
    let mark = if text.contains('|') { '|' } else { '/' };
    let parts: Vec<&str> = text.splitn(3, mark).collect();
    let owner = Owner {
        organisation: Organisation::new(parts[0]).unwrap(),
        team: Team::new(parts[1]).unwrap(),
        subject: Subject::new(parts[2]).unwrap(),
    };
    Principal::new(owner, method, "proof")
}

fn action(text: &str) -> Action {
    match text {
        "call" => Action::InvokeModel,
        "count" => Action::CountTokens,
        "list" => Action::ListModels,
        _ => panic!("{text}"),
    }
}

/// Each line: `principal [method] action model -> decision`; asked twice, the second time from memory.
#[track_caller]
fn check(policies: &str, table: &str) {
    let policy = Policy::parse(&[("rules.cedar", policies)]).unwrap();
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (asked, expected) = line.split_once("->").unwrap();
        let words: Vec<&str> = asked.split_whitespace().collect();
        let (who, method, what, model) = match words.as_slice() {
            [who, what, model] => (who, Method::Jwt, what, model),
            [who, "key", what, model] => (who, Method::VirtualKey, what, model),
            _ => panic!("{line}"),
        };
        let (principal, model) = (principal(who, method), ModelName::new(model).unwrap());
        for _ in 0..2 {
            let answer = match policy.authorize(&principal, action(what), &model) {
                Ok(grant) => {
                    assert_eq!(format!("permit:{}", grant.policies.join(",")), *grant.decision);
                    grant.decision.to_string()
                }
                Err(denial) => denial.decision(),
            };
            assert_eq!(answer, expected.trim(), "{line}");
        }
    }
}

const USE: &str = r#"action in Offtake::Action::"Use""#;

#[test]
fn what_nothing_permits_is_denied() {
    check("", "demo/bench/alice call claude-x -> deny:default");
    check(
        r#"@id("bench-small") permit (
             principal in Offtake::Team::"demo/bench",
             action == Offtake::Action::"InvokeModel",
             resource == Offtake::Model::"small");"#,
        "demo/bench/alice  call  small -> permit:bench-small
         demo/bench/bob    call  small -> permit:bench-small
         demo/bench/alice  count small -> deny:default
         demo/bench/alice  call  large -> deny:default
         demo/other/alice  call  small -> deny:default
         acme/bench/alice  call  small -> deny:default",
    );
}

#[test]
fn organisations_hold_teams_and_actions_stand_in_a_group() {
    check(
        &format!(r#"@id("all") permit (principal in Offtake::Organisation::"demo", {USE}, resource);"#),
        "demo/bench/alice call  m -> permit:all
         demo/any/one     count m -> permit:all
         demo/any/one     list  m -> permit:all
         demo2/any/one    list  m -> deny:default",
    );
}

#[test]
fn one_forbid_outweighs_all_permits() {
    check(
        r#"permit (principal, action, resource);
           @id("no-secrets") forbid (principal, action, resource) when { resource.name like "secret-*" };"#,
        "demo/bench/alice call open     -> permit:rules.cedar#1
         demo/bench/alice call secret-1 -> deny:no-secrets",
    );
}

#[test]
fn names_and_methods_can_be_asked_for() {
    check(
        &format!(
            r#"@id("ci") permit (principal, {USE}, resource) when {{ principal.name like "repo:acme/*" }};
               @id("no-keys") forbid (principal, {USE}, resource == Offtake::Model::"large")
                 when {{ context.method == "virtual-key" }};"#
        ),
        "acme/ci/repo:acme/app     call large -> permit:ci
         acme/ci/repo:acme/app key call large -> deny:no-keys
         acme/ci/repo:acme/app key call small -> permit:ci
         acme/ci/repo:evil/app     call small -> deny:default",
    );
}

/// A team named `b/c` of `a` is not team `c` of `a/b`.
#[test]
fn a_slash_in_a_name_makes_nobody_else() {
    check(
        r#"@id("ml") permit (principal in Offtake::Team::"a/b", action, resource);
           @id("x") permit (principal == Offtake::Workload::"a/t/b/c", action, resource);"#,
        "a|b|c     call m -> permit:ml
         a/b|c|d   call m -> deny:default
         a|b/c|d   call m -> deny:default
         a|t|b/c   call m -> permit:x
         a|t/b|c   call m -> deny:default
         a/t|b|c   call m -> deny:default",
    );
}

#[test]
fn hostile_names_are_only_names() {
    check(
        r#"@id("ml") permit (principal in Offtake::Team::"a/b", action, resource);"#,
        "a|%62|c  call m -> deny:default
         a%2Fb|b|c call m -> deny:default",
    );
    let policy =
        Policy::parse(&[("p", r#"permit (principal in Offtake::Team::"a/b", action, resource);"#)]).unwrap();
    let hostile = principal(r#"a|b"); permit(principal, action, resource); //|c"#, Method::Jwt);
    let model = ModelName::new(r#"m" || true"#).unwrap();
    let denial = policy.authorize(&hostile, Action::InvokeModel, &model).unwrap_err();
    assert!(denial.to_string().starts_with("no policy permits `a/b\");"), "{denial}");
}

#[test]
fn a_policy_that_cannot_be_evaluated_denies() {
    check(
        r#"permit (principal, action, resource);
           @id("overflow") forbid (principal, action, resource)
             when { resource.name == "m" && 9223372036854775807 + 1 == 0 };"#,
        "demo/bench/alice call n -> permit:rules.cedar#1
         demo/bench/alice call m -> deny:overflow",
    );
}

#[test]
fn the_denial_says_what_was_missing() {
    let policy = Policy::parse(&[] as &[(&str, &str)]).unwrap();
    let alice = principal("demo/bench/alice", Method::Jwt);
    let denial = policy.authorize(&alice, Action::InvokeModel, &ModelName::new("claude-x").unwrap());
    assert_eq!(denial.unwrap_err().to_string(), "no policy permits `demo/bench/alice` to call `claude-x`");
}

#[test]
fn open_says_that_nothing_was_evaluated() {
    let alice = principal("demo/bench/alice", Method::Jwt);
    let grant = Policy::open().authorize(&alice, Action::InvokeModel, &ModelName::new("m").unwrap()).unwrap();
    assert_eq!((&*grant.decision, grant.policies.len()), ("not evaluated", 0));
}

/// What is wrong with these files, and on which line.
#[track_caller]
fn refuse(files: &[(&str, &str)], expected: &str) {
    let error = Policy::parse(files).unwrap_err().to_string();
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn errors_name_file_and_line() {
    let good = ("a.cedar", "permit (principal, action, resource);\n");
    refuse(&[good, ("b.cedar", "\npermit (principal, action, resource)\nwhenn { true };")], "b.cedar:3: ");
    refuse(
        &[
            good,
            (
                "c.cedar",
                "// one\n// two\npermit (principal, action, resource)\n  when {\n principal.nam == \"x\" };",
            ),
        ],
        "c.cedar:5: ",
    );
    refuse(&[("d.cedar", "permit (principal is Offtake::Robot, action, resource);")], "d.cedar:1: ");
    refuse(
        &[("e.cedar", "permit (principal == ?principal, action, resource);")],
        "e.cedar: a policy with a slot",
    );
    // All of them, not only the first.
    let two = "permit (principal is Offtake::Robot, action, resource);\npermit (principal, action, resource)\nwhen { principal.age > 3 };";
    let errors = Policy::parse(&[("h.cedar", two), ("i.cedar", "permit (")]).unwrap_err();
    let places: Vec<_> = errors.0.iter().map(|error| (error.place, error.line)).collect();
    assert_eq!(places, [(Some(0), Some(1)), (Some(0), Some(3)), (Some(1), Some(1))], "{errors}");
    let of_it: Vec<_> = errors.0.iter().filter_map(|error| two.get(error.span.clone()?)).collect();
    assert!(of_it[0].contains("Offtake::Robot") && of_it[1].contains("principal.age"), "{of_it:?}");
    let named = "@id(\"x\") permit (principal, action, resource);";
    refuse(&[("f.cedar", named), ("g.cedar", named)], "g.cedar:1: policy id `x` is used twice");
}

#[test]
fn the_readme_s_policies_are_good() {
    let readme = include_str!("../README.md");
    let policies = readme.split("```cedar\n").nth(1).unwrap().split("```").next().unwrap();
    check(
        policies,
        "acme/ml/alice           call small -> permit:ml-small
         acme/ml/repo:acme/app   call small -> permit:ml-small
         acme/ml/repo:evil/app   call small -> deny:ci-only-its-own",
    );
}

#[test]
fn annotations_are_read_with_the_policy_they_stand_on() {
    let text = "@id(\"health\") @residency(\"data-class=health\") permit (principal, action, resource);\npermit (principal, action, resource);";
    let policy = Policy::parse(&[("rules.cedar", text)]).unwrap();
    assert_eq!(policy.annotated("residency"), [("health".to_owned(), "data-class=health".to_owned())]);
    assert_eq!(Policy::open().annotated("residency"), []);
}

fn parsed(policies: &str) -> Policy {
    Policy::parse(&[("rules.cedar", policies)]).unwrap()
}

#[test]
fn people_and_programs_are_told_apart_also_by_memory() {
    let policy = parsed(r#"@id("people") permit (principal is Offtake::User, action, resource);"#);
    let (alice, model) = (principal("acme/ml/alice", Method::Jwt), ModelName::new("m").unwrap());
    for _ in 0..2 {
        let by = |kind| policy.authorize(&alice.clone().of_kind(kind), Action::InvokeModel, &model).is_ok();
        assert!(by(CallerKind::User) && !by(CallerKind::Workload));
    }
}

#[test]
fn a_backend_is_open_unless_a_policy_forbids_it() {
    let alice = principal("acme/ml/alice", Method::Jwt);
    let backend = |name: &str| BackendName::new(name).unwrap();
    let m = ModelName::new("m").unwrap();
    let barred = |policy: &Policy, who: &Principal| {
        let names = ["b", "c"].map(backend);
        let barred = policy.barred(who, Action::InvokeModel, (&m, &names));
        barred.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>()
    };
    let reaches = |policy: &Policy, name: &str| !barred(policy, &alice).iter().any(|barred| barred == name);
    let model = r#"@id("m") permit (principal, action, resource == Offtake::Model::"m");"#;
    assert!(reaches(&parsed(model), "b"));
    let forbid = r#"@id("no") forbid (principal in Offtake::Organisation::"acme", action, resource == Offtake::Backend::"b");"#;
    let policy = parsed(&format!("{model}{forbid}"));
    assert!(!reaches(&policy, "b") && reaches(&policy, "c"));
    let bob = principal("other/ml/bob", Method::Jwt);
    assert!(barred(&policy, &bob).is_empty());
    // A pool is closed as a whole, but to those it is for.
    let reserved = r#"@id("r") forbid (principal, action, resource in Offtake::Pool::"reserved") unless { principal in Offtake::Team::"acme/ml" };"#;
    let pools = HashMap::from([(backend("b"), "reserved".to_owned())]);
    let policy = parsed(&format!("{model}{reserved}")).with_pools(pools);
    assert_eq!((barred(&policy, &bob), barred(&policy, &alice)), (vec!["b".to_owned()], vec![]));
    // What is said of names is said of models.
    let names = parsed(r#"@id("n") forbid (principal, action, resource) when { resource.name like "b*" };"#);
    assert!(reaches(&names, "b"));
    assert!(policy.authorize(&alice, Action::InvokeModel, &ModelName::new("m").unwrap()).is_ok());
    // What cannot be evaluated closes.
    let broken = parsed(
        r#"@id("x") forbid (principal, action, resource is Offtake::Backend) when { 9223372036854775807 + 1 > 0 };"#,
    );
    assert!(!reaches(&broken, "b"));
}

#[test]
fn the_portals_actions_are_policies_where_one_names_them() {
    let policy = parsed(
        r#"@id("spend") permit (principal is Offtake::User, action == Offtake::Action::"ViewSpend", resource)
           when { principal.roles.contains("finops") && principal in resource };
           @id("all") permit (principal, action in Offtake::Action::"Use", resource);"#,
    );
    assert!(policy.speaks_of(Action::ViewSpend));
    assert!(!policy.speaks_of(Action::ViewAudit) && !policy.speaks_of(Action::InvokeModel));
    assert_eq!(policy.ids(), ["all", "spend"]);
    let may = |roles: &[Role], organisation: &str| {
        let person = principal("acme/ml/alice", Method::Session)
            .with_roles(&roles.iter().copied().collect::<BTreeSet<_>>());
        let resource = Resource::Organisation(Organisation::new(organisation).unwrap());
        policy.decide(&person, Action::ViewSpend, resource).is_ok()
    };
    assert!(may(&[Role::FinOps, Role::Viewer], "acme"));
    assert!(!may(&[Role::Viewer], "acme") && !may(&[Role::FinOps], "other"));
}

#[test]
fn every_action_can_be_asked() {
    let policy = parsed("permit (principal, action, resource);");
    let alice = principal("acme/ml/alice", Method::Jwt);
    let model = || Resource::Model(ModelName::new("m").unwrap());
    let contract = || Resource::Contract("c".into());
    let organisation = || Resource::Organisation(Organisation::new("acme").unwrap());
    for action in Action::ALL {
        let resource = match action {
            Action::InvokeModel | Action::CountTokens | Action::RunBatch | Action::ListModels => model(),
            Action::ViewSpend | Action::ViewAudit => organisation(),
            Action::ManageContract | Action::SubmitEvidence | Action::Approve => contract(),
        };
        assert!(policy.decide(&alice, action, resource).is_ok(), "{action:?}");
    }
    // What the schema does not know of is denied, not guessed.
    assert!(policy.decide(&alice, Action::ViewSpend, model()).is_err());
}
