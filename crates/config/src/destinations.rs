//! Destination lists that were read from a vendor's interface: kept in the data directory, a part of the configuration.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where they are kept, in the data directory.
pub const DESTINATIONS: &str = "destinations.json";

/// By backend.
pub type Destinations = BTreeMap<String, DestinationList>;

/// One list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DestinationList {
    /// Where it was read.
    pub from: String,
    /// When, in RFC 3339.
    pub read_at: String,
    /// The regions, sorted.
    pub regions: Vec<String>,
    /// The SHA-256 of the regions, each on a line.
    pub sha256: String,
}

/// The region that an address of `GetInferenceProfile` is signed for: the second part of its host, or of its name on this
/// machine.
pub fn region_of(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("://")?;
    let (host, path) = rest.split_once('/')?;
    path.strip_prefix("inference-profiles/").filter(|id| !id.is_empty())?;
    if host.starts_with("127.0.0.1:") || host.starts_with("localhost:") {
        return Some("us-east-1");
    }
    let region = host.strip_prefix("bedrock.").or_else(|| host.strip_prefix("bedrock-fips."))?;
    let region = region.split('.').next().filter(|region| !region.is_empty())?;
    address.starts_with("https://").then_some(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_say_their_region() {
        for (address, region) in [
            ("https://bedrock.eu-central-1.amazonaws.com/inference-profiles/eu.m:0", Some("eu-central-1")),
            ("https://bedrock.cn-north-1.amazonaws.com.cn/inference-profiles/m", Some("cn-north-1")),
            ("http://127.0.0.1:99/inference-profiles/m", Some("us-east-1")),
            ("http://bedrock.eu-central-1.amazonaws.com/inference-profiles/m", None),
            ("https://bedrock.eu-central-1.amazonaws.com/inference-profiles/", None),
            ("https://evil.example/inference-profiles/m", None),
            ("https://bedrock.eu-central-1.amazonaws.com/", None),
        ] {
            assert_eq!(region_of(address), region, "{address}");
        }
    }
}
