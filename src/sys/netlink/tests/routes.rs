//! The way of a network's packets, and routes that are added.

use super::House;

const MISSING: &str = "Ok(Missing)";
const THROUGH: &str = "Ok(Through)";
const SITE: &str = "172.16.0.0/16";

fn via(device: &str) -> String {
    format!("Ok(Elsewhere({device:?}))")
}

impl House {
    /// The status of the route to `network`, which should go through `tun0`.
    #[track_caller]
    fn route(&self, network: &str) -> String {
        self.ask_unprivileged(&format!("route_of {network} tun0"))
    }

    /// The same where its routes are in table 100.
    #[track_caller]
    fn route_in_table(&self, network: &str) -> String {
        self.ask_unprivileged(&format!("route_of {network} tun0 100"))
    }
}

#[test]
fn the_way_of_packets() {
    let house = House::new();
    assert_eq!(house.route("10.0.2.0/24"), THROUGH);
    assert_eq!(house.route(SITE), MISSING);
    house.net.ip("route add default via 10.0.1.2 dev lan0");
    assert_eq!(house.route(SITE), via("lan0"));
    assert_eq!(house.route("0.0.0.0/0"), via("lan0"));
    house.net.ip("route add 172.16.0.0/16 dev tun0");
    assert_eq!(house.route(SITE), THROUGH);
    for kind in ["blackhole", "unreachable", "prohibit"] {
        house.net.ip(&format!("route add {kind} 172.16.5.0/24"));
        let part = r#"Ok(Overlapped("172.16.5.0/24 blocked"))"#;
        assert_eq!(house.route(SITE), part, "{kind}");
        assert_eq!(house.route("172.16.5.0/24"), MISSING, "{kind}");
        house.net.ip(&format!("route del {kind} 172.16.5.0/24"));
    }
    house.net.ip("route add 172.16.5.0/24 dev lan0");
    let part = r#"Ok(Overlapped("172.16.5.0/24 via lan0"))"#;
    assert_eq!(house.route(SITE), part);
    house.net.ip("link set tun0 down");
    assert_eq!(house.route(SITE), via("lan0"));
}

#[test]
fn the_route_of_the_far_end_is_none_of_its_network() {
    let house = House::new();
    house
        .net
        .ip("address add 172.16.1.2 peer 172.16.0.1 dev tun0");
    assert_eq!(house.route(SITE), MISSING);
    assert_eq!(house.route("172.16.0.1"), THROUGH);
    house.net.ip("route add default via 10.0.1.2 dev lan0");
    assert_eq!(house.route(SITE), via("lan0"));
    house.net.ip("route add 172.16.0.0/17 dev tun0");
    let part = r#"Ok(Partly("172.16.128.0/17 via lan0"))"#;
    assert_eq!(house.route(SITE), part);
    house.net.ip("route add 172.16.128.0/17 dev tun0");
    assert_eq!(house.route(SITE), THROUGH);
}

#[test]
fn the_default_route_inside_the_tunnel_is_one_through_it() {
    let house = House::new();
    house
        .net
        .ip("route add default via 10.0.1.2 dev lan0 metric 9");
    house.net.ip("route add 0.0.0.0/1 dev tun0");
    house.net.ip("route add 128.0.0.0/1 dev tun0");
    for network in [SITE, "192.168.7.0/24", "0.0.0.0/0"] {
        assert_eq!(house.route(network), THROUGH, "{network}");
    }
}

#[test]
fn an_address_of_the_router_itself_says_nothing_of_its_network() {
    let house = House::new();
    assert_eq!(house.route("10.0.2.1"), via("lo"));
    assert_eq!(house.route("10.0.2.2"), THROUGH);
    assert_eq!(house.route("10.0.2.0/24"), THROUGH);
}

#[test]
fn a_route_over_two_devices() {
    let house = House::new();
    house
        .net
        .ip("route add 172.16.0.0/16 nexthop dev tun0 nexthop dev lan0");
    assert_eq!(house.route(SITE), via("lan0"));
}

#[test]
fn the_way_of_packets_in_ipv6() {
    let house = House::new();
    assert_eq!(house.route("fd00:2::/64"), THROUGH);
    assert_eq!(house.route("fd00:9::/48"), MISSING);
    assert_eq!(house.route("::/0"), MISSING);
    house.net.ip("route add default via fd00:1::2 dev lan0");
    assert_eq!(house.route("fd00:9::/48"), via("lan0"));
    assert_eq!(house.route("::/0"), via("lan0"));
    house.net.ip("-6 route add fd00:9::1 dev tun0");
    assert_eq!(house.route("fd00:9::/48"), via("lan0"));
    for kind in ["blackhole", "unreachable", "prohibit"] {
        house.net.ip(&format!("-6 route add {kind} fd00:9::/48"));
        assert_eq!(house.route("fd00:9::/48"), MISSING, "{kind}");
        house.net.ip(&format!("-6 route del {kind} fd00:9::/48"));
    }
    house.net.ip("-6 route add 2000::/3 dev tun0");
    assert_eq!(house.route("::/0"), THROUGH);
    assert_eq!(house.route("fd00:9::/48"), via("lan0"));
}

#[test]
fn tables_and_rules() {
    let house = House::new();
    house.net.ip("route add default via 10.0.1.2 dev lan0");
    house.net.ip("route add 172.16.0.0/16 dev tun0 table 100");
    assert_eq!(house.route(SITE), via("lan0"));
    assert_eq!(house.route_in_table(SITE), THROUGH);
    house.net.ip("rule add to 172.16.0.0/12 lookup 100");
    assert_eq!(house.route(SITE), THROUGH);
    house.net.ip("rule del to 172.16.0.0/12");
    // By a mark it is not known, until the rest agrees.
    house
        .net
        .ip("rule add fwmark 0x100/0x3f00 lookup 100 priority 2001");
    let unknown =
        r#"Ok(Unavailable("rule 2001 of 'ip rule' decides, by more than the destination"))"#;
    assert_eq!(house.route(SITE), unknown);
    house.net.ip("route add 172.16.0.0/16 dev tun0");
    assert_eq!(house.route(SITE), THROUGH);
    house
        .net
        .ip("route replace 172.16.0.0/16 dev lan0 table 100");
    assert_eq!(house.route(SITE), unknown);
    house.net.ip("rule del priority 2001");
    // As netifd sets them for a second WAN with a table of its own.
    house
        .net
        .ip("rule add from 10.0.1.1 lookup 100 priority 10000");
    house.net.ip("rule add iif lo lookup 100 priority 90001");
    assert_eq!(house.route(SITE), THROUGH);
    house
        .net
        .ip("rule add lookup main suppress_prefixlength 0 priority 50");
    house.net.ip("rule add prohibit priority 51");
    assert_eq!(house.route(SITE), THROUGH);
    house.net.ip("route del 172.16.0.0/16 dev tun0");
    assert_eq!(house.route(SITE), MISSING);
    assert_eq!(house.route("fd00:2::/64"), THROUGH);
    house
        .net
        .ip("-6 rule add from fd00:1::/64 lookup 100 priority 77");
    house.net.ip("-6 route add fd00:2::/64 dev lan0 table 100");
    assert!(house.route("fd00:2::/64").contains("rule 77 of"));
}

#[test]
fn thousands_of_routes() {
    let house = House::new();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("batch");
    let routes: String = (0..5000)
        .map(|n| format!("route add 11.{}.{}.0/24 dev lan0\n", n / 250, n % 250))
        .collect();
    std::fs::write(&file, routes).expect("it is ours");
    house.net.ip(&format!("-batch {}", file.display()));
    assert_eq!(house.route(SITE), MISSING);
    house.net.ip("route add 172.16.0.0/16 dev tun0");
    assert_eq!(house.route(SITE), THROUGH);
    house.net.ip("route add 11.0.0.0/8 dev tun0");
    let part = r#"Ok(Overlapped("11.0.0.0/24 via lan0"))"#;
    assert_eq!(house.route("11.0.0.0/8"), part);
}

#[test]
fn a_route_that_is_added() {
    let house = House::new();
    house.net.ip("route add default via 10.0.1.2 dev lan0");
    house
        .net
        .ip("address add 172.16.1.2 peer 172.16.0.1 dev tun0");
    for network in [SITE, "fd00:9::/48"] {
        let add = format!("add_route {network} tun0");
        assert_eq!(house.ask(&add), "Ok(())");
        assert_eq!(house.route(network), THROUGH);
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
fn a_route_that_is_added_to_a_table_of_its_own() {
    let house = House::new();
    for table in ["100", "1000"] {
        let add = format!("add_route {SITE} tun0 {table}");
        assert_eq!(house.ask(&add), "Ok(())");
        assert_eq!(house.ask(&add), "Ok(())");
        let listed = house.net.ip(&format!("route list table {table}"));
        assert_eq!(
            listed.trim(),
            "172.16.0.0/16 dev tun0 proto static scope link"
        );
    }
    assert_eq!(house.route_in_table(SITE), THROUGH);
    assert_eq!(house.route(SITE), MISSING);
}

#[test]
fn nobodys_route_is_replaced() {
    let house = House::new();
    house
        .net
        .ip("route add 172.16.0.0/16 via 10.0.1.2 dev lan0");
    house.net.ip("route add blackhole 172.17.0.0/16");
    house.net.ip("route add 172.18.0.0/16 dev tun0");
    house.net.ip("rule add to 172.18.0.0/16 prohibit");
    let table = [
        ("172.16.0.0/16", "there is one already, through lan0"),
        ("172.17.0.0/16", "there is one already that leads nowhere"),
        ("172.18.0.0/16", "it is there, and a rule or another route"),
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
    let found = house.ask("add_route 0.0.0.0/0 tun0");
    assert!(found.contains("it would take all packets"), "{found}");
    assert_eq!(house.net.ip("route list default"), "");
    let found = house.ask_unprivileged(add);
    assert!(found.contains("that needs CAP_NET_ADMIN"), "{found}");
    let found = house.ask("add_route 172.16.0.0/16 gone0");
    assert!(found.contains("there is no such device"), "{found}");
    house.net.ip("link set tun0 down");
    let found = house.ask(add);
    assert!(found.contains("Network is down"), "{found}");
    assert_eq!(house.route(SITE), MISSING);
}
