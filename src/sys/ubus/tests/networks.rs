//! What netifd's answers mean.

use serde_json::{Value as Json, json};
use wansync_core::ubus::netifd::{self, DefaultRoute, Network, explain};
use wansync_core::ubus::value::BlobTable;
use wansync_sim::ubus::blob;

use super::support::*;

#[test]
fn recorded_networks_have_the_state_and_addresses_that_netifd_gave_them() {
    for (number, state, device, found) in [
        ("05-", "is up", Some("wan0"), &["198.51.100.10"][..]),
        ("06-", "is down", None, &[]),
        ("07-", "is waiting for DHCP", None, &[]),
        ("08-", "is up", Some("wan0"), &["203.0.113.100"]),
        (
            "09-",
            "is up",
            Some("wan0"),
            &["2001:db8:3f::100", "2001:db8:3f:0:5054:ff:fe12:3456"],
        ),
        (
            "10-",
            "is up",
            Some("lan0"),
            &["192.168.1.1", "2001:db8:40::1", "fd12:3456:789a::1"],
        ),
        ("11-", "is up", Some("pppoe-wan"), &["203.0.113.77"]),
        ("12-", "could not log in (AUTH_TOPEER_FAILED)", None, &[]),
        ("13-", "has no device gone0 (NO_DEVICE)", None, &[]),
    ] {
        let network = recorded_network(number);
        assert_eq!(explain(&network).to_string(), state, "{number}");
        assert_eq!(network.l3_device.as_deref(), device, "{number}");
        assert_eq!(network.addresses, addresses(found), "{number}");
        assert_eq!(network.up, state == "is up", "{number}");
    }
    let failing = recorded_network("12-");
    assert!(failing.pending && failing.available);
    assert_eq!(failing.proto.as_deref(), Some("pppoe"));
    assert_eq!(failing.errors, ["AUTH_TOPEER_FAILED"]);
    assert!(!recorded_network("13-").available);
}

#[test]
fn recorded_dumps_hold_all_networks() {
    for (number, names) in [
        ("14-", &["lan", "loopback", "wan", "wan6"][..]),
        ("15-", &[]),
    ] {
        let capture = capture(number);
        let messages = received(&capture);
        let networks = netifd::networks(messages.iter().find_map(data).unwrap());
        let listed = capture.json["interface"].as_array().unwrap();
        assert_eq!(networks.len(), listed.len());
        for (network, status) in networks.iter().zip(listed) {
            assert_eq!(network.name, status["interface"].as_str().unwrap());
            let count = |name| status[name].as_array().map_or(0, Vec::len);
            let v4 = network
                .addresses
                .iter()
                .filter(|found| found.address.is_ipv4());
            assert_eq!(v4.count(), count("ipv4-address"), "{}", network.name);
        }
        if !names.is_empty() {
            let found: Vec<_> = networks.iter().map(|network| &network.name).collect();
            assert_eq!(found, names);
        }
    }
}

fn network_of(status: Json) -> Network {
    let bytes = blob::encode(&blob::fields_from_json(status.as_object().unwrap()));
    netifd::network("wan", BlobTable::parse(&bytes).unwrap())
}

#[test]
fn what_is_missing_mistyped_or_unknown_is_left_out() {
    let empty = network_of(json!({}));
    assert!(!empty.up && !empty.pending && !empty.available);
    assert!(empty.proto.is_none() && empty.l3_device.is_none() && empty.errors.is_empty());

    let odd = network_of(json!({
        "up": true, "pending": "yes", "available": 1, "proto": 7, "l3_device": null,
        "ipv4-address": [
            "text", 5, null, [], {}, {"address": 9}, {"address": "8.8.4"},
            {"address": "2001:4860::1"}, {"address": " 8.8.4.4"}, {"address": "8.8.4.4/24"},
            {"address": "8.8.4.4", "mask": "x", "new-field": {"a": [1]}},
        ],
        "ipv6-address": {"address": "2001:4860::1"},
        "ipv6-prefix-assignment": [{"local-address": {}}, {"local-address": "2001:4860::1"}],
        "errors": [{}, {"code": 5}, {"code": "NEW_CODE", "data": ["x"]}],
    }));
    assert_eq!(odd.addresses, addresses(&["8.8.4.4"]));
    assert_eq!(odd.errors, ["NEW_CODE"]);
    assert!(odd.up && !odd.pending && !odd.available && odd.proto.is_none());
}

#[test]
fn an_address_whose_preferred_lifetime_is_over_is_deprecated() {
    let network = network_of(json!({
        "up": true,
        "ipv6-address": [
            {"address": "2001:db8::1", "preferred": 0, "valid": 60},
            {"address": "2001:db8::2", "preferred": 60, "valid": 60},
            {"address": "2001:db8::3", "preferred": -2, "valid": -2},
            {"address": "2001:db8::4"},
        ],
        "ipv6-prefix-assignment": [
            {"address": "2001:db8:1::", "preferred": 0, "local-address": {"address": "2001:db8:1::1"}},
        ],
    }));
    let deprecated: Vec<_> = network
        .addresses
        .iter()
        .map(|found| found.deprecated)
        .collect();
    assert_eq!(deprecated, [true, false, false, false, true]);
}

#[test]
fn a_network_that_is_not_up_has_no_addresses() {
    let network = network_of(json!({"ipv4-address": [{"address": "8.8.4.4"}]}));
    assert!(network.addresses.is_empty());
}

#[test]
fn networks_without_a_name_are_left_out() {
    for (dump, count) in [
        (json!({}), 0),
        (json!({"interface": {"interface": "wan"}}), 0),
        (
            json!({"interface": [{"up": true}, 5, {"interface": 5}, {"interface": "wan"}]}),
            1,
        ),
    ] {
        let bytes = blob::encode(&blob::fields_from_json(dump.as_object().unwrap()));
        assert_eq!(
            netifd::networks(BlobTable::parse(&bytes).unwrap()).len(),
            count
        );
    }
}

#[test]
fn the_best_default_route() {
    let route = |number| recorded_network(number).default_route();
    let main = |is_ipv6, metric| {
        Some(DefaultRoute {
            is_apart: false,
            is_ipv6,
            metric,
        })
    };
    assert_eq!(route("05-"), main(false, 0));
    assert_eq!(route("09-"), main(true, 512));
    assert_eq!(route("10-"), None);
    assert_eq!(route("11-"), main(false, 10), "the network's metric");
    let of = |status: Json| {
        let fields = blob::fields_from_json(status.as_object().unwrap());
        let bytes = blob::encode(&fields);
        netifd::network("wan", BlobTable::parse(&bytes).unwrap()).default_route()
    };
    let v4 = json!({"target": "0.0.0.0", "mask": 0, "metric": 7, "table": 254});
    let v6 = json!({"target": "::", "mask": 0});
    let half = json!({"target": "0.0.0.0", "mask": 1});
    assert_eq!(of(json!({"route": [half, v6, v4]})), main(false, 7));
    assert_eq!(of(json!({"route": [half, v6], "metric": 9})), main(true, 9));
    assert_eq!(of(json!({"route": [half]})), None);
    let apart = of(json!({"route": [v6, {"target": "0.0.0.0", "mask": 0}], "ip4table": 5}));
    assert_eq!(apart, main(true, 0), "the main table's");
    let apart = of(json!({"route": [{"target": "0.0.0.0", "mask": 0}], "ip4table": 5}));
    assert!(apart.is_some_and(|route| route.is_apart));
}
