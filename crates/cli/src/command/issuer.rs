//! The demo's own OIDC issuer: one P-256 key, a public key set, and an identity token in a file that is kept
//! fresh, as a platform does for its workloads.

use crate::failure::Failure;
use crate::place;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use units::{Clock as _, SystemClock, Timestamp};

const LIFETIME_SECONDS: i64 = 3_600;
const REFRESH: Duration = Duration::from_secs(600);
const KEY_ID: &str = "demo-1";

/// The issuer.
pub struct Issuer {
    key: EcdsaKeyPair,
    token_file: PathBuf,
}

impl Issuer {
    /// The issuer kept in `data`, or a new one.
    pub fn open(data: &Path) -> Result<Self, Failure> {
        let path = data.join("issuer.key");
        let failed =
            |what: &str| Failure::failed(format!("cannot {what} the issuer's key `{}`", path.display()));
        if !path.exists() {
            let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                .map_err(|_| failed("make"))?;
            place::write_private(&path, made.as_ref()).map_err(|_| failed("write"))?;
        }
        let bytes = std::fs::read(&path).map_err(|_| failed("read"))?;
        let key =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &bytes).map_err(|_| failed("use"))?;
        Ok(Self { key, token_file: data.join("identity-token") })
    }

    /// Writes the public key set (RFC 7517).
    pub fn write_keys(&self, path: &Path) -> Result<(), Failure> {
        // An uncompressed point: 4, then both coordinates of 32 bytes.
        let point = self.key.public_key().as_ref();
        let coordinate = |from: usize| URL_SAFE_NO_PAD.encode(point.get(from..from + 32).unwrap_or_default());
        let keys = json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": KEY_ID,
            "x": coordinate(1), "y": coordinate(33),
        }]});
        std::fs::write(path, keys.to_string()).map_err(Failure::failed)
    }

    /// Writes a fresh identity token over the old one, in one step.
    pub fn refresh(&self, now: Timestamp) -> Result<(), Failure> {
        let seconds = now.seconds();
        let claims = json!({
            "iss": "https://issuer.demo.invalid", "aud": "offtake", "sub": "demo-workload", "team": "workloads",
            "iat": seconds, "nbf": seconds, "exp": seconds + LIFETIME_SECONDS,
            "jti": place::random_text::<12>()?,
        });
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": KEY_ID });
        let encode = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&header), encode(&claims));
        let signature = self
            .key
            .sign(&SystemRandom::new(), signed.as_bytes())
            .map_err(|_| Failure::failed("the issuer cannot sign"))?;
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
        place::write_private(&self.token_file, token.as_bytes())
            .map_err(|error| Failure::failed(format!("{}: {error}", self.token_file.display())))
    }

    /// Refreshes the token for as long as the demo runs.
    pub async fn keep_fresh(self: Arc<Self>) {
        loop {
            tokio::time::sleep(REFRESH).await;
            if let Err(error) = self.refresh(SystemClock.now()) {
                tracing::warn!(?error, "the identity token was not refreshed");
            }
        }
    }
}
