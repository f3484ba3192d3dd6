//! Programs of the router's owner: `option notify`, and the `option command` of
//! a tunnel.
//!
//! They run one after the other, in the order of the changes, and what
//! starts them does not wait. Each has its time, and no more.

use std::ffi::OsStr;
use std::io;
use std::time::Duration;

use crate::agent::changes::Change;
use crate::sys::child::{Child, ChildEnd};
use crate::sys::{clock, process};

/// The longest that a program may run.
const HOOK_TIMEOUT: Duration = Duration::from_secs(30);
/// The number of runs that may wait. Where states change faster than the programs run,
/// the latest changes are kept.
const MAX_WAITING: usize = 64;

/// The most that is shown of what a program prints that is tried out, in bytes.
const MAX_SHOWN: usize = 4096;
/// The variable by which a program knows that it is only tried out.
pub const TEST_MARK: (&str, &str) = ("WANSYNC_TEST", "1");

/// One program to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookRun {
    /// An absolute path.
    pub program: String,
    /// The program's arguments, passed as they are.
    arguments: Vec<String>,
    /// The change that it is run for.
    change: Change,
    /// The words of its reason.
    reason: String,
}

impl HookRun {
    /// The run of a program for a change, which it finds in its environment.
    pub fn new(program: String, arguments: Vec<String>, change: Change) -> HookRun {
        HookRun {
            program,
            arguments,
            reason: change.reason.to_string(),
            change,
        }
    }

    /// The section that it is for.
    pub fn section(&self) -> &str {
        &self.change.section
    }

    fn start(&self) -> io::Result<Child> {
        let environment = self.environment();
        Child::start(&self.program, &self.arguments, &environment, HOOK_TIMEOUT)
    }

    /// Runs it, and gives its end, and the beginning of what it printed and of its errors.
    ///
    /// # Errors
    /// It could not be started.
    pub fn try_out(&self) -> io::Result<(ChildEnd, [Vec<u8>; 2])> {
        let environment = [&self.environment()[..], &[TEST_MARK]].concat();
        let arguments: Vec<&OsStr> = self.arguments.iter().map(OsStr::new).collect();
        let bounds = (HOOK_TIMEOUT, MAX_SHOWN);
        process::capture(self.program.as_ref(), &arguments, &environment, bounds)
    }

    /// The variables that tell the program of the change.
    pub fn environment(&self) -> [(&str, &str); 7] {
        let change = &self.change;
        [
            ("WANSYNC_TYPE", change.kind),
            ("WANSYNC_SECTION", self.section()),
            ("WANSYNC_OLD", change.old),
            ("WANSYNC_NEW", change.new),
            ("WANSYNC_REASON", &self.reason),
            ("WANSYNC_REASON_CODE", change.reason.code().name()),
            match change.kind {
                "tunnel" => ("WANSYNC_TUNNEL", &change.subject),
                _ => ("WANSYNC_ADDRESS", &change.subject),
            },
        ]
    }

    fn log_failure(&self, what: &str) {
        log::warn!("{}: the program {} {what}", self.section(), self.program);
    }
}

/// Runs all of them, and waits for the last.
pub fn run(runs: Vec<HookRun>) {
    let mut programs = Programs::default();
    programs.add(runs);
    programs.finish();
}

/// Those that wait, and the one that runs.
#[derive(Default)]
pub struct Programs {
    waiting: Vec<HookRun>,
    running: Option<(HookRun, Child)>,
}

impl Programs {
    /// Adds some behind the others.
    pub fn add(&mut self, runs: Vec<HookRun>) {
        for run in runs {
            if self.waiting.len() == MAX_WAITING {
                let oldest = self.waiting.remove(0);
                oldest.log_failure("is not run: too many wait for it already");
            }
            self.waiting.push(run);
        }
    }

    /// Takes note of the one that ended, and starts the next.
    pub fn advance(&mut self) {
        if let Some((run, child)) = &mut self.running {
            let Some(ended) = child.poll_end() else {
                return;
            };
            if ended.code() != Some(0) {
                run.log_failure(&ended.to_string());
            }
            self.running = None;
        }
        while !self.waiting.is_empty() {
            let run = self.waiting.remove(0);
            match run.start() {
                Ok(child) => {
                    self.running = Some((run, child));
                    return;
                }
                Err(why) => run.log_failure(&format!("cannot be run: {why}")),
            }
        }
    }

    /// The deadline of the program that runs, since boot.
    pub fn due(&self) -> Option<Duration> {
        self.running.as_ref().map(|(_, child)| child.deadline())
    }

    /// Runs all of them, and waits for the last.
    pub fn finish(mut self) {
        self.advance();
        while self.running.is_some() {
            clock::sleep(Duration::from_millis(10));
            self.advance();
        }
    }
}
