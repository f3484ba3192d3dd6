//! X.509 certificates (RFC 5280), as far as the owner of a router wants to know of one:
//! whose it is, who vouches for it, for which hosts, from when to when.
//!
//! Whether a chain is in order is for the library that checks it. What is read here
//! chooses the anchors for it, finds the words where it says no, and stands for a
//! certificate that the owner trusts as it is.

mod der;
mod name;

use alloc::format;
use alloc::string::{String, ToString};
use core::net::{Ipv4Addr, Ipv6Addr};
use core::ops::RangeInclusive;

use crate::reason::certificate::{Algorithm, CertificateFault, Distrust, Flaw};
use crate::time::{Civil, Wall};
use der::{BIT_STRING, Elements, INTEGER, OCTET_STRING, OID, SEQUENCE, value};
pub use name::Name;
use name::line_of;

/// The RSA keys that can be checked, in bits.
pub(crate) const RSA_SIZES: core::ops::RangeInclusive<usize> = 2048..=8192;
/// The most hosts that a message names: some certificates are for hundreds.
const MAX_HOSTS: usize = 4;

/// A certificate, read in place. Only its frame is known to be in order.
#[derive(Debug, Clone, Copy)]
pub struct Certificate<'a> {
    /// The name of the one who vouches for it.
    pub issuer: Name<'a>,
    /// The name of the one whose it is.
    pub subject: Name<'a>,
    validity: &'a [u8],
    /// The SubjectPublicKeyInfo, with its tag and length.
    pub key: &'a [u8],
    extensions: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Reads a certificate in DER. RFC 5280, 4.1: Certificate, then TBSCertificate: version
    /// (optional), serialNumber, signature, issuer, validity, subject,
    /// subjectPublicKeyInfo, two identifiers that nobody uses, extensions.
    pub fn of(der: &'a [u8]) -> Option<Certificate<'a>> {
        const VERSION: u8 = 0xa0;
        const EXTENSIONS: u8 = 0xa3;
        let (certificate, _) = value(der, SEQUENCE)?;
        let (body, _) = value(certificate, SEQUENCE)?;
        let rest = value(body, VERSION).map_or(body, |(_, rest)| rest);
        let (_serial, rest) = value(rest, INTEGER)?;
        let (_algorithm, rest) = value(rest, SEQUENCE)?;
        let (issuer, rest) = value(rest, SEQUENCE)?;
        let (validity, rest) = value(rest, SEQUENCE)?;
        let (subject, key) = value(rest, SEQUENCE)?;
        let (_, rest) = value(key, SEQUENCE)?;
        let extensions = Elements(rest).find(|(tag, _)| *tag == EXTENSIONS);
        Some(Certificate {
            issuer: Name(issuer),
            subject: Name(subject),
            validity,
            key: &key[..key.len() - rest.len()],
            extensions: extensions
                .and_then(|(_, list)| value(list, SEQUENCE))
                .map_or(&[], |(list, _)| list),
        })
    }

    /// The first and the last moment at which the certificate is valid.
    pub fn validity(&self) -> Option<(Wall, Wall)> {
        let mut times = Elements(self.validity);
        Some((moment(times.next()?)?, moment(times.next()?)?))
    }

    /// True if the certificate vouches for itself, as far as the names say.
    pub fn is_self_issued(&self) -> bool {
        self.issuer == self.subject
    }

    /// Checks the size of the key; an issuer is named in the fault.
    ///
    /// # Errors
    /// [`CertificateFault::KeySize`]
    pub fn check_key_size(&self, is_servers: bool) -> Result<(), CertificateFault> {
        let Some(bits) = rsa_size(self.key).filter(|bits| !RSA_SIZES.contains(bits)) else {
            return Ok(());
        };
        let whose = (!is_servers).then(|| self.subject.to_string());
        Err(CertificateFault::KeySize { whose, bits })
    }

    /// The hosts that the certificate is for, in words; none if no subjectAltName says one.
    pub fn hosts(&self) -> Option<String> {
        const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
        let names = self.extension(SUBJECT_ALT_NAME)?;
        let (mut hosts, mut count) = (String::new(), 0);
        for host in Elements(names).filter_map(host) {
            count += 1;
            if count <= MAX_HOSTS {
                hosts.push_str(if count > 1 { ", " } else { "" });
                hosts.push_str(&host);
            }
        }
        match count {
            0 => None,
            1..=MAX_HOSTS => Some(hosts),
            _ => Some(format!("{hosts} and {} more", count - MAX_HOSTS)),
        }
    }

    /// Checks a certificate that is trusted as itself: its dates, and its purpose.
    ///
    /// # Errors
    /// The fault that speaks against it.
    pub fn check_itself(&self, clock: Wall) -> Result<(), CertificateFault> {
        let (from, until) = self.validity().ok_or(Flaw::Damaged)?;
        let whose = None;
        if clock < from {
            return Err(CertificateFault::NotYetValid { whose, from, clock });
        }
        if clock > until {
            return Err(CertificateFault::Expired {
                whose,
                until,
                clock,
            });
        }
        match self.is_for_servers() {
            true => Ok(()),
            false => Err(Flaw::NotForServers.into()),
        }
    }

    /// True if the certificate is for servers. RFC 5280, 4.2.1.12: without the extension
    /// it is for anything.
    fn is_for_servers(&self) -> bool {
        const PURPOSES: &[u8] = &[0x55, 0x1d, 0x25];
        const SERVER_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
        const ANY: &[u8] = &[0x55, 0x1d, 0x25, 0];
        let Some(purposes) = self.extension(PURPOSES) else {
            return true;
        };
        Elements(purposes).any(|(_, purpose)| purpose == SERVER_AUTH || purpose == ANY)
    }

    /// The content of an extension's SEQUENCE.
    fn extension(&self, id: &[u8]) -> Option<&'a [u8]> {
        let extension = Elements(self.extensions).find_map(|(_, extension)| {
            let (found, rest) = value(extension, OID)?;
            (found == id).then_some(rest)
        })?;
        // It may say before that it is critical.
        let (_, octets) = Elements(extension).find(|(tag, _)| *tag == OCTET_STRING)?;
        Some(value(octets, SEQUENCE)?.0)
    }
}

/// The reason that no anchor vouches for a server's certificate. The others that it sent
/// may come in any order, and some may not belong to it.
pub fn distrust(leaf: &Certificate<'_>, others: &[Certificate<'_>]) -> Distrust {
    let mut top = leaf;
    // Bounded, since a chain may go round in circles.
    for _ in others {
        match others.iter().find(|next| next.subject == top.issuer) {
            Some(next) if !top.is_self_issued() => top = next,
            _ => break,
        }
    }
    let name = top.issuer.to_string();
    if leaf.is_self_issued() {
        Distrust::SelfSigned { name }
    } else if top.subject == leaf.subject {
        Distrust::NoIssuer { name }
    } else if top.is_self_issued() {
        Distrust::UnknownRoot { name }
    } else {
        Distrust::NoRoot { name }
    }
}

/// The algorithm of an AlgorithmIdentifier, given without tag and length, that a
/// certificate is signed by and that is not accepted.
pub fn signature_algorithm(identifier: &[u8]) -> Algorithm {
    let id = value(identifier, OID).map_or(&[][..], |(id, _)| id);
    // 1.2.643 is Russia's.
    if id.starts_with(&[0x2a, 0x85, 0x03]) {
        return Algorithm::Gost;
    }
    let mut known = KNOWN_ALGORITHMS.iter();
    let found = known.find(|(head, last, _)| {
        let found = id.strip_prefix(*head);
        found.is_some_and(|rest| matches!(rest, [found] if last.contains(found)))
    });
    found.map_or(Algorithm::Other, |(.., algorithm)| *algorithm)
}

/// The identifiers of algorithms that are not accepted: what they begin with, and their
/// last byte.
const KNOWN_ALGORITHMS: [(&[u8], RangeInclusive<u8>, Algorithm); 7] = [
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1],
        4..=4,
        Algorithm::Md5,
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1],
        5..=5,
        Algorithm::Sha1,
    ),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4], 1..=1, Algorithm::Sha1),
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3],
        4..=4,
        Algorithm::EcdsaSha512,
    ),
    // 1.2.840.10040.4.3, and those with other hashes.
    (&[0x2a, 0x86, 0x48, 0xce, 0x38, 4], 3..=3, Algorithm::Dsa),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3], 0..=8, Algorithm::Dsa),
    (&[0x2b, 0x65], 0x70..=0x71, Algorithm::Edwards),
];

/// True if an AlgorithmIdentifier, given without tag and length, is one of elliptic
/// curves: of a key, or of a signature with ECDSA.
pub fn is_elliptic(identifier: &[u8]) -> bool {
    const ANSI_X9_62: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d];
    value(identifier, OID).is_some_and(|(id, _)| id.starts_with(ANSI_X9_62))
}

/// The bits of the modulus, if it is a key of RSA (RFC 8017, A.1.1).
fn rsa_size(key: &[u8]) -> Option<usize> {
    let (key, _) = value(key, SEQUENCE)?;
    let (algorithm, rest) = value(key, SEQUENCE)?;
    let (id, _) = value(algorithm, OID)?;
    let [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1 | 10] = id else {
        return None;
    };
    let (bits, _) = value(rest, BIT_STRING)?;
    let (numbers, _) = value(bits.get(1..)?, SEQUENCE)?;
    let (modulus, _) = value(numbers, INTEGER)?;
    let zeros = modulus.iter().take_while(|&&byte| byte == 0).count();
    let first = modulus.get(zeros)?;
    Some((modulus.len() - zeros) * 8 - first.leading_zeros() as usize)
}

/// A GeneralName that is a host's.
fn host((tag, name): (u8, &[u8])) -> Option<String> {
    const DNS_NAME: u8 = 0x82;
    const IP_ADDRESS: u8 = 0x87;
    match tag {
        DNS_NAME => Some(line_of(&String::from_utf8_lossy(name))),
        IP_ADDRESS => match <[u8; 4]>::try_from(name) {
            Ok(octets) => Some(format!("{}", Ipv4Addr::from(octets))),
            Err(_) => {
                let octets = <[u8; 16]>::try_from(name).ok()?;
                Some(format!("{}", Ipv6Addr::from(octets)))
            }
        },
        _ => None,
    }
}

/// A UTCTime, `YYMMDDhhmmssZ` of 1950 to 2049, or a GeneralizedTime, `YYYYMMDDhhmmssZ`
/// (RFC 5280, 4.1.2.5).
fn moment((tag, text): (u8, &[u8])) -> Option<Wall> {
    const UTC_TIME: u8 = 0x17;
    const GENERALIZED_TIME: u8 = 0x18;
    let digits = text.strip_suffix(b"Z")?;
    let start = match (tag, digits.len()) {
        (UTC_TIME, 12) => 1,
        (GENERALIZED_TIME, 14) => 0,
        _ => return None,
    };
    let mut pairs = [0; 7];
    for (number, pair) in pairs[start..].iter_mut().zip(digits.chunks_exact(2)) {
        if !pair.iter().all(u8::is_ascii_digit) {
            return None;
        }
        *number = i64::from(pair[0] - b'0') * 10 + i64::from(pair[1] - b'0');
    }
    let [mut century, year, month, day, hour, minute, second] = pairs;
    if tag == UTC_TIME {
        century = if year < 50 { 20 } else { 19 };
    }
    let date = Civil {
        year: century * 100 + year,
        month,
        day,
        hour,
        minute,
        second,
    };
    date.checked_wall()
}

#[cfg(test)]
mod tests;
