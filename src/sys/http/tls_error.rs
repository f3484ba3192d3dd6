//! Errors of TLS in words of our own. Those of rustls and webpki are the names
//! of their variants, which say little to the owner of a router, and which the
//! binaries for routers leave out (`-Zfmt-debug=none`).

use std::fmt;
use std::sync::Arc;

use rustls::{CertificateError, Error, InvalidMessage, OtherError, PeerIncompatible};
use webpki::Error as PathError;

use wansync_core::certificate::{Certificate, is_elliptic, signature_algorithm};
use wansync_core::failure::TlsFailure;
use wansync_core::reason;
use wansync_core::reason::Reason;
use wansync_core::reason::alert::Alert;
use wansync_core::reason::certificate::{Algorithm, CertificateFault, Flaw};
use wansync_core::time::Wall;

/// A failure on its way through rustls.
#[derive(Debug)]
struct Refusal(TlsFailure);

impl std::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The failure as an error of rustls, of which [`tls_failure`] makes it again.
pub(super) fn refusal(failure: impl Into<TlsFailure>) -> Error {
    let refusal = Arc::new(Refusal(failure.into()));
    CertificateError::Other(OtherError(refusal)).into()
}

/// The failure that an error is; `agreed` if version and cipher were agreed on before.
pub(super) fn tls_failure(error: &Error, agreed: bool) -> TlsFailure {
    match error {
        Error::AlertReceived(alert) => TlsFailure::Alert(Alert {
            number: u8::from(*alert),
            agreed,
        }),
        Error::InvalidCertificate(CertificateError::Other(other)) => {
            match other.0.downcast_ref::<Refusal>() {
                Some(Refusal(failure)) => failure.clone(),
                None => Flaw::Damaged.into(),
            }
        }
        other => TlsFailure::Handshake(describe(other)),
    }
}

/// The fault that an error of a chain or of a name is. None if a signature is not that
/// of the issuer's key.
pub(super) fn certificate_fault(
    error: &Error,
    leaf: &Certificate<'_>,
    others: &[Certificate<'_>],
    clock: Wall,
) -> Option<CertificateFault> {
    use CertificateError as E;
    let Error::InvalidCertificate(error) = error else {
        return Some(Flaw::Damaged.into());
    };
    let wall = |time: &rustls::pki_types::UnixTime| Wall::from_secs(time.as_secs() as i64);
    let owner = |is_its: &dyn Fn((Wall, Wall)) -> bool| {
        let is_its = |one: &&Certificate<'_>| one.validity().is_some_and(is_its);
        match is_its(&leaf) {
            true => None,
            false => Some(others.iter().find(is_its)?.subject.to_string()),
        }
    };
    Some(match error {
        E::BadSignature => return None,
        E::ExpiredContext { not_after, .. } => {
            let until = wall(not_after);
            CertificateFault::Expired {
                whose: owner(&|(_, its)| its == until),
                until,
                clock,
            }
        }
        E::NotValidYetContext { not_before, .. } => {
            let from = wall(not_before);
            CertificateFault::NotYetValid {
                whose: owner(&|(its, _)| its == from),
                from,
                clock,
            }
        }
        E::NotValidForName | E::NotValidForNameContext { .. } => match leaf.hosts() {
            Some(hosts) => CertificateFault::OtherName { hosts },
            None => CertificateFault::NoHost {
                common_name: leaf.subject.common_name(),
            },
        },
        E::UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id,
            ..
        } => CertificateFault::Algorithm(signature_algorithm(signature_algorithm_id)),
        E::UnsupportedSignatureAlgorithmForPublicKeyContext {
            signature_algorithm_id,
            public_key_algorithm_id,
        } if is_elliptic(signature_algorithm_id) && is_elliptic(public_key_algorithm_id) => {
            CertificateFault::Algorithm(Algorithm::Curve)
        }
        // The issuer's key is of another kind than the one that signed.
        E::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => return None,
        E::Expired => Flaw::ReversedDates.into(),
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => Flaw::NotForServers.into(),
        E::Other(other) => match other.0.downcast_ref() {
            Some(error) => flaw(error).into(),
            None => Flaw::Damaged.into(),
        },
        _ => Flaw::Damaged.into(),
    })
}

/// The errors that rustls has no name of its own for.
fn flaw(error: &PathError) -> Flaw {
    use PathError as E;
    match error {
        E::CaUsedAsEndEntity => Flaw::OfCa,
        E::EndEntityUsedAsCa => Flaw::IssuerNotCa,
        E::NameConstraintViolation => Flaw::NameConstraint,
        E::PathLenConstraintViolated => Flaw::PathLength,
        E::MaximumNameConstraintComparisonsExceeded
        | E::MaximumPathBuildCallsExceeded
        | E::MaximumPathDepthExceeded
        | E::MaximumSignatureChecksExceeded => Flaw::ChainTooLong,
        E::UnsupportedCertVersion => Flaw::Version,
        E::UnsupportedCriticalExtension => Flaw::CriticalExtension,
        _ => Flaw::Damaged,
    }
}

/// What is to be said of an error, behind the name of the server.
pub(super) fn describe(error: &Error) -> Reason {
    match error {
        Error::AlertReceived(_) | Error::InvalidCertificate(_) => {
            Reason::from(&tls_failure(error, true))
        }
        Error::InvalidMessage(error) => describe_message(error),
        Error::General(cause) => Reason::words(cause),
        other => describe_other(other),
    }
}

fn describe_other(error: &Error) -> Reason {
    use PeerIncompatible as P;
    match error {
        Error::NoCertificatesPresented => reason!(TlsNoCertificate),
        Error::DecryptError => reason!(TlsNotDecrypted),
        Error::PeerSentOversizedRecord => reason!(TlsTooMuch),
        Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
            reason!(TlsOutOfTurn)
        }
        Error::PeerIncompatible(
            P::ServerDoesNotSupportTls12Or13 | P::ServerTlsVersionIsDisabledByOurConfig,
        ) => reason!(TlsVersion),
        Error::PeerIncompatible(_) => reason!(TlsInsecure),
        Error::PeerMisbehaved(_) => reason!(TlsRules),
        Error::FailedToGetRandomBytes => reason!(TlsRandomNumbers),
        _ => reason!(TlsUnexpected),
    }
}

fn describe_message(error: &InvalidMessage) -> Reason {
    use InvalidMessage as E;
    match error {
        // Another protocol, taken for TLS, fails at the head of its first record.
        E::InvalidContentType
        | E::InvalidEmptyPayload
        | E::MessageTooLarge
        | E::UnknownProtocolVersion => reason!(TlsNotTls),
        E::IllegalEmptyList(part)
        | E::MissingData(part)
        | E::TrailingData(part)
        | E::UnexpectedMessage(part) => reason!(TlsDamagedPart, name = *part),
        _ => reason!(TlsDamaged),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing is left to `Debug`, which some builds leave empty.
    #[test]
    fn each_error_has_words() {
        let alert = |number: u8| describe(&Error::AlertReceived(number.into())).to_string();
        assert_eq!(alert(222), "it refused to go on (alert 222)");

        for (error, expected) in [
            (
                Error::InvalidMessage(InvalidMessage::InvalidContentType),
                "what came is not TLS",
            ),
            (
                Error::InvalidMessage(InvalidMessage::MissingData("ServerHello")),
                "it sent a TLS message that is damaged (ServerHello)",
            ),
            (
                Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13),
                "it offers neither TLS 1.2 nor 1.3",
            ),
            (
                refusal(Flaw::NotForServers),
                "its certificate cannot be used (it is not for servers)",
            ),
            (Error::EncryptError, "an unexpected error of TLS"),
        ] {
            assert_eq!(describe(&error).to_string(), expected);
        }
    }
}
