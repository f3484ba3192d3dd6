//! The failures of requests to a service, in the words of the person who reads the
//! log, and what follows from them.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;
use core::time::Duration;

use crate::reason::alert::Alert;
use crate::reason::certificate::CertificateFault;
use crate::reason::connection::{Attempts, NameFailure, whole_seconds_up};
use crate::reason::refusal::ReplyDoubt;
use crate::time::MINUTE;

/// The failure of one request. No text in it holds a query string.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The socket could not be bound to the device that `option bind` asks for.
    Bind {
        /// The kernel's name of the device.
        device: String,
        /// The kernel's error.
        cause: String,
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
        cause: String,
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
        cause: String,
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
        what: String,
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
        /// The JSON that was found, in words.
        what: String,
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
        cause: String,
    },
    /// Anything else: no common version, nonsense.
    Handshake(String),
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
    /// The failure of a call to `host`, in words that name the host.
    ///
    /// ```
    /// use wansync_core::failure::Failure;
    ///
    /// let refused = Failure::Refused {
    ///     message: "Wrong key".to_owned(),
    /// };
    /// assert_eq!(refused.describe_at("www.skydns.ru"), "www.skydns.ru says: Wrong key");
    /// assert!(refused.is_permanent() && refused.may_have_arrived());
    /// ```
    pub fn describe_at(&self, host: &str) -> String {
        match self {
            Failure::Bind { .. }
            | Failure::NameResolution { .. }
            | Failure::Unreached { .. }
            | Failure::Connect { .. }
            | Failure::Tls { .. }
            | Failure::Timeout { .. }
            | Failure::Broken { .. } => self.to_string(),
            Failure::Refused { message } => format!("{host} says: {message}"),
            other => format!("{host}: {other}"),
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

    /// The text in it that is not ours, if there is one.
    pub fn foreign_text(&mut self) -> Option<&mut String> {
        match self {
            Failure::Redirect { to: text }
            | Failure::Status {
                message: Some(text),
                ..
            }
            | Failure::Doubtful(ReplyDoubt::Coded(text) | ReplyDoubt::Contradicted(text))
            | Failure::Refused { message: text }
            | Failure::Broken { cause: text, .. }
            | Failure::Unknown { what: text }
            | Failure::NotJson { what: text } => Some(text),
            // Named, so that a variant with a text of the service's is not forgotten.
            Failure::Bind { .. }
            | Failure::Unreached { .. }
            | Failure::NameResolution { .. }
            | Failure::Connect { .. }
            | Failure::Tls { .. }
            | Failure::Timeout { .. }
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

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Bind { device, cause } => {
                write!(
                    f,
                    "the connection could not be bound to device {device}: {cause}"
                )
            }
            Failure::NameResolution { host, cause } => {
                write!(f, "name resolution of {host} failed: {cause}")
            }
            Failure::Connect { host, cause } => write!(f, "no connection to {host}: {cause}"),
            Failure::Unreached { host, attempts } => {
                write!(f, "no connection to {host}")?;
                attempts.write_way(f)?;
                write!(f, ": {attempts}")
            }
            Failure::Tls {
                host,
                cause,
                others,
            } => {
                write!(f, "TLS with {host} failed: {cause}")?;
                match others.is_empty() {
                    true => Ok(()),
                    false => write!(f, "; {others}"),
                }
            }
            Failure::Timeout {
                host,
                phase,
                limit,
                attempts,
            } => {
                let seconds = whole_seconds_up(*limit);
                write!(f, "{phase} of {host} took longer than {seconds} s")?;
                attempts.write_places(f, host)
            }
            Failure::Broken { host, cause } => {
                write!(f, "the connection to {host} broke: {cause}")
            }
            Failure::Redirect { to } => {
                write!(
                    f,
                    "redirected to {to}, which is not followed: two redirects at most, and only within the same server, so that the key stays there"
                )
            }
            Failure::TooLarge { limit } => {
                write!(f, "the reply is larger than {limit} bytes")
            }
            Failure::Status {
                status,
                message: None,
                ..
            } => {
                let whose = match self.is_of_web_server() {
                    true => " of a web server, not of the service itself",
                    false => "",
                };
                write!(f, "HTTP status {status}{whose}")
            }
            Failure::Status {
                status,
                message: Some(message),
                ..
            } => {
                write!(f, "HTTP status {status}: {message}")
            }
            Failure::Doubtful(doubt) => write!(f, "the reply confirms nothing: {doubt}"),
            Failure::NotJson { what } => write!(f, "the reply is not JSON but {what}"),
            Failure::Refused { message } => write!(f, "the service says: {message}"),
            Failure::Unknown { what } => write!(f, "the reply is not understood: {what}"),
        }
    }
}

impl fmt::Display for TlsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TlsFailure::Certificate(fault) => fault.fmt(f),
            TlsFailure::Alert(alert) => alert.fmt(f),
            TlsFailure::ClockNotSet => f.write_str("the router's clock is not set"),
            TlsFailure::NoRandomNumbers => f.write_str(
                "the kernel has no random numbers yet, as may be for a while after boot",
            ),
            TlsFailure::CaFile { path, cause } => {
                write!(f, "the CA file {path} cannot be used: {cause}")
            }
            TlsFailure::Handshake(cause) => f.write_str(cause),
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Connect => "the connection",
            Phase::Handshake => "the TLS handshake",
            Phase::Reply => "the reply",
        })
    }
}
