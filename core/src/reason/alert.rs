//! Why a server refuses to go on with TLS, by its alert.

use alloc::format;
use alloc::string::ToString;

use super::{Code, Reason};

/// An alert of TLS that ends a connection (RFC 8446, 6; RFC 5246, 7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alert {
    /// The number that came.
    pub number: u8,
    /// True if version and cipher had been agreed on before.
    pub agreed: bool,
}

const HANDSHAKE_FAILURE: u8 = 40;

impl Alert {
    /// The name in the registry of TLS, by which it is found in the web.
    fn name(self) -> Option<&'static str> {
        Some(match self.number {
            0 => "close_notify",
            10 => "unexpected_message",
            20 => "bad_record_mac",
            22 => "record_overflow",
            HANDSHAKE_FAILURE => "handshake_failure",
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
            _ => return None,
        })
    }

    /// What the server means by it.
    ///
    /// Once both have agreed, servers that want a certificate say that the handshake
    /// failed, or that there is something about the certificate, which was none.
    fn code(self) -> Code {
        match (self.number, self.agreed) {
            (HANDSHAKE_FAILURE | 71, false) => Code::TlsAlertNothingInCommon,
            (HANDSHAKE_FAILURE | 42..=46 | 48 | 49 | 116, _) => Code::TlsAlertWantsCertificate,
            (70, _) => Code::TlsAlertVersion,
            (112, _) => Code::TlsAlertName,
            (80, _) => Code::TlsAlertFault,
            _ => Code::TlsAlert,
        }
    }
}

impl From<Alert> for Reason {
    fn from(alert: Alert) -> Reason {
        let shown = match alert.name() {
            Some(name) => format!("{}, {name}", alert.number),
            None => alert.number.to_string(),
        };
        Reason::of(alert.code()).with(shown)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn alerts_in_words() {
        for (number, agreed, words) in [
            (
                40,
                false,
                "it refused to go on (alert 40, handshake_failure): it has no version, \
                 cipher, curve or kind of certificate in common with wansync",
            ),
            (
                40,
                true,
                "it refused to go on (alert 40, handshake_failure): it wants a certificate \
                 of this router, and wansync has none",
            ),
            (
                116,
                true,
                "it refused to go on (alert 116, certificate_required): it wants a \
                 certificate of this router, and wansync has none",
            ),
            (
                70,
                false,
                "it refused to go on (alert 70, protocol_version): it speaks neither TLS 1.2 \
                 nor 1.3",
            ),
            (
                112,
                false,
                "it refused to go on (alert 112, unrecognized_name): it does not know this \
                 name",
            ),
            (51, true, "it refused to go on (alert 51, decrypt_error)"),
            (222, false, "it refused to go on (alert 222)"),
        ] {
            assert_eq!(Reason::from(Alert { number, agreed }).to_string(), words);
        }
    }
}
