//! A program in the background that has until a deadline.
//!
//! The daemon never waits for one: it hears from the CHLD signal that one has
//! ended, and sleeps no longer than until the nearest deadline.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{self, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::Signal;

use super::{clock, process::command, process::own_program, process::signal_group};

/// The pause before a program that was killed and is still there, stuck in the
/// kernel, is checked and killed again.
const KILL_RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// The longest wait for a program that was dropped.
const REAP_TIMEOUT: Duration = Duration::from_millis(500);

/// A running program. It has a process group of its own, no input and no
/// output. What is dropped is killed, with all of its group.
#[derive(Debug)]
pub struct Child {
    process: process::Child,
    patience: Duration,
    deadline: Duration,
    fate: Fate,
}

/// Why it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    OnItsOwn,
    Overdue,
    Stopped,
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// By itself, or by a signal of somebody else.
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
    /// `environment` besides, and may take as long as `patience`. Nobody sees
    /// what it prints.
    pub fn start(
        program: &str,
        arguments: &[impl AsRef<OsStr>],
        environment: &[(&str, &str)],
        patience: Duration,
    ) -> io::Result<Child> {
        let mut command = command(program, arguments);
        command.stderr(Stdio::null());
        command.envs(environment.iter().copied());
        Child::spawn(command, patience)
    }

    /// Starts this program once more, with other arguments. What it logs goes
    /// where our log goes.
    /// `input`, if there is one, is its standard input.
    pub fn ourselves(
        arguments: &[impl AsRef<OsStr>],
        input: Option<BorrowedFd<'_>>,
        patience: Duration,
    ) -> io::Result<Child> {
        let mut command = command(own_program()?, arguments);
        if let Some(input) = input {
            command.stdin(input.try_clone_to_owned()?);
        }
        Child::spawn(command, patience)
    }

    fn spawn(mut command: process::Command, patience: Duration) -> io::Result<Child> {
        let deadline = clock::since_boot().saturating_add(patience);
        Ok(Child {
            process: command.stdout(Stdio::null()).spawn()?,
            patience,
            deadline,
            fate: Fate::OnItsOwn,
        })
    }

    /// How it ended, if it has; never waits. It is to be asked after each CHLD
    /// signal and at [`Child::deadline`], when it kills.
    pub fn ended(&mut self) -> Option<Ended> {
        match self.process.try_wait() {
            Ok(Some(status)) => Some(self.because(status)),
            Ok(None) => {
                self.keep_deadline();
                None
            }
            Err(error) => Some(Ended::Lost(error.to_string())),
        }
    }

    fn because(&self, status: ExitStatus) -> Ended {
        match self.fate {
            // It may have been quicker than our signal.
            Fate::Overdue if status.signal().is_some() => Ended::Overdue(self.patience),
            Fate::Stopped if status.signal().is_some() => Ended::Stopped,
            _ => Ended::Exited(status),
        }
    }

    fn keep_deadline(&mut self) {
        if clock::since_boot() < self.deadline {
            return;
        }
        if self.fate == Fate::OnItsOwn {
            self.fate = Fate::Overdue;
        }
        self.send_kill();
    }

    /// When it is to be looked at again even if no signal comes, since boot.
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Kills it and its group, if it has not ended.
    pub fn kill(&mut self) {
        // The number of one that has ended may belong to another process by now.
        if matches!(self.process.try_wait(), Ok(None)) {
            if self.fate == Fate::OnItsOwn {
                self.fate = Fate::Stopped;
            }
            self.send_kill();
        }
    }

    fn send_kill(&mut self) {
        signal_group(&self.process, Signal::KILL);
        self.deadline = clock::since_boot().saturating_add(KILL_RETRY_INTERVAL);
    }
}

impl Drop for Child {
    /// Takes no longer than a moment: one that is stuck in the kernel is left
    /// to whoever inherits it.
    fn drop(&mut self) {
        self.kill();
        let end = clock::since_boot() + REAP_TIMEOUT;
        while matches!(self.process.try_wait(), Ok(None)) && clock::since_boot() < end {
            clock::sleep(Duration::from_millis(1));
        }
    }
}

impl Ended {
    /// Its exit code, if it ended by itself.
    pub fn code(&self) -> Option<i32> {
        match self {
            Ended::Exited(status) => status.code(),
            _ => None,
        }
    }
}

/// In words that follow on the program's name.
impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ended::Exited(status) if status.success() => f.write_str("ended well"),
            Ended::Exited(status) => write!(f, "failed ({status})"),
            Ended::Overdue(patience) => write!(f, "took longer than {} s", patience.as_secs()),
            Ended::Stopped => f.write_str("was stopped"),
            Ended::Lost(cause) => write!(f, "ended, but how is not known: {cause}"),
        }
    }
}

#[cfg(test)]
mod tests;
