//! The triggers of a pass: hotplug, cron and the daemon, and never two of them.

use crate::night::{Night, QUICK_OPTIONS, holds};

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
