//! A program that runs beside the test.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command};

use crate::waiting::{comes_true, wait_for};

/// A program that runs while the test does; it is killed in the end.
pub struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    pub(super) fn start(mut command: Command, log: PathBuf) -> Running {
        let file = fs::File::create(&log).expect("a log");
        let copy = file.try_clone().expect("a log");
        let child = command.stdout(file).stderr(copy).spawn();
        Running {
            child: child.expect("it starts"),
            log,
        }
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// All that it said so far.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until it has said this.
    #[track_caller]
    pub fn says(&self, text: &str) {
        let is_said = comes_true(|| self.said().contains(text));
        assert!(is_said, "no '{text}' in:\n{}", self.said());
    }

    /// Sends it a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let mut kill = Command::new("kill");
        kill.args([&format!("-{name}"), &self.id().to_string()]);
        let sent = kill.status().expect("kill runs");
        assert!(sent.success(), "it has ended:\n{}", self.said());
    }

    /// Waits until it has ended; its exit code.
    #[track_caller]
    pub fn ended(&mut self) -> Option<i32> {
        let ended = wait_for(|| self.child.try_wait().expect("it is ours"));
        let Some(status) = ended else {
            panic!("it does not end:\n{}", self.said());
        };
        status.code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
