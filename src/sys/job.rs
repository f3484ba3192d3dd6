//! A job in a thread, for what the system gives no deadline.

use std::io::{self, PipeReader};
use std::os::fd::{AsFd, BorrowedFd};
use std::thread;
use std::time::Duration;

use super::wait::{self, Readiness};

/// getaddrinfo keeps its packets on the stack: some 15 KB in musl, more in the
/// plug-ins of glibc; a TLS handshake takes more. Only what is touched is ever used.
const STACK_SIZE: usize = 512 * 1024;

/// A job that can be left behind: getaddrinfo takes as long as `resolv.conf` says,
/// getrandom as long as the kernel does. The thread ends when the job does; a service
/// asks again only after a backoff, so they do not pile up.
pub struct Job {
    /// The job holds the other end: its end is one of this pipe's, for poll(2).
    end: PipeReader,
}

impl Job {
    /// Starts one.
    ///
    /// # Errors
    /// There is no thread for it.
    pub fn start(work: Box<dyn FnOnce() + Send>) -> io::Result<Job> {
        let (end, alive) = io::pipe()?;
        let job = move || {
            // With all that it held: who sees the end has that for itself.
            work();
            drop(alive);
        };
        thread::Builder::new().stack_size(STACK_SIZE).spawn(job)?;
        Ok(Job { end })
    }

    /// True if the job has ended by then; it is gone, with all that it held.
    pub fn has_ended_within(&self, timeout: Duration) -> bool {
        wait::until_ready(&self.end, Readiness::End, timeout) == Ok(true)
    }

    /// A descriptor that fails when the job has ended.
    pub fn end(&self) -> BorrowedFd<'_> {
        self.end.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_stalled_job_is_left_behind() {
        let (sender, receiver) = channel::<()>();
        let job = Job::start(Box::new(move || {
            let _ = receiver.recv();
        }));
        let job = job.unwrap();
        assert!(!job.has_ended_within(Duration::from_millis(50)));
        drop(sender);
        assert!(job.has_ended_within(Duration::from_secs(20)));
    }

    #[test]
    fn a_job_that_is_done_holds_nothing() {
        let held = Arc::new(());
        let theirs = Arc::clone(&held);
        let job = Job::start(Box::new(move || drop(theirs))).unwrap();
        assert!(job.has_ended_within(Duration::from_secs(20)));
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
