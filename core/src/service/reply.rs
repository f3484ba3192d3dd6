//! An HTTP reply as the decoders take it.
//!
//! ```
//! use wansync_core::service::reply::Reply;
//!
//! let reply = Reply { status: 204, ..Reply::default() };
//! assert!(reply.is_success() && reply.body.is_empty());
//! ```

use alloc::string::String;
use alloc::vec::Vec;

use super::retry_after;
use crate::failure::Failure;
use crate::time::Wall;

/// The largest body that the watch over addresses and tunnels waits for, in bytes.
pub const WATCH_LIMIT: usize = 256 * 1024;
/// The largest body that a command waits for, in bytes: a report of a hundred
/// thousand rows fits. Decoding it takes less memory than the body itself.
pub const COMMAND_LIMIT: usize = 16 * 1024 * 1024;

/// The reply to one request, its body already capped.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reply {
    /// HTTP status, 100 to 599.
    pub status: u16,
    /// The `Retry-After` header as sent: seconds, or an HTTP date.
    pub retry_after: Option<String>,
    /// The body, whole.
    pub body: Vec<u8>,
}

impl Reply {
    /// True if the HTTP status is from 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The failure that a status is, with the service's own words. `wall` is the
    /// time in seconds since 1970, for a `Retry-After` that is a date.
    pub(super) fn failure(&self, status: u16, message: Option<String>, now: Wall) -> Failure {
        let header = self.retry_after.as_deref();
        Failure::Status {
            status,
            message,
            retry_after: header.and_then(|header| retry_after::parse(header, now)),
        }
    }
}
