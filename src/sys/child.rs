//! A program in the background that has until a deadline.
//!
//! The daemon never waits for one: it hears from the CHLD signal that one has
//! ended, and sleeps no longer than until the nearest deadline.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::Signal;
use rustix::stdio::stderr;

use super::clock;
use super::process::own_program;
use super::spawn::{Process, Program};

/// The pause before a program that was killed and is still there, stuck in the
/// kernel, is checked and killed again.
const KILL_RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// The longest wait for a program that was dropped.
const REAP_TIMEOUT: Duration = Duration::from_millis(500);

/// A running program. It has a process group of its own, no input and no
/// output. What is dropped is killed, with all of its group.
#[derive(Debug)]
pub struct Child {
    process: Process,
    timeout: Duration,
    deadline: Duration,
    end_cause: EndCause,
}

/// The reason that a program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EndCause {
    OnItsOwn,
    Overdue,
    Stopped,
}

/// The end of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChildEnd {
    /// By itself, or by a signal of another process.
    Exited(ExitStatus),
    /// Killed by us, after as long as it was given.
    Overdue(Duration),
    /// Ended by us, because we no longer wanted it.
    Stopped,
    /// The kernel does not say; its words.
    Lost(String),
}

impl Child {
    /// Starts a program without a shell. It inherits our environment, and
    /// `environment` besides, and may take as long as `timeout`. What it
    /// prints is lost.
    pub fn start(
        program: &str,
        arguments: &[impl AsRef<OsStr>],
        environment: &[(&str, &str)],
        timeout: Duration,
    ) -> io::Result<Child> {
        let program = Program {
            path: program.as_ref(),
            arguments: &words(arguments),
            environment,
            standard: [None; 3],
            is_alone: true,
        };
        Child::of(&program, timeout)
    }

    /// Starts this program once more, with other arguments. What it logs goes
    /// where our log goes.
    /// `input`, if there is one, is its standard input.
    pub fn start_self(
        arguments: &[impl AsRef<OsStr>],
        input: Option<BorrowedFd<'_>>,
        timeout: Duration,
    ) -> io::Result<Child> {
        let program = Program {
            path: &own_program()?,
            arguments: &words(arguments),
            environment: &[],
            standard: [input, None, Some(stderr())],
            is_alone: true,
        };
        Child::of(&program, timeout)
    }

    fn of(program: &Program<'_>, timeout: Duration) -> io::Result<Child> {
        let deadline = clock::since_boot().saturating_add(timeout);
        Ok(Child {
            process: program.start()?,
            timeout,
            deadline,
            end_cause: EndCause::OnItsOwn,
        })
    }

    /// The end of the program, if it has ended; never waits. It is to be asked after each CHLD
    /// signal and at [`Child::deadline`], when it kills.
    pub fn poll_end(&mut self) -> Option<ChildEnd> {
        match self.process.try_wait() {
            Ok(Some(status)) => Some(self.end_reason(status)),
            Ok(None) => {
                self.enforce_deadline();
                None
            }
            Err(error) => Some(ChildEnd::Lost(error.to_string())),
        }
    }

    fn end_reason(&self, status: ExitStatus) -> ChildEnd {
        match self.end_cause {
            // It may have been quicker than our signal.
            EndCause::Overdue if status.signal().is_some() => ChildEnd::Overdue(self.timeout),
            EndCause::Stopped if status.signal().is_some() => ChildEnd::Stopped,
            _ => ChildEnd::Exited(status),
        }
    }

    fn enforce_deadline(&mut self) {
        if clock::since_boot() < self.deadline {
            return;
        }
        if self.end_cause == EndCause::OnItsOwn {
            self.end_cause = EndCause::Overdue;
        }
        self.send_kill();
    }

    /// The latest moment at which [`Child::poll_end`] must be called, since boot.
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Kills it and its group, if it has not ended.
    pub fn kill(&mut self) {
        // The number of one that has ended may belong to another process by now.
        if matches!(self.process.try_wait(), Ok(None)) {
            if self.end_cause == EndCause::OnItsOwn {
                self.end_cause = EndCause::Stopped;
            }
            self.send_kill();
        }
    }

    fn send_kill(&mut self) {
        self.process.signal_group(Signal::KILL);
        self.deadline = clock::since_boot().saturating_add(KILL_RETRY_INTERVAL);
    }
}

fn words(arguments: &[impl AsRef<OsStr>]) -> Vec<&OsStr> {
    arguments.iter().map(AsRef::as_ref).collect()
}

impl Drop for Child {
    /// Takes no longer than a moment: one that is stuck in the kernel is left
    /// to the process that inherits it.
    fn drop(&mut self) {
        self.kill();
        let end = clock::since_boot() + REAP_TIMEOUT;
        while matches!(self.process.try_wait(), Ok(None)) && clock::since_boot() < end {
            clock::sleep(Duration::from_millis(1));
        }
    }
}

impl ChildEnd {
    /// Its exit code, if it ended by itself.
    pub fn code(&self) -> Option<i32> {
        match self {
            ChildEnd::Exited(status) => status.code(),
            _ => None,
        }
    }
}

/// In words that follow on the program's name.
impl fmt::Display for ChildEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ChildEnd::Exited(status) if status.success() => f.write_str("ended well"),
            ChildEnd::Exited(status) => write!(f, "failed ({status})"),
            ChildEnd::Overdue(timeout) => write!(f, "took longer than {} s", timeout.as_secs()),
            ChildEnd::Stopped => f.write_str("was stopped"),
            ChildEnd::Lost(cause) => write!(f, "ended, but how is not known: {cause}"),
        }
    }
}

#[cfg(test)]
mod tests;
