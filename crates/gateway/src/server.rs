//! Listening: connections in, each request to its route, and an end that finishes what is under way.

use crate::deliver::{Deliver, Presence};
use crate::refusal::{self, Refusal};
use crate::routes::{Route, route};
use crate::tokens::{self, Refused};
use crate::{Body, Gateway, Shared, endpoints, headers, pipeline, tls};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use identity::Certificate;
use provider::Wire;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use units::RequestId;

/// How long a client may take to send a request's head.
const HEAD_TIME: Duration = Duration::from_secs(30);
/// How long to leave it after a connection could not be taken.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);
/// How long streams under way are given to finish when the plane stops.
const FINISH_TIME: Duration = Duration::from_secs(60);

/// Why the plane cannot listen.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}; is another process using the port?")]
pub struct ServerError {
    address: SocketAddr,
    #[source]
    source: std::io::Error,
}

/// A gateway that listens.
pub struct Server {
    gateway: Arc<Gateway>,
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Listens on the address of the gateway's configuration.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub async fn bind(gateway: Arc<Gateway>) -> Result<Self, ServerError> {
        let wanted = gateway.live().snapshot.listen;
        let failed = |source| ServerError { address: wanted, source };
        let listener = TcpListener::bind(wanted).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { gateway, listener, address })
    }

    /// Where it listens; the port is real even when 0 was asked for.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` resolves, then finishes what is under way (a minute at most) and returns with every
    /// call on record.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let shared = Arc::clone(&self.gateway.shared);
        let (finished, last) = tokio::sync::oneshot::channel::<()>();
        let stage = self.gateway.take_stage().map(|stage| {
            let shared = Arc::clone(&shared);
            tokio::spawn(stage.run(shared, async move { drop(last.await) }))
        });
        self.accept(&shared, stop).await;
        let _ = finished.send(());
        if let Some(stage) = stage {
            let _ = tokio::time::timeout(FINISH_TIME, stage).await;
        }
    }

    async fn accept(self, shared: &Arc<Shared>, stop: impl Future<Output = ()>) {
        let connections = Arc::new(Semaphore::new(shared.live.load().snapshot.limits.connections_max));
        let graceful = GracefulShutdown::new();
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIME);
        builder.http2().timer(TokioTimer::new()).keep_alive_interval(HEAD_TIME);
        tokio::pin!(stop);
        loop {
            let accepted = async {
                // Held back in the system's queue while all places are taken.
                let place = Arc::clone(&connections).acquire_owned().await;
                (self.listener.accept().await, place)
            };
            let accepted = tokio::select! {
                accepted = accepted => accepted,
                () = &mut stop => break,
            };
            match accepted {
                (Ok(connection), Ok(place)) => {
                    serve_connection(shared, &builder, &graceful, connection, place);
                }
                // Out of file descriptors, or a client that was gone at once: the next may be well again.
                (accepted, _) => {
                    if let Err(error) = accepted {
                        tracing::warn!(%error, "a connection could not be taken");
                    }
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        shared.stopping.send_replace(true);
        drop(self.listener);
        if tokio::time::timeout(FINISH_TIME, graceful.shutdown()).await.is_err() {
            tracing::warn!("some streams did not finish in time and are cut off");
        }
    }
}

fn serve_connection(
    shared: &Arc<Shared>,
    builder: &Builder<TokioExecutor>,
    graceful: &GracefulShutdown,
    (stream, peer): (TcpStream, SocketAddr),
    place: tokio::sync::OwnedSemaphorePermit,
) {
    let _ = stream.set_nodelay(true);
    let shared = Arc::clone(shared);
    let serving = Arc::clone(&shared);
    let service = move |certificate: Option<Arc<Certificate>>| {
        service_fn(move |mut request: Request<Incoming>| {
            let shared = Arc::clone(&serving);
            if let Some(certificate) = &certificate {
                request.extensions_mut().insert(Arc::clone(certificate));
            }
            async move { Ok::<_, Infallible>(respond(shared, peer, request).await) }
        })
    };
    let tls = shared.live.load().snapshot.tls.clone();
    let (builder, watcher) = (builder.clone(), graceful.watcher());
    tokio::spawn(async move {
        // A client that says nothing holds a place for the time of a head, and no longer.
        let mut stopping = shared.stopping.subscribe();
        let spoke = tokio::select! {
            spoke = tokio::time::timeout(HEAD_TIME, stream.readable()) => spoke.is_ok(),
            _ = stopping.wait_for(|stopping| *stopping) => false,
        };
        let ended = match tls {
            _ if !spoke => Ok(()),
            None => {
                let connection = builder.serve_connection(TokioIo::new(stream), service(None));
                watcher.watch(connection.into_owned()).await
            }
            Some(config) => match tls::accept(config, stream).await {
                Ok((stream, certificate)) => {
                    let connection = builder.serve_connection(TokioIo::new(stream), service(certificate));
                    watcher.watch(connection.into_owned()).await
                }
                Err(error) => {
                    shared.telemetry.refused(tls::CODE);
                    tracing::info!(%peer, %error, "no TLS with a client");
                    Ok(())
                }
            },
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended");
        }
        drop(place);
    });
}

/// The answer to one request, whatever it asks for.
async fn respond(shared: Arc<Shared>, peer: SocketAddr, http: Request<Incoming>) -> Response<Body> {
    let request = shared.request_id(shared.clock.now());
    let route = route(&http);
    if let Some(refusal) = head_too_large(&shared, &http) {
        let wire = match &route {
            Route::Model(route) | Route::Count(route) => route.wire,
            Route::Unknown(wire) => *wire,
            _ => Wire::AnthropicMessages,
        };
        return refuse(&shared, request, wire, &refusal);
    }
    match route {
        Route::Model(route) => {
            let wire = route.wire;
            let presence = Arc::new(Presence::default());
            let (serving, waiting) = (Arc::clone(&shared), Arc::clone(&presence));
            let exchange = Box::pin(async move {
                match pipeline::serve(&serving, presence, request, http, route).await {
                    Ok(response) => response,
                    Err(refusal) => refuse(&serving, request, wire, &refusal),
                }
            });
            Deliver::new(exchange, waiting, shared).await
        }
        Route::Count(route) => {
            let wire = route.wire;
            let counted = endpoints::count(&shared, request, http, route).await;
            counted.unwrap_or_else(|refusal| refuse(&shared, request, wire, &refusal))
        }
        Route::Models => list(&shared, request, http, None).await,
        Route::OneModel(id) => list(&shared, request, http, Some(id)).await,
        Route::Token => {
            let random = shared.random();
            match tokens::token(&shared, request, http, random).await {
                Ok(response) => response,
                Err(Refused { refusal, oauth: Some(word) }) => {
                    count(&shared, request, &refusal);
                    refusal::oauth::refused(word, &refusal, request)
                }
                Err(Refused { refusal, oauth: None }) => {
                    refuse(&shared, request, Wire::AnthropicMessages, &refusal)
                }
            }
        }
        Route::Sts => {
            let random = shared.random();
            tokens::sts(&shared, request, http, random).await.unwrap_or_else(|refusal| {
                count(&shared, request, &refusal);
                refusal::sts::refused(&refusal, request)
            })
        }
        Route::Health => endpoints::health(),
        Route::Ready => endpoints::ready(&shared),
        Route::Metrics => endpoints::metrics(&shared),
        // The path is not repeated: people have put keys there (pitfall 85).
        Route::Unknown(wire) => refuse(&shared, request, wire, &Refusal::NoSuchPath(http.method().clone())),
        Route::Page => shared.pages.page(peer, http).await,
    }
}

async fn list(
    shared: &Arc<Shared>,
    request: RequestId,
    http: Request<Incoming>,
    only: Option<String>,
) -> Response<Body> {
    let listed = endpoints::models(shared, request, http, only).await;
    listed.unwrap_or_else(|(wire, refusal)| refuse(shared, request, wire, &refusal))
}

fn head_too_large(shared: &Shared, http: &Request<Incoming>) -> Option<Refusal> {
    let most = shared.live.load().snapshot.limits.header_bytes_max;
    let fields = http.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    let bytes = http.uri().path_and_query().map_or(0, |path| path.as_str().len()) + fields.sum::<usize>();
    (bytes > most).then_some(Refusal::HeadTooLarge(most))
}

/// Counts a refusal, and says its true reason in the log.
fn count(shared: &Shared, request: RequestId, refusal: &Refusal) {
    let code = refusal.code();
    shared.telemetry.refused(code);
    tracing::info!(%request, code, reason = refusal.for_log(), "refused");
}

/// The refusal as the client is told, counted, and said in the log with its true reason.
fn refuse(shared: &Shared, request: RequestId, wire: Wire, refusal: &Refusal) -> Response<Body> {
    count(shared, request, refusal);
    let mut response = refusal.response(wire, request);
    headers::identify(response.headers_mut(), wire, request);
    response
}
