//! Trust anchors, looked up by issuer in the router's CA bundle.
//!
//! The bundle of an OpenWrt router holds some 142 certificates, of which one
//! handshake needs one. So the file is read when a chain has been presented,
//! one certificate at a time, and only those that issued a part of that chain
//! are kept and parsed in full: the rest costs neither memory nor time.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, fs, mem};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, DigitallySignedStruct, Error as TlsError, OtherError, RootCertStore,
    SignatureScheme,
};

use crate::sys::files;
use crate::sys::os_error::describe;
use wansync_core::failure::TlsFailure;

/// The largest CA file that is read: the router's is 217 KB.
const MAX_CA_FILE: u64 = 4 << 20;
/// The largest certificate that is looked at.
const MAX_CERTIFICATE: usize = 16 << 10;
/// The longest line that is looked at whole: some tools write a certificate as one.
const MAX_LINE: u64 = 24 << 10;

/// The reason that the CA file cannot be used: it cannot be read, or holds no certificate.
#[derive(Debug)]
pub(super) struct CaFileError(pub(super) String);

impl std::error::Error for CaFileError {}

impl fmt::Display for CaFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Verifies as rustls does, with the anchors of a file that it does not hold.
#[derive(Debug)]
pub(super) struct Anchors {
    file: PathBuf,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Anchors {
    pub(super) fn new(file: PathBuf, algorithms: WebPkiSupportedAlgorithms) -> Anchors {
        Anchors { file, algorithms }
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
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let roots = anchors_for(&self.file, end_entity, intermediates)
            .map_err(|cause| CertificateError::Other(OtherError(Arc::new(cause))))?;
        if roots.is_empty() {
            return Err(CertificateError::UnknownIssuer.into());
        }
        verify_server_cert_signed_by_trust_anchor(
            &certificate,
            &roots,
            intermediates,
            now,
            self.algorithms.all,
        )?;
        verify_server_name(&certificate, server_name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// The number of certificates in the CA file.
///
/// # Errors
/// [`TlsFailure::CaFile`] if it cannot be read, is not a file, is larger than
/// 4 MiB, or holds none.
pub fn check_ca_file(file: &Path) -> Result<usize, TlsFailure> {
    for_each_certificate(file, |_, _| {}).map_err(|CaFileError(cause)| TlsFailure::CaFile {
        path: file.display().to_string(),
        cause,
    })
}

/// The anchors that can vouch for this chain. A chain ends at an anchor whose
/// subject is the issuer of one of its certificates, byte for byte, so no other
/// anchor can change the outcome.
fn anchors_for(
    file: &Path,
    end_entity: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
) -> Result<RootCertStore, CaFileError> {
    let issuers: Vec<&[u8]> = std::iter::once(end_entity)
        .chain(intermediates)
        .filter_map(|certificate| CertificateNames::of(certificate))
        .map(|names| names.issuer)
        .collect();
    let mut roots = RootCertStore::empty();
    for_each_certificate(file, |der, names| {
        if issuers.contains(&names.subject) {
            // One that is damaged further inside vouches for nothing.
            let _ = roots.add(CertificateDer::from(der));
        }
    })?;
    Ok(roots)
}

fn for_each_certificate(
    file: &Path,
    mut visit: impl FnMut(&[u8], CertificateNames<'_>),
) -> Result<usize, CaFileError> {
    let mut bundle = PemBundle::new(BufReader::with_capacity(4096, open(file)?));
    let mut count = 0;
    while let Some(der) = bundle
        .next()
        .map_err(|error| CaFileError(describe(&error)))?
    {
        if let Some(names) = CertificateNames::of(der) {
            count += 1;
            visit(der, names);
        }
    }
    match count {
        0 => Err(CaFileError("it holds no certificate".to_owned())),
        _ => Ok(count),
    }
}

/// The file is looked at before it is opened: opening a pipe would wait for ever.
fn open(file: &Path) -> Result<io::Take<File>, CaFileError> {
    let unusable = |error: io::Error| CaFileError(describe(&error));
    let metadata = fs::metadata(file).map_err(unusable)?;
    if metadata.is_dir() {
        return Err(CaFileError("it is a directory".to_owned()));
    }
    if !metadata.is_file() {
        return Err(CaFileError("it is not a file".to_owned()));
    }
    if metadata.len() > MAX_CA_FILE {
        return Err(CaFileError(format!(
            "it is larger than {} MiB",
            MAX_CA_FILE >> 20
        )));
    }
    let opened = files::open_to_read(file).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidInput => CaFileError(format!("it {error}")),
        _ => unusable(error),
    });
    Ok(opened?.take(MAX_CA_FILE))
}

/// The certificates of a PEM file (RFC 7468), one at a time. What is not a
/// certificate is skipped, as are other sections and damaged certificates.
struct PemBundle<R> {
    reader: R,
    line: Vec<u8>,
    der: Vec<u8>,
    /// The section that the last line read began.
    section: Option<Base64>,
}

impl<R: BufRead> PemBundle<R> {
    fn new(reader: R) -> Self {
        PemBundle {
            reader,
            line: Vec::new(),
            der: Vec::new(),
            section: None,
        }
    }

    /// The next section whose base64 is in order.
    fn next(&mut self) -> io::Result<Option<&[u8]>> {
        const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
        const END: &[u8] = b"-----END CERTIFICATE-----";
        self.der.clear();
        while self.read_line()? {
            let line = self.line.trim_ascii();
            // Editors on Windows put a byte order mark before the first line.
            let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
            if line == BEGIN {
                self.der.clear();
                self.section = Some(Base64::default());
            } else if let Some(rest) = line.strip_prefix(END) {
                // Files put together may lack the line end between them.
                let next = (rest == BEGIN).then(Base64::default);
                if let Some(base64) = mem::replace(&mut self.section, next) {
                    base64.finish(&mut self.der);
                    return Ok(Some(&self.der));
                }
                self.der.clear();
            } else {
                let section = self.section.take();
                self.section = section
                    .and_then(|base64| base64.decode(line, &mut self.der))
                    .filter(|_| self.der.len() <= MAX_CERTIFICATE);
            }
        }
        Ok(None)
    }

    /// The next line, or the next piece of a very long one. False at the end.
    fn read_line(&mut self) -> io::Result<bool> {
        self.line.clear();
        let mut reader = self.reader.by_ref().take(MAX_LINE);
        Ok(reader.read_until(b'\n', &mut self.line)? > 0)
    }
}

/// Base64 (RFC 4648) across lines of any length.
#[derive(Default)]
struct Base64 {
    bits: u32,
    held: u32,
    padded: bool,
}

impl Base64 {
    /// Appends what the line decodes to. `None` if it is not base64.
    fn decode(mut self, line: &[u8], out: &mut Vec<u8>) -> Option<Base64> {
        for &byte in line {
            if byte == b'=' {
                self.padded = true;
                continue;
            }
            let value = SEXTETS[usize::from(byte)];
            if value == NONE || self.padded {
                return None;
            }
            self.bits = (self.bits << 6) | u32::from(value);
            self.held += 6;
            if self.held == 24 {
                out.extend_from_slice(&self.bits.to_be_bytes()[1..]);
                self.held = 0;
            }
        }
        Some(self)
    }

    /// Appends the one or two bytes of the last, incomplete group.
    fn finish(self, out: &mut Vec<u8>) {
        let [_, bytes @ ..] = (self.bits << ((24 - self.held) % 24)).to_be_bytes();
        out.extend_from_slice(&bytes[..self.held as usize / 8]);
    }
}

const NONE: u8 = 0xff;

/// The six bits of each letter of the alphabet: 142 certificates are decoded at
/// each handshake, on a router.
static SEXTETS: [u8; 256] = {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut table = [NONE; 256];
    let mut value = 0;
    while value < alphabet.len() {
        table[alphabet[value] as usize] = value as u8;
        value += 1;
    }
    table
};

/// The two names of a certificate, DER encoded, without tag and length.
struct CertificateNames<'a> {
    issuer: &'a [u8],
    subject: &'a [u8],
}

impl<'a> CertificateNames<'a> {
    /// RFC 5280, 4.1: Certificate, then TBSCertificate: version (optional),
    /// serialNumber, signature, issuer, validity, subject.
    fn of(der: &'a [u8]) -> Option<CertificateNames<'a>> {
        const SEQUENCE: u8 = 0x30;
        const INTEGER: u8 = 0x02;
        const VERSION: u8 = 0xa0;
        let (certificate, _) = value(der, SEQUENCE)?;
        let (body, _) = value(certificate, SEQUENCE)?;
        let rest = value(body, VERSION).map_or(body, |(_, rest)| rest);
        let (_serial, rest) = value(rest, INTEGER)?;
        let (_algorithm, rest) = value(rest, SEQUENCE)?;
        let (issuer, rest) = value(rest, SEQUENCE)?;
        let (_validity, rest) = value(rest, SEQUENCE)?;
        let (subject, _) = value(rest, SEQUENCE)?;
        Some(CertificateNames { issuer, subject })
    }
}

/// The value of the DER element with this tag that `input` starts with, and what
/// follows it. Lengths have at most three bytes, enough for [`MAX_CERTIFICATE`].
fn value(input: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = input.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        ..=0x7f => (usize::from(first), rest),
        0x81..=0x83 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = length.iter().fold(0, |sum, &b| (sum << 8) | usize::from(b));
            (length, rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length).filter(|_| found == tag)
}
