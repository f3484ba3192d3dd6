//! The wall clock: not set yet at the start, and jumping by years.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::{is_quiet, router};
use wansync_test_support::Router;
use wansync_test_support::clocks::by_file;
use wansync_test_support::daemon::Daemon;
use wansync_test_support::netifd::up;

/// A daemon whose clock, and whose children's, is what a file says.
fn daemon(router: &Router, time: &str) -> Daemon {
    set(router, time);
    let command = by_file(&router.command(&["daemon"]), &router.path("time"));
    Daemon::start(command, router.path("daemon.log"))
}

fn set(router: &Router, time: &str) {
    // A reader must not find it empty meanwhile.
    let draft = router.path("time.new");
    fs::write(&draft, format!("{time}\n")).expect("a time");
    fs::rename(draft, router.path("time")).expect("a time");
}

/// The event of the time daemon's script. The kernel does not report a clock
/// that only the C library puts right.
#[track_caller]
fn step(router: &Router) {
    let mut event: Command = router.command(&["event"]);
    let event = event.env("ACTION", "step").env_remove("INTERFACE");
    wansync_test_support::ran(event.output().expect("it runs")).expect(0);
}

#[test]
fn a_clock_that_is_not_set_yet() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router, "@1970-01-01 00:01:00");
    daemon.says("home: aborted: the clock is not set (it says 1970-01-01)");
    daemon.says("waits for NTP");
    step(&router);
    is_quiet(&router, 0);
    set(&router, "+0");
    step(&router);
    daemon.says("8.8.4.4 is confirmed");
    assert_eq!(daemon.log().matches("aborted").count(), 1);
    assert_eq!(router.sim.connections().len(), 0, "no TLS was tried");
    assert!(daemon.end().success());
}

/// A clock that jumps there neither has anything sent nor keeps anything from being sent.
fn jump(time: &str) {
    let router = router("");
    let text = fs::read_to_string(router.config()).expect("a configuration");
    let text = text.replace(&router.sim.https_url(), &router.sim.http_url());
    router.configure_raw(text.as_bytes());
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router, "+0");
    daemon.says("8.8.4.4 is confirmed");
    for (number, time) in [time, "+0"].into_iter().enumerate() {
        set(&router, time);
        step(&router);
        thread::sleep(Duration::from_secs(3));
        assert_eq!(router.updates(), number + 1, "{time}: {}", daemon.log());
        let address = format!("9.9.9.{number}");
        ubus.set_interface("wan", up(&address));
        daemon.says(&format!("{address} is confirmed"));
    }
    assert_eq!(router.updates(), 3);
    assert!(daemon.end().success());
}

#[test]
fn a_clock_that_jumps_twenty_years_ahead() {
    jump("+20y");
}

#[test]
fn a_clock_that_jumps_back_to_1970() {
    jump("@1970-01-01 00:01:00");
}

#[test]
fn a_clock_that_jumps_to_the_end_of_32_bits() {
    jump("@2037-12-31 23:59:00");
}
