//! A deadline for what the system gives none.

use std::io;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Instant;

/// getaddrinfo keeps its packets on the stack: some 15 KB in musl, more in the
/// plug-ins of glibc. Only what is touched is ever used.
const STACK: usize = 256 * 1024;

/// Runs a job in a thread that can be left behind: getaddrinfo takes as long as
/// `resolv.conf` says, getrandom as long as the kernel does. The thread ends when
/// the job does; a service asks again only after a backoff, so they do not pile up.
///
/// # Errors
/// `TimedOut` at the deadline; otherwise there was no thread for it.
pub(super) fn within<T: Send + Sync + 'static>(
    deadline: Instant,
    job: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let slot = Arc::new(OnceLock::new());
    let theirs = Arc::clone(&slot);
    let waiting = thread::current();
    thread::Builder::new().stack_size(STACK).spawn(move || {
        let _ = theirs.set(job());
        // Gone before the waiting thread looks, so that the slot is its own.
        drop(theirs);
        waiting.unpark();
    })?;
    let mut slot = slot;
    loop {
        slot = match Arc::try_unwrap(slot) {
            Ok(slot) => {
                let done = slot.into_inner();
                return done.ok_or_else(|| io::Error::other("it failed"));
            }
            Err(shared) => shared,
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        thread::park_timeout(left);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_stalled_job_is_left_behind() {
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        let deadline = Instant::now() + Duration::from_millis(50);
        let late = within(deadline, move || receiver.recv().is_ok()).unwrap_err();
        assert_eq!(late.kind(), io::ErrorKind::TimedOut);
        drop(sender);
    }

    #[test]
    fn what_it_gives_is_handed_over() {
        let deadline = Instant::now() + Duration::from_secs(20);
        assert_eq!(within(deadline, || 7).unwrap(), 7);
    }
}
