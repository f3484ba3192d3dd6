//! A daemon of a test, and what it says.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use super::waiting::{comes_true, wait_for};

/// A running daemon. Dropped, it is killed.
pub struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts what the command says, whose log is kept in this file.
    pub fn start(mut command: Command, log: PathBuf) -> Daemon {
        let open = || File::options().create(true).append(true).open(&log);
        command.stdin(Stdio::null());
        command.stdout(open().expect("the log is opened"));
        command.stderr(open().expect("the log is opened"));
        Daemon {
            child: command.spawn().expect("the daemon starts"),
            log,
        }
    }

    /// All that it said so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until it has said this.
    #[track_caller]
    pub fn says(&mut self, text: &str) {
        self.until(&format!("'{text}'"), |daemon| daemon.log().contains(text));
    }

    /// Waits until something is true.
    #[track_caller]
    pub fn until(&mut self, what: &str, mut done: impl FnMut(&Daemon) -> bool) {
        let comes = comes_true(|| {
            if done(self) {
                return true;
            }
            let ended = self.child.try_wait().expect("it is ours");
            assert!(
                ended.is_none(),
                "the daemon ended ({ended:?}):\n{}",
                self.log()
            );
            false
        });
        assert!(comes, "no {what}:\n{}", self.log());
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("it lives");
    }

    /// Its number.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Sends TERM; how it ended.
    #[track_caller]
    pub fn end(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.ended()
    }

    /// The end of the daemon, once it has ended.
    #[track_caller]
    pub fn ended(&mut self) -> ExitStatus {
        let ended = wait_for(|| self.child.try_wait().expect("it is ours"));
        let Some(status) = ended else {
            panic!("it does not end:\n{}", self.log());
        };
        status
    }

    /// Kills it without a word.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}
