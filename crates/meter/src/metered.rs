//! The result of metering one answer.

use provider::{AnthropicUsage, ChatUsage, ErrorKind, Malformed, UsageShape, Wire, token_counts};
use serde::Deserialize;
use serde_json::value::RawValue;
use units::TokenCounts;

/// Where the counts are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The vendor reported them.
    Reported,
    /// The vendor had not counted the output that arrived; that part is estimated.
    Estimated,
}

/// What one answer used, and what else its bytes say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metered {
    /// All tokens to charge, disjoint; the sum of `parts` where there are any.
    pub tokens: TokenCounts,
    /// Reported by the vendor, or partly estimated.
    pub source: Source,
    /// Whether the answer's end was seen.
    pub complete: bool,
    /// The model that the vendor says answered.
    pub model: Option<String>,
    /// The vendor's id for the answer.
    pub vendor_request_id: Option<String>,
    /// The error the stream ended with, or why its usage could not be read.
    pub error: Option<Failure>,
    /// Usage by model, where several took part in one answer (pitfall 21); otherwise empty.
    pub parts: Vec<Part>,
    /// Where the vendor says it ran: residency evidence.
    pub inference_geo: Option<String>,
    /// The service tier the vendor says it used.
    pub service_tier: Option<String>,
}

/// An error inside an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its kind.
    pub kind: ErrorKind,
    /// What the vendor said.
    pub message: String,
}

/// One model's share of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The model, as the vendor names it.
    pub model: String,
    /// What it used.
    pub tokens: TokenCounts,
}

impl Metered {
    /// An answer of which nothing is known yet.
    pub(crate) fn nothing() -> Self {
        Self {
            tokens: TokenCounts::default(),
            source: Source::Reported,
            complete: false,
            model: None,
            vendor_request_id: None,
            error: None,
            parts: Vec::new(),
            inference_geo: None,
            service_tier: None,
        }
    }

    /// Takes Anthropic's usage: the answer's own counts, or several models' when they take part.
    pub(crate) fn take_anthropic(&mut self, usage: &AnthropicUsage) -> Result<(), Malformed> {
        self.tokens = usage.counts()?;
        self.inference_geo.clone_from(&usage.inference_geo);
        self.service_tier.clone_from(&usage.service_tier);
        let parts = usage.parts(self.model.as_deref().unwrap_or_default())?;
        let sum = parts.iter().try_fold(TokenCounts::default(), |sum, (_, counts)| sum.checked_add(counts));
        let sum = sum.ok_or_else(|| Malformed::Shape("usage: the iterations' sum is absurd".to_owned()))?;
        // One model's iterations that only add up to the answer's own counts say nothing new.
        let says_more = parts.len() > 1 || sum.total() > self.tokens.total();
        if says_more && covers(&sum, &self.tokens) {
            let reasoning = self.tokens.reasoning;
            self.tokens = TokenCounts { reasoning, ..sum };
            self.parts = parts.into_iter().map(|(model, tokens)| Part { model, tokens }).collect();
        }
        Ok(())
    }
}

/// Whether no count of `sum` is below that of `own`.
fn covers(sum: &TokenCounts, own: &TokenCounts) -> bool {
    sum.input_total() >= own.input_total() && sum.output >= own.output
}

/// The usage of a whole answer: only the few fields needed are read.
pub fn usage_of_answer(wire: Wire, body: &[u8]) -> Result<Metered, Malformed> {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        id: Option<String>,
        model: Option<String>,
        #[serde(borrow)]
        usage: Option<&'a RawValue>,
        service_tier: Option<String>,
    }
    let wrong = |error: serde_json::Error| Malformed::Shape(error.to_string());
    let envelope: Envelope<'_> = serde_json::from_slice(body).map_err(wrong)?;
    let usage = envelope.usage.ok_or_else(|| Malformed::Shape("`usage` is missing".to_owned()))?.get();
    let mut metered = Metered {
        complete: true,
        model: envelope.model,
        vendor_request_id: envelope.id,
        service_tier: envelope.service_tier,
        ..Metered::nothing()
    };
    match wire {
        Wire::AnthropicMessages | Wire::BedrockInvoke => {
            let usage: AnthropicUsage = serde_json::from_str(usage).map_err(wrong)?;
            metered.take_anthropic(&usage)?;
        }
        Wire::OpenAiChat => {
            let usage: ChatUsage = serde_json::from_str(usage).map_err(wrong)?;
            metered.tokens = usage.counts()?;
        }
        Wire::BedrockConverse => metered.tokens = token_counts(UsageShape::BedrockConverse, usage)?,
    }
    Ok(metered)
}
