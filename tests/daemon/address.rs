//! The WAN address: every change is heard, and on the wire at once.

use std::fs;
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::{counting, daemon, is_quiet, passes, pending, router};
use wansync_test_support::Router;
use wansync_test_support::daemon::Daemon;
use wansync_test_support::netifd::up;
use wansync_test_support::netns::{FarSim, Netns};

#[test]
fn a_change_is_heard_and_sent() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    daemon.says("home: confirmed: 8.8.4.4 is confirmed");
    ubus.set_interface("wan", up("9.9.9.9"));
    daemon.says("home: confirmed: 9.9.9.9 is confirmed");
    assert_eq!(router.bound(), ["9.9.9.9"]);
    assert_eq!(router.updates(), 2);
    assert!(daemon.end().success());
}

#[test]
fn it_waits_for_the_wan() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", pending());
    let mut daemon = daemon(&router);
    daemon.says("home: aborted: network 'wan' is waiting for DHCP");
    ubus.set_interface("wan", up("8.8.4.4"));
    daemon.says("home: confirmed: 8.8.4.4 is confirmed");
    assert!(daemon.end().success());
}

#[test]
fn a_line_that_is_dialled_anew() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    ubus.redial("wan", up("9.9.9.9"));
    daemon.says("9.9.9.9 is confirmed");
    ubus.redial("wan", up("9.9.9.9"));
    is_quiet(&router, 2);
    // Down for a moment is not worth a word.
    assert!(!daemon.log().contains("aborted"), "{}", daemon.log());
}

/// A down that lasts is written down, and what was confirmed stays so.
#[test]
fn a_wan_that_stays_down_is_said_once() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    ubus.set_interface("wan", pending());
    daemon.says("home: aborted: network 'wan' is waiting for DHCP");
    ubus.set_interface("wan", up("8.8.4.4"));
    daemon.says("home: unchanged");
    is_quiet(&router, 1);
    assert_eq!(daemon.log().matches("aborted").count(), 1);
}

/// pppd sets the device, the address and the routes one after the other.
#[test]
fn several_notifications_are_one_send() {
    let router = router("");
    let ubus = router.ubus();
    let ppp = |address: &str, data: u32| {
        let mut status = up(address);
        status["l3_device"] = json!("pppoe-wan");
        status["proto"] = json!("pppoe");
        status["data"] = json!({ "step": data });
        status
    };
    ubus.set_interface("wan", pending());
    let mut daemon = daemon(&router);
    daemon.says("running");
    let mut none = ppp("8.8.4.4", 0);
    none["ipv4-address"] = json!([]);
    ubus.set_interface("wan", none);
    for step in 1..6 {
        ubus.set_interface("wan", ppp("8.8.4.4", step));
        thread::sleep(Duration::from_millis(30));
    }
    daemon.says("8.8.4.4 is confirmed");
    is_quiet(&router, 1);
}

/// LTE puts the address on a child of the network, which goes when it is down.
#[test]
fn the_ipv4_side_of_a_wan() {
    let router = router("");
    let ubus = router.ubus();
    let mut parent = up("8.8.4.4");
    parent["ipv4-address"] = json!([]);
    let child = |address: &str| {
        let mut status = up(address);
        status["dynamic"] = json!(true);
        status
    };
    ubus.set_interface("wan", parent);
    let mut daemon = daemon(&router);
    daemon.says("home: aborted: network 'wan' is up without an address");
    ubus.set_interface("wan_4", child("8.8.4.4"));
    daemon.says("home: confirmed: 8.8.4.4 is confirmed");
    ubus.redial("wan_4", child("9.9.9.9"));
    daemon.says("9.9.9.9 is confirmed");
    assert_eq!(router.updates(), 2);
}

/// `list network`: to the other WAN and back, whatever netifd says of it.
#[test]
fn a_fail_over_is_followed() {
    let router = Router::new();
    router.configure(&router.home("list network 'wan'\nlist network 'wwan'"));
    let ubus = router.ubus();
    let way_out = |address: &str, metric: u32| {
        let mut status = up(address);
        status["route"] =
            json!([{"target": "0.0.0.0", "mask": 0, "nexthop": "9.9.9.1", "metric": metric}]);
        status
    };
    ubus.set_interface("wan", way_out("8.8.4.4", 10));
    ubus.set_interface("wwan", way_out("9.9.9.9", 20));
    let mut daemon = daemon(&router);
    daemon.says("home: confirmed: 8.8.4.4 is confirmed");
    ubus.set_interface("wan", pending());
    daemon.says("9.9.9.9 is confirmed; before it was 8.8.4.4");
    ubus.set_interface("wan", way_out("8.8.4.4", 30));
    is_quiet(&router, 2);
    ubus.set_interface("wwan", way_out("9.9.9.9", 40));
    daemon.says("8.8.4.4 is confirmed; before it was 9.9.9.9");
    assert_eq!(router.bound(), ["8.8.4.4"]);
    assert!(!daemon.log().contains("aborted"), "{}", daemon.log());
}

/// netifd puts the IPv6 side of such a WAN on a network of its own.
#[test]
fn the_ipv6_side_of_a_wan() {
    let router = router("option family 'ipv6'");
    let ubus = router.ubus();
    let six = |address: &str| {
        let mut status = up("8.8.4.4");
        status["ipv4-address"] = json!([]);
        status["dynamic"] = json!(true);
        status["ipv6-address"] = json!([{
            "address": address, "mask": 64, "preferred": 3600, "valid": 7200,
        }]);
        status
    };
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    daemon.says("running");
    ubus.set_interface("wan_6", six("2a00:1450:4001:81b::200e"));
    daemon.says("home: confirmed: 2a00:1450:4001:81b::200e is confirmed");
    ubus.redial("wan_6", six("2a00:1450:4001:81c::1"));
    daemon.says("2a00:1450:4001:81c::1 is confirmed");
    assert_eq!(router.updates(), 2);
}

#[test]
fn a_carriers_address_is_said_once_and_never_sent() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("100.64.1.2"));
    let mut daemon = daemon(&router);
    daemon.says("home: aborted: 100.64.1.2");
    for lease in 0..5 {
        let mut status = up("100.64.1.2");
        status["data"] = json!({ "lease": lease });
        ubus.set_interface("wan", status);
        thread::sleep(Duration::from_millis(200));
    }
    is_quiet(&router, 0);
    assert_eq!(daemon.log().matches("aborted").count(), 1);
    ubus.set_interface("wan", up("8.8.4.4"));
    daemon.says("8.8.4.4 is confirmed");
}

#[test]
fn a_static_address_is_sent_once() {
    let router = Router::with_address("8.8.4.4");
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    is_quiet(&router, 1);
}

/// A source that costs a request or a program is asked when the network changed.
#[test]
fn a_command_is_asked_after_a_network_event_and_not_in_between() {
    let router = counting();
    let ubus = router.ubus();
    ubus.set_interface("wan", up("192.168.1.2"));
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    // What connecting to netifd led to is over by then.
    thread::sleep(Duration::from_secs(5));
    let before = passes(&router);
    thread::sleep(Duration::from_secs(5));
    assert_eq!(passes(&router), before, "{}", daemon.log());
    fs::write(router.path("address"), "9.9.9.9\n").expect("an address");
    ubus.redial("wan", up("192.168.1.3"));
    daemon.says("9.9.9.9 is confirmed");
    assert!(before <= 2, "{before} passes at the start");
}

#[test]
fn a_page_is_asked_after_a_network_event() {
    let router = Router::new();
    let page = router.sim.echo_url();
    router.sim.set_echo("8.8.4.4");
    router.configure(&router.home(&format!("option source web\nlist url '{page}'")));
    let ubus = router.ubus();
    ubus.set_interface("wan", up("192.168.1.2"));
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    router.sim.set_echo("9.9.9.9");
    ubus.redial("wan", up("192.168.1.3"));
    daemon.says("9.9.9.9 is confirmed");
    assert_eq!(router.sent(), ["8.8.4.4", "9.9.9.9"]);
}

/// Without netifd: the kernel itself reports the change.
#[test]
fn an_address_of_a_device_is_heard_from_the_kernel() {
    let net = Netns::new();
    net.add_device("eth1", &["8.8.4.4/24"]);
    let sim = FarSim::start(&net, "127.0.0.1");
    let router = Router::new();
    let home = sim.home("option source 'interface'\noption device 'eth1'");
    router.configure_raw(home.as_bytes());
    let command = net.enter(&router.command(&["daemon"]));
    let mut daemon = Daemon::start(command, router.path("daemon.log"));
    daemon.says("8.8.4.4 is confirmed");
    net.ip("address add 9.9.9.9/24 dev eth1");
    net.ip("address del 8.8.4.4/24 dev eth1");
    daemon.says("9.9.9.9 is confirmed");
    net.ip("link set eth1 down");
    net.ip("address flush dev eth1");
    net.ip("link set eth1 up");
    net.ip("address add 9.9.8.8/24 dev eth1");
    daemon.says("9.9.8.8 is confirmed");
    let addresses: Vec<String> = sim.updates().into_iter().map(|(_, ip)| ip).collect();
    assert_eq!(addresses, ["8.8.4.4", "9.9.9.9", "9.9.8.8"]);
}
