//! One pass at a time, and no trigger lost.
//!
//! The lock is the kernel's (`flock`), so it cannot be left behind by a process
//! that died. A trigger that finds it taken leaves a mark, and tries the lock
//! once more; whoever holds the lock looks for the mark after letting go of it,
//! and runs once more. Both orders are safe: a mark set before the holder looks
//! is seen by the holder, one set after that is followed by a try that finds
//! the lock free.
#![expect(clippy::disallowed_methods, reason = "the lock is a file")]

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use super::{clock, files};

/// The lock and the mark of one state folder.
pub struct Turn {
    folder: PathBuf,
    lock: &'static str,
    mark: &'static str,
}

/// The lock, until it is dropped.
pub struct Held(File);

impl Held {
    /// Lets go of the lock, whose file then has the time of a pass that was done:
    /// see [`Turn::done_ago`].
    pub fn release(self) {
        self.note_done(Duration::ZERO);
    }

    /// On a file of one's own it cannot fail before 2038, and no decision hangs on it.
    fn note_done(&self, ago: Duration) {
        let done = clock::since_1970().saturating_sub(ago);
        let _ = self.0.set_modified(UNIX_EPOCH + done);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// How often a taken lock is tried again.
const TRY_EVERY: Duration = Duration::from_millis(50);

impl Turn {
    /// The lock that every pass takes.
    pub fn of_passes(folder: &Path) -> Turn {
        Turn {
            folder: folder.to_owned(),
            lock: "lock",
            mark: "pending",
        }
    }

    /// The lock of the one process that works off events.
    pub fn of_events(folder: &Path) -> Turn {
        Turn {
            folder: folder.to_owned(),
            lock: "event.lock",
            mark: "event.pending",
        }
    }

    /// The lock that a daemon holds for as long as it runs. Its mark means nothing.
    pub fn of_daemon(folder: &Path) -> Turn {
        Turn {
            folder: folder.to_owned(),
            lock: "daemon.lock",
            mark: "daemon.pending",
        }
    }

    /// The time since the last pass was done, by the wall clock. It is for people: no
    /// decision depends on it.
    pub fn done_ago(&self) -> Option<Duration> {
        let done = fs::metadata(self.folder.join(self.lock)).and_then(|lock| lock.modified());
        let done = done.ok()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        Some(clock::since_1970().saturating_sub(done))
    }

    /// Notes that what a pass does was done so long ago, by a daemon that had
    /// no need of one.
    pub fn note_done(&self, ago: Duration) {
        if let Ok(Some(held)) = self.try_hold() {
            held.note_done(ago);
        }
    }

    /// Leaves the mark.
    pub fn mark(&self) -> io::Result<()> {
        let mark = self.folder.join(self.mark);
        files::within(&self.folder, || files::touch(&mark))
    }

    /// Takes the mark away; says whether there was one.
    pub fn take_mark(&self) -> bool {
        files::remove(&self.folder.join(self.mark))
    }

    /// Whether there is a mark: something that [`Turn::take_mark`] can take away.
    /// Whoever waits for it to be gone would wait for ever for a folder.
    pub fn is_marked(&self) -> bool {
        files::is_file(&self.folder.join(self.mark))
    }

    /// Takes the lock if it is free.
    pub fn try_hold(&self) -> io::Result<Option<Held>> {
        let lock = self.folder.join(self.lock);
        let file = files::within(&self.folder, || files::open_or_create(&lock))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Held(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Takes the lock, waiting for it until `patience` is over. Then it leaves
    /// the mark, so that whoever has the lock runs once more.
    pub fn hold_or_mark(&self, patience: Duration) -> io::Result<Option<Held>> {
        if let Some(held) = self.hold(patience)? {
            return Ok(Some(held));
        }
        self.mark()?;
        // The holder may have looked for the mark just before it was there.
        self.try_hold()
    }

    /// Takes the lock, waiting for it until `patience` is over.
    pub fn hold(&self, patience: Duration) -> io::Result<Option<Held>> {
        let end = clock::since_boot() + patience;
        loop {
            match self.try_hold()? {
                Some(held) => return Ok(Some(held)),
                None if clock::since_boot() >= end => return Ok(None),
                None => clock::sleep(TRY_EVERY),
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
        let turn = Turn::of_passes(&folder.path().join("run"));
        let held = turn.try_hold().expect("a folder").expect("free");
        assert!(turn.try_hold().expect("a folder").is_none());
        assert!(!turn.is_marked());
        let late = turn.hold_or_mark(Duration::from_millis(1));
        assert!(late.expect("a folder").is_none());
        assert!(turn.is_marked());
        drop(held);
        assert!(turn.try_hold().expect("a folder").is_some());
        assert!(turn.take_mark() && !turn.take_mark());
    }

    /// Whatever the order of their steps, a trigger either runs or is run for.
    #[test]
    fn no_trigger_is_lost() {
        let folder = tempfile::tempdir().expect("a folder");
        let turn = Turn::of_passes(folder.path());
        let patience = Duration::ZERO;
        let pass = || {
            let Some(held) = turn.hold_or_mark(patience).expect("a folder") else {
                return;
            };
            turn.take_mark();
            drop(held);
            while turn.is_marked() {
                let Some(held) = turn.hold_or_mark(patience).expect("a folder") else {
                    return;
                };
                turn.take_mark();
                drop(held);
            }
        };
        for _ in 0..200 {
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(pass);
                }
            });
            assert!(!turn.is_marked());
        }
    }
}
