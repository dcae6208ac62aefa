//! What of a configuration evidence may show.

use serde_json::{Map, Value, json};

/// The sections that decide what may be called and where it runs; who callers are is not among them.
const SECTIONS: [&str; 7] = ["policy", "residency", "backend", "model", "price", "contract", "retention"];
/// References to secrets, which say nothing of where a call runs.
const SECRETS: [&str; 2] = ["key", "secret"];

/// The policies with their texts, and the sections as they are written.
pub(super) fn disclosed(text: &str, policies: &[(String, String)], tls: bool) -> Value {
    let policies = policies.iter().map(|(file, text)| json!({ "file": file, "text": text }));
    let mut sections: Map<String, Value> = toml::from_str(text).unwrap_or_default();
    sections.retain(|name, _| SECTIONS.contains(&name.as_str()));
    sections.values_mut().for_each(without_secrets);
    json!({ "tls": tls, "policies": policies.collect::<Vec<_>>(), "sections": sections })
}

fn without_secrets(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(without_secrets),
        Value::Object(map) => {
            map.retain(|name, _| !SECRETS.contains(&name.as_str()));
            map.values_mut().for_each(without_secrets);
        }
        _ => {}
    }
}
