//! How each backend is reached, with all that is the same for every call made ready once.

use crate::Local;
use config::{Backend, BackendKind};
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use http::uri::Uri;
use std::collections::HashMap;
use std::sync::Arc;
use units::BackendName;

/// A backend that can be asked.
#[derive(Debug)]
pub(crate) struct Reach {
    pub way: Way,
    /// `x-offtake-backend` and `x-offtake-region`.
    pub labels: Labels,
}

/// By which way.
#[derive(Debug)]
pub(crate) enum Way {
    Vendor(Box<Vendor>),
    Local(Arc<Local>),
}

/// The backend's name and region as header values.
#[derive(Debug, Clone)]
pub(crate) struct Labels {
    pub backend: HeaderValue,
    pub region: HeaderValue,
}

/// A vendor: its addresses and our proof to it.
#[derive(Debug)]
pub(crate) struct Vendor {
    pub client: upstream::Client,
    /// Where calls go.
    pub calls: Uri,
    /// Where token counts are asked for, if its protocol has them.
    pub counts: Option<Uri>,
    /// Header and value that prove who we are.
    pub key: Option<(HeaderName, HeaderValue)>,
    /// The place that each request has to ask for, where what is claimed of this backend rests on it.
    pub geo: Option<String>,
}

impl Reach {
    /// The ways to all backends. One whose model is not loaded has none: its models are listed as unavailable,
    /// and a call of them is refused.
    pub fn all(
        backends: &[Arc<Backend>],
        local: &HashMap<BackendName, Arc<Local>>,
    ) -> Result<HashMap<BackendName, Self>, upstream::Failure> {
        let mut ways = HashMap::new();
        for backend in backends {
            let way = match (&backend.kind, local.get(&backend.name)) {
                (BackendKind::Anthropic { .. } | BackendKind::OpenAi { .. }, _) => {
                    Way::Vendor(Box::new(Vendor::new(backend)?))
                }
                (BackendKind::Embedded { .. } | BackendKind::Echo, Some(local)) => {
                    Way::Local(Arc::clone(local))
                }
                (BackendKind::Echo, None) => Way::Local(Arc::new(Local::Echo)),
                (BackendKind::Embedded { .. }, None) => continue,
            };
            let value =
                |text: &str| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("unprintable"));
            let labels =
                Labels { backend: value(backend.name.as_str()), region: value(backend.region.as_str()) };
            ways.insert(backend.name.clone(), Self { way, labels });
        }
        Ok(ways)
    }
}

impl Vendor {
    fn new(backend: &Backend) -> Result<Self, upstream::Failure> {
        let (calls, counts, key) = match &backend.kind {
            BackendKind::Anthropic { base_url, key } => {
                let name = HeaderName::from_static("x-api-key");
                let key = key.as_ref().map(|key| (name, key.expose().to_owned()));
                (format!("{base_url}/v1/messages"), Some(format!("{base_url}/v1/messages/count_tokens")), key)
            }
            BackendKind::OpenAi { base_url, key } => {
                let key = key.as_ref().map(|key| (AUTHORIZATION, format!("Bearer {}", key.expose())));
                (format!("{base_url}/chat/completions"), None, key)
            }
            BackendKind::Embedded { .. } | BackendKind::Echo => (String::new(), None, None),
        };
        let failed = |what: &str| upstream::Failure::Address(format!("backend `{}`: {what}", backend.name));
        let uri = |text: String| text.parse().map_err(|_| failed("not an address"));
        let key = match key {
            None => None,
            Some((name, text)) => {
                let mut value =
                    HeaderValue::from_str(&text).map_err(|_| failed("its key cannot be sent in a header"))?;
                value.set_sensitive(true);
                Some((name, value))
            }
        };
        Ok(Self {
            client: upstream::Client::new(&calls, backend.connect, backend.first_byte)?,
            calls: uri(calls)?,
            counts: counts.map(uri).transpose()?,
            key,
            geo: geo(backend),
        })
    }
}

/// The geography that the profile claims and a request must name: `us` for `anthropic:inference_geo=us`. The vendor's
/// default needs no naming.
fn geo(backend: &Backend) -> Option<String> {
    let (_, geo) = backend.declared.profile.as_deref()?.split_once("inference_geo=")?;
    (geo != "global").then(|| geo.to_owned())
}
