//! Trust anchors, looked up by issuer in the router's CA bundle.
//!
//! The bundle of an OpenWrt router holds some 142 certificates, of which one
//! handshake needs one. So the file is read when a chain has been presented,
//! one certificate at a time, and only those that issued a part of that chain
//! are kept and parsed in full: the rest costs neither memory nor time.
//!
//! A server's certificate that stands in the file itself is trusted as it is: the
//! owner put it there, so neither its name nor who signed it matters, nor whether it
//! calls itself a CA. It ends with its time, and its key signs the handshake.

use std::iter;
use std::path::PathBuf;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme,
};
use webpki::RawPublicKeyEntity;

use super::ca_file::for_each_certificate;
use super::tls_error::{certificate_fault, refusal};
use wansync_core::certificate::{Certificate, distrust};
use wansync_core::failure::TlsFailure;
use wansync_core::reason::certificate::{CertificateFault, Distrust, Flaw};
use wansync_core::time::Wall;

/// Verifies as rustls does, with the anchors of a file that it does not hold.
#[derive(Debug)]
pub(super) struct Anchors {
    file: PathBuf,
    algorithms: WebPkiSupportedAlgorithms,
}

/// The chain that a server sent, and what the file has for it.
struct Chain<'a> {
    leaf: Certificate<'a>,
    /// In any order, and some may not belong to it.
    others: Vec<Certificate<'a>>,
    /// The anchors that can vouch for it. A chain ends at an anchor whose subject is
    /// the issuer of one of its certificates, byte for byte, so no other anchor can
    /// change the outcome.
    roots: RootCertStore,
    /// The issuer's name that the anchors have.
    issuer: Option<String>,
    /// The fault of an anchor's key.
    unfit_anchor: Option<CertificateFault>,
    /// True if the server's certificate is in the file itself.
    is_pinned: bool,
}

impl Anchors {
    pub(super) fn new(file: PathBuf, algorithms: WebPkiSupportedAlgorithms) -> Anchors {
        Anchors { file, algorithms }
    }

    fn verify(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), TlsFailure> {
        let leaf = Certificate::of(end_entity).ok_or(Flaw::Damaged)?;
        let others = intermediates.iter().filter_map(|der| Certificate::of(der));
        let chain = self.with_anchors(end_entity, leaf, others.collect())?;
        let clock = Wall::from_secs(now.as_secs() as i64);
        if chain.is_pinned {
            leaf.check_itself(clock)?;
        } else if chain.roots.is_empty() {
            return Err(self.untrusted(distrust(&leaf, &chain.others)));
        }
        leaf.check_key_size(true)?;
        if chain.is_pinned {
            return Ok(());
        }
        let verified = ParsedCertificate::try_from(end_entity).and_then(|certificate| {
            let algorithms = self.algorithms.all;
            verify_server_cert_signed_by_trust_anchor(
                &certificate,
                &chain.roots,
                intermediates,
                now,
                algorithms,
            )?;
            verify_server_name(&certificate, server_name)
        });
        verified.map_err(|error| self.failure_of(&error, chain, clock))
    }

    fn failure_of(&self, error: &TlsError, chain: Chain<'_>, clock: Wall) -> TlsFailure {
        let leaf = &chain.leaf;
        if *error == CertificateError::UnknownIssuer.into() {
            return self.untrusted(distrust(leaf, &chain.others));
        }
        match certificate_fault(error, leaf, &chain.others, clock) {
            None | Some(CertificateFault::Unusable(Flaw::OfCa)) if leaf.is_self_issued() => {
                let name = leaf.subject.to_string();
                self.untrusted(Distrust::Replaced { name })
            }
            Some(fault) => fault.into(),
            None => self.not_signed(chain),
        }
    }

    /// The issuer's name is in the file, yet its key there has not signed.
    fn not_signed(&self, chain: Chain<'_>) -> TlsFailure {
        let mut others = chain.others.iter();
        let unfit = others.find_map(|one| one.check_key_size(false).err());
        match unfit.or(chain.unfit_anchor) {
            Some(fault) => fault.into(),
            None => self.untrusted(Distrust::OtherKey {
                name: chain.issuer.unwrap_or_default(),
            }),
        }
    }

    fn untrusted(&self, cause: Distrust) -> TlsFailure {
        let ca_file = self.file.display().to_string();
        CertificateFault::Untrusted { ca_file, cause }.into()
    }

    fn with_anchors<'a>(
        &self,
        end_entity: &CertificateDer<'_>,
        leaf: Certificate<'a>,
        others: Vec<Certificate<'a>>,
    ) -> Result<Chain<'a>, TlsFailure> {
        let mut chain = Chain {
            leaf,
            others,
            roots: RootCertStore::empty(),
            issuer: None,
            unfit_anchor: None,
            is_pinned: false,
        };
        let read = for_each_certificate(&self.file, &mut |der, anchor| {
            chain.is_pinned |= der == end_entity.as_ref();
            let mut all = iter::once(&chain.leaf).chain(&chain.others);
            if all.any(|one| one.issuer == anchor.subject) {
                // One that is damaged further inside vouches for nothing.
                let _ = chain.roots.add(CertificateDer::from(der));
                chain.issuer = Some(anchor.subject.to_string());
                chain.unfit_anchor = anchor.check_key_size(false).err();
            }
        });
        read.map_err(|error| error.into_failure(&self.file))?;
        Ok(chain)
    }

    /// The key that a handshake is to be signed by. It is taken from the certificate
    /// as it stands: one that is pinned need not be of a form that webpki reads.
    fn key_of(
        certificate: &CertificateDer<'_>,
    ) -> Result<SubjectPublicKeyInfoDer<'static>, TlsError> {
        match Certificate::of(certificate) {
            Some(certificate) => Ok(SubjectPublicKeyInfoDer::from(certificate.key.to_vec())),
            None => Err(refusal(Flaw::Damaged)),
        }
    }
}

impl ServerCertVerifier for Anchors {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        match self.verify(end_entity, intermediates, server_name, now) {
            Ok(()) => Ok(ServerCertVerified::assertion()),
            Err(failure) => Err(refusal(failure)),
        }
    }

    /// As rustls does for a certificate: TLS 1.2 does not tie a hash to a curve, so
    /// that more than one algorithm is what was meant.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let key = Self::key_of(cert)?;
        let key = RawPublicKeyEntity::try_from(&key).map_err(|_| refusal(Flaw::Damaged))?;
        let mapping = self.algorithms.mapping.iter();
        let mut algorithms = mapping
            .filter(|(scheme, _)| *scheme == dss.scheme)
            .flat_map(|(_, algorithms)| *algorithms);
        match algorithms.any(|one| key.verify_signature(*one, message, dss.signature()).is_ok()) {
            true => Ok(HandshakeSignatureValid::assertion()),
            false => Err(refusal(CertificateFault::NotItsKey)),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let key = Self::key_of(cert)?;
        verify_tls13_signature_with_raw_key(message, &key, dss, &self.algorithms)
            .map_err(|_| refusal(CertificateFault::NotItsKey))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
