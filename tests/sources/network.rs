//! `source 'network'`: a logical network of netifd, asked over ubus.

use std::fs;
use std::thread;
use std::time::Instant;

use serde_json::{Value, json};
use wansync_sim::ubus::UbusFault;

use crate::{aborts, confirms};
use wansync_test_support::Router;
use wansync_test_support::netns::behind;
use wansync_test_support::waiting::HANG;

/// A router that publishes network `wan`, with these further options.
fn router(options: &str) -> Router {
    let router = Router::new();
    router.configure(&router.home(&format!("option network 'wan'\n{options}")));
    router
}

/// netifd's description of a DHCP network that is up, with these lists in it.
pub fn up(addresses: Value) -> Value {
    let mut status = json!({
        "up": true, "pending": false, "available": true, "autostart": true, "dynamic": false,
        "uptime": 4, "l3_device": "eth1", "proto": "dhcp", "device": "eth1",
        "ipv4-address": [], "ipv6-address": [], "ipv6-prefix": [],
        "ipv6-prefix-assignment": [], "route": [], "data": {},
    });
    for (name, list) in addresses.as_object().expect("lists by name") {
        status[name] = list.clone();
    }
    status
}

/// A network with this address and a default route of this metric.
pub fn way_out(address: &str, metric: u32) -> Value {
    let route = json!({"target": "0.0.0.0", "mask": 0, "nexthop": "9.9.9.1", "metric": metric});
    up(json!({"ipv4-address": [{"address": address, "mask": 24}], "route": [route]}))
}

/// netifd's description of a network that is not up.
fn not_up(rest: Value) -> Value {
    let mut status = json!({
        "up": false, "pending": false, "available": true, "autostart": true,
        "dynamic": false, "device": "eth1", "data": {},
    });
    for (name, value) in rest.as_object().expect("fields") {
        status[name] = value.clone();
    }
    status
}

#[test]
fn the_address_of_the_network_is_sent() {
    let router = router("");
    let ubus = router.ubus();
    let lan = json!({"ipv4-address": [{"address": "9.9.9.9", "mask": 24}]});
    ubus.set_interface("lan", up(lan));
    let wan = json!({"ipv4-address": [{"address": "8.8.4.4", "mask": 24}]});
    ubus.set_interface("wan", up(wan));
    confirms(&router, "8.8.4.4");
    assert_eq!(ubus.calls(), ["network.interface dump"]);
}

#[test]
fn netifd_is_asked_once_for_many_sections() {
    let router = Router::new();
    let sections = ["a", "b", "c"].map(|name| router.section(name, "option network 'wan'"));
    router.configure(&sections.concat());
    let ubus = router.ubus();
    ubus.set_interface(
        "wan",
        up(json!({"ipv4-address": [{"address": "8.8.4.4", "mask": 24}]})),
    );
    router.once().expect(0);
    assert_eq!(router.updates(), 3);
    assert_eq!(ubus.calls(), ["network.interface dump"]);
}

#[test]
fn why_there_is_no_address_is_said() {
    let router = router("");
    let ubus = router.ubus();
    aborts(&router, "netifd knows no network 'wan'");
    for (status, reason) in [
        (
            not_up(json!({"proto": "dhcp", "pending": true})),
            "is waiting for DHCP",
        ),
        (
            not_up(json!({
                "proto": "pppoe", "pending": true,
                "errors": [{"subsystem": "pppoe", "code": "AUTH_TOPEER_FAILED"}],
            })),
            "could not log in (AUTH_TOPEER_FAILED)",
        ),
        (
            not_up(json!({"proto": "pppoe", "pending": true})),
            "is dialling",
        ),
        (
            not_up(json!({
                "proto": "dhcp", "available": false,
                "errors": [{"subsystem": "interface", "code": "NO_DEVICE"}],
            })),
            "has no device eth1 (NO_DEVICE)",
        ),
        (not_up(json!({"proto": "dhcp"})), "is down"),
        (up(json!({})), "is up without an address"),
        // What it had before it went down is not its address now.
        (
            not_up(json!({"inactive": {"ipv4-address": [{"address": "8.8.4.4", "mask": 24}]}})),
            "is down",
        ),
    ] {
        ubus.set_interface("wan", status);
        aborts(&router, "network 'wan' ");
        aborts(&router, reason);
    }
}

/// The confirmed address stays as it is while nothing can be observed.
#[test]
fn a_failed_observation_changes_nothing() {
    let router = router("");
    let ubus = router.ubus();
    let wan = up(json!({"ipv4-address": [{"address": "8.8.4.4", "mask": 24}]}));
    ubus.set_interface("wan", wan.clone());
    confirms(&router, "8.8.4.4");
    ubus.set_interface("wan", not_up(json!({"proto": "dhcp", "pending": true})));
    router.once().expect(75).says("waiting for DHCP");
    let status = router.home_status();
    assert_eq!(status["confirmed"], "8.8.4.4");
    assert!(status["observed"].is_null());
    ubus.set_interface("wan", wan);
    router.once().expect(0).says("unchanged");
    assert_eq!(router.updates(), 1);
}

#[test]
fn a_bus_that_does_not_answer_sends_nothing() {
    let router = router("");
    aborts(&router, "ubusd is not running: nobody listens at ");
    fs::write(router.path("ubus.sock"), "").expect("a file");
    aborts(&router, "ubusd");
    let ubus = router.ubus();
    ubus.set_interface(
        "wan",
        up(json!({"ipv4-address": [{"address": "8.8.4.4", "mask": 24}]})),
    );
    for (fault, reason) in [
        (UbusFault::Garbage, "what came over ubus is not understood"),
        (UbusFault::Close, "the connection to ubusd broke"),
        (
            UbusFault::Unknown,
            "user or group is not known to the system",
        ),
        (
            UbusFault::Refuse,
            "ubus does not permit this user to call network.interface dump",
        ),
    ] {
        ubus.set_fault(fault);
        aborts(&router, reason);
    }
    ubus.set_fault(UbusFault::None);
    confirms(&router, "8.8.4.4");
}

#[test]
fn a_bus_that_stalls_is_not_waited_for_without_end() {
    let stalled = |fault: UbusFault| {
        let router = router("");
        let ubus = router.ubus();
        ubus.set_fault(fault);
        let start = Instant::now();
        aborts(&router, "no answer from ubus");
        assert!(start.elapsed() < HANG, "{fault:?}");
    };
    thread::scope(|scope| {
        scope.spawn(|| stalled(UbusFault::Stall));
        scope.spawn(|| stalled(UbusFault::Silent));
    });
}

#[test]
fn a_restart_of_netifd_and_a_slow_bus_do_no_harm() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface(
        "wan",
        up(json!({"ipv4-address": [{"address": "8.8.4.4", "mask": 24}]})),
    );
    ubus.restart_netifd();
    ubus.set_fault(UbusFault::Drip);
    confirms(&router, "8.8.4.4");
}

#[test]
fn the_ipv6_address_that_is_public_and_preferred() {
    let router = router("option family ipv6");
    let ubus = router.ubus();
    ubus.set_interface(
        "wan",
        up(json!({
            "ipv4-address": [{"address": "8.8.4.4", "mask": 24}],
            "ipv6-address": [
                {"address": "fe80::1", "mask": 64},
                {"address": "fd00:1::5", "mask": 64, "preferred": 1800, "valid": 3600},
                {"address": "2a00:1450:1::5", "mask": 64, "preferred": 0, "valid": 600},
                {"address": "2a00:1450:2::5", "mask": 64, "preferred": 1800, "valid": 3600},
            ],
        })),
    );
    confirms(&router, "2a00:1450:2::5");
}

#[test]
fn an_ipv6_address_that_is_not_fit_is_named() {
    let router = router("option family ipv6");
    let ubus = router.ubus();
    for (list, reason) in [
        (
            json!([{"address": "2a00:1450::5", "mask": 64, "preferred": 0, "valid": 600}]),
            "2a00:1450::5 is deprecated",
        ),
        (
            json!([{"address": "fd00::5", "mask": 64}]),
            "fd00::5 is a unique local address",
        ),
        (json!([]), "network 'wan' has no IPv6 address"),
    ] {
        let v4 = json!([{"address": "8.8.4.4", "mask": 24}]);
        ubus.set_interface("wan", up(json!({"ipv4-address": v4, "ipv6-address": list})));
        aborts(&router, reason);
    }
}

/// OpenWrt has a network for each family, and the option names one of them.
#[test]
fn the_network_that_has_one_is_named() {
    let router = router("option family ipv6");
    let ubus = router.ubus();
    let v4 = json!({"ipv4-address": [{"address": "8.8.4.4", "mask": 24}]});
    let v6 = |address: &str| json!({"ipv6-address": [{"address": address, "mask": 64}]});
    ubus.set_interface("lan", up(v6("fd00::1")));
    for wan in [v4, json!({})] {
        ubus.set_interface("wan", up(wan));
        ubus.set_interface("wan6", up(v6("fe80::6")));
        router.once().expect(75).never_says("'wan6'");
        ubus.set_interface("wan6", up(v6("2a00:1450::6")));
        aborts(&router, "; network 'wan6' has one (option network 'wan6')");
    }
    // What is not up may have an address again.
    ubus.set_interface("wan", not_up(json!({"proto": "dhcp"})));
    router.once().expect(75).never_says("'wan6'");
}

/// netifd puts the IPv6 side of PPPoE on a network that it makes itself; one of that name
/// that the owner made is another matter.
#[test]
fn the_ipv6_side_of_a_ppp_network_is_found() {
    let router = router("option family ipv6");
    let ubus = router.ubus();
    ubus.set_interface(
        "wan",
        up(json!({"ipv4-address": [{"address": "8.8.4.4", "mask": 32}]})),
    );
    aborts(&router, "network 'wan' has no IPv6 address");
    let side = json!([{"address": "2a00:1450::6", "mask": 64, "preferred": 1800, "valid": 3600}]);
    let mut child = up(json!({"ipv6-address": side}));
    ubus.set_interface("wan_6", child.clone());
    aborts(&router, "network 'wan' has no IPv6 address");
    child["dynamic"] = true.into();
    ubus.set_interface("wan_6", child);
    confirms(&router, "2a00:1450::6");
}

/// With prefix delegation alone, the router's own address in the prefix is
/// the one that the Internet sees.
#[test]
fn the_routers_address_in_a_delegated_prefix_counts() {
    let router = router("option family ipv6");
    let ubus = router.ubus();
    let assigned = |preferred: u32, address: &str| {
        json!({
            "address": "2a00:1450::", "mask": 60, "preferred": preferred, "valid": 3600,
            "local-address": {"address": address, "mask": 60},
        })
    };
    let list = json!([
        assigned(0, "2a00:1450:1::1"),
        assigned(1800, "2a00:1450:2::1")
    ]);
    ubus.set_interface("wan", up(json!({"ipv6-prefix-assignment": list})));
    confirms(&router, "2a00:1450:2::1");
}

/// An idle check costs one process: no `ubus`, no `jsonfilter`, no shell.
#[test]
fn no_process_is_started() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface(
        "wan",
        up(json!({"ipv4-address": [{"address": "8.8.4.4", "mask": 24}]})),
    );
    confirms(&router, "8.8.4.4");
    let trace = router.path("trace");
    let name = trace.to_str().expect("UTF-8");
    let strace = ["strace", "-f", "-qq", "-e", "trace=process", "-o", name];
    let output = behind(&strace, &router.command(&["once"])).output();
    let output = output.expect("strace runs; tests/setup installs it");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let trace = fs::read_to_string(trace).expect("a trace");
    let calls = |name: &str| trace.lines().filter(|line| line.contains(name)).count();
    assert_eq!(calls("execve"), 1, "{trace}");
    assert_eq!(calls("fork("), 0, "{trace}");
    let processes = trace
        .lines()
        .filter(|line| line.contains("clone") && line.contains("flags="))
        .filter(|line| !line.contains("CLONE_THREAD"));
    assert_eq!(processes.count(), 0, "{trace}");
}
