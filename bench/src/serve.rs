//! The accept loop that the double and the bare proxy share: HTTP/1.1 with keep-alive, no timers.

use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Serves until the future is dropped; then its connections are closed too.
pub(crate) async fn serve<Handle, Answer, Reply>(listener: TcpListener, handle: Handle)
where
    Handle: Fn(Request<Incoming>) -> Answer + Clone + Send + 'static,
    Answer: Future<Output = Result<Response<Reply>, Infallible>> + Send + 'static,
    Reply: Body + Send + 'static,
    Reply::Data: Send,
    Reply::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let mut connections = JoinSet::new();
    loop {
        let Ok((socket, _)) = listener.accept().await else {
            // Out of descriptors, most likely: others must end before another can begin.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let _ = socket.set_nodelay(true);
        let handle = handle.clone();
        connections.spawn(async move {
            // A client that hangs up and a fault that was ordered both end here; neither is news.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service_fn(handle)).await;
        });
        while connections.try_join_next().is_some() {}
    }
}
