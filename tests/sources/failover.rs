//! `list network`: the source follows a fail-over.

use serde_json::{Value, json};

use crate::network::{up, way_out};
use crate::{aborts, confirms};
use wansync_test_support::Router;
use wansync_test_support::netifd::down;

fn router(options: &str) -> Router {
    let router = Router::new();
    router.configure(&router.home(options));
    router
}

const BOTH: &str = "list network 'wan'\nlist network 'wwan'";

fn without_route(address: &str) -> Value {
    up(json!({"ipv4-address": [{"address": address, "mask": 24}]}))
}

#[test]
fn the_network_that_is_up() {
    let router = router(BOTH);
    let ubus = router.ubus();
    ubus.set_interface("wan", without_route("8.8.4.4"));
    ubus.set_interface("wwan", without_route("9.9.9.9"));
    confirms(&router, "8.8.4.4");
    ubus.set_interface("wan", down());
    router
        .once()
        .expect(0)
        .says("9.9.9.9 is confirmed; before it was 8.8.4.4");
    ubus.set_interface("wan", without_route("8.8.4.4"));
    router
        .once()
        .expect(0)
        .says("8.8.4.4 is confirmed; before it was 9.9.9.9");
}

/// As mwan3 has it: both are up, and the metrics say which one is in use.
#[test]
fn the_network_of_the_best_default_route() {
    let router = router(BOTH);
    let ubus = router.ubus();
    ubus.set_interface("wan", way_out("8.8.4.4", 10));
    ubus.set_interface("wwan", way_out("9.9.9.9", 20));
    confirms(&router, "8.8.4.4");
    ubus.set_interface("wan", way_out("8.8.4.4", 30));
    router
        .once()
        .expect(0)
        .says("9.9.9.9 is confirmed; before it was 8.8.4.4");
    // Its address is there, and no packet goes that way.
    ubus.set_interface("wwan", without_route("9.9.9.9"));
    router.once().expect(0).says("8.8.4.4 is confirmed");
}

/// LTE puts the address on a child of the network.
#[test]
fn a_fail_over_to_lte() {
    let router = router(BOTH);
    let ubus = router.ubus();
    ubus.set_interface("wan", way_out("8.8.4.4", 0));
    let mut parent = up(json!({}));
    parent["proto"] = "qmi".into();
    ubus.set_interface("wwan", parent);
    let mut child = way_out("9.9.9.9", 10);
    child["dynamic"] = true.into();
    ubus.set_interface("wwan_4", child);
    confirms(&router, "8.8.4.4");
    ubus.set_interface("wan", down());
    router.once().expect(0).says("9.9.9.9 is confirmed");
}

/// The household is behind CGNAT for as long as the fail-over lasts.
#[test]
fn a_fail_over_to_a_shared_address_is_said() {
    let router = router(BOTH);
    let ubus = router.ubus();
    ubus.set_interface("wan", way_out("8.8.4.4", 10));
    ubus.set_interface("wwan", way_out("100.64.7.7", 20));
    confirms(&router, "8.8.4.4");
    ubus.set_interface("wan", down());
    router
        .once()
        .expect(75)
        .says("100.64.7.7 is a CGNAT address");
    assert_eq!(router.home_status()["confirmed"], "8.8.4.4");
    assert_eq!(router.updates(), 1);
}

#[test]
fn why_none_of_them_has_an_address() {
    let router = router(BOTH);
    let ubus = router.ubus();
    aborts(&router, "netifd knows no network 'wan'");
    ubus.set_interface("wan", down());
    aborts(&router, "no network has an IPv4 address: 'wan' is down");
    ubus.set_interface("wwan", up(json!({})));
    aborts(
        &router,
        "no network has an IPv4 address: 'wan' is down, 'wwan' is up without an address",
    );
}

/// A network that is not there today may be there tomorrow; `check` names it.
#[test]
fn a_name_that_is_unknown_stops_no_other() {
    let router = router("list network 'wann'\nlist network 'wwan'");
    let ubus = router.ubus();
    ubus.set_interface("wan", down());
    ubus.set_interface("wwan", way_out("9.9.9.9", 20));
    confirms(&router, "9.9.9.9");
    router
        .run(&["check"])
        .expect(78)
        .says("netifd knows no network 'wann' (did you mean 'wan'?)")
        .says("the WAN address is 9.9.9.9");
}

#[test]
fn one_in_a_list_is_as_one_in_an_option() {
    let router = router("list network 'wan'");
    let ubus = router.ubus();
    ubus.set_interface("wan", down());
    aborts(&router, "network 'wan' is down");
    ubus.set_interface("wan", without_route("8.8.4.4"));
    confirms(&router, "8.8.4.4");
    router.configure(&router.home("list network 'wan'\nlist network 'w n'"));
    router
        .once()
        .expect(78)
        .says("line 8: error: section 'home': option 'network': 'w n' is no name of a network");
}
