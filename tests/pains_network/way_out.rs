//! 8: connections that leave through the wrong device.

use serde_json::json;
use wansync_sim::ubus::{UbusFault, UbusSim};

use crate::network;
use wansync_test_support::clocks::booted_ago;
use wansync_test_support::netns::{FarSim, Netns};
use wansync_test_support::{Ran, Router, ran};

/// The address of the services in the namespace that plays the Internet.
const SERVICES: &str = "45.90.28.1";

/// A router with a WAN and a VPN that has taken the default route, as most VPN
/// set-ups do; the Internet beyond both; ubusd, where the WAN is network `wan`.
struct Crossroads {
    ubus: UbusSim,
    router: Router,
    net: Netns,
    sim: FarSim,
    _internet: Netns,
}

impl Crossroads {
    fn new() -> Crossroads {
        let net = Netns::new();
        let internet = net.beside();
        net.join("wan0", &internet, "isp0");
        net.join("vpn0", &internet, "vpnfar0");
        net.ip("address add 8.8.4.4/24 dev wan0");
        net.ip("address add 9.9.9.9/24 dev vpn0");
        internet.ip("address add 8.8.4.1/24 dev isp0");
        internet.ip("address add 9.9.9.1/24 dev vpnfar0");
        internet.ip(&format!("address add {SERVICES}/32 dev lo"));
        net.ip("route add default via 9.9.9.1 dev vpn0");
        net.ip("route add default via 8.8.4.1 dev wan0 metric 100");
        let sim = FarSim::start(&internet, SERVICES);
        let router = Router::new();
        let ubus = router.ubus();
        ubus.set_interface("wan", network("wan0", &["8.8.4.4"]));
        Crossroads {
            ubus,
            router,
            net,
            sim,
            _internet: internet,
        }
    }

    fn configure(&self, options: &str) {
        self.router.configure_raw(self.sim.home(options).as_bytes());
    }

    fn once(&self) -> Ran {
        self.net.run(&self.router, &["once"])
    }

    /// A pass that must fail closed, for this reason.
    #[track_caller]
    fn fails_closed(&self, reason: &str) {
        let before = self.sim.log().len();
        let ran = self.net.run(&self.router, &["once", "--force"]);
        assert_ne!(ran.code, Some(0), "{}", ran.said());
        ran.says(reason).never_says("home: confirmed");
        assert_eq!(self.sim.log().len(), before, "{:?}", self.sim.log());
    }
}

/// “My VPN took the default route, and the updater told the service through it,
/// or told it the VPN's address.”
#[test]
fn pain_08_a_bound_section_sends_through_the_wan_and_not_through_the_vpn() {
    let house = Crossroads::new();
    house.configure("option network wan\noption bind wan");
    house.once().expect(0).says("8.8.4.4 is confirmed");
    let through_wan = ("8.8.4.4".to_owned(), "8.8.4.4".to_owned());
    assert_eq!(house.sim.updates(), [through_wan]);
}

/// “The updater binds to an interface that I never asked for, and breaks my
/// routing.”
#[test]
fn pain_08_without_bind_the_default_route_is_taken() {
    let house = Crossroads::new();
    house.configure("option network wan");
    house.once().expect(0).says("8.8.4.4 is confirmed");
    let through_vpn = ("9.9.9.9".to_owned(), "8.8.4.4".to_owned());
    assert_eq!(house.sim.updates(), [through_vpn]);
}

/// “A page told the updater my VPN's address, and that was published.”
#[test]
fn pain_08_a_bound_section_asks_pages_through_the_wan_too() {
    let house = Crossroads::new();
    let page = house.sim.url("SIM_ECHO_URL");
    let web = format!("option source web\nlist url '{page}'");
    house.configure(&format!("{web}\noption bind wan"));
    house.once().expect(0).says("8.8.4.4 is confirmed");
    house.configure(&web);
    house
        .once()
        .expect(0)
        .says("9.9.9.9 is confirmed; before it was 8.8.4.4");
}

/// “Binding failed, and the update silently went out the other way.”
#[test]
fn pain_08_a_bind_that_fails_sends_nothing() {
    let house = Crossroads::new();
    house.configure("option source static\noption address 8.8.4.4\noption bind wan");
    house.ubus.set_interface(
        "wan",
        json!({"up": false, "pending": true, "available": true, "proto": "dhcp"}),
    );
    house.fails_closed("bound to device of network 'wan': the network has none: it is waiting");
    house.ubus.remove_interface("wan");
    house.fails_closed("netifd knows no network 'wan'");
    house
        .ubus
        .set_interface("wan", network("gone0", &["8.8.4.4"]));
    house.fails_closed("could not be bound to device gone0: No such device");
    house.ubus.set_fault(UbusFault::Close);
    house.fails_closed("the connection to ubusd broke");
    house.ubus.set_fault(UbusFault::None);
    // The device is there, but its link is down: no other is tried.
    house
        .ubus
        .set_interface("wan", network("wan0", &["8.8.4.4"]));
    house.net.ip("link set wan0 down");
    house.fails_closed(&format!("no connection to {SERVICES} through wan0: "));
    house.net.ip("link del wan0");
    house.fails_closed("could not be bound to device wan0: No such device");
    assert_eq!(house.sim.updates(), []);
    // Nor is a page asked for the address.
    let page = house.sim.url("SIM_ECHO_URL");
    house.configure(&format!(
        "option source web\nlist url '{page}'\noption bind wan"
    ));
    house.fails_closed("could not be bound to device wan0: No such device");
}

/// “The WAN was down for a minute, and I had to restart the updater.”
#[test]
fn pain_08_a_bind_that_failed_is_tried_again_soon() {
    let house = Crossroads::new();
    house.configure("option source static\noption address 8.8.4.4\noption bind wan");
    let once_after = |seconds: i64| {
        let later = booted_ago(&house.router.command(&["once"]), 3600 + seconds);
        ran(house.net.enter(&later).output().expect("the program runs"))
    };
    let gone = network("gone0", &["8.8.4.4"]);
    house.ubus.set_interface("wan", gone);
    once_after(0).expect(1).says("could not be bound");
    let there = network("wan0", &["8.8.4.4"]);
    house.ubus.set_interface("wan", there);
    once_after(1).expect(75).says("throttled");
    once_after(20).expect(0).says("8.8.4.4 is confirmed");
    assert_eq!(house.sim.updates().len(), 1);
}
