//! Typed events to metrics and logs. The only place that names a metric.
//!
//! Rooms say what happened; what is counted and how it is called is decided here. Nothing that a caller wrote
//! and nothing secret is ever a label or a log field: models and backends are configured names, the rest are
//! closed sets.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tracing_subscriber::EnvFilter;
use units::TokenCounts;

/// How a call ended, as counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ended {
    /// Answered in full.
    Complete,
    /// Cut off on the way.
    Interrupted,
    /// The client was gone.
    Undelivered,
    /// Nothing was answered.
    Failed,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabels {
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TokenLabels {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SourceLabels {
    source: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FetchLabels {
    source: String,
    result: &'static str,
}

/// The plane's meters.
#[derive(Debug)]
pub struct Telemetry {
    registry: Registry,
    /// One counter an outcome and one a kind of token, looked up once: every call counts them.
    calls: [(Ended, Counter); 4],
    tokens: [Counter; 5],
    refusals: Family<RefusalLabels, Counter>,
    open_calls: Gauge,
    first_byte_seconds: Histogram,
    unsettled_records: Gauge,
    unrated_calls: Gauge,
    settling_waits: Gauge,
    configuration_refused: Gauge,
    ran_elsewhere: Counter,
    issuer_keys_age_seconds: Family<SourceLabels, Gauge>,
    issuer_fetches: Family<FetchLabels, Counter>,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self::new()
    }
}

impl Telemetry {
    /// Meters at zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("offtake");
        let calls = Family::<CallLabels, Counter>::default();
        let refusals = Family::<RefusalLabels, Counter>::default();
        let tokens = Family::<TokenLabels, Counter>::default();
        let open_calls = Gauge::default();
        let bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
        let first_byte_seconds = Histogram::new(bounds);
        let (unsettled_records, unrated_calls, settling_waits) =
            (Gauge::default(), Gauge::default(), Gauge::default());
        registry.register("calls", "Model calls ended, by outcome", calls.clone());
        registry.register(
            "refusals",
            "Requests refused before a backend was asked, by code",
            refusals.clone(),
        );
        registry.register("tokens", "Tokens metered, by kind", tokens.clone());
        registry.register("open_calls", "Model calls under way", open_calls.clone());
        registry.register(
            "first_byte_seconds",
            "Time from admission to the first byte of the answer",
            first_byte_seconds.clone(),
        );
        registry.register(
            "unsettled_records",
            "Usage records rated and not yet in the books",
            unsettled_records.clone(),
        );
        registry.register("unrated_calls", "Calls that nobody has set a price for", unrated_calls.clone());
        registry.register(
            "settling_waits",
            "1 while something keeps settling from going on",
            settling_waits.clone(),
        );
        let configuration_refused = Gauge::default();
        registry.register(
            "configuration_refused",
            "1 while the configuration's files have changed and cannot be used",
            configuration_refused.clone(),
        );
        let ran_elsewhere = Counter::default();
        registry.register(
            "ran_elsewhere",
            "Attempts that a vendor says ran elsewhere than was claimed",
            ran_elsewhere.clone(),
        );
        let issuer_keys_age_seconds = Family::<SourceLabels, Gauge>::default();
        registry.register(
            "issuer_keys_age_seconds",
            "Age of an issuer's keys, by the address they are fetched from",
            issuer_keys_age_seconds.clone(),
        );
        let issuer_fetches = Family::<FetchLabels, Counter>::default();
        registry.register(
            "issuer_fetches",
            "Fetches of an issuer's keys, by address and result",
            issuer_fetches.clone(),
        );
        let calls = [
            (Ended::Complete, "complete"),
            (Ended::Interrupted, "interrupted"),
            (Ended::Undelivered, "undelivered"),
            (Ended::Failed, "failed"),
        ]
        .map(|(ended, outcome)| (ended, calls.get_or_create_owned(&CallLabels { outcome })));
        let tokens = ["input", "cache_read", "cache_write_5m", "cache_write_1h", "output"]
            .map(|kind| tokens.get_or_create_owned(&TokenLabels { kind }));
        Self {
            registry,
            calls,
            tokens,
            refusals,
            open_calls,
            first_byte_seconds,
            unsettled_records,
            unrated_calls,
            settling_waits,
            configuration_refused,
            ran_elsewhere,
            issuer_keys_age_seconds,
            issuer_fetches,
        }
    }

    /// A call was admitted.
    pub fn call_opened(&self) {
        self.open_calls.inc();
    }

    /// A call ended; `first_byte_micros` is 0 when no byte of an answer came.
    pub fn call_closed(&self, ended: Ended, tokens: &TokenCounts, first_byte_micros: u64) {
        self.open_calls.dec();
        if let Some((_, calls)) = self.calls.iter().find(|(outcome, _)| *outcome == ended) {
            calls.inc();
        }
        let TokenCounts { input, cache_read, cache_write_5m, cache_write_1h, output, reasoning: _ } = *tokens;
        let counts = [input, cache_read, cache_write_5m, cache_write_1h, output];
        for (counter, count) in self.tokens.iter().zip(counts).filter(|(_, count)| *count > 0) {
            counter.inc_by(count);
        }
        if let Ok(micros) = u32::try_from(first_byte_micros)
            && micros > 0
        {
            self.first_byte_seconds.observe(f64::from(micros) / 1e6);
        }
    }

    /// Whether the configuration's files have changed to what cannot be used.
    pub fn configuration_refused(&self, refused: bool) {
        self.configuration_refused.set(i64::from(refused));
    }

    /// A vendor says that an attempt ran elsewhere than was claimed of it: an incident.
    pub fn ran_elsewhere(&self) {
        self.ran_elsewhere.inc();
    }

    /// How old an issuer's keys are; `source` is an address of the configuration.
    pub fn issuer_keys(&self, source: &str, age_seconds: i64) {
        self.issuer_keys_age_seconds
            .get_or_create(&SourceLabels { source: source.to_owned() })
            .set(age_seconds);
    }

    /// An issuer's keys were asked for; `source` is an address of the configuration.
    pub fn issuer_fetched(&self, source: &str, well: bool) {
        let result = if well { "fetched" } else { "failed" };
        self.issuer_fetches.get_or_create(&FetchLabels { source: source.to_owned(), result }).inc();
    }

    /// A request was refused; `code` is one of a closed set.
    pub fn refused(&self, code: &'static str) {
        self.refusals.get_or_create(&RefusalLabels { code }).inc();
    }

    /// How settling stands.
    pub fn settling(&self, unsettled: u64, unrated: u64, waits: bool) {
        let gauge = |number| i64::try_from(number).unwrap_or(i64::MAX);
        self.unsettled_records.set(gauge(unsettled));
        self.unrated_calls.set(gauge(unrated));
        self.settling_waits.set(i64::from(waits));
    }

    /// All meters in the OpenMetrics text format.
    pub fn metrics(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        text
    }
}

/// Starts logging to standard error; `filter` is a level or directives such as `gateway=debug,info`.
///
/// # Errors
/// When the filter cannot be read. A second start is ignored.
pub fn start_logging(filter: &str, json: bool) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter).map_err(|error| error.to_string())?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second subscriber (in tests) is refused by the library, and the first goes on.
    let _ = if json { builder.json().try_init() } else { builder.with_target(false).try_init() };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_is_said() {
        let telemetry = Telemetry::new();
        telemetry.call_opened();
        telemetry.call_closed(Ended::Complete, &TokenCounts { input: 3, ..TokenCounts::default() }, 5_000);
        telemetry.refused("unknown_model");
        let text = telemetry.metrics();
        assert!(text.contains("offtake_calls_total{outcome=\"complete\"} 1"), "{text}");
        assert!(text.contains("offtake_tokens_total{kind=\"input\"} 3"), "{text}");
        assert!(text.contains("offtake_refusals_total{code=\"unknown_model\"} 1"), "{text}");
        assert!(text.contains("offtake_open_calls 0"), "{text}");
    }
}
