//! Why a server's certificate is not accepted.

use alloc::string::String;

use crate::certificate::RSA_SIZES;
use crate::reason;
use crate::reason::{Code, Reason, show_as_reason};
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

impl From<&CertificateFault> for Reason {
    fn from(fault: &CertificateFault) -> Reason {
        match fault {
            CertificateFault::Untrusted { ca_file, cause } => {
                reason!(CertUntrusted, file = ca_file, cause = Reason::from(cause))
            }
            CertificateFault::OtherName { hosts } => reason!(CertOtherName, names = hosts),
            CertificateFault::NoHost { common_name } => match common_name {
                Some(name) => reason!(CertCommonName, name = name),
                None => reason!(CertNoName),
            },
            CertificateFault::Expired {
                whose,
                until,
                clock,
            } => reason!(
                CertExpired,
                whose = owner(whose.as_deref()),
                until = date(*until),
                date = date(*clock)
            ),
            CertificateFault::NotYetValid { whose, from, clock } => reason!(
                CertNotYetValid,
                whose = owner(whose.as_deref()),
                date = date(*clock),
                from = date(*from)
            ),
            CertificateFault::KeySize { whose, bits } => {
                let (min, max) = (RSA_SIZES.start(), RSA_SIZES.end());
                let code = match bits < min {
                    true => Code::CertKeyShort,
                    false => Code::CertKeyLong,
                };
                let whose = owner(whose.as_deref());
                Reason::of(code)
                    .with(whose)
                    .with(*bits)
                    .with(*min)
                    .with(*max)
            }
            CertificateFault::Algorithm(algorithm) => (*algorithm).into(),
            CertificateFault::NotItsKey => reason!(CertNotItsKey),
            CertificateFault::Unusable(flaw) => (*flaw).into(),
        }
    }
}

/// The certificate of an issuer, or the server's own.
fn owner(issuer: Option<&str>) -> Reason {
    match issuer {
        Some(name) => reason!(CertOfIssuer, name = name),
        None => reason!(CertOwn),
    }
}

/// The day alone: a message that changes by the second would be logged each time.
fn date(moment: Wall) -> String {
    Civil::at(moment).date()
}

impl From<&Distrust> for Reason {
    fn from(distrust: &Distrust) -> Reason {
        let (code, name) = match distrust {
            Distrust::SelfSigned { name } => (Code::CertSelfSigned, name),
            Distrust::Replaced { name } => (Code::CertReplaced, name),
            Distrust::NoIssuer { name } => (Code::CertNoIssuer, name),
            Distrust::NoRoot { name } => (Code::CertNoRoot, name),
            Distrust::UnknownRoot { name } => (Code::CertUnknownRoot, name),
            Distrust::OtherKey { name } => (Code::CertOtherKey, name),
        };
        Reason::of(code).with(name)
    }
}

impl From<Algorithm> for Reason {
    fn from(algorithm: Algorithm) -> Reason {
        let unsupported = |name: &str| reason!(CertSignedBy, algorithm = name);
        match algorithm {
            Algorithm::Md5 => reason!(CertSignedUnsafely, algorithm = "MD5"),
            Algorithm::Sha1 => reason!(CertSignedUnsafely, algorithm = "SHA-1"),
            Algorithm::Dsa => unsupported("DSA"),
            Algorithm::Gost => unsupported("GOST R 34.10"),
            Algorithm::Edwards => reason!(CertSignedByEdwards),
            Algorithm::EcdsaSha512 => reason!(CertSignedByEcdsaSha512),
            Algorithm::Curve => reason!(CertSignedByCurve),
            Algorithm::Other => reason!(CertSignedInOtherWay),
        }
    }
}

impl From<Flaw> for Reason {
    fn from(flaw: Flaw) -> Reason {
        match flaw {
            Flaw::Damaged => reason!(CertDamaged),
            Flaw::Version => reason!(CertVersion),
            Flaw::CriticalExtension => reason!(CertCriticalExtension),
            Flaw::ReversedDates => reason!(CertReversedDates),
            Flaw::NotForServers => reason!(CertNotForServers),
            Flaw::OfCa => reason!(CertOfCa),
            Flaw::IssuerNotCa => reason!(CertIssuerNotCa),
            Flaw::NameConstraint => reason!(CertNameConstraint),
            Flaw::PathLength => reason!(CertPathLength),
            Flaw::ChainTooLong => reason!(CertChainTooLong),
            Flaw::Revoked => reason!(CertRevoked),
        }
    }
}

show_as_reason!(CertificateFault);
