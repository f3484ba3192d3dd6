//! Changes that come fast, and services that hang meanwhile.

use std::fs::File;
use std::thread;
use std::time::{Duration, Instant};

use wansync_sim::{Fault, Point, Times};

use crate::{daemon, is_quiet, pending, router};
use wansync_test_support::Router;
use wansync_test_support::netifd::up;

#[test]
fn a_flapping_wan() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.1.1"));
    let mut daemon = daemon(&router);
    daemon.says("8.8.1.1 is confirmed");
    let before = router.updates();
    let start = Instant::now();
    for change in 0..20 {
        ubus.redial("wan", up(&format!("8.8.2.{change}")));
        thread::sleep(Duration::from_millis(500));
    }
    let flapped = start.elapsed();
    let during = router.updates() - before;
    // A machine so busy that this took much longer may send once more each 15 s.
    let most = 3 + flapped.as_secs() as usize / 15;
    assert!((1..=most).contains(&during), "{:?}", router.sent());
    daemon.says("8.8.2.19 is confirmed");
    assert!(router.updates() - before <= most + 1, "{:?}", router.sent());
    // The first at once, and not when the WAN has come to rest; a machine that is
    // busy may have missed some.
    let first = router.sent()[before].clone();
    let number = first.strip_prefix("8.8.2.").and_then(|n| n.parse().ok());
    assert!(number.is_some_and(|number: u32| number < 10), "{first}");
    assert_eq!(router.bound(), ["8.8.2.19"]);
}

/// Three times a minute, and whatever netifd says in between: each is sent, and none
/// waits. Only sends count; that the WAN was down, and was seen to be, does not.
#[test]
fn changes_with_the_wan_down_in_between_are_sent_at_once_each() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.1"));
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.1 is confirmed");
    for (count, address) in [(1, "8.8.4.2"), (2, "8.8.4.3")] {
        ubus.set_interface("wan", pending());
        daemon.until("the pass that finds the WAN down", |daemon| {
            daemon.log().matches("home: aborted: ").count() == count
        });
        ubus.set_interface("wan", up(address));
        daemon.says(&format!("{address} is confirmed"));
    }
    assert_eq!(router.sent(), ["8.8.4.1", "8.8.4.2", "8.8.4.3"]);
    assert!(!daemon.log().contains("flaps"), "{}", daemon.log());
}

/// The log says once that a change waits, `status` shows it, and the last one wins.
#[test]
fn a_change_too_many_is_said_to_wait() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.3.0"));
    let mut daemon = daemon(&router);
    daemon.says("8.8.3.0 is confirmed");
    let mut last = 0;
    while !router.home_status()["reason"]
        .as_str()
        .is_some_and(|reason| reason.contains("the WAN flaps"))
    {
        last += 1;
        assert!(last < 100, "{}", daemon.log());
        ubus.redial("wan", up(&format!("8.8.3.{last}")));
    }
    let home = router.home_status();
    if home["outcome"] == "throttled" {
        assert!(
            home["next_due_s"].as_u64().is_some_and(|s| s <= 60),
            "{home}"
        );
    }
    let last = format!("8.8.3.{}", last + 1);
    ubus.redial("wan", up(&last));
    daemon.says(&format!("{last} is confirmed"));
    assert_eq!(router.bound(), [last]);
    let log = daemon.log();
    assert!(log.matches("the WAN flaps").count() <= 2, "{log}");
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
    assert_eq!(router.updates(), 5, "{:?}", router.sent());
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
    let lock = File::open(router.path("run/lock")).expect("the lock of passes");
    lock.lock().expect("another pass");
    ubus.set_interface("wan", up("9.9.9.9"));
    thread::sleep(Duration::from_secs(4));
    ubus.set_interface("wan", pending());
    drop(lock);
    daemon.says("home: aborted: ");
    is_quiet(&router, 1);
}
