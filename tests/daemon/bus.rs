//! ubusd and netifd go away, and come back.

use std::time::Duration;

use rustix::process::Signal;
use wansync_sim::ubus::UbusFault;

use crate::{daemon, is_quiet, router};
use wansync_test_support::netifd::up;

#[test]
fn ubusd_away_for_a_second_and_for_long() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    let heard = |daemon: &crate::Daemon, times: usize| {
        daemon.log().matches("netifd is heard again").count() >= times
    };
    ubus.restart_ubusd(Duration::from_secs(1)).expect("ubusd");
    daemon.until("netifd", |daemon| heard(daemon, 1));
    is_quiet(&router, 1);
    ubus.restart_ubusd(Duration::from_secs(15)).expect("ubusd");
    daemon.until("netifd", |daemon| heard(daemon, 2));
    is_quiet(&router, 1);
    ubus.set_interface("wan", up("9.9.9.9"));
    daemon.says("9.9.9.9 is confirmed");
}

#[test]
fn a_change_while_ubusd_is_away() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    ubus.stop_ubusd();
    ubus.set_interface("wan", up("9.9.9.9"));
    daemon.says("netifd is not heard");
    ubus.start_ubusd().expect("ubusd");
    daemon.says("9.9.9.9 is confirmed");
    is_quiet(&router, 2);
}

#[test]
fn netifd_restarted_with_the_same_address_and_with_another() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    ubus.restart_netifd();
    daemon.says("netifd is heard again");
    is_quiet(&router, 1);
    ubus.stop_netifd();
    ubus.set_interface("wan", up("9.9.9.9"));
    ubus.start_netifd();
    daemon.says("9.9.9.9 is confirmed");
    is_quiet(&router, 2);
}

/// Hung at the start, and again later: what was lost is asked for when an event
/// wakes the daemon.
#[test]
fn netifd_hung() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    ubus.set_fault(UbusFault::Stall);
    let mut daemon = daemon(&router);
    daemon.says("netifd is not heard");
    ubus.set_fault(UbusFault::None);
    daemon.says("8.8.4.4 is confirmed");
    ubus.set_fault(UbusFault::Stall);
    ubus.set_interface("wan", up("9.9.9.9"));
    ubus.set_fault(UbusFault::None);
    daemon.signal(Signal::USR1);
    daemon.says("9.9.9.9 is confirmed");
    is_quiet(&router, 2);
}

/// No event comes for what was lost; the next re-check finds it.
#[test]
fn a_notification_that_was_lost() {
    let router = router("");
    let text = std::fs::read_to_string(router.config()).expect("a configuration");
    let text = text.replacen("'main'\n", "'main'\noption interval '3s'\n", 1);
    router.configure_raw(text.as_bytes());
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    ubus.set_fault(UbusFault::Stall);
    ubus.set_interface("wan", up("9.9.9.9"));
    ubus.set_fault(UbusFault::None);
    daemon.says("9.9.9.9 is confirmed");
    is_quiet(&router, 2);
}

/// While netifd does not answer, what it said last counts for a while, and then
/// nothing is known; an address that was confirmed is not sent again after it.
#[test]
fn netifd_hung_for_long() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    ubus.set_fault(UbusFault::Stall);
    daemon.signal(Signal::USR1);
    daemon.says("netifd is not heard");
    daemon.says("home: aborted: ");
    ubus.set_fault(UbusFault::None);
    daemon.says("netifd is heard again");
    daemon.says("home: unchanged: ");
    is_quiet(&router, 1);
}
