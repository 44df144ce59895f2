use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_nats::ConnectOptions;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::status::Status;

/// Whom to trust, and what to show. Files are read at every connect, so that they can be renewed.
#[derive(Clone, Default)]
pub(in super::super) struct Tls {
    /// Authorities; without any, those of the machine.
    pub(in super::super) roots: Vec<PathBuf>,
    /// A certificate and its key.
    pub(in super::super) client: Option<(PathBuf, PathBuf)>,
    /// Instead of all that.
    pub(in super::super) config: Option<Arc<ClientConfig>>,
    /// Also where neither the server nor its URL asks for it.
    pub(in super::super) required: bool,
    /// Before the server has said anything.
    pub(in super::super) first: bool,
}

impl Tls {
    /// Says the same to `async-nats`.
    pub(in super::super) fn apply(&self, options: ConnectOptions) -> ConnectOptions {
        let options =
            self.roots.iter().fold(options, |options, path| options.add_root_certificates(path.clone()));
        let options = match self.client.clone() {
            Some((certificate, key)) => options.add_client_certificate(certificate, key),
            None => options,
        };
        let options = match &self.config {
            Some(config) => options.tls_client_config(ClientConfig::clone(config)),
            None => options,
        };
        let options = if self.required { options.require_tls(true) } else { options };
        if self.first { options.tls_first() } else { options }
    }

    /// # Errors
    /// INVALID_ARGUMENT when a file can't be read, or is none of certificates.
    pub(super) async fn connector(&self) -> Result<TlsConnector, Status> {
        if let Some(config) = &self.config {
            return Ok(Arc::clone(config).into());
        }
        let tls = self.clone();
        match tokio::task::spawn_blocking(move || tls.config()).await {
            Ok(config) => Ok(Arc::new(config?).into()),
            Err(error) => Err(Status::internal(error.to_string())),
        }
    }

    fn config(&self) -> Result<ClientConfig, Status> {
        let mut roots = RootCertStore::empty();
        if self.roots.is_empty() {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        for path in &self.roots {
            for certificate in certificates(path)? {
                roots.add(certificate).map_err(|error| unusable(path, error))?;
            }
        }
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| Status::failed_precondition(error.to_string()))?
            .with_root_certificates(roots);
        let Some((certificate, key)) = &self.client else { return Ok(config.with_no_client_auth()) };
        let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, error))?;
        config
            .with_client_auth_cert(certificates(certificate)?, private)
            .map_err(|error| unusable(certificate, error))
    }
}

/// What the process has chosen; rustls itself would panic where several are compiled in and none was chosen.
fn provider() -> Arc<CryptoProvider> {
    CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(ring::default_provider()))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Status> {
    CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|error| unusable(path, error))
}

fn unusable(path: &Path, error: impl std::fmt::Display) -> Status {
    Status::invalid_argument(format!("{}: {error}", path.display()))
}
