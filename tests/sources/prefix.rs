//! A WAN that was given an IPv6 prefix for other networks, and no address for itself.

use serde_json::{Value, json};

use crate::network::up;
use crate::{aborts, confirms};
use wansync_test_support::Router;
use wansync_test_support::netns::{FarSim, Netns};

fn router(options: &str) -> Router {
    let router = Router::new();
    router.configure(&router.home(&format!("{options}\noption family ipv6")));
    router
}

/// The DHCPv6 side of a WAN, with a prefix of which these networks have a part.
fn delegated(preferred: u32, assigned: &[&str]) -> Value {
    let parts: serde_json::Map<String, Value> = assigned
        .iter()
        .map(|name| {
            (
                (*name).to_owned(),
                json!({"address": "2a00:1450:5::", "mask": 60}),
            )
        })
        .collect();
    let prefix = json!({
        "address": "2a00:1450:5::", "mask": 56, "preferred": preferred, "valid": 3600,
        "class": "wan_6", "assigned": parts,
    });
    let mut status = up(json!({"ipv6-prefix": [prefix]}));
    status["proto"] = "dhcpv6".into();
    status["dynamic"] = true.into();
    status
}

fn lan() -> Value {
    let local = json!({"address": "2a00:1450:5::1", "mask": 60});
    up(json!({"ipv6-prefix-assignment": [{
        "address": "2a00:1450:5::", "mask": 60, "preferred": 1800, "valid": 3600,
        "local-address": local,
    }]}))
}

const ONLY: &str = "only a prefix is delegated (2a00:1450:5::/56), and 'wan' has no address of \
                    its own: ";

/// PPPoE: the link-local address is on `wan`, the prefix on its child.
#[test]
fn the_network_of_the_lan_is_named() {
    let router = router("option network 'wan'");
    let ubus = router.ubus();
    let link_local = json!([{"address": "fe80::1", "mask": 128}]);
    ubus.set_interface("wan", up(json!({"ipv6-address": link_local})));
    ubus.set_interface("wan_6", delegated(1800, &["lan"]));
    ubus.set_interface("lan", lan());
    aborts(
        &router,
        &format!("{ONLY}take the LAN's network (source 'network', option network 'lan')"),
    );
    // What it says is what helps.
    router.configure(&router.home("option network 'lan'\noption family ipv6"));
    confirms(&router, "2a00:1450:5::1");
}

/// DHCPv6 on a network of its own, of which nothing but the prefix came.
#[test]
fn a_prefix_without_any_address() {
    let router = router("option network 'wan'");
    let ubus = router.ubus();
    ubus.set_interface("wan", delegated(1800, &["guest"]));
    aborts(&router, &format!("{ONLY}take the LAN's network"));
    aborts(&router, "option network 'guest'");
    ubus.set_interface("wan", delegated(1800, &[]));
    aborts(
        &router,
        &format!("{ONLY}give some of it to the LAN (option ip6assign '60'"),
    );
    router.run(&["check"]).expect(75).says(ONLY);
    // One that is being withdrawn helps nobody.
    ubus.set_interface("wan", delegated(0, &["lan"]));
    aborts(&router, "network 'wan' is up without an address");
}

/// By its device, too, where netifd has to be asked.
#[test]
fn the_device_of_a_wan_with_a_prefix() {
    let net = Netns::new();
    let sim = FarSim::start(&net, "127.0.0.1");
    let router = Router::new();
    let options = "option source interface\noption device wan0\noption family ipv6";
    router.configure_raw(sim.home(options).as_bytes());
    net.add_device("wan0", &[]);
    net.ip("address add fe80::5/64 dev wan0 nodad");
    let ubus = router.ubus();
    let mut wan = delegated(1800, &["lan"]);
    wan["l3_device"] = "wan0".into();
    ubus.set_interface("wan_6", wan);
    ubus.set_interface("lan", lan());
    net.run(&router, &["once"])
        .expect(75)
        .says("only a prefix is delegated (2a00:1450:5::/56)")
        .says("option network 'lan'");
    assert_eq!(sim.log().len(), 0);
}
