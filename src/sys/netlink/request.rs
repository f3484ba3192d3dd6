//! Requests to the kernel, and its replies.

use std::hint::black_box;
use std::time::Duration;

use rustix::fd::OwnedFd;
use rustix::io::{self, Errno};
use rustix::net::{RecvFlags, SendFlags, recv, send};

use super::wire::{Messages, NetlinkMessage, NetlinkRequest, flag, kind, number};
use crate::sys::clock;
use crate::sys::wait::{self, Readiness};

/// The kernel answers at once; this is against waiting for ever.
const REPLY_TIMEOUT: Duration = Duration::from_secs(3);
/// More than the kernel sends at once: a page, or less than this where one is larger.
const MAX_REPLY: usize = 8192;
/// Each request has a socket of its own, or comes after the last reply.
pub const SEQUENCE: u32 = 1;

/// The end of the replies to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepliesEnd {
    /// All has been said.
    Whole,
    /// All of a list, which has changed meanwhile.
    Interrupted,
}

/// Sends a request, and gives each reply to `take`, save the one that ends them. What was
/// received is overwritten at once.
///
/// # Errors
/// The kernel's, or its silence.
pub fn exchange(
    socket: &OwnedFd,
    request: NetlinkRequest,
    take: &mut dyn FnMut(&NetlinkMessage<'_>),
) -> io::Result<RepliesEnd> {
    send(socket, &request.bytes(), SendFlags::empty())?;
    let deadline = clock::since_boot() + REPLY_TIMEOUT;
    let mut buffer = [0; MAX_REPLY];
    let mut end = RepliesEnd::Whole;
    loop {
        match recv(socket, &mut buffer[..], RecvFlags::TRUNC) {
            Ok((taken, length)) => {
                let is_over = take_replies(&buffer[..taken], &mut end, take);
                overwrite(&mut buffer[..taken]);
                if length > taken {
                    return Err(Errno::MSGSIZE);
                }
                if is_over? {
                    return Ok(end);
                }
            }
            Err(Errno::AGAIN) => wait_for_reply(socket, deadline)?,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Leaves nothing of what may hold keys. Nothing reads it any more, which the compiler
/// must not know.
fn overwrite(received: &mut [u8]) {
    received.fill(0);
    black_box(received);
}

/// True if the last reply is among them.
pub(super) fn take_replies(
    received: &[u8],
    end: &mut RepliesEnd,
    take: &mut dyn FnMut(&NetlinkMessage<'_>),
) -> io::Result<bool> {
    for message in Messages(received).filter(|message| message.sequence == SEQUENCE) {
        if message.flags & flag::DUMP_INTERRUPTED != 0 {
            *end = RepliesEnd::Interrupted;
        }
        match message.kind {
            // Both begin with the negative errno, or 0 if all is well.
            kind::ERROR | kind::DONE => {
                return match number(message.body, 0).unwrap_or(0) as i32 {
                    0.. => Ok(true),
                    code => Err(Errno::from_raw_os_error(code.wrapping_neg())),
                };
            }
            _ => take(&message),
        }
        if message.flags & flag::MULTIPART == 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

fn wait_for_reply(socket: &OwnedFd, deadline: Duration) -> io::Result<()> {
    let left = deadline.saturating_sub(clock::since_boot());
    if left.is_zero() {
        return Err(Errno::TIMEDOUT);
    }
    // Ready or not, the caller looks again.
    wait::until_ready(socket, Readiness::Input, left).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The result of this datagram, the end, and the kinds of messages that were taken.
    fn taken(received: &[u8]) -> (io::Result<bool>, RepliesEnd, Vec<u16>) {
        let (mut end, mut kinds) = (RepliesEnd::Whole, Vec::new());
        let result = take_replies(received, &mut end, &mut |message| kinds.push(message.kind));
        (result, end, kinds)
    }

    fn message(kind: u16, flags: u16, sequence: u32, code: i32) -> Vec<u8> {
        NetlinkRequest::new(kind, flags, sequence, &code.to_ne_bytes()).bytes()
    }

    #[test]
    fn nothing_is_left_of_what_was_received() {
        let mut received = *b"fake preshared key";
        overwrite(&mut received[..17]);
        assert_eq!(received, *b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0y");
    }

    #[test]
    fn errors_in_replies() {
        let error = |sequence, code| taken(&message(kind::ERROR, 0, sequence, code)).0;
        let unreachable = Errno::NETUNREACH.raw_os_error();
        assert_eq!(error(SEQUENCE, 0), Ok(true));
        assert_eq!(error(SEQUENCE, -unreachable), Err(Errno::NETUNREACH));
        assert_eq!(error(SEQUENCE + 1, -unreachable), Ok(false));
        assert_eq!(taken(&[]).0, Ok(false));
        let done = message(kind::DONE, flag::MULTIPART, SEQUENCE, -unreachable);
        assert_eq!(taken(&done).0, Err(Errno::NETUNREACH));
    }

    #[test]
    fn a_list_has_an_end() {
        let part = message(kind::NEWROUTE, flag::MULTIPART, SEQUENCE, 0);
        let done = message(kind::DONE, flag::MULTIPART, SEQUENCE, 0);
        let both = [part.clone(), part.clone()].concat();
        let kinds = vec![kind::NEWROUTE; 2];
        assert_eq!(taken(&both), (Ok(false), RepliesEnd::Whole, kinds.clone()));
        let all = [both, done].concat();
        assert_eq!(taken(&all), (Ok(true), RepliesEnd::Whole, kinds));
        let flags = flag::MULTIPART | flag::DUMP_INTERRUPTED;
        let interrupted = [part, message(kind::DONE, flags, SEQUENCE, 0)].concat();
        let expected = (Ok(true), RepliesEnd::Interrupted, vec![kind::NEWROUTE]);
        assert_eq!(taken(&interrupted), expected);
        // One that is no list is its own end.
        let single = message(kind::NEWROUTE, 0, SEQUENCE, 0);
        let expected = (Ok(true), RepliesEnd::Whole, vec![kind::NEWROUTE]);
        assert_eq!(taken(&single), expected);
    }
}
