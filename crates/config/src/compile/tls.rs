//! `[listen.tls]`: the plane's own certificate, and whose client certificates it believes.

use super::{Compiler, Text};
use rustls::RootCertStore;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use std::sync::Arc;

impl Compiler<'_> {
    /// How connections are encrypted; every mistake is noted.
    pub(super) fn tls(&mut self) -> Option<Arc<ServerConfig>> {
        let raw = self.file.raw.listen.tls.as_ref()?;
        let chain = self.certificates(&raw.certificate);
        let verifier = self.client_verifier(raw.client_ca.as_ref(), raw.client_certificate.as_ref());
        let key = self.secret(&raw.key)?;
        let (chain, verifier) = (chain?, verifier?);
        if !self.secrets.are_read() {
            return None;
        }
        let Ok(key) = PrivateKeyDer::from_pem_slice(key.expose().as_bytes()) else {
            self.problem(&raw.key, "the key is no private key in PEM").hint =
                Some("have it begin with `-----BEGIN PRIVATE KEY-----`".to_owned());
            return None;
        };
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map(|builder| match verifier {
                Some(verifier) => builder.with_client_cert_verifier(verifier),
                None => builder.with_no_client_auth(),
            })
            .and_then(|builder| builder.with_single_cert(chain, key));
        match builder {
            Ok(mut config) => {
                config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
                Some(Arc::new(config))
            }
            Err(error) => {
                self.problem(&raw.certificate, format!("certificate and key cannot be used: {error}"));
                None
            }
        }
    }

    /// None where no client is asked for a certificate.
    #[expect(clippy::option_option, reason = "a mistake, and nothing asked for, are two things")]
    fn client_verifier(
        &mut self,
        client_ca: Option<&Text>,
        asked: Option<&Text>,
    ) -> Option<Option<Arc<dyn ClientCertVerifier>>> {
        if let Some(asked) = asked {
            self.one_of(asked, "client certificate", &["optional", "required"]);
        }
        let Some(client_ca) = client_ca else {
            if let Some(asked) = asked {
                self.problem(asked, "`client_certificate` needs a `client_ca`").hint =
                    Some("name the file whose authorities are believed".to_owned());
            }
            return Some(None);
        };
        let mut roots = RootCertStore::empty();
        for certificate in self.certificates(client_ca)? {
            if let Err(error) = roots.add(certificate) {
                self.problem(client_ca, format!("one of the authorities cannot be used: {error}"));
                return None;
            }
        }
        let builder =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()));
        let required = asked.is_some_and(|asked| asked.get_ref() == "required");
        let builder = if required { builder } else { builder.allow_unauthenticated() };
        match builder.build() {
            Ok(verifier) => Some(Some(verifier)),
            Err(error) => {
                self.problem(client_ca, format!("the authorities cannot be used: {error}"));
                None
            }
        }
    }

    fn certificates(&mut self, file: &Text) -> Option<Vec<CertificateDer<'static>>> {
        let text = self.include(file, "certificate")?;
        match CertificateDer::pem_slice_iter(text.as_bytes()).collect::<Result<Vec<_>, _>>() {
            Ok(certificates) if !certificates.is_empty() => Some(certificates),
            _ => {
                let message = format!("`{}` holds no certificates in PEM", file.get_ref());
                self.problem(file, message).hint = Some(
                    "have it hold the certificate, and those that lead to its authority after it".to_owned(),
                );
                None
            }
        }
    }
}
