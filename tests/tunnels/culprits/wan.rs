//! The network that the tunnel runs over.

use serde_json::json;

use super::RESTARTED;
use crate::night::Night;

const NOTHING_CAN_BE_SAID: &str = ", so nothing can be said of the tunnel";

#[test]
fn the_wan_is_down() {
    let night = Night::with(RESTARTED);
    let bed = &night.bed;
    bed.wan_down();
    bed.stall();
    let down = "the WAN 'wan' is waiting for DHCP";
    let pass = format!("{down}{NOTHING_CAN_BE_SAID}");
    // VPNKI, which cannot be reached then, comes first.
    night.blames(0, (69, down), (75, &pass));

    bed.add_wwan();
    bed.wwan_down();
    bed.config(&format!("{RESTARTED}list wan 'wan'\nlist wan 'wwan'"));
    let down = "no WAN is up: wan is waiting for DHCP, wwan is down";
    let pass = format!("{down}{NOTHING_CAN_BE_SAID}");
    night.blames(60, (69, down), (75, &pass));
    assert_eq!(night.restarts(), 0);
}

/// LTE has its address on the dynamic child of its network.
#[test]
fn lte_has_no_address() {
    let night = Night::with(RESTARTED);
    let bed = &night.bed;
    bed.add_wwan();
    bed.config(&format!("{RESTARTED}option wan 'wwan'"));
    night
        .run_at(0, &["check"])
        .expect(0)
        .says("ok    dacha: network 'wwan_4', which it runs over, is up on wwan0");
    night.pass_at(0).expect(0).says("dacha: up: ");

    bed.ubus.remove_interface("wwan_4");
    bed.stall();
    let down = "the WAN 'wwan' is up without an address";
    let pass = format!("{down}{NOTHING_CAN_BE_SAID}");
    night.blames(60, (75, down), (75, &pass));
    assert_eq!(night.restarts(), 0);
}

#[test]
fn the_wan_has_another_name() {
    let night = Night::with(RESTARTED);
    night.bed.config(&format!("{RESTARTED}option wan 'wann'"));
    night.bed.stall();
    let check = "netifd knows no network 'wann' (did you mean 'wan'?)";
    let pass = "netifd has no network 'wann': check 'option wan'";
    night.blames(0, (78, check), (78, pass));
    assert_eq!(night.restarts(), 0);
}

#[test]
fn there_is_no_default_route() {
    let night = Night::with(RESTARTED);
    let bed = &night.bed;
    bed.ubus.remove_interface("wan");
    let lan = json!({
        "up": true, "available": true, "l3_device": "br-lan", "proto": "static",
        "ipv4-address": [{"address": "192.168.1.1", "mask": 24}],
    });
    bed.ubus.set_interface("lan", lan);
    bed.ip("route del default");
    let none = "no network has a default route";
    let pass = format!("{none}{NOTHING_CAN_BE_SAID}");
    night.blames(0, (69, none), (75, &pass));
}

/// Its far end is dead, and so is the way to VPNKI, which leads through it.
#[test]
fn the_default_route_leads_into_a_dead_tunnel() {
    let night = Night::with(RESTARTED);
    let bed = &night.bed;
    bed.services_unreachable();
    bed.default_route_in_tunnel();
    bed.drop_replies();
    let check = "172.16.0.1 does not answer through vpnki0";
    let dead = "172.16.0.1 has not answered for ";
    night.blames(0, (69, check), (1, dead));
    assert_eq!(night.restarts(), 1);
}

#[test]
fn the_tunnel_runs_over_itself() {
    let night = Night::new();
    for (options, name) in [("option wan 'vpnki0'", "vpnki0"), ("", "wan")] {
        night.link(options, &format!("option network '{name}'"));
        let wrong = format!(
            "section 'dacha': option 'network': '{name}' is the network that the tunnel runs \
             over (option 'wan')"
        );
        night.check_blames(0, (78, &wrong));
        let see = "its configuration is wrong; run 'wansync check'";
        night.pass_at(0).expect(78).says(&wrong).says(see);
        night.run_at(1, &["status"]).expect(0).says(see);
    }
    night.link("", "option device 'wan0'");
    let check = "dacha: wan0 is the device of network 'wan', which it runs over";
    night.check_blames(60, (78, check));
}
