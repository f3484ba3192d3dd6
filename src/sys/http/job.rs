//! A job in a thread, for what the system gives no deadline.

use std::io::{self, PipeReader};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use crate::sys::wait::{self, Readiness};

/// getaddrinfo keeps its packets on the stack: some 15 KB in musl, more in the
/// plug-ins of glibc. Only what is touched is ever used.
const STACK_SIZE: usize = 256 * 1024;

/// A job that can be left behind: getaddrinfo takes as long as `resolv.conf` says,
/// getrandom as long as the kernel does. The thread ends when the job does; a service
/// asks again only after a backoff, so they do not pile up.
pub(super) struct Job<T> {
    result: Arc<OnceLock<T>>,
    /// The job holds the other end: its end is one of this pipe's, for poll(2).
    end: PipeReader,
}

impl<T: Send + Sync + 'static> Job<T> {
    /// Starts one.
    ///
    /// # Errors
    /// There is no thread for it.
    pub(super) fn start(work: impl FnOnce() -> T + Send + 'static) -> io::Result<Job<T>> {
        let (end, alive) = io::pipe()?;
        let result = Arc::new(OnceLock::new());
        let theirs = Arc::clone(&result);
        spawn(Box::new(move || {
            let _ = theirs.set(work());
            // In this order: who sees the end has the result for itself.
            drop(theirs);
            drop(alive);
        }))?;
        Ok(Job { result, end })
    }

    /// The result of a job that has ended, once; none if it panicked.
    pub(super) fn take_result(&mut self) -> Option<T> {
        Arc::get_mut(&mut self.result).and_then(OnceLock::take)
    }
}

impl<T> Job<T> {
    /// True if the job has ended by then; it is gone, with all that it held.
    pub(super) fn has_ended_within(&self, timeout: Duration) -> bool {
        wait::until_ready(&self.end, Readiness::End, timeout) == Ok(true)
    }

    /// A descriptor that fails when the job has ended.
    pub(super) fn end(&self) -> BorrowedFd<'_> {
        self.end.as_fd()
    }
}

fn spawn(job: Box<dyn FnOnce() + Send>) -> io::Result<()> {
    thread::Builder::new()
        .stack_size(STACK_SIZE)
        .spawn(job)
        .map(drop)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_stalled_job_is_left_behind() {
        let (sender, receiver) = channel::<()>();
        let mut job = Job::start(move || receiver.recv().is_err()).unwrap();
        assert!(!job.has_ended_within(Duration::from_millis(50)));
        assert_eq!(job.take_result(), None);
        drop(sender);
        assert!(job.has_ended_within(Duration::from_secs(20)));
        assert_eq!(job.take_result(), Some(true));
    }

    #[test]
    fn a_job_that_is_done_holds_nothing() {
        let held = Arc::new(());
        let theirs = Arc::clone(&held);
        let job = Job::start(move || drop(theirs)).unwrap();
        assert!(job.has_ended_within(Duration::from_secs(20)));
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
