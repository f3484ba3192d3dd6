//! HUP, USR1 and TERM.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use wansync_sim::{Fault, KEY, Point, Times};

use crate::{daemon, is_quiet, router};
use wansync_test_support::Router;
use wansync_test_support::netifd::up;

/// The end of a daemon takes 2 s, and a send that it waited for 30 s.
const AT_ONCE: Duration = Duration::from_secs(20);

#[test]
fn hup_with_another_source_and_another_section() {
    let router = router("");
    router.sim.add_user("user2", &[]);
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    daemon.signal(Signal::HUP);
    daemon.says("the configuration was read again");
    is_quiet(&router, 1);
    let home = router.home("option source static\noption address 9.9.9.9");
    router.configure(&home);
    daemon.signal(Signal::HUP);
    daemon.says("home: confirmed: 9.9.9.9");
    let second = router.section("second", "option network wan");
    router.configure(&format!("{home}{}", second.replace("user1", "user2")));
    daemon.signal(Signal::HUP);
    daemon.says("second: confirmed: 8.8.4.4");
    is_quiet(&router, 3);
    assert!(daemon.log().contains("running: 2 skydns sections"));
}

#[test]
fn hup_with_a_file_that_cannot_be_read() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    router.configure_raw(b"rubbish\n");
    daemon.signal(Signal::HUP);
    daemon.says("the configuration of before stays in use");
    ubus.set_interface("wan", up("9.9.9.9"));
    daemon.says("home: confirmed: 9.9.9.9");
    assert_eq!(router.updates(), 2);
}

/// An edited file takes effect at the reload signal, and not before.
#[test]
fn a_file_that_is_edited_takes_effect_at_hup() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    router.configure("");
    ubus.set_interface("wan", up("9.9.9.9"));
    daemon.says("home: confirmed: 9.9.9.9");
    daemon.signal(Signal::HUP);
    daemon.says("running: 0 skydns sections");
    ubus.set_interface("wan", up("8.8.8.8"));
    is_quiet(&router, 2);
}

#[test]
fn hup_with_a_section_that_is_wrong() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    let home = router.home("option network wan");
    let wrong = router.section("second", "option daily_limit 'often'");
    router.configure(&format!("{home}{wrong}"));
    daemon.signal(Signal::HUP);
    daemon.says("often");
    is_quiet(&router, 1);
    ubus.set_interface("wan", up("9.9.9.9"));
    daemon.says("home: confirmed: 9.9.9.9");
}

#[test]
fn hup_with_wansync_disabled_and_enabled_again() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    let enabled = fs::read_to_string(router.config()).expect("a configuration");
    let disabled = enabled.replacen("'main'\n", "'main'\noption enabled '0'\n", 1);
    router.configure_raw(disabled.as_bytes());
    daemon.signal(Signal::HUP);
    daemon.says("running, but disabled");
    ubus.set_interface("wan", up("9.9.9.9"));
    is_quiet(&router, 1);
    router.configure_raw(enabled.as_bytes());
    daemon.signal(Signal::HUP);
    daemon.says("home: confirmed: 9.9.9.9");
    assert!(daemon.end().success());
}

#[test]
fn usr1_is_a_pass() {
    let router = crate::counting();
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    fs::write(router.path("address"), "9.9.9.9\n").expect("an address");
    daemon.signal(Signal::USR1);
    daemon.says("9.9.9.9 is confirmed");
    assert!(daemon.log().contains("a pass was asked for (USR1)"));
}

#[test]
fn term_keeps_the_record_safe() {
    let router = Router::with_address("8.8.4.4");
    let mut first = daemon(&router);
    first.says("8.8.4.4 is confirmed");
    let start = Instant::now();
    assert!(first.end().success());
    assert!(start.elapsed() < AT_ONCE);
    assert!(!router.path("run/control").exists(), "the socket is gone");
    router.reboot();
    let mut second = daemon(&router);
    second.says("home: unchanged");
    is_quiet(&router, 1);
    assert!(second.end().success());
}

#[test]
fn term_while_a_send_hangs() {
    let router = Router::with_address("8.8.4.4");
    router
        .sim
        .fault_for("update_ip", Fault::Stall(Point::Status), Times::Next(1));
    let mut first = daemon(&router);
    assert!(router.sim.wait_for_requests(1, Duration::from_secs(60)));
    let start = Instant::now();
    assert!(first.end().success());
    assert!(start.elapsed() < AT_ONCE);
    assert_eq!(router.home_status()["outcome"], "unconfirmed");
    // What was not acknowledged is sent again, after the backoff.
    let mut second = daemon(&router);
    second.says("8.8.4.4 is confirmed");
    assert_eq!(router.updates(), 2);
}

/// A wrong key holds for an hour, and the right one ends the hold at once.
#[test]
fn hup_with_another_key_ends_the_hold() {
    let router = Router::with_address("8.8.4.4");
    let key = router.path("key");
    fs::write(&key, "wrong-key\n").expect("a key");
    let home = router.home("option source static\noption address 8.8.4.4");
    let inline = format!("option key '{KEY}'");
    let file = format!("option key_file '{}'", key.display());
    router.configure(&home.replace(&inline, &file));
    let mut daemon = daemon(&router);
    daemon.says("home: refused");
    for _ in 0..5 {
        daemon.signal(Signal::USR1);
        daemon.signal(Signal::HUP);
        std::thread::sleep(Duration::from_millis(700));
    }
    assert_eq!(router.updates(), 1, "{}", daemon.log());
    fs::write(&key, format!("{KEY}\n")).expect("a key");
    daemon.signal(Signal::HUP);
    daemon.says("8.8.4.4 is confirmed");
    assert_eq!(router.updates(), 2);
}
