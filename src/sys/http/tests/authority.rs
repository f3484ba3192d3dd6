//! Certificates, good and bad, and servers that present them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, process};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair,
    date_time_ymd,
};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig};

/// A certification authority, on top or in between.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A server's certificates and key, DER.
#[derive(Clone)]
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    pem: String,
    key: Vec<u8>,
}

impl Authority {
    pub fn new(name: &str) -> Authority {
        let key = KeyPair::generate().unwrap();
        Authority(CertifiedIssuer::self_signed(ca_params(name), key).unwrap())
    }

    /// An authority that this one vouches for, with `change` made to its certificate.
    pub fn intermediate(
        &self,
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Authority {
        let mut params = ca_params(name);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        Authority(CertifiedIssuer::signed_by(params, key, &self.0).unwrap())
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    pub fn der(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    /// A certificate for localhost and 127.0.0.1.
    pub fn identity(&self) -> Identity {
        self.identity_with(|_| {})
    }

    pub fn identity_with(&self, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = server_params();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Identity::of(&certificate, &key)
    }
}

impl Identity {
    fn of(certificate: &Certificate, key: &KeyPair) -> Identity {
        Identity {
            chain: vec![certificate.der().clone()],
            pem: certificate.pem(),
            key: key.serialize_der(),
        }
    }

    /// The server's certificate.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    pub fn with_another_key(mut self) -> Identity {
        self.key = KeyPair::generate().unwrap().serialize_der();
        self
    }

    /// A certificate that vouches for itself, and its PEM.
    pub fn self_signed(is_ca: IsCa) -> (Identity, String) {
        let mut params = server_params();
        params.is_ca = is_ca;
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        (Identity::of(&certificate, &key), certificate.pem())
    }

    pub fn followed_by(mut self, authority: &Authority) -> Identity {
        self.chain.push(authority.der());
        self
    }

    pub fn server(self) -> ServerConfig {
        self.server_with(rustls::ALL_VERSIONS)
    }

    pub fn server_with(
        self,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> ServerConfig {
        let key = PrivateKeyDer::try_from(self.key).unwrap();
        ServerConfig::builder_with_provider(ring::default_provider().into())
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(AnyKey(Arc::new(CertifiedKey::new(
                self.chain,
                ring::sign::any_supported_type(&key).unwrap(),
            )))))
    }
}

/// Presents a certificate, whether the key belongs to it or not.
#[derive(Debug)]
struct AnyKey(Arc<CertifiedKey>);

impl ResolvesServerCert for AnyKey {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// The server's side where clients must have a certificate of this authority.
pub fn wanting_client(
    authority: &Authority,
    version: &'static rustls::SupportedProtocolVersion,
) -> ServerConfig {
    let provider = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(authority.der()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(&provider));
    let Identity { chain, key, .. } = authority.identity();
    let key = PrivateKeyDer::try_from(key).unwrap();
    ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(chain, key)
        .unwrap()
}

fn ca_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn server_params() -> CertificateParams {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let mut params = CertificateParams::new(names).unwrap();
    params
        .distinguished_name
        .push(DnType::CommonName, "a server");
    params
}

pub fn expired(params: &mut CertificateParams) {
    params.not_after = date_time_ymd(2001, 1, 1);
}

pub fn not_yet_valid(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(3001, 1, 1);
}

/// A file that is removed with its value.
pub struct TempFile(PathBuf);

impl TempFile {
    pub fn new(content: impl AsRef<[u8]>) -> TempFile {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::SeqCst);
        let name = format!("wansync-http-{}-{count}", process::id());
        let path = env::temp_dir().join(name);
        fs::write(&path, content).unwrap();
        TempFile(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
