//! Sleeping until a descriptor is ready, or the time is over.
//!
//! By poll(2), whose time is one number. That of ppoll(2) is a structure, whose
//! layout on 32-bit machines `rustix` guesses: it has seconds of 64 bits, and
//! the C library that it calls on MIPS reads 32, unless `libc` was built for
//! musl 1.2, as it is here and is not in OpenWrt's feed. There a second would
//! become a nanosecond, and every wait would spin.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustix::io::Errno;

/// The event that is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// Something can be read.
    Input,
    /// Something can be written.
    Room,
    /// The other end is closed, or the descriptor has failed.
    End,
}

impl Readiness {
    fn events(self) -> PollFlags {
        match self {
            Readiness::Input => PollFlags::POLLIN,
            Readiness::Room => PollFlags::POLLOUT,
            Readiness::End => PollFlags::empty(),
        }
    }
}

/// Sleeps until one of these can be read, or has failed, which reading will
/// tell; or until `timeout` is over, if there is one. Says of each whether it
/// can. A signal ends it, too.
pub fn until_readable(
    fds: &[BorrowedFd<'_>],
    timeout: Option<Duration>,
) -> Result<Vec<bool>, Errno> {
    let mut polled: Vec<PollFd<'_>> = fds
        .iter()
        .map(|fd| PollFd::new(*fd, PollFlags::POLLIN))
        .collect();
    poll_for(&mut polled, timeout)?;
    Ok(polled.iter().map(is_ready).collect())
}

/// Sleeps until one of these descriptors is ready for what it is waited for, or has
/// failed, or `timeout` is over. A signal ends it, too.
pub fn until_one_is_ready(
    wanted: &[(BorrowedFd<'_>, Readiness)],
    timeout: Duration,
) -> Result<(), Errno> {
    let polled = wanted.iter();
    let mut polled: Vec<PollFd<'_>> = polled
        .map(|(fd, what)| PollFd::new(*fd, what.events()))
        .collect();
    poll_for(&mut polled, Some(timeout))
}

/// Sleeps until this descriptor is ready or has failed, or `timeout` is over.
/// Says whether it is; a signal ends the sleep, too, and then it says no.
pub fn until_ready(fd: &impl AsFd, what: Readiness, timeout: Duration) -> Result<bool, Errno> {
    let mut polled = [PollFd::new(fd.as_fd(), what.events())];
    poll_for(&mut polled, Some(timeout))?;
    Ok(is_ready(&polled[0]))
}

fn poll_for(fds: &mut [PollFd<'_>], timeout: Option<Duration>) -> Result<(), Errno> {
    let timeout = timeout.map_or(PollTimeout::NONE, poll_timeout);
    match poll(fds, timeout) {
        Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(()),
        Err(errno) => Err(Errno::from_raw_os_error(errno as i32)),
    }
}

/// Milliseconds, rounded up, so that a sleep does not end just before its time. The
/// most that poll takes is 24 days.
fn poll_timeout(timeout: Duration) -> PollTimeout {
    let up = timeout.saturating_add(Duration::from_nanos(999_999));
    PollTimeout::try_from(up).unwrap_or(PollTimeout::MAX)
}

/// An event that the crate does not know is one, too.
fn is_ready(fd: &PollFd<'_>) -> bool {
    fd.any().unwrap_or(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_up_and_have_an_end() {
        let table = [
            (Duration::ZERO, 0),
            (Duration::from_nanos(1), 1),
            (Duration::from_millis(1), 1),
            (Duration::from_micros(1_001), 2),
            (Duration::from_secs(20), 20_000),
            (Duration::MAX, i32::MAX),
        ];
        for (timeout, expected) in table {
            assert_eq!(i32::from(poll_timeout(timeout)), expected, "{timeout:?}");
        }
    }

    #[test]
    fn what_is_waited_for() {
        let (near, far) = std::io::pipe().expect("a pipe");
        assert!(until_ready(&far, Readiness::Room, Duration::ZERO).expect("polled"));
        assert!(!until_ready(&near, Readiness::Input, Duration::from_millis(1)).expect("polled"));
        drop(near);
        assert!(until_ready(&far, Readiness::End, Duration::from_secs(30)).expect("polled"));
    }
}
