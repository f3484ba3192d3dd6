//! Addresses that strangers have, too, though they look public: behind the provider's NAT
//! (CGNAT), or with some ports of an address only (MAP, DS-Lite).

use serde_json::json;
use wansync_sim::ubus::UbusFault;

use crate::network::{up, way_out};
use crate::{aborts, confirms};
use wansync_test_support::Router;

/// A router with these options whose page says 8.8.4.4.
fn router(options: &str) -> Router {
    let router = Router::new();
    router.sim.set_echo("8.8.4.4");
    router.configure(&router.home(options));
    router
}

/// The sources that look from outside.
fn outside(more: &str) -> [Router; 2] {
    let web = Router::new();
    web.sim.set_echo("8.8.4.4");
    let url = web.sim.echo_url();
    web.configure(&web.home(&format!("option source web\nlist url '{url}'\n{more}")));
    let command = "option source command\noption command /bin/echo\nlist arg 8.8.4.4";
    [web, router(&format!("{command}\n{more}"))]
}

const SHARED: &str = "home: aborted: 8.8.4.4 is shared with the provider's other customers, \
                      since network 'wan' itself has 100.64.7.7, a CGNAT address";
const REMEDY: &str = "ask the provider for a public one, or, if it is yours alone, \
                      set option shared_address '1'";

#[test]
fn what_a_page_sees_of_a_wan_behind_cgnat_is_refused() {
    for router in outside("") {
        let ubus = router.ubus();
        ubus.set_interface("wan", way_out("100.64.7.7", 0));
        aborts(&router, SHARED);
        aborts(&router, REMEDY);
        let status = router.home_status();
        assert_eq!(status["observed"], "8.8.4.4");
        assert!(status["confirmed"].is_null());
        router.run(&["check"]).expect(75).says(REMEDY);
        // Without a default route that netifd knows it is the usual WAN.
        ubus.set_interface(
            "wan",
            up(json!({"ipv4-address": [{"address": "100.64.7.7", "mask": 10}]})),
        );
        aborts(&router, SHARED);
    }
}

#[test]
fn double_nat_stays_legitimate() {
    for router in outside("") {
        let ubus = router.ubus();
        ubus.set_interface("wan", way_out("192.168.8.2", 0));
        confirms(&router, "8.8.4.4");
    }
}

#[test]
fn shared_address_overrides() {
    for router in outside("option shared_address '1'") {
        let ubus = router.ubus();
        ubus.set_interface("wan", way_out("100.64.7.7", 0));
        confirms(&router, "8.8.4.4");
    }
    // An address that is not public stays what it is.
    let router = router("option network 'wan'\noption shared_address '1'");
    let ubus = router.ubus();
    ubus.set_interface("wan", way_out("100.64.7.7", 0));
    aborts(&router, "100.64.7.7 is a CGNAT address");
}

/// The WAN that counts is the one that the page was asked through.
#[test]
fn the_way_out_counts() {
    for router in outside("") {
        let ubus = router.ubus();
        ubus.set_interface("wan", way_out("100.64.7.7", 20));
        ubus.set_interface("wanb", way_out("192.168.8.2", 10));
        confirms(&router, "8.8.4.4");
    }
    for router in outside("") {
        let ubus = router.ubus();
        ubus.set_interface("wan", way_out("100.64.7.7", 10));
        ubus.set_interface("wanb", way_out("192.168.8.2", 20));
        aborts(&router, SHARED);
        // An address that a network of this router has is not the provider's.
        ubus.set_interface("wanb", way_out("8.8.4.4", 20));
        confirms(&router, "8.8.4.4");
    }
    let [_, router] = outside("option bind 'wan'");
    let ubus = router.ubus();
    ubus.set_interface("wan", way_out("100.64.7.7", 20));
    ubus.set_interface("wanb", way_out("192.168.8.2", 10));
    aborts(&router, SHARED);
}

#[test]
fn the_child_of_a_network_counts() {
    let inside = |address: &str| {
        let mut child = way_out(address, 0);
        child["dynamic"] = true.into();
        child
    };
    for router in outside("") {
        let ubus = router.ubus();
        ubus.set_interface("wan", up(json!({})));
        ubus.set_interface("wan_4", inside("100.64.7.7"));
        aborts(
            &router,
            "network 'wan_4' itself has 100.64.7.7, a CGNAT address",
        );
        ubus.set_interface("wan_4", inside("192.0.0.2"));
        aborts(
            &router,
            "192.0.0.2, one for the inside of DS-Lite or 464XLAT",
        );
    }
}

/// Each customer has some ports of the address.
#[test]
fn protocols_that_share_an_address_by_its_ports() {
    for proto in ["map", "map-e", "map-t", "lw4o6", "dslite"] {
        let reason = format!(
            "8.8.4.4 is shared with the provider's other customers, each of whom has some of its \
             ports (protocol {proto} of network 'wan')"
        );
        let mut wan = way_out("8.8.4.4", 0);
        wan["proto"] = proto.into();
        let network = router("option network 'wan'");
        for router in outside("").into_iter().chain([network]) {
            let ubus = router.ubus();
            ubus.set_interface("wan", wan.clone());
            aborts(&router, &reason);
            aborts(&router, REMEDY);
        }
        let network = router("option network 'wan'\noption shared_address '1'");
        let outside = outside("option shared_address '1'");
        for router in outside.into_iter().chain([network]) {
            let ubus = router.ubus();
            ubus.set_interface("wan", wan.clone());
            confirms(&router, "8.8.4.4");
        }
    }
}

/// Pages are asked on any Linux; netifd is OpenWrt's.
#[test]
fn without_ubus_a_page_is_believed() {
    for router in outside("") {
        confirms(&router, "8.8.4.4");
    }
    for router in outside("") {
        let ubus = router.ubus();
        ubus.set_fault(UbusFault::Refuse);
        confirms(&router, "8.8.4.4");
    }
}

/// A netifd that fails now may say in a moment that strangers would be filtered.
#[test]
fn a_netifd_that_fails_changes_nothing() {
    for router in outside("") {
        let ubus = router.ubus();
        ubus.set_interface("wan", way_out("192.168.8.2", 0));
        for fault in [UbusFault::Garbage, UbusFault::Close] {
            ubus.set_fault(fault);
            aborts(
                &router,
                "netifd cannot say whether 8.8.4.4 is shared with strangers (CGNAT): ",
            );
        }
        ubus.set_fault(UbusFault::None);
        confirms(&router, "8.8.4.4");
    }
}

#[test]
fn ipv6_is_nobody_elses() {
    let command = "option source command\noption command /bin/echo\nlist arg 2a00:1450::5";
    let router = router(&format!("{command}\noption family ipv6"));
    let ubus = router.ubus();
    ubus.set_interface("wan", way_out("100.64.7.7", 0));
    confirms(&router, "2a00:1450::5");
}
