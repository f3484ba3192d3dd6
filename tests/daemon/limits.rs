//! The limits of `once` are those of the daemon: refresh, backoff, the daily limit,
//! the hold.

use std::thread;
use std::time::Duration;

use wansync_sim::Times;

use crate::{daemon, is_quiet, router};
use wansync_test_support::Router;
use wansync_test_support::clocks::at_wall;
use wansync_test_support::daemon::Daemon;
use wansync_test_support::netifd::up;

#[test]
fn a_confirmed_address_is_refreshed() {
    let router = router("option refresh '6s'");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed again");
    let updates = router.updates();
    thread::sleep(Duration::from_secs(20));
    let since = router.updates() - updates;
    assert!((1..=4).contains(&since), "{since} refreshes");
}

#[test]
fn a_failure_is_tried_again_after_its_backoff() {
    let router = Router::with_address("8.8.4.4");
    router
        .sim
        .fault("status=503".parse().expect("a fault"), Times::Next(1));
    let mut daemon = daemon(&router);
    daemon.says("home: unconfirmed: ");
    is_quiet(&router, 1);
    daemon.says("8.8.4.4 is confirmed");
    assert_eq!(router.updates(), 2);
}

#[test]
fn what_the_service_asks_for_is_kept_to() {
    let router = Router::with_address("8.8.4.4");
    let fault = "status=503,retry-after=600".parse().expect("a fault");
    router.sim.fault(fault, Times::Next(1));
    let mut daemon = daemon(&router);
    daemon.says("home: throttled: ");
    daemon.signal(rustix::process::Signal::USR1);
    thread::sleep(Duration::from_secs(15));
    assert_eq!(router.updates(), 1);
}

#[test]
fn the_daily_limit() {
    let router = router("option daily_limit '4'");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.1"));
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.1 is confirmed");
    ubus.set_interface("wan", up("8.8.4.2"));
    daemon.says("8.8.4.2 is confirmed");
    ubus.set_interface("wan", up("8.8.4.3"));
    daemon.says("half of the daily limit of 4 sends is used up, so that one is sent every 12 h");
    is_quiet(&router, 2);
    assert_eq!(daemon.log().matches("is used up").count(), 1);
    // A person may use the rest, and no more.
    for sent in [3, 4] {
        router.run(&["once", "--force"]).expect(0);
        is_quiet(&router, sent);
    }
    let used_up = router.run(&["once", "--force"]).expect(75);
    used_up.says("the daily limit of 4 sends is used up");
    is_quiet(&router, 4);
}

/// However often it is restarted, and rebooted.
#[test]
fn a_wrong_key_is_sent_three_times_a_day() {
    let router = Router::new();
    let home = router.home("option source static\noption address 8.8.4.4");
    let home = home.replace(&router.sim.https_url(), &router.sim.http_url());
    router.configure(&home.replace(wansync_sim::KEY, "wrong-key"));
    let mut refused = Vec::new();
    for hours in [0, 0, 2, 3, 10, 11, 16, 23] {
        router.reboot();
        let at = format!("+{}", hours * 3600 + 60);
        let command = at_wall(&router.command(&["daemon"]), &at);
        let log = router.path(&format!("{}.log", refused.len()));
        let mut daemon = Daemon::start(command, log);
        daemon.until("a decision", |daemon| {
            let log = daemon.log();
            log.contains("home: refused") || log.contains("home: held")
        });
        assert!(daemon.end().success());
        refused.push((hours, router.updates()));
    }
    let expected = [
        (0, 1),
        (0, 1),
        (2, 2),
        (3, 2),
        (10, 3),
        (11, 3),
        (16, 3),
        (23, 3),
    ];
    assert_eq!(refused, expected, "{:?}", router.sent());
}
