//! The dynamic children of a network: QMI, MBIM, NCM, ModemManager, DS-Lite and 464XLAT
//! put their addresses there.

use serde_json::{Value, json};

use crate::network::up;
use crate::{aborts, confirms};
use wansync_test_support::Router;
use wansync_test_support::netns::{FarSim, Netns};

/// A router that publishes network `wan`, with these further options.
fn router(options: &str) -> Router {
    let router = Router::new();
    router.configure(&router.home(&format!("option network 'wan'\n{options}")));
    router
}

/// A network that netifd made at run time.
fn child(addresses: Value) -> Value {
    let mut child = up(addresses);
    child["dynamic"] = true.into();
    child
}

fn v4(address: &str) -> Value {
    json!({"ipv4-address": [{"address": address, "mask": 30}]})
}

fn v6(address: &str) -> Value {
    json!({"ipv6-address": [{"address": address, "mask": 64}]})
}

#[test]
fn the_address_of_a_child_is_the_networks() {
    for proto in ["qmi", "mbim", "ncm", "modemmanager"] {
        let router = router("");
        let ubus = router.ubus();
        let mut parent = up(json!({}));
        parent["proto"] = proto.into();
        ubus.set_interface("wan", parent);
        aborts(&router, "network 'wan' is up without an address");
        ubus.set_interface("wan_4", child(v4("8.8.4.4")));
        ubus.set_interface("wan_6", child(v6("2a00:1450::6")));
        confirms(&router, "8.8.4.4");
    }
    let router = router("option family ipv6");
    let ubus = router.ubus();
    ubus.set_interface("wan", up(json!({})));
    ubus.set_interface("wan_4", child(v4("8.8.4.4")));
    aborts(&router, "network 'wan' has no IPv6 address");
    ubus.set_interface("wan_6", child(v6("2a00:1450::6")));
    confirms(&router, "2a00:1450::6");
}

/// The owner's own network of such a name may be anything.
#[test]
fn a_network_of_the_owners_own_is_no_child() {
    for (options, name) in [("", "wan_4"), ("option family ipv6", "wan_6")] {
        let router = router(options);
        let ubus = router.ubus();
        ubus.set_interface("wan", up(json!({})));
        ubus.set_interface(
            name,
            up(json!({
                "ipv4-address": [{"address": "8.8.4.4", "mask": 30}],
                "ipv6-address": [{"address": "2a00:1450::6", "mask": 64}],
            })),
        );
        aborts(&router, "network 'wan' is up without an address");
    }
}

#[test]
fn an_address_on_the_network_and_one_on_its_child() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up(v4("192.168.8.2")));
    ubus.set_interface("wan_4", child(v4("8.8.4.4")));
    confirms(&router, "8.8.4.4");
    // Two good ones: the confirmed one stays.
    ubus.set_interface("wan", up(v4("9.9.9.9")));
    router.once().expect(0).says("unchanged");
    assert_eq!(router.updates(), 1);
}

#[test]
fn a_child_behind_the_providers_nat_is_named() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up(v6("2a00:1450::6")));
    let mut dslite = child(v4("192.0.0.2"));
    dslite["proto"] = "dslite".into();
    ubus.set_interface("wan_4", dslite);
    aborts(&router, "192.0.0.2 is an address for the inside of DS-Lite");
}

/// `bind` means the device that has the address, be it the child's.
#[test]
fn requests_leave_by_the_device_of_the_child() {
    let net = Netns::new();
    let sim = FarSim::start(&net, "127.0.0.1");
    let router = Router::new();
    let text = sim.home("option source static\noption address 8.8.4.4\noption bind wan");
    router.configure_raw(text.as_bytes());
    let ubus = router.ubus();
    let on = |device: &str, mut status: Value| {
        status["l3_device"] = device.into();
        status
    };
    ubus.set_interface("wan", on("nosuch0", up(json!({}))));
    let fails = |reason: &str| {
        net.run(&router, &["once", "--force"])
            .expect(1)
            .says(reason);
    };
    fails("nosuch0");
    ubus.set_interface("wan_4", on("lo", child(v4("10.0.0.2"))));
    net.run(&router, &["once", "--force"])
        .expect(0)
        .says("8.8.4.4 is confirmed");
    assert_eq!(sim.updates().len(), 1);
    // One that is not netifd's own making is another network.
    ubus.set_interface("wan_4", on("lo", up(v4("10.0.0.2"))));
    fails("nosuch0");
}
