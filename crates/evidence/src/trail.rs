//! Where calls ran, as a vendor tells it only afterwards: AWS's audit trail (CloudTrail), whose events of Bedrock name the region
//! of inference in `additionalEventData.inferenceRegion`.

use crate::Error;
use serde::{Deserialize, Serialize};
use std::io::Read;

/// Where one exchange with a vendor ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// The vendor's id of the exchange.
    pub vendor_request: String,
    /// The vendor's code of the region.
    pub region: String,
    /// The country of that region, where it is known; else the region.
    pub place: String,
    /// The event that says so.
    pub event: String,
    /// When it happened.
    pub at: String,
}

/// What a file of the trail says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trail {
    /// Events of Bedrock that say where.
    pub observations: Vec<Observation>,
    /// Those that do not.
    pub silent: u64,
    /// Events of other services.
    pub others: u64,
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "Records")]
    records: Vec<Event>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    event_source: String,
    #[serde(rename = "eventID", default)]
    event_id: String,
    #[serde(default)]
    event_time: String,
    #[serde(rename = "requestID")]
    request_id: Option<String>,
    additional_event_data: Option<Additional>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Additional {
    inference_region: Option<String>,
}

/// Reads a file of the trail; `country` knows the country of a region.
///
/// # Errors
/// When it cannot be read, or is no such file.
pub fn trail(file: impl Read, country: &dyn Fn(&str) -> Option<String>) -> Result<Trail, Error> {
    let read: Result<File, _> = serde_json::from_reader(file);
    let File { records } = read.map_err(|error| Error::Trail(error.to_string()))?;
    let mut trail = Trail::default();
    for event in records {
        if !event.event_source.starts_with("bedrock") {
            trail.others += 1;
            continue;
        }
        let region = event.additional_event_data.and_then(|data| data.inference_region);
        let named = event.request_id.filter(|id| !id.is_empty());
        let (Some(vendor_request), Some(region)) = (named, region) else {
            trail.silent += 1;
            continue;
        };
        let place = country(&region).unwrap_or_else(|| region.clone());
        let (event, at) = (event.event_id, event.event_time);
        trail.observations.push(Observation { vendor_request, region, place, event, at });
    }
    Ok(trail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_bedrock_say_where() {
        let file = r#"{"Records":[
            {"eventVersion":"1.11","eventSource":"bedrock.amazonaws.com","eventName":"InvokeModel","awsRegion":"eu-central-1",
             "eventID":"e1","eventTime":"2026-11-01T00:00:00Z","requestID":"r1","requestParameters":{"modelId":"m"},
             "additionalEventData":{"inferenceRegion":"eu-west-3"}},
            {"eventSource":"bedrock.amazonaws.com","eventID":"e2","requestID":"r2","additionalEventData":null},
            {"eventSource":"s3.amazonaws.com","eventID":"e3","requestID":"r3"}]}"#;
        let country = |region: &str| (region == "eu-west-3").then(|| "FR".to_owned());
        let found = trail(file.as_bytes(), &country).unwrap();
        assert_eq!((found.silent, found.others), (1, 1));
        assert_eq!((&*found.observations[0].vendor_request, &*found.observations[0].place), ("r1", "FR"));
        for wrong in ["", "[]", "{}", "{\"Records\":1}"] {
            assert!(trail(wrong.as_bytes(), &country).is_err(), "{wrong}");
        }
    }
}
