//! The start of a program, and how it ended.
//!
//! Not by the standard library: beside posix_spawn(3), which does it here as there, that
//! has a fork of its own and a map of the environment, 20 KB on MIPS.
#![expect(clippy::disallowed_methods, reason = "processes are started here")]

use std::env;
use std::ffi::{CString, OsStr};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;

use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawn};
use nix::sys::signal::{SigSet, Signal::SIGPIPE};
use nix::unistd;
use rustix::io::retry_on_intr;
use rustix::process::{Pid, Signal, WaitOptions, kill_process_group, waitpid};

/// What a program is started with.
pub(super) struct Program<'a> {
    pub(super) path: &'a Path,
    /// Its arguments, without the name by which it is called.
    pub(super) arguments: &'a [&'a OsStr],
    /// The variables that it has besides ours.
    pub(super) environment: &'a [(&'a str, &'a str)],
    /// Its standard input, output and error; `/dev/null` is what is not given.
    pub(super) standard: [Option<BorrowedFd<'a>>; 3],
    /// Whether it has a process group of its own.
    pub(super) is_alone: bool,
}

/// A program that was started.
#[derive(Debug)]
pub(super) struct Process {
    number: Pid,
    /// How it ended, once that is known: its number may be another's by then.
    end: Option<ExitStatus>,
}

impl Program<'_> {
    /// Starts it, without a shell. It has none of our descriptors, and signals do to it
    /// what they do by default.
    pub(super) fn start(&self) -> io::Result<Process> {
        let name = c_string(self.path.as_os_str().as_bytes())?;
        let mut words = vec![name.clone()];
        for argument in self.arguments {
            words.push(c_string(argument.as_bytes())?);
        }
        let nothing = File::options().read(true).write(true).open("/dev/null")?;
        let mut actions = PosixSpawnFileActions::init()?;
        for (place, descriptor) in (0..).zip(&self.standard) {
            let descriptor = descriptor.unwrap_or(nothing.as_fd());
            actions.add_dup2(descriptor.as_raw_fd(), place)?;
        }
        let mut attributes = PosixSpawnAttr::init()?;
        let mut flags =
            PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF | PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK;
        // The library ignores it, which a program would inherit.
        attributes.set_sigdefault(&SigSet::from(SIGPIPE))?;
        attributes.set_sigmask(&SigSet::empty())?;
        if self.is_alone {
            attributes.set_pgroup(unistd::Pid::from_raw(0))?;
            flags |= PosixSpawnFlags::POSIX_SPAWN_SETPGROUP;
        }
        attributes.set_flags(flags)?;
        let variables = self.variables()?;
        let number = posix_spawn(&*name, &actions, &attributes, &words, &variables)?;
        Ok(Process {
            number: Pid::from_raw(number.as_raw()).ok_or(io::ErrorKind::NotFound)?,
            end: None,
        })
    }

    fn variables(&self) -> io::Result<Vec<CString>> {
        let line = |name: &OsStr, value: &OsStr| {
            c_string(&[name.as_bytes(), b"=", value.as_bytes()].concat())
        };
        let mut variables = Vec::new();
        for (name, value) in env::vars_os() {
            if self.environment.iter().all(|(other, _)| name != *other) {
                variables.push(line(&name, &value)?);
            }
        }
        for (name, value) in self.environment {
            variables.push(line(name.as_ref(), value.as_ref())?);
        }
        Ok(variables)
    }
}

fn c_string(bytes: &[u8]) -> io::Result<CString> {
    Ok(CString::new(bytes)?)
}

impl Process {
    /// How it ended, if it has ended; never waits.
    pub(super) fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.await_end(WaitOptions::NOHANG)
    }

    /// Waits until it has ended.
    pub(super) fn wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.await_end(WaitOptions::empty())
    }

    fn await_end(&mut self, options: WaitOptions) -> io::Result<Option<ExitStatus>> {
        if self.end.is_none() {
            let ended = retry_on_intr(|| waitpid(Some(self.number), options))?;
            self.end = ended.map(|(_, status)| ExitStatus::from_raw(status.as_raw()));
        }
        Ok(self.end)
    }

    /// Sends a signal to one that has a process group of its own, and to all of that.
    pub(super) fn signal_group(&self, signal: Signal) {
        if self.end.is_none() {
            let _ = kill_process_group(self.number, signal);
        }
    }
}
