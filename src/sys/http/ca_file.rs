//! The file of certificates that are trusted, PEM (RFC 7468), one certificate at a time.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::{fs, mem};

use crate::sys::clock;
use crate::sys::files;
use crate::sys::os_error::reason;
use wansync_core::certificate::Certificate;
use wansync_core::failure::TlsFailure;
use wansync_core::reason;
use wansync_core::reason::Reason;

/// The largest CA file that is read: the router's is 217 KB.
const MAX_CA_FILE: u64 = 4 << 20;
/// The largest certificate that is looked at.
const MAX_CERTIFICATE: usize = 16 << 10;
/// The longest line that is looked at whole: some tools write a certificate as one.
const MAX_LINE: u64 = 24 << 10;

/// The reason that the CA file cannot be used: it cannot be read, or holds no certificate.
#[derive(Debug)]
pub(super) struct CaFileError(Reason);

impl CaFileError {
    pub(super) fn into_failure(self, file: &Path) -> TlsFailure {
        TlsFailure::CaFile {
            path: file.display().to_string(),
            cause: self.0,
        }
    }
}

/// The contents of a CA file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct CaFile {
    /// The number of its certificates.
    pub count: usize,
    /// The number of those that are not valid at this time.
    pub out_of_date: usize,
    /// True if there is a private key among them.
    pub has_key: bool,
}

/// Reads the CA file through, and counts what is in it.
///
/// # Errors
/// [`TlsFailure::CaFile`] if it cannot be read, is not a file, is larger than
/// 4 MiB, or holds no certificate.
pub fn check_ca_file(file: &Path) -> Result<CaFile, TlsFailure> {
    let now = clock::now().wall;
    let mut found = CaFile::default();
    let read = for_each_certificate(file, &mut |_, certificate| {
        let valid = certificate.validity();
        found.count += 1;
        found.out_of_date +=
            usize::from(valid.is_none_or(|(from, until)| now < from || now > until));
    });
    found.has_key = read.map_err(|error| error.into_failure(file))?;
    Ok(found)
}

/// Shows each certificate to `visit`, with its DER; says whether there is a private key.
pub(super) fn for_each_certificate(
    file: &Path,
    visit: &mut dyn FnMut(&[u8], Certificate<'_>),
) -> Result<bool, CaFileError> {
    let mut bundle = PemBundle::new(BufReader::with_capacity(4096, open(file)?));
    let mut count = 0;
    while let Some(der) = bundle.next().map_err(|error| CaFileError(reason(&error)))? {
        if let Some(certificate) = Certificate::of(der) {
            count += 1;
            visit(der, certificate);
        }
    }
    match count {
        0 if bundle.is_der => Err(CaFileError(reason!(FileDer))),
        0 if bundle.has_key => Err(CaFileError(reason!(FileKeyOnly))),
        0 => Err(CaFileError(reason!(FileEmpty))),
        _ => Ok(bundle.has_key),
    }
}

/// The file is looked at before it is opened: opening a pipe would wait for ever.
fn open(file: &Path) -> Result<io::Take<File>, CaFileError> {
    let unusable = |error: io::Error| CaFileError(reason(&error));
    let metadata = fs::metadata(file).map_err(unusable)?;
    if metadata.is_dir() {
        return Err(CaFileError(reason!(FileDirectory)));
    }
    if !metadata.is_file() {
        return Err(CaFileError(reason!(FileNotAFile)));
    }
    if metadata.len() > MAX_CA_FILE {
        return Err(CaFileError(reason!(
            FileTooLarge,
            max = (MAX_CA_FILE >> 20) as u32
        )));
    }
    let opened = files::open_to_read(file).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidInput => CaFileError(reason!(FileChanged, cause = reason(&error))),
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
    /// True if a private key has been seen.
    has_key: bool,
    /// True if what was read begins as a certificate does before base64.
    is_der: bool,
}

impl<R: BufRead> PemBundle<R> {
    fn new(reader: R) -> Self {
        PemBundle {
            reader,
            line: Vec::new(),
            der: Vec::new(),
            section: None,
            has_key: false,
            is_der: false,
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
                self.is_der |= line.starts_with(b"\x30\x82");
                self.has_key |= line.ends_with(b"PRIVATE KEY-----");
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
