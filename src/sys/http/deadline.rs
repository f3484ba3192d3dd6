//! A deadline for what the system gives none.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

/// getaddrinfo keeps its packets on the stack: some 15 KB in musl, more in the
/// plug-ins of glibc. Only what is touched is ever used.
const STACK_SIZE: usize = 256 * 1024;

/// Runs a job in a thread that can be left behind: getaddrinfo takes as long as
/// `resolv.conf` says, getrandom as long as the kernel does. The thread ends when
/// the job does; a service asks again only after a backoff, so they do not pile up.
/// Once this gives `Ok` the job is gone, with all that it held.
///
/// # Errors
/// `TimedOut` at the deadline; otherwise there was no thread for it.
pub(super) fn run_with_deadline(
    deadline: Instant,
    job: Box<dyn FnOnce() + Send>,
) -> io::Result<()> {
    let done = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&done);
    let waiting = thread::current();
    thread::Builder::new()
        .stack_size(STACK_SIZE)
        .spawn(move || {
            job();
            theirs.store(true, Ordering::Release);
            waiting.unpark();
        })?;
    while !done.load(Ordering::Acquire) {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        thread::park_timeout(left);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_stalled_job_is_left_behind() {
        let (sender, receiver) = channel::<()>();
        let deadline = Instant::now() + Duration::from_millis(50);
        let late = run_with_deadline(
            deadline,
            Box::new(move || {
                let _ = receiver.recv();
            }),
        )
        .unwrap_err();
        assert_eq!(late.kind(), io::ErrorKind::TimedOut);
        drop(sender);
    }

    #[test]
    fn a_job_that_is_done_holds_nothing() {
        let deadline = Instant::now() + Duration::from_secs(20);
        let held = Arc::new(());
        let theirs = Arc::clone(&held);
        run_with_deadline(deadline, Box::new(move || drop(theirs))).unwrap();
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
