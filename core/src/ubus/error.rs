//! The reasons for which ubus gave no answer, in words for the reader of the log.
//!
//! ```
//! use wansync_core::ubus::Error;
//!
//! let error = Error::NoObject { path: "network.interface".to_owned() };
//! assert_eq!(error.to_string(), "netifd is not running: ubus has no object network.interface");
//! ```

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use super::value::Malformed;

/// An error of a connection to ubusd, or of a call over it. `call`
/// is the object's path and the method.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// There is no socket, or no process listens on it.
    NotRunning {
        /// The path where the socket should be.
        socket: String,
    },
    /// The socket is there, but the kernel refuses the connection.
    Connect {
        /// The path of the socket.
        socket: String,
        /// The words of the kernel.
        cause: String,
    },
    /// The connection was closed before the greeting, as ubusd does with users
    /// and groups that the system does not know.
    UnknownUser,
    /// No object is published at this path.
    NoObject {
        /// The path.
        path: String,
    },
    /// The object is there, but this user may not call the method.
    NotPermitted {
        /// The object's path and the method.
        call: String,
    },
    /// The object's owner, or ubusd, answered with a failure.
    Status {
        /// The object's path and the method.
        call: String,
        /// Any number but 0; those that ubus knows are 1 to 13.
        code: u32,
    },
    /// The call succeeded, but brought none of the data that it always brings.
    NoData {
        /// The object's path and the method.
        call: String,
    },
    /// No complete answer in time.
    Timeout {
        /// The object's path and the method.
        call: String,
        /// The time that it was waited for.
        seconds: u64,
    },
    /// The connection ended while it was in use.
    Broken {
        /// The words of the kernel.
        cause: String,
    },
    /// The answer is not what the protocol allows.
    Malformed {
        /// The fault in it.
        what: &'static str,
    },
    /// The request is larger than ubusd accepts.
    TooLong {
        /// The object's path and the method.
        call: String,
    },
}

impl From<Malformed> for Box<Error> {
    fn from(Malformed(what): Malformed) -> Self {
        Box::new(Error::Malformed { what })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotRunning { socket } => {
                write!(f, "ubusd is not running: nobody listens at {socket}")
            }
            Error::Connect { socket, cause } => {
                write!(f, "no connection to ubusd at {socket}: {cause}")
            }
            Error::UnknownUser => f.write_str(
                "ubusd hung up without a greeting: \
                 this process's user or group is not known to the system",
            ),
            Error::NoObject { path } if *path == "network.interface" => {
                write!(f, "netifd is not running: ubus has no object {path}")
            }
            Error::NoObject { path } if *path == "service" => {
                write!(f, "procd does not answer: ubus has no object {path}")
            }
            Error::NoObject { path } => {
                write!(f, "ubus has no object {path}: is its program running?")
            }
            Error::NotPermitted { call } => {
                write!(f, "ubus does not permit this user to call {call}")
            }
            Error::Status { call, code } => match name(*code) {
                Some(name) => write!(f, "ubus call {call} failed: {name}"),
                None => write!(f, "ubus call {call} failed with status {code}"),
            },
            Error::NoData { call } => {
                write!(f, "ubus call {call} succeeded but brought no data")
            }
            Error::Timeout { call, seconds } => {
                write!(f, "no answer from ubus to {call} within {seconds} s")
            }
            Error::Broken { cause } => write!(f, "the connection to ubusd broke: {cause}"),
            Error::Malformed { what } => {
                write!(f, "what came over ubus is not understood: {what}")
            }
            Error::TooLong { call } => write!(f, "the arguments of ubus call {call} are too long"),
        }
    }
}

impl core::error::Error for Error {}

/// In words, what `ubus` prints for a status code. (ubus: ubusmsg.h)
fn name(code: u32) -> Option<&'static str> {
    Some(match code {
        1 => "invalid command",
        2 => "invalid argument",
        3 => "no such method",
        4 => "not found",
        5 => "no data",
        6 => "permission denied",
        7 => "timed out",
        8 => "not supported",
        9 => "unknown error",
        10 => "connection failed",
        11 => "out of memory",
        12 => "parse error",
        13 => "system error",
        _ => return None,
    })
}
