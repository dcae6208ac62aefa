//! The bare proxy: hyper's server, hyper-util's pooled client, bodies passed on frame by frame.
//!
//! The honest baseline. It knows nobody, counts nothing and changes nothing but the address, so whatever a
//! gateway built on the same libraries costs above this is the gateway's own doing.

use bytes::Bytes;
use http::header::{CONNECTION, HOST};
use http::uri::{Authority, PathAndQuery, Scheme};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::convert::Infallible;
use tokio::net::TcpListener;

type Pool = Client<HttpConnector, Incoming>;
type Reply = Response<Either<Incoming, Full<Bytes>>>;

/// Passes every request on `listener` to `upstream` (cleartext HTTP) until dropped.
pub async fn run(listener: TcpListener, upstream: Authority) {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let pool: Pool = Client::builder(TokioExecutor::new()).build(connector);
    crate::serve::serve(listener, move |request| forward(pool.clone(), upstream.clone(), request)).await;
}

async fn forward(
    pool: Pool,
    upstream: Authority,
    mut request: Request<Incoming>,
) -> Result<Reply, Infallible> {
    let mut target = http::uri::Parts::default();
    target.scheme = Some(Scheme::HTTP);
    target.authority = Some(upstream);
    target.path_and_query =
        Some(request.uri().path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/")));
    *request.uri_mut() = Uri::from_parts(target).unwrap_or_default();
    request.headers_mut().remove(HOST);
    request.headers_mut().remove(CONNECTION);
    match pool.request(request).await {
        Ok(mut response) => {
            response.headers_mut().remove(CONNECTION);
            Ok(response.map(Either::Left))
        }
        Err(error) => {
            let mut response = Response::new(Either::Right(Full::from(format!("upstream: {error}\n"))));
            *response.status_mut() = StatusCode::BAD_GATEWAY;
            Ok(response)
        }
    }
}
