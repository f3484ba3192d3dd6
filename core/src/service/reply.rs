//! An HTTP reply as the decoders take it.
//!
//! ```
//! use wansync_core::service::reply::Reply;
//!
//! let reply = Reply { status: 204, ..Reply::default() };
//! assert!(!reply.is_success() && reply.body.is_empty());
//! ```

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::body::one_line_of;
use super::retry_after;
use crate::failure::Failure;
use crate::reason::refusal::ReplyDoubt;
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
    /// The coding that the body is still in, by [`coding_left`].
    pub coding: Option<String>,
    /// The body, whole.
    pub body: Vec<u8>,
}

impl Reply {
    /// True if the HTTP status is 200, and the body as it was meant. The other statuses up
    /// to 299 say that there is nothing to show, or a part of it, or that it is to be done
    /// later.
    pub fn is_success(&self) -> bool {
        self.status == 200 && self.coding.is_none()
    }

    /// True if the HTTP status is from 200 to 299: no error, whatever else.
    pub(super) fn is_fine(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The reason that a reply is no success whatever its body says. `now` is the date,
    /// for a `Retry-After` that is one.
    pub(super) fn failure_of_head(&self, now: Wall) -> Box<Failure> {
        match &self.coding {
            _ if !self.is_fine() => self.failure(self.status, None, now),
            Some(coding) => Failure::Doubtful(ReplyDoubt::Coded(one_line_of(coding))).into(),
            None => Failure::Doubtful(ReplyDoubt::Status(self.status)).into(),
        }
    }

    /// The failure that a status is, with the words of whatever sent it.
    pub(super) fn failure(&self, status: u16, message: Option<String>, now: Wall) -> Box<Failure> {
        Box::new(Failure::Status {
            status,
            message,
            by_service: false,
            retry_after: self.pause(now),
        })
    }

    /// The refusal that an error in the service's own form is.
    pub(super) fn refusal(&self, message: String, now: Wall) -> Box<Failure> {
        Box::new(match self.is_fine() {
            true => Failure::Refused { message },
            false => Failure::Status {
                status: self.status,
                message: Some(message),
                by_service: true,
                retry_after: self.pause(now),
            },
        })
    }

    /// The pause that `Retry-After` asks for.
    fn pause(&self, now: Wall) -> Option<Duration> {
        retry_after::parse(self.retry_after.as_deref()?, now)
    }
}

/// The coding that a body is still in, of those that `Content-Encoding` and
/// `Transfer-Encoding` name: none was asked for, so none can be undone here but the
/// `chunked` that comes last in HTTP/1.1.
///
/// ```
/// use wansync_core::service::reply::coding_left;
///
/// assert_eq!(coding_left("", "chunked", true), None);
/// assert_eq!(coding_left("identity", "gzip, chunked", true), Some("gzip"));
/// ```
pub fn coding_left<'a>(content: &'a str, transfer: &'a str, can_chunk: bool) -> Option<&'a str> {
    let is = |coding: &str, other: &str| coding.trim().eq_ignore_ascii_case(other);
    let transfer = match transfer.rsplit_once(',') {
        Some((before, last)) if can_chunk && is(last, "chunked") => before,
        None if can_chunk && is(transfer, "chunked") => "",
        _ => transfer,
    };
    let codings = content.split(',').chain(transfer.split(','));
    let mut left = codings.map(str::trim);
    left.find(|coding| !coding.is_empty() && !is(coding, "identity"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codings_that_are_left() {
        let table = [
            ("", "", true, None),
            ("identity", "Identity", true, None),
            ("", "chunked", true, None),
            ("", " ChunKed ", true, None),
            ("", "identity, chunked", true, None),
            ("gzip", "", true, Some("gzip")),
            ("GZIP", "chunked", true, Some("GZIP")),
            ("identity, br", "", true, Some("br")),
            ("", "gzip, chunked", true, Some("gzip")),
            ("", "chunked, gzip", true, Some("chunked")),
            ("", "chunked, chunked", true, Some("chunked")),
            ("", "chunked;q=1", true, Some("chunked;q=1")),
            ("", "xchunked", true, Some("xchunked")),
            ("", "chunked", false, Some("chunked")),
        ];
        for (content, transfer, can_chunk, left) in table {
            let found = coding_left(content, transfer, can_chunk);
            assert_eq!(found, left, "{content:?} {transfer:?}");
        }
    }
}
