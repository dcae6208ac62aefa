//! What this program is built of, as CycloneDX: the packages of the lock file that it was built with.

use serde_json::{Value, json};

const LOCK: &str = include_str!("../../../../../Cargo.lock");

/// One package.
pub struct Component {
    pub name: &'static str,
    pub version: &'static str,
    /// SHA-256 of its source; none for a package of this program itself.
    pub checksum: Option<&'static str>,
}

/// All packages that the build may use, tools and tests included.
pub fn components() -> impl Iterator<Item = Component> {
    LOCK.split("[[package]]").skip(1).filter_map(|block| {
        let field = |name: &str| {
            let mut fields = block.lines().filter_map(|line| line.split_once(" = "));
            fields.find(|(field, _)| *field == name).map(|(_, value)| value.trim_matches('"'))
        };
        Some(Component { name: field("name")?, version: field("version")?, checksum: field("checksum") })
    })
}

/// The bill of materials (CycloneDX 1.6, ECMA-424).
pub fn bill() -> Value {
    let of = |component: Component| {
        let Component { name, version, checksum } = component;
        let mut entry = json!({ "type": "library", "name": name, "version": version });
        if let Some(checksum) = checksum {
            entry["purl"] = json!(format!("pkg:cargo/{name}@{version}"));
            entry["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
        }
        entry
    };
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": { "type": "application", "name": "offtake", "version": env!("CARGO_PKG_VERSION") } },
        "components": components().map(of).collect::<Vec<_>>(),
    })
}
