//! Cedar's own hand-written cases, as decided by the engine that this room asks: validation, decision, reasons, errors.
#![cfg(test)]

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityId, EntityTypeName, EntityUid, PolicySet, Request, Schema,
    ValidationMode, Validator,
};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn vectors() -> Option<PathBuf> {
    let folder = std::env::var_os("OFFTAKE_VECTORS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures"),
        PathBuf::from,
    );
    let cases = folder.join("cedar-policy+cedar-integration-tests");
    if !cases.is_dir() {
        println!("skipped: no vectors");
        return None;
    }
    Some(cases)
}

fn uid(entity: &Value) -> EntityUid {
    let kind: EntityTypeName = entity["type"].as_str().unwrap().parse().unwrap();
    EntityUid::from_type_name_and_id(kind, EntityId::new(entity["id"].as_str().unwrap()))
}

fn words(list: &Value) -> BTreeSet<String> {
    list.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
}

/// One file of cases; how many decisions it holds.
fn check(root: &Path, file: &Path) -> usize {
    let read = |name: &Value| std::fs::read_to_string(root.join(name.as_str().unwrap())).unwrap();
    let case: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let policies: PolicySet = read(&case["policies"]).parse().unwrap();
    let (schema, _) = Schema::from_cedarschema_str(&read(&case["schema"])).unwrap();
    let valid = Validator::new(schema.clone()).validate(&policies, ValidationMode::default());
    assert_eq!(valid.validation_passed(), case["shouldValidate"].as_bool().unwrap(), "{}", file.display());
    let entities = Entities::from_json_str(&read(&case["entities"]), Some(&schema)).unwrap();
    let requests = case["requests"].as_array().unwrap();
    for asked in requests {
        let about = format!("{}: {}", file.display(), asked["description"]);
        let action = uid(&asked["action"]);
        let context = Context::from_json_value(asked["context"].clone(), Some((&schema, &action))).unwrap();
        let is_checked = asked["validateRequest"].as_bool().unwrap_or(true);
        let schema = is_checked.then_some(&schema);
        let request =
            Request::new(uid(&asked["principal"]), action, uid(&asked["resource"]), context, schema);
        let answer = Authorizer::new().is_authorized(&request.unwrap(), &policies, &entities);
        let allowed = answer.decision() == Decision::Allow;
        assert_eq!(allowed, asked["decision"] == "allow", "{about}");
        let reasons: BTreeSet<String> = answer.diagnostics().reason().map(ToString::to_string).collect();
        assert_eq!(reasons, words(&asked["reason"]), "{about}");
        assert_eq!(answer.diagnostics().errors().count(), words(&asked["errors"]).len(), "{about}");
    }
    requests.len()
}

#[test]
fn cedars_hand_written_cases() {
    let Some(root) = vectors() else { return };
    let (mut files, mut decisions) = (0, 0);
    let mut folders = vec![root.join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "json") {
                decisions += check(&root, &path);
                files += 1;
            }
        }
    }
    println!("{files} files, {decisions} decisions");
    assert_eq!(files, 22);
    assert_eq!(decisions, 74);
}
