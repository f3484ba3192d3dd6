//! A wrong configuration, a wrong key file, a wrong reply and a wrong
//! command line: one clear line, the documented exit code, no request where
//! there is nothing to ask, and nothing lost of the record.
#![allow(clippy::disallowed_methods, reason = "tests do I/O")]

mod configuration;
mod keys;
mod services;
mod tunnels;
mod usage;

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Permissions};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use wansync_sim::{KEY, Times};
use wansync_test_support::{Ran, Router, is_in_files};

const STATIC: &str = "option source 'static'\noption address '8.8.4.4'";

/// A router with something to lose: an address that is confirmed and recorded.
struct Settled {
    router: Router,
    record: Vec<u8>,
    requests: usize,
}

impl Settled {
    fn new() -> Settled {
        let router = Router::with_address("8.8.4.4");
        router.once().expect(0).says("confirmed");
        Settled {
            record: fs::read(router.record()).expect("a record"),
            requests: router.sim.requests().len(),
            router,
        }
    }

    /// A pass that must find the configuration wrong: the one line of the log
    /// that says so.
    #[track_caller]
    fn refuses(&self, what: &str) -> String {
        // A problem that was logged before is not logged again.
        let _ = fs::remove_file(self.router.path("run/complaints"));
        let ran = sound(self.router.once(), what);
        assert_eq!(ran.code, Some(78), "{what}: {}", ran.said());
        assert_eq!(ran.stderr.lines().count(), 1, "{what}: {}", ran.stderr);
        self.nothing_happened(what);
        let checked = sound(self.router.run(&["check", "--offline"]), what);
        assert_eq!(checked.code, Some(78), "{what}: {}", checked.said());
        assert!(
            checked.stdout.contains("FAIL  "),
            "{what}: {}",
            checked.said()
        );
        let event = self
            .router
            .command(&["event"])
            .env("ACTION", "unheard-of")
            .output();
        let event = sound(
            wansync_test_support::ran(event.expect("the program runs")),
            what,
        );
        assert!(
            matches!(event.code, Some(0 | 78)),
            "{what}: {}",
            event.said()
        );
        self.nothing_happened(what);
        ran.stderr
    }

    #[track_caller]
    fn nothing_happened(&self, what: &str) {
        let requests = self.router.sim.requests().len();
        assert_eq!(requests, self.requests, "{what}: something was sent");
        let record = fs::read(self.router.record()).expect("a record");
        assert_eq!(record, self.record, "{what}: the record changed");
    }

    /// The configuration of [`Router::with_address`] with `from` replaced.
    fn configure_with(&self, from: &str, to: &str) {
        let text = self.router.home(STATIC);
        assert!(text.contains(from), "{from}");
        self.router.configure(&text.replace(from, to));
    }
}

/// The run, if it ended by itself, with a documented code, and found no fault
/// in itself.
#[track_caller]
fn sound(ran: Ran, what: &str) -> Ran {
    const CODES: [i32; 7] = [0, 1, 64, 69, 75, 77, 78];
    let code = ran.code.unwrap_or(-1);
    assert!(CODES.contains(&code), "{what}: code {code}: {}", ran.said());
    for word in ["panicked", "fault of wansync"] {
        assert!(!ran.said().contains(word), "{what}: {}", ran.said());
    }
    ran
}

fn sparse(path: &Path, bytes: u64) {
    let file = File::create(path).expect("a file");
    file.set_len(bytes).expect("a sparse file");
}
