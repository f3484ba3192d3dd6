//! A daemon with nothing to do does nothing, and a thousand checks leave nothing
//! behind.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use crate::{counting, daemon, passes, router};
use wansync_test_support::Router;
use wansync_test_support::daemon::Daemon;
use wansync_test_support::netifd::up;

/// The number of times that the daemon was woken, and of pages that its children that
/// ended have asked for: one more child makes that more.
fn cost(daemon: &Daemon) -> (u64, u64) {
    let pid = daemon.pid().as_raw_nonzero();
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it lives");
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
    // Behind the name, which may hold blanks, the state is the third field.
    let behind = stat.rsplit_once(')').expect("a name").1;
    let pages = behind.split_whitespace().nth(11 - 3).expect("cminflt");
    (
        number(&status, "voluntary_ctxt_switches:"),
        pages.parse().expect("a number"),
    )
}

fn number(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let word = line.and_then(|line| line.split_whitespace().next());
    word.expect("every Linux has it").parse().expect("a number")
}

/// Its open descriptors, and its memory in KiB.
fn held(daemon: &Daemon) -> (usize, u64) {
    let pid = daemon.pid().as_raw_nonzero();
    let fds = fs::read_dir(format!("/proc/{pid}/fd")).expect("it lives");
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it lives");
    (fds.count(), number(&status, "VmRSS:"))
}

#[track_caller]
fn is_idle(daemon: &Daemon) {
    thread::sleep(Duration::from_secs(5));
    let (woken, pages) = cost(daemon);
    thread::sleep(Duration::from_secs(8));
    let (woken_since, pages_since) = cost(daemon);
    assert_eq!(pages_since, pages, "a child was started: {}", daemon.log());
    assert!(
        woken_since - woken <= 3,
        "woken {} times",
        woken_since - woken
    );
}

#[test]
fn idle_with_an_address_that_is_confirmed() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    is_idle(&daemon);
}

#[test]
fn idle_with_a_wan_that_is_down() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", crate::pending());
    let mut daemon = daemon(&router);
    daemon.says("aborted");
    is_idle(&daemon);
}

#[test]
fn idle_when_disabled() {
    let router = Router::new();
    let _ubus = router.ubus();
    router.configure_raw(b"config wansync 'main'\noption enabled '0'\n");
    let mut daemon = daemon(&router);
    daemon.says("running, but disabled");
    is_idle(&daemon);
}

#[test]
fn idle_while_held() {
    let router = Router::new();
    let home = router.home("option source static\noption address 8.8.4.4");
    router.configure(&home.replace(wansync_sim::KEY, "wrong-key"));
    let _ubus = router.ubus();
    let mut daemon = daemon(&router);
    daemon.says("home: refused");
    is_idle(&daemon);
}

/// The re-check of a source that costs nothing starts no process either.
#[test]
fn a_recheck_that_finds_nothing_starts_nothing() {
    let router = router("");
    let text = fs::read_to_string(router.config()).expect("a configuration");
    let text = text.replacen("'main'\n", "'main'\noption interval '1s'\n", 1);
    router.configure_raw(text.as_bytes());
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    thread::sleep(Duration::from_secs(5));
    let (_, pages) = cost(&daemon);
    thread::sleep(Duration::from_secs(5));
    assert_eq!(cost(&daemon).1, pages, "{}", daemon.log());
}

fn event(router: &Router) {
    let mut stream = UnixStream::connect(router.path("run/control")).expect("a daemon listens");
    stream
        .write_all(b"event\tifup\twan\teth1\t0\n")
        .expect("it reads");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("it answers");
    assert_eq!(reply, "ok\n");
}

#[test]
fn a_thousand_checks_leave_nothing_behind() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    ubus.set_interface("lan", up("192.168.1.1"));
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    let check = |round: u64| {
        event(&router);
        let mut lan = up("192.168.1.1");
        lan["data"] = json!({ "round": round });
        ubus.set_interface("lan", lan);
    };
    (0..300).for_each(check);
    thread::sleep(Duration::from_secs(2));
    let (fds, memory) = held(&daemon);
    (0..1000).for_each(check);
    thread::sleep(Duration::from_secs(2));
    let (fds_since, memory_since) = held(&daemon);
    assert_eq!(fds_since, fds);
    assert!(
        memory_since <= memory + 256,
        "{memory} KiB, and then {memory_since}"
    );
    assert_eq!(router.updates(), 1);
}

#[test]
fn stopped_for_long_and_continued() {
    let router = counting();
    let text = fs::read_to_string(router.config()).expect("a configuration");
    let text = text.replacen("'main'\n", "'main'\noption interval '2s'\n", 1);
    router.configure_raw(text.as_bytes());
    let _ubus = router.ubus();
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    thread::sleep(Duration::from_secs(3));
    daemon.signal(Signal::STOP);
    thread::sleep(Duration::from_secs(1));
    let before = passes(&router);
    thread::sleep(Duration::from_secs(13));
    assert_eq!(passes(&router), before, "it was stopped");
    fs::write(router.path("address"), "9.9.9.9\n").expect("an address");
    daemon.signal(Signal::CONT);
    daemon.says("9.9.9.9 is confirmed");
    thread::sleep(Duration::from_secs(2));
    // Six intervals were missed; none of them is made up for.
    let since = passes(&router) - before;
    assert!((1..=4).contains(&since), "{since} passes");
}
