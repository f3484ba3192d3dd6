//! The failures of requests to a service, in the words of the person who reads the
//! log, and what follows from them.

use alloc::boxed::Box;
use alloc::string::String;
use core::time::Duration;

use crate::reason;
use crate::reason::alert::Alert;
use crate::reason::certificate::CertificateFault;
use crate::reason::connection::{Attempts, NameFailure, whole_seconds_up};
use crate::reason::refusal::ReplyDoubt;
use crate::reason::{Code, Reason, show_as_reason};
use crate::time::MINUTE;

/// The failure of one request. No text in it holds a query string.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The socket could not be bound to the device that `option bind` asks for.
    Bind {
        /// The kernel's name of the device.
        device: String,
        /// The reason.
        cause: Reason,
    },
    /// The name of the service gave no address.
    NameResolution {
        /// The name that was looked up.
        host: String,
        /// The reason.
        cause: NameFailure,
    },
    /// None of the addresses of the service let a connection through.
    Unreached {
        /// The name of the service.
        host: String,
        /// The addresses.
        attempts: Box<Attempts>,
    },
    /// No connection was tried.
    Connect {
        /// The name or address of the service.
        host: String,
        /// The reason.
        cause: Reason,
    },
    /// The connection stands, but it is not a trusted one.
    Tls {
        /// The name of the service.
        host: String,
        /// The fault.
        cause: TlsFailure,
        /// The other addresses that were tried.
        others: Box<Attempts>,
    },
    /// No answer within the time allowed.
    Timeout {
        /// The name of the service.
        host: String,
        /// The step that was waited for.
        phase: Phase,
        /// The time that it was given.
        limit: Duration,
        /// The addresses that were waited for.
        attempts: Box<Attempts>,
    },
    /// The connection broke, or what came was not HTTP, after the request was sent.
    Broken {
        /// The name of the service.
        host: String,
        /// The part that broke.
        cause: Reason,
    },
    /// A redirect that may not be followed, or one too many. The query is removed.
    Redirect {
        /// The redirect's target, without its query.
        to: String,
    },
    /// The body is larger than any reply of the service can be.
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// An HTTP status that is not a success.
    Status {
        /// The HTTP status.
        status: u16,
        /// The words that came with it, if there were any.
        message: Option<String>,
        /// True if it is the service itself that says so: there was an error in its own
        /// form. Otherwise it may be a web server on the way, which has no opinion on
        /// keys and users.
        by_service: bool,
        /// The pause that the service asked for.
        retry_after: Option<Duration>,
    },
    /// A success status whose body is not JSON.
    NotJson {
        /// The body's looks: an HTML page, an empty body, cut off.
        what: Reason,
    },
    /// The service understood the request and said no.
    Refused {
        /// The service's own words.
        message: String,
    },
    /// A success status, and yet the reply cannot be taken at its word.
    Doubtful(ReplyDoubt),
    /// JSON, but no shape that is known to mean anything.
    Unknown {
        /// The JSON that was found.
        what: Reason,
    },
}

/// The faults that a TLS connection can have.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsFailure {
    /// The server's certificate is not accepted.
    Certificate(CertificateFault),
    /// The server refused to go on.
    Alert(Alert),
    /// The router's clock is earlier than this program's build.
    ClockNotSet,
    /// The kernel has no random numbers yet that can guard a secret.
    NoRandomNumbers,
    /// The CA file cannot be read, or holds no certificate.
    CaFile {
        /// The file.
        path: String,
        /// The fault of the file.
        cause: Reason,
    },
    /// Anything else: no common version, nonsense.
    Handshake(Reason),
}

/// The step that a request was at when its time ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The TCP connection.
    Connect,
    /// The TLS handshake.
    Handshake,
    /// The reply.
    Reply,
}

impl Failure {
    /// The failure of a call to `host`, which it names.
    ///
    /// ```
    /// use wansync_core::failure::Failure;
    ///
    /// let refused = Failure::Refused {
    ///     message: "Wrong key".to_owned(),
    /// };
    /// assert_eq!(refused.reason_at("www.skydns.ru").to_string(), "www.skydns.ru says: Wrong key");
    /// assert!(refused.is_permanent() && refused.may_have_arrived());
    /// ```
    pub fn reason_at(&self, host: &str) -> Reason {
        match self {
            Failure::Bind { .. }
            | Failure::NameResolution { .. }
            | Failure::Unreached { .. }
            | Failure::Connect { .. }
            | Failure::Tls { .. }
            | Failure::Timeout { .. }
            | Failure::Broken { .. } => self.into(),
            Failure::Refused { message } => {
                reason!(FailureRefusedAt, host = host, message = message)
            }
            other => reason!(FailureAt, host = host, cause = Reason::from(other)),
        }
    }

    /// True if sending the same again soon is pointless, or worse: the service itself
    /// refused, or a 401 or 403 came, which is about the key whatever sends it. (A
    /// captive portal or a proxy on the way cannot send one: it has no certificate for
    /// the service's name. What it may make of an http address on this router, 407 and
    /// 511, passes.)
    pub fn is_permanent(&self) -> bool {
        match self {
            Failure::Refused { .. } => true,
            Failure::Status {
                status, by_service, ..
            } => match status {
                401 | 403 => true,
                408 | 425 | 429 => false,
                400..500 => *by_service,
                _ => false,
            },
            _ => false,
        }
    }

    /// True for an error of a web server on the way, such as a 404 while the service
    /// behind it is being replaced: it passes, but hardly within seconds.
    pub fn is_of_web_server(&self) -> bool {
        let is_busy = |status: &u16| matches!(status, 408 | 425 | 429);
        !self.is_permanent()
            && matches!(self, Failure::Status { status: status @ 400..500, .. } if !is_busy(status))
    }

    /// True if the request may have reached the service, so that what the
    /// service holds now is not known.
    pub fn may_have_arrived(&self) -> bool {
        match self {
            Failure::Bind { .. }
            | Failure::NameResolution { .. }
            | Failure::Unreached { .. }
            | Failure::Connect { .. }
            | Failure::Tls { .. } => false,
            Failure::Timeout { phase, .. } => *phase == Phase::Reply,
            _ => true,
        }
    }

    /// True if the service, or a server before it, had no time for the request: such a
    /// send burdens nobody's account.
    pub fn is_turned_away(&self) -> bool {
        matches!(
            self,
            Failure::Status {
                status: 429 | 503,
                ..
            }
        )
    }

    /// True if nothing of the request left the router for the service: its name was not
    /// found, or its way out was not there.
    pub fn is_local(&self) -> bool {
        matches!(self, Failure::Bind { .. } | Failure::NameResolution { .. })
    }

    /// The pause that the service asked for. A 429 without a `Retry-After` asks for a
    /// minute.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Failure::Status {
                retry_after: Some(pause),
                ..
            } => Some(*pause),
            Failure::Status { status: 429, .. } => Some(MINUTE),
            _ => None,
        }
    }

    /// Has `redact` change the text in it that is not ours, if there is one.
    pub fn redact(&mut self, redact: &dyn Fn(&str) -> String) {
        if let Failure::Broken { cause: reason, .. }
        | Failure::NotJson { what: reason }
        | Failure::Unknown { what: reason } = self
        {
            reason.redact(redact);
        } else if let Some(text) = self.foreign_text() {
            *text = redact(text);
        }
    }

    fn foreign_text(&mut self) -> Option<&mut String> {
        match self {
            Failure::Redirect { to: text }
            | Failure::Status {
                message: Some(text),
                ..
            }
            | Failure::Doubtful(ReplyDoubt::Coded(text) | ReplyDoubt::Contradicted(text))
            | Failure::Refused { message: text } => Some(text),
            // Named, so that a variant with a text of the service's is not forgotten.
            Failure::Bind { .. }
            | Failure::Unreached { .. }
            | Failure::NameResolution { .. }
            | Failure::Connect { .. }
            | Failure::Tls { .. }
            | Failure::Timeout { .. }
            | Failure::Broken { .. }
            | Failure::NotJson { .. }
            | Failure::Unknown { .. }
            | Failure::TooLarge { .. }
            | Failure::Status { message: None, .. }
            | Failure::Doubtful(ReplyDoubt::Status(_) | ReplyDoubt::Repeated(_)) => None,
        }
    }

    /// True if the service could not be reached, or says that it cannot serve.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Failure::NameResolution { .. }
            | Failure::Unreached { .. }
            | Failure::Connect { .. }
            | Failure::Tls { .. }
            | Failure::Timeout { .. }
            | Failure::Broken { .. } => true,
            Failure::Status { status, .. } => !self.is_permanent() && *status >= 400,
            _ => false,
        }
    }
}

impl<T: Into<CertificateFault>> From<T> for TlsFailure {
    fn from(fault: T) -> Self {
        TlsFailure::Certificate(fault.into())
    }
}

impl From<&Failure> for Reason {
    fn from(failure: &Failure) -> Reason {
        match failure {
            Failure::Bind { device, cause } => {
                reason!(FailureBind, device = device, cause = cause)
            }
            Failure::NameResolution { host, cause } => {
                reason!(FailureName, host = host, causes = cause.reasons())
            }
            Failure::Connect { host, cause } => {
                reason!(FailureConnect, host = host, cause = cause)
            }
            Failure::Unreached { host, attempts } => match &attempts.device {
                None => reason!(FailureUnreached, host = host, attempts = attempts.reasons()),
                Some(device) => reason!(
                    FailureUnreachedThrough,
                    host = host,
                    device = device,
                    attempts = attempts.reasons()
                ),
            },
            Failure::Tls {
                host,
                cause,
                others,
            } => {
                let mut causes = others.reasons();
                causes.insert(0, cause.into());
                reason!(FailureTls, host = host, causes = causes)
            }
            Failure::Timeout {
                host,
                phase,
                limit,
                attempts,
            } => {
                let code = match phase {
                    Phase::Connect => Code::FailureTimeoutConnect,
                    Phase::Handshake => Code::FailureTimeoutHandshake,
                    Phase::Reply => Code::FailureTimeoutReply,
                };
                let seconds = whole_seconds_up(*limit);
                let places = attempts.places(host);
                let places = (!places.is_empty()).then(|| reason!(FailurePlaces, places = places));
                Reason::of(code).with(host).with(seconds).with(places)
            }
            Failure::Broken { host, cause } => reason!(FailureBroken, host = host, cause = cause),
            Failure::Redirect { to } => reason!(FailureRedirect, url = to),
            Failure::TooLarge { limit } => reason!(FailureTooLarge, bytes = *limit),
            Failure::Status {
                status, message, ..
            } => {
                let status = u32::from(*status);
                match message {
                    Some(message) => {
                        reason!(FailureStatusSays, status = status, message = message)
                    }
                    None if failure.is_of_web_server() => {
                        reason!(FailureStatusOfServer, status = status)
                    }
                    None => reason!(FailureStatus, status = status),
                }
            }
            Failure::Doubtful(doubt) => reason!(FailureDoubtful, cause = Reason::from(doubt)),
            Failure::NotJson { what } => reason!(FailureNotJson, what = what),
            Failure::Refused { message } => reason!(FailureRefused, message = message),
            Failure::Unknown { what } => reason!(FailureUnknown, what = what),
        }
    }
}

impl From<&TlsFailure> for Reason {
    fn from(failure: &TlsFailure) -> Reason {
        match failure {
            TlsFailure::Certificate(fault) => fault.into(),
            TlsFailure::Alert(alert) => (*alert).into(),
            TlsFailure::ClockNotSet => reason!(TlsClockNotSet),
            TlsFailure::NoRandomNumbers => reason!(TlsNoRandomNumbers),
            TlsFailure::CaFile { path, cause } => reason!(TlsCaFile, file = path, cause = cause),
            TlsFailure::Handshake(cause) => cause.clone(),
        }
    }
}

show_as_reason!(Failure, TlsFailure);
