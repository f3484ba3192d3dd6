//! Changes that come fast, and services that hang meanwhile.

use std::fs::File;
use std::thread;
use std::time::{Duration, Instant};

use wansync_sim::{Fault, Point, Times};

use crate::{daemon, is_quiet, pending, router, sent, up};
use wansync_test_support::Router;

#[test]
fn a_flapping_wan() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.1.1"));
    let mut daemon = daemon(&router);
    daemon.says("8.8.1.1 is confirmed");
    // What followed the start is over.
    thread::sleep(Duration::from_secs(16));
    let before = router.updates();
    let start = Instant::now();
    for change in 0..20 {
        ubus.redial("wan", up(&format!("8.8.2.{change}")));
        thread::sleep(Duration::from_millis(500));
    }
    let flapped = start.elapsed();
    let during = router.updates() - before;
    // A machine so busy that this took much longer may send once more.
    let most = 3 + flapped.as_secs() as usize / 20;
    assert!((1..=most).contains(&during), "{:?}", sent(&router));
    daemon.says("8.8.2.19 is confirmed");
    assert!(router.updates() - before <= most + 1, "{:?}", sent(&router));
    // The first at once, and not when the WAN has come to rest; a machine that is
    // busy may have missed some.
    let first = sent(&router)[before].clone();
    let number = first.strip_prefix("8.8.2.").and_then(|n| n.parse().ok());
    assert!(number.is_some_and(|number: u32| number < 10), "{first}");
    assert_eq!(router.bound(), ["8.8.2.19"]);
}

/// The send hangs because its WAN is gone; the address of the next one is not
/// to wait for the end of it.
#[test]
fn a_send_that_hangs_does_not_delay_the_next_address() {
    let router = router("");
    let ubus = router.ubus();
    router
        .sim
        .fault_for("update_ip", Fault::Stall(Point::Status), Times::Next(1));
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    assert!(router.sim.wait_for_requests(1, Duration::from_secs(60)));
    let start = Instant::now();
    ubus.redial("wan", up("9.9.9.9"));
    daemon.says("9.9.9.9 is confirmed");
    // It would be given up by itself after 30 s.
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{}",
        daemon.log()
    );
    assert_eq!(router.bound(), ["9.9.9.9"]);
    is_quiet(&router, 2);
}

/// A flap where the new address belongs to another section.
#[test]
fn a_section_that_hangs_delays_no_other() {
    let router = Router::new();
    router.sim.add_user("user2", &[]);
    let second = router
        .section("second", "option network 'wan2'")
        .replace("user1", "user2");
    let home = router.home("option network 'wan'");
    router.configure(&format!("{home}{second}"));
    let ubus = router.ubus();
    ubus.set_interface("wan2", up("9.9.9.1"));
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    daemon.says("home: confirmed: 8.8.4.4");
    daemon.says("second: confirmed: 9.9.9.1");
    router
        .sim
        .fault_for("ident=user1", Fault::Stall(Point::Status), Times::Next(1));
    ubus.redial("wan", up("8.8.8.8"));
    assert!(router.sim.wait_for_requests(3, Duration::from_secs(60)));
    let start = Instant::now();
    ubus.redial("wan2", up("9.9.9.2"));
    daemon.says("second: confirmed: 9.9.9.2");
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{}",
        daemon.log()
    );
    // What was given up for it is tried again after its backoff.
    daemon.says("home: confirmed: 8.8.8.8");
    assert_eq!(router.updates(), 5, "{:?}", sent(&router));
}

#[test]
fn back_to_the_address_of_before_while_a_send_hangs() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    router
        .sim
        .fault_for("update_ip", Fault::Stall(Point::Status), Times::Next(1));
    ubus.redial("wan", up("9.9.9.9"));
    assert!(router.sim.wait_for_requests(2, Duration::from_secs(60)));
    ubus.redial("wan", up("8.8.4.4"));
    daemon.says("8.8.4.4 is confirmed again");
    assert_eq!(router.bound(), ["8.8.4.4"]);
}

/// A pass that another one keeps waiting does not send an address that is gone by then.
#[test]
fn an_address_that_is_gone_when_its_pass_has_its_turn() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    // The hold-down of the start is over.
    thread::sleep(Duration::from_secs(4));
    let lock = File::open(router.path("run/lock")).expect("the lock of passes");
    lock.lock().expect("another pass");
    ubus.set_interface("wan", up("9.9.9.9"));
    thread::sleep(Duration::from_secs(4));
    ubus.set_interface("wan", pending());
    drop(lock);
    daemon.says("home: aborted: ");
    is_quiet(&router, 1);
}
