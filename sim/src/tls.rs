//! The certification authority that each simulator makes for itself, and the
//! certificates that are wrong on purpose.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::version::{TLS12, TLS13};
use time::{Duration, OffsetDateTime};

use crate::faults::TlsFault;

/// Anything that making a certificate can fail with; all of it is a slip in the
/// names that were asked for.
pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// A CA, and what server certificates of it need.
pub(crate) struct Authority {
    /// The CA's certificate, PEM.
    pub pem: String,
    issuer: Issuer<'static, KeyPair>,
    names: Vec<String>,
    usual: Arc<ServerConfig>,
}

impl Authority {
    /// A new CA whose usual server certificate is for these names and addresses.
    pub fn new(names: Vec<String>) -> Result<Authority, Error> {
        let (issuer, pem) = certification_authority()?;
        let leaf = leaf(&names, valid_now(), Some(&issuer))?;
        Ok(Authority {
            usual: Arc::new(leaf.config(&[&TLS12, &TLS13])?),
            pem,
            issuer,
            names,
        })
    }

    /// The server side of one connection. Faults that are not about the
    /// certificate or the version get the usual one.
    pub fn config(&self, fault: Option<TlsFault>) -> Result<Arc<ServerConfig>, Error> {
        let all: &[_] = &[&TLS12, &TLS13];
        let config = match fault {
            Some(TlsFault::WrongCa) => {
                let (other, _) = certification_authority()?;
                leaf(&self.names, valid_now(), Some(&other))?.config(all)
            }
            Some(TlsFault::Expired) => self.leaf(days(-30, -1))?.config(all),
            Some(TlsFault::NotYetValid) => self.leaf(days(1, 30))?.config(all),
            Some(TlsFault::WrongName) => {
                let names = ["wrong.example".to_owned()];
                leaf(&names, valid_now(), Some(&self.issuer))?.config(all)
            }
            Some(TlsFault::NoName) => leaf(&[], valid_now(), Some(&self.issuer))?.config(all),
            Some(TlsFault::SelfSigned) => leaf(&self.names, valid_now(), None)?.config(all),
            Some(TlsFault::Only12) => self.leaf(valid_now())?.config(&[&TLS12]),
            Some(TlsFault::Only13) => self.leaf(valid_now())?.config(&[&TLS13]),
            _ => return Ok(self.usual.clone()),
        };
        Ok(Arc::new(config?))
    }

    fn leaf(&self, validity: Validity) -> Result<Leaf, Error> {
        leaf(&self.names, validity, Some(&self.issuer))
    }
}

/// From when to when.
type Validity = (OffsetDateTime, OffsetDateTime);

fn days(from: i64, to: i64) -> Validity {
    let now = OffsetDateTime::now_utc();
    (now + Duration::days(from), now + Duration::days(to))
}

fn valid_now() -> Validity {
    days(-1, 365)
}

/// Each has its own name: of two CAs with one name, a client that trusts the other
/// complains of a bad signature, and not of an unknown issuer.
fn certification_authority() -> Result<(Issuer<'static, KeyPair>, String), Error> {
    let key = KeyPair::generate()?;
    let mark: String = key
        .public_key_raw()
        .iter()
        .skip(1)
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name = common_name(&format!("wansync-sim CA {mark}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    (params.not_before, params.not_after) = days(-365, 3650);
    let pem = params.self_signed(&key)?.pem();
    Ok((Issuer::new(params, key), pem))
}

fn common_name(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

/// A server certificate with its key.
struct Leaf {
    certificate: CertificateDer<'static>,
    key: KeyPair,
}

/// Without an issuer, the certificate signs itself.
fn leaf(
    names: &[String],
    (from, to): Validity,
    issuer: Option<&Issuer<'static, KeyPair>>,
) -> Result<Leaf, Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = common_name("wansync-sim");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = issuer.is_some();
    (params.not_before, params.not_after) = (from, to);
    let key = KeyPair::generate()?;
    let certificate = match issuer {
        Some(issuer) => params.signed_by(&key, issuer)?,
        None => params.self_signed(&key)?,
    };
    Ok(Leaf {
        certificate: certificate.der().clone(),
        key,
    })
}

impl Leaf {
    fn config(
        self,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> Result<ServerConfig, Error> {
        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der());
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider);
        let builder = builder
            .with_protocol_versions(versions)?
            .with_no_client_auth();
        let chain = vec![self.certificate];
        Ok(builder.with_single_cert(chain, PrivateKeyDer::Pkcs8(key))?)
    }
}
