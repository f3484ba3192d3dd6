//! Errors of TLS in words of our own. Those of rustls and webpki are the names
//! of their variants, which say little to the owner of a router, and which the
//! binaries for routers leave out (`-Zfmt-debug=none`).

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible};
use webpki::Error as PathError;

use super::anchors::CaFileError;
use wansync_core::failure::TlsFailure;

/// The failure that an error in a handshake is.
pub(super) fn tls_failure(error: &Error, ca_file: &str) -> TlsFailure {
    match error {
        Error::InvalidCertificate(error) => certificate_failure(error, ca_file),
        other => TlsFailure::Handshake(describe(other)),
    }
}

fn certificate_failure(error: &CertificateError, ca_file: &str) -> TlsFailure {
    use CertificateError as E;
    match error {
        E::Expired | E::ExpiredContext { .. } => TlsFailure::Expired,
        E::NotValidYet | E::NotValidYetContext { .. } => TlsFailure::NotYetValid,
        E::NotValidForName | E::NotValidForNameContext { .. } => TlsFailure::NameMismatch,
        // A bad signature is a CA of the right name with another key.
        E::UnknownIssuer | E::BadSignature => TlsFailure::Untrusted {
            ca_file: ca_file.to_owned(),
        },
        E::Other(other) => match other.0.downcast_ref::<CaFileError>() {
            Some(CaFileError(cause)) => TlsFailure::CaFile {
                path: ca_file.to_owned(),
                cause: cause.clone(),
            },
            None => TlsFailure::Handshake(describe_certificate(error)),
        },
        _ => TlsFailure::Handshake(describe_certificate(error)),
    }
}

/// An error in words that follow on the name of the server.
pub(super) fn describe(error: &Error) -> String {
    match error {
        Error::AlertReceived(alert) => describe_alert(*alert),
        Error::InvalidCertificate(error) => describe_certificate(error),
        Error::InvalidMessage(error) => describe_message(error),
        Error::General(cause) => cause.clone(),
        other => describe_other(other).to_owned(),
    }
}

fn describe_other(error: &Error) -> &'static str {
    use PeerIncompatible as P;
    match error {
        Error::NoCertificatesPresented => "it has no certificate",
        Error::DecryptError => "what came cannot be decrypted",
        Error::PeerSentOversizedRecord => "it sent more at once than TLS allows",
        Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
            "it sent a TLS message out of turn"
        }
        Error::PeerIncompatible(
            P::ServerDoesNotSupportTls12Or13 | P::ServerTlsVersionIsDisabledByOurConfig,
        ) => "it offers neither TLS 1.2 nor 1.3",
        Error::PeerIncompatible(_) => "it offers no TLS that is secure",
        Error::PeerMisbehaved(_) => "it breaks the rules of TLS",
        Error::FailedToGetRandomBytes => "the kernel gave no random numbers",
        _ => "an unexpected error of TLS",
    }
}

fn describe_message(error: &InvalidMessage) -> String {
    use InvalidMessage as E;
    match error {
        // Another protocol, taken for TLS, fails at the head of its first record.
        E::InvalidContentType
        | E::InvalidEmptyPayload
        | E::MessageTooLarge
        | E::UnknownProtocolVersion => "what came is not TLS".to_owned(),
        E::IllegalEmptyList(part)
        | E::MissingData(part)
        | E::TrailingData(part)
        | E::UnexpectedMessage(part) => format!("it sent a TLS message that is damaged ({part})"),
        _ => "it sent a TLS message that is damaged".to_owned(),
    }
}

/// Alerts as the registry of TLS has them (RFC 8446, 6).
fn describe_alert(alert: AlertDescription) -> String {
    let number = u8::from(alert);
    let name = match number {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        22 => "record_overflow",
        40 => "handshake_failure",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        109 => "missing_extension",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => return format!("it refused to go on (alert {number})"),
    };
    format!("it refused to go on (alert {number}, {name})")
}

fn describe_certificate(error: &CertificateError) -> String {
    use CertificateError as E;
    #[expect(deprecated, reason = "rustls still makes it of webpki's")]
    let cause = match error {
        E::BadEncoding => "it is damaged",
        E::Revoked => "it is revoked",
        E::UnhandledCriticalExtension => "it has a critical extension that is unknown",
        E::UnsupportedSignatureAlgorithm
        | E::UnsupportedSignatureAlgorithmContext { .. }
        | E::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "it is signed in a way that is not supported"
        }
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => "it is not for servers",
        E::Other(other) => match other.0.downcast_ref() {
            Some(cause) => describe_path(cause),
            None => "unexpected error",
        },
        _ => "unexpected error",
    };
    format!("its certificate cannot be used ({cause})")
}

/// The errors that rustls has no name of its own for.
fn describe_path(error: &PathError) -> &'static str {
    use PathError as E;
    match error {
        E::CaUsedAsEndEntity => "it is the one of a CA",
        E::EndEntityUsedAsCa => "it was signed by one that may not sign",
        E::NameConstraintViolation => "its CA may not sign for this name",
        E::PathLenConstraintViolated => "there are more between it and its CA than that allows",
        E::MaximumNameConstraintComparisonsExceeded
        | E::MaximumPathBuildCallsExceeded
        | E::MaximumPathDepthExceeded
        | E::MaximumSignatureChecksExceeded => "its chain is too long",
        E::UnsupportedCertVersion => "it is not of X.509 version 3",
        E::UnsupportedCriticalExtension => "it has a critical extension that is unknown",
        _ => "it is damaged",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing is left to `Debug`, which some builds leave empty.
    #[test]
    fn each_error_has_words() {
        let alert = |number: u8| describe(&Error::AlertReceived(number.into()));
        assert_eq!(
            alert(40),
            "it refused to go on (alert 40, handshake_failure)"
        );
        assert_eq!(alert(222), "it refused to go on (alert 222)");

        let path = |error| CertificateError::Other(rustls::OtherError(std::sync::Arc::new(error)));
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
                Error::InvalidCertificate(CertificateError::InvalidPurpose),
                "its certificate cannot be used (it is not for servers)",
            ),
            (
                Error::InvalidCertificate(path(PathError::CaUsedAsEndEntity)),
                "its certificate cannot be used (it is the one of a CA)",
            ),
            (Error::EncryptError, "an unexpected error of TLS"),
        ] {
            assert_eq!(describe(&error), expected);
        }
    }
}
