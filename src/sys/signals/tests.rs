//! Signals, sent to this test binary run once more: handlers are for a whole
//! process, and would meddle with the other tests.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::sys::signals::{CaughtSignals, Signals};
use rustix::process::{Pid, Signal, kill_process};

use crate::sys::test_support::{ENOUGH, sleep_on};

const PLAY: &str = "WANSYNC_TEST_CATCHES_SIGNALS";

/// The other side of [`Catcher`]; does nothing when run as a test.
#[test]
fn catches_signals() {
    if std::env::var_os(PLAY).is_none() {
        return;
    }
    let mut signals = Signals::open().unwrap();
    println!("\nready");
    for line in std::io::stdin().lines() {
        match line.unwrap().as_str() {
            "sleep" => println!("slept {}", sleep_on(&[&signals], ENOUGH)),
            "quiet" => println!(
                "quiet {}",
                !sleep_on(&[&signals], std::time::Duration::ZERO)
            ),
            "child" => {
                let child = Command::new("/bin/true").spawn();
                println!("started {}", child.is_ok());
            }
            "inherited" => {
                let file = "/proc/self/status";
                let output = Command::new("grep").args(["Sig[BI]", file]).output();
                let text = String::from_utf8(output.unwrap().stdout).unwrap();
                println!("{}", text.replace(['\n', '\t'], " "));
            }
            _ => println!("{:?}", signals.take()),
        }
        std::io::stdout().flush().unwrap();
    }
}

struct Catcher {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Catcher {
    fn new() -> Catcher {
        Catcher::starting("exec \"$0\" \"$@\"")
    }

    /// The shell's script is to make itself the program in its arguments.
    fn starting(script: &str) -> Catcher {
        let mut process = Command::new("/bin/sh")
            .args(["-c", script])
            .arg(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "sys::signals::tests::catches_signals",
                "--nocapture",
            ])
            .env(PLAY, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut catcher = Catcher {
            input: process.stdin.take().unwrap(),
            output: BufReader::new(process.stdout.take().unwrap()),
            process,
        };
        while catcher.line() != "ready" {}
        catcher
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "it ended");
        line.trim().to_owned()
    }

    fn asked(&mut self, what: &str) -> String {
        writeln!(self.input, "{what}").unwrap();
        self.line()
    }

    fn kill(&self, signal: Signal) {
        let pid = Pid::from_raw(self.process.id() as i32).unwrap();
        kill_process(pid, signal).unwrap();
    }
}

impl Drop for Catcher {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn each_signal_wakes_and_is_told_once() {
    let mut catcher = Catcher::new();
    let nothing = CaughtSignals::default();
    assert_eq!(catcher.asked("quiet"), "quiet true");
    let cases = [
        (
            Signal::HUP,
            CaughtSignals {
                reload: true,
                ..nothing
            },
        ),
        (
            Signal::TERM,
            CaughtSignals {
                end: true,
                ..nothing
            },
        ),
        (
            Signal::INT,
            CaughtSignals {
                end: true,
                ..nothing
            },
        ),
        (
            Signal::USR1,
            CaughtSignals {
                pass: true,
                ..nothing
            },
        ),
        (
            Signal::CHILD,
            CaughtSignals {
                child: true,
                ..nothing
            },
        ),
    ];
    for (signal, caught) in cases {
        catcher.kill(signal);
        assert_eq!(catcher.asked("sleep"), "slept true");
        assert_eq!(catcher.asked("take"), format!("{caught:?}"));
        assert_eq!(catcher.asked("take"), format!("{nothing:?}"));
        assert_eq!(catcher.asked("quiet"), "quiet true");
    }
    // A real child does the same.
    assert_eq!(catcher.asked("child"), "started true");
    assert_eq!(catcher.asked("sleep"), "slept true");
    assert_eq!(
        catcher.asked("take"),
        format!(
            "{:?}",
            CaughtSignals {
                child: true,
                ..nothing
            }
        )
    );
}

#[test]
fn a_storm_of_signals_is_one_of_each() {
    let mut catcher = Catcher::new();
    for _ in 0..20_000 {
        catcher.kill(Signal::HUP);
        catcher.kill(Signal::USR1);
    }
    assert_eq!(catcher.asked("sleep"), "slept true");
    let both = CaughtSignals {
        reload: true,
        pass: true,
        ..CaughtSignals::default()
    };
    assert_eq!(catcher.asked("take"), format!("{both:?}"));
    assert_eq!(catcher.asked("quiet"), "quiet true");
}

#[test]
fn children_start_with_none_of_our_signals_blocked_or_ignored() {
    let mut catcher = Catcher::new();
    let told = catcher.asked("inherited");
    let masks: Vec<_> = told
        .split_whitespace()
        .filter_map(|word| u64::from_str_radix(word, 16).ok())
        .collect();
    assert_eq!(masks.len(), 2, "{told}");
    let ours = [
        Signal::HUP,
        Signal::TERM,
        Signal::INT,
        Signal::USR1,
        Signal::CHILD,
        Signal::PIPE,
    ];
    for signal in ours {
        let bit = 1 << (signal.as_raw() - 1);
        assert!(
            masks.iter().all(|mask| mask & bit == 0),
            "{signal:?}: {told}"
        );
    }
}

/// As `nohup` and a shell's `&` do.
#[test]
fn signals_that_were_ignored_are_heard() {
    let mut catcher = Catcher::starting("trap '' HUP INT CHLD; exec \"$0\" \"$@\"");
    for (signal, word) in [(Signal::HUP, "reload: true"), (Signal::INT, "end: true")] {
        catcher.kill(signal);
        assert_eq!(catcher.asked("sleep"), "slept true");
        let told = catcher.asked("take");
        assert!(told.contains(word), "{told}");
    }
    assert_eq!(catcher.asked("child"), "started true");
    assert_eq!(catcher.asked("sleep"), "slept true");
    assert!(catcher.asked("take").contains("child: true"));
}
