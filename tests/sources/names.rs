//! Names that are no networks, in the place of one.

use serde_json::json;

use crate::aborts;
use crate::network::up;
use wansync_test_support::Router;

/// The names of a router with a WAN and LTE, and what is said of others.
const NAMES: [(&str, &str); 4] = [
    ("WAN", "netifd knows no network 'WAN' (did you mean 'wan'?)"),
    (
        "wann",
        "netifd knows no network 'wann' (did you mean 'wan'?)",
    ),
    (
        "wwan0",
        "netifd knows no network 'wwan0': wwan0 is the device of network 'wwan'",
    ),
    (
        "eth1",
        "netifd knows no network 'eth1': eth1 is the device of network 'wan'",
    ),
];

fn with_networks(router: &Router) -> wansync_sim::ubus::UbusSim {
    let ubus = router.ubus();
    ubus.set_interface(
        "wan",
        up(json!({"ipv4-address": [{"address": "8.8.4.4", "mask": 24}]})),
    );
    ubus.set_interface(
        "wwan",
        json!({
            "up": false, "pending": false, "available": true, "autostart": true, "dynamic": false,
            "proto": "qmi", "device": "wwan0", "data": {},
        }),
    );
    ubus
}

#[test]
fn a_name_that_is_meant_otherwise() {
    let router = Router::new();
    let _ubus = with_networks(&router);
    for (name, words) in NAMES {
        router.configure(&router.home(&format!("option network '{name}'")));
        aborts(&router, words);
        router.run(&["check"]).expect(78).says(words);
    }
}

#[test]
fn likewise_in_bind() {
    let router = Router::new();
    let _ubus = with_networks(&router);
    for (name, words) in NAMES {
        router.configure(&router.home(&format!(
            "option source static\noption address 8.8.4.4\noption bind '{name}'"
        )));
        router.run(&["once", "--force"]).expect(1).says(words);
        router.run(&["check"]).expect(1).says(words);
    }
    assert_eq!(router.updates(), 0);
}
