//! Where packets go, and routes that are added.

use super::House;

const NOWHERE: &str = "Ok(None)";

fn through(device: &str) -> String {
    format!("Ok(Some({device:?}))")
}

#[test]
fn where_packets_go() {
    let house = House::new();
    let route = |network| house.ask_unprivileged(&format!("route_of {network}"));
    assert_eq!(route("10.0.2.0/24"), through("tun0"));
    assert_eq!(route("172.16.0.0/16"), NOWHERE);
    house.net.ip("route add default via 10.0.1.2 dev lan0");
    assert_eq!(route("172.16.0.0/16"), through("lan0"));
    assert_eq!(route("0.0.0.0/0"), through("lan0"));
    house.net.ip("route add 172.16.0.0/16 dev tun0");
    assert_eq!(route("172.16.0.0/16"), through("tun0"));
    for kind in ["blackhole", "unreachable", "prohibit"] {
        house.net.ip(&format!("route add {kind} 172.16.0.0/24"));
        assert_eq!(route("172.16.0.0/16"), NOWHERE, "{kind}");
        house.net.ip(&format!("route del {kind} 172.16.0.0/24"));
    }
    house.net.ip("link set tun0 down");
    assert_eq!(route("172.16.0.0/16"), through("lan0"));
}

#[test]
fn the_default_route_inside_the_tunnel_is_one_through_it() {
    let house = House::new();
    house
        .net
        .ip("route add default via 10.0.1.2 dev lan0 metric 9");
    house.net.ip("route add 0.0.0.0/1 dev tun0");
    house.net.ip("route add 128.0.0.0/1 dev tun0");
    for network in ["172.16.0.0/16", "192.168.7.0/24", "0.0.0.0/0"] {
        let found = house.ask(&format!("route_of {network}"));
        assert_eq!(found, through("tun0"), "{network}");
    }
}

#[test]
fn an_address_of_the_router_itself_says_nothing_of_its_network() {
    let house = House::new();
    assert_eq!(house.ask("route_of 10.0.2.1"), through("lo"));
    assert_eq!(house.ask("route_of 10.0.2.2"), through("tun0"));
    assert_eq!(house.ask("route_of 10.0.2.0/24"), through("tun0"));
    assert_eq!(house.ask("route_of 10.0.2.1/32"), through("lo"));
}

#[test]
fn where_packets_go_in_ipv6() {
    let house = House::new();
    let route = |network| house.ask_unprivileged(&format!("route_of {network}"));
    assert_eq!(route("fd00:2::/64"), through("tun0"));
    assert_eq!(route("fd00:9::/48"), NOWHERE);
    assert_eq!(route("::/0"), NOWHERE);
    house.net.ip("route add default via fd00:1::2 dev lan0");
    assert_eq!(route("fd00:9::/48"), through("lan0"));
    assert_eq!(route("::/0"), through("lan0"));
    for kind in ["blackhole", "unreachable", "prohibit"] {
        house.net.ip(&format!("-6 route add {kind} fd00:9::/64"));
        assert_eq!(route("fd00:9::/48"), NOWHERE, "{kind}");
        house.net.ip(&format!("-6 route del {kind} fd00:9::/64"));
    }
}

#[test]
fn a_route_that_is_added() {
    let house = House::new();
    house.net.ip("route add default via 10.0.1.2 dev lan0");
    for network in ["172.16.0.0/16", "fd00:9::/48"] {
        let add = format!("add_route {network} tun0");
        assert_eq!(house.ask(&add), "Ok(())");
        assert_eq!(house.ask(&format!("route_of {network}")), through("tun0"));
        // The second time it is there.
        assert_eq!(house.ask(&add), "Ok(())");
    }
    let listed = house.net.ip("route list 172.16.0.0/16");
    assert_eq!(
        listed.trim(),
        "172.16.0.0/16 dev tun0 proto static scope link"
    );
    assert_eq!(house.net.ip("-6 route list fd00:9::/48").lines().count(), 1);
}

#[test]
fn nobodys_route_is_replaced() {
    let house = House::new();
    house
        .net
        .ip("route add 172.16.0.0/16 via 10.0.1.2 dev lan0");
    house.net.ip("route add blackhole 172.17.0.0/16");
    let table = [
        ("172.16.0.0/16", "there is one already, through lan0"),
        ("172.17.0.0/16", "there is one already that leads nowhere"),
    ];
    for (network, cause) in table {
        let before = house.net.ip("route list");
        let found = house.ask(&format!("add_route {network} tun0"));
        assert!(found.contains(cause), "{found}");
        assert_eq!(house.net.ip("route list"), before);
    }
}

#[test]
fn what_cannot_be_added_says_why() {
    let house = House::new();
    let add = "add_route 172.16.0.0/16 tun0";
    let found = house.ask_unprivileged(add);
    assert!(found.contains("that needs CAP_NET_ADMIN"), "{found}");
    let found = house.ask("add_route 172.16.0.0/16 gone0");
    assert!(found.contains("there is no such device"), "{found}");
    house.net.ip("link set tun0 down");
    let found = house.ask(add);
    assert!(found.contains("Network is down"), "{found}");
    let found = house.ask("add_route 0.0.0.0/0 tun0");
    assert!(found.contains("it would take all packets"), "{found}");
    assert_eq!(house.ask("route_of 172.16.0.0/16"), NOWHERE);
}
