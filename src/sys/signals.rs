//! The daemon's signals, as a descriptor to sleep on.
//!
//! A handler may do next to nothing, so it sets a flag and writes a byte into
//! a socket of our own; what the signal asks for is done by the loop. Programs
//! that are started later do not inherit any of it: `exec` gives handled
//! signals their default meaning back.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::{flag, low_level::pipe};

/// The signals that arrived since the last call. Signals of one kind that come
/// together count as one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CaughtSignals {
    /// HUP: read the configuration again.
    pub reload: bool,
    /// TERM or INT: end.
    pub end: bool,
    /// USR1: a pass now.
    pub pass: bool,
    /// CHLD: some child has ended.
    pub child: bool,
}

/// Our handlers of HUP, TERM, INT, USR1 and CHLD. They stay until the process
/// ends, so it is to be opened once. A `poll` that a signal interrupts fails
/// with `EINTR`, and there is something to take.
#[derive(Debug)]
pub struct Signals {
    wakes: UnixStream,
    reload: Arc<AtomicBool>,
    end: Arc<AtomicBool>,
    pass: Arc<AtomicBool>,
    child: Arc<AtomicBool>,
}

impl Signals {
    /// Takes the signals over, those too that the parent process had ignored.
    pub fn open() -> io::Result<Signals> {
        let (wakes, bell) = UnixStream::pair()?;
        wakes.set_nonblocking(true)?;
        let signals = Signals {
            wakes,
            reload: Arc::default(),
            end: Arc::default(),
            pass: Arc::default(),
            child: Arc::default(),
        };
        for (signal, raised) in [
            (SIGHUP, &signals.reload),
            (SIGTERM, &signals.end),
            (SIGINT, &signals.end),
            (SIGUSR1, &signals.pass),
            (SIGCHLD, &signals.child),
        ] {
            // In this order: a wake-up must find the flag set.
            flag::register(signal, Arc::clone(raised))?;
            pipe::register(signal, bell.try_clone()?)?;
        }
        Ok(signals)
    }

    /// The signals that have arrived; never waits. The descriptor is quiet after it, until
    /// the next signal.
    pub fn take(&mut self) -> CaughtSignals {
        // First the bytes, then the flags: a signal in between wakes us once
        // for nothing, and is not lost.
        let mut bytes = [0; 64];
        while self.wakes.read(&mut bytes).is_ok_and(|count| count > 0) {}
        let taken = |raised: &AtomicBool| raised.swap(false, Ordering::SeqCst);
        CaughtSignals {
            reload: taken(&self.reload),
            end: taken(&self.end),
            pass: taken(&self.pass),
            child: taken(&self.child),
        }
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wakes.as_fd()
    }
}

#[cfg(test)]
mod tests;
