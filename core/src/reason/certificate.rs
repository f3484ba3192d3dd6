//! Why a server's certificate is not accepted.

use alloc::string::String;
use core::fmt;

use crate::certificate::RSA_SIZES;
use crate::time::{Civil, Wall};

/// The reason that a server's certificate is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateFault {
    /// No certificate of the CA file vouches for it.
    Untrusted {
        /// The CA file that was used.
        ca_file: String,
        /// The part that is missing.
        cause: Distrust,
    },
    /// It is for other hosts.
    OtherName {
        /// The hosts that it is for.
        hosts: String,
    },
    /// It is for no host: no subjectAltName says one.
    NoHost {
        /// The common name, which counts no more.
        common_name: Option<String>,
    },
    /// It has expired, by the router's clock.
    Expired {
        /// The issuer whose certificate it is, if it is not the server's.
        whose: Option<String>,
        /// The end of its time.
        until: Wall,
        /// The router's clock.
        clock: Wall,
    },
    /// It is not valid yet, by the router's clock.
    NotYetValid {
        /// The issuer whose certificate it is, if it is not the server's.
        whose: Option<String>,
        /// The beginning of its time.
        from: Wall,
        /// The router's clock.
        clock: Wall,
    },
    /// An RSA key that is too short to be safe, or too long to be checked.
    KeySize {
        /// The issuer whose key it is, if it is not the server's.
        whose: Option<String>,
        /// The bits of the key.
        bits: usize,
    },
    /// It, or an issuer's, is signed by an algorithm that is not accepted.
    Algorithm(Algorithm),
    /// The server has not the key that belongs to the certificate.
    NotItsKey,
    /// Anything else that is wrong with it.
    Unusable(Flaw),
}

/// The reason that no certificate of the CA file vouches for a server's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Distrust {
    /// Nobody but itself vouches for it.
    SelfSigned {
        /// The name that it gives itself.
        name: String,
    },
    /// Nobody but itself vouches for it, and the file has another one of that name.
    Replaced {
        /// The name that it gives itself.
        name: String,
    },
    /// The server sent it without its issuer's.
    NoIssuer {
        /// The issuer.
        name: String,
    },
    /// The server sent issuers, but not the last one's.
    NoRoot {
        /// The last issuer.
        name: String,
    },
    /// The chain that the server sent is whole, and ends elsewhere.
    UnknownRoot {
        /// The last issuer.
        name: String,
    },
    /// The issuer's certificate in the file has another key.
    OtherKey {
        /// The issuer.
        name: String,
    },
}

/// An algorithm of signatures that is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Algorithm {
    /// MD5 with RSA.
    Md5,
    /// SHA-1 with RSA or ECDSA.
    Sha1,
    /// DSA.
    Dsa,
    /// GOST R 34.10, of any year.
    Gost,
    /// Ed25519 or Ed448.
    Edwards,
    /// ECDSA with SHA-512, which no implementation here has.
    EcdsaSha512,
    /// ECDSA on a curve other than P-256 and P-384.
    Curve,
    /// One that has no name here.
    Other,
}

/// A flaw of a certificate or its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flaw {
    /// It is not encoded as certificates are.
    Damaged,
    /// It is not of X.509 version 3.
    Version,
    /// It has a critical extension that is unknown.
    CriticalExtension,
    /// It ends before it begins.
    ReversedDates,
    /// It is for something else than servers.
    NotForServers,
    /// A CA's certificate in the place of a server's.
    OfCa,
    /// Its issuer's certificate is not a CA's.
    IssuerNotCa,
    /// The name is not one that its CA may sign for.
    NameConstraint,
    /// There are more certificates between than its CA allows.
    PathLength,
    /// A chain that is too long or too tangled to be followed.
    ChainTooLong,
    /// It is revoked.
    Revoked,
}

impl From<Flaw> for CertificateFault {
    fn from(flaw: Flaw) -> Self {
        CertificateFault::Unusable(flaw)
    }
}

impl fmt::Display for CertificateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CertificateFault::Untrusted { ca_file, cause } => {
                write!(f, "its certificate is not trusted by {ca_file}: {cause}")
            }
            CertificateFault::OtherName { hosts } => {
                write!(f, "its certificate is for another name: {hosts}")
            }
            CertificateFault::NoHost { common_name } => {
                f.write_str("its certificate names no host in subjectAltName, ")?;
                match common_name {
                    Some(name) => write!(f, "only a common name: {name}"),
                    None => f.write_str("nor anywhere else"),
                }
            }
            CertificateFault::Expired {
                whose,
                until,
                clock,
            } => {
                write_owner(f, whose.as_deref())?;
                write!(
                    f,
                    "has expired on {}, or this clock, which says {}, is wrong",
                    date(*until),
                    date(*clock)
                )
            }
            CertificateFault::NotYetValid { whose, from, clock } => {
                write_owner(f, whose.as_deref())?;
                write!(
                    f,
                    "is not valid yet: is the router's clock right? It says {}, the certificate begins on {}",
                    date(*clock),
                    date(*from)
                )
            }
            CertificateFault::KeySize { whose, bits } => {
                write_owner(f, whose.as_deref())?;
                let (min, max) = (RSA_SIZES.start(), RSA_SIZES.end());
                let size = if bits < min { "short" } else { "long" };
                write!(
                    f,
                    "has a key that is too {size} (RSA of {bits} bits, {min} to {max} are accepted)"
                )
            }
            CertificateFault::Algorithm(algorithm) => {
                write!(
                    f,
                    "its certificate cannot be used (it is signed {algorithm})"
                )
            }
            CertificateFault::NotItsKey => {
                f.write_str("its certificate is not its own: it has not the key that belongs to it")
            }
            CertificateFault::Unusable(flaw) => {
                write!(f, "its certificate cannot be used ({flaw})")
            }
        }
    }
}

/// The certificate of an issuer, or the server's own.
fn write_owner(f: &mut fmt::Formatter<'_>, issuer: Option<&str>) -> fmt::Result {
    match issuer {
        Some(name) => write!(f, "the certificate of its issuer '{name}' "),
        None => f.write_str("its certificate "),
    }
}

/// The day alone: a message that changes by the second would be logged each time.
fn date(moment: Wall) -> String {
    Civil::at(moment).date()
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Distrust::SelfSigned { name } => {
                write!(
                    f,
                    "it is self-signed, as '{name}', and is not itself in the file"
                )
            }
            Distrust::Replaced { name } => write!(
                f,
                "it is self-signed, as '{name}', and the file has another certificate of that name"
            ),
            Distrust::NoIssuer { name } => write!(
                f,
                "its issuer '{name}' is not in the file, and the server sends no certificate of it: an intermediate certificate is missing, or the file lacks this CA"
            ),
            Distrust::NoRoot { name } => write!(
                f,
                "its chain ends at '{name}', which is not in the file, and the server sends no certificate of it: the file lacks this CA, or an intermediate certificate is missing"
            ),
            Distrust::UnknownRoot { name } => {
                write!(f, "its chain ends at '{name}', which is not in the file")
            }
            Distrust::OtherKey { name } => {
                write!(f, "its issuer '{name}' has another key in the file")
            }
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Algorithm::Md5 => "with MD5, which is not safe",
            Algorithm::Sha1 => "with SHA-1, which is not safe",
            Algorithm::Dsa => "with DSA, which is not supported",
            Algorithm::Gost => "with GOST R 34.10, which is not supported",
            Algorithm::Edwards => "with Ed25519 or Ed448, which is not supported",
            Algorithm::EcdsaSha512 => "with ECDSA and SHA-512, which is not supported",
            Algorithm::Curve => "by a key on a curve other than P-256 and P-384",
            Algorithm::Other => "in a way that is not supported",
        })
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Flaw::Damaged => "it is damaged",
            Flaw::Version => "it is not of X.509 version 3",
            Flaw::CriticalExtension => "it has a critical extension that is unknown",
            Flaw::ReversedDates => "it ends before it begins",
            Flaw::NotForServers => "it is not for servers",
            Flaw::OfCa => "it is the one of a CA",
            Flaw::IssuerNotCa => "it was signed by one that may not sign",
            Flaw::NameConstraint => "its CA may not sign for this name",
            Flaw::PathLength => "there are more between it and its CA than that allows",
            Flaw::ChainTooLong => "its chain is too long",
            Flaw::Revoked => "it is revoked",
        })
    }
}
