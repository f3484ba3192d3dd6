//! One pass at a time, and no trigger lost.
//!
//! The lock is the kernel's (`flock`), so it cannot be left behind by a process
//! that died. A trigger that finds it taken leaves a mark, and tries the lock
//! once more; the holder of the lock looks for the mark after letting go of it,
//! and runs once more. Both orders are safe: a mark set before the holder looks
//! is seen by the holder, one set after that is followed by a try that finds
//! the lock free.

use std::fs::{self, File, FileTimes, Metadata, TryLockError};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;

use super::wait::{self, Readiness};
use super::{clock, files};
use wansync_core::time::Boot;

/// The lock and the mark of one state folder.
pub struct PassLock {
    folder: PathBuf,
    lock: &'static str,
    rerun_file: &'static str,
}

/// The lock, until it is dropped.
pub struct LockGuard(File);

impl LockGuard {
    /// Lets go of the lock, whose file then has the time of a pass that was done:
    /// see [`PassLock::last_done_ago`].
    pub fn release(self) {
        self.record_done(Duration::ZERO);
    }

    /// Notes, as [`LockGuard::release`] does, what was done so long ago. On a file of one's
    /// own it cannot fail before 2038, and no decision hangs on it. Its time of access is
    /// that on the boot-time clock.
    pub fn record_done(&self, ago: Duration) {
        let done = clock::since_1970().saturating_sub(ago);
        let since_boot = clock::since_boot().saturating_sub(ago);
        let times = FileTimes::new()
            .set_modified(UNIX_EPOCH + done)
            .set_accessed(UNIX_EPOCH + since_boot);
        let _ = self.0.set_times(times);
    }

    /// The time since something was last done under the lock, see
    /// [`PassLock::watched_ago`].
    pub fn watched_ago(&self) -> Option<Duration> {
        watched_ago(&self.0.metadata().ok()?)
    }
}

/// By the boot-time clock; if that was not noted since this boot, by the other one.
fn watched_ago(what: &Metadata) -> Option<Duration> {
    let since_1970 = |at: io::Result<SystemTime>| at.ok()?.duration_since(UNIX_EPOCH).ok();
    let now = clock::since_boot();
    match since_1970(what.accessed()) {
        Some(at) if at <= now => Some(now - at),
        _ => Some(clock::since_1970().saturating_sub(since_1970(what.modified())?)),
    }
}

impl Drop for LockGuard {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// The files of all locks and marks, but for that of the history, which no pass needs.
pub const LOCKS: [&str; 9] = [
    "lock",
    "pending",
    "event.lock",
    "event.pending",
    "event.address",
    "daemon.lock",
    "once.lock",
    "once.pending",
    "names.lock",
];
/// The pause between two looks for a mark where the kernel does not tell of it.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// The pause before a taken lock is tried again.
const RETRY_INTERVAL: Duration = Duration::from_millis(50);

impl PassLock {
    /// The lock that every pass takes.
    pub fn of_passes(folder: &Path) -> PassLock {
        PassLock {
            folder: folder.to_owned(),
            lock: "lock",
            rerun_file: "pending",
        }
    }

    /// The lock of the one process that works off events.
    pub fn of_events(folder: &Path) -> PassLock {
        PassLock {
            folder: folder.to_owned(),
            lock: "event.lock",
            rerun_file: "event.pending",
        }
    }

    /// The same lock, and the mark of events that concern an address: they are acted
    /// upon at once.
    pub fn of_addresses(folder: &Path) -> PassLock {
        PassLock {
            rerun_file: "event.address",
            ..PassLock::of_events(folder)
        }
    }

    /// The lock that a daemon holds for as long as it runs. Its mark means nothing.
    pub fn of_daemon(folder: &Path) -> PassLock {
        PassLock {
            folder: folder.to_owned(),
            lock: "daemon.lock",
            rerun_file: "daemon.pending",
        }
    }

    /// The lock of the one process in the background that makes passes which were asked
    /// for over ubus.
    pub fn of_requests(folder: &Path) -> PassLock {
        PassLock {
            folder: folder.to_owned(),
            lock: "once.lock",
            rerun_file: "once.pending",
        }
    }

    /// The lock of the one process in the background that asks a service for names. Its
    /// mark means nothing.
    pub fn of_names(folder: &Path) -> PassLock {
        PassLock {
            lock: "names.lock",
            ..PassLock::of_requests(folder)
        }
    }

    /// The lock of those who write the history. Its mark means nothing.
    pub fn of_history(folder: &Path) -> PassLock {
        PassLock {
            lock: "history.lock",
            ..PassLock::of_requests(folder)
        }
    }

    /// The time since the last pass was done, by the wall clock, in whole seconds. It is
    /// for people: no decision depends on it.
    pub fn last_done_ago(&self) -> Option<Duration> {
        let lock = fs::symlink_metadata(self.folder.join(self.lock));
        let done = lock.and_then(|lock| lock.modified());
        let done = done.ok()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let ago = clock::since_1970().saturating_sub(done);
        Some(Duration::from_secs(ago.as_secs()))
    }

    /// The time since the last pass was done, or a daemon was at work. A clock that was set
    /// since then changes nothing of it.
    pub fn watched_ago(&self) -> Option<Duration> {
        watched_ago(&fs::symlink_metadata(self.folder.join(self.lock)).ok()?)
    }

    /// Notes that what a pass does was done so long ago, by a daemon that had
    /// no need of one.
    pub fn record_done(&self, ago: Duration) {
        if let Ok(Some(guard)) = self.try_lock_now() {
            guard.record_done(ago);
        }
    }

    /// Leaves the mark.
    pub fn request_rerun(&self) -> io::Result<()> {
        let rerun_file = self.folder.join(self.rerun_file);
        files::with_folder(&self.folder, &|| files::touch(&rerun_file))
    }

    /// Takes the mark away; says whether there was one.
    pub fn take_rerun_request(&self) -> bool {
        files::remove(&self.folder.join(self.rerun_file))
    }

    /// True if there is a mark: something that [`PassLock::take_rerun_request`] can take away.
    /// A folder is none: waiting for it to be gone would have no end.
    pub fn is_rerun_requested(&self) -> bool {
        files::is_file(&self.folder.join(self.rerun_file))
    }

    /// Waits for the mark until `end`, for as long as it is wanted; whether it is may
    /// follow from the folder's content. Says whether there is one.
    pub fn wait_for_rerun_request(&self, end: Boot, is_wanted: impl Fn() -> bool) -> bool {
        let watch = self.watch();
        loop {
            if self.is_rerun_requested() {
                return true;
            }
            let left = end.since(clock::boot());
            if left.is_zero() || !is_wanted() {
                return false;
            }
            match &watch {
                Ok(watch) => {
                    // What came is of no interest: it only ends the sleep.
                    let _ = wait::until_ready(watch, Readiness::Input, left);
                    let _ = rustix::io::read(watch, &mut [0_u8; 1024]);
                }
                Err(_) => clock::sleep(POLL_INTERVAL.min(left)),
            }
        }
    }

    /// A descriptor that tells of files and folders that come and go beside the mark.
    fn watch(&self) -> Result<OwnedFd, Errno> {
        let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        let changes = WatchFlags::CREATE | WatchFlags::DELETE | WatchFlags::MOVED_FROM;
        inotify::add_watch(&watch, &self.folder, changes)?;
        Ok(watch)
    }

    /// Takes the lock if it is free.
    pub fn try_lock_now(&self) -> io::Result<Option<LockGuard>> {
        let lock = self.folder.join(self.lock);
        let file = files::with_folder(&self.folder, &|| files::open_or_create(&lock))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(LockGuard(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Takes the lock, waiting for it until `timeout` is over. Then it leaves
    /// the mark, so that the holder of the lock runs once more.
    pub fn lock_or_request_rerun(&self, timeout: Duration) -> io::Result<Option<LockGuard>> {
        if let Some(guard) = self.lock_within(timeout)? {
            return Ok(Some(guard));
        }
        self.request_rerun()?;
        // The holder may have looked for the mark just before it was there.
        self.try_lock_now()
    }

    /// Takes the lock, waiting for it until `timeout` is over.
    pub fn lock_within(&self, timeout: Duration) -> io::Result<Option<LockGuard>> {
        let end = clock::since_boot() + timeout;
        loop {
            match self.try_lock_now()? {
                Some(guard) => return Ok(Some(guard)),
                None if clock::since_boot() >= end => return Ok(None),
                None => clock::sleep(RETRY_INTERVAL),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holds_it_and_the_others_leave_a_mark() {
        let folder = tempfile::tempdir().expect("a folder");
        let turn = PassLock::of_passes(&folder.path().join("run"));
        let guard = turn.try_lock_now().expect("a folder").expect("free");
        assert!(turn.try_lock_now().expect("a folder").is_none());
        assert!(!turn.is_rerun_requested());
        let late = turn.lock_or_request_rerun(Duration::from_millis(1));
        assert!(late.expect("a folder").is_none());
        assert!(turn.is_rerun_requested());
        drop(guard);
        assert!(turn.try_lock_now().expect("a folder").is_some());
        assert!(turn.take_rerun_request() && !turn.take_rerun_request());
    }

    #[test]
    fn the_age_of_a_pass_is_in_whole_seconds() {
        let folder = tempfile::tempdir().expect("a folder");
        let turn = PassLock::of_passes(folder.path());
        assert_eq!(turn.last_done_ago(), None);
        turn.record_done(Duration::from_millis(5700));
        let ago = turn.last_done_ago().expect("a pass");
        assert!(
            ago >= Duration::from_secs(5) && ago.subsec_nanos() == 0,
            "{ago:?}"
        );
    }

    /// Whatever the order of their steps, a trigger either runs or is run for.
    #[test]
    fn no_trigger_is_lost() {
        let folder = tempfile::tempdir().expect("a folder");
        let turn = PassLock::of_passes(folder.path());
        let timeout = Duration::ZERO;
        let pass = || {
            let Some(guard) = turn.lock_or_request_rerun(timeout).expect("a folder") else {
                return;
            };
            turn.take_rerun_request();
            drop(guard);
            while turn.is_rerun_requested() {
                let Some(guard) = turn.lock_or_request_rerun(timeout).expect("a folder") else {
                    return;
                };
                turn.take_rerun_request();
                drop(guard);
            }
        };
        for _ in 0..200 {
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(pass);
                }
            });
            assert!(!turn.is_rerun_requested());
        }
    }
}
