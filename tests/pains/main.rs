//! The pains of other updaters' users, which must not hurt ours: one test or more
//! for each pain, on the real program against the simulated services.
//!
//! Hours pass here in a time namespace (`unshare -T`) and with libfaketime, so
//! that a day takes seconds and the program is the one that routers run.
#![allow(clippy::disallowed_methods, reason = "tests do I/O")]

mod flap;
mod freeze;
mod lockout;
mod names;
mod retries;
mod secrets;
mod status;
mod success;
mod tls;

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use wansync_sim::Times;
use wansync_test_support::waiting::wait_until;
use wansync_test_support::{Ran, Router, clocks, ran};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

/// The longest first backoff is 18 s.
const AFTER_BACKOFF: i64 = 20;

/// The time after a failure in which its backoff, 12 s or more, surely lasts.
const WITHIN_BACKOFF: Duration = Duration::from_secs(10);

/// Ten passes after one that failed, none of which sends again. False where the machine
/// was too slow for ten.
fn ten_passes_wait(router: &Router, pass: impl Fn() -> Ran) -> bool {
    let failed = Instant::now();
    let sent = || router.sim.requests().len() + router.sim.connections().len();
    // The far end may be slower to count than this one to give up.
    wait_until("the first send is counted", || sent() > 0);
    for _ in 0..10 {
        let next = pass();
        if failed.elapsed() > WITHIN_BACKOFF {
            return false;
        }
        let next = next.expect(75);
        assert!(log_of(&next).len() <= 1, "{next:?}");
        assert_eq!(sent(), 1, "{next:?}");
    }
    true
}

fn fault(router: &Router, text: &str) {
    router.sim.fault(text.parse().expect(text), Times::All);
}

/// A pass, with both clocks so many seconds ahead.
fn later(router: &Router, seconds: i64) -> Ran {
    later_with(router, seconds, &["once"])
}

fn later_with(router: &Router, seconds: i64, arguments: &[&str]) -> Ran {
    let mut command = unshare(&["--time", "--boottime", &seconds.to_string()]);
    let program = clocks::at_wall(&router.command(arguments), &format!("+{seconds}"));
    follow(&mut command, &program);
    ran(command.output().expect("unshare runs"))
}

/// `unshare` with these options, as root of its own where that is needed.
fn unshare(options: &[&str]) -> Command {
    static MAPPED: OnceLock<bool> = OnceLock::new();
    let is_mapped = MAPPED.get_or_init(|| {
        let plain = Command::new("unshare")
            .args(["--mount", "--time", "true"])
            .stderr(Stdio::null())
            .status();
        !plain.expect("unshare is there").success()
    });
    let mut command = Command::new("unshare");
    command.stdin(Stdio::null());
    if *is_mapped {
        command.arg("--map-root-user");
    }
    command.args(options);
    command
}

/// Makes one command the end of another.
fn follow(command: &mut Command, last: &Command) {
    command.arg(last.get_program()).args(last.get_args());
}

/// Does the same with each of many things, a few at a time: most of the time
/// one end waits for the other.
fn with_each<T: Send>(things: impl IntoIterator<Item = T>, job: impl Fn(T) + Sync) {
    let things: Mutex<VecDeque<T>> = Mutex::new(things.into_iter().collect());
    let next = || things.lock().expect("no job holds it").pop_front();
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                while let Some(thing) = next() {
                    job(thing);
                }
            });
        }
    });
}

/// The lines of the log.
fn log_of(ran: &Ran) -> Vec<String> {
    let ours = |line: &&str| line.starts_with("wansync: ");
    ran.stderr.lines().filter(ours).map(str::to_owned).collect()
}

/// The processes of this router's program.
fn processes(router: &Router) -> Vec<String> {
    let place = router.config();
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    let ids = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let is_ours = |id: &String| {
        arguments_of(id)
            .iter()
            .any(|argument| OsStr::new(argument) == place.as_os_str())
    };
    ids.filter(|id| id.parse::<u32>().is_ok())
        .filter(is_ours)
        .collect()
}

/// The router's processes in the background, which end with the test at the latest.
struct Background<'a>(&'a Router);

impl Background<'_> {
    /// True if no process of the router is left.
    fn is_gone(&self) -> bool {
        processes(self.0).is_empty()
    }
}

impl Drop for Background<'_> {
    fn drop(&mut self) {
        for process in processes(self.0) {
            let _ = Command::new("kill").arg(process).status();
        }
    }
}

fn arguments_of(process: &str) -> Vec<String> {
    let bytes = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    text.split('\0').map(str::to_owned).collect()
}
