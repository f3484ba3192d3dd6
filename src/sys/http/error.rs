//! Every way in which a call can stop, in words, and as a [`Failure`].

use std::fmt;
use std::io;
use std::time::Duration;

use crate::sys::os_error;
use wansync_core::failure::{Failure, Phase, TlsFailure};
use wansync_core::reason;
use wansync_core::reason::Reason;
use wansync_core::reason::connection::{Attempts, NameFailure};

/// The reason that a call stopped. The parts below [`super::HttpClient`] say this much;
/// which host it was and how long was allowed is added at the top.
#[derive(Debug)]
pub(super) enum HttpError {
    Bind {
        device: String,
        cause: Reason,
    },
    Name(NameFailure),
    Unreached(Box<Attempts>),
    Connect(Reason),
    /// The failure of TLS with one address, and the other addresses that were tried.
    Tls(TlsFailure, Box<Attempts>),
    Timeout {
        phase: Phase,
        /// The time of this phase, if it is not that of the whole call.
        limit: Option<Duration>,
        attempts: Box<Attempts>,
    },
    Broken(Reason),
    TooLarge {
        limit: usize,
    },
}

impl HttpError {
    /// The failure as the caller sees it; `limit` is the time that was allowed.
    pub(super) fn into_failure(self, host: &str, limit: Duration) -> Box<Failure> {
        let host = host.to_owned();
        Box::new(match self {
            HttpError::Bind { device, cause } => Failure::Bind { device, cause },
            HttpError::Name(cause) => Failure::NameResolution { host, cause },
            HttpError::Unreached(attempts) => Failure::Unreached { host, attempts },
            HttpError::Connect(cause) => Failure::Connect { host, cause },
            HttpError::Tls(cause, others) => Failure::Tls {
                host,
                cause,
                others,
            },
            HttpError::Timeout {
                phase,
                limit: own,
                attempts,
            } => Failure::Timeout {
                host,
                phase,
                limit: own.unwrap_or(limit),
                attempts,
            },
            HttpError::Broken(cause) => Failure::Broken { host, cause },
            HttpError::TooLarge { limit } => Failure::TooLarge { limit },
        })
    }
}

/// ureq hands back, unread, what the parts below it report.
impl From<HttpError> for ureq::Error {
    fn from(stop: HttpError) -> Self {
        ureq::Error::Other(Box::new(stop))
    }
}

impl std::error::Error for HttpError {}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the call stopped")
    }
}

/// ureq's own errors, all of which come after the connection was made. Those of
/// its texts that can hold an address or a header are left out.
impl From<ureq::Error> for HttpError {
    fn from(error: ureq::Error) -> Self {
        match error {
            ureq::Error::Other(stop) => match stop.downcast::<HttpError>() {
                Ok(stop) => *stop,
                Err(_) => HttpError::Broken(reason!(BrokenUnexpected)),
            },
            ureq::Error::Io(error) => connection_lost(&error),
            ureq::Error::LargeResponseHeader(..) => HttpError::Broken(reason!(BrokenHeader)),
            ureq::Error::Protocol(error) => {
                HttpError::Broken(describe_protocol_error(&error.to_string()))
            }
            ureq::Error::BodyStalled => HttpError::Broken(reason!(BrokenChunk)),
            ureq::Error::Http(_) | ureq::Error::BadUri(_) => {
                HttpError::Connect(reason!(ConnectInvalidAddress))
            }
            _ => HttpError::Broken(reason!(BrokenUnexpected)),
        }
    }
}

fn describe_protocol_error(error: &str) -> Reason {
    let known = error.starts_with("http parse fail");
    let cause = match error.split_once(':') {
        Some((cause, _)) if !known => cause,
        _ => error,
    };
    reason!(BrokenNotHttp, error = cause)
}

/// A connection that failed while the request or the reply was under way.
pub(super) fn connection_lost(error: &io::Error) -> HttpError {
    match error.kind() {
        io::ErrorKind::TimedOut => late_reply(),
        io::ErrorKind::UnexpectedEof => HttpError::Broken(reason!(BrokenEarly)),
        _ => HttpError::Broken(os_error::reason(error)),
    }
}

/// The time of the whole call is over.
pub(super) fn late_reply() -> HttpError {
    HttpError::Timeout {
        phase: Phase::Reply,
        limit: None,
        attempts: Box::default(),
    }
}
