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

use super::value::Malformed;
use crate::reason;
use crate::reason::{Reason, show_as_reason};

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

impl From<&Error> for Reason {
    fn from(error: &Error) -> Reason {
        match error {
            Error::NotRunning { socket } => reason!(UbusNotRunning, socket = socket),
            Error::Connect { socket, cause } => {
                reason!(UbusConnect, socket = socket, error = cause)
            }
            Error::UnknownUser => reason!(UbusUnknownUser),
            Error::NoObject { path } => match &**path {
                "network.interface" => reason!(UbusNoNetifd, object = path),
                "service" => reason!(UbusNoProcd, object = path),
                _ => reason!(UbusNoObject, object = path),
            },
            Error::NotPermitted { call } => reason!(UbusNotPermitted, call = call),
            Error::Status { call, code } => match name(*code) {
                Some(name) => reason!(UbusFailed, call = call, error = name),
                None => reason!(UbusStatus, call = call, status = *code),
            },
            Error::NoData { call } => reason!(UbusNoData, call = call),
            Error::Timeout { call, seconds } => {
                reason!(UbusTimeout, call = call, seconds = *seconds as u32)
            }
            Error::Broken { cause } => reason!(UbusBroken, error = cause),
            Error::Malformed { what } => reason!(UbusMalformed, error = *what),
            Error::TooLong { call } => reason!(UbusTooLong, call = call),
        }
    }
}

show_as_reason!(Error);

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
