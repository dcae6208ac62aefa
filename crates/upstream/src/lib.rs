//! Send: one HTTP exchange with a backend, over connections that are kept.
//!
//! Addresses come from configuration only, redirects are never followed, and nothing is sent twice: a failure
//! says whether the request had left, and the caller decides. Absent on purpose: what the bytes mean.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::time::Duration;

/// Why there is no answer from a backend.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// No connection: the request never left, so another backend may be tried.
    #[error("no connection to the backend: {0}")]
    Unreachable(String),
    /// The request may have arrived, but no answer began in time.
    #[error("the backend sent nothing for {} ms", .0.as_millis())]
    Silent(Duration),
    /// The connection broke before an answer began.
    #[error("the backend broke the connection: {0}")]
    Broken(String),
    /// The configured address cannot be used.
    #[error("the backend's address cannot be used: {0}")]
    Address(String),
}

impl Failure {
    /// Whether the request certainly did not reach the backend, so that sending it elsewhere bills nobody twice.
    pub const fn never_left(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Address(_))
    }
}

/// Connections to one backend.
#[derive(Debug, Clone)]
pub struct Client {
    pool: Connections,
    first_byte: Duration,
}

/// A backend on a plain address (this machine, a private network) needs no TLS, and a call to it pays for none.
#[derive(Debug, Clone)]
enum Connections {
    Plain(Pool<HttpConnector, Full<Bytes>>),
    Secure(Pool<HttpsConnector<HttpConnector>, Full<Bytes>>),
}

impl Client {
    /// A client for a backend at `base_url` that gives up connecting after `connect` and waiting for an answer to
    /// begin after `first_byte`.
    ///
    /// # Errors
    /// When the machine's certificate roots cannot be used.
    pub fn new(base_url: &str, connect: Duration, first_byte: Duration) -> Result<Self, Failure> {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(connect));
        let mut pool = Pool::builder(TokioExecutor::new());
        pool.pool_timer(hyper_util::rt::TokioTimer::new()).pool_idle_timeout(Duration::from_secs(30));
        let pool = if base_url.starts_with("http://") {
            Connections::Plain(pool.build(http))
        } else {
            let https = hyper_rustls::HttpsConnectorBuilder::new()
                .with_tls_config(tls()?)
                .https_only()
                .enable_all_versions()
                .wrap_connector(http);
            Connections::Secure(pool.build(https))
        };
        Ok(Self { pool, first_byte })
    }

    /// Sends the request and waits for the head of the answer; its body arrives as it is read.
    ///
    /// # Errors
    /// Whatever kept an answer from beginning; HTTP statuses of any kind are answers.
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Failure> {
        let answer = match &self.pool {
            Connections::Plain(pool) => pool.request(request),
            Connections::Secure(pool) => pool.request(request),
        };
        match tokio::time::timeout(self.first_byte, answer).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) if error.is_connect() => Err(Failure::Unreachable(chain(&error))),
            Ok(Err(error)) => Err(Failure::Broken(chain(&error))),
            Err(_elapsed) => Err(Failure::Silent(self.first_byte)),
        }
    }
}

fn tls() -> Result<rustls::ClientConfig, Failure> {
    let mut roots = rustls::RootCertStore::empty();
    // A root that cannot be read is left out; with none, only plain http backends can be reached.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::Address(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// The error and what caused it, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
