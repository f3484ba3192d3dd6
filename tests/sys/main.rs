//! The parts of `sys` that the daemon sleeps on, with real signals, sockets
//! and processes.
#![expect(
    clippy::disallowed_methods,
    reason = "the other side of the sockets and processes is here"
)]

mod child;
mod control;
mod signals;

use std::os::fd::AsFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// Only a hang takes this long.
pub const ENOUGH: Duration = Duration::from_secs(30);

/// Sleeps until one of them can be read, or until `patience` is over.
pub fn sleep_on(descriptors: &[impl AsFd], patience: Duration) -> bool {
    let mut fds: Vec<_> = descriptors
        .iter()
        .map(|fd| PollFd::new(fd, PollFlags::IN))
        .collect();
    let patience = Timespec::try_from(patience).unwrap();
    loop {
        match poll(&mut fds, Some(&patience)) {
            // A signal; its byte is there.
            Err(Errno::INTR) => {}
            ready => return ready.is_ok_and(|count| count > 0),
        }
    }
}
