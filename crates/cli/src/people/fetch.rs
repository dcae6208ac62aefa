//! Asking an identity provider: one bounded request, no redirects, to addresses that come from the configuration or
//! from the configured provider's own description.

use bytes::Bytes;
use config::Origin;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use serde_json::Value;
use std::time::Duration;

/// The largest answer that is read.
const BYTES_MAX: usize = 1 << 20;
const CONNECT: Duration = Duration::from_secs(5);
/// For the whole exchange.
const PATIENCE: Duration = Duration::from_secs(10);

/// Gets what is at this address.
///
/// # Errors
/// In words for the log, when it is not there in time, or is no good address.
pub async fn get(address: &str, token: Option<&str>) -> Result<Bytes, String> {
    let mut request = Request::get(address).header(ACCEPT, "application/json, */*");
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, secret_header(&format!("Bearer {token}"))?);
    }
    let (status, body) = send(address, request, Bytes::new()).await?;
    if status == StatusCode::OK { Ok(body) } else { Err(format!("{address} answered {status}")) }
}

/// Gets what is at this address, with these headers.
///
/// # Errors
/// As for [`get`].
pub async fn get_signed(address: &str, headers: http::HeaderMap) -> Result<Bytes, String> {
    let mut request = Request::get(address);
    if let Some(all) = request.headers_mut() {
        all.extend(headers);
    }
    let (status, body) = send(address, request, Bytes::new()).await?;
    if status == StatusCode::OK { Ok(body) } else { Err(format!("{address} answered {status}")) }
}

/// Posts a form and reads the JSON that answers it, whatever its status.
///
/// # Errors
/// As for [`get`], and when the answer is no JSON.
pub async fn post_form(
    address: &str,
    authorization: Option<&str>,
    fields: &[(&str, &str)],
) -> Result<(StatusCode, Value), String> {
    let mut request = Request::post(address)
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    if let Some(authorization) = authorization {
        request = request.header(AUTHORIZATION, secret_header(authorization)?);
    }
    let (status, body) = send(address, request, super::form::encode(fields).into()).await?;
    let answer =
        serde_json::from_slice(&body).map_err(|_| format!("{address} answered {status}, and no JSON"))?;
    Ok((status, answer))
}

fn secret_header(text: &str) -> Result<HeaderValue, String> {
    let mut value = HeaderValue::from_str(text).map_err(|_| "a secret that fits no header".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}

async fn send(
    address: &str,
    request: http::request::Builder,
    body: Bytes,
) -> Result<(StatusCode, Bytes), String> {
    if Origin::of(address).is_none() {
        return Err(format!("{address} is no address that can be trusted"));
    }
    let request = request.body(Full::new(body)).map_err(|error| format!("{address}: {error}"))?;
    let client = upstream::Client::new(address, CONNECT, PATIENCE).map_err(|error| error.to_string())?;
    let exchange = async {
        let response = client.send(request).await.map_err(|error| format!("{address}: {error}"))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), BYTES_MAX).collect().await;
        let body =
            body.map_err(|error| format!("{address}: the answer broke off or is too long: {error}"))?;
        Ok((status, body.to_bytes()))
    };
    tokio::time::timeout(PATIENCE, exchange)
        .await
        .unwrap_or_else(|_| Err(format!("{address}: no answer in time")))
}
