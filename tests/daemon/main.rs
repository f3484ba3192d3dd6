//! `wansync daemon`: what it hears, what it does then, and what it survives.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests do I/O"
)]

wansync_test_support::simulator!();

mod address;
mod beside;
mod bus;
mod clock;
mod events;
mod flap;
mod history;
mod idle;
mod kills;
mod limits;
mod notify;
mod signals;
mod start;
mod tried_out;

use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use wansync_test_support::Router;
use wansync_test_support::daemon::Daemon;

/// Long enough for whatever is done at once and should not be.
const QUIET_TIME: Duration = Duration::from_secs(4);

/// A router that publishes network `wan`, with these further options.
fn router(options: &str) -> Router {
    let router = Router::new();
    router.configure(&router.home(&format!("option network 'wan'\n{options}")));
    router
}

/// A router whose source is a script that counts its runs in `passes` and prints
/// what `address` holds.
fn counting() -> Router {
    let router = Router::new();
    let folder = router.path("").display().to_string();
    let script = format!("cd {folder} || exit; echo pass >>passes; cat address");
    router.configure(&router.home(&format!(
        "option source command\noption command /bin/sh\nlist arg -c\nlist arg '{script}'"
    )));
    fs::write(router.path("address"), "8.8.4.4\n").expect("an address");
    router
}

fn passes(router: &Router) -> usize {
    let passes = fs::read_to_string(router.path("passes"));
    passes.map_or(0, |text| text.lines().count())
}

/// Its daemon.
fn daemon(router: &Router) -> Daemon {
    Daemon::start(router.command(&["daemon"]), router.path("daemon.log"))
}

/// Nothing more is sent.
#[track_caller]
fn is_quiet(router: &Router, updates: usize) {
    thread::sleep(QUIET_TIME);
    assert_eq!(router.updates(), updates, "{:?}", router.sent());
}

/// Writes a script. Another process does it, so that no other test that forks
/// holds the file open while it is to be run.
fn script(router: &Router, name: &str, text: &str) -> String {
    let path = router.path(name);
    let mut shell = Command::new("sh");
    shell.args(["-c", r#"printf '%s' "$1" >"$2"; chmod 755 "$2""#, "sh"]);
    let status = shell.arg(text).arg(&path).status();
    assert!(status.expect("sh runs").success());
    path.display().to_string()
}

/// netifd's description of a network that waits for DHCP.
fn pending() -> Value {
    json!({
        "up": false, "pending": true, "available": true, "autostart": true,
        "dynamic": false, "proto": "dhcp", "device": "eth1", "data": {},
    })
}
