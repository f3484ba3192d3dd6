//! Echoes through one device and no other, and what devices count.

use std::process::Command;

use super::House;
use super::inside::Inside;
use wansync_test_support::netns::Netns;

const ANSWERED: &str = "Ok(true)";
const LOST: &str = "Ok(false)";
/// The far ends of the tunnel.
const FAR: [&str; 2] = ["10.0.2.2", "fd00:2::2"];

/// Sets a variable below `/proc/sys/net` of a network.
#[track_caller]
fn set(net: &Netns, variable: &str, value: &str) {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("echo {value} >/proc/sys/net/{variable}")]);
    let status = net.enter(&command).status().expect("nsenter runs");
    assert!(status.success(), "{variable}");
}

/// Lets unprivileged processes of the group 0 send echoes.
fn allow(house: &House) {
    set(&house.net, "ipv4/ping_group_range", "0 0");
}

/// What becomes of two echoes.
fn echo(house: &House, target: &str) -> String {
    house.ask(&format!("echo {target} tun0"))
}

/// What becomes of as many as it takes for an answer.
fn answered_echo(house: &House, target: &str) -> String {
    house.ask(&format!("answered_echo {target} tun0"))
}

#[test]
fn an_echo_that_is_answered_by_a_raw_socket() {
    let house = House::new();
    for target in FAR {
        assert_eq!(answered_echo(&house, target), ANSWERED, "{target}");
    }
}

#[test]
fn an_echo_that_is_answered_without_any_privilege() {
    let house = House::new();
    allow(&house);
    for target in FAR {
        let answered = house.ask_unprivileged(&format!("answered_echo {target} tun0"));
        assert_eq!(answered, ANSWERED, "{target}");
    }
}

#[test]
fn without_any_right_to_it_the_reason_names_both() {
    let house = House::new();
    let refused = house.ask_unprivileged("echo 10.0.2.2 tun0");
    assert!(
        refused.contains("CAP_NET_RAW") && refused.contains("ping_group_range"),
        "{refused}"
    );
}

/// Both kinds of sockets, one after the other.
fn with_both_kinds(house: &House, check: impl Fn()) {
    check();
    allow(house);
    check();
}

#[test]
fn a_far_end_that_says_nothing() {
    let house = House::new();
    set(&house.far, "ipv4/icmp_echo_ignore_all", "1");
    set(&house.far, "ipv6/icmp/echo_ignore_all", "1");
    with_both_kinds(&house, || {
        for target in FAR {
            assert_eq!(echo(&house, target), LOST, "{target}");
        }
    });
}

#[test]
fn a_far_end_that_is_down_or_without_its_address() {
    let house = House::new();
    house.far.ip("address flush dev tunfar0");
    assert_eq!(echo(&house, FAR[0]), LOST);
    house.far.ip("link set tunfar0 down");
    with_both_kinds(&house, || {
        for target in FAR {
            assert_eq!(echo(&house, target), LOST, "{target}");
        }
    });
}

#[test]
fn a_device_that_is_down_loses_the_echo() {
    let house = House::new();
    house.net.ip("link set tun0 down");
    with_both_kinds(&house, || {
        for target in FAR {
            assert_eq!(echo(&house, target), LOST, "{target}");
        }
    });
}

/// The target answers well over the LAN; the tunnel is dead.
#[test]
fn an_answer_through_another_device_is_none() {
    let house = House::new();
    house.far.ip("address add 172.16.0.1/32 dev lo");
    house.far.ip("address add fd00:9::1/128 dev lo");
    house.net.ip("route add default via 10.0.1.2 dev lan0");
    house.net.ip("route add default via fd00:1::2 dev lan0");
    let table = [("172.16.0.1", "10.0.2.2"), ("fd00:9::1", "fd00:2::2")];
    for (target, gateway) in table {
        let route = house.ask(&format!("route_of {target} tun0"));
        assert_eq!(route, r#"Ok(Elsewhere("lan0"))"#);
        assert_eq!(house.ask(&format!("answered_echo {target} lan0")), ANSWERED);
        let network = format!("{target} via {gateway} dev tun0 metric 7000");
        house.net.ip(&format!("route add {network}"));
        assert_eq!(answered_echo(&house, target), ANSWERED, "{target}");
    }
    house.far.ip("link set tunfar0 down");
    with_both_kinds(&house, || {
        for (target, _) in table {
            assert_eq!(echo(&house, target), LOST, "{target}");
            assert_eq!(house.ask(&format!("answered_echo {target} lan0")), ANSWERED);
        }
    });
}

/// What is sent through the tunnel comes back over the LAN.
#[test]
fn an_answer_that_comes_back_another_way_is_none() {
    let house = House::new();
    for network in [&house.net, &house.far] {
        set(network, "ipv4/conf/all/rp_filter", "0");
    }
    for (network, device) in [(&house.net, "lan0"), (&house.far, "tunfar0")] {
        set(network, &format!("ipv4/conf/{device}/rp_filter"), "0");
    }
    house.far.ip("address del 10.0.2.2/24 dev tunfar0");
    house.far.ip("address add 10.0.2.2/32 dev tunfar0");
    house
        .far
        .ip("route add 10.0.2.1/32 via 10.0.1.1 dev lanfar0");
    assert_eq!(echo(&house, "10.0.2.2"), LOST);
}

/// Else a tunnel would look alive for ever where `ping` is its near end.
#[test]
fn the_router_itself_does_not_answer_for_the_far_end() {
    let house = House::new();
    for target in ["10.0.2.1", "10.0.1.1", "127.0.0.1", "fd00:2::1", "::1"] {
        let found = echo(&house, target);
        assert!(found.contains("is an address of this router"), "{found}");
    }
}

#[test]
fn a_device_that_does_not_exist_is_an_error() {
    let house = House::new();
    for device in ["gone0", "tun0-with-a-name-too-long"] {
        let found = house.ask(&format!("echo_bound 10.0.2.2 {device}"));
        let start = format!("an echo cannot be bound to device {device}: ");
        assert!(found.contains(&start), "{found}");
    }
}

#[test]
fn a_device_that_goes_meanwhile_never_answers() {
    for target in FAR {
        let house = House::new();
        let then = format!("echo_then {target} tun0 ip link del tun0");
        let inside = Inside::start(&house.net, &then);
        assert_eq!(inside.next().as_deref(), Some(ANSWERED));
        let found = inside.next().expect("it says what became of the second");
        match target.contains(':') {
            false => assert!(found.contains("the device is gone"), "{found}"),
            // IPv6 looks for a route first.
            true => assert!(found == LOST || found.contains("gone"), "{found}"),
        }
    }
}

#[test]
fn what_devices_count() {
    let house = House::new();
    assert_eq!(house.ask("counters gone0"), "None");
    let before = house.ask("counters tun0");
    assert!(before.starts_with("Some(ByteCounts"), "{before}");
    assert_eq!(answered_echo(&house, FAR[0]), ANSWERED);
    assert_ne!(house.ask("counters tun0"), before);
}
