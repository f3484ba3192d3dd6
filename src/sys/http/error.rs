//! Every way in which a call can stop, in words, and as a [`Failure`].

use std::fmt;
use std::io;
use std::time::Duration;

use wansync_core::failure::{Failure, Phase, TlsFailure};

/// What is said of a URL that is none.
pub(super) const INVALID_ADDRESS: &str = "its address is not a valid one";

/// What stopped a call. The parts below [`super::Client`] say this much;
/// which host it was and how long was allowed is added at the top.
#[derive(Debug)]
pub(super) enum Stop {
    Bind { device: String, cause: String },
    NameResolution(String),
    Connect(String),
    Tls(TlsFailure),
    Timeout(Phase),
    Broken(String),
    TooLarge { limit: usize },
}

impl Stop {
    /// The failure as the caller sees it; `limit` is the time that was allowed.
    pub(super) fn at(self, host: &str, limit: Duration) -> Failure {
        let host = host.to_owned();
        match self {
            Stop::Bind { device, cause } => Failure::Bind { device, cause },
            Stop::NameResolution(cause) => Failure::NameResolution { host, cause },
            Stop::Connect(cause) => Failure::Connect { host, cause },
            Stop::Tls(cause) => Failure::Tls { host, cause },
            Stop::Timeout(phase) => Failure::Timeout { host, phase, limit },
            Stop::Broken(cause) => Failure::Broken { host, cause },
            Stop::TooLarge { limit } => Failure::TooLarge { limit },
        }
    }
}

/// ureq hands back, unread, what the parts below it report.
impl From<Stop> for ureq::Error {
    fn from(stop: Stop) -> Self {
        ureq::Error::Other(Box::new(stop))
    }
}

impl std::error::Error for Stop {}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the call stopped")
    }
}

/// ureq's own errors, all of which come after the connection was made. Those of
/// its texts that can hold an address or a header are left out.
impl From<ureq::Error> for Stop {
    fn from(error: ureq::Error) -> Self {
        match error {
            ureq::Error::Other(stop) => match stop.downcast::<Stop>() {
                Ok(stop) => *stop,
                Err(_) => Stop::Broken("unexpected error".to_owned()),
            },
            ureq::Error::Io(error) => lost(&error),
            ureq::Error::LargeResponseHeader(..) => {
                Stop::Broken("the header of the reply is too large".to_owned())
            }
            ureq::Error::Protocol(error) => Stop::Broken(not_http(&error.to_string())),
            ureq::Error::Http(_) | ureq::Error::BadUri(_) => {
                Stop::Connect(INVALID_ADDRESS.to_owned())
            }
            _ => Stop::Broken("unexpected error".to_owned()),
        }
    }
}

fn not_http(error: &str) -> String {
    let known = error.starts_with("http parse fail");
    let cause = match error.split_once(':') {
        Some((cause, _)) if !known => cause,
        _ => error,
    };
    format!("what came is not HTTP ({cause})")
}

/// A connection that failed while the request or the reply was under way.
pub(super) fn lost(error: &io::Error) -> Stop {
    match error.kind() {
        io::ErrorKind::TimedOut => Stop::Timeout(Phase::Reply),
        io::ErrorKind::UnexpectedEof => {
            Stop::Broken("closed before the reply was complete".to_owned())
        }
        _ => Stop::Broken(words(error)),
    }
}

/// The kernel's own words, without the error number that std appends.
pub(super) fn words(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}
