//! TLS with clients: the handshake, and what a client's certificate says, once it is verified.

use identity::Certificate;
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use webpki::EndEntityCert;

/// How a handshake that came to nothing is counted.
pub(crate) const CODE: &str = "tls_handshake";
/// How long a client may take over it.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

/// A connection that is encrypted, and the certificate of the client, where it has shown one.
///
/// # Errors
/// When the client speaks no TLS, shows a certificate that is not believed, shows none where one is required, or is too slow.
pub(crate) async fn accept(
    config: Arc<ServerConfig>,
    stream: TcpStream,
) -> io::Result<(TlsStream<TcpStream>, Option<Arc<Certificate>>)> {
    let handshake = TlsAcceptor::from(config).accept(stream);
    let stream = tokio::time::timeout(HANDSHAKE_TIME, handshake).await??;
    let (_, connection) = stream.get_ref();
    let leaf = connection.peer_certificates().and_then(<[CertificateDer<'_>]>::first);
    let certificate = leaf.map(certificate).transpose()?;
    Ok((stream, certificate.map(Arc::new)))
}

/// What a certificate says that rustls has verified.
fn certificate(leaf: &CertificateDer<'_>) -> io::Result<Certificate> {
    let read = EndEntityCert::try_from(leaf).map_err(io::Error::other)?;
    Ok(Certificate { uris: read.valid_uri_names().map(str::to_owned).collect() })
}
