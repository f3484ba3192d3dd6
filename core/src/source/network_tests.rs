use super::*;
use crate::ubus::netifd::{DefaultRoute, DelegatedPrefix};

fn address(text: &str) -> IpAddr {
    text.parse().expect(text)
}

/// A network that is up on a device of its name, with these addresses. One with `_4` or
/// `_6` at its end was made at run time.
fn up(name: &str, addresses: &[&str]) -> Network {
    let addresses = addresses.iter().map(|text| Candidate::from(address(text)));
    Network {
        name: name.to_owned(),
        up: true,
        available: true,
        dynamic: name.ends_with("_4") || name.ends_with("_6"),
        l3_device: Some(format!("{name}-dev")),
        addresses: addresses.collect(),
        ..Network::default()
    }
}

fn down(name: &str) -> Network {
    Network {
        up: false,
        l3_device: None,
        ..up(name, &[])
    }
}

/// A network with a default route of this metric for each family of its addresses.
fn way_out(name: &str, addresses: &[&str], metric: u32) -> Network {
    let mut network = up(name, addresses);
    for is_ipv6 in [false, true] {
        let of_family = |c: &Candidate| c.address.is_ipv6() == is_ipv6;
        if network.addresses.iter().any(of_family) {
            network.default_routes.push(DefaultRoute {
                is_apart: false,
                is_ipv6,
                metric,
            });
        }
    }
    network
}

fn of_proto(proto: &str, network: Network) -> Network {
    Network {
        proto: Some(proto.to_owned()),
        ..network
    }
}

fn texts(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The address that is published for these networks, or why there is none.
fn published(networks: &[Network], names: &[&str], family: Family) -> Result<String, String> {
    let found = observe(networks, &texts(names), family, false).map_err(|e| e.to_string())?;
    match choose_address(&found, family, None) {
        Ok(address) => Ok(address.to_string()),
        Err(why) => Err(why.to_string()),
    }
}

#[test]
fn the_best_of_several_networks() {
    let names = ["wan", "wanb", "wwan"];
    let is = |networks: &[Network]| published(networks, &names, Family::Ipv4);
    let (wan, wanb) = (up("wan", &["8.8.4.4"]), up("wanb", &["9.9.9.9"]));
    assert_eq!(
        is(&[wan.clone(), wanb.clone()]),
        Ok("8.8.4.4".into()),
        "the first"
    );
    assert_eq!(is(&[down("wan"), wanb.clone()]), Ok("9.9.9.9".into()));
    assert_eq!(is(&[up("wan", &[]), wanb.clone()]), Ok("9.9.9.9".into()));
    assert_eq!(
        is(core::slice::from_ref(&wanb)),
        Ok("9.9.9.9".into()),
        "one is unknown"
    );
    let (first, second) = (
        way_out("wan", &["8.8.4.4"], 20),
        way_out("wanb", &["9.9.9.9"], 10),
    );
    assert_eq!(is(&[first.clone(), second.clone()]), Ok("9.9.9.9".into()));
    assert_eq!(is(&[first.clone(), wanb.clone()]), Ok("8.8.4.4".into()));
    assert_eq!(
        is(&[wan.clone(), second]),
        Ok("9.9.9.9".into()),
        "the one in use"
    );
    let same = way_out("wanb", &["9.9.9.9"], 20);
    assert_eq!(
        is(&[first.clone(), same]),
        Ok("8.8.4.4".into()),
        "the first"
    );
    // In a table of its own it is the way of some packets only.
    let mut apart = way_out("wanb", &["9.9.9.9"], 5);
    apart.default_routes[0].is_apart = true;
    assert_eq!(is(&[first, apart]), Ok("8.8.4.4".into()));
    // The children count as the network.
    let lte = way_out("wwan_4", &["8.8.8.8"], 5);
    assert_eq!(is(&[wan, up("wwan", &[]), lte]), Ok("8.8.8.8".into()));
}

#[test]
fn an_address_that_may_not_be_published_gives_way_to_one_in_use() {
    let names = ["wan", "wanb"];
    let is = |networks: &[Network]| published(networks, &names, Family::Ipv4);
    let (shared, public) = (["100.64.7.7"], ["8.8.4.4"]);
    let both = [way_out("wan", &shared, 10), way_out("wanb", &public, 20)];
    assert_eq!(is(&both), Ok("8.8.4.4".into()));
    assert_eq!(
        is(&[up("wan", &shared), up("wanb", &public)]),
        Ok("8.8.4.4".into())
    );
    // The public one is not in use: the household is behind CGNAT now.
    let failed_over = [way_out("wan", &shared, 10), up("wanb", &public)];
    let why = is(&failed_over).expect_err("shared");
    assert!(why.starts_with("100.64.7.7 is a CGNAT address"), "{why}");
}

#[test]
fn why_none_of_several_has_an_address() {
    let dialling = Network {
        pending: true,
        ..of_proto("pppoe", down("wan"))
    };
    let v6 = up("wanb", &["2a00::1"]);
    let is = |networks: &[Network]| published(networks, &["wan", "wanb"], Family::Ipv4);
    assert_eq!(
        is(&[dialling, v6]),
        Err("no network has an IPv4 address: 'wan' is dialling, 'wanb' is up".into())
    );
    assert_eq!(is(&[]), Err("netifd knows no network 'wan'".into()));
    assert_eq!(
        is(&[down("wan")]),
        Err("no network has an IPv4 address: 'wan' is down".into())
    );
}

#[test]
fn a_network_and_its_dynamic_children() {
    let is = |networks: &[Network], family| published(networks, &["wan"], family);
    let lte = [
        up("wan", &[]),
        up("wan_4", &["8.8.4.4"]),
        up("wan_6", &["2a00::1"]),
    ];
    assert_eq!(is(&lte, Family::Ipv4), Ok("8.8.4.4".into()));
    assert_eq!(is(&lte, Family::Ipv6), Ok("2a00::1".into()));
    let mut unrelated = up("wan_4", &["8.8.4.4"]);
    unrelated.dynamic = false;
    let named = "network 'wan' is up without an address; \
                 network 'wan_4' has one (option network 'wan_4')";
    assert_eq!(
        is(&[up("wan", &[]), unrelated], Family::Ipv4),
        Err(named.into())
    );
    let both = [up("wan", &["192.168.1.2"]), up("wan_4", &["8.8.4.4"])];
    assert_eq!(is(&both, Family::Ipv4), Ok("8.8.4.4".into()));
    assert_eq!(
        is(&[up("wan", &[]), up("wan_6", &["2a00::1"])], Family::Ipv4),
        Err("network 'wan' has no IPv4 address".into())
    );
}

#[test]
fn the_device_to_send_through() {
    let device = |networks: &[Network]| {
        device_of(networks, "wan")
            .map(ToOwned::to_owned)
            .map_err(|why| why.to_string())
    };
    assert_eq!(device(&[up("wan", &["8.8.4.4"])]), Ok("wan-dev".into()));
    let child = [up("wan", &[]), up("wan_4", &["8.8.4.4"])];
    assert_eq!(device(&child), Ok("wan_4-dev".into()));
    let without = [
        Network {
            l3_device: None,
            ..up("wan", &[])
        },
        up("wan_6", &["2a00::1"]),
    ];
    assert_eq!(device(&without), Ok("wan_6-dev".into()));
    assert_eq!(device(&[up("wan", &[])]), Ok("wan-dev".into()));
    assert_eq!(
        device(&[down("wan")]),
        Err("the network has none: it is down".into())
    );
    assert_eq!(
        device(&[up("WAN", &[])]),
        Err("netifd knows no network 'wan' (did you mean 'WAN'?)".into())
    );
}

#[test]
fn names_that_are_no_networks() {
    let wwan = Network {
        device: Some("wwan0".to_owned()),
        ..down("wwan")
    };
    let networks = [up("lan", &[]), up("wan", &[]), wwan];
    let words = |name| unknown_network(&networks, name).to_string();
    assert_eq!(
        words("WAN"),
        "netifd knows no network 'WAN' (did you mean 'wan'?)"
    );
    assert_eq!(
        words("wann"),
        "netifd knows no network 'wann' (did you mean 'wan'?)"
    );
    assert_eq!(words("office"), "netifd knows no network 'office'");
    for (name, network) in [("wwan0", "wwan"), ("wan-dev", "wan")] {
        let expected = format!(
            "netifd knows no network '{name}': {name} is the device of network '{network}'"
        );
        assert_eq!(words(name), expected);
    }
}

#[test]
fn protocols_that_share_an_address() {
    for proto in SHARING_PROTOCOLS {
        let wan = [
            of_proto(proto, up("wan6_4", &["8.8.4.4"])),
            up("wan6", &["2a00::1"]),
        ];
        let why = published(&wan, &["wan6"], Family::Ipv4).expect_err("shared");
        let expected = format!(
            "8.8.4.4 is shared with the provider's other customers, each of whom has some of its \
             ports (protocol {proto} of network 'wan6_4'); ask the provider for a public one, or, \
             if it is yours alone, set option shared_address '1'"
        );
        assert_eq!(why, expected);
        assert_eq!(
            published(&wan, &["wan6"], Family::Ipv6),
            Ok("2a00::1".into())
        );
        let shared = on_device(
            &wan,
            "wan6_4-dev",
            wan[0].addresses.clone(),
            Family::Ipv4,
            false,
        );
        assert!(shared.expect("candidates")[0].sharing.is_some());
        let other = on_device(&wan, "eth0", wan[0].addresses.clone(), Family::Ipv4, false);
        assert!(other.expect("candidates")[0].sharing.is_none());
    }
    let ppp = [of_proto("pppoe", up("wan", &["8.8.4.4"]))];
    assert_eq!(
        published(&ppp, &["wan"], Family::Ipv4),
        Ok("8.8.4.4".into())
    );
}

/// What its owner says counts in the choice, too.
#[test]
fn an_address_that_is_the_owners_own_after_all() {
    let map = of_proto("map", way_out("wan", &["8.8.4.4"], 10));
    let networks = [map, way_out("wwan", &["9.9.9.9"], 20)];
    let names = texts(&["wan", "wwan"]);
    let first = |is_own| {
        let found = observe(&networks, &names, Family::Ipv4, is_own).expect("candidates");
        found[0].address
    };
    assert_eq!(first(true), address("8.8.4.4"));
    assert_eq!(first(false), address("9.9.9.9"));
}

#[test]
fn an_address_seen_from_outside() {
    let is_shared = |networks: &[Network], bind: Option<&str>| {
        sharing_of(networks, bind, address("8.8.4.4")).is_some()
    };
    let cgnat = way_out("wan", &["100.64.7.7"], 10);
    let private = way_out("wanb", &["192.168.1.2"], 20);
    assert!(is_shared(core::slice::from_ref(&cgnat), None));
    assert!(
        !is_shared(core::slice::from_ref(&private), None),
        "double NAT is the owner's own"
    );
    assert!(!is_shared(&[], None));
    let both = [cgnat.clone(), private.clone()];
    assert!(is_shared(&both, None));
    assert!(is_shared(&both, Some("wan")));
    assert!(!is_shared(&both, Some("wanb")));
    // The other way is the better one.
    let better = way_out("wanb", &["192.168.1.2"], 5);
    assert!(!is_shared(&[cgnat.clone(), better], None));
    // Where netifd knows no way out, it is the usual one.
    assert!(is_shared(&[up("wan", &["100.64.7.7"])], None));
    assert!(!is_shared(&[up("wanb", &["100.64.7.7"])], None));
    // The way out is the network's, and the address its child's.
    let mut parent = up("wwan", &[]);
    parent.default_routes = cgnat.default_routes.clone();
    assert!(is_shared(&[parent, up("wwan_4", &["100.64.7.7"])], None));
    assert!(is_shared(
        &[up("wan", &[]), way_out("wan_4", &["100.64.7.7"], 0)],
        Some("wan")
    ));
    assert!(
        is_shared(&[way_out("wan6_4", &["192.0.0.2"], 0)], None),
        "DS-Lite"
    );
    let map = of_proto("map", way_out("wan6_4", &["8.8.4.4"], 0));
    assert!(is_shared(&[map], None), "its own, and that of others");
    // What a network of the router has is no stranger's.
    assert!(!is_shared(&[cgnat.clone(), up("wanb", &["8.8.4.4"])], None));
    assert!(sharing_of(&[cgnat], None, address("2a00::1")).is_none());
}

#[test]
fn a_prefix_and_no_address() {
    let prefix = |text: &str, deprecated, assigned: &[&str]| DelegatedPrefix {
        prefix: text.parse().expect("a prefix"),
        deprecated,
        assigned: texts(assigned),
    };
    let with = |addresses: &[&str], prefixes: Vec<DelegatedPrefix>| Network {
        prefixes,
        ..up("wan_6", addresses)
    };
    let is = |networks: &[Network]| published(networks, &["wan"], Family::Ipv6);
    let wan = up("wan", &["8.8.4.4", "fe80::1"]);
    let lan = up("lan", &["192.168.1.1", "fd00::1", "2a00:1:2:1::1"]);
    let delegated = with(&[], vec![prefix("2a00:1:2::/56", false, &["guest", "lan"])]);
    let only = "only a prefix is delegated (2a00:1:2::/56), and 'wan' has no address of its own: ";
    let taken = format!("{only}take the LAN's network (source 'network', option network 'lan')");
    assert_eq!(
        is(&[lan.clone(), wan.clone(), delegated.clone()]),
        Err(taken)
    );
    // None has an address of it yet: it is the first to have a part.
    let guest = format!("{only}take the LAN's network (source 'network', option network 'guest')");
    assert_eq!(is(&[wan.clone(), delegated]), Err(guest));
    let unused = with(&[], vec![prefix("2a00:1:2::/56", false, &[])]);
    let why = is(&[wan.clone(), unused]).expect_err("none");
    assert!(
        why.starts_with(only) && why.contains("option ip6assign '60'"),
        "{why}"
    );
    // Renumbering: the new one counts.
    let old = prefix("2a00:1:1::/56", true, &["lan"]);
    let new = prefix("2a00:1:2::/56", false, &["lan"]);
    let why = is(&[
        lan.clone(),
        wan.clone(),
        with(&[], vec![old.clone(), new.clone()]),
    ]);
    assert!(why.expect_err("none").starts_with(only));
    // Nothing that helps, or nothing that is needed.
    let why = is(&[lan.clone(), wan.clone(), with(&[], vec![old])]);
    assert!(
        why.expect_err("none")
            .starts_with("fe80::1 is a link-local address")
    );
    let local = with(&[], vec![prefix("fd00::/48", false, &["lan"])]);
    let why = is(&[lan.clone(), wan.clone(), local]);
    assert!(
        why.expect_err("none")
            .starts_with("fe80::1 is a link-local address")
    );
    let own = with(&["2a00:1:3::1"], vec![new.clone()]);
    assert_eq!(is(&[lan.clone(), wan, own]), Ok("2a00:1:3::1".into()));
    // By the device, too.
    let mut on_it = with(&[], vec![new]);
    on_it.l3_device = Some("pppoe-wan".to_owned());
    let found = vec![Candidate::from(address("fe80::1"))];
    let why = on_device(&[lan, on_it], "pppoe-wan", found, Family::Ipv6, false)
        .map_err(|e| e.to_string());
    assert!(why.expect_err("none").contains("option network 'lan'"));
}
