//! The triggers of a pass: hotplug, cron and the daemon, and never two of them.

use serde_json::json;

use crate::night::{Night, QUICK_OPTIONS, holds};
use wansync_test_support::tunnel::{FAR, NEAR, NETWORK, tunnel_status};

/// A round that is not woken comes later than any test waits.
const SLOW_OPTIONS: &str = "option interval 5m\noption down_after 1\n";

#[test]
fn hotplug_without_a_daemon() {
    let night = Night::with("");
    let bed = &night.bed;
    bed.vanish();
    let state = bed.router.path("run/tunnel.dacha.json");
    let stored = || std::fs::read_to_string(&state).unwrap_or_default();
    let before = stored();
    let mut event = bed.command(&["event"]);
    event.env("ACTION", "ifdown").env("INTERFACE", "lan");
    assert!(event.status().expect("it runs").success());
    let mut event = bed.command(&["event"]);
    event.env("ACTION", "ifdown").env("INTERFACE", "vpnki0");
    assert!(event.status().expect("it runs").success());
    bed.wait("a pass in the background", |_| stored() != before);
    holds(&stored(), "NO_DEVICE");
}

#[test]
fn once_leaves_them_to_the_daemon() {
    let night = Night::with(QUICK_OPTIONS);
    let mut daemon = night.daemon();
    night.is(&mut daemon, "up");
    night
        .pass_at(0)
        .expect(0)
        .says("the tunnels are watched by another process")
        .never_says("dacha: ");
    assert!(daemon.end().success());
    night.pass_at(10).says("dacha: ");
}

#[test]
fn hotplug_wakes_the_daemon() {
    let night = Night::with("option interval 5m\noption down_after 2");
    let mut daemon = night.daemon();
    night.is(&mut daemon, "up");
    night.bed.stall();
    let mut event = night.bed.command(&["event"]);
    event.env("ACTION", "ifupdate").env("INTERFACE", "vpnki0");
    assert!(event.status().expect("it runs").success());
    night.is(&mut daemon, "down");
}

/// netifd says nothing of such a network before it is up.
#[test]
fn a_network_that_a_reload_adds_is_noticed_with_its_object() {
    let night = Night::new();
    night.bed.config(SLOW_OPTIONS);
    night.bed.ubus.remove_interface(NETWORK);
    let mut daemon = night.daemon();
    night.finds(&mut daemon, "netifd has no network 'vpnki0'");
    let pending = json!({"up": false, "pending": true, "available": true, "autostart": true});
    night.bed.ubus.set_interface(NETWORK, pending);
    night.finds(&mut daemon, "being set up");
    night
        .bed
        .ubus
        .set_interface(NETWORK, tunnel_status(NETWORK));
    night.is(&mut daemon, "up");
}

/// netifd knows nothing of it.
#[test]
fn a_device_that_comes_and_goes_is_noticed_with_its_event() {
    let night = Night::new();
    let bed = &night.bed;
    bed.ubus.remove_interface(NETWORK);
    let tunnel = format!(
        "config tunnel 'dacha'\noption vpnki 'account'\noption name 'user356'\n\
         option device '{NETWORK}'\noption ping '{FAR}'\n{SLOW_OPTIONS}"
    );
    bed.sections(&format!("{}{tunnel}", bed.account("")));
    let mut daemon = night.daemon();
    night.is(&mut daemon, "up");
    bed.ip(&format!("link set {NETWORK} down"));
    bed.ip(&format!("link set {NETWORK} name other0"));
    let finding = night.finds(&mut daemon, "device vpnki0");
    holds(&finding, "down: ");
    bed.ip(&format!("link set other0 name {NETWORK}"));
    bed.ip(&format!("link set {NETWORK} up"));
    bed.ip(&format!(
        "address replace {NEAR} peer {FAR}/32 dev {NETWORK}"
    ));
    night.is(&mut daemon, "up");
}

#[test]
fn a_route_that_goes_is_noticed_with_its_event() {
    let night = Night::with(SLOW_OPTIONS);
    let mut daemon = night.daemon();
    night.is(&mut daemon, "up");
    night.bed.lose_route();
    night.finds(&mut daemon, "the route 172.16.0.0/16 leads to wan0");
    night.bed.restore_route();
    night.is(&mut daemon, "up");
}

#[test]
fn a_rule_that_comes_is_noticed_with_its_event() {
    let night = Night::with(SLOW_OPTIONS);
    let mut daemon = night.daemon();
    night.bed.lose_route();
    night
        .bed
        .ip(&format!("route add 172.16.0.0/16 dev {NETWORK} table 100"));
    night.finds(&mut daemon, "the route 172.16.0.0/16 leads to wan0");
    night.bed.ip("rule add to 172.16.0.0/16 lookup 100");
    night.is(&mut daemon, "up");
}
