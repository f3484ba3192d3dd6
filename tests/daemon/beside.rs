//! Other commands beside a running daemon.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use crate::{counting, daemon, is_quiet, passes, router, script};
use wansync_test_support::Router;
use wansync_test_support::netifd::up;

/// A router's boot is not to wait for us; only a hang takes longer.
const AT_ONCE: Duration = Duration::from_secs(20);

#[track_caller]
fn event(router: &Router, environment: &[(&str, &str)]) {
    let start = Instant::now();
    let mut command = router.command(&["event"]);
    for name in ["ACTION", "INTERFACE", "DEVICE", "IFUPDATE_ADDRESSES"] {
        command.env_remove(name);
    }
    let output = command.envs(environment.iter().copied()).output();
    let ran = wansync_test_support::ran(output.expect("the program runs")).expect(0);
    assert_eq!(ran.said(), "");
    assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
}

const IFUP: [(&str, &str); 3] = [("ACTION", "ifup"), ("INTERFACE", "wan"), ("DEVICE", "eth1")];

#[test]
fn an_event_wakes_the_daemon() {
    let router = counting();
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    fs::write(router.path("address"), "9.9.9.9\n").expect("an address");
    event(&router, &IFUP);
    daemon.says("9.9.9.9 is confirmed");
    assert!(
        !router.path("run/event.lock").exists(),
        "no other process works"
    );
}

#[test]
fn fifty_events_are_two_passes_at_most() {
    let router = counting();
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    // The hold-down of the start is over.
    thread::sleep(Duration::from_secs(16));
    let before = passes(&router);
    let start = Instant::now();
    for _ in 0..50 {
        event(&router, &IFUP);
    }
    let busy = start.elapsed();
    thread::sleep(Duration::from_secs(6));
    let since = passes(&router) - before;
    // A busy machine may take longer for them than the first pause.
    let most = 2 + busy.as_secs() as usize / 3;
    assert!((1..=most).contains(&since), "{since} passes");
    assert_eq!(router.updates(), 1);
    assert!(
        !router.path("run/event.lock").exists(),
        "no other process works"
    );
}

#[test]
fn an_event_that_matters_to_no_section() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    let said = daemon.log();
    event(&router, &[("ACTION", "ifup"), ("INTERFACE", "guest")]);
    event(&router, &[("ACTION", "ifdown"), ("INTERFACE", "wan")]);
    is_quiet(&router, 1);
    assert_eq!(daemon.log(), said);
}

/// A daemon that was killed leaves its socket behind.
#[test]
fn an_event_after_a_daemon_was_killed() {
    let router = Router::with_address("8.8.4.4");
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    daemon.kill();
    assert!(router.path("run/control").exists());
    router.set_address("9.9.9.9");
    event(&router, &IFUP);
    assert!(router.sim.wait_for_requests(2, Duration::from_secs(60)));
    assert_eq!(router.sent(), ["8.8.4.4", "9.9.9.9"]);
}

#[test]
fn once_and_status() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    router.once().expect(0).says("home: unchanged");
    router
        .run(&["once", "--force"])
        .expect(0)
        .says("confirmed again");
    thread::sleep(Duration::from_secs(3));
    let status = router.home_status();
    let due = status["next_due_s"].as_i64().expect("a number");
    assert!((1..=300).contains(&due), "{status}");
    assert_eq!(status["observed"], "8.8.4.4");
    is_quiet(&router, 2);
    ubus.set_interface("wan", up("9.9.9.9"));
    daemon.says("9.9.9.9 is confirmed");
}

#[test]
fn once_leaves_the_tunnels_to_the_daemon() {
    let router = Router::new();
    let home = router.home("option source static\noption address 8.8.4.4");
    router.configure(&format!(
        "{home}config tunnel 'dacha'\noption name 'user356'\noption network 'vpnki0'\n\
         option ping '127.0.0.1'\n"
    ));
    let _ubus = router.ubus();
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    router
        .once()
        .says("home: unchanged")
        .says("the tunnels are watched by another process");
}

/// A change is notified once, whichever process found it.
#[test]
fn a_change_that_once_found_is_reported_once() {
    let router = counting();
    let notified = router.path("notified");
    let hook = script(
        &router,
        "hook",
        &format!(
            "#!/bin/sh\necho \"$WANSYNC_ADDRESS\" >>{}\n",
            notified.display()
        ),
    );
    let text = fs::read_to_string(router.config()).expect("a configuration");
    router.configure_raw(format!("{text}option notify '{hook}'\n").as_bytes());
    let mut daemon = daemon(&router);
    let read = || fs::read_to_string(&notified).unwrap_or_default();
    daemon.until("a first address", |_| read() == "8.8.4.4\n");
    fs::write(router.path("address"), "9.9.9.9\n").expect("an address");
    router.once().expect(0).says("9.9.9.9 is confirmed");
    daemon.until("a second address", |_| read() == "8.8.4.4\n9.9.9.9\n");
    event(&router, &IFUP);
    thread::sleep(Duration::from_secs(5));
    assert_eq!(read(), "8.8.4.4\n9.9.9.9\n");
}
